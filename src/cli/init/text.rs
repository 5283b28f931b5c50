//! Answers as the text of a configuration, and what its reader says to them.
//!
//! Owns the words and the order of the file. Must never judge an answer: the reader of
//! configurations does. Nothing here fails.

use std::fmt::Write as _;
use std::path::Path;

use super::answers::{Answers, RECEIVER, Way};
use crate::cli::system;
use crate::config::Draft;
use crate::diagnostic::Diagnostic;

const HEAD: &str = "\
# The configuration of ocrwatch, begun by `ocrwatch init`. docs/configuration.md explains every key.
# `ocrwatch check FILE` tells what is wrong with this file, `ocrwatch send-test ops --config FILE`
# tries who is told, and a run reads it again at SIGHUP (`systemctl reload ocrwatch`).
";

const ZONE: &str = "
# The zone of times that a log writes without one, and the zone in which alerts show times.
";

const STATE: &str = "
# What was read, counted and told. Commands such as `outbox` and `why` look here, too.
[state]
";

const HTTP: &str = "
# Where the run answers: a page in a browser, health and metrics, for this machine; and the socket
# of `status`, `top` and `silence`, for root and the group `ocrwatch`.
[http]
";

const SOURCE: &str = "
# The logs that are followed, over rotations. Further ones are further [[source]] tables; the
# journal, Docker and Kubernetes can be followed, too. At the very first start they are read from
# their end: `start = \"beginning\"` has what is old told once.
[[source]]
";

const SERVICE: &str = "\
# Stands in every alert; routes and rules can ask for it.
";

const CREDENTIAL: &str = "\
# Whose calls these are where the log does not show the access key: the lock after five failures
# lies on the key.
";

const RECEIVER_HEAD: &str = "
# Who is told: everything, as no [[route]] says otherwise (docs/rules.md). docs/receivers.md knows
# further ways, and what a receiver can be told besides.
[[receiver]]
";

const SECRET: &str = "\
# A secret lies in a file of its own, in the first line; relative to this one.
";

/// The text of a configuration that says this.
pub(super) fn text(answers: &Answers) -> String {
    let mut out = HEAD.to_owned();
    if !answers.zone.is_empty() {
        out.push_str(ZONE);
        key(&mut out, "timezone", &answers.zone);
    }
    if !answers.state_directory.is_empty() {
        out.push_str(STATE);
        key(&mut out, "directory", &answers.state_directory);
    }
    if answers.has_unit {
        out.push_str(HTTP);
        key(&mut out, "listen", system::LISTEN);
        key(&mut out, "socket", system::SOCKET);
    }
    out.push_str(SOURCE);
    list(&mut out, "files", &answers.logs);
    for (name, comment, value) in
        [("service", SERVICE, &answers.service), ("credential", CREDENTIAL, &answers.credential)]
    {
        if !value.is_empty() {
            out.push_str(comment);
            key(&mut out, name, value);
        }
    }
    out.push_str(RECEIVER_HEAD);
    key(&mut out, "name", RECEIVER);
    if !answers.language.is_empty() {
        out.push_str("# The language of our own words: `en` or `zh`.\n");
        key(&mut out, "language", &answers.language);
    }
    match answers.way {
        Way::Terminal => {
            out.push_str("# Standard output: the journal, for a unit.\nterminal = true\n");
        }
        Way::Email => email(&mut out, answers),
        way => by_address(&mut out, way, answers),
    }
    out
}

fn email(out: &mut String, answers: &Answers) {
    out.push_str("\n[receiver.email]\n");
    list(out, "to", &answers.to);
    key(out, "from", &answers.from);
    out.push_str("# A second server is asked if the first takes nothing.\n");
    list(out, "servers", std::slice::from_ref(&answers.server));
    if !answers.tls.is_empty() {
        out.push_str("# `starttls`, `implicit`, `opportunistic` or `none`.\n");
        key(out, "tls", &answers.tls);
    }
    if !answers.ca_file.is_empty() {
        key(out, "ca_file", &answers.ca_file);
    }
    if !answers.user.is_empty() {
        key(out, "user", &answers.user);
        out.push_str(SECRET);
        file(out, "password", &answers.password_file);
    }
}

fn by_address(out: &mut String, way: Way, answers: &Answers) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "\n[receiver.{}]", way.key());
    out.push_str(SECRET);
    file(out, "url", &answers.url_file);
    if !answers.sign_file.is_empty() {
        file(out, "sign", &answers.sign_file);
    }
    if way.is_signed() {
        out.push_str("# If the robot asks for a word in every message.\n#keyword = \"ocr\"\n");
    }
}

fn key(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(out, "{name} = {}", quoted(value));
}

fn file(out: &mut String, name: &str, path: &str) {
    let _ = writeln!(out, "{name} = {{ file = {} }}", quoted(path));
}

fn list(out: &mut String, name: &str, values: &[String]) {
    let values: Vec<_> = values.iter().map(|value| quoted(value)).collect();
    let _ = writeln!(out, "{name} = [{}]", values.join(", "));
}

/// A text as a basic string of TOML, on one line whatever it holds.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// What is wrong with an answer, and what to answer instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Objection {
    pub(super) message: String,
    pub(super) hint: String,
}

impl Objection {
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

/// What the reader of configurations says first to a text; relative paths in it are relative to the
/// directory.
pub(super) fn judged(text: &str, directory: &Path) -> Result<(), Objection> {
    let found = Draft::read("", text, directory).into_diagnostics();
    let objection =
        |first: Diagnostic| Objection::new(first.message, first.hint.unwrap_or_default());
    found.into_iter().next().map(objection).map_or(Ok(()), Err)
}
