//! Which of the dates in a line is the line's own.
//!
//! Owns the walk over the head of a line, token by token, and the words that end it. Must never
//! know a form of stamp. A wrong answer here is silent, so doubt ends the walk without one.

use super::formats::{self, Footing};
use super::{Stamp, TimeOfDay};

mod words;

use words::Word;

/// How far into a line its stamp is looked for.
pub const HEAD_BYTES_MAX: usize = 160;

/// A bracket or a quote.
const LEAD_BYTES_MAX: usize = 1;

/// Prefixes have about ten tokens; more is text.
const TOKENS_MAX: usize = 32;

/// Plain words outside brackets before a stamp: a logger and a thread, hardly more.
const PLAIN_WORDS_MAX: usize = 2;

/// What stands in the head.
#[derive(Debug)]
pub(super) enum Reading {
    Stamp(Stamp),
    TimeOfDay(TimeOfDay),
}

/// The first date or time of the head that is the line's own.
pub(super) fn reading(text: &[u8]) -> Option<Reading> {
    // Most lines begin with their stamp.
    if let Some(stamp) = formats::stamp(text, 0, Footing::Start) {
        return Some(Reading::Stamp(stamp));
    }
    Walk::over(text, HEAD_BYTES_MAX).reading()
}

/// Whether the line's own stamp is its first token, at most behind one bracket or quote.
pub(super) fn leads(text: &[u8]) -> bool {
    // The walk ends where no such stamp can begin any more, which is nearly at once.
    let reading = Walk::over(text, LEAD_BYTES_MAX + 1).reading();
    matches!(reading, Some(Reading::Stamp(stamp)) if stamp.span.start <= LEAD_BYTES_MAX)
}

/// The walk ends without a reading.
struct Ended;

struct Walk<'a> {
    text: &'a [u8],
    end: usize,
    at: usize,
    footing: Footing,
    /// The token before was `Date:`.
    behind_date: bool,
    depth: usize,
    plain_words: usize,
}

impl<'a> Walk<'a> {
    /// A walk over the first line of a text, as far as `bytes_max`.
    fn over(text: &'a [u8], bytes_max: usize) -> Self {
        let head = text.get(..bytes_max).unwrap_or(text);
        let mut walk = Self {
            text,
            end: memchr::memchr(b'\n', head).unwrap_or(head.len()),
            at: 0,
            footing: Footing::Start,
            behind_date: false,
            depth: 0,
            plain_words: 0,
        };
        if text.starts_with("\u{feff}".as_bytes()) {
            walk.at = 3;
        }
        walk.pass_priority();
        walk
    }

    fn reading(&mut self) -> Option<Reading> {
        (0..TOKENS_MAX).find_map(|_| self.step().transpose())?.ok()
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied().filter(|_| self.at < self.end)
    }

    /// Passes syslog's `<165>` and the version behind it.
    fn pass_priority(&mut self) {
        let rest = self.text.get(self.at..self.end).unwrap_or_default();
        let Some(inner) = rest.strip_prefix(b"<") else { return };
        let digits = inner.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=3).contains(&digits) || inner.get(digits) != Some(&b'>') {
            return;
        }
        self.at += digits + 2;
        if self.text.get(self.at..self.end).is_some_and(|rest| rest.starts_with(b"1 ")) {
            self.at += 2;
        }
    }

    /// Passes one token, or reads it.
    fn step(&mut self) -> Result<Option<Reading>, Ended> {
        self.pass_separators()?;
        let byte = self.peek().ok_or(Ended)?;
        if matches!(byte, b'"' | b'\'' | b'`') {
            return self.quoted(byte);
        }
        if let Some(reading) = self.read()? {
            return Ok(Some(reading));
        }
        self.word()?;
        Ok(None)
    }

    /// The reading that begins here.
    fn read(&self) -> Result<Option<Reading>, Ended> {
        let Some(byte) = self.text.get(self.at) else { return Err(Ended) };
        if !(byte.is_ascii_alphanumeric() || matches!(byte, 0xe4 | 0xe5)) {
            return Ok(None);
        }
        if let Some(mut stamp) = formats::stamp(self.text, self.at, self.footing) {
            stamp.is_header = self.behind_date && byte.is_ascii_alphabetic();
            return Ok(Some(Reading::Stamp(stamp)));
        }
        match formats::time_of_day(self.text, self.at) {
            None => Ok(None),
            Some(_) if self.footing == Footing::Inside => Ok(None),
            Some(time) => Ok(Some(Reading::TimeOfDay(time))),
        }
    }

    fn pass_separators(&mut self) -> Result<(), Ended> {
        while let Some(byte) = self.peek() {
            match byte {
                b'[' | b'(' | b'{' => self.depth += 1,
                b']' | b')' | b'}' => self.depth = self.depth.saturating_sub(1),
                // A colour, when the line was not stripped of them.
                0x1b => {
                    let rest = self.text.get(self.at..self.end).unwrap_or_default();
                    let length = rest.iter().position(u8::is_ascii_alphabetic).ok_or(Ended)?;
                    self.at += length;
                }
                b' ' | b'\t' | b'\r' | b'|' | b',' | b';' | b':' | b'=' | b'*' | b'\\' | b'<'
                | b'>' => {}
                0xe2 | 0xc2 | 0xe3 => match self.wide_separator() {
                    0 => break,
                    length => self.at += length - 1,
                },
                _ => break,
            }
            self.at += 1;
        }
        Ok(())
    }

    /// The length of a separator outside ASCII: the bars that Terraform and task runners draw, and
    /// the brackets and spaces of Chinese text.
    fn wide_separator(&self) -> usize {
        const WIDE: [&str; 8] = ["│", "┃", "║", "｜", "\u{a0}", "\u{3000}", "【", "】"];
        let rest = self.text.get(self.at..self.end).unwrap_or_default();
        if rest.first().is_none_or(u8::is_ascii) {
            return 0;
        }
        WIDE.iter().find(|wide| rest.starts_with(wide.as_bytes())).map_or(0, |wide| wide.len())
    }

    /// A quoted text: a stamp, a key with its value, or something to pass over.
    fn quoted(&mut self, quote: u8) -> Result<Option<Reading>, Ended> {
        let escaped = self.at > 0 && self.text.get(self.at - 1) == Some(&b'\\');
        self.at += 1;
        if let Some(reading) = self.read()? {
            return Ok(Some(reading));
        }
        let inner = self.at;
        self.pass_to_close(quote, escaped)?;
        let key = self.text.get(inner..self.at - 1).unwrap_or_default();
        let mut ahead = self.at;
        while self.text.get(ahead) == Some(&b' ') {
            ahead += 1;
        }
        if self.text.get(ahead) != Some(&b':') {
            self.footing = Footing::Inside;
            return Ok(None);
        }
        self.at = ahead + 1;
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
        if words::is_time_key(key) {
            self.keyed(key);
        } else {
            self.footing = Footing::Inside;
            self.pass_value()?;
        }
        Ok(None)
    }

    /// Moves behind the closing quote, which is escaped where the opening one was.
    fn pass_to_close(&mut self, quote: u8, escaped: bool) -> Result<(), Ended> {
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'\\' if escaped && self.peek() == Some(quote) => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.at += 1,
                _ if byte == quote => return Ok(()),
                _ => {}
            }
        }
        Err(Ended)
    }

    /// Passes the value of a key that does not mean time. A nested object is walked into.
    fn pass_value(&mut self) -> Result<(), Ended> {
        let escaped =
            self.peek() == Some(b'\\') && matches!(self.text.get(self.at + 1), Some(b'"' | b'\''));
        self.at += usize::from(escaped);
        match self.peek().ok_or(Ended)? {
            quote @ (b'"' | b'\'') => {
                self.at += 1;
                self.pass_to_close(quote, escaped)
            }
            b'{' | b'[' => Ok(()),
            _ => {
                while self.peek().is_some_and(|byte| !b" \t,;])}|".contains(&byte)) {
                    self.at += 1;
                }
                Ok(())
            }
        }
    }

    fn word(&mut self) -> Result<(), Ended> {
        let start = self.at;
        while self.peek().is_some_and(|byte| !b" \t\r[](){}\"'|,;=:<>".contains(&byte))
            && self.wide_separator_ends(start)
        {
            self.at += 1;
        }
        let word = self.text.get(start..self.at).unwrap_or_default();
        match self.peek() {
            Some(b'=') => {
                self.at += 1;
                if words::is_time_key(word) {
                    self.footing = Footing::Keyed;
                    return Ok(());
                }
                self.footing = Footing::Inside;
                self.pass_value()
            }
            Some(b':') if words::is_time_key(word) => {
                self.keyed(word);
                Ok(())
            }
            // The head ends with the word: whatever it says, no stamp follows.
            None => Err(Ended),
            follower => self.count(word, follower == Some(b':')),
        }
    }

    fn keyed(&mut self, key: &[u8]) {
        self.footing = Footing::Keyed;
        self.behind_date = key.eq_ignore_ascii_case(b"date");
    }

    /// Whether the word goes on here: a wide separator ends it like an ASCII one.
    fn wide_separator_ends(&self, start: usize) -> bool {
        self.at == start || self.wide_separator() == 0
    }

    fn count(&mut self, word: &[u8], is_label: bool) -> Result<(), Ended> {
        match words::classify(word, is_label) {
            Word::Ends => Err(Ended),
            Word::Level => {
                if self.footing != Footing::Start {
                    self.footing = Footing::Inside;
                }
                Ok(())
            }
            Word::Name => {
                self.footing = Footing::Inside;
                Ok(())
            }
            Word::Plain => {
                self.footing = Footing::Inside;
                self.plain_words += usize::from(self.depth == 0);
                if self.plain_words > PLAIN_WORDS_MAX { Err(Ended) } else { Ok(()) }
            }
        }
    }
}
