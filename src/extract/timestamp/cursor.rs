//! A place in a text that moves forward over what it recognises.
//!
//! Owns the smallest pieces: digits, spaces, names of months and weekdays. Must never know a
//! format. Each method that returns `None` or `false` leaves the place where it was.

/// A place in a text.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    text: &'a [u8],
    pub(super) at: usize,
}

const MONTHS: [(&str, &str); 13] = [
    ("jan", "uary"),
    ("feb", "ruary"),
    ("mar", "ch"),
    ("apr", "il"),
    ("may", ""),
    ("jun", "e"),
    ("jul", "y"),
    ("aug", "ust"),
    ("sep", "tember"),
    ("oct", "ober"),
    ("nov", "ember"),
    ("dec", "ember"),
    // The other short form of September.
    ("sept", ""),
];

const WEEKDAYS: [(&str, &str); 7] = [
    ("mon", "day"),
    ("tue", "sday"),
    ("wed", "nesday"),
    ("thu", "rsday"),
    ("fri", "day"),
    ("sat", "urday"),
    ("sun", "day"),
];

/// Java before 9 writes months so in a Chinese locale. The longer names stand first.
const CHINESE_MONTHS: [(&str, u32); 12] = [
    ("十二月", 12),
    ("十一月", 11),
    ("十月", 10),
    ("九月", 9),
    ("八月", 8),
    ("七月", 7),
    ("六月", 6),
    ("五月", 5),
    ("四月", 4),
    ("三月", 3),
    ("二月", 2),
    ("一月", 1),
];

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a [u8], at: usize) -> Self {
        Self { text, at }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// What has been passed since `start`.
    pub(super) fn passed_since(&self, start: usize) -> &'a [u8] {
        self.text.get(start..self.at).unwrap_or_default()
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    #[inline]
    pub(super) fn peek_past(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    #[inline]
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    #[inline]
    pub(super) fn eat_text(&mut self, text: &str) -> bool {
        // Most texts end with their first byte.
        let found = self.peek() == text.bytes().next() && self.rest().starts_with(text.as_bytes());
        if found {
            self.at += text.len();
        }
        found
    }

    pub(super) fn eat_ignoring_case(&mut self, text: &str) -> bool {
        let found = self
            .rest()
            .get(..text.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(text.as_bytes()));
        if found {
            self.at += text.len();
        }
        found
    }

    /// How many digits stand here, counted no further than 20.
    #[inline]
    pub(super) fn digits_ahead(&self) -> usize {
        self.rest().iter().take(20).take_while(|byte| byte.is_ascii_digit()).count()
    }

    /// A number of exactly `count` digits, which further digits may follow; at most 9.
    #[inline]
    pub(super) fn digits(&mut self, count: usize) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + count)?;
        let mut number = 0u32;
        for &digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            number = number * 10 + u32::from(digit - b'0');
        }
        self.at += count;
        Some(number)
    }

    /// A number of one or two digits that no further digit follows.
    #[inline]
    pub(super) fn one_or_two_digits(&mut self) -> Option<u32> {
        match self.digits_ahead() {
            count @ 1..=2 => self.digits(count),
            _ => None,
        }
    }

    /// One space of any kind: newer Java and Node print U+202F before AM and PM.
    pub(super) fn space(&mut self) -> bool {
        self.eat(b' ')
            || self.eat(b'\t')
            || self.peek().is_some_and(|byte| !byte.is_ascii())
                && (self.eat_text("\u{202f}")
                    || self.eat_text("\u{a0}")
                    || self.eat_text("\u{3000}"))
    }

    /// Up to `max` spaces; whether there was one.
    pub(super) fn spaces(&mut self, max: usize) -> bool {
        (0..max).take_while(|_| self.space()).count() > 0
    }

    /// An English month by its short or full name, any case, 1 to 12.
    pub(super) fn month_name(&mut self) -> Option<u32> {
        match self.name(&MONTHS)? {
            12 => Some(9),
            index => u32::try_from(index + 1).ok(),
        }
    }

    /// A Chinese month name or `11月`, 1 to 12.
    pub(super) fn chinese_month(&mut self) -> Option<u32> {
        if let Some(&(_, month)) = CHINESE_MONTHS.iter().find(|(name, _)| self.eat_text(name)) {
            return Some(month);
        }
        let before = self.at;
        let month = self.one_or_two_digits().filter(|_| self.eat_text("月"));
        if month.is_none() {
            self.at = before;
        }
        month
    }

    /// Passes an English weekday by its short or full name.
    pub(super) fn weekday_name(&mut self) -> bool {
        self.name(&WEEKDAYS).is_some()
    }

    /// Passes a word that is one of these, as the short name or with its rest: `Monitor` and
    /// `Marketing` are not dates.
    fn name(&mut self, names: &[(&str, &str)]) -> Option<usize> {
        const LENGTHS: std::ops::RangeInclusive<usize> = 3..=9;
        let letters = self.rest().iter().take(LENGTHS.end() + 1);
        let length = letters.take_while(|byte| byte.is_ascii_alphabetic()).count();
        if !LENGTHS.contains(&length) {
            return None;
        }
        let word = self.rest().get(..length)?;
        let first = word.first()?.to_ascii_lowercase();
        let found = names.iter().position(|(short, rest)| {
            let Some((begin, end)) = word.split_at_checked(short.len()) else { return false };
            short.as_bytes().first() == Some(&first)
                && begin.eq_ignore_ascii_case(short.as_bytes())
                && (end.is_empty() || end.eq_ignore_ascii_case(rest.as_bytes()))
        })?;
        self.at += length;
        Some(found)
    }
}
