//! One group of one rule: its window, its alert, its evidence.
//!
//! Owns the order in which what came and what time brings is worked off. Must never know other
//! groups. Nothing here fails.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::alert::{Alert, Evidence, Reason, State, Transition};
use super::label::{Fingerprint, GroupKey, LabelName};
use super::lifecycle::{self, Due, Standing, Timing};
use super::rule::{Condition, Rule};
use super::time::{Instant, Span};
use super::window::{Arrival, Close, Role, Window};
use super::{Counters, Settings};

const MOMENT: Span = Span(1);

/// A group's state; all of it is in a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Group {
    pub(super) key: GroupKey,
    /// Groups are numbered as they are made; orders what happens at one instant.
    pub(super) number: u64,
    window: Window,
    pub(super) standing: Standing,
    /// When the queue wakes it.
    pub(super) wakes_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    episode: Option<Box<Episode>>,
    /// When it fired lately.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    fires: Vec<Instant>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) evidence: Option<Box<Evidence>>,
    /// Events since the last alert that came later than the lateness allows.
    late: u32,
    /// Events since then whose time could not be believed.
    clamped: u32,
}

/// What an open alert counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Episode {
    pending_at: Instant,
    fired_at: Option<Instant>,
    count: u64,
    first_at: Instant,
    last_at: Instant,
    /// The condition is known to hold here; what came before may be forgotten.
    holds_at: Instant,
    /// How it ended behind that, if that is settled.
    ended: Option<Close>,
    /// Up to here that is settled.
    settled_to: Instant,
}

/// What a group needs to know beside its own state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings<'r> {
    pub(super) rule: &'r Rule,
    pub(super) timing: Timing,
    /// Whether any success was ever seen.
    pub(super) success_visible: bool,
    /// How many further groups of the rule found no room.
    pub(super) groups_left_out: u64,
}

impl<'r> Surroundings<'r> {
    pub(super) fn of(
        rule: &'r Rule,
        settings: &Settings,
        counters: &Counters,
        groups_left_out: u64,
    ) -> Self {
        let timing = Timing {
            hold: rule.hold,
            keep: rule.keep_firing_for,
            lateness: settings.lateness,
            flap: rule.flap,
        };
        Self { rule, timing, success_visible: counters.successes > 0, groups_left_out }
    }
}

/// How much an event's time is to be believed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Trust {
    /// It is later than the lateness allows.
    pub(super) late: bool,
    /// It was not believed.
    pub(super) clamped: bool,
}

impl Group {
    pub(super) fn new(rule: &Rule, key: GroupKey, number: u64) -> Self {
        Self {
            key,
            number,
            window: Window::of(&rule.condition),
            standing: Standing::Inactive { from: Instant::MIN },
            wakes_at: Instant::MAX,
            episode: None,
            fires: Vec::new(),
            evidence: None,
            late: 0,
            clamped: 0,
        }
    }

    pub(super) fn window(&self) -> &Window {
        &self.window
    }

    /// Whether an event can bring its next change nearer without opening or ending anything;
    /// `turned` is what [`observe`](Self::observe) told of it.
    pub(super) fn can_hurry(&self, turned: bool) -> bool {
        turned || matches!(self.standing, Standing::Pending { .. })
    }

    /// Whether the log showed the access key of a failure.
    pub(super) fn shows_access_key(&self) -> bool {
        let evidence = self.evidence.as_deref();
        evidence
            .is_some_and(|known| known.affected.iter().any(|it| it.name == LabelName::AccessKey))
    }

    /// Takes an event in; it may open the alert at once, which then has at least the evidence of
    /// this event. Tells whether what the window says of the future can now come sooner.
    pub(super) fn observe(
        &mut self,
        around: Surroundings<'_>,
        arrival: &Arrival<'_>,
        trust: Trust,
        evidence: impl FnOnce() -> Box<Evidence>,
        out: &mut Vec<Transition>,
    ) -> bool {
        if trust.late {
            // What is settled stays so, whatever still comes.
            self.note_settled(around, arrival.watermark);
        }
        let turned = self.window.insert(&around.rule.condition, arrival);
        if is_counted(arrival.role) {
            self.late = self.late.saturating_add(trust.late.into());
            self.clamped = self.clamped.saturating_add(trust.clamped.into());
            // What ends a silence is no part of it.
            if let Some(episode) = self.episode.as_mut().filter(|_| !self.window.is_silence()) {
                episode.count += 1;
                episode.last_at = episode.last_at.max(arrival.at);
                episode.first_at = episode.first_at.min(arrival.at);
            }
        }
        // A silence is told by time alone; it opens when it is settled.
        if let Standing::Inactive { from } = self.standing
            && !self.window.is_silence()
        {
            let settled = !self.window.is_of_moments();
            let from = from.max(arrival.at);
            let from = if settled { from.max(arrival.watermark) } else { from };
            if let Some(at) = self.window.opens(&around.rule.condition, from) {
                self.evidence.get_or_insert_with(evidence);
                self.open(around, at, out);
            }
        }
        if let Some(frontier) = self.window.frontier(&around.rule.condition, arrival.watermark) {
            self.note_settled(around, frontier);
            self.window.trim(&around.rule.condition, frontier);
        }
        turned
    }

    /// Notes of an open alert's condition what the window will no longer tell once it forgets what
    /// is before the frontier.
    fn note_settled(&mut self, around: Surroundings<'_>, frontier: Instant) {
        let condition = &around.rule.condition;
        let bridges = around.timing.bridges(self.standing);
        let standing = self.standing;
        let Some(episode) = &mut self.episode else { return };
        loop {
            let Some(close) = episode.ended else {
                match self.window.closes(condition, episode.holds_at) {
                    Some(close) if close.at() < frontier => episode.ended = Some(close),
                    _ if self.window.slides() => {
                        episode.holds_at = episode.holds_at.max(frontier);
                        return;
                    }
                    _ => return,
                }
                continue;
            };
            let from = close.at().plus(MOMENT).max(episode.settled_to);
            let again = self.window.opens(condition, from);
            let goes_on = |again: &Instant| {
                *again < frontier
                    && again.since(close.at()) <= bridges
                    && is_bridged(standing, close)
            };
            let Some(again) = again.filter(goes_on) else {
                episode.settled_to = episode.settled_to.max(frontier);
                return;
            };
            (episode.holds_at, episode.ended) = (again, None);
        }
    }

    /// Works off everything that is settled before the watermark. Tells whether the group is still
    /// needed.
    pub(super) fn settle(
        &mut self,
        around: Surroundings<'_>,
        watermark: Instant,
        out: &mut Vec<Transition>,
    ) -> bool {
        loop {
            let due = self.due(around);
            let look_at = self.look_again_at(around);
            let next = due.map_or(Instant::MAX, |due| due.settled_at);
            if let Some(at) = look_at.filter(|at| *at <= next) {
                if at >= watermark {
                    return true;
                }
                self.look(around, at, out);
            } else if let Some(due) = due {
                if due.settled_at >= watermark {
                    return true;
                }
                self.change(around, due, out);
            } else {
                return self.standing.is_open() || self.idle_at(around) >= watermark;
            }
        }
    }

    /// When [`settle`](Self::settle) has something to do.
    pub(super) fn next_at(&self, around: Surroundings<'_>) -> Instant {
        let due = self.due(around).map(|due| due.settled_at);
        let look = self.look_again_at(around);
        let idle = (!self.standing.is_open()).then(|| self.idle_at(around));
        [due, look, idle].into_iter().flatten().min().unwrap_or(Instant::MAX)
    }

    fn idle_at(&self, around: Surroundings<'_>) -> Instant {
        let window = self.window.idle_at(&around.rule.condition);
        let fires = self.fires.last().zip(around.timing.flap);
        fires.map_or(window, |(last, flap)| window.max(last.plus(flap.within)))
    }

    fn due(&self, around: Surroundings<'_>) -> Option<Due> {
        lifecycle::due(self.standing, self.close(around), around.timing)
    }

    /// How the condition of an open alert ends, gaps bridged.
    fn close(&self, around: Surroundings<'_>) -> Option<Close> {
        let condition = &around.rule.condition;
        let bridges = around.timing.bridges(self.standing);
        let episode = self.episode.as_deref()?;
        let mut close =
            episode.ended.or_else(|| self.window.closes(condition, episode.holds_at))?;
        loop {
            if !is_bridged(self.standing, close) {
                return Some(close);
            }
            let ended_at = close.at();
            let from = ended_at.plus(MOMENT).max(episode.settled_to);
            let again = self.window.opens(condition, from);
            match again.filter(|again| again.since(ended_at) <= bridges) {
                Some(again) => close = self.window.closes(condition, again)?,
                None => return Some(close),
            }
        }
    }

    fn look_again_at(&self, around: Surroundings<'_>) -> Option<Instant> {
        let from = match self.standing {
            Standing::Inactive { from } => from,
            // An open alert of a silence waits for what comes.
            _ if self.window.is_silence() => return None,
            Standing::Pending { since } | Standing::Firing { since, .. } => since,
        };
        self.window.look_again_at(&around.rule.condition, from)
    }

    fn look(&mut self, around: Surroundings<'_>, at: Instant, out: &mut Vec<Transition>) {
        let condition = &around.rule.condition;
        self.window.look(condition, at, self.standing.is_open());
        if let Standing::Inactive { from } = self.standing
            && let Some(opens_at) = self.window.opens(condition, from).filter(|opens| *opens <= at)
        {
            self.open(around, opens_at, out);
        }
    }

    fn open(&mut self, around: Surroundings<'_>, at: Instant, out: &mut Vec<Transition>) {
        let condition = &around.rule.condition;
        let reason = self.window.reason(condition, at, around.success_visible);
        let (count, first_at) = self.window.events(condition, at);
        // A silence has no event of its own; its last one is what it is counted from.
        let (first_at, last_at) = match reason {
            Reason::Absent { since } => (since, since),
            _ => (first_at, at),
        };
        // Steps do not tell when their first event came, only how far back they reach.
        let begins_at = match condition {
            Condition::Ratio(_) | Condition::Spike(_) => at.minus(condition.reach()),
            _ => first_at,
        };
        if let Some(evidence) = &mut self.evidence {
            evidence.forget_samples(begins_at);
        }
        self.episode = Some(Box::new(Episode {
            pending_at: at,
            fired_at: None,
            count,
            first_at,
            last_at,
            holds_at: at,
            ended: None,
            settled_to: Instant::MIN,
        }));
        if around.timing.hold > Span::ZERO {
            self.standing = Standing::Pending { since: at };
            out.push(self.transition(around, at, State::Inactive, State::Pending, reason));
        } else {
            self.fire(around, at, at, State::Inactive, reason, out);
        }
    }

    fn fire(
        &mut self,
        around: Surroundings<'_>,
        at: Instant,
        since: Instant,
        from: State,
        reason: Reason,
        out: &mut Vec<Transition>,
    ) {
        let flap = lifecycle::flaps(around.timing.flap, &self.fires, at);
        self.fires.push(at);
        let kept = around.timing.flap.map_or(0, |flap| flap.times as usize);
        let surplus = self.fires.len().saturating_sub(kept);
        self.fires.drain(..surplus);
        if let Some(episode) = &mut self.episode {
            episode.fired_at = Some(at);
        }
        self.standing = Standing::Firing { since, flapping: flap.is_some() };
        let reason = flap.unwrap_or(reason);
        out.push(self.transition(around, at, from, State::Firing, reason));
    }

    fn change(&mut self, around: Surroundings<'_>, due: Due, out: &mut Vec<Transition>) {
        let from = self.standing.state();
        match (self.standing, due.to) {
            (Standing::Pending { since }, State::Firing) => {
                self.fire(around, due.at, since, from, due.reason, out);
            }
            (Standing::Pending { .. } | Standing::Firing { .. }, _) => {
                let close = self.close(around).unwrap_or(Close::Quiet(due.at));
                out.push(self.transition(around, due.at, from, due.to, due.reason));
                self.end(around, close, out);
            }
            (Standing::Inactive { .. }, _) => {}
        }
    }

    /// The alert is over; what has come behind its end may open another.
    fn end(&mut self, around: Surroundings<'_>, close: Close, out: &mut Vec<Transition>) {
        let condition = &around.rule.condition;
        let ended_at = close.at();
        let mut from = ended_at.plus(MOMENT);
        if matches!(self.standing, Standing::Firing { .. }) {
            from = self.window.resolved(condition, close);
        }
        let settled_to = self.episode.take().map_or(Instant::MIN, |episode| episode.settled_to);
        let from = from.max(settled_to);
        self.standing = Standing::Inactive { from };
        (self.late, self.clamped) = (0, 0);
        if let Some(evidence) = &mut self.evidence {
            evidence.forget(ended_at);
        }
        let by_time = self.window.is_silence();
        if let Some(at) = self.window.opens(condition, from).filter(|_| !by_time) {
            self.open(around, at, out);
        }
    }

    fn transition(
        &self,
        around: Surroundings<'_>,
        at: Instant,
        from: State,
        to: State,
        reason: Reason,
    ) -> Transition {
        let mut alert = self.alert(around);
        if to == State::Resolved {
            alert.resolved_at = Some(at);
        }
        Transition { at, from, to, reason, alert: Arc::new(alert) }
    }

    /// The alert as it stands.
    pub(super) fn alert(&self, around: Surroundings<'_>) -> Alert {
        let rule = around.rule;
        let key = rule.group_by.iter().zip(self.key.iter());
        let labels = key.filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
        let none = Instant::default();
        let (pending_at, fired_at, count, first_at, last_at) = match &self.episode {
            Some(e) => (e.pending_at, e.fired_at, e.count, e.first_at, e.last_at),
            None => (none, None, 0, none, none),
        };
        Alert {
            rule: Arc::clone(&rule.name),
            severity: rule.severity,
            fingerprint: Fingerprint::of(&rule.name, &rule.group_by, &self.key),
            labels: labels.collect(),
            pending_at,
            fired_at,
            resolved_at: None,
            count,
            first_at,
            last_at,
            late: self.late.into(),
            clamped: self.clamped.into(),
            flapping: matches!(self.standing, Standing::Firing { flapping: true, .. }),
            locked_until: rule.lock.map(|lock| last_at.plus(lock)),
            groups_left_out: around.groups_left_out,
            evidence: Arc::new(self.evidence.as_deref().cloned().unwrap_or_default()),
        }
    }
}

/// Whether a condition can begin again behind such an end, and the alert go on.
fn is_bridged(standing: Standing, close: Close) -> bool {
    let flapping = matches!(standing, Standing::Firing { flapping: true, .. });
    flapping || matches!(close, Close::Quiet(_))
}

/// Whether an event is one of those that an alert counts.
fn is_counted(role: Role) -> bool {
    matches!(role, Role::Matched | Role::MatchedAndWhole { .. })
}
