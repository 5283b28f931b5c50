//! Logs that cannot be read, as far as one thread of a test sees them.
//!
//! Owns how often an open or a read fails, how little a read gives, and what others do between two
//! looks of the tail at the file system. What is drawn hangs on the seed alone. Must never touch a
//! file. Fails as it is told to.

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

/// What goes wrong, in thousandths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    /// Opens that are refused (`EACCES`).
    pub(crate) denied: u64,
    /// Reads that fail (`EIO`).
    pub(crate) unread: u64,
    /// How much one read of what is new gives at most.
    pub(crate) read_bytes_max: Option<usize>,
}

#[derive(Debug, Default)]
struct State {
    faults: Faults,
    /// What may never be opened.
    denied_at: Option<PathBuf>,
    random: u64,
    denied: u64,
    unread: u64,
}

type Act = Box<dyn FnMut()>;

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
    static MEANWHILE: RefCell<Option<Act>> = const { RefCell::new(None) };
}

/// What others do before each call of the tail to the file system, from now on.
pub(crate) fn meanwhile(act: impl FnMut() + 'static) {
    MEANWHILE.set(Some(Box::new(act)));
}

/// Others do nothing any more.
pub(crate) fn alone() {
    MEANWHILE.set(None);
}

/// A call to the file system is about to be made.
pub(super) fn step() {
    // Taken out: what is done may itself look.
    if let Some(mut act) = MEANWHILE.take() {
        act();
        MEANWHILE.with_borrow_mut(|meanwhile| {
            meanwhile.get_or_insert(act);
        });
    }
}

/// Everything works, and what is drawn begins with a seed.
pub(crate) fn begin(seed: u64) {
    let random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    STATE.set(State { random, ..State::default() });
}

/// What goes wrong from now on.
pub(crate) fn set(faults: Faults) {
    STATE.with_borrow_mut(|state| state.faults = faults);
}

/// Nobody may open this from now on.
pub(crate) fn deny(path: PathBuf) {
    STATE.with_borrow_mut(|state| state.denied_at = Some(path));
}

/// What goes wrong at present.
pub(crate) fn present() -> Faults {
    STATE.with_borrow(|state| state.faults)
}

/// Opens that were refused and reads that failed so far.
pub(crate) fn counted() -> (u64, u64) {
    STATE.with_borrow(|state| (state.denied, state.unread))
}

impl State {
    fn is_hit(&mut self, thousandths: u64) -> bool {
        if thousandths == 0 {
            return false;
        }
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % 1000 < thousandths
    }
}

/// Whether an open goes well.
pub(super) fn open(path: &Path) -> io::Result<()> {
    step();
    STATE.with_borrow_mut(|state| {
        let is_denied = state.denied_at.as_deref() == Some(path);
        if is_denied || state.is_hit(state.faults.denied) {
            state.denied += 1;
            return Err(Errno::ACCESS.into());
        }
        Ok(())
    })
}

/// Whether a read goes well.
pub(super) fn read() -> io::Result<()> {
    step();
    STATE.with_borrow_mut(|state| {
        if state.is_hit(state.faults.unread) {
            state.unread += 1;
            return Err(Errno::IO.into());
        }
        Ok(())
    })
}

/// How much is read of what is new.
pub(super) fn read_bytes(wanted: usize) -> usize {
    STATE.with_borrow(|state| state.faults.read_bytes_max.map_or(wanted, |max| max.min(wanted)))
}
