//! Carriers that put a text before every line: container runtimes, build servers, compose, kubectl,
//! pm2, terraform, Android.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::super::head::{self, Level};
use super::super::timestamp;
use super::{Layer, process};

/// `<RFC 3339>Z <text>`: `docker logs -t`, `kubectl logs --timestamps`, build servers, exports of
/// cloud log services. Told from a logger's own head by its seven digits or more, which no logger
/// prints, or by what follows: a line that goes on, or a second stamp.
pub(super) fn stamped(line: &str) -> Option<Layer<'_>> {
    let (stamp, text) = line.split_once(' ')?;
    let fraction = stamp.strip_suffix('Z')?.split_once('.')?.1;
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let goes_on = text.starts_with([' ', '\t', '}', ']']) && !head::begins_with_level(text);
    if fraction.len() < 7 && !goes_on && !timestamp::leads(text.as_bytes()) {
        return None;
    }
    Some(Layer {
        text: Cow::Borrowed(text),
        stamp: Some(timestamp::value(stamp.as_bytes())?),
        ..Layer::default()
    })
}

/// `<RFC 3339> stdout|stderr F|P[:tags] <text>`, as containerd and CRI-O write it.
pub(super) fn cri(line: &str) -> Option<Layer<'_>> {
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

static LOGCAT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^((?:[0-9]{4}-)?[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]\.[0-9]{3}) +([0-9]+) +([0-9]+) ([VDIWEFA]) (.*?) *: ?",
    )
    .expect("the pattern is valid")
});

/// Android: `11-20 10:00:01.123  1234  5678 E Tag: text`, on every line of a stack trace.
pub(super) fn logcat(line: &str) -> Option<Layer<'_>> {
    if !may_be_logcat(line.as_bytes()) {
        return None;
    }
    let head = LOGCAT.captures(line)?;
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

/// What every line of logcat has: `MM-DD ` before its clock and a number behind it.
fn may_be_logcat(line: &[u8]) -> bool {
    let day = if line.get(4) == Some(&b'-') { 5 } else { 0 };
    let behind_clock = line.get(day + 18..).unwrap_or_default();
    line.get(day + 5) == Some(&b' ')
        && behind_clock.starts_with(b" ")
        && behind_clock.trim_ascii_start().first().is_some_and(u8::is_ascii_digit)
}

/// What every prefix has; the expression with its counted repetitions is slow to say no.
fn may_be_prefixed(line: &[u8]) -> bool {
    let name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_.- ".contains(byte);
    match line {
        [0xe2, ..] => true,
        [b'[', ..] if line.starts_with(b"[pod/") => true,
        [b'0'..=b'9', ..] if is_behind_stamp(line) => true,
        _ => line.get(line.iter().take_while(name).count()) == Some(&b'|') || has_two_tabs(line),
    }
}

/// Whether a runner's mark or a level in brackets stands behind a stamp.
fn is_behind_stamp(line: &[u8]) -> bool {
    let behind = memchr::memchr(b' ', line).and_then(|space| line.get(space + 1..));
    line.get(10) == Some(&b'T')
        && matches!(
            behind,
            Some([b'[', b'T' | b'D' | b'I' | b'W' | b'E', ..] | [_, _, b'O' | b'E', ..])
        )
}

/// Whether a stamp may stand behind the names of a job and its step.
fn has_two_tabs(line: &[u8]) -> bool {
    // Two names of 80 and of 120 characters.
    const NAMES_BYTES_MAX: usize = 4 * (80 + 120) + 2;
    let near = line.get(..NAMES_BYTES_MAX).unwrap_or(line);
    let second = memchr::memchr_iter(b'\t', near).nth(1);
    second.and_then(|tab| line.get(tab + 1)).is_some_and(u8::is_ascii_digit)
}

static PREFIX: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:(?P<service>[A-Za-z0-9][[:word:].-]*[_-][0-9]+) +\| ?",
        r"|\[(?P<pod>pod/[[:word:]./-]+)\] ",
        r"|(?P<box>[│╷╵]) ?",
        // pm2: `0|name  | 2026-11-20 10:00:01 +00:00: text`.
        r"|[0-9]{1,3}\|(?P<process>[[:word:].-]+) +\| (?:(?P<pm2>[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]{8,12}(?: ?[+-][0-9]{2}:[0-9]{2})?): )?",
        // Build servers: `job<TAB>step<TAB>stamp text`, `stamp 01O text`.
        r"|[^\t]{1,80}\t[^\t]{1,120}\t(?P<build>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z) ",
        r"|(?P<runner>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z) [0-9]{2}[OE][ +]",
        r"|(?P<stamp>[0-9]{4}-[0-9][0-9]-[0-9][0-9]T\S+) \[(?:TRACE|DEBUG|INFO|WARN|ERROR)\] ",
        r"(?P<plugin>(?:provider|plugin)[[:word:]./-]*): ?)",
    ))
    .expect("the pattern is valid")
});

/// Prefixes that stand before every line of what a program printed: compose's service, kubectl's
/// pod, terraform's box and debug log.
pub(super) fn prefixed_lines(line: &str) -> Option<Layer<'_>> {
    if !may_be_prefixed(line.as_bytes()) {
        return None;
    }
    let head = PREFIX.captures(line)?;
    let name = |group: &str| head.name(group).map(|found| found.as_str());
    let writer =
        name("service").or(name("pod")).or(name("plugin")).or(name("process")).unwrap_or("box");
    let stamp = name("stamp").or(name("pm2")).or(name("build")).or(name("runner"));
    Some(Layer {
        text: Cow::Borrowed(&line[head[0].len()..]),
        stamp: stamp.and_then(|stamp| timestamp::value(stamp.as_bytes())),
        writer: writer.to_owned(),
        process: name("service").or(name("pod")).and_then(|one| process("", "container", one)),
        ..Layer::default()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::made_up_line;
    use super::*;

    proptest! {
        #[test]
        fn what_the_quick_looks_refuse_the_forms_refuse(line in made_up_line()) {
            let bytes = line.as_bytes();
            prop_assert!(may_be_logcat(bytes) || !LOGCAT.is_match(&line));
            prop_assert!(may_be_prefixed(bytes) || !PREFIX.is_match(&line));
        }
    }
}
