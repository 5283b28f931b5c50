//! Rules in, text out. What Prometheus makes of it is tested with Prometheus.

use super::promql::{any_of, matcher, risen};
use super::*;
use crate::engine::{Condition, LabelName, Pattern, Span};
use crate::rules::RuleSet;

fn shipped() -> (RuleSet, Catalogue, String) {
    let catalogue = Catalogue::embedded();
    let rules = RuleSet::embedded(&catalogue);
    let text = prometheus_rules(&rules, &catalogue);
    (rules, catalogue, text)
}

/// What stands in the file of one alert.
fn section<'t>(text: &'t str, name: &str) -> &'t str {
    let begin = text.split_once(&format!("- alert: {name}\n")).expect("the alert").1;
    let end = ["\n\n      - ", "\n\n      # "].iter().filter_map(|end| begin.find(end)).min();
    &begin[..end.unwrap_or(begin.len())]
}

#[test]
fn no_rule_is_left_out_and_none_that_is_not_enabled_is_said() {
    let (rules, _, text) = shipped();
    for rule in rules.rules().iter() {
        let alert = format!("\n      - alert: {}\n", rule.name);
        assert_eq!(text.matches(&alert).count(), 1, "{}", rule.name);
        let is_own = text.contains(&format!("ocrwatch_alerts{{rule=\"{}\"", rule.name));
        let cannot_be_said = matches!(rule.condition, Condition::New(_) | Condition::Ratio(_));
        assert_eq!(is_own, cannot_be_said, "{}", rule.name);
    }
    assert!(text.contains("\n      # Rules that are not enabled: source-silent\n"));
    assert!(!text.contains("- alert: source-silent"));
}

#[test]
fn every_documented_sentence_of_a_rule_s_codes_stands_in_its_alert() {
    let (rules, catalogue, text) = shipped();
    let mut sentences = 0;
    for rule in rules.rules().iter() {
        let codes = rule.matcher.labels.iter().find(|(name, _)| *name == LabelName::Code);
        let is_of_a_cause = rule.matcher.labels.iter().any(|(name, _)| *name == LabelName::Cause);
        for entry in catalogue.entries().filter(|_| !is_of_a_cause) {
            let is_meant = |patterns: &[Pattern]| patterns.iter().any(|it| it.fits(&entry.code));
            if !codes.is_some_and(|(_, patterns)| is_meant(patterns)) {
                continue;
            }
            for paragraph in &entry.solution {
                sentences += 1;
                let section = section(&text, &rule.name).replace("\n            ", "\n");
                let sign = if paragraph.bullet { "- " } else { "" };
                let line = format!("\n{sign}{}\n", paragraph.text);
                assert!(section.contains(&line), "{}: {line}\n{section}", rule.name);
            }
        }
    }
    assert!(sentences > 35, "{sentences}");
}

#[test]
fn a_rule_of_one_cause_tells_what_to_do_about_that_one_only() {
    let (_, _, text) = shipped();
    let expired = section(&text, "iam-token-expired");
    assert!(expired.contains("obtain a new token that is valid permanently"), "{expired}");
    assert!(!expired.contains("Check whether the AK/SK pair is correct"), "{expired}");
}

#[test]
fn one_is_said_otherwise_than_many_where_the_rule_does() {
    let (_, _, text) = shipped();
    let one = "{{ if eq $value 1.0 }}an API is not subscribed: 1 call failed{{ else }}";
    assert!(section(&text, "api-not-subscribed").contains(one));
    assert!(!section(&text, "aksk-lockout").contains("eq $value"));
}

#[test]
fn the_same_rules_give_the_same_text() {
    let (rules, catalogue, text) = shipped();
    assert_eq!(text, prometheus_rules(&rules, &catalogue));
    let dashboard = grafana_dashboard(&rules, &catalogue);
    assert_eq!(dashboard, grafana_dashboard(&rules, &catalogue));
}

#[test]
fn patterns_are_written_as_prometheus_reads_them() {
    let check = |sources: &[&str], is_not: bool, expected: &str| {
        let pattern = |source: &&str| crate::rules::pattern_of(source).expect("a pattern");
        let patterns: Vec<_> = sources.iter().map(pattern).collect();
        assert_eq!(matcher("l", &patterns, is_not), format!("l{expected}"), "{sources:?}");
    };
    check(&["a.b"], false, "=\"a.b\"");
    check(&["say \"x\\"], true, "!=\"say \\\"x\\\\\"");
    check(&["AIS.*"], false, "=~\"AIS[.].*\"");
    check(&["?*"], true, "!~\"..*\"");
    check(&["[!]a-c]{x,y.z}+"], false, "=~\"[^\\\\]a-c](?:x|y[.]z)\\\\+\"");
    check(&["\\*,*"], false, "=~\"\\\\*,.*\"");
    check(
        &["AIS.0101", "AIS.0102", "APIG.0301", "x"],
        false,
        "=~\"AIS[.](0101|0102)|APIG[.]0301|x\"",
    );
}

#[test]
fn texts_that_begin_alike_share_their_beginning() {
    assert_eq!(any_of(["a.1", "b", "a.2", "c"].into_iter()), "a[.](1|2)|b|c");
    assert_eq!(any_of(std::iter::empty()), "");
}

#[test]
fn long_windows_are_looked_at_in_longer_steps() {
    let of_minutes = |minutes: i64| risen("x", Span(minutes * 60_000));
    assert!(of_minutes(1).contains(")[1m:15s]) > 0"));
    assert!(of_minutes(15).contains(")[15m:15s]) > 0"));
    assert!(of_minutes(60).contains(")[1h:1m]) > 0") && of_minutes(60).contains("time() - 360"));
    assert!(of_minutes(1440).contains(")[1d:24m]) > 0"));
}
