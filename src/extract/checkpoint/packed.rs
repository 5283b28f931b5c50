//! Numbers and hashes as one short text, for checkpoints: a list of numbers in JSON is three times
//! as long.
//!
//! Owns the form: base64 for URLs, without padding, over numbers of seven bits a byte and hashes of
//! eight bytes. Must never know what the numbers mean. Reading fails, as `None`, on what was not
//! written here.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Writes.
#[derive(Debug, Default)]
pub(super) struct Packer(Vec<u8>);

impl Packer {
    /// A number; the smaller, the shorter.
    pub(super) fn number(&mut self, mut number: u64) -> &mut Self {
        while number >= 0x80 {
            self.0.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.0.push(number.to_le_bytes()[0]);
        self
    }

    /// A number that may be negative.
    pub(super) fn signed(&mut self, number: i64) -> &mut Self {
        self.number(((number << 1) ^ (number >> 63)).cast_unsigned())
    }

    /// Eight bytes.
    pub(super) fn hash(&mut self, hash: u64) -> &mut Self {
        self.0.extend_from_slice(&hash.to_le_bytes());
        self
    }

    /// Whether there is a hash, and which.
    pub(super) fn option(&mut self, hash: Option<u64>) -> &mut Self {
        match hash {
            Some(hash) => self.number(1).hash(hash),
            None => self.number(0),
        }
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(self.0.len() * 4 / 3 + 4);
        for chunk in self.0.chunks(3) {
            let bytes = [0, 1, 2].map(|at| u32::from(chunk.get(at).copied().unwrap_or(0)));
            let bits = bytes[0] << 16 | bytes[1] << 8 | bytes[2];
            let digits =
                [18, 12, 6, 0].map(|shift| char::from(DIGITS[(bits >> shift) as usize & 63]));
            text.extend(&digits[..=chunk.len()]);
        }
        text
    }
}

/// Reads what was written, in the same order.
#[derive(Debug)]
pub(super) struct Unpacker {
    bytes: Vec<u8>,
    at: usize,
}

impl Unpacker {
    pub(super) fn new(text: &str) -> Option<Self> {
        let digit = |byte: &u8| DIGITS.iter().position(|digit| digit == byte);
        let mut bytes = Vec::with_capacity(text.len() * 3 / 4 + 3);
        for chunk in text.as_bytes().chunks(4) {
            let mut bits = 0;
            for at in 0..4 {
                let digit = chunk.get(at).map_or(Some(0), digit)?;
                bits = bits << 6 | u32::try_from(digit).ok()?;
            }
            let kept = chunk.len().checked_sub(1).filter(|kept| *kept > 0)?;
            bytes.extend_from_slice(&bits.to_be_bytes()[1..=kept]);
        }
        Some(Self { bytes, at: 0 })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub(super) fn hash(&mut self) -> Option<u64> {
        let bytes = self.bytes.get(self.at..self.at + 8)?;
        self.at += 8;
        bytes.try_into().ok().map(u64::from_le_bytes)
    }

    /// None or one.
    pub(super) fn option(&mut self) -> Option<Vec<u64>> {
        let count = self.count(1)?;
        (0..count).map(|_| self.hash()).collect()
    }

    /// How many follow, if that can be.
    pub(super) fn count(&mut self, max: usize) -> Option<usize> {
        usize::try_from(self.number()?).ok().filter(|count| *count <= max)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(numbers in prop::collection::vec(any::<u64>(), 0..9)) {
            let mut packer = Packer::default();
            for number in &numbers {
                packer.number(*number >> (*number % 64)).hash(*number);
                packer.signed(number.cast_signed()).option(Some(*number)).option(None);
            }
            let mut unpacker = Unpacker::new(&packer.text()).expect("what was written");
            for number in numbers {
                prop_assert_eq!(unpacker.number(), Some(number >> (number % 64)));
                prop_assert_eq!(unpacker.hash(), Some(number));
                prop_assert_eq!(unpacker.signed(), Some(number.cast_signed()));
                prop_assert_eq!(unpacker.option(), Some(vec![number]));
                prop_assert_eq!(unpacker.option(), Some(vec![]));
            }
            prop_assert!(unpacker.is_empty());
        }

        #[test]
        fn half_a_byte_is_not_read(text in "([A-Za-z0-9_-]{4}){0,3}[A-Za-z0-9_-]") {
            prop_assert!(Unpacker::new(&text).is_none());
        }

        #[test]
        fn anything_else_is_refused_or_read_as_something(text in "[A-Za-z0-9_-]{0,40}|\\PC{0,9}") {
            let Some(mut unpacker) = Unpacker::new(&text) else { return Ok(()) };
            while unpacker.number().is_some() {}
            let _ = (unpacker.hash(), unpacker.signed(), unpacker.option(), unpacker.count(3));
        }
    }
}
