//! Files for programs that watch ocrwatch's metrics: rules for Prometheus, a dashboard for Grafana.
//!
//! Owns what they say, made of the rules and the catalogue. Must never know files, clocks or the
//! daemon: the names of the metrics are all that it shares with it. Nothing here fails, and the
//! same rules give the same text, byte for byte.

mod grafana;
mod health;
mod mirror;
mod placed;
mod prometheus;
mod promql;
mod words;
mod yaml;

#[cfg(test)]
mod tests;

use crate::catalogue::Catalogue;
use crate::rules::RuleSet;

/// A file of rules for Prometheus: rates, the alert rules, and alerts about ocrwatch itself.
pub fn prometheus_rules(rules: &RuleSet, catalogue: &Catalogue) -> String {
    prometheus::write(rules, catalogue)
}

/// A dashboard for Grafana: what fires, the errors with their documented meaning, and how ocrwatch
/// itself is.
pub fn grafana_dashboard(rules: &RuleSet, catalogue: &Catalogue) -> String {
    grafana::write(rules, catalogue)
}
