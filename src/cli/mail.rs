//! `--email TO`: a report for somebody's mailbox.
//!
//! Owns its options, which receiver of which configuration says how mail is sent, and what is said
//! of it. Must never lay out the mail. Fails with wrong arguments before any log is read, when the
//! configuration is wrong, and with an exit code of its own when the mail is not taken.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use lettre::Address;
use lettre::message::Mailbox;

use super::config;
use super::exit_code::ExitCode;
use super::failure::{Failure, with_hint, written};
use super::messages::Messages;
use super::preview::receiver_named;
use crate::config::{Config, Email, RECIPIENTS_MAX, Receiver, Way, mail_address, mailbox};
use crate::deliver::Failure as Refusal;
use crate::deliver::email::{
    ATTACHMENT_BYTES_MAX, Attachment, Bodies, Letter, ReportMail, compose_report, host, send_report,
};
use crate::report::Report;
use crate::report::html::{self, Origin};
use crate::report::mail::{Body, Mail, Page};
use crate::surface::Language;
use crate::surface::escape::visible;

/// Options of a report that goes by mail.
#[derive(Debug, Args)]
#[command(next_help_heading = "By mail")]
pub(super) struct MailArgs {
    /// Send the report to this address, as a mail with the page of `--format html` attached
    /// (repeatable)
    ///
    /// Standard output has one line then, which says who took it, unless --format or --output says
    /// what else is written.
    #[arg(long = "email", value_name = "TO", value_parser = mail_address)]
    to: Vec<Arc<str>>,

    /// The configuration whose receiver says how mail is sent [default, for root and the service's
    /// user: /etc/ocrwatch/ocrwatch.toml, if it is there; else /usr/sbin/sendmail takes it]
    ///
    /// Only that is taken from it: the report is the one that there is without.
    #[arg(long, short, value_name = "FILE", requires = "to")]
    config: Option<PathBuf>,

    /// Which receiver of the configuration, if several are told by mail
    #[arg(long, value_name = "NAME", requires = "to")]
    receiver: Option<String>,

    /// Who the mail is from [default: as the receiver says, else `ocrwatch` at this machine]
    #[arg(long, value_name = "FROM", requires = "to", value_parser = mailbox)]
    mail_from: Option<Mailbox>,
}

/// How a report is sent, and to whom.
#[derive(Debug)]
pub(super) struct Mailing {
    email: Email,
    language: Language,
}

impl MailArgs {
    /// How the report is sent, in the language that was asked for, else its receiver's; none if it
    /// is not.
    pub(super) fn mailing(&self, asked: Option<Language>) -> Result<Option<Mailing>, Failure> {
        if self.to.is_empty() {
            return Ok(None);
        }
        self.is_once_each()?;
        let named = self.config.as_deref();
        let found = config::named_or_of_service(named, true)?.map(|(_, config)| config);
        let receiver = match &found {
            Some(config) => self.receiver_of(config)?,
            None if self.receiver.is_some() => {
                let hint = "name it with --config; `ocrwatch init` writes one";
                return Err(Failure::usage("no configuration says who the receivers are", hint));
            }
            None => None,
        };
        let of_receiver = receiver.map(|(receiver, _)| receiver.language);
        let language = asked.or(of_receiver).unwrap_or_default();
        let mut email = match receiver {
            Some((_, email)) => Email { to: self.to.clone(), ..email.clone() },
            None => Email::by_machine(self.to.clone(), of_machine()),
        };
        if let Some(from) = &self.mail_from {
            email.from = from.clone();
        }
        Ok(Some(Mailing { email, language }))
    }

    fn is_once_each(&self) -> Result<(), Failure> {
        for (at, to) in self.to.iter().enumerate() {
            if self.to.iter().take(at).any(|known| known.eq_ignore_ascii_case(to)) {
                return Err(Failure::usage(
                    &format!("`--email {to}` stands twice"),
                    "each gets one mail; leave one out",
                ));
            }
        }
        if self.to.len() > RECIPIENTS_MAX {
            let what = format!("--email names more than {RECIPIENTS_MAX} people");
            return Err(Failure::usage(&what, "write a list's own address"));
        }
        Ok(())
    }

    /// The receiver that says how mail is sent; none where nobody asked for this configuration and
    /// it has none.
    fn receiver_of<'c>(
        &self,
        config: &'c Config,
    ) -> Result<Option<(&'c Receiver, &'c Email)>, Failure> {
        if let Some(name) = &self.receiver {
            let receiver = receiver_named(name, config)?;
            return by_mail(receiver).map(Some).ok_or_else(|| {
                let what = format!("receiver `{name}` is told by {}", receiver.way.key());
                Failure::usage(&what, "name one with `email`, or leave --receiver out")
            });
        }
        let mails: Vec<_> = config.receivers.iter().filter_map(by_mail).collect();
        match mails.as_slice() {
            [] if self.config.is_some() => Err(Failure::usage(
                "the configuration has no receiver that is told by mail",
                "write a [[receiver]] with `email`; without --config this machine's sendmail \
                 takes it",
            )),
            [] => Ok(None),
            [only] => Ok(Some(*only)),
            several => {
                let names: Vec<_> = several.iter().map(|(receiver, _)| &*receiver.name).collect();
                let what = format!("{} receivers are told by mail", names.len());
                let hint = format!("pick one with --receiver: {}", names.join(", "));
                Err(Failure::usage(&what, &hint))
            }
        }
    }
}

fn by_mail(receiver: &Receiver) -> Option<(&Receiver, &Email)> {
    match &receiver.way {
        Way::Email(email) => Some((receiver, email)),
        _ => None,
    }
}

/// The sender where nobody says one.
fn of_machine() -> Mailbox {
    let of = |host: &str| mailbox(&format!("ocrwatch@{host}"));
    // A machine may have a name that no address can hold.
    of(&host())
        .unwrap_or_else(|_| Mailbox::new(None, Address::new_dangerous("ocrwatch", "localhost")))
}

impl Mailing {
    /// Sends the report, and says who took it if nothing else stands on standard output.
    pub(super) fn send(
        &self,
        report: &Report,
        origin: &Origin,
        says_so: bool,
        messages: &mut Messages,
    ) -> Result<(), Failure> {
        let letter = self
            .letter(report, origin)
            .map_err(|refusal| not_taken(vec![words("the mail", &refusal)]))?;
        let mut wait = |to: &str, refusal: &Refusal, wait: Duration| {
            let again = format!("tried again in {} s", wait.as_secs());
            messages.note(&format!("{to} did not take it: {refusal} ({again})"));
            std::thread::park_timeout(wait);
        };
        let told = send_report(&letter, &self.email, &mut wait, &mut |_| {});
        let taken = told.iter().filter(|(_, taken)| taken.is_ok()).map(|(to, _)| &**to);
        let taken: Vec<_> = taken.collect();
        if says_so && !taken.is_empty() {
            let line = format!("sent to {} as {}", taken.join(", "), letter.message_id);
            written(writeln!(io::stdout(), "{}", visible(&line)))?;
        }
        let refusals = told.iter().filter_map(|(to, taken)| Some((to, taken.as_ref().err()?)));
        let problems: Vec<_> = refusals.map(|(to, refusal)| words(to, refusal)).collect();
        if problems.is_empty() { Ok(()) } else { Err(not_taken(problems)) }
    }

    fn letter(&self, report: &Report, origin: &Origin) -> Result<Letter, Refusal> {
        let mut page = Vec::new();
        // Writing to memory cannot fail.
        let _ = html::write(&mut page, report, origin, self.language);
        let page = String::from_utf8_lossy(&page);
        let is_attached = page.len() <= ATTACHMENT_BYTES_MAX;
        let host = host();
        let said = Mail::of(report, origin, self.language, &host);
        let name = format!("ocrwatch-report-{}.html", origin.made_at.format("%Y-%m-%d"));
        let attachment = Attachment { name: &name, html: &page };
        let mail = ReportMail {
            subject: &said.subject(),
            severity: said.severity(),
            attachment: is_attached.then_some(attachment),
            date: origin.made_at,
        };
        let page = if is_attached { Page::Attached } else { Page::TooLarge(page.len()) };
        let bodies = said.bodies(page).map(|Body { text, html }| Bodies { text, html });
        compose_report(&mail, bodies, &self.email)
    }
}

fn not_taken(problems: Vec<String>) -> Failure {
    Failure::new(ExitCode::Unavailable, problems)
}

fn words(to: &str, refusal: &Refusal) -> String {
    let what = format!("{to} did not take the report: {refusal}");
    match &refusal.hint {
        Some(hint) => with_hint(&what, hint),
        None => what,
    }
}
