//! A notification of something that has not happened, for whoever wants to see how one looks.
//!
//! Owns how a rule's alert is made up: documented codes and messages, a log line as the SDK prints
//! it. Must never be told without its mark. Pure. Nothing here fails.

use std::sync::Arc;

use crate::catalogue::{Catalogue, Entry};
use crate::engine::{
    Affected, Alert, AlertStatus, CodeCount, Condition, EventKind, Evidence, Facet, Fingerprint,
    Instant, LabelName, Notification, NotificationId, NotifyReason, Passage, Rule, Sample, Span,
    ToldAlert,
};

/// What rules ask for is not counted beyond this in a sample.
const EVENTS_MAX: u64 = 1_000;

/// What a receiver is told when a rule's alert fires, as of an instant.
pub fn notification(
    rule: &Rule,
    catalogue: &Catalogue,
    receiver: &str,
    at: Instant,
) -> Notification {
    let alert = alert(rule, catalogue, at);
    let id = NotificationId::of_merged([NotificationId(alert.fingerprint.0)]).by_way_of(receiver);
    Notification {
        // Each sample is one of its own, so that no receiver takes a second one for the first.
        id: NotificationId(id.0 ^ at.0.cast_unsigned()),
        at,
        receiver: receiver.into(),
        route: "test".into(),
        group: vec![(Facet::Rule, Some(Arc::clone(&rule.name)))],
        is_overflow: false,
        reason: NotifyReason::First,
        alerts: vec![ToldAlert {
            changed_at: alert.fired_at.unwrap_or(at),
            alert: Arc::new(alert),
            status: AlertStatus::Firing,
            is_news: true,
            episodes: 1,
            ended: None,
        }],
        left_out: 0,
        firing: 1,
        resolved: 0,
        covers: None,
        passage: Passage { is_sample: true, ..Passage::default() },
    }
}

fn alert(rule: &Rule, catalogue: &Catalogue, at: Instant) -> Alert {
    let count = events(&rule.condition).min(EVENTS_MAX);
    let first_at = at.plus(Span(-(i64::try_from(count).unwrap_or(0) * 2_000)));
    let entry = (rule.matcher.event == EventKind::Error).then(|| entry(rule, catalogue)).flatten();
    let values: Vec<_> = rule.group_by.iter().map(|name| value(rule, name, entry)).collect();
    let labels = rule.group_by.iter().cloned().zip(values.iter().flatten().cloned()).collect();
    Alert {
        rule: Arc::clone(&rule.name),
        severity: rule.severity,
        fingerprint: Fingerprint::of(&rule.name, &rule.group_by, &values),
        labels,
        pending_at: at,
        fired_at: Some(at),
        resolved_at: None,
        count,
        first_at,
        last_at: at,
        late: 0,
        clamped: 0,
        flapping: false,
        locked_until: rule.lock.map(|lock| at.plus(lock)),
        groups_left_out: 0,
        evidence: Arc::new(evidence(rule, entry, count, (first_at, at))),
    }
}

/// So many events the condition asks for.
fn events(condition: &Condition) -> u64 {
    let count = match condition {
        Condition::Count(threshold) | Condition::Distinct(_, threshold) => threshold.at_least,
        Condition::Consecutive(row) => row.more_than.saturating_add(1),
        Condition::Ratio(ratio) => ratio.floor.max(1),
        Condition::Spike(spike) => spike.floor.max(1),
        Condition::New(_) | Condition::Absent(_) | Condition::Sequence(_) => 1,
    };
    count.into()
}

/// A code that the rule is about.
fn entry<'c>(rule: &Rule, catalogue: &'c Catalogue) -> Option<&'c Entry> {
    let fits = |name: &LabelName, text: &str| {
        let asked = rule.matcher.labels.iter().filter(|(known, _)| known == name);
        let mut not = rule.matcher.not.iter().filter(|(known, _)| known == name);
        let any = |patterns: &[crate::engine::Pattern]| patterns.iter().any(|it| it.fits(text));
        asked.clone().all(|(_, patterns)| any(patterns)) && !not.any(|(_, patterns)| any(patterns))
    };
    let is_meant = |entry: &&Entry| {
        fits(&LabelName::Code, &entry.code)
            && fits(&LabelName::Module, entry.module.name())
            && (!has(rule, &LabelName::Cause)
                || entry.causes.iter().any(|cause| fits(&LabelName::Cause, &cause.id)))
    };
    catalogue.entries().find(is_meant)
}

fn has(rule: &Rule, name: &LabelName) -> bool {
    rule.matcher.labels.iter().any(|(known, _)| known == name)
}

/// The cause that the rule is about, if it is about one.
fn cause<'c>(rule: &Rule, entry: &'c Entry) -> Option<&'c crate::catalogue::Cause> {
    let asked = rule.matcher.labels.iter().find(|(name, _)| *name == LabelName::Cause);
    let (_, patterns) = asked?;
    entry.causes.iter().find(|cause| patterns.iter().any(|pattern| pattern.fits(&cause.id)))
}

/// A value for a label: one that the rule asks for, else one that looks like it.
fn value(rule: &Rule, name: &LabelName, entry: Option<&Entry>) -> Option<Arc<str>> {
    let exact = rule.matcher.labels.iter().find(|(known, _)| known == name);
    let exact = exact.and_then(|(_, patterns)| match patterns.first() {
        Some(crate::engine::Pattern::Exact(text)) => Some(&**text),
        _ => None,
    });
    let text = match name {
        LabelName::Code => entry.map_or("AIS.0104", |entry| &entry.code),
        LabelName::Module => entry.map_or("OCR", |entry| entry.module.name()),
        LabelName::Cause => {
            return entry.and_then(|it| cause(rule, it)).map(|it| Arc::clone(&it.id));
        }
        LabelName::Api => exact.unwrap_or("vat-invoice"),
        LabelName::Region => exact.unwrap_or("cn-north-4"),
        LabelName::Project => exact.unwrap_or("0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
        LabelName::AccessKey => exact.unwrap_or("LTAI****7F3Q"),
        LabelName::Credential => exact.unwrap_or("scan-prod"),
        LabelName::Host => exact.unwrap_or("ocr.cn-north-4.myhuaweicloud.com"),
        LabelName::Source => exact.unwrap_or("gateway"),
        LabelName::Service => exact.unwrap_or("scan"),
        LabelName::Custom(_) => exact.unwrap_or("example"),
    };
    Some(text.into())
}

fn evidence(
    rule: &Rule,
    entry: Option<&Entry>,
    count: u64,
    (first_at, last_at): (Instant, Instant),
) -> Evidence {
    let Some(entry) = entry else { return Evidence::default() };
    let cause = cause(rule, entry);
    let message = cause.map(|cause| &*cause.text).or(entry.message.as_deref());
    let message = message.unwrap_or(&entry.description);
    let sample = |at: Instant, number: u64| {
        let stamp = at.to_utc().format("%Y-%m-%dT%H:%M:%S%.3fZ");
        let text = format!(
            "{stamp} ERROR [worker-{}] gateway.ocr: recognition failed: ClientRequestException - \
             {{status_code:400,request_id:{:032x},error_code:{},error_msg:{message}}}",
            number % 7 + 1,
            0x1b6d_2f00_u64 + number,
            entry.code,
        );
        Sample {
            file: "/var/log/app/gateway.log".into(),
            line: 1_000 + number,
            at,
            offset_s: 0,
            text,
        }
    };
    let affected = |name: LabelName, text: &str| Affected { name, value: text.into(), last_at };
    Evidence {
        codes: vec![CodeCount {
            code: (*entry.code).into(),
            cause: cause.map(|cause| Arc::clone(&cause.id)),
            count,
            last_at,
            message: Some(message.into()),
        }],
        affected: vec![
            affected(LabelName::Api, "vat-invoice"),
            affected(LabelName::Api, "id-card"),
            affected(LabelName::Region, "cn-north-4"),
            affected(LabelName::Source, "gateway"),
        ],
        request_ids: (0..count.min(3))
            .map(|number| format!("{:032x}", 0x1b6d_2f00 + number))
            .collect(),
        samples: if count > 1 {
            vec![sample(first_at, 0), sample(last_at, 1)]
        } else {
            vec![sample(last_at, 0)]
        },
        ..Evidence::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{NotificationText, Texts, View};
    use crate::rules::RuleSet;

    #[test]
    fn every_shipped_rule_has_a_sample_that_says_what_to_do_and_that_it_is_one() {
        let catalogue = Arc::new(Catalogue::embedded());
        let rules = Arc::clone(RuleSet::embedded(&catalogue).rules());
        let texts = Texts {
            rules: Arc::clone(&rules),
            catalogue: Arc::clone(&catalogue),
            view: View::default(),
        };
        assert!(rules.len() > 20);
        for rule in rules.iter() {
            let at = Instant(1_795_428_900_000);
            let told = notification(rule, &catalogue, "ops", at);
            let text = NotificationText::of(&told, &texts);
            assert!(text.notes[0].contains("nothing has happened"), "{:?}", text.notes);
            let alert = &text.alerts[0].text;
            assert!(!alert.headline.contains("{{"), "{}: {}", rule.name, alert.headline);
            if rule.matcher.event == EventKind::Error {
                assert!(!alert.codes.is_empty(), "{}", rule.name);
            }
        }
    }
}
