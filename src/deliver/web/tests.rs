//! What is sent to each service, what its answers mean, and real sends to a server of the tests'.
//!
//! `OCRWATCH_BLESS=1 cargo test deliver::web` writes the golden files anew; read the difference.

mod answers;
mod belief;
mod limits;
mod requests;
mod sends;
mod server;
mod signatures;

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use serde_json::Value;

use super::*;
use crate::catalogue::{Catalogue, Severity};
use crate::deliver::Step;
use crate::engine::{
    Alert, AlertStatus, CodeCount, Evidence, Fingerprint, Instant, LabelName, Notification,
    NotificationId, NotifyReason, Passage, Sample, Span, ToldAlert,
};
use crate::rules::RuleSet;
use crate::zone::Zone;

static CATALOGUE: LazyLock<Arc<Catalogue>> = LazyLock::new(|| Arc::new(Catalogue::embedded()));

/// 2026-11-30 08:00:00 in UTC.
const NOW_S: i64 = 1_796_025_600;

/// What a log can hold that steers a chat.
pub(in crate::deliver) const HOSTILE: &str = "@all <!channel> <at id=all></at> <at user_id=\"all\">x</at> <@U024BE7LH> \
                       [pay](https://evil.example/x) **b** ~~s~~ `c` <font color=\"red\">f</font> \
                       # h\n> q\n- i &lt;!here&gt; https://evil.example \u{1b}[31m \u{202e}";

pub(in crate::deliver) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW_S, 0).unwrap()
}

pub(in crate::deliver) fn texts() -> Texts {
    static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
        let rules = Arc::clone(RuleSet::embedded(&CATALOGUE).rules());
        let view = Zone::parse("Asia/Shanghai").ok().into();
        Texts { rules, catalogue: Arc::clone(&CATALOGUE), view }
    });
    TEXTS.clone()
}

/// An alert of a rule with a code, as it is told.
pub(in crate::deliver) fn told(
    rule: &str,
    severity: Severity,
    status: AlertStatus,
    code: &str,
    cause: &str,
) -> ToldAlert {
    let at = |back_s: i64| Instant((NOW_S - back_s) * 1000);
    let over = status != AlertStatus::Firing;
    let cause = (!cause.is_empty()).then(|| Arc::from(cause));
    let message = format!("call failed: {HOSTILE}");
    let sample = Sample {
        file: "/var/log/app.log".into(),
        line: 42,
        at: at(61),
        offset_s: 8 * 3600,
        text: format!("2026-11-30 15:58:59 ERROR call failed {code}\n{HOSTILE}"),
    };
    let evidence = Evidence {
        codes: vec![CodeCount {
            code: code.into(),
            cause,
            count: 6,
            last_at: at(61),
            message: Some(message.as_str().into()),
        }],
        samples: vec![sample],
        request_ids: vec!["1b6d2f00".to_owned()],
        offset_s: 8 * 3600,
        ..Evidence::default()
    };
    let mut hash = crate::fnv::Fnv::new();
    hash.text(rule).text(code);
    let is_lock = rule == "aksk-lockout";
    let alert = Alert {
        rule: rule.into(),
        severity,
        fingerprint: Fingerprint(hash.get()),
        labels: vec![(LabelName::Credential, "HPUA****7KQX".into())],
        pending_at: at(90),
        fired_at: Some(at(61)),
        resolved_at: over.then(|| at(30)),
        count: 6,
        first_at: at(90),
        last_at: at(61),
        late: 0,
        clamped: 0,
        flapping: false,
        locked_until: is_lock.then(|| at(61).plus(Span::MINUTE.times(5))),
        groups_left_out: 0,
        evidence: Arc::new(evidence),
    };
    ToldAlert {
        alert: Arc::new(alert),
        status,
        changed_at: if over { at(30) } else { at(61) },
        is_news: true,
        episodes: 1,
        ended: None,
    }
}

pub(in crate::deliver) fn lockout(status: AlertStatus) -> ToldAlert {
    told("aksk-lockout", Severity::Critical, status, "APIG.0301", "aksk-signature")
}

fn notification(alerts: Vec<ToldAlert>) -> Notification {
    let firing = alerts.iter().filter(|told| told.status == AlertStatus::Firing).count() as u64;
    Notification {
        id: NotificationId(0x1234_5678_9abc_def0),
        at: Instant(NOW_S * 1000),
        receiver: "ops".into(),
        route: "default".into(),
        group: Vec::new(),
        is_overflow: false,
        reason: NotifyReason::First,
        left_out: 0,
        firing,
        resolved: alerts.len() as u64 - firing,
        alerts,
        covers: None,
        passage: Passage::default(),
    }
}

fn text_of(alerts: Vec<ToldAlert>) -> NotificationText {
    NotificationText::of(&notification(alerts), &texts())
}

fn told_of(text: &NotificationText) -> Told<'_> {
    static NONE: Templates = Templates { subject: None, text: None, html: None, chat: None };
    Told { text, words: Words::of(Language::English), templates: &NONE, now: now() }
}

pub(in crate::deliver) fn parcel(alerts: Vec<ToldAlert>) -> Parcel {
    Parcel {
        notification: Arc::new(notification(alerts)),
        recipient: "".into(),
        created: now(),
        attempts: 0,
        not_before: now(),
    }
}

fn environment(name: &str) -> Secret {
    Secret::Environment(name.into())
}

fn robot() -> Robot {
    Robot {
        url: environment("unused"),
        sign: None,
        keyword: None,
        mention: Arc::new([]),
        mention_all: false,
    }
}

fn keys() -> robot::Keys {
    robot::Keys {
        url: Hidden::new("https://robot.example/send?access_token=0123456789abcdef"),
        sign: None,
    }
}

fn json_of(request: &Request) -> Value {
    serde_json::from_slice(&request.body).expect("a body in JSON")
}

/// The documented solution, in a text in which `escape` wrote it.
fn has_solution(page: &str, code: &str, escape: impl Fn(&str) -> String) -> bool {
    let entry = CATALOGUE.entry(code).expect("a known code");
    assert!(!entry.solution.is_empty());
    entry.solution.iter().all(|paragraph| page.contains(&escape(&paragraph.text)))
}

/// Compares what is sent with a golden file.
#[track_caller]
fn golden(name: &str, request: &Request) {
    let headers = request.headers.iter();
    let headers: Vec<_> =
        headers.map(|(header, value)| format!("{header}: {}\n", value.reveal())).collect();
    let found = headers.concat();
    let body = serde_json::to_string_pretty(&json_of(request)).unwrap();
    let found = format!("POST {}\n{found}\n{body}\n", request.url.reveal());
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/deliver").join(name);
    if std::env::var_os("OCRWATCH_BLESS").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{name} differs (OCRWATCH_BLESS=1 accepts)\n{found}");
}
