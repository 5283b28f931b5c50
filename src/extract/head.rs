//! Reads the head of a record: when, how severe, which logger and thread, and the statement that
//! printed it.
//!
//! Owns what tells one log statement from another. Must never look at the error in the record.
//! Fails: never; what the head does not tell is absent.

mod json;

use std::sync::LazyLock;

use regex::Regex;

use super::timestamp::{self, Stamp};

/// How severe the logger called the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Level {
    Quiet,
    Warn,
    Error,
}

/// What a record's first line tells about the record.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Head {
    pub stamp: Option<Stamp>,
    pub level: Option<Level>,
    /// The thread, task or trace that printed it, where the head names one.
    pub actor: Option<String>,
    /// The line is a whole JSON object with a time or level of its own.
    pub json: bool,
}

/// Reads the head of a record whose first line is an opening brace alone: JSON printed over lines.
pub(super) fn read_pretty(text: &str) -> Option<Head> {
    json::read(text)
}

/// How a line relates to the line before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It has a stamp, a level or both: a record begins.
    Head,
    /// Its form says that it goes on: indentation, a closing bracket, a stack frame.
    Continuation,
    /// Neither.
    Loose,
}

/// A head's stamp and level stand in its first few words.
const HEAD_BYTES_MAX: usize = 240;

pub(super) fn role(line: &str) -> Role {
    if continues(line) {
        return Role::Continuation;
    }
    if line.starts_with('{') {
        let json =
            json::read(line).is_some_and(|head| head.stamp.is_some() || head.level.is_some());
        return if json { Role::Head } else { Role::Loose };
    }
    let start = prefix(line, HEAD_BYTES_MAX);
    let bytes = start.as_bytes();
    if timestamp::find(bytes).is_some_and(|stamp| !stamp.is_header)
        || timestamp::time_of_day(bytes).is_some()
        || leading_level(start).is_some()
    {
        Role::Head
    } else {
        Role::Loose
    }
}

/// Forms that only ever stand inside a record.
fn continues(line: &str) -> bool {
    static FORM: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"^(?:\s|$|[\])}]|Traceback \(most recent|During handling of the above|",
            r"The above exception was|Caused by: |Suppressed: |\.\.\. [0-9]+ (?:more|common)|",
            r"at [[:word:]$.<]+[[:word:]$.<>]*\(|goroutine [0-9]+ \[|Stack trace:|#[0-9]+ [/[:word:]{]|--- End of)",
        ))
        .expect("the pattern is valid")
    });
    let may_begin = |byte: &u8| !byte.is_ascii_graphic() || b"])}TDCS.ag#-".contains(byte);
    if !line.as_bytes().first().is_none_or(may_begin) {
        return false;
    }
    // JSON of a pretty printer is indented too, but so are some loggers' heads: a stamp decides.
    FORM.is_match(line)
        && !(line.starts_with(' ')
            && timestamp::find(prefix(line.trim_start(), 40).as_bytes())
                .is_some_and(|stamp| stamp.span.start == 0))
}

/// Reads the head of a record from its first line.
pub(super) fn read(line: &str) -> Head {
    if line.starts_with('{')
        && let Some(head) = json::read(line)
    {
        return head;
    }
    let start = prefix(line, HEAD_BYTES_MAX);
    Head {
        stamp: timestamp::find(start.as_bytes()),
        level: leading_level(start),
        actor: actor(start),
        json: false,
    }
}

/// The stamp of a line alone, for those who need nothing else of its head.
pub(super) fn stamp(line: &str) -> Option<Stamp> {
    if line.starts_with('{')
        && let Some(head) = json::read(line)
    {
        return head.stamp;
    }
    timestamp::find(prefix(line, HEAD_BYTES_MAX).as_bytes())
}

fn prefix(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Whether a line, blanks aside, begins with a level: `  INFO 1 --- …`.
pub(super) fn begins_with_level(line: &str) -> bool {
    let word = line.trim_start().split([' ', ':', ']', '\t']).next().unwrap_or("");
    word.len() <= 12 && leading_level(word.trim_start_matches('[')).is_some()
}

/// A level near the line's start: `ERROR`, `[error]`, `level=warn`, `E1120`, `WARNING:root:`.
fn leading_level(start: &str) -> Option<Level> {
    static WORD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?:^|[\s\[|:(<./=-]|\x22)(?:ERROR|ERR|FATAL|CRITICAL|CRIT|PANIC|SEVERE|ALERT|EMERG|EROR|ERRO|FATA",
            r"|WARNING|WARN|WRN",
            r"|INFO|INF|DEBUG|DBG|DEBU|TRACE|TRC|NOTICE|VERBOSE|FINE|SUCCESS)(?:[\s\]|:)>,./=-]|\x22|$)",
            r"|(?:level|lvl|severity|loglevel)=\x22?(?:error|err|fatal|critical|panic|crit|ERROR|FATAL|warning|warn|WARN|info|debug|trace|notice|INFO|DEBUG)",
            r"|[\[<|](?:error|err|fatal|critical|crit|alert|emerg|Error|warning|warn|Warning|info|debug|notice|trace|Information|Debug|Info)[\]>:|]",
            r"|^(?:error|fail|crit|fatal|warn|warning|info|debug|trace|dbug): ",
            r"|^[EFWID][0-9]{4} [0-9][0-9]:[0-9][0-9]:[0-9][0-9]",
        ))
        .expect("the pattern is valid")
    });
    // A level far into the line is a word of the message.
    let found = WORD.find(prefix(start, 120))?.as_str();
    let word = found.trim_matches(|c: char| !c.is_ascii_alphabetic());
    let word = word.rsplit(['=', '"']).next().unwrap_or(word).to_ascii_lowercase();
    Some(match word.as_bytes() {
        [b'w', ..] => Level::Warn,
        // Error, critical, panic, alert, severe; fatal and fail, and klog's F.
        [b'e' | b'c' | b'p' | b'a', ..] | [b's', b'e', ..] | [b'f', b'a', ..] | [b'f'] => {
            Level::Error
        }
        _ => Level::Quiet,
    })
}

/// The thread or trace that a head names: `[http-nio-8080-exec-3]`, `Thread-7`, `trace_id=…`.
fn actor(start: &str) -> Option<String> {
    static NAMES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?:trace_?id|request_?id|correlation_?id|req_?id|rid|task_?id|job_?id|traceId|thread|tid|goroutine|worker)[=:]\s?\x22?[[:word:].:-]{1,64}",
            r"|--- (?:\[[[:word:].-]+\] )?\[\s*[[:word:]:#/. -]{1,64}?\]",
            r"|[\[(]\s*(?:[[:word:]/-]*(?:[Tt]hread|exec|[Ww]orker|pool|nio|scheduling)[[:word:]:#/ -]*|main)[\])]",
            r"|(?-u:\b)(?:(?:Main)?Thread(?:PoolExecutor)?-[0-9][[:word:]-]*|MainThread|Dummy-[0-9]+|ForkPoolWorker-[0-9]+|AnyIO worker thread)",
            r"|\[(?:[0-9a-f]*[a-f][0-9a-f]{7,31}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\]",
            r"|\s1[34][0-9]{13}\s|\s[0-9]{1,7} [0-9]{6,15}\s",
            r"|[\[(][A-Za-z][[:word:].]*-[0-9]{1,4}[\])]",
            r"|[\[(](?:pid[:= ]?)?[0-9]{1,7}(?::[0-9]{1,7})?[\])]",
            r"|#[0-9]{1,7}[:\]\s]",
        ))
        .expect("the pattern is valid")
    });
    NAMES.find(start).map(|found| actor_in(found.as_str()).to_owned())
}

/// The name in what one of the forms of [`actor`] matched: its first byte tells which one. To find
/// a form is much cheaper than to capture its groups.
fn actor_in(found: &str) -> &str {
    let (first, last) = (found.chars().next().unwrap_or(' '), found.chars().next_back());
    let inner = &found[first.len_utf8()..found.len() - last.map_or(0, char::len_utf8)];
    match first {
        '[' | '(' => inner.trim_start(),
        // `--- [main]`; a thread of blanks is called by the last of them.
        '-' => {
            let name = inner.rsplit('[').next().unwrap_or(inner);
            let blank = name.len().saturating_sub(1);
            if name.trim_start().is_empty() { &name[blank..] } else { name.trim_start() }
        }
        'A'..='Z' => found,
        // `key=name`, `key: "name`.
        'a'..='z' => {
            let (_, name) = found.split_once(['=', ':']).unwrap_or_default();
            name.trim_start().trim_start_matches('"')
        }
        // A blank, a number, perhaps another one, and a blank; `#12:`.
        _ => inner.rsplit(' ').next().unwrap_or(inner),
    }
}

/// The second line of a head of java.util.logging: `SEVERE: text` below `Nov 24, 2026 …`.
pub(super) fn is_second_line(line: &str) -> bool {
    ["SEVERE: ", "WARNING: ", "INFO: ", "CONFIG: ", "FINE: ", "FINER: ", "FINEST: "]
        .iter()
        .any(|level| line.starts_with(level))
}

/// The first line of such a head: a stamp with a comma behind the day, a class and a method.
pub(super) fn has_second_line(line: &str) -> bool {
    static FORM: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:[A-Z][a-z]{2} [0-9]{1,2}, [0-9]{4},? |[0-9]{4}-[0-9][0-9]-[0-9][0-9] |[^\s]+ [0-9]{1,2}, [0-9]{4} )[^\]\[]*[0-9] (?:[AP]M )?[[:word:].$]+(?: [[:word:]$<>]+)?$")
            .expect("the pattern is valid")
    });
    line.len() < 200 && ends_with_names(line) && FORM.is_match(line)
}

/// Whether a line ends with a class and perhaps a method, behind a time.
fn ends_with_names(line: &str) -> bool {
    let name = |byte: u8| byte.is_ascii_alphanumeric() || b"_.$<>".contains(&byte);
    let mut words = line.as_bytes().rsplit(|byte| *byte == b' ');
    words.next().is_some_and(|last| !last.is_empty() && last.iter().copied().all(name))
        && words.take(3).any(|word| word.last().is_some_and(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected_role: Role, level: Option<Level>, actor: Option<&str>) {
        let head = read(line);
        assert_eq!((role(line), head.level), (expected_role, level), "of {line:?}");
        assert_eq!(head.actor.as_deref(), actor, "of {line:?}");
    }

    #[test]
    fn heads_of_common_loggers() {
        use Level::{Error, Quiet, Warn};
        check(
            "2026-11-20 10:00:01.123 ERROR [http-nio-8080-exec-3] c.e.Ocr - x",
            Role::Head,
            Some(Error),
            Some("http-nio-8080-exec-3"),
        );
        check("2026-11-20 10:00:01,123 WARNING ocr: x", Role::Head, Some(Warn), None);
        check("WARNING:root:x", Role::Head, Some(Warn), None);
        check(
            "time=2026-11-20T10:00:01Z level=info msg=x trace_id=ab12",
            Role::Head,
            Some(Quiet),
            Some("ab12"),
        );
        check("E1120 10:00:01.123456   812 ocr.go:7] x", Role::Head, Some(Error), None);
        check(r#"{"level":50,"time":1795172401123,"msg":"x"}"#, Role::Head, Some(Error), None);
        check(r#"{"level":40,"msg":"x"}"#, Role::Head, Some(Warn), None);
        check(r#"{"level":"warning","msg":"x"}"#, Role::Head, Some(Warn), None);
        check(r#"{"time":"2026-11-20T10:00:01Z","msg":"x"}"#, Role::Head, None, None);
    }

    #[test]
    fn each_form_names_its_actor() {
        let forms = [
            ("x trace_id: \"ab-12\" y", "ab-12"),
            ("INFO 1 --- [app] [  nio-1] x", "nio-1"),
            ("INFO 1 --- [   ] x", " "),
            ("x ( worker 3 ) y", "worker 3 "),
            ("x (main) y", "main"),
            ("x Thread-7 y", "Thread-7"),
            ("x [abcd01234] y", "abcd01234"),
            ("x 140123456789012 y", "140123456789012"),
            ("x 812 140123456\ty", "140123456"),
            ("x [job-12] y", "job-12"),
            ("x (pid:812) y", "pid:812"),
            ("x #12: y", "12"),
        ];
        for (line, expected) in forms {
            assert_eq!(actor(line).as_deref(), Some(expected), "of {line:?}");
        }
    }

    #[test]
    fn the_first_of_two_lines_of_a_head_ends_with_a_class_behind_a_time() {
        for line in [
            "Nov 24, 2026 10:00:01 AM com.example.Ocr call",
            "2026-11-24 10:00:01 com.example.Ocr$1 <init>",
        ] {
            assert!(has_second_line(line), "{line:?}");
        }
        for line in ["2026-11-24 10:00:01 INFO ocr: x", "see chapter 7 below", "x", ""] {
            assert!(!has_second_line(line), "{line:?}");
        }
    }

    #[test]
    fn json_that_nests_its_time_tells_it() {
        for line in [
            r#"{"text":"x","record":{"time":{"repr":"x","timestamp":1795172401.5},"message":"x"}}"#,
            r#"{"instant":{"epochSecond":1795172401,"nanoOfSecond":500000000},"message":"x"}"#,
        ] {
            let at = read(line).stamp.map(|stamp| stamp.local.to_string());
            assert_eq!(at.as_deref(), Some("2026-11-20 11:00:01.500"), "of {line}");
        }
    }

    #[test]
    fn each_form_tells_its_level() {
        use Level::{Error, Quiet, Warn};
        let forms = [
            ("x (ERROR) y", Error),
            ("x=SEVERE=y", Error),
            ("SUCCESS", Quiet),
            ("FINE: x", Quiet),
            ("level=\"err\"", Error),
            ("severity=WARN", Warn),
            ("[Information] x", Quiet),
            ("fail: x", Error),
            ("F1120 10:00:01", Error),
            ("W1120 10:00:01", Warn),
            ("D1120 10:00:01", Quiet),
        ];
        for (line, expected) in forms {
            assert_eq!(leading_level(line), Some(expected), "of {line:?}");
        }
    }

    #[test]
    fn lines_inside_a_record_continue_it() {
        for line in [
            "\tat com.x.Y(Z.java:1)",
            "Caused by: x",
            "}",
            "",
            "    errorCode: AIS.0101",
            "Traceback (most recent call last):",
        ] {
            assert_eq!(role(line), Role::Continuation, "of {line:?}");
        }
    }

    #[test]
    fn a_bare_body_is_loose() {
        assert_eq!(role(r#"{"error_msg":"M","error_code":"AIS.0101"}"#), Role::Loose);
        assert_eq!(role("AIS.0101"), Role::Loose);
    }
}
