//! How a run stands, as Nagios' plugins say it.
//!
//! Owns the form of the line and which numbers stand in it. Must never judge: that is the
//! verdict's. Pure. Nothing here fails.
//!
//! The form is that of the Monitoring Plugins' guidelines: what, behind `|` the numbers with their
//! units, nothing else of the text in front holding that sign.

use std::fmt::Write as _;

use super::{Grade, Status, Verdict};
use crate::surface::escape::visible;
use crate::surface::{phrase, wrap};

/// Nagios reads 8 KiB at most, older ones 4; a pager shows less.
const FINDINGS_COLUMNS_MAX: usize = 1_000;

impl Status {
    /// The verdict, why, and the numbers, in one line.
    pub fn check_line(&self) -> (Grade, String) {
        let verdict = Verdict::of(self);
        let grade = verdict.grade();
        let why: Vec<_> = verdict.findings.iter().map(|finding| &*finding.what).collect();
        let mut why = why.join("; ");
        if grade == Grade::Ok {
            let sources = self.sources.len() as u64 + self.sources_left_out;
            let rest = if why.is_empty() { String::new() } else { format!("; {why}") };
            why = format!("{} followed{rest}", phrase::counted(sources, "source", "sources"));
        }
        (grade, format!("{} | {}", said(&grade.to_string(), &why), self.numbers()))
    }

    fn numbers(&self) -> String {
        let pending: u64 = self.rules.iter().map(|rule| rule.pending).sum();
        let dead: u64 = self.receivers.iter().map(|receiver| receiver.dead).sum();
        let errors: u64 = self.sources.iter().map(|source| source.errors).sum();
        let lines: u64 = self.sources.iter().map(|source| source.lines).sum();
        let lag = self.sources.iter().filter_map(|source| source.lag_seconds).max();
        let numbers = [
            ("firing", Some(self.firing()), ""),
            ("pending", Some(pending), ""),
            ("waiting", Some(self.waiting()), ""),
            ("lag_bytes", Some(self.lag_bytes()), "B"),
            ("lag_seconds", lag, "s"),
            ("files", Some(self.files()), ""),
            ("lines", Some(lines), "c"),
            ("errors", Some(errors), "c"),
            ("given_up", Some(dead), "c"),
        ];
        let mut text = String::new();
        for (name, number, unit) in numbers {
            let gap = if text.is_empty() { "" } else { " " };
            // Writing to a string cannot fail.
            let _ = match number {
                Some(number) => write!(text, "{gap}{name}={number}{unit};;;0"),
                None => write!(text, "{gap}{name}=U"),
            };
        }
        text
    }
}

/// The line of a run that could not be asked.
pub fn unknown_line(why: &str) -> String {
    said("UNKNOWN", why)
}

fn said(grade: &str, why: &str) -> String {
    let why = visible(why).replace('|', "/");
    format!("OCRWATCH {grade} - {}", wrap::clip(&why, FINDINGS_COLUMNS_MAX, "..."))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn check(change: impl FnOnce(&mut Status), grade: Grade, expected: &str) {
        let mut status = Status::sample(DateTime::from_timestamp(10_000, 0).unwrap());
        change(&mut status);
        assert_eq!(status.check_line(), (grade, expected.to_owned()));
    }

    #[test]
    fn a_run_that_is_well_says_what_it_follows() {
        check(
            |_| (),
            Grade::Ok,
            "OCRWATCH OK - 1 source followed | firing=0;;;0 pending=0;;;0 waiting=0;;;0 \
             lag_bytes=0B;;;0 lag_seconds=0s;;;0 files=2;;;0 lines=0c;;;0 errors=0c;;;0 \
             given_up=0c;;;0",
        );
    }

    #[test]
    fn the_gravest_comes_first_and_what_is_not_known_is_said() {
        let change = |status: &mut Status| {
            status.sources[0].lag_seconds = None;
            status.sources[0].problem = Some("no file".to_owned());
            status.rules[0].firing = 1;
        };
        check(
            change,
            Grade::Critical,
            "OCRWATCH CRITICAL - 1 critical alert fires: aksk-lockout; source app: no file | \
             firing=1;;;0 pending=0;;;0 waiting=0;;;0 lag_bytes=0B;;;0 lag_seconds=U files=2;;;0 \
             lines=0c;;;0 errors=0c;;;0 given_up=0c;;;0",
        );
    }

    #[test]
    fn nothing_from_a_log_begins_the_numbers_or_a_further_line() {
        let mut status = Status::sample(DateTime::from_timestamp(10_000, 0).unwrap());
        status.sources[0].problem = Some(format!("x | firing=9\n\u{1b}[2J{}", "y".repeat(5_000)));
        let (_, line) = status.check_line();
        assert!(line.starts_with("OCRWATCH WARNING - source app: x / firing=9\\n\\x1b[2Jyyy"));
        assert_eq!((line.matches('|').count(), line.lines().count()), (1, 1), "{line}");
        assert!(line.len() < 2_000, "{}", line.len());
        assert_eq!(unknown_line("a\nb|c"), "OCRWATCH UNKNOWN - a\\nb/c");
    }
}
