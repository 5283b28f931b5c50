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
                r"(?i)(?-u:\b)(?P<page>page|第)[ =:#_]*(?P<page_value>[0-9]+)",
                r"|(?-u:\b)(?P<attempt>attempt|retry|try)[ =:#]+(?P<attempt_value>[0-9]+)",
                r"|(?-u:\b)(?P<job>job|task|order|batch|item|row|doc|document)[ =:#]+(?P<job_value>[[:word:]-]*[0-9][[:word:]-]*)",
                r"|(?P<file_value>[[:word:].-]+\.(?:jpe?g|png|pdf|bmp|tiff?|gif|webp))(?-u:\b)",
                r"|/ocr/(?P<api_value>[a-z][a-z0-9/-]+)",
                // The hyphenated names of the service's APIs; the others are common words.
                r"|(?-u:\b)(?P<name_value>(?:general|web|id|driver|vehicle|vat|business|license|insurance|train|",
                r"taxi|toll|quota|flight|mvs|real-estate|auto|custom|household|financial)-[a-z]{4,20})(?-u:\b)",
            ))
            .expect("the pattern is valid")
        });
        let mut end = text.len().min(TEXT_BYTES_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        // The numbers stand in checkpoints.
        let kinds = [
            (0, "page_value"),
            (1, "attempt_value"),
            (2, "job_value"),
            (3, "file_value"),
            (4, "api_value"),
            (4, "name_value"),
        ];
        let mut subjects = Vec::new();
        for found in NAMED.captures_iter(&text[..end]) {
            for (kind, group) in kinds {
                if let Some(value) = found.name(group) {
                    subjects.push((kind, Fnv::of(value.as_str().trim_end_matches('/'))));
                }
            }
        }
        subjects.truncate(SUBJECTS_MAX);
        Self(subjects)
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
