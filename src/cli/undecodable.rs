//! How many bytes of a text are not UTF-8.
//!
//! Owns the count, over any cuts into reads. Must never change the text: a log in another encoding
//! (GBK, say) passes through as it is, and only this number tells. Nothing here fails.

/// How many bytes of a part of a text are no UTF-8, where what stands before it is known at least
/// as far as a character reaches. Parts that lie next to each other have what the whole has: of a
/// character that a part's end cuts off, the next one tells, and of the last part the end.
pub(super) fn of_part(before: &[u8], part: &[u8], is_last: bool) -> u64 {
    // A byte that begins a character ends what was begun before it.
    let is_begin = |byte: &u8| !(0x80..0xc0).contains(byte);
    let near = &before[before.len().saturating_sub(3)..];
    let begun = near.iter().rposition(is_begin).map_or(&near[near.len()..], |at| &near[at..]);
    let mut undecodable = Undecodable::default();
    undecodable.take(begun);
    let counted_before = undecodable.bytes;
    undecodable.take(part);
    let bytes = if is_last { undecodable.finish() } else { undecodable.bytes };
    bytes - counted_before
}

/// Counts the bytes of a text that are no UTF-8.
#[derive(Debug, Default)]
pub(super) struct Undecodable {
    bytes: u64,
    /// The beginning of a character whose end has not come yet, at most three bytes.
    begun: Vec<u8>,
}

impl Undecodable {
    /// Takes the next bytes.
    pub(super) fn take(&mut self, mut bytes: &[u8]) {
        while let Some((&next, rest)) = bytes.split_first().filter(|_| !self.begun.is_empty()) {
            let mut longer = std::mem::take(&mut self.begun);
            let before = longer.len();
            longer.push(next);
            match str::from_utf8(&longer) {
                Ok(_) => bytes = rest,
                Err(error) if error.error_len().is_none() => {
                    self.begun = longer;
                    bytes = rest;
                }
                // What was begun has no end; this byte may begin something of its own.
                Err(_) => self.bytes += before as u64,
            }
        }
        // Most logs are ASCII, which is a half of the work to see.
        while !bytes.is_ascii()
            && let Err(error) = str::from_utf8(bytes)
        {
            let (_, rest) = bytes.split_at(error.valid_up_to());
            let Some(length) = error.error_len() else {
                self.begun = rest.to_vec();
                return;
            };
            self.bytes += length as u64;
            bytes = rest.get(length..).unwrap_or_default();
        }
    }

    /// How many there were, those of a character that the end cuts off included.
    pub(super) fn finish(self) -> u64 {
        self.bytes + self.begun.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(reads: &[&[u8]]) -> u64 {
        let mut undecodable = Undecodable::default();
        for read in reads {
            undecodable.take(read);
        }
        undecodable.finish()
    }

    #[test]
    fn text_in_utf_8_has_none_however_it_is_cut() {
        let text = "识别失败 €".as_bytes();
        assert_eq!(check(&[text]), 0);
        assert_eq!(check(&text.chunks(1).collect::<Vec<_>>()), 0);
    }

    #[test]
    fn other_bytes_are_counted_and_a_character_cut_off_by_the_end() {
        assert_eq!(check(&[b"a\xffb\xfe"]), 2);
        assert_eq!(check(&[b"\xe8\xaf", b"x"]), 2);
        assert_eq!(check(&[b"x\xe8\xaf"]), 2);
        // `识别` in GBK, whose first character happens to be one of UTF-8 as well.
        assert_eq!(check(&[b"\xca\xb6\xb1\xf0"]), 2);
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(
            bytes in proptest::collection::vec(
                prop_oneof![any::<u8>(), 0x80u8..0xc0, Just(0xe8), Just(0xf0), Just(b'a')], 0..60
            ),
            size in 1usize..9
        ) {
            let whole = check(&[&bytes]);
            prop_assert_eq!(check(&bytes.chunks(size).collect::<Vec<_>>()), whole);
            let mut from = 0;
            let parts = bytes.chunks(size).map(|part| {
                let (before, is_last) = (&bytes[..from], from + part.len() == bytes.len());
                from += part.len();
                of_part(before, part, is_last)
            });
            prop_assert_eq!(parts.sum::<u64>(), whole);
            let lossy: usize = bytes.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
            prop_assert_eq!(whole, lossy as u64);
        }
    }
}
