//! Finds the calls that succeeded: what access logs print of them, and what the user's own patterns
//! tell.
//!
//! Owns the search for lines that may tell of one, and what is passed on of it. The search runs
//! over the whole buffer; only lines with an OCR path or a match are looked at. Must never judge
//! errors: a line with an occurrence is no success, which the extractor sees to. Fails: never; of a
//! line too long to be looked at whole only what stands beside the path counts.

mod call;
mod status;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use memchr::memmem;
use regex::bytes::{Regex, RegexBuilder};

use super::buffer::{Buffer, LineAt, LineCursor};
use super::envelope;
use super::seen::Seen;
use super::timestamp::Stamp;
use super::{Settings, facts, head, record, redact, visible};
use crate::occurrence::{Place, Success};
use call::{Call, Verdict};

/// The longest line that is looked at whole.
const LINE_BYTES_MAX: usize = 32 * 1024;

/// What is looked at of a longer one, before and behind the path.
const BESIDE_BYTES: usize = 2 * 1024;

/// The longest fact that a group of a pattern tells; cutting one could part a secret from its key.
const GROUP_BYTES_MAX: usize = 256;

/// How large what is made of a pattern can become.
const PATTERN_COMPILED_BYTES_MAX: usize = 1024 * 1024;

/// What counts as a call that succeeded.
#[derive(Debug, Clone, Default)]
pub struct Successes {
    access_logs: bool,
    patterns: Arc<[Regex]>,
}

impl PartialEq for Successes {
    fn eq(&self, other: &Self) -> bool {
        self.is_same_as(other)
    }
}

impl Successes {
    /// Nothing; the extraction costs what it costs without.
    pub fn none() -> Self {
        Self::default()
    }

    /// A URL of the service beside a status of 2xx, in the forms of access logs, HTTP clients and
    /// SDKs.
    pub fn access_logs() -> Self {
        Self { access_logs: true, ..Self::default() }
    }

    /// The same, and every line in which the pattern matches. The groups `api`, `access_key`,
    /// `region`, `project` and `host` tell these of the call.
    ///
    /// A pattern sees the line as it is in the input, its carrier included; `^` and `$` are the
    /// line's ends, and no match reaches over them.
    pub fn with_pattern(mut self, pattern: &str) -> Result<Self, regex::Error> {
        let pattern = RegexBuilder::new(pattern)
            .multi_line(true)
            .crlf(true)
            .size_limit(PATTERN_COMPILED_BYTES_MAX)
            .build()?;
        self.patterns = self.patterns.iter().cloned().chain([pattern]).collect();
        Ok(self)
    }

    /// The names of the groups of a pattern, whether or not they tell anything.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().flat_map(Regex::capture_names).flatten()
    }

    /// Whether a line without any text counts: then every line does.
    pub fn has_empty(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.is_match(b""))
    }

    /// Whether the same counts.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let texts = |of: &Self| of.patterns.iter().map(|at| at.as_str().to_owned()).collect();
        let (own, others): (Vec<_>, Vec<_>) = (texts(self), texts(other));
        self.access_logs == other.access_logs && own == others
    }

    /// Whether nothing counts.
    pub fn is_none(&self) -> bool {
        !self.access_logs && self.patterns.is_empty()
    }

    /// What a line tells, by itself.
    fn told(&self, line: &[u8]) -> Option<Told> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let call = if self.access_logs { read(line) } else { None };
        let matched = self.patterns.iter().find_map(|pattern| pattern.captures(line));
        let Some(matched) = matched else { return call };
        let group = |name: &str| {
            let group = matched.name(name)?;
            let fits = (1..=GROUP_BYTES_MAX).contains(&group.len());
            fits.then(|| String::from_utf8_lossy(group.as_bytes()).into_owned())
        };
        let told = call.unwrap_or_else(|| Told {
            stamp: stamp(&String::from_utf8_lossy(&visible::strip_ansi(line))),
            ..Told::default()
        });
        let call = told.call;
        let host = group("host").or(call.host);
        Some(Told {
            access_key: group("access_key").or(told.access_key),
            region: group("region").or(told.region),
            call: Call {
                api: group("api").or(call.api),
                project: group("project").or(call.project),
                host,
                ..call
            },
            stamp: told.stamp,
        })
    }
}

/// A success, before it is redacted.
#[derive(Debug, Default)]
struct Told {
    call: Call,
    access_key: Option<String>,
    region: Option<String>,
    stamp: Option<Stamp>,
}

impl Told {
    fn into_success(self, line: LineAt, part: &mut Part<'_>) -> Success {
        let Part { file, settings, seen, .. } = part;
        let host = self.call.host.as_deref();
        let region = match self.region {
            Some(region) => Some(seen.shown(&region)),
            None => host.and_then(|host| seen.region(host)),
        };
        Success {
            place: Place { file: Arc::clone(file), line: line.number, offset: line.offset },
            at: self.stamp.and_then(|stamp| settings.zone.at(&stamp, settings.reference)),
            http_status: self.call.status,
            api: self.call.api.map(|api| seen.shown(&api)),
            region,
            project: self.call.project.map(|project| seen.shown(&project)),
            host: self.call.host.map(|host| seen.shown(&host)),
            access_key: self.access_key.map(|key| redact::mask_access_key(&key).into()),
        }
    }
}

/// Nearly all lines are UTF-8, and asking first is faster.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Reads a line that holds an OCR path.
fn read(line: &[u8]) -> Option<Told> {
    if !call::may_be_one(line) {
        return None;
    }
    let stripped = visible::strip_ansi(line);
    let line = decoded(&stripped);
    let unwrapped = envelope::unwrap(&line);
    let carried = unwrapped.envelope.carriers > 0;
    // A carrier's JSON spells the escape bytes: they show only after unwrapping.
    let text = if carried {
        let stripped = visible::strip_ansi(unwrapped.text.as_bytes());
        Cow::Owned(decoded(&stripped).into_owned())
    } else {
        unwrapped.text
    };
    let call = match call::read(&text) {
        // An access log in JSON may look like a shipper's line around its `message`.
        Verdict::NoCall if carried => call::read(&line),
        verdict => verdict,
    };
    let Verdict::Succeeded(call) = call else { return None };
    let own = head::stamp(&text);
    let envelope = unwrapped.envelope;
    let stamp =
        record::better_stamp(own.as_ref(), envelope.stamp.as_ref(), envelope.stamped_at_once);
    Some(Told { call, access_key: access_key(&text), region: None, stamp: stamp.cloned() })
}

fn stamp(line: &str) -> Option<Stamp> {
    let unwrapped = envelope::unwrap(line);
    let own = head::stamp(&unwrapped.text);
    let envelope = unwrapped.envelope;
    record::better_stamp(own.as_ref(), envelope.stamp.as_ref(), envelope.stamped_at_once).cloned()
}

/// Few lines name a key at all, and only those are worth the expression.
fn access_key(text: &str) -> Option<String> {
    static NAMES: LazyLock<[memmem::Finder<'static>; 3]> =
        LazyLock::new(|| ["ccess", "AK", "ak"].map(memmem::Finder::new));
    let named = NAMES.iter().any(|name| name.find(text.as_bytes()).is_some());
    named.then(|| facts::access_key(text)).flatten()
}

/// The search through one input.
#[derive(Debug)]
pub(super) struct Search {
    successes: Successes,
}

/// A part of the input on which lines are searched; all before it was.
pub(super) struct Part<'p> {
    pub buffer: &'p Buffer,
    pub file: &'p Arc<str>,
    pub settings: &'p Settings,
    /// The offset of the last line that was looked at.
    pub looked_at: &'p mut Option<u64>,
    pub seen: &'p mut Seen,
}

/// How far a part is searched.
pub(super) struct Searched {
    /// The line of the last hit.
    lines: LineCursor,
    /// Where each pattern matches next.
    matches: Vec<Next>,
    found: Vec<Success>,
}

/// Where a pattern matches next, as indices into the buffer.
struct Next {
    /// It may reach over lines, each of which is then looked at by itself.
    at: Option<Range<usize>>,
}

impl Next {
    fn start(&self) -> Option<usize> {
        self.at.as_ref().map(|at| at.start)
    }

    /// Goes on behind a line.
    fn pass(&mut self, line_end: usize, find: impl Fn(usize) -> Option<Range<usize>>) {
        match &mut self.at {
            Some(at) if at.start >= line_end => {}
            // Searching anew in what one match has spanned would be quadratic.
            Some(at) if at.end > line_end => at.start = line_end,
            Some(_) => self.at = find(line_end),
            None => {}
        }
    }
}

impl Searched {
    /// What was found since the last call, in order.
    pub(super) fn take(&mut self) -> Vec<Success> {
        std::mem::take(&mut self.found)
    }
}

impl Search {
    pub(super) fn new(successes: Successes) -> Self {
        Self { successes }
    }

    /// Whether paths of the service are to be told to it.
    pub(super) fn wants_paths(&self) -> bool {
        self.successes.access_logs
    }

    /// Begins at an index, and with the line there.
    pub(super) fn begin(&self, buffer: &Buffer, from: usize, lines: LineCursor) -> Searched {
        let find = |pattern: &Regex| Next { at: find(pattern, buffer.filled(), from) };
        let matches = self.successes.patterns.iter().map(find).collect();
        Searched { lines, matches, found: Vec::new() }
    }

    /// Looks at each line in which a pattern matches before an index.
    pub(super) fn go_to(&mut self, searched: &mut Searched, mut part: Part<'_>, until: usize) {
        while let Some(hit) = searched.matches.iter().filter_map(Next::start).min()
            && hit < until
        {
            let line_end = self.look(searched, &mut part, hit, false);
            let bytes = part.buffer.filled();
            for (next, pattern) in searched.matches.iter_mut().zip(&*self.successes.patterns) {
                next.pass(line_end, |from| find(pattern, bytes, from));
            }
            if line_end >= bytes.len() {
                break;
            }
        }
    }

    /// Looks at the line of a path, behind those that it was told of before.
    pub(super) fn look_at_path(&mut self, searched: &mut Searched, mut part: Part<'_>, hit: usize) {
        self.look(searched, &mut part, hit, true);
    }

    /// Looks at the line of a hit; tells where the next one begins.
    fn look(
        &mut self,
        searched: &mut Searched,
        part: &mut Part<'_>,
        hit: usize,
        is_path: bool,
    ) -> usize {
        let bytes = part.buffer.filled();
        let line = searched.lines.line_at(part.buffer, hit);
        let whole = whole_line(bytes, hit);
        if *part.looked_at != Some(line.offset) && (whole.is_some() || is_path) {
            *part.looked_at = Some(line.offset);
            let told = match &whole {
                Some(whole) => self.successes.told(&bytes[whole.clone()]),
                None => beside(bytes, hit),
            };
            let success = told.map(|told| told.into_success(line, part));
            searched.found.extend(success);
        }
        whole.map_or_else(
            || memchr::memchr(b'\n', &bytes[hit..]).map_or(bytes.len(), |at| hit + at + 1),
            |whole| (whole.end + 1).min(bytes.len()),
        )
    }
}

fn find(pattern: &Regex, bytes: &[u8], from: usize) -> Option<Range<usize>> {
    pattern.find_at(bytes, from).map(|found| found.range())
}

/// The bounds of the line around an index, if it is short enough.
fn whole_line(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let floor = at.saturating_sub(LINE_BYTES_MAX);
    let start = match memchr::memrchr(b'\n', &bytes[floor..at]) {
        Some(newline) => floor + newline + 1,
        None if floor == 0 => 0,
        None => return None,
    };
    let ceiling = bytes.len().min(start + LINE_BYTES_MAX);
    match memchr::memchr(b'\n', &bytes[at..ceiling.max(at)]) {
        Some(newline) => Some(start..at + newline),
        None => (ceiling == bytes.len()).then_some(start..ceiling),
    }
}

/// What stands beside an OCR path on a long line. Its beginning is not seen, hence no stamp, and no
/// key that names what stands there: the path's neighbours alone tell.
fn beside(bytes: &[u8], hit: usize) -> Option<Told> {
    let range = hit.saturating_sub(BESIDE_BYTES)..bytes.len().min(hit + BESIDE_BYTES);
    let start = memchr::memrchr(b'\n', &bytes[range.start..hit]);
    let start = start.map_or(range.start, |at| range.start + at + 1);
    let end = memchr::memchr(b'\n', &bytes[hit..range.end]).map_or(range.end, |at| hit + at);
    let stripped = visible::strip_ansi(&bytes[start..end]);
    match call::read(&String::from_utf8_lossy(&stripped)) {
        Verdict::Succeeded(call) => Some(Told { call, ..Told::default() }),
        Verdict::Failed | Verdict::NoCall => None,
    }
}
