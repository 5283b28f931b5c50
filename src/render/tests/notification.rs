//! What a receiver is told, and an operator's own words for it.

use std::sync::Arc;

use super::{CATALOGUE, Given, lockout};
use crate::config::Templates;
use crate::engine::{AlertStatus, Notification, NotificationId, NotifyReason, Passage, ToldAlert};
use crate::render::{NotificationText, Texts, View};

/// A notification of one alert that fires.
fn told(given: &Given) -> Notification {
    Notification {
        id: NotificationId(0x0123_4567_89ab_cdef),
        at: given.alert.last_at,
        receiver: "ops".into(),
        route: "default".into(),
        group: Vec::new(),
        is_overflow: false,
        reason: NotifyReason::First,
        alerts: vec![ToldAlert {
            alert: Arc::new(given.alert.clone()),
            status: AlertStatus::Firing,
            changed_at: given.alert.last_at,
            is_news: true,
            episodes: 1,
            ended: None,
        }],
        left_out: 0,
        firing: 1,
        resolved: 0,
        covers: None,
        passage: Passage::default(),
    }
}

fn texts(given: &Given, view: View) -> Texts {
    Texts { rules: vec![given.rule.clone()].into(), catalogue: Arc::clone(&CATALOGUE), view }
}

/// Every key that a value has, with those above it, is in the other.
fn keys_missing(value: &serde_json::Value, from: &serde_json::Value, at: &str) -> Vec<String> {
    match value {
        serde_json::Value::Object(map) if !at.ends_with(".labels") => map
            .iter()
            .flat_map(|(key, value)| match from.get(key) {
                Some(known) => keys_missing(value, known, &format!("{at}.{key}")),
                None => vec![format!("{at}.{key}")],
            })
            .collect(),
        serde_json::Value::Array(items) => {
            let known = from.get(0).unwrap_or(&serde_json::Value::Null);
            items.iter().flat_map(|item| keys_missing(item, known, at)).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn the_example_that_templates_are_checked_with_has_every_key() {
    let example =
        serde_json::from_str(include_str!("../../../docs/examples/notification.json")).unwrap();
    for given in [lockout(None), lockout(Some("HPUA****7KQX"))] {
        let text = NotificationText::of(&told(&given), &texts(&given, View::default()));
        let value = serde_json::to_value(&text).unwrap();
        assert_eq!(keys_missing(&value, &example, ""), Vec::<String>::new());
    }
}

#[test]
fn an_operator_s_words_go_before_the_built_in_ones() {
    let given = lockout(Some("HPUA****7KQX"));
    let text = NotificationText::of(&told(&given), &texts(&given, View::default()));
    let templates = Templates {
        subject: Some("{{ severity | upper }}: {{ alerts[0].rule }}".into()),
        html: Some("<p>{{ alerts[0].samples[0].text }}</p>".into()),
        ..Templates::default()
    };
    assert_eq!(text.own_subject(&templates).as_deref(), Some("CRITICAL: aksk-lockout"));
    let html = text.own_html(&templates).unwrap();
    assert!(html.contains("&quot;error_code&quot;:&quot;APIG.0301&quot;"), "{html}");
    assert_eq!(text.own_text(&templates), None);
}
