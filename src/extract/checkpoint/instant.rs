//! Instants as they stand in a checkpoint: seconds, nanoseconds, the distance from UTC in seconds.
//!
//! RFC 3339, which chrono writes, has no seconds in its offsets and no years of five digits: a line
//! with a stamp of such a kind would make its log's checkpoint unreadable. Reading fails on numbers
//! that are no instant.

use chrono::{DateTime, FixedOffset};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

type Instant = DateTime<FixedOffset>;
type Numbers = (i64, u32, i32);

fn numbers(at: &Instant) -> Numbers {
    (at.timestamp(), at.timestamp_subsec_nanos(), at.offset().local_minus_utc())
}

fn instant((seconds, nanos, offset): Numbers) -> Option<Instant> {
    let offset = FixedOffset::east_opt(offset)?;
    Some(DateTime::from_timestamp(seconds, nanos)?.with_timezone(&offset))
}

pub(in crate::extract) fn serialize<S: Serializer>(
    at: &Instant,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    numbers(at).serialize(serializer)
}

pub(in crate::extract) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Instant, D::Error> {
    let numbers = Numbers::deserialize(deserializer)?;
    instant(numbers).ok_or_else(|| D::Error::custom("a checkpoint holds an instant that is none"))
}

/// The same, where there may be none.
pub(in crate::extract) mod option {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Instant, Numbers, instant, numbers};

    #[expect(clippy::ref_option, reason = "the form that serde asks for")]
    pub(in crate::extract) fn serialize<S: Serializer>(
        at: &Option<Instant>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        at.as_ref().map(numbers).serialize(serializer)
    }

    pub(in crate::extract) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Instant>, D::Error> {
        let Some(numbers) = Option::<Numbers>::deserialize(deserializer)? else { return Ok(None) };
        let instant = instant(numbers);
        let problem = "a checkpoint holds an instant that is none";
        instant.ok_or_else(|| D::Error::custom(problem)).map(Some)
    }
}
