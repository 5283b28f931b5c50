//! The page that an operator leaves open: who gets it, what is told to it, and what that costs.

use std::time::Duration;

use ocrwatch::clock::Stopwatch;

use super::client::{Event, Events, Place};
use super::{CONFIG, Scene, document};

/// So many may listen.
const LISTENERS_MAX: usize = 16;

const EVENTS: &str = "/api/v1/events";

fn listen(place: &Place) -> Events {
    place.listen(EVENTS, "").expect("a connection")
}

fn parts(event: &Event) -> serde_json::Map<String, serde_json::Value> {
    assert_eq!(event.kind, "board", "{event:?}");
    serde_json::from_str(&event.data).expect("parts")
}

fn listeners(scene: &Scene) -> String {
    let metrics = scene.socket().get("/metrics").expect("an answer").body;
    let line = metrics.lines().find_map(|line| line.strip_prefix("ocrwatch_http_listeners "));
    line.expect("their number").to_owned()
}

#[test]
fn a_browser_gets_a_page_and_a_program_the_list_of_paths() {
    let scene = Scene::start(CONFIG);
    let place = scene.address();
    let list = place.get("/").expect("an answer");
    assert_eq!(list.header("content-type"), "text/plain; charset=utf-8");
    assert!(list.body.contains("/api/v1/events\n"), "{}", list.body);
    let browser = "Accept: text/html,*/*;q=0.8\r\nAccept-Language: zh-CN,en;q=0.5\r\n";
    let page = place.ask("GET", "/", browser, "").expect("an answer");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert_eq!(
        page.header("content-security-policy"),
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
         img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    assert_eq!(page.header("cross-origin-resource-policy"), "same-origin");
    assert_eq!(page.header("cross-origin-opener-policy"), "same-origin");
    assert!(page.body.contains("<html lang=\"zh-CN\""), "{}", page.body);
    let english = place.ask("GET", "/?lang=en", browser, "").expect("an answer");
    assert!(english.body.contains("<html lang=\"en\""), "{}", english.body);
    for (path, kind) in [
        ("/live.css", "text/css; charset=utf-8"),
        ("/live.js", "text/javascript; charset=utf-8"),
        ("/icon.svg?grade=critical", "image/svg+xml"),
    ] {
        let file = place.get(path).expect("an answer");
        assert_eq!((file.status, file.header("content-type")), (200, kind));
        assert_eq!(file.header("x-content-type-options"), "nosniff");
    }
}

#[test]
fn who_listens_is_told_what_changes_and_only_that() {
    let mut scene = Scene::start(CONFIG);
    let place = scene.address();
    let mut events = listen(&place);
    assert!(events.head[0].ends_with("200 ok"), "{:?}", events.head);
    assert!(events.head.contains(&"content-type: text/event-stream; charset=utf-8".to_owned()));
    let first = events.next().expect("the whole board");
    assert!(parts(&first).len() > 5, "{first:?}");
    scene.fail(2);
    let told = events.by_ref().find(|event| {
        parts(event).get("alerts").is_some_and(|part| part.to_string().contains("ocr_api_1"))
    });
    let told = told.expect("the alert");
    assert!(!parts(&told).contains_key("search"), "it has not changed: {told:?}");
    // Who was cut off says what he heard last.
    let again = |id: &str| {
        let mut events = place.listen(EVENTS, &format!("Last-Event-ID: {id}\r\n"));
        parts(&events.as_mut().expect("a connection").next().expect("what changed"))
    };
    let missed = again(&first.id);
    assert!(missed.contains_key("alerts") && !missed.contains_key("search"), "{missed:?}");
    assert!(again("").contains_key("search"));
}

#[test]
fn no_more_listen_than_there_is_room_for_and_who_goes_makes_room() {
    let scene = Scene::start(CONFIG);
    let place = scene.address();
    let mut listening: Vec<_> = (0..LISTENERS_MAX).map(|_| listen(&place)).collect();
    for events in &mut listening {
        assert!(events.next().is_some(), "each is told");
    }
    assert_eq!(listeners(&scene), "16");
    let refused = place.get(EVENTS).expect("an answer");
    assert_eq!((refused.status, refused.header("retry-after")), (503, "5"));
    assert_eq!(document(&refused)["error"]["what"], "as many listen as there is room for");
    assert_eq!(place.get("/healthz").expect("an answer").status, 200);
    listening.pop();
    scene.daemon().until("its place is free", || listeners(&scene) == "15");
    assert!(listen(&place).next().is_some());
    drop(listening);
    scene.daemon().until("all places are free", || listeners(&scene) == "0");
}

#[test]
fn who_listens_makes_room_for_who_asks() {
    let scene = Scene::start(&CONFIG.replace("[[source]]", "connections_max = 4\n\n[[source]]"));
    let place = scene.address();
    let mut listening: Vec<_> = (0..4).map(|_| listen(&place)).collect();
    assert!(listening.iter_mut().all(|events| events.next().is_some()));
    assert_eq!(place.get("/healthz").expect("an answer").status, 200);
    let cut_off = listening.remove(0).last();
    assert!(cut_off.is_none_or(|event| event.kind == "board"), "the oldest: its answer ends");
}

#[test]
fn a_run_ends_although_somebody_listens() {
    let mut scene = Scene::start(CONFIG);
    let mut events = listen(&scene.address());
    assert!(events.next().is_some());
    let stopwatch = Stopwatch::start();
    scene.daemon.take().expect("a run").stop();
    let took = stopwatch.elapsed();
    assert!(took < Duration::from_secs(10), "after {took:?}");
    assert_eq!(events.next(), None);
}

#[test]
fn a_page_of_another_site_does_not_listen() {
    let scene = Scene::start(CONFIG);
    for field in ["Sec-Fetch-Site: cross-site\r\n", "Origin: http://evil.example\r\n"] {
        let answer = scene.address().ask("GET", EVENTS, field, "").expect("an answer");
        assert_eq!(answer.status, 403, "{field}");
    }
    assert_eq!(listeners(&scene), "0");
}
