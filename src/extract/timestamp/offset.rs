//! The zone that follows a time: `Z`, `+08:00`, `UTC`, `GMT+0800`, `Asia/Shanghai`.
//!
//! Owns which texts count as a zone. `CST`, `EST`, `IST` and their like are passed over but say
//! nothing: `CST` is China's and Chicago's, fourteen hours apart, and Java prints it for both. The
//! reader's own zone is the better guess, and only `UTC`, `GMT` and `Z` are certain.

use chrono::{FixedOffset, NaiveDateTime};

use super::cursor::Cursor;
use crate::zone::{Zone, offset_of_parts};

/// Abbreviations that may stand where a zone stands. A closed list, because a level or a thread
/// name (`INFO`, `WARN`) stands there as well.
const SILENT: [&str; 28] = [
    "CST", "CDT", "EST", "EDT", "MST", "MDT", "PST", "PDT", "CET", "CEST", "EET", "EEST", "WET",
    "WEST", "BST", "IST", "JST", "KST", "HKT", "SGT", "MSK", "AEST", "AEDT", "PHT", "WIB", "ICT",
    "MYT", "LOCAL",
];

/// Passes the zone that follows a time and returns its offset, or stays in place. The place after
/// it never takes a trailing space.
pub(super) fn offset(cursor: &mut Cursor<'_>, local: NaiveDateTime) -> Option<FixedOffset> {
    match cursor.peek()? {
        b'Z' | b'z' if !is_alphanumeric(cursor.peek_past(1)) => {
            cursor.at += 1;
            bracketed_name(cursor);
            Some(utc())
        }
        b'+' | b'-' => {
            let offset = signed(cursor, true)?;
            bracketed_name(cursor);
            silent_name(cursor);
            Some(offset)
        }
        b' ' => {
            let before = cursor.at;
            cursor.at += 1;
            let offset = after_space(cursor, local);
            if offset.is_none() {
                cursor.at = before;
                silent_name(cursor);
            }
            offset
        }
        // `10:00:01UTC` and `10:00:01GMT`.
        b'U' | b'G' => universal(cursor),
        _ => None,
    }
}

fn after_space(cursor: &mut Cursor<'_>, local: NaiveDateTime) -> Option<FixedOffset> {
    match cursor.peek()? {
        b'Z' if !is_alphanumeric(cursor.peek_past(1)) => {
            cursor.at += 1;
            Some(utc())
        }
        // A bare `-12` after a space is more often a number than an offset.
        b'+' | b'-' => {
            let offset = signed(cursor, false)?;
            silent_name(cursor);
            Some(offset)
        }
        b'U' | b'G' => universal(cursor),
        b'A'..=b'Z' => named(cursor, local),
        _ => None,
    }
}

fn utc() -> FixedOffset {
    FixedOffset::east_opt(0).expect("zero is within a day")
}

fn is_alphanumeric(byte: Option<u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric())
}

/// `+08:00`, `+0800`, and `+08` where `hours_alone`; `-00:00` is UTC.
fn signed(cursor: &mut Cursor<'_>, hours_alone: bool) -> Option<FixedOffset> {
    let before = cursor.at;
    let offset = signed_parts(cursor, hours_alone);
    if offset.is_none() {
        cursor.at = before;
    }
    offset
}

fn signed_parts(cursor: &mut Cursor<'_>, hours_alone: bool) -> Option<FixedOffset> {
    let east = match cursor.peek()? {
        b'+' => true,
        b'-' => false,
        _ => return None,
    };
    cursor.at += 1;
    let (hours, minutes) = match cursor.digits_ahead() {
        4 => (cursor.digits(2)?, cursor.digits(2)?),
        2 => {
            let hours = cursor.digits(2)?;
            let has_minutes =
                cursor.peek() == Some(b':') && Cursor::new(cursor.rest(), 1).digits_ahead() == 2;
            if has_minutes {
                cursor.at += 1;
                (hours, cursor.digits(2)?)
            } else if hours_alone {
                (hours, 0)
            } else {
                return None;
            }
        }
        _ => return None,
    };
    offset_of_parts(east, hours, minutes)
}

/// `UTC`, `GMT`, and either with an offset behind it: `GMT+0800`, `UTC+8`.
fn universal(cursor: &mut Cursor<'_>) -> Option<FixedOffset> {
    let before = cursor.at;
    if !(cursor.eat_text("UTC") || cursor.eat_text("GMT")) {
        return None;
    }
    if is_alphanumeric(cursor.peek()) || matches!(cursor.peek(), Some(b'_' | b'/')) {
        cursor.at = before;
        return None;
    }
    if let Some(offset) = signed(cursor, true) {
        return Some(offset);
    }
    let mut short = *cursor;
    let east = match short.peek() {
        Some(b'+') => true,
        Some(b'-') => false,
        _ => return Some(utc()),
    };
    short.at += 1;
    if short.digits_ahead() == 1
        && let Some(offset) = short.digits(1).and_then(|hours| offset_of_parts(east, hours, 0))
    {
        *cursor = short;
        return Some(offset);
    }
    Some(utc())
}

/// A name of the zone database: PHP's error log prints `[20-Nov-2026 10:00:01 Asia/Shanghai]`.
fn named(cursor: &mut Cursor<'_>, local: NaiveDateTime) -> Option<FixedOffset> {
    let name = zone_name(cursor.rest())?;
    let zone = Zone::of_database(name)?;
    cursor.at += name.len();
    Some(*zone.earliest(local)?.offset())
}

fn zone_name(rest: &[u8]) -> Option<&str> {
    const NAME_BYTES_MAX: usize = 40;
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(byte);
    let length = rest.iter().take(NAME_BYTES_MAX).take_while(is_name).count();
    let name = str::from_utf8(rest.get(..length)?).ok()?;
    name.contains('/').then_some(name)
}

/// Java's zoned times name the zone behind the offset: `+08:00[Asia/Shanghai]`.
fn bracketed_name(cursor: &mut Cursor<'_>) {
    if cursor.peek() == Some(b'[')
        && let Some(name) = zone_name(cursor.rest().get(1..).unwrap_or_default())
        && cursor.peek_past(name.len() + 1) == Some(b']')
    {
        cursor.at += name.len() + 2;
    }
}

/// Passes ` CST` and its like.
pub(super) fn silent_name(cursor: &mut Cursor<'_>) {
    let mut ahead = *cursor;
    if !ahead.eat(b' ') || !ahead.peek().is_some_and(|byte| byte.is_ascii_uppercase()) {
        return;
    }
    let start = ahead.at;
    let length = ahead.rest().iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count();
    let name = &ahead.rest()[..length];
    ahead.at = start + length;
    let known = SILENT.iter().any(|silent| silent.as_bytes() == name);
    if known && !ahead.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        *cursor = ahead;
    }
}
