//! A store that is told what changed knows the same as one that is given all of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::replay::{END, fed, rules};
use super::stream::{Fed, Given, catalogue, error, rule, seconds, tried};
use crate::engine::{
    Changes, Condition, Engine, GroupRow, HeadState, LabelName, New, Rule, RuleState, Settings,
    Snapshot, Span,
};

/// A store's tables, each row as its text.
#[derive(Default)]
struct Rows {
    head: String,
    rules: BTreeMap<String, String>,
    groups: BTreeMap<(String, u64), String>,
    /// Groups written and removed since the beginning.
    written: usize,
    removed: usize,
}

fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("a row is JSON")
}

impl Rows {
    fn apply(&mut self, changes: &Changes) {
        if changes.is_everything {
            self.rules.clear();
            self.groups.clear();
        }
        self.head = text(&changes.head);
        for rule in &changes.rules {
            self.rules.insert(rule.rule.to_string(), text(rule));
        }
        for (rule, number) in &changes.removed {
            let row = self.groups.remove(&(rule.to_string(), *number));
            assert!(row.is_some(), "{rule} {number} is removed that was never there");
            self.removed += 1;
        }
        for group in &changes.groups {
            self.groups.insert((group.rule.to_string(), group.number), text(&group.state));
            self.written += 1;
        }
    }

    /// Read back in an order that is not the engine's.
    fn snapshot(&self) -> Snapshot {
        let head: HeadState = serde_json::from_str(&self.head).expect("the head");
        let rules = self.rules.values().rev();
        let rules = rules.map(|row| serde_json::from_str::<RuleState>(row).expect("a rule"));
        let groups = self.groups.iter().rev().map(|((rule, number), row)| GroupRow {
            rule: rule.as_str().into(),
            number: *number,
            state: serde_json::from_str(row).expect("a group"),
        });
        Snapshot::of_parts(head, rules, groups)
    }
}

fn restored(rules: &[Rule], settings: Settings, rows: &Rows) -> Engine {
    let (engine, forgotten) = Engine::restore(rules.into(), catalogue(), settings, rows.snapshot());
    assert_eq!(forgotten, []);
    engine
}

/// Few enough groups that they make room for each other.
fn crowded() -> Settings {
    Settings { groups_max: 9, ..Settings::default() }
}

proptest! {
    #![proptest_config(tried(120))]

    #[test]
    fn rows_that_follow_the_changes_are_the_state(
        fed in fed(),
        asks in proptest::collection::vec(0u8..4, 40),
        is_crowded in any::<bool>(),
        restart_at in 0usize..40,
    ) {
        let settings = if is_crowded { crowded() } else { Settings::default() };
        let rules = rules();
        let new = || Engine::new(rules.as_slice().into(), catalogue(), settings);
        let (mut engine, mut plain, mut rows) = (new(), new(), Rows::default());
        for (index, event) in fed.iter().enumerate() {
            event.feed(&mut engine);
            event.feed(&mut plain);
            let ask = asks.get(index).copied().unwrap_or_default();
            match ask {
                0 => continue,
                1 => rows.apply(&engine.everything()),
                _ => rows.apply(&engine.changes()),
            }
            prop_assert_eq!(rows.snapshot(), engine.snapshot());
            if index >= restart_at && ask == 3 {
                prop_assert_eq!(engine.take(), plain.take());
                engine = restored(&rules, settings, &rows);
                rows.apply(&engine.changes());
                prop_assert_eq!(rows.snapshot(), engine.snapshot());
            }
        }
        let end = fed.last().map_or(seconds(0), |last| last.now).plus(END);
        for step in 1..=10 {
            let now = end.minus(Span(END.0 - END.0 / 10 * step));
            engine.advance(now);
            plain.advance(now);
            rows.apply(&engine.changes());
            prop_assert_eq!(rows.snapshot(), engine.snapshot());
        }
        prop_assert_eq!(engine.take(), plain.take());
        prop_assert_eq!(rows.groups.len(), engine.groups());
    }
}

/// One alert for each interface that was never seen.
fn by_api() -> Rule {
    let new = Condition::New(New { unseen: Span(60_000), learning: Span::ZERO });
    Rule { group_by: Arc::from([LabelName::Api]), ..rule("new", "APIG.0301", new) }
}

fn of_api(at: i64, api: usize) -> Fed {
    let api = Some(format!("api-{api}"));
    let what = Given::Error { code: "APIG.0301", cause: None, key: None, api };
    Fed { what, ..error(at) }
}

#[test]
fn only_what_changed_is_told() {
    let rules = [by_api()];
    let mut engine = super::stream::engine(&rules);
    let mut rows = Rows::default();
    for api in 0..1_000 {
        of_api(1, api).feed(&mut engine);
    }
    rows.apply(&engine.changes());
    assert_eq!((rows.written, rows.rules.len()), (1_000, 1));
    of_api(2, 7).feed(&mut engine);
    of_api(2, 7).feed(&mut engine);
    of_api(3, 1_000).feed(&mut engine);
    let changes = engine.changes();
    assert!(!changes.is_everything);
    assert_eq!((changes.groups.len(), changes.rules.len()), (2, 0));
    let changes = engine.changes();
    assert_eq!((changes.groups.len(), changes.rules.len(), changes.removed.len()), (0, 0, 0));
    engine.advance(seconds(10_000));
    let changes = engine.changes();
    assert_eq!((changes.groups.len(), changes.removed.len()), (0, 1_001));
    assert_eq!(engine.changes().removed, []);
}

#[test]
fn rows_of_rules_that_are_no_more_are_dropped() {
    let rules = [rule("gone", "APIG.0301", super::stream::count(3, 60)), by_api()];
    let mut engine = super::stream::engine(&rules);
    let mut rows = Rows::default();
    rows.apply(&engine.changes());
    of_api(1, 0).feed(&mut engine);
    rows.apply(&engine.changes());
    assert_eq!((rows.rules.len(), rows.groups.len()), (2, 2));
    let (mut engine, forgotten) =
        Engine::restore([by_api()].into(), catalogue(), Settings::default(), rows.snapshot());
    assert_eq!(forgotten.len(), 1);
    let changes = engine.changes();
    assert!(changes.is_everything);
    rows.apply(&changes);
    assert_eq!((rows.rules.len(), rows.groups.len()), (1, 1));
    assert_eq!(rows.snapshot(), engine.snapshot());
}

#[test]
fn groups_without_their_rule_s_row_are_forgotten() {
    let rules = [by_api()];
    let mut engine = super::stream::engine(&rules);
    let mut rows = Rows::default();
    of_api(1, 0).feed(&mut engine);
    rows.apply(&engine.changes());
    rows.rules.clear();
    let (engine, forgotten) =
        Engine::restore(rules.into(), catalogue(), Settings::default(), rows.snapshot());
    let named: Vec<_> = forgotten.iter().map(|forgotten| &*forgotten.rule).collect();
    assert_eq!((engine.groups(), named), (0, vec!["new"]));
}
