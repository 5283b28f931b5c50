//! Takes a physical line out of what carried it: docker, CRI, journald, syslog, shippers, compose.
//!
//! Owns the carriers' forms. Must never look for errors in the text it takes out. Fails: never; a
//! line in no known carrier is its own text.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use regex::Regex;

use super::head::Level;
use super::object::{self, Object, Value};
use super::timestamp::{self, Stamp};
use super::unescape;

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
        let mut hasher = DefaultHasher::new();
        (envelope.writer, &layer.writer).hash(&mut hasher);
        envelope.writer = hasher.finish();
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
        b'{' => json(line),
        b'<' => syslog_5424(line).or_else(|| syslog(line)),
        b'0'..=b'9' => cri(line)
            .or_else(|| stamped(line))
            .or_else(|| syslog(line))
            .or_else(|| syslog_5424(line))
            .or_else(|| logcat(line))
            .or_else(|| prefixed_lines(line)),
        _ => syslog(line).or_else(|| prefixed_lines(line)),
    }
}

/// `<RFC 3339 with seven digits or more>Z <text>`: `docker logs -t`, `kubectl logs --timestamps`, build
/// servers. No logger prints so many digits; one that did would lose nothing by it.
fn stamped(line: &str) -> Option<Layer<'_>> {
    let (stamp, text) = line.split_once(' ')?;
    let fraction = stamp.strip_suffix('Z')?.split_once('.')?.1;
    if fraction.len() < 7 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(Layer {
        text: Cow::Borrowed(text),
        stamp: Some(timestamp::value(stamp.as_bytes())?),
        ..Layer::default()
    })
}

/// The severity in a syslog priority: its last three bits (RFC 5424, section 6.2.1).
fn syslog_level(line: &str) -> Option<Level> {
    let priority = line.strip_prefix('<')?.split('>').next()?;
    Some(level_of_severity(priority.parse::<u8>().ok()? % 8))
}

fn level_of_severity(severity: u8) -> Level {
    match severity {
        0..=3 => Level::Error,
        4 => Level::Warn,
        _ => Level::Quiet,
    }
}

/// `<RFC 3339> stdout|stderr F|P[:tags] <text>`, as containerd and CRI-O write it.
fn cri(line: &str) -> Option<Layer<'_>> {
    let (stamp, rest) = line.split_once(' ')?;
    let (stream, rest) = rest.split_once(' ')?;
    if stream != "stdout" && stream != "stderr" {
        return None;
    }
    let (tags, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let partial = match tags.split(':').next() {
        Some("F") => false,
        Some("P") => true,
        _ => return None,
    };
    Some(Layer {
        text: Cow::Borrowed(text),
        stamp: Some(timestamp::value(stamp.as_bytes())?),
        writer: stream.to_owned(),
        partial,
        ..Layer::default()
    })
}

/// `[<PRI>]1 <RFC 3339> host app pid msgid <structured data> text`.
fn syslog_5424(line: &str) -> Option<Layer<'_>> {
    static HEAD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^(?:<[0-9]{1,3}>)?1 (\S+) (\S+) (\S+) (\S+) (\S+) (?:-|(?:\[[^\]\s]+(?: [^=\s]+=\x22(?:[^\x22\\]|\\.)*\x22)*\])+)(?: (?:\u{feff})?|$)",
        )
        .expect("the pattern is valid")
    });
    let head = HEAD.captures(line)?;
    let stamp = timestamp::value(head[1].as_bytes())?;
    Some(Layer {
        text: unescape::rsyslog_octal(&line[head[0].len()..]),
        stamp: Some(stamp),
        writer: format!("{} {} {}", &head[2], &head[3], &head[4]),
        level: syslog_level(line),
        process: process(&head[2], &head[3], &head[4]),
        ..Layer::default()
    })
}

/// `[<PRI>]Mon DD HH:MM:SS host ident[pid]: text`, the same with an ISO stamp (rsyslog's file
/// format, `journalctl -o short-iso`), `short-full`, `short-unix`.
fn syslog(line: &str) -> Option<Layer<'_>> {
    static HEAD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"^(?:<[0-9]{1,3}>)?((?:[A-Z][a-z]{2} [ 0-9][0-9](?: [0-9]{4})? [0-9][0-9]:[0-9][0-9]:[0-9][0-9](?:\.[0-9]+)?)",
            r"|(?:[0-9]{4}-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9](?:[.,][0-9]+)?(?:Z|[+-][0-9][0-9]:?[0-9][0-9]))",
            r"|(?:[A-Z][a-z]{2} [0-9]{4}-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9](?:\.[0-9]+)? [A-Z]{2,5})",
            r"|(?:[0-9]{10}\.[0-9]{6})|(?:\[ *[0-9]+\.[0-9]{6}\]))",
            r" ([A-Za-z0-9][[:word:].:-]*) ([A-Za-z0-9_./@()-]+)(?:\[([0-9]+)\])?: ?",
        ))
        .expect("the pattern is valid")
    });
    let head = HEAD.captures(line)?;
    // `2026-11-20T10:00:01Z ERROR ocr: text` is a logger's own head, not syslog's.
    if is_level(&head[2]) {
        return None;
    }
    let pid = head.get(4).map_or("", |pid| pid.as_str());
    Some(Layer {
        text: unescape::rsyslog_octal(&line[head[0].len()..]),
        stamp: timestamp::value(head[1].as_bytes()).or_else(|| timestamp::find(head[1].as_bytes())),
        writer: format!("{} {} {pid}", &head[2], &head[3]),
        level: syslog_level(line),
        process: process(&head[2], &head[3], pid),
        ..Layer::default()
    })
}

fn is_level(word: &str) -> bool {
    matches!(
        word.to_ascii_uppercase().as_str(),
        "TRACE"
            | "DEBUG"
            | "INFO"
            | "NOTICE"
            | "WARN"
            | "WARNING"
            | "ERROR"
            | "ERR"
            | "FATAL"
            | "CRITICAL"
            | "PANIC"
            | "SEVERE"
    )
}

/// Android: `11-20 10:00:01.123  1234  5678 E Tag: text`, on every line of a stack trace.
fn logcat(line: &str) -> Option<Layer<'_>> {
    static HEAD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^((?:[0-9]{4}-)?[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]\.[0-9]{3}) +([0-9]+) +([0-9]+) ([VDIWEFA]) (.*?) *: ?",
        )
        .expect("the pattern is valid")
    });
    let head = HEAD.captures(line)?;
    Some(Layer {
        text: Cow::Borrowed(&line[head[0].len()..]),
        stamp: timestamp::find(head[1].as_bytes()),
        writer: format!("{} {} {} {}", &head[2], &head[3], &head[4], &head[5]),
        level: Some(match &head[4] {
            "E" | "F" | "A" => Level::Error,
            "W" => Level::Warn,
            _ => Level::Quiet,
        }),
        process: process("", "logcat", &head[2]),
        thread: Some(head[3].to_owned()),
        ..Layer::default()
    })
}

/// Prefixes that stand before every line of what a program printed: compose's service, kubectl's
/// pod, terraform's box and debug log.
fn prefixed_lines(line: &str) -> Option<Layer<'_>> {
    static HEAD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"^(?:(?P<service>[A-Za-z0-9][[:word:].-]*[_-][0-9]+) +\| ?",
            r"|\[(?P<pod>pod/[[:word:]./-]+)\] ",
            r"|(?P<box>[│╷╵]) ?",
            r"|(?P<stamp>[0-9]{4}-[0-9][0-9]-[0-9][0-9]T\S+) \[(?:TRACE|DEBUG|INFO|WARN|ERROR)\] ",
            r"(?P<plugin>(?:provider|plugin)[[:word:]./-]*): ?)",
        ))
        .expect("the pattern is valid")
    });
    let head = HEAD.captures(line)?;
    let name = |group: &str| head.name(group).map(|found| found.as_str());
    let writer = name("service").or(name("pod")).or(name("plugin")).unwrap_or("box");
    Some(Layer {
        text: Cow::Borrowed(&line[head[0].len()..]),
        stamp: name("stamp").and_then(|stamp| timestamp::value(stamp.as_bytes())),
        writer: writer.to_owned(),
        process: name("service").or(name("pod")).and_then(|one| process("", "container", one)),
        ..Layer::default()
    })
}

/// A line of a carrier that writes JSON: docker, journald, Fluent Bit, filebeat, Vector.
///
/// A service's own JSON logger is not a carrier: its other fields belong to the record.
fn json(line: &str) -> Option<Layer<'_>> {
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

fn process(host: &str, program: &str, instance: &str) -> Option<Process> {
    let known = !instance.is_empty() && instance != "-";
    known.then(|| Process { service: format!("{host} {program}"), instance: instance.to_owned() })
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

/// A push to Loki: `{"streams":[{"stream":{…},"values":[["<epoch ns>","<line>"]]}]}`. One of several
/// lines cannot be told from the others here, so such a push stays as it is.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, text: &str, partial: bool) {
        let unwrapped = unwrap(line);
        assert_eq!(unwrapped.text, text, "of {line:?}");
        assert_eq!(unwrapped.envelope.partial, partial, "of {line:?}");
    }

    #[test]
    fn docker_marks_a_cut_line_by_the_missing_newline() {
        check(
            r#"{"log":"a \u003cb\u003e\n","stream":"stderr","time":"2026-11-20T10:00:01.123456789Z"}"#,
            "a <b>",
            false,
        );
        check(
            r#"{"log":"cut","stream":"stderr","time":"2026-11-20T10:00:01.123456789Z"}"#,
            "cut",
            true,
        );
    }

    #[test]
    fn cri_has_its_own_mark() {
        check("2026-11-20T10:00:01.123456789Z stdout F text  here", "text  here", false);
        check("2026-11-20T10:00:01.123456789+08:00 stderr P cut", "cut", true);
        check("2026-11-20T10:00:01.123456789+08:00 stderr F ", "", false);
    }

    #[test]
    fn journald_short_and_json_and_byte_arrays() {
        check("Nov 20 10:00:01 web1 ocr-api[812]: text", "text", false);
        check(
            r#"{"__REALTIME_TIMESTAMP":"1795172401000000","MESSAGE":"a\tb","_PID":"1"}"#,
            "a\tb",
            false,
        );
        check(r#"{"MESSAGE":[104,105],"_PID":"1"}"#, "hi", false);
    }

    #[test]
    fn syslog_5424_with_and_without_structured_data() {
        check("<134>1 2026-11-20T10:00:01.123Z web1 ocr 812 - - text", "text", false);
        check(r#"<134>1 2026-11-20T10:00:01Z web1 ocr - ID1 [a@1 k="v \" ]"] text"#, "text", false);
    }

    #[test]
    fn rsyslog_escapes_become_lines_again() {
        check("Nov  2 10:00:01 web1 ocr[8]: a#012#011at b", "a\n\tat b", false);
    }

    #[test]
    fn a_logger_s_own_head_is_not_a_carrier() {
        let line = "2026-11-20T10:00:01Z ERROR ocr: text";
        check(line, line, false);
        let json = r#"{"level":"error","@timestamp":"2026-11-20T10:00:01Z","message":"m"}"#;
        check(json, json, false);
    }

    #[test]
    fn carriers_nest() {
        let line = r#"{"log":"Nov 20 10:00:01 web1 ocr[8]: text\n","stream":"stdout","time":"2026-11-20T10:00:01Z"}"#;
        let unwrapped = unwrap(line);
        assert_eq!((unwrapped.text.as_ref(), unwrapped.envelope.carriers), ("text", 2));
    }
}
