//! A scenario's log text, made into what the extractor finds in it.
//!
//! Owns the placeholders, and which line is read when. Must never judge a line: the extractor does.
//! Nothing here fails; text in which nothing is found gives nothing.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, TimeDelta};

use super::feed::{Fed, Feed};
use crate::catalogue::Catalogue;
use crate::engine::{Instant, Source, Span};
use crate::extract::{Extractor, Settings, Sink, Successes};
use crate::occurrence::{Occurrence, Success};
use crate::zone::Zone;

/// What the extractor finds.
#[derive(Debug, Clone)]
pub(super) enum Found {
    Error(Box<Occurrence>),
    Success(Box<Success>),
    /// The log was written to.
    Activity(DateTime<FixedOffset>),
}

/// What reading a log needs to know.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'r> {
    pub(super) catalogue: &'r Arc<Catalogue>,
    pub(super) successes: &'r Successes,
    pub(super) zone: Zone,
    pub(super) activity_gap: Option<Span>,
}

impl Reading<'_> {
    /// What is found in the log of one source, each with the instant at which it is read. The feeds
    /// are those of the source, and make one log, in the order in which they are read.
    pub(super) fn read(self, source: &Source, feeds: &[&Feed]) -> Vec<(Instant, Found)> {
        let mut prints = Vec::new();
        for feed in feeds {
            let Fed::Log(text) = &feed.what else { continue };
            prints.extend((0..feed.times).map(|number| {
                let (at, read_at) = feed.time(number);
                (read_at, at, number, text)
            }));
        }
        prints.sort_by_key(|(read_at, ..)| *read_at);
        let mut log = String::new();
        let mut lines = 1;
        let mut starts = Vec::new();
        for (read_at, at, number, text) in prints {
            starts.push((lines, read_at));
            let mut printed = filled(text, self.zone.show(at.to_utc()), number);
            if !printed.ends_with('\n') {
                printed.push('\n');
            }
            lines += printed.matches('\n').count() as u64;
            log += &printed;
        }
        let Some((_, last)) = starts.last() else { return Vec::new() };
        let settings = Settings {
            successes: self.successes.clone(),
            activity_gap: self.activity_gap.map(Span::to_delta),
            ..Settings::new(self.zone, last.to_utc() + TimeDelta::days(1))
        };
        let mut extractor = Extractor::new(self.catalogue, settings, Arc::clone(&source.name));
        let mut finds = Finds { starts, found: Vec::new() };
        extractor.push(log.as_bytes(), &mut finds);
        extractor.finish(&mut finds);
        finds.found
    }
}

/// The text with its time and number put in; other braces are the log's own.
fn filled(text: &str, at: DateTime<FixedOffset>, number: u32) -> String {
    let number = number + 1;
    text.replace("{time}", &at.format("%Y-%m-%d %H:%M:%S,%3f").to_string())
        .replace("{rfc3339}", &at.to_rfc3339_opts(chrono::SecondsFormat::Millis, false))
        .replace("{clf}", &at.format("%d/%b/%Y:%H:%M:%S %z").to_string())
        .replace("{syslog}", &at.format("%b %e %H:%M:%S").to_string())
        .replace("{epoch}", &at.format("%s%.3f").to_string())
        .replace("{n}", &number.to_string())
}

struct Finds {
    /// The first line of each print, and when it is read.
    starts: Vec<(u64, Instant)>,
    found: Vec<(Instant, Found)>,
}

impl Finds {
    fn read_at(&self, line: u64) -> Instant {
        let behind = self.starts.partition_point(|(start, _)| *start <= line);
        self.starts.get(behind.saturating_sub(1)).map_or(Instant::MIN, |(_, read_at)| *read_at)
    }
}

impl Sink for Finds {
    fn occurrence(&mut self, occurrence: Occurrence) {
        let read_at = self.read_at(occurrence.place.line);
        self.found.push((read_at, Found::Error(Box::new(occurrence))));
    }

    fn success(&mut self, success: Success) {
        let read_at = self.read_at(success.place.line);
        self.found.push((read_at, Found::Success(Box::new(success))));
    }

    fn activity(&mut self, at: DateTime<FixedOffset>) {
        self.found.push((at.into(), Found::Activity(at)));
    }
}
