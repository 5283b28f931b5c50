//! A path as text that reads well and loses nothing, for state that is kept.
//!
//! Owns the form: the path itself where it is UTF-8, else its bytes in hex behind a NUL. Must
//! never touch the path's file. Fails: hex that is none is an error.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize as _, Deserializer, Serializer, de};

/// No path begins with a NUL.
const ESCAPED: char = '\0';

pub(super) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    if let Some(text) = path.to_str() {
        return serializer.serialize_str(text);
    }
    let mut escaped = String::from(ESCAPED);
    for byte in path.as_os_str().as_bytes() {
        let digits = [byte >> 4, byte & 15].map(|half| char::from_digit(half.into(), 16));
        escaped.extend(digits.into_iter().flatten());
    }
    serializer.serialize_str(&escaped)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    let text = String::deserialize(deserializer)?;
    let Some(hex) = text.strip_prefix(ESCAPED) else { return Ok(PathBuf::from(text)) };
    let pairs = hex.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = pairs.map(byte).collect();
    let bytes = bytes.ok_or_else(|| de::Error::custom("a path that is no text is not in hex"))?;
    Ok(PathBuf::from(OsString::from_vec(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_comes_back() {
        for bytes in
            [&b"/var/log/app.log"[..], b"/var/log/\xff\xfe.log", "/日志/应用.log".as_bytes()]
        {
            let path = PathBuf::from(OsString::from_vec(bytes.to_vec()));
            let mut kept = Vec::new();
            serialize(&path, &mut serde_json::Serializer::new(&mut kept)).unwrap();
            let again = deserialize(&mut serde_json::Deserializer::from_slice(&kept)).unwrap();
            assert_eq!(again, path);
        }
    }
}
