//! What a rule means, checked.
//!
//! Owns the shapes that the engine runs. Must never know how a rule is written in a file. Nothing
//! here fails: a rule that exists is right.

use std::sync::Arc;

use globset::GlobMatcher;
use regex::Regex;

use super::label::LabelName;
use super::time::{Instant, Span};
use crate::catalogue::Severity;

/// When to alert on what.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its stable name; the state of its alerts hangs on it.
    pub name: Arc<str>,
    /// Why the rule exists.
    pub why: Option<Arc<str>>,
    /// How grave its alerts are.
    pub severity: Severity,
    /// Which events it is about.
    pub matcher: Matcher,
    /// What must be true of them.
    pub condition: Condition,
    /// One alert for each combination of these.
    pub group_by: Arc<[LabelName]>,
    /// How long the condition must hold before the alert fires (`for`).
    pub hold: Span,
    /// How long the alert goes on firing after the condition has ended.
    pub keep_firing_for: Span,
    /// How long the service locks what fails: `locked_until` is the last failure and this.
    pub lock: Option<Span>,
    /// When an alert counts as flapping; never if there is none.
    pub flap: Option<Flap>,
    /// The alert in one line, a template.
    pub summary: Arc<str>,
    /// The operator's own words, a template.
    pub note: Option<Arc<str>>,
    /// Its texts for who reads Chinese.
    pub chinese: Option<Translation>,
    /// Which alerts this rule's alerts explain.
    pub inhibits: Vec<Inhibit>,
    /// Where to read on.
    pub links: Vec<Arc<str>>,
}

impl Rule {
    /// Everything that it asks of events.
    pub(super) fn matchers(&self) -> impl Iterator<Item = &Matcher> {
        let further = match &self.condition {
            Condition::Consecutive(row) => row.reset.as_slice(),
            Condition::Ratio(ratio) => std::slice::from_ref(&ratio.of),
            Condition::Sequence(sequence) => std::slice::from_ref(&sequence.then),
            _ => &[],
        };
        std::iter::once(&self.matcher).chain(further)
    }
}

/// A rule's texts in another language; what is absent is said in the rule's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Translation {
    /// The alert in one line, a template.
    pub summary: Option<Arc<str>>,
    /// Why the rule exists.
    pub why: Option<Arc<str>>,
}

/// An alert that fires so often within so long is one flapping alert, until it has been quiet for
/// as long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flap {
    /// So many times, the last one included.
    pub times: u32,
    /// Within so long.
    pub within: Span,
}

/// Alerts of the named rules are not told while an alert of this rule fires that has the same
/// values of `equal`.
#[derive(Debug, Clone, PartialEq)]
pub struct Inhibit {
    /// Rule names, or globs of them.
    pub rules: Vec<Pattern>,
    /// Labels that must be equal. One that both lack is equal.
    pub equal: Vec<LabelName>,
}

/// Which events are meant.
#[derive(Debug, Clone, Default)]
pub struct Matcher {
    /// Of which kind.
    pub event: EventKind,
    /// For each of these labels one of the patterns must fit.
    pub labels: Vec<(LabelName, Vec<Pattern>)>,
    /// For each of these labels none may.
    pub not: Vec<(LabelName, Vec<Pattern>)>,
    /// Must be found in the service's message.
    pub message: Option<Regex>,
    /// Whether the catalogue knows the code.
    pub known: Option<bool>,
}

impl PartialEq for Matcher {
    /// An expression is what is written: whether two written ones mean the same, nobody can tell.
    fn eq(&self, other: &Self) -> bool {
        let Self { event, labels, not, message, known } = self;
        let text = |message: &Option<Regex>| message.as_ref().map(|text| text.as_str().to_owned());
        (event, labels, not, known) == (&other.event, &other.labels, &other.not, &other.known)
            && text(message) == text(&other.message)
    }
}

/// The kinds of events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// An OCR error.
    #[default]
    Error,
    /// A call that succeeded.
    Success,
    /// Either.
    Call,
    /// Anything readable in a log.
    Line,
}

/// Text to be equal to, or a glob.
#[derive(Debug, Clone)]
pub enum Pattern {
    /// The whole value.
    Exact(Box<str>),
    /// `*`, `?`, `[..]`, `{a,b}`.
    Glob(GlobMatcher),
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exact(own), Self::Exact(others)) => own == others,
            (Self::Glob(own), Self::Glob(others)) => own.glob() == others.glob(),
            (Self::Exact(_), Self::Glob(_)) | (Self::Glob(_), Self::Exact(_)) => false,
        }
    }
}

impl Pattern {
    /// Whether the value fits.
    pub fn fits(&self, value: &str) -> bool {
        match self {
            Self::Exact(text) => **text == *value,
            Self::Glob(glob) => glob.is_match(value),
        }
    }
}

/// What must be true for an alert.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// At least so many in the window.
    Count(Threshold),
    /// More than so many, one after the other.
    Consecutive(Consecutive),
    /// A share of other events.
    Ratio(Ratio),
    /// Many more than before.
    Spike(Spike),
    /// A group that was never seen, or not for long.
    New(New),
    /// Nothing for so long.
    Absent(Absent),
    /// So many different values of a label in the window.
    Distinct(LabelName, Threshold),
    /// One event, then another.
    Sequence(Sequence),
}

impl Condition {
    /// How far back an event can matter to it.
    pub(super) fn reach(&self) -> Span {
        match self {
            Self::Count(threshold) | Self::Distinct(_, threshold) => threshold.window.span,
            Self::Consecutive(row) => row.gap,
            Self::Ratio(ratio) => ratio.window,
            Self::Spike(spike) => spike.window,
            Self::Sequence(sequence) => sequence.within,
            Self::New(_) | Self::Absent(_) => Span::ZERO,
        }
    }
}

/// A number in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    /// True from this number on, at least 1.
    pub at_least: u32,
    /// A firing alert stays true down to this number, at most `at_least` (`clear_below`).
    pub clear_below: u32,
    /// The window.
    pub window: Window,
}

/// A span of event time that ends at the instant looked at, which it includes; its beginning is
/// not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its length.
    pub span: Span,
    /// Whether it does not slide but lies between two multiples of its length, such as a minute of
    /// the calendar.
    pub aligned: bool,
}

impl Window {
    /// Whether a window that ends at `end` holds `at`, which is not later.
    pub fn holds(self, at: Instant, end: Instant) -> bool {
        if self.aligned {
            at.step(self.span) == end.step(self.span)
        } else {
            end.since(at) < self.span
        }
    }

    /// When an event has left every window.
    pub fn leaves(self, at: Instant) -> Instant {
        if self.aligned {
            Instant(at.step(self.span).saturating_add(1).saturating_mul(self.span.0))
        } else {
            at.plus(self.span)
        }
    }
}

/// More than so many failures in a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Consecutive {
    /// True from the next one on.
    pub more_than: u32,
    /// A failure that comes so long after the one before begins a new row.
    pub gap: Span,
    /// What ends a row, beside the success of a call: these events, of the same group.
    pub reset: Vec<Matcher>,
}

/// A share of other events in a window that slides in steps of a twelfth.
#[derive(Debug, Clone, PartialEq)]
pub struct Ratio {
    /// The events that are the whole.
    pub of: Matcher,
    /// True from this share on, in thousandths.
    pub at_least_permille: u32,
    /// A firing alert stays true down to this share.
    pub clear_below_permille: u32,
    /// Never true of fewer events than this.
    pub floor: u32,
    /// Never true where no success is visible: the share of errors among errors tells nothing.
    pub needs_success: bool,
    /// The window's length.
    pub window: Span,
}

/// Many more than in the windows before, in windows that slide in steps of a twelfth.
#[derive(Debug, Clone, PartialEq)]
pub struct Spike {
    /// True from so many times the average on, in thousandths.
    pub factor_permille: u32,
    /// Never true of fewer events than this.
    pub floor: u32,
    /// How many windows before are averaged.
    pub baseline: u32,
    /// The window's length.
    pub window: Span,
}

/// A group that is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct New {
    /// New is what was not seen for so long.
    pub unseen: Span,
    /// So long after the rule's first event nothing is new: everything is learnt.
    pub learning: Span,
}

/// Silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absent {
    /// True when nothing came for so long.
    pub window: Span,
}

/// One event, then another.
#[derive(Debug, Clone, PartialEq)]
pub struct Sequence {
    /// The second event.
    pub then: Matcher,
    /// At most so long after the first.
    pub within: Span,
}
