//! What is to be said of the keys of routes, silences, mutes and settings.
//!
//! Owns the sentences. Must not know how they are shown; ranges, words and defaults are those that
//! the tables are read by. Nothing here can fail.

use super::file::{MUTES_MAX, ROUTES_MAX, SILENCES_MAX};
use super::mute::TIMES_MAX;
use super::route::{EVERY, GROUP_BY_MAX, INTERVAL, WAIT};
use super::settings::{GROUPS_MAX, LATENESS, PAST, PATTERNS_MAX};
use crate::engine::{Route, Settings};
use crate::rules;
use crate::toml_file::reference::{Kind, Table, key, names};

/// A rule file, with what may stand in it beside the rules.
pub fn reference() -> Table {
    let mut keys = rules::root();
    keys.extend([
        key(
            "route",
            Kind::list(route(), ROUTES_MAX),
            "[who is told of which alerts](rules.md#routes-silences-mutes-settings)",
        ),
        key(
            "silence",
            Kind::list(silence(), SILENCES_MAX),
            "[what is not told, until when, and why](rules.md#routes-silences-mutes-settings)",
        ),
        key(
            "mute",
            Kind::list(mute(), MUTES_MAX),
            "[when in the week nothing is told](rules.md#routes-silences-mutes-settings)",
        ),
        key(
            "engine",
            Kind::Table(engine()),
            "[what the engine is told beside the rules](rules.md#routes-silences-mutes-settings)",
        ),
        key(
            "success",
            Kind::Table(success()),
            "[which lines tell of calls that succeeded](rules.md#routes-silences-mutes-settings)",
        ),
    ]);
    Table::of("the file", keys)
}

/// `match` and `not`: which alerts.
fn matcher(name: &'static str) -> Kind {
    let rule = "a rule's name, or a glob of some";
    let mut keys = vec![
        key("rule", rules::others(), rule).such_as("\"aksk-*\""),
        key("severity", rules::others(), "`critical`, `warning` or `info`").such_as("\"critical\""),
    ];
    keys.extend(rules::labels());
    Kind::Table(Table { others: Some(Box::new(rules::others())), ..Table::of(name, keys) })
}

const ALERTS: &str = "match of alerts";
const NO_ALERTS: &str = "not of alerts";
const MATCH: &str = "which alerts: `rule`, `severity` and labels, whose values can be globs";
const NOT: &str = "which alerts are left out";

fn route() -> Table {
    let usual = Route::to("");
    let group_by = "alerts that have all of these in common are told together, up to {max}; `[]` \
                    means all";
    let wait = "how long a change waits for others, {range}";
    let interval = "at least so long lies between two notifications of a group, {range}";
    let repeat = "what goes on firing is told again after so long, {range}";
    let digest_says = "what changed is gathered and told together: `{ every = \"day\", at = \
                       \"09:00\", timezone = \"Asia/Shanghai\" }`, or `every = \"hour\"`, whose \
                       `at = \"00:15\"` is the minute. The gravest and most frequent come first, \
                       what fired and was resolved in between is told, nothing is repeated, and \
                       where nothing changed nothing is sent. `group_by` is `[]` unless it is given";
    let labels: Vec<_> = usual.group_by.iter().map(|facet| format!("\"{facet}\"")).collect();
    Table::of(
        "[[route]]",
        vec![
            key("name", Kind::Text, "the state of its groups hangs on it")
                .required()
                .such_as("\"night\""),
            key("match", matcher(ALERTS), MATCH)
                .otherwise("every alert")
                .such_as("{ severity = \"critical\" }"),
            key("not", matcher(NO_ALERTS), NOT)
                .otherwise("none")
                .such_as("{ rule = \"new-code\" }"),
            key("receiver", Kind::Text, "the name of who is told").required().such_as("\"ops\""),
            key("group_by", Kind::List(Box::new(Kind::Text), GROUP_BY_MAX), group_by)
                .usually(format_args!("[{}]", labels.join(", ")))
                .such_as("[\"rule\", \"credential\"]"),
            key("group_wait", Kind::Span(WAIT), wait)
                .otherwise("`10s` where a critical alert changed, else `30s`"),
            key("group_interval", Kind::Span(INTERVAL), interval)
                .usually_ms(usual.group_interval.0),
            key("repeat_interval", Kind::Span(INTERVAL), repeat)
                .usually_ms(usual.repeat_interval.0),
            key("continue", Kind::Flag, "whether the routes behind this one are looked at, too")
                .usually(usual.proceed),
            key("send_resolved", Kind::Flag, "whether it is told that an alert was resolved")
                .usually(usual.send_resolved),
            key("digest", Kind::Table(digest()), digest_says),
        ],
    )
}

fn digest() -> Table {
    let at = "the time of day, or of the hour";
    Table::of(
        "digest",
        vec![
            key("every", names(&EVERY), "`hour` or `day`").required(),
            key("at", Kind::Text, at).usually_text("00:00").such_as("\"09:00\""),
            key("timezone", Kind::Zone, "whose clock").required(),
        ],
    )
}

fn silence() -> Table {
    let name = "what scenarios and outputs call it; without one it has an id made of what it says, \
                its end left aside";
    let until_resolved = "`true`: until the alerts that fire at `from` are resolved, or the first \
                          that fires behind it; exactly one of the two must be given";
    Table::of(
        "[[silence]]",
        vec![
            key("name", Kind::Text, name).such_as("\"load-test\""),
            key("match", matcher(ALERTS), "which alerts; `{ rule = \"*\" }` means all")
                .required()
                .such_as("{ rule = \"*\" }"),
            key("not", matcher(NO_ALERTS), NOT)
                .otherwise("none")
                .such_as("{ rule = \"new-code\" }"),
            key("author", Kind::Text, "who asks for it").required().such_as("\"li\""),
            key("reason", Kind::Text, "why").required().such_as("\"load test\""),
            key("from", Kind::Stamp, "an instant with its offset")
                .otherwise("ever since")
                .such_as("2026-11-23T22:00:00+08:00"),
            key("until", Kind::Stamp, "the instant from which alerts are told again"),
            key("until_resolved", Kind::Flag, until_resolved),
        ],
    )
    .with_one_of(&["until", "until_resolved"])
}

fn mute() -> Table {
    let timezone = "whose clock: `Asia/Shanghai`, `+08:00`, `UTC`";
    let times = "a list of `days`, `from` and `to`, up to {max}. `days` are names and ranges, \
                 `[\"mon-fri\"]`, by default all; `from` and `to` by default `\"00:00\"` and \
                 `\"24:00\"`. A `to` before `from` is one of the next day";
    Table::of(
        "[[mute]]",
        vec![
            key("name", Kind::Text, "what outputs call it").required().such_as("\"nights\""),
            key("match", matcher(ALERTS), MATCH)
                .otherwise("every alert")
                .such_as("{ severity = \"info\" }"),
            key("not", matcher(NO_ALERTS), NOT)
                .otherwise("none")
                .such_as("{ rule = \"new-code\" }"),
            key("timezone", Kind::Zone, timezone).required(),
            key("times", Kind::list(time_of_week(), TIMES_MAX), times)
                .required()
                .such_as("[{ days = [\"mon-fri\"], from = \"22:00\", to = \"06:00\" }]"),
        ],
    )
}

fn time_of_week() -> Table {
    let days = "days of the week and ranges of them";
    Table::of(
        "times",
        vec![
            key("days", Kind::Texts(usize::MAX), days)
                .otherwise("every day")
                .such_as("[\"mon-fri\", \"sun\"]"),
            key("from", Kind::Text, "a time of day").usually_text("00:00").such_as("\"22:00\""),
            key("to", Kind::Text, "a time of day; one before `from` is of the next day")
                .usually_text("24:00")
                .such_as("\"06:00\""),
        ],
    )
}

fn engine() -> Table {
    let usual = Settings::default();
    let lateness = "what is further back is settled; a line may come so much later than those \
                    behind it, {range}. A gap of this length ends no alert";
    let past_max = "a time further back than this is not believed, and counts as of when it was \
                    read; {range}";
    let groups_max = "how many groups all rules have together, {range}";
    Table::of(
        "[engine]",
        vec![
            key("lateness", Kind::Span(LATENESS), lateness).usually_ms(usual.lateness.0),
            key("past_max", Kind::Span(PAST), past_max).usually_ms(usual.past_max.0),
            key("groups_max", Kind::Number(GROUPS_MAX), groups_max).usually(usual.groups_max),
        ],
    )
}

fn success() -> Table {
    let access_logs = "whether access logs, HTTP clients and SDKs tell of calls that succeeded";
    let patterns = "regular expressions, up to {max}; a line in which one is found is a call that \
                    succeeded. Groups named `api`, `access_key`, `region`, `project` and `host` \
                    tell these of it";
    Table::of(
        "[success]",
        vec![
            key("access_logs", Kind::Flag, access_logs).usually(true),
            key("patterns", Kind::List(Box::new(Kind::Text), PATTERNS_MAX), patterns)
                .usually("[]")
                .such_as("['recognised (?P<api>[a-z-]+)']"),
        ],
    )
}
