//! The instant that a stamp means to a reader in some zone.
//!
//! Owns the years that stamps do not print and the dates that times of day do not. Must never ask
//! the machine for the present. Fails only where the calendar ends.

use chrono::{DateTime, Datelike, Days, FixedOffset, Utc};

use super::{Stamp, TimeOfDay};
use crate::zone::Zone;

impl Zone {
    /// The instant of a stamp.
    ///
    /// The stamp's own offset rules, else this zone. A local time that the zone skips moves forward
    /// by the gap; of one that occurs twice, the earlier is meant. A year that is not told is the
    /// latest one that puts the stamp at most one day after `reference`: a log is read after it was
    /// written, and the day leaves room for a wrong zone or clock. `None` only where the calendar
    /// ends.
    pub fn at(self, stamp: &Stamp, reference: DateTime<Utc>) -> Option<DateTime<FixedOffset>> {
        if stamp.year_known {
            return self.resolve(stamp.local, stamp.offset);
        }
        let latest = reference.checked_add_days(Days::new(1))?;
        // 29 February may be eight years back: 1896 to 1904, and 2096 to 2104.
        (-9..=1).rev().find_map(|years| {
            let local = stamp.local.with_year(reference.year().checked_add(years)?)?;
            self.resolve(local, stamp.offset).filter(|at| *at <= latest)
        })
    }

    /// The instant of a time without a date: the one nearest to `near`, which is the instant that
    /// the record's envelope gives.
    pub fn at_time_of_day(
        self,
        time: &TimeOfDay,
        near: DateTime<Utc>,
    ) -> Option<DateTime<FixedOffset>> {
        let today = near.naive_utc().date();
        [today.pred_opt(), Some(today), today.succ_opt()]
            .into_iter()
            .flatten()
            .filter_map(|date| self.resolve(date.and_time(time.time), time.offset))
            .min_by_key(|at| (at.to_utc() - near).abs())
    }
}

#[cfg(test)]
mod tests;
