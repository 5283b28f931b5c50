//! A small language: what the configuration says and what happens when, and what is decided.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use chrono::{DateTime, Weekday};
use globset::Glob;

use super::*;
use crate::catalogue::Severity;
use crate::engine::alert::{Evidence, Reason};
use crate::engine::label::{Fingerprint, LabelName};
use crate::engine::rule::{Condition, Inhibit, Matcher, New, Pattern};
use crate::engine::time::Span;
use crate::zone::Zone;

mod digest;
mod exhaustive;
mod grouping;
mod history;
mod limits;
mod muting;
mod polling;
mod restoring;
mod stopping;
mod withholding;

/// What the configuration says.
struct Setup {
    config: PolicyConfig,
    rules: Vec<Rule>,
    /// Where the script's time begins.
    base: Instant,
}

/// What happens.
#[derive(Debug, Clone)]
enum Step {
    Change(Transition),
    /// `past fire noise`: a change of a history.
    Past(Transition),
    /// `end`: the history from the base until here is read.
    End(Instant),
    Silence(Silence),
    Expire(String),
    Poll,
}

/// The alerts of a script as the engine would know them.
#[derive(Default)]
struct Alerts(BTreeMap<Fingerprint, Arc<Alert>>);

impl Alerts {
    /// `fire lockout critical key=A`, `flap lockout key=A`, `resolve lockout key=A`.
    fn change(&mut self, at: Instant, words: &[&str]) -> Transition {
        let (verb, rule) = (words[0], words[1]);
        let severity = words.iter().find_map(|word| word.parse().ok());
        let labels = words.iter().filter_map(|word| word.split_once('='));
        let labels: Vec<(LabelName, Arc<str>)> =
            labels.map(|(name, value)| (name.parse().expect("a name"), value.into())).collect();
        let names: Vec<LabelName> = labels.iter().map(|(name, _)| name.clone()).collect();
        let values: Vec<_> = labels.iter().map(|(_, value)| Some(Arc::clone(value))).collect();
        let fingerprint = Fingerprint::of(rule, &names, &values);
        let before = self.0.get(&fingerprint);
        let fires = before.is_some_and(|alert| alert.resolved_at.is_none());
        let fired_at = before.filter(|_| fires).and_then(|alert| alert.fired_at);
        let count = before.map_or(0, |alert| alert.count) + 1;
        let alert = Alert {
            rule: rule.into(),
            severity: severity.or(before.map(|alert| alert.severity)).unwrap_or(Severity::Warning),
            fingerprint,
            labels,
            pending_at: at,
            fired_at: Some(fired_at.unwrap_or(at)),
            resolved_at: (verb == "resolve").then_some(at),
            count,
            first_at: at,
            last_at: at,
            late: 0,
            clamped: 0,
            flapping: verb == "flap",
            locked_until: None,
            groups_left_out: 0,
            evidence: Arc::new(Evidence::default()),
        };
        let alert = Arc::new(alert);
        self.0.insert(fingerprint, Arc::clone(&alert));
        let to = if verb == "resolve" { State::Resolved } else { State::Firing };
        let reason = match verb {
            "flap" => Reason::Flapping { times: 3, within: Span::HOUR },
            "resolve" => Reason::Quiet { since: at },
            _ => Reason::Count { count: 1, within: Span::MINUTE },
        };
        let from = if fires { State::Firing } else { State::Inactive };
        Transition { at, from, to, reason, alert }
    }
}

fn rule(name: &str) -> Rule {
    Rule {
        name: name.into(),
        why: None,
        severity: Severity::Warning,
        matcher: Matcher::default(),
        condition: Condition::New(New { unseen: Span::DAY, learning: Span::ZERO }),
        group_by: Arc::new([]),
        hold: Span::ZERO,
        keep_firing_for: Span::ZERO,
        lock: None,
        flap: None,
        summary: "".into(),
        note: None,
        chinese: None,
        inhibits: Vec::new(),
        links: Vec::new(),
    }
}

fn pattern(text: &str) -> Pattern {
    if text.contains(['*', '?']) {
        Pattern::Glob(Glob::new(text).expect("a glob").compile_matcher())
    } else {
        Pattern::Exact(text.into())
    }
}

/// `rule=lockout`, `key!=A,B`.
fn matcher(word: &str) -> Option<AlertMatcher> {
    let (name, values) = word.split_once('=')?;
    let (name, negated) = name.strip_suffix('!').map_or((name, false), |name| (name, true));
    let patterns = values.split(',').map(pattern).collect();
    Some(AlertMatcher { facet: name.parse().ok()?, patterns, negated })
}

/// `90s`, `5m`, `4h`, `1d`, `1d6h`; a minus sign is none.
fn span(text: &str) -> Span {
    let mut total = 0;
    for part in text.split_inclusive(|c: char| c.is_ascii_alphabetic()) {
        let (number, unit) = part.split_at(part.len() - 1);
        let unit = match unit {
            "s" => Span::SECOND,
            "m" => Span::MINUTE,
            "h" => Span::HOUR,
            "d" => Span::DAY,
            _ => panic!("`{text}` is no length of time"),
        };
        total += unit.times(number.parse().expect("a number")).0;
    }
    Span(total)
}

fn shown(mut left: Span) -> String {
    if left == Span::ZERO {
        return "0s".into();
    }
    let mut text = String::new();
    for (unit, name) in
        [(Span::DAY, "d"), (Span::HOUR, "h"), (Span::MINUTE, "m"), (Span::SECOND, "s")]
    {
        let count = left.0 / unit.0;
        if count > 0 {
            let _ = write!(text, "{count}{name}");
        }
        left = Span(left.0 % unit.0);
    }
    text
}

/// `08:30`.
fn minutes(text: &str) -> u16 {
    let (hours, minutes) = text.split_once(':').expect("a time");
    hours.parse::<u16>().expect("hours") * 60 + minutes.parse::<u16>().expect("minutes")
}

impl Setup {
    fn new() -> Self {
        let rules = ["lockout", "noise", "quota"].map(rule).to_vec();
        Self { config: PolicyConfig::new(), rules, base: Instant(0) }
    }

    /// A line that says how things are; false if it says what happens.
    fn read(&mut self, words: &[&str]) -> bool {
        let value =
            |name: &str| words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        match words[0] {
            "base" => self.base = DateTime::parse_from_rfc3339(words[1]).expect("a time").into(),
            "route" => {
                let mut route = Route::to(words[1]);
                let to = value("to").unwrap_or(words[1]);
                route.receiver = to.into();
                let settings = ["to", "by", "wait", "interval", "repeat", "digest"];
                let is_setting =
                    |word: &&str| word.split_once('=').is_some_and(|(n, _)| settings.contains(&n));
                let others = words.iter().filter(|word| !is_setting(word));
                route.matchers = others.filter_map(|word| matcher(word)).collect();
                if let Some(by) = value("by") {
                    let names = by.split(',').filter(|name| !name.is_empty());
                    route.group_by = names.map(|name| name.parse().expect("a facet")).collect();
                }
                route.group_wait = value("wait").map(span);
                route.digest = value("digest").map(|at| Digest {
                    every: Every::Day,
                    at_minutes: minutes(at),
                    zone: Zone::UTC,
                });
                route.group_interval = value("interval").map_or(route.group_interval, span);
                route.repeat_interval = value("repeat").map_or(route.repeat_interval, span);
                route.proceed = words.contains(&"proceed");
                route.send_resolved = !words.contains(&"firing-only");
                let at = self.config.routes.len() - 1;
                self.config.routes.insert(at, route);
            }
            "inhibit" => {
                let equal = value("equal").into_iter().flat_map(|names| names.split(','));
                let inhibit = Inhibit {
                    rules: vec![pattern(words[2])],
                    equal: equal.map(|name| name.parse().expect("a name")).collect(),
                };
                let source = self.rules.iter_mut().find(|rule| &*rule.name == words[1]);
                source.expect("a rule").inhibits.push(inhibit);
            }
            "mute" => {
                let (from, to) = words[4].split_once('-').expect("from and to");
                let days: Vec<Weekday> =
                    words[3].split(',').map(|day| day.parse().expect("a day")).collect();
                let time =
                    TimeOfWeek { days, from_minutes: minutes(from), to_minutes: minutes(to) };
                self.config.mutes.push(Mute {
                    name: words[1].into(),
                    matchers: words.iter().filter_map(|word| matcher(word)).collect(),
                    zone: Zone::parse(words[2]).expect("a zone"),
                    times: vec![time],
                });
            }
            "limit" => {
                let count = words[2].parse().expect("a number");
                let limits = &mut self.config.limits;
                match words[1] {
                    "groups" => limits.groups_max = count,
                    "alerts" => limits.alerts_max = count,
                    "listed" => limits.listed_max = count,
                    "silences" => limits.silences_max = count,
                    _ => limits.withheld_max = count,
                }
            }
            _ => return false,
        }
        true
    }

    /// `silence ID until-resolved|1h rule=lockout by ANN because WORD`.
    fn silence(at: Instant, words: &[&str]) -> Silence {
        let ends = match words[2] {
            "until-resolved" => SilenceEnd::UntilResolved,
            length => SilenceEnd::Until(at.plus(span(length))),
        };
        let behind = |name: &str| {
            let found = words.iter().skip_while(|word| **word != name).nth(1);
            Arc::from(found.copied().unwrap_or("?"))
        };
        Silence {
            id: words[1].into(),
            matchers: words.iter().filter_map(|word| matcher(word)).collect(),
            author: behind("by"),
            reason: behind("because"),
            starts_at: at,
            ends,
        }
    }

    fn policy(&self) -> Policy {
        Policy::new(self.config.clone(), &self.rules)
    }

    fn show(&self, decision: &Decision) -> String {
        let mut text = String::new();
        let names = |alert: &Alert| {
            let labels: Vec<_> =
                alert.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("{}({})", alert.rule, labels.join(","))
        };
        match decision {
            Decision::Notify(told) => {
                let since = shown(told.at.since(self.base));
                let _ = write!(text, "{since} {} {}", told.receiver, told.reason);
                if let NotifyReason::Repeat { count } = told.reason {
                    let _ = write!(text, " {count}");
                }
                text.push_str(if told.is_overflow { " (overflow):" } else { ":" });
                for told in &told.alerts {
                    let mark = if told.is_news { "*" } else { "" };
                    let _ = write!(text, " {}{mark} {}", names(&told.alert), told.status);
                    if told.episodes > 1 {
                        let _ = write!(text, " x{}", told.episodes);
                    }
                    if let Some(ended) = &told.ended {
                        let _ = write!(text, " (was withheld by {})", show_by(ended));
                    }
                    text.push(';');
                }
                if told.left_out > 0 {
                    let _ = write!(text, " {} more;", told.left_out);
                }
                text.pop();
            }
            Decision::Withhold(Withheld { rule, at, by, .. }) => {
                let since = shown(at.since(self.base));
                let _ = write!(text, "{since} withheld {rule}: {}", show_by(by));
            }
        }
        text
    }
}

fn show_by(by: &WithheldBy) -> String {
    match by {
        WithheldBy::Silence { id, author, reason } => {
            format!("silence {id} by {author} because {reason}")
        }
        WithheldBy::Mute { name } => format!("mute {name}"),
        WithheldBy::Inhibition { rule, .. } => format!("alert of {rule}"),
    }
}

/// The lines that say what happens, each with its instant.
fn read(script: &str) -> (Setup, Vec<(Instant, Step)>) {
    let (mut setup, mut alerts, mut steps) = (Setup::new(), Alerts::default(), Vec::new());
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        if setup.read(&words) {
            continue;
        }
        let at = setup.base.plus(span(words[0]));
        let words = &words[1..];
        let step = match words[0] {
            "silence" => Step::Silence(Setup::silence(at, words)),
            "expire" => Step::Expire(words[1].to_owned()),
            "poll" => Step::Poll,
            "past" => Step::Past(alerts.change(at, &words[1..])),
            "end" => Step::End(setup.base),
            _ => Step::Change(alerts.change(at, words)),
        };
        steps.push((at, step));
    }
    (setup, steps)
}

fn step(policy: &mut Policy, at: Instant, step: &Step) {
    match step {
        Step::Change(transition) => policy.apply(at, transition),
        Step::Past(transition) => policy.apply_historical(at, transition),
        Step::End(from) => policy.end_history(at, (*from, at)),
        Step::Silence(silence) => {
            policy.add_silence(at, silence.clone());
        }
        Step::Expire(id) => {
            policy.expire_silence(at, id);
        }
        Step::Poll => policy.advance(at),
    }
}

fn run(script: &str) -> (Setup, Policy, Vec<Decision>) {
    let (setup, steps) = read(script);
    let mut policy = setup.policy();
    for (at, what) in &steps {
        step(&mut policy, *at, what);
    }
    let decisions = policy.take();
    (setup, policy, decisions)
}

/// What is decided, one line each.
#[track_caller]
fn check(script: &str, expected: &str) {
    let (setup, _, decisions) = run(script);
    let decided: Vec<String> = decisions.iter().map(|decision| setup.show(decision)).collect();
    let expected: Vec<&str> =
        expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(decided, expected, "{script}\ndecided:\n{}\n", decided.join("\n"));
}

fn ids(decisions: &[Decision]) -> Vec<NotificationId> {
    let notified = decisions.iter().filter_map(|decision| match decision {
        Decision::Notify(told) => Some(told.id),
        Decision::Withhold(_) => None,
    });
    notified.collect()
}
