//! What is sent to each service, against golden files; and that a log steers no chat.

use super::*;
use crate::config::{Address, Smn, SmnLogin, Webhook};

fn called(who: &[&str]) -> Robot {
    let keyword = Some("ocr".into());
    let mention = who.iter().map(|who| Arc::from(*who)).collect();
    Robot { keyword, mention, mention_all: true, ..robot() }
}

fn signed() -> robot::Keys {
    robot::Keys { sign: Some(Hidden::new("SEC0123456789abcdef")), ..keys() }
}

#[test]
fn each_robot_is_told_as_its_chat_reads() {
    let text = text_of(vec![lockout(AlertStatus::Firing)]);
    let told = told_of(&text);
    let mobile = called(&["13800000000"]);
    golden("dingtalk.txt", &dingtalk::request(&mobile, &signed(), &told));
    golden("feishu.txt", &feishu::request(&called(&["ou_1"]), &signed(), &told));
    golden("wecom.txt", &wecom::request(&called(&["zhang"]), &keys(), &told));
    golden("slack.txt", &slack::request(&called(&["U024BE7LH", "S1"]), &keys(), &told));
    golden("teams.txt", &teams::request(&called(&["a@example.com"]), &keys(), &told));
    let chinese = Told { words: Words::of(Language::Chinese), ..told };
    golden("wecom-zh.txt", &wecom::request(&robot(), &keys(), &chinese));
}

#[test]
fn nobody_is_called_for_what_is_over() {
    let text = text_of(vec![lockout(AlertStatus::Resolved)]);
    let told = told_of(&text);
    let body = |request: Request| String::from_utf8(request.body).unwrap();
    let ding = body(dingtalk::request(&called(&["13800000000"]), &signed(), &told));
    assert!(ding.contains("\"isAtAll\":false") && !ding.contains("13800000000"), "{ding}");
    let feishu = body(feishu::request(&called(&["ou_1"]), &signed(), &told));
    assert!(!feishu.contains("<at id") && feishu.contains("\"template\":\"green\""), "{feishu}");
    let slack = body(slack::request(&called(&["U024BE7LH"]), &keys(), &told));
    assert!(!slack.contains("<!") && !slack.contains("<@"), "{slack}");
}

#[test]
fn pagerduty_has_an_event_for_each_alert_and_two_for_what_came_and_went() {
    let key = Hidden::new("0123456789abcdef0123456789abcdef");
    let other = |status| told("throttling", Severity::Warning, status, "APIG.0308", "");
    let text = text_of(vec![
        lockout(AlertStatus::Firing),
        other(AlertStatus::Resolved),
        told("outage", Severity::Warning, AlertStatus::FiredAndResolved, "APIG.0201", ""),
    ]);
    let url = "https://events.pagerduty.com/v2/enqueue";
    let requests = pagerduty::requests(url, &key, &told_of(&text));
    let said = |request: &Request| {
        let event = json_of(request);
        let key = event["dedup_key"].as_str().unwrap().to_owned();
        (event["event_action"].as_str().unwrap().to_owned(), key)
    };
    let said: Vec<_> = requests.iter().map(said).collect();
    let actions: Vec<_> = said.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(actions, ["trigger", "resolve", "trigger", "resolve"]);
    assert_eq!(said[2].1, said[3].1);
    golden("pagerduty.txt", &requests[0]);
    golden("pagerduty-resolve.txt", &requests[1]);
}

fn smn_config() -> Smn {
    Smn {
        url: "https://smn.cn-north-4.myhuaweicloud.com".into(),
        project_id: "0123456789abcdef".into(),
        topic: "urn:smn:cn-north-4:0123456789abcdef:ocr".into(),
        login: SmnLogin::Token(environment("unused")),
    }
}

#[test]
fn a_topic_is_told_with_a_token_or_signed() {
    let text = text_of(vec![lockout(AlertStatus::Firing)]);
    let token = smn::Login::Token(Hidden::new("MIIF…"));
    let request = smn::request(&smn_config(), &token, &told_of(&text));
    golden("smn-token.txt", &request);
    let key = smn::Login::Key(Hidden::new("AK0123456789"), Hidden::new("SK0123456789"));
    golden("smn-signed.txt", &smn::request(&smn_config(), &key, &told_of(&text)));
    let message = json_of(&request);
    let parts: Value =
        serde_json::from_str(message["message_structure"].as_str().unwrap()).unwrap();
    let page = parts["default"].as_str().unwrap();
    assert!(has_solution(page, "APIG.0301", str::to_owned), "{page}");
    assert!(parts["sms"].as_str().unwrap().chars().count() <= 300);
}

fn hook() -> Webhook {
    Webhook {
        url: Address::Plain("https://hooks.example/ocr".into()),
        secrets: Arc::new([]),
        authorization: None,
        headers: Arc::new([("X-Team".into(), "ocr".into())]),
    }
}

fn hook_keys() -> webhook::Keys {
    webhook::Keys {
        url: Hidden::new("https://hooks.example/ocr"),
        is_url_secret: false,
        secrets: vec![Hidden::new("new-secret"), Hidden::new("old-secret")],
        authorization: Some(Hidden::new("Bearer token")),
    }
}

#[test]
fn a_webhook_can_tell_who_sent_it_and_whether_it_had_it_before() {
    let text = text_of(vec![lockout(AlertStatus::Firing)]);
    let told = told_of(&text);
    let request = webhook::request(&hook(), &hook_keys(), webhook::body(&told), &told);
    golden("webhook.txt", &request);
    let header = |name: &str| {
        let found = request.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.reveal().to_owned()).unwrap_or_default()
    };
    assert_eq!(header("Idempotency-Key"), text.id);
    assert_eq!(header("X-Ocrwatch-Signature").matches("v1=").count(), 2);
    assert_eq!(header("Authorization"), "Bearer token");
    // Sent again a minute later it has the same name and another signature.
    let later = Told { now: now() + chrono::TimeDelta::minutes(1), ..told };
    let again = webhook::request(&hook(), &hook_keys(), webhook::body(&later), &later);
    assert_eq!(again.body, request.body);
    assert_eq!(again.headers[1], request.headers[1]);
    assert_ne!(again.headers, request.headers);
}

#[test]
fn bridges_for_alertmanager_s_webhooks_read_ours() {
    let text = text_of(vec![
        lockout(AlertStatus::Firing),
        told("throttling", Severity::Warning, AlertStatus::Resolved, "APIG.0308", ""),
    ]);
    let told = told_of(&text);
    let request = webhook::request(&hook(), &hook_keys(), prometheus::webhook(&told), &told);
    golden("alertmanager-webhook.txt", &request);
    let body = json_of(&request);
    assert_eq!(body["version"], "4");
    assert_eq!(body["status"], "firing");
    assert_eq!(body["commonLabels"]["credential"], "HPUA****7KQX");
    assert_eq!(body["commonLabels"].get("alertname"), None);
    assert_eq!(body["alerts"][0]["endsAt"], "0001-01-01T00:00:00Z");
    assert_eq!(body["alerts"][1]["status"], "resolved");
    assert_eq!(body["alerts"][0]["labels"]["account_lock"], "true");
}

/// The text that a reader sees, wherever it stands in a message.
fn strings(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, out)),
        Value::Object(fields) => fields.values().for_each(|field| strings(field, out)),
        _ => {}
    }
}

#[test]
fn what_a_log_says_formats_links_and_calls_nobody() {
    let mut alert = lockout(AlertStatus::Firing);
    let mut hostile = (*alert.alert).clone();
    hostile.labels = vec![(LabelName::Credential, HOSTILE.into())];
    alert.alert = Arc::new(hostile);
    let text = text_of(vec![alert]);
    let told = told_of(&text);
    let robots = [
        ("dingtalk", dingtalk::request(&robot(), &keys(), &told)),
        ("feishu", feishu::request(&robot(), &keys(), &told)),
        ("wecom", wecom::request(&robot(), &keys(), &told)),
        ("slack", slack::request(&robot(), &keys(), &told)),
    ];
    for (name, request) in robots {
        let mut seen = Vec::new();
        strings(&json_of(&request), &mut seen);
        let page = seen.iter().max_by_key(|text| text.len()).unwrap().clone();
        for steering in [
            "@all",
            "<!channel",
            "<at ",
            "<@U",
            "](https://evil",
            "https://evil",
            "~~s~~",
            "`c`",
            "<font color=\"red\">",
            "**b**",
            "\u{1b}",
            "\u{202e}",
        ] {
            assert!(!page.contains(steering), "{name}: {steering:?} in {page}");
        }
        // No line of a log begins as a quotation, a list or a heading of its own.
        for line in page.lines() {
            let line = line.trim_start_matches("> ");
            assert!(!line.starts_with("# h") && !line.starts_with("- i "), "{name}: {line}");
        }
        assert!(page.contains("evil.example"), "{name}: the log's own words are gone: {page}");
    }
    // Teams reads Markdown in TextBlocks only, and there is none with text from a log.
    let card = json_of(&teams::request(&robot(), &keys(), &told));
    let body = card["attachments"][0]["content"]["body"].as_array().unwrap();
    assert!(body.iter().all(|block| block["type"] == "RichTextBlock"), "{body:?}");
    assert_eq!(card["attachments"][0]["content"]["msteams"]["entities"], serde_json::json!([]));
}

#[test]
fn words_of_one_s_own_are_markup_and_the_values_in_them_are_text() {
    let text = text_of(vec![lockout(AlertStatus::Firing)]);
    let own = "## {{ headline }}\n{% for alert in alerts %}{{ alert.samples[0].text }}{% endfor %}";
    let templates = Templates {
        chat: Some(own.into()),
        subject: Some("{{ status }}!".into()),
        ..Templates::default()
    };
    let told = Told { templates: &templates, ..told_of(&text) };
    let message = json_of(&dingtalk::request(&robot(), &keys(), &told));
    let page = message["markdown"]["text"].as_str().unwrap();
    assert!(page.starts_with("## the AK/SK of HPUA＊＊＊＊7KQX is locked"), "{page}");
    assert!(page.contains("＠all ＜!channel＞") && !page.contains("What to do"), "{page}");
    assert_eq!(message["markdown"]["title"], "firing!");
    // One that becomes too long is not sent.
    let long = Templates { chat: Some("x".repeat(30_000).into()), ..Templates::default() };
    let told = Told { templates: &long, ..told_of(&text) };
    let message = json_of(&dingtalk::request(&robot(), &keys(), &told));
    assert!(message["markdown"]["text"].as_str().unwrap().contains("What to do"));
}

#[test]
fn what_stands_above_everything_stands_there() {
    let text = NotificationText {
        notes: vec!["this is a test".to_owned()],
        ..text_of(vec![lockout(AlertStatus::Firing)])
    };
    let message = json_of(&wecom::request(&robot(), &keys(), &told_of(&text)));
    let page = message["markdown"]["content"].as_str().unwrap();
    assert!(page.starts_with("**this is a test**"), "{page}");
    // A test that wakes somebody must not look like what it tests.
    let key = Hidden::new("key");
    let event = json_of(&pagerduty::requests("https://p.example", &key, &told_of(&text))[0]);
    let summary = event["payload"]["summary"].as_str().unwrap();
    assert!(summary.starts_with("this is a test; the AK/SK of"), "{summary}");
    let hook: Value = serde_json::from_slice(&prometheus::webhook(&told_of(&text))).unwrap();
    let summary = hook["commonAnnotations"]["summary"].as_str().unwrap();
    assert!(summary.starts_with("this is a test; "), "{summary}");
}
