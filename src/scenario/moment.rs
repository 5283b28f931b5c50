//! Instants as scenarios write them: how long after the start, a time of its day, or a stamp.
//!
//! Owns these forms, and the start. Must never ask the machine for its zone or the present. What is
//! no instant is a problem and reads as absent.

use chrono::{DateTime, FixedOffset, NaiveDate};
use toml::Spanned;
use toml::de::DeValue;

use super::problem;
use crate::engine::{Instant, Span};
use crate::length;
use crate::toml_file::{self, Keys, Problems, stamp};
use crate::zone::Zone;

/// The zone of a scenario that names none, and in which its log writes its times.
const ZONE: &str = "Asia/Shanghai";

/// The first instant of a scenario that names none: a Monday morning.
const START: (i32, u32, u32, u32) = (2026, 11, 23, 10);

/// How far behind its start a scenario can reach.
const REACH: Span = Span::DAY.times(400);

/// What instants are counted from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) zone: Zone,
    pub(super) start: Instant,
}

impl Clock {
    /// The clock of a scenario, from its keys `timezone` and `start`.
    pub(super) fn read(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Self {
        let named = keys.text("timezone", problems).and_then(|text| {
            let zone = Zone::parse(text.get_ref());
            let wrong = |error: crate::zone::ZoneError| {
                let message = format!("unknown time zone `{}`", error.given);
                problems.add(problem::BAD_VALUE, text.span(), message, error.hint);
            };
            zone.map_err(wrong).ok()
        });
        let zone = named.or_else(|| Zone::parse(ZONE).ok()).unwrap_or(Zone::UTC);
        let (year, month, day, hour) = START;
        let local = NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
        let local = local.and_hms_opt(hour, 0, 0).unwrap_or_default();
        let usual = zone.resolve(local, None).map(Instant::from).unwrap_or_default();
        let start = keys.value("start").and_then(|value| {
            let at = stamp(value).and_then(|stamp| toml_file::instant(&stamp, Some(zone), None));
            if at.is_none() {
                let message = "`start` is no instant".to_owned();
                let hint = "write a stamp such as `2026-11-23T10:00:00+08:00`".to_owned();
                problems.add(problem::BAD_TIME, value.span(), message, hint);
            }
            at
        });
        Self { zone, start: start.map_or(usual, Instant::from) }
    }

    /// An instant that must be there.
    pub(super) fn at(
        self,
        key: &str,
        keys: &Keys<'_, '_>,
        problems: &mut Problems<'_>,
    ) -> Option<Instant> {
        const FORMS: &str =
            "write how long after the start, such as `90s`, or a time such as `\"10:05:00\"`";
        let Some(value) = keys.value(key) else {
            keys.missing(key, FORMS, problems);
            return None;
        };
        let (message, hint) = match self.instant(value) {
            None => (format!("`{key}` is no instant"), FORMS),
            Some(at) if at < self.start => {
                let hint = "give the scenario an earlier `start`";
                (format!("`{key}` lies before the scenario's start"), hint)
            }
            Some(at) if at > self.start.plus(REACH) => {
                let message = format!("`{key}` lies more than 400 days behind the start");
                (message, "give the scenario a later `start`")
            }
            Some(at) => return Some(at),
        };
        problems.add(problem::BAD_TIME, value.span(), message, hint.to_owned());
        None
    }

    fn instant(self, value: &Spanned<DeValue<'_>>) -> Option<Instant> {
        if let Some(length_ms) = value.get_ref().as_str().and_then(length::milliseconds) {
            return Some(self.start.plus(Span(length_ms)));
        }
        let today = self.local().date_naive();
        toml_file::instant(&stamp(value)?, Some(self.zone), Some(today)).map(Instant::from)
    }

    fn local(self) -> DateTime<FixedOffset> {
        self.zone.show(self.start.to_utc())
    }
}

/// An instant with how far behind the start it is, for people.
pub(super) fn shown(at: Instant, start: Instant, zone: Zone) -> String {
    let local = zone.show(at.to_utc()).format("%Y-%m-%d %H:%M:%S%.f %:z");
    format!("{} ({local})", length::words(at.since(start).0))
}
