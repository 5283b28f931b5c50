//! From the configuration and what was kept to what is followed.
//!
//! Owns which row is whose, and what each source is told. Must never judge the configuration.
//! Fails: never; a row that cannot be understood is left aside, and said.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::files::{FileSource, Files};
use super::label::Labels;
use super::merge::Merge;
use super::reading::Extraction;
use super::streams::{Input, Streamed};
use super::text::Encoding;
use super::{Follow, LogId, Row, Wake};
use crate::catalogue::Catalogue;
use crate::config::{self, Origin, SinceWhen};
use crate::engine;
use crate::extract::{Settings, Successes};
use crate::file_pattern::Pattern;
use crate::tail::journal::{Journal, JournalSettings, JournalStart, Own};
use crate::tail::stream::Stream;
use crate::tail::{self, Limits, Start, Tail};
use crate::zone::Zone;

/// What all sources are told.
#[derive(Clone)]
pub struct Common {
    /// The error codes.
    pub catalogue: Arc<Catalogue>,
    /// The zone of times that tell none, where the source says nothing.
    pub zone: Zone,
    /// Which lines tell of calls that succeeded.
    pub successes: Successes,
    /// How densely signs of life are wanted.
    pub activity_gap: Option<TimeDelta>,
    /// What the tail may hold.
    pub limits: Limits,
    /// How long an unterminated line waits for its end.
    pub partial_line: Duration,
    /// The present.
    pub now: DateTime<Utc>,
    /// Who is told that something came.
    pub wake: Wake,
    /// Whose entries of the journal are left out.
    pub own: Own,
}

/// The sources of a configuration.
pub struct Sources<'c>(pub &'c [config::Source]);

impl Sources<'_> {
    /// Follows them from where the rows say. The answer names rows that could not be understood.
    /// Streams that another follows go on as they are: what waits in a pipe cannot be read again.
    pub fn follow(
        &self,
        common: &Common,
        rows: &[(String, Vec<u8>)],
        before: Option<&mut Follow>,
    ) -> (Follow, Vec<String>) {
        let mut streams_before = before.map(Follow::take_streams).unwrap_or_default();
        let mut kept = Vec::new();
        let mut standings = HashMap::new();
        let mut met = BTreeSet::new();
        let mut places = HashMap::new();
        let mut unknown = Vec::new();
        for (key, state) in rows {
            match key.split_once(' ') {
                Some(("file", _)) => match Files::kept_of(state) {
                    Some((file, standing)) => {
                        standings.insert(file.id, standing);
                        kept.push(file);
                    }
                    None => unknown.push(key.clone()),
                },
                Some(("journal", name)) => match Streamed::place_of(state) {
                    Some(place) => drop(places.insert(name.to_owned(), place)),
                    None => unknown.push(key.clone()),
                },
                Some(("met", name)) => drop(met.insert(Arc::from(name))),
                _ => unknown.push(key.clone()),
            }
        }
        let mut merge = Merge::default();
        let mut tails = Vec::new();
        let mut of_files = Vec::new();
        let mut streams = Vec::new();
        for (index, source) in self.0.iter().enumerate() {
            let key = self.key(index);
            if let Some(files) = tail_source(source, &key) {
                of_files.push(FileSource {
                    labels: labels(source),
                    extraction: extraction(source, common),
                    not_before: not_before(source, common.now),
                });
                tails.push(files);
            } else {
                let label = stream_label(source);
                let extraction = extraction(source, common);
                let mut before = streams_before.iter();
                let before = before.position(|(before, _)| before.is_of(&key, &label));
                if let Some(before) = before {
                    let (mut stream, finds) = streams_before.swap_remove(before);
                    merge.add(LogId::Stream(streams.len()), common.now, finds);
                    stream.set_extraction(extraction);
                    streams.push(stream);
                    continue;
                }
                let input = input(source, common, places.remove(&*key));
                let wake = Arc::clone(&common.wake);
                streams.push(Streamed::new(key, input, extraction, label, wake));
            }
        }
        let tail = Tail::new(tails, common.limits, kept, met.clone());
        let files = Files::new(tail, of_files, standings, common.partial_line);
        let follow = Follow { files, streams, merge, problems: Vec::new(), met };
        (follow, unknown)
    }

    /// Names a source over restarts: by its name, else by what it reads.
    fn key(&self, index: usize) -> Arc<str> {
        let Some(source) = self.0.get(index) else { return "".into() };
        if source.named { Arc::clone(&source.label.name) } else { source.origin.to_string().into() }
    }
}

/// Says that the files of a source were all met once.
pub(super) fn met_row(key: &Arc<str>) -> Row {
    Row { key: format!("met {key}"), source: Arc::clone(key), state: Vec::new() }
}

fn tail_source(source: &config::Source, key: &Arc<str>) -> Option<tail::Source> {
    let below = |directory: &PathBuf, rest: &str| {
        let text = format!("{}/{rest}", globset::escape(&directory.to_string_lossy()));
        Pattern::parse(&text).into_iter().collect::<Vec<_>>()
    };
    let (patterns, exclude, rotated_to) = match &source.origin {
        Origin::Files { patterns, exclude, rotated_to } => {
            (patterns.clone(), exclude.clone(), rotated_to.clone())
        }
        Origin::Docker(directory) => (below(directory, "*/*-json.log"), Vec::new(), Vec::new()),
        Origin::Pods(directory) => (below(directory, "*/*/*.log"), Vec::new(), Vec::new()),
        Origin::Stdin | Origin::Fifo(_) | Origin::Journal { .. } => return None,
    };
    let start = match source.start {
        config::Start::Beginning | config::Start::Since(_) => Start::Beginning,
        config::Start::End => Start::End,
        config::Start::LastLines(lines) => Start::LastLines(lines),
    };
    Some(tail::Source { key: Arc::clone(key), patterns, exclude, rotated_to, start })
}

fn not_before(source: &config::Source, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match source.start {
        config::Start::Since(SinceWhen::Ago(span)) => Some(now - span.to_delta()),
        config::Start::Since(SinceWhen::At(at)) => DateTime::from_timestamp_millis(at.0),
        _ => None,
    }
}

fn extraction(source: &config::Source, common: &Common) -> Extraction {
    let zone = source.zone.unwrap_or(common.zone);
    Extraction {
        catalogue: Arc::clone(&common.catalogue),
        settings: Settings {
            successes: common.successes.clone(),
            activity_gap: common.activity_gap,
            line_bytes_max: source.line_bytes_max,
            ..Settings::new(zone, common.now)
        },
        encoding: match source.encoding {
            config::Encoding::Auto => Encoding::Auto,
            config::Encoding::Utf8 => Encoding::Utf8,
            config::Encoding::Utf16Le => Encoding::Utf16Le,
            config::Encoding::Utf16Be => Encoding::Utf16Be,
            config::Encoding::Gbk => Encoding::Gbk,
            config::Encoding::Gb18030 => Encoding::Gb18030,
        },
    }
}

fn labels(source: &config::Source) -> Labels {
    let label = source.label.clone();
    match &source.origin {
        Origin::Docker(directory) => Labels::Docker(label, directory.clone()),
        Origin::Pods(directory) => Labels::Pods(label, directory.clone()),
        _ if source.named => Labels::Shared(Arc::new(label)),
        _ => Labels::ByPath(label),
    }
}

fn stream_label(source: &config::Source) -> Arc<engine::Source> {
    let mut label = source.label.clone();
    if !source.named {
        label.name = match &source.origin {
            // `-` would read badly in an alert.
            Origin::Stdin => "stdin".into(),
            origin => origin.to_string().into(),
        };
    }
    Arc::new(label)
}

fn input(
    source: &config::Source,
    common: &Common,
    place: Option<tail::journal::Position>,
) -> Input {
    let wake = Arc::clone(&common.wake);
    match &source.origin {
        Origin::Stdin => match Stream::stdin(move || wake()) {
            Ok(stream) => Input::Stdin(stream),
            Err(_) => Input::Ended,
        },
        Origin::Fifo(path) => Input::MissingFifo(path.clone()),
        Origin::Journal { units, matches, directory } => {
            let texts = |texts: &[Box<str>]| texts.iter().map(ToString::to_string).collect();
            let start = match source.start {
                config::Start::Beginning => JournalStart::Beginning,
                config::Start::End => JournalStart::End,
                config::Start::LastLines(lines) => {
                    JournalStart::Last(u32::try_from(lines).unwrap_or(u32::MAX))
                }
                config::Start::Since(_) => {
                    JournalStart::Since(not_before(source, common.now).unwrap_or(common.now))
                }
            };
            let settings = JournalSettings {
                program: "journalctl".into(),
                units: texts(units),
                matches: texts(matches),
                directory: directory.clone(),
                start,
                own: common.own.clone(),
            };
            Input::Journal(Box::new(Journal::new(settings, place, move || wake())))
        }
        Origin::Files { .. } | Origin::Docker(_) | Origin::Pods(_) => Input::Ended,
    }
}
