//! The command line: its options, whose documentation is the help, and one file for each command.
//!
//! Owns the way from arguments to a command and from what happened to messages and an exit code.
//! Must never extract, count or lay out. Fails with a [`Failure`], which knows its exit code.

mod agent;
mod backtest;
mod baseline;
mod catalogue;
mod check;
mod client;
mod config;
mod exit_code;
mod explain;
mod export;
mod extract;
mod failure;
mod filter;
mod gathered;
mod r#gen;
mod help;
mod init;
mod input_words;
mod mail;
mod messages;
mod outbox;
mod output;
mod preview;
mod progress;
mod reading;
mod report;
mod rules;
mod run;
mod send_test;
mod shell;
mod silence;
mod state;
mod status;
mod stream;
mod system;
mod terminal;
mod test;
mod time_range;
mod top;
mod undecodable;
mod watch;
mod why;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

pub use agent::Agent;
pub use exit_code::ExitCode;
pub use failure::Failure;

pub use crate::defect::tell_panics;

/// How much output is gathered before it is written.
const OUT_BYTES: usize = 64 * 1024;

/// Read application logs and tell which errors Huawei Cloud OCR returned, how often, since when,
/// and what the documentation says to do
#[derive(Debug, Parser)]
#[command(name = "ocrwatch", version, after_help = help::after(""))]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Follow logs, tell alerts as they come, and keep what is known over restarts
    #[command(after_help = help::after("run"))]
    Run(Box<run::RunArgs>),
    /// Write a first configuration by asking, and try it: a test notification, a look at the logs
    #[command(after_help = help::after("init"))]
    Init(Box<init::InitArgs>),
    /// Report what went wrong, how often, since when, and what to do
    #[command(after_help = help::after("report"))]
    Report(Box<report::ReportArgs>),
    /// Tell which alerts there would have been, and which notifications
    #[command(after_help = help::after("backtest"))]
    Backtest(Box<backtest::BacktestArgs>),
    /// Print one JSON object for each error, in input order
    #[command(after_help = help::after("extract"))]
    Extract(extract::ExtractArgs),
    /// Print what the documentation says of error codes
    #[command(after_help = help::after("explain"))]
    Explain(explain::ExplainArgs),
    /// Check configuration, catalogue, rule and scenario files before they are used
    #[command(after_help = help::after("check"))]
    Check(check::CheckArgs),
    /// Run rules against scenarios: log lines and the alerts that they must give
    #[command(after_help = help::after("test"))]
    Test(test::TestArgs),
    /// Show how the run stands: what fires, how far its logs are read, who is told, what failed
    #[command(after_help = help::after("status"))]
    Status(status::StatusArgs),
    /// Watch the run on a live view of the terminal
    ///
    /// Keys: `q`, Esc or Ctrl-C end it; `j`, `k` and the arrows move by a line, `PgDn`, `PgUp` and
    /// the space bar by a page, `g` and `G` to the beginning and the end; `s` sorts sources by
    /// name, errors or lag; `p` stands still and goes on.
    #[command(after_help = help::after("top"))]
    Top(top::TopArgs),
    /// Silence alerts under a run for a while, list silences, end them
    #[command(after_help = help::after("silence"))]
    Silence(silence::SilenceArgs),
    /// Show what is to be delivered, was delivered or was given up; try again, or drop it
    #[command(after_help = help::after("outbox"))]
    Outbox(outbox::OutboxArgs),
    /// Tell the story of an alert: when it changed, who was told, what was withheld and why
    #[command(after_help = help::after("why"))]
    Why(why::WhyArgs),
    /// Send a receiver a notification that is marked as a test, and show each step
    #[command(after_help = help::after("send-test"))]
    SendTest(send_test::SendTestArgs),
    /// Show what a rule's alert looks like when it is told
    #[command(after_help = help::after("preview"))]
    Preview(preview::PreviewArgs),
    /// Write rules for Prometheus or a dashboard for Grafana, made of the alert rules and the
    /// catalogue
    #[command(after_help = help::after("export"))]
    Export(export::ExportArgs),
    /// Generate man pages and shell completions
    #[command(hide = true)]
    Gen(r#gen::GenArgs),
}

impl Cli {
    /// Runs the command.
    pub fn run(&self) -> Result<ExitCode, Failure> {
        match &self.command {
            Command::Run(args) => args.run(),
            Command::Init(args) => args.run(),
            Command::Report(args) => args.run(),
            Command::Backtest(args) => args.run(),
            Command::Extract(args) => args.run(),
            Command::Explain(args) => args.run(),
            Command::Check(args) => args.run(),
            Command::Test(args) => args.run(),
            Command::Status(args) => args.run(),
            Command::Top(args) => args.run(),
            Command::Silence(args) => args.run(),
            Command::Outbox(args) => args.run(),
            Command::Why(args) => args.run(),
            Command::SendTest(args) => args.run(),
            Command::Preview(args) => args.run(),
            Command::Export(args) => args.run(),
            Command::Gen(args) => args.run(),
        }
    }
}

/// The exit code of what was parsed and run; what went wrong is printed.
pub fn ended(parsed: Result<Result<ExitCode, Failure>, clap::Error>) -> ExitCode {
    let ran = match parsed {
        Ok(ran) => ran,
        Err(error) => not_parsed(&error),
    };
    ran.unwrap_or_else(|failure| {
        failure.print();
        failure.exit_code()
    })
}

/// Prints what clap has to say of the arguments: help, the version, or what is wrong with them.
fn not_parsed(error: &clap::Error) -> Result<ExitCode, Failure> {
    let is_asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    match failure::written(error.print()) {
        _ if !is_asked_for => Ok(ExitCode::Usage),
        printed => printed.map(|()| ExitCode::Done),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_options_do_not_contradict_each_other() {
        Cli::command().debug_assert();
        Agent::command().debug_assert();
    }
}
