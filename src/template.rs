//! Templates: the summary of an alert and the operator's note, with values put in.
//!
//! Owns the names that a template can use, its bounds, and what is wrong with one. Must never know
//! rules, alerts or receivers: it is handed text and values, and what comes out is plain text that
//! every surface escapes itself. [`check`] tells every problem before a template is used; an error
//! while it is rendered leaves the template's own words and a mark.

pub mod page;
mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use minijinja::value::{Serde, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Template, UndefinedBehavior, filters};
use serde::Serialize;

use crate::toml_file::{did_you_mean, listed};
use words::{Piece, Role, pieces, words};

/// What a template can name, and what it stands for.
pub const VARIABLES: [(&str, &str); 28] = [
    ("rule", "the rule's name"),
    ("severity", "`critical`, `warning` or `info`"),
    ("count", "how many events the alert has had"),
    ("module", "`OCR`, `Platform`, `APIG` or `APIGW`"),
    ("code", "the code, such as `APIG.0301`"),
    ("codes", "every code of the alert, separated by commas"),
    ("cause", "which documented cause the last message names"),
    ("message", "the service's last message"),
    ("api", "the API that was called"),
    ("region", "the region of the endpoint"),
    ("project", "the project's id"),
    ("access_key", "the access key, masked"),
    ("credential", "the access key, else the credential's name, else the source"),
    ("host", "the endpoint's host"),
    ("source", "the source of the lines"),
    ("service", "the service that the source belongs to"),
    ("labels", "the labels of the alert's group; `labels.team` is the one called `team`"),
    ("first_at", "the time of the alert's first event"),
    ("last_at", "the time of its last event"),
    ("fired_at", "since when it fires"),
    ("resolved_at", "when it was resolved"),
    ("locked_until", "until when the service refuses, at least"),
    ("limit", "the throttling limit that the message carries"),
    ("period", "the period of that limit, such as `1 minute`"),
    ("window", "the length of the rule's window, such as `10m`"),
    ("solution", "what the documentation says to do"),
    ("documented_message", "the message as it is documented"),
    ("description", "what the code means"),
];

/// What can stand behind `|`.
pub const FILTERS: [&str; 16] = [
    "capitalize",
    "default",
    "first",
    "int",
    "join",
    "last",
    "length",
    "lower",
    "replace",
    "round",
    "sort",
    "title",
    "trim",
    "truncate",
    "unique",
    "upper",
];

/// What can stand behind `is`.
pub const TESTS: [&str; 2] = ["defined", "none"];

/// A user's template is one text: what joins several is for pages of ours.
const STATEMENTS_OF_PAGES: [&str; 7] =
    ["block", "call", "extends", "from", "import", "include", "macro"];

/// The work that a template may cause: about this many steps, or 64 bytes of text for each.
const FUEL: u64 = 20_000;

/// How deep a template's parts may be nested.
const DEPTH_MAX: usize = 32;

/// How long what comes out may be, in bytes.
const OUTPUT_BYTES_MAX: usize = 16 * 1024;

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, in bytes of the text.
    pub range: Range<usize>,
    /// What: a lowercase fragment without a final period.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(environment);

/// The environment that knows nothing but what is named here.
fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(DEPTH_MAX);
    // What the log does not tell is absent, and a template that asks for a part of it is right.
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_debug(false);
    environment.set_formatter(|out, _, value| out.write_str(&shown(value)).map_err(Error::from));
    environment.add_filter("capitalize", filters::capitalize);
    environment.add_filter("default", default);
    environment.add_filter("first", filters::first);
    environment.add_filter("int", filters::int);
    environment.add_filter("join", filters::join);
    environment.add_filter("last", filters::last);
    environment.add_filter("length", filters::length);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("replace", filters::replace);
    environment.add_filter("round", filters::round);
    environment.add_filter("sort", filters::sort);
    environment.add_filter("title", filters::title);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("truncate", truncate);
    environment.add_filter("unique", filters::unique);
    environment.add_filter("upper", filters::upper);
    environment.add_test("defined", |value: &Value| is_told(value));
    environment.add_test("none", |value: &Value| !is_told(value));
    environment
}

fn is_told(value: &Value) -> bool {
    !value.is_undefined() && !value.is_none()
}

/// A value as it is printed.
fn shown(value: &Value) -> String {
    if !is_told(value) {
        return "unknown".to_owned();
    }
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter().into_iter().flatten();
            items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
        }
        _ => value.to_string(),
    }
}

/// Something else for what the log does not tell, or what is empty.
fn default(value: Value, other: Value) -> Value {
    if is_told(&value) && value.len() != Some(0) { value } else { other }
}

/// At most so many characters.
#[expect(clippy::needless_pass_by_value)]
fn truncate(value: Value, length: usize) -> String {
    let text = shown(&value);
    if text.chars().count() <= length {
        return text;
    }
    let kept: String = text.chars().take(length.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// What is wrong with a template, in the order in which it stands there; nothing if it is right.
pub fn check(text: &str) -> Vec<Problem> {
    if let Some(problem) = statement_of_pages(text) {
        return vec![problem];
    }
    let mut environment = ENVIRONMENT.clone();
    environment.set_debug(true);
    let template = match environment.template_from_str(text) {
        Ok(template) => template,
        Err(error) => return vec![of_error(text, &error)],
    };
    let mut problems = unknown_names(text, &template, &VARIABLES);
    problems.extend(unknown_words(text));
    problems.sort_by_key(|problem| problem.range.start);
    // What else can go wrong shows when it is tried: with every value, and with none.
    if problems.is_empty() {
        for values in [example(), Value::from_pairs([("count", Value::from(1))])] {
            if let Err(error) = template.render(values) {
                return vec![of_error(text, &error)];
            }
        }
    }
    problems
}

/// Names of values that there are not.
fn unknown_names(
    text: &str,
    template: &Template<'_, '_>,
    variables: &[(&str, &str)],
) -> Vec<Problem> {
    let words = words(text);
    let mut problems = Vec::new();
    let undeclared: BTreeSet<String> = template.undeclared_variables(false).into_iter().collect();
    let is_known = |name: &&String| variables.iter().any(|(known, _)| *known == **name);
    for name in undeclared.iter().filter(|name| !is_known(name)) {
        let place =
            words.iter().find(|word| word.role == Role::Name && text[word.range.clone()] == **name);
        let hint =
            did_you_mean(name, variables.iter().map(|(name, _)| *name)).unwrap_or_else(|| {
                let names: Vec<_> = variables.iter().map(|(name, _)| *name).collect();
                format!(
                    "the variables are {}; a label of your own is `labels.{name}`",
                    listed(&names)
                )
            });
        problems.push(Problem {
            range: place.map_or(0..text.len(), |word| word.range.clone()),
            message: format!("unknown variable `{name}`"),
            hint: Some(hint),
        });
    }
    problems
}

/// Filters and tests that there are not.
fn unknown_words(text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for word in &words(text) {
        let (what, known): (_, &[&str]) = match word.role {
            Role::Filter => ("filter", &FILTERS),
            Role::Test => ("test", &TESTS),
            Role::Name | Role::Part => continue,
        };
        let name = &text[word.range.clone()];
        if !known.contains(&name) {
            let hint = did_you_mean(name, known.iter().copied())
                .unwrap_or_else(|| format!("the {what}s are {}", listed(known)));
            problems.push(Problem {
                range: word.range.clone(),
                message: format!("unknown {what} `{name}`"),
                hint: Some(hint),
            });
        }
    }
    problems
}

/// A value for each variable.
fn example() -> Value {
    Value::from_pairs(VARIABLES.iter().map(|(name, _)| {
        let value = match *name {
            "count" | "limit" => Value::from(6),
            "codes" => Value::from(vec!["APIG.0301", "APIG.0302"]),
            "labels" => Value::from_pairs([("team", "scan")]),
            name => Value::from(name),
        };
        (*name, value)
    }))
}

/// The first statement that the engine knows for pages of ours alone.
fn statement_of_pages(text: &str) -> Option<Problem> {
    pieces(text).into_iter().find_map(|piece| {
        let Piece::Statement(tag) = piece else { return None };
        let inner = &text[tag.clone()];
        let start = inner.find(|c: char| c.is_ascii_alphabetic())?;
        let word = inner[start..].split(|c: char| !c.is_ascii_alphabetic()).next()?;
        let range = tag.start + start..tag.start + start + word.len();
        let is_known = STATEMENTS_OF_PAGES.contains(&word);
        is_known.then(|| no_template(range, &format!("unknown statement {word}")))
    })
}

fn no_template(range: Range<usize>, detail: &str) -> Problem {
    let hint = "write `{{ count }}` for a value and `{% if api %}…{% endif %}` for a choice";
    let message = format!("this is no template: {detail}");
    Problem { range, message, hint: Some(hint.to_owned()) }
}

fn of_error(text: &str, error: &Error) -> Problem {
    let range = error.range().filter(|range| text.get(range.clone()).is_some());
    let range = range.unwrap_or(0..text.len());
    let (message, hint) = match error.kind() {
        ErrorKind::OutOfFuel => ("the template does too much work", "make it simpler"),
        ErrorKind::SyntaxError => {
            return no_template(range, error.detail().unwrap_or("it cannot be read"));
        }
        _ => {
            let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
            let message = format!("this fails when it is filled in: {detail}");
            return Problem { range, message, hint: None };
        }
    };
    Problem { range, message: message.to_owned(), hint: Some(hint.to_owned()) }
}

/// The text with values put in. A value that is not told is `unknown`.
///
/// What fails here although it was checked leaves the template's own words, `…` where values would
/// stand, and a mark: an alert must be told in any case.
pub fn render(text: &str, values: &impl Serialize) -> String {
    let template = ENVIRONMENT.template_from_str(text);
    let rendered = template.and_then(|template| template.render(Value::from(Serde(values))));
    match rendered {
        Ok(rendered) => cut(rendered),
        Err(_) => cut(format!("{} (the template failed)", own_words(text))),
    }
}

fn own_words(text: &str) -> String {
    let own = pieces(text).into_iter().map(|piece| match piece {
        Piece::Text(range) => &text[range],
        Piece::Value(_) => "…",
        Piece::Statement(_) => "",
    });
    own.collect()
}

fn cut(mut text: String) -> String {
    if text.len() > OUTPUT_BYTES_MAX {
        let mut end = OUTPUT_BYTES_MAX - '…'.len_utf8();
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push('…');
    }
    text
}
