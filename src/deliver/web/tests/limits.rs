//! What does not fit is left out in its order: never what the documentation says to do.

use super::*;
use crate::config::Service;
use crate::surface::escape;

/// An alert with as much as there can be.
fn large(rule: &str, code: &str) -> ToldAlert {
    let mut told = told(rule, Severity::Critical, AlertStatus::Firing, code, "");
    let mut alert = (*told.alert).clone();
    let mut evidence = (*alert.evidence).clone();
    let sample =
        Sample { text: "错误日志 line of a log\n".repeat(400), ..evidence.samples[0].clone() };
    evidence.samples = vec![sample; 3];
    alert.evidence = Arc::new(evidence);
    alert.labels = vec![(LabelName::Credential, "键".repeat(80).into())];
    told.alert = Arc::new(alert);
    told
}

fn many() -> NotificationText {
    let mut alerts = vec![lockout(AlertStatus::Firing)];
    alerts.extend((0..49).map(|n| large(&format!("rule-{n}"), "APIG.0308")));
    text_of(alerts)
}

struct Robots {
    name: &'static str,
    request: fn(&Robot, &robot::Keys, &Told<'_>) -> Request,
    bytes_max: usize,
    escape: fn(&str) -> String,
}

const ROBOTS: [Robots; 5] = [
    Robots {
        name: "dingtalk",
        request: dingtalk::request,
        bytes_max: 20_000,
        escape: escape::chat,
    },
    Robots { name: "feishu", request: feishu::request, bytes_max: 20_000, escape: escape::lark },
    Robots { name: "wecom", request: wecom::request, bytes_max: 4600, escape: escape::chat },
    Robots { name: "slack", request: slack::request, bytes_max: 200_000, escape: escape::slack },
    Robots { name: "teams", request: teams::request, bytes_max: 28_000, escape: str::to_owned },
];

/// All texts of a message, one below the other.
fn page_of(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\n"),
        Value::Array(items) => items.iter().map(page_of).collect(),
        Value::Object(fields) => fields.values().map(page_of).collect(),
        _ => String::new(),
    }
}

#[test]
fn what_is_too_much_keeps_the_solution_of_the_gravest_and_says_that_there_is_more() {
    let text = many();
    for Robots { name, request, bytes_max, escape } in ROBOTS {
        let request = request(&robot(), &keys(), &told_of(&text));
        assert!(request.body.len() <= bytes_max, "{name}: {} bytes", request.body.len());
        let page = page_of(&json_of(&request));
        assert!(has_solution(&page, "APIG.0301", escape), "{name}: {page}");
        assert!(!page.contains("错误日志"), "{name} has samples still");
        assert!(page.contains(" more"), "{name} hides that there is more: {page}");
    }
}

#[test]
fn wecom_takes_4096_bytes_of_text_and_slack_50_blocks_of_3000_characters() {
    let text = many();
    let wecom = json_of(&wecom::request(&robot(), &keys(), &told_of(&text)));
    let content = wecom["markdown"]["content"].as_str().unwrap();
    assert!(content.len() <= 4096 && content.len() > 2000, "{} bytes", content.len());
    let slack = json_of(&slack::request(&robot(), &keys(), &told_of(&text)));
    let blocks = slack["blocks"].as_array().unwrap();
    assert!((10..=50).contains(&blocks.len()), "{} blocks", blocks.len());
    for block in blocks {
        let text = block["text"]["text"].as_str().unwrap();
        assert!((1..=3000).contains(&text.chars().count()), "{} characters", text.len());
    }
}

#[test]
fn samples_go_before_a_second_alert_does() {
    let text = text_of(vec![lockout(AlertStatus::Firing), large("second", "APIG.0308")]);
    let message = json_of(&dingtalk::request(&robot(), &keys(), &told_of(&text)));
    let page = message["markdown"]["text"].as_str().unwrap();
    assert!(!page.contains("错误日志") && !page.contains("Also"), "{page}");
    assert!(has_solution(page, "APIG.0308", escape::chat));
    // With room for everything, everything is there.
    let text = text_of(vec![lockout(AlertStatus::Firing)]);
    let message = json_of(&dingtalk::request(&robot(), &keys(), &told_of(&text)));
    assert!(message["markdown"]["text"].as_str().unwrap().contains("Sample"));
}

#[test]
fn every_documented_solution_fits_everywhere_whole() {
    for entry in CATALOGUE.entries().filter(|entry| !entry.solution.is_empty()) {
        let alert = told("r", Severity::Critical, AlertStatus::Firing, &entry.code, "");
        let text = text_of(vec![alert]);
        for Robots { name, request, escape, .. } in ROBOTS {
            let page = page_of(&json_of(&request(&robot(), &keys(), &told_of(&text))));
            assert!(has_solution(&page, &entry.code, escape), "{name}: {} in {page}", entry.code);
        }
    }
}

#[test]
fn a_subject_is_cut_between_characters() {
    let text = text_of(vec![large("r", "APIG.0308")]);
    let login = smn::Login::Token(Hidden::new("token"));
    let config = crate::config::Smn {
        url: "https://smn.example".into(),
        project_id: "p".into(),
        topic: "urn:smn:r:p:t".into(),
        login: crate::config::SmnLogin::Token(environment("unused")),
    };
    let long = NotificationText { alerts: text.alerts.clone(), ..text };
    let mut long = long;
    long.alerts[0].text.headline = "锁".repeat(4000);
    let message = json_of(&smn::request(&config, &login, &told_of(&long)));
    let subject = message["subject"].as_str().unwrap();
    assert!(subject.len() <= 512 && subject.len() > 500 && subject.ends_with('…'), "{subject}");
    let key = Hidden::new("key");
    let event = &pagerduty::requests("https://p.example", &key, &told_of(&long))[0];
    let summary = json_of(event)["payload"]["summary"].as_str().unwrap().chars().count();
    assert!(summary <= 1024, "{summary}");
}

#[test]
fn each_service_has_four_fifths_of_its_rate() {
    let rate = |service| {
        let link = Link { ca_file: None, timeout: Span::SECOND };
        Web { service, link }.usual_rate().map(|rate| (rate.messages, rate.per))
    };
    assert_eq!(rate(Service::DingTalk(robot())), Some((16, Span::MINUTE)));
    assert_eq!(rate(Service::WeCom(robot())), Some((16, Span::MINUTE)));
    assert_eq!(rate(Service::Feishu(robot())), Some((80, Span::MINUTE)));
    assert_eq!(rate(Service::Slack(robot())), Some((48, Span::MINUTE)));
}
