//! A notification as a mail.
//!
//! Owns the head, and that the whole stays below what mail programs cut. Must never know a server
//! or read a clock. Fails if the head cannot be written, which a checked configuration rules out.

use chrono::{DateTime, FixedOffset, Utc};
use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder, MultiPart, SinglePart};

use super::frame::Frame;
use super::{html, text, thread};
use crate::catalogue::Severity;
use crate::config::{Email, Templates};
use crate::deliver::Failure;
use crate::engine::{Notification, NotifyReason};
use crate::render::{NotificationText, Status, Texts, ToldText};
use crate::surface::escape::mail_head;

/// Mail programs cut what is longer than about 100 KB.
pub(super) const BYTES_MAX: usize = 90_000;

pub(super) const SUBJECT_CHARS_MAX: usize = 150;
const VALUE_CHARS_MAX: usize = 200;

/// An operator's note, where there is no room for all of it.
const NOTE_CHARS_MAX: usize = 2_000;

/// Headlines, where there is no room for all of them.
const LINES_MAX: usize = 20;

/// A mail, ready to be handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its id, with its brackets.
    pub message_id: String,
    /// Its subject, before it is encoded.
    pub subject: String,
    /// All of it, lines ended by CR LF.
    pub bytes: Vec<u8>,
}

/// Makes the mail of a notification that was put into the outbox at an instant.
pub fn compose(
    notification: &Notification,
    (email, templates): (&Email, &Templates),
    texts: &Texts,
    host: &str,
    created: DateTime<Utc>,
) -> Result<Letter, Failure> {
    let full = NotificationText::of(notification, texts);
    let own = full.own_subject(templates).map(|own| mail_head(&own, SUBJECT_CHARS_MAX));
    let subject = own.unwrap_or_else(|| subject(&full, notification.passage.is_sample));
    let mut bytes = Vec::new();
    for room in rooms(full.alerts.len()) {
        let (told, shortened) = full.alerts.split_at(room.told.min(full.alerts.len()));
        let mut short = NotificationText { alerts: told.to_vec(), ..full.clone() };
        short.alerts.iter_mut().for_each(|told| room.fit(told));
        let Room { samples: has_samples, lines_max, .. } = room;
        let frame = Frame { subject: &subject, host, shortened, has_samples, lines_max };
        bytes = written(notification, (email, templates), &short, frame, created)?;
        if bytes.len() <= BYTES_MAX {
            break;
        }
    }
    let message_id = thread::message_id(notification, domain(email));
    Ok(Letter { message_id, subject, bytes })
}

/// How much of the alerts is told.
#[derive(Debug, Clone, Copy)]
struct Room {
    told: usize,
    samples: bool,
    beside: bool,
    lines_max: usize,
}

/// From everything to the gravest alert's solution alone.
fn rooms(alerts: usize) -> impl Iterator<Item = Room> {
    let all = Room { told: alerts.max(1), samples: true, beside: true, lines_max: usize::MAX };
    let fewer = std::iter::successors(Some(alerts.max(1)), |told| Some(told / 2)).skip(1);
    let fewer = fewer.take_while(|told| *told > 0);
    let fewer = fewer.map(move |told| Room { told, samples: false, ..all });
    let last = Room { told: 1, samples: false, beside: true, lines_max: LINES_MAX };
    let beyond = Room { beside: false, ..last };
    [all, Room { samples: false, ..all }].into_iter().chain(fewer).chain([last, beyond])
}

impl Room {
    fn fit(self, told: &mut ToldText) {
        if !self.samples {
            told.text.samples.clear();
        }
        if !self.beside {
            told.text.tickets.clear();
            told.text.links.clear();
            told.text.affected.clear();
            let note = told.text.note.take();
            told.text.note = note.map(|note| note.chars().take(NOTE_CHARS_MAX).collect());
            told.text.headline = mail_head(&told.text.headline, NOTE_CHARS_MAX);
        }
    }
}

fn written(
    notification: &Notification,
    (email, templates): (&Email, &Templates),
    told: &NotificationText,
    frame: Frame<'_>,
    created: DateTime<Utc>,
) -> Result<Vec<u8>, Failure> {
    let domain = domain(email);
    let incidents = thread::incidents(notification, domain);
    let mut builder = addressed(email, frame.subject, &thread::message_id(notification, domain))?;
    if let Some(last) = incidents.last() {
        builder = builder.in_reply_to(last.clone()).references(incidents.join(" "));
    }
    builder = marked(builder, for_programs(domain).into_iter().chain(marks(told)));
    let text = told.own_text(templates).unwrap_or_else(|| text::body(told, frame));
    let html = told.own_html(templates).unwrap_or_else(|| html::body(told, frame));
    let body = bodies(&notification.id.to_string(), text, html);
    finished(builder, body, created.with_timezone(told.at.offset()))
}

/// From whom, to whom, about what.
pub(super) fn addressed(
    email: &Email,
    subject: &str,
    message_id: &str,
) -> Result<MessageBuilder, Failure> {
    let mut builder = Message::builder().from(email.from.clone());
    if let Some(reply_to) = &email.reply_to {
        builder = builder.reply_to(reply_to.clone());
    }
    for to in &email.to {
        let address = to.parse().map_err(|_| wrong(&format!("`{to}` is no mail address")))?;
        builder = builder.to(Mailbox::new(None, address));
    }
    Ok(builder.subject(subject).message_id(Some(message_id.to_owned())))
}

/// With lines for programs in its head.
pub(super) fn marked(
    builder: MessageBuilder,
    marks: impl IntoIterator<Item = (&'static str, String)>,
) -> MessageBuilder {
    marks.into_iter().fold(builder, |builder, (name, value)| {
        builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value))
    })
}

/// The text, and the same as HTML.
pub(super) fn bodies(id: &str, text: String, html: String) -> MultiPart {
    let part = |kind, body: String| SinglePart::builder().header(kind).body(body);
    // Neither quoted-printable nor base64 can hold `=_`.
    MultiPart::alternative()
        .boundary(format!("=_ocrwatch_{id}"))
        .singlepart(part(ContentType::TEXT_PLAIN, text))
        .singlepart(part(ContentType::TEXT_HTML, html))
}

/// The whole as bytes.
pub(super) fn finished(
    builder: MessageBuilder,
    body: MultiPart,
    date: DateTime<FixedOffset>,
) -> Result<Vec<u8>, Failure> {
    let mut message = builder.multipart(body).map_err(|error| wrong(&error.to_string()))?;
    // The library writes every date in UTC; here it is in the zone in which the reader is told.
    let name = HeaderName::new_from_ascii_str("Date");
    message.headers_mut().insert_raw(HeaderValue::new(name, date.to_rfc2822()));
    Ok(message.formatted())
}

fn wrong(what: &str) -> Failure {
    Failure::refused("write", what).with_hint("`ocrwatch check` tells what is wrong with it")
}

/// The domain of the sender.
pub(super) fn domain(email: &Email) -> &str {
    email.from.email.domain()
}

/// The same behind the brackets from firing to resolved: no number that changes.
fn subject(told: &NotificationText, is_sample: bool) -> String {
    let language = told.language;
    let status = match told.status {
        Status::Firing => "FIRING",
        Status::Resolved => "RESOLVED",
    };
    let tail = match told.alerts.as_slice() {
        _ if told.reason == NotifyReason::Digest => {
            format!("{}: {}", language.words("digest"), told.route)
        }
        [] => told.headline(),
        [only] if told.left_out == 0 => only.text.title.clone(),
        [first, ..] => {
            let first = mail_head(&first.text.title, 100);
            language.pick(format!("{first} and others"), format!("{first} 等"))
        }
    };
    let test = if is_sample { format!("[{}] ", language.words("TEST")) } else { String::new() };
    mail_head(&format!("{test}[{}] {tail}", language.words(status)), SUBJECT_CHARS_MAX)
}

/// For programs: filters, and answering machines that must not answer.
pub(super) fn for_programs(domain: &str) -> [(&'static str, String); 3] {
    [
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Auto-Response-Suppress", "All".to_owned()),
        ("List-Id", format!("ocrwatch <ocrwatch.{domain}>")),
    ]
}

/// What the mail is about, to be filtered by.
fn marks(told: &NotificationText) -> Vec<(&'static str, String)> {
    let each = |value: &dyn Fn(&ToldText) -> Vec<String>| {
        let mut values: Vec<String> = Vec::new();
        for value in told.alerts.iter().flat_map(value) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        mail_head(&values.join(", "), VALUE_CHARS_MAX)
    };
    let status = match told.status {
        Status::Firing => "firing",
        Status::Resolved => "resolved",
    };
    let codes = |told: &ToldText| told.text.codes.iter().map(|code| code.code.clone()).collect();
    let mut marks = vec![
        ("X-Ocrwatch-Status", status.to_owned()),
        ("X-Ocrwatch-Severity", told.severity.name().to_owned()),
        ("X-Ocrwatch-Rule", each(&|told| vec![told.text.rule.clone()])),
        ("X-Ocrwatch-Code", each(&codes)),
        ("X-Ocrwatch-Fingerprint", each(&|told| vec![told.text.fingerprint.to_string()])),
        ("X-Ocrwatch-Notification", told.id.clone()),
    ];
    if told.severity == Severity::Critical && told.status == Status::Firing {
        marks.push(("Importance", "high".to_owned()));
        marks.push(("X-Priority", "1".to_owned()));
    }
    marks.retain(|(_, value)| !value.is_empty());
    marks
}
