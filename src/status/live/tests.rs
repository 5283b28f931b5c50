//! The live page of runs that are well, in trouble, and handed hostile texts.

use std::sync::Arc;

use super::*;
use crate::catalogue::Catalogue;
use crate::deliver::sample;
use crate::engine::State;
use crate::render::{AlertText, View};
use crate::rules::RuleSet;
use crate::status::{AlertStatus, SourceStatus, Status};

/// Steers a page, an attribute, a script, a terminal and a reader's eye, each if it could.
const HOSTILE: &str =
    "</p><script>alert(1)</script>\"'`--><!--alerts-->{{ 7*7 }}\u{202e}\u{1b}[31m";

/// The same where it stands on a page.
const SEEN: &str = "&lt;script&gt;alert(1)&lt;/script&gt;";

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_428_900, 0).unwrap()
}

fn board(status: Status) -> Board {
    let zone = Zone::parse("+08:00").unwrap();
    Board { status, texts: Vec::new(), catalogue: Arc::new(Catalogue::embedded()), zone }
}

/// The parts of a page, by name.
fn check(
    board: &Board,
    recent: Result<&Recent, &str>,
    choice: &Choice,
    may_change: bool,
) -> impl Fn(&str) -> String + use<> {
    let scene = Scene { board, recent, choice, may_change };
    let parts = parts(&scene);
    for part in &parts {
        assert!(!part.html.contains("cannot be shown"), "{}: {}", part.name, part.html);
    }
    let whole = page(&scene, &parts, "0a");
    move |name| match parts.iter().find(|part| part.name == name) {
        Some(part) => part.html.clone(),
        None => whole.clone(),
    }
}

fn in_english(board: &Board, recent: &Recent) -> impl Fn(&str) -> String + use<> {
    check(board, Ok(recent), &Choice::default(), true)
}

#[test]
fn a_run_that_is_well_says_that_nothing_fires() {
    let part = in_english(&board(Status::sample(at())), &Recent::default());
    assert!(part("verdict").contains("Nothing fires") && part("verdict").contains("good"));
    assert!(part("alerts").contains("Nothing fires."));
    assert!(part("timeline").contains("No errors in this time."));
    let page = part("page");
    for mark in ["<!--", "{{", "{%"] {
        assert!(!page.contains(mark), "{mark} is left over");
    }
    assert!(page.contains("data-known=\"0a\""));
}

#[test]
fn an_alert_has_its_documented_solution_its_lock_and_what_silences_it() {
    let (status, text) = fired();
    let mut board = board(status);
    board.texts.push(text);
    let part = in_english(&board, &Recent::default());
    let card = part("alerts");
    for said in [
        "the AK/SK of scan-prod is locked",
        "What to do",
        "Check whether the AK/SK pair is correct.",
        "2026-11-23 18:20:00 +08:00",
        "data-until=\"2026-11-23T18:20:00+08:00\"",
        "a call succeeds, or none fails for 1 h, and 5 min have passed since.",
        "data-silence=\"rule = aksk-lockout\ncredential = scan-prod\"",
        "ocrwatch silence add --match rule=aksk-lockout --match credential=scan-prod --for 2h",
    ] {
        assert!(card.contains(said), "{said}\n{card}");
    }
    assert!(part("verdict").contains("1 alert fires: 1 critical"));
    assert!(part("verdict").contains("data-grade=\"critical\""));
}

#[test]
fn who_may_change_nothing_is_given_the_command_and_no_button() {
    let (status, text) = fired();
    let mut board = board(status);
    board.texts.push(text);
    let part = check(&board, Ok(&Recent::default()), &Choice::default(), false);
    assert!(!part("alerts").contains("data-silence"));
    let page = part("page");
    assert!(!page.contains("<dialog") && page.contains("nothing can be changed here"), "{page}");
    assert!(page.contains("ocrwatch silence add"));
}

#[test]
fn what_is_hostile_stands_on_the_page_as_text() {
    let (mut status, mut text) = fired();
    let hostile = || HOSTILE.to_owned();
    status.alerts[0].headline = hostile();
    status.alerts[0].labels.insert("api".to_owned(), hostile());
    status.alerts[0].silenced_by = Some(hostile());
    status.alerts.push(AlertStatus { state: State::Pending, ..status.alerts[0].clone() });
    text.headline = hostile();
    text.note = Some(hostile());
    status.sources[0].name = hostile();
    status.sources[0].problem = Some(hostile());
    status.receivers[0].name = hostile();
    status.receivers[0].failing_since = Some(at());
    status.receivers[0].last_error = Some(hostile());
    let mut board = board(status);
    board.texts.push(text);
    let recent = Recent {
        steps: vec![StepErrors { minute: at().timestamp() / 60, module: hostile(), errors: 1 }],
        codes: vec![CodeErrors {
            module: hostile(),
            code: hostile(),
            errors: 1,
            last_minute: at().timestamp() / 60,
        }],
        ..Recent::default()
    };
    for code in [None, Some(hostile())] {
        let choice = Choice { code, ..Choice::default() };
        let part = check(&board, Ok(&recent), &choice, true);
        let page = part("page");
        assert!(page.matches(SEEN).count() > 10);
        assert_eq!(page.matches("<script").count(), 1, "our own");
        assert_eq!(page.matches("<article class=\"card").count(), 1, "no mark is taken twice");
        assert!(!page.contains(['\u{202e}', '\u{1b}']) && !page.contains("\"'`"));
    }
    let trouble = check(&board, Err(HOSTILE), &Choice::default(), true);
    assert!(trouble("timeline").contains(SEEN) && !trouble("timeline").contains("<script"));
}

#[test]
fn errors_stand_in_their_steps_and_add_up() {
    let minute = at().timestamp() / 60;
    let step = |back: i64, module: &str, errors| StepErrors {
        minute: minute - back,
        module: module.to_owned(),
        errors,
    };
    let recent = Recent {
        steps: vec![step(200, "OCR", 1_000), step(59, "OCR", 3), step(0, "APIG", 4)],
        ..Recent::default()
    };
    let timeline = in_english(&board(Status::sample(at())), &recent)("timeline");
    assert!(timeline.contains("<span class=\"quiet\">7</span>"), "{timeline}");
    assert!(timeline.contains("<path class=\"ocr\" d=\"M0,"), "the first of sixty: {timeline}");
    assert!(timeline.contains("<path class=\"apig\" d=\"M59,"), "the last: {timeline}");
    assert!(timeline.contains("href=\"/?lang=en&amp;period=6h\""), "{timeline}");
}

#[test]
fn periods_end_with_the_step_of_now() {
    for period in Period::ALL {
        let (from, until) = period.range(at() + TimeDelta::seconds(61));
        let step = TimeDelta::minutes(period.step_minutes());
        assert!(until > at() && until <= at() + step + TimeDelta::minutes(1), "{period:?}");
        assert_eq!(from.timestamp() % step.num_seconds(), 0);
        assert_eq!(until - from, step * i32::try_from(period.steps()).unwrap());
    }
}

#[test]
fn a_code_is_found_in_any_case_and_what_is_near_is_proposed() {
    let board = board(Status::sample(at()));
    let seen = CodeErrors {
        module: "APIG".to_owned(),
        code: "APIG.0301".to_owned(),
        errors: 12,
        last_minute: at().timestamp() / 60,
    };
    let unknown = CodeErrors { code: "AIS.9999".to_owned(), ..seen.clone() };
    let recent = Recent { codes: vec![seen, unknown], ..Recent::default() };
    let search = |code: &str| {
        let choice = Choice { code: Some(code.to_owned()), ..Choice::default() };
        check(&board, Ok(&recent), &choice, true)("search")
    };
    let found = search("apig.0301");
    assert!(
        found.contains("12 times") && found.contains("Check whether the AK/SK pair is correct.")
    );
    assert!(search("AIS.0101").contains("Not seen in the last 1h"));
    assert!(search("AIS.9999").contains("the catalogue does not know this code"));
    assert!(search("4204").contains("code=ModelArts.4204#search"));
    assert!(search("APIG.3001").contains("code=APIG.0301#search"));
}

#[test]
fn our_own_words_are_in_the_reader_s_language() {
    let (mut status, text) = fired();
    status.receivers[0].dead = 2;
    let mut board = board(status);
    board.texts.push(text);
    let choice = Choice { language: Language::Chinese, ..Choice::default() };
    let part = check(&board, Ok(&Recent::default()), &choice, true);
    assert!(part("page").contains("<html lang=\"zh-CN\">"));
    assert!(part("alerts").contains("处理方法"));
    assert!(part("alerts").contains("Check whether the AK/SK pair is correct."), "as documented");
    assert!(part("verdict").contains("1 条告警：1 严重"), "{}", part("verdict"));
    assert!(part("verdict").contains("已放弃 2 条通知"), "{}", part("verdict"));
    assert!(part("receivers").contains("有通知被放弃"), "who gave some up is not well");
}

#[test]
fn what_cannot_be_followed_stands_first_and_what_is_too_much_is_counted() {
    let mut status = Status::sample(at());
    let source =
        |number: usize| SourceStatus { name: format!("s{number}"), ..SourceStatus::default() };
    status.sources = (0..150).map(source).collect();
    status.sources[149].problem = Some("no file is there yet".to_owned());
    let sources = in_english(&board(status), &Recent::default())("sources");
    assert_eq!(sources.matches("<strong>s").count(), 100);
    assert!(
        sources.contains("<strong>s149</strong>") && sources.contains("And further sources: 50")
    );
}

/// A lockout that fires, and what it says.
fn fired() -> (Status, AlertText) {
    let catalogue = Catalogue::embedded();
    let rules = RuleSet::embedded(&catalogue);
    let rule = rules.rules().iter().find(|rule| &*rule.name == "aksk-lockout").unwrap();
    let told = sample::notification(rule, &catalogue, "ops", at().into());
    let alert = &told.alerts[0].alert;
    let view = View { zone: Zone::parse("+08:00").ok(), language: Language::English };
    let text = AlertText::of(alert, Some(rule), None, State::Firing, &catalogue, view);
    let mut status = Status::sample(at());
    status.rules[0].firing = 1;
    status.alerts = vec![AlertStatus {
        fingerprint: alert.fingerprint.to_string(),
        locked_until: Some(at() + TimeDelta::minutes(5)),
        ..AlertStatus::sample(at())
    }];
    (status, text)
}
