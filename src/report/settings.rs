//! What the caller tells the fold: the catalogue, the zone, the limits, what was read and asked
//! for.
//!
//! Owns the arguments. Must never read a file, a clock or the environment. Nothing here fails
//! except the reading of a `--fail-on` value.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};

use crate::catalogue::{Catalogue, Severity};
use crate::occurrence::Module;
use crate::zone::Zone;

/// Everything the fold needs beside the occurrences.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The documented codes.
    pub catalogue: Arc<Catalogue>,
    /// The zone in which times are shown; each in its own offset if there is none.
    pub zone: Option<Zone>,
    /// The length of a bucket of the timeline in seconds; one that suits the range if there is
    /// none.
    pub bucket_s: Option<u32>,
    /// How many codes are shown in full; all if there is none.
    pub top: Option<usize>,
    /// What the caller filters by, to be shown. The caller applies it.
    pub filters: Filters,
    /// What counts as a failure.
    pub fail_on: Vec<FailOn>,
    /// How much is kept.
    pub limits: Limits,
}

impl Settings {
    /// All codes, times as the log has them, the default limits.
    pub fn new(catalogue: Arc<Catalogue>) -> Self {
        Self {
            catalogue,
            zone: None,
            bucket_s: None,
            top: None,
            filters: Filters::default(),
            fail_on: Vec::new(),
            limits: Limits::default(),
        }
    }
}

/// What the caller kept from the fold, for the reader to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    /// Occurrences before this instant are left out.
    pub since: Option<DateTime<FixedOffset>>,
    /// Occurrences at or after this instant are left out.
    pub until: Option<DateTime<FixedOffset>>,
    /// Only these modules, if any are named.
    pub modules: Vec<Module>,
    /// Only these codes, if any are named.
    pub codes: Vec<Box<str>>,
}

impl Filters {
    /// Whether everything passes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What was read of one input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InputFacts {
    /// The input's name as the user gave it; `-` for standard input.
    pub name: Arc<str>,
    /// Bytes of text, after decompression.
    pub bytes: u64,
    /// Lines; an unended last line counts.
    pub lines: u64,
    /// The earliest time that was read.
    pub first_at: Option<DateTime<FixedOffset>>,
    /// The latest time that was read.
    pub last_at: Option<DateTime<FixedOffset>>,
    /// Errors whose time could not be read, those included that a filter leaves out.
    pub times_unreadable: u64,
    /// Codes that were only mentioned: in prose, lists, labels or recognised text. No errors.
    pub mentions: u64,
    /// Lines longer than the limit, which were examined in pieces.
    pub lines_cut: u64,
    /// Codes on lines that hold more of them than the limit; they were not looked at.
    pub codes_left_out: u64,
    /// Bytes that are no text in the input's encoding.
    pub bytes_undecodable: u64,
    /// Why it was not read, or not to its end: a lowercase fragment without the name.
    pub problem: Option<Box<str>>,
}

/// How much the fold keeps, for any input. What finds no room is counted and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Codes that are not in the catalogue find room up to so many codes in all.
    pub codes_max: usize,
    /// Causes of one code.
    pub causes_max: usize,
    /// Groups of one code: pairs of cause and API.
    pub groups_max: usize,
    /// Values of one field of one code, such as its files.
    pub values_max: usize,
    /// Different messages of one code.
    pub messages_max: usize,
    /// Request ids of one code, beside the first.
    pub request_ids_max: usize,
    /// Samples of one code, beside the first.
    pub samples_max: usize,
    /// Buckets of the timeline.
    pub buckets_max: usize,
    /// Buckets of the timelines of all codes together.
    pub cells_max: usize,
    /// Buckets shown when the caller asks for no length of a bucket.
    pub buckets_shown: usize,
    /// Inputs listed by name.
    pub inputs_max: usize,
    /// Bytes of one kept value.
    pub text_bytes_max: usize,
    /// Bytes of one kept sample.
    pub sample_bytes_max: usize,
    /// Bytes of all kept values and samples.
    pub texts_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            codes_max: 512,
            causes_max: 16,
            groups_max: 64,
            values_max: 20,
            messages_max: 5,
            request_ids_max: 10,
            samples_max: 2,
            buckets_max: 4096,
            cells_max: 262_144,
            buckets_shown: 120,
            inputs_max: 1000,
            text_bytes_max: 256,
            sample_bytes_max: 2048,
            texts_bytes_max: 4 << 20,
        }
    }
}

/// What makes the program end with the exit code for a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailOn {
    /// An occurrence of this severity or a graver one.
    Severity(Severity),
    /// An occurrence of this code.
    Code(Box<str>),
}

impl FailOn {
    /// Whether an occurrence of this code and severity is one.
    pub fn matches(&self, code: &str, severity: Severity) -> bool {
        match self {
            Self::Severity(least) => severity >= *least,
            Self::Code(wanted) => **wanted == *code,
        }
    }
}

impl FromStr for FailOn {
    type Err = String;

    /// Reads a severity's name or a code; the error says what is expected.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(severity) = text.parse() {
            return Ok(Self::Severity(severity));
        }
        if Module::of_code(text).is_some() {
            return Ok(Self::Code(text.into()));
        }
        Err(format!(
            "`{text}` is neither a severity (critical, warning, info) nor a code such as APIG.0301"
        ))
    }
}

impl fmt::Display for FailOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Severity(severity) => write!(f, "{severity}"),
            Self::Code(code) => f.write_str(code),
        }
    }
}
