//! Zones of the zone database, which is part of the program.
//!
//! Owns where the database comes from and the offsets of a named zone. Must never ask the machine:
//! its database may be another one, or missing. Fails by telling nothing of a name it has not.

use std::fmt;
use std::sync::{LazyLock, Mutex, PoisonError};

use chrono::{
    DateTime, Datelike as _, FixedOffset, NaiveDateTime, Offset as _, Timelike as _, Utc,
};
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Zones that were asked for stay: there are no more than the database has.
static KNOWN: Mutex<Vec<Named>> = Mutex::new(Vec::new());

/// A zone of the database.
#[derive(Clone, Copy)]
pub(super) struct Named(&'static TimeZone);

impl Named {
    /// The zone of a name in any case.
    pub(super) fn find(name: &str) -> Option<Self> {
        let zone = DATABASE.get(name).ok()?;
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |known: &&Self| known.0.iana_name() == zone.iana_name();
        if let Some(known) = known.iter().find(is_it) {
            return Some(*known);
        }
        let new = Self(Box::leak(Box::new(zone)));
        known.push(new);
        Some(new)
    }

    /// The names of all zones, in the order of the alphabet.
    pub(super) fn names() -> impl Iterator<Item = String> {
        DATABASE.available().map(|name| name.as_str().to_owned())
    }

    /// The zone's name as the database writes it.
    pub(super) fn name(self) -> &'static str {
        self.0.iana_name().unwrap_or_default()
    }

    /// The offset at an instant; beyond the years -9999 to 9999 that of the nearest one.
    pub(super) fn offset_at(self, at: DateTime<Utc>) -> FixedOffset {
        let seconds = at.timestamp();
        let seconds = seconds.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        let nearest = Timestamp::from_second(seconds).unwrap_or_default();
        fixed(self.0.to_offset(nearest))
    }

    /// The offset that a local time is meant in: the one before the change where it is skipped or
    /// occurs twice. None beyond the years -9999 to 9999.
    pub(super) fn offset_of(self, local: NaiveDateTime) -> Option<FixedOffset> {
        let date = civil::Date::new(
            local.year().try_into().ok()?,
            local.month().try_into().ok()?,
            local.day().try_into().ok()?,
        );
        let time = civil::Time::new(
            local.hour().try_into().ok()?,
            local.minute().try_into().ok()?,
            local.second().try_into().ok()?,
            0,
        );
        let local = date.ok()?.to_datetime(time.ok()?);
        match self.0.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset: before }
            | AmbiguousOffset::Gap { before, .. }
            | AmbiguousOffset::Fold { before, .. } => Some(fixed(before)),
        }
    }
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Named {}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn fixed(offset: Offset) -> FixedOffset {
    // No zone of the world lies a day from another.
    FixedOffset::east_opt(offset.seconds()).unwrap_or_else(|| Utc.fix())
}
