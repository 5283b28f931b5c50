//! Instants as an alert shows them.
//!
//! Owns the choice of the offset: that of the zone which the reader set, else the log's own. Must
//! never ask the machine for a zone. Nothing here fails: what no calendar prints is shown as its
//! end.

use chrono::{DateTime, FixedOffset, NaiveDate, Offset, Utc};

use crate::engine::Instant;
use crate::surface::{Language, phrase};
use crate::zone::Zone;

/// How a text is read: in which zone, and in which language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct View {
    /// The zone of times; the log's own if there is none.
    pub zone: Option<Zone>,
    /// The language of our own words.
    pub language: Language,
}

impl From<Option<Zone>> for View {
    fn from(zone: Option<Zone>) -> Self {
        Self { zone, language: Language::default() }
    }
}

/// How instants are shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    zone: Option<Zone>,
    offset_s: i32,
    pub(super) language: Language,
}

impl Times {
    /// In the zone, else so many seconds east.
    pub(super) fn new(view: impl Into<View>, offset_s: i32) -> Self {
        let View { zone, language } = view.into();
        Self { zone, offset_s, language }
    }

    /// In the zone, else so many seconds east.
    pub(super) fn with_offset(self, offset_s: i32) -> Self {
        Self { offset_s, ..self }
    }

    pub(super) fn at(self, at: Instant) -> DateTime<FixedOffset> {
        let at = printable(at.to_utc());
        let own = || FixedOffset::east_opt(self.offset_s).unwrap_or_else(|| Utc.fix());
        self.zone.map_or_else(|| at.with_timezone(&own()), |zone| zone.show(at))
    }

    /// Such as `2022-11-03 08:14:02 +08:00`.
    pub(super) fn words(self, at: Instant) -> String {
        phrase::instant(self.at(at))
    }

    /// Such as `2022-11-03 08:14:02 to 09:00:00 +08:00`.
    pub(super) fn range(self, first: Instant, last: Instant) -> String {
        self.language.range(self.at(first), self.at(last))
    }
}

/// The instant within the years of four digits, a day away from their ends: an offset leads out of
/// neither.
fn printable(at: DateTime<Utc>) -> DateTime<Utc> {
    let midnight = |year, month, day| {
        let date = NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
        date.and_time(chrono::NaiveTime::MIN).and_utc()
    };
    at.clamp(midnight(1, 1, 2), midnight(9999, 12, 30))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zone_goes_before_the_log_s_own_offset() {
        let at = Instant(1_667_434_442_000);
        let log_s_own = Times::new(None, 8 * 3600);
        assert_eq!(log_s_own.words(at), "2022-11-03 08:14:02 +08:00");
        assert_eq!(Times::new(Some(Zone::UTC), 3600).words(at), "2022-11-03 00:14:02 +00:00");
    }

    #[test]
    fn no_instant_is_beyond_words() {
        for offset_s in [i32::MIN, -50_400, 0, 50_400, i32::MAX] {
            let times = Times::new(None, offset_s);
            assert!(times.words(Instant::MAX).starts_with("9999-12-"));
            assert!(times.range(Instant::MIN, Instant::MAX).starts_with("0001-01-"));
        }
    }
}
