//! The only reader of time. Everything else is handed instants, so that the same lines with the
//! same instants give the same answer.
//!
//! Must never: decide anything. Fails: never; a machine without a readable zone is UTC.

use std::time::{Duration, Instant};

use chrono::{DateTime, Days, FixedOffset, Local, Offset as _, TimeZone as _, Utc};

use crate::zone::Zone;

/// The wall clock's present instant.
#[expect(clippy::disallowed_methods, reason = "this module is the clock")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// The name of the machine's zone: `TZ` as it stands, else the zone database's name of the local
/// time, else the local time's present offset as `+08:00`. `None` when nothing tells; that is UTC.
///
/// A container often has its host's `/etc/localtime` mounted over its own as a plain file. The name
/// is then that of the image, which the file's rules contradict; the rules win, as they do in libc.
pub fn machine_zone_name() -> Option<String> {
    if let Some(zone) = std::env::var_os("TZ") {
        return Some(zone.to_string_lossy().into_owned());
    }
    let rules = |at: DateTime<Utc>| Local.offset_from_utc_datetime(&at.naive_utc()).fix();
    zone_name_under(rules, iana_time_zone::get_timezone().ok(), now())
}

fn zone_name_under(
    rules: impl Fn(DateTime<Utc>) -> FixedOffset,
    name: Option<String>,
    now: DateTime<Utc>,
) -> Option<String> {
    let zone = name.as_ref().and_then(|name| Zone::of_database(name));
    // Half a year on, zones that share an offset for a season part.
    let instants = [now, now.checked_add_days(Days::new(182)).unwrap_or(now)];
    let agrees = |zone: Zone| instants.iter().all(|at| zone.show(*at).offset() == &rules(*at));
    match zone {
        Some(zone) if agrees(zone) => name,
        None if instants.iter().all(|at| rules(*at).local_minus_utc() == 0) => name,
        _ => Some(rules(now).to_string()),
    }
}

/// Measures how long something takes, on the monotonic clock.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    #[expect(clippy::disallowed_methods, reason = "this module is the clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rules_east_hours: i32, name: Option<&str>) -> Option<String> {
        let offset = FixedOffset::east_opt(rules_east_hours * 3600).unwrap();
        let now = DateTime::from_timestamp(1_795_399_201, 0).unwrap();
        zone_name_under(|_| offset, name.map(str::to_owned), now)
    }

    #[test]
    fn a_zone_name_stands_while_the_local_rules_agree_with_it() {
        assert_eq!(check(8, Some("Asia/Shanghai")).as_deref(), Some("Asia/Shanghai"));
        assert_eq!(check(0, Some("Etc/UTC")).as_deref(), Some("Etc/UTC"));
    }

    #[test]
    fn local_rules_mounted_from_the_host_beat_the_name_in_the_image() {
        assert_eq!(check(8, Some("Etc/UTC")).as_deref(), Some("+08:00"));
        assert_eq!(check(8, None).as_deref(), Some("+08:00"));
        assert_eq!(check(1, Some("Europe/London")).as_deref(), Some("+01:00"));
    }

    #[test]
    fn a_machine_that_tells_nothing_has_no_zone_name() {
        assert_eq!(check(0, None), None);
    }
}
