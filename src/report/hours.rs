//! Events by the hour of the day.
//!
//! Owns which hour an instant belongs to: that of the wall clock in the offset it comes with. Must
//! never know what it counts. Nothing here fails.

use chrono::{DateTime, FixedOffset};

/// Hours of a day.
const HOURS: usize = 24;

/// How often in which hour of the day, over all days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hours {
    counts: [u64; HOURS],
    offset: Option<FixedOffset>,
    offsets_differ: bool,
}

impl Hours {
    /// Counts an instant; one that is not known is in no hour.
    pub(super) fn add(&mut self, at: Option<DateTime<FixedOffset>>) {
        let Some(at) = at else { return };
        let clock_s = at.timestamp() + i64::from(at.offset().local_minus_utc());
        let hour = usize::try_from(clock_s.div_euclid(3600).rem_euclid(24)).unwrap_or(0);
        if let Some(count) = self.counts.get_mut(hour) {
            *count += 1;
        }
        let offset = *self.offset.get_or_insert(*at.offset());
        self.offsets_differ |= offset != *at.offset();
    }

    /// The counts, from midnight on.
    pub fn counts(&self) -> &[u64; HOURS] {
        &self.counts
    }

    /// The offset of all the instants; none if they come with several.
    pub fn offset(&self) -> Option<FixedOffset> {
        self.offset.filter(|_| !self.offsets_differ)
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.offset.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(instants: &[&str], expected: &[(usize, u64)], offset: Option<&str>) {
        let mut hours = Hours::default();
        for text in instants {
            hours.add(DateTime::parse_from_rfc3339(text).ok());
        }
        let counted = hours.counts().iter().copied().enumerate();
        assert_eq!(counted.filter(|&(_, count)| count > 0).collect::<Vec<_>>(), expected);
        assert_eq!(hours.offset().map(|offset| offset.to_string()).as_deref(), offset);
        assert_eq!(hours.is_empty(), instants.is_empty());
    }

    #[test]
    fn an_instant_counts_in_the_hour_that_its_own_clock_shows() {
        check(&[], &[], None);
        check(
            &["2022-11-03T08:00:00+08:00", "2022-11-04T08:59:59.999+08:00"],
            &[(8, 2)],
            Some("+08:00"),
        );
        check(
            &["2022-11-03T23:59:59-03:30", "2022-11-03T00:00:00-03:30"],
            &[(0, 1), (23, 1)],
            Some("-03:30"),
        );
    }

    #[test]
    fn instants_of_several_offsets_have_none_in_common() {
        check(
            &["2022-11-03T08:00:00+08:00", "2022-11-03T00:00:00Z", "2022-11-03T08:00:00+08:00"],
            &[(0, 1), (8, 2)],
            None,
        );
    }
}
