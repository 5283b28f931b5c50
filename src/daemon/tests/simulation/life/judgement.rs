//! What is asked at the end of a run, and what is counted of it.
//!
//! Owns which questions a plan allows; the oracle knows how each is answered.

use super::super::oracle;
use super::Life;
use super::process::config;
use crate::tail::faults;

impl Life {
    pub(super) fn judge(&mut self) {
        let kept = self.kept();
        let breaches = &mut self.breaches;
        kept.check_counts(&self.logs, true, breaches);
        kept.check_told(self.plan.clock, breaches);
        let nature = self.nature.borrow();
        kept.check_delivered(&nature.receivers, breaches);
        if !self.plan.clock {
            let may_lose = self.plan.destroys || self.plan.late;
            kept.check_news(&nature.receivers, may_lose, breaches);
        }
        let state = self.directory.join("state");
        for entry in state.read_dir().unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.starts_with("state.db.") {
                breaches.push(format!("a database was set aside: {name}"));
            }
        }
        if self.plan.equals_backtest() {
            let config = config(&self.directory, 0, self.plan.further.pattern).unwrap();
            let expected = oracle::backtest(&self.logs, &config, nature.wall);
            breaches.extend(oracle::differences(
                &kept.changes(),
                &expected,
                self.plan.further.backlogs,
            ));
        }
        let changes = u64::try_from(kept.changes().len()).unwrap();
        *self.counted.entry("change of an alert").or_default() += changes;
        let disk = self.disk.counted();
        let (denied, unread) = faults::counted();
        let arrivals = nature.receivers.counted.iter().map(|(what, count)| (*what, *count));
        let written = self.logs.counted.iter().map(|(what, count)| (*what, *count));
        for (what, count) in arrivals.chain(written).chain([
            ("disk operation", disk.operations),
            ("ENOSPC", disk.full),
            ("torn write", disk.torn),
            ("failed read", disk.unread),
            ("failed sync", disk.unsynced),
            ("end at an operation", disk.ends),
            ("sector forgotten", disk.forgotten),
            ("EACCES of a log", denied),
            ("EIO of a log", unread),
        ]) {
            *self.counted.entry(what).or_default() += count;
        }
    }
}
