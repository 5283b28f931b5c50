//! When a line was written: the stamp in its head, read without allocation.
//!
//! Owns the forms that loggers print and the rule that tells a line's stamp from a date that its
//! message merely mentions. Must never know the present instant or the machine's zone: a stamp
//! without an offset or a year stays so until [`Zone::at`](crate::zone::Zone::at) is told both.
//! Fails by returning `None`; what cannot be read for certain (`03/04/2026`, two-digit years) is
//! not guessed.

use std::ops::Range;

use chrono::{DateTime, FixedOffset, NaiveDateTime, NaiveTime, TimeDelta};

mod cursor;
mod formats;
mod head;
mod offset;
mod zone;

#[cfg(test)]
mod tests;

pub use head::HEAD_BYTES_MAX;

/// The finest part of a second that a stamp prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolution {
    /// No fraction.
    Second,
    /// One to three digits.
    Millisecond,
    /// Four to six digits.
    Microsecond,
    /// Seven digits or more; those after the ninth are dropped.
    Nanosecond,
}

impl Resolution {
    fn of_digits(digits: usize) -> Self {
        match digits {
            0 => Self::Second,
            1..=3 => Self::Millisecond,
            4..=6 => Self::Microsecond,
            _ => Self::Nanosecond,
        }
    }

    /// The length of one step.
    pub const fn step(self) -> TimeDelta {
        match self {
            Self::Second => TimeDelta::seconds(1),
            Self::Millisecond => TimeDelta::milliseconds(1),
            Self::Microsecond => TimeDelta::microseconds(1),
            Self::Nanosecond => TimeDelta::nanoseconds(1),
        }
    }
}

/// A date and a time as a line printed them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// Date and time on the writer's wall. A leap second `:60` is the second after it, as POSIX
    /// counts. Without a known year, the year is 2000, which has every day.
    pub local: NaiveDateTime,
    /// The distance from UTC, when the line tells it.
    pub offset: Option<FixedOffset>,
    /// Whether the line told the year; syslog, klog and Android do not.
    pub year_known: bool,
    /// How finely it was printed.
    pub resolution: Resolution,
    /// Whether it is the value of an HTTP `Date` header (`date: 'Fri, 20 Nov 2026 10:00:01 GMT'`).
    /// It tells when, but a line with it does not begin a record: clients dump headers inside one.
    pub is_header: bool,
    /// The bytes of the given text that hold it.
    pub span: Range<usize>,
}

impl Stamp {
    /// Whether the difference of two stamps means anything: both tell their offset or neither does,
    /// and both tell their year or neither does.
    pub fn is_comparable(&self, other: &Self) -> bool {
        self.offset.is_some() == other.offset.is_some() && self.year_known == other.year_known
    }

    /// How far two stamps lie apart, never negative, or `None` when they cannot be compared.
    ///
    /// Both are first cut to the coarser resolution: `10:00:01` and `10:00:01.900` may be one
    /// instant, so they are zero apart. Neighbours of unknown years are compared within one year.
    pub fn apart(&self, other: &Self) -> Option<TimeDelta> {
        if !self.is_comparable(other) {
            return None;
        }
        let step = self.resolution.min(other.resolution).step();
        let cut = |stamp: &Self| {
            let utc = stamp.offset.map_or(stamp.local, |offset| {
                stamp.local.checked_sub_offset(offset).unwrap_or(stamp.local)
            });
            chrono::DurationRound::duration_trunc(utc, step).unwrap_or(utc)
        };
        Some((cut(self) - cut(other)).abs())
    }

    /// The instant, when the stamp itself tells everything.
    pub fn instant(&self) -> Option<DateTime<FixedOffset>> {
        let offset = self.offset?;
        if !self.year_known {
            return None;
        }
        self.local.and_local_timezone(offset).single()
    }
}

/// A time without its date, as logback's default layout and Serilog's console print it. It becomes
/// an instant only beside a date from elsewhere: see
/// [`Zone::at_time_of_day`](crate::zone::Zone::at_time_of_day).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeOfDay {
    /// On the writer's wall. A leap second `:60` is kept as second 59.
    pub time: NaiveTime,
    /// The distance from UTC, when the line tells it.
    pub offset: Option<FixedOffset>,
    /// How finely it was printed.
    pub resolution: Resolution,
    /// The bytes of the given text that hold it.
    pub span: Range<usize>,
}

/// The stamp in the head of a log line.
///
/// The head is the first [`HEAD_BYTES_MAX`] bytes of `text` before its first newline. A stamp
/// counts there when it begins a token and everything before it looks like a line's prefix: levels,
/// brackets, host, process, thread and logger names, quoted request lines, `key=value` pairs and
/// JSON members, and not more than two plain words. It does not count behind a preposition
/// (`locked until 2026-…`) nor under a key that names another time (`expires_at`, `created`,
/// `startTime`). Bare epoch numbers count only first in the line or under a key that means time.
///
/// A line whose head holds a time without a date has no stamp: see [`time_of_day`].
pub fn find(text: &[u8]) -> Option<Stamp> {
    match head::reading(text)? {
        head::Reading::Stamp(stamp) => Some(stamp),
        head::Reading::TimeOfDay(_) => None,
    }
}

/// Whether the first byte of a line begins its stamp.
pub(super) fn begins(text: &[u8]) -> bool {
    formats::stamp(text, 0, formats::Footing::Start).is_some()
}

/// Whether [`find`] finds a stamp at the very beginning of a line, at most behind one bracket or
/// quote.
pub(super) fn leads(text: &[u8]) -> bool {
    head::leads(text)
}

/// The time in the head of a log line that carries no date, under the rule of [`find`].
pub fn time_of_day(text: &[u8]) -> Option<TimeOfDay> {
    match head::reading(text)? {
        head::Reading::Stamp(_) => None,
        head::Reading::TimeOfDay(time) => Some(time),
    }
}

/// The stamp that a whole field value is: the text of a JSON string or number, with or without its
/// quotes. Epoch numbers are seconds, milliseconds, microseconds or nanoseconds by their 10, 13, 16
/// or 19 digits before the decimal point.
pub fn value(text: &[u8]) -> Option<Stamp> {
    let lead = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let bare = text.trim_ascii();
    let (lead, bare) = match bare {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => (lead + 1, inner),
        _ => (lead, bare),
    };
    let mut stamp = formats::stamp(bare, 0, formats::Footing::Whole)
        .filter(|stamp| is_tail(bare.get(stamp.span.end..).unwrap_or_default()))
        .or_else(|| formats::scientific_epoch(bare))?;
    stamp.span = stamp.span.start + lead..stamp.span.end + lead;
    Some(stamp)
}

/// What may follow the stamp in a field of its own: Go prints its monotonic clock (` m=+0.01`), and
/// JavaScript the zone's long name in parentheses.
fn is_tail(rest: &[u8]) -> bool {
    let rest = rest.trim_ascii();
    rest.is_empty() || rest.starts_with(b"m=") || rest.starts_with(b"(") && rest.ends_with(b")")
}
