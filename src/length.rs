//! Lengths of time as people write them: `30s`, `5m`, `1h30m`, `500ms`.
//!
//! Owns the form and its units. Must not know what is that long, nor which lengths make sense
//! there. Fails by giving nothing; `FORMS` says what to write instead.

use std::fmt::Write as _;

/// What to write instead of what is no length: a hint.
pub(crate) const FORMS: &str =
    "write a number and a unit, such as `30s`, `5m`, `2h`, `1d` or `1h30m`";

/// The units in which lengths are written, the longest first.
const UNITS: [(i64, &str); 5] =
    [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms")];

/// Reads `1d12h` and its like, in milliseconds; saturated beyond what can be counted.
pub(crate) fn milliseconds(text: &str) -> Option<i64> {
    let mut sum_ms = 0i64;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, behind) = rest.split_at(digits);
        if number.is_empty() {
            return None;
        }
        // Too many digits for a number are still a length, only a very long one.
        let number: i64 = number.parse().unwrap_or(i64::MAX);
        let behind = behind.trim_start();
        let letters = behind.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, behind) = behind.split_at(letters);
        let unit_ms = unit_ms(&unit.to_ascii_lowercase())?;
        sum_ms = sum_ms.saturating_add(number.saturating_mul(unit_ms));
        rest = behind.trim_start();
    }
    Some(sum_ms)
}

/// A length in milliseconds as people write it: `1h30m`. What [`milliseconds`] reads back.
pub(crate) fn words(ms: i64) -> String {
    let mut rest = ms.max(0);
    let mut out = String::new();
    for (unit, name) in UNITS {
        if rest >= unit {
            // Writing to a String cannot fail.
            let _ = write!(out, "{}{name}", rest / unit);
        }
        rest %= unit;
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}

/// A length in milliseconds in its greatest whole unit: `90m`, which [`milliseconds`] reads back.
pub(crate) fn in_one_unit(ms: i64) -> String {
    let unit = UNITS.into_iter().find(|(unit, _)| ms >= *unit && ms % unit == 0);
    unit.map_or_else(|| "0s".to_owned(), |(unit, name)| format!("{}{name}", ms / unit))
}

fn unit_ms(unit: &str) -> Option<i64> {
    let unit_ms = match unit {
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => 1,
        "s" | "sec" | "secs" | "second" | "seconds" => 1000,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        "w" | "week" | "weeks" => 7 * 86_400_000,
        _ => return None,
    };
    Some(unit_ms)
}

#[cfg(test)]
mod tests {
    use super::{in_one_unit, milliseconds, words};

    #[track_caller]
    fn check(text: &str, expected_ms: impl Into<Option<i64>>) {
        assert_eq!(milliseconds(text), expected_ms.into(), "{text}");
    }

    #[test]
    fn a_length_is_numbers_with_units() {
        check("500ms", 500);
        check("30s", 30_000);
        check("1s500ms", 1500);
        check("5m", 300_000);
        check("1h30m", 5_400_000);
        check(" 2 Hours 5 min ", 7_500_000);
        check("90d", 7_776_000_000);
        check("1w", 604_800_000);
        check("0s", 0);
    }

    #[test]
    fn a_length_that_cannot_be_counted_is_the_longest() {
        check("99999999999999999999d", i64::MAX);
        check("9000000000000000000ms 9000000000000000000ms", i64::MAX);
    }

    #[test]
    fn what_has_no_unit_or_no_number_is_no_length() {
        for text in ["", " ", "12", "h", "-2h", "1.5h", "2x", "14:30", "1h30", "2ｍ"] {
            check(text, None);
        }
    }

    #[test]
    fn lengths_read_back_as_they_were_written() {
        for text in ["0s", "500ms", "5m", "1h30m", "10d", "1d1h1m1s1ms"] {
            assert_eq!(milliseconds(text).map(words).as_deref(), Some(text));
        }
        for text in ["0s", "500ms", "90m", "36h", "31d"] {
            assert_eq!(milliseconds(text).map(in_one_unit).as_deref(), Some(text));
        }
    }
}
