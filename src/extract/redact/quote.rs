//! Quotation marks as they look after zero to several rounds of escaping.
//!
//! Owns their forms and how to find the closing one. Must never know what they quote. Nothing here
//! fails: a quotation that is cut off ends with its line.

use super::rounds_length;

/// A quotation mark in the notation in which it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quote {
    form: Form,
    /// The bytes it takes.
    pub(super) length: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `"`, `'` or a back-tick behind so many backslashes.
    Mark { mark: u8, slashes: usize },
    /// `%22` or `%27`, and `%2522` one round deeper.
    Percent,
    /// `&quot;`, `&#34;`, `&#39;`.
    Entity,
    /// `\u0022` or `\u0027` behind so many backslashes more than one.
    Unicode { slashes: usize },
}

/// More rounds of escaping than any log has: four rounds make 15.
const SLASHES_MAX: usize = 64;

const ENTITIES: [&[u8]; 4] = [b"&quot;", b"&#34;", b"&#39;", b"&apos;"];

fn slashes(bytes: &[u8], at: usize) -> usize {
    bytes
        .get(at..)
        .unwrap_or_default()
        .iter()
        .take(SLASHES_MAX)
        .take_while(|byte| **byte == b'\\')
        .count()
}

impl Quote {
    /// The quotation mark that begins exactly here.
    pub(super) fn at(bytes: &[u8], at: usize) -> Option<Self> {
        let rest = bytes.get(at..)?;
        match rest.first()? {
            b'"' | b'\'' | b'`' | b'\\' => {
                let slashes = slashes(bytes, at);
                let form = match rest.get(slashes)? {
                    &mark @ (b'"' | b'\'' | b'`') => Form::Mark { mark, slashes },
                    b'u' if matches!(rest.get(slashes..slashes + 5), Some(b"u0022" | b"u0027")) => {
                        return Some(Self { form: Form::Unicode { slashes }, length: slashes + 5 });
                    }
                    _ => return None,
                };
                Some(Self { form, length: slashes + 1 })
            }
            b'%' => {
                let length = 1 + rounds_length(&rest[1..]);
                matches!(rest.get(length..length + 2), Some(b"22" | b"27"))
                    .then_some(Self { form: Form::Percent, length: length + 2 })
            }
            b'&' => ENTITIES
                .iter()
                .find(|entity| rest.starts_with(entity))
                .map(|entity| Self { form: Form::Entity, length: entity.len() }),
            _ => None,
        }
    }

    /// Where the quoted text ends that begins at `start`, before its closing mark.
    pub(super) fn close(self, bytes: &[u8], start: usize) -> usize {
        match self.form {
            Form::Mark { mark, slashes } => close_mark(bytes, start, mark, slashes),
            Form::Percent | Form::Entity | Form::Unicode { .. } => {
                let opening = bytes.get(start - self.length..start).unwrap_or_default();
                self.close_same(bytes, start, opening)
            }
        }
    }

    /// The end of a text that the same bytes close as opened it, or else its line does.
    fn close_same(self, bytes: &[u8], start: usize, opening: &[u8]) -> usize {
        let mut at = start;
        while let Some(&byte) = bytes.get(at) {
            let closes = opening.first() == Some(&byte)
                && bytes.get(at..).is_some_and(|rest| rest.starts_with(opening));
            let cut = byte == b'\n' || byte == b'"' && self.form == Form::Percent;
            if closes || cut {
                return at;
            }
            at += 1;
        }
        at
    }
}

/// A mark behind fewer backslashes than the opening one ends an outer text, and with it this one. A
/// mark behind more is part of the text, unless they escape each other.
fn close_mark(bytes: &[u8], start: usize, mark: u8, opening_slashes: usize) -> usize {
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'\n' {
            return at;
        }
        if byte == mark {
            return at;
        }
        if byte != b'\\' {
            at += 1;
            continue;
        }
        let run = bytes.get(at..).unwrap_or_default();
        let count = run.iter().take_while(|byte| **byte == b'\\').count();
        let is_mark = bytes.get(at + count) == Some(&mark);
        let closes =
            count < opening_slashes || count % (2 * (opening_slashes + 1)) == opening_slashes;
        if is_mark && closes {
            return at + count - count.min(opening_slashes);
        }
        at += count + usize::from(is_mark);
    }
    at
}
