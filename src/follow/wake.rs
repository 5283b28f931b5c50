//! Which files have an extractor, and when what was read is looked at.
//!
//! Owns the few extractors there are, and the wait for quiet: what a program writes in several
//! steps is one record. Must never read what is new. Nothing here fails.

use std::io;
use std::time::Duration;

use super::files::Files;
use super::found::Finds;
use super::merge::Merge;
use super::reading::Reading;
use super::{LogId, Now};
use crate::tail::FileId;

/// Extractors at a time; each holds up to 0.3 MB of its log. Others go on from a checkpoint.
const LIVE_MAX: usize = 8;

/// A file that is nowhere is looked for again after this.
const AWAY_RETRY: Duration = Duration::from_secs(1);

/// How much is read again at a time when an extractor goes on.
const AGAIN_BYTES: u64 = 1024 * 1024;

impl Files {
    /// Looks at the files that are quiet by now.
    pub(super) fn look_at_quiet(&mut self, now: Now, merge: &mut Merge<LogId>) {
        let to_its_lines =
            |reading: &Reading| reading.quiet_at.into_iter().chain(reading.away_until).min();
        for id in self.due(now, to_its_lines) {
            if self.is_away(id, now) {
                continue;
            }
            let mut finds = Finds::default();
            if self.wake_at_end(id, now, &mut finds).is_err() {
                self.wait_for(id, now);
                continue;
            }
            if let Some(reading) = self.readings.get_mut(&id) {
                reading.look(now.mono, self.partial_line, &mut finds);
            }
            self.looked_at(id, finds, now, merge);
            self.let_go_of_idle(id, now, merge);
        }
        for id in self.due(now, |reading| reading.partial_at) {
            if self.is_away(id, now) {
                continue;
            }
            let mut finds = Finds::default();
            let Ok(is_awake) = self.wake_at_end(id, now, &mut finds) else {
                self.wait_for(id, now);
                continue;
            };
            if let Some(reading) = self.readings.get_mut(&id) {
                reading.partial_at = None;
                if is_awake {
                    reading.look_at_all(&mut finds);
                }
            }
            self.looked_at(id, finds, now, merge);
            self.let_go_of_idle(id, now, merge);
        }
        let live = self.live.iter().copied();
        let stale = live.filter(|id| self.readings.get(id).is_some_and(|r| r.is_stale(now.mono)));
        for id in stale.collect::<Vec<_>>() {
            self.sleep(id);
        }
    }

    pub(super) fn due(&self, now: Now, at: impl Fn(&Reading) -> Option<Duration>) -> Vec<FileId> {
        let waiting = self.waiting.iter().copied();
        let is_due = |id: &FileId| {
            self.readings.get(id).and_then(|reading| at(reading)).is_some_and(|at| at <= now.mono)
        };
        waiting.filter(is_due).collect()
    }

    pub(super) fn looked_at(
        &mut self,
        id: FileId,
        finds: Finds,
        now: Now,
        merge: &mut Merge<LogId>,
    ) {
        let reading = self.readings.get(&id);
        if reading.is_none_or(|reading| reading.next_look().is_none()) {
            self.waiting.remove(&id);
        }
        self.dirty.insert(id);
        self.pass_on(id, finds, now, merge);
    }

    /// When a file is to be looked at next.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        let waiting = self.waiting.iter().filter_map(|id| self.readings.get(id));
        waiting.filter_map(|reading| reading.next_look()).min()
    }

    /// Makes sure that a file has an extractor that was fed everything before `next`. An error is
    /// one of the file system: nothing has happened then, and it may be better later.
    pub(super) fn wake(
        &mut self,
        id: FileId,
        next: u64,
        now: Now,
        finds: &mut Finds,
    ) -> io::Result<bool> {
        self.uses += 1;
        let uses = self.uses;
        if !self.readings.contains_key(&id) {
            let Some(reading) = self.reading(id, None) else { return Ok(false) };
            self.readings.insert(id, Box::new(reading));
        }
        let Some(reading) = self.readings.get_mut(&id) else { return Ok(false) };
        reading.used = uses;
        if reading.is_live() {
            return Ok(true);
        }
        let from = reading.needs_from();
        let is_whole = from <= next && (from == next || self.has_byte(id, next - 1)?);
        let Some((_, source)) = self.tail.name(id) else { return Ok(false) };
        let Some(source) = self.sources.get(source) else { return Ok(false) };
        let Some(reading) = self.readings.get_mut(&id) else { return Ok(false) };
        reading.wake(&source.extraction, is_whole, next, (now.mono, now.wall));
        let mut at = if is_whole { from } else { next };
        while at < next {
            let until = next.min(at + AGAIN_BYTES);
            let again = self.tail.read_again(id, at..until);
            let Some(reading) = self.readings.get_mut(&id) else { return Ok(false) };
            let again = again.inspect_err(|_| {
                reading.wake_later();
                *finds = Finds::default();
            })?;
            let again = again.unwrap_or_default();
            reading.push_again(&again, finds);
            if (again.len() as u64) < until - at {
                // It was cut while it was read; the tail will say so.
                break;
            }
            at = until;
        }
        self.live.insert(id);
        Ok(true)
    }

    /// Sees to it that what a file's extractor needs again was read before anything new is: what
    /// was not looked at would be lost with it. False if that cannot be had now; it is told, and
    /// tried again.
    pub(super) fn has_context(&mut self, id: FileId, now: Now, merge: &mut Merge<LogId>) -> bool {
        if !self.needs_context(id) {
            return true;
        }
        let mut finds = Finds::default();
        let awake = match self.tail.has_what_was_read(id) {
            Ok(true) => self.wake_at_end(id, now, &mut finds),
            // The tail finds out what became of it.
            stands => stands,
        };
        if let Err(error) = awake {
            self.tail.cannot_read(id, &error, now.mono);
            return false;
        }
        self.pass_on(id, finds, now, merge);
        true
    }

    /// Whether what must be read again can be neither read nor found to be gone: the directory of a
    /// file may come back, and what stands in its place may be what was written anew. It is waited
    /// for until the tail finds out, or gives it up, and says so.
    fn is_away(&mut self, id: FileId, now: Now) -> bool {
        if !self.needs_context(id) || matches!(self.tail.has_what_was_read(id), Ok(true)) {
            return false;
        }
        self.wait_for(id, now);
        true
    }

    /// Whether an extractor can go on only behind what was read before and not looked at.
    fn needs_context(&self, id: FileId) -> bool {
        let next = self.tail.kept(id).map_or(0, |kept| kept.position.read_bytes);
        let reading = self.readings.get(&id);
        reading.is_some_and(|reading| !reading.is_live() && reading.needs_from() < next)
    }

    fn wait_for(&mut self, id: FileId, now: Now) {
        if let Some(reading) = self.readings.get_mut(&id) {
            reading.is_away(now.mono + AWAY_RETRY);
        }
    }

    fn has_byte(&mut self, id: FileId, at: u64) -> io::Result<bool> {
        Ok(self.tail.read_again(id, at..at + 1)?.is_some_and(|byte| byte.len() == 1))
    }

    /// The same for a file of which nothing new is there.
    pub(super) fn wake_at_end(
        &mut self,
        id: FileId,
        now: Now,
        finds: &mut Finds,
    ) -> io::Result<bool> {
        let next = self.tail.kept(id).map_or(0, |kept| kept.position.read_bytes);
        self.wake(id, next, now, finds)
    }

    /// Lets extractors go until there are few again, those first that were not used for longest.
    /// What waits for quiet is looked at before: with so many logs at once there is none.
    pub(super) fn let_go_of_idle(&mut self, but: FileId, now: Now, merge: &mut Merge<LogId>) {
        while self.live.len() > LIVE_MAX {
            let live = self.live.iter().filter(|id| **id != but);
            let used = |id: &FileId| self.readings.get(id).map(|reading| reading.used);
            let Some(oldest) = live.copied().min_by_key(used) else { return };
            let mut finds = Finds::default();
            if let Some(reading) = self.readings.get_mut(&oldest)
                && reading.quiet_at.is_some()
            {
                reading.look(now.mono, self.partial_line, &mut finds);
            }
            self.looked_at(oldest, finds, now, merge);
            self.sleep(oldest);
        }
    }

    pub(super) fn sleep(&mut self, id: FileId) {
        let Some(reading) = self.readings.get_mut(&id) else { return };
        reading.sleep();
        self.live.remove(&id);
        self.dirty.insert(id);
    }
}
