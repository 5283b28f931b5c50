//! PromQL: texts, patterns and lengths as it writes them, and what a counter rose by.
//!
//! Owns the one expression that counts. Must never know a rule. Nothing here fails.
//!
//! `increase()` does not do for errors, which are few: it guesses beyond the samples, so five
//! become six, and a counter that is born with its first errors is not seen to rise at all. What
//! [`risen`] gives is never more than what happened, and less only where nobody was looking.

use crate::engine::{Pattern, Span};
use crate::length;

/// The counter of errors.
pub(super) const ERRORS: &str = "ocrwatch_errors_total";

/// How long a counter may go without a sample and still be known again.
const GAP: Span = Span(5 * 60_000);

/// The finest step in which counters are looked at: how often Prometheus usually asks.
const STEP_MIN: Span = Span(15_000);

/// In at most so many steps a window is looked at.
const STEPS_MAX: i64 = 60;

/// A length as PromQL writes it.
pub(super) fn duration(span: Span) -> String {
    length::words(span.0)
}

/// A text in quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// `label="value"`, `label=~"one|other"`, or what must not be.
pub(super) fn matcher(label: &str, patterns: &[Pattern], is_not: bool) -> String {
    if let [Pattern::Exact(value)] = patterns {
        let sign = if is_not { "!=" } else { "=" };
        return format!("{label}{sign}{}", quoted(value));
    }
    let sign = if is_not { "!~" } else { "=~" };
    let exact = patterns.iter().map(|pattern| match pattern {
        Pattern::Exact(text) => Some(&**text),
        Pattern::Glob(_) => None,
    });
    let any = match exact.collect::<Option<Vec<_>>>() {
        Some(texts) => any_of(texts.into_iter()),
        None => patterns.iter().map(expression).collect::<Vec<_>>().join("|"),
    };
    format!("{label}{sign}{}", quoted(&any))
}

/// The name with its matchers.
pub(super) fn selector(name: &str, matchers: &[String]) -> String {
    if matchers.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", matchers.join(", ")) }
}

/// One of several texts; codes that begin alike are written `AIS[.](0101|0102)`.
pub(super) fn any_of<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let mut beginnings: Vec<(&str, Vec<String>)> = Vec::new();
    for text in texts {
        let (beginning, rest) = match text.split_once('.') {
            Some((beginning, _)) => text.split_at(beginning.len() + 1),
            None => ("", text),
        };
        match beginnings.iter_mut().find(|(known, _)| *known == beginning) {
            Some((_, rests)) => rests.push(literal(rest)),
            None => beginnings.push((beginning, vec![literal(rest)])),
        }
    }
    let written = beginnings.iter().map(|(beginning, rests)| match rests.as_slice() {
        [rest] => format!("{}{rest}", literal(beginning)),
        rests if beginning.is_empty() => rests.join("|"),
        rests => format!("{}({})", literal(beginning), rests.join("|")),
    });
    written.collect::<Vec<_>>().join("|")
}

/// What Prometheus reads as the pattern; it holds it against the whole value.
fn expression(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Exact(text) => literal(text),
        Pattern::Glob(glob) => of_glob(glob.glob().glob()),
    }
}

/// A text in which no sign means anything. A period in brackets needs no backslash, which quotes
/// would double.
fn literal(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        push_literal(&mut out, c);
        out
    })
}

fn push_literal(out: &mut String, c: char) {
    match c {
        '.' => out.push_str("[.]"),
        '\\' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => {
            out.extend(['\\', c]);
        }
        c => out.push(c),
    }
}

/// A glob that was read before, so it is right.
fn of_glob(glob: &str) -> String {
    let mut out = String::new();
    let mut depth = 0_usize;
    let mut signs = glob.chars().peekable();
    while let Some(c) = signs.next() {
        match c {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '{' => {
                depth += 1;
                out.push_str("(?:");
            }
            '}' if depth > 0 => {
                depth -= 1;
                out.push(')');
            }
            ',' if depth > 0 => out.push('|'),
            '[' => class(&mut out, &mut signs),
            '\\' => signs.next().into_iter().for_each(|c| push_literal(&mut out, c)),
            c => push_literal(&mut out, c),
        }
    }
    out
}

/// The signs between brackets, of which the first may be the closing one itself.
fn class(out: &mut String, signs: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    out.push('[');
    if signs.next_if(|c| matches!(c, '!' | '^')).is_some() {
        out.push('^');
    }
    let mut is_first = true;
    for c in signs.by_ref() {
        match c {
            ']' if !is_first => break,
            ']' | '[' | '^' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
        is_first = false;
    }
    out.push(']');
}

/// What a counter rose by within a window, for each of its label sets; nothing where it did not.
///
/// The window is looked at in steps: so a counter that begins anew within it costs nothing of what
/// was counted before. [`HOW`] tells the branches.
pub(super) fn risen(counter: &str, window: Span) -> String {
    let whole_seconds = |span: i64| (span + 999) / 1000 * 1000;
    let step = Span(whole_seconds(window.0 / STEPS_MAX).max(STEP_MIN.0));
    let young_s = (GAP.0 + step.0) / 1000;
    let (window, step, gap) = (duration(window), duration(step), duration(GAP));
    format!(
        "\
sum_over_time((
     {counter} - {counter} offset {step} >= 0
  or {counter} + 0 and {counter} offset {step}
  or {counter} + 0 and on (job, instance) ocrwatch_build_info offset {step}
  or {counter} - last_over_time({counter}[{gap}] offset {step}) >= 0
  or {counter} + 0 and last_over_time({counter}[{gap}] offset {step})
  or {counter} + 0 and on (job, instance) process_start_time_seconds > time() - {young_s}
)[{window}:{step}]) > 0"
    )
}

/// The branches of [`risen`], for who reads the file.
pub(super) const HOW: &str = "\
How it is counted, step by step of a window: what a counter rose by since the step before; all of \
it if it fell, as its process began anew; all of it if it is born while its process was asked; the \
same two after up to 5 minutes in which nobody asked; all of it if its process is young. Of any \
other counter that appears nobody knows since when it counts: it counts from then on. So nothing \
counts twice and nothing is guessed, as `increase()` does, which does not see a counter's first \
errors at all.";
