//! Silences that are asked for while a run goes on.

use super::{CONFIG, Scene, document};

fn silence(scene: &Scene, matchers: &str) -> serde_json::Value {
    let body = format!(
        r#"{{"match": {matchers}, "author": "night shift", "reason": "known", "for": "2h"}}"#
    );
    let answer = scene.socket().post("/api/v1/silences", &body).expect("an answer");
    assert_eq!(answer.status, 201, "{}", answer.body);
    document(&answer)
}

#[test]
fn a_silence_withholds_what_it_covers_through_a_kill_until_it_is_ended() {
    let mut scene = Scene::start(CONFIG);
    let added = silence(&scene, r#"{"api": "ocr_api_1"}"#);
    assert_eq!(added["kept"], true);
    let id = added["silence"]["id"].as_str().expect("a name").to_owned();
    scene.fail(2);
    scene.fail(2);
    scene.daemon().until("the other alert is told", || scene.told_count() == 1);
    let told = std::fs::read_to_string(scene.told()).expect("what was told");
    assert!(told.contains("ocr_api_2") && !told.contains("ocr_api_1"), "{told}");
    scene.daemon.take().expect("a run").kill();
    scene.restart();
    let silences = document(&scene.socket().get("/api/v1/silences").expect("an answer"));
    assert_eq!(silences["silences"][0]["id"], *id, "{silences}");
    let status = document(&scene.socket().get("/api/v1/status").expect("an answer"));
    let alerts = status["alerts"].as_array().expect("a list");
    let covered = alerts.iter().find(|alert| alert["labels"]["api"] == "ocr_api_1");
    assert_eq!(covered.expect("it fires on")["silenced_by"], *id);
    let path = format!("/api/v1/silences/{id}");
    let ended = scene.socket().ask("DELETE", &path, "", "").expect("an answer");
    assert_eq!(ended.status, 200, "{}", ended.body);
    scene.daemon().until("what it covered is told", || scene.told_count() == 2);
    let told = std::fs::read_to_string(scene.told()).expect("what was told");
    assert!(told.contains("ocr_api_1"), "{told}");
    let again = scene.socket().ask("DELETE", &path, "", "").expect("an answer");
    assert_eq!(again.status, 404);
}

#[test]
fn a_silence_that_is_wrong_is_refused_with_what_is_wrong_and_what_to_do() {
    let scene = Scene::start(CONFIG);
    let post = |body: &str| scene.socket().post("/api/v1/silences", body).expect("an answer");
    let answer =
        post(r#"{"match": {"rule": "aksk-lockot"}, "author": "a", "reason": "b", "for": "1h"}"#);
    assert_eq!(answer.status, 422);
    let error = &document(&answer)["error"];
    assert_eq!(error["what"], "there is no rule `aksk-lockot`");
    assert!(
        error["problems"][0]["hint"].as_str().is_some_and(|hint| hint.contains("aksk-lockout"))
    );
    let is_over = r#"{"match": {"rule": "*"}, "author": "a", "reason": "b",
        "from": "2020-01-01T00:00:00Z", "until": "2020-01-02T00:00:00Z"}"#;
    assert_eq!(document(&post(is_over))["error"]["what"], "the silence is over already");
    assert_eq!(post("{").status, 400);
    assert_eq!(post(r#"{"match": {}, "authr": "a"}"#).status, 400);
}
