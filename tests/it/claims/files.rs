//! Files that an operator writes: configurations, rules, scenarios.
//!
//! Owns the claims that a file is right or that something is said of it, at a place in it, and that
//! who reads the answer on a terminal is not steered by the file.

use std::path::Path;
use std::sync::LazyLock;

use ocrwatch::catalogue::Catalogue;
use ocrwatch::config::Draft;
use ocrwatch::diagnostic::Diagnostic;
use ocrwatch::policy_file::Alerting;
use ocrwatch::scenario::ScenarioFile;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::embedded);
static ALERTING: LazyLock<Alerting> = LazyLock::new(|| Alerting::embedded(&CATALOGUE));

/// More is not told of one file; a last one says how many are left.
const PROBLEMS_MAX: usize = 51;

pub(crate) fn check_configuration(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let read = |text: &str| {
        Draft::read("ocrwatch.toml", text, Path::new("/etc/ocrwatch")).finish(&[], &[])
    };
    match read(text) {
        Err(problems) => check_problems(&problems, text),
        Ok(config) => {
            let again = read(&format!("# the same\n{text}\n")).expect("a comment changes nothing");
            assert!(again == config, "the same configuration reads the same");
        }
    }
}

pub(crate) fn check_rules(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let read = |text: &str| Alerting::load(&[("rules.toml".into(), text.into())], &CATALOGUE);
    match read(text) {
        Err(problems) => check_problems(&problems, text),
        Ok(alerting) => {
            let again = read(&format!("# the same\n{text}\n")).expect("a comment changes nothing");
            assert!(again == alerting, "the same rules read the same");
        }
    }
    if let Err(problems) = ScenarioFile::read("scenario.toml", text, &ALERTING, &CATALOGUE) {
        check_problems(&problems, text);
    }
}

fn check_problems(problems: &[Diagnostic], text: &str) {
    assert!(!problems.is_empty(), "what is refused is told why");
    assert!(problems.len() <= PROBLEMS_MAX, "{} problems of one file", problems.len());
    let lines = text.split('\n').count();
    for problem in problems {
        if let Some(at) = &problem.position {
            assert!((1..=lines).contains(&at.line), "line {} of {lines}", at.line);
            let line = text.split('\n').nth(at.line - 1).expect("the line");
            let chars = line.chars().count();
            assert!(at.column <= chars + 1, "column {} of {chars}", at.column);
        }
        assert!(!problem.message.is_empty() && !problem.message.contains('\n'));
    }
}
