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

static SYSLOG_5424: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(?:<[0-9]{1,3}>)?1 (\S+) (\S+) (\S+) (\S+) (\S+) (?:-|(?:\[[^\]\s]+(?: [^=\s]+=\x22(?:[^\x22\\]|\\.)*\x22)*\])+)(?: (?:\u{feff})?|$)",
    )
    .expect("the pattern is valid")
});

/// `[<PRI>]1 <RFC 3339> host app pid msgid <structured data> text`.
pub(super) fn syslog_5424(line: &str) -> Option<Layer<'_>> {
    if !line.starts_with('<') && !line.starts_with("1 ") {
        return None;
    }
    let head = SYSLOG_5424.captures(line)?;
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

static SYSLOG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:<[0-9]{1,3}>)?((?:[A-Z][a-z]{2} [ 0-9][0-9](?: [0-9]{4})? [0-9][0-9]:[0-9][0-9]:[0-9][0-9](?:\.[0-9]+)?)",
        r"|(?:[0-9]{4}-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9](?:[.,][0-9]+)?(?:Z|[+-][0-9][0-9]:?[0-9][0-9]))",
        r"|(?:[A-Z][a-z]{2} [0-9]{4}-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9](?:\.[0-9]+)? [A-Z]{2,5})",
        r"|(?:[0-9]{10}\.[0-9]{6})|(?:\[ *[0-9]+\.[0-9]{6}\]))",
        r" ([A-Za-z0-9][[:word:].:-]*) ([A-Za-z0-9_./@()-]+)(?:\[([0-9]+)\])?: ?",
    ))
    .expect("the pattern is valid")
});

/// `[<PRI>]Mon DD HH:MM:SS host ident[pid]: text`, the same with an ISO stamp (rsyslog's file
/// format, `journalctl -o short-iso`), `short-full`, `short-unix`.
pub(super) fn syslog(line: &str) -> Option<Layer<'_>> {
    if !may_be_syslog(line.as_bytes()) {
        return None;
    }
    let head = SYSLOG.captures(line)?;
    // `2026-11-20T10:00:01Z ERROR ocr: text` is a logger's own head, not syslog's.
    if is_level(head[2].as_bytes()) {
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

/// What every head of syslog has: a form of stamp and, behind one without blanks, host and tag.
fn may_be_syslog(line: &[u8]) -> bool {
    match line {
        [b'<', ..]
        | [b'[', b' ' | b'0'..=b'9', ..]
        | [b'A'..=b'Z', b'a'..=b'z', b'a'..=b'z', b' ', ..] => true,
        [b'0'..=b'9', ..] if matches!(line.get(10), Some(b'T' | b'.')) => {
            let mut words = line.splitn(3, |byte| *byte == b' ').skip(1);
            let host = words.next().unwrap_or_default();
            let tag = words.next().and_then(<[u8]>::first);
            tag.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_./@()-".contains(byte))
                && !is_level(host)
        }
        _ => false,
    }
}

fn is_level(word: &[u8]) -> bool {
    const LEVELS: [&str; 12] = [
        "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "ERR", "FATAL", "CRITICAL",
        "PANIC", "SEVERE",
    ];
    LEVELS.iter().any(|level| word.eq_ignore_ascii_case(level.as_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::made_up_line;
    use super::*;

    proptest! {
        #[test]
        fn what_the_quick_look_refuses_the_form_refuses(line in made_up_line()) {
            let host = |line| SYSLOG.captures(line).map(|head| head[2].to_owned());
            let carried = host(&line).is_some_and(|host| !is_level(host.as_bytes()));
            prop_assert!(may_be_syslog(line.as_bytes()) || !carried);
        }
    }
}
