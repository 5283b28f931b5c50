//! What a report comes to, at the head of the page: a sentence, and what needs somebody.
//!
//! Owns how a need is laid out and how many are. Must never shorten what the documentation says to
//! do first. Fails with the `io::Error` of the output.

use std::io;

use crate::report::page::Page;
use crate::report::style::Role;
use crate::report::verdict::{Need, Verdict};
use crate::report::{escape, phrase, wrap};

/// More would push the numbers off the screen; the sections tell of all.
const NEEDS_SHOWN: usize = 5;

/// Writes the sentence, and what needs somebody.
pub(super) fn write(page: &mut Page<'_>, verdict: &Verdict) -> io::Result<()> {
    let role = verdict.severity.map_or(Role::Title, Role::Of);
    let sentence = escape::terminal(&verdict.sentence, page.style.unicode);
    page.prose("Verdict", &sentence, role)?;
    for need in verdict.needs.iter().take(NEEDS_SHOWN) {
        page.blank()?;
        let lines = lines(page, need);
        page.row_as(Role::Of(need.severity), need.severity.name(), &lines)?;
    }
    let more = verdict.needs.len().saturating_sub(NEEDS_SHOWN) + verdict.left_out;
    if more > 0 {
        page.blank()?;
        page.prose("", &format!("and {more} more, told of below"), Role::Quiet)?;
    }
    page.blank()?;
    page.rule()
}

fn lines(page: &Page<'_>, need: &Need) -> Vec<String> {
    let style = page.style;
    let columns = page.text_columns();
    let what = escape::terminal(&need.what, style.unicode);
    let what = wrap::wrap(&what, columns).into_iter();
    let mut lines: Vec<_> = what.map(|line| style.paint(Role::Title, &line)).collect();
    lines.extend(wrap::wrap_items(&when(need), columns));
    let Some(first) = need.solution.first() else { return lines };
    let first = escape::terminal(&first.text, style.unicode);
    for (at, line) in wrap::wrap(&first, columns - 2).into_iter().enumerate() {
        let mark = if at == 0 { style.arrow() } else { " " };
        lines.push(format!("{mark} {line}"));
    }
    lines
}

/// How often, from when to when, and whether it goes on.
fn when(need: &Need) -> Vec<String> {
    let mut items = vec![phrase::times(need.count)];
    items.extend(need.seen.map(|seen| phrase::range(seen.first_at, seen.last_at)));
    if need.episodes > 1 {
        items.push(format!("{} alerts", phrase::count(need.episodes)));
    }
    if need.is_open {
        items.push("still firing at the end".to_owned());
    } else if need.episodes > 0 {
        items.push("resolved".to_owned());
    }
    items
}
