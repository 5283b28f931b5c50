//! Texts that are cut, for who takes so much only.
//!
//! Owns that a cut lies between characters and is shown. Must never know who takes it. Nothing here
//! fails.

/// A text of so many characters at most.
pub fn clip(text: &str, chars_max: usize) -> String {
    if text.chars().nth(chars_max).is_none() {
        return text.to_owned();
    }
    text.chars().take(chars_max.saturating_sub(1)).chain(['…']).collect()
}

/// A text of so many bytes at most, cut between characters.
pub fn clip_bytes(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(bytes_max.saturating_sub('…'.len_utf8()));
    format!("{}…", &text[..end])
}
