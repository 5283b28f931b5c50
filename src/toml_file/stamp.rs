//! Stamps in files of users', bare or in quotes, made into instants.
//!
//! Owns what an incomplete stamp means. Must not know the present, nor the machine's zone. What is
//! no stamp gives nothing.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};
use toml::Spanned;
use toml::de::DeValue;
use toml::value::{Datetime, Offset};

use crate::zone::Zone;

/// The stamp of a value.
pub(crate) fn stamp(value: &Spanned<DeValue<'_>>) -> Option<Datetime> {
    match value.get_ref() {
        DeValue::Datetime(stamp) => Some(*stamp),
        DeValue::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A stamp's instant: a date alone is its midnight, a time alone one of the given day, and without
/// an offset the given zone's clock is meant. Nothing if what is missing is not given either.
pub(crate) fn instant(
    stamp: &Datetime,
    zone: Option<Zone>,
    day: Option<NaiveDate>,
) -> Option<DateTime<FixedOffset>> {
    let date = match stamp.date {
        Some(date) => {
            NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into())?
        }
        None => day?,
    };
    let time = match stamp.time {
        Some(time) => NaiveTime::from_hms_nano_opt(
            time.hour.into(),
            time.minute.into(),
            time.second.unwrap_or(0).into(),
            time.nanosecond.unwrap_or(0),
        )?,
        None => NaiveTime::MIN,
    };
    let offset = match stamp.offset {
        Some(Offset::Z) => Some(FixedOffset::east_opt(0)?),
        Some(Offset::Custom { minutes }) => Some(FixedOffset::east_opt(i32::from(minutes) * 60)?),
        None => None,
    };
    let zone = if offset.is_some() { zone.unwrap_or(Zone::UTC) } else { zone? };
    zone.resolve(NaiveDateTime::new(date, time), offset)
}
