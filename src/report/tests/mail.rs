//! The bodies of a mail: what stands in them, and that they become as short as they must.

use std::sync::Arc;

use chrono::DateTime;

use super::hostile::{hostile_report, steers};
use super::{day, day_report, occurrence, settings, summary};
use crate::catalogue::Catalogue;
use crate::report::baseline::Before;
use crate::report::html::Origin;
use crate::report::mail::{Body, Mail, Page};
use crate::report::{InputFacts, Report, Summary};
use crate::surface::{Language, wrap};

/// The bodies from the longest to the shortest.
fn bodies(report: &Report, language: Language) -> Vec<Body> {
    let made_at = DateTime::parse_from_rfc3339("2022-11-04T08:00:00+08:00").unwrap();
    let origin = Origin { made_at, command: "ocrwatch report '<b>.log'".to_owned() };
    let mail = Mail::of(report, &origin, language, "web1");
    let bodies: Vec<_> = mail.bodies(Page::Attached).collect();
    for Body { text, html } in &bodies {
        assert!(!html.contains("this cannot be shown"), "{html}");
        let typed = |line: &&str| !line.starts_with("  ocrwatch report");
        for line in text.lines().filter(typed) {
            assert!(wrap::width(line) <= 76, "{line}");
        }
    }
    bodies
}

#[test]
fn what_a_log_says_is_text() {
    for language in [Language::English, Language::Chinese] {
        for Body { text, html } in bodies(&hostile_report(), language) {
            assert!(!text.contains(steers) && !html.contains(steers), "{text}");
            assert!(!html.contains("<script") && !html.contains("</code>"), "{html}");
            assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{html}");
        }
    }
}

/// The id of a mail follows from what it says.
#[test]
fn the_same_report_a_minute_later_says_the_same() {
    let report = day_report(settings());
    let at = |text: &str| {
        let made_at = DateTime::parse_from_rfc3339(text).unwrap();
        let origin = Origin { made_at, command: "ocrwatch report app.log".to_owned() };
        let mail = Mail::of(&report, &origin, Language::English, "web1");
        let first = mail.bodies(Page::Attached).next().unwrap();
        (first.text, first.html)
    };
    assert_eq!(at("2022-11-04T08:00:00+08:00"), at("2022-11-04T08:01:00+08:00"));
}

#[test]
fn what_changed_against_a_baseline_stands_in_both() {
    let catalogue = Arc::new(Catalogue::embedded());
    let mut before = Before::of_logs("<old>.log", catalogue);
    for _ in 0..40 {
        before.add(&occurrence(r#"{"code": "AIS.0103", "at": "2022-11-02T08:00:00+08:00"}"#));
        before.add(&occurrence(r#"{"code": "ModelArts.4906", "at": "2022-11-02T08:00:00+08:00"}"#));
    }
    let at = |text| DateTime::parse_from_rfc3339(text).ok();
    before.input_read(&InputFacts {
        bytes: 1,
        first_at: at("2022-11-02T08:00:00+08:00"),
        last_at: at("2022-11-02T18:00:00+08:00"),
        ..InputFacts::default()
    });
    let mut summary = summary(settings(), &day());
    summary.compare_with(before);
    summary.input_read(super::app_log());
    let report = summary.finish();
    let said = [
        (Language::English, "Against <old>.log", "gone: ModelArts.4906 · 40 → 0", "new: APIG.0301"),
        (
            Language::Chinese,
            "与基线比较：<old>.log",
            "消失: ModelArts.4906 · 40 → 0",
            "新增: APIG.0301",
        ),
    ];
    for (language, against, gone, new) in said {
        let Body { text, html } = bodies(&report, language).swap_remove(0);
        for words in [against, gone, new] {
            assert!(text.contains(words), "{words}\n{text}");
        }
        assert!(html.contains("&lt;old&gt;.log") && html.contains("40 → 0"), "{html}");
    }
    assert!(!bodies(&day_report(settings()), Language::English)[0].text.contains("changed"));
}

#[test]
fn the_less_room_the_shorter_down_to_the_gravest_and_what_to_do() {
    let mut summary = Summary::new(settings());
    let long = "长 <b>&\"".repeat(2_000);
    for number in 0..500 {
        summary.add(&occurrence(
            &serde_json::json!({
                "code": format!("AIS.{number:04}"), "at": "2022-11-03T08:00:00+08:00",
                "message": long, "file": format!("{number} {long}"),
            })
            .to_string(),
        ));
    }
    for _ in 0..3 {
        summary.add(&occurrence(
            r#"{"code": "APIG.0301", "at": "2022-11-03T09:00:00+08:00", "cause": "aksk-signature"}"#,
        ));
    }
    for number in 0..100 {
        let name = format!("{number} {long}").into();
        let problem = Some(long.as_str().into());
        summary.input_read(InputFacts { name, problem, ..InputFacts::default() });
    }
    let bodies = bodies(&summary.finish(), Language::English);
    let sizes: Vec<_> = bodies.iter().map(|body| body.text.len() + body.html.len()).collect();
    assert!(sizes.is_sorted_by(|a, b| a > b), "{sizes:?}");
    assert!(sizes[4] < 30_000, "{sizes:?}");
    let last = &bodies[4].text;
    for words in ["APIG.0301", "What to do:", "more codes", "others: see the page"] {
        assert!(last.contains(words), "{words}\n{last}");
    }
}
