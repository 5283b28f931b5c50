//! Which file is this: what the file system says of it, and what its bytes say.
//!
//! Owns the three parts of an identity: device, inode and birth; a fingerprint of the head, which
//! grows with the file; a marker of the bytes before an offset. Must never open or stat a file.
//! Nothing here fails. Only hashes of bytes are kept: what stands in a log stays there.
//!
//! Device and inode alone are not enough: ext4 gives the number of a deleted file to the next one
//! that is created (measured: 300 times of 300). The birth time tells those apart (0 of 300 equal);
//! where a file system has none, the head and the marker do.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;

use serde::{Deserialize, Serialize};

/// What the file system says of a file that no rename changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity {
    /// The device.
    pub dev: u64,
    /// The inode, which another file gets once this one is deleted.
    pub ino: u64,
    /// When the file was made, in nanoseconds since 1970; none where the file system keeps it not.
    pub born_ns: Option<i64>,
}

impl Identity {
    /// Of a file that was looked at.
    pub fn of(metadata: &Metadata) -> Self {
        let born = metadata.created().ok();
        #[cfg(test)]
        let born = born.filter(|_| !tests::are_births_unknown());
        let born = born.and_then(|born| born.duration_since(std::time::UNIX_EPOCH).ok());
        let born_ns = born.and_then(|born| i64::try_from(born.as_nanos()).ok());
        Self { dev: metadata.dev(), ino: metadata.ino(), born_ns }
    }
}

/// Of a file at one look: what changes when it is written to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// Its size.
    pub size_bytes: u64,
    /// When it was last written, in nanoseconds since 1970.
    pub modified_ns: i64,
}

impl Extent {
    /// Of a file that was looked at.
    pub fn of(metadata: &Metadata) -> Self {
        let modified = metadata.mtime().saturating_mul(1_000_000_000);
        Self {
            size_bytes: metadata.len(),
            modified_ns: modified.saturating_add(metadata.mtime_nsec()),
        }
    }
}

impl Extent {
    /// Whether it was last written before an instant, as far as its stamp tells: some programs that
    /// compress a file stamp the copy with the whole second (measured: bzip2 1.0.8).
    pub(super) fn is_written_before(self, ns: i64) -> bool {
        const SECOND_NS: i64 = 1_000_000_000;
        let is_whole = self.modified_ns.rem_euclid(SECOND_NS) == 0;
        self.modified_ns < if is_whole { ns - ns.rem_euclid(SECOND_NS) } else { ns }
    }
}

/// FNV-1a, which can be continued byte by byte and must never change between releases.
const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

/// How much of a file's beginning its fingerprint covers at most.
pub(super) const HEAD_BYTES_MAX: usize = 1024;

/// The fingerprint of a file's beginning, as far as it has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    bytes: u16,
    hash: u64,
}

impl Default for Head {
    fn default() -> Self {
        Self { bytes: 0, hash: FNV_START }
    }
}

impl Head {
    /// How many bytes it covers.
    pub fn len(self) -> usize {
        usize::from(self.bytes)
    }

    /// Whether it covers nothing, and so tells nothing: all empty files are alike.
    pub fn is_empty(self) -> bool {
        self.bytes == 0
    }

    /// Takes in what was read at an offset of the file, in order.
    pub fn grow(&mut self, offset: u64, bytes: &[u8]) {
        let Ok(offset) = usize::try_from(offset) else { return };
        let known = self.len();
        if offset > known || known >= HEAD_BYTES_MAX {
            return;
        }
        let until = bytes.len().min(HEAD_BYTES_MAX - offset);
        let Some(new) = bytes.get(known - offset..until) else { return };
        self.hash = fnv(self.hash, new);
        self.bytes = u16::try_from(known + new.len()).unwrap_or(u16::MAX);
    }

    /// Whether a file begins with the same bytes; `start` holds its first ones, at least as many
    /// as this covers if there are so many.
    pub fn is_of(self, start: &[u8]) -> bool {
        start.get(..self.len()).is_some_and(|start| fnv(FNV_START, start) == self.hash)
    }
}

/// The fingerprints of every beginning of one text, so that it can be held against many heads.
pub(super) struct Beginnings(Vec<u64>);

impl Beginnings {
    pub(super) fn of(start: &[u8]) -> Self {
        let mut hashes = vec![FNV_START];
        let mut hash = FNV_START;
        for byte in start.iter().take(HEAD_BYTES_MAX) {
            hash = fnv(hash, &[*byte]);
            hashes.push(hash);
        }
        Self(hashes)
    }

    /// Whether the text begins as a file does.
    pub(super) fn have(&self, head: Head) -> bool {
        self.0.get(head.len()) == Some(&head.hash)
    }
}

/// How many bytes before an offset are remembered.
pub(super) const MARKER_BYTES_MAX: usize = 64;

/// The bytes directly before an offset, as a hash: what tells that a file was written anew although
/// it is as long as before, or longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    bytes: u8,
    hash: u64,
}

impl Default for Marker {
    fn default() -> Self {
        Self { bytes: 0, hash: FNV_START }
    }
}

impl Marker {
    /// How many bytes it covers.
    pub fn len(self) -> usize {
        usize::from(self.bytes)
    }

    /// Whether it covers nothing, as at a file's beginning.
    pub fn is_empty(self) -> bool {
        self.bytes == 0
    }

    /// Of the last bytes of `before`, which end at the offset.
    pub fn of(before: &[u8]) -> Self {
        let last = before.len().min(MARKER_BYTES_MAX);
        let last = &before[before.len() - last..];
        Self { bytes: u8::try_from(last.len()).unwrap_or(u8::MAX), hash: fnv(FNV_START, last) }
    }

    /// Whether these bytes, as many as it covers, are the same.
    pub fn is_of(self, bytes: &[u8]) -> bool {
        bytes.len() == self.len() && fnv(FNV_START, bytes) == self.hash
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        static BIRTHS_UNKNOWN: Cell<bool> = const { Cell::new(false) };
    }

    /// Tells a story on a file system that keeps no births, as far as this thread sees it.
    pub(in super::super) fn without_births(story: impl FnOnce()) {
        BIRTHS_UNKNOWN.set(true);
        story();
        BIRTHS_UNKNOWN.set(false);
    }

    pub(super) fn are_births_unknown() -> bool {
        BIRTHS_UNKNOWN.get()
    }

    #[test]
    fn a_head_grows_with_the_file_however_it_is_read() {
        let text: Vec<u8> = (0..2000u32).map(|n| (n % 251) as u8).collect();
        for step in [1, 7, 100, 1023, 1024, 1025, 2000] {
            let mut head = Head::default();
            let mut offset = 0;
            for piece in text.chunks(step) {
                head.grow(offset, piece);
                offset += piece.len() as u64;
                assert!(head.is_of(&text), "after {offset} bytes in steps of {step}");
            }
            assert_eq!(head.len(), HEAD_BYTES_MAX);
            let beginnings = Beginnings::of(&text);
            assert!(beginnings.have(head) && !Beginnings::of(&text[1..]).have(head));
            let mut other = text.clone();
            other[1023] ^= 1;
            assert!(!head.is_of(&other));
            assert!(!head.is_of(&text[..1023]), "a shorter file is another");
        }
    }

    #[test]
    fn a_head_takes_only_what_follows_it() {
        let mut head = Head::default();
        head.grow(10, b"later");
        assert!(head.is_empty());
        head.grow(0, b"abc");
        head.grow(1, b"bcd");
        assert!(head.is_of(b"abcd") && head.len() == 4);
    }

    #[test]
    fn a_marker_covers_the_last_bytes_and_tells_others_apart() {
        assert!(Marker::of(b"").is_empty() && !Marker::of(b"x").is_empty());
        let text = [b'x'; 100];
        let marker = Marker::of(&text);
        assert_eq!(marker.len(), MARKER_BYTES_MAX);
        assert!(marker.is_of(&text[36..]));
        assert!(!marker.is_of(&text[35..]), "another number of bytes");
        assert!(!marker.is_of(&[b'y'; 64]));
        assert!(Marker::of(b"").is_of(b""));
    }
}
