//! Notifications that gather what changed until an hour or a time of day.
//!
//! Owns when the next one is due, on days on which the clock is changed, too. Must never know what
//! it tells. Nothing here fails.

use chrono::{Days, Offset as _};

use super::mute::wall;
use crate::engine::time::{Instant, Span};
use crate::zone::Zone;

/// When a route tells what changed since the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    /// How often.
    pub every: Every,
    /// Minutes since midnight, or since the hour.
    pub at_minutes: u16,
    /// The zone of the wall clock.
    pub zone: Zone,
}

/// How often a digest is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// Each hour.
    Hour,
    /// Each day.
    Day,
}

impl Digest {
    /// The first time that is not before an instant.
    pub(super) fn next(&self, at: Instant) -> Instant {
        match self.every {
            Every::Hour => self.next_of_hour(at),
            // A zone may skip a whole day, and no calendar ends within a week.
            Every::Day => self.next_of_day(at).unwrap_or(at.plus(Span::DAY)),
        }
    }

    fn next_of_hour(&self, at: Instant) -> Instant {
        let offset_s = self.zone.show(at.to_utc()).offset().fix().local_minus_utc();
        let shift = i64::from(offset_s) * 1000 - i64::from(self.at_minutes) * Span::MINUTE.0;
        let hour = Span::HOUR.0;
        let behind = at.0.saturating_add(shift).rem_euclid(hour);
        if behind == 0 { at } else { at.plus(Span(hour - behind)) }
    }

    fn next_of_day(&self, at: Instant) -> Option<Instant> {
        let today = self.zone.show(at.to_utc()).date_naive();
        let days = (0..7).filter_map(|ahead| today.checked_add_days(Days::new(ahead)));
        let times = days.filter_map(|day| wall(self.zone, day, self.at_minutes));
        times.filter(|time| *time >= at).min()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn at(text: &str) -> Instant {
        Instant::from(DateTime::parse_from_rfc3339(text).unwrap())
    }

    #[track_caller]
    fn check(every: Every, at_minutes: u16, zone: &str, from: &str, expected: &str) {
        let digest = Digest { every, at_minutes, zone: Zone::parse(zone).unwrap() };
        assert_eq!(digest.next(at(from)), at(expected), "{from}");
        assert_eq!(digest.next(at(expected)), at(expected), "{expected}");
    }

    #[test]
    fn a_day_s_digest_comes_at_its_time_of_day() {
        let check = |from, expected| check(Every::Day, 540, "Asia/Shanghai", from, expected);
        check("2026-11-23T08:59:59+08:00", "2026-11-23T09:00:00+08:00");
        check("2026-11-23T09:00:01+08:00", "2026-11-24T09:00:00+08:00");
    }

    #[test]
    fn a_day_on_which_the_clock_is_changed_has_one_digest() {
        let check = |from, expected| check(Every::Day, 150, "Europe/Berlin", from, expected);
        // Half past two is skipped in March, and comes twice in October.
        check("2026-03-29T00:00:00+01:00", "2026-03-29T03:00:00+02:00");
        check("2026-10-25T00:00:00+02:00", "2026-10-25T02:30:00+02:00");
        check("2026-10-25T02:30:01+02:00", "2026-10-26T02:30:00+01:00");
    }

    #[test]
    fn an_hour_s_digest_comes_at_its_minute_by_the_wall_clock() {
        check(Every::Hour, 0, "Asia/Kolkata", "2026-11-23T10:29:00Z", "2026-11-23T10:30:00Z");
        check(Every::Hour, 15, "UTC", "2026-11-23T10:15:00.001Z", "2026-11-23T11:15:00Z");
    }
}
