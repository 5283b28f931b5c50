//! A program of this machine that is handed a notification.
//!
//! Owns that it is started without a shell, gets the notification as JSON on its standard input,
//! and is ended when its time is over. Must never show what it prints unredacted. Fails with what
//! the program ended with.

use std::io::{self, Read, Write as _};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Accepted, Again, Failure, Parcel, Scope, Sender, Step, Trace};
use crate::config;
use crate::config::{Receiver, Secret};
use crate::render::{NotificationText, Texts};
use crate::surface::escape::visible;

/// The schema's name and number.
const SCHEMA: &str = "ocrwatch.notification/1";

/// A program that prints a secret has so long.
pub(super) const SECRET_TIMEOUT: Duration = Duration::from_secs(30);

/// So much of what a program prints is kept.
const OUTPUT_BYTES_MAX: u64 = 64 * 1024;

/// `EX_TEMPFAIL` of `sysexits.h`: the program asks to be called again.
const TRY_AGAIN: i32 = 75;

/// A program.
pub(super) struct Program {
    run: Arc<[String]>,
    timeout: Duration,
    environment: Vec<(Arc<str>, Secret)>,
    receiver: Arc<str>,
}

#[derive(Serialize)]
struct Document<'n> {
    schema: &'static str,
    #[serde(flatten)]
    text: &'n NotificationText,
}

/// A notification as JSON, for programs.
pub(super) fn document(text: &NotificationText) -> Vec<u8> {
    // Texts, numbers and lists of them: nothing of it can be refused.
    serde_json::to_vec(&Document { schema: SCHEMA, text }).unwrap_or_default()
}

impl Program {
    pub(super) fn new(command: &config::Command, receiver: &Receiver) -> Self {
        Self {
            run: Arc::clone(&command.run),
            timeout: command.timeout.to_delta().to_std().unwrap_or_default(),
            environment: command.environment.clone(),
            receiver: Arc::clone(&receiver.name),
        }
    }
}

impl Sender for Program {
    fn send(
        &mut self,
        parcel: &Parcel,
        texts: &Texts,
        _: DateTime<Utc>,
        trace: Trace<'_>,
    ) -> Result<Accepted, Failure> {
        let text = NotificationText::of(&parcel.notification, texts);
        let json = json(&text);
        let Some((program, arguments)) = self.run.split_first() else {
            return Err(Failure::refused("run", "no program is named"));
        };
        trace(Step { stage: "run", text: program.clone() });
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env("OCRWATCH_RECEIVER", &*self.receiver)
            .env("OCRWATCH_NOTIFICATION_ID", &text.id)
            .env("OCRWATCH_STATUS", if text.firing > 0 { "firing" } else { "resolved" });
        for (name, secret) in &self.environment {
            // Anew each time: it may have been changed.
            let value = super::secret::read(secret).map_err(|error| {
                Failure::unreachable("secret", format!("{name}: {error}")).with_hint(error.hint)
            })?;
            trace(Step { stage: "secret", text: format!("{name} is read") });
            command.env(&**name, value.reveal());
        }
        let output = output_of(command, json, self.timeout)
            .map_err(|error| Failure::unreachable("run", format!("{program}: {error}")))?;
        let printed = String::from_utf8_lossy(&output.stderr);
        let said = visible(printed.lines().last().unwrap_or_default());
        trace(Step { stage: "end", text: format!("{} {said}", output.status) });
        match output.status.code() {
            Some(0) => Ok(Accepted { answer: output.status.to_string() }),
            code => Err(Failure {
                stage: "end",
                what: format!("{program} ended with {}: {said}", output.status),
                hint: None,
                again: if code == Some(TRY_AGAIN) || code.is_none() {
                    Again::Later
                } else {
                    Again::Never
                },
                scope: Scope::Message,
            }),
        }
    }

    fn preview(&self, parcel: &Parcel, texts: &Texts, _: DateTime<Utc>) -> Option<Vec<u8>> {
        Some(json(&NotificationText::of(&parcel.notification, texts)))
    }
}

/// What a program is handed.
pub(super) fn json(text: &NotificationText) -> Vec<u8> {
    let mut json = document(text);
    json.push(b'\n');
    json
}

/// Runs a program to its end and takes what it prints.
pub(super) fn output(command: Command, timeout: Duration) -> io::Result<Output> {
    output_of(command, Vec::new(), timeout)
}

/// The same of a program that is handed something.
pub(super) fn output_of(
    mut command: Command,
    stdin: Vec<u8>,
    timeout: Duration,
) -> io::Result<Output> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (sender, ended) = channel();
    let piped = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    std::thread::Builder::new().name("program".to_owned()).spawn(move || {
        let (to, out, err) = piped;
        let errors = std::thread::spawn(move || all_of(err));
        if let Some(mut to) = to {
            // Who does not want it has closed it.
            let _ = to.write_all(&stdin);
        }
        let out = all_of(out);
        let _ = sender.send((out, errors.join().unwrap_or_default()));
    })?;
    let (stdout, stderr) = match ended.recv_timeout(timeout) {
        Ok(printed) => printed,
        Err(RecvTimeoutError::Timeout) => {
            end(&mut child);
            let why = format!("it was ended after {} s", timeout.as_secs());
            return Err(io::Error::new(io::ErrorKind::TimedOut, why));
        }
        Err(RecvTimeoutError::Disconnected) => Default::default(),
    };
    Ok(Output { status: child.wait()?, stdout, stderr })
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

fn end(child: &mut Child) {
    // It may have ended meanwhile.
    let _ = child.kill();
    let _ = child.wait();
}
