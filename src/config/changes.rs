//! What differs between two configurations, in the words of who runs them.
//!
//! Owns the comparison and its wording. Must not know what follows from a difference, but for what
//! needs a new start. Nothing here fails.

use std::fmt;
use std::fmt::Display;
use std::sync::Arc;

use super::file::{LINKS, word};
use super::size;
use super::{Config, Links, Origin, Receiver, Source};
use crate::catalogue::{Catalogue, Entry};
use crate::engine::{Mute, Route, Rule, Silence, Span};
use crate::length;

/// How many codes are named.
const CODES_NAMED_MAX: usize = 5;

/// Something that is different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What, such as ``source `gateway` added``.
    pub text: String,
    /// Whether it only counts from the next start on.
    pub needs_restart: bool,
}

impl Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        f.write_str(if self.needs_restart { "; it counts from the next start on" } else { "" })
    }
}

impl Config {
    /// What is different in a new configuration: sources, rules and who is told by name, every
    /// other key with both values.
    pub fn changes(&self, new: &Self) -> Vec<Change> {
        let mut changes = Changes(Vec::new());
        changes.sources(&self.sources, &new.sources);
        let name = |receiver: &Receiver| receiver.name.to_string();
        changes.named("receiver", &self.receivers, &new.receivers, name, receiver_parts);
        changes.rules(self, new);
        let (old_policy, new_policy) = (&self.alerting.policy, &new.alerting.policy);
        let named = |route: &Route| route.name.to_string();
        changes.named("route", &old_policy.routes, &new_policy.routes, named, route_parts);
        changes.order("routes", &old_policy.routes, &new_policy.routes, named);
        let (old, new_silences) = (&old_policy.silences, &new_policy.silences);
        changes.named("silence", old, new_silences, |one| one.id.to_string(), silence_parts);
        let (old, new_mutes) = (&old_policy.mutes, &new_policy.mutes);
        changes.named("mute", old, new_mutes, |one| one.name.to_string(), mute_parts);
        changes.settings(self, new);
        changes.catalogue(&self.catalogue, &new.catalogue);
        changes.sections(self, new);
        changes.0
    }
}

/// What became of something that has a name.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Gone,
    Came,
}

impl Fate {
    fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "removed",
            Self::Came => "added",
        }
    }
}

struct Changes(Vec<Change>);

impl Changes {
    fn say(&mut self, text: String) {
        self.0.push(Change { text, needs_restart: false });
    }

    /// One value before and after.
    fn value<T: PartialEq>(&mut self, key: &str, old: &T, new: &T, shown: impl Fn(&T) -> String) {
        if old != new {
            self.say(format!("{key} changed from {} to {}", shown(old), shown(new)));
        }
    }

    /// What is gone, what changed, and what came, by name.
    fn named<T: PartialEq>(
        &mut self,
        what: &str,
        old: &[T],
        new: &[T],
        name: impl Fn(&T) -> String,
        parts: impl Fn(&T, &T) -> Vec<&'static str>,
    ) {
        self.fates(what, (old, new), name, parts, |_, fate| fate.as_str());
    }

    /// The same with words of one's own for what is gone and what came.
    fn fates<T: PartialEq>(
        &mut self,
        what: &str,
        (old, new): (&[T], &[T]),
        name: impl Fn(&T) -> String,
        parts: impl Fn(&T, &T) -> Vec<&'static str>,
        words: impl Fn(&str, Fate) -> &'static str,
    ) {
        let find = |all: &'_ [T], wanted: &T| {
            let wanted = name(wanted);
            all.iter().position(|one| name(one) == wanted)
        };
        for before in old {
            match find(new, before).and_then(|at| new.get(at)) {
                None => {
                    let name = name(before);
                    self.say(format!("{what} `{name}` {}", words(&name, Fate::Gone)));
                }
                Some(after) if after != before => {
                    let parts = parts(before, after).join(", ");
                    self.say(format!("{what} `{}` changed: {parts}", name(before)));
                }
                Some(_) => {}
            }
        }
        for after in new.iter().filter(|after| find(old, after).is_none()) {
            let name = name(after);
            self.say(format!("{what} `{name}` {}", words(&name, Fate::Came)));
        }
    }

    /// Whether what is in both stands in another order.
    fn order<T>(&mut self, what: &str, old: &[T], new: &[T], name: impl Fn(&T) -> String) {
        let (old, new): (Vec<_>, Vec<_>) = (names(old, &name), names(new, &name));
        let kept = |of: &[String], in_both: &[String]| -> Vec<String> {
            of.iter().filter(|name| in_both.contains(name)).cloned().collect()
        };
        if kept(&old, &new) != kept(&new, &old) {
            self.say(format!("the {what} stand in another order"));
        }
    }

    fn sources(&mut self, old: &[Source], new: &[Source]) {
        let name = |source: &Source| {
            if source.named { source.label.name.to_string() } else { source.origin.to_string() }
        };
        self.named("source", old, new, name, source_parts);
    }

    /// A rule that is written but not enabled is told apart from one that is gone.
    fn rules(&mut self, old: &Config, new: &Config) {
        let (old, new) = (&old.alerting.rules, &new.alerting.rules);
        let name = |rule: &Rule| rule.name.to_string();
        let is_in = |names: &[Arc<str>], name: &str| names.iter().any(|known| **known == *name);
        let words = |name: &str, fate: Fate| match fate {
            Fate::Gone if is_in(new.disabled(), name) => "is no longer enabled",
            Fate::Came if is_in(old.disabled(), name) => "is enabled now",
            fate => fate.as_str(),
        };
        self.fates("rule", (old.rules(), new.rules()), name, rule_parts, words);
        self.order("rules", old.rules(), new.rules(), name);
    }

    fn settings(&mut self, old: &Config, new: &Config) {
        let (old, new) = (&old.alerting, &new.alerting);
        let (was, is) = (old.settings, new.settings);
        self.value("[engine] lateness", &was.lateness, &is.lateness, span);
        self.value("[engine] past_max", &was.past_max, &is.past_max, span);
        self.value("[engine] groups_max", &was.groups_max, &is.groups_max, ToString::to_string);
        if old.successes != new.successes {
            self.say("[success] changed: which lines tell of calls that succeeded".to_owned());
        }
    }

    fn catalogue(&mut self, old: &Catalogue, new: &Catalogue) {
        if old == new {
            return;
        }
        let gone = old.entries().filter(|entry| new.entry(&entry.code).is_none());
        let came = new.entries().filter(|entry| old.entry(&entry.code).is_none());
        let other = new
            .entries()
            .filter(|entry| old.entry(&entry.code).is_some_and(|before| before != *entry));
        let parts = [("removed", codes(gone)), ("added", codes(came)), ("changed", codes(other))];
        let mut said = false;
        for (what, codes) in parts {
            if let Some(codes) = codes {
                self.say(format!("catalogue: {codes} {what}"));
                said = true;
            }
        }
        if !said {
            self.say("catalogue: severities or references changed".to_owned());
        }
    }

    fn sections(&mut self, old: &Config, new: &Config) {
        self.value("timezone", &old.zone, &new.zone, |zone| {
            zone.map_or_else(|| "the machine's".to_owned(), |zone| zone.to_string())
        });
        let (was, is) = (&old.state, &new.state);
        let count = self.0.len();
        self.value("[state] directory", &was.directory, &is.directory, |directory| {
            let shown = |directory: &std::path::PathBuf| format!("`{}`", directory.display());
            directory.as_ref().map_or_else(|| "the usual one".to_owned(), shown)
        });
        // An open database does not move.
        for change in self.0.iter_mut().skip(count) {
            change.needs_restart = true;
        }
        self.value("[state] history", &was.history, &is.history, span);
        self.value("[state] outbox", &was.outbox, &is.outbox, span);
        self.value("[state] size_max", &was.bytes_max, &is.bytes_max, |bytes| size::words(*bytes));
        let (was, is) = (&old.watch, &new.watch);
        self.value("[watch] mode", &was.mode, &is.mode, |mode| mode.as_str().to_owned());
        let links = |links: &Links| word(links, &LINKS).to_owned();
        self.value("[watch] links", &was.links, &is.links, links);
        self.value("[watch] poll_interval", &was.poll_interval, &is.poll_interval, span);
        let count = |count: &usize| count.to_string();
        self.value("[watch] open_files_max", &was.open_files_max, &is.open_files_max, count);
        self.value("[watch] rotated_quiet", &was.rotated_quiet, &is.rotated_quiet, span);
        self.value("[watch] partial_line", &was.partial_line, &is.partial_line, span);
        let (was, is) = (old.log, new.log);
        self.value("[log] level", &was.level, &is.level, |level| level.as_str().to_owned());
        self.value("[log] format", &was.format, &is.format, |format| format.as_str().to_owned());
        let (was, is) = (&old.http, &new.http);
        let parts = [
            ("listen", was.listen != is.listen),
            ("socket", was.socket != is.socket),
            ("token", was.token != is.token),
            ("tls", was.tls != is.tls),
            ("hosts", was.hosts != is.hosts),
            ("connections_max", was.connections_max != is.connections_max),
        ];
        for (key, _) in parts.into_iter().filter(|(_, is_other)| *is_other) {
            self.say(format!("[http] {key} changed"));
        }
        if old.fleet != new.fleet {
            // The way to the broker, and what is on it, is one for a run's whole life.
            self.0.push(Change { text: "[fleet] changed".to_owned(), needs_restart: true });
        }
    }
}

fn names<T>(all: &[T], name: impl Fn(&T) -> String) -> Vec<String> {
    all.iter().map(name).collect()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "one of several ways to show a value")]
fn span(span: &Span) -> String {
    length::words(span.0)
}

/// Codes by number and, if they are few, by name.
fn codes<'c>(entries: impl Iterator<Item = &'c Entry>) -> Option<String> {
    let codes: Vec<&str> = entries.map(|entry| &*entry.code).collect();
    match codes.len() {
        0 => None,
        1..=CODES_NAMED_MAX => Some(codes.join(", ")),
        many => Some(format!("{many} codes")),
    }
}

/// The names of those that differ.
fn differing<const N: usize>(parts: [(&'static str, bool); N]) -> Vec<&'static str> {
    parts.into_iter().filter(|(_, differs)| *differs).map(|(part, _)| part).collect()
}

fn source_parts(old: &Source, new: &Source) -> Vec<&'static str> {
    let origin = |source: &Source| source.origin.clone();
    let mut parts = match (origin(old), origin(new)) {
        (
            Origin::Files { patterns, exclude, rotated_to },
            Origin::Files {
                patterns: new_patterns,
                exclude: new_exclude,
                rotated_to: new_rotated_to,
            },
        ) => differing([
            ("files", patterns != new_patterns),
            ("exclude", exclude != new_exclude),
            ("rotated_to", rotated_to != new_rotated_to),
        ]),
        (old, new) if old == new => Vec::new(),
        (old, new) if old.key() == new.key() => vec![new.key()],
        (old, new) => vec![old.key(), new.key()],
    };
    parts.extend(differing([
        ("service", old.label.service != new.label.service),
        ("credential", old.label.credential != new.label.credential),
        ("labels", old.label.labels != new.label.labels),
        // One without a name is named by what it follows, as another may be by its name.
        ("name", (old.named, &old.label.name) != (new.named, &new.label.name)),
        ("timezone", old.zone != new.zone),
        ("encoding", old.encoding != new.encoding),
        ("start", old.start != new.start),
        ("line_max", old.line_bytes_max != new.line_bytes_max),
    ]));
    parts
}

fn receiver_parts(old: &Receiver, new: &Receiver) -> Vec<&'static str> {
    let mut parts = match (old.way.key(), new.way.key()) {
        _ if old.way == new.way => Vec::new(),
        (key, new_key) if key == new_key => vec![key],
        (key, new_key) => vec![key, new_key],
    };
    parts.extend(differing([
        ("timezone", old.zone != new.zone),
        ("language", old.language != new.language),
        ("rate", old.rate != new.rate),
        ("fallback", old.fallback != new.fallback),
        ("fallback_after", old.fallback_after != new.fallback_after),
    ]));
    parts
}

fn rule_parts(old: &Rule, new: &Rule) -> Vec<&'static str> {
    differing([
        ("why", old.why != new.why),
        ("severity", old.severity != new.severity),
        ("match", old.matcher != new.matcher),
        ("condition", old.condition != new.condition),
        ("group_by", old.group_by != new.group_by),
        ("for", old.hold != new.hold),
        ("keep_firing_for", old.keep_firing_for != new.keep_firing_for),
        ("lock", old.lock != new.lock),
        ("flap", old.flap != new.flap),
        ("summary", old.summary != new.summary),
        ("note", old.note != new.note),
        ("zh", old.chinese != new.chinese),
        ("inhibits", old.inhibits != new.inhibits),
        ("links", old.links != new.links),
    ])
}

fn route_parts(old: &Route, new: &Route) -> Vec<&'static str> {
    differing([
        ("match", old.matchers != new.matchers),
        ("receiver", old.receiver != new.receiver),
        ("group_by", old.group_by != new.group_by),
        ("group_wait", old.group_wait != new.group_wait),
        ("group_interval", old.group_interval != new.group_interval),
        ("repeat_interval", old.repeat_interval != new.repeat_interval),
        ("continue", old.proceed != new.proceed),
        ("send_resolved", old.send_resolved != new.send_resolved),
        ("digest", old.digest != new.digest),
    ])
}

fn silence_parts(old: &Silence, new: &Silence) -> Vec<&'static str> {
    differing([
        ("match", old.matchers != new.matchers),
        ("author", old.author != new.author),
        ("reason", old.reason != new.reason),
        ("from", old.starts_at != new.starts_at),
        ("until", old.ends != new.ends),
    ])
}

fn mute_parts(old: &Mute, new: &Mute) -> Vec<&'static str> {
    differing([
        ("match", old.matchers != new.matchers),
        ("timezone", old.zone != new.zone),
        ("times", old.times != new.times),
    ])
}
