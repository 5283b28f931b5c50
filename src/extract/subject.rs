//! What a record says it is about: the page, the file, the attempt, the API.
//!
//! Two records that name different subjects of one kind tell of two events, however close they
//! stand. Of the names only hashes are kept. Must never read the error itself. Fails: never.

use std::sync::LazyLock;

use regex::Regex;

use crate::fnv::Fnv;

/// Longer lines hold whole documents; the subject stands near the start.
const TEXT_BYTES_MAX: usize = 400;

/// Subjects that are kept of a text.
pub(super) const SUBJECTS_MAX: usize = 64;

/// The subjects that a text names: a kind, and the hash of a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Subjects(pub Vec<(u8, u64)>);

impl Subjects {
    pub(super) fn of(text: &str) -> Self {
        static NAMED: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(concat!(
                r"(?i)(?-u:\b)(?:page|第)[ =:#_]*[0-9]+",
                r"|(?-u:\b)(?:attempt|retry|try)[ =:#]+[0-9]+",
                r"|(?-u:\b)(?:job|task|order|batch|item|row|doc|document)[ =:#]+[[:word:]-]*[0-9][[:word:]-]*",
                r"|[[:word:].-]+\.(?:jpe?g|png|pdf|bmp|tiff?|gif|webp)(?-u:\b)",
                r"|/ocr/[a-z][a-z0-9/-]+",
                // The hyphenated names of the service's APIs; the others are common words.
                r"|(?-u:\b)(?:general|web|id|driver|vehicle|vat|business|license|insurance|train|",
                r"taxi|toll|quota|flight|mvs|real-estate|auto|custom|household|financial)-[a-z]{4,20}(?-u:\b)",
            ))
            .expect("the pattern is valid")
        });
        let mut end = text.len().min(TEXT_BYTES_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let named = NAMED.find_iter(&text[..end]).take(SUBJECTS_MAX).map(|found| {
            let (kind, name) = kind_and_name(found.as_str());
            (kind, Fnv::of(name.trim_end_matches('/')))
        });
        Self(named.collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Both name a subject of one kind, and no name of that kind is common to both.
    pub(super) fn differ(&self, other: &Self) -> bool {
        self.0.iter().any(|(kind, _)| {
            let theirs = || other.0.iter().filter(|(theirs, _)| theirs == kind);
            theirs().next().is_some()
                && !self.0.iter().any(|ours| theirs().any(|theirs| theirs == ours))
        })
    }
}

/// The kind of a subject, and its name without the words before it. The numbers stand in
/// checkpoints.
fn kind_and_name(found: &str) -> (u8, &str) {
    const PAGE: u8 = 0;
    const ATTEMPT: u8 = 1;
    const JOB: u8 = 2;
    const FILE: u8 = 3;
    const API: u8 = 4;
    let begins = |words: &[&str]| {
        words.iter().any(|word| {
            found.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
        })
    };
    let behind = |is_before: fn(char) -> bool| {
        found.rfind(is_before).and_then(|at| found.get(at + 1..)).unwrap_or(found)
    };
    if found.starts_with('/') {
        (API, found.get("/ocr/".len()..).unwrap_or(found))
    } else if found.contains('.') {
        (FILE, found)
    } else if !found.contains(|c: char| c.is_ascii_digit()) {
        (API, found)
    } else if begins(&["page", "第"]) {
        (PAGE, found.trim_start_matches(|c: char| !c.is_ascii_digit()))
    } else if begins(&["attempt", "retry", "try"]) {
        (ATTEMPT, behind(|c| matches!(c, ' ' | '=' | ':' | '#')))
    } else {
        (JOB, behind(|c| matches!(c, ' ' | '=' | ':' | '#')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(one: &str, other: &str, differ: bool) {
        assert_eq!(Subjects::of(one).differ(&Subjects::of(other)), differ, "{one:?} and {other:?}");
    }

    #[test]
    fn different_pages_files_attempts_and_apis_are_different_subjects() {
        check("page 6 failed", "page 5 failed", true);
        check("a.jpg failed", "failed for a.jpg", false);
        check("attempt 1 failed", "attempt=2", true);
        check("POST /v2/x/ocr/id-card", "POST /v2/x/ocr/web-image", true);
    }

    #[test]
    fn a_record_that_names_no_subject_differs_from_none() {
        check("page 6 failed", "giving up", false);
        check("attempt 3 failed", "giving up after 3 attempts", false);
    }
}
