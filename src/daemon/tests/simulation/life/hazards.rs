//! What goes wrong around a run: the process, receivers, the disk, files, the clock, directories.
//!
//! Owns what is drawn and how often. Each does nothing where the plan leaves it out.

use std::time::Duration;

use chrono::TimeDelta;
use ocrwatch_disk::Faults;

use super::super::receivers::Manner;
use super::Life;

impl Life {
    pub(super) fn rotate(&mut self) {
        let log = self.random.index(self.logs.all.len());
        if self.logs.is_away(log) {
            return;
        }
        if self.logs.is_linked(log) {
            self.logs.link(log);
        }
        let kind = self.random.next(10);
        match kind {
            0..=4 => self.logs.rotate_by_rename(log),
            5..=6 => self.logs.rotate_by_copy(log),
            7..=8 => self.logs.compress(log),
            _ => self.logs.link(log),
        }
        self.happened("rotate", &format!("{kind} {}", self.logs.all[log].source));
        if self.random.percent(50) {
            self.turn();
        }
    }

    /// The process ends now, or at an operation or a parcel that is to come.
    pub(super) fn crash(&mut self) {
        if !self.plan.kills || self.daemon.is_none() {
            return;
        }
        match self.random.next(4) {
            0 => {
                let is_power = self.plan.power && self.random.percent(50);
                self.kill(is_power);
            }
            1 | 2 => {
                let ends_after = Some(self.random.next(40));
                self.disk.set_faults(Faults { ends_after, ..self.disk.faults() });
                self.happened("end at an operation to come", &format!("{ends_after:?}"));
            }
            _ => {
                let after = (self.random.next(3), self.random.percent(50));
                self.nature.borrow_mut().receivers.ends_after = Some(after);
                self.happened("end at a parcel to come", &format!("{after:?}"));
            }
        }
    }

    pub(super) fn change_manner(&mut self) {
        if !self.plan.receivers {
            return;
        }
        let manner = match self.random.next(7) {
            0 => Manner::Takes,
            1 => Manner::Slow(1 + self.random.next(90)),
            2 => Manner::Busy,
            3 => Manner::Down,
            4 => Manner::Unheard,
            _ => Manner::Moody,
        };
        self.nature.borrow_mut().receivers.manner = manner;
        self.happened("receivers", &format!("{manner:?}"));
    }

    pub(super) fn change_faults(&mut self) {
        if !self.plan.disk {
            return;
        }
        let mut faults = Faults { ends_after: self.disk.faults().ends_after, ..Faults::default() };
        let often = [20, 200, 1000][self.random.index(3)];
        match self.random.next(7) {
            0 => faults.full = often,
            1 => faults.torn = often,
            2 => faults.unread = often,
            3 => faults.unsynced = often,
            4 => faults = Faults { full: 50, torn: 50, unread: 50, unsynced: 50, ..faults },
            _ => {}
        }
        if self.plan.power {
            // What a sync failed with is gone with the power, behind what was synced since, and no
            // database outlives that whole.
            faults.unsynced = 0;
        }
        self.disk.set_faults(faults);
        self.happened("disk", &format!("{faults:?}"));
    }

    pub(super) fn destroy(&mut self) {
        let log = self.random.index(self.logs.all.len());
        if !self.plan.destroys || self.logs.is_away(log) {
            return;
        }
        if self.logs.is_linked(log) {
            self.logs.link(log);
        }
        let kind = self.random.next(3);
        match kind {
            0 => self.logs.delete_oldest(log),
            1 => self.logs.empty(log),
            _ => self.logs.delete_and_make(log),
        }
        self.happened("destroy", &format!("{kind} {}", self.logs.all[log].source));
    }

    pub(super) fn change_clock(&mut self) {
        let random = &mut self.random;
        let mut nature = self.nature.borrow_mut();
        if random.percent(30) {
            nature.slowness = Duration::from_millis([0, 5, 40, 120][random.index(4)]);
        }
        if self.plan.clock {
            match random.next(4) {
                0 => nature.wall += TimeDelta::seconds(random.next(7_200).cast_signed() - 3_600),
                1 => {
                    let ms = random.next(4_000).cast_signed() - 2_000;
                    nature.wall += TimeDelta::milliseconds(ms);
                }
                // The machine slept: its own clock stood still.
                2 => nature.wall += TimeDelta::seconds(random.next(40_000).cast_signed()),
                _ => nature.drift_ppm = random.next(1_000).cast_signed() - 500,
            }
        }
        let more = format!("{} {:?} {}", nature.wall, nature.slowness, nature.drift_ppm);
        drop(nature);
        self.happened("clock", &more);
    }

    pub(super) fn go_away(&mut self) {
        if self.plan.late {
            let log = self.random.index(self.logs.all.len());
            self.logs.move_directory(log);
            self.happened("directory moved", self.logs.all[log].source);
        }
    }
}
