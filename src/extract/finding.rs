//! From a record to the errors in it, and from an error to the occurrence that travels on.
//!
//! Owns the merging of what one line prints of one event. Must never look outside of its record.
//! Fails: never.

mod sample;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::body::{self, Body, Neighbours, Shape, Strength};
use super::envelope::Process;
use super::evidence::{self, Surroundings};
use super::facts::{Facts, Reading, Wanted};
use super::peel;
use super::record::Record;
use super::repeat::{Moment, Print, Printing};
use super::seen::Seen;
use super::statement::{self, Statement};
use super::subject::Subjects;
use super::timestamp::{self, Stamp};
use super::{Settings, infer, redact, scan, visible};
use crate::catalogue::{Catalogue, Details};
use crate::occurrence::{Module, Occurrence, Place};
use sample::{sample, start_boundary};

/// The longest message passed on; the catalogue's patterns are run over it.
const MESSAGE_BYTES_MAX: usize = 4 * 1024;

/// One error in a record.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    line_offset: u64,
    /// Where in the record's text the code stands.
    at_byte: usize,
    line_number: u64,
    code: Box<str>,
    strength: Strength,
    inferred: bool,
    message: Option<String>,
    request_id: Option<String>,
    http_status: Option<u16>,
    facts: Facts,
    stamp: Option<Stamp>,
    moment: Option<Moment>,
    statement: Statement,
    actor: Option<String>,
    record: u64,
    record_end: u64,
    process: Option<Process>,
    subjects: Subjects,
    sample: String,
}

/// An error as it is passed on, but for whether it repeats another: that is known once all before
/// it was passed on.
#[derive(Debug)]
pub(super) struct Found {
    pub occurrence: Occurrence,
    /// Where in its record's text the code stands.
    pub at_byte: usize,
    pub print: Printing,
}

impl Found {
    /// Its lines stand so many further down, as is known by now.
    pub(super) fn move_down(&mut self, lines: i64) {
        let line = &mut self.occurrence.place.line;
        *line = line.saturating_add_signed(lines);
        self.print.move_down(lines);
    }
}

/// What all errors of an input share.
pub(super) struct Shared<'i> {
    pub file: &'i Arc<str>,
    pub settings: &'i Settings,
    pub seen: &'i mut Seen,
}

/// Reads the errors of one record.
pub(super) struct Findings<'r> {
    catalogue: &'r Catalogue,
    record: &'r Record,
    done: &'r BTreeSet<u64>,
    redacted: OnceCell<Cow<'r, str>>,
    facts: Reading<'r>,
    subjects: OnceCell<Subjects>,
    pub found: Vec<Finding>,
    pub mentions: u64,
    /// Codes on a line that holds more than are looked at.
    pub left_out: u64,
    limit: Option<LineLimit>,
    /// Codes too far from the beginning of their line.
    pub beyond_line_max: u64,
}

/// How far from the beginning of a line codes are looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineLimit {
    pub bytes_max: u64,
    /// The hit's line; codes on lines before it were hits, and were counted.
    pub hit_line: u64,
    /// How far from the beginning of its line the hit stands.
    pub hit_distance: u64,
}

/// How many codes of one record are looked at together; those behind them are another turn's, with
/// the same context. It bounds what a hostile line can cost.
const CODES_MAX: usize = 128;

impl<'r> Findings<'r> {
    pub(super) fn new(
        catalogue: &'r Catalogue,
        record: &'r Record,
        done: &'r BTreeSet<u64>,
        limit: Option<LineLimit>,
    ) -> Self {
        Self {
            catalogue,
            record,
            done,
            redacted: OnceCell::new(),
            facts: Reading::of(&record.text),
            subjects: OnceCell::new(),
            found: Vec::new(),
            mentions: 0,
            left_out: 0,
            limit,
            beyond_line_max: 0,
        }
    }

    /// Reads the record; returns where in its text the first code stands that is left for another
    /// turn, or the text's end.
    pub(super) fn read(&mut self) -> usize {
        let mut until = self.record.text.len();
        let mut turn = 0;
        let mut last_line = None;
        for token in scan::codes(&self.record.text) {
            // Of a code that a cut line ends with, nobody knows whether digits are missing.
            if self.is_of_another_turn(token.start) || self.record.is_cut_at(token.end) {
                continue;
            }
            let part = self.record.part_at(token.start);
            if self.is_beyond_limit(token.start) {
                let is_new = part.is_some_and(|part| {
                    self.limit.is_some_and(|limit| part.line_offset >= limit.hit_line)
                });
                self.beyond_line_max += u64::from(is_new);
                continue;
            }
            let line = part.map(|part| part.line_offset);
            if turn >= CODES_MAX {
                if self.record.can_end_before(token.start) {
                    until = token.start;
                    break;
                }
                if line != last_line {
                    until = part.map_or(until, |part| part.start);
                    break;
                }
                // Lines are answered for as wholes, so the rest of this one is left out.
                self.left_out += 1;
                continue;
            }
            (turn, last_line) = (turn + 1, line);
            self.read_code(&token);
        }
        self.keep_facts_apart();
        self.add_inferences();
        until
    }

    fn add_inferences(&mut self) {
        let coded = self.found.len();
        for inference in infer::all(&self.record.text, self.catalogue) {
            // A record that prints the code itself needs no inference of it; the gateway's own
            // codes have the messages of the same numbers under the other prefix.
            let mut printed = self.found.iter().take(coded);
            if !printed.any(|found| number(&found.code) == number(&inference.code)) {
                self.add_inference(inference);
            }
        }
    }

    fn read_code(&mut self, token: &Range<usize>) {
        let text = &self.record.text;
        let peeled = peel::peel(text, token.clone());
        let around = &self.record.around;
        let neighbours = Neighbours { before: &around.before, behind: &around.behind };
        let body = body::read(&peeled, &neighbours, self.catalogue);
        let surroundings =
            Surroundings { level: self.record.head.level, record: text, token: token.clone() };
        if evidence::mention(&peeled, body.as_ref(), &surroundings).is_some() {
            self.mentions += 1;
            return;
        }
        let Some(body) = body else { return };
        let code = &text[token.clone()];
        let line_offset = self.record.part_at(token.start).map(|part| part.line_offset);
        // One line prints one event once: a nested and a flat code, a message and its stack trace
        // are brought together. Two request ids are two events.
        let same = self.found.iter_mut().find(|other| {
            Some(other.line_offset) == line_offset
                && *other.code == *code
                && !differ(other.request_id.as_ref(), body.request_id.as_ref())
        });
        if let Some(same) = same {
            same.take_in(body);
        } else if let Some(finding) = self.finding(token.start, code, &body) {
            self.found.push(finding);
        }
    }

    /// Where several statements printed into one record, each one's line tells of its own call.
    fn keep_facts_apart(&mut self) {
        if self.found.len() < 2 {
            return;
        }
        for finding in self.found.iter_mut().filter(|finding| finding.statement.own_line) {
            let line = peel::line_around(&self.record.text, &(finding.at_byte..finding.at_byte));
            let line = &self.record.text[line];
            finding.facts = Reading::of(line).facts(Wanted {
                http_status: finding.http_status.is_none(),
                request_id: finding.request_id.is_none(),
            });
            finding.subjects = Subjects::of(line);
        }
    }

    /// Another hit answers for it, or has answered.
    fn is_of_another_turn(&self, at: usize) -> bool {
        self.record.long_line.is_some_and(|piece| !piece.holds(at))
            || self.record.part_at(at).is_some_and(|part| self.done.contains(&part.line_offset))
    }

    fn is_beyond_limit(&self, at: usize) -> bool {
        let Some(limit) = self.limit else { return false };
        let distance = match self.record.long_line {
            Some(piece) => limit.hit_distance.saturating_add(piece.distance(at)),
            None => self.record.part_at(at).map_or(0, |part| (at - part.start) as u64),
        };
        distance > limit.bytes_max
    }

    fn add_inference(&mut self, inference: infer::Inference) {
        let is_cut = self.record.is_cut_behind(inference.at, &inference.message);
        if is_cut || self.is_of_another_turn(inference.at) || self.is_beyond_limit(inference.at) {
            return;
        }
        let part = self.record.part_at(inference.at);
        let known = |other: &Finding| {
            other.code == inference.code && part.is_some_and(|p| p.line_offset == other.line_offset)
        };
        if self.found.iter().any(known) {
            return;
        }
        let body = Body::inferred(inference.message);
        self.found.extend(self.finding(inference.at, &inference.code, &body));
    }

    fn finding(&self, at: usize, code: &str, body: &Body) -> Option<Finding> {
        let record = self.record;
        let part = record.part_at(at)?;
        let stamp = record.stamp().cloned();
        Some(Finding {
            line_offset: part.line_offset,
            at_byte: at,
            line_number: part.line_number,
            code: code.into(),
            strength: body.strength,
            inferred: body.shape == Shape::Inferred,
            message: body.message.clone(),
            request_id: body.request_id.clone(),
            http_status: body.http_status,
            facts: self.facts.facts(Wanted {
                http_status: body.http_status.is_none(),
                request_id: body.request_id.is_none(),
            }),
            moment: moment(record, stamp.as_ref()),
            stamp,
            statement: statement::of(record, at, body.shape),
            actor: record.head.actor.clone(),
            record: record.parts.first().map_or(0, |part| part.line_offset),
            record_end: record.parts.last().map_or(0, |part| part.line_number),
            process: record.process.clone(),
            subjects: self.subjects.get_or_init(|| Subjects::of(&record.text)).clone(),
            sample: sample(record, self.redacted.get_or_init(|| redact::redact(&record.text)), at),
        })
    }
}

/// What stands behind a code's prefix.
fn number(code: &str) -> &str {
    code.rsplit('.').next().unwrap_or(code)
}

fn differ<T: PartialEq>(ours: Option<T>, theirs: Option<T>) -> bool {
    ours.zip(theirs).is_some_and(|(ours, theirs)| ours != theirs)
}

/// The record's moment on its own clock, whatever the zone.
fn moment(record: &Record, stamp: Option<&Stamp>) -> Option<Moment> {
    if let Some(stamp) = stamp {
        let utc = stamp.offset.map_or(stamp.local, |offset| stamp.local - offset);
        return Some(Moment { ms: utc.and_utc().timestamp_millis(), resolution: stamp.resolution });
    }
    let line = record.text.split('\n').next()?;
    let time = timestamp::time_of_day(line.as_bytes())?;
    let since_midnight = time.time.signed_duration_since(chrono::NaiveTime::MIN);
    Some(Moment { ms: since_midnight.num_milliseconds(), resolution: time.resolution })
}

impl Finding {
    /// Takes in what another body on the line says of the same event.
    fn take_in(&mut self, body: Body) {
        if self.message.is_none() || body.strength > self.strength {
            self.message = body.message.or(self.message.take());
        }
        self.strength = self.strength.max(body.strength);
        self.request_id = self.request_id.take().or(body.request_id);
        self.http_status = self.http_status.or(body.http_status);
    }

    /// The message as it is passed on, and what the catalogue says of it.
    fn told<'c>(
        &mut self,
        catalogue: &'c Catalogue,
        seen: &mut Seen,
    ) -> (Option<Box<str>>, Details<'c>) {
        let Some(mut message) = self.message.take() else { return Default::default() };
        message.truncate(start_boundary(&message, MESSAGE_BYTES_MAX));
        (Some(seen.shown(&message)), catalogue.details(&self.code, &message))
    }

    fn print<'p>(&'p self, message: Option<&'p str>) -> Print<'p> {
        Print {
            code: &self.code,
            message,
            request_id: self.request_id.as_deref().or(self.facts.request_id.as_deref()),
            actor: self.actor.as_deref(),
            statement: self.statement,
            moment: self.moment,
            process: self.process.as_ref(),
            subjects: &self.subjects,
            record: self.record,
            line: self.line_number,
            line_offset: self.line_offset,
            record_end: self.record_end,
        }
    }

    pub(super) fn into_found(mut self, catalogue: &Catalogue, shared: Shared<'_>) -> Found {
        let Shared { file, settings, seen } = shared;
        let (message, details) = self.told(catalogue, seen);
        let (at_byte, print) = (self.at_byte, Printing::of(&self.print(message.as_deref())));
        let at = self.stamp.and_then(|stamp| settings.zone.at(&stamp, settings.reference));
        let occurrence = Occurrence {
            place: Place {
                file: Arc::clone(file),
                line: self.line_number,
                offset: self.line_offset,
            },
            at,
            module: Module::of_code(&self.code).unwrap_or(Module::Ocr),
            cause: details.cause.map(|cause| Arc::clone(&cause.id)),
            message,
            request_id: self.request_id.or(self.facts.request_id).map(|id| shown(&id)),
            http_status: self.http_status.or(self.facts.http_status),
            api: details.api.or(self.facts.api).map(|api| seen.shown(&api)),
            region: self.facts.region.map(|region| seen.shown(&region)),
            project: self.facts.project.map(|project| seen.shown(&project)),
            host: self.facts.host.map(|host| seen.shown(&host)),
            access_key: self.facts.access_key.map(|key| redact::mask_access_key(&key).into()),
            exception: self.facts.exception.map(|exception| seen.shown(&exception)),
            limit: details.limit,
            period: details.period.map(|period| seen.shown(&period)),
            inferred: self.inferred,
            repeat: false,
            sample: visible::visible(&self.sample).into(),
            code: self.code,
        };
        Found { occurrence, at_byte, print }
    }
}

/// What may leave this module: redacted, and with every control character made visible.
pub(super) fn shown(text: &str) -> Box<str> {
    visible::visible(&redact::redact(text)).into()
}
