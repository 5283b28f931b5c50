//! How a run stands, part by part, as lines of a terminal.
//!
//! Owns what is said of alerts, sources, receivers and silences, and in which order. Must never
//! judge: that is the verdict's. Pure. Nothing here fails.

use std::cmp::Reverse;

use chrono::{DateTime, TimeDelta, Utc};

use super::table::{Column, Row, table};
use super::{
    AlertStatus, Grade, ReceiverStatus, SilenceStatus, Sort, SourceStatus, Status, Verdict,
};
use crate::catalogue::Severity;
use crate::engine::State;
use crate::surface::line::Line;
use crate::surface::page::LABEL_COLUMNS;
use crate::surface::style::{Role, Style};
use crate::surface::{escape, phrase, wrap};
use crate::zone::Zone;

/// Below this width a label stands above its text.
const NARROW_COLUMNS: usize = 56;

/// So many lines of a headline or a problem are shown.
const LINES_MAX: usize = 3;

/// A status, and how it is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Board<'s> {
    pub(super) status: &'s Status,
    pub(super) zone: Zone,
    pub(super) style: Style,
    /// So many of each kind are shown.
    pub(super) rows_max: usize,
    pub(super) sort: Sort,
}

impl Board<'_> {
    /// What is wrong, the gravest first.
    pub(super) fn verdict(&self) -> Vec<Line> {
        let verdict = Verdict::of(self.status);
        let grade = verdict.grade();
        let mut lines = Vec::new();
        if grade == Grade::Ok {
            let texts = vec![Line::of(role_of(grade), "nothing is wrong")];
            lines.extend(self.row("OK", role_of(grade), texts));
        }
        let mut last = None;
        for finding in verdict.findings.iter().take(self.rows_max) {
            let (label, role, text_role) = match finding.grade {
                Grade::Ok => ("also".to_owned(), Role::Quiet, Role::Plain),
                other => (other.to_string(), role_of(other), role_of(other)),
            };
            let is_further = last.replace(finding.grade) == Some(finding.grade);
            let label = if is_further { "" } else { &label };
            lines.extend(self.row(label, role, self.prose(text_role, &finding.what)));
        }
        lines.extend(self.more(verdict.findings.len() as u64, "finding", "findings"));
        lines
    }

    /// The alerts that fire, then those that are pending.
    pub(super) fn alerts(&self) -> Vec<Line> {
        let pending: u64 = self.status.rules.iter().map(|rule| rule.pending).sum();
        let firing = match self.status.firing() {
            0 => "no alert".to_owned(),
            count => phrase::counted(count, "alert", "alerts"),
        };
        let pending_too = if pending > 0 {
            format!(", {} pending", phrase::count(pending))
        } else {
            String::new()
        };
        let mut lines = self.heading("Firing", &format!("{firing}{pending_too}"));
        let shown = self.status.alerts.iter().take(self.rows_max);
        lines.extend(shown.flat_map(|alert| self.alert(alert)));
        let all = self.status.alerts.len() as u64 + self.status.alerts_left_out;
        lines.extend(self.more(all, "alert", "alerts"));
        lines
    }

    fn alert(&self, alert: &AlertStatus) -> Vec<Line> {
        let is_firing = alert.state == State::Firing;
        let role = match (is_firing, &alert.silenced_by) {
            (true, None) => Role::Of(alert.severity),
            _ => Role::Quiet,
        };
        let label = if is_firing { alert.severity.name() } else { "pending" };
        let mut texts = self.prose(if is_firing { Role::Plain } else { role }, &alert.headline);
        let since = alert.fired_at.unwrap_or(alert.since);
        let mut facts = vec![
            self.safe(&alert.rule),
            format!("for {}", self.ago(since)),
            phrase::times(alert.count),
        ];
        if let Some(until) = alert.locked_until {
            let was = if until > self.status.at { "locked" } else { "was locked" };
            facts.push(format!("{was} until {}", self.when(until)));
        }
        let mut facts = wrap::wrap_items(&facts, self.text_columns());
        if let Some(silence) = &alert.silenced_by {
            let said = format!("silenced by {}", self.safe(silence));
            let fits = facts.last().is_some_and(|last| {
                wrap::width(last) + wrap::width(&said) + 2 <= self.text_columns()
            });
            match facts.last_mut() {
                Some(last) if fits => {
                    last.push_str(", ");
                    last.push_str(&said);
                }
                _ => facts.push(said),
            }
        }
        texts.extend(facts.into_iter().map(|fact| Line::of(Role::Quiet, fact)));
        self.row(label, role, texts)
    }

    /// What is followed.
    pub(super) fn sources(&self) -> Vec<Line> {
        const COLUMNS: [Column; 6] = [
            Column::text("SOURCE", 0),
            Column::number("FILES", 4),
            Column::number("LINES", 3),
            Column::number("ERRORS", 1),
            Column::number("BEHIND", 2),
            Column::text("LAST LINE", 5),
        ];
        let status = self.status;
        let all = status.sources.len() as u64 + status.sources_left_out;
        let read = match (status.catching_up, status.lag_bytes()) {
            (true, _) => "catching up".to_owned(),
            (false, 0) => "all read".to_owned(),
            (false, bytes) => format!("{} behind", phrase::bytes(bytes)),
        };
        let sources = phrase::counted(all, "source", "sources");
        let files = phrase::counted(status.files(), "file", "files");
        let mut lines = self.heading("Sources", &format!("{sources}, {files}, {read}"));
        let mut listed: Vec<&SourceStatus> = status.sources.iter().collect();
        match self.sort {
            Sort::Name => {}
            Sort::Errors => listed.sort_by_key(|source| Reverse(source.errors)),
            Sort::Behind => {
                listed.sort_by_key(|source| Reverse((source.lag_seconds, source.lag_bytes)));
            }
        }
        // What is wrong is not among those that are left out.
        listed.sort_by_key(|source| source.problem.is_none());
        let rows = listed.into_iter().take(self.rows_max).map(|source| self.source(source));
        let rows: Vec<_> = rows.collect();
        if !rows.is_empty() {
            lines.extend(table(&COLUMNS, &rows, self.style));
        }
        lines.extend(self.more(all, "source", "sources"));
        lines
    }

    fn source(&self, source: &SourceStatus) -> Row {
        let seconds = source.lag_seconds.and_then(|seconds| i64::try_from(seconds).ok());
        let age = seconds.and_then(TimeDelta::try_seconds).filter(|age| *age > TimeDelta::zero());
        let behind = match (source.lag_bytes, age) {
            (_, Some(age)) => phrase::span(age),
            (0, None) => "-".to_owned(),
            (bytes, None) => phrase::bytes(bytes),
        };
        let problem = source.problem.as_deref();
        Row {
            role: if problem.is_some() { Role::Notice } else { Role::Plain },
            cells: vec![
                self.safe(&source.name),
                source.files.map_or_else(|| "-".to_owned(), phrase::count),
                phrase::count(source.lines),
                phrase::count(source.errors),
                behind,
                source.last_at.map_or_else(|| "-".to_owned(), |at| self.lately(at)),
            ],
            below: problem.map(|problem| self.below(problem)).unwrap_or_default(),
        }
    }

    /// Who is told.
    pub(super) fn receivers(&self) -> Vec<Line> {
        const COLUMNS: [Column; 6] = [
            Column::text("RECEIVER", 0),
            Column::text("BY", 4),
            Column::number("WAITING", 1),
            Column::number("GIVEN UP", 3),
            Column::text("LAST SENT", 2),
            Column::text("FAILS FOR", 1),
        ];
        let status = self.status;
        if status.receivers.is_empty() {
            return self.heading("Receivers", "none: alerts go to the run's own output");
        }
        let waiting = match status.waiting() {
            0 => "nothing waits".to_owned(),
            1 => "1 notification waits".to_owned(),
            more => format!("{} notifications wait", phrase::count(more)),
        };
        let receivers = status.receivers.len() as u64;
        let receivers = phrase::counted(receivers, "receiver", "receivers");
        let mut lines = self.heading("Receivers", &format!("{receivers}, {waiting}"));
        let rows = status.receivers.iter().map(|receiver| self.receiver(receiver));
        lines.extend(table(&COLUMNS, &rows.collect::<Vec<_>>(), self.style));
        lines
    }

    fn receiver(&self, receiver: &ReceiverStatus) -> Row {
        let failing = receiver.failing_since;
        let error = receiver.last_error.as_deref().filter(|_| failing.is_some());
        Row {
            role: if failing.is_some() { Role::Notice } else { Role::Plain },
            cells: vec![
                self.safe(&receiver.name),
                self.safe(&receiver.kind),
                phrase::count(receiver.waiting),
                phrase::count(receiver.dead),
                receiver.last_sent.map_or_else(|| "-".to_owned(), |at| self.lately(at)),
                failing.map_or_else(|| "-".to_owned(), |since| self.ago(since)),
            ],
            below: error.map(|error| self.below(error)).unwrap_or_default(),
        }
    }

    /// What is not told, by whose wish.
    pub(super) fn silences(&self) -> Vec<Line> {
        if self.status.silences.is_empty() {
            return Vec::new();
        }
        let count = self.status.silences.len() as u64;
        let mut lines = self.heading("Silences", &phrase::count(count));
        let shown = self.status.silences.iter().take(self.rows_max);
        lines.extend(shown.flat_map(|silence| self.silence(silence)));
        lines.extend(self.more(count, "silence", "silences"));
        lines
    }

    /// A silence: which alerts, until when, by whom and why.
    pub(super) fn silence(&self, silence: &SilenceStatus) -> Vec<Line> {
        let at = self.status.at;
        let to_come = silence.from.filter(|from| *from > at);
        let label = if to_come.is_some() { "to come" } else { "silent" };
        let matchers = if silence.matchers.is_empty() {
            "all alerts".to_owned()
        } else {
            silence.matchers.join(", ")
        };
        let text = format!("{}: {matchers}", silence.id);
        let mut texts = self.prose(Role::Plain, &text);
        let mut facts = Vec::new();
        facts.extend(to_come.map(|from| format!("from {}", self.when(from))));
        facts.push(match silence.until {
            Some(until) if to_come.is_none() => {
                let left = phrase::span((until - at).max(TimeDelta::zero()));
                format!("until {} ({left})", self.when(until))
            }
            Some(until) => format!("until {}", self.when(until)),
            None => "until its alerts are resolved".to_owned(),
        });
        facts.push(format!("{}: {}", self.safe(&silence.author), self.safe(&silence.reason)));
        facts.extend(silence.configured.then(|| "configured".to_owned()));
        let covered = self.status.silenced_by(&silence.id).count() as u64;
        if covered > 0 {
            facts.push(format!("covers {}", phrase::counted(covered, "alert", "alerts")));
        }
        let facts = wrap::wrap_items(&facts, self.text_columns());
        texts.extend(facts.into_iter().map(|fact| Line::of(Role::Quiet, fact)));
        self.row(label, Role::Quiet, texts)
    }

    /// The run itself, its state and its configuration.
    pub(super) fn run(&self) -> Vec<Line> {
        let status = self.status;
        let (store, configuration) = (&status.store, &status.configuration);
        let directory = self.safe(&store.directory);
        let commits = phrase::counted(store.commits, "commit", "commits");
        let (role, state) = match (store.failing_since, store.failures) {
            (Some(since), _) => {
                let state = format!("{directory}, not written for {}", self.ago(since));
                (Role::Of(Severity::Critical), state)
            }
            (None, 0) => (Role::Plain, format!("{directory}, {commits}")),
            (None, failures) => {
                let failed = phrase::count(failures);
                (Role::Plain, format!("{directory}, {commits}, {failed} failed"))
            }
        };
        let mut lines = self.row("State", Role::Quiet, self.wrapped(role, &state));
        if let Some(fleet) = &status.fleet {
            let mut texts = self.wrapped(Role::Plain, &self.safe(&fleet.words()));
            if let Some(trouble) = &fleet.trouble {
                texts.extend(self.prose(Role::Notice, trouble));
            }
            lines.extend(self.row("Fleet", Role::Quiet, texts));
        }
        let since = format!("since {}", self.when(configuration.since));
        let mut texts = vec![Line::of(Role::Plain, since)];
        if let Some(refused) = &configuration.refused {
            let text = format!("a newer one was refused at {}", self.when(refused.at));
            texts.push(Line::of(Role::Notice, text));
            texts.extend(
                refused.problems.iter().flat_map(|problem| self.prose(Role::Notice, problem)),
            );
        }
        lines.extend(self.row("Configured", Role::Quiet, texts));
        let run =
            format!("ocrwatch {}, for {}", self.safe(&status.version), self.ago(status.started));
        lines.extend(self.row("Run", Role::Quiet, self.wrapped(Role::Plain, &run)));
        let now = phrase::instant(self.zone.show(status.at));
        lines.extend(self.row("As of", Role::Quiet, vec![Line::of(Role::Plain, now)]));
        lines
    }

    /// How many further ones there are.
    fn more(&self, all: u64, one: &str, many: &str) -> Option<Line> {
        let rest = all.saturating_sub(self.rows_max as u64);
        let text = format!("and {} more", phrase::counted(rest, one, many));
        let indent = " ".repeat(self.indent());
        (rest > 0).then(|| Line::of(Role::Quiet, format!("{indent}{text}")))
    }

    pub(super) fn heading(&self, label: &str, text: &str) -> Vec<Line> {
        self.row(label, Role::Title, self.wrapped(Role::Plain, text))
    }

    /// A label, and lines beside it, or below it where there is no room.
    pub(super) fn row(&self, label: &str, role: Role, texts: Vec<Line>) -> Vec<Line> {
        let indent = " ".repeat(self.indent());
        let mut lines = Vec::new();
        let mut texts = texts.into_iter();
        if self.is_narrow() {
            if !label.is_empty() {
                lines.push(Line::of(Role::Plain, "  ").and(role, label));
            }
        } else if let Some(first) = texts.next() {
            let room = " ".repeat((LABEL_COLUMNS + 2).saturating_sub(wrap::width(label)));
            let label = Line::of(Role::Plain, "  ").and(role, label);
            lines.push(label.and(Role::Plain, room).and_all(first));
        }
        lines.extend(texts.map(|text| Line::of(Role::Plain, indent.clone()).and_all(text)));
        lines
    }

    /// A text from elsewhere below a row of a table.
    fn below(&self, text: &str) -> Vec<Line> {
        let lines = self.prose(Role::Notice, text).into_iter();
        let indent = " ".repeat(self.indent());
        lines.map(|line| Line::of(Role::Plain, indent.clone()).and_all(line)).collect()
    }

    /// A text from elsewhere: made safe, wrapped, and cut if it is long.
    fn prose(&self, role: Role, text: &str) -> Vec<Line> {
        let mut lines = self.wrapped(role, &self.safe(text));
        if lines.len() > LINES_MAX {
            lines.truncate(LINES_MAX);
            let mark = if self.style.unicode { "…" } else { "..." };
            let last = lines.pop().map(|line| line.and(role, mark));
            lines.extend(last);
        }
        lines
    }

    /// Text that is safe, wrapped.
    fn wrapped(&self, role: Role, text: &str) -> Vec<Line> {
        let lines = wrap::wrap(text, self.text_columns()).into_iter();
        lines.map(|line| Line::of(role, line)).collect()
    }

    fn safe(&self, text: &str) -> String {
        escape::terminal(text, self.style.unicode)
    }

    fn is_narrow(&self) -> bool {
        self.style.width() < NARROW_COLUMNS
    }

    pub(super) fn indent(&self) -> usize {
        if self.is_narrow() { 4 } else { 2 + LABEL_COLUMNS + 2 }
    }

    /// The columns of a text; the last stays free for a mark.
    fn text_columns(&self) -> usize {
        self.style.prose_width() - self.indent() - 1
    }

    fn ago(&self, since: DateTime<Utc>) -> String {
        phrase::span((self.status.at - since).max(TimeDelta::zero()))
    }

    /// An instant, without its day if that is today.
    fn when(&self, at: DateTime<Utc>) -> String {
        self.shown(at, "%Y-%m-%d %H:%M")
    }

    /// The same in a column: a year is as good as never.
    fn lately(&self, at: DateTime<Utc>) -> String {
        let is_long_ago = self.status.at - at > TimeDelta::days(180);
        self.shown(at, if is_long_ago { "%Y-%m-%d" } else { "%m-%d %H:%M" })
    }

    fn shown(&self, at: DateTime<Utc>, other_day: &str) -> String {
        let (at, now) = (self.zone.show(at), self.zone.show(self.status.at));
        let is_today = at.date_naive() == now.date_naive();
        at.format(if is_today { "%H:%M:%S" } else { other_day }).to_string()
    }
}

pub(super) fn role_of(grade: Grade) -> Role {
    match grade {
        Grade::Ok => Role::Title,
        Grade::Warning => Role::Of(Severity::Warning),
        Grade::Critical => Role::Of(Severity::Critical),
    }
}
