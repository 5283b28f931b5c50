//! Who asks and means harm: the run stays as it is, and others get their answers.

use std::io::{Read as _, Write as _};

use ocrwatch::clock::Stopwatch;
use std::time::Duration;

use super::{CONFIG, Scene, document};

/// So many connections are opened against the 64 that a run holds.
const CROWD: usize = 1_000;

/// What a process may grow by under all of this; the 64 heads of 16 KiB are 1 MiB.
const GROWTH_BYTES_MAX: u64 = 16 * 1024 * 1024;

fn resident_bytes(scene: &Scene) -> u64 {
    let path = format!("/proc/{}/status", scene.daemon().pid());
    let status = std::fs::read_to_string(path).expect("the run lives");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kib * 1024
}

fn open_files(scene: &Scene) -> usize {
    let path = format!("/proc/{}/fd", scene.daemon().pid());
    std::fs::read_dir(path).expect("the run lives").count()
}

#[test]
fn a_thousand_connections_that_never_ask_keep_nobody_from_an_answer_nor_a_log_from_being_read() {
    let mut scene = Scene::start(CONFIG);
    let place = scene.address();
    // Once through everything: what it needs is there from now on.
    place.get("/metrics").expect("an answer");
    let (before_bytes, before_files) = (resident_bytes(&scene), open_files(&scene));
    let mut crowd = Vec::new();
    let mut answers = 0;
    for number in 0..CROWD {
        let mut stream = place.connect().expect("a connection");
        // Half a head, and never the rest of it. Some are cut off while they write.
        let _ = stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
        crowd.push(stream);
        if number % 100 == 99 {
            let answer = place.get("/metrics").expect("an answer beside the crowd");
            answers += usize::from(answer.status == 200);
        }
    }
    assert_eq!(answers, CROWD / 100, "each scrape beside the crowd was answered");
    scene.fail(2);
    let stopwatch = Stopwatch::start();
    scene.daemon().until("the alert is told beside the crowd", || scene.told_count() == 1);
    let took = stopwatch.elapsed();
    let (grown_bytes, files) =
        (resident_bytes(&scene).saturating_sub(before_bytes), open_files(&scene));
    println!(
        "told after {took:?}; grown by {grown_bytes} bytes; {before_files}, then {files} files"
    );
    assert!(took < Duration::from_secs(10), "told after {took:?}");
    assert!(grown_bytes < GROWTH_BYTES_MAX, "grown by {grown_bytes} bytes");
    assert!(files <= before_files + 64 + 8, "{before_files} files were open, then {files}");
    let metrics = place.get("/metrics").expect("an answer").body;
    let held = metrics.lines().find_map(|line| line.strip_prefix("ocrwatch_http_connections "));
    let held: usize = held.expect("their number").parse().expect("a number");
    assert!((60..=64).contains(&held), "{held} connections are held");
    let refused = metrics.lines().find_map(|line| {
        line.strip_prefix("ocrwatch_http_refused_total{why=\"connections\"} ")?.parse().ok()
    });
    assert!(refused.is_some_and(|count: usize| count >= CROWD - 64), "{refused:?}");
}

#[test]
fn a_head_without_end_or_bound_is_refused_and_ends_its_connection() {
    let scene = Scene::start(CONFIG);
    let place = scene.address();
    let long = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "a".repeat(64 * 1024));
    assert_eq!(place.send(long.as_bytes()).expect("an answer").status, 431);
    let fields = "X-Many: a\r\n".repeat(200);
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n");
    assert_eq!(place.send(many.as_bytes()).expect("an answer").status, 431);
    let target = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(32 * 1024));
    assert!(matches!(place.send(target.as_bytes()).expect("an answer").status, 414 | 431));
    for broken in [&b"\x16\x03\x01\x02\x00\x01\x00"[..], b"GET\r\n\r\n", b"\0\0\0\0\r\n\r\n"] {
        let mut stream = place.connect().expect("a connection");
        stream.write_all(broken).expect("it is taken");
        stream.write_all(&[b'\n'; 64]).ok();
        let mut answer = Vec::new();
        // It ends, with or without words.
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{answer:?}");
    }
    assert_eq!(place.get("/healthz").expect("an answer").status, 200);
}

#[test]
fn a_slow_head_is_cut_off_after_its_time() {
    let scene = Scene::start(CONFIG);
    let mut stream = scene.address().connect().expect("a connection");
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: ").expect("it is taken");
    let stopwatch = Stopwatch::start();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let took = stopwatch.elapsed();
    assert!(took < Duration::from_secs(25), "held for {took:?}");
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
}

#[test]
fn who_calls_the_run_by_a_strange_name_or_from_another_site_gets_nothing() {
    let scene = Scene::start(CONFIG);
    let place = scene.address();
    let rebound = b"GET /api/v1/status HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    let answer = place.send(rebound).expect("an answer");
    assert_eq!(answer.status, 421);
    assert!(!answer.body.contains("sources"), "{}", answer.body);
    let silence = r#"{"match": {"rule": "*"}, "author": "a", "reason": "b", "for": "2h"}"#;
    let json = "Content-Type: application/json\r\n";
    for (fields, status) in [
        (format!("{json}Origin: http://evil.example\r\n"), 403),
        (format!("{json}Sec-Fetch-Site: cross-site\r\n"), 403),
        ("Content-Type: text/plain\r\n".to_owned(), 415),
        ("Content-Type: application/x-www-form-urlencoded\r\n".to_owned(), 415),
        (String::new(), 415),
    ] {
        let answer = scene.socket().ask("POST", "/api/v1/silences", &fields, silence);
        assert_eq!(answer.expect("an answer").status, status, "{fields}");
    }
    // Everybody on the machine reaches an address.
    let answer = place.post("/api/v1/silences", silence).expect("an answer");
    assert_eq!(answer.status, 403);
    let answer = place.ask("DELETE", "/api/v1/silences/a", "", "").expect("an answer");
    assert_eq!(answer.status, 403);
    let preflight = "Origin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n";
    let answer = place.ask("OPTIONS", "/api/v1/silences", preflight, "").expect("an answer");
    assert_eq!(answer.header("access-control-allow-origin"), "");
    let silences = document(&place.get("/api/v1/silences").expect("an answer"));
    assert_eq!(silences["silences"].as_array().map(Vec::len), Some(0));
    let status = place.get("/api/v1/status").expect("an answer");
    assert_eq!(status.header("cache-control"), "no-store");
    assert_eq!(status.header("x-content-type-options"), "nosniff");
}

#[test]
fn a_body_beyond_its_bound_is_refused() {
    let scene = Scene::start(CONFIG);
    let reason = "a".repeat(70_000);
    let body = format!(
        r#"{{"match": {{"rule": "*"}}, "author": "a", "reason": "{reason}", "for": "2h"}}"#
    );
    let answer = scene.socket().post("/api/v1/silences", &body).expect("an answer");
    assert_eq!(answer.status, 413);
}
