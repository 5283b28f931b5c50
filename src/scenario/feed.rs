//! What a scenario feeds in: log text, errors, calls that succeeded, signs of life.
//!
//! Owns the keys of these tables and how often and when each comes. Must never read text of a log.
//! What is wrong is a problem of the file and reads as absent.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use super::moment::Clock;
use super::problem;
use crate::catalogue::{Catalogue, Details};
use crate::engine::{Instant, LabelName, Source, Span};
use crate::extract::redact::mask_access_key;
use crate::occurrence::{Module, Occurrence, Place, Success};
use crate::toml_file::{Keys, Problems, boxed, did_you_mean, listed};

/// How often one table can come, and all tables of a scenario together.
const TIMES_MAX: i64 = 10_000;
pub(super) const EVENTS_MAX: u64 = 100_000;

/// Something that comes once or again and again.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    pub(super) source: Arc<Source>,
    /// When it comes first, and each time so much later.
    at: Instant,
    every: Span,
    pub(super) times: u32,
    /// How much later it is read than written.
    read_after: Span,
    pub(super) what: Fed,
}

/// What comes.
#[derive(Debug, Clone)]
pub(super) enum Fed {
    /// Text of a log.
    Log(Arc<str>),
    /// An error, without its time.
    Error(Box<Occurrence>),
    /// A call that succeeded, without its time.
    Success(Box<Success>),
    /// The source had a line.
    Line,
}

impl Feed {
    /// When it comes for the so manieth time, counted from 0, and when that is read.
    pub(super) fn time(&self, number: u32) -> (Instant, Instant) {
        let at = self.at.plus(self.every.times(number.into()));
        (at, at.plus(self.read_after))
    }
}

const COMMON_KEYS: [&str; 5] = ["at", "every", "times", "read_after", "source"];
const LOG_KEYS: &[&str] = &["at", "every", "times", "read_after", "source", "text"];
const LABEL_KEYS: [&str; 5] = ["api", "region", "project", "host", "access_key"];

/// Reads the tables of a scenario.
pub(super) struct Reader<'r> {
    pub(super) clock: Clock,
    pub(super) catalogue: &'r Catalogue,
    pub(super) sources: &'r Sources,
}

impl Reader<'_> {
    /// Everything that the scenario feeds in.
    pub(super) fn read(&self, keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Vec<Feed> {
        let mut feeds = Vec::new();
        let items = |key, header, problems: &mut Problems<'_>| {
            keys.tables(key, header, problems).unwrap_or_default()
        };
        for item in items("log", "[[scenario.log]]", problems) {
            let keys = Keys::of_value(item, "[[scenario.log]]", LOG_KEYS, problems);
            feeds.extend(keys.and_then(|keys| self.log(&keys, problems)));
        }
        let known = [&COMMON_KEYS[..], &LABEL_KEYS, &["code", "cause", "message", "request_id"]];
        let known = known.concat();
        for item in items("occurrence", "[[scenario.occurrence]]", problems) {
            let keys = Keys::of_value(item, "[[scenario.occurrence]]", &known, problems);
            feeds.extend(keys.and_then(|keys| self.occurrence(&keys, problems)));
        }
        let known = [&COMMON_KEYS[..], &LABEL_KEYS].concat();
        for item in items("success", "[[scenario.success]]", problems) {
            let keys = Keys::of_value(item, "[[scenario.success]]", &known, problems);
            feeds.extend(keys.and_then(|keys| self.success(&keys, problems)));
        }
        for item in items("line", "[[scenario.line]]", problems) {
            let keys = Keys::of_value(item, "[[scenario.line]]", &COMMON_KEYS, problems);
            feeds.extend(keys.and_then(|keys| self.feed(&keys, problems, |_| Fed::Line)));
        }
        feeds
    }

    fn log(&self, keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Feed> {
        if !keys.has("text") {
            keys.missing("text", "write what the log says, with `{time}` for its time", problems);
        }
        let text = keys.any_text("text", problems);
        let feed = self.feed(keys, problems, |_| Fed::Line);
        Some(Feed { what: Fed::Log((*text?.get_ref()).into()), ..feed? })
    }

    fn occurrence(&self, keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Feed> {
        let code = keys.required_text("code", "such as `code = \"APIG.0301\"`", problems);
        let module = code.as_ref().and_then(|code| module(code, problems));
        let message = keys.text("message", problems);
        let cause = keys.text("cause", problems);
        let request_id = keys.text("request_id", problems);
        let labels = Labels::read(keys, problems);
        if let (Some(code), Some(cause)) = (&code, &cause) {
            self.check_cause(code, cause, problems);
        }
        let code = code.map(|code| boxed(&code));
        let feed = self.feed(keys, problems, |_| Fed::Line);
        let (code, module) = (code?, module?);
        // What the extraction tells of a message, it tells here, too.
        let details = message.as_ref().map(|text| self.catalogue.details(&code, text.get_ref()));
        let Details { cause: known, api, limit, period } = details.unwrap_or_default();
        let feed = feed?;
        let occurrence = Occurrence {
            cause: cause.map_or_else(
                || known.map(|cause| Arc::clone(&cause.id)),
                |cause| Some(cause.into_inner().into()),
            ),
            message: message.as_ref().map(boxed),
            request_id: request_id.as_ref().map(boxed),
            api: labels.api.or_else(|| api.map(Into::into)),
            region: labels.region,
            project: labels.project,
            host: labels.host,
            access_key: labels.access_key,
            limit,
            period: period.map(Into::into),
            ..Occurrence::new(place(&feed.source), None, module, code)
        };
        Some(Feed { what: Fed::Error(Box::new(occurrence)), ..feed })
    }

    fn check_cause(
        &self,
        code: &Spanned<String>,
        cause: &Spanned<String>,
        problems: &mut Problems<'_>,
    ) {
        let entry = self.catalogue.entry(code.get_ref());
        let known: Vec<&str> =
            entry.iter().flat_map(|entry| &entry.causes).map(|cause| &*cause.id).collect();
        let typed = cause.get_ref().as_str();
        if !known.contains(&typed) {
            let message = format!("{} has no cause `{typed}`", code.get_ref());
            let hint = if known.is_empty() {
                "leave `cause` out: this code has none".to_owned()
            } else {
                did_you_mean(typed, known.iter().copied())
                    .unwrap_or_else(|| format!("its causes are {}", listed(&known)))
            };
            problems.add(problem::UNKNOWN_CAUSE, cause.span(), message, hint);
        }
    }

    fn success(&self, keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Feed> {
        let labels = Labels::read(keys, problems);
        self.feed(keys, problems, |source| {
            Fed::Success(Box::new(Success {
                place: place(source),
                at: None,
                http_status: 200,
                api: labels.api,
                region: labels.region,
                project: labels.project,
                host: labels.host,
                access_key: labels.access_key,
            }))
        })
    }

    /// What every table has: when, how often, of which source.
    fn feed(
        &self,
        keys: &Keys<'_, '_>,
        problems: &mut Problems<'_>,
        what: impl FnOnce(&Source) -> Fed,
    ) -> Option<Feed> {
        let at = self.clock.at("at", keys, problems);
        let every = keys.length("every", problems).map(|every| Span(every.into_inner()));
        let hint = "how often it comes, the first time included";
        let times = keys.number_in("times", 1..=TIMES_MAX, hint, problems);
        let times = times.and_then(|times| u32::try_from(times.into_inner()).ok());
        match (keys.has("every"), keys.has("times")) {
            (true, false) => {
                keys.missing("times", "say how often it comes, such as `times = 6`", problems);
            }
            (false, true) if times != Some(1) => {
                keys.missing("every", "say how far apart, such as `every = \"10s\"`", problems);
            }
            _ => {}
        }
        let read_after = keys.length("read_after", problems).map(|late| Span(late.into_inner()));
        let source = keys.text("source", problems).map(Spanned::into_inner);
        let source = self.sources.named(source.as_deref());
        Some(Feed {
            at: at?,
            every: every.unwrap_or_default(),
            times: times.unwrap_or(1),
            read_after: read_after.unwrap_or_default(),
            what: what(&source),
            source,
        })
    }
}

fn place(source: &Source) -> Place {
    Place { file: Arc::clone(&source.name), line: 1, offset: 0 }
}

fn module(code: &Spanned<String>, problems: &mut Problems<'_>) -> Option<Module> {
    let module = Module::of_code(code.get_ref());
    if module.is_none() {
        let message = format!("`{}` is a code of no known module", code.get_ref());
        let hint = "codes begin with `AIS.`, `ModelArts.`, `APIG.` or `APIGW.`".to_owned();
        problems.add(problem::UNKNOWN_CODE, code.span(), message, hint);
    }
    module
}

/// The labels that errors and successes have.
struct Labels {
    api: Option<Box<str>>,
    region: Option<Box<str>>,
    project: Option<Box<str>>,
    host: Option<Box<str>>,
    access_key: Option<Box<str>>,
}

impl Labels {
    fn read(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Self {
        let mut text = |key| keys.text(key, problems).map(|text| boxed(&text));
        Self {
            api: text("api"),
            region: text("region"),
            project: text("project"),
            host: text("host"),
            // As it leaves the extraction, whichever way it is written here.
            access_key: text("access_key").map(|key| mask_access_key(&key).into()),
        }
    }
}

/// The sources of a scenario.
pub(super) struct Sources {
    usual: Box<str>,
    described: BTreeMap<String, Arc<Source>>,
}

impl Sources {
    /// From the keys `source` and `sources`.
    pub(super) fn read(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Self {
        let usual = keys.text("source", problems).map(|text| boxed(&text));
        let table = match keys.value("sources").map(Spanned::get_ref) {
            Some(DeValue::Table(table)) => Some(table),
            // Says what is wrong with it.
            Some(_) => keys.table("sources", "[scenario.sources]", &[], problems).and(None),
            None => None,
        };
        let mut described = BTreeMap::new();
        for (name, value) in table.into_iter().flatten() {
            let known = ["service", "credential", "labels"];
            let Some(keys) = Keys::of_value(value, "a source", &known, problems) else { continue };
            let labels = keys.value("labels").map(|value| labels(value, problems));
            let labels = labels.unwrap_or_default().into_iter();
            let mut text = |key| keys.text(key, problems).map(|text| text.into_inner().into());
            let source = Source {
                name: name.get_ref().as_ref().into(),
                service: text("service"),
                credential: text("credential"),
                labels: labels.map(|(name, value)| (name.as_str().into(), value.into())).collect(),
            };
            described.insert(source.name.to_string(), Arc::new(source));
        }
        Self { usual: usual.unwrap_or_else(|| "app.log".into()), described }
    }

    fn named(&self, name: Option<&str>) -> Arc<Source> {
        let name = name.unwrap_or(&self.usual);
        let described = self.described.get(name).map(Arc::clone);
        described.unwrap_or_else(|| Arc::new(Source::named(name)))
    }
}

/// A table of labels with their values.
pub(super) fn labels(
    value: &Spanned<DeValue<'_>>,
    problems: &mut Problems<'_>,
) -> Vec<(LabelName, String)> {
    let DeValue::Table(table) = value.get_ref() else {
        // Says what is wrong with it.
        Keys::of_value(value, "labels", &[], problems);
        return Vec::new();
    };
    let names: Vec<&str> = table.keys().map(|name| name.get_ref().as_ref()).collect();
    let keys = Keys::of_table(table, value.span(), "labels", &names, problems);
    let mut labels = Vec::new();
    for name in table.keys() {
        let text = keys.text(name.get_ref(), problems);
        match name.get_ref().parse::<LabelName>() {
            Ok(label) => labels.extend(text.map(|text| (label, text.into_inner()))),
            Err(message) => {
                let hint = "a name has lower-case letters, digits and `_`".to_owned();
                problems.add(problem::BAD_LABEL, name.span(), message, hint);
            }
        }
    }
    labels
}
