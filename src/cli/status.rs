//! `ocrwatch status`: how the run stands.
//!
//! Owns its options and the exit codes of a check. Must never judge: the verdict is the status's.
//! Fails when the run does not answer; a check says so in its own form.

use std::io::{self, BufWriter, Write};
use std::time::Duration;

use chrono::TimeDelta;
use clap::{Args, ValueEnum};

use super::client::{Client, NoAnswer, RunArgs, Why};
use super::exit_code::ExitCode;
use super::failure::{Failure, with_hint, written};
use super::terminal::StyleArgs;
use crate::clock::Stopwatch;
use crate::status::{Grade, Status, Verdict, unknown_line, write_page};
use crate::surface::{json, phrase};

/// A run that works answers within milliseconds; who has checks run waits for 10 s at the least.
const TIMEOUT: Duration = Duration::from_secs(8);

/// How often it is asked whether it is ready.
const LOOK: Duration = Duration::from_millis(200);

/// What a status is written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A page for people
    #[default]
    Terminal,
    /// One JSON document
    Json,
}

/// Options of `status`.
#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// Write one line as Nagios' plugins do, and end with 0, 1, 2 or 3: ok, warning, critical,
    /// unknown
    #[arg(long, conflicts_with = "format")]
    check: bool,

    /// Wait until every source is followed and read, and what is decided is kept and told, for so
    /// many seconds at most
    #[arg(long, value_name = "SECONDS")]
    wait_ready: Option<u32>,

    /// What to write
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,

    #[command(flatten)]
    style: StyleArgs,

    #[command(flatten)]
    run: RunArgs,
}

impl StatusArgs {
    /// Writes the page, the document or the line.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        if self.check { self.check() } else { self.show() }
    }

    fn show(&self) -> Result<ExitCode, Failure> {
        let (client, zone) = self.run.client(TIMEOUT)?;
        let status = self.ask(&client)?.map_err(NoAnswer::into_failure)?;
        let mut out = BufWriter::with_capacity(super::OUT_BYTES, io::stdout().lock());
        let result = match self.format {
            Format::Json => json::write_line(&mut out, &status),
            Format::Terminal => write_page(&mut out, &status, zone, self.style.style()),
        };
        written(result.and_then(|()| out.flush()))?;
        Ok(ExitCode::Done)
    }

    fn check(&self) -> Result<ExitCode, Failure> {
        let asked = self.run.client(TIMEOUT).and_then(|(client, _)| self.ask(&client));
        let (code, line) = match asked {
            Ok(Ok(status)) => {
                let (grade, line) = status.check_line();
                let code = match grade {
                    Grade::Ok => ExitCode::Done,
                    Grade::Warning => ExitCode::Matched,
                    Grade::Critical => ExitCode::Critical,
                };
                (code, line)
            }
            Ok(Err(no_answer)) => (ExitCode::Unknown, unknown_line(&no_answer.line())),
            Err(failure) => {
                let problems = failure.into_problems();
                let first = problems.first().and_then(|problem| problem.lines().next());
                (ExitCode::Unknown, unknown_line(first.unwrap_or("the run cannot be asked")))
            }
        };
        written(writeln!(io::stdout(), "{line}"))?;
        Ok(code)
    }

    /// The status; with `--wait-ready` once the run is ready.
    fn ask(&self, client: &Client) -> Result<Result<Status, NoAnswer>, Failure> {
        let Some(seconds) = self.wait_ready else { return Ok(client.status()) };
        let wait = Duration::from_secs(seconds.into());
        let waited = Stopwatch::start();
        loop {
            let answer = client.status();
            let verdict = match &answer {
                Ok(status) => Verdict::of(status),
                // A run that starts makes its socket and lets it be found.
                Err(error) if matches!(error.why, Why::Absent | Why::Late) => Verdict::default(),
                Err(_) => return Ok(answer),
            };
            if answer.is_ok() && verdict.is_ready() {
                return Ok(answer);
            }
            if waited.elapsed() >= wait {
                let Some(first) = verdict.blocking().next() else { return Ok(answer) };
                let span = phrase::span(TimeDelta::from_std(wait).unwrap_or_default());
                let what = format!("the run is not ready after {span}: {}", first.what);
                let problem = with_hint(&what, "`ocrwatch status` shows all of it");
                return Err(Failure::new(ExitCode::Unavailable, vec![problem]));
            }
            std::thread::park_timeout(LOOK);
        }
    }
}
