//! Times as lines print them.
//!
//! Owns the claims on what is read of them: it stands in the line, and printed in full it is read
//! again as the same.

use std::ops::Range;
use std::sync::LazyLock;

use chrono::{DateTime, Timelike as _, Utc};
use ocrwatch::extract::timestamp::{Resolution, Stamp, find, time_of_day, value};
use ocrwatch::zone::Zone;

static ZONES: LazyLock<[Zone; 3]> = LazyLock::new(|| {
    ["+08:00", "Europe/Berlin", "Asia/Shanghai"].map(|name| Zone::parse(name).expect("a zone"))
});

pub(crate) fn check(input: &[u8]) {
    let head_end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let found = find(input);
    let time = time_of_day(input);
    assert!(found.is_none() || time.is_none(), "a head has a stamp or a time without a date");
    if let Some(stamp) = &found {
        check_span(&stamp.span, head_end);
        check_stamp(stamp);
        let line = input.get(..head_end).expect("the first line");
        assert_eq!(find(line).as_ref(), Some(stamp), "later lines do not matter");
    }
    if let Some(time) = &time {
        check_span(&time.span, head_end);
        let fraction = time.time.nanosecond() % step(time.resolution);
        assert_eq!(fraction, 0, "no finer than it was printed: {time:?}");
    }
    if let Some(stamp) = value(input) {
        check_span(&stamp.span, input.len());
        check_stamp(&stamp);
    }
}

fn check_span(span: &Range<usize>, end: usize) {
    assert!(span.start < span.end && span.end <= end, "it stands in the line: {span:?} of {end}");
}

fn step(resolution: Resolution) -> u32 {
    u32::try_from(resolution.step().num_nanoseconds().unwrap_or(1)).unwrap_or(1)
}

fn check_stamp(stamp: &Stamp) {
    let fraction = stamp.local.and_utc().timestamp_subsec_nanos();
    assert_eq!(fraction % step(stamp.resolution), 0, "no finer than printed: {stamp:?}");
    let reference: DateTime<Utc> = DateTime::from_timestamp(1_795_399_201, 0).expect("in range");
    for zone in ZONES.iter() {
        // A wall's time may be twice or never; that it is asked is enough.
        let _ = zone.at(stamp, reference);
    }
    if stamp.year_known {
        let digits = match stamp.resolution {
            Resolution::Second => "",
            Resolution::Millisecond => "%.3f",
            Resolution::Microsecond => "%.6f",
            Resolution::Nanosecond => "%.9f",
        };
        let mut text = stamp.local.format(&format!("%Y-%m-%dT%H:%M:%S{digits}")).to_string();
        if let Some(offset) = stamp.offset {
            text.push_str(&offset.to_string());
        }
        let again = value(text.as_bytes());
        let same = again.as_ref().is_some_and(|again| {
            again.local == stamp.local
                && again.offset == stamp.offset
                && again.resolution == stamp.resolution
        });
        assert!(same, "printed as {text} it is read as {again:?}, not as {stamp:?}");
    }
}
