//! The time of day in a stamp: hours to fractions, and the halves of a day.
//!
//! Owns the forms of a clock. Must never know a date. Hour 24, minute 60 and hour 13 with AM are
//! `None`; second 60 is read and left to the caller.

use crate::extract::timestamp::cursor::Cursor;

/// A time of day as printed; the hour is 0 to 23.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    pub(super) hour: u32,
    pub(super) minute: u32,
    pub(super) second: u32,
    pub(super) nanosecond: u32,
    pub(super) fraction_digits: usize,
}

impl Clock {
    pub(super) fn in_range(self) -> Option<Clock> {
        (self.hour <= 23 && self.minute <= 59 && self.second <= 60).then_some(self)
    }
}

/// A clock: `10:00:01`, `9:05:03.123 PM`, `上午10:00:01`, `10时00分01秒`.
pub(super) fn clock(cursor: &mut Cursor<'_>) -> Option<Clock> {
    let chinese_half = chinese_half_day(cursor);
    if chinese_half.is_some() {
        cursor.spaces(1);
    }
    let mut hour = cursor.one_or_two_digits()?;
    let chinese = !cursor.eat(b':');
    if chinese && !cursor.eat_text("时") || !chinese && cursor.digits_ahead() != 2 {
        return None;
    }
    let minute = cursor.one_or_two_digits()?;
    let parted = if chinese { cursor.eat_text("分") } else { cursor.eat(b':') };
    if !parted || !chinese && cursor.digits_ahead() != 2 {
        return None;
    }
    let second = cursor.one_or_two_digits()?;
    if chinese {
        cursor.eat_text("秒");
    }
    let (nanosecond, fraction_digits) = fraction(cursor);
    if let Some(afternoon) = chinese_half.or_else(|| half_day(cursor)) {
        if !(1..=12).contains(&hour) {
            return None;
        }
        hour = hour % 12 + if afternoon { 12 } else { 0 };
    }
    Clock { hour, minute, second, nanosecond, fraction_digits }.in_range()
}

/// The same in Chinese: `上午` is false, `下午` is true.
fn chinese_half_day(cursor: &mut Cursor<'_>) -> Option<bool> {
    let half = if cursor.eat_text("上午") {
        false
    } else if cursor.eat_text("下午") {
        true
    } else {
        return None;
    };
    Some(half)
}

/// The half of the day that stands here: `AM` is false, `PM` is true; one space may stand before
/// it.
pub(super) fn half_day(cursor: &mut Cursor<'_>) -> Option<bool> {
    let mut ahead = *cursor;
    ahead.space();
    if !matches!(ahead.peek()?, b'a' | b'A' | b'p' | b'P' | 0xe4) {
        return None;
    }
    let english = if ahead.eat_ignoring_case("am") || ahead.eat_ignoring_case("a.m.") {
        Some(false)
    } else if ahead.eat_ignoring_case("pm") || ahead.eat_ignoring_case("p.m.") {
        Some(true)
    } else {
        None
    };
    let half = match english {
        Some(_) if ahead.peek().is_some_and(|byte| byte.is_ascii_alphanumeric()) => return None,
        Some(half) => half,
        None => chinese_half_day(&mut ahead)?,
    };
    *cursor = ahead;
    Some(half)
}

/// The fraction behind the seconds as nanoseconds, and how many digits it had. Java programs often
/// part milliseconds with a colon.
pub(super) fn fraction(cursor: &mut Cursor<'_>) -> (u32, usize) {
    let digits = match cursor.peek() {
        Some(b'.' | b',') => Cursor::new(cursor.rest(), 1).digits_ahead(),
        Some(b':') => match Cursor::new(cursor.rest(), 1).digits_ahead() {
            3 if cursor.peek_past(4) != Some(b':') => 3,
            _ => 0,
        },
        _ => 0,
    };
    if digits == 0 {
        return (0, 0);
    }
    cursor.at += 1;
    let kept = digits.min(9);
    let number = cursor.digits(kept).unwrap_or_default();
    cursor.at += digits - kept;
    let scale = 10u32.pow(9 - u32::try_from(kept).unwrap_or(9));
    (number * scale, digits)
}

/// `100001`, with three more digits as milliseconds, or with a parted fraction.
pub(super) fn compact_clock(cursor: &mut Cursor<'_>) -> Option<Clock> {
    let hour = cursor.digits(2)?;
    let minute = cursor.digits(2)?;
    let second = cursor.digits(2)?;
    let (nanosecond, fraction_digits) = match cursor.digits_ahead() {
        0 => fraction(cursor),
        3 => (cursor.digits(3)? * 1_000_000, 3),
        _ => return None,
    };
    Clock { hour, minute, second, nanosecond, fraction_digits }.in_range()
}
