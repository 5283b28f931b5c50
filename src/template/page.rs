//! Templates of whole messages: a mail's subject and bodies, a chat's text.
//!
//! Owns the names that such a template can use, its bounds, and that HTML is escaped by itself.
//! Must never know how a message is sent. [`check`] tells what is wrong before one is used; one
//! that fails all the same gives nothing, and the built-in message is sent.

use std::sync::LazyLock;

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, escape_formatter};
use serde::Serialize;

use super::{
    Problem, environment, is_told, of_error, statement_of_pages, unknown_names, unknown_words,
};
use crate::surface::escape::{visible, visible_lines};

/// What comes out of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One line.
    Line,
    /// Lines of text.
    Text,
    /// HTML, in which every value is escaped.
    Html,
}

/// What a message's template can name, and what it stands for.
pub const VARIABLES: [(&str, &str); 16] = [
    ("headline", "what it is about, in one line"),
    ("status", "`firing` or `resolved`"),
    ("severity", "the gravest: `critical`, `warning` or `info`"),
    ("reason", "why it is told, such as `first` or `resolved`"),
    ("alerts", "the alerts in full; each has the keys of an alert's JSON"),
    ("known", "the headlines of what fires still and was told before"),
    ("firing", "how many alerts fire"),
    ("resolved", "how many were resolved"),
    ("left_out", "how many found no room"),
    ("at", "when it was due, RFC 3339"),
    ("receiver", "who is told"),
    ("route", "by which route"),
    ("group", "what the alerts have in common: pairs of label and value"),
    ("covers", "the beginning and the end of the time that it tells of, if nobody watched then"),
    ("notes", "what its way has to say, such as that another receiver cannot be reached"),
    ("id", "names the notification"),
];

const EXAMPLE: &str = include_str!("../../docs/examples/notification.json");

/// The work that a template may cause.
const FUEL: u64 = 500_000;

/// How long what comes out may be, in bytes.
const OUTPUT_BYTES_MAX: usize = 90 * 1024;

static TEXT: LazyLock<Environment<'static>> = LazyLock::new(|| of_form(Form::Text));
static HTML: LazyLock<Environment<'static>> = LazyLock::new(|| of_form(Form::Html));

fn of_form(form: Form) -> Environment<'static> {
    let mut environment = environment();
    environment.set_fuel(Some(FUEL));
    if form == Form::Html {
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_formatter(|out, state, value| {
            let shown = if is_told(value) { value.clone() } else { Value::from("unknown") };
            escape_formatter(out, state, &shown)
        });
    }
    environment
}

fn environment_of(form: Form) -> &'static Environment<'static> {
    match form {
        Form::Line | Form::Text => &TEXT,
        Form::Html => &HTML,
    }
}

/// What is wrong with a template, in the order in which it stands there; nothing if it is right.
pub fn check(text: &str, form: Form) -> Vec<Problem> {
    if let Some(problem) = statement_of_pages(text) {
        return vec![problem];
    }
    let mut environment = environment_of(form).clone();
    environment.set_debug(true);
    let template = match environment.template_from_str(text) {
        Ok(template) => template,
        Err(error) => return vec![of_error(text, &error)],
    };
    let mut problems = unknown_names(text, &template, &VARIABLES);
    problems.extend(unknown_words(text));
    problems.sort_by_key(|problem| problem.range.start);
    if problems.is_empty()
        && let Err(error) = template.render(Value::from(Serde(&example())))
    {
        problems.push(of_error(text, &error));
    }
    problems
}

/// The message with values put in; nothing if that fails or becomes too long.
pub fn render(text: &str, form: Form, values: &impl Serialize) -> Option<String> {
    let template = environment_of(form).template_from_str(text).ok()?;
    let rendered = template.render(Value::from(Serde(values))).ok()?;
    let rendered = match form {
        Form::Line => visible(&rendered.split_whitespace().collect::<Vec<_>>().join(" ")),
        Form::Text | Form::Html => visible_lines(&rendered),
    };
    (!rendered.trim().is_empty() && rendered.len() <= OUTPUT_BYTES_MAX).then_some(rendered)
}

/// A message with a value of each kind, as `json` writes one.
fn example() -> serde_json::Value {
    serde_json::from_str(EXAMPLE).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn problems(text: &str, form: Form) -> Vec<String> {
        check(text, form).into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn a_template_that_was_checked_renders_and_escapes_html() {
        let text = "{{ headline }}{% for alert in alerts %}\n{{ alert.rule }}: \
                    {{ alert.samples | length }}{% endfor %}";
        assert_eq!(problems(text, Form::Html), Vec::<String>::new());
        let values = json!({ "headline": "<b>a & b</b>", "alerts": [{ "rule": "r" }] });
        let html = render(text, Form::Html, &values).unwrap();
        assert_eq!(html, "&lt;b&gt;a &amp; b&lt;&#x2f;b&gt;\nr: 0");
        assert_eq!(render(text, Form::Text, &values).unwrap(), "<b>a & b</b>\nr: 0");
        assert_eq!(render(text, Form::Line, &values).unwrap(), "<b>a & b</b> r: 0");
    }

    #[test]
    fn what_is_wrong_is_told_before() {
        assert_eq!(problems("{{ headlin }}", Form::Text), ["unknown variable `headlin`"]);
        assert_eq!(problems("{{ id | shout }}", Form::Text), ["unknown filter `shout`"]);
        assert_eq!(problems("{% for a in alerts %}", Form::Text).len(), 1);
    }

    #[test]
    fn a_template_that_fails_or_says_nothing_gives_nothing() {
        let endless = "{% for a in alerts %}{% for b in alerts %}{% for c in alerts %}\
                       {{ alerts }}{% endfor %}{% endfor %}{% endfor %}";
        let many: Vec<_> = (0..200).map(|number| json!({ "rule": number })).collect();
        assert_eq!(render(endless, Form::Text, &json!({ "alerts": many })), None);
        assert_eq!(render("{% if covers %}x{% endif %}", Form::Text, &json!({})), None);
    }

    #[test]
    fn text_that_steers_is_written_out() {
        let values = json!({ "headline": "a\r\nBcc: b\u{202e}\u{1b}[1m" });
        let line = render("{{ headline }}", Form::Line, &values).unwrap();
        assert_eq!(line, "a Bcc: b\\u{202e}\\x1b[1m");
    }
}
