//! Tells a further printing of one event from another event.
//!
//! An error is often logged two to six times: by the SDK, by the caller, as a warning and as an
//! error, with a traceback. A request id settles it. Without one, the same code counts as a repeat
//! in the same record, or within a few lines and milliseconds from another statement; a retry comes
//! later, another thread says who it is, and the same statement printing again is another event.
//!
//! Must never drop anything: it only marks. Fails: never; memory is bounded by the two limits.

use std::collections::{HashSet, VecDeque};

use super::envelope::Process;
use super::statement::Statement;
use super::subject::Subjects;
use super::timestamp::Resolution;

/// Events that a further printing may still belong to.
const EVENTS_MAX: usize = 64;

/// Request ids remembered: a dead-letter job logs an id again minutes later.
const REQUEST_IDS_MAX: usize = 16_384;

/// Further printings stand at most this many lines behind the record before.
const LINES_MAX: u64 = 12;

/// Further printings come at most this much later.
const APART_MS_MAX: i64 = 60;

/// The same for stamps without a fraction.
const APART_MS_MAX_BY_SECOND: i64 = 1_000;

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
    pub message: Option<&'p str>,
    pub request_id: Option<&'p str>,
    pub actor: Option<&'p str>,
    pub process: Option<&'p Process>,
    pub subjects: &'p Subjects,
    pub statement: Statement,
    pub moment: Option<Moment>,
    /// Names the record that the printing stands in.
    pub record: u64,
    pub line: u64,
    /// The last line of the record.
    pub record_end: u64,
}

#[derive(Debug)]
struct Event {
    code: Box<str>,
    message: Option<Box<str>>,
    request_id: Option<Box<str>>,
    actor: Option<Box<str>>,
    statements: Vec<Statement>,
    moment: Option<Moment>,
    process: Option<Process>,
    subjects: Subjects,
    record: u64,
    end: u64,
}

/// The events seen lately.
#[derive(Debug, Default)]
pub(super) struct Events {
    recent: VecDeque<Event>,
    request_ids: HashSet<Box<str>>,
    /// The order in which ids came, to forget the oldest.
    request_id_order: VecDeque<Box<str>>,
}

impl Events {
    /// Takes a printing in; whether it repeats an event that was printed before.
    pub(super) fn is_repeat(&mut self, print: &Print<'_>) -> bool {
        let known_id = print.request_id.is_some_and(|id| !self.remember(print.code, id));
        let found = self.recent.iter().position(|event| event.is_same(print, known_id));
        if let Some(at) = found {
            let event = &mut self.recent[at];
            event.statements.push(print.statement);
            event.end = event.end.max(print.record_end);
            event.record = print.record;
            event.moment = print.moment.or(event.moment);
            event.request_id = event.request_id.take().or_else(|| print.request_id.map(Into::into));
            event.actor = event.actor.take().or_else(|| print.actor.map(Into::into));
            return true;
        }
        if known_id {
            return true;
        }
        if self.recent.len() == EVENTS_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(Event::of(print));
        false
    }

    /// Whether the id was not known for this code.
    fn remember(&mut self, code: &str, id: &str) -> bool {
        let key: Box<str> = format!("{code} {id}").into();
        if !self.request_ids.insert(key.clone()) {
            return false;
        }
        self.request_id_order.push_back(key);
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
            code: print.code.into(),
            message: print.message.map(Into::into),
            request_id: print.request_id.map(Into::into),
            actor: print.actor.map(Into::into),
            statements: vec![print.statement],
            moment: print.moment,
            process: print.process.cloned(),
            subjects: print.subjects.clone(),
            record: print.record,
            end: print.record_end,
        }
    }

    fn is_same(&self, print: &Print<'_>, known_id: bool) -> bool {
        if *self.code != *print.code {
            return false;
        }
        if let (Some(ours), Some(theirs)) = (self.request_id.as_deref(), print.request_id) {
            return ours == theirs;
        }
        if known_id {
            return false;
        }
        let differs = |ours: Option<&str>, theirs: Option<&str>| matches!((ours, theirs), (Some(ours), Some(theirs)) if ours != theirs);
        if differs(self.actor.as_deref(), print.actor) || self.says_otherwise(print.message) {
            return false;
        }
        if self.is_another_process(print.process) || self.subjects.differ(print.subjects) {
            return false;
        }
        let printed = self.statements.contains(&print.statement);
        if self.record == print.record {
            // Two equal lines of their own in one record are two events; a traceback is not.
            return !(printed && print.statement.own_line);
        }
        !printed && print.line <= self.end + LINES_MAX && !self.is_apart(print.moment)
    }

    /// Two processes of one service each make calls of their own; two services may both print one.
    fn is_another_process(&self, process: Option<&Process>) -> bool {
        matches!((&self.process, process), (Some(ours), Some(theirs))
            if ours.service == theirs.service && ours.instance != theirs.instance)
    }

    /// Both messages are known and neither is a part of the other.
    fn says_otherwise(&self, message: Option<&str>) -> bool {
        match (self.message.as_deref(), message) {
            (Some(ours), Some(theirs)) => {
                let stem = |text: &'_ str| text.trim_end_matches('.').to_owned();
                let (ours, theirs) = (stem(ours), stem(theirs));
                !ours.starts_with(&theirs)
                    && !theirs.starts_with(&ours)
                    && !ours.contains(&theirs)
                    && !theirs.contains(&ours)
            }
            _ => false,
        }
    }

    fn is_apart(&self, moment: Option<Moment>) -> bool {
        let (Some(ours), Some(theirs)) = (self.moment, moment) else { return false };
        let coarse = Resolution::Second == ours.resolution.min(theirs.resolution);
        let limit = if coarse { APART_MS_MAX_BY_SECOND } else { APART_MS_MAX };
        (theirs.ms - ours.ms).abs() > limit
    }
}
