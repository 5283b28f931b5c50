//! How fast bytes become occurrences: generated logs, sparse and dense, bare and inside of docker's
//! and CRI's lines. `cargo bench` prints GB/s; ARCHITECTURE.md holds figures and what they were
//! measured against.
//!
//! `OCRWATCH_BENCH_LOG=sparse.log cargo bench` writes the sparse log to a file of that name
//! instead, for a comparison with other tools on the same bytes.

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use divan::Bencher;
use divan::counter::BytesCount;
use ocrwatch::catalogue::Catalogue;
use ocrwatch::extract::{Extractor, Settings, Sink, Successes};
use ocrwatch::occurrence::{Occurrence, Success};
use ocrwatch::zone::Zone;

/// Enough that the buffer turns over many times and the last-level cache does not hold it.
const LOG_BYTES: usize = 128 * 1024 * 1024;

/// The instant of the first line; each line is one millisecond later.
const START_S: i64 = 1_795_399_201;

/// Lines to one error.
const SPARSE: u64 = 10_000;
const DENSE: u64 = 4;

#[derive(Clone, Copy)]
enum Carrier {
    None,
    Docker,
    Cri,
}

/// A generator that gives every machine the same log.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// A log of about `bytes_min` bytes with an error in one of `lines_apart` lines.
fn log(carrier: Carrier, lines_apart: u64, bytes_min: usize) -> Vec<u8> {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut log = String::with_capacity(bytes_min + 1024);
    let start = DateTime::from_timestamp(START_S, 0).expect("an instant in range");
    let mut number = 0;
    while log.len() < bytes_min {
        let millis = i64::try_from(number).expect("fewer lines than milliseconds");
        let at = start + TimeDelta::milliseconds(millis);
        let stamp = at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let is_error = number % lines_apart == lines_apart / 2;
        let text = if is_error { error(&mut numbers) } else { success(&mut numbers) };
        let line = format!("{stamp} {text}");
        match carrier {
            Carrier::None => writeln!(log, "{line}"),
            Carrier::Cri => writeln!(log, "{stamp} stderr F {line}"),
            Carrier::Docker => {
                let line = line.replace('\\', "\\\\").replace('"', "\\\"");
                writeln!(log, r#"{{"log":"{line}\n","stream":"stderr","time":"{stamp}"}}"#)
            }
        }
        .expect("writing to a string");
        number += 1;
    }
    log.into_bytes()
}

fn success(numbers: &mut Numbers) -> String {
    let (job, worker, took) =
        (numbers.next() % 1_000_000, numbers.next() % 8, numbers.next() % 900);
    format!(
        "INFO  [worker-{worker}] gateway.ocr: job {job} (id-card) done in {took} ms, {} fields, \
         confidence 0.{took:03}",
        job % 20
    )
}

fn error(numbers: &mut Numbers) -> String {
    const ERRORS: [(&str, &str, u16); 4] = [
        ("AIS.0104", "The image is not supported or the image quality is poor.", 400),
        ("AIS.0103", "The image size does not meet the requirements.", 400),
        ("APIG.0308", "The throttling threshold has been reached: policy user over ratelimit", 429),
        ("ModelArts.4106", "Invalid authorization request.", 403),
    ];
    let (job, worker) = (numbers.next() % 1_000_000, numbers.next() % 8);
    let id = [numbers.next(), numbers.next()];
    let (code, message, status) = ERRORS[usize::try_from(job % 4).expect("below 4")];
    format!(
        "ERROR [worker-{worker}] gateway.ocr: job {job} failed: HTTP {status} \
         {{\"error_code\":\"{code}\",\"error_msg\":\"{message}\",\
         \"request_id\":\"{:016x}{:016x}\"}}",
        id[0], id[1]
    )
}

fn count(catalogue: &Arc<Catalogue>, log: &[u8]) -> u64 {
    let reference = DateTime::from_timestamp(START_S, 0).expect("an instant in range");
    count_with(catalogue, log, Settings::new(Zone::UTC, reference))
}

#[derive(Default)]
struct Counting(u64);

impl Sink for Counting {
    fn occurrence(&mut self, occurrence: Occurrence) {
        black_box(occurrence);
        self.0 += 1;
    }

    fn success(&mut self, success: Success) {
        black_box(success);
        self.0 += 1;
    }
}

fn count_with(catalogue: &Arc<Catalogue>, log: &[u8], settings: Settings) -> u64 {
    let mut extractor = Extractor::new(catalogue, settings, Arc::from("bench.log"));
    let mut sink = Counting::default();
    extractor.push(black_box(log), &mut sink);
    extractor.finish(&mut sink);
    sink.0
}

fn measure(bencher: Bencher<'_, '_>, carrier: Carrier, lines_apart: u64) {
    // A dense log takes longer by the byte.
    let bytes = if lines_apart == DENSE { LOG_BYTES / 16 } else { LOG_BYTES };
    let log = log(carrier, lines_apart, bytes);
    let lines = memchr::memchr_iter(b'\n', &log).count() as u64;
    let catalogue = Arc::new(Catalogue::embedded());
    let (found, expected) = (count(&catalogue, &log), lines / lines_apart);
    assert!(found.abs_diff(expected) <= 1, "{found} errors found of {expected}");
    bencher.counter(BytesCount::of_slice(&log)).bench_local(|| count(&catalogue, &log));
}

#[divan::bench(args = [SPARSE, DENSE], sample_count = 10, sample_size = 1)]
fn bare_lines(bencher: Bencher<'_, '_>, lines_apart: u64) {
    measure(bencher, Carrier::None, lines_apart);
}

#[divan::bench(args = [SPARSE, DENSE], sample_count = 10, sample_size = 1)]
fn docker_json_file(bencher: Bencher<'_, '_>, lines_apart: u64) {
    measure(bencher, Carrier::Docker, lines_apart);
}

#[divan::bench(args = [SPARSE, DENSE], sample_count = 10, sample_size = 1)]
fn cri(bencher: Bencher<'_, '_>, lines_apart: u64) {
    measure(bencher, Carrier::Cri, lines_apart);
}

/// An access log whose every line is a call that succeeded, as nginx and as the SDK print it.
#[divan::bench(args = ["off", "nginx", "nginx_cri", "sdk", "json"], sample_count = 10, sample_size = 1)]
fn successes(bencher: Bencher<'_, '_>, form: &str) {
    let mut log = String::new();
    let start = DateTime::from_timestamp(START_S, 0).expect("an instant in range");
    let mut number = 0;
    while log.len() < LOG_BYTES / 4 {
        let at = start + TimeDelta::milliseconds(number);
        let path = "/v2/0123456789abcdef0123456789abcdef/ocr/general-text";
        let host = "ocr.cn-north-4.myhuaweicloud.com";
        let nginx = format!(
            "10.0.0.7 - - [{}] \"POST {path} HTTP/1.1\" 200 1532 \"-\" \"okhttp/4.12.0\"",
            at.format("%d/%b/%Y:%H:%M:%S %z")
        );
        let stamp = at.format("%Y-%m-%d %H:%M:%S,%3f");
        let _ = match form {
            "sdk" => writeln!(
                log,
                "{stamp} 139766 HuaweiCloud-SDK-OcrClient http_handler.py 37 INFO \"POST \
                 https://{host}{path}\" 200 1532 0:00:00.000804 {number:032x}"
            ),
            "nginx_cri" => writeln!(log, "{} stdout F {nginx}", at.to_rfc3339()),
            "json" => writeln!(
                log,
                r#"{{"time":"{}","method":"POST","path":"{path}","status":200,"bytes":1532}}"#,
                at.to_rfc3339()
            ),
            _ => writeln!(log, "{nginx}"),
        };
        number += 1;
    }
    let catalogue = Arc::new(Catalogue::embedded());
    let off = form == "off";
    let settings = || Settings {
        successes: if off { Successes::none() } else { Successes::access_logs() },
        activity_gap: (!off).then(|| TimeDelta::minutes(10)),
        ..Settings::new(Zone::UTC, start)
    };
    let found = count_with(&catalogue, log.as_bytes(), settings());
    assert_eq!(found, if off { 0 } else { number.cast_unsigned() });
    bencher
        .counter(BytesCount::of_str(&log))
        .bench_local(|| count_with(&catalogue, log.as_bytes(), settings()));
}

/// What somebody can write who wants the monitor to stop: as many hits as possible, each with as
/// much around it as possible. None of it may cost more than a dense log by an order of magnitude.
const HOSTILE: [(&str, &str); 6] = [
    ("codes_on_one_line", "AIS.0101 "),
    ("bodies_on_one_line", r#"{"error_code":"AIS.0101","error_msg":"The image size."} "#),
    ("keys_without_an_object", "  \"error_code\": \"AIS.0101\",\n"),
    ("cut_lines_without_end", "2026-11-23T00:00:00Z stdout P {\"error_code\":\"AIS.0101\"}\n"),
    ("braces_without_end", "{{{{{{{{{{\"error_code\":\"AIS.0101\n"),
    ("exceptions_without_codes", "Traceback ClientRequestException: x\n"),
];

#[divan::bench(args = HOSTILE.map(|(name, _)| name), sample_count = 1, sample_size = 1)]
fn hostile(bencher: Bencher<'_, '_>, name: &str) {
    const BYTES: usize = 64 * 1024;
    let (_, text) = HOSTILE.into_iter().find(|(known, _)| *known == name).expect("a known name");
    let log = text.repeat(BYTES / text.len());
    let catalogue = Arc::new(Catalogue::embedded());
    bencher
        .counter(BytesCount::of_str(&log))
        .bench_local(|| count(&catalogue, black_box(log.as_bytes())));
}

fn main() {
    if let Some(path) = std::env::var_os("OCRWATCH_BENCH_LOG") {
        std::fs::write(path, log(Carrier::None, SPARSE, 8 * LOG_BYTES)).expect("a writable file");
        return;
    }
    divan::main();
}
