//! One-shot reading: which bytes of which inputs, in which order.
//!
//! Arguments become a list of inputs ([`discover()`]), an input becomes a stream of text
//! ([`open()`]): decompressed, without its byte order mark, UTF-16 turned into UTF-8, everything
//! else byte for byte. Must never look inside a line: what a byte means is `extract`'s business,
//! and a file in another encoding (GBK, say) passes through as it is.
//!
//! Fails: per input, never for all of them. What keeps an input from being read is an
//! [`InputProblem`]; what goes wrong while it is read is a [`Note`], and every byte that could be
//! decoded before it has been delivered by then. Memory is bounded by [`Limits`], whatever the
//! input claims to need.
//!
//! ```text
//! file ──raw──▶ bytes ──decompress──▶ bytes ──encoding──▶ text
//! ```

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};

mod decompress;
mod discover;
mod encoding;
mod glob;
mod link;
mod note;
mod problem;
mod raw;
mod rotated;
mod sniff;
mod wording;

#[cfg(test)]
mod tests;

pub use decompress::Format;
pub use discover::{Discovery, SkipReason, Skipped, SkippedInput, discover};
pub use encoding::Encoding;
pub use link::{Links, UntrustedLink, check as check_links, open as open_along};
pub use note::{Note, NoteKind};
pub use problem::{ExitKind, InputProblem, ProblemKind};
pub use rotated::{is_compressed_name, live_name, log_name, siblings_of};

use decompress::{Damage, Decompressor, Ending, Foreign};
use encoding::Text;
use raw::Raw;

/// How many bytes one read asks of a file.
pub const READ_BYTES: usize = 256 * 1024;

/// One thing to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// As the user gave it, `-` for standard input; for a member of a directory, the directory as
    /// given and the path below it. May hold any character a file name may hold: escape it before
    /// it reaches a terminal.
    pub name: Arc<str>,
    /// Where it is; `None` for standard input.
    pub path: Option<PathBuf>,
    /// Its size as it lies on the disk, compressed if it is; `None` for a stream.
    pub size_bytes: Option<u64>,
    /// When it was last written; `None` for a stream.
    pub modified: Option<DateTime<Utc>>,
    /// Which links are followed to it: all if the user named it, else the trusted ones.
    pub links: Links,
}

impl Input {
    /// Standard input.
    pub fn stdin() -> Self {
        Self { name: "-".into(), path: None, size_bytes: None, modified: None, links: Links::Any }
    }

    /// A file that nobody named by itself.
    fn found(path: PathBuf, metadata: &std::fs::Metadata) -> Self {
        Self { links: Links::Protected, ..Self::file(path, metadata) }
    }

    /// A file of which the file system has told `metadata`.
    fn file(path: PathBuf, metadata: &std::fs::Metadata) -> Self {
        let regular = metadata.is_file();
        Self {
            name: path.to_string_lossy().into(),
            path: Some(path),
            size_bytes: regular.then_some(metadata.len()),
            modified: metadata.modified().ok().filter(|_| regular).map(DateTime::from),
            links: Links::Any,
        }
    }

    fn open_file(&self, path: &Path) -> io::Result<File> {
        match self.links {
            // A FIFO that was named waits for its writer.
            Links::Any => File::open(path),
            Links::Protected => link::open(path, self.links),
        }
    }
}

/// What reading one input may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest history window (zstd) or dictionary (xz) kept in memory. Text is delivered until
    /// more than this would have to be kept, then [`NoteKind::WindowTooLarge`] says so.
    ///
    /// 16 MiB holds what `zstd -19` (8 MiB) and `xz -7` (16 MiB) write, and any file with less text
    /// than that, whatever its header asks for. gzip (32 KiB) and bzip2 (900 kB) always fit.
    pub window_bytes_max: u64,
    /// How many bytes one read asks of the file.
    pub read_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { window_bytes_max: 16 * 1024 * 1024, read_bytes: READ_BYTES }
    }
}

/// Opens an input with the default limits.
///
/// A FIFO is read as a stream, which waits for its writer. A socket, a device (but `/dev/null` and
/// `/dev/stdin`), a directory and an archive of a format that is not read are refused.
pub fn open(input: &Input) -> Result<Reader, InputProblem> {
    open_within(input, Limits::default())
}

/// Opens an input with limits of the caller's own.
pub fn open_within(input: &Input, limits: Limits) -> Result<Reader, InputProblem> {
    let Some(path) = &input.path else {
        return Reader::within(Arc::clone(&input.name), io::stdin(), limits);
    };
    let problem = |error: io::Error| InputProblem::of_io(&input.name, Some(path), error);
    // Asked before opening, because opening a device may do something to it.
    let metadata = std::fs::metadata(path).map_err(problem)?;
    if let Some(what) = not_readable(path, &metadata) {
        return Err(InputProblem::new(&input.name, ProblemKind::NotAFile(what)));
    }
    let file = input.open_file(path).map_err(problem)?;
    let metadata = file.metadata().map_err(problem)?;
    let expected_bytes = metadata.is_file().then_some(metadata.len());
    // A file system that does not take the advice is read all the same.
    let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::Sequential);
    let raw = Raw::of_file(file, expected_bytes, limits.read_bytes);
    Reader::over(Arc::clone(&input.name), raw, limits)
}

/// The bytes of a file as they were before it was compressed, whatever they mean: no byte order
/// mark is taken off. For a follower that knows how far it has read the file; it is read from where
/// the handle stands.
pub fn decompressed(file: File, name: &Path) -> Result<Decompressed, InputProblem> {
    let limits = Limits::default();
    let raw = Raw::of_file(file, None, limits.read_bytes);
    match Decompressor::new(raw, limits.window_bytes_max) {
        Ok(decompressor) => Ok(Decompressed(decompressor)),
        Err(Foreign { what, command }) => {
            let name: Arc<str> = name.to_string_lossy().into();
            Err(InputProblem::new(&name, ProblemKind::Unsupported { what, command }))
        }
    }
}

/// See [`decompressed`]. Damage is an error once every byte before it was read.
pub struct Decompressed(Decompressor);

impl Read for Decompressed {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buf);
        if count > 0 || buf.is_empty() {
            return Ok(count);
        }
        match self.0.take_ending() {
            Some(Ending::Failed(error)) => Err(error),
            Some(Ending::Damaged(..)) => {
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the compressed data is damaged"))
            }
            None | Some(Ending::Clean | Ending::Trailing { .. }) => Ok(0),
        }
    }
}

/// What a path is, if it is nothing that a log can be read from.
fn not_readable(path: &Path, metadata: &std::fs::Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    // Both are devices, and both are what people write for "nothing" and "standard input".
    let known = path == Path::new("/dev/null") || path == Path::new("/dev/stdin");
    if kind.is_dir() {
        Some("a directory")
    } else if kind.is_socket() {
        Some("a socket")
    } else if kind.is_block_device() {
        Some("a block device")
    } else if kind.is_char_device() && !known {
        Some("a character device")
    } else {
        None
    }
}

/// The text of one input.
///
/// Reading never fails: whatever ends the text early ends it with `Ok(0)`, after every byte that
/// could be decoded, and stands in [`Reader::notes`] from then on. The bytes do not depend on the
/// sizes of the reads, neither the caller's nor those that the file system or a pipe answers with.
pub struct Reader {
    name: Arc<str>,
    text: Text,
    notes: Vec<Note>,
    finished: bool,
}

impl Reader {
    /// The text of any stream, such as bytes in memory.
    pub fn new(
        name: impl Into<Arc<str>>,
        stream: impl Read + Send + 'static,
    ) -> Result<Self, InputProblem> {
        Self::within(name.into(), stream, Limits::default())
    }

    fn within(
        name: Arc<str>,
        stream: impl Read + Send + 'static,
        limits: Limits,
    ) -> Result<Self, InputProblem> {
        let raw = Raw::of_stream(Box::new(stream), limits.read_bytes);
        Self::over(name, raw, limits)
    }

    /// Reads the first bytes, as many as it takes to know the format.
    fn over(name: Arc<str>, raw: Raw, limits: Limits) -> Result<Self, InputProblem> {
        match Decompressor::new(raw, limits.window_bytes_max) {
            Ok(decompressor) => {
                let text = Text::new(decompressor);
                Ok(Self { name, text, notes: Vec::new(), finished: false })
            }
            Err(Foreign { what, command }) => {
                Err(InputProblem::new(&name, ProblemKind::Unsupported { what, command }))
            }
        }
    }

    /// The input's name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The bytes of the file that the text delivered so far came from, for a progress bar beside
    /// [`Input::size_bytes`]. Runs ahead of the text by what has been decoded and not yet read.
    pub fn compressed_position(&self) -> u64 {
        self.text.decompressor().position()
    }

    /// The compression of the file's first member, if it is compressed.
    pub fn compression(&self) -> Option<Format> {
        self.text.decompressor().format()
    }

    /// How the text was encoded, once enough of it has been read to know.
    pub fn encoding(&self) -> Option<Encoding> {
        self.text.encoding()
    }

    /// The bytes of the byte order mark that were taken off the front of the text: an offset in
    /// the delivered text is this much less than in the file, beyond the first line.
    pub fn mark_bytes(&self) -> u64 {
        self.text.mark_bytes()
    }

    /// What is to be told about this input. Complete once a read has returned `Ok(0)`.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The same, handed over.
    pub fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    fn finish(&mut self) {
        self.finished = true;
        let (odd_byte, lone_surrogates) = self.text.damage();
        let decompressor = self.text.decompressor_mut();
        let text_bytes = decompressor.text_bytes();
        let format = decompressor.format();
        let shrunk = decompressor.shrunk_to();
        let mut kinds = Vec::new();
        if let Some((expected_bytes, read_bytes)) = shrunk {
            kinds.push(NoteKind::Shrank { expected_bytes, read_bytes });
        }
        match decompressor.take_ending() {
            None | Some(Ending::Clean) => {}
            Some(Ending::Trailing { bytes }) => {
                kinds.push(NoteKind::TrailingBytes { format, bytes });
            }
            Some(Ending::Failed(error)) => kinds.push(NoteKind::ReadFailed { text_bytes, error }),
            Some(Ending::Damaged(format, damage)) => kinds.push(match damage {
                Damage::Truncated => NoteKind::Truncated { format, text_bytes },
                Damage::Corrupt(why) => NoteKind::Corrupt { format, text_bytes, why },
                Damage::Window { needs_bytes, limit_bytes } => {
                    NoteKind::WindowTooLarge { format, text_bytes, needs_bytes, limit_bytes }
                }
            }),
        }
        if odd_byte {
            kinds.push(NoteKind::OddByte);
        }
        if lone_surrogates > 0 {
            kinds.push(NoteKind::LoneSurrogates { count: lone_surrogates });
        }
        let name = &self.name;
        self.notes.extend(kinds.into_iter().map(|kind| Note { input: Arc::clone(name), kind }));
    }
}

impl Read for Reader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.finished || buf.is_empty() {
            return Ok(0);
        }
        let count = self.text.read(buf);
        if count == 0 {
            self.finish();
        }
        Ok(count)
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("name", &self.name)
            .field("compression", &self.compression())
            .field("compressed_position", &self.compressed_position())
            .field("notes", &self.notes)
            .finish_non_exhaustive()
    }
}
