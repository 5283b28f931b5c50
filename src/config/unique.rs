//! What must not stand in two sources: a name, and what is followed.
//!
//! Owns that comparison. Must not know what a source means. What stands twice is a problem.

use std::collections::BTreeMap;

use super::entry::Said;
use super::problem;
use crate::diagnostic::Position;
use crate::toml_file::Problems;

/// Says which names and which origins stand twice: an error that is read twice counts twice.
pub(super) fn check(sources: &[Said], problems: &mut Problems<'_>) {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let mut origins: BTreeMap<&str, usize> = BTreeMap::new();
    for said in sources {
        if let Some(range) = &said.name {
            let line = Position::of_range(problems.text(), range.clone()).line;
            let name = &*said.source.label.name;
            if let Some(first) = names.get(name) {
                let message = format!("source `{name}` stands on line {first} already");
                let hint = "give one of the two another name, or put the files of both into one";
                problems.add(problem::DUPLICATE_NAME, range.clone(), message, hint.to_owned());
            } else {
                names.insert(name, line);
            }
        }
        for follows in &said.follows {
            let line = Position::of_range(problems.text(), follows.span()).line;
            if let Some(first) = origins.get(follows.get_ref().as_str()) {
                let message = format!("line {first} follows this already");
                let hint = "leave it out once: an error that is read twice counts twice";
                problems.add(problem::DUPLICATE_ORIGIN, follows.span(), message, hint.to_owned());
            } else {
                origins.insert(follows.get_ref(), line);
            }
        }
    }
}
