//! Times and lengths of time as people type them: `--since`, `--until`, `--bucket`.
//!
//! Owns the forms. Must never ask for the present or the zone; both are handed in. Fails with what
//! is wrong and what to write instead.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use crate::extract::timestamp;
use crate::length;
use crate::zone::Zone;

const FORMS: &str = "write a time such as `2026-11-20 14:30`, `2026-11-20T14:30:00+08:00` or \
                     `14:30`, or how long ago, such as `2h`, `30m` or `7d`";

/// What a text is not, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotATime {
    pub(super) problem: String,
    pub(super) hint: String,
}

impl NotATime {
    fn new(problem: String, hint: &str) -> Self {
        Self { problem, hint: hint.to_owned() }
    }
}

/// Present and zone, which give a meaning to `2h` and `14:30`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Present {
    pub(super) now: DateTime<Utc>,
    pub(super) zone: Zone,
}

impl Present {
    /// Reads an instant.
    ///
    /// - how long ago: `2h`, `30m`, `1d12h`, with or without ` ago`; `now`
    /// - a day, which is its first instant: `2026-11-20`, `2026/11/20`, `20261120`, `today`,
    ///   `yesterday`
    /// - a time of today, or of such a day: `14:30`, `14:30:05`, `2026-11-20 14:30`
    /// - any stamp with a date that a log line may carry, with its own zone or in this one, such as
    ///   `2026-11-20T14:30:05.123Z` or `Nov 20 14:30:05`; seconds since 1970, also behind `@`
    pub(super) fn instant(&self, text: &str) -> Result<DateTime<FixedOffset>, NotATime> {
        let trimmed = text.trim();
        let not_a_time = || NotATime::new(format!("`{text}` is not a time"), FORMS);
        let bare = trimmed.strip_suffix("ago").map_or(trimmed, str::trim_end);
        if bare.eq_ignore_ascii_case("now") {
            return Ok(self.zone.show(self.now));
        }
        if let Some(length_ms) = length::milliseconds(bare) {
            return self.ago(length_ms).ok_or_else(|| {
                NotATime::new(format!("`{text}` reaches back further than time is counted"), FORMS)
            });
        }
        if let Some(local) = self.local(trimmed) {
            return self.zone.resolve(local, None).ok_or_else(not_a_time);
        }
        // A comma is the fraction's in some logs; `value` reads those and everything with a zone.
        let bare = trimmed.strip_prefix('@').unwrap_or(trimmed);
        let stamp = timestamp::value(bare.as_bytes()).or_else(|| minutes_with_zone(trimmed));
        stamp.and_then(|stamp| self.zone.at(&stamp, self.now)).ok_or_else(not_a_time)
    }

    fn ago(&self, length_ms: i64) -> Option<DateTime<FixedOffset>> {
        let ago = TimeDelta::try_milliseconds(length_ms)?;
        Some(self.zone.show(self.now.checked_sub_signed(ago)?))
    }

    /// A day, a time, or both, on this zone's wall.
    fn local(&self, text: &str) -> Option<NaiveDateTime> {
        if let Some(day) = self.day(text) {
            return Some(day.and_time(NaiveTime::MIN));
        }
        if let Some(time) = time(text) {
            return Some(self.today().and_time(time));
        }
        let (day, clock) = text.split_once(' ').or_else(|| text.split_once(['T', 't']))?;
        Some(self.day(day)?.and_time(time(clock.trim_start())?))
    }

    fn day(&self, text: &str) -> Option<NaiveDate> {
        if text.eq_ignore_ascii_case("today") {
            return Some(self.today());
        }
        if text.eq_ignore_ascii_case("yesterday") {
            return self.today().pred_opt();
        }
        // Lengths are checked because chrono takes `2026-1-2` and `226-11-20` as well.
        let formats = [(10, "%Y-%m-%d"), (10, "%Y/%m/%d"), (8, "%Y%m%d")];
        formats.into_iter().find_map(|(bytes, format)| {
            let is_plain = text.len() == bytes && text.starts_with(|c: char| c.is_ascii_digit());
            is_plain.then(|| NaiveDate::parse_from_str(text, format).ok()).flatten()
        })
    }

    fn today(&self) -> NaiveDate {
        self.zone.show(self.now).date_naive()
    }
}

fn time(text: &str) -> Option<NaiveTime> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    let hour_digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if !is_plain || !(1..=2).contains(&hour_digits) {
        return None;
    }
    let format = if text.matches(':').count() > 1 { "%H:%M:%S" } else { "%H:%M" };
    NaiveTime::parse_from_str(text, format).ok()
}

/// `2026-11-20T14:30Z` and `2026-11-20 14:30 +08:00`: no logger leaves out the seconds, so the
/// stamp is read with them put in.
fn minutes_with_zone(text: &str) -> Option<timestamp::Stamp> {
    const MINUTES_BYTES: usize = "2026-11-20T14:30".len();
    let (minutes, zone) = text.split_at_checked(MINUTES_BYTES)?;
    let with_seconds = format!("{minutes}:00{zone}");
    timestamp::value(with_seconds.as_bytes()).filter(|stamp| stamp.offset.is_some())
}

/// Reads the length of a bucket in seconds: `30s`, `5m`, `1h30m`; at least one second.
pub(super) fn bucket(text: &str) -> Result<u32, String> {
    let length_ms = length::milliseconds(text)
        .ok_or_else(|| format!("it is no length of time\nhint: {}", length::FORMS))?;
    if length_ms < 1000 {
        return Err("a bucket has at least one second\nhint: write `1s` or more".to_owned());
    }
    if length_ms % 1000 != 0 && length_ms != i64::MAX {
        return Err("a bucket has whole seconds\nhint: leave the milliseconds out".to_owned());
    }
    u32::try_from(length_ms / 1000)
        .map_err(|_| "it is longer than any log\nhint: write `365d` or less".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn present() -> Present {
        let now = "2026-11-20T06:30:00Z".parse().expect("the test's present");
        Present { now, zone: Zone::parse("Asia/Shanghai").expect("a known zone") }
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let at = present().instant(text).map(|at| at.to_rfc3339());
        assert_eq!(at.as_deref(), Ok(expected), "{text}");
    }

    #[test]
    fn a_length_of_time_is_that_long_ago() {
        check("2h", "2026-11-20T12:30:00+08:00");
        check("30m", "2026-11-20T14:00:00+08:00");
        check("7d", "2026-11-13T14:30:00+08:00");
        check("45s", "2026-11-20T14:29:15+08:00");
        check("1w", "2026-11-13T14:30:00+08:00");
        check("1d12h", "2026-11-19T02:30:00+08:00");
        check(" 2 hours ago ", "2026-11-20T12:30:00+08:00");
        check("1500ms", "2026-11-20T14:29:58.500+08:00");
        check("90 min", "2026-11-20T13:00:00+08:00");
        check("now", "2026-11-20T14:30:00+08:00");
    }

    #[test]
    fn a_day_is_its_first_instant() {
        check("2026-11-20", "2026-11-20T00:00:00+08:00");
        check("2026/11/20", "2026-11-20T00:00:00+08:00");
        check("20261120", "2026-11-20T00:00:00+08:00");
        check("today", "2026-11-20T00:00:00+08:00");
        check("Yesterday", "2026-11-19T00:00:00+08:00");
    }

    #[test]
    fn a_time_without_a_zone_is_in_the_readers() {
        check("14:30", "2026-11-20T14:30:00+08:00");
        check("9:05:07", "2026-11-20T09:05:07+08:00");
        check("2026-11-20 14:30", "2026-11-20T14:30:00+08:00");
        check("2026-11-20T14:30", "2026-11-20T14:30:00+08:00");
        check("2026/11/20 14:30:05", "2026-11-20T14:30:05+08:00");
        check("2026-11-20 14:30:05,123", "2026-11-20T14:30:05.123+08:00");
        check("yesterday 14:30", "2026-11-19T14:30:00+08:00");
    }

    #[test]
    fn a_time_with_a_zone_keeps_it() {
        check("2026-11-20T14:30:05Z", "2026-11-20T14:30:05+00:00");
        check("2026-11-20T14:30:05.5-03:30", "2026-11-20T14:30:05.500-03:30");
        check("2026-11-20 14:30:05 +0800", "2026-11-20T14:30:05+08:00");
        check("2026-11-20T14:30Z", "2026-11-20T14:30:00+00:00");
        check("2026-11-20 14:30+09:00", "2026-11-20T14:30:00+09:00");
    }

    #[test]
    fn what_a_log_prints_can_be_pasted() {
        check("Nov 20 14:30:05", "2026-11-20T14:30:05+08:00");
        check("Dec 24 14:30:05", "2025-12-24T14:30:05+08:00");
        check("20/Nov/2026:14:30:05 +0100", "2026-11-20T14:30:05+01:00");
        check("1795156205", "2026-11-20T06:30:05+00:00");
        check("@1795156205", "2026-11-20T06:30:05+00:00");
    }

    #[test]
    fn what_is_no_time_says_what_to_write() {
        for text in
            ["", "soon", "2026-13-01", "2026-02-30", "25:00", "-2h", "2x", "h", "12", "1.5h"]
        {
            let error = present().instant(text).expect_err(text);
            assert_eq!(error.problem, format!("`{text}` is not a time"));
            assert!(error.hint.contains("`2h`"), "{}", error.hint);
        }
        let far = present().instant("99999999999999999999d").expect_err("beyond the calendar");
        assert!(far.problem.contains("further than time"), "{}", far.problem);
    }

    #[test]
    fn a_bucket_is_a_length_of_at_least_a_second() {
        assert_eq!(bucket("5m"), Ok(300));
        assert_eq!(bucket("1h30m"), Ok(5400));
        assert!(bucket("0s").is_err_and(|problem| problem.contains("at least one second")));
        assert!(bucket("500ms").is_err_and(|problem| problem.contains("at least one second")));
        assert!(bucket("1s500ms").is_err_and(|problem| problem.contains("whole seconds")));
        assert!(bucket("99999999999999999999d").is_err_and(|problem| problem.contains("any log")));
        assert!(bucket("14:30").is_err_and(|problem| problem.contains("hint: write a number")));
        assert!(bucket("999999999d").is_err_and(|problem| problem.contains("longer than any log")));
    }
}
