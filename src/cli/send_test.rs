//! `ocrwatch send-test`: whether a receiver really gets what it is sent.
//!
//! Owns its options, and that each step is seen as it happens. Must never send anything that is not
//! marked as a test. Fails when the configuration is wrong, and with an exit code of its own when
//! the receiver does not take it.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::config;
use super::exit_code::ExitCode;
use super::failure::{Failure, with_hint, written};
use super::preview::{made_up, receiver_named, rule_named};
use super::terminal::StyleArgs;
use crate::clock;
use crate::config::{Config, Receiver};
use crate::deliver::{self, Again, Failure as Refusal, Parcel, Step, terminal};
use crate::engine::Rule;
use crate::report::Style;
use crate::surface::escape::visible;

/// The alert that is worth most to arrive.
const USUAL_RULE: &str = "aksk-lockout";

/// Options of `send-test`.
#[derive(Debug, Args)]
pub(super) struct SendTestArgs {
    /// The receiver, as the configuration names it
    #[arg(value_name = "RECEIVER")]
    receiver: String,

    /// The configuration [default, for root and the service's user: /etc/ocrwatch/ocrwatch.toml, if
    /// it is there]
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,

    /// The rule whose alert is made up [default: aksk-lockout, else the first]
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,

    /// Only to this one of the receiver's recipients
    #[arg(long, value_name = "NAME")]
    recipient: Option<String>,

    #[command(flatten)]
    style: StyleArgs,
}

impl SendTestArgs {
    /// Sends it, once to each recipient.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let found = config::named_or_of_service(self.config.as_deref(), true)?;
        let (_, config) = found.ok_or_else(|| {
            let hint = "name it with --config; `ocrwatch init` writes one";
            Failure::usage("no configuration says who the receivers are", hint)
        })?;
        let receiver = receiver_named(&self.receiver, &config)?;
        let rule = match &self.rule {
            Some(name) => rule_named(name, &config)?,
            None => usual_rule(&config)?,
        };
        let recipients = self.recipients(receiver)?;
        let problems = send(rule, receiver, &config, recipients, self.style.style())?;
        if problems.is_empty() {
            Ok(ExitCode::Done)
        } else {
            Err(Failure::new(ExitCode::Unavailable, problems))
        }
    }

    fn recipients(&self, receiver: &Receiver) -> Result<Vec<Arc<str>>, Failure> {
        let all = receiver.recipients();
        let Some(wanted) = &self.recipient else { return Ok(all) };
        let found: Vec<_> = all.iter().filter(|name| ***name == **wanted).cloned().collect();
        if found.is_empty() {
            let what = format!("receiver `{}` has no recipient `{wanted}`", receiver.name);
            return Err(Failure::usage(&what, &format!("it has {}", all.join(", "))));
        }
        Ok(found)
    }
}

/// Sends a made-up alert of a rule to some of a receiver's recipients, each step seen, and tells
/// who did not take it and why.
pub(super) fn send(
    rule: &Rule,
    receiver: &Receiver,
    config: &Config,
    recipients: Vec<Arc<str>>,
    style: Style,
) -> Result<Vec<String>, Failure> {
    let (parcel, texts) = made_up(rule, Some(receiver), config);
    let Some(mut sender) = deliver::sender(receiver) else {
        written(terminal::write(&mut io::stdout(), &parcel.notification, &texts, style))?;
        return Ok(Vec::new());
    };
    let mut problems = Vec::new();
    for recipient in recipients {
        let parcel = Parcel { recipient, ..parcel.clone() };
        written(begin(receiver, &parcel))?;
        let mut said = Ok(());
        let mut trace = |step: Step| {
            let so_far = std::mem::replace(&mut said, Ok(()));
            said = so_far.and_then(|()| say(step.stage, &step.text));
        };
        let result = sender.send(&parcel, &texts, clock::now(), &mut trace);
        written(said)?;
        match result {
            Ok(accepted) => written(say("accepted", &accepted.answer))?,
            Err(refusal) => problems.push(told(receiver, &parcel, &refusal)),
        }
    }
    Ok(problems)
}

/// The rule whose alert is sent where none is named.
pub(super) fn usual_rule(config: &Config) -> Result<&Rule, Failure> {
    let rules = config.alerting.rules.rules();
    let usual = rules.iter().find(|rule| *rule.name == *USUAL_RULE);
    usual.or_else(|| rules.first()).ok_or_else(|| {
        Failure::usage("the configuration has no rule", "write one, or leave `rules` out")
    })
}

fn begin(receiver: &Receiver, parcel: &Parcel) -> io::Result<()> {
    let (name, way) = (&receiver.name, receiver.way.key());
    let to = if parcel.recipient.is_empty() { "" } else { " to " };
    let line = format!("{name} ({way}){to}{}: {}", parcel.recipient, parcel.notification.id);
    writeln!(io::stdout(), "{}", visible(&line))
}

/// A step, at once: what hangs is seen to hang.
fn say(stage: &str, text: &str) -> io::Result<()> {
    let mut out = io::stdout();
    let line = format!("  {stage:<10} {text}");
    writeln!(out, "{}", visible(line.trim_end()))?;
    out.flush()
}

/// The cause, what a run would do about it, and the remedy.
fn told(receiver: &Receiver, parcel: &Parcel, refusal: &Refusal) -> String {
    let to = if parcel.recipient.is_empty() { &*receiver.name } else { &*parcel.recipient };
    let then = match refusal.again {
        Again::Later => "a run would try again".to_owned(),
        Again::After(wait) => format!("a run would try again after {} s", wait.as_secs()),
        Again::Never => "a run would give it up".to_owned(),
    };
    let what = format!("{to} did not take it: {refusal} ({then})");
    match &refusal.hint {
        Some(hint) => with_hint(&what, hint),
        None => what,
    }
}
