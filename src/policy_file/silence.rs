//! `[[silence]]`: what an operator asks not to be told, until when, and why.
//!
//! Owns its keys, and the id of one that has no name. Must not know which alerts there are. What is
//! wrong is a problem and reads as absent.

use toml::Spanned;
use toml::de::DeValue;

use super::Named;
use super::matcher::{Known, name};
use super::problem;
use crate::engine::{AlertMatcher, Fingerprint, Instant, Pattern, Silence, SilenceEnd};
use crate::toml_file::{self, Keys, Problems};

pub(super) const SILENCE_KEYS: &[&str] =
    &["name", "match", "not", "author", "reason", "from", "until", "until_resolved"];

/// Reads a silence.
pub(super) fn read(
    item: &Spanned<DeValue<'_>>,
    known: Known<'_>,
    problems: &mut Problems<'_>,
) -> Option<Named<Silence>> {
    let keys = Keys::of_value(item, "[[silence]]", SILENCE_KEYS, problems)?;
    let named = keys.has("name").then(|| name("name", "", "load-test", &keys, problems));
    if !keys.has("match") {
        let hint = "say of which alerts; `match = { rule = \"*\" }` means all of them";
        keys.missing("match", hint, problems);
    }
    let matchers = known.read(&keys, problems);
    let hint = "say who asks for it: those who are not told want to know";
    let author = keys.required_text("author", hint, problems);
    let hint = "say why: those who are not told want to know";
    let reason = keys.required_text("reason", hint, problems);
    let from = keys.value("from").map(|value| instant("from", value, problems));
    let ends = ends(&keys, problems);
    if let (Some(Some(from)), Some(SilenceEnd::Until(until))) = (from, ends)
        && until <= from
    {
        let message = "`until` is not later than `from`, so it silences nothing".to_owned();
        let range = keys.value("until").map_or(0..0, Spanned::span);
        let hint = "`until` is the instant from which alerts are told again".to_owned();
        problems.add(problem::EMPTY_TIME, range, message, hint);
    }
    let (author, reason) = (author?.into_inner(), reason?.into_inner());
    // Before every log: what is silenced has no other beginning.
    let starts_at = from.map_or(Some(Instant::default()), |from| from)?;
    let (id, range) = match named {
        Some(name) => name.map(|name| (name.get_ref().clone(), name.span()))?,
        None => (id(&matchers, &author, &reason, starts_at).into(), keys.range()),
    };
    let silence = Silence {
        id: std::sync::Arc::clone(&id),
        matchers,
        author: author.into(),
        reason: reason.into(),
        starts_at,
        ends: ends?,
    };
    Some(Named { id, range, value: silence })
}

/// Exactly one of the two ends.
fn ends(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<SilenceEnd> {
    let until = keys.value("until").map(|value| instant("until", value, problems));
    let until_resolved = keys.flag("until_resolved", problems);
    match (until, until_resolved) {
        (Some(_), Some(true)) => {
            let message =
                "a silence ends once, at `until` or when the alert is resolved".to_owned();
            let range = keys.value("until_resolved").map_or(0..0, Spanned::span);
            let hint = "leave out `until` or `until_resolved`".to_owned();
            problems.add(problem::TWO_ENDS, range, message, hint);
            None
        }
        (Some(until), _) => until.map(SilenceEnd::Until),
        (None, Some(true)) => Some(SilenceEnd::UntilResolved),
        // Said already what is wrong with it.
        (None, None) if keys.has("until_resolved") => None,
        (None, _) => {
            let hint = "say until when, such as `until = 2026-11-24T06:00:00+08:00`, or write \
                        `until_resolved = true`";
            keys.missing("until", hint, problems);
            None
        }
    }
}

/// The instant of a stamp with its offset.
fn instant(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    problems: &mut Problems<'_>,
) -> Option<Instant> {
    let stamp = toml_file::stamp(value);
    let whole = stamp.filter(|stamp| stamp.time.is_some() && stamp.offset.is_some());
    let read = whole.and_then(|stamp| toml_file::instant(&stamp, None, None)).map(Instant::from);
    if read.is_none() {
        let message = format!("`{key}` is no instant: it needs a day, a time and an offset");
        let hint = "write it as in `2026-11-24T06:00:00+08:00`".to_owned();
        problems.add(problem::BAD_TIME, value.span(), message, hint);
    }
    read
}

/// The state of a silence hangs on its id: it stays the same while the file around it changes, and
/// when another end is written.
fn id(matchers: &[AlertMatcher], author: &str, reason: &str, from: Instant) -> String {
    let mut said = vec![author.to_owned(), reason.to_owned(), from.0.to_string()];
    for AlertMatcher { facet, patterns, negated } in matchers {
        said.extend([facet.to_string(), negated.to_string()]);
        said.extend(patterns.iter().map(|pattern| match pattern {
            Pattern::Exact(exact) => exact.to_string(),
            Pattern::Glob(glob) => glob.glob().glob().to_owned(),
        }));
    }
    format!("silence-{}", Fingerprint::of(&said.join("\u{0}"), &[], &[]))
}
