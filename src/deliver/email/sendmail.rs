//! A program of this machine that takes mail, such as sendmail.
//!
//! Owns its arguments and what its exit codes mean. Must never let a shell read anything. Fails
//! with what the program ended with.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use super::Envelope;
use crate::deliver::{Accepted, Again, Failure, Scope, Step, Trace, program};
use crate::surface::escape::mail_head;

/// Exit codes of `sysexits.h` that are about this mail and will not change.
const NO_USER: i32 = 67;
const NO_HOST: i32 = 68;
const BAD_DATA: i32 = 65;

pub(super) struct Sendmail {
    program: Arc<[String]>,
    timeout: Duration,
}

impl Sendmail {
    pub(super) fn new(program: Arc<[String]>, timeout: Duration) -> Self {
        Self { program, timeout }
    }

    pub(super) fn send(&self, mail: Envelope<'_>, trace: Trace<'_>) -> Result<Accepted, Failure> {
        let Some((program, arguments)) = self.program.split_first() else {
            return Err(Failure::refused("run", "no program is named"));
        };
        trace(Step { stage: "run", text: program.clone() });
        let mut command = Command::new(program);
        command.args(arguments).arg("-f").arg(AsRef::<str>::as_ref(mail.from));
        // An address never begins with `-`; not every sendmail knows `--`.
        command.args(mail.to.iter().map(AsRef::<str>::as_ref));
        // On standard input lines end as they do in files.
        let text = String::from_utf8_lossy(mail.bytes).replace("\r\n", "\n");
        let output = program::run(command, text.into_bytes(), self.timeout).map_err(|error| {
            Failure::unreachable("run", format!("{program}: {error}"))
                .with_hint("check the path, and run it by hand as this program's user")
        })?;
        let printed = String::from_utf8_lossy(&output.stderr);
        let said = mail_head(printed.lines().last().unwrap_or_default(), 300);
        trace(Step { stage: "end", text: format!("{} {said}", output.status) });
        let code = output.status.code();
        if code == Some(0) {
            return Ok(Accepted { answer: output.status.to_string() });
        }
        let (again, scope) = match code {
            Some(NO_USER | NO_HOST | BAD_DATA) => (Again::Never, Scope::Message),
            _ => (Again::Later, Scope::Receiver),
        };
        let what = format!("{program} ended with {}: {said}", output.status);
        Err(Failure { stage: "end", what, hint: None, again, scope })
    }
}
