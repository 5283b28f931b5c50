//! An agent of a fleet: see [`ocrwatch::cli::Agent`].

use std::process::ExitCode;

use clap::Parser as _;
use ocrwatch::cli::{self, Agent};

fn main() -> ExitCode {
    cli::tell_panics();
    cli::ended(Agent::try_parse().map(|agent| agent.run())).into()
}
