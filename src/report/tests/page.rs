//! The page for a browser: what stands on it, and that nothing on it is markup but our own.

use chrono::DateTime;

use super::hostile::hostile_report;
use super::{day_report, occurrence, settings, written};
use crate::report::{Report, Summary, html};
use crate::surface::Language;

fn page(report: &Report, language: Language) -> String {
    let made_at = DateTime::parse_from_rfc3339("2022-11-04T08:00:00+08:00").unwrap();
    let origin = html::Origin { made_at, command: "ocrwatch report '<b>.log'".to_owned() };
    let page = written(report, &|out, report| html::write(out, report, &origin, language));
    assert!(!page.contains("this cannot be shown"), "{}", &page[..page.len().min(2000)]);
    page
}

/// The page without its tags, style and script, its entities read.
fn text(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        text += &rest[..at];
        let ended = ["style", "script"].iter().find_map(|tag| {
            rest[at..]
                .starts_with(&format!("<{tag}>"))
                .then(|| rest[at..].find(&format!("</{tag}>")))
        });
        let from = at + ended.flatten().unwrap_or(0);
        let end = rest[from..].find('>').map_or(rest.len(), |end| from + end + 1);
        text.push(' ');
        rest = &rest[end..];
    }
    text += rest;
    for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'")] {
        text = text.replace(entity, character);
    }
    text.replace("&amp;", "&").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_day_tells_the_same_numbers_as_everywhere_in_both_languages() {
    let report = day_report(settings());
    let english = text(&page(&report, Language::English));
    for said in [
        "Read 20,510 lines and 1.3 MiB in 3 inputs",
        "What is broken, and what to do",
        "Check whether the AK/SK pair is correct.",
        "the compressed data ends early; everything up to there was read",
        "ocrwatch report '<b>.log'",
    ] {
        assert!(english.contains(said), "{said}: {english}");
    }
    for code in &report.codes {
        let row = format!("{} ", code.code);
        assert!(english.contains(&row), "{row}");
    }
    let chinese = text(&page(&report, Language::Chinese));
    for said in ["问题与处理方法", "时间范围", "Check whether the AK/SK pair is correct."]
    {
        assert!(chinese.contains(said), "{said}: {chinese}");
    }
    for english in ["What to do", "Range ", "Seen ", "Severity", "Over time"] {
        assert!(!chinese.contains(english), "{english}: {chinese}");
    }
}

#[test]
fn nothing_found_is_a_page_that_says_so() {
    let report = Summary::new(settings()).finish();
    assert!(text(&page(&report, Language::English)).contains("Nothing, for nothing was read"));
}

#[test]
fn what_a_log_says_is_text() {
    for language in [Language::English, Language::Chinese] {
        let page = page(&hostile_report(), language);
        let own = page.matches("<script>").count();
        assert_eq!((own, page.matches("<script").count()), (1, 1));
        assert!(!page.contains("</code><") && !page.contains("javascript:"));
        assert!(!page.contains(super::hostile::steers));
        // What follows a quotation mark of the log stays in the attribute.
        assert!(!page.contains("\"',;"));
        assert!(text(&page).contains("<script>alert(1)</script>"));
    }
}

#[test]
fn the_page_asks_for_nothing_and_runs_nothing_but_its_own_script() {
    let page = page(&day_report(settings()), Language::English);
    for word in ["src=", "@import", "url(", " style=", "onclick", "onload", "innerHTML", "eval("] {
        assert!(!page.contains(word), "{word}");
    }
    let policy = page.split("content=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert!(policy.starts_with("default-src &#39;none&#39;; style-src &#39;sha256-"), "{policy}");
}

#[test]
fn a_thousand_codes_with_long_texts_stay_a_page() {
    let mut summary = Summary::new(settings());
    for number in 0..1_000 {
        for minute in 0..5 {
            let long = "x".repeat(5_000);
            summary.add(&occurrence(&format!(
                r#"{{"code": "AIS.{number:04}", "at": "2022-11-03T{:02}:{minute:02}:00+08:00",
                    "message": "{number} {minute} {long}", "api": "{long}", "sample": "{long}"}}"#,
                number % 24
            )));
        }
    }
    let page = page(&summary.finish(), Language::English);
    assert!(page.len() < 6 << 20, "{}", page.len());
}
