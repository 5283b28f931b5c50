//! The daemon's own log: one line for each event, on standard error.
//!
//! Owns its two forms: with a time for people, with a priority in front for the journal. Must never
//! be called for a line of a log; what a field says is made visible, as it may come from one.
//! Fails: never; a log that cannot be written is no reason to stop.

use std::fmt;

use chrono::{DateTime, Utc};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::clock;
use crate::config::{self, LogFormat};
use crate::surface::escape::visible;

/// Begins to write the log. A second call changes nothing.
pub fn begin(log: config::Log, is_journal: bool) {
    let level = match log.level {
        config::Level::Error => LevelFilter::ERROR,
        config::Level::Warn => LevelFilter::WARN,
        config::Level::Info => LevelFilter::INFO,
        config::Level::Debug => LevelFilter::DEBUG,
    };
    let form = match log.format {
        LogFormat::Journal => Form::Journal,
        LogFormat::Auto if is_journal => Form::Journal,
        LogFormat::Auto | LogFormat::Text => Form::Text,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .event_format(form)
        .finish();
    // There can be one only; in a test there may be.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Whether standard error leads to the journal, as `$JOURNAL_STREAM` says: its device and inode.
pub fn leads_to_journal(stream: Option<&str>) -> bool {
    let Some((device, inode)) = stream.and_then(|stream| stream.split_once(':')) else {
        return false;
    };
    let about = rustix::fs::fstat(std::io::stderr());
    about.is_ok_and(|about| about.st_dev.to_string() == device && about.st_ino.to_string() == inode)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Journal,
}

impl<S, N> FormatEvent<S, N> for Form
where
    S: Subscriber + for<'l> LookupSpan<'l>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        // What libraries say of themselves is told by who uses them, in our words.
        if !event.metadata().target().starts_with(env!("CARGO_PKG_NAME")) {
            return Ok(());
        }
        let mut line = Line::default();
        event.record(&mut line);
        self.write(&mut writer, *event.metadata().level(), clock::now(), &line)
    }
}

impl Form {
    fn write(
        self,
        out: &mut dyn fmt::Write,
        level: Level,
        now: DateTime<Utc>,
        line: &Line,
    ) -> fmt::Result {
        match self {
            Self::Journal => write!(out, "<{}>", priority(level))?,
            Self::Text => {
                write!(out, "{} {} ", now.format("%Y-%m-%dT%H:%M:%S%.3fZ"), word(level))?;
            }
        }
        writeln!(out, "{}{}", line.message, line.fields)
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn ",
        Level::INFO => "info ",
        _ => "debug",
    }
}

/// As in syslog(3).
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field.name(), &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field.name(), value);
    }
}

impl Line {
    fn add(&mut self, name: &str, value: &str) {
        use fmt::Write as _;
        let value = visible(value);
        // Writing to a string cannot fail.
        let _ = match name {
            "message" => write!(self.message, "{value}"),
            name if value.is_empty() || value.contains([' ', '"', '=']) => {
                write!(self.fields, " {name}={value:?}")
            }
            name => write!(self.fields, " {name}={value}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[track_caller]
    fn check(form: Form, level: Level, said: &[(&str, &str)], expected: &str) {
        let mut line = Line::default();
        for (name, value) in said {
            line.add(name, value);
        }
        let now = DateTime::from_timestamp_millis(1_795_395_660_250).unwrap();
        let mut text = String::new();
        form.write(&mut text, level, now, &line).unwrap();
        assert_eq!(text, expected);
    }

    #[test]
    fn people_see_a_time_and_a_level() {
        check(
            Form::Text,
            Level::WARN,
            &[("message", "rotated"), ("path", "/var/log/app.log"), ("bytes", "12")],
            "2026-11-23T01:01:00.250Z warn  rotated path=/var/log/app.log bytes=12\n",
        );
        let said = &[("message", "stopped")];
        check(Form::Text, Level::INFO, said, "2026-11-23T01:01:00.250Z info  stopped\n");
    }

    #[test]
    fn the_journal_gets_a_priority_and_has_its_own_time() {
        let said = &[("message", "cannot be read"), ("path", "a.log")];
        for (level, priority) in
            [(Level::ERROR, 3), (Level::WARN, 4), (Level::INFO, 6), (Level::DEBUG, 7)]
        {
            let expected = format!("<{priority}>cannot be read path=a.log\n");
            check(Form::Journal, level, said, &expected);
        }
    }

    #[test]
    fn what_a_field_says_can_neither_end_it_nor_the_line() {
        check(
            Form::Journal,
            Level::INFO,
            &[("message", "a\nb"), ("path", "a b=\"c\".log"), ("none", ""), ("red", "\u{1b}[31m")],
            "<6>a\\nb path=\"a b=\\\"c\\\".log\" none=\"\" red=\\x1b[31m\n",
        );
    }

    #[derive(Clone, Default)]
    struct Written(std::sync::Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_message_goes_before_its_fields_and_what_is_absent_is_left_out() {
        let written = Written::default();
        let out = written.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || out.clone())
            .event_format(Form::Journal)
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(path = "a.log", folded = None::<u64>, times = 3, "seen");
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text, "<6>seen path=a.log times=3\n");
    }

    #[test]
    fn only_the_journal_s_own_stream_is_the_journal() {
        assert!(!leads_to_journal(None));
        assert!(!leads_to_journal(Some("1:1")));
        assert!(!leads_to_journal(Some("nonsense")));
    }
}
