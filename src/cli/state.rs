//! Which state directory a command is about.
//!
//! Owns the order in which it is looked for. Must never open it. Fails when nothing tells where it
//! is, or when the configuration that would is wrong.

use std::path::{Path, PathBuf};

use clap::Args;

use super::config;
use super::exit_code::ExitCode;
use super::failure::Failure;
use crate::clock;
use crate::config::{Config, State};
use crate::store::{self, Look};
use crate::zone::Zone;

/// Where the state of a run is.
#[derive(Debug, Clone, Args)]
pub(super) struct StateArgs {
    /// The state directory of the run [default: the configuration's, else `$STATE_DIRECTORY`, else
    /// `$XDG_STATE_HOME/ocrwatch`, else `~/.local/state/ocrwatch`]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,

    /// The configuration of the run, which may say where its state is [default without --state-dir,
    /// for root and the service's user: /etc/ocrwatch/ocrwatch.toml, if it is there]
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl StateArgs {
    /// The directory, and the zone in which times are shown.
    pub(super) fn find(&self) -> Result<(PathBuf, Zone), Failure> {
        let config = self.configuration()?;
        Ok((self.directory(config.as_ref())?, Self::zone(config.as_ref())))
    }

    /// The configuration that is named, else the service's, if there is one.
    pub(super) fn configuration(&self) -> Result<Option<Config>, Failure> {
        let is_free = self.state_dir.is_none();
        let found = config::named_or_of_service(self.config.as_deref(), is_free)?;
        Ok(found.map(|(_, config)| config))
    }

    /// The directory under a configuration.
    pub(super) fn directory(&self, config: Option<&Config>) -> Result<PathBuf, Failure> {
        let state = config.map(|config| config.state.clone()).unwrap_or_default();
        directory(self.state_dir.as_deref(), &state)
    }

    /// The zone in which times are shown: the configuration's, else the machine's.
    pub(super) fn zone(config: Option<&Config>) -> Zone {
        config.and_then(|config| config.zone).unwrap_or_else(machine_zone)
    }
}

/// The state directory that a command names, else the configuration, else the environment.
pub(super) fn directory(named: Option<&Path>, state: &State) -> Result<PathBuf, Failure> {
    match named.map(Path::to_owned).or_else(|| state.directory.clone()) {
        Some(directory) => Ok(directory),
        None => store::state_directory(|name| std::env::var_os(name))
            .map_err(|error| state_failure(&error)),
    }
}

/// Looks at a state that a run may be working with.
pub(super) fn look(directory: &Path) -> Result<Look, Failure> {
    Look::open(directory).map_err(look_failure)
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(super) fn look_failure(error: store::LookError) -> Failure {
    Failure::new(ExitCode::Configuration, vec![error.to_string()])
}

pub(super) fn state_failure(error: &store::OpenError) -> Failure {
    Failure::new(ExitCode::Configuration, vec![error.to_string()])
}

fn machine_zone() -> Zone {
    let zone = clock::machine_zone_name().and_then(|name| Zone::of_machine_name(&name));
    zone.unwrap_or(Zone::UTC)
}
