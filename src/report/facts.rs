//! What a report says of one code, as labelled lines, for every surface that people read.
//!
//! Owns the labels, their order and which of them are worth a line. Must not know how a surface
//! writes them; text from the log is handed on as it is, for the surface to escape. Nothing here
//! fails.

use std::fmt::Write as _;

use super::content::{CodeReport, Report};
use super::phrase;
use super::tally::{RequestIdsSeen, Values};
use super::timeline::Grid;
use crate::occurrence::Module;

/// How many values of a field are listed for people; JSON has them all.
const VALUES_SHOWN: usize = 6;
/// How many of the latest request ids are listed for people, beside the first.
const REQUEST_IDS_SHOWN: usize = 3;

/// One labelled line.
#[derive(Debug)]
pub(super) struct Fact {
    pub(super) label: &'static str,
    pub(super) items: Vec<Item>,
    /// Whether each item is long enough for a line of its own.
    pub(super) one_a_line: bool,
}

/// A part of a fact.
#[derive(Debug)]
pub(super) enum Item {
    /// Our own words; they hold nothing from the log.
    Words(String),
    /// Text from the log, and words of ours behind it.
    Quoted(String, String),
}

impl Fact {
    pub(super) fn words(label: &'static str, words: String) -> Self {
        Self { label, items: vec![Item::Words(words)], one_a_line: true }
    }
}

/// What was read and counted.
pub(super) fn of_report(report: &Report) -> Vec<Fact> {
    let mut facts = vec![read(report)];
    let sum = &report.inputs.sum;
    if let Some((first, last)) = sum.first_at.zip(sum.last_at) {
        let span = phrase::span(last - first);
        facts.push(Fact::words("Range", format!("{}, {span}", phrase::range(first, last))));
    }
    if !report.filters.is_empty() {
        facts.push(filters(report));
    }
    facts
}

/// What is counted beside the occurrences.
pub(super) fn apart_of_report(report: &Report) -> Option<Fact> {
    let counts = report.totals.counts;
    let mut apart = Vec::new();
    if counts.inferred > 0 {
        apart.push(format!(
            "{} inferred (the code was not printed)",
            phrase::count(counts.inferred)
        ));
    }
    if counts.repeats > 0 {
        apart.push(phrase::counted(
            counts.repeats,
            "repeat of the same event",
            "repeats of the same events",
        ));
    }
    // With filters it would not be known what the mentions are of.
    let mentions = report.inputs.sum.mentions;
    if mentions > 0 && report.filters.is_empty() {
        let (one, many) = ("mention of a code, as in prose", "mentions of codes, as in prose");
        apart.push(phrase::counted(mentions, one, many));
    }
    (!apart.is_empty()).then(|| Fact::words("Apart", apart.join(", ")))
}

fn read(report: &Report) -> Fact {
    const NAMES_SHOWN: usize = 3;
    let inputs = &report.inputs;
    let names = inputs.listed.iter().take(NAMES_SHOWN);
    let mut items: Vec<_> =
        names.map(|input| Item::Quoted(input.name.to_string(), String::new())).collect();
    let more = inputs.count.saturating_sub(items.len() as u64);
    if more > 0 {
        items.push(Item::Words(format!("{} more", phrase::count(more))));
    }
    let lines = phrase::counted(inputs.sum.lines, "line", "lines");
    let bytes = phrase::bytes(inputs.sum.bytes);
    match inputs.count {
        0 => items.push(Item::Words("nothing".to_owned())),
        1 => items.extend([Item::Words(lines), Item::Words(bytes)]),
        count => {
            let of = phrase::counted(count, "input", "inputs");
            items.insert(0, Item::Words(format!("{lines} and {bytes} in {of}")));
        }
    }
    Fact { label: "Read", items, one_a_line: false }
}

fn filters(report: &Report) -> Fact {
    let filters = &report.filters;
    let words = |text: String| Item::Words(text);
    let mut items = Vec::new();
    items.extend(filters.since.map(|at| words(format!("since {}", phrase::instant(at)))));
    items.extend(filters.until.map(|at| words(format!("until {}", phrase::instant(at)))));
    items.extend(filters.modules.iter().map(|module| words(format!("module {module}"))));
    items.extend(filters.codes.iter().map(|code| Item::Quoted(code.to_string(), String::new())));
    if report.filtered_out > 0 {
        items.push(words(format!("{} left out", phrase::count(report.filtered_out))));
    }
    Fact { label: "Only", items, one_a_line: false }
}

/// What is said when nothing was found.
pub(super) fn nothing(report: &Report) -> &'static str {
    let inputs = &report.inputs;
    let read_nothing = inputs.sum.bytes == 0 && inputs.problems == inputs.count;
    match report.filtered_out {
        _ if read_nothing => "nothing, for nothing was read",
        0 => "nothing: no error of the OCR service is in what was read",
        _ => "nothing: the filters leave out every error of the OCR service that was found",
    }
}

/// What would have been found.
pub(super) fn looked_for(report: &Report) -> String {
    let prefixes = Module::ALL.map(|module| format!("{}.*", module.prefix()));
    format!(
        "codes {}, {} of them known by number",
        prefixes.join(", "),
        phrase::count(report.codes_documented)
    )
}

/// What did not go as it should: each a sentence of ours around text of the log, if any.
pub(super) fn problems(report: &Report) -> Vec<Item> {
    const SHOWN: usize = 10;
    let mut items: Vec<_> = report
        .inputs
        .listed
        .iter()
        .filter_map(|input| Some((input, input.problem.as_ref()?)))
        .take(SHOWN)
        .map(|(input, problem)| Item::Quoted(format!("{}: {problem}", input.name), String::new()))
        .collect();
    let more = report.inputs.problems.saturating_sub(items.len() as u64);
    let sum = &report.inputs.sum;
    let left_out = &report.left_out;
    let mut note = |n: u64, one: &str, many: &str| {
        if n > 0 {
            items.push(Item::Words(phrase::counted(n, one, many)));
        }
    };
    note(more, "more input has a problem", "more inputs have a problem");
    note(
        report.totals.without_time,
        "occurrence has no readable time; it is counted, but in no timeline",
        "occurrences have no readable time; they are counted, but in no timeline",
    );
    note(
        sum.times_unreadable.saturating_sub(report.totals.without_time),
        "more error, left out or a repeat, has no readable time",
        "more errors, left out or repeats, have no readable time",
    );
    note(
        sum.lines_cut,
        "line is longer than the limit; it was examined in pieces",
        "lines are longer than the limit; they were examined in pieces",
    );
    note(
        sum.codes_left_out,
        "code was not looked at: its line holds more than the limit",
        "codes were not looked at: their lines hold more than the limit",
    );
    note(
        sum.bytes_undecodable,
        "byte is no text in its input's encoding",
        "bytes are no text in their input's encoding",
    );
    note(
        left_out.occurrences_of_codes,
        "occurrence has an unknown code for which there was no room; only the totals hold it",
        "occurrences have unknown codes for which there was no room; only the totals hold them",
    );
    note(left_out.samples, "sample found no room", "samples found no room");
    if report.grid.is_some_and(|grid| grid.coarsened) {
        items.push(Item::Words(
            "the range is too long for the bucket that was asked for; a longer one is shown".into(),
        ));
    }
    items
}

/// What is known of a code beside its documentation. `has_ticket` leaves out what the ticket says.
pub(super) fn of_code(code: &CodeReport, grid: Option<&Grid>, has_ticket: bool) -> Vec<Fact> {
    let mut facts = Vec::new();
    facts.extend(seen(code));
    facts.extend(rate(code, grid));
    facts.extend(apart(code));
    let fields = &code.fields;
    let plural = |values: &Values, one, many| if values.values.len() > 1 { many } else { one };
    let said = if says_more_than_documented(code) { Some(&fields.messages) } else { None };
    for (label, values) in [
        ("Message", said),
        (plural(&fields.apis, "API", "APIs"), Some(&fields.apis)),
        ("Throttle", Some(&fields.throttles)),
        (plural(&fields.regions, "Region", "Regions"), Some(&fields.regions)),
        (plural(&fields.hosts, "Endpoint", "Endpoints"), Some(&fields.hosts)),
        ("HTTP status", Some(&fields.http_statuses)),
        (plural(&fields.exceptions, "Exception", "Exceptions"), Some(&fields.exceptions)),
        (plural(&fields.access_keys, "Access key", "Access keys"), Some(&fields.access_keys)),
        (plural(&fields.files, "File", "Files"), Some(&fields.files)),
    ] {
        let values = values.filter(|values| !values.is_empty());
        facts.extend(values.map(|values| of_values(label, values, code.counts.events())));
    }
    if !has_ticket {
        facts.extend(request_ids(&code.request_ids));
    }
    facts
}

fn seen(code: &CodeReport) -> Option<Fact> {
    let mut items = Vec::new();
    if let Some(seen) = code.seen {
        items.push(Item::Words(phrase::range(seen.first_at, seen.last_at)));
        if seen.span().num_seconds() > 0 {
            items.push(Item::Words(phrase::span(seen.span())));
        }
    }
    if code.without_time > 0 {
        let all = code.without_time == code.counts.events();
        let words =
            if all { String::new() } else { format!("{} ", phrase::count(code.without_time)) };
        items.push(Item::Words(format!("{words}without readable time")));
    }
    (!items.is_empty()).then_some(Fact { label: "Seen", items, one_a_line: false })
}

fn rate(code: &CodeReport, grid: Option<&Grid>) -> Option<Fact> {
    let timed = code.counts.events().saturating_sub(code.without_time);
    let mut words = phrase::rate(timed, code.seen?.span())?;
    // With inferred ones beside it the peak of the one says nothing of both.
    let peak = code.timeline.occurrences.peak().filter(|_| code.counts.inferred == 0);
    if let Some((grid, (bucket, highest))) = grid.zip(peak)
        && highest > 1
        && u64::from(highest) < timed
    {
        let from = grid.start_of(bucket);
        let format = if grid.bucket_s < 60 { "%Y-%m-%d %H:%M:%S" } else { "%Y-%m-%d %H:%M" };
        let _ = write!(
            words,
            ", at most {} in {} (from {})",
            phrase::count(u64::from(highest)),
            phrase::bucket(grid.bucket_s),
            from.format(format),
        );
    }
    Some(Fact::words("Rate", words))
}

fn apart(code: &CodeReport) -> Option<Fact> {
    let mut parts = Vec::new();
    // When every one is inferred the title says so.
    if code.counts.inferred > 0 && code.counts.occurrences > 0 {
        parts.push(format!(
            "{} inferred (the code was not printed)",
            phrase::count(code.counts.inferred)
        ));
    }
    if code.counts.repeats > 0 {
        let (one, many) = ("repeat of the same event", "repeats of the same events");
        parts.push(phrase::counted(code.counts.repeats, one, many));
    }
    (!parts.is_empty()).then(|| Fact::words("Apart", parts.join(", ")))
}

/// Whether the service said anything but the documented message or one of the listed causes.
fn says_more_than_documented(code: &CodeReport) -> bool {
    let plain = |text: &str| text.trim().trim_end_matches(['.', '。']).to_owned();
    let documented = code.entry.as_ref().and_then(|entry| entry.message.as_deref()).map(plain);
    let said = &code.fields.messages;
    code.causes.is_empty()
        && (said.left_out > 0
            || said.values.iter().any(|said| Some(plain(&said.value)) != documented))
}

fn of_values(label: &'static str, values: &Values, events: u64) -> Fact {
    let shown = &values.values[..values.values.len().min(VALUES_SHOWN)];
    let mut items: Vec<_> = shown
        .iter()
        .map(|value| {
            // A count that only repeats the title's is noise; 0 means that only repeats had it.
            let says_nothing = value.count == 0 || value.count == events;
            let count = if says_nothing {
                String::new()
            } else {
                format!(" ({})", phrase::count(value.count))
            };
            Item::Quoted(value.value.to_string(), count)
        })
        .collect();
    let hidden = values.values.len() - shown.len();
    let rest: u64 = values.values.iter().skip(shown.len()).map(|value| value.count).sum();
    if hidden > 0 && values.left_out == 0 {
        let others = phrase::counted(hidden as u64, "other", "others");
        items.push(Item::Words(format!("{others} ({})", phrase::count(rest))));
    } else if values.left_out > 0 {
        items.push(Item::Words(format!("others ({})", phrase::count(rest + values.left_out))));
    }
    Fact { label, items, one_a_line: matches!(label, "Message" | "Exception" | "Exceptions") }
}

fn request_ids(ids: &RequestIdsSeen) -> Option<Fact> {
    let first = ids.first.as_ref()?;
    let several = !ids.recent.is_empty();
    let mut items = vec![Item::Quoted(first.to_string(), String::new())];
    let recent = &ids.recent[..ids.recent.len().min(REQUEST_IDS_SHOWN)];
    let between = ids.left_out + (ids.recent.len() - recent.len()) as u64;
    if between > 0 {
        items.push(Item::Words(format!("{} in between", phrase::count(between))));
    }
    items.extend(recent.iter().rev().map(|id| Item::Quoted(id.to_string(), String::new())));
    let label = if several { "Request ids" } else { "Request id" };
    Some(Fact { label, items, one_a_line: true })
}

/// The head of a code's section, behind the code and its module.
pub(super) fn how_often(code: &CodeReport) -> String {
    let counts = code.counts;
    match (counts.occurrences, counts.inferred) {
        (0, 0) => "only repeats".to_owned(),
        (0, inferred) => format!("{}, inferred", phrase::times(inferred)),
        (occurrences, _) => phrase::times(occurrences),
    }
}
