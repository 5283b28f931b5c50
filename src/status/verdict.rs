//! What is wrong with a run, and how grave that is.
//!
//! Owns the limits from which a number is a finding. Must never look at anything but a status.
//! Pure. Nothing here fails.
//!
//! An alert that fires is a finding about the application, not about the run: it makes a check red
//! and a run no less ready.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{AlertStatus, FleetStatus, SourceStatus, Status};
use crate::catalogue::Severity;
use crate::engine::State;
use crate::surface::{Language, phrase};

/// A source that is so far behind is not followed as it should be.
const LAG_MAX: TimeDelta = TimeDelta::minutes(5);

/// A receiver that takes nothing for so long keeps the outbox from moving.
const FAILING_MAX: TimeDelta = TimeDelta::minutes(10);

/// How grave a finding is, as Nagios' plugins tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Nothing is wrong.
    Ok,
    /// Somebody should look.
    Warning,
    /// Somebody must look now.
    Critical,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How grave.
    pub grade: Grade,
    /// Whether it keeps the run from doing its work.
    pub blocks: bool,
    /// What, in one line.
    pub what: String,
}

/// All that is wrong, the gravest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// One by one.
    pub findings: Vec<Finding>,
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
        })
    }
}

impl Verdict {
    /// What a status shows.
    pub fn of(status: &Status) -> Self {
        let mut found = Found::new(status, Language::English);
        found.run(status);
        found.alerts(status);
        found.sorted()
    }

    /// What it shows of the run itself, whatever fires, in the reader's language.
    pub fn of_run(status: &Status, language: Language) -> Self {
        let mut found = Found::new(status, language);
        found.run(status);
        found.sorted()
    }

    /// The gravest.
    pub fn grade(&self) -> Grade {
        self.findings.iter().map(|finding| finding.grade).max().unwrap_or(Grade::Ok)
    }

    /// Whether every source is followed, and what is decided is kept and told.
    pub fn is_ready(&self) -> bool {
        self.blocking().next().is_none()
    }

    /// What keeps the run from doing its work.
    pub fn blocking(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.blocks)
    }
}

struct Found {
    at: DateTime<Utc>,
    language: Language,
    findings: Vec<Finding>,
}

impl Found {
    fn new(status: &Status, language: Language) -> Self {
        Self { at: status.at, language, findings: Vec::new() }
    }

    fn sorted(self) -> Verdict {
        let mut findings = self.findings;
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.grade));
        Verdict { findings }
    }

    fn add(&mut self, grade: Grade, blocks: bool, what: String) {
        self.findings.push(Finding { grade, blocks, what });
    }

    fn since(&self, since: DateTime<Utc>) -> String {
        self.language.span((self.at - since).max(TimeDelta::zero()))
    }

    fn fleet(&mut self, fleet: &FleetStatus) {
        let language = self.language;
        if fleet.is_full {
            let english = "so much waits for the fleet's broker that logs are not read on";
            let what = language.pick(english, "等待 fleet broker 的数据过多，日志已停止读取");
            self.add(Grade::Critical, true, what.to_owned());
        }
        if fleet.lost_messages > 0 {
            let lost = fleet.lost_messages;
            let english = format!("the fleet's broker let {lost} messages go that were not taken");
            let what = language.pick(english, format!("fleet broker 丢弃了 {lost} 条未取走的消息"));
            self.add(Grade::Warning, false, what);
        }
        if let Some(trouble) = &fleet.trouble {
            let what = language.pick("the fleet's broker", "fleet broker");
            self.add(Grade::Warning, false, format!("{what}: {trouble}"));
        }
    }

    fn run(&mut self, status: &Status) {
        let language = self.language;
        if let Some(stalled) = &status.stalled {
            let what = format!("{stalled}{}", language.pick(" stands still", " 停滞不前"));
            self.add(Grade::Critical, true, what);
        }
        if let Some(since) = status.store.failing_since {
            let since = self.since(since);
            let english = format!("the state cannot be written for {since}");
            let what = language.pick(english, format!("状态已有 {since} 无法写入"));
            self.add(Grade::Critical, true, what);
        }
        if let Some(fleet) = &status.fleet {
            self.fleet(fleet);
        }
        if status.catching_up {
            let english = "what was written before is still being read";
            self.add(Grade::Ok, true, language.pick(english, "仍在读取之前写入的日志").to_owned());
        }
        if let Some(refused) = &status.configuration.refused {
            let what = language.pick("a newer configuration was refused", "较新的配置被拒绝");
            let what = match refused.problems.first() {
                Some(first) => format!("{what}: {first}"),
                None => what.to_owned(),
            };
            self.add(Grade::Warning, false, what);
        }
        if status.counters.lost_bytes > 0 {
            let lost = status.counters.lost_bytes;
            let english = format!("{lost} bytes of logs were lost");
            self.add(
                Grade::Warning,
                false,
                language.pick(english, format!("丢失 {lost} 字节日志")),
            );
        }
        status.sources.iter().for_each(|source| self.source(source));
        self.receivers(status);
    }

    fn source(&mut self, source: &SourceStatus) {
        let (name, language) = (&source.name, self.language);
        let noun = language.pick("source", "日志来源");
        if let Some(problem) = &source.problem {
            self.add(Grade::Warning, true, format!("{noun} {name}: {problem}"));
        }
        let lag = source.lag_seconds.and_then(|seconds| i64::try_from(seconds).ok());
        let lag = lag.and_then(TimeDelta::try_seconds).filter(|lag| *lag > LAG_MAX);
        if let Some(lag) = lag.map(|lag| language.span(lag)) {
            let english = format!("{noun} {name} is {lag} behind");
            let what = language.pick(english, format!("{noun} {name} 落后 {lag}"));
            self.add(Grade::Warning, true, what);
        }
    }

    fn receivers(&mut self, status: &Status) {
        let language = self.language;
        for receiver in &status.receivers {
            let Some(since) = receiver.failing_since else { continue };
            let (name, lasted) = (&receiver.name, self.since(since));
            let is_long = self.at - since >= FAILING_MAX;
            let grade = if is_long { Grade::Critical } else { Grade::Warning };
            let cause = receiver.last_error.as_deref();
            let cause = cause.unwrap_or(language.pick("it takes nothing", "无法送达"));
            let english = format!("receiver {name} fails for {lasted}: {cause}");
            let what = language.pick(english, format!("接收方 {name} 已失败 {lasted}：{cause}"));
            self.add(grade, is_long, what);
        }
        let dead: u64 = status.receivers.iter().map(|receiver| receiver.dead).sum();
        if dead > 0 {
            let verb = if dead == 1 { "was" } else { "were" };
            let count = phrase::counted(dead, "notification", "notifications");
            let english = format!("{count} {verb} given up");
            let what = language.pick(english, format!("已放弃 {} 条通知", phrase::count(dead)));
            self.add(Grade::Warning, false, what);
        }
    }

    /// An alert that an operator silenced is known to somebody: it is told, and nobody need look.
    fn alerts(&mut self, status: &Status) {
        for (severity, grade) in [
            (Severity::Critical, Grade::Critical),
            (Severity::Warning, Grade::Warning),
            (Severity::Info, Grade::Ok),
        ] {
            let rules = status.rules.iter().filter(|rule| rule.severity == severity);
            let mut loud = Firing::default();
            let mut silent = Firing::default();
            for rule in rules {
                let is_silent = |alert: &&AlertStatus| {
                    alert.rule == rule.name
                        && alert.state == State::Firing
                        && alert.silenced_by.is_some()
                };
                let silenced = status.alerts.iter().filter(is_silent).count() as u64;
                silent.add(&rule.name, silenced.min(rule.firing));
                loud.add(&rule.name, rule.firing.saturating_sub(silenced));
            }
            if loud.count > 0 {
                self.add(grade, false, loud.in_words(severity, ""));
            }
            if silent.count > 0 {
                self.add(Grade::Ok, false, silent.in_words(severity, ", silenced"));
            }
        }
    }
}

/// Alerts that fire, and of which rules.
#[derive(Default)]
struct Firing<'s> {
    count: u64,
    rules: Vec<&'s str>,
}

impl<'s> Firing<'s> {
    fn add(&mut self, rule: &'s str, count: u64) {
        self.count += count;
        if count > 0 {
            self.rules.push(rule);
        }
    }

    fn in_words(&self, severity: Severity, how: &str) -> String {
        let (noun, verb) = if self.count == 1 { ("alert", "fires") } else { ("alerts", "fire") };
        let rules = self.rules.join(", ");
        format!("{} {} {noun} {verb}{how}: {rules}", self.count, severity.name())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ReceiverStatus, RuleStatus};
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// A change of a status that is well, and what is found then: the grade, whether it blocks, and
    /// what.
    fn check(change: impl FnOnce(&mut Status), expected: &[(Grade, bool, &str)]) {
        let mut status = Status::sample(at(10_000));
        change(&mut status);
        let verdict = Verdict::of(&status);
        let found = verdict.findings.iter();
        let found: Vec<_> = found.map(|it| (it.grade, it.blocks, &*it.what)).collect();
        assert_eq!(found, expected);
        let blocks = expected.iter().any(|(_, blocks, _)| *blocks);
        assert_eq!(verdict.is_ready(), !blocks);
        let gravest = expected.first().map_or(Grade::Ok, |(grade, ..)| *grade);
        assert_eq!(verdict.grade(), gravest, "the gravest is the first");
    }

    #[test]
    fn a_run_that_is_well_has_no_finding() {
        check(|_| (), &[]);
    }

    #[test]
    fn a_source_blocks_that_cannot_be_followed_or_is_far_behind() {
        let problem = "no file is there yet".to_owned();
        let expected = [(Grade::Warning, true, "source app: no file is there yet")];
        check(|status| status.sources[0].problem = Some(problem), &expected);
        check(|status| status.sources[0].lag_seconds = Some(300), &[]);
        let expected = [(Grade::Warning, true, "source app is 5 min 1 s behind")];
        check(|status| status.sources[0].lag_seconds = Some(301), &expected);
    }

    #[test]
    fn a_receiver_blocks_once_it_has_failed_for_long() {
        let fail = |since| {
            move |status: &mut Status| {
                let receiver = &mut status.receivers[0];
                receiver.failing_since = Some(at(since));
                receiver.last_error = Some("refused".to_owned());
            }
        };
        let expected = [(Grade::Warning, false, "receiver ops fails for 9 min 59 s: refused")];
        check(fail(9_401), &expected);
        let expected = [(Grade::Critical, true, "receiver ops fails for 10 min: refused")];
        check(fail(9_400), &expected);
    }

    #[test]
    fn alerts_that_fire_are_as_grave_as_their_severity_and_block_nothing() {
        let rule = |name: &str, severity, firing| RuleStatus {
            name: name.to_owned(),
            severity,
            pending: 0,
            firing,
            fired: 0,
            resolved: 0,
        };
        let rules = vec![
            rule("a", Severity::Info, 1),
            rule("b", Severity::Critical, 1),
            rule("c", Severity::Critical, 2),
            rule("d", Severity::Warning, 0),
        ];
        let expected = [
            (Grade::Critical, false, "3 critical alerts fire: b, c"),
            (Grade::Ok, false, "1 info alert fires: a"),
        ];
        check(|status| status.rules = rules, &expected);
    }

    #[test]
    fn an_alert_that_was_silenced_makes_nothing_red_and_is_not_hidden() {
        let change = |silenced: [bool; 2]| {
            move |status: &mut Status| {
                status.rules[0].firing = 2;
                let of = |silenced: bool| AlertStatus {
                    silenced_by: silenced.then(|| "load-test".to_owned()),
                    ..AlertStatus::sample(at(9_000))
                };
                status.alerts = silenced.map(of).into();
            }
        };
        let silent = (Grade::Ok, false, "2 critical alerts fire, silenced: aksk-lockout");
        check(change([true, true]), &[silent]);
        let expected = [
            (Grade::Critical, false, "1 critical alert fires: aksk-lockout"),
            (Grade::Ok, false, "1 critical alert fires, silenced: aksk-lockout"),
        ];
        check(change([false, true]), &expected);
    }

    #[test]
    fn a_state_that_cannot_be_written_and_a_delivery_that_stands_still_are_critical() {
        let expected = [
            (Grade::Critical, true, "the delivery to ops stands still"),
            (Grade::Critical, true, "the state cannot be written for 40 s"),
        ];
        let change = |status: &mut Status| {
            status.stalled = Some("the delivery to ops".to_owned());
            status.store.failing_since = Some(at(9_960));
        };
        check(change, &expected);
    }

    #[test]
    fn who_still_reads_what_was_written_before_is_not_ready_and_nothing_is_wrong() {
        let expected = [(Grade::Ok, true, "what was written before is still being read")];
        check(|status| status.catching_up = true, &expected);
    }

    #[test]
    fn what_was_refused_lost_or_given_up_is_worth_a_look() {
        let change = |status: &mut Status| {
            let problems = vec!["a.toml:1:1: unknown key `x`".to_owned()];
            status.configuration.refused = Some(super::super::Refused { at: at(0), problems });
            status.counters.lost_bytes = 7;
            status.receivers.push(ReceiverStatus { dead: 2, ..ReceiverStatus::default() });
        };
        let expected = [
            (
                Grade::Warning,
                false,
                "a newer configuration was refused: a.toml:1:1: unknown key `x`",
            ),
            (Grade::Warning, false, "7 bytes of logs were lost"),
            (Grade::Warning, false, "2 notifications were given up"),
        ];
        check(change, &expected);
    }
}
