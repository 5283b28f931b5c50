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
use crate::catalogue::Severity;
use crate::occurrence::Module;
use crate::surface::Language;

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
pub(super) fn of_report(report: &Report, language: Language) -> Vec<Fact> {
    let mut facts = vec![read(report, language)];
    let sum = &report.inputs.sum;
    if let Some((first, last)) = sum.first_at.zip(sum.last_at) {
        let (range, span) = (language.range(first, last), language.span(last - first));
        facts.push(Fact::words("Range", format!("{range}{}{span}", language.pick(", ", "，"))));
    }
    if !report.filters.is_empty() {
        facts.push(filters(report, language));
    }
    facts
}

/// What all of it comes to: how many occurrences of how many codes, then by severity.
pub(super) fn found(report: &Report, language: Language) -> Fact {
    let totals = &report.totals;
    let (occurrences, codes) = (totals.counts.occurrences, totals.codes);
    let new = match (totals.codes_new, language) {
        (0, _) => String::new(),
        (new, Language::English) => format!(", {} new", phrase::count(new)),
        (new, Language::Chinese) => format!("，其中 {} 个未收录", phrase::count(new)),
    };
    let of_codes = language.pick(
        format!(
            "{} of {}",
            phrase::counted(occurrences, "occurrence", "occurrences"),
            phrase::counted(codes, "code", "codes")
        ),
        format!("{} 个错误，{} 个错误码", phrase::count(occurrences), phrase::count(codes)),
    );
    let by_severity = [
        (Severity::Critical, totals.critical),
        (Severity::Warning, totals.warning),
        (Severity::Info, totals.info),
    ];
    let by_severity = by_severity.into_iter().filter(|&(_, count)| count > 0);
    let by_severity = by_severity.map(|(severity, count)| {
        Item::Words(format!("{} {}", phrase::count(count), language.words(severity.name())))
    });
    let items = std::iter::once(Item::Words(format!("{of_codes}{new}"))).chain(by_severity);
    Fact { label: "Found", items: items.collect(), one_a_line: false }
}

/// What is counted beside the occurrences.
pub(super) fn apart_of_report(report: &Report, language: Language) -> Option<Fact> {
    let counts = report.totals.counts;
    let mut apart = Vec::new();
    if counts.inferred > 0 {
        apart.push(inferred(counts.inferred, language));
    }
    if counts.repeats > 0 {
        apart.push(repeats(counts.repeats, language));
    }
    // With filters it would not be known what the mentions are of.
    let mentions = report.inputs.sum.mentions;
    if mentions > 0 && report.filters.is_empty() {
        let english = ("mention of a code, as in prose", "mentions of codes, as in prose");
        apart.push(language.counted(mentions, english, "处仅提及错误码（如说明文字）"));
    }
    (!apart.is_empty()).then(|| Fact::words("Apart", apart.join(language.pick(", ", "，"))))
}

fn inferred(count: u64, language: Language) -> String {
    let count = phrase::count(count);
    language.pick(
        format!("{count} inferred (the code was not printed)"),
        format!("{count} 个为推断（日志中没有错误码）"),
    )
}

fn repeats(count: u64, language: Language) -> String {
    let english = ("repeat of the same event", "repeats of the same events");
    language.counted(count, english, "条为同一事件的重复输出")
}

fn read(report: &Report, language: Language) -> Fact {
    const NAMES_SHOWN: usize = 3;
    let inputs = &report.inputs;
    let names = inputs.listed.iter().take(NAMES_SHOWN);
    let mut items: Vec<_> =
        names.map(|input| Item::Quoted(input.name.to_string(), String::new())).collect();
    let more = inputs.count.saturating_sub(items.len() as u64);
    if more > 0 {
        items.push(Item::Words(language.counted(more, ("more", "more"), "个其他输入")));
    }
    let lines = language.counted(inputs.sum.lines, ("line", "lines"), "行");
    let bytes = phrase::bytes(inputs.sum.bytes);
    match inputs.count {
        0 => items.push(Item::Words(language.pick("nothing", "无").to_owned())),
        1 => items.extend([Item::Words(lines), Item::Words(bytes)]),
        count => {
            let of = language.counted(count, ("input", "inputs"), "个输入");
            let words = language
                .pick(format!("{lines} and {bytes} in {of}"), format!("{of}，共 {lines}、{bytes}"));
            items.insert(0, Item::Words(words));
        }
    }
    Fact { label: "Read", items, one_a_line: false }
}

fn filters(report: &Report, language: Language) -> Fact {
    let filters = &report.filters;
    let words = |text: String| Item::Words(text);
    let mut items = Vec::new();
    let since = language.pick("since", "起始于");
    items.extend(filters.since.map(|at| words(format!("{since} {}", phrase::instant(at)))));
    let until = language.pick("until", "截止于");
    items.extend(filters.until.map(|at| words(format!("{until} {}", phrase::instant(at)))));
    items.extend(
        filters
            .modules
            .iter()
            .map(|module| words(format!("{} {module}", language.pick("module", "模块")))),
    );
    items.extend(filters.codes.iter().map(|code| Item::Quoted(code.to_string(), String::new())));
    if report.filtered_out > 0 {
        items.push(words(language.counted(
            report.filtered_out,
            ("left out", "left out"),
            "个被排除",
        )));
    }
    Fact { label: "Only", items, one_a_line: false }
}

/// What is said when nothing was found.
pub(super) fn nothing(report: &Report, language: Language) -> &'static str {
    let inputs = &report.inputs;
    let read_nothing = inputs.sum.bytes == 0 && inputs.problems == inputs.count;
    match report.filtered_out {
        _ if read_nothing => {
            language.pick("nothing, for nothing was read", "没有结果：没有读到任何内容")
        }
        0 => language.pick(
            "nothing: no error of the OCR service is in what was read",
            "没有结果：读到的内容中没有 OCR 服务的错误",
        ),
        _ => language.pick(
            "nothing: the filters leave out every error of the OCR service that was found",
            "没有结果：找到的 OCR 服务错误均被过滤条件排除",
        ),
    }
}

/// What would have been found.
pub(super) fn looked_for(report: &Report, language: Language) -> String {
    let prefixes = Module::ALL.map(|module| format!("{}.*", module.prefix()));
    let (prefixes, known) = (prefixes.join(", "), phrase::count(report.codes_documented));
    language.pick(
        format!("codes {prefixes}, {known} of them known by number"),
        format!("错误码 {prefixes}，其中 {known} 个收录在错误码目录中"),
    )
}

/// What did not go as it should: each a sentence of ours around text of the log, if any.
pub(super) fn problems(report: &Report, language: Language) -> Vec<Item> {
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
    let mut note = |n: u64, one: &str, many: &str, chinese: &str| {
        if n > 0 {
            items.push(Item::Words(language.counted(n, (one, many), chinese)));
        }
    };
    note(more, "more input has a problem", "more inputs have a problem", "个其他输入有问题");
    note(
        report.totals.without_time,
        "occurrence has no readable time; it is counted, but in no timeline",
        "occurrences have no readable time; they are counted, but in no timeline",
        "个错误没有可读的时间：已计数，但不在时间线上",
    );
    note(
        sum.times_unreadable.saturating_sub(report.totals.without_time),
        "more error, left out or a repeat, has no readable time",
        "more errors, left out or repeats, have no readable time",
        "个其他错误（被排除或重复）没有可读的时间",
    );
    note(
        sum.lines_cut,
        "line is longer than the limit; it was examined in pieces",
        "lines are longer than the limit; they were examined in pieces",
        "行超过长度上限，已分段检查",
    );
    note(
        sum.codes_left_out,
        "code was not looked at: its line holds more than the limit",
        "codes were not looked at: their lines hold more than the limit",
        "个错误码未检查：所在行的错误码数量超过上限",
    );
    note(
        sum.bytes_undecodable,
        "byte is no text in its input's encoding",
        "bytes are no text in their input's encoding",
        "个字节不符合输入的编码",
    );
    note(
        left_out.occurrences_of_codes,
        "occurrence has an unknown code for which there was no room; only the totals hold it",
        "occurrences have unknown codes for which there was no room; only the totals hold them",
        "个错误属于未知错误码且已无空间，仅计入总数",
    );
    let (one, many) = ("sample found no room", "samples found no room");
    note(left_out.samples, one, many, "个日志样例因空间不足未保留");
    if report.grid.is_some_and(|grid| grid.coarsened) {
        let words = language.pick(
            "the range is too long for the bucket that was asked for; a longer one is shown",
            "时间范围过长，已使用比指定值更长的时间段",
        );
        items.push(Item::Words(words.into()));
    }
    items
}

/// What is known of a code beside its documentation. `has_ticket` leaves out what the ticket says.
pub(super) fn of_code(
    code: &CodeReport,
    grid: Option<&Grid>,
    has_ticket: bool,
    language: Language,
) -> Vec<Fact> {
    let mut facts = Vec::new();
    facts.extend(seen(code, language));
    facts.extend(rate(code, grid, language));
    facts.extend(apart(code, language));
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
        facts.extend(values.map(|values| of_values(label, values, code.counts.events(), language)));
    }
    if !has_ticket {
        facts.extend(request_ids(&code.request_ids, language));
    }
    facts
}

fn seen(code: &CodeReport, language: Language) -> Option<Fact> {
    let mut items = Vec::new();
    if let Some(seen) = code.seen {
        items.push(Item::Words(language.range(seen.first_at, seen.last_at)));
        if seen.span().num_seconds() > 0 {
            items.push(Item::Words(language.span(seen.span())));
        }
    }
    if code.without_time > 0 {
        let all = code.without_time == code.counts.events();
        let without = if all {
            language.pick("without readable time", "没有可读的时间").to_owned()
        } else {
            let english = ("without readable time", "without readable time");
            language.counted(code.without_time, english, "个没有可读的时间")
        };
        items.push(Item::Words(without));
    }
    (!items.is_empty()).then_some(Fact { label: "Seen", items, one_a_line: false })
}

fn rate(code: &CodeReport, grid: Option<&Grid>, language: Language) -> Option<Fact> {
    let timed = code.counts.events().saturating_sub(code.without_time);
    let mut words = language.rate(timed, code.seen?.span())?;
    // With inferred ones beside it the peak of the one says nothing of both.
    let peak = code.timeline.occurrences.peak().filter(|_| code.counts.inferred == 0);
    if let Some((grid, (bucket, highest))) = grid.zip(peak)
        && highest > 1
        && u64::from(highest) < timed
    {
        let from = grid.start_of(bucket);
        let format = if grid.bucket_s < 60 { "%Y-%m-%d %H:%M:%S" } else { "%Y-%m-%d %H:%M" };
        let (highest, from) = (phrase::count(u64::from(highest)), from.format(format));
        let bucket = language.bucket(grid.bucket_s);
        let _ = match language {
            Language::English => write!(words, ", at most {highest} in {bucket} (from {from})"),
            Language::Chinese => write!(words, "，{bucket}内最多 {highest} 次（自 {from} 起）"),
        };
    }
    Some(Fact::words("Rate", words))
}

fn apart(code: &CodeReport, language: Language) -> Option<Fact> {
    let mut parts = Vec::new();
    // When every one is inferred the title says so.
    if code.counts.inferred > 0 && code.counts.occurrences > 0 {
        parts.push(inferred(code.counts.inferred, language));
    }
    if code.counts.repeats > 0 {
        parts.push(repeats(code.counts.repeats, language));
    }
    (!parts.is_empty()).then(|| Fact::words("Apart", parts.join(language.pick(", ", "，"))))
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

fn of_values(label: &'static str, values: &Values, events: u64, language: Language) -> Fact {
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
        let others = language.counted(hidden as u64, ("other", "others"), "个其他值");
        items.push(Item::Words(format!("{others} ({})", phrase::count(rest))));
    } else if values.left_out > 0 {
        let others = language.pick("others", "其他");
        items.push(Item::Words(format!("{others} ({})", phrase::count(rest + values.left_out))));
    }
    Fact { label, items, one_a_line: matches!(label, "Message" | "Exception" | "Exceptions") }
}

fn request_ids(ids: &RequestIdsSeen, language: Language) -> Option<Fact> {
    let first = ids.first.as_ref()?;
    let several = !ids.recent.is_empty();
    let mut items = vec![Item::Quoted(first.to_string(), String::new())];
    let recent = &ids.recent[..ids.recent.len().min(REQUEST_IDS_SHOWN)];
    let between = ids.left_out + (ids.recent.len() - recent.len()) as u64;
    if between > 0 {
        items.push(Item::Words(language.counted(
            between,
            ("in between", "in between"),
            "个居中的未列出",
        )));
    }
    items.extend(recent.iter().rev().map(|id| Item::Quoted(id.to_string(), String::new())));
    let label = if several { "Request ids" } else { "Request id" };
    Some(Fact { label, items, one_a_line: true })
}

/// The head of a code's section, behind the code and its module.
pub(super) fn how_often(code: &CodeReport, language: Language) -> String {
    let counts = code.counts;
    match (counts.occurrences, counts.inferred) {
        (0, 0) => language.pick("only repeats", "仅重复输出").to_owned(),
        (0, inferred) => {
            format!("{}{}", language.times(inferred), language.pick(", inferred", "（推断）"))
        }
        (occurrences, _) => language.times(occurrences),
    }
}
