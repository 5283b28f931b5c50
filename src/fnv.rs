//! FNV-1a of 64 bits: the hash that is kept.
//!
//! Owns the arithmetic. What it gives is stored in databases and names things for ever, so it must
//! never change between releases, which the standard library's hashers may. Must never stand where
//! somebody could choose what collides, nor hide a secret of few possible values. Nothing here
//! fails.

use std::hash::Hasher;

/// A hash under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fnv(u64);

impl Fnv {
    /// The hash of nothing.
    pub fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// The hash of a text.
    pub fn of(text: &str) -> u64 {
        Self::new().bytes(text.as_bytes()).get()
    }

    /// Takes bytes in; where they end does not enter.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
        self
    }

    /// Takes a text and its end in, by a byte that no text holds.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes()).bytes(&[0xff])
    }

    /// Takes in whether there is a text, and which.
    pub fn option(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.bytes(&[0xfd]),
        }
    }

    /// Takes a number in.
    pub fn number(&mut self, number: u64) -> &mut Self {
        self.bytes(&number.to_le_bytes())
    }

    /// What came of it.
    pub fn get(&self) -> u64 {
        self.0
    }
}

impl Default for Fnv {
    fn default() -> Self {
        Self::new()
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        self.bytes(bytes);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_gives_the_published_values() {
        assert_eq!(Fnv::of(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(Fnv::of("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(Fnv::of("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn where_a_text_ends_enters() {
        let hash = |texts: [&str; 2]| Fnv::new().text(texts[0]).text(texts[1]).get();
        assert_ne!(hash(["ab", "c"]), hash(["a", "bc"]));
        assert_ne!(Fnv::new().option(None).get(), Fnv::new().option(Some("")).get());
    }
}
