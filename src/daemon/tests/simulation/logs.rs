//! The programs that write logs, what rotates them, and the truth of what was written.
//!
//! Files are real ones. Who deletes one keeps it open until the end of the run, so that no inode is
//! given twice: which one the next file gets would hang on what else the machine does.

mod rotation;

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Timelike as _, Utc};

use super::random::Random;
use crate::store::HistoryKey;
use crate::zone::Zone;

/// What may have become of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It must be counted once.
    Due,
    /// It was destroyed, perhaps before anybody could read it: it is counted once at most.
    Endangered,
}

#[derive(Debug)]
pub(super) struct Written {
    pub(super) source: &'static str,
    pub(super) text: String,
    /// The key under which it counts; none of lines that are no errors.
    pub(super) key: Option<HistoryKey>,
    /// The same of a line that prints an error again. It counts only where it is forgotten that the
    /// error was printed before, as with a file that was given up.
    pub(super) repeats: Option<HistoryKey>,
    pub(super) fate: Fate,
}

/// How a program stamps its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stamps {
    Utc,
    /// Local times without their offset, of a zone that sets its clock back and forth.
    Berlin,
}

/// Module, code, message.
const ERRORS: [(&str, &str, &str); 4] = [
    ("OCR", "AIS.0103", "The image size does not meet the requirements."),
    ("OCR", "AIS.0104", "The image is not supported or the image quality is poor."),
    ("APIG", "APIG.0308", "The throttling threshold has been reached."),
    ("Platform", "ModelArts.4204", "Request api error! The API id-card is not subscribed."),
];

#[derive(Debug)]
pub(super) struct Log {
    pub(super) source: &'static str,
    pub(super) path: PathBuf,
    stamps: Stamps,
    writer: File,
    /// What is to be written of a line that is half written.
    half: Option<String>,
    /// The lines of the live file and of those at rotated names, the oldest first.
    live: Vec<usize>,
    rotated: Vec<(PathBuf, Vec<usize>)>,
    /// What of the rotated files is where nobody looks.
    archived: Option<(PathBuf, Vec<usize>)>,
    /// Its directory was away: what was read when the file was given up is remembered no longer,
    /// neither what was printed nor the beginning of a line.
    was_away: bool,
    /// The last error of the live file: code, message and request.
    last_error: Option<(usize, String)>,
}

impl Log {
    pub(super) fn has_archived(&self) -> bool {
        self.archived.is_some()
    }

    pub(super) fn has_rotated(&self) -> bool {
        !self.rotated.is_empty()
    }
}

/// All of it.
#[derive(Debug)]
pub(super) struct Logs {
    pub(super) all: Vec<Log>,
    pub(super) truth: Vec<Written>,
    requests: u64,
    rotations: u64,
    graves: Vec<File>,
    /// Programs may call the last second of an hour its 61st.
    pub(super) has_leap_second: bool,
    /// Paths at which something changed since this was last asked.
    pub(super) touched: Vec<PathBuf>,
    pub(super) counted: BTreeMap<&'static str, u64>,
}

fn append(path: &Path) -> File {
    OpenOptions::new().append(true).create(true).open(path).unwrap()
}

impl Logs {
    pub(super) fn new(directory: &Path, names: &[(&'static str, Stamps)]) -> Self {
        let logs = names.iter().map(|(source, stamps)| {
            let folder = directory.join(source);
            fs::create_dir(&folder).unwrap();
            let path = folder.join("app.log");
            let (writer, stamps) = (append(&path), *stamps);
            Log {
                source,
                path,
                stamps,
                writer,
                half: None,
                live: Vec::new(),
                rotated: Vec::new(),
                archived: None,
                was_away: false,
                last_error: None,
            }
        });
        Self {
            all: logs.collect(),
            truth: Vec::new(),
            requests: 0,
            rotations: 0,
            graves: Vec::new(),
            has_leap_second: false,
            touched: Vec::new(),
            counted: BTreeMap::new(),
        }
    }

    fn count(&mut self, what: &'static str) {
        *self.counted.entry(what).or_default() += 1;
    }

    fn stamp(stamps: Stamps, at: DateTime<Utc>, is_leap: bool) -> String {
        match stamps {
            Stamps::Utc if is_leap && (at.minute(), at.second()) == (59, 59) => {
                at.format("%Y-%m-%dT%H:59:60%.3fZ").to_string()
            }
            Stamps::Utc => at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            Stamps::Berlin => {
                let berlin = Zone::parse("Europe/Berlin").unwrap();
                berlin.show(at).format("%Y-%m-%d %H:%M:%S%.3f").to_string()
            }
        }
    }

    /// A line, which is not written yet.
    fn line(&mut self, log: usize, at: DateTime<Utc>, random: &mut Random) -> usize {
        let number = self.truth.len();
        let Log { source, stamps, .. } = self.all[log];
        // What a leap second is called is the writer's business, once in a while.
        let is_leap = random.percent(50) && self.has_leap_second;
        let stamp = Self::stamp(stamps, at, is_leap);
        let kind = random.next(10);
        // What was printed before is remembered no longer than the file is followed.
        let is_repeat = kind == 9 && !self.is_away(log);
        let repeated = self.all[log].last_error.clone().filter(|_| is_repeat);
        let mut repeats = None;
        let (text, key) = if let Some((error, request)) = repeated {
            self.count("repeat");
            let (module, code, message) = ERRORS[error];
            repeats = Some(HistoryKey::at(at, source, module, code));
            let text = format!(
                "{stamp} WARN [retry] gives up: {{\"error_msg\": \"{message}\", \
                 \"error_code\": \"{code}\", \"request_id\": \"{request}\"}}\n"
            );
            (text, None)
        } else if kind >= 5 {
            (format!("{stamp} INFO [worker] page {number} done in {} ms\n", number % 977), None)
        } else {
            self.requests += 1;
            self.count("error");
            let error = random.index(ERRORS.len());
            let (module, code, message) = ERRORS[error];
            let request = format!("{:032x}", self.requests);
            let text = format!(
                "{stamp} ERROR [worker] scan {number}: {{\"error_msg\": \"{message}\", \
                 \"error_code\": \"{code}\", \"request_id\": \"{request}\"}}\n"
            );
            self.all[log].last_error = Some((error, request));
            (text, Some(HistoryKey::at(at, source, module, code)))
        };
        self.truth.push(Written { source, text, key, repeats, fate: Fate::Due });
        self.all[log].live.push(number);
        number
    }

    /// Writes so many lines, each a little later than the one before.
    pub(super) fn write(
        &mut self,
        log: usize,
        lines: u64,
        random: &mut Random,
        mut clock: impl FnMut() -> DateTime<Utc>,
    ) {
        self.finish_half(log);
        let mut text = String::new();
        for _ in 0..lines {
            let number = self.line(log, clock(), random);
            text.push_str(&self.truth[number].text);
        }
        self.put(log, &text);
    }

    fn put(&mut self, log: usize, text: &str) {
        let log = &mut self.all[log];
        log.writer.write_all(text.as_bytes()).unwrap();
        self.touched.push(log.path.clone());
    }

    pub(super) fn write_half(&mut self, log: usize, at: DateTime<Utc>, random: &mut Random) {
        self.finish_half(log);
        let number = self.line(log, at, random);
        let whole = self.truth[number].text.clone();
        let cut = 6 + random.index(whole.len() - 6);
        self.put(log, &whole[..cut]);
        self.all[log].half = Some(whole[cut..].to_owned());
        self.count("half a line");
    }

    pub(super) fn finish_half(&mut self, log: usize) {
        if let Some(rest) = self.all[log].half.take() {
            self.put(log, &rest);
        }
    }

    pub(super) fn finish_halves(&mut self) {
        (0..self.all.len()).for_each(|log| self.finish_half(log));
    }

    /// It was told that something may be lost: of the files that are away, or of any where files
    /// are destroyed.
    pub(super) fn endanger_told(&mut self, does_destroy: bool) {
        let is_meant = |log: &usize| does_destroy || self.is_away(*log);
        for log in (0..self.all.len()).filter(is_meant).collect::<Vec<_>>() {
            let source = self.all[log].source;
            let lines = self.truth.iter_mut().filter(|line| line.source == source);
            lines.for_each(|line| line.fate = Fate::Endangered);
            self.count("loss that was told");
        }
        // What is archived may have been read less far than the state knew.
        let archived = self.all.iter().filter_map(|log| log.archived.as_ref());
        for number in archived.flat_map(|(_, lines)| lines.clone()).collect::<Vec<_>>() {
            self.truth[number].fate = Fate::Endangered;
        }
    }

    fn endanger(&mut self, lines: &[usize]) {
        for number in lines {
            self.truth[*number].fate = Fate::Endangered;
        }
    }

    /// The key under which something is looked for: which minute it is hangs on what is made of a
    /// time that there was twice, or of the rest of a line.
    pub(super) fn coarse(&self, key: HistoryKey) -> HistoryKey {
        let is_vague =
            |log: &Log| log.source == key.source && (log.stamps == Stamps::Berlin || log.was_away);
        if self.has_leap_second || self.all.iter().any(is_vague) {
            return HistoryKey { minute: 0, ..key };
        }
        key
    }

    /// How often each key must be counted, and how often it may be.
    pub(super) fn expected(&self) -> BTreeMap<HistoryKey, (u64, u64)> {
        let mut expected: BTreeMap<HistoryKey, (u64, u64)> = BTreeMap::new();
        for written in &self.truth {
            let is_forgotten =
                self.all.iter().any(|log| log.source == written.source && log.was_away);
            if let Some(key) = written.repeats.clone().filter(|_| is_forgotten) {
                expected.entry(self.coarse(key)).or_default().1 += 1;
            }
            let Some(key) = written.key.clone().map(|key| self.coarse(key)) else { continue };
            let (least, most) = expected.entry(key).or_default();
            *most += 1;
            *least += u64::from(written.fate == Fate::Due);
        }
        expected
    }
}
