//! The head of a record that a JSON logger wrote: its fields have names, and every logger its own.

use super::super::object::{self, Object};
use super::super::timestamp::{self, Stamp};
use super::{Head, Level};

/// Reads a record that is a whole JSON object; `None` for one that is not.
pub(super) fn read(text: &str) -> Option<Head> {
    let object = object::parse(text, 0)?;
    if object.span.end + 1 < text.trim_end().len() {
        return None;
    }
    Some(Head {
        stamp: object
            .text_of(&[
                "@timestamp",
                "timestamp",
                "time",
                "ts",
                "asctime",
                "datetime",
                "date",
                "@t",
                "t",
                "Timestamp",
                "eventTime",
                "logged_at",
                "instant",
                "created_at",
                "start_time",
                "started_at",
                "__REALTIME_TIMESTAMP",
            ])
            .and_then(|text| timestamp::value(text.as_bytes()))
            .or_else(|| nested_stamp(&object)),
        level: level(&object),
        actor: object
            .text_of(&[
                "trace_id",
                "traceId",
                "correlation_id",
                "thread",
                "thread_name",
                "threadName",
                "tid",
                "goroutine",
                "task_id",
                "reqId",
                "req_id",
            ])
            .map(std::borrow::Cow::into_owned),
        json: true,
    })
}

/// loguru and log4j2 nest what others keep flat: `{"record": {"time": {"timestamp": 1.7e9}}}`,
/// `{"instant": {"epochSecond": 17…, "nanoOfSecond": 12…}}`.
fn nested_stamp(object: &Object<'_>) -> Option<Stamp> {
    let mut inside = object;
    for key in ["record", "time", "instant"] {
        if let Some(object::Value::Object(next)) = inside.first_of(&[key]).map(|e| &e.value) {
            inside = next;
        }
    }
    let seconds = inside.text_of(&["timestamp", "epochSecond"])?;
    let text = match inside.text_of(&["nanoOfSecond"]).and_then(|nanos| nanos.parse::<u32>().ok()) {
        Some(nanos) => format!("{seconds}.{nanos:09}"),
        None => seconds.into_owned(),
    };
    timestamp::value(text.as_bytes())
}

fn level(object: &Object<'_>) -> Option<Level> {
    let level = object.text_of(&[
        "level",
        "severity",
        "lvl",
        "levelname",
        "log.level",
        "level_name",
        "loglevel",
        "@l",
        "LogLevel",
        "Level",
        "severity_text",
        "PRIORITY",
    ])?;
    // pino and bunyan count in tens.
    if let Ok(number) = level.parse::<u32>() {
        return Some(match number {
            50.. => Level::Error,
            40..50 => Level::Warn,
            _ => Level::Quiet,
        });
    }
    match level.to_ascii_lowercase().as_str() {
        "error" | "err" | "fatal" | "critical" | "crit" | "panic" | "dpanic" | "severe"
        | "alert" | "emergency" => Some(Level::Error),
        "warn" | "warning" | "wrn" => Some(Level::Warn),
        "info" | "debug" | "trace" | "notice" | "information" | "verbose" | "informational" => {
            Some(Level::Quiet)
        }
        _ => None,
    }
}
