//! The forms of a stamp, each tried at one place of a text by its first bytes.
//!
//! Owns dates, clocks, epochs and which of them may stand where. Must never look left of the place:
//! whether a token begins there is the head's business. Nonsense (month 13, hour 24, 30 February)
//! is `None`.

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime};

use super::cursor::Cursor;
use super::offset;
use super::{Resolution, Stamp, TimeOfDay};

mod clock;
mod epoch;

use clock::{Clock, clock, compact_clock, fraction, half_day};
pub(super) use epoch::scientific_epoch;

/// What is known of the place a stamp is tried at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Footing {
    /// Nothing but punctuation and a level stands before it in the line.
    Start,
    /// It is the value of a key that means time.
    Keyed,
    /// It is a field of its own.
    Whole,
    /// Some other token of the head.
    Inside,
}

impl Footing {
    /// Whether a form that is hardly more than a number counts here.
    fn takes_numbers(self) -> bool {
        self != Self::Inside
    }
}

/// A year that has every day, for stamps that do not tell theirs.
const YEAR_UNKNOWN: i32 = 2000;

#[derive(Clone, Copy)]
struct Date {
    year: Option<i32>,
    month: u32,
    day: u32,
}

/// The stamp that begins exactly at `at`.
pub(super) fn stamp(text: &[u8], at: usize, footing: Footing) -> Option<Stamp> {
    let mut cursor = Cursor::new(text, at);
    let first = cursor.peek()?;
    if first.is_ascii_digit() {
        return match cursor.digits_ahead() {
            4 => year_first(&mut cursor, at),
            1 | 2 => small_number_first(&mut cursor, at),
            8 => compact(&mut cursor, at),
            14 | 17 if footing.takes_numbers() => compact(&mut cursor, at),
            10 | 13 | 16 | 19 if footing.takes_numbers() => epoch::epoch(&mut cursor, at, footing),
            _ => None,
        };
    }
    if first.is_ascii_alphabetic() {
        return klog(&mut cursor, at).or_else(|| {
            let mut cursor = Cursor::new(text, at);
            if cursor.weekday_name() {
                cursor.eat(b',');
                if !cursor.spaces(2) {
                    return None;
                }
            }
            if cursor.peek()?.is_ascii_digit() {
                small_number_first(&mut cursor, at)
            } else {
                let month = cursor.month_name()?;
                cursor.eat(b'.');
                month_first(&mut cursor, at, month)
            }
        });
    }
    if first == 0xe4 || first == 0xe5 {
        let month = cursor.chinese_month()?;
        return month_first(&mut cursor, at, month);
    }
    None
}

/// The time without a date that begins exactly at `at`.
pub(super) fn time_of_day(text: &[u8], at: usize) -> Option<TimeOfDay> {
    let mut cursor = Cursor::new(text, at);
    if cursor.digits_ahead() != 2 {
        return None;
    }
    let clock = clock(&mut cursor)?;
    let second = clock.second.min(59);
    let time = NaiveTime::from_hms_nano_opt(clock.hour, clock.minute, second, clock.nanosecond)?;
    let offset = offset::offset(&mut cursor, NaiveDate::default().and_time(time));
    Some(TimeOfDay {
        time,
        offset,
        resolution: Resolution::of_digits(clock.fraction_digits),
        span: at..cursor.at,
    })
}

/// `2026-11-20T10:00:01`, `2026/11/20 10:00:01`, `2026年11月20日 10时00分01秒`.
fn year_first(cursor: &mut Cursor<'_>, start: usize) -> Option<Stamp> {
    if let Some((date, clock)) = two_digits_each(cursor) {
        return finish(cursor, start, date, clock);
    }
    let year = cursor.digits(4)?;
    let (month, day) = match cursor.peek()? {
        separator @ (b'-' | b'/' | b'.') => {
            cursor.at += 1;
            let month = cursor.one_or_two_digits()?;
            (month, cursor.eat(separator).then(|| cursor.one_or_two_digits())??)
        }
        _ => chinese_month_and_day(cursor)?,
    };
    let date = Date { year: i32::try_from(year).ok(), month, day };
    if !between_date_and_clock(cursor) {
        return None;
    }
    let clock = if cursor.digits_ahead() == 6 { compact_clock(cursor)? } else { clock(cursor)? };
    finish(cursor, start, date, clock)
}

/// What stands behind the year of `2026年11月20日`.
fn chinese_month_and_day(cursor: &mut Cursor<'_>) -> Option<(u32, u32)> {
    let month = cursor.eat_text("年").then(|| cursor.one_or_two_digits())??;
    let day = cursor.eat_text("月").then(|| cursor.one_or_two_digits())??;
    cursor.eat_text("日").then_some((month, day))
}

/// `2026-11-20 10:00:01` at fixed positions, up to its fraction: nearly every line of nearly every
/// log, at half the price of the general way. Stays in place when it is anything else.
#[inline]
fn two_digits_each(cursor: &mut Cursor<'_>) -> Option<(Date, Clock)> {
    let &[y1, y2, y3, y4, s1, m1, m2, s2, d1, d2, s3, h1, h2, c1, n1, n2, c2, t1, t2] =
        cursor.rest().first_chunk::<19>()?;
    let digits = [y1, y2, y3, y4, m1, m2, d1, d2, h1, h2, n1, n2, t1, t2];
    let parted = s1 == s2
        && matches!(s1, b'-' | b'/')
        && matches!(s3, b'T' | b' ' | b'_')
        && c1 == b':'
        && c2 == b':';
    if !parted || digits.iter().any(|digit| !digit.is_ascii_digit()) {
        return None;
    }
    let pair = |tens: u8, ones: u8| u32::from(tens - b'0') * 10 + u32::from(ones - b'0');
    let mut ahead = *cursor;
    ahead.at += 19;
    if ahead.peek().is_some_and(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (nanosecond, fraction_digits) = fraction(&mut ahead);
    let clock = Clock {
        hour: pair(h1, h2),
        minute: pair(n1, n2),
        second: pair(t1, t2),
        nanosecond,
        fraction_digits,
    }
    .in_range()?;
    if half_day(&mut ahead).is_some() {
        return None;
    }
    let year = i32::try_from(pair(y1, y2) * 100 + pair(y3, y4)).ok()?;
    *cursor = ahead;
    Some((Date { year: Some(year), month: pair(m1, m2), day: pair(d1, d2) }, clock))
}

/// What loggers put between a date and a time.
fn between_date_and_clock(cursor: &mut Cursor<'_>) -> bool {
    match cursor.peek() {
        Some(b'T' | b't' | b'_' | b':' | b'-') => {
            cursor.at += 1;
            true
        }
        Some(b',') => {
            cursor.at += 1;
            cursor.spaces(2);
            true
        }
        // `2026年11月20日10:00:01` has nothing between them.
        Some(b'0'..=b'9') => true,
        // Gin prints `2026/11/20 - 10:00:01`.
        _ => {
            let parted = cursor.spaces(2);
            if parted {
                cursor.eat_text("- ");
            }
            parted
        }
    }
}

/// `20261120 10:00:01`, `20261120T100001Z`, `20261120100001`, `20261120100001123`.
fn compact(cursor: &mut Cursor<'_>, start: usize) -> Option<Stamp> {
    let run = cursor.digits_ahead();
    let date = compact_date(cursor)?;
    if run == 8 {
        match cursor.peek()? {
            b'T' | b' ' | b'-' | b'_' => cursor.at += 1,
            _ => return None,
        }
    }
    let clock = match cursor.digits_ahead() {
        6 | 9 => compact_clock(cursor)?,
        _ => clock(cursor)?,
    };
    finish(cursor, start, date, clock)
}

fn compact_date(cursor: &mut Cursor<'_>) -> Option<Date> {
    let year = i32::try_from(cursor.digits(4)?).ok()?;
    // Ids of eight digits that happen to look like a date of another age are not stamps.
    if !(1990..=2100).contains(&year) {
        return None;
    }
    Some(Date { year: Some(year), month: cursor.digits(2)?, day: cursor.digits(2)? })
}

/// Dates that begin with one or two digits.
fn small_number_first(cursor: &mut Cursor<'_>, start: usize) -> Option<Stamp> {
    let before = cursor.at;
    let first = cursor.one_or_two_digits()?;
    match cursor.peek()? {
        separator @ (b'-' | b'/' | b'.') if cursor.peek_past(1)?.is_ascii_digit() => {
            cursor.at += 1;
            let second = cursor.one_or_two_digits()?;
            if cursor.eat(separator) {
                day_and_month_of_numbers(cursor, start, first, second)
            } else {
                android(cursor, start, separator, first, second)
            }
        }
        b'-' | b'/' | b' ' => {
            cursor.at += 1;
            let month = cursor.month_name()?;
            day_first(cursor, start, first, month)
        }
        _ => {
            cursor.at = before;
            let month = cursor.chinese_month()?;
            month_first(cursor, start, month)
        }
    }
}

/// `20/Nov/2026:10:00:01 +0800`, `20 Nov 2026 10:00:01,123`, `20-Nov-26 10:00:01`, and Redis'
/// `20 Nov 10:00:01.123`. The day and the month are already passed.
fn day_first(cursor: &mut Cursor<'_>, start: usize, day: u32, month: u32) -> Option<Stamp> {
    if !matches!(cursor.peek()?, b'-' | b'/' | b' ' | b',') {
        return None;
    }
    cursor.at += 1;
    cursor.spaces(1);
    let year = match cursor.digits_ahead() {
        4 => Some(i32::try_from(cursor.digits(4)?).ok()?),
        // RFC 850: a name between them says that this is the year.
        2 if cursor.peek_past(2) != Some(b':') => {
            let year = i32::try_from(cursor.digits(2)?).ok()?;
            Some(year + if year < 70 { 2000 } else { 1900 })
        }
        _ => None,
    };
    if year.is_some() && !between_date_and_clock(cursor) {
        return None;
    }
    let clock = clock(cursor)?;
    finish(cursor, start, Date { year, month, day }, clock)
}

/// `20/11/2026 10:00:01` and `11/20/2026, 10:00:01 AM`. Where both numbers could be the month, only
/// AM or PM decides: month first is the one custom that prints them so by default.
fn day_and_month_of_numbers(
    cursor: &mut Cursor<'_>,
    start: usize,
    first: u32,
    second: u32,
) -> Option<Stamp> {
    if cursor.digits_ahead() != 4 {
        return None;
    }
    let year = i32::try_from(cursor.digits(4)?).ok();
    if !between_date_and_clock(cursor) {
        return None;
    }
    let clock_start = cursor.at;
    let clock = clock(cursor)?;
    let half_day_printed = cursor.passed_since(clock_start).iter().any(u8::is_ascii_alphabetic);
    let (month, day) = if second > 12 || first <= 12 && half_day_printed {
        (first, second)
    } else if first > 12 || first == second {
        (second, first)
    } else {
        return None;
    };
    finish(cursor, start, Date { year, month, day }, clock)
}

/// Android's `11-20 10:00:01.123`, month first. Only with a dash and two digits each:
/// `1/2 10:00:01` is more often a counter.
fn android(
    cursor: &mut Cursor<'_>,
    start: usize,
    separator: u8,
    month: u32,
    day: u32,
) -> Option<Stamp> {
    if separator != b'-' || cursor.at != start + 5 || !cursor.eat(b' ') {
        return None;
    }
    let clock = clock(cursor)?;
    finish(cursor, start, Date { year: None, month, day }, clock)
}

/// `Nov 20 10:00:01`, `Nov 20, 2026 10:00:01 AM`, `Nov 20 10:00:01 CST 2026`,
/// `Nov 20 2026 10:00:01 GMT+0800`, `11月 20, 2026 10:00:01 上午`. The month is already passed.
fn month_first(cursor: &mut Cursor<'_>, start: usize, month: u32) -> Option<Stamp> {
    cursor.spaces(2);
    let day = cursor.one_or_two_digits()?;
    cursor.eat_text("日");
    if !cursor.eat(b',') && !matches!(cursor.peek()?, b' ' | b'\t') {
        return None;
    }
    cursor.spaces(2);
    if cursor.digits_ahead() == 4 {
        let year = i32::try_from(cursor.digits(4)?).ok();
        if !between_date_and_clock(cursor) {
            return None;
        }
        let clock = clock(cursor)?;
        return finish(cursor, start, Date { year, month, day }, clock);
    }
    let clock = clock(cursor)?;
    let known = Date { year: None, month, day };
    // The zone of date(1) and Java stands between the time and the year.
    let mut ahead = *cursor;
    let local = local(known, clock)?;
    let offset = offset::offset(&mut ahead, local);
    if offset.is_none() {
        ahead = *cursor;
        offset::silent_name(&mut ahead);
    }
    if ahead.eat(b' ') && ahead.digits_ahead() == 4 {
        let year = i32::try_from(ahead.digits(4)?).ok()?;
        // A host may be called `2026`, but not by people who read syslog.
        if (1970..=2200).contains(&year) {
            *cursor = ahead;
            let mut stamp = finish(cursor, start, Date { year: Some(year), ..known }, clock)?;
            stamp.offset = offset.or(stamp.offset);
            return Some(stamp);
        }
    }
    finish(cursor, start, known, clock)
}

/// glog and klog: `E1120 10:00:01.123456` and, with the year, `E20261120 10:00:01.123456`.
fn klog(cursor: &mut Cursor<'_>, start: usize) -> Option<Stamp> {
    if !matches!(cursor.peek()?, b'I' | b'W' | b'E' | b'F' | b'D') {
        return None;
    }
    cursor.at += 1;
    let date = match cursor.digits_ahead() {
        4 => Date { year: None, month: cursor.digits(2)?, day: cursor.digits(2)? },
        8 => compact_date(cursor)?,
        _ => return None,
    };
    if !cursor.spaces(2) {
        return None;
    }
    let clock = clock(cursor)?;
    // Always microseconds; without them it is a word that looks alike.
    if clock.fraction_digits != 6 {
        return None;
    }
    finish(cursor, start, date, clock)
}

fn local(date: Date, clock: Clock) -> Option<NaiveDateTime> {
    let year = date.year.unwrap_or(YEAR_UNKNOWN);
    let date = NaiveDate::from_ymd_opt(year, date.month, date.day)?;
    let second = clock.second.min(59);
    let whole = date.and_hms_nano_opt(clock.hour, clock.minute, second, clock.nanosecond)?;
    if clock.second < 60 {
        return Some(whole);
    }
    // A leap second ends an hour of UTC, which no zone shifts by less than a quarter.
    if clock.minute % 15 != 14 {
        return None;
    }
    // chrono could keep `:60`, and print it; what reads our output often cannot.
    let next = whole.checked_add_signed(chrono::TimeDelta::seconds(1))?;
    // A year of five digits is read by nobody, us included.
    (next.year() <= 9999).then_some(next)
}

fn finish(cursor: &mut Cursor<'_>, start: usize, date: Date, clock: Clock) -> Option<Stamp> {
    let local = local(date, clock)?;
    let offset = offset::offset(cursor, local);
    if cursor.peek().is_some_and(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Stamp {
        local,
        offset,
        year_known: date.year.is_some(),
        is_header: false,
        resolution: Resolution::of_digits(clock.fraction_digits),
        span: start..cursor.at,
    })
}
