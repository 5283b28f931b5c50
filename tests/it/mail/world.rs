//! Alerts through the real engine and policy, and a receiver that is told of them by mail.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use ocrwatch::catalogue::Catalogue;
use ocrwatch::config::{Draft, Email, Receiver, Way};
use ocrwatch::deliver::Parcel;
use ocrwatch::engine::{Decision, Event, Instant, Notification, Source, Span};
use ocrwatch::occurrence::{Module, Occurrence, Place};
use ocrwatch::policy_file::Alerting;
use ocrwatch::render::{Texts, View};
use ocrwatch::replay::{Limits, Replay};

static CATALOGUE: LazyLock<Arc<Catalogue>> = LazyLock::new(|| Arc::new(Catalogue::embedded()));

pub(super) const ROUTE: &str = "[[route]]\nname = 'all'\nmatch = {}\nreceiver = 'ops'\n\
                                group_by = ['rule', 'credential']\ngroup_wait = '0s'\n\
                                group_interval = '1s'\n";

pub(super) const SIGNATURE: &str =
    "Incorrect IAM authentication information: verify aksk signature fail";

/// When the tests' logs begin, in Beijing.
pub(super) fn start() -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339("2026-11-23T23:58:00+08:00").expect("an instant")
}

/// An error so many seconds behind the beginning.
pub(super) fn error(second: i64, code: &str, message: &str) -> Occurrence {
    let at = start() + TimeDelta::seconds(second);
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

/// Six failures in a row lock an access key.
pub(super) fn lockout(source: &'static str) -> Vec<(&'static str, Occurrence)> {
    (0..6).map(|n| (source, error(n * 10, "APIG.0301", SIGNATURE))).collect()
}

/// What is told of errors, and what it is told with.
pub(super) fn told(
    rules: &str,
    errors: &[(&'static str, Occurrence)],
) -> (Vec<Arc<Notification>>, Arc<Texts>) {
    let files = [("ours.toml".to_owned(), rules.to_owned())];
    let alerting = Alerting::load(&files, &CATALOGUE).expect("right rules");
    let settings = alerting.settings;
    let rules = Arc::clone(alerting.rules.rules());
    let limits = Limits::default();
    let catalogue = Arc::clone(&CATALOGUE);
    let mut replay =
        Replay::new(Arc::clone(&rules), alerting.policy, Arc::clone(&catalogue), settings, limits);
    let mut last = Instant::default();
    for (source, error) in errors {
        last = Instant::from(error.at.expect("an instant"));
        replay.event(last, &Event::error(&Source::named(*source), error));
    }
    replay.pass_to(last.plus(Span::HOUR.times(3)));
    let replayed = replay.finish(None, settings);
    let told = replayed.decisions.into_iter().filter_map(|decision| match decision {
        Decision::Notify(notification) => Some(Arc::new(notification)),
        Decision::Withhold(_) => None,
    });
    (told.collect(), Arc::new(Texts { rules, catalogue, view: View::default() }))
}

/// The receiver `ops` with these keys of `email` beside who it is from and to.
pub(super) fn receiver(keys: &str) -> Receiver {
    let who = if keys.contains("to = ") {
        ""
    } else {
        "to = ['ops@example.test'], from = 'OCR alerts <alerts@example.test>', "
    };
    let text = format!("[[receiver]]\nname = 'ops'\nemail = {{ {who}{keys} }}\n");
    let config = Draft::read("o.toml", &text, Path::new("/etc/o")).finish(&[], &[]);
    let problems: Vec<_> =
        config.as_ref().err().into_iter().flatten().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let mut config = config.expect("a right configuration");
    config.receivers.remove(0)
}

pub(super) fn email(receiver: &Receiver) -> &Email {
    let email = match &receiver.way {
        Way::Email(email) => Some(&**email),
        _ => None,
    };
    email.expect("a receiver by mail")
}

/// When parcels of the tests were put into the outbox.
pub(super) fn created() -> DateTime<Utc> {
    (start() + TimeDelta::minutes(2)).to_utc()
}

/// The parcels of the first notification about a lockout.
pub(super) fn parcels(receiver: &Receiver) -> (Vec<Parcel>, Arc<Texts>) {
    let (told, texts) = told(ROUTE, &lockout("scan"));
    let locked = told.iter().find(|told| &*told.alerts[0].alert.rule == "aksk-lockout");
    (Parcel::of(locked.expect("a lockout is told"), Some(receiver), created()), texts)
}
