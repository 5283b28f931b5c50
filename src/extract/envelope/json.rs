//! Carriers that write JSON: docker, journald, Fluent Bit, filebeat, Vector, Loki.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::super::head::Level;
use super::super::object::{self, Object, Value};
use super::super::timestamp::{self, Stamp};
use super::super::unescape;
use super::{Layer, Process, level_of_severity, process};

/// A line of a carrier that writes JSON: docker, journald, Fluent Bit, filebeat, Vector.
///
/// A service's own JSON logger is not a carrier: its other fields belong to the record.
pub(super) fn json(line: &str) -> Option<Layer<'_>> {
    if !line.trim_end().ends_with('}') {
        return None;
    }
    let carrier = ["\"log\"", "\"MESSAGE\"", "\"message\"", "\"line\"", "\"streams\""];
    if !carrier.iter().any(|key| line.contains(key)) {
        return None;
    }
    let object = object::parse(line, 0)?;
    journald(&object)
        .or_else(|| docker(&object))
        .or_else(|| shipper(&object))
        .or_else(|| loki(&object))
}

fn stamp_of(object: &Object<'_>, keys: &[&str]) -> Option<Stamp> {
    object.text_of(keys).and_then(|text| timestamp::value(text.as_bytes()))
}

fn writer_of(object: &Object<'_>, keys: &[&str]) -> String {
    let mut writer = String::new();
    for key in keys {
        writer.push_str(object.text_of(&[key]).as_deref().unwrap_or(""));
        writer.push(' ');
    }
    writer
}

/// The pod or container that a shipper names.
fn pod(object: &Object<'_>) -> Option<Process> {
    let keys = ["pod_name", "container_id", "pod", "container_name", "id"];
    let nested =
        ["kubernetes", "container"].iter().find_map(|key| match &object.first_of(&[key])?.value {
            Value::Object(inside) => inside.text_of(&keys),
            _ => None,
        });
    let name = nested.or_else(|| object.text_of(&keys[..2]))?;
    process("", "container", &name)
}

/// `journalctl -o json`. `MESSAGE` is an array of byte values when it is not printable UTF-8.
fn journald<'l>(object: &Object<'l>) -> Option<Layer<'l>> {
    let text = match &object.first_of(&["MESSAGE"])?.value {
        Value::Text(raw) => unescape::string_literal(raw),
        Value::List(values) => {
            let byte = |value: &Value<'_>| value.text()?.parse::<u8>().ok();
            let bytes: Option<Vec<u8>> = values.iter().map(byte).collect();
            Cow::Owned(String::from_utf8_lossy(&bytes?).into_owned())
        }
        _ => return None,
    };
    Some(Layer {
        text,
        stamp: stamp_of(object, &["_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP"]),
        writer: writer_of(object, &["_HOSTNAME", "SYSLOG_IDENTIFIER", "_PID", "_TRANSPORT"]),
        // What a program prints arrives as priority 6 whatever it says.
        level: object
            .text_of(&["PRIORITY"])
            .and_then(|priority| priority.parse().ok())
            .map(level_of_severity)
            .filter(|level| *level > Level::Quiet),
        process: process(
            object.text_of(&["_HOSTNAME"]).as_deref().unwrap_or(""),
            object.text_of(&["SYSLOG_IDENTIFIER"]).as_deref().unwrap_or(""),
            object.text_of(&["_PID", "SYSLOG_PID"]).as_deref().unwrap_or(""),
        ),
        ..Layer::default()
    })
}

/// Docker's json-file driver, and shippers that kept its `log` field.
fn docker<'l>(object: &Object<'l>) -> Option<Layer<'l>> {
    let Value::Text(raw) = &object.first_of(&["log"])?.value else { return None };
    let text = unescape::string_literal(raw);
    // Only the driver itself leaves the newline off to say "cut"; shippers strip it from all lines.
    let driver = |key: &str| matches!(key, "log" | "stream" | "time" | "attrs");
    let whole = text.ends_with('\n') || !object.entries.iter().all(|entry| driver(entry.key));
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_suffix('\n').unwrap_or(text)),
        Cow::Owned(mut text) => {
            if text.ends_with('\n') {
                text.pop();
            }
            Cow::Owned(text)
        }
    };
    Some(Layer {
        text,
        stamp: stamp_of(object, &["time", "@timestamp", "timestamp", "date"]),
        writer: writer_of(object, &["stream", "container_id", "container_name"]),
        partial: !whole,
        process: pod(object),
        ..Layer::default()
    })
}

/// Filebeat, Vector, Promtail and their like: a line of text beside what the shipper knows of it.
fn shipper<'l>(object: &Object<'l>) -> Option<Layer<'l>> {
    const OWN_LEVEL: [&str; 8] =
        ["level", "severity", "lvl", "levelname", "log.level", "level_name", "loglevel", "@l"];
    const SHIPPERS: [&str; 11] = [
        "agent",
        "beat",
        "input",
        "source_type",
        "kubernetes",
        "container",
        "ecs",
        "prospector",
        "offset",
        "fileset",
        "file",
    ];
    let shipped = object.has(&SHIPPERS) || (object.has(&["host"]) && object.entries.len() <= 6);
    if object.has(&OWN_LEVEL) || object.has(&["stack_trace", "logger_name", "logger", "exception"])
    {
        return None;
    }
    let line = object.first_of(&["message", "line"])?;
    let labelled = line.key == "line" && object.has(&["labels", "timestamp", "ts"]);
    let bare = line.key == "message" && object.has(&["@timestamp"]);
    if !(shipped || labelled || bare) {
        return None;
    }
    let Value::Text(raw) = &line.value else { return None };
    Some(Layer {
        text: unescape::string_literal(raw),
        stamp: stamp_of(object, &["@timestamp", "timestamp", "time", "ts"]),
        writer: writer_of(object, &["stream", "file", "source", "container_name"]),
        process: pod(object),
        shipped: true,
        ..Layer::default()
    })
}

/// Fluent Bit's standard output: `[117] app.ocr: [[1795172401.123, {}], {"log"=>"text"}]`.
pub(super) fn fluent_bit(line: &str) -> Option<Layer<'_>> {
    static HEAD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^\[[0-9]+\] [[:word:].*-]+: \[\[?([0-9]{10}\.[0-9]+)(?:, \{\}\])?, ")
            .expect("the pattern is valid")
    });
    if !line.as_bytes().get(1).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let head = HEAD.captures(line)?;
    let object = object::parse(line, head[0].len())?;
    let Value::Text(raw) = &object.first_of(&["log", "message", "MESSAGE"])?.value else {
        return None;
    };
    Some(Layer {
        text: unescape::string_literal(raw),
        stamp: timestamp::value(head[1].as_bytes()),
        shipped: true,
        ..Layer::default()
    })
}

/// A push to Loki: `{"streams":[{"stream":{…},"values":[["<epoch ns>","<line>"]]}]}`. One of
/// several lines cannot be told from the others here, so such a push stays as it is.
fn loki<'l>(object: &Object<'l>) -> Option<Layer<'l>> {
    let Value::List(streams) = &object.first_of(&["streams"])?.value else { return None };
    let [Value::Object(stream)] = streams.as_slice() else { return None };
    let Value::List(values) = &stream.first_of(&["values"])?.value else { return None };
    let [Value::List(entry)] = values.as_slice() else { return None };
    let [at, Value::Text(raw), ..] = entry.as_slice() else { return None };
    Some(Layer {
        text: unescape::string_literal(raw),
        stamp: at.text().and_then(|text| timestamp::value(text.as_bytes())),
        shipped: true,
        ..Layer::default()
    })
}
