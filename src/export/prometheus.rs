//! The file of rules for Prometheus.
//!
//! Owns its groups and their order, and that no rule is left out without a word. Must never know
//! how PromQL counts or YAML quotes. Nothing here fails.

use std::fmt::Write as _;

use super::health::{self, Health, JOB};
use super::mirror::{Mirror, mirror, recorded, whose};
use super::placed;
use super::promql::{ERRORS, HOW, duration, risen};
use super::words::{Documented, counted};
use super::yaml::Yaml;
use crate::catalogue::Catalogue;
use crate::engine::{LabelName, Rule, Span};
use crate::rules::RuleSet;
use crate::surface::escape::{visible, visible_lines};

const HEAD: &str = "\
Prometheus rules for ocrwatch, written by `ocrwatch export prometheus-rules`: the alert rules, \
as far as counters can say them, with the documented solutions; and alerts about ocrwatch itself.

They need Prometheus 2.42 or later, and targets whose `job` is `ocrwatch`. Write them anew when \
rules or catalogue change; what is changed here by hand is lost then.

Alerts count over all targets: a lock of an AK/SK lies on the key, whichever machine fails. They \
count errors when they are read, not when they happened: a log of yesterday that is read now \
counts now.";

const ALERTS: &str = "\
The alert rules. First what each counter rose by in their windows; where no credential is told, \
the source stands in for it.";

const UNSAID: &str = "\
Rules that cannot be said of counters. Their alerts follow what each ocrwatch says itself, by its \
own log and on its own machine:";

const MINUTE: Span = Span(60_000);
const QUARTER: Span = Span(15 * 60_000);

/// The groups stand in a list, its items in another one.
const IN_GROUP: usize = 4;
const RULE: usize = 6;
const IN_RULE: usize = 8;

/// The whole file.
pub(super) fn write(rules: &RuleSet, catalogue: &Catalogue) -> String {
    let mut file = File { yaml: Yaml::new(), catalogue };
    file.yaml.comment(0, HEAD);
    file.yaml.line(0, "groups:");
    file.rates();
    file.alerts(rules);
    file.health();
    file.yaml.finish()
}

struct File<'c> {
    yaml: Yaml,
    catalogue: &'c Catalogue,
}

impl File<'_> {
    fn group(&mut self, name: &str, interval: Option<&str>, about: &str) {
        self.yaml.blank();
        self.yaml.comment(2, about);
        self.yaml.line(2, &format!("- name: {name}"));
        if let Some(interval) = interval {
            self.yaml.line(IN_GROUP, &format!("interval: {interval}"));
        }
        self.yaml.line(IN_GROUP, "rules:");
    }

    fn record(&mut self, name: &str, expr: &str) {
        self.yaml.line(RULE, &format!("- record: {name}"));
        self.yaml.block(IN_RULE, "expr", expr);
    }

    /// For dashboards.
    fn rates(&mut self) {
        let about = "Errors of each minute, and errors per second over five of them, for \
                     dashboards. `rate()` would not see the first errors of a counter.";
        self.group("ocrwatch-rates", Some("1m"), about);
        let minute = "code:ocrwatch_errors:increase1m";
        self.record(minute, &format!("sum without (credential) (\n{}\n)", inner(ERRORS, MINUTE)));
        let codes = "code:ocrwatch_errors:rate5m";
        let five = inner(ERRORS, Span(5 * MINUTE.0));
        let by = "source, service, module, code, cause";
        self.record(codes, &format!("sum by ({by}) (\n{five}\n) / 300"));
        for (name, by) in [("module", "module"), ("source", "source, service")] {
            let name = format!("{name}:ocrwatch_errors:rate5m");
            self.record(&name, &format!("sum by ({by}) ({codes})"));
        }
    }

    fn alerts(&mut self, rules: &RuleSet) {
        let about = format!("{ALERTS}\n\n{HOW}");
        self.group("ocrwatch-alerts", None, &about);
        let mut said: Vec<(&Rule, Mirror)> = Vec::new();
        let mut unsaid: Vec<(&Rule, String)> = Vec::new();
        for rule in rules.rules().iter() {
            match mirror(rule, self.catalogue) {
                Ok(mirror) => said.push((rule, mirror)),
                Err(why) => unsaid.push((rule, why)),
            }
        }
        let mut windows: Vec<Span> = said.iter().map(|(_, mirror)| mirror.window).collect();
        windows.sort_unstable();
        windows.dedup();
        for window in windows {
            self.record(&recorded(window), &whose(&inner(ERRORS, window)));
        }
        for (rule, mirror) in &said {
            self.alert(rule, mirror);
        }
        self.unsaid(&unsaid);
        if !rules.disabled().is_empty() {
            self.yaml.blank();
            let disabled = rules.disabled().join(", ");
            self.yaml.comment(RULE, &format!("Rules that are not enabled: {disabled}"));
        }
    }

    fn alert(&mut self, rule: &Rule, mirror: &Mirror) {
        let documented = Documented::of(rule, self.catalogue);
        self.yaml.blank();
        for difference in &mirror.differences {
            self.yaml.comment(RULE, &format!("{}: {difference}", rule.name));
        }
        self.yaml.line(RULE, &format!("- alert: {}", rule.name));
        self.yaml.block(IN_RULE, "expr", &mirror.expr);
        for (key, span) in [("for", rule.hold), ("keep_firing_for", rule.keep_firing_for)] {
            if span > Span::ZERO {
                self.yaml.line(IN_RULE, &format!("{key}: {}", duration(span)));
            }
        }
        self.yaml.line(IN_RULE, "labels:");
        self.labels(rule, &documented);
        self.yaml.line(IN_RULE, "annotations:");
        self.text("summary", &documented.summary(rule, mirror));
        self.text("description", &documented.solution(&mirror.group));
        self.text("source", &documented.sources());
        self.text("counted", &counted(mirror));
        self.rest(rule, &documented);
    }

    /// A label that the group has is not said again.
    fn labels(&mut self, rule: &Rule, documented: &Documented<'_>) {
        self.text("severity", rule.severity.name());
        if !rule.group_by.contains(&LabelName::Module) {
            self.text("module", &documented.modules().join(","));
        }
        if !rule.group_by.contains(&LabelName::Code) {
            self.text("code", &documented.few_codes().unwrap_or_default().join(","));
        }
    }

    /// What the operator wrote, and where to read on.
    fn rest(&mut self, rule: &Rule, documented: &Documented<'_>) {
        let why = rule.why.as_deref().unwrap_or_default();
        self.text("why", &placed::literal(&visible(why)));
        // A note with values is a template of another language.
        let note = rule.note.as_deref().filter(|note| !note.contains("{{") && !note.contains("{%"));
        let note = visible_lines(note.unwrap_or_default());
        self.text("note", &placed::literal(&note));
        self.text("runbook", &documented.runbook());
        let link = rule.links.first().map(|link| placed::literal(&visible(link)));
        self.text("runbook_url", &link.unwrap_or_default());
    }

    /// A label or an annotation; nothing if there is none.
    fn text(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.yaml.text(IN_RULE + 2, key, value);
        }
    }

    fn unsaid(&mut self, rules: &[(&Rule, String)]) {
        if rules.is_empty() {
            return;
        }
        self.yaml.blank();
        let mut words = UNSAID.to_owned();
        for (rule, why) in rules {
            // Writing to a String cannot fail.
            let _ = write!(words, "\n{}: {why}", rule.name);
        }
        self.yaml.comment(RULE, &words);
        for (rule, _) in rules {
            self.yaml.blank();
            self.own_alert(rule);
        }
    }

    /// What each ocrwatch says of a rule itself.
    fn own_alert(&mut self, rule: &Rule) {
        let name = &rule.name;
        self.yaml.line(RULE, &format!("- alert: {name}"));
        let firing = format!("ocrwatch_alerts{{rule=\"{name}\", state=\"firing\"}}");
        self.yaml.block(IN_RULE, "expr", &format!("sum by (instance) ({firing}) > 0"));
        self.yaml.line(IN_RULE, "labels:");
        let documented = Documented::of(rule, self.catalogue);
        self.labels(rule, &documented);
        self.yaml.line(IN_RULE, "annotations:");
        let alerts = "{{ $value }} {{ if eq $value 1.0 }}alert{{ else }}alerts{{ end }}";
        let summary = format!("{name}: {alerts} of ocrwatch at {{{{ $labels.instance }}}}");
        self.text("summary", &summary);
        self.text("description", &documented.solution(&[]));
        self.text("source", &documented.sources());
        self.rest(rule, &documented);
    }

    fn health(&mut self) {
        let about = "ocrwatch itself. Who watches has to be watched by somebody else.";
        self.group("ocrwatch-health", None, about);
        for (name, counter) in health::FEARED {
            self.record(name, &risen(counter, QUARTER));
        }
        for alert in &health::ALERTS {
            self.yaml.blank();
            self.health_alert(alert);
        }
    }

    fn health_alert(&mut self, alert: &Health) {
        self.yaml.line(RULE, &format!("- alert: {}", alert.name));
        self.yaml.block(IN_RULE, "expr", &alert.expr.replace("JOB", JOB));
        if let Some(hold) = alert.hold {
            self.yaml.line(IN_RULE, &format!("for: {hold}"));
        }
        self.yaml.line(IN_RULE, "labels:");
        self.text("severity", alert.severity);
        self.yaml.line(IN_RULE, "annotations:");
        self.text("summary", alert.summary);
        self.text("description", alert.description);
    }
}

/// What rose, set in.
fn inner(counter: &str, window: Span) -> String {
    let risen = risen(counter, window);
    risen.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
