//! Hazards that came behind the first ones: they are drawn from a stream of their own, so that a
//! seed without them is the run that it was.
//!
//! Owns what is drawn and how often. Each does nothing where the plan leaves it out.

use std::time::Duration;

use super::Life;
use crate::daemon::Daemon;
use crate::tail::faults;

impl Life {
    pub(super) fn step_further(&mut self) {
        let further = self.plan.further;
        match self.further.next(10) {
            0..=2 if further.archives => self.copy_step_by_step(),
            3..=4 if further.archives => self.archive(),
            5..=6 if further.unreadable => self.cannot_read(),
            7..=9 if further.backlogs => self.backlog(),
            _ => {}
        }
    }

    /// A copy is looked at while it is made, and before the log is emptied; the process may end
    /// and begin between any two steps.
    fn copy_step_by_step(&mut self) {
        let log = self.further.index(self.logs.all.len());
        if self.logs.is_away(log) {
            return;
        }
        if self.logs.is_linked(log) {
            self.logs.link(log);
        }
        self.logs.finish_half(log);
        let name = self.logs.rotated_name(log);
        self.happened("copy", &format!("of {} begins", self.logs.all[log].source));
        if self.further.percent(30) {
            self.logs.copy_part(log, &name, true);
            self.logs.touched.push(name.clone());
            self.between();
        }
        self.logs.copy_part(log, &name, false);
        self.logs.touched.push(name.clone());
        self.happened("copy", "is whole");
        self.between();
        self.logs.empty_behind_copy(log, name);
        self.happened("copy", "original is emptied");
        if self.further.percent(50) {
            self.turn();
        }
    }

    /// What may happen between two steps of who rotates.
    fn between(&mut self) {
        match self.further.next(4) {
            0 => {}
            1 => self.turn(),
            2 => {
                let span = 1 + self.further.next(3_500);
                self.pass(Duration::from_millis(span), Duration::ZERO);
            }
            _ => {
                if self.plan.kills && self.daemon.is_some() {
                    self.kill(false);
                }
                if self.daemon.is_none() {
                    self.start();
                    let span = self.further.next(1_500);
                    self.pass(Duration::from_millis(span), Duration::ZERO);
                }
            }
        }
    }

    /// The oldest rotated file goes where nobody looks, or comes back, whether anybody runs or not.
    fn archive(&mut self) {
        let log = self.further.index(self.logs.all.len());
        if self.logs.is_away(log) {
            return;
        }
        if self.logs.all[log].has_archived() {
            let is_touched = self.further.percent(30);
            self.logs.bring_back(log, is_touched);
            self.happened("archived", &format!("comes back, touched: {is_touched}"));
        } else if self.logs.all[log].has_rotated() && self.is_well() {
            // It is archived once it was read, also where nothing told of it: ticks are 5 s apart.
            self.wait(Duration::from_millis(5_500));
            if !self.is_well() {
                return;
            }
            self.logs.archive(log);
            self.happened("archived", self.logs.all[log].source);
            let rest_ms = [0, 3_500, 25_000][self.further.index(3)];
            self.wait(Duration::from_millis(rest_ms));
        }
        if self.further.percent(50) {
            self.turn();
        }
    }

    /// Whether somebody runs who can read and commit.
    fn is_well(&self) -> bool {
        let faults::Faults { denied, unread, .. } = faults::present();
        let is_kept = |daemon: &Daemon| daemon.keeper.failing_since().is_none();
        (denied, unread) == (0, 0) && self.daemon.as_ref().is_some_and(is_kept)
    }

    /// For a moment logs cannot be opened, or not be read. What lasts longer than a file may be
    /// nowhere is told, and may cost lines.
    fn cannot_read(&mut self) {
        let often = [30, 300, 1000][self.further.index(3)];
        let working = faults::Faults { denied: 0, unread: 0, ..faults::present() };
        let faults = match self.further.next(3) {
            0 => faults::Faults { denied: often, ..working },
            1 => faults::Faults { unread: often, ..working },
            _ => faults::Faults { denied: often / 2, unread: often / 2, ..working },
        };
        faults::set(faults);
        self.happened("logs", &format!("{faults:?}"));
        for _ in 0..=self.further.next(3) {
            match self.further.next(4) {
                0 => self.rotate(),
                1 => self.write(),
                2 if self.plan.kills && self.daemon.is_some() => {
                    self.kill(false);
                    self.start();
                }
                _ => {}
            }
            let span = self.further.next(700);
            self.pass(Duration::from_millis(span), Duration::ZERO);
        }
        faults::set(working);
        self.happened("logs", "can be read");
    }

    /// All logs grow at once, a slow machine reads them, and perhaps does not come to their end.
    fn backlog(&mut self) {
        if self.plan.equals_backtest() {
            self.logs.finish_halves();
        }
        for _ in 0..4 + self.further.next(12) {
            let log = self.further.index(self.logs.all.len());
            let lines = 1 + self.further.next(4);
            let (nature, random) = (&self.nature, &mut self.further);
            self.logs.write(log, lines, random, || {
                let mut nature = nature.borrow_mut();
                nature.pass(Duration::from_millis(3));
                nature.wall
            });
        }
        self.happened("backlog", "");
        let before = self.nature.borrow().slowness;
        self.nature.borrow_mut().slowness = Duration::from_millis(120);
        for _ in 0..self.further.next(6) {
            self.turn();
        }
        if self.plan.kills && self.daemon.is_some() && self.further.percent(50) {
            self.kill(false);
            self.start();
        }
        self.nature.borrow_mut().slowness = before;
    }
}
