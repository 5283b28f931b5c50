//! What an alert of Prometheus says: the rule's summary, and the documentation verbatim.
//!
//! Owns the texts and their order. Must never know YAML, nor shorten what is documented. Nothing
//! here fails.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::mirror::{Mirror, recorded};
use super::placed::{self, Places};
use super::promql::{duration, quoted, selector};
use crate::catalogue::{Catalogue, Cause, Entry};
use crate::engine::{LabelName, Pattern, Rule};
use crate::occurrence::Module;
use crate::surface::escape::{visible, visible_lines};
use crate::template;

/// So many codes are named in a line.
const CODES_IN_LINE_MAX: usize = 4;

/// So many codes' documentation stands in one alert's text.
const CODES_IN_TEXT_MAX: usize = 40;

/// Which codes a rule is about, with what the catalogue says of them.
pub(super) struct Documented<'c> {
    catalogue: &'c Catalogue,
    codes: Vec<(&'c Entry, Vec<&'c Cause>)>,
    is_unknown: bool,
}

/// What is said of codes of which the same is to be done.
struct Advice<'c> {
    codes: Vec<&'c str>,
    meanings: Vec<String>,
    solution: Vec<String>,
}

impl<'c> Documented<'c> {
    pub(super) fn of(rule: &Rule, catalogue: &'c Catalogue) -> Self {
        let matcher = &rule.matcher;
        let fits = |name: &LabelName, value: &str| {
            let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.fits(value));
            matcher.labels.iter().all(|(label, patterns)| label != name || any(patterns))
                && !matcher.not.iter().any(|(label, patterns)| label == name && any(patterns))
        };
        let is_of_causes = matcher.labels.iter().any(|(label, _)| *label == LabelName::Cause);
        let is_unknown = matcher.known == Some(false);
        let entries = catalogue.entries().filter(|entry| {
            fits(&LabelName::Code, &entry.code)
                && fits(&LabelName::Module, &entry.module.to_string())
        });
        let entries = entries.filter(|_| !is_unknown).map(|entry| {
            let causes = entry.causes.iter().filter(|_| is_of_causes);
            (entry, causes.filter(|cause| fits(&LabelName::Cause, &cause.id)).collect())
        });
        Self { catalogue, codes: entries.collect(), is_unknown }
    }

    /// The modules of its codes, in documented order.
    pub(super) fn modules(&self) -> Vec<String> {
        let is_here = |module: &Module| self.codes.iter().any(|(entry, _)| entry.module == *module);
        Module::ALL.into_iter().filter(is_here).map(|module| module.to_string()).collect()
    }

    /// Its codes, if they are few.
    pub(super) fn few_codes(&self) -> Option<Vec<&'c str>> {
        let codes: Vec<&str> = self.codes.iter().map(|(entry, _)| &*entry.code).collect();
        (!codes.is_empty() && codes.len() <= CODES_IN_LINE_MAX).then_some(codes)
    }

    /// In a line.
    fn codes_in_words(&self) -> String {
        match self.few_codes() {
            Some(codes) => codes.join(", "),
            None if self.is_unknown => "an unknown code".to_owned(),
            None => format!("one of {} codes", self.codes.len()),
        }
    }

    /// What is documented, as a template. Where the alert tells its code, of that one alone.
    pub(super) fn solution(&self, group: &[LabelName]) -> String {
        if self.is_unknown {
            return "the catalogue does not have this code, so no solution is known; the message \
                    in the log says more"
                .to_owned();
        }
        if group.contains(&LabelName::Code) {
            return self.choice();
        }
        if self.codes.len() > CODES_IN_TEXT_MAX {
            return format!("it may be any of {} codes", self.codes.len());
        }
        let texts: Vec<_> = self.advice().iter().map(Advice::template).collect();
        texts.join("\n\n")
    }

    fn choice(&self) -> String {
        let mut out = String::new();
        for advice in self.advice() {
            let codes: Vec<_> = advice.codes.iter().map(|code| quoted(code)).collect();
            let otherwise = if out.is_empty() { "" } else { "else " };
            let text = advice.template();
            let codes = codes.join(" ");
            // Writing to a String cannot fail.
            let _ = write!(out, "{{{{ {otherwise}if eq $labels.code {codes} }}}}{text}");
        }
        if !out.is_empty() {
            out.push_str("{{ end }}");
        }
        out
    }

    /// Codes of which the same is to be done stand together.
    fn advice(&self) -> Vec<Advice<'c>> {
        let mut found: Vec<Advice<'c>> = Vec::new();
        for (entry, causes) in &self.codes {
            let solution = self.paragraphs(entry, causes);
            let meanings = meanings(entry, causes);
            match found.iter_mut().find(|advice| advice.solution == solution) {
                Some(advice) => {
                    advice.codes.push(&entry.code);
                    advice.meanings.extend(meanings);
                }
                None => found.push(Advice { codes: vec![&entry.code], meanings, solution }),
            }
        }
        found
    }

    fn paragraphs(&self, entry: &Entry, causes: &[&Cause]) -> Vec<String> {
        let of_causes: Vec<_> = causes.iter().flat_map(|cause| &cause.solution).collect();
        let of_all = || entry.solution.iter().collect();
        let paragraphs = if of_causes.is_empty() { of_all() } else { of_causes };
        if paragraphs.is_empty() {
            let elsewhere = self.catalogue.elsewhere(entry.module);
            return vec![elsewhere.unwrap_or("no solution is documented").to_owned()];
        }
        let shown = paragraphs.into_iter().map(|paragraph| {
            let sign = if paragraph.bullet { "- " } else { "" };
            format!("{sign}{}", paragraph.text)
        });
        shown.collect()
    }

    /// Who says so.
    pub(super) fn sources(&self) -> String {
        let mut sources: Vec<String> = Vec::new();
        for (entry, _) in &self.codes {
            let source = entry.source.to_string();
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        placed::literal(&visible(&sources.join("; ")))
    }

    /// Where to read on.
    pub(super) fn runbook(&self) -> String {
        let codes = self.few_codes().map_or_else(|| "CODE".to_owned(), |codes| codes.join(" "));
        format!(
            "`ocrwatch explain {codes}` prints all that is documented; `ocrwatch report` of the \
             log shows each error"
        )
    }

    /// The rule's summary with the values that counters tell.
    pub(super) fn summary(&self, rule: &Rule, mirror: &Mirror) -> String {
        let mut places = Places::default();
        let count = places.put("printf \"%.0f\" $value");
        let mut values = self.values(rule, mirror, &mut places);
        values.insert("count".to_owned(), count.clone().into());
        let many = template::render(&rule.summary, &values);
        values.insert("count".to_owned(), 1.into());
        let one = template::render(&rule.summary, &values);
        let written = |text: &str| places.template(&visible(text));
        if many.replace(&count, "1") == one {
            return written(&many);
        }
        format!(
            "{{{{ if eq $value 1.0 }}}}{}{{{{ else }}}}{}{{{{ end }}}}",
            written(&one),
            written(&many)
        )
    }

    fn values(&self, rule: &Rule, mirror: &Mirror, places: &mut Places) -> Map<String, Value> {
        let mut values = Map::new();
        let mut put = |name: &str, value: String| {
            values.insert(name.to_owned(), value.into());
        };
        put("rule", rule.name.to_string());
        put("severity", rule.severity.to_string());
        put("window", duration(mirror.window));
        put("codes", self.codes_in_words());
        if let [(entry, _)] = self.codes.as_slice() {
            put("code", entry.code.to_string());
            put("description", entry.description.to_string());
            put("documented_message", entry.message.as_deref().unwrap_or_default().to_owned());
        }
        if let Some(lock) = rule.lock {
            put("locked_until", format!("{} after the last failure", duration(lock)));
        }
        for (name, patterns) in &rule.matcher.labels {
            if let [Pattern::Exact(value)] = patterns.as_slice() {
                put(name.as_str(), value.to_string());
            }
        }
        for name in &mirror.group {
            let sign = places.put(&action(name, &mirror.group));
            if *name == LabelName::Code {
                put("codes", sign.clone());
            }
            put(name.as_str(), sign);
        }
        values
    }
}

/// A label's value, which may be empty where a log does not tell it.
fn action(name: &LabelName, group: &[LabelName]) -> String {
    let instead = match name {
        LabelName::Service if group.contains(&LabelName::Source) => "$labels.source",
        LabelName::Service | LabelName::Cause => "\"unknown\"",
        name => return format!("$labels.{name}"),
    };
    format!("or $labels.{name} {instead}")
}

fn meanings(entry: &Entry, causes: &[&Cause]) -> Vec<String> {
    let message = entry.message.as_deref().unwrap_or(&entry.description);
    if causes.is_empty() {
        let mut words = vec![message, &entry.description];
        words.dedup();
        return vec![format!("{}: {}", entry.code, words.join(" "))];
    }
    let of_cause = |cause: &&Cause| {
        // As the service prints it.
        let message = format!("{}: {}", message.trim_end_matches('.'), cause.text);
        format!("{}: {message}. {}", entry.code, cause.description)
    };
    causes.iter().map(of_cause).collect()
}

impl Advice<'_> {
    fn template(&self) -> String {
        let lines = self.meanings.iter().chain(&self.solution);
        let lines: Vec<_> = lines.map(|line| visible_lines(line)).collect();
        placed::literal(&lines.join("\n"))
    }
}

/// Which code was counted where: a question that Prometheus asks itself when it tells the alert.
pub(super) fn counted(mirror: &Mirror) -> String {
    // What the group tells exactly needs no pattern besides.
    let is_narrowed = |matcher: &&String| {
        let tells = |name: &LabelName| {
            let rest = matcher.strip_prefix(name.as_str());
            rest.is_some_and(|rest| rest.starts_with(['=', '!']))
        };
        mirror.group.iter().any(tells)
    };
    let matchers = mirror.matchers.iter().filter(|matcher| !is_narrowed(matcher));
    let mut matchers: Vec<_> = matchers.map(|text| text.replace('%', "%%")).collect();
    matchers.extend(mirror.group.iter().map(|name| format!("{name}=%q")));
    let labels: Vec<_> = mirror.group.iter().map(|name| format!(" $labels.{name}")).collect();
    let labels = labels.concat();
    let errors = selector(&recorded(mirror.window), &matchers);
    let question = quoted(&format!("sum by (code, instance, source) ({errors})"));
    format!(
        "{{{{ range $i, $it := printf {question}{labels} | query | sortByLabel \"instance\" }}}}\
         {{{{ if $i }}}}, {{{{ end }}}}{{{{ $it.Value }}}} {{{{ $it.Labels.code }}}} at \
         {{{{ $it.Labels.instance }}}} in {{{{ $it.Labels.source }}}}\
         {{{{ else }}}}none in the last {}{{{{ end }}}}",
        duration(mirror.window)
    )
}
