//! Occurrences through the engine, and the text of the alert against golden files.
//!
//! `OCRWATCH_BLESS=1 cargo test render` writes the golden files anew; read the difference.

mod every_code;
mod hostile;
mod notification;

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, TimeDelta};

use super::*;
use crate::catalogue::{Catalogue, Paragraph, Severity};
use crate::engine::{
    Alert, CodeCount, Engine, Event, Evidence, Fingerprint, Instant, LabelName, Reason, Rule,
    Sample, Settings, Source, Span, State, Translation,
};
use crate::occurrence::{Module, Occurrence, Place};
use crate::rules::RuleSet;
use crate::surface::{Language, Style, wrap};
use crate::zone::Zone;

/// An alert at one of its changes.
pub(super) struct Given {
    pub(super) alert: Alert,
    pub(super) rule: Rule,
    pub(super) reason: Reason,
    pub(super) state: State,
}

static CATALOGUE: LazyLock<Arc<Catalogue>> = LazyLock::new(|| Arc::new(Catalogue::embedded()));

impl Given {
    fn text(&self) -> AlertText {
        self.text_in(None)
    }

    fn text_in(&self, zone: Option<Zone>) -> AlertText {
        let (rule, reason) = (Some(&self.rule), Some(&self.reason));
        AlertText::of(&self.alert, rule, reason, self.state, &CATALOGUE, zone)
    }
}

/// An error at the second of a minute in Beijing.
fn error(second: i64, code: &str, message: &str) -> Occurrence {
    let start = DateTime::parse_from_rfc3339("2022-11-03T10:05:00+08:00").unwrap();
    let at = start + TimeDelta::seconds(second);
    let details = CATALOGUE.details(code, message);
    let stamp = at.format("%Y-%m-%d %H:%M:%S");
    let sample = format!(
        "{stamp} ERROR OcrClient - call failed\n{{\"error_code\":\"{code}\",\"error_msg\":\"{message}\"}}"
    );
    Occurrence {
        place: Place { file: "app.log".into(), line: 40 + second.unsigned_abs(), offset: 0 },
        at: Some(at),
        module: Module::of_code(code).unwrap_or(Module::Ocr),
        code: code.into(),
        cause: details.cause.map(|cause| Arc::clone(&cause.id)),
        message: Some(message.into()),
        request_id: Some(format!("{:032x}", 0x1b6d_2f00 + second).into()),
        http_status: None,
        api: details.api.as_deref().map(Into::into),
        region: Some("cn-north-4".into()),
        project: None,
        host: Some("ocr.cn-north-4.myhuaweicloud.com".into()),
        access_key: None,
        exception: None,
        limit: details.limit,
        period: details.period.as_deref().map(Into::into),
        inferred: false,
        repeat: false,
        sample: sample.into(),
    }
}

/// The last change of a rule's alerts.
#[track_caller]
fn given(rule: &str, errors: &[(&str, Occurrence)], state: State) -> Given {
    let file = ("ours.toml".to_owned(), format!("[[rule]]\n{rule}"));
    let rules = RuleSet::load(&[file], &CATALOGUE).unwrap();
    let settings = Settings::default();
    let mut engine = Engine::new(Arc::clone(rules.rules()), Arc::clone(&CATALOGUE), settings);
    let mut last = Instant::default();
    for (source, error) in errors {
        let source = Source::named(*source);
        let event = Event::error(&source, error);
        last = event.at.unwrap();
        engine.ingest(last, &event);
    }
    engine.advance(last.plus(Span::HOUR.times(3)));
    let changes = engine.take();
    let change = changes.iter().rfind(|change| change.to == state).expect("a change to that state");
    Given {
        alert: (*change.alert).clone(),
        rule: rules.rules()[0].clone(),
        reason: change.reason,
        state,
    }
}

const LOCKOUT: &str = r#"
name = "aksk-lockout"
why = "more than five failures in a row of one AK/SK lock it for 5 minutes; every call with it fails until then"
severity = "critical"
match = { code = ["APIG.0301", "APIGW.0301"], cause = "aksk-signature" }
condition = "consecutive > 5"
gap = "1h"
group_by = ["credential"]
lock = "5m"
summary = "AK/SK {{ credential }} is locked until at least {{ locked_until }}: {{ count }} signature failures in a row"
"#;

const SIGNATURE: &str = "Incorrect IAM authentication information: verify aksk signature fail";

fn failures(key: Option<&str>) -> Vec<(&'static str, Occurrence)> {
    let one = |second| {
        let api = if second == 3 { "vat-invoice" } else { "id-card" };
        let error = error(second, "APIG.0301", SIGNATURE);
        let access_key = key.map(Into::into);
        ("app.log", Occurrence { api: Some(api.into()), access_key, ..error })
    };
    (1..=6).map(one).collect()
}

pub(super) fn lockout(key: Option<&str>) -> Given {
    given(LOCKOUT, &failures(key), State::Firing)
}

fn plain(text: &AlertText, style: Style) -> String {
    let mut out = Vec::new();
    plain::write(&mut out, text, style).unwrap();
    String::from_utf8(out).unwrap()
}

fn columns(width_columns: usize) -> Style {
    Style { width_columns, ..Style::PLAIN }
}

/// Compares a page of 80 columns with a golden file.
#[track_caller]
fn check(name: &str, given: &Given) {
    compare(name, &plain(&given.text(), columns(80)));
}

#[track_caller]
fn compare(name: &str, found: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/render");
    let path = folder.join(name);
    if std::env::var_os("OCRWATCH_BLESS").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "{name} differs (OCRWATCH_BLESS=1 accepts what was found)\n{found}\nexpected\n{expected}"
    );
}

#[test]
fn a_lockout_whose_key_the_log_shows() {
    check("lockout.txt", &lockout(Some("HPUA****7KQX")));
}

#[test]
fn a_lockout_whose_key_the_log_does_not_show() {
    let given = lockout(None);
    check("lockout-without-key.txt", &given);
    compare("lockout-40.txt", &plain(&given.text(), columns(40)));
    let ascii = Style { unicode: false, color: true, ..columns(100) };
    compare("lockout-ascii-colour.txt", &plain(&given.text(), ascii));
}

/// The documented text stays as it is documented.
#[test]
fn a_lockout_in_chinese() {
    let mut given = lockout(None);
    given.rule.chinese = Some(Translation {
        summary: Some("{{ credential }} 的 AK/SK 已锁定，至少到 {{ locked_until }}".into()),
        why: Some("同一 AK/SK 连续失败超过五次会被锁定 5 分钟".into()),
    });
    let view = View { zone: None, language: Language::Chinese };
    let (rule, state) = (Some(&given.rule), given.state);
    let text = AlertText::of(&given.alert, rule, None, state, &CATALOGUE, view);
    compare("lockout-zh.txt", &plain(&text, columns(80)));
}

#[test]
fn a_resolved_lockout_says_that_it_was() {
    let resolved = given(LOCKOUT, &failures(Some("HPUA****7KQX")), State::Resolved);
    let page = plain(&resolved.text_in(Some(Zone::UTC)), columns(200));
    let facts: Vec<_> = page.lines().take(9).collect();
    assert_eq!(
        facts,
        [
            "AK/SK HPUA****7KQX is locked until at least 2022-11-03 02:10:06 +00:00: 6 signature \
             failures in a",
            "  row",
            "resolved · critical: quiet since 2022-11-03 02:05:06 +00:00",
            "",
            "  Credential   HPUA****7KQX",
            "  Count        6",
            "  Seen         2022-11-03 02:05:01 to 02:05:06 +00:00",
            "  Fired        2022-11-03 02:05:06 to 02:10:06 +00:00",
            "  Locked       was locked until 2022-11-03 02:10:06 +00:00 at least",
        ]
    );
}

#[test]
fn an_api_that_is_not_subscribed() {
    let rule = r#"
        name = "api-not-subscribed"
        severity = "critical"
        match = { code = "ModelArts.4204" }
        condition = "count >= 1"
        window = "5m"
        group_by = ["api", "region"]
        summary = "{{ api }} is not subscribed in {{ region }}"
        links = ["https://support.huaweicloud.com/intl/en-us/api-ocr/ocr_03_0028.html"]
        note = """
        Ask {{ labels.team | default("the account team") }} to subscribe {{ api }}.

        Seen {{ count }} times so far."""
    "#;
    let message = "Request api error! The API general-text is not subscribed.";
    let errors = [("app.log", error(1, "ModelArts.4204", message))];
    check("not-subscribed.txt", &given(rule, &errors, State::Firing));
}

#[test]
fn throttled_calls() {
    let rule = r#"
        name = "throttled"
        severity = "warning"
        match = { code = "APIG.0308" }
        condition = "count >= 3"
        window = "1m"
        summary = "throttled at {{ limit }} calls in {{ period }}: {{ count }} calls refused"
    "#;
    let message = "The throttling threshold has been reached: policy user over ratelimit,limit:10,time:1 minute.";
    let errors: Vec<_> = (1..=4)
        .map(|second| {
            let source = if second % 2 == 0 { "worker-1.log" } else { "worker-2.log" };
            (source, error(second, "APIG.0308", message))
        })
        .collect();
    check("throttled.txt", &given(rule, &errors, State::Firing));
}

#[test]
fn a_backend_timeout_brings_the_ticket() {
    let rule = r#"
        name = "platform-outage"
        severity = "critical"
        match = { code = ["APIG.0201", "ModelArts.4402"] }
        condition = "count >= 2"
        window = "5m"
        summary = "{{ codes | join(', ') }} from {{ region }}"
    "#;
    let mut errors: Vec<_> =
        (1..=3).map(|second| ("app.log", error(second, "APIG.0201", "Backend timeout."))).collect();
    errors[1].1.inferred = true;
    check("backend-timeout.txt", &given(rule, &errors, State::Firing));
    errors.push(("app.log", error(4, "ModelArts.4402", "Backend service timeout error.")));
    let several = given(rule, &errors, State::Resolved);
    check("several-codes.txt", &several);
}

#[test]
fn a_code_that_nobody_documents() {
    let rule = r#"
        name = "new-code"
        severity = "warning"
        match = { known = false }
        condition = "count >= 1"
        window = "5m"
        group_by = ["code"]
        summary = "{{ code }} is new"
    "#;
    let one = |code: &str| [("app.log", error(1, code, "Something else."))];
    check("unknown-code.txt", &given(rule, &one("AIS.0999"), State::Firing));
    let page = plain(&given(rule, &one("APIGW.9999"), State::Firing).text(), columns(200));
    let elsewhere = CATALOGUE.elsewhere(Module::Apigw).unwrap();
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains(&format!("What to do {elsewhere}")), "{page}");
}

/// An alert with everything in it that is seldom there.
fn odd() -> Given {
    let mut given = lockout(None);
    let alert = &mut given.alert;
    alert.flapping = true;
    (alert.late, alert.clamped, alert.groups_left_out) = (3, 1, 37);
    let mut evidence = Evidence::clone(&alert.evidence);
    evidence.access_key_unseen = 4;
    evidence.affected_left_out = 9;
    evidence.affected.extend((1..=8).map(|n| crate::engine::Affected {
        name: LabelName::Source,
        value: format!("worker-{n}.log").into(),
        last_at: alert.last_at,
    }));
    evidence.codes.push(CodeCount {
        code: "APIG.0301".into(),
        cause: Some("token-expired".into()),
        count: 2,
        last_at: alert.last_at,
        message: None,
    });
    alert.evidence = Arc::new(evidence);
    given.reason = Reason::Flapping { times: 5, within: Span::HOUR };
    given
}

#[test]
fn flapping_late_and_left_out() {
    check("odd.txt", &odd());
}

#[test]
fn an_alert_without_rule_and_without_codes_still_says_something() {
    let mut given = odd();
    given.alert.evidence = Arc::default();
    let text = AlertText::of(&given.alert, None, None, State::Firing, &CATALOGUE, None);
    assert_eq!(text.headline, "aksk-lockout");
    let page = plain(&text, columns(80));
    assert!(page.starts_with("aksk-lockout\nfiring · critical\n\n  Credential   app.log\n"));
}

#[test]
fn every_reason_is_a_fragment() {
    let given = lockout(None);
    let at = given.alert.last_at;
    let within = Span::MINUTE.times(5);
    let times = times::Times::new(None, 0);
    let words = |reason| reason::words(&reason, &given.alert, None, times);
    let found = [
        Reason::Count { count: 1200, within },
        Reason::Consecutive { count: 6, success_visible: false },
        Reason::Consecutive { count: 7, success_visible: true },
        Reason::Ratio { permille: 425, of: 120, within },
        Reason::Spike { count: 30, before_permille: 4_250, within },
        Reason::New { unseen_since: None },
        Reason::New { unseen_since: Some(at) },
        Reason::Absent { since: at },
        Reason::Distinct { count: 3, within },
        Reason::Sequence { after: Span::SECOND.times(90) },
        Reason::Held { hold: within },
        Reason::NotHeld,
        Reason::Flapping { times: 5, within: Span::HOUR },
        Reason::Quiet { since: at },
        Reason::Success { at },
        Reason::Back,
    ]
    .map(words);
    assert_eq!(
        found,
        [
            "1,200 in 5 min",
            "6 signature failures in a row, no success is visible in the log",
            "7 signature failures in a row, no success between them",
            "42.5 % of 120 in 5 min",
            "30 in 5 min, 4.2 on average before",
            "never seen before",
            "not seen since 2022-11-03 02:05:06 +00:00",
            "nothing came since 2022-11-03 02:05:06 +00:00",
            "3 different values in 5 min",
            "one 1 min 30 s after the other",
            "the condition has held for 5 min",
            "the condition did not hold for long enough",
            "it fired 5 times within 1 h and is told as one alert from now on",
            "quiet since 2022-11-03 02:05:06 +00:00",
            "a call succeeded at 2022-11-03 02:05:06 +00:00",
            "what was missing came back",
        ]
    );
}

/// An alert of one code with one of its causes.
#[test]
fn json_has_stable_keys() {
    let mut out = Vec::new();
    json::write(&mut out, &lockout(Some("HPUA****7KQX")).text()).unwrap();
    let line = String::from_utf8(out).unwrap();
    let value: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(value, json::value(&lockout(Some("HPUA****7KQX")).text()));
    compare("lockout.json", &format!("{value:#}\n"));
}
