//! Occurrences in, alert transitions out.
//!
//! Owns windows, alert states, grouping, silences, inhibition. Architecture invariant: pure and
//! deterministic. No files, no clock, no threads; `now` and the event time `at` are arguments. The
//! same events with the same instants give the same transitions. Nothing here fails.

mod alert;
mod event;
mod label;
mod policy;
mod rule;
mod time;

pub use alert::{Affected, Alert, CodeCount, Evidence, Reason, Sample, State, Transition};
pub use event::{Event, Source, What};
pub use label::{Fingerprint, GroupKey, LabelName};
pub use policy::{
    AlertMatcher, AlertStatus, Decision, Facet, Mute, Notification, NotificationId, NotifyReason,
    Policy, PolicyConfig, PolicyCounters, PolicyLimits, PolicySnapshot, Route, Silence, SilenceEnd,
    TimeOfWeek, ToldAlert, Withheld, WithheldBy,
};
pub use rule::{
    Absent, Condition, Consecutive, EventKind, Flap, Inhibit, Matcher, New, Pattern, Ratio, Rule,
    Sequence, Spike, Threshold, Window,
};
pub use time::{Instant, Span};
