//! Values behind a key that names a secret.
//!
//! Owns the walk from name to name and what replaces each value. Must never look for secrets that
//! no key announces. Nothing here fails.

use std::borrow::Cow;
use std::ops::Range;

use super::key::{self, Class};
use super::value::{self, Found};
use super::{ByteSet, REDACTED, Rewrite, escape_ahead, mask_access_key};

/// What a name consists of; none begins with a full stop.
static NAME: ByteSet = ByteSet::alphanumeric_and(b"_-.");

const CHINESE_KEYS: [&str; 5] = ["密码", "口令", "密钥", "私钥", "令牌"];

pub(super) fn redact(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut rewrite = Rewrite::new(text);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if NAME.contains(byte) && byte != b'.' {
            at = word(&mut rewrite, bytes, at);
        } else if byte == b':' && bytes.get(at..at + 3) == Some(b"://") {
            at += 3;
            if let Some(password) = user_password(bytes, at) {
                at = password.end;
                rewrite.replace(password, REDACTED);
            }
        } else if byte >= 0xe5
            && let Some(name) = chinese_key(bytes, at)
        {
            at += name.len();
            if let Some(found) = value::behind(bytes, at - name.len()..at, Class::Secret) {
                at = put(&mut rewrite, &found, Class::Secret);
            }
        } else if byte == 0x1b {
            at += value::colour(bytes, at).max(1);
        } else {
            at += 1;
        }
    }
    rewrite.finish()
}

fn chinese_key(bytes: &[u8], at: usize) -> Option<&'static str> {
    let rest = bytes.get(at..)?;
    CHINESE_KEYS.into_iter().find(|key| rest.starts_with(key.as_bytes()))
}

/// Handles the word that begins at `start` and returns where to go on.
fn word(rewrite: &mut Rewrite<'_>, bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let end = start + NAME.span(rest);
    let name = (start + escape_ahead(bytes, start)).min(end)..end;
    let Some(class) = key::classify(bytes.get(name.clone()).unwrap_or_default()) else {
        return end;
    };
    // `ModelArts.4301` says "Have error when get ai-service admin token" and tells the reason.
    if bytes.get(..start).is_some_and(|before| before.ends_with(b"get ai-service admin ")) {
        return end;
    }
    match value::behind(bytes, name, class) {
        Some(found) => put(rewrite, &found, class),
        None => end,
    }
}

/// Writes what stands for a value and returns where to go on.
fn put(rewrite: &mut Rewrite<'_>, found: &Found, class: Class) -> usize {
    let content = rewrite.text.get(found.content.clone()).unwrap_or_default();
    match class {
        Class::AccessKey | Class::Access => {
            // A credential scope follows the key: `AK/20261120/region/obs/aws4_request`.
            let scope = content.find('/').or_else(|| content.find("%2F")).unwrap_or(content.len());
            let masked = mask_access_key(&content[..scope]);
            rewrite.replace(found.content.start..found.content.start + scope, &masked);
        }
        Class::Opaque if is_base64(content) => {
            let bytes = content.trim_end_matches('=').len() * 3 / 4;
            rewrite.replace(found.content.clone(), &format!("[base64 {bytes} bytes]"));
        }
        _ => rewrite.replace(found.content.clone(), REDACTED),
    }
    found.content.end
}

fn is_base64(content: &str) -> bool {
    content.len() >= 16
        && content.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte))
}

/// The password in `//user:password@host`; `at` is behind the slashes.
fn user_password(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    const USER_BYTES_MAX: usize = 256;
    let ahead = bytes.get(at..)?;
    let ahead = ahead.get(..USER_BYTES_MAX).unwrap_or(ahead);
    let end = ahead.iter().position(|byte| b"@/?#\"'<> \t\r\n\\".contains(byte))?;
    let colon = ahead.iter().take(end).position(|byte| *byte == b':')?;
    (ahead.get(end) == Some(&b'@') && colon + 1 < end).then_some(at + colon + 1..at + end)
}
