//! The states of one alert and the way from each to the next.
//!
//! Owns the one table of it. Must never know windows or groups: it is told from when to when the
//! condition holds. Nothing here fails.
//!
//! ```text
//! inactive ──holds──▶ pending ──held for `for`──▶ firing ──ended──▶ resolved
//!     ▲                  │                     (`keep_firing_for`)     │
//!     └──────ended───────┴─────────────────────────────────────────────┘
//! ```

use serde::{Deserialize, Serialize};

use super::alert::{Reason, State};
use super::rule::Flap;
use super::time::{Instant, Span};
use super::window::Close;

/// Where a group's alert stands, with what the next step needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Standing {
    /// Nothing holds; what held before this instant is done with.
    Inactive { from: Instant },
    /// It holds since.
    Pending { since: Instant },
    /// It fires; the condition holds since.
    Firing { since: Instant, flapping: bool },
}

impl Standing {
    pub(super) fn state(self) -> State {
        match self {
            Self::Inactive { .. } => State::Inactive,
            Self::Pending { .. } => State::Pending,
            Self::Firing { .. } => State::Firing,
        }
    }

    pub(super) fn is_open(self) -> bool {
        !matches!(self, Self::Inactive { .. })
    }
}

/// How long things take, for one rule.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timing {
    /// How long it must hold before it fires.
    pub(super) hold: Span,
    /// How long it fires on.
    pub(super) keep: Span,
    /// Gaps up to this are none: what fills them may still come.
    pub(super) lateness: Span,
    /// When it counts as flapping.
    pub(super) flap: Option<Flap>,
}

impl Timing {
    fn keep_of(self, flapping: bool) -> Span {
        match self.flap {
            Some(flap) if flapping => self.keep.max(flap.within),
            _ => self.keep,
        }
    }

    /// Gaps of the condition up to this do not end it.
    pub(super) fn bridges(self, standing: Standing) -> Span {
        match standing {
            Standing::Firing { flapping, .. } => self.keep_of(flapping).max(self.lateness),
            Standing::Inactive { .. } | Standing::Pending { .. } => self.lateness,
        }
    }
}

/// A change that time alone brings, if nothing comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    /// Certain once everything up to here has come.
    pub(super) settled_at: Instant,
    /// When it is.
    pub(super) at: Instant,
    pub(super) to: State,
    pub(super) reason: Reason,
}

/// The next change of an open alert whose condition closes so, or never if it is not known to.
pub(super) fn due(standing: Standing, close: Option<Close>, timing: Timing) -> Option<Due> {
    match standing {
        Standing::Inactive { .. } => None,
        Standing::Pending { since } => {
            let held_at = since.plus(timing.hold);
            let ends_before = close.filter(|close| close.at() < held_at);
            Some(match ends_before {
                Some(close) => Due {
                    settled_at: close.at().plus(timing.lateness),
                    at: close.at(),
                    to: State::Inactive,
                    reason: Reason::NotHeld,
                },
                None => Due {
                    settled_at: held_at,
                    at: held_at,
                    to: State::Firing,
                    reason: Reason::Held { hold: timing.hold },
                },
            })
        }
        Standing::Firing { flapping, .. } => {
            let (at, settled_at, reason) = match close? {
                Close::By(at, reason) if !flapping => (at, at, reason),
                Close::Quiet(since) | Close::By(since, _) => {
                    let at = since.plus(timing.keep_of(flapping));
                    let settled_at = since.plus(timing.bridges(standing));
                    (at, settled_at, Reason::Quiet { since })
                }
            };
            Some(Due { settled_at, at, to: State::Resolved, reason })
        }
    }
}

/// Whether an alert that fires now, as it did at these instants, flaps.
pub(super) fn flaps(flap: Option<Flap>, fires: &[Instant], now: Instant) -> Option<Reason> {
    let flap = flap?;
    let recent = fires.iter().filter(|at| now.since(**at) < flap.within).count();
    let times = u32::try_from(recent).unwrap_or(u32::MAX).saturating_add(1);
    (times >= flap.times).then_some(Reason::Flapping { times, within: flap.within })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINCE: Instant = Instant(1000);

    fn timing(hold: i64, keep: i64, lateness: i64) -> Timing {
        let flap = Some(Flap { times: 3, within: Span(500) });
        Timing { hold: Span(hold), keep: Span(keep), lateness: Span(lateness), flap }
    }

    fn show(due: Option<Due>) -> String {
        due.map_or_else(
            || "-".to_owned(),
            |due| format!("{} at {} settled at {}", due.to, due.at.0, due.settled_at.0),
        )
    }

    /// Every state with every way to close, against every timing: the whole table.
    #[test]
    fn the_table_is_total_and_every_change_lies_behind_its_beginning() {
        let standings = [
            Standing::Inactive { from: SINCE },
            Standing::Pending { since: SINCE },
            Standing::Firing { since: SINCE, flapping: false },
            Standing::Firing { since: SINCE, flapping: true },
        ];
        let success = |at| Close::By(at, Reason::Success { at });
        for standing in standings {
            for hold in [0, 1, 100] {
                for keep in [0, 50] {
                    for lateness in [0, 30, 80] {
                        let timing = timing(hold, keep, lateness);
                        assert_eq!(
                            due(standing, None, timing).is_some(),
                            matches!(standing, Standing::Pending { .. })
                        );
                        for ends in [0, 1, 99, 100, 101, 1000] {
                            let at = SINCE.plus(Span(ends));
                            for close in [Close::Quiet(at), success(at)] {
                                let due = due(standing, Some(close), timing);
                                assert_eq!(due.is_some(), standing.is_open());
                                let Some(due) = due else { continue };
                                assert!(due.at >= SINCE && due.settled_at >= SINCE);
                                assert!(due.settled_at >= at.min(SINCE.plus(Span(hold))));
                                let from = standing.state();
                                let to_is_next = matches!(
                                    (from, due.to),
                                    (State::Pending, State::Firing | State::Inactive)
                                        | (State::Firing, State::Resolved)
                                );
                                assert!(to_is_next, "{from} to {}", due.to);
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_condition_that_ends_in_time_never_fires() {
        let pending = Standing::Pending { since: SINCE };
        let quiet = |at| Some(Close::Quiet(Instant(at)));
        assert_eq!(
            show(due(pending, quiet(1099), timing(100, 0, 30))),
            "inactive at 1099 settled at 1129"
        );
        assert_eq!(
            show(due(pending, quiet(1100), timing(100, 0, 30))),
            "firing at 1100 settled at 1100"
        );
    }

    #[test]
    fn an_alert_is_kept_firing_and_a_success_ends_it_at_once() {
        let firing = Standing::Firing { since: SINCE, flapping: false };
        let at = Instant(2000);
        assert_eq!(
            show(due(firing, Some(Close::Quiet(at)), timing(0, 50, 30))),
            "resolved at 2050 settled at 2050"
        );
        assert_eq!(
            show(due(firing, Some(Close::Quiet(at)), timing(0, 0, 30))),
            "resolved at 2000 settled at 2030"
        );
        let success = Some(Close::By(at, Reason::Success { at }));
        assert_eq!(
            show(due(firing, success, timing(0, 50, 30))),
            "resolved at 2000 settled at 2000"
        );
        let flapping = Standing::Firing { since: SINCE, flapping: true };
        assert_eq!(
            show(due(flapping, success, timing(0, 50, 30))),
            "resolved at 2500 settled at 2500"
        );
    }

    #[test]
    fn the_third_time_within_the_span_is_flapping() {
        let flap = Some(Flap { times: 3, within: Span(500) });
        let fires = [Instant(0), Instant(400)];
        assert_eq!(flaps(flap, &fires, Instant(500)), None);
        let within = Span(500);
        assert_eq!(flaps(flap, &fires, Instant(499)), Some(Reason::Flapping { times: 3, within }));
        assert_eq!(flaps(None, &fires, Instant(499)), None);
    }
}
