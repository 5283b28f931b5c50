//! The value behind a key: how the two are joined, where the value ends, whether it is a secret.
//!
//! Owns the notations: JSON at any depth of escaping, Python, JavaScript, Go, PHP and Java prints,
//! logfmt, headers, query strings, XML, command lines. Must never change a text. Fails by returning
//! `None`: there is no value, or it plainly is none that has to go.

use std::ops::Range;

use super::key::Class;
use super::quote::Quote;
use super::{mark_length, rounds_length};

mod end;
mod telling;

use end::Stop;

/// A value that has to go.
#[derive(Debug)]
pub(super) struct Found {
    /// Its bytes, without quotation marks.
    pub(super) content: Range<usize>,
}

/// How a key and its value are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    /// `:` or `=`, plain or fullwidth.
    Plain(u8),
    /// `%3A` or `%3D`: the whole text is percent-encoded.
    Percent,
    /// `=>`: the value may stand on the next line.
    Arrow,
    /// `,` or `(`: only between or before quoted texts.
    QuotedOnly,
    /// `<sk>…</sk>`.
    Element,
    /// Nothing but a space.
    Space,
    /// A space behind a command line's option.
    Option,
}

/// The value behind the key in `name`, unless it is exempt.
pub(super) fn behind(bytes: &[u8], name: Range<usize>, class: Class) -> Option<Found> {
    let (join, at) = join(bytes, &name)?;
    let spaced = match join {
        Join::Percent => encoded_spaces(bytes, at),
        join => spaces(bytes, at, join == Join::Arrow),
    };
    let mut start = at + spaced;
    // PHP's var_dump tells the length first.
    if bytes.get(start..start + 7) == Some(b"string(") {
        let digits =
            bytes.get(start + 7..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if bytes.get(start + 7 + digits..start + 9 + digits) == Some(b") ") {
            start += 9 + digits;
        }
    }
    let opener = match bytes.get(start)? {
        b'{' => return None,
        &opener @ (b'[' | b'(') if mark_length(bytes, start) == 0 => {
            start += 1 + spaces(bytes, start + 1, false);
            Some(opener)
        }
        _ => None,
    };
    // Python's `b'…'` and `u'…'`.
    if matches!(bytes.get(start)?, b'b' | b'u' | b'r')
        && Quote::at(bytes, start + 1).is_some()
        && join != Join::Percent
    {
        start += 1;
    }
    if let Some(quote) = Quote::at(bytes, start) {
        let inner = start + quote.length;
        let content = inner..quote.close(bytes, inner);
        return quoted(bytes, name, content, class);
    }
    if join == Join::QuotedOnly {
        return None;
    }
    let stop = Stop {
        percent: join == Join::Percent,
        bracket: opener.map(|opener| if opener == b'[' { b']' } else { b')' }),
    };
    // A command line's `--sk VALUE` needs no other joint.
    let before = name.start.checked_sub(1).and_then(|before| bytes.get(before));
    let is_option = bytes.get(name.start) == Some(&b'-')
        && before.is_none_or(|before| before.is_ascii_whitespace() || b"\"'[".contains(before));
    let join = if is_option && join == Join::Space { Join::Option } else { join };
    unquoted(bytes, start, spaced > 0, join, class, &stop)
}

/// How the key is joined to its value, and where the joint ends.
fn join(bytes: &[u8], name: &Range<usize>) -> Option<(Join, usize)> {
    let mut at = name.end;
    let closing = Quote::at(bytes, at);
    at += closing.map_or(0, |quote| quote.length);
    if let Some(behind) = php_bracket(bytes, at) {
        at = behind;
    }
    let spaced = spaces(bytes, at, false);
    at += spaced;
    let rest = bytes.get(at..)?;
    match rest.first()? {
        &sign @ (b'=' | b':') => Some(signs(bytes, at, sign)),
        b'%' => {
            let length = 1 + rounds_length(&rest[1..]);
            matches!(rest.get(length..length + 2)?, b"3A" | b"3a" | b"3D" | b"3d")
                .then_some((Join::Percent, at + length + 2))
        }
        b',' if closing.is_some() && is_quoted(bytes, name) => Some((Join::QuotedOnly, at + 1)),
        b'(' if closing.is_none() && spaced == 0 => Some((Join::QuotedOnly, at + 1)),
        b'>' if name.start.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b'<') => {
            Some((Join::Element, at + 1))
        }
        _ if rest.starts_with("：".as_bytes()) => Some((Join::Plain(b':'), at + 3)),
        _ if spaced > 0 && closing.is_none() => Some((Join::Space, at)),
        _ => None,
    }
}

/// A joint of `=` and `:`: `:=`, `==`, and `= =` as a template makes it that has one of its own. A
/// further sign belongs to it where it stands apart from the value, which may itself begin with a
/// sign; the second one of `==` belongs to it anyway.
fn signs(bytes: &[u8], mut at: usize, mut sign: u8) -> (Join, usize) {
    loop {
        let end = at + 1;
        if sign == b'=' && bytes.get(end) == Some(&b'>') {
            return (Join::Arrow, end + 1);
        }
        let next = end + spaces(bytes, end, false);
        match bytes.get(next) {
            Some(&further @ (b'=' | b':'))
                if further == b'=' && next == end || stands_apart(bytes, next + 1) =>
            {
                (at, sign) = (next, further);
            }
            _ => return (Join::Plain(sign), end),
        }
    }
}

/// Whether no value begins here that a sign before it could be a part of.
fn stands_apart(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|byte| b" \t=:>".contains(byte)) || Quote::at(bytes, at).is_some()
}

/// Whether a quotation mark opens right before the name.
/// `"…: expired security token", "request_id"` ends a sentence and is no pair.
fn is_quoted(bytes: &[u8], name: &Range<usize>) -> bool {
    let before = bytes.get(..name.start).unwrap_or_default();
    match before {
        // `%22`, `%27` and `\u0022` end so.
        [.., b'"' | b'\'' | b'`'] | [.., b'2', b'2' | b'7'] => true,
        _ => before.ends_with(b"&quot;"),
    }
}

/// `[sk] =>`, `["sk"]=>`, and the visibility that `print_r` and `var_dump` tell:
/// `[sk:protected] =>`. Also `headers['X-Auth-Token'] =`. Where the bracket closes at or soon after
/// `at`.
fn php_bracket(bytes: &[u8], at: usize) -> Option<usize> {
    const VISIBILITY_BYTES_MAX: usize = 120;
    match bytes.get(at)? {
        b']' => Some(at + 1),
        b':' => {
            let ahead = bytes.get(at + 1..)?;
            let ahead = ahead.get(..VISIBILITY_BYTES_MAX).unwrap_or(ahead);
            let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_\\:\"".contains(byte);
            let length = ahead.iter().take_while(is_name).count();
            let name = ahead.get(..length)?;
            let closed = ahead.get(length) == Some(&b']')
                && (name.ends_with(b"private") || name.ends_with(b"protected"));
            closed.then_some(at + length + 2)
        }
        _ => None,
    }
}

/// The length of the spaces here, and of colour codes among them.
fn spaces(bytes: &[u8], at: usize, newlines: bool) -> usize {
    let mut length = 0;
    loop {
        match bytes.get(at + length) {
            Some(b' ' | b'\t') => length += 1,
            Some(b'\n' | b'\r') if newlines => length += 1,
            Some(0x1b) => match colour(bytes, at + length) {
                0 => return length,
                code => length += code,
            },
            Some(0xc2) if bytes.get(at + length + 1) == Some(&0xa0) => length += 2,
            _ => return length,
        }
    }
}

/// The length of the percent-encoded spaces here: `%20`, `%2520` one round deeper, and `+`.
fn encoded_spaces(bytes: &[u8], at: usize) -> usize {
    let mut length = 0;
    loop {
        let rest = bytes.get(at + length..).unwrap_or_default();
        length += match rest.split_first() {
            Some((b'+', _)) => 1,
            Some((b'%', behind)) => {
                let rounds = rounds_length(behind);
                match behind.get(rounds..rounds + 2) {
                    Some(b"20" | b"09" | b"0A" | b"0a" | b"0D" | b"0d") => 3 + rounds,
                    _ => return length,
                }
            }
            _ => return length,
        };
    }
}

/// The length of the colour code that begins here, or 0.
pub(super) fn colour(bytes: &[u8], at: usize) -> usize {
    const CODE_BYTES_MAX: usize = 32;
    let Some(params) = bytes.get(at..).and_then(|rest| rest.strip_prefix(b"\x1b[")) else {
        return 0;
    };
    let is_param = |byte: &&u8| byte.is_ascii_digit() || **byte == b';';
    let count = params.iter().take(CODE_BYTES_MAX).take_while(is_param).count();
    if params.get(count) == Some(&b'm') { count + 3 } else { 0 }
}

fn quoted(bytes: &[u8], name: Range<usize>, content: Range<usize>, class: Class) -> Option<Found> {
    let text = bytes.get(content.clone())?;
    // Node prints a header as `'x-auth-token': [ 'X-Auth-Token', '…' ]`; the second one is it.
    if text.eq_ignore_ascii_case(bytes.get(name)?) {
        return None;
    }
    let secret = match class {
        Class::Authorization | Class::Secret => behind_scheme(text, class)?,
        Class::Access if !telling::is_access_key(text) => return None,
        _ => 0,
    };
    // Also behind a scheme: `"token": "token is not valid"`.
    let tells = telling::is_telling(text.get(secret..)?, class, true);
    (!tells).then_some(Found { content: content.start + secret..content.end })
}

/// Where the secret begins behind a scheme that may stay: `Bearer`, `Basic`. `None` for signing
/// schemes, whose parts are keys and values of their own.
fn behind_scheme(text: &[u8], class: Class) -> Option<usize> {
    let Some(space) = text.iter().position(|byte| *byte == b' ') else { return Some(0) };
    let scheme = text.get(..space)?;
    let rest = text.get(space + 1..)?;
    let is_signing = scheme.windows(4).any(|part| part.eq_ignore_ascii_case(b"HMAC"))
        && (rest.starts_with(b"Access=") || rest.starts_with(b"Credential="));
    if is_signing && class == Class::Authorization {
        return None;
    }
    Some(if telling::is_scheme(scheme) { space + 1 } else { 0 })
}

fn unquoted(
    bytes: &[u8],
    start: usize,
    spaced: bool,
    join: Join,
    class: Class,
    stop: &Stop,
) -> Option<Found> {
    let end = if join == Join::Element {
        start + bytes.get(start..)?.iter().take_while(|byte| !b"<\n".contains(byte)).count()
    } else {
        end::of_unquoted(bytes, start, stop)
    };
    let text = bytes.get(start..end)?;
    if let Join::Plain(separator) = join
        && spaced
        && is_next_key(bytes, start, separator)
    {
        return None;
    }
    let goes_by_itself = join != Join::Space || telling::is_credential(text);
    match class {
        _ if !goes_by_itself => None,
        Class::Authorization | Class::Secret if telling::is_scheme(text) => {
            scheme_and_secret(bytes, start, end, class, stop)
        }
        Class::Authorization if bytes.get(end) == Some(&b' ') && is_signing(bytes, start) => None,
        Class::Access if !telling::is_access_key(text) => None,
        _ if telling::is_telling(text, class, false) => None,
        Class::Cookie => Some(Found { content: start..end::of_cookies(bytes, end, stop) }),
        _ => Some(Found { content: start..end }),
    }
}

fn is_signing(bytes: &[u8], start: usize) -> bool {
    const SCHEME_BYTES_MAX: usize = 64;
    let ahead = bytes.get(start..).unwrap_or_default();
    behind_scheme(ahead.get(..SCHEME_BYTES_MAX).unwrap_or(ahead), Class::Authorization).is_none()
}

/// `Bearer abc`: the scheme stays. Digest's parameters go up to the end of their line.
fn scheme_and_secret(
    bytes: &[u8],
    start: usize,
    scheme_end: usize,
    class: Class,
    stop: &Stop,
) -> Option<Found> {
    if bytes.get(scheme_end) != Some(&b' ') {
        return None;
    }
    let secret = scheme_end + 1;
    if class == Class::Authorization
        && bytes.get(start..scheme_end).is_some_and(|text| text.eq_ignore_ascii_case(b"digest"))
    {
        return Some(Found { content: secret..end::of_line(bytes, secret) });
    }
    let end = end::of_unquoted(bytes, secret, stop);
    let text = bytes.get(secret..end)?;
    (!telling::is_telling(text, Class::Secret, false)).then_some(Found { content: secret..end })
}

/// Go prints an empty field as nothing: `{Sk: Region:cn-north-4}`.
fn is_next_key(bytes: &[u8], start: usize, separator: u8) -> bool {
    const KEY_BYTES_MAX: usize = 40;
    let ahead = bytes.get(start..).unwrap_or_default();
    let ahead = ahead.get(..KEY_BYTES_MAX).unwrap_or(ahead);
    let is_name = |byte: &&u8| byte.is_ascii_alphabetic() || **byte == b'_';
    let length = ahead.iter().take_while(is_name).count();
    let has_lower = ahead.iter().take(length).any(u8::is_ascii_lowercase);
    let padded = ahead.get(length + 1) == Some(&b'=');
    has_lower && ahead.get(length) == Some(&separator) && !padded
}
