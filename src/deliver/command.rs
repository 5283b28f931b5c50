//! A program of this machine that is handed a notification.
//!
//! Owns that it gets the notification as JSON on its standard input and its secrets in its
//! environment, and what its exit codes mean. Must never show what it prints unescaped. Fails with
//! what the program ended with.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Accepted, Again, Failure, Parcel, Scope, Sender, Step, Trace, program};
use crate::config;
use crate::config::{Receiver, Secret};
use crate::render::{NotificationText, Texts};
use crate::surface::escape::visible;

/// The schema's name and number.
const SCHEMA: &str = "ocrwatch.notification/1";

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
        let output = program::run(command, json, self.timeout)
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
