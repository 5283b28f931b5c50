//! A `[[receiver]]`: who is told, and by which way.
//!
//! Owns the keys that receivers of every kind have, and that each has exactly one way. Must never
//! read a secret: it notes where one lies. What is wrong is a problem and reads as absent.

mod address;
mod command;
mod email;
pub(super) mod reference;
pub(super) mod secret;
mod templates;
mod web;

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

pub use address::{Server, mail_address, mailbox};
pub use command::Command;
pub use email::{Email, Login, Proof, RECIPIENTS_MAX, Servers, Tls, Via};
pub(super) use reference::receiver as reference;
pub use secret::Secret;
pub use templates::Templates;
pub use web::{
    Address, Alertmanager, Link, PagerDuty, Robot, Service, Smn, SmnLogin, Web, Webhook,
};

use super::entry::zone_of;
use super::paths::Paths;
use super::problem;
use crate::engine::Span;
use crate::rules::span_in;
use crate::surface::Language;
use crate::toml_file::{Keys, Problems};
use crate::zone::Zone;

/// The ways of which one must stand there; those over HTTP are in [`web`].
const WAYS: [&str; 4] = ["terminal", "email", "command", "journal"];

pub(super) const RATE_KEYS: &[&str] = &["messages", "per"];
const MESSAGES: RangeInclusive<i64> = 1..=100_000;
const PER: RangeInclusive<i64> = Span::SECOND.0..=Span::DAY.0;
const PER_USUAL: Span = Span::MINUTE;

const COMMON_KEYS: [&str; 7] =
    ["name", "timezone", "language", "rate", "fallback", "fallback_after", "templates"];

const FALLBACK: RangeInclusive<i64> = Span::SECOND.0..=Span::DAY.0;

/// Who takes nothing for so long is taken to be unreachable.
const FALLBACK_AFTER: Span = Span::MINUTE.times(5);

/// Every key of `[[receiver]]`.
pub(super) fn receiver_keys() -> Vec<&'static str> {
    COMMON_KEYS.into_iter().chain(WAYS).chain(web::WAYS).collect()
}

/// Every key of the tables below `[[receiver]]`, by the table.
pub(super) fn tables() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    const OWN: [(&str, &[&str]); 5] = [
        ("rate", RATE_KEYS),
        ("command", command::KEYS),
        ("email", email::KEYS),
        ("secret", secret::KEYS),
        ("templates", templates::KEYS),
    ];
    OWN.into_iter().chain(web::TABLES)
}

const NAME_BYTES_MAX: usize = 64;

/// Who is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Receiver {
    /// As routes name it.
    pub name: Arc<str>,
    /// How it is told.
    pub way: Way,
    /// The zone in which it reads times; the run's if there is none.
    pub zone: Option<Zone>,
    /// The language of our own words.
    pub language: Language,
    /// How much it is sent at most; what the way's own limit is if there is none.
    pub rate: Option<Rate>,
    /// Who is told instead once it cannot be reached.
    pub fallback: Option<Arc<str>>,
    /// After so long without success it cannot be reached.
    pub fallback_after: Span,
    /// The operator's own words.
    pub templates: Templates,
}

/// How a receiver is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Way {
    /// On standard output.
    Terminal,
    /// By mail.
    Email(Box<Email>),
    /// By a program of this machine.
    Command(Box<Command>),
    /// Over HTTP.
    Web(Box<Web>),
    /// One line for each alert.
    Journal(JournalTo),
}

impl Way {
    /// The key by which files say it.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Email(_) => "email",
            Self::Command(_) => "command",
            Self::Web(web) => web.service.key(),
            Self::Journal(_) => "journal",
        }
    }
}

/// Where lines for the journal go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalTo {
    /// The journal itself where there is one, else standard error.
    Auto,
    /// The journal itself, with fields.
    Native,
    /// Standard error, with a priority in front of each line.
    Stderr,
}

/// So many messages in a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub messages: u32,
    /// In which time.
    pub per: Span,
}

const JOURNALS: [(&str, JournalTo); 3] =
    [("auto", JournalTo::Auto), ("native", JournalTo::Native), ("stderr", JournalTo::Stderr)];

const LANGUAGES: [(&str, Language); 2] = [("en", Language::English), ("zh", Language::Chinese)];

impl Receiver {
    /// A receiver whose alerts stand on standard output.
    pub fn terminal(name: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            way: Way::Terminal,
            zone: None,
            language: Language::default(),
            rate: None,
            fallback: None,
            templates: Templates::default(),
            fallback_after: FALLBACK_AFTER,
        }
    }

    /// Who is told each on its own; one empty name where the way leads to one place.
    pub fn recipients(&self) -> Vec<Arc<str>> {
        match &self.way {
            Way::Email(email) => email.to.clone(),
            Way::Web(web) => web.recipients(),
            Way::Terminal | Way::Command(_) | Way::Journal(_) => vec!["".into()],
        }
    }

    /// Whether it is told again and again what fires, for it believes what it was last told.
    pub fn is_resent(&self) -> bool {
        matches!(&self.way, Way::Web(web) if matches!(web.service, Service::Alertmanager(_)))
    }

    /// How much it is sent at most: what is configured, else what its service takes.
    pub fn rate(&self) -> Option<Rate> {
        let usual = match &self.way {
            Way::Web(web) => web.usual_rate(),
            _ => None,
        };
        self.rate.or(usual)
    }
}

/// A receiver with what must not be there twice.
pub(super) struct Said {
    pub(super) receiver: Receiver,
    pub(super) name: Range<usize>,
    pub(super) fallback: Option<Spanned<String>>,
}

/// Reads a receiver.
pub(super) fn read(
    item: &Spanned<DeValue<'_>>,
    paths: Paths<'_>,
    problems: &mut Problems<'_>,
) -> Option<Said> {
    let keys = Keys::of_value(item, "[[receiver]]", &receiver_keys(), problems)?;
    let name =
        keys.required_text("name", "name it as routes do, such as `name = \"ops\"`", problems);
    let name = name.filter(|name| is_short(name, problems));
    let zone = zone_of(&keys, problems);
    let language = keys.one_of("language", &LANGUAGES, problems);
    let rate = rate_of(&keys, problems);
    let fallback = keys.text("fallback", problems);
    let templates = templates::read(&keys, problems);
    let fallback_after = span_in(&keys, "fallback_after", FALLBACK, problems);
    let way = way_of(paths, &keys, problems);
    let name = name?;
    let receiver = Receiver {
        name: name.get_ref().as_str().into(),
        way: way?,
        zone,
        language: language.map(Spanned::into_inner).unwrap_or_default(),
        rate,
        fallback: fallback.as_ref().map(|name| name.get_ref().as_str().into()),
        templates,
        fallback_after: fallback_after.unwrap_or(FALLBACK_AFTER),
    };
    Some(Said { receiver, name: name.span(), fallback })
}

fn is_short(name: &Spanned<String>, problems: &mut Problems<'_>) -> bool {
    let length = name.get_ref().len();
    if length > NAME_BYTES_MAX {
        let message = format!("`name` has {length} bytes, at most {NAME_BYTES_MAX} can be");
        let hint = "routes and the outbox name it; give a short name".to_owned();
        problems.add(problem::BAD_NAME, name.span(), message, hint);
    }
    length <= NAME_BYTES_MAX
}

/// `rate = { messages = 20, per = "1m" }`.
fn rate_of(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Rate> {
    let keys = keys.table("rate", "rate", RATE_KEYS, problems)?;
    let hint = "what is more waits, and is joined if it becomes much";
    let messages = keys.number_in("messages", MESSAGES, hint, problems);
    let per = span_in(&keys, "per", PER, problems);
    if messages.is_none() && !keys.has("messages") {
        keys.missing("messages", "write `rate = { messages = 20, per = \"1m\" }`", problems);
    }
    let messages = u32::try_from(messages?.into_inner()).unwrap_or(u32::MAX);
    Some(Rate { messages, per: per.unwrap_or(PER_USUAL) })
}

fn way_of(paths: Paths<'_>, keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Way> {
    let mut said = WAYS.iter().chain(&web::WAYS).copied().filter(|key| keys.has(key));
    let Some(way) = said.next() else {
        let hint = "say how it is told, such as `email = { to = [\"ops@example.com\"] }`";
        keys.missing("email", hint, problems);
        return None;
    };
    if let Some(second) = said.next() {
        let message = format!("a receiver is told in one way, this one by `{way}` and `{second}`");
        let range = keys.value(second).map_or(0..0, Spanned::span);
        let hint = "write two receivers, and a route to each with `continue = true`".to_owned();
        problems.add(problem::TWO_WAYS, range, message, hint);
    }
    match way {
        "terminal" => keys.flag("terminal", problems).map(|_| Way::Terminal),
        "email" => email::read(paths, keys, problems).map(Box::new).map(Way::Email),
        "command" => command::read(paths, keys, problems).map(Box::new).map(Way::Command),
        "journal" => {
            keys.one_of("journal", &JOURNALS, problems).map(|to| Way::Journal(to.into_inner()))
        }
        _ => web::read(way, paths, keys, problems).map(Box::new).map(Way::Web),
    }
}

/// Names that stand twice, and fallbacks that lead nowhere.
pub(super) fn check(said: &[Said], problems: &mut Problems<'_>) {
    for (at, one) in said.iter().enumerate() {
        let name = &one.receiver.name;
        if said[..at].iter().any(|before| before.receiver.name == *name) {
            let message = format!("another receiver is called `{name}`, too");
            let hint = "routes name a receiver; give each its own name".to_owned();
            problems.add(problem::DUPLICATE_NAME, one.name.clone(), message, hint);
        }
        let Some(fallback) = &one.fallback else { continue };
        let is_known = said.iter().any(|other| *other.receiver.name == **fallback.get_ref());
        let message = if !is_known {
            format!("no receiver is called `{}`", fallback.get_ref())
        } else if *fallback.get_ref() == **name {
            "a receiver cannot stand in for itself".to_owned()
        } else {
            continue;
        };
        let hint = "name another [[receiver]] of this file, or leave `fallback` out".to_owned();
        problems.add(problem::BAD_NAME, fallback.span(), message, hint);
    }
}
