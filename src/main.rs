//! Parses the arguments, runs the command, prints what went wrong, and exits with its code.

use std::process::ExitCode;

use clap::Parser as _;
use ocrwatch::cli::{self, Cli};

fn main() -> ExitCode {
    cli::tell_panics();
    let code = match Cli::try_parse() {
        Ok(cli) => cli.run().unwrap_or_else(|failure| {
            failure.print();
            failure.exit_code()
        }),
        Err(error) => cli::not_parsed(&error),
    };
    code.into()
}
