//! Values that say something about a secret instead of being one: `token: expired`, `sk=null`.
//!
//! Owns the words. A closed list rather than a measure of randomness: a password may well be a
//! lowercase word, and what is not on the list goes. Nothing here fails.

use crate::extract::redact::key::Class;
use crate::extract::redact::{is_masked, mark_length};

/// First words of what programs and the service say about a credential.
const WORDS: [&str; 64] = [
    "null",
    "none",
    "nil",
    "undefined",
    "true",
    "false",
    "yes",
    "no",
    "not",
    "is",
    "was",
    "are",
    "has",
    "have",
    "had",
    "invalid",
    "valid",
    "expired",
    "expires",
    "expire",
    "expiring",
    "missing",
    "required",
    "empty",
    "absent",
    "failed",
    "fail",
    "fails",
    "failure",
    "error",
    "mismatch",
    "mismatched",
    "incorrect",
    "wrong",
    "unknown",
    "denied",
    "rejected",
    "revoked",
    "disabled",
    "ok",
    "found",
    "verify",
    "verified",
    "verification",
    "decrypt",
    "parse",
    "check",
    "checked",
    "the",
    "this",
    "your",
    "cannot",
    "could",
    "can",
    "unable",
    "must",
    "should",
    "may",
    "does",
    "do",
    "please",
    "unauthorized",
    "forbidden",
    "malformed",
];

const SCHEMES: [&str; 13] = [
    "bearer",
    "basic",
    "digest",
    "token",
    "negotiate",
    "ntlm",
    "apikey",
    "aws",
    "obs",
    "oss",
    "jwt",
    "mac",
    "hawk",
];

/// Whether the value tells instead of being a secret. `quoted` values may be sentences.
pub(super) fn is_telling(text: &[u8], class: Class, quoted: bool) -> bool {
    let text = text.trim_ascii();
    if text.is_empty()
        || mark_length(text, 0) == text.len()
        || text.iter().all(|byte| *byte == b'*')
    {
        return true;
    }
    if str::from_utf8(text).is_ok_and(is_masked) && class == Class::AccessKey {
        return true;
    }
    if class != Class::Password {
        // Counters (`max_token: 4096`), and Chinese text.
        const COUNTER_BYTES_MAX: usize = 8;
        let is_counter = text.len() <= COUNTER_BYTES_MAX && text.iter().all(u8::is_ascii_digit);
        if is_counter || !text.iter().any(u8::is_ascii_alphanumeric) {
            return true;
        }
    } else if text.starts_with(b"/") && !text.contains(&b'=') {
        // The shell's `PWD=/srv/app`.
        return true;
    }
    let mut words = text.split(|byte| *byte == b' ');
    let first = words.next().unwrap_or_default();
    let first = first.strip_suffix(b",").unwrap_or(first);
    let first = first.strip_suffix(b".").unwrap_or(first);
    let is_prose = |byte: &u8| byte.is_ascii_alphabetic() || b" ,.'!-:".contains(byte);
    is_word(first) && (!quoted || text.iter().all(is_prose))
}

fn is_word(word: &[u8]) -> bool {
    WORDS.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

/// Whether a word names how the secret behind it is presented.
pub(super) fn is_scheme(word: &[u8]) -> bool {
    SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme.as_bytes()))
}

/// Whether the value of a common word looks like an access key.
pub(super) fn is_access_key(text: &[u8]) -> bool {
    const KEY_BYTES: std::ops::RangeInclusive<usize> = 16..=40;
    KEY_BYTES.contains(&text.len())
        && text.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Whether a value stands out of prose as a credential: mixed case and digits, no word of any
/// language.
pub(super) fn is_credential(text: &[u8]) -> bool {
    const CREDENTIAL_BYTES_MIN: usize = 16;
    text.len() >= CREDENTIAL_BYTES_MIN
        && text.iter().any(u8::is_ascii_digit)
        && text.iter().any(u8::is_ascii_lowercase)
        && text.iter().any(u8::is_ascii_uppercase)
}
