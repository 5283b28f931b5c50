//! How far the reading is, on one line.
//!
//! Owns when the line is due and how it looks. Must never write it: [`super::messages`] does, and
//! only to a terminal. Nothing here fails.

use std::time::Duration;

use crate::clock::Stopwatch;

/// Before this a line would only flicker.
const FIRST_AFTER: Duration = Duration::from_millis(400);
const EVERY: Duration = Duration::from_millis(100);

/// How much has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amount {
    /// Bytes as they lie on the disk.
    pub(super) bytes: u64,
    /// How many there are; `None` while a stream is among the inputs.
    pub(super) bytes_total: Option<u64>,
    /// The input that is being read, 1-based.
    pub(super) input: usize,
    /// How many there are.
    pub(super) inputs: usize,
}

/// The progress of one run.
#[derive(Debug)]
pub(super) struct Progress {
    since_start: Stopwatch,
    shown_at: Option<Duration>,
    is_shown: bool,
    columns: usize,
}

impl Progress {
    /// Begins to measure.
    pub(super) fn start(columns: usize) -> Self {
        Self { since_start: Stopwatch::start(), shown_at: None, is_shown: false, columns }
    }

    /// The line to show now, if one is due.
    pub(super) fn next(&mut self, amount: Amount) -> Option<String> {
        let elapsed = self.since_start.elapsed();
        let due = self.shown_at.map_or(FIRST_AFTER, |shown_at| shown_at + EVERY);
        if elapsed < due {
            return None;
        }
        self.shown_at = Some(elapsed);
        self.is_shown = true;
        Some(line(amount, elapsed, self.columns))
    }

    /// Whether there is a line to take away.
    pub(super) fn hide(&mut self) -> bool {
        std::mem::take(&mut self.is_shown)
    }
}

/// The line, in at most `columns - 1` columns: in the last one some terminals would wrap. What
/// does not fit is left out, the least needed first. Plain ASCII, as any terminal can show it.
fn line(amount: Amount, elapsed: Duration, columns: usize) -> String {
    let columns = columns.saturating_sub(1);
    let Amount { bytes, bytes_total, input, inputs } = amount;
    // A file that grows while it is read has more than it had.
    let total = bytes_total.filter(|total| *total >= bytes && *total > 0);
    let rate = u128::from(bytes) * 1000 / elapsed.as_millis().max(1);
    let mut parts = vec![match total {
        Some(total) => format!("{} of {}", size(bytes), size(total)),
        None => size(bytes),
    }];
    if let Some(total) = total {
        parts.push(format!("{:>3} %", u128::from(bytes) * 100 / u128::from(total)));
    }
    if let Some(total) = total.filter(|_| rate > 0) {
        let left = u128::from(total - bytes).div_ceil(rate);
        parts.push(format!("{} left", duration(left)));
    }
    parts.push(format!("{}/s", size(u64::try_from(rate).unwrap_or(u64::MAX))));
    if inputs > 1 {
        parts.push(format!("input {input} of {inputs}"));
    }
    let mut line = String::new();
    for part in parts {
        let needed = line.len() + part.len() + if line.is_empty() { 0 } else { 2 };
        if needed > columns {
            break;
        }
        if !line.is_empty() {
            line.push_str("  ");
        }
        line.push_str(&part);
    }
    if let Some(total) = total {
        let room = columns.saturating_sub(line.len() + 4).min(40);
        if room >= 10 {
            line = format!("[{}]  {line}", bar(bytes, total, room));
        }
    }
    line
}

fn bar(bytes: u64, total: u64, columns: usize) -> String {
    let share = u128::from(bytes) * columns as u128 / u128::from(total);
    let filled = usize::try_from(share).map_or(columns, |filled| filled.min(columns));
    format!("{}{}", "#".repeat(filled), "-".repeat(columns - filled))
}

/// `812 B`, `1.3 MiB`, `96 GiB`.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let power = ((bytes.ilog2() / 10) as usize).min(UNITS.len());
    // In tenths, rounded down: an amount should never look finished before it is.
    let tenths = (u128::from(bytes) * 10) >> (10 * power);
    let unit = UNITS[power - 1];
    if tenths < 100 {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    } else {
        format!("{} {unit}", tenths / 10)
    }
}

/// `0:07`, `12:30`, `3:05:00`.
fn duration(seconds: u128) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        1..=99 => format!("{hours}:{minutes:02}:{seconds:02}"),
        _ => format!("{hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: u64, total: Option<u64>, seconds: u64, columns: usize, expected: &str) {
        let amount = Amount { bytes, bytes_total: total, input: 2, inputs: 3 };
        let line = line(amount, Duration::from_secs(seconds), columns);
        assert!(line.len() < columns || line.is_empty(), "too wide: {line}");
        assert_eq!(line, expected);
    }

    #[test]
    fn a_line_has_the_amount_the_rate_and_the_time_that_is_left() {
        check(
            3 << 28,
            Some(1 << 30),
            3,
            100,
            "[#########################---------]  768 MiB of 1.0 GiB   75 %  0:01 left  256 MiB/s  \
             input 2 of 3",
        );
    }

    #[test]
    fn a_stream_has_no_end_to_count_down_to() {
        check(5 << 20, None, 2, 80, "5.0 MiB  2.5 MiB/s  input 2 of 3");
    }

    #[test]
    fn a_narrow_terminal_keeps_the_amount() {
        check(3 << 28, Some(1 << 30), 3, 30, "768 MiB of 1.0 GiB   75 %");
        check(3 << 28, Some(1 << 30), 3, 20, "768 MiB of 1.0 GiB");
        check(3 << 28, Some(1 << 30), 3, 8, "");
        check(3 << 28, Some(1 << 30), 3, 0, "");
    }

    #[test]
    fn a_file_that_grew_does_not_go_beyond_its_end() {
        check(2 << 30, Some(1 << 30), 1, 80, "2.0 GiB  2.0 GiB/s  input 2 of 3");
    }

    #[test]
    fn nothing_and_everything_can_be_shown() {
        check(0, Some(0), 0, 80, "0 B  0 B/s  input 2 of 3");
        check(u64::MAX, None, 0, 80, "15 EiB  15 EiB/s  input 2 of 3");
        check(
            0,
            Some(1 << 40),
            1,
            60,
            "[-------------]  0 B of 1.0 TiB    0 %  0 B/s  input 2 of 3",
        );
        assert_eq!(duration(400_000 * 3600), "400000 h");
    }

    #[test]
    fn no_line_is_due_at_once() {
        let amount = Amount { bytes: 1, bytes_total: None, input: 1, inputs: 1 };
        let mut progress = Progress::start(80);
        assert_eq!(progress.next(amount), None);
        assert!(!progress.hide());
    }
}
