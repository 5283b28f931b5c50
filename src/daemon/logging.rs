//! The daemon's own log: one line for each event, on standard error.
//!
//! Owns its two forms: with a time for people, with a priority in front for the journal. Must never
//! be called for a line of a log; what a field says is made visible, as it may come from one. Fails:
//! never; a log that cannot be written is no reason to stop.

use std::fmt;
use std::io::IsTerminal as _;

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
        .with_ansi(std::io::stderr().is_terminal())
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
        let level = *event.metadata().level();
        match self {
            Self::Journal => write!(writer, "<{}>", priority(level))?,
            Self::Text => {
                let now = clock::now().format("%Y-%m-%dT%H:%M:%S%.3fZ");
                write!(writer, "{now} {} ", word(level))?;
            }
        }
        let mut line = Line::default();
        event.record(&mut line);
        writeln!(writer, "{}{}", line.message, line.fields)
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
        self.add(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }
}

impl Line {
    fn add(&mut self, field: &Field, value: &str) {
        use fmt::Write as _;
        let value = visible(value);
        // Writing to a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value}"),
            name if value.is_empty() || value.contains([' ', '"', '=']) => {
                write!(self.fields, " {name}={value:?}")
            }
            name => write!(self.fields, " {name}={value}"),
        };
    }
}

/// Folds what repeats: the first is written, then one in each interval, with how many there were.
#[derive(Debug, Default)]
pub struct Folded {
    last: std::collections::BTreeMap<String, (std::time::Duration, u64)>,
}

/// Between two of the same kind lies at least so much.
const INTERVAL: std::time::Duration = std::time::Duration::from_secs(60);

/// So many kinds are told apart; more begin anew.
const KINDS_MAX: usize = 1000;

impl Folded {
    /// Whether one of a kind is to be written now; then how many were folded before it.
    pub fn admit(&mut self, kind: &str, now: std::time::Duration) -> Option<u64> {
        if self.last.len() >= KINDS_MAX && !self.last.contains_key(kind) {
            self.last.clear();
        }
        match self.last.get_mut(kind) {
            Some((last, folded)) if now < *last + INTERVAL => {
                *folded += 1;
                None
            }
            Some((last, folded)) => {
                *last = now;
                Some(std::mem::take(folded))
            }
            None => {
                self.last.insert(kind.to_owned(), (now, 0));
                Some(0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_repeats_is_written_once_in_an_interval_with_how_many_were_folded() {
        let mut folded = Folded::default();
        let at = Duration::from_secs;
        assert_eq!(folded.admit("a", at(1)), Some(0));
        assert_eq!(folded.admit("a", at(2)), None);
        assert_eq!(folded.admit("b", at(2)), Some(0));
        assert_eq!(folded.admit("a", at(30)), None);
        assert_eq!(folded.admit("a", at(61)), Some(2));
        assert_eq!(folded.admit("a", at(62)), None);
    }

    #[test]
    fn only_the_journal_s_own_stream_is_the_journal() {
        assert!(!leads_to_journal(None));
        assert!(!leads_to_journal(Some("1:1")));
        assert!(!leads_to_journal(Some("nonsense")));
    }
}
