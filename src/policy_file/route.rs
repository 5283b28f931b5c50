//! `[[route]]`: who is told of which alerts, in what groups, how soon and how often.
//!
//! Owns its keys, their bounds and their defaults. Must not know what a receiver is. What is wrong
//! is a problem and reads as absent.

use std::ops::RangeInclusive;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use super::matcher::{Known, facet, name};
use super::mute::{minutes, zone};
use super::problem;
use super::{Named, Receivers};
use crate::engine::{Digest, Every, Facet, Route, Span};
use crate::rules::span_in;
use crate::toml_file::{Keys, Problems, did_you_mean};

pub(super) const ROUTE_KEYS: &[&str] = &[
    "name",
    "match",
    "not",
    "receiver",
    "group_by",
    "group_wait",
    "group_interval",
    "repeat_interval",
    "continue",
    "send_resolved",
    "digest",
];

pub(super) const DIGEST_KEYS: &[&str] = &["every", "at", "timezone"];

pub(super) const GROUP_BY_MAX: usize = 8;

/// A change can wait this long for others.
pub(super) const WAIT: RangeInclusive<i64> = 0..=Span::HOUR.0;
/// So long can lie between two notifications.
pub(super) const INTERVAL: RangeInclusive<i64> = Span::SECOND.0..=31 * Span::DAY.0;

pub(super) const EVERY: [(&str, Every); 2] = [("hour", Every::Hour), ("day", Every::Day)];

/// Reads a route.
pub(super) fn read(
    item: &Spanned<DeValue<'_>>,
    known: Known<'_>,
    problems: &mut Problems<'_>,
) -> Option<Named<Route>> {
    let keys = Keys::of_value(item, "[[route]]", ROUTE_KEYS, problems)?;
    let hint = "name the route, such as `name = \"night\"`";
    let name_read = name("name", hint, "night-shift", &keys, problems);
    let matchers = known.read(&keys, problems);
    let hint = "say who is told, such as `receiver = \"ops\"`";
    let receiver = name("receiver", hint, "ops", &keys, problems);
    let usual_group_by = if keys.has("digest") { Vec::new() } else { Route::to("").group_by };
    let group_by = if keys.has("group_by") { group_by(&keys, problems) } else { usual_group_by };
    let group_wait = span_in(&keys, "group_wait", WAIT, problems);
    let group_interval = span_in(&keys, "group_interval", INTERVAL, problems);
    let repeat_interval = span_in(&keys, "repeat_interval", INTERVAL, problems);
    let proceed = keys.flag("continue", problems).unwrap_or(false);
    let send_resolved = keys.flag("send_resolved", problems).unwrap_or(true);
    let digest = digest(&keys, problems);
    let name = name_read?;
    if **name.get_ref() == *super::DEFAULT_ROUTE && !matchers.is_empty() {
        let message = "route `default` takes what no other does, this one has a `match`".to_owned();
        let hint = "give the route another name, or leave out its `match` and `not`".to_owned();
        problems.add(problem::BAD_NAME, name.span(), message, hint);
    }
    let receiver = receiver?;
    is_known(&receiver, known.receivers, problems);
    let receiver = receiver.into_inner();
    let route = Route {
        name: name.get_ref().clone(),
        matchers,
        group_by,
        group_wait,
        group_interval: match digest {
            Some(_) => Span(1),
            None => group_interval.unwrap_or(Route::to("").group_interval),
        },
        repeat_interval: repeat_interval.unwrap_or(Route::to("").repeat_interval),
        proceed,
        send_resolved,
        digest,
        receiver,
    };
    Some(Named { range: name.span(), id: name.into_inner(), value: route })
}

/// `digest = { every = "day", at = "09:00", timezone = "Asia/Shanghai" }`.
fn digest(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Digest> {
    let value = keys.value("digest")?;
    for other in ["group_wait", "group_interval", "repeat_interval"] {
        if let Some(other_value) = keys.value(other) {
            let message = format!("`{other}` means nothing to a digest");
            let hint = "a digest tells once in its hour or day; leave one of the two out";
            problems.add(problem::BAD_VALUE, other_value.span(), message, hint.to_owned());
        }
    }
    let table = Keys::of_value(value, "digest", DIGEST_KEYS, problems)?;
    if !table.has("every") {
        let hint = "write `every = \"hour\"` or `every = \"day\"`";
        table.missing("every", hint, problems);
    }
    let every = table.one_of("every", &EVERY, problems);
    let zone = zone(&table, problems);
    let at = table.value("at").map_or(Some(0), |value| minutes("at", value, problems));
    let (every, at_minutes) = (every?.into_inner(), at?);
    let at_minutes = if every == Every::Hour { at_minutes % 60 } else { at_minutes };
    Some(Digest { every, at_minutes, zone: zone? })
}

/// The terminal is there whether or not it is written.
fn is_known(
    receiver: &Spanned<Arc<str>>,
    receivers: Option<Receivers<'_>>,
    problems: &mut Problems<'_>,
) {
    let Some(Receivers { names, problem }) = receivers else { return };
    let name = &**receiver.get_ref();
    if name != super::DEFAULT_RECEIVER && !names.contains(&name) {
        let message = format!("no receiver is called `{name}`");
        let hint = did_you_mean(name, names.iter().copied()).unwrap_or_else(|| {
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("name one that is there ({}), or write a [[receiver]]", names.join(", "))
        });
        problems.add(problem, receiver.span(), message, hint);
    }
}

fn group_by(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Vec<Facet> {
    let texts = keys.texts("group_by", problems).unwrap_or_default();
    if let Some(first_beyond) = texts.get(GROUP_BY_MAX) {
        let message = format!("{} labels stand here, at most {GROUP_BY_MAX} can", texts.len());
        let hint = "each combination of their values is told apart".to_owned();
        problems.add(problem::TOO_MANY, first_beyond.span(), message, hint);
    }
    let mut facets: Vec<Facet> = Vec::new();
    for text in texts.iter().take(GROUP_BY_MAX) {
        let Some(facet) = facet(text.get_ref(), text.span(), problems) else { continue };
        if facets.contains(&facet) {
            let message = format!("`{facet}` stands here twice");
            let hint = "leave one of the two out".to_owned();
            problems.add(problem::BAD_LABEL, text.span(), message, hint);
        } else {
            facets.push(facet);
        }
    }
    facets
}
