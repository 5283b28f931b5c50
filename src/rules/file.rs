//! A rule file: what it says, checked.
//!
//! Owns the file's form and every rule about a single file. Must not know which other files there
//! are. Everything wrong is collected; what is returned is only good when nothing was.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use super::condition::{Reader, counted_label, is_of_a_moment, span_in};
use super::matcher;
use super::pattern::{label, patterns};
use super::problem;
use super::texts;
use crate::catalogue::{Catalogue, Severity};
use crate::engine::{Flap, Inhibit, LabelName, Rule, Span};
use crate::toml_file::{self, Keys, Problems};

/// What stands at the root; no file of another kind has such a key. The tables behind the rules are
/// read elsewhere: they say who is told.
pub(crate) const ROOT_KEYS: &[&str] =
    &["shipped", "rule", "engine", "success", "route", "silence", "mute"];

const RULE_KEYS: &[&str] = &[
    "name",
    "enabled",
    "why",
    "severity",
    "match",
    "condition",
    "window",
    "aligned",
    "clear_below",
    "gap",
    "reset",
    "of",
    "needs_success",
    "at_least",
    "baseline",
    "unseen",
    "learning",
    "then",
    "within",
    "group_by",
    "for",
    "keep_firing_for",
    "lock",
    "flap",
    "summary",
    "note",
    "zh",
    "inhibits",
    "links",
];

const FLAP_KEYS: &[&str] = &["times", "within"];
const INHIBITS_KEYS: &[&str] = &["rules", "equal"];

/// Every key of `[[rule]]` and of the tables below it, by the table; those of matchers aside, which
/// are labels.
pub(crate) const TABLES: [(&str, &[&str]); 5] = [
    ("the file", ROOT_KEYS),
    ("[[rule]]", RULE_KEYS),
    ("zh", texts::ZH_KEYS),
    ("flap", FLAP_KEYS),
    ("inhibits", INHIBITS_KEYS),
];

pub(super) const SEVERITIES: [(&str, Severity); 3] =
    [("critical", Severity::Critical), ("warning", Severity::Warning), ("info", Severity::Info)];

const NAME_BYTES_MAX: usize = 64;
pub(super) const GROUP_BY_MAX: usize = 8;
pub(super) const INHIBITS_MAX: usize = 20;
/// How long an alert can be kept, held or locked.
pub(super) const LENGTH: RangeInclusive<i64> = 0..=31 * Span::DAY.0;
pub(super) const LOCK: RangeInclusive<i64> = Span::SECOND.0..=31 * Span::DAY.0;
pub(super) const FLAP_TIMES: RangeInclusive<i64> = 2..=1000;
pub(super) const FLAP: Flap = Flap { times: 5, within: Span::HOUR };

/// What a rule file says.
pub(super) struct File {
    /// Whether its folder adds to the shipped rules, if it says so.
    pub(super) shipped: Option<bool>,
    /// Whether it has rules, right or wrong.
    pub(super) has_rules: bool,
    pub(super) rules: Vec<Said>,
}

/// What a `[[rule]]` says.
pub(super) struct Said {
    pub(super) name: Arc<str>,
    /// Where the name stands.
    pub(super) range: Range<usize>,
    /// Nothing if it is not enabled, or wrong.
    pub(super) rule: Option<Rule>,
    pub(super) enabled: bool,
    /// The names and globs of `inhibits`, with their places.
    pub(super) inhibits: Vec<Spanned<String>>,
}

/// Reads a file. Of a part of a file of another kind the root's keys are checked there.
pub(super) fn read(
    catalogue: &Catalogue,
    is_part: bool,
    problems: &mut Problems<'_>,
) -> Option<File> {
    let root = toml_file::parse(problems)?;
    let mut elsewhere = Problems::of(problems.file(), problems.text(), problems.names());
    let told = if is_part { &mut elsewhere } else { &mut *problems };
    let root = Keys::of_table(root.get_ref(), 0..0, "the file", ROOT_KEYS, told);
    let shipped = root.flag("shipped", problems);
    let items = root.tables("rule", "[[rule]]", problems).unwrap_or_default();
    let rules = items.iter().filter_map(|item| rule(item, catalogue, problems)).collect();
    Some(File { shipped, has_rules: root.has("rule"), rules })
}

fn rule(
    item: &Spanned<DeValue<'_>>,
    catalogue: &Catalogue,
    problems: &mut Problems<'_>,
) -> Option<Said> {
    let keys = Keys::of_value(item, "[[rule]]", RULE_KEYS, problems)?;
    let name = name(&keys, problems);
    let enabled = keys.flag("enabled", problems).unwrap_or(true);
    let mut inhibits = Vec::new();
    // A rule that is only named to put it out of use needs nothing more.
    let rule = if enabled || keys.has("condition") {
        meaning(&keys, name.as_ref().map(Spanned::get_ref), &mut inhibits, catalogue, problems)
    } else {
        None
    };
    let name = name?;
    let range = name.span();
    Some(Said { name: name.into_inner(), range, rule, enabled, inhibits })
}

fn name(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Spanned<Arc<str>>> {
    let hint = "name the rule, such as `name = \"token-expired\"`";
    let name = keys.required_text("name", hint, problems)?;
    let text = name.get_ref().as_str();
    let Some(hint) = why_no_name(text, "token-expired") else {
        return Some(Spanned::new(name.span(), text.into()));
    };
    let message = format!("`{text}` cannot be a rule's name");
    problems.add(problem::BAD_NAME, name.span(), message, hint);
    None
}

/// What to write instead of a text that cannot be a name.
pub(crate) fn why_no_name(text: &str, such_as: &str) -> Option<String> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let is_kebab = text.bytes().all(plain)
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--");
    let is_name = is_kebab && text.len() <= NAME_BYTES_MAX;
    (!is_name).then(|| {
        format!(
            "write lower-case words with `-` between them, such as `{such_as}`, at most \
             {NAME_BYTES_MAX} letters"
        )
    })
}

/// What the rule means.
fn meaning(
    keys: &Keys<'_, '_>,
    name: Option<&Arc<str>>,
    inhibits_named: &mut Vec<Spanned<String>>,
    catalogue: &Catalogue,
    problems: &mut Problems<'_>,
) -> Option<Rule> {
    let why = texts::why(keys, problems);
    if !keys.has("severity") {
        keys.missing("severity", "`critical`, `warning` or `info`", problems);
    }
    let severity = keys.one_of("severity", &SEVERITIES, problems);
    let matcher = match keys.value("match") {
        Some(value) => matcher::read("match", value, catalogue, problems),
        None => Some(crate::engine::Matcher::default()),
    };
    let condition = Reader { keys, catalogue, problems: &mut *problems }.read();
    let group_by = group_by(keys, problems);
    let hold = span_in(keys, "for", LENGTH, problems);
    let lock = span_in(keys, "lock", LOCK, problems);
    let keep_firing_for = span_in(keys, "keep_firing_for", LENGTH, problems);
    let flap = flap(keys, problems);
    let summary = texts::summary(keys, problems);
    let note = texts::note(keys, problems);
    let links = texts::links(keys, problems);
    let inhibits = inhibits(keys, inhibits_named, problems);
    let condition = condition?;
    if let Some(name) = counted_label(&condition).filter(|name| group_by.contains(name)) {
        let message = format!("`distinct {name}` grouped by `{name}` is always 1");
        let range = keys.value("group_by").map_or(0..0, Spanned::span);
        let hint = format!("leave `{name}` out of `group_by`");
        problems.add(problem::NEVER_MATCHES, range, message, hint);
    }
    let kept = if is_of_a_moment(&condition) { Span::MINUTE.times(10) } else { Span::ZERO };
    Some(Rule {
        name: Arc::clone(name?),
        why,
        severity: severity?.into_inner(),
        matcher: matcher?,
        condition,
        group_by: group_by.into(),
        hold: hold.unwrap_or(Span::ZERO),
        keep_firing_for: keep_firing_for.or(lock).unwrap_or(kept),
        lock,
        flap,
        summary: summary?,
        note,
        chinese: texts::translation("zh", keys, problems),
        inhibits,
        links,
    })
}

fn group_by(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Vec<LabelName> {
    let texts = keys.texts("group_by", problems).unwrap_or_default();
    if let Some(first_beyond) = texts.get(GROUP_BY_MAX) {
        let message = format!("{} labels stand here, at most {GROUP_BY_MAX} can", texts.len());
        let hint = "each combination of their values is an alert of its own".to_owned();
        problems.add(problem::TOO_MANY, first_beyond.span(), message, hint);
    }
    let mut names: Vec<LabelName> = Vec::new();
    for text in texts.iter().take(GROUP_BY_MAX) {
        let Some(name) = label(text.get_ref(), text.span(), problems) else { continue };
        if names.contains(&name) {
            let message = format!("`{name}` stands here twice");
            let hint = "leave one of the two out".to_owned();
            problems.add(problem::BAD_LABEL, text.span(), message, hint);
        } else {
            names.push(name);
        }
    }
    names
}

fn flap(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Flap> {
    let Some(value) = keys.value("flap") else { return Some(FLAP) };
    if value.get_ref().as_bool() == Some(false) {
        return None;
    }
    let table = keys.table("flap", "flap", FLAP_KEYS, problems)?;
    let hint = "an alert that fires so often within so long is told as one";
    let times = table.number_in("times", FLAP_TIMES, hint, problems);
    let times = times.and_then(|times| u32::try_from(times.into_inner()).ok());
    let within = span_in(&table, "within", LOCK, problems);
    Some(Flap { times: times.unwrap_or(FLAP.times), within: within.unwrap_or(FLAP.within) })
}

fn inhibits(
    keys: &Keys<'_, '_>,
    named: &mut Vec<Spanned<String>>,
    problems: &mut Problems<'_>,
) -> Vec<Inhibit> {
    let items = keys.list("inhibits", problems).unwrap_or_default();
    if let Some(first_beyond) = items.get(INHIBITS_MAX) {
        let message = format!("{} lists stand here, at most {INHIBITS_MAX} can", items.len());
        let hint = "name several rules in one, or write a glob".to_owned();
        problems.add(problem::TOO_MANY, first_beyond.span(), message, hint);
    }
    let mut read = Vec::new();
    for item in items.iter().take(INHIBITS_MAX) {
        let table = Keys::of_value(item, "inhibits", INHIBITS_KEYS, problems);
        let Some(table) = table else { continue };
        if !table.has("rules") {
            table.missing("rules", "name the rules whose alerts are explained", problems);
        }
        if !table.has("equal") {
            let hint = "list the labels that must be equal; `[]` means any alert of these rules";
            table.missing("equal", hint, problems);
        }
        let rules = table.texts_or_text("rules", problems).unwrap_or_default();
        let equal = table.texts("equal", problems).unwrap_or_default();
        let equal = equal.iter().filter_map(|text| label(text.get_ref(), text.span(), problems));
        let equal = equal.collect();
        let rules = patterns(&rules, problems);
        named.extend(rules.iter().map(|(text, _)| text.clone()));
        let rules = rules.into_iter().map(|(_, pattern)| pattern).collect();
        read.push(Inhibit { rules, equal });
    }
    read
}
