//! `ocrwatch preview`: what a rule's alert looks like when it is told.
//!
//! Owns its options. Must never send anything. Fails when there is no such rule, receiver or form.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::catalogue::CatalogueArgs;
use super::config;
use super::exit_code::ExitCode;
use super::failure::{Failure, with_hint, written};
use super::rules::RulesArgs;
use super::terminal::StyleArgs;
use crate::catalogue::Catalogue;
use crate::clock;
use crate::config::{Config, Receiver};
use crate::deliver::{Parcel, preview, sample};
use crate::engine::{Instant, Rule};
use crate::render::{Texts, View};
use crate::toml_file::did_you_mean;

/// Options of `preview`.
#[derive(Debug, Args)]
pub(super) struct PreviewArgs {
    /// The rule whose alert is shown
    #[arg(value_name = "RULE")]
    rule: String,

    /// The configuration, with its rules and receivers [default without --rules and --catalogue,
    /// for root and the service's user: /etc/ocrwatch/ocrwatch.toml, if it is there; else the
    /// shipped rules]
    #[arg(long, short, value_name = "FILE", conflicts_with_all = ["rules", "catalogues"])]
    config: Option<PathBuf>,

    /// As this receiver of the configuration would get it
    #[arg(long, value_name = "NAME", conflicts_with = "format")]
    receiver: Option<String>,

    /// What to write: `text` or `json`
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: String,

    #[command(flatten)]
    rules: RulesArgs,

    #[command(flatten)]
    style: StyleArgs,

    #[command(flatten)]
    catalogue: CatalogueArgs,
}

impl PreviewArgs {
    /// Writes it to standard output.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let is_free = self.rules.is_none() && self.catalogue.len() == 0;
        let found = config::named_or_of_service(self.config.as_deref(), is_free)?;
        let config = if let Some((_, config)) = found {
            config
        } else {
            let catalogue = Arc::new(self.catalogue.load()?);
            Config::usual(self.rules.load(&catalogue)?, catalogue)
        };
        let rule = rule_named(&self.rule, &config)?;
        let receiver = match &self.receiver {
            Some(name) => Some(receiver_named(name, &config)?),
            None => None,
        };
        let (parcel, texts) = made_up(rule, receiver, &config);
        let style = self.style.style();
        let shown = match receiver {
            Some(receiver) => preview::preview(receiver, &parcel, &texts, style, clock::now())
                .ok_or_else(|| {
                    let what = format!("receiver `{}` cannot show what it sends", receiver.name);
                    Failure::usage(&what, "`ocrwatch send-test` sends it a notification")
                })?,
            None => preview::in_form(&self.format, &parcel, &texts, style).ok_or_else(|| {
                let known: Vec<_> = preview::forms().map(|name| format!("`{name}`")).collect();
                let what = format!("`{}` is no form of a notification", self.format);
                Failure::usage(&what, &format!("write one of {}", known.join(", ")))
            })?,
        };
        written(io::stdout().write_all(&shown))?;
        Ok(ExitCode::Done)
    }
}

/// A rule of the configuration.
pub(super) fn rule_named<'c>(name: &str, config: &'c Config) -> Result<&'c Rule, Failure> {
    let rules = config.alerting.rules.rules();
    rules.iter().find(|rule| *rule.name == *name).ok_or_else(|| {
        let known = rules.iter().map(|rule| &*rule.name);
        let hint = did_you_mean(name, known);
        let hint = hint.unwrap_or_else(|| "docs/rules.md lists the shipped ones".to_owned());
        Failure::usage(&format!("there is no rule `{name}`"), &hint)
    })
}

/// A receiver of the configuration.
pub(super) fn receiver_named<'c>(name: &str, config: &'c Config) -> Result<&'c Receiver, Failure> {
    config.receivers.iter().find(|receiver| *receiver.name == *name).ok_or_else(|| {
        let known: Vec<_> = config.receivers.iter().map(|receiver| &*receiver.name).collect();
        let hint = did_you_mean(name, known.iter().copied()).unwrap_or_else(|| match known.len() {
            0 => "write a [[receiver]] into the configuration".to_owned(),
            _ => format!("the configuration has {}", known.join(", ")),
        });
        let what = format!("there is no receiver `{name}`");
        Failure::new(ExitCode::Usage, vec![with_hint(&what, &hint)])
    })
}

/// A notification of something that has not happened, to the first of the receiver's recipients,
/// and what its texts are made with.
pub(super) fn made_up(
    rule: &Rule,
    receiver: Option<&Receiver>,
    config: &Config,
) -> (Parcel, Texts) {
    let now = clock::now();
    let catalogue: &Catalogue = &config.catalogue;
    let name = receiver.map_or("default", |receiver| &receiver.name);
    let told = Arc::new(sample::notification(rule, catalogue, name, Instant::from(now)));
    let parcel = Parcel {
        notification: told,
        recipient: receiver.and_then(|it| it.recipients().into_iter().next()).unwrap_or_default(),
        created: now,
        attempts: 0,
        not_before: now,
    };
    let zone = receiver.and_then(|receiver| receiver.zone).or(config.zone);
    let language = receiver.map(|receiver| receiver.language).unwrap_or_default();
    let view = View { zone, language };
    let rules = Arc::clone(config.alerting.rules.rules());
    (parcel, Texts { rules, catalogue: Arc::clone(&config.catalogue), view })
}
