//! `ocrwatch run`: follow logs and tell alerts.
//!
//! Owns its options and how a run is put together from them. Must never follow or decide. Fails
//! when an option or the configuration is wrong, and when the state cannot be used.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use rustix::process::{Resource, Rlimit, setrlimit};
use tracing::{error, warn};

use super::agent;
use super::catalogue::CatalogueArgs;
use super::config;
use super::exit_code::ExitCode;
use super::failure::{Failure, with_hint, written};
use super::rules::RulesArgs;
use super::state::{self, state_failure};
use super::terminal::StyleArgs;
use crate::clock;
use crate::config::{Config, Level, Role};
use crate::daemon::machine::{Nobody, System};
use crate::daemon::systemd::Supervisor;
use crate::daemon::{Daemon, Options, StartError, logging};
use crate::deliver::Post;
use crate::engine::Span;
use crate::zone::Zone;

/// Options of `run`.
#[derive(Debug, Clone, Args)]
pub(super) struct RunArgs {
    /// Log files, directories and patterns to follow, and `-` for standard input; a configuration
    /// says more
    #[arg(value_name = "FILES")]
    files: Vec<PathBuf>,

    /// The configuration: sources, rules, who is told; described in docs/configuration.md [default
    /// without FILES, for root and the service's user: /etc/ocrwatch/ocrwatch.toml, if it is there]
    #[arg(long, short, value_name = "FILE", conflicts_with_all = ["rules", "catalogues"])]
    config: Option<PathBuf>,

    /// Read what is there, tell the alerts, and end; what was read before is not read again
    #[arg(long)]
    once: bool,

    /// Where the state is kept [default: the configuration's, else `$STATE_DIRECTORY`, else
    /// `$XDG_STATE_HOME/ocrwatch`, else `~/.local/state/ocrwatch`]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,

    /// Zone of times that do not tell theirs, and in which times are shown, such as
    /// `Asia/Shanghai` or `+08:00` [default: the configuration's, else the machine's]
    #[arg(long, value_name = "ZONE", value_parser = Zone::parse)]
    timezone: Option<Zone>,

    /// Say every step on standard error, as `level = "debug"` does
    #[arg(long, short, conflicts_with = "quiet")]
    verbose: bool,

    /// Say only what is lost or needs somebody on standard error, as `level = "error"` does
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    rules: RulesArgs,

    #[command(flatten)]
    style: StyleArgs,

    #[command(flatten)]
    catalogue: CatalogueArgs,
}

impl RunArgs {
    /// Follows until told to stop.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        leave_no_core();
        let config = self.load()?;
        if has_role(&config, Role::Agent) {
            agent::become_agent();
        }
        self.follow(config, System::new(|wake| Box::new(Post::new(wake))))
    }

    /// Follows until told to stop, if the configuration is an agent's.
    pub(super) fn run_agent(&self) -> Result<ExitCode, Failure> {
        leave_no_core();
        let config = self.load()?;
        if !has_role(&config, Role::Agent) {
            let what = "the configuration is no agent's: [fleet] has no `role = \"agent\"`";
            let what = with_hint(what, "run it with `ocrwatch run`");
            return Err(Failure::new(ExitCode::Configuration, vec![what]));
        }
        self.follow(config, System::new(|_| Box::new(Nobody)))
    }

    fn follow(&self, config: Config, machine: System) -> Result<ExitCode, Failure> {
        let variable = |name: &str| std::env::var_os(name);
        let stream = variable("JOURNAL_STREAM").and_then(|stream| stream.into_string().ok());
        logging::begin(config.log, logging::leads_to_journal(stream.as_deref()));
        let state_directory = state::directory(self.state_dir.as_deref(), &config.state)?;
        let missing = config::missing(&self.files);
        for path in &missing {
            let path = path.display();
            if self.once {
                error!(%path, "there is no such file");
            } else {
                warn!(%path, hint = "it is followed once it is there", "there is no such file yet");
            }
        }
        let args = self.clone();
        let machine_zone = clock::machine_zone_name().and_then(|name| Zone::of_machine_name(&name));
        let options = Options {
            state_directory,
            once: self.once,
            style: self.style.style(),
            machine_zone: self.timezone.or(machine_zone).unwrap_or(Zone::UTC),
            invocation: variable("INVOCATION_ID").and_then(|id| id.into_string().ok()),
            reload: Box::new(move || args.load().map_err(Failure::into_problems)),
            out: Box::new(io::stdout()),
            supervisor: Supervisor::of_environment(),
            machine: Box::new(machine),
        };
        let daemon = Daemon::start(config, options).map_err(|error| match error {
            StartError::State(error) => state_failure(&error),
            StartError::Http(error) => Failure::new(ExitCode::Io, vec![error.to_string()]),
            StartError::Fleet(error) => {
                let what = format!("the fleet's broker cannot be reached for: {error}");
                Failure::new(ExitCode::Io, vec![what])
            }
            StartError::Signals(error) => {
                Failure::new(ExitCode::Io, vec![format!("cannot be told of signals: {error}")])
            }
        })?;
        written(daemon.run())?;
        let is_complete = missing.is_empty() || !self.once;
        Ok(if is_complete { ExitCode::Done } else { ExitCode::InputMissing })
    }

    fn load(&self) -> Result<Config, Failure> {
        let is_free = self.files.is_empty() && self.rules.is_none() && self.catalogue.len() == 0;
        let mut config = match config::named_or_of_service(self.config.as_deref(), is_free)? {
            Some((path, config)) => self.with_files(&path, config)?,
            None if self.files.is_empty() => {
                let hint = "name log files, or a configuration with --config; `ocrwatch init` \
                            writes a first one";
                return Err(Failure::usage("nothing says what is followed", hint));
            }
            None => self.of_files()?,
        };
        config.zone = self.timezone.or(config.zone);
        match (self.verbose, self.quiet) {
            (true, _) => config.log.level = Level::Debug,
            (_, true) => config.log.level = Level::Error,
            _ => {}
        }
        Ok(config)
    }

    fn with_files(&self, path: &Path, config: Config) -> Result<Config, Failure> {
        match (config.sources.is_empty(), self.files.is_empty()) {
            (false, true) => Ok(config),
            (true, false) => config::with_files(config, &self.files),
            // What others publish is enough for an aggregator.
            (true, true) if has_role(&config, Role::Aggregator) => Ok(config),
            (true, true) => {
                let what = format!("nothing is followed: {} has no [[source]]", path.display());
                let hint = "write one, or name files on the command line";
                Err(Failure::new(ExitCode::Configuration, vec![with_hint(&what, hint)]))
            }
            (false, false) => {
                let what = format!("{} says what is followed, and FILES do", path.display());
                let hint = "leave one of them out, or write the files as a [[source]]";
                Err(Failure::new(ExitCode::Usage, vec![with_hint(&what, hint)]))
            }
        }
    }

    fn of_files(&self) -> Result<Config, Failure> {
        let catalogue = Arc::new(self.catalogue.load()?);
        let mut alerting = self.rules.load(&catalogue)?;
        if alerting.written.routes == 0 {
            // Whoever sits at the terminal wants to see it now.
            for route in &mut alerting.policy.routes {
                route.group_wait = Some(Span::ZERO);
                route.group_interval = Span::ZERO;
            }
        }
        let mut usual = Config::usual(alerting, catalogue);
        usual.log.level = Level::Warn;
        config::with_files(usual, &self.files)
    }
}

/// The memory of a run holds secrets and lines of logs: none of it is left on a disk, where the
/// service's `LimitCORE=` does not see to it.
fn leave_no_core() {
    let limit = Rlimit { current: Some(0), maximum: Some(0) };
    // Nothing forbids to lower it; a run does not hang on it.
    let _ = setrlimit(Resource::Core, limit);
}

fn has_role(config: &Config, role: Role) -> bool {
    config.fleet.as_ref().is_some_and(|fleet| fleet.role == role)
}
