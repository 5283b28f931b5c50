//! A report as a mail.
//!
//! Owns its head, its parts and their sizes, and how often a server is asked that takes nothing for
//! now: nobody keeps a report until later. Must never know what a report says, read a clock or
//! wait by itself. Fails with what was said, and what to do about it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use lettre::message::header::ContentType;
use lettre::message::{self, MultiPart};

use super::carrier::Carrier;
use super::letter::{
    BYTES_MAX, Letter, SUBJECT_CHARS_MAX, addressed, bodies, domain, finished, for_programs, marked,
};
use crate::catalogue::Severity;
use crate::config::Email;
use crate::deliver::{Accepted, Again, Failure, Trace};
use crate::fnv::Fnv;
use crate::surface::escape::mail_head;

/// What is larger is not taken by many mailboxes, nor opened on a telephone.
pub const ATTACHMENT_BYTES_MAX: usize = 2 * 1024 * 1024;

/// The waits before a mail that was not taken for now is offered again: a minute and a half
/// together, in which a server is started anew, and after which somebody at a terminal gives up.
const WAITS_S: [u64; 3] = [5, 25, 60];

/// Steps in which nothing is otherwise a minute later: somebody has to mend what they fail with.
const LASTING: [&str; 6] = ["write", "run", "tls", "starttls", "login", "sender"];

/// What a mail about a report holds.
#[derive(Debug, Clone, Copy)]
pub struct ReportMail<'m> {
    /// What it is about; made safe here.
    pub subject: &'m str,
    /// The gravest of what needs somebody; none if nothing does.
    pub severity: Option<Severity>,
    /// A page that is attached.
    pub attachment: Option<Attachment<'m>>,
    /// When it is sent.
    pub date: DateTime<FixedOffset>,
}

/// A page of HTML that is attached.
#[derive(Debug, Clone, Copy)]
pub struct Attachment<'m> {
    /// The name of its file.
    pub name: &'m str,
    /// All of it.
    pub html: &'m str,
}

/// What the mail says, in both forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bodies {
    /// In plain text.
    pub text: String,
    /// As HTML, made for mail programs.
    pub html: String,
}

/// Makes the mail. `offered` says the same in less and less room; the first that mail programs show
/// uncut is taken, else the last.
pub fn compose_report(
    mail: &ReportMail<'_>,
    offered: impl Iterator<Item = Bodies>,
    email: &Email,
) -> Result<Letter, Failure> {
    let subject = mail_head(mail.subject, SUBJECT_CHARS_MAX);
    let mut found = None;
    for both in offered {
        let id = id(&subject, &both, mail.date);
        let part = bodies(&id, both.text, both.html);
        let fits = part.formatted().len() <= BYTES_MAX;
        found = Some((id, part));
        if fits {
            break;
        }
    }
    let Some((id, part)) = found else {
        return Err(Failure::refused("write", "the mail says nothing"));
    };
    let domain = domain(email);
    let message_id = format!("<{id}.report.ocrwatch@{domain}>");
    let severity = mail.severity.map_or("none", Severity::name).to_owned();
    let marks = [("X-Ocrwatch-Severity", severity), ("X-Ocrwatch-Report", id.clone())];
    let builder = addressed(email, &subject, &message_id)?;
    let builder = marked(builder, for_programs(domain).into_iter().chain(marks));
    let mut body = MultiPart::mixed().boundary(format!("=_ocrwatch_{id}_all")).multipart(part);
    if let Some(Attachment { name, html }) = mail.attachment {
        let attachment = message::Attachment::new(name.to_owned());
        body = body.singlepart(attachment.body(html.to_owned(), ContentType::TEXT_HTML));
    }
    let bytes = finished(builder, body, mail.date)?;
    Ok(Letter { message_id, subject, bytes })
}

/// The same report on the same day is the same mail, so that one that is sent again as nobody knew
/// whether it was taken is shown once. A week later it is another one although nothing has changed:
/// who waits for it would take its absence for a defect.
fn id(subject: &str, both: &Bodies, date: DateTime<FixedOffset>) -> String {
    let mut hash = Fnv::new();
    hash.text(subject).text(&both.text).text(&both.html);
    hash.text(&date.date_naive().to_string());
    format!("{:016x}", hash.get())
}

/// What became of a mail for one recipient.
pub type Taken = Result<Accepted, Failure>;

/// Sends a mail to each recipient on its own, as one that is refused keeps no other waiting. Whom
/// it did not reach for now are tried again a few times; `wait` is told who and why, and waits.
pub fn send_report(
    letter: &Letter,
    email: &Email,
    wait: &mut dyn FnMut(&str, &Failure, Duration),
    trace: Trace<'_>,
) -> Vec<(Arc<str>, Taken)> {
    let mut carrier = Carrier::new(email);
    let mut carry = |to: &str| carrier.carry(letter, &[to], trace);
    let mut told: Vec<_> = email.to.iter().map(|to| (Arc::clone(to), carry(to))).collect();
    for wait_s in WAITS_S {
        let passing = |(_, taken): &(_, Taken)| taken.as_ref().err().is_some_and(is_passing);
        let Some((to, Err(failure))) = told.iter().find(|of| passing(of)) else { break };
        wait(to, failure, Duration::from_secs(wait_s));
        for (to, taken) in told.iter_mut().filter(|of| passing(of)) {
            *taken = carry(to);
        }
    }
    told
}

fn is_passing(failure: &Failure) -> bool {
    failure.again != Again::Never && !LASTING.contains(&failure.stage)
}
