//! Times of the week in which nobody wants to be told.
//!
//! Owns what the hours of a wall clock mean as instants, on days on which the clock is changed,
//! too. Must never know what is withheld. Nothing here fails.

use std::sync::Arc;

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Weekday};

use super::facet::{AlertMatcher, all_fit};
use crate::engine::alert::Alert;
use crate::engine::time::{Instant, Span};
use crate::zone::Zone;

const DAY_MINUTES: u16 = 1_440;

/// What fits is not told at these times; what still fires when they end is told then.
#[derive(Debug, Clone, PartialEq)]
pub struct Mute {
    /// Its name.
    pub name: Arc<str>,
    /// All must be true of an alert.
    pub matchers: Vec<AlertMatcher>,
    /// The zone of the wall clock.
    pub zone: Zone,
    /// When.
    pub times: Vec<TimeOfWeek>,
}

/// Hours of some days of the week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeOfWeek {
    /// The days on which it begins.
    pub days: Vec<Weekday>,
    /// Minutes since midnight, included.
    pub from_minutes: u16,
    /// Minutes since midnight, excluded; on the next day unless it is later than the beginning.
    pub to_minutes: u16,
}

impl Mute {
    /// If the alert is muted at the instant: until when. Windows that touch are one.
    pub(super) fn until(&self, at: Instant, alert: &Alert) -> Option<Instant> {
        // A week and a day of touching windows never ends; whoever asks then asks again.
        const WINDOWS_MAX: usize = 8;
        if !all_fit(&self.matchers, alert) {
            return None;
        }
        let mut end = at;
        for _ in 0..WINDOWS_MAX {
            match self.window_end(end) {
                Some(later) => end = later,
                None => break,
            }
        }
        (end > at).then_some(end)
    }

    /// The end of the longest window that holds the instant.
    fn window_end(&self, at: Instant) -> Option<Instant> {
        let today = self.zone.show(at.to_utc()).date_naive();
        // One that began yesterday may still last. A zone may skip a whole day: one more.
        let days = (0..3).filter_map(|back| today.checked_sub_days(Days::new(back)));
        let windows =
            days.flat_map(|day| self.times.iter().filter_map(move |time| time.on(day, self.zone)));
        windows.filter(|(from, to)| *from <= at && at < *to).map(|(_, to)| to).max()
    }
}

impl TimeOfWeek {
    fn on(&self, day: NaiveDate, zone: Zone) -> Option<(Instant, Instant)> {
        if !self.days.contains(&day.weekday()) {
            return None;
        }
        let crosses = self.to_minutes <= self.from_minutes;
        let last = if crosses { day.checked_add_days(Days::new(1))? } else { day };
        Some((wall(zone, day, self.from_minutes)?, wall(zone, last, self.to_minutes)?))
    }
}

/// When the wall clock first shows so many minutes since midnight, or more, on that day. Of an hour
/// that occurs twice the first is meant; one that is skipped is the end of the gap: a window of
/// skipped hours is empty, one that reaches into them ends or begins where they end.
pub(super) fn wall(zone: Zone, day: NaiveDate, minutes: u16) -> Option<Instant> {
    let midnight = day.and_time(NaiveTime::MIN);
    let minutes = minutes.min(DAY_MINUTES);
    let local = midnight.checked_add_signed(TimeDelta::minutes(minutes.into()))?;
    let shown = zone.resolve(local, None)?;
    let gap = shown.naive_local().signed_duration_since(local).num_milliseconds();
    let behind = Instant::from(shown);
    if gap == 0 {
        return Some(behind);
    }
    // The clock was put forward at most the gap before. Where exactly, no table tells.
    let offset_at = |at: Instant| zone.show(at.to_utc()).offset().local_minus_utc();
    let (mut before, mut after) = (behind.minus(Span(gap)).minus(Span(1)), behind);
    while after.since(before) > Span(1) {
        let middle = before.plus(Span(after.since(before).0 / 2));
        if offset_at(middle) == shown.offset().local_minus_utc() {
            after = middle;
        } else {
            before = middle;
        }
    }
    Some(after)
}
