//! The program that prints the journal.
//!
//! Owns the process and its end. Must never look at what it prints. Fails by [`Problem`].

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{self, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};

use super::Problem;
use crate::tail::stream::{Piece, Stream};

/// What is kept of what it says beside its output.
const SAID_BYTES_MAX: usize = 1024;

/// A running `journalctl`. Ends with its value.
#[derive(Debug)]
pub(super) struct Child {
    process: process::Child,
    output: Stream,
    errors: Stream,
    said: VecDeque<u8>,
    /// What the output ended with, held back until all that was said is known.
    last: Option<Piece>,
    has_said_all: bool,
    is_over: bool,
}

impl Child {
    pub(super) fn start(
        program: &Path,
        arguments: &[String],
        wake: impl Fn() + Clone + Send + Sync + 'static,
    ) -> Result<Self, Problem> {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Signals of our terminal are not for it, and all that it starts ends with it.
        command.env("LC_ALL", "C").process_group(0);
        let mut process = command.spawn().map_err(|error| of_start(program, &error))?;
        let output = process.stdout.take().map(OwnedFd::from);
        let errors = process.stderr.take().map(OwnedFd::from);
        let streams = output.zip(errors).ok_or_else(|| io::Error::other("it has no output"));
        let streams = streams.and_then(|(output, errors)| {
            Ok((Stream::of(output, wake.clone())?, Stream::of(errors, wake)?))
        });
        match streams {
            Ok((output, errors)) => {
                let said = VecDeque::new();
                Ok(Self {
                    process,
                    output,
                    errors,
                    said,
                    last: None,
                    has_said_all: false,
                    is_over: false,
                })
            }
            Err(error) => {
                end(&mut process);
                Err(of_start(program, &error))
            }
        }
    }

    pub(super) fn try_next(&mut self) -> Option<Piece> {
        while let Some(piece) = self.errors.try_next() {
            match piece {
                Piece::Bytes(bytes) => {
                    self.said.extend(bytes);
                    let surplus = self.said.len().saturating_sub(SAID_BYTES_MAX);
                    self.said.drain(..surplus);
                }
                Piece::WriterClosed => {}
                Piece::Ended | Piece::Failed(_) => self.has_said_all = true,
            }
        }
        if self.last.is_none() {
            let piece = self.output.try_next()?;
            if matches!(piece, Piece::Bytes(_) | Piece::WriterClosed) {
                return Some(piece);
            }
            self.last = Some(piece);
            // What it started may hold the other pipe open.
            self.stop();
            return self.try_next();
        }
        if self.has_said_all { self.last.take() } else { None }
    }

    /// Ends it; the end of what it said.
    pub(super) fn end(mut self) -> String {
        let said = std::mem::take(&mut self.said);
        String::from_utf8_lossy(&Vec::from(said)).trim().to_owned()
    }

    /// Once it was waited for its number may be another's.
    fn stop(&mut self) {
        if !std::mem::replace(&mut self.is_over, true) {
            end(&mut self.process);
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.stop();
    }
}

/// All of the group, before it is waited for: until then its number is no other's.
fn end(process: &mut process::Child) {
    if let Some(group) = i32::try_from(process.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = process.wait();
}

fn of_start(program: &Path, error: &io::Error) -> Problem {
    if error.kind() == io::ErrorKind::NotFound {
        return Problem::Missing(program.to_owned());
    }
    Problem::NotStarted { program: program.to_owned(), why: error.to_string() }
}
