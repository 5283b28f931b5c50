//! What is to be said of the keys of rule files.
//!
//! Owns the sentences about rules. Must not know how they are shown; ranges, words and defaults are
//! those that rules are read by. Nothing here can fail.

use super::condition::{
    BASELINE, BASELINE_USUAL, FLOOR, GAP, LEARNING, LEARNING_USUAL, RESETS_MAX, UNSEEN,
    UNSEEN_USUAL, WINDOW,
};
use super::file::{FLAP, FLAP_TIMES, GROUP_BY_MAX, INHIBITS_MAX, LENGTH, LOCK, SEVERITIES};
use super::matcher::EVENTS;
use super::pattern::PATTERNS_MAX;
use super::phrase::NUMBER_MAX;
use super::texts::LINKS_MAX;
use crate::engine::LabelName;
use crate::length;
use crate::toml_file::reference::{Key, Kind, Table, key, names};

/// What stands at the root of a rule file of rules.
pub(crate) fn root() -> Vec<Key> {
    let shipped = "`true`: the rules of these files add to the shipped ones, and one of the same \
                   name replaces one";
    let mut all = keys();
    all.extend(condition_keys());
    all.extend(time_keys());
    let rule = Kind::list(Table::of("[[rule]]", all), usize::MAX);
    vec![
        key("shipped", Kind::Flag, shipped).usually(false),
        key("rule", rule, "[what fires](rules.md#keys-of-every-rule)")
            .otherwise("the shipped rules")
            .such_as("[{ name = \"new-code\", enabled = false }]"),
    ]
}

/// The keys of every rule, those of its condition and of its times aside.
pub fn keys() -> Vec<Key> {
    let zh = "`summary` and `why` for receivers whose `language` is `zh`, such as `zh.summary = \
              \"…\"`; what is absent is said as above";
    let note = "your own words beside the documented solution, a [template](#templates); line \
                breaks are kept";
    let condition = "[what must be true of them](#what-must-be-true), with keys of its own";
    let enabled = "whether it is used; one that is not needs nothing but its name";
    let why = "why the rule exists, for those who are woken by it";
    let inhibits_says = "[which alerts explain others](#which-alerts-explain-others), up to {max}";
    let group_by = "[whose alert](#whose-alert): a list of labels, up to {max}";
    vec![
        key("name", Kind::Text, "lower-case words with `-` between them")
            .required()
            .such_as("\"token-expired\""),
        key("enabled", Kind::Flag, enabled).usually(true),
        key("why", Kind::Text, why),
        key("severity", names(&SEVERITIES), "`critical`, `warning` or `info`")
            .otherwise("required of an enabled rule"),
        key("match", Kind::Table(matcher()), "[which events](#which-events)")
            .otherwise("every error")
            .such_as("{ code = \"APIG.0301\" }"),
        key("condition", Kind::Text, condition)
            .otherwise("required of an enabled rule")
            .such_as("\"count >= 5\""),
        key("group_by", Kind::List(Box::new(Kind::Text), GROUP_BY_MAX), group_by)
            .otherwise("one alert")
            .such_as("[\"credential\"]"),
        key("summary", Kind::Text, "the alert in one line, a [template](#templates)")
            .otherwise("required of an enabled rule")
            .such_as("\"{{ count }} timeouts\""),
        key("zh", Kind::Table(chinese()), zh),
        key("note", Kind::Text, note),
        key("inhibits", Kind::list(inhibits(), INHIBITS_MAX), inhibits_says),
        key("links", Kind::List(Box::new(Kind::Text), LINKS_MAX), "where to read on, up to {max}")
            .such_as("[\"https://wiki.example.com/ocr\"]"),
    ]
}

/// The keys that belong to a condition.
pub fn condition_keys() -> Vec<Key> {
    let aligned = "the window does not slide but lies between two multiples of its length: `1m` is \
                   a minute of the calendar, days are those of UTC";
    let clear_below = "a firing alert stays down to this number; for a ratio a share such as \
                       `\"20%\"`";
    let gap = "a failure so long after the one before begins a new row, {range}";
    let reset = "a list of matchers, each as in `match`, up to {max}: events of the same group \
                 that end a row, as the success of a call always does";
    let at_least = "never true of fewer events than this: of the whole for a ratio, of the window \
                    for a spike";
    let needs_success = "never true where the log shows no success: there the share of errors \
                         among calls says nothing";
    let baseline = "how many windows before are averaged, {range}; where nothing came before, \
                    `at_least` alone decides";
    let unseen = "new is what was not seen for so long, {range}";
    let learning = "so long after the rule's first event nothing is new, {range}";
    let share = Kind::Either(vec![Kind::Number(1..=NUMBER_MAX), Kind::Share]);
    let whole = Kind::Either(vec![Kind::Words(vec!["calls"]), Kind::Table(matcher())]);
    vec![
        key("window", Kind::Span(WINDOW), "length of the window, {range}").otherwise("required"),
        key("aligned", Kind::Flag, aligned).usually(false),
        key("clear_below", share, clear_below).otherwise("the condition's number"),
        key("gap", Kind::Span(WINDOW), gap).usually_ms(GAP.0),
        key("reset", Kind::list(matcher(), RESETS_MAX), reset)
            .usually("[]")
            .such_as("[{ module = \"OCR\" }]"),
        key("of", whole, "what the whole is: `\"calls\"`, or a matcher").otherwise("required"),
        key("at_least", Kind::Number(1..=i64::from(u32::MAX)), at_least).usually(FLOOR),
        key("needs_success", Kind::Flag, needs_success).otherwise("`true` for `\"calls\"`"),
        key("baseline", Kind::Number(BASELINE), baseline).usually(BASELINE_USUAL),
        key("unseen", Kind::Span(UNSEEN), unseen).usually_ms(UNSEEN_USUAL.0),
        key("learning", Kind::Span(LEARNING), learning).usually_ms(LEARNING_USUAL.0),
        key("then", Kind::Table(matcher()), "a matcher: what follows")
            .otherwise("required")
            .such_as("{ code = \"ModelArts.4402\" }"),
        key("within", Kind::Span(WINDOW), "how soon, {range}").otherwise("required"),
    ]
}

/// The keys about the times of an alert.
pub fn time_keys() -> Vec<Key> {
    let hold = "how long the condition must hold before the alert fires, {range}; not for \
                `consecutive`, `new` and `sequence`, which are true of a moment";
    let keep = "how long the alert goes on after the condition has ended, {range}";
    let kept = "`lock` if it is given; `10m` for `consecutive`, `new` and `sequence`; else `0s`";
    let lock = "how long the service refuses after the last failure, {range}: `locked_until` in \
                templates";
    let flap = "an alert that fires so often is told as one; `false` never";
    vec![
        key("for", Kind::Span(LENGTH), hold).usually_ms(0),
        key("keep_firing_for", Kind::Span(LENGTH), keep).otherwise(kept),
        key("lock", Kind::Span(LOCK), lock),
        key("flap", Kind::Either(vec![Kind::Table(flapping()), Kind::Flag]), flap).usually(
            format_args!(
                "{{ times = {}, within = \"{}\" }}",
                FLAP.times,
                length::words(FLAP.within.0)
            ),
        ),
    ]
}

fn chinese() -> Table {
    Table::of(
        "zh",
        vec![
            key("summary", Kind::Text, "the summary in Chinese"),
            key("why", Kind::Text, "why the rule exists, in Chinese"),
        ],
    )
}

fn flapping() -> Table {
    let times = "how often it fires within that time, {range}";
    Table::of(
        "flap",
        vec![
            key("times", Kind::Number(FLAP_TIMES), times).usually(FLAP.times),
            key("within", Kind::Span(LOCK), "within how long, {range}").usually_ms(FLAP.within.0),
        ],
    )
}

fn inhibits() -> Table {
    let rules = "rules, or globs of their names, whose alerts are explained by this one's";
    let equal = "labels that both alerts must have the same value of; `[]` means any alert of \
                 these rules";
    Table::of(
        "inhibits",
        vec![
            key("rules", Kind::Texts(PATTERNS_MAX), rules)
                .required()
                .such_as("[\"aksk-signature-failures\"]"),
            key("equal", Kind::List(Box::new(Kind::Text), usize::MAX), equal)
                .required()
                .such_as("[\"credential\"]"),
        ],
    )
}

/// `match` of a rule, and whatever is read as it is.
fn matcher() -> Table {
    let message = "a regular expression that must be found in the service's message";
    let event = "`error` (the default), `success` (a call that an access log shows to have \
                 succeeded), `call` (either), `line` (anything readable)";
    let not = "a table of labels; none of them may fit";
    let known = "`true` or `false`: whether the catalogue has the code";
    let mut keys = labels();
    let not_of = Table { others: Some(Box::new(others())), ..Table::of("not", keys.clone()) };
    keys.extend([
        key("not", Kind::Table(not_of), not).such_as("{ code = \"AIS.*\" }"),
        key("message", Kind::Text, message).such_as("\"timed? out\""),
        key("known", Kind::Flag, known),
        key("event", names(&EVENTS), event).usually_text("error"),
    ]);
    Table { others: Some(Box::new(others())), ..Table::of("match", keys) }
}

/// What a label takes.
pub(crate) fn others() -> Kind {
    Kind::Texts(PATTERNS_MAX)
}

/// The labels that need no configuration.
pub(crate) fn labels() -> Vec<Key> {
    let label = |(name, label): (&'static str, LabelName)| {
        let (says, sample) = said(&label);
        key(name, others(), says).such_as(sample)
    };
    LabelName::KNOWN.map(label).to_vec()
}

fn said(label: &LabelName) -> (&'static str, &'static str) {
    match label {
        LabelName::Module => ("`OCR`, `Platform`, `APIG`, `APIGW`", "\"APIG*\""),
        LabelName::Code => {
            let says = "such as `APIG.0301` or `AIS.*`. One that the catalogue does not have is a \
                        problem, unless `known = false` stands beside it";
            (says, "\"APIG.0301\"")
        }
        LabelName::Cause => {
            let says = "which documented cause the message names, such as `token-expired`";
            (says, "\"token-expired\"")
        }
        LabelName::Api => ("the API that was called, by the log", "\"general-text\""),
        LabelName::Region => ("the region of the endpoint, by the log", "\"cn-north-4\""),
        LabelName::Project => ("the project's id, by the log", "\"0123\""),
        LabelName::Host => ("the endpoint's host, by the log", "\"ocr.*\""),
        LabelName::AccessKey => {
            ("the access key, masked, where the log shows it", "\"HPUA****BC\"")
        }
        LabelName::Credential => ("see [whose alert](#whose-alert)", "\"scan-prod\""),
        LabelName::Source => ("the source of the line", "\"gateway\""),
        LabelName::Service => ("the service that the source belongs to", "\"scan\""),
        LabelName::Custom(_) => ("a label that the source's configuration gives", "\"blue\""),
    }
}
