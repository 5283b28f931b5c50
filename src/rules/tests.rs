use super::*;
use crate::engine::{Condition, LabelName, Span};

/// A set of one file over the shipped catalogue.
fn load(text: &str) -> Result<RuleSet, String> {
    let files = [("ours.toml".to_owned(), text.to_owned())];
    RuleSet::load(&files, &Catalogue::embedded())
        .map_err(|problems| problems.iter().map(|p| format!("{p}\n")).collect())
}

/// A rule with the keys that every rule needs.
fn rule(name: &str, keys: &str) -> String {
    format!("[[rule]]\nname = \"{name}\"\nseverity = \"info\"\nsummary = \"s\"\n{keys}\n")
}

#[track_caller]
fn read_one(keys: &str) -> Rule {
    let set = load(&rule("r", keys)).unwrap_or_else(|problems| panic!("{problems}"));
    set.rules()[0].clone()
}

#[test]
fn every_shipped_file_is_right_and_says_why() {
    let (set, problems) = read(&[], &Catalogue::embedded(), true);
    let shown: String = problems.iter().map(|problem| format!("{problem}\n")).collect();
    assert!(shown.is_empty(), "{shown}");
    for rule in set.rules().iter() {
        assert!(rule.why.is_some(), "{}", rule.name);
    }
}

#[test]
fn the_lockout_is_more_than_five_in_a_row_of_one_credential() {
    let set = RuleSet::embedded(&Catalogue::embedded());
    let rule = set.get("aksk-lockout").unwrap();
    let Condition::Consecutive(row) = &rule.condition else { panic!("{:?}", rule.condition) };
    assert_eq!((row.more_than, row.gap, row.reset.len()), (5, Span::HOUR, 1));
    assert_eq!(*rule.group_by, [LabelName::Credential]);
    let lock = Span::MINUTE.times(5);
    assert_eq!(
        (rule.lock, rule.keep_firing_for, rule.severity.name()),
        (Some(lock), lock, "critical")
    );
    assert!(rule.flap.is_some());
}
