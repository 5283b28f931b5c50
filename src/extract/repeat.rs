//! Tells a further printing of one event from another event.
//!
//! An error is often logged two to six times: by the SDK, by the caller, as a warning and as an
//! error, with a traceback. A request id settles it. Without one, the same code counts as a repeat
//! in the same record, or within a few lines and milliseconds from another statement; a retry comes
//! later, another thread says who it is, and the same statement printing again is another event.
//!
//! Must never drop anything: it only marks. Fails: never; memory is bounded by the two limits.

use std::collections::{HashSet, VecDeque};

use super::buffer::BEHIND_BYTES;
use super::envelope::Process;
use super::statement::Statement;
use super::subject::Subjects;
use super::timestamp::Resolution;
use crate::fnv::Fnv;

/// Events that a further printing may still belong to.
pub(super) const EVENTS_MAX: usize = 64;

/// Request ids remembered: a dead-letter job logs an id again minutes later.
pub(super) const REQUEST_IDS_MAX: usize = 4_096;

/// Statements of an event that are told apart; those of further ones are repeats.
pub(super) const STATEMENTS_MAX: usize = 32;

/// How much of a message is compared.
const MESSAGE_BYTES_MAX: usize = 512;

/// Further printings stand at most this many lines behind the record before.
const LINES_MAX: u64 = 12;

/// Further printings come at most this much later.
const APART_MS_MAX: u64 = 60;

/// The same for stamps without a fraction.
const APART_MS_MAX_BY_SECOND: u64 = 1_000;

/// A moment on the log's own clock, for differences only.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moment {
    pub ms: i64,
    pub resolution: Resolution,
}

/// One printing of an error.
#[derive(Debug, Clone)]
pub(super) struct Print<'p> {
    pub code: &'p str,
    /// Redacted.
    pub message: Option<&'p str>,
    pub request_id: Option<&'p str>,
    pub actor: Option<&'p str>,
    pub process: Option<&'p Process>,
    pub subjects: &'p Subjects,
    pub statement: Statement,
    pub moment: Option<Moment>,
    /// Names the record that the printing stands in: the byte of the input at which it begins.
    pub record: u64,
    pub line: u64,
    pub line_offset: u64,
    /// The last line of the record.
    pub record_end: u64,
}

/// A printing, as far as it is compared with others.
#[derive(Debug)]
pub(super) struct Printing {
    /// What is remembered of it if it is an event of its own.
    event: Event,
    /// Names the request and the code.
    request: Option<u64>,
    statement: Statement,
    line: u64,
    line_offset: u64,
}

impl Printing {
    pub(super) fn of(print: &Print<'_>) -> Self {
        let Print { statement, line, line_offset, .. } = *print;
        let request = print.request_id.map(|id| Fnv::new().text(print.code).text(id).get());
        Self { event: Event::of(print), request, statement, line, line_offset }
    }

    /// Its lines stand so many further down, as is known by now.
    pub(super) fn move_down(&mut self, lines: i64) {
        self.line = self.line.saturating_add_signed(lines);
        self.event.end = self.event.end.saturating_add_signed(lines);
    }
}

/// Both are known, and they are not the same.
fn differ<T: PartialEq>(ours: Option<T>, theirs: Option<T>) -> bool {
    ours.zip(theirs).is_some_and(|(ours, theirs)| ours != theirs)
}

/// What is remembered of an event. It stands in checkpoints, hence hashes; messages must be
/// compared by their parts, hence redacted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    pub code: u64,
    pub message: Option<Box<str>>,
    pub request_id: Option<u64>,
    pub actor: Option<u64>,
    pub statements: Vec<Statement>,
    pub moment: Option<Moment>,
    pub process: Option<ProcessHash>,
    pub subjects: Subjects,
    pub record: u64,
    pub end: u64,
}

/// A process by the hashes of its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProcessHash {
    pub service: u64,
    pub instance: u64,
}

impl ProcessHash {
    fn of(process: &Process) -> Self {
        Self { service: Fnv::of(&process.service), instance: Fnv::of(&process.instance) }
    }
}

/// The events seen lately.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Events {
    pub recent: VecDeque<Event>,
    request_ids: HashSet<u64>,
    /// The order in which ids came, to forget the oldest.
    request_id_order: VecDeque<u64>,
}

impl Events {
    /// What a checkpoint remembered.
    pub(super) fn of(recent: VecDeque<Event>, request_ids: VecDeque<u64>) -> Self {
        let known = request_ids.iter().copied().collect();
        Self { recent, request_ids: known, request_id_order: request_ids }
    }

    /// The hashes of the request ids that came last, oldest first.
    pub(super) fn request_ids(&self) -> &VecDeque<u64> {
        &self.request_id_order
    }

    /// Takes a printing in; whether it repeats an event that was printed before.
    pub(super) fn is_repeat(&mut self, print: Printing) -> bool {
        self.forget_before(print.line, print.line_offset);
        let known_id = print.request.is_some_and(|request| !self.remember(request));
        let found = self.recent.iter().position(|event| event.is_same(&print, known_id));
        if let Some(event) = found.and_then(|at| self.recent.get_mut(at)) {
            event.take_in(&print.event, print.statement);
            return true;
        }
        // A known id's event is long over; what follows this print is a repeat of it all the same.
        if self.recent.len() == EVENTS_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(print.event);
        known_id
    }

    /// Forgets the events that no print on a line from this one onwards can belong to without a
    /// request id.
    pub(super) fn forget_before(&mut self, line: u64, line_offset: u64) {
        self.recent.retain(|event| {
            event.end.saturating_add(LINES_MAX) >= line
                || event.record.saturating_add(BEHIND_BYTES as u64) >= line_offset
        });
    }

    /// Forgets the events whose record begins at or behind a byte, as others will stand there.
    pub(super) fn forget_from(&mut self, offset: u64) {
        self.recent.retain(|event| event.record < offset);
    }

    /// Whether the request was not known for its code.
    fn remember(&mut self, request: u64) -> bool {
        if !self.request_ids.insert(request) {
            return false;
        }
        self.request_id_order.push_back(request);
        if self.request_id_order.len() > REQUEST_IDS_MAX
            && let Some(oldest) = self.request_id_order.pop_front()
        {
            self.request_ids.remove(&oldest);
        }
        true
    }
}

impl Event {
    fn of(print: &Print<'_>) -> Self {
        Self {
            code: Fnv::of(print.code),
            message: print.message.map(stem),
            request_id: print.request_id.map(Fnv::of),
            actor: print.actor.map(Fnv::of),
            statements: vec![print.statement],
            moment: print.moment,
            process: print.process.map(ProcessHash::of),
            subjects: print.subjects.clone(),
            record: print.record,
            end: print.record_end,
        }
    }

    /// Takes in what a further print of it tells.
    fn take_in(&mut self, print: &Self, statement: Statement) {
        if !self.statements.contains(&statement) && self.statements.len() < STATEMENTS_MAX {
            self.statements.push(statement);
        }
        self.end = self.end.max(print.end);
        self.record = print.record;
        self.moment = print.moment.or(self.moment);
        self.request_id = self.request_id.or(print.request_id);
        self.actor = self.actor.or(print.actor);
    }

    fn is_same(&self, print: &Printing, known_id: bool) -> bool {
        let new = &print.event;
        if self.code != new.code {
            return false;
        }
        if let (Some(ours), Some(theirs)) = (self.request_id, new.request_id) {
            return ours == theirs;
        }
        if known_id {
            return false;
        }
        if differ(self.actor, new.actor) || self.says_otherwise(new.message.as_deref()) {
            return false;
        }
        if self.is_another_process(new.process) || self.subjects.differ(&new.subjects) {
            return false;
        }
        let printed = self.statements.contains(&print.statement);
        if self.record == new.record {
            // Two equal lines of their own in one record are two events; a traceback is not.
            return !(printed && print.statement.own_line);
        }
        !printed && print.line <= self.end + LINES_MAX && !self.is_apart(new.moment)
    }

    /// Two processes of one service each make calls of their own; two services may both print one.
    fn is_another_process(&self, process: Option<ProcessHash>) -> bool {
        matches!((self.process, process), (Some(ours), Some(theirs))
            if ours.service == theirs.service && ours.instance != theirs.instance)
    }

    /// Both messages are known and neither is a part of the other.
    fn says_otherwise(&self, message: Option<&str>) -> bool {
        match (self.message.as_deref(), message) {
            (Some(ours), Some(theirs)) => !ours.contains(theirs) && !theirs.contains(ours),
            _ => false,
        }
    }

    fn is_apart(&self, moment: Option<Moment>) -> bool {
        let (Some(ours), Some(theirs)) = (self.moment, moment) else { return false };
        let coarse = Resolution::Second == ours.resolution.min(theirs.resolution);
        let limit = if coarse { APART_MS_MAX_BY_SECOND } else { APART_MS_MAX };
        theirs.ms.abs_diff(ours.ms) > limit
    }
}

/// What is compared of a message.
fn stem(message: &str) -> Box<str> {
    let cut = message.floor_char_boundary(MESSAGE_BYTES_MAX);
    message[..cut].trim_end_matches('.').into()
}
