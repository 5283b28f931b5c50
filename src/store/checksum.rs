//! What tells that a row is the one that was written.
//!
//! Owns the sum over a row's columns. SQLite checks the structure of its pages and not what stands
//! in them: a flipped byte in an offset reads back as another offset. Nothing here fails.

use flate2::Crc;

/// CRC-32 over the columns of a row, each with its kind and length, so that no two rows of other
/// columns have the same bytes.
#[derive(Default)]
pub(super) struct Checksum(Crc);

impl Checksum {
    pub(super) fn new(table: &str) -> Self {
        Self::default().text(table)
    }

    pub(super) fn text(self, text: &str) -> Self {
        self.column(b't', text.as_bytes())
    }

    pub(super) fn bytes(self, bytes: &[u8]) -> Self {
        self.column(b'b', bytes)
    }

    pub(super) fn integer(self, integer: i64) -> Self {
        self.column(b'i', &integer.to_le_bytes())
    }

    pub(super) fn optional_text(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(text),
            None => self.column(b'n', b""),
        }
    }

    /// The sum, as it stands in the row.
    pub(super) fn value(self) -> i64 {
        i64::from(self.0.sum())
    }

    fn column(mut self, kind: u8, bytes: &[u8]) -> Self {
        self.0.update(&[kind]);
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_never_changes_between_releases() {
        let sum = Checksum::new("position").text("a").integer(-1).bytes(b"{}").optional_text(None);
        assert_eq!(sum.value(), 174_519_917);
    }

    #[test]
    fn columns_do_not_run_into_each_other() {
        let sum = |first: &str, second: &str| Checksum::new("t").text(first).text(second).value();
        assert_ne!(sum("ab", "c"), sum("a", "bc"));
        assert_ne!(
            Checksum::default().text("").value(),
            Checksum::default().optional_text(None).value()
        );
    }
}
