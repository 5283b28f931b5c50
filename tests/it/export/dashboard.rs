//! The dashboard: what Grafana needs of its structure, and Prometheus of its questions.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::promtool;
use crate::harness::Sandbox;

fn dashboard() -> Value {
    Sandbox::new().run(&["export", "grafana"]).code(0).json()
}

fn panels(dashboard: &Value) -> &[Value] {
    dashboard["panels"].as_array().expect("a list of panels")
}

#[test]
fn panels_have_numbers_of_their_own_and_do_not_overlap() {
    let dashboard = dashboard();
    let mut numbers = BTreeSet::new();
    let mut cells = BTreeSet::new();
    for panel in panels(&dashboard) {
        let number = |value: &Value| value.as_u64().expect("a number");
        assert!(numbers.insert(number(&panel["id"])), "{panel}");
        assert!(panel["title"].as_str().is_some_and(|title| !title.is_empty()), "{panel}");
        let place = &panel["gridPos"];
        let (x, y) = (number(&place["x"]), number(&place["y"]));
        let (width, height) = (number(&place["w"]), number(&place["h"]));
        assert!(x + width <= 24 && width > 0 && height > 0, "{panel}");
        for cell in (x..x + width).flat_map(|x| (y..y + height).map(move |y| (x, y))) {
            assert!(cells.insert(cell), "{panel} lies on another one");
        }
    }
    assert!(numbers.len() > 30, "{numbers:?}");
    assert_eq!(dashboard["uid"], "ocrwatch");
    assert!(dashboard["id"].is_null(), "an id is given by the Grafana that imports it");
}

#[test]
fn whatever_asks_asks_the_chosen_prometheus_and_only_of_variables_that_there_are() {
    let dashboard = dashboard();
    let text = dashboard.to_string();
    let list = dashboard["templating"]["list"].as_array().expect("variables");
    let mut known: Vec<_> = list.iter().filter_map(|variable| variable["name"].as_str()).collect();
    known.extend(["__interval", "__rate_interval", "__range"]);
    let source = json!({ "type": "prometheus", "uid": "${datasource}" });
    let mut questions = Vec::new();
    for panel in panels(&dashboard).iter().filter(|panel| panel["type"] != "row") {
        assert_eq!(panel["datasource"], source, "{panel}");
        for target in panel["targets"].as_array().expect("questions") {
            assert_eq!(target["datasource"], source, "{panel}");
            let question = target["expr"].as_str().expect("a question");
            for name in question.split('$').skip(1) {
                let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                let name = &name[..end.unwrap_or(name.len())];
                // `$1` stands for what `label_replace` found.
                assert!(known.contains(&name) || name == "1", "`{name}` in {question}");
            }
            questions.push(question);
        }
    }
    assert!(questions.len() > 35, "{questions:?}");
    let marks = dashboard["annotations"]["list"].as_array().expect("a list of marks");
    questions.extend(marks.iter().filter_map(|mark| mark["expr"].as_str()));
    assert!(!text.contains("http://") && !text.contains("https://"), "it loads nothing");

    // As rules, for promtool to read; JSON is YAML.
    let filled = questions.iter().zip(0..).map(|(question, number)| {
        let question = question.replace("$__rate_interval", "5m").replace("$__interval", "1m");
        json!({ "record": format!("q{number}"), "expr": question.replace("$__range", "1d") })
    });
    let rules: Vec<_> = filled.collect();
    let file = json!({ "groups": [{ "name": "questions", "rules": rules }] });
    promtool::check(&Sandbox::new(), &file.to_string());
}

#[test]
fn every_code_has_its_documented_meaning() {
    let dashboard = dashboard();
    let table =
        panels(&dashboard).iter().find(|panel| panel["title"] == "Codes, and what they mean");
    let overrides = table.expect("the table")["fieldConfig"]["overrides"].clone();
    let meanings = overrides
        .as_array()
        .expect("overrides")
        .iter()
        .find(|of| of["matcher"]["options"] == "meaning");
    let texts = &meanings.expect("meanings")["properties"][0]["value"][0]["options"];
    assert_eq!(texts["APIG.0301"]["text"], "Incorrect IAM authentication information.");
    assert_eq!(texts["ModelArts.4101"]["text"], "Token header cannot be empty.");
    assert!(texts.as_object().is_some_and(|texts| texts.len() > 130));
}
