use super::*;
use crate::engine::{Condition, EventKind, LabelName, Span};

/// A set of one file over the shipped catalogue, or its problems.
fn load(text: &str) -> Result<RuleSet, String> {
    let files = [("ours.toml".to_owned(), text.to_owned())];
    RuleSet::load(&files, &Catalogue::embedded()).map_err(|problems| shown(&problems))
}

fn shown(problems: &[Diagnostic]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A rule with the keys that every rule needs.
fn rule(name: &str, keys: &str) -> String {
    format!("[[rule]]\nname = \"{name}\"\nseverity = \"info\"\nsummary = \"s\"\n{keys}\n")
}

const COUNT: &str = "condition = \"count >= 5\"\nwindow = \"10m\"";

#[track_caller]
fn read_one(keys: &str) -> Rule {
    let set = load(&rule("r", keys)).unwrap_or_else(|problems| panic!("{problems}"));
    set.rules()[0].clone()
}

#[track_caller]
fn names_of(text: &str) -> Vec<String> {
    let set = load(text).unwrap_or_else(|problems| panic!("{problems}"));
    set.rules().iter().map(|rule| rule.name.to_string()).collect()
}

#[test]
fn every_shipped_file_is_right() {
    let (set, problems) = read(&[], &Catalogue::embedded(), true);
    let shown = shown(&problems);
    assert!(shown.is_empty(), "{shown}");
    assert!(set.rules().len() > 20);
}

#[test]
fn the_lockout_is_more_than_five_in_a_row_of_one_credential() {
    let set = RuleSet::embedded(&Catalogue::embedded());
    let rule = set.get("aksk-lockout").unwrap();
    let Condition::Consecutive(row) = &rule.condition else { panic!("{:?}", rule.condition) };
    assert_eq!((row.more_than, row.gap, row.reset.len()), (5, Span::HOUR, 1));
    assert_eq!(*rule.group_by, [LabelName::Credential]);
    let lock = Span::MINUTE.times(5);
    assert_eq!((rule.lock, rule.keep_firing_for), (Some(lock), lock));
    let named = set.rules().iter().filter(|rule| rule.name.contains("lockout"));
    assert_eq!(named.count(), 1);
}

#[test]
fn what_is_left_out_has_a_sensible_default() {
    let count = read_one(COUNT);
    assert_eq!((count.hold, count.keep_firing_for, count.lock), (Span::ZERO, Span::ZERO, None));
    assert_eq!(count.flap, Some(crate::engine::Flap { times: 5, within: Span::HOUR }));
    assert_eq!(count.matcher.event, EventKind::Error);
    assert!(count.group_by.is_empty() && count.inhibits.is_empty() && count.why.is_none());
    let ten_minutes = Span::MINUTE.times(10);
    assert_eq!(read_one("condition = \"new\"").keep_firing_for, ten_minutes);
    assert_eq!(read_one("condition = \"consecutive > 2\"").keep_firing_for, ten_minutes);
    let locked = read_one("condition = \"consecutive > 2\"\nlock = \"1m\"");
    assert_eq!(locked.keep_firing_for, Span::MINUTE);
    let kept = read_one("condition = \"consecutive > 2\"\nlock = \"1m\"\nkeep_firing_for = \"0s\"");
    assert_eq!(kept.keep_firing_for, Span::ZERO);
    assert_eq!(read_one(&format!("{COUNT}\nflap = false")).flap, None);
    let Condition::New(new) = read_one("condition = \"new\"").condition else { panic!() };
    assert_eq!((new.unseen, new.learning), (Span::DAY.times(30), Span::DAY));
}

#[test]
fn a_condition_means_what_its_keys_say() {
    let Condition::Count(threshold) =
        read_one("condition = \"rate > 2/s\"\nwindow = \"1m\"\naligned = true\nclear_below = 60")
            .condition
    else {
        panic!()
    };
    assert_eq!((threshold.at_least, threshold.clear_below), (121, 60));
    assert!(threshold.window.aligned);
    let Condition::Ratio(ratio) = read_one(
        "condition = \"ratio >= 30%\"\nof = \"calls\"\nwindow = \"1h\"\nclear_below = \"20%\"",
    )
    .condition
    else {
        panic!()
    };
    assert_eq!((ratio.at_least_permille, ratio.clear_below_permille), (300, 200));
    assert_eq!((ratio.floor, ratio.needs_success, ratio.of.event), (20, true, EventKind::Call));
    let Condition::Ratio(ratio) = read_one(
        "condition = \"ratio > 0.3\"\nof = { module = \"OCR\" }\nwindow = \"1h\"\nat_least = 5",
    )
    .condition
    else {
        panic!()
    };
    assert_eq!((ratio.at_least_permille, ratio.floor, ratio.needs_success), (301, 5, false));
    let Condition::Sequence(sequence) =
        read_one("condition = \"sequence\"\nthen = { event = \"success\" }\nwithin = \"5m\"")
            .condition
    else {
        panic!()
    };
    assert_eq!((sequence.then.event, sequence.within), (EventKind::Success, Span::MINUTE.times(5)));
}

#[test]
fn rules_of_a_directory_are_used_instead_of_the_shipped_ones() {
    assert_eq!(names_of(&rule("ours", COUNT)), ["ours"]);
}

#[test]
fn a_file_can_add_to_the_shipped_rules_and_replace_some_in_their_place() {
    let embedded = RuleSet::embedded(&Catalogue::embedded());
    let before: Vec<_> = embedded.rules().iter().map(|rule| rule.name.to_string()).collect();
    let text = format!("shipped = true\n{}\n{}", rule("ours", COUNT), rule("throttled", COUNT));
    let set = load(&text).unwrap_or_else(|problems| panic!("{problems}"));
    let mut expected = before.clone();
    expected.push("ours".to_owned());
    assert_eq!(names_of(&text), expected);
    assert_eq!(&*set.get("throttled").unwrap().summary, "s");
}

#[test]
fn a_shipped_rule_is_put_out_of_use_by_its_name_alone() {
    let text = "shipped = true\n[[rule]]\nname = \"new-code\"\nenabled = false\n";
    let set = load(text).unwrap_or_else(|problems| panic!("{problems}"));
    let embedded = RuleSet::embedded(&Catalogue::embedded());
    assert_eq!(set.rules().len(), embedded.rules().len() - 1);
    assert!(set.get("new-code").is_none());
    assert!(set.disabled().iter().any(|name| **name == *"new-code"));
}

#[test]
fn a_name_in_two_files_is_told_with_both_places() {
    let files = [
        ("a.toml".to_owned(), format!("\n{}", rule("twice", COUNT))),
        ("b.toml".to_owned(), rule("twice", COUNT)),
    ];
    let problems = RuleSet::load(&files, &Catalogue::embedded()).unwrap_err();
    let shown: Vec<_> = problems.iter().map(|p| format!("{}: {}", p.file, p.message)).collect();
    assert_eq!(shown, ["b.toml: rule `twice` stands in a.toml already, on line 3"]);
}

#[test]
fn a_code_beyond_the_catalogue_can_be_named_where_such_are_meant() {
    let unknown = |known: &str| {
        load(&rule("r", &format!("{COUNT}\nmatch = {{ code = \"AIS.0999\"{known} }}")))
    };
    assert!(unknown("").unwrap_err().contains("rule-unknown-code"));
    assert!(unknown(", known = false").is_ok());
    let mut catalogue = Catalogue::embedded();
    let entry = "[[entry]]\ncode = \"AIS.0999\"\ndescription = \"ours\"\n";
    assert_eq!(catalogue.load("ours.toml", entry), []);
    let text = rule("r", &format!("{COUNT}\nmatch = {{ code = \"AIS.0999\" }}"));
    assert!(RuleSet::load(&[("r.toml".to_owned(), text)], &catalogue).is_ok());
}

#[test]
fn a_thousand_rules_are_enough() {
    let many: String = (0..=RULES_MAX).map(|number| rule(&format!("r-{number}"), COUNT)).collect();
    let problems = load(&many).unwrap_err();
    assert!(problems.contains("there are 1001 rules, at most 1000 can be"), "{problems}");
}

#[test]
fn a_file_s_kind_is_told_by_its_tables() {
    assert!(is_rule_file("shipped = true") && is_rule_file("[[rule]]\nname = \"x"));
    assert!(!is_rule_file("[[entry]]\ncode = \"AIS.0101\"") && !is_rule_file(""));
}

static CATALOGUE: std::sync::LazyLock<Catalogue> = std::sync::LazyLock::new(Catalogue::embedded);

proptest::proptest! {
    #[test]
    fn the_literal_pattern_of_a_text_fits_it_alone(
        text in r"[a-c*?\[\]{}!\^,\\/-]{1,12}",
        other in r"[a-c*?\[\]{}!\^,\\/-]{1,12}",
    ) {
        let pattern = pattern_of(&literal(&text)).expect("a pattern");
        proptest::prop_assert!(pattern.fits(&text), "{}", literal(&text));
        proptest::prop_assert_eq!(pattern.fits(&other), text == other);
    }

    #[test]
    fn any_text_is_a_file_or_has_a_problem(
        file in 0..SHIPPED.len(),
        start in 0_usize..4_000,
        len in 0_usize..3_000,
        noise in "[\\[\\]{}=\"',.#%>|a-z0-9 \n\u{e9}\u{1b}]{0,40}",
    ) {
        let text: String = SHIPPED[file].1.chars().skip(start).take(len).collect();
        let files = [("any.toml".to_owned(), format!("{text}{noise}"))];
        for problem in RuleSet::load(&files, &CATALOGUE).err().unwrap_or_default() {
            proptest::prop_assert!(PROBLEMS.contains(&problem.name), "{}", problem.name);
        }
    }
}
