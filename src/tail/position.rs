//! How far a file has been read, and whether it is still the file that was read.
//!
//! Owns the judgement: grown, cut short, written anew. Must never touch a file: it is handed the
//! bytes that stand there now. Nothing here fails.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::identity::{Extent, Head, Identity, MARKER_BYTES_MAX, Marker};
use super::path_text;

/// How many earlier offsets have a marker.
const TRAIL_MAX: usize = 8;

/// How far a file has been read, and how it is known again: kept over a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// What the file system said of it.
    pub identity: Identity,
    /// Where it was last seen.
    #[serde(with = "path_text")]
    pub path: PathBuf,
    /// What lies there now is a copy, which was made later than the file was.
    pub copied: bool,
    /// What lies there now is compressed; offsets are those of the text in it.
    pub compressed: bool,
    /// The fingerprint of its beginning.
    pub head: Head,
    /// Everything before this byte was read.
    pub read_bytes: u64,
    /// The bytes before it.
    pub marker: Marker,
    /// The same of earlier offsets, ascending: they tell how much of a file that became shorter is
    /// still what was read.
    trail: Vec<(u64, Marker)>,
    /// Its size and time when it was last looked at.
    pub extent: Extent,
    /// When it had last been written to when what was read was last seen to stand there: what was
    /// written later elsewhere may have stood here meanwhile. In nanoseconds since 1970.
    pub verified_ns: i64,
}

/// What stands in a file at and before an offset that was reached earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The same as then; what is new comes behind so many bytes of the window.
    Same {
        /// How many bytes of the window are those before the offset.
        known_bytes: usize,
    },
    /// The file ends before the offset.
    Shorter,
    /// Other bytes stand before the offset.
    Rewritten,
}

impl Position {
    /// At the beginning of a file.
    pub fn new(identity: Identity, path: PathBuf, extent: Extent) -> Self {
        Self {
            identity,
            path,
            copied: false,
            compressed: false,
            head: Head::default(),
            read_bytes: 0,
            marker: Marker::default(),
            trail: Vec::new(),
            extent,
            verified_ns: extent.modified_ns,
        }
    }

    /// How many bytes are known to be unread; of a compressed file nothing is known.
    pub fn unread_bytes(&self) -> u64 {
        let size = if self.compressed { 0 } else { self.extent.size_bytes };
        size.saturating_sub(self.read_bytes)
    }

    /// Where a window begins whose first bytes tell whether the file is still the same.
    pub fn window_start(&self) -> u64 {
        self.read_bytes.saturating_sub(self.marker.len() as u64)
    }

    /// Judges a file by a window that was read at [`window_start`](Self::window_start) and by how
    /// it begins, at least as long as the marker and the head if the file has so much. Where no
    /// beginning is given it cannot have changed.
    ///
    /// Lines of a log end alike: what stood before an offset may stand there again in a file that
    /// was written anew. They begin with different stamps.
    pub fn judge(&self, window: &[u8], start: Option<&[u8]>) -> Standing {
        match window.get(..self.marker.len()) {
            None => Standing::Shorter,
            Some(_) if start.is_some_and(|start| !self.head.is_of(start)) => Standing::Rewritten,
            Some(before) if self.marker.is_of(before) => {
                Standing::Same { known_bytes: self.marker.len() }
            }
            Some(_) => Standing::Rewritten,
        }
    }

    /// Notes that the rest of a window was read.
    pub fn advance(&mut self, window: &[u8], known_bytes: usize) {
        let Some(new) = window.get(known_bytes..).filter(|new| !new.is_empty()) else { return };
        self.head.grow(self.read_bytes, new);
        self.leave_mark();
        self.read_bytes += new.len() as u64;
        self.marker = Marker::of(window);
    }

    /// Skips to an offset; `before` are the bytes directly before it.
    pub fn skip_to(&mut self, offset: u64, head: &[u8], before: &[u8]) {
        self.head.grow(0, head);
        self.read_bytes = offset;
        self.marker = Marker::of(before);
    }

    /// Notes how the file begins, before anything of it is read.
    pub fn look_at_head(&mut self, start: &[u8]) {
        if self.head.is_of(start) {
            self.head.grow(0, start);
        }
    }

    fn leave_mark(&mut self) {
        if self.marker.len() < MARKER_BYTES_MAX {
            return;
        }
        self.trail.push((self.read_bytes, self.marker));
        if self.trail.len() > TRAIL_MAX {
            // Marks get sparser towards the beginning: the one goes whose neighbours lie closest,
            // measured by how far back it is. The first stays: it covers the most.
            let ends = self.read_bytes;
            let density = |index: usize| {
                let at = |index: usize| self.trail.get(index).map_or(0, |(at, _)| *at);
                let gap = at(index + 1).saturating_sub(index.checked_sub(1).map_or(0, at));
                u128::from(gap) * 1_000_000 / u128::from(ends.saturating_sub(at(index)).max(1))
            };
            let densest = (1..self.trail.len() - 1).min_by_key(|index| density(*index));
            if let Some(densest) = densest {
                self.trail.remove(densest);
            }
        }
    }

    /// From where a file is to be read that became another, with `size_bytes` now: behind what is
    /// still there of what was read, else from its beginning. `read` gives the bytes from an offset
    /// on, as many as asked for if there are so many.
    ///
    /// A program may cut its log to a length that is not zero. What stands there was read; only its
    /// beginning and marks at earlier offsets can tell, and where none does the whole file counts
    /// as new.
    pub fn still_known(&self, size_bytes: u64, mut read: impl FnMut(u64, usize) -> Vec<u8>) -> u64 {
        if !self.head.is_of(&read(0, self.head.len())) {
            return 0;
        }
        let mut last = 0;
        for (offset, marker) in self.trail.iter().take_while(|(offset, _)| *offset <= size_bytes) {
            let start = offset.saturating_sub(marker.len() as u64);
            if !marker.is_of(&read(start, marker.len())) {
                // Something new stands behind the mark before, and nothing tells from where on:
                // better read twice than never.
                return last;
            }
            last = *offset;
        }
        // What lies between the mark and the end was read before the file was cut there.
        if last > 0 && size_bytes < self.read_bytes { size_bytes } else { last }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position() -> Position {
        let identity = Identity { dev: 1, ino: 2, born_ns: Some(3) };
        Position::new(identity, PathBuf::from("app.log"), Extent::default())
    }

    /// Reads what is new in a file's bytes, in windows of some size.
    fn read(position: &mut Position, file: &[u8], step: usize) -> Standing {
        loop {
            let start = usize::try_from(position.window_start()).unwrap();
            let end = file.len().min(start + position.marker.len() + step);
            let window = file.get(start..end.max(start)).unwrap_or_default();
            let standing = position.judge(window, Some(file));
            let Standing::Same { known_bytes } = standing else { return standing };
            if window.len() == known_bytes {
                return standing;
            }
            position.advance(window, known_bytes);
        }
    }

    fn text(from: u32, until: u32) -> Vec<u8> {
        (from..until).flat_map(|n| format!("line {n:06}\n").into_bytes()).collect()
    }

    #[test]
    fn a_file_that_grows_is_the_same_whatever_the_size_of_the_reads() {
        for step in [1, 3, 64, 100, 5000] {
            let mut position = position();
            for lines in [1, 2, 50, 500] {
                let file = text(0, lines);
                assert!(matches!(read(&mut position, &file, step), Standing::Same { .. }));
                assert_eq!(position.read_bytes, file.len() as u64);
            }
        }
    }

    #[test]
    fn a_file_written_anew_is_known_by_its_marker_at_any_length() {
        let mut before = position();
        read(&mut before, &text(0, 100), 4096);
        for lines in [99, 100, 101, 300] {
            let anew = text(1000, 1000 + lines);
            let start = usize::try_from(before.window_start()).unwrap();
            let standing = before.judge(anew.get(start..).unwrap_or_default(), None);
            let expected = if lines < 100 { Standing::Shorter } else { Standing::Rewritten };
            assert_eq!(standing, expected, "{lines} lines");
        }
    }

    #[test]
    fn a_file_written_anew_whose_lines_end_alike_is_known_by_its_beginning() {
        let file = |from: u32| -> Vec<u8> {
            let line = |n| format!("{n:06} {}\n", "the same words in each line ".repeat(4));
            (from..from + 100).flat_map(|n| line(n).into_bytes()).collect()
        };
        let (before, anew) = (file(0), file(1000));
        let mut position = position();
        read(&mut position, &before[..before.len() / 2], 600);
        let start = usize::try_from(position.window_start()).unwrap();
        let same = Standing::Same { known_bytes: MARKER_BYTES_MAX };
        assert_eq!(position.judge(&before[start..], Some(&before)), same);
        assert_eq!(position.judge(&anew[start..], None), same, "the line ends alike");
        assert_eq!(position.judge(&anew[start..], Some(&anew)), Standing::Rewritten);
        assert_eq!(position.judge(&anew[start..], Some(&anew[..1023])), Standing::Rewritten);
        let read = |offset: u64, count: usize| {
            let start = usize::try_from(offset).unwrap();
            anew[start..start + count].to_vec()
        };
        assert_eq!(position.still_known(anew.len() as u64, read), 0);
    }

    #[test]
    fn a_file_that_was_cut_goes_on_behind_what_is_left() {
        let file = text(0, 1000);
        let mut position = position();
        read(&mut position, &file, 500);
        let bytes = |file: Vec<u8>| {
            move |offset: u64, count: usize| {
                let start = usize::try_from(offset).unwrap().min(file.len());
                file[start..file.len().min(start + count)].to_vec()
            }
        };
        for left in [300, 500, 900] {
            let cut = text(0, left);
            let size = cut.len() as u64;
            assert_eq!(position.still_known(size, bytes(cut)), size, "{left} lines are left");
        }
        // Written anew with the same beginning, shorter and longer than before.
        for lines in [300, 2000] {
            let anew = [text(0, 5), text(5000, 5000 + lines)].concat();
            let size = anew.len() as u64;
            assert_eq!(position.still_known(size, bytes(anew)), 0, "{lines} new lines");
        }
        assert_eq!(position.still_known(0, bytes(Vec::new())), 0);
    }

    #[test]
    fn where_no_mark_tells_what_is_left_the_whole_file_counts_as_new() {
        let file = text(0, 1000);
        let still_known = |step: usize, left: usize| {
            let mut position = position();
            read(&mut position, &file, step);
            position.still_known(left as u64, |offset, count| {
                let start = usize::try_from(offset).unwrap().min(left);
                file[start..left.min(start + count)].to_vec()
            })
        };
        assert_eq!(still_known(5000, 2000), 0);
        assert_eq!(still_known(5000, 5000), 5000, "the first mark is there to its last byte");
        assert_eq!(still_known(5000, 4999), 0);
    }

    #[test]
    fn marks_get_sparser_towards_the_beginning_and_the_first_and_the_latest_stay() {
        let mut position = position();
        let file = &text(0, 5000)[..50_000];
        read(&mut position, file, 500);
        let marks: Vec<u64> = position.trail.iter().map(|(offset, _)| *offset).collect();
        assert_eq!(marks, [500, 24_500, 36_000, 42_000, 46_000, 48_500, 49_000, 49_500]);
        let bytes = |file: Vec<u8>| {
            move |offset: u64, count: usize| {
                let start = usize::try_from(offset).unwrap().min(file.len());
                file[start..file.len().min(start + count)].to_vec()
            }
        };
        // Cut at a mark, where its beginning tells no more, and written anew behind a mark, with
        // the same size.
        assert_eq!(position.still_known(24_500, bytes(file[..24_500].to_vec())), 24_500);
        assert_eq!(position.still_known(500, bytes(file[..500].to_vec())), 0);
        let anew = [&file[..49_900], &[b'x'; 100]].concat();
        assert_eq!(position.still_known(50_000, bytes(anew)), 49_500);
    }

    #[test]
    fn a_position_is_the_same_after_a_restart() {
        let mut position = position();
        read(&mut position, &text(0, 1000), 700);
        let kept = serde_json::to_string(&position).unwrap();
        assert_eq!(serde_json::from_str::<Position>(&kept).unwrap(), position);
        assert!(!kept.contains("line"), "nothing of the log is kept: {kept}");
        assert!(kept.len() < 1024, "{} bytes", kept.len());
    }
}
