//! A program that writes a log, and the truth about what it wrote.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use ocrwatch::clock;

/// Random numbers of a seed: `SplitMix64`, by S. Vigna, public domain.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// Another seed in each run, which is printed; `OCRWATCH_TEST_SEED` repeats one.
    pub(super) fn new(lane: u64) -> Self {
        let given = std::env::var("OCRWATCH_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| clock::now().timestamp_micros().unsigned_abs());
        println!("OCRWATCH_TEST_SEED={seed} lane {lane}");
        Self(seed.wrapping_add(lane << 32))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below a bound.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(super) fn below_usize(&mut self, bound: usize) -> usize {
        usize::try_from(self.below(bound as u64)).expect("a bound in memory")
    }
}

/// A line that tells of a call that failed.
pub(super) fn error_line(at: DateTime<Utc>, code: &str, api: &str, number: u64) -> String {
    let message = match code {
        "ModelArts.4204" => format!("Request api error! The API {api} is not subscribed."),
        _ => "The image is not supported or the image quality is poor.".to_owned(),
    };
    format!(
        "{} ERROR [worker-{}] gateway.ocr: job {number} failed: ClientRequestException - \
         {{status_code:400,request_id:{:032x},error_code:{code},error_msg:{message},\
         encoded_authorization_message:None }}\n",
        stamp(at),
        number % 7,
        u128::from(Random(number).next()) << 64 | u128::from(number),
    )
}

/// A line that tells of nothing.
pub(super) fn noise_line(at: DateTime<Utc>, number: u64) -> String {
    format!("{} INFO [worker-{}] gateway.ocr: job {number} done\n", stamp(at), number % 7)
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The writer of one log, and what it wrote.
pub(super) struct Writer {
    path: PathBuf,
    file: File,
    /// The end of a line of which the beginning is written.
    rest: String,
    random: Random,
    number: u64,
    pub(super) errors: BTreeMap<String, u64>,
    pub(super) apis: Vec<String>,
    pub(super) lines: u64,
    pub(super) torn: u64,
}

impl Writer {
    pub(super) fn new(path: &Path, random: Random) -> Self {
        Self {
            path: path.to_path_buf(),
            file: open(path),
            rest: String::new(),
            random,
            number: 0,
            errors: BTreeMap::new(),
            apis: Vec::new(),
            lines: 0,
            torn: 0,
        }
    }

    /// Writes one line or the rest of one, sometimes only its beginning.
    pub(super) fn write(&mut self) {
        if self.rest.is_empty() {
            self.rest = self.line();
            if self.random.below(4) == 0 {
                let middle = 1 + self.random.below_usize(self.rest.len() - 1);
                let rest = self.rest.split_off(middle);
                let beginning = std::mem::replace(&mut self.rest, rest);
                self.put(&beginning);
                self.torn += 1;
                return;
            }
        }
        self.finish();
    }

    /// Writes what is left of a line.
    pub(super) fn finish(&mut self) {
        let rest = std::mem::take(&mut self.rest);
        self.put(&rest);
    }

    /// Goes on in whatever is at the path now, as a program does that was told that its log was
    /// rotated.
    pub(super) fn reopen(&mut self) {
        self.finish();
        self.file = open(&self.path);
    }

    fn put(&mut self, text: &str) {
        self.file.write_all(text.as_bytes()).expect("room for the log");
    }

    fn line(&mut self) -> String {
        let now = clock::now();
        self.number += 1;
        self.lines += 1;
        if self.random.below(4) > 0 {
            return noise_line(now, self.number);
        }
        let (code, api) = if self.random.below(60) == 0 {
            let api = format!("ocr_{}", self.number);
            self.apis.push(api.clone());
            ("ModelArts.4204", api)
        } else {
            (["AIS.0104", "AIS.0102", "APIG.0308"][self.random.below_usize(3)], String::new())
        };
        *self.errors.entry(code.to_owned()).or_default() += 1;
        error_line(now, code, &api, self.number)
    }
}

fn open(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).expect("the log")
}

/// Appends to a file.
pub(crate) fn append(path: &Path, text: impl AsRef<[u8]>) {
    open(path).write_all(text.as_ref()).expect("room for the log");
}

/// So many errors of one code, numbered from one on, with noise between them.
pub(super) fn errors(at: DateTime<Utc>, code: &str, from: u64, count: u64) -> String {
    let lines = (from..from + count)
        .map(|number| error_line(at, code, "ocr_idcard", number) + &noise_line(at, number));
    lines.collect()
}
