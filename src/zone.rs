//! Zones of wall clocks, as people and machines name them.
//!
//! Owns the reading of zone names, and the instant of a wall clock's time: hours that occur twice
//! or never. Must never ask the machine; its zone's name is handed in. Fails with [`ZoneError`],
//! which names the nearest known zone.

mod named;
#[cfg(test)]
mod tests;

use std::fmt;

use chrono::{DateTime, FixedOffset, NaiveDateTime, Offset as _, Utc};

use named::Named;

/// A zone of wall clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Utc,
    Fixed(FixedOffset),
    Named(Named),
}

/// Why a text is not a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneError {
    /// The text as it was given.
    pub given: String,
    /// What to write instead.
    pub hint: String,
}

impl fmt::Display for ZoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown time zone `{}`", self.given.escape_debug())?;
        write!(f, "\nhint: {}", self.hint)
    }
}

impl std::error::Error for ZoneError {}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Utc => f.pad("UTC"),
            Kind::Fixed(offset) => write!(f, "{offset}"),
            Kind::Named(zone) => f.pad(zone.name()),
        }
    }
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(Kind::Utc);

    /// Reads a zone as people write it: `Asia/Shanghai` in any case, `UTC`, `Z`, `+08:00`, `+0800`,
    /// `+8`, `UTC+8`, `GMT+08:00`. In all of them `+` is east of Greenwich.
    pub fn parse(text: &str) -> Result<Self, ZoneError> {
        let name = text.trim();
        if name.eq_ignore_ascii_case("z") {
            return Ok(Self::UTC);
        }
        let behind_utc = ["utc", "gmt"].iter().find_map(|prefix| {
            let (head, tail) = name.split_at_checked(prefix.len())?;
            head.eq_ignore_ascii_case(prefix).then_some(tail)
        });
        match behind_utc {
            Some("") => return Ok(Self::UTC),
            Some(tail) => {
                if let Some(offset) = loose_offset(tail) {
                    return Ok(Self::at_offset(offset));
                }
            }
            None => {}
        }
        if let Some(offset) = loose_offset(name) {
            return Ok(Self::at_offset(offset));
        }
        Self::of_database(name)
            .ok_or_else(|| ZoneError { given: text.to_owned(), hint: hint(name) })
    }

    /// The zone of a name that the machine gave: `TZ` or the target of its local time. Also takes
    /// paths into the zone database and POSIX rules without daylight saving (`CST-8` is eight hours
    /// EAST). `None` when it is neither; such a machine counts as UTC.
    pub fn of_machine_name(name: &str) -> Option<Self> {
        let name = name.trim().trim_start_matches(':');
        if name.is_empty() {
            return Some(Self::UTC);
        }
        let name = name.rsplit_once("zoneinfo/").map_or(name, |(_, tail)| tail);
        let name =
            name.strip_prefix("posix/").or_else(|| name.strip_prefix("right/")).unwrap_or(name);
        // POSIX first: `UTC+8` in TZ is west, unlike in `--timezone`.
        Self::of_database(name).or_else(|| posix(name)).or_else(|| Self::parse(name).ok())
    }

    /// The names of the zone database.
    pub(crate) fn names() -> impl Iterator<Item = String> {
        Named::names()
    }

    /// A name of the zone database, in any case.
    pub(crate) fn of_database(name: &str) -> Option<Self> {
        let zone = Named::find(name)?;
        Some(if zone.name() == "UTC" { Self::UTC } else { Self(Kind::Named(zone)) })
    }

    fn at_offset(offset: FixedOffset) -> Self {
        Self(if offset.local_minus_utc() == 0 { Kind::Utc } else { Kind::Fixed(offset) })
    }

    /// The same instant on this zone's wall.
    pub fn show(&self, at: DateTime<Utc>) -> DateTime<FixedOffset> {
        let offset = match self.0 {
            Kind::Utc => Utc.fix(),
            Kind::Fixed(offset) => offset,
            Kind::Named(zone) => zone.offset_at(at),
        };
        at.with_timezone(&offset)
    }

    /// The instant of a wall clock's time: in the given offset, else in this zone. A local time
    /// that the zone skips moves forward by the gap; of one that occurs twice, the earlier is
    /// meant. `None` only where the calendar ends.
    pub fn resolve(
        &self,
        local: NaiveDateTime,
        offset: Option<FixedOffset>,
    ) -> Option<DateTime<FixedOffset>> {
        match offset {
            Some(offset) => local.and_local_timezone(offset).single(),
            None => self.earliest(local),
        }
    }

    pub(crate) fn earliest(self, local: NaiveDateTime) -> Option<DateTime<FixedOffset>> {
        let offset = match self.0 {
            Kind::Utc => Utc.fix(),
            Kind::Fixed(offset) => offset,
            Kind::Named(zone) => zone.offset_of(local)?,
        };
        let utc = local.checked_sub_offset(offset)?.and_utc();
        Some(self.show(utc))
    }
}

/// `+08:00`, `+8:00`, `+0800`, `+08`, `+8`, and the same with a minus sign; `-00:00` is UTC.
fn loose_offset(text: &str) -> Option<FixedOffset> {
    let is_east = match text.bytes().next()? {
        b'+' => true,
        b'-' => false,
        _ => return None,
    };
    let digits = text.get(1..)?;
    let (hours, minutes) = match digits.len() {
        4 | 5 if digits.contains(':') => {
            digits.split_once(':').filter(|(_, minutes)| minutes.len() == 2)?
        }
        4 => (digits.get(..2)?, digits.get(2..)?),
        1 | 2 => (digits, "0"),
        _ => return None,
    };
    let number = |text: &str| {
        // `parse` alone would take a sign.
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
    };
    offset_of_parts(is_east, number(hours)?, number(minutes)?)
}

/// `CST-8`, `<+08>-8`, `UTC0`: a name, then the hours WEST of Greenwich.
fn posix(rule: &str) -> Option<Zone> {
    let name_bytes = match rule.strip_prefix('<') {
        Some(_) => rule.find('>')? + 1,
        None => rule.bytes().take_while(u8::is_ascii_alphabetic).count(),
    };
    if name_bytes < 3 {
        return None;
    }
    let (_, west) = rule.split_at_checked(name_bytes)?;
    let (is_east, digits) = match west.as_bytes().first()? {
        b'-' => (true, west.get(1..)?),
        b'+' => (false, west.get(1..)?),
        _ => (false, west),
    };
    let (hours, minutes) = digits.split_once(':').unwrap_or((digits, "0"));
    let offset = offset_of_parts(is_east, hours.parse().ok()?, minutes.parse().ok()?)?;
    Some(Zone::at_offset(offset))
}

/// The offset of hours and minutes, when a zone of the world can have it (`-12` to `+14`).
pub(crate) fn offset_of_parts(is_east: bool, hours: u32, minutes: u32) -> Option<FixedOffset> {
    let seconds = i32::try_from(hours.checked_mul(3600)? + minutes.min(60) * 60).ok()?;
    if minutes > 59 || seconds > 14 * 3600 {
        return None;
    }
    FixedOffset::east_opt(if is_east { seconds } else { -seconds })
}

/// What to write instead of an unknown name.
fn hint(name: &str) -> String {
    const FORMS: &str = "a name such as `Asia/Shanghai`, an offset such as `+08:00`, or `UTC`";
    // A distance is quadratic in the length; no zone's name is longer.
    const NAME_BYTES_MAX: usize = 40;
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        "cst" => {
            return "`CST` is China's and Chicago's; write `Asia/Shanghai` or `America/Chicago`"
                .into();
        }
        "beijing" | "asia/beijing" | "china" | "prc time" | "asia/shenzhen" | "asia/guangzhou" => {
            return "did you mean `Asia/Shanghai`?".into();
        }
        _ => {}
    }
    if posix(name).is_some() {
        return format!("POSIX rules count west as positive; write {FORMS}");
    }
    let distance = |zone: &String| {
        let zone = zone.to_ascii_lowercase();
        let city = zone.rsplit('/').next().unwrap_or(&zone);
        strsim::damerau_levenshtein(&zone, &lower).min(strsim::damerau_levenshtein(city, &lower))
    };
    let near = (lower.len() <= NAME_BYTES_MAX)
        .then(|| Zone::names().map(|zone| (distance(&zone), zone)))
        .and_then(|zones| zones.min_by_key(|(distance, _)| *distance))
        .filter(|(distance, _)| *distance <= (lower.chars().count() / 3).min(3));
    match near {
        Some((_, zone)) => format!("did you mean `{zone}`?"),
        None => format!("write {FORMS}"),
    }
}
