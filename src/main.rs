//! Parses the arguments, runs the command, prints what went wrong, and exits with its code.

use std::process::ExitCode;

use clap::Parser as _;
use ocrwatch::cli::{self, Cli};

fn main() -> ExitCode {
    cli::tell_panics();
    cli::ended(Cli::try_parse().map(|cli| cli.run())).into()
}
