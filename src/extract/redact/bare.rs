//! Secrets that no key announces: long base64, access keys, JSON web tokens, private keys.
//!
//! Owns how they are told from paths, identifiers and hashes. Must never judge by what stands
//! around, apart from the scheme before a credential. Nothing here fails.

use std::borrow::Cow;
use std::ops::Range;

use super::{ByteSet, REDACTED, Rewrite, escape_ahead, mark_length, mask_access_key};

mod base64;

/// The length of an access key of this cloud.
const ACCESS_KEY_BYTES: usize = 20;

static WORD: ByteSet = ByteSet::alphanumeric_and(b"");

pub(super) fn redact(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut rewrite = Rewrite::new(text);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'-'
            && let Some(key) = private_key(bytes, at)
        {
            at = key.end;
            rewrite.replace(key, REDACTED);
        } else if base64::begins(bytes, at) {
            at = run(&mut rewrite, bytes, at);
        } else {
            at += 1;
        }
    }
    rewrite.finish()
}

/// Handles the run of base64 characters that begins here, and returns where to go on.
fn run(rewrite: &mut Rewrite<'_>, bytes: &[u8], start: usize) -> usize {
    let begin = start + escape_ahead(bytes, start);
    if let Some(end) = web_token(bytes, begin) {
        rewrite.replace(begin..end, REDACTED);
        return end;
    }
    let end = if let Some(end) = base64::end_of_short_run(bytes, begin) {
        if is_too_short(bytes, begin..end) {
            return end;
        }
        end
    } else {
        let run = base64::run(bytes, begin);
        if run.is_base64() {
            rewrite.replace(begin..run.end, &format!("[base64 {} bytes]", run.decoded_bytes()));
            return run.end;
        }
        run.end
    };
    let mut at = begin;
    while at < end {
        let word = word_length(bytes, at, end);
        if word == 0 {
            at += 1;
            continue;
        }
        let token = &bytes[at..at + word];
        if is_access_key(token) && stands_alone(bytes, at, word) {
            let masked = mask_access_key(&rewrite.text[at..at + word]);
            rewrite.replace(at..at + word, &masked);
        }
        at += word;
        if let Some(credential) = behind_scheme(bytes, token, at) {
            rewrite.replace(at + 1..credential, REDACTED);
            return credential.max(end);
        }
    }
    end
}

/// Whether a run holds neither an access key nor, as its last word, the scheme of a credential.
fn is_too_short(bytes: &[u8], run: Range<usize>) -> bool {
    let last = run.end.checked_sub(1).and_then(|last| bytes.get(last));
    let may_be_scheme =
        bytes.get(run.end) == Some(&b' ') && matches!(last, Some(b'c' | b'C' | b'r' | b'R'));
    run.len() < ACCESS_KEY_BYTES && !may_be_scheme
}

fn word_length(bytes: &[u8], at: usize, end: usize) -> usize {
    WORD.span(&bytes[at..end])
}

fn is_access_key(token: &[u8]) -> bool {
    token.len() == ACCESS_KEY_BYTES
        && token.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && token.iter().any(u8::is_ascii_digit)
        && token.iter().any(u8::is_ascii_uppercase)
}

fn stands_alone(bytes: &[u8], at: usize, length: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    before != Some(&b'_') && bytes.get(at + length) != Some(&b'_')
}

/// The end of the credential behind `Bearer` or `Basic`.
fn behind_scheme(bytes: &[u8], scheme: &[u8], at: usize) -> Option<usize> {
    let is_basic = scheme.eq_ignore_ascii_case(b"basic");
    if !is_basic && !scheme.eq_ignore_ascii_case(b"bearer") || bytes.get(at) != Some(&b' ') {
        return None;
    }
    let rest = bytes.get(at + 1..)?;
    let is_credential = |byte: &&u8| byte.is_ascii_alphanumeric() || b"._~+/=-".contains(byte);
    let length = rest.iter().take_while(is_credential).count();
    let credential = rest.get(..length)?;
    let inner_upper = credential.iter().skip(1).any(u8::is_ascii_uppercase)
        && credential.iter().any(u8::is_ascii_lowercase);
    let tells = credential.iter().any(u8::is_ascii_digit) || inner_upper;
    let fits = if is_basic { length >= 8 && length % 4 == 0 } else { length >= 8 };
    (tells && fits).then_some(at + 1 + length)
}

/// The end of the JSON web token that begins here: three parts, the first of which is `{"` in
/// base64.
fn web_token(bytes: &[u8], at: usize) -> Option<usize> {
    const PART_BYTES_MIN: usize = 10;
    let mut end = at;
    let [b'e', b'y', b'J', ..] = bytes.get(at..)? else { return None };
    for part in 0..3 {
        let rest = bytes.get(end..)?;
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
        let length = rest.iter().take_while(is_part).count();
        if length < PART_BYTES_MIN {
            return None;
        }
        end += length;
        if part < 2 {
            if bytes.get(end) != Some(&b'.') {
                return None;
            }
            end += 1;
        }
    }
    Some(end)
}

/// The inside of a private key in PEM, when one begins here. A cut one ends where its alphabet
/// does.
fn private_key(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    const LABEL_BYTES_MAX: usize = 64;
    let rest = bytes.get(at..)?.strip_prefix(b"-----BEGIN ")?;
    let label = rest.get(..LABEL_BYTES_MAX).unwrap_or(rest);
    let label_end = memchr::memmem::find(label, b"KEY-----")? + 8;
    memchr::memmem::find(label.get(..label_end)?, b"PRIVATE")?;
    let start = at + 11 + label_end;
    let is_inside = |byte: &&u8| {
        byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"+/=\\".contains(byte)
    };
    let inside = bytes.get(start..)?;
    let marker = mark_length(bytes, start);
    let length = inside.get(marker..)?.iter().take_while(is_inside).count();
    Some(start..start + marker + length)
}
