//! `run`: logs are followed, alerts decided, kept and told, for months.
//!
//! Owns the loop, and with it all state: one thread reads, decides and commits; others only say
//! that something came. Must never decide an alert, read a line or know SQL. Fails at the start
//! only; later everything that goes wrong is told, and the rest goes on.
//!
//! ```text
//! Follow ──Passed──▶ Pipeline ──Step──▶ Keeper (one commit) ──▶ outbox ──▶ told
//!    ▲                                     │
//!    └──────────── Rows: where each log stands
//! ```
//!
//! What is told was committed before; if nothing can be committed it is told all the same, and the
//! commit catches up.

mod asked;
mod delivery;
pub mod event;
pub mod fleet;
mod folded;
mod keep;
pub mod logging;
pub mod machine;
mod pipeline;
mod progress;
mod receivers;
mod reload;
mod report;
pub mod request;
mod settings;
mod standing;
mod state;
pub mod story;
mod summary;
pub mod systemd;
mod tally;
mod turn;

#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::{debug, info, warn};

pub use pipeline::{Pipeline, Step};
pub use state::{Keeper, Restored};

use crate::config::{Config, Receiver};
use crate::deliver::{self, Parcel};
use crate::engine::Notification;
use crate::follow::{Backlog, Follow, Now, Sources};
use crate::http::{Desk, ListenError, Questions, Server};
use crate::render::Texts;
use crate::store::{OpenError, OutboxRow};
use crate::surface::style::Style;
use crate::tail::watch::Reach;
use crate::tail::{self, WatchRequest};
use crate::zone::Zone;
use event::Events;
use machine::{Carry, Machine, Watch};
use progress::Progress;
use report::Telemetry;
use settings::{common, for_waiting, store_settings, watcher};
use systemd::Supervisor;
use tally::Tally;

/// Where every log stands is committed this often, if it changed; notifications at once.
const COMMIT_INTERVAL: Duration = Duration::from_secs(1);

/// A commit that failed is tried again after this.
const COMMIT_RETRY: Duration = Duration::from_secs(2);

/// What is too old is let go this often.
const RETAIN_INTERVAL: Duration = Duration::from_mins(10);

/// How often it is looked at what a receiver believes that is over by now.
const STANDING_INTERVAL: Duration = Duration::from_mins(1);

/// How long the loop reads before it looks at events again.
const READ_MAX: Duration = Duration::from_millis(100);

/// What a run is told beside its configuration.
pub struct Options {
    /// Where its state is kept.
    pub state_directory: PathBuf,
    /// End once everything was read and told.
    pub once: bool,
    /// How alerts look.
    pub style: Style,
    /// The zone of times that tell none, where nothing says otherwise.
    pub machine_zone: Zone,
    /// Our invocation as a unit, if the system says.
    pub invocation: Option<String>,
    /// Reads the configuration anew; the errors are for the operator.
    pub reload: Box<dyn Fn() -> Result<Config, Vec<String>>>,
    /// Where alerts are written.
    pub out: Box<dyn Write>,
    /// Who is told how the run stands.
    pub supervisor: Supervisor,
    /// What it runs on.
    pub machine: Box<dyn Machine>,
}

/// Why a run did not begin.
#[derive(Debug)]
pub enum StartError {
    /// The state.
    State(OpenError),
    /// Signals.
    Signals(io::Error),
    /// A place where others are answered.
    Http(ListenError),
    /// The way to the fleet's broker.
    Fleet(io::Error),
}

/// A run.
pub struct Daemon {
    config: Config,
    options: Options,
    events: Events,
    follow: Follow,
    watcher: Box<dyn Watch>,
    pipeline: Pipeline,
    /// None of a machine that is alone.
    fleet: Option<fleet::Part>,
    keeper: Keeper,
    /// Notifications that are committed, or cannot be, and are not told yet.
    to_tell: Vec<Parcel>,
    /// What is to be told by others than the terminal.
    outbox: deliver::Queue,
    post: Box<dyn Carry>,
    texts: Arc<Texts>,
    telemetry: Telemetry,
    questions: Questions,
    desk: Desk,
    /// Where others are answered; none of a run that ends by itself.
    server: Option<Server>,
    progress: Progress,
    tally: Tally,
    started: DateTime<Utc>,
    /// When the configuration came into force.
    configured: DateTime<Utc>,
    /// What of the tail's counters is kept.
    kept: tail::Counters,
    next_tick: Duration,
    next_commit: Duration,
    next_retain: Duration,
    /// When those who are told again and again learn what is over.
    next_standing: Duration,
    next_look: Duration,
    /// The wall clock's and the program's own time at the last look.
    last: Now,
    is_urgent: bool,
    /// There is more to be read at once.
    is_more: bool,
    /// With `once`: what waited for company was told.
    is_rest_told: bool,
}

impl Daemon {
    /// Opens the state and begins to follow.
    pub fn start(config: Config, options: Options) -> Result<Self, StartError> {
        let events = Events::new();
        options.machine.hear_signals(&events).map_err(StartError::Signals)?;
        let now = options.machine.now();
        let directory = &options.state_directory;
        let settings = store_settings(&config.state);
        let (keeper, restored, notices) =
            Keeper::open(directory, settings, now.wall).map_err(StartError::State)?;
        let telemetry = Telemetry::default();
        report::opened(&notices, &restored.not_understood);
        let Restored { engine, policy, positions, queued, waiting, .. } = restored;
        let (pipeline, forgotten) = Pipeline::new(&config, engine, policy);
        report::forgotten(&forgotten);
        let wake = events.waker();
        let (desk, questions) = Desk::new(wake.clone());
        let common = common(&config, &options, &wake, now.wall);
        let fleet = config.fleet.as_ref();
        let part = fleet::Part::of(fleet, positions, waiting, &*options.machine, wake.clone());
        let (fleet, positions) = part.map_err(StartError::Fleet)?;
        let (follow, unknown) = Sources(&config.sources).follow(&common, &positions, None);
        for key in unknown {
            warn!(key, "where a log stood cannot be understood; it is met anew");
        }
        let watcher = watcher(&config, &options, &wake);
        let post = options.machine.carrier(wake);
        info!(
            version = env!("CARGO_PKG_VERSION"),
            sources = config.sources.len(),
            rules = pipeline.rules().len(),
            state = %directory.display(),
            "started"
        );
        let texts = Arc::new(texts_of(&config, &pipeline));
        let mut daemon = Self {
            config,
            options,
            events,
            follow,
            watcher,
            pipeline,
            fleet,
            keeper,
            to_tell: queued.into_iter().map(parcel_of).collect(),
            outbox: deliver::Queue::default(),
            post,
            texts,
            telemetry,
            questions,
            desk,
            server: None,
            progress: Progress::default(),
            tally: Tally::default(),
            started: now.wall,
            configured: now.wall,
            kept: tail::Counters::default(),
            next_tick: Duration::ZERO,
            next_commit: Duration::ZERO,
            next_retain: RETAIN_INTERVAL,
            next_standing: STANDING_INTERVAL,
            next_look: Duration::ZERO,
            last: now,
            is_urgent: false,
            is_more: true,
            is_rest_told: false,
        };
        daemon.meet_receivers(&[]);
        daemon.answer_others().map_err(StartError::Http)?;
        Ok(daemon)
    }

    /// Takes over who is told, and what texts are made with.
    fn meet_receivers(&mut self, before: &[Receiver]) {
        let now = self.last.wall;
        self.texts = Arc::new(texts_of(&self.config, &self.pipeline));
        let standing = |receiver: &str| self.pipeline.standing(receiver);
        self.post.set_receivers(&self.config.receivers, &self.texts, &standing);
        for receiver in &self.config.receivers {
            self.outbox.set_rate(&receiver.name, receiver.rate());
            let same_name = |old: &&Receiver| old.name == receiver.name;
            if before.iter().find(same_name).is_some_and(|old| old != receiver) {
                // What kept it from being reached may be what was changed.
                self.outbox.reopen(&receiver.name, now);
            }
        }
        let withdrawn = self.outbox.withdraw(|name| self.post.has(name));
        if !withdrawn.is_empty() {
            let count = withdrawn.len();
            warn!(count, "what waited for receivers that are gone is told here");
            self.to_tell.extend(withdrawn);
        }
    }

    /// Looks where something may have changed.
    fn look(&mut self, now: Now) {
        let hints = self.watcher.take();
        if hints.rescan {
            debug!("wake-ups were lost; everything is looked at");
            self.follow.look_at_all(now);
        } else if !hints.paths.is_empty() {
            self.follow.look_at_named(&hints.paths, now);
        }
        if now.mono >= self.next_tick {
            self.next_tick = now.mono + for_waiting(self.config.watch.poll_interval);
            self.watcher.rearm();
            self.follow.tick(now);
        }
        for request in self.follow.take_watch_requests() {
            match request {
                WatchRequest::Watch(directory) => {
                    let reach = self.watcher.watch(&directory);
                    self.follow.set_polled(&directory, !matches!(reach, Reach::Events));
                    self.telemetry.reach(&directory, &reach, now.mono);
                }
                WatchRequest::Unwatch(directory) => {
                    self.watcher.unwatch(&directory);
                    self.follow.set_polled(&directory, false);
                }
            }
        }
    }

    /// Reads and decides; true if there is more to be read at once.
    fn read(&mut self, now: Now) -> bool {
        // Once in any case: on a machine that stands still for longer nothing would ever be read.
        let mut is_more = self.follow.read(now);
        self.pass_on(now);
        while is_more && self.options.machine.now().mono < now.mono + READ_MAX {
            is_more = self.follow.read(now);
            self.pass_on(now);
        }
        self.follow.look_at_quiet(now);
        self.pass_on(now);
        is_more
    }

    fn pass_on(&mut self, now: Now) {
        let backlog = match (self.pipeline.is_catching_up(), self.options.once) {
            (false, _) => Backlog::None,
            (true, false) => Backlog::Lines,
            (true, true) => Backlog::ToItsEnd,
        };
        while let Some(passed) = self.follow.next(backlog, now) {
            self.pass(&passed, now.wall);
        }
    }

    fn follow_up(&mut self, now: Now, is_more: bool) {
        if !is_more && (self.options.once || self.pipeline.is_catching_up()) {
            // What is old would count as of now once the present has come.
            if self.options.once && self.follow.has_ended(now) {
                self.follow.look_at_end(now);
            } else {
                self.follow.look_at_rest(now);
            }
            self.pass_on(now);
        }
        if self.is_fleet_behind(now) {
            // Who publishes faster than is taken keeps nobody from being told.
            self.pipeline.pass_time(now.wall);
        } else if !is_more && !self.follow.is_behind(now) {
            self.pipeline.caught_up(now.wall);
            // Once: each time a minute passes for the policy, and deliveries may take hours.
            if self.options.once && !self.is_rest_told && self.follow.has_ended(now) {
                self.is_rest_told = true;
                self.pipeline.tell_what_waits(now.wall);
            }
        }
        self.take_step(now);
    }

    /// Tells and queues what came of everything that was passed on.
    fn take_step(&mut self, now: Now) {
        let (notices, problems) = (self.follow.take_notices(), self.follow.take_problems());
        self.telemetry.notices(&notices, now.mono);
        self.telemetry.problems(&problems, now.mono);
        self.tally.notices(&notices);
        self.tally.problems(&problems);
        let Step { transitions, notifications, withheld, history, errors, repeats } =
            self.pipeline.take_step();
        self.telemetry.transitions(&transitions, now.mono);
        report::withheld(&withheld);
        self.tally.found(errors, &repeats);
        self.tally.changed(&transitions);
        self.tally.withheld(&withheld);
        self.keeper.note(transitions.iter().filter_map(|one| story::changed(one, now.wall)));
        self.keeper.note(withheld.iter().map(|one| story::withheld(one, now.wall)));
        self.keeper.count_errors(history);
        for notification in notifications {
            self.queue(notification, now.wall);
        }
    }
}

/// A notification that was not delivered before, with its row in the outbox.
fn parcel_of((notification, row): (Notification, OutboxRow)) -> Parcel {
    Parcel {
        notification: Arc::new(notification),
        recipient: Parcel::recipient_of(&row.id),
        created: row.created,
        attempts: row.attempts,
        not_before: row.next_attempt,
    }
}

fn texts_of(config: &Config, pipeline: &Pipeline) -> Texts {
    let (rules, catalogue) = (Arc::clone(pipeline.rules()), Arc::clone(&config.catalogue));
    Texts { rules, catalogue, view: config.zone.into() }
}
