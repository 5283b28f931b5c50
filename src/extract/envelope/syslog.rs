//! Syslog in its forms, journald's short output among them.

use std::sync::LazyLock;

use regex::Regex;

use super::super::head::Level;
use super::super::timestamp;
use super::super::unescape;
use super::{Layer, level_of_severity, process};

/// The severity in a syslog priority: its last three bits (RFC 5424, section 6.2.1).
fn syslog_level(line: &str) -> Option<Level> {
    let priority = line.strip_prefix('<')?.split('>').next()?;
    Some(level_of_severity(priority.parse::<u8>().ok()? % 8))
}

/// `[<PRI>]1 <RFC 3339> host app pid msgid <structured data> text`.
pub(super) fn syslog_5424(line: &str) -> Option<Layer<'_>> {
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
pub(super) fn syslog(line: &str) -> Option<Layer<'_>> {
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
