//! How a run stands, in one line.
//!
//! Owns its words; systemd shows it. Must never be longer than a line of a terminal is in practice.
//! Nothing here fails.

use std::fmt::Write as _;

use super::Status;
use super::verdict::{Grade, Verdict};
use crate::surface::escape::visible;
use crate::surface::phrase;

impl Status {
    /// Sources, lag, firing alerts and the outbox, and the first thing that is wrong.
    pub fn line(&self) -> String {
        let sources =
            phrase::counted(self.sources.len() as u64 + self.sources_left_out, "source", "sources");
        let mut line = match self.files() {
            0 => format!("following {sources}"),
            files => format!("following {sources}, {}", phrase::counted(files, "file", "files")),
        };
        // Writing to a string cannot fail.
        let _ = match (self.catching_up, self.lag_bytes()) {
            (true, _) => write!(line, ", catching up"),
            (false, 0) => write!(line, ", all read"),
            (false, bytes) => write!(line, ", {} behind", phrase::bytes(bytes)),
        };
        let _ = write!(line, "; {} firing", phrase::counted(self.firing(), "alert", "alerts"));
        let _ = write!(
            line,
            "; {} waiting",
            phrase::counted(self.waiting(), "notification", "notifications")
        );
        if let Some(first) = Verdict::of(self).blocking().find(|it| it.grade > Grade::Ok) {
            let _ = write!(line, "; {}", visible(&first.what));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn line(change: impl FnOnce(&mut Status)) -> String {
        let mut status = Status::sample(DateTime::from_timestamp(10_000, 0).unwrap());
        change(&mut status);
        status.line()
    }

    #[test]
    fn a_line_tells_sources_lag_alerts_and_the_outbox() {
        let well =
            "following 1 source, 2 files, all read; 0 alerts firing; 0 notifications waiting";
        assert_eq!(line(|_| ()), well);
        let behind = line(|status| {
            status.sources[0].lag_bytes = 2048;
            status.rules[0].firing = 1;
            status.receivers[0].waiting = 3;
        });
        let expected =
            "following 1 source, 2 files, 2.0 KiB behind; 1 alert firing; 3 notifications waiting";
        assert_eq!(behind, expected);
    }

    #[test]
    fn a_line_ends_with_what_keeps_the_run_from_its_work_and_is_one_line() {
        let line = line(|status| {
            status.catching_up = true;
            status.sources[0].problem = Some("no\nfile".to_owned());
        });
        assert!(line.starts_with("following 1 source, 2 files, catching up;"), "{line}");
        assert!(line.ends_with("; source app: no\\nfile"), "{line}");
    }
}
