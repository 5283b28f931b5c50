//! Open files: few at a time, the rest by need.
//!
//! Owns how a followed file is opened and read at an offset, and which handle is given up when
//! there are too many. Must never know why a file is read. Fails with the `io::Error` of the file
//! system; no handle left (`EMFILE`) gives one of ours up and is tried once more.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{self, Read as _, Seek as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use rustix::io::Errno;

use super::FileId;
use super::identity::{HEAD_BYTES_MAX, Identity, MARKER_BYTES_MAX};
use super::position::{Position, Standing};
use crate::input::{self, Decompressed, Links, UntrustedLink};

/// What was opened at a path.
pub(super) enum Content {
    /// Bytes as they lie there.
    Plain(File),
    /// A compressed copy, in which every step back is a new beginning.
    Compressed(Box<Forward>),
}

/// A compressed file and how far its text was read.
pub(super) struct Forward {
    file: File,
    text: Decompressed,
    read_bytes: u64,
    /// The last bytes that were read, so that the marker can be read again.
    last: Vec<u8>,
}

/// How much of what was read of a compressed file is kept.
const LAST_BYTES: usize = 256;

impl Content {
    /// Opens a regular file, and tells what it is.
    pub(super) fn open(path: &Path, links: Links) -> io::Result<(File, Metadata)> {
        #[cfg(test)]
        super::faults::open(path)?;
        let is_no_file = || io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
        let file = input::open_along(path, links).map_err(|error| match error.raw_os_error() {
            // What `open(2)` says of a socket.
            Some(number) if number == Errno::NXIO.raw_os_error() => is_no_file(),
            _ => error,
        })?;
        let metadata = file.metadata()?;
        if metadata.is_file() { Ok((file, metadata)) } else { Err(is_no_file()) }
    }

    /// The text of a compressed file.
    pub(super) fn decompress(file: File) -> io::Result<Self> {
        let text = text_of(&file)?;
        Ok(Self::Compressed(Box::new(Forward { file, text, read_bytes: 0, last: Vec::new() })))
    }

    /// Fills a buffer with what stands at an offset; less only at the end.
    pub(super) fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => fill_at(file, offset, buffer),
            Self::Compressed(forward) => forward.read_at(offset, buffer),
        }
    }

    /// How the file begins, as far as that is remembered.
    pub(super) fn start(&mut self) -> io::Result<Vec<u8>> {
        let mut start = vec![0; HEAD_BYTES_MAX];
        let count = self.read_at(0, &mut start)?;
        start.truncate(count);
        Ok(start)
    }

    /// How the file begins, and the bytes directly before an offset: what tells that it is still
    /// the same when reading goes on there. `None` if they cannot be read.
    pub(super) fn around(&mut self, offset: u64) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut bytes = |from: u64, bytes_max: usize| {
            let wanted = usize::try_from(offset - from).unwrap_or(usize::MAX).min(bytes_max);
            let mut bytes = vec![0; wanted];
            let count = self.read_at(from, &mut bytes).ok()?;
            (count == wanted).then_some(bytes)
        };
        let head = bytes(0, HEAD_BYTES_MAX)?;
        let start = offset.saturating_sub(MARKER_BYTES_MAX as u64);
        Some((head, bytes(start, MARKER_BYTES_MAX)?))
    }

    /// Fills a buffer, at least as long as the marker and the head, with what stands before and
    /// behind how far a file was read, and tells how much there is and whether the file is still
    /// the same.
    pub(super) fn read_window(
        &mut self,
        position: &Position,
        buffer: &mut [u8],
    ) -> io::Result<(usize, Standing)> {
        let window_start = position.window_start();
        let count = self.read_at(window_start, buffer)?;
        let window = buffer.get(..count).unwrap_or_default();
        let mut head = [0; HEAD_BYTES_MAX];
        let start = match self {
            _ if window_start == 0 => Some(window),
            // Behind the window: if that was written anew, the beginning is new by now.
            Self::Plain(file) => {
                let count = fill_at(file, 0, &mut head[..position.head.len()])?;
                Some(&head[..count])
            }
            // Every step back is a new beginning, and nobody empties what is compressed.
            Self::Compressed(_) => None,
        };
        Ok((count, position.judge(window, start)))
    }

    /// Whether what was read of a file stands in it.
    pub(super) fn has_text_of(&mut self, position: &Position) -> io::Result<bool> {
        let mut start = [0; HEAD_BYTES_MAX];
        let count = self.read_at(0, &mut start[..position.head.len()])?;
        let start = &start[..count];
        let mut window = [0; MARKER_BYTES_MAX];
        let count = self.read_at(position.window_start(), &mut window[..position.marker.len()])?;
        Ok(matches!(position.judge(&window[..count], Some(start)), Standing::Same { .. }))
    }

    /// What the file system says of it now.
    pub(super) fn metadata(&self) -> io::Result<Metadata> {
        #[cfg(test)]
        super::faults::step();
        match self {
            Self::Plain(file) => file.metadata(),
            Self::Compressed(forward) => forward.file.metadata(),
        }
    }
}

fn text_of(file: &File) -> io::Result<Decompressed> {
    let mut again = file.try_clone()?;
    again.rewind()?;
    input::decompressed(again, Path::new("")).map_err(io::Error::other)
}

fn fill_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    #[cfg(test)]
    super::faults::read()?;
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // What came before the error is as good as ever.
            Err(_) if filled > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

impl Forward {
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let behind = usize::try_from(self.read_bytes.saturating_sub(offset)).unwrap_or(usize::MAX);
        let Some(kept_start) = self.last.len().checked_sub(behind) else {
            self.text = text_of(&self.file)?;
            self.read_bytes = 0;
            self.last.clear();
            return self.read_at(offset, buffer);
        };
        let mut skipped = vec![0; 64 * 1024];
        while self.read_bytes < offset {
            let wanted = (offset - self.read_bytes).min(skipped.len() as u64);
            let wanted = usize::try_from(wanted).unwrap_or(skipped.len());
            let count = self.read(&mut skipped[..wanted])?;
            if count == 0 {
                return Ok(0);
            }
        }
        let kept = if behind > 0 { self.last[kept_start..].to_vec() } else { Vec::new() };
        let mut filled = kept.len().min(buffer.len());
        buffer[..filled].copy_from_slice(&kept[..filled]);
        while filled < buffer.len() {
            let count = self.read(&mut buffer[filled..])?;
            if count == 0 {
                break;
            }
            filled += count;
        }
        Ok(filled)
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.text.read(buffer)?;
        self.read_bytes += count as u64;
        self.last.extend_from_slice(&buffer[..count]);
        let excess = self.last.len().saturating_sub(LAST_BYTES);
        self.last.drain(..excess);
        Ok(count)
    }
}

/// The open files, the one longest unused first to be closed.
pub(super) struct Handles {
    open: HashMap<FileId, (Content, u64)>,
    open_max: usize,
    links: Links,
    uses: u64,
    /// Handles that were given up for others.
    pub(super) closed_early: u64,
}

impl Handles {
    pub(super) fn new(open_max: usize, links: Links) -> Self {
        Self { open: HashMap::new(), open_max: open_max.max(1), links, uses: 0, closed_early: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn get(&mut self, id: FileId) -> Option<&mut Content> {
        let (content, used) = self.open.get_mut(&id)?;
        self.uses += 1;
        *used = self.uses;
        Some(content)
    }

    pub(super) fn close(&mut self, id: FileId) {
        self.open.remove(&id);
    }

    pub(super) fn insert(&mut self, id: FileId, content: Content) {
        while self.open.len() >= self.open_max && !self.open.contains_key(&id) {
            self.give_up_one();
        }
        self.uses += 1;
        self.open.insert(id, (content, self.uses));
    }

    fn give_up_one(&mut self) {
        let oldest = self.open.iter().min_by_key(|(_, (_, used))| *used).map(|(id, _)| *id);
        if let Some(oldest) = oldest {
            self.open.remove(&oldest);
            self.closed_early += 1;
        }
    }

    /// Opens something; if no handle is left, one of ours is given up for it.
    pub(super) fn with_one_free<T>(&mut self, open: impl Fn() -> io::Result<T>) -> io::Result<T> {
        match open() {
            Err(error) if is_out_of_handles(&error) && !self.open.is_empty() => {
                self.give_up_one();
                open()
            }
            opened => opened,
        }
    }

    /// Whether what lies at a path is looked at, as far as links lead there.
    pub(super) fn check_links(&mut self, path: &Path) -> io::Result<()> {
        let links = self.links;
        self.with_one_free(|| input::check_links(path, links))
    }

    /// Opens a path if what lies there is the file that is meant.
    pub(super) fn open(
        &mut self,
        path: &Path,
        meant: Identity,
    ) -> io::Result<Option<(File, Metadata)>> {
        let links = self.links;
        let (file, metadata) = match self.with_one_free(|| Content::open(path, links)) {
            // What somebody set there is not the file, whatever it is.
            Err(error) if UntrustedLink::is_in(&error) => return Ok(None),
            opened => opened?,
        };
        let is_meant = Identity::of(&metadata) == meant;
        Ok(is_meant.then_some((file, metadata)))
    }
}

/// The process or the machine has no handle left.
pub(super) fn is_out_of_handles(error: &io::Error) -> bool {
    let number = error.raw_os_error();
    number == Some(Errno::MFILE.raw_os_error()) || number == Some(Errno::NFILE.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_before_the_first_byte_is_no_end() {
        // The memory of this process: at its beginning nothing is mapped.
        let file = File::open("/proc/self/mem").unwrap();
        let error = Content::Plain(file).start().unwrap_err();
        assert_eq!(error.raw_os_error(), Some(Errno::IO.raw_os_error()));
    }
}
