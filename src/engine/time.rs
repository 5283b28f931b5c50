//! Instants and lengths of time as the engine counts them: whole milliseconds.
//!
//! Owns the arithmetic, which saturates instead of overflowing: a stamp may be anything. Must never
//! know a zone or read a clock. Nothing here fails.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970 in UTC.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Instant(pub i64);

/// A length of time in milliseconds, never negative where a rule gives it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(pub i64);

impl Instant {
    /// Before every other one.
    pub const MIN: Self = Self(i64::MIN);
    /// After every other one: never.
    pub const MAX: Self = Self(i64::MAX);

    /// The instant so much later.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The instant so much earlier.
    #[must_use]
    pub const fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// From an earlier instant to this one; negative if that one is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// The number of the step, of the given length, that the instant lies in.
    #[must_use]
    pub const fn step(self, step: Span) -> i64 {
        self.0.div_euclid(if step.0 > 0 { step.0 } else { 1 })
    }

    /// For the calendar; the nearest instant that it knows.
    pub fn to_utc(self) -> DateTime<Utc> {
        let clamped = self.0.clamp(
            DateTime::<Utc>::MIN_UTC.timestamp_millis(),
            DateTime::<Utc>::MAX_UTC.timestamp_millis(),
        );
        DateTime::from_timestamp_millis(clamped).unwrap_or_default()
    }
}

impl<Z: chrono::TimeZone> From<DateTime<Z>> for Instant {
    fn from(at: DateTime<Z>) -> Self {
        Self(at.timestamp_millis())
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// One second.
    pub const SECOND: Self = Self(1_000);
    /// One minute.
    pub const MINUTE: Self = Self(60_000);
    /// One hour.
    pub const HOUR: Self = Self(3_600_000);
    /// One day of 24 hours.
    pub const DAY: Self = Self(86_400_000);

    /// So many times as long.
    #[must_use]
    pub const fn times(self, factor: i64) -> Self {
        Self(self.0.saturating_mul(factor))
    }

    /// For words.
    pub fn to_delta(self) -> TimeDelta {
        TimeDelta::try_milliseconds(self.0).unwrap_or(TimeDelta::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        assert_eq!(Instant::MAX.plus(Span::DAY), Instant::MAX);
        assert_eq!(Instant::MIN.minus(Span::DAY), Instant::MIN);
        assert_eq!(Instant::MAX.since(Instant::MIN), Span(i64::MAX));
        assert!(Instant::MIN.to_utc() < Instant::MAX.to_utc());
    }

    #[test]
    fn steps_before_1970_are_numbered_downwards() {
        assert_eq!(Instant(-1).step(Span::MINUTE), -1);
        assert_eq!(Instant(59_999).step(Span::MINUTE), 0);
        assert_eq!(Instant(7).step(Span::ZERO), 7, "a step of no length is the shortest");
    }

    #[test]
    fn for_words_a_length_without_end_is_as_long_as_words_can_be() {
        assert_eq!(Span::MINUTE.to_delta(), TimeDelta::minutes(1));
        assert_eq!(Span(i64::MIN).to_delta(), TimeDelta::MAX);
    }
}
