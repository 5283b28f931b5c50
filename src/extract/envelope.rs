//! Takes a physical line out of what carried it: docker, CRI, journald, syslog, shippers, compose.
//!
//! Owns the carriers' forms. Must never look for errors in the text it takes out. Fails: never; a
//! line in no known carrier is its own text.

mod json;
mod prefix;
mod syslog;

use std::borrow::Cow;

use super::head::Level;
use super::timestamp::Stamp;
use crate::fnv::Fnv;

/// A shipper around docker around a service is three.
const CARRIERS_MAX: usize = 3;

/// What a line's carriers told.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Envelope {
    /// When the innermost carrier took the line.
    pub stamp: Option<Stamp>,
    /// That carrier took the line when it was written; a shipper stamps what it finds later.
    pub stamped_at_once: bool,
    /// Tells lines of one writer from those of others that are interleaved with them; 0 without a
    /// carrier.
    pub writer: u64,
    /// The carrier cut the line here; the rest is the writer's next line.
    pub partial: bool,
    /// The process or container that the innermost carrier which knows it names.
    pub process: Option<Process>,
    /// The thread that the carrier names.
    pub thread: Option<String>,
    /// How severe the innermost carrier that says so called the line.
    pub level: Option<Level>,
    /// How many carriers there were.
    pub carriers: usize,
}

/// One of the processes of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    /// What all processes of the service share: the program's name.
    pub service: String,
    /// What tells this one from the others: pid, pod, container.
    pub instance: String,
}

/// A line's own text and what carried it.
#[derive(Debug, PartialEq)]
pub(super) struct Unwrapped<'l> {
    pub text: Cow<'l, str>,
    pub envelope: Envelope,
}

impl Unwrapped<'_> {
    pub(super) fn into_owned<'o>(self) -> Unwrapped<'o> {
        Unwrapped { text: Cow::Owned(self.text.into_owned()), envelope: self.envelope }
    }
}

/// Takes a line (without its newline) out of its carriers.
pub(super) fn unwrap(line: &str) -> Unwrapped<'_> {
    let mut text = Cow::Borrowed(line);
    let mut envelope = Envelope::default();
    while envelope.carriers < CARRIERS_MAX {
        let taken = match &text {
            Cow::Borrowed(borrowed) => take_out(borrowed),
            Cow::Owned(owned) => take_out(owned).map(Layer::into_owned),
        };
        let Some(layer) = taken else { break };
        envelope.writer = Fnv::new().number(envelope.writer).text(&layer.writer).get();
        envelope.partial |= layer.partial;
        if layer.stamp.is_some() {
            envelope.stamp = layer.stamp;
            envelope.stamped_at_once = !layer.shipped;
        }
        envelope.level = layer.level.or(envelope.level);
        envelope.process = layer.process.or(envelope.process.take());
        envelope.thread = layer.thread.or(envelope.thread.take());
        envelope.carriers += 1;
        text = layer.text;
    }
    Unwrapped { text, envelope }
}

#[derive(Default)]
struct Layer<'l> {
    text: Cow<'l, str>,
    stamp: Option<Stamp>,
    writer: String,
    partial: bool,
    level: Option<Level>,
    process: Option<Process>,
    thread: Option<String>,
    /// A shipper's stamp: when it read the line.
    shipped: bool,
}

impl Layer<'_> {
    fn into_owned<'o>(self) -> Layer<'o> {
        Layer {
            text: Cow::Owned(self.text.into_owned()),
            stamp: self.stamp,
            writer: self.writer,
            partial: self.partial,
            level: self.level,
            process: self.process,
            thread: self.thread,
            shipped: self.shipped,
        }
    }
}

fn take_out(line: &str) -> Option<Layer<'_>> {
    match line.as_bytes().first()? {
        b'{' => json::json(line),
        b'<' => syslog::syslog_5424(line).or_else(|| syslog::syslog(line)),
        b'0'..=b'9' => prefix::cri(line)
            .or_else(|| prefix::prefixed_lines(line))
            .or_else(|| prefix::stamped(line))
            .or_else(|| syslog::syslog(line))
            .or_else(|| syslog::syslog_5424(line))
            .or_else(|| prefix::logcat(line)),
        b'[' => json::fluent_bit(line)
            .or_else(|| prefix::prefixed_lines(line))
            .or_else(|| syslog::syslog(line)),
        _ => syslog::syslog(line).or_else(|| prefix::prefixed_lines(line)),
    }
}

/// The levels of syslog's severities (RFC 5424, section 6.2.1).
fn level_of_severity(severity: u8) -> Level {
    match severity {
        0..=3 => Level::Error,
        4 => Level::Warn,
        _ => Level::Quiet,
    }
}

fn process(host: &str, program: &str, instance: &str) -> Option<Process> {
    let known = !instance.is_empty() && instance != "-";
    known.then(|| Process { service: format!("{host} {program}"), instance: instance.to_owned() })
}

#[cfg(test)]
mod tests;
