//! Another configuration while the daemon runs.
//!
//! Owns what is kept running and what is begun anew. Must never apply a part of a configuration: a
//! file with anything wrong in it leaves the old one in force. Fails: never; what is wrong is told.

use std::time::Duration;

use tracing::info;

use super::settings::{common, watcher};
use super::{Daemon, report};
use crate::config::Http;
use crate::follow::{Now, Sources};
use crate::tail;

/// How long is read before logs are followed anew.
const READ_BEFORE_MAX: Duration = Duration::from_secs(5);

impl Daemon {
    /// Reads the configuration again, and takes over what is different.
    pub(super) fn reload(&mut self, now: Now) {
        self.options.supervisor.reloading();
        self.take_over(now);
        self.options.supervisor.ready();
    }

    fn take_over(&mut self, now: Now) {
        let new = match (self.options.reload)() {
            Ok(new) => new,
            Err(problems) => {
                report::wrong_configuration(&problems);
                self.tally.refused(&problems, now.wall);
                return;
            }
        };
        self.tally.refused = None;
        self.configured = now.wall;
        let changes = self.config.changes(&new);
        if changes.is_empty() {
            info!("reloaded: nothing is different");
            return;
        }
        for change in &changes {
            info!("reloaded: {change}");
        }
        let old = std::mem::replace(&mut self.config, new);
        self.config.fleet.clone_from(&old.fleet);
        if old.alerting != self.config.alerting || old.catalogue != self.config.catalogue {
            let forgotten = self.pipeline.reconfigure(&self.config);
            report::forgotten(&forgotten);
        }
        self.meet_receivers(&old.receivers);
        if old.http != self.config.http {
            self.answer_elsewhere(old.http);
        }
        let is_followed_otherwise = old.sources != self.config.sources
            || old.watch != self.config.watch
            || old.zone != self.config.zone
            || old.catalogue != self.config.catalogue
            || old.alerting != self.config.alerting;
        if is_followed_otherwise {
            self.follow_anew(now);
        }
    }

    /// Answers where the new configuration says. What cannot be opened leaves what was
    /// there before.
    fn answer_elsewhere(&mut self, before: Http) {
        // A place that stays is to be free before it can be opened anew.
        self.server = None;
        let Err(error) = self.answer_others() else { return };
        report::not_answering(&error);
        self.config.http = before;
        if let Err(error) = self.answer_others() {
            report::not_answering(&error);
        }
    }

    /// Follows the sources of the new configuration from where each log stands; streams that are
    /// the same go on as they are.
    fn follow_anew(&mut self, now: Now) {
        // What only an open handle leads to is read while there is one.
        while self.follow.read(now) && self.options.machine.now().mono < now.mono + READ_BEFORE_MAX
        {
            self.pass_on(now);
        }
        self.follow.look_at_rest(now);
        self.pass_on(now);
        self.gather(now);
        self.follow.mark_all();
        let rows = self.follow.rows();
        let positions: Vec<_> =
            rows.put.iter().map(|row| (row.key.clone(), row.state.clone())).collect();
        self.keeper.gather(rows, &mut self.pipeline);
        let wake = self.events.waker();
        let common = common(&self.config, &self.options, &wake, now.wall);
        let sources = Sources(&self.config.sources);
        let (follow, _) = sources.follow(&common, &positions, Some(&mut self.follow));
        self.telemetry.followed_anew(&mut self.follow);
        self.tally.followed_anew();
        self.follow = follow;
        self.kept = tail::Counters::default();
        self.watcher = watcher(&self.config, &self.options, &wake);
        self.follow.look_at_all(now);
    }
}
