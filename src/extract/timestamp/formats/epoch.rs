//! Numbers that count from 1970: seconds, milliseconds, microseconds or nanoseconds, told apart by
//! their 10, 13, 16 or 19 digits.

use chrono::{DateTime, FixedOffset};

use super::{Footing, Stamp};
use crate::extract::timestamp::Resolution;
use crate::extract::timestamp::cursor::Cursor;

/// Seconds between which a bare number at a line's start is taken for a time: 2015 to 2065. Ids and
/// counters of ten digits are common, and no OCR client wrote a log before.
const BARE_SECONDS: std::ops::Range<u64> = 1_420_070_400..3_000_000_000;

/// A number of exactly 10, 13, 16 or 19 digits, with or without a fraction.
pub(super) fn epoch(cursor: &mut Cursor<'_>, start: usize, footing: Footing) -> Option<Stamp> {
    let digits = cursor.digits_ahead();
    let (units_per_second, unit_digits) = match digits {
        10 => (1, 0),
        13 => (1_000, 3),
        16 => (1_000_000, 6),
        19 => (1_000_000_000, 9),
        _ => return None,
    };
    let mut number = 0u64;
    for &digit in cursor.rest().get(..digits)? {
        number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
    }
    cursor.at += digits;
    let seconds = number / units_per_second;
    let nanoseconds_of_units = number % units_per_second * (1_000_000_000 / units_per_second);
    let (fraction, fraction_digits) =
        if cursor.peek() == Some(b'.') { super::fraction(cursor) } else { (0, 0) };
    let nanosecond = nanoseconds_of_units + u64::from(fraction) / units_per_second;
    let ends = !cursor.peek().is_some_and(|byte| {
        byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' || byte == b'.'
    });
    let plausible = footing != Footing::Start || BARE_SECONDS.contains(&seconds);
    if !ends || !plausible {
        return None;
    }
    of_parts(
        i64::try_from(seconds).ok()?,
        u32::try_from(nanosecond).ok()?,
        Resolution::of_digits(unit_digits + fraction_digits),
        start..cursor.at,
    )
}

/// `1.7321e9`, as JSON writers that know only floating point print large numbers. A whole field.
pub(in crate::extract::timestamp) fn scientific_epoch(text: &[u8]) -> Option<Stamp> {
    const NUMBER_BYTES_MAX: usize = 32;
    let exponent = text.iter().position(|byte| matches!(byte, b'e' | b'E'))?;
    if text.len() > NUMBER_BYTES_MAX || exponent < 3 {
        return None;
    }
    let number: f64 = str::from_utf8(text).ok()?.parse().ok()?;
    let seconds = [1e0, 1e3, 1e6, 1e9]
        .into_iter()
        .map(|units| number / units)
        .find(|seconds| (1e9..1e10).contains(seconds))?;
    // An f64 of this size keeps a quarter of a microsecond.
    #[expect(clippy::cast_possible_truncation, reason = "below 1e16, checked above")]
    let microseconds = (seconds * 1e6).round() as i64;
    let nanosecond = u32::try_from(microseconds.rem_euclid(1_000_000) * 1000).ok()?;
    of_parts(microseconds.div_euclid(1_000_000), nanosecond, Resolution::Microsecond, 0..text.len())
}

fn of_parts(
    seconds: i64,
    nanosecond: u32,
    resolution: Resolution,
    span: std::ops::Range<usize>,
) -> Option<Stamp> {
    Some(Stamp {
        local: DateTime::from_timestamp(seconds, nanosecond)?.naive_utc(),
        offset: FixedOffset::east_opt(0),
        year_known: true,
        is_header: false,
        resolution,
        span,
    })
}
