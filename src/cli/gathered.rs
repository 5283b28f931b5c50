//! `report --from`: what runs have kept or published, instead of logs.
//!
//! Owns which places there are and how what lies in them becomes occurrences. Must never change a
//! place. Fails when one cannot be read; what was read of others is not shown then, as it would
//! pass for all.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::config;
use super::exit_code::ExitCode;
use super::failure::Failure;
use super::filter::{Filter, LeftOut};
use super::reading::Sink;
use super::state;
use crate::config::{Fleet, Role};
use crate::fleet::Intake;
use crate::follow::Found;
use crate::occurrence::{Module, Occurrence, Place};
use crate::report::InputFacts;
use crate::store::{HistoryFilter, HistoryRow, Look};

/// What was found is published so much later at most that it is looked for by when.
const PUBLISHED_WITHIN: TimeDelta = TimeDelta::minutes(15);

/// So many minutes of counts are read at once.
const ROWS_AT_ONCE: usize = 100_000;

/// Where something lies.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Gathering {
    /// The state directory of a run, and how it was written.
    State(String, PathBuf),
    /// The stream of a fleet.
    Stream(String, Box<Fleet>),
}

impl Gathering {
    /// What an argument names: a broker's address, a configuration, a state.
    fn of(text: &str) -> Result<Self, Failure> {
        if text.starts_with("nats://") || text.starts_with("tls://") {
            // The stream's name may stand behind the host.
            let host = text.find("://").map_or(0, |at| at + 3);
            let slash = text.get(host..).and_then(|rest| rest.find('/')).map(|at| host + at);
            let (server, stream) = text.split_at(slash.unwrap_or(text.len()));
            let mut fleet = Fleet::of(vec![server.to_owned()], Role::Agent);
            let stream = stream.trim_matches('/');
            if !stream.is_empty() {
                stream.clone_into(&mut fleet.stream);
            }
            return Ok(Self::Stream(text.to_owned(), Box::new(fleet)));
        }
        let path = Path::new(text);
        if path.extension().is_some_and(|extension| extension == "toml") {
            let config = config::load(path)?;
            return Ok(match config.fleet {
                Some(fleet) => Self::Stream(text.to_owned(), Box::new(fleet)),
                None => Self::State(text.to_owned(), state::directory(None, &config.state)?),
            });
        }
        let is_file = path.file_name().is_some_and(|name| name == "state.db");
        let directory = if is_file { path.parent().unwrap_or(path) } else { path };
        let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        Ok(Self::State(text.to_owned(), directory.to_path_buf()))
    }

    /// What several arguments name.
    pub(super) fn of_all(texts: &[String]) -> Result<Vec<Self>, Failure> {
        texts.iter().map(|text| Self::of(text)).collect()
    }

    /// Hands over what lies in all of them. `Ok(Err(…))` is the output's failure.
    pub(super) fn read_all(
        all: &[Self],
        filter: &Filter,
        sink: &mut impl Sink,
    ) -> Result<io::Result<()>, Failure> {
        all.iter().try_fold(Ok(()), |before, place| Ok(before.and(place.read(filter, sink)?)))
    }

    fn read(&self, filter: &Filter, sink: &mut impl Sink) -> Result<io::Result<()>, Failure> {
        let mut passage = Passage { filter, sink, inputs: BTreeMap::new(), failed: None };
        let read = match self {
            Self::State(name, directory) => passage.state(name, directory),
            Self::Stream(_, fleet) => passage.stream(fleet),
        };
        let text = match self {
            Self::State(text, _) | Self::Stream(text, _) => text,
        };
        read.map_err(|why| Failure::new(ExitCode::Io, vec![format!("{text}: {why}")]))?;
        let Passage { inputs, failed, .. } = passage;
        for facts in inputs.into_values() {
            sink.input_read(facts);
        }
        Ok(failed.map_or(Ok(()), Err))
    }
}

struct Passage<'p, S> {
    filter: &'p Filter,
    sink: &'p mut S,
    inputs: BTreeMap<Arc<str>, InputFacts>,
    failed: Option<io::Error>,
}

impl<S: Sink> Passage<'_, S> {
    fn pass(&mut self, occurrence: &Occurrence) {
        let facts = self.inputs.entry(Arc::clone(&occurrence.place.file)).or_insert_with(|| {
            InputFacts { name: Arc::clone(&occurrence.place.file), ..InputFacts::default() }
        });
        let first = facts.first_at.into_iter().chain(occurrence.at).min();
        let last = facts.last_at.into_iter().chain(occurrence.at).max();
        (facts.first_at, facts.last_at) = (first, last);
        match self.filter.decide(occurrence) {
            Ok(()) => {
                if let Err(error) = self.sink.occurrence(occurrence) {
                    self.failed.get_or_insert(error);
                }
            }
            Err(LeftOut::Earlier) => self.sink.earlier(occurrence),
            Err(_) => self.sink.filtered_out(),
        }
    }

    /// Counts by minute become that many errors of that minute; what else was known of them is
    /// kept nowhere.
    fn state(&mut self, name: &str, directory: &Path) -> Result<(), String> {
        let look = Look::open(directory).map_err(|error| error.to_string())?;
        let since = self.filter.since().map(|at| at.to_utc());
        let mut from = since.unwrap_or(DateTime::UNIX_EPOCH);
        loop {
            let all = HistoryFilter::default();
            let rows = look.history(from..DateTime::<Utc>::MAX_UTC, &all, ROWS_AT_ONCE);
            let mut rows = rows.map_err(|error| error.to_string())?;
            let last = rows.last().map(|row| row.key.minute);
            let is_all = rows.len() < ROWS_AT_ONCE;
            if !is_all {
                // The last minute may go on behind what was read.
                let before = rows.len();
                rows.retain(|row| Some(row.key.minute) != last);
                if rows.is_empty() {
                    return Err(format!("{before} counts stand in one minute"));
                }
            }
            for row in &rows {
                self.counts(name, row);
            }
            match last
                .filter(|_| !is_all)
                .and_then(|minute| DateTime::from_timestamp(minute * 60, 0))
            {
                Some(next) => from = next,
                None => return Ok(()),
            }
        }
    }

    fn counts(&mut self, name: &str, row: &HistoryRow) {
        let key = &row.key;
        let module = Module::ALL.into_iter().find(|module| module.name() == key.module);
        let at = DateTime::from_timestamp(key.minute * 60, 0).map(|at| at.fixed_offset());
        let Some(module) = module else { return };
        let file = format!("{name}: {}", key.source).into();
        let place = Place { file, line: 0, offset: 0 };
        let occurrence = Occurrence::new(place, at, module, key.code.as_str().into());
        for _ in 0..row.errors {
            self.pass(&occurrence);
        }
    }

    fn stream(&mut self, fleet: &Fleet) -> Result<(), String> {
        let since = self.filter.since().map(|at| at.to_utc() - PUBLISHED_WITHIN);
        let mut intake = Intake::default();
        crate::fleet::nats::read::read(fleet, since, |delivered| {
            // When it was taken says nothing here.
            let taken = intake.take(&delivered, "", DateTime::UNIX_EPOCH);
            for passed in taken.finds {
                if let Found::Occurrence(occurrence) = passed.found {
                    self.pass(&occurrence);
                }
            }
        })
    }
}
