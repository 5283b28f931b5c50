//! What was found, on its way to the sink in the input's order.
//!
//! Owns the order, and what is remembered of what was passed on: whether an error repeats another,
//! and which stamps were marked. Must never look at the input. Nothing here fails.

use std::collections::VecDeque;

use chrono::TimeDelta;

use super::activity::{Activity, Mark, Marked};
use super::finding::Found;
use super::repeat::Events;
use super::sink::Sink;
use crate::occurrence::Success;

/// What a scanner finds is told here.
pub(super) trait Outlet {
    /// Calls that succeeded, in order, that stand behind all that were told before.
    fn successes(&mut self, successes: Vec<Success>);

    /// Lines with a stamp, likewise.
    fn stamped(&mut self, gap: TimeDelta, lines: Vec<Mark>);

    /// An error, possibly not in the input's order.
    fn found(&mut self, found: Found);

    /// What stands before the line at a byte can be passed on.
    fn flush(&mut self, until: u64);
}

/// What was found and is not passed on yet, and what is remembered of what was.
#[derive(Debug, Default)]
pub(super) struct Passing {
    pub events: Events,
    pub marked: Marked,
    /// Possibly not in the input's order.
    pending: Vec<Found>,
    /// Not passed on while an error may still come before them.
    successes: VecDeque<Success>,
    marks: VecDeque<Mark>,
    /// Errors and successes that were passed on.
    pub passed_on: u64,
}

/// The way to a sink.
pub(super) struct To<'p, S> {
    pub passing: &'p mut Passing,
    pub sink: &'p mut S,
}

impl<S: Sink> Outlet for To<'_, S> {
    fn successes(&mut self, successes: Vec<Success>) {
        self.passing.successes.extend(successes);
    }

    fn stamped(&mut self, gap: TimeDelta, lines: Vec<Mark>) {
        self.passing.stamped(gap, &lines);
    }

    fn found(&mut self, found: Found) {
        self.passing.pending.push(found);
    }

    fn flush(&mut self, until: u64) {
        self.passing.flush(until, self.sink);
    }
}

impl Passing {
    /// What goes on from what was remembered.
    pub(super) fn resumed(events: Events, marked: Marked) -> Self {
        Self { events, marked, ..Self::default() }
    }

    /// Whether all that was found was passed on.
    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty() && self.successes.is_empty() && self.marks.is_empty()
    }

    /// Whether no error that waits stands at or behind a byte.
    pub(super) fn has_none_from(&self, offset: u64) -> bool {
        self.pending.iter().all(|found| found.occurrence.place.offset < offset)
    }

    fn stamped(&mut self, gap: TimeDelta, lines: &[Mark]) {
        Activity::new(gap, &mut self.marked).see(lines, &mut self.marks);
    }

    /// The input is quiet.
    pub(super) fn rest(&mut self, gap: TimeDelta) {
        Activity::new(gap, &mut self.marked).rest(&mut self.marks);
    }

    /// The input has ended: passes everything on.
    pub(super) fn finish(&mut self, gap: Option<TimeDelta>, sink: &mut impl Sink) {
        if let Some(gap) = gap {
            Activity::new(gap, &mut self.marked).finish(&mut self.marks);
        }
        self.flush(u64::MAX, sink);
    }

    /// Passes on what stands before the line at `until`, in the input's order.
    pub(super) fn flush(&mut self, until: u64, sink: &mut impl Sink) {
        self.pending.sort_by_key(|found| (found.occurrence.place.offset, found.at_byte));
        let line_of = |found: &Found| found.occurrence.place.offset;
        let ready = self.pending.partition_point(|found| line_of(found) < until);
        for found in self.pending.drain(..ready) {
            let line = line_of(&found);
            self.passed_on += pass_on(&mut self.successes, &mut self.marks, line, sink);
            // What is also an error is none.
            self.successes.pop_front_if(|success| success.place.offset == line);
            let Found { mut occurrence, print, .. } = found;
            occurrence.repeat = self.events.is_repeat(print);
            self.passed_on += 1;
            sink.occurrence(occurrence);
        }
        self.passed_on += pass_on(&mut self.successes, &mut self.marks, until, sink);
    }
}

/// Passes on what stands before the line at `until`, in the input's order; tells how many
/// successes.
fn pass_on(
    successes: &mut VecDeque<Success>,
    marks: &mut VecDeque<Mark>,
    until: u64,
    sink: &mut impl Sink,
) -> u64 {
    let mut passed_on = 0;
    loop {
        let mark = marks.front().map(|mark| mark.line_offset).filter(|line| *line < until);
        let success = successes.front().map(|success| success.place.offset);
        match (mark, success.filter(|line| *line < until)) {
            (Some(mark), success) if success.is_none_or(|success| mark <= success) => {
                marks.pop_front().into_iter().for_each(|mark| sink.activity(mark.at));
            }
            (_, Some(_)) => {
                successes.pop_front().into_iter().for_each(|success| sink.success(success));
                passed_on += 1;
            }
            _ => return passed_on,
        }
    }
}
