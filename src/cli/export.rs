//! `ocrwatch export`: files for programs that watch ocrwatch's metrics.
//!
//! Owns its options and where a file is written. Must never know what stands in it. Fails when the
//! rules are wrong, and when it cannot be written.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::catalogue::CatalogueArgs;
use super::config;
use super::exit_code::ExitCode;
use super::failure::{Failure, plain, written};
use super::rules::RulesArgs;
use crate::config::Config;
use crate::export;

const EXAMPLES: &str = "\
Examples:
  ocrwatch export prometheus-rules --output /etc/prometheus/rules/ocrwatch.rules.yml
  ocrwatch export prometheus-rules --config /etc/ocrwatch/ocrwatch.toml > ocrwatch.rules.yml
  ocrwatch export grafana --output /var/lib/grafana/dashboards/ocrwatch.json";

/// Options of `export`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ExportArgs {
    /// What to write
    #[arg(value_enum, value_name = "WHAT")]
    what: What,

    /// Write to this file instead of standard output; what is there is replaced
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// The configuration, with its rules and catalogue files; without it the shipped ones
    #[arg(long, short, value_name = "FILE", conflicts_with_all = ["rules", "catalogues"])]
    config: Option<PathBuf>,

    #[command(flatten)]
    rules: RulesArgs,

    #[command(flatten)]
    catalogue: CatalogueArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// Recording and alert rules for Prometheus, made of the alert rules and the documentation
    PrometheusRules,
    /// A dashboard for Grafana
    Grafana,
}

impl ExportArgs {
    /// Writes it.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let config = if let Some(path) = &self.config {
            config::load(path)?
        } else {
            let catalogue = Arc::new(self.catalogue.load()?);
            Config::usual(self.rules.load(&catalogue)?, catalogue)
        };
        let (rules, catalogue) = (&config.alerting.rules, &*config.catalogue);
        let text = match self.what {
            What::PrometheusRules => export::prometheus_rules(rules, catalogue),
            What::Grafana => export::grafana_dashboard(rules, catalogue),
        };
        match &self.output {
            Some(path) => write(path, &text)?,
            None => written(io::stdout().write_all(text.as_bytes()))?,
        }
        Ok(ExitCode::Done)
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| {
        let problem = format!("cannot write `{}`: {}", path.display(), plain(&error));
        Failure::new(ExitCode::Io, vec![problem])
    })
}
