//! Windows: whether a rule's condition holds for one group, and until when.
//!
//! Owns what is kept of the past for each kind of condition, and answers two questions about event
//! time: from when does the condition hold ([`Window::opens`]), and until when
//! ([`Window::closes`]). Must never know alerts, or what was told to whom. Nothing here fails;
//! memory depends on the rule, never on how many events come.

mod consecutive;
mod count;
mod moments;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::alert::Reason;
use super::rule::{Condition, Threshold};
use super::time::{Instant, Span};
use consecutive::{Consecutive, End};
use count::Count;
use moments::{Seen, Sequence, Silence};
use steps::{Asked, Counted, Steps};

/// What an event is to a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// What the rule's matcher is about.
    Matched,
    /// Ends a row of failures.
    Reset,
    /// Part of the whole that a ratio is of. `success` tells whether the call succeeded.
    Whole { success: bool },
    /// Both, of a ratio.
    MatchedAndWhole { success: bool },
    /// What must come first in a sequence.
    First,
    /// What must follow in a sequence.
    Then,
}

/// What was kept of one group's past.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Window {
    // Most groups count; what is larger stands elsewhere, so that theirs are small.
    Count(Count),
    Consecutive(Box<Consecutive>),
    Steps(Box<Steps>),
    Seen(Seen),
    Silence(Box<Silence>),
    Distinct(Box<Distinct>),
    Sequence(Box<Sequence>),
}

/// The latest instants of different values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Distinct {
    count: Count,
    /// One for each instant.
    values: VecDeque<Arc<str>>,
}

/// How a condition ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Close {
    /// By time alone: what made it hold has left.
    Quiet(Instant),
    /// By what came: an alert ends at once.
    By(Instant, Reason),
}

impl Close {
    pub(super) fn at(self) -> Instant {
        match self {
            Self::Quiet(at) | Self::By(at, _) => at,
        }
    }
}

/// What an event brings beside its instant.
#[derive(Debug, Clone)]
pub(super) struct Arrival<'a> {
    pub(super) at: Instant,
    pub(super) role: Role,
    /// The value of a `distinct` rule's label.
    pub(super) value: Option<&'a str>,
    /// What is before this is settled.
    pub(super) watermark: Instant,
    /// Until when a `new` rule learns; for the others, since when events are seen at all.
    pub(super) learnt_at: Instant,
    /// Whether the group's alert is pending or firing.
    pub(super) open: bool,
}

impl Window {
    pub(super) fn of(condition: &Condition) -> Self {
        match condition {
            Condition::Count(_) => Self::Count(Count::default()),
            Condition::Consecutive(_) => Self::Consecutive(Box::default()),
            Condition::Ratio(_) | Condition::Spike(_) => Self::Steps(Box::default()),
            Condition::New(_) => Self::Seen(Seen::default()),
            Condition::Absent(_) => Self::Silence(Box::default()),
            Condition::Distinct(..) => Self::Distinct(Box::default()),
            Condition::Sequence(_) => Self::Sequence(Box::default()),
        }
    }

    /// The instants of a window that counts them, and the number that it is asked for.
    fn counted(&self, condition: &Condition) -> Option<(&Count, Threshold)> {
        match (self, condition) {
            (Self::Count(count), Condition::Count(threshold)) => Some((count, *threshold)),
            (Self::Distinct(distinct), Condition::Distinct(_, threshold)) => {
                Some((&distinct.count, *threshold))
            }
            _ => None,
        }
    }

    /// Takes an event in. Tells whether what holds can now end sooner, or be looked at sooner, than
    /// was to be seen before.
    pub(super) fn insert(&mut self, condition: &Condition, arrival: &Arrival<'_>) -> bool {
        let Arrival { at, role, .. } = *arrival;
        match (self, condition) {
            (Self::Count(count), _) => {
                count.insert(at);
            }
            (Self::Consecutive(row), _) => row.insert(at, role == Role::Matched),
            (Self::Steps(steps), condition) => {
                let learnt_at = arrival.learnt_at;
                return asked(condition).is_some_and(|asked| {
                    steps.insert(asked, (at, learnt_at), counted(role), arrival.open)
                });
            }
            (Self::Seen(seen), Condition::New(rule)) => {
                seen.insert(rule, at, arrival.learnt_at);
            }
            (Self::Silence(silence), Condition::Absent(rule)) => {
                silence.insert(at, rule.window);
                return true;
            }
            (Self::Distinct(distinct), _) => {
                distinct.insert(at, arrival.value.unwrap_or_default());
                return true;
            }
            (Self::Sequence(sequence), _) => sequence.insert(at, role == Role::First),
            _ => {}
        }
        false
    }

    /// Up to where the past has to be taken as settled now, so that memory stays bounded; `None`
    /// while there is room.
    pub(super) fn frontier(&self, condition: &Condition, watermark: Instant) -> Option<Instant> {
        if let Some((count, threshold)) = self.counted(condition) {
            return count.frontier(threshold, watermark);
        }
        matches!(self, Self::Consecutive(_)).then_some(watermark)
    }

    /// Forgets what is needed no more once everything up to the frontier is settled.
    pub(super) fn trim(&mut self, condition: &Condition, frontier: Instant) {
        match (self, condition) {
            (Self::Count(count), Condition::Count(threshold)) => {
                count.trim(*threshold, frontier);
            }
            (Self::Distinct(distinct), Condition::Distinct(_, threshold)) => {
                for _ in 0..distinct.count.trim(*threshold, frontier) {
                    distinct.values.pop_front();
                }
            }
            (Self::Consecutive(row), Condition::Consecutive(rule)) => row.trim(rule, frontier),
            _ => {}
        }
    }

    /// Whether what held up to the frontier can be asked from there on; else it has to be asked
    /// from where it began.
    pub(super) fn slides(&self) -> bool {
        matches!(self, Self::Count(_) | Self::Distinct(_))
    }

    /// Whether a condition that holds of a moment was made to hold by an event however late.
    pub(super) fn is_of_moments(&self) -> bool {
        matches!(self, Self::Consecutive(_) | Self::Seen(_) | Self::Sequence(_))
    }

    /// Whether it is told by time alone.
    pub(super) fn is_silence(&self) -> bool {
        matches!(self, Self::Silence(_))
    }

    /// The first instant from `from` on at which the condition holds; for a silence one that may
    /// not have come yet.
    pub(super) fn opens(&self, condition: &Condition, from: Instant) -> Option<Instant> {
        if let Some((count, threshold)) = self.counted(condition) {
            return count.opens(threshold, from);
        }
        match (self, condition) {
            (Self::Consecutive(row), Condition::Consecutive(rule)) => row.opens(rule, from),
            (Self::Steps(steps), _) => steps.opens(from),
            (Self::Seen(seen), _) => seen.opens(from),
            (Self::Silence(silence), Condition::Absent(rule)) => silence.opens(rule.window, from),
            (Self::Sequence(sequence), Condition::Sequence(rule)) => sequence.opens(rule, from),
            _ => None,
        }
    }

    /// From when on the condition that held at `from` no longer does, as far as is known; `None`
    /// while it holds until something comes.
    pub(super) fn closes(&self, condition: &Condition, from: Instant) -> Option<Close> {
        if let Some((count, threshold)) = self.counted(condition) {
            return Some(Close::Quiet(count.closes(threshold, from)));
        }
        match (self, condition) {
            (Self::Consecutive(row), Condition::Consecutive(rule)) => {
                Some(match row.closes(rule, from) {
                    End::Quiet(at) => Close::Quiet(at),
                    End::Success(at) => Close::By(at.max(from), Reason::Success { at }),
                })
            }
            (Self::Steps(steps), _) => steps.closes().map(|at| Close::Quiet(at.max(from))),
            (Self::Silence(silence), _) => {
                silence.closes(from).map(|at| Close::By(at, Reason::Back))
            }
            (Self::Sequence(sequence), Condition::Sequence(rule)) => {
                Some(Close::Quiet(sequence.closes(rule, from)))
            }
            _ => Some(Close::Quiet(from)),
        }
    }

    /// When to look again although nothing has come.
    pub(super) fn look_again_at(&self, condition: &Condition, from: Instant) -> Option<Instant> {
        match (self, condition) {
            (Self::Silence(silence), Condition::Absent(rule)) => silence.opens(rule.window, from),
            (Self::Steps(steps), condition) => steps.next_step(asked(condition)?),
            _ => None,
        }
    }

    /// Looks again.
    pub(super) fn look(&mut self, condition: &Condition, at: Instant, open: bool) {
        if let (Self::Steps(steps), Some(asked)) = (self, asked(condition)) {
            steps.step_ended(asked, at, open);
        }
    }

    /// Why the condition holds at an instant.
    pub(super) fn reason(&self, condition: &Condition, at: Instant, successes: bool) -> Reason {
        match (self, condition) {
            (Self::Consecutive(row), Condition::Consecutive(rule)) => Reason::Consecutive {
                count: row.row(rule, at).map_or(0, |row| row.count),
                success_visible: successes,
            },
            (Self::Steps(steps), Condition::Ratio(ratio)) => {
                let figures = steps.last_figures(Asked::Ratio(ratio), true);
                let of = u32::try_from(figures.other).unwrap_or(u32::MAX);
                let permille = u64::from(figures.matched) * 1000 / figures.other.max(1);
                let permille = u32::try_from(permille).unwrap_or(u32::MAX);
                Reason::Ratio { permille, of, within: ratio.window }
            }
            (Self::Steps(steps), Condition::Spike(spike)) => {
                let figures = steps.last_figures(Asked::Spike(spike), true);
                let (count, before_permille) = (figures.matched, figures.other);
                Reason::Spike { count, before_permille, within: spike.window }
            }
            (Self::Seen(seen), _) => Reason::New { unseen_since: seen.unseen_since() },
            (Self::Silence(silence), Condition::Absent(rule)) => {
                Reason::Absent { since: silence.since(rule.window, at).unwrap_or(at) }
            }
            (Self::Distinct(distinct), Condition::Distinct(_, threshold)) => {
                let within = threshold.window.span;
                Reason::Distinct { count: distinct.count.count(*threshold, at), within }
            }
            (Self::Sequence(sequence), Condition::Sequence(rule)) => {
                Reason::Sequence { after: sequence.after(rule, at).unwrap_or_default() }
            }
            (Self::Count(count), Condition::Count(threshold)) => {
                let within = threshold.window.span;
                Reason::Count { count: count.count(*threshold, at), within }
            }
            _ => Reason::Count { count: 0, within: Span::ZERO },
        }
    }

    /// How many events made the condition hold at an instant, and the first of them.
    pub(super) fn events(&self, condition: &Condition, at: Instant) -> (u64, Instant) {
        if let Some((count, threshold)) = self.counted(condition) {
            let all = count.count(threshold, at).saturating_add(count.behind(at));
            return (all.into(), count.first(threshold, at).unwrap_or(at));
        }
        let (count, first_at) = match (self, condition) {
            (Self::Consecutive(row), Condition::Consecutive(rule)) => {
                let found = row.row(rule, at);
                let count = found.map_or(0, |row| row.count).saturating_add(row.behind(at));
                (count, found.map(|row| row.first_at))
            }
            (Self::Steps(steps), condition) => {
                let figures = asked(condition).map(|asked| steps.last_figures(asked, true));
                (figures.map_or(0, |figures| figures.matched), None)
            }
            (Self::Silence(_), _) => (0, None),
            (Self::Sequence(sequence), _) => (2, sequence.first(at)),
            _ => (1, None),
        };
        (count.into(), first_at.unwrap_or(at))
    }

    /// Takes note that the alert is resolved: what came up to here is no part of another. From the
    /// answer on the condition can hold again.
    pub(super) fn resolved(&mut self, condition: &Condition, close: Close) -> Instant {
        match (self, condition, close) {
            (Self::Consecutive(row), _, Close::Quiet(at)) => row.restart(at),
            (Self::Consecutive(row), Condition::Consecutive(rule), Close::By(at, _)) => {
                row.end_row(rule);
                return at;
            }
            _ => {}
        }
        close.at().plus(Span(1))
    }

    /// From when on nothing of what is kept matters.
    pub(super) fn idle_at(&self, condition: &Condition) -> Instant {
        if let Some((count, threshold)) = self.counted(condition) {
            return count.idle_at(threshold);
        }
        match (self, condition) {
            (Self::Consecutive(row), Condition::Consecutive(rule)) => row.idle_at(rule),
            (Self::Steps(steps), condition) => {
                asked(condition).map_or(Instant::MIN, |asked| steps.idle_at(asked))
            }
            (Self::Seen(seen), Condition::New(rule)) => seen.idle_at(rule),
            (Self::Silence(_), _) => Instant::MAX,
            (Self::Sequence(sequence), Condition::Sequence(rule)) => sequence.idle_at(rule),
            _ => Instant::MIN,
        }
    }
}

impl Distinct {
    /// Of a value only the latest instant counts.
    fn insert(&mut self, at: Instant, value: &str) {
        let Self { count, values } = self;
        let known = values.iter().position(|known| **known == *value);
        let mut kept = None;
        if let Some(place) = known {
            if count.is_later(place, at) {
                return;
            }
            count.remove(place);
            kept = values.remove(place);
        }
        let place = count.insert(at);
        values.insert(place.min(values.len()), kept.unwrap_or_else(|| value.into()));
    }
}

fn asked(condition: &Condition) -> Option<Asked<'_>> {
    match condition {
        Condition::Ratio(ratio) => Some(Asked::Ratio(ratio)),
        Condition::Spike(spike) => Some(Asked::Spike(spike)),
        _ => None,
    }
}

fn counted(role: Role) -> Counted {
    match role {
        Role::Matched => Counted { matched: true, ..Counted::default() },
        Role::Whole { success } => Counted { matched: false, whole: true, success },
        Role::MatchedAndWhole { success } => Counted { matched: true, whole: true, success },
        Role::Reset | Role::First | Role::Then => Counted::default(),
    }
}
