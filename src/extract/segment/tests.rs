use proptest::prelude::*;

use super::*;
use crate::extract::Successes;
use crate::occurrence::Occurrence;
use crate::zone::Zone;

/// What was found, as text, in order.
#[derive(Debug, Default, PartialEq)]
struct Finds(Vec<String>);

impl Sink for Finds {
    fn occurrence(&mut self, occurrence: Occurrence) {
        self.0.push(format!("{occurrence:?}"));
    }

    fn success(&mut self, success: Success) {
        self.0.push(format!("{success:?}"));
    }

    fn activity(&mut self, at: chrono::DateTime<chrono::FixedOffset>) {
        self.0.push(format!("at {at}"));
    }
}

fn settings() -> Settings {
    let reference = "2026-11-23T00:00:00Z".parse().expect("a fixed instant");
    Settings { successes: Successes::access_logs(), ..Settings::new(Zone::UTC, reference) }
}

fn at_once(log: &[u8]) -> (Finds, Counters) {
    let catalogue = Arc::new(Catalogue::embedded());
    let mut extractor = Extractor::new(&catalogue, settings(), "app.log".into());
    let mut finds = Finds::default();
    extractor.push(log, &mut finds);
    let counters = extractor.finish(&mut finds);
    (finds, counters)
}

/// The same by segments, and how many of them were looked at again.
fn by_segments(mut log: &[u8], new_bytes: usize) -> (Finds, Counters, usize) {
    let catalogue = Arc::new(Catalogue::embedded());
    let (mut cutter, mut segments, mut again) = (Cutter::default(), Vec::new(), 0);
    loop {
        let mut text = cutter.next(Vec::new(), new_bytes);
        let count = text.spare().len().min(log.len());
        text.spare()[..count].copy_from_slice(&log[..count]);
        text.commit(count);
        log = &log[count..];
        let is_last = log.is_empty();
        cutter.cut(&mut text, is_last);
        segments.push(Segment::look(text, &catalogue, settings(), "app.log".into()));
        if is_last {
            break;
        }
    }
    let mut extractor = Extractor::new(&catalogue, settings(), "app.log".into());
    let mut finds = Finds::default();
    for segment in segments {
        again += usize::from(!segment.holds_behind(&extractor.scanner.progress));
        extractor.join(segment, &mut finds);
    }
    let counters = extractor.finish(&mut finds);
    (finds, counters, again)
}

#[track_caller]
fn check(log: &[u8], new_bytes: usize) -> usize {
    let (finds, counters) = at_once(log);
    let (by_segments, counted, again) = by_segments(log, new_bytes);
    assert_eq!(finds, by_segments);
    assert_eq!(counters, counted);
    again
}

const ID: &str = "0123456789abcdef0123456789abcdef";

fn error(second: u32, code: &str) -> String {
    format!(
        "2026-11-20 10:{:02}:{:02},123 ERROR gateway: failed: {{\"error_code\":\"{code}\",\
         \"error_msg\":\"Invalid\",\"request_id\":\"{ID}\"}}\n",
        second / 60 % 60,
        second % 60
    )
}

#[test]
fn a_log_of_many_segments_is_read_as_in_one_go_and_hardly_any_of_it_twice() {
    let line = |number: u32| match number % 5 {
        0 => error(number, "AIS.0104"),
        _ => format!("2026-11-20 10:00:00,000 INFO gateway: job {number} done\n"),
    };
    let log: String = (0..8_000).map(line).collect();
    assert_eq!(check(log.as_bytes(), 16 * 1024), 0);
}

#[test]
fn what_reaches_over_the_seams_is_found_once() {
    let trace = "  File \"x.py\", line 7, in call\n".repeat(40);
    let record =
        |number| format!("{}Traceback:\n{trace}AIS.0101 again\n", error(number, "AIS.0101"));
    let log: String = (0..60).map(record).collect();
    check(log.as_bytes(), 1000);
    let pretty =
        "ERROR answer:\n{\n    \"error_msg\": \"M\",\n    \"error_code\": \"AIS.0101\"\n}\n";
    check(pretty.repeat(2000).as_bytes(), 1);
}

#[test]
fn lines_longer_than_segments_are_read_as_in_one_go() {
    let long = format!(
        "2026-11-20 10:00:00 ERROR {}",
        format!("AIS.0105 failed. {}", "x".repeat(60_000)).repeat(9)
    );
    let both = format!("{}{long}\n{}{long}", error(1, "AIS.0101"), error(2, "AIS.0102"));
    assert!(check(both.as_bytes(), 1000) > 0, "such lines are looked at in their order");
    let blank = format!("{}\n{}", "x".repeat(700_000), error(3, "AIS.0103"));
    check(blank.as_bytes(), 1000);
}

#[test]
fn nothing_is_a_log_too() {
    assert_eq!(check(b"", 1000), 0);
    check(b"AIS.0101", 1);
}

#[test]
fn a_call_on_a_line_of_many_segments_is_told_once() {
    let call = "POST /v2/0123456789abcdef0123456789abcdef/ocr/id-card 200";
    let line = format!("{call} {}", "x".repeat(200_000));
    check(format!("{line}{line}{call}\n{call}\n").as_bytes(), 1000);
}

#[test]
fn who_wrote_a_log_is_told_by_its_first_bytes() {
    let docker = |text: &str| {
        format!(
            "{{\"log\":\"{text}\",\"stream\":\"stdout\",\"time\":\"2026-11-20T10:00:01.1Z\"}}\n"
        )
    };
    let cut = [docker("failed with AI"), docker("S.0104: Recognition failed.\\n")].concat();
    let log = (docker("done\\n").repeat(20) + &cut).repeat(250);
    check(log.as_bytes(), 100_000);
}

#[test]
fn what_stands_before_the_last_segment_is_passed_on_before_the_input_ends() {
    let catalogue = Arc::new(Catalogue::embedded());
    let gap = Some(TimeDelta::minutes(5));
    let settings = || Settings { activity_gap: gap, ..settings() };
    let mut text = Cutter::default().next(Vec::new(), 1000);
    let log = error(1, "AIS.0101") + &error(2, "AIS.0102") + &error(1800, "AIS.0103");
    text.spare()[..log.len()].copy_from_slice(log.as_bytes());
    text.commit(log.len());
    Cutter::default().cut(&mut text, true);
    let segment = Segment::look(text, &catalogue, settings(), "app.log".into());
    let mut extractor = Extractor::new(&catalogue, settings(), "app.log".into());
    let mut finds = Finds::default();
    extractor.join(segment, &mut finds);
    let marks = finds.0.iter().filter(|find| find.starts_with("at ")).count();
    assert_eq!((finds.0.len() - marks, marks), (3, 3), "both sides of the silence, and its start");
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    let noise = (0..3000_usize).prop_map(|bytes| [vec![b'x'; bytes], b"\n".to_vec()].concat());
    prop_oneof![
        4 => (0..9_u32).prop_map(|second| error(second, "AIS.0101").into_bytes()),
        2 => Just(format!("ERROR\n{{\n \"error_code\": \"APIG.0308\",\n \"request_id\": \"{ID}\"\n}}\n").into_bytes()),
        2 => Just(b"\"POST /v2/0123456789abcdef0123456789abcdef/ocr/id-card HTTP/1.1\" 200 1\n".to_vec()),
        2 => Just(b"2026-11-20T10:00:00Z stderr P {\"error_code\":\"AI\n2026-11-20T10:00:00Z stderr F S.0103\"}\n".to_vec()),
        1 => Just(b"{\"log\":\"x {\\\"error_code\\\":\\\"AIS.0102\\\"}\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-20T10:00:01.1Z\"}\n".to_vec()),
        2 => Just(b"Traceback\n  File x\nClientRequestException: AIS.0104\n".to_vec()),
        1 => (1000..90_000_usize).prop_map(|bytes| vec![b'y'; bytes]),
        1 => (10..200_usize).prop_map(|times| "AIS.0105 ".repeat(times).into_bytes()),
        4 => noise,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn segments_of_any_size_give_what_one_go_gives(
        pieces in proptest::collection::vec(piece(), 1..40),
        new_bytes in prop_oneof![1..4000_usize, 4000..200_000_usize],
    ) {
        check(&pieces.concat(), new_bytes);
    }
}
