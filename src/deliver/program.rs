//! A program of this machine that is run to its end.
//!
//! Owns what it is handed and what is kept of what it prints, and that it ends in time with all
//! that it started. Must never let a shell read anything, nor know what the program is for. Fails
//! if it cannot be started, and if its time was over.

use std::io::{self, ErrorKind, Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::clock::Stopwatch;

/// So much of what a program prints is kept.
const OUTPUT_BYTES_MAX: u64 = 64 * 1024;

/// What was killed has closed its ends after so long, unless it left the group.
const CLOSE_MAX: Duration = Duration::from_secs(1);

/// Runs a program, hands it `stdin`, and takes what it prints.
///
/// It leads a process group. What it leaves in the background has as long as itself to close what
/// it prints to, and is ended then; what the program itself ended with counts all the same.
pub(super) fn run(mut command: Command, stdin: Vec<u8>, timeout: Duration) -> io::Result<Output> {
    let stopwatch = Stopwatch::start();
    let left = || timeout.saturating_sub(stopwatch.elapsed());
    command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let group = Pid::from_child(&child);
    let watched = talk(&mut child, stdin).and_then(|printed| Ok((printed, watch(group)?)));
    let (printed, ended) = match watched {
        Ok(watched) => watched,
        Err(error) => {
            end(group);
            child.wait()?;
            return Err(error);
        }
    };
    let is_late = ended.recv_timeout(left()) == Err(RecvTimeoutError::Timeout);
    let mut said = printed.recv_timeout(left());
    if is_late || said.is_err() {
        // It was not reaped yet: nobody else can have its number.
        end(group);
        said = said.or_else(|_| printed.recv_timeout(CLOSE_MAX));
    }
    let status = child.wait()?;
    if is_late {
        let why = format!("it was ended after {} s", timeout.as_secs());
        return Err(io::Error::new(ErrorKind::TimedOut, why));
    }
    let (stdout, stderr) = said.unwrap_or_default();
    Ok(Output { status, stdout, stderr })
}

/// Hands over what the program reads; what it printed comes once both ends are closed.
fn talk(child: &mut Child, stdin: Vec<u8>) -> io::Result<Receiver<(Vec<u8>, Vec<u8>)>> {
    let (to, out, err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (sender, printed) = channel();
    thread(move || {
        if let Some(mut to) = to {
            // Who does not want it has closed it.
            let _ = to.write_all(&stdin);
        }
    })?;
    let errors = thread(move || all_of(err))?;
    thread(move || {
        let output = all_of(out);
        let _ = sender.send((output, errors.join().unwrap_or_default()));
    })?;
    Ok(printed)
}

/// Tells when the program has ended, and leaves it to its parent to reap it.
fn watch(program: Pid) -> io::Result<Receiver<()>> {
    let (sender, ended) = channel();
    thread(move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while matches!(waitid(WaitId::Pid(program), options), Err(Errno::INTR)) {}
        let _ = sender.send(());
    })?;
    Ok(ended)
}

fn thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    Builder::new().name("program".to_owned()).spawn(work)
}

fn all_of(from: Option<impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut from) = from {
        // What was read until an error is what there is; the rest is read and dropped.
        let _ = from.by_ref().take(OUTPUT_BYTES_MAX).read_to_end(&mut bytes);
        let _ = io::copy(&mut from, &mut io::sink());
    }
    bytes
}

fn end(group: Pid) {
    // It may have ended meanwhile.
    let _ = kill_process_group(group, Signal::KILL);
}
