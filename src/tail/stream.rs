//! Inputs that cannot be read again: standard input, FIFOs, another program's output.
//!
//! Owns a thread for each, which reads blocks and hands them on in order. Must never drop a byte:
//! who takes them slowly makes the thread wait, and so the writer. Fails: by [`Piece::Failed`],
//! which is an input's last piece, or, of a FIFO, is said once until it can be read.
//!
//! A FIFO is opened without waiting for its writer, and waited for together with our own end: so a
//! silent one can be let go. When its writers have closed it is opened anew before the old end is
//! closed, so that what the next writer writes in between is not lost.

use std::fs::{File, OpenOptions};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::OFlags;

#[cfg(test)]
mod tests;

/// What one read asks for.
const BLOCK_BYTES: usize = 64 * 1024;

/// So many pieces wait to be taken, at most; then the writer waits.
const PIECES_MAX: usize = 16;

/// What comes of an input, in order.
#[derive(Debug)]
pub enum Piece {
    /// The next bytes, at least one.
    Bytes(Vec<u8>),
    /// All writers of a FIFO have closed it; others may come.
    WriterClosed,
    /// It has ended, and nothing more comes.
    Ended,
    /// It cannot be read.
    Failed(io::Error),
}

/// What came of an input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamCounters {
    /// Bytes that were read.
    pub bytes: u64,
    /// How often the reader had to wait until somebody took what it had read.
    pub waits: u64,
    /// How often all writers closed a FIFO.
    pub writers_closed: u64,
    /// How often a FIFO was opened, the first time included.
    pub opened: u64,
    /// How often it could not be opened or read.
    pub failures: u64,
}

/// Reads an input that cannot be read again.
#[derive(Debug)]
pub struct Stream {
    pieces: Receiver<Piece>,
    shared: Arc<Shared>,
    /// To be dropped is the end of the thread; a byte asks it to look at the FIFO's path.
    bell: PipeWriter,
    fifo: Option<PathBuf>,
}

struct Shared {
    wake: Box<dyn Fn() + Send + Sync>,
    is_woken: AtomicBool,
    bytes: AtomicU64,
    waits: AtomicU64,
    writers_closed: AtomicU64,
    opened: AtomicU64,
    failures: AtomicU64,
    /// Of the FIFO that is open; 0 and 0 of none.
    device: AtomicU64,
    inode: AtomicU64,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Stream {
    /// Standard input. `wake` is called when there is a piece, at most once until
    /// [`try_next`](Self::try_next) has said that there is none.
    pub fn stdin(wake: impl Fn() + Send + Sync + 'static) -> io::Result<Self> {
        Self::of(io::stdin().as_fd().try_clone_to_owned()?, wake)
    }

    /// Anything that is open, such as another program's output.
    pub fn of(input: OwnedFd, wake: impl Fn() + Send + Sync + 'static) -> io::Result<Self> {
        let (stream, hand, bell) = Self::parts(None, wake)?;
        let read = move || drop(hand.read_all(File::from(input), &bell));
        thread::Builder::new().name("stream".to_owned()).spawn(read)?;
        Ok(stream)
    }

    /// A FIFO, which need not be there yet.
    pub fn fifo(path: &Path, wake: impl Fn() + Send + Sync + 'static) -> io::Result<Self> {
        let (stream, mut hand, bell) = Self::parts(Some(path.to_owned()), wake)?;
        let path = path.to_owned();
        let read = move || drop(hand.follow(&path, bell));
        thread::Builder::new().name("fifo".to_owned()).spawn(read)?;
        Ok(stream)
    }

    fn parts(
        fifo: Option<PathBuf>,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> io::Result<(Self, Hand, PipeReader)> {
        let (bell_reader, bell) = io::pipe()?;
        let (sender, pieces) = sync_channel(PIECES_MAX);
        let shared = Arc::new(Shared {
            wake: Box::new(wake),
            is_woken: AtomicBool::default(),
            bytes: AtomicU64::default(),
            waits: AtomicU64::default(),
            writers_closed: AtomicU64::default(),
            opened: AtomicU64::default(),
            failures: AtomicU64::default(),
            device: AtomicU64::default(),
            inode: AtomicU64::default(),
        });
        let hand = Hand { pieces: sender, shared: Arc::clone(&shared), failed: None };
        Ok((Self { pieces, shared, bell, fifo }, hand, bell_reader))
    }

    /// The next piece, if there is one.
    pub fn try_next(&mut self) -> Option<Piece> {
        if let Ok(piece) = self.pieces.try_recv() {
            return Some(piece);
        }
        self.shared.is_woken.store(false, Ordering::SeqCst);
        // One that came just before nobody will wake for again.
        self.pieces.try_recv().ok()
    }

    /// To be called about once a second: opens a FIFO that was missing, or that another has taken
    /// the place of.
    pub fn tend(&mut self) {
        let Some(path) = &self.fifo else { return };
        let open =
            (self.shared.device.load(Ordering::SeqCst), self.shared.inode.load(Ordering::SeqCst));
        let there = path.metadata().map(|there| (there.dev(), there.ino()));
        let is_to_open = match there {
            Ok(there) => there != open,
            // Who still writes to one that was removed is read on.
            Err(_) => false,
        };
        if is_to_open {
            // The thread may have ended with an input that has.
            let _ = self.bell.write(&[0]);
        }
    }

    /// What was counted.
    pub fn counters(&self) -> StreamCounters {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        StreamCounters {
            bytes: count(&self.shared.bytes),
            waits: count(&self.shared.waits),
            writers_closed: count(&self.shared.writers_closed),
            opened: count(&self.shared.opened),
            failures: count(&self.shared.failures),
        }
    }
}

/// What the thread hands pieces on with.
struct Hand {
    pieces: SyncSender<Piece>,
    shared: Arc<Shared>,
    /// What was said last of a FIFO that cannot be read.
    failed: Option<io::ErrorKind>,
}

/// Nobody wants to hear more.
struct Gone;

/// Why the thread is awake.
enum Ready {
    Input,
    Bell,
}

impl Hand {
    fn give(&self, piece: Piece) -> Result<(), Gone> {
        let full = match self.pieces.try_send(piece) {
            Ok(()) => None,
            Err(TrySendError::Full(piece)) => Some(piece),
            Err(TrySendError::Disconnected(_)) => return Err(Gone),
        };
        if let Some(piece) = full {
            self.shared.waits.fetch_add(1, Ordering::Relaxed);
            self.pieces.send(piece).map_err(|_| Gone)?;
        }
        if !self.shared.is_woken.swap(true, Ordering::SeqCst) {
            (self.shared.wake)();
        }
        Ok(())
    }

    /// Hands on what one read gives; whether it was the end.
    fn read(&self, input: &mut File) -> io::Result<Result<bool, Gone>> {
        let mut block = vec![0; BLOCK_BYTES];
        let count = input.read(&mut block)?;
        block.truncate(count);
        if count == 0 {
            return Ok(Ok(true));
        }
        self.shared.bytes.fetch_add(count as u64, Ordering::Relaxed);
        block.shrink_to_fit();
        Ok(self.give(Piece::Bytes(block)).map(|()| false))
    }

    fn read_all(&self, mut input: File, bell: &PipeReader) -> Result<(), Gone> {
        loop {
            match wait(&input, bell) {
                Ok(Ready::Input) => {}
                // Only its end rings here.
                Ok(Ready::Bell) => return Err(Gone),
                Err(error) => return self.fail(error),
            }
            match self.read(&mut input) {
                Ok(given) => {
                    if given? {
                        return self.give(Piece::Ended);
                    }
                }
                Err(error) if is_passing(&error) => {}
                Err(error) => return self.fail(error),
            }
        }
    }

    fn follow(&mut self, path: &Path, mut bell: PipeReader) -> Result<(), Gone> {
        let mut input = self.open(path)?;
        loop {
            let Some(file) = &mut input else {
                hear(&mut bell)?;
                input = self.open(path)?;
                continue;
            };
            match wait(file, &bell) {
                Ok(Ready::Input) => {}
                Ok(Ready::Bell) => {
                    hear(&mut bell)?;
                    // What the old one still holds is read first.
                    while matches!(self.read(file), Ok(Ok(false))) {}
                    input = self.open(path)?;
                    continue;
                }
                Err(error) => return self.fail(error),
            }
            match self.read(file) {
                Ok(given) => {
                    if given? {
                        self.shared.writers_closed.fetch_add(1, Ordering::Relaxed);
                        self.give(Piece::WriterClosed)?;
                        input = self.open(path)?;
                    }
                }
                Err(error) if is_passing(&error) => {}
                Err(error) => {
                    self.fail(error)?;
                    input = None;
                }
            }
        }
    }

    /// Opens the FIFO, or says why it cannot, unless it was the same before.
    fn open(&mut self, path: &Path) -> Result<Option<File>, Gone> {
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let flags = i32::try_from(flags.bits()).unwrap_or_default();
        let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
        let opened = opened.and_then(|file| {
            let metadata = file.metadata()?;
            if metadata.file_type().is_fifo() {
                Ok((file, (metadata.dev(), metadata.ino())))
            } else {
                Err(io::Error::new(io::ErrorKind::InvalidInput, "this is no FIFO"))
            }
        });
        let (file, (device, inode)) = match opened {
            Ok((file, identity)) => (Some(file), identity),
            Err(error) => {
                if self.failed.replace(error.kind()) != Some(error.kind()) {
                    self.fail(error)?;
                }
                (None, (0, 0))
            }
        };
        self.shared.device.store(device, Ordering::SeqCst);
        self.shared.inode.store(inode, Ordering::SeqCst);
        if file.is_some() {
            self.failed = None;
            self.shared.opened.fetch_add(1, Ordering::Relaxed);
        }
        Ok(file)
    }

    fn fail(&self, error: io::Error) -> Result<(), Gone> {
        self.shared.failures.fetch_add(1, Ordering::Relaxed);
        self.give(Piece::Failed(error))
    }
}

/// Waits until there is something to read, or the end of it, or somebody rings.
fn wait(input: &File, bell: &PipeReader) -> io::Result<Ready> {
    loop {
        let mut ends = [PollFd::new(bell, PollFlags::IN), PollFd::new(input, PollFlags::IN)];
        match poll(&mut ends, None) {
            Ok(_) if !ends[0].revents().is_empty() => return Ok(Ready::Bell),
            Ok(_) if !ends[1].revents().is_empty() => return Ok(Ready::Input),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn hear(bell: &mut PipeReader) -> Result<(), Gone> {
    let mut rings = [0; 64];
    match bell.read(&mut rings) {
        Ok(count) if count > 0 => Ok(()),
        Ok(_) | Err(_) => Err(Gone),
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
