//! Numbers, sizes, instants and spans in words.
//!
//! Owns how a quantity reads. Must never round a count. Nothing here fails.

use chrono::{DateTime, FixedOffset, TimeDelta};

/// A count with its thousands apart, such as `18,402`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun, such as `1 line` and `2 lines`.
pub(crate) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// How often, such as `once` and `23 times`.
pub(crate) fn times(n: u64) -> String {
    if n == 1 { "once".to_owned() } else { format!("{} times", count(n)) }
}

/// A share in percent, to the tenth where it is small, and never nothing for something.
pub(crate) fn share(count: u64, all: u64) -> String {
    let tenths = u128::from(count) * 1000 / u128::from(all.max(1));
    match tenths {
        0 if count > 0 => "<0.1%".to_owned(),
        tenths if tenths < 100 => format!("{}.{}%", tenths / 10, tenths % 10),
        tenths => format!("{}%", tenths / 10),
    }
}

/// A fragment as the beginning of a sentence.
pub(crate) fn capitalised(fragment: &str) -> String {
    let mut chars = fragment.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}

/// A size, such as `512 B` and `1.2 MiB`.
pub(crate) fn bytes(n: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    let mut tenths = u128::from(n) * 10 / 1024;
    let mut units = UNITS.iter();
    let mut unit = units.next();
    while tenths >= 10240 {
        tenths /= 1024;
        unit = units.next();
    }
    // u64::MAX is below 16 EiB, so the units cannot run out.
    format!("{}.{} {}", tenths / 10, tenths % 10, unit.unwrap_or(&"EiB"))
}

/// A span in its two largest units, such as `9 h 27 min`.
pub(crate) fn span(span: TimeDelta) -> String {
    const UNITS: [(i64, &str); 4] = [(86400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let seconds = span.num_seconds().max(0);
    let Some(first) = UNITS.iter().position(|&(unit, _)| seconds >= unit) else {
        return "less than 1 s".to_owned();
    };
    let mut rest = seconds;
    let mut parts = Vec::new();
    for &(unit, name) in UNITS.iter().skip(first).take(2) {
        if rest >= unit {
            parts.push(format!("{} {name}", rest / unit));
        }
        rest %= unit;
    }
    parts.join(" ")
}

/// An instant, such as `2022-11-03 08:14:02 +08:00`.
pub(crate) fn instant(at: DateTime<FixedOffset>) -> String {
    at.format("%Y-%m-%d %H:%M:%S %:z").to_string()
}

/// A range of instants in the offset of the first; the day stands once if both ends share it.
pub(crate) fn range(first: DateTime<FixedOffset>, last: DateTime<FixedOffset>) -> String {
    let last = last.with_timezone(first.offset());
    if first.timestamp() == last.timestamp() {
        return instant(first);
    }
    let to = if first.date_naive() == last.date_naive() {
        "%H:%M:%S %:z"
    } else {
        "%Y-%m-%d %H:%M:%S %:z"
    };
    format!("{} to {}", first.format("%Y-%m-%d %H:%M:%S"), last.format(to))
}

/// How often on average over a span, in the smallest unit in which it is at least 1, such as `2.4
/// per hour`. None for what happened once, or within a second: an average of a moment misleads.
pub(crate) fn rate(n: u64, over: TimeDelta) -> Option<String> {
    const UNITS: [(u64, &str); 4] = [(1, "second"), (60, "minute"), (3600, "hour"), (86400, "day")];
    let seconds = u64::try_from(over.num_seconds()).ok().filter(|&seconds| seconds > 0)?;
    if n < 2 {
        return None;
    }
    let tenths = |unit: u64| u128::from(n) * u128::from(unit) * 10 / u128::from(seconds);
    let (tenths, name) = UNITS
        .iter()
        .map(|&(unit, name)| (tenths(unit), name))
        .find(|&(tenths, name)| tenths >= 10 || name == "day")?;
    let whole = count(u64::try_from(tenths / 10).unwrap_or(u64::MAX));
    // From 100 on the tenth is noise.
    if tenths >= 1000 || tenths % 10 == 0 {
        Some(format!("{whole} per {name}"))
    } else {
        Some(format!("{whole}.{} per {name}", tenths % 10))
    }
}

/// A length of a bucket, such as `10 min`.
pub(crate) fn bucket(seconds: i64) -> String {
    span(TimeDelta::try_seconds(seconds).unwrap_or(TimeDelta::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339(text).unwrap()
    }

    #[test]
    fn counts_are_exact_and_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(times(1), "once");
        assert_eq!(counted(0, "line", "lines"), "0 lines");
    }

    #[test]
    fn sizes_are_cut_not_rounded_up() {
        assert_eq!(
            [0, 1023, 1024, 1_048_575].map(bytes),
            ["0 B", "1023 B", "1.0 KiB", "1023.9 KiB"]
        );
        assert_eq!([1 << 30, u64::MAX].map(bytes), ["1.0 GiB", "15.9 EiB"]);
    }

    #[test]
    fn spans_keep_two_units() {
        let spans = [0, 1, 60, 3_661, 90_000, 86_400 + 59];
        assert_eq!(
            spans.map(|s| span(TimeDelta::seconds(s))),
            ["less than 1 s", "1 s", "1 min", "1 h 1 min", "1 d 1 h", "1 d"]
        );
    }

    #[test]
    fn a_small_share_is_told_to_the_tenth_and_never_as_nothing() {
        let shares = [(1, 100_000), (1, 200), (99, 1000), (1, 3), (3, 3), (0, 0)];
        let shares = shares.map(|(count, all)| share(count, all));
        assert_eq!(shares, ["<0.1%", "0.5%", "9.9%", "33%", "100%", "0.0%"]);
    }

    #[test]
    fn a_range_says_nothing_twice() {
        let first = at("2022-11-03T08:14:02.5+08:00");
        assert_eq!(range(first, at("2022-11-03T08:14:02.9+08:00")), "2022-11-03 08:14:02 +08:00");
        assert_eq!(
            range(first, at("2022-11-03T09:00:00+08:00")),
            "2022-11-03 08:14:02 to 09:00:00 +08:00"
        );
        assert_eq!(
            range(first, at("2022-11-04T09:00:00+08:00")),
            "2022-11-03 08:14:02 to 2022-11-04 09:00:00 +08:00"
        );
        assert_eq!(
            range(first, at("2022-11-03T09:00:00+00:00")),
            "2022-11-03 08:14:02 to 17:00:00 +08:00"
        );
    }

    #[test]
    fn a_rate_takes_the_unit_that_reads_well() {
        let rates = [(1, 60), (10, 0), (24, 36_000), (2, 60), (3, 604_800), (9000, 60)];
        assert_eq!(
            rates.map(|(n, s)| rate(n, TimeDelta::seconds(s)).unwrap_or_default()),
            ["", "", "2.4 per hour", "2 per minute", "0.4 per day", "150 per second"]
        );
    }
}
