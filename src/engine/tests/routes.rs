//! The short way to an event's groups against the long one.

use proptest::prelude::*;
use proptest::sample::select;
use regex::Regex;

use super::stream::{catalogue, count, occurrence, rule, seconds};
use crate::engine::candidates::Candidates;
use crate::engine::route::{Map, Route, Routes, Step, route};
use crate::engine::window::Role;
use crate::engine::{
    Condition, Consecutive, Event, EventKind, LabelName, Matcher, Pattern, Ratio, Rule, Sequence,
    Source, Span, What,
};
use crate::occurrence::Occurrence;

fn matcher() -> impl Strategy<Value = Matcher> {
    let code = select(vec!["AIS.0101", "APIG.0301", "APIG.*", ""]).prop_map(|code| {
        let glob = || globset::Glob::new(code).expect("a glob").compile_matcher();
        if code.contains('*') { Pattern::Glob(glob()) } else { Pattern::Exact(code.into()) }
    });
    let codes = proptest::option::of(proptest::collection::vec(code, 1..3));
    let kind = select(vec![EventKind::Error, EventKind::Success, EventKind::Call, EventKind::Line]);
    let message = proptest::option::of(select(vec!["token", "AK"]));
    (codes, kind, message).prop_map(|(codes, event, message)| Matcher {
        event,
        labels: codes.map(|codes| (LabelName::Code, codes)).into_iter().collect(),
        message: message.map(|text| Regex::new(text).expect("an expression")),
        ..Matcher::default()
    })
}

fn any_rule() -> impl Strategy<Value = Rule> {
    (matcher(), matcher(), 0..4).prop_map(|(matcher, other, kind)| {
        let condition = match kind {
            0 => count(1, 60),
            1 => Condition::Consecutive(Consecutive {
                more_than: 1,
                gap: Span::HOUR,
                reset: vec![other],
            }),
            2 => Condition::Ratio(Ratio {
                of: other,
                at_least_permille: 500,
                clear_below_permille: 500,
                floor: 1,
                needs_success: false,
                window: Span::HOUR,
            }),
            _ => Condition::Sequence(Sequence { then: other, within: Span::HOUR }),
        };
        Rule { matcher, ..rule("any", "", condition) }
    })
}

fn steps(route: &Route) -> Vec<(usize, Role)> {
    route.steps.iter().map(|step| (step.rule, step.role)).collect()
}

#[test]
fn a_rule_that_names_its_codes_is_asked_about_these_alone() {
    let exact = |name, value: &str| (name, vec![Pattern::Exact(value.into())]);
    let labelled = |labels| {
        let matcher = Matcher { labels, ..Matcher::default() };
        Rule { matcher, ..rule("any", "", count(1, 60)) }
    };
    let code = || exact(LabelName::Code, "APIG.0301");
    let api = || exact(LabelName::Api, "APIG.0301");
    let row = Consecutive { more_than: 1, gap: Span::HOUR, reset: Vec::new() };
    let rules = [
        labelled(vec![code()]),
        labelled(vec![api(), code()]),
        labelled(vec![api()]),
        Rule { condition: Condition::Consecutive(row), ..labelled(vec![code()]) },
        labelled(vec![exact(LabelName::Code, "AIS.0101")]),
    ];
    let (candidates, source) = (Candidates::new(&rules), Source::named("app.log"));
    let of = |code| candidates.of(&Event::error(&source, &occurrence(seconds(1), code, "")));
    assert_eq!(of("APIG.0301"), [0, 1, 2, 3]);
    assert_eq!(of("AIS.0101"), [2, 3, 4]);
    assert_eq!(of("AIS.0104"), [2, 3]);
}

#[test]
fn a_group_has_the_values_of_its_labels_and_an_alert_those_of_who_is_affected() {
    let by = |labels: [LabelName; 2]| Rule {
        group_by: labels.into(),
        ..rule("any", "APIG.0301", count(1, 60))
    };
    let rules = [by([LabelName::Api, LabelName::Source]), by([LabelName::Service, LabelName::Api])];
    let (candidates, catalogue) = (Candidates::new(&rules), catalogue());
    let map = Map { rules: &rules, candidates: &candidates, catalogue: &catalogue, routes_max: 9 };
    let source = Source { service: Some("billing".into()), ..Source::named("app.log") };
    let error = Occurrence {
        api: Some("id-card".into()),
        host: Some("h".into()),
        ..occurrence(seconds(1), "APIG.0301", "app.log")
    };
    let found = route(&Event::error(&source, &error), map, &[0, 1]);
    let values = |step: &Step| step.key.iter().flatten().map(ToString::to_string).collect();
    let keys: Vec<Vec<String>> = found.steps.iter().map(values).collect();
    assert_eq!(keys, [["id-card", "app.log"], ["billing", "id-card"]]);
    let labels: Vec<_> =
        found.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(labels, ["api=id-card", "host=h", "source=app.log", "service=billing"]);
}

proptest! {
    /// A remembered look, asked what it leaves open, leads where all rules, asked everything,
    /// lead.
    #[test]
    fn a_short_way_leads_where_the_long_one_does(
        rules in proptest::collection::vec(any_rule(), 1..6),
        events in proptest::collection::vec((0..4usize, 0..3usize), 1..20),
        routes_max in 1..8usize,
    ) {
        let (candidates, catalogue) = (Candidates::new(&rules), catalogue());
        let map = Map { rules: &rules, candidates: &candidates, catalogue: &catalogue, routes_max };
        let all: Vec<usize> = (0..rules.len()).collect();
        let (mut routes, source) = (Routes::default(), Source::named("app.log"));
        for (code, message) in events {
            let codes = ["AIS.0101", "APIG.0301", "APIG.0308"];
            let mut error = occurrence(seconds(1), codes.get(code).unwrap_or(&codes[0]), "");
            error.message = [None, Some("bad token"), Some("AK")][message].map(Into::into);
            let line = Event { source: &source, at: None, what: What::Line };
            let event = if code < codes.len() { Event::error(&source, &error) } else { line };
            let found = steps(routes.of(&event, map));
            prop_assert_eq!(found, steps(&route(&event, map, &all)));
        }
    }
}
