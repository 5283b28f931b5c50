//! The captures of real clients against what is known to be in them, as the program tells it.

use std::path::Path;

use crate::harness::Sandbox;
use crate::truth::{self, Object};

#[test]
fn of_every_capture_the_program_tells_what_its_truth_says() {
    truth::check(found);
}

fn found(log: &Path) -> Vec<Object> {
    let outcome = Sandbox::new().ocrwatch(&["extract"]).arg(log).run();
    outcome.code(0).stderr_is("");
    let objects = outcome.json_lines().into_iter();
    objects.map(|value| serde_json::from_value(value).expect("an object")).collect()
}
