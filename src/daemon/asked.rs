//! What is asked of the run over HTTP, answered by who owns its state.
//!
//! Owns the way from a silence that is asked for to one that is in force and kept: it is read by
//! the reader of configurations, so that what is right there is right here. Must never wait for who
//! asks. Nothing here fails: what is wrong is an answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use toml::value::{Datetime, Table, Value};
use tracing::info;

use super::standing::silence_status;
use super::{Daemon, Options, report};
use crate::diagnostic::Diagnostic;
use crate::engine::{Silence, SilenceEnd};
use crate::follow::Now;
use crate::http::{ListenError, NewSilence, OneOrMore, Question, Silenced, Wrong};
use crate::length;
use crate::policy_file;

/// The name of the text that a silence is read from; nobody sees it.
const ASKED: &str = "the silence";

impl Daemon {
    /// Opens the places where others are answered.
    pub(super) fn answer_others(&mut self) -> Result<(), ListenError> {
        if self.options.once {
            return Ok(());
        }
        let Options { machine, state_directory, .. } = &self.options;
        let answering = machine.answer(&self.config.http, state_directory, self.desk.clone())?;
        let Some((server, missing)) = answering else { return Ok(()) };
        if let Some(error) = missing {
            report::not_answering(&error);
        }
        for address in server.addresses() {
            info!(%address, "answering over HTTP");
        }
        self.server = Some(server);
        Ok(())
    }

    /// Answers what was asked.
    pub(super) fn hear_questions(&mut self, now: Now) {
        for question in self.questions.take() {
            match question {
                Question::Status(reply) => reply(Arc::new(self.standing(now))),
                Question::Board(language, reply) => reply(Arc::new(self.board(language, now))),
                Question::Silence(new, reply) => reply(self.silence(&new, now)),
                Question::Expire(id, reply) => reply(self.expire(&id, now)),
            }
        }
    }

    fn silence(&mut self, new: &NewSilence, now: Now) -> Result<Silenced, Vec<Wrong>> {
        let text = text_of(new, now.wall)?;
        let silence = policy_file::asked_silence(ASKED, &text, &self.config.alerting.rules);
        let silence = silence.map_err(|found| found.iter().map(wrong).collect::<Vec<_>>())?;
        if let SilenceEnd::Until(end) = silence.ends
            && end <= now.wall.into()
        {
            let hint = "give an end that lies ahead, or a length such as `for` 2h";
            return Err(vec![Wrong::of("the silence is over already", hint)]);
        }
        if !self.pipeline.add_silence(now.wall, silence.clone()) {
            let hint = "expire some of those that there are";
            return Err(vec![Wrong::of("there is no room for a further silence", hint)]);
        }
        let (id, author, reason) = (&*silence.id, &*silence.author, &*silence.reason);
        info!(id, author, reason, "silenced");
        Ok(self.silenced(&silence, now))
    }

    fn expire(&mut self, id: &str, now: Now) -> Option<Silenced> {
        let found = self.pipeline.silences().find(|(silence, _)| *silence.id == *id);
        let silence = found.map(|(silence, _)| silence.clone())?;
        self.pipeline.expire_silence(now.wall, id);
        info!(id, "the silence was ended");
        Some(self.silenced(&silence, now))
    }

    /// Whoever is told that a silence is in force relies on it after a restart, too.
    fn silenced(&mut self, silence: &Silence, now: Now) -> Silenced {
        self.take_step(now);
        self.commit_now(now);
        let kept = self.keeper.failing_since().is_none();
        Silenced { silence: silence_status((silence, false)), kept }
    }
}

impl Wrong {
    fn of(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: Some(hint.into()) }
    }
}

fn wrong(problem: &Diagnostic) -> Wrong {
    Wrong { what: problem.message.clone(), hint: problem.hint.clone() }
}

/// A silence as a configuration would write it.
fn text_of(new: &NewSilence, now: DateTime<Utc>) -> Result<String, Vec<Wrong>> {
    let mut table = Table::new();
    let mut put = |key: &str, value: Value| drop(table.insert(key.to_owned(), value));
    if let Some(id) = &new.id {
        put("name", Value::String(id.clone()));
    }
    put("match", matchers(&new.matchers));
    if !new.not.is_empty() {
        put("not", matchers(&new.not));
    }
    put("author", Value::String(new.author.clone()));
    put("reason", Value::String(new.reason.clone()));
    let from = new.from.unwrap_or(now);
    put("from", instant(from)?);
    let until = match (&new.lasting, new.until) {
        (Some(_), Some(_)) => {
            let what = "a silence ends once, at `until` or after `for`";
            return Err(vec![Wrong::of(what, "leave one of them out")]);
        }
        (Some(lasting), None) => {
            let end = from.checked_add_signed(length_of(lasting)?);
            Some(end.unwrap_or(DateTime::<Utc>::MAX_UTC))
        }
        (None, until) => until,
    };
    if let Some(until) = until {
        put("until", instant(until)?);
    }
    if let Some(until_resolved) = new.until_resolved {
        put("until_resolved", Value::Boolean(until_resolved));
    }
    let mut file = Table::new();
    file.insert("silence".to_owned(), Value::Array(vec![Value::Table(table)]));
    toml::to_string(&file).map_err(|error| {
        let what = format!("the silence cannot be written as a configuration: {error}");
        vec![Wrong { what, hint: None }]
    })
}

fn matchers(matchers: &BTreeMap<String, OneOrMore>) -> Value {
    let value = |patterns: &OneOrMore| match patterns {
        OneOrMore::One(pattern) => Value::String(pattern.clone()),
        OneOrMore::More(patterns) => {
            Value::Array(patterns.iter().cloned().map(Value::String).collect())
        }
    };
    Value::Table(matchers.iter().map(|(name, it)| (name.clone(), value(it))).collect())
}

fn length_of(text: &str) -> Result<TimeDelta, Vec<Wrong>> {
    let length = length::milliseconds(text).and_then(TimeDelta::try_milliseconds);
    length.filter(|length| *length > TimeDelta::zero()).ok_or_else(|| {
        let what = format!("`for` is no length of time: `{}`", text.escape_debug());
        vec![Wrong::of(what, "write it as in `30m`, `2h` or `1h30m`")]
    })
}

fn instant(at: DateTime<Utc>) -> Result<Value, Vec<Wrong>> {
    let written = at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let parsed: Result<Datetime, _> = written.parse();
    parsed.map(Value::Datetime).map_err(|_| {
        let what = format!("{written} is no instant that a silence can have");
        vec![Wrong::of(what, "give one of this century")]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::rules::RuleSet;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// What comes of a silence that is asked for at noon: matchers and end, or what is wrong.
    fn check(document: &str, expected: &str) {
        let now = at("2026-11-30T12:00:00Z");
        let new: NewSilence = serde_json::from_str(document).unwrap();
        let rules = RuleSet::embedded(&Catalogue::embedded());
        let silence = text_of(&new, now).and_then(|text| {
            let silence = policy_file::asked_silence(ASKED, &text, &rules);
            silence.map_err(|found| found.iter().map(wrong).collect())
        });
        let said = match silence {
            Ok(silence) => {
                let status = silence_status((&silence, false));
                let end = status.until.map_or("resolved".to_owned(), |end| end.to_string());
                format!("{} until {end}", status.matchers.join(", "))
            }
            Err(wrong) => wrong.into_iter().map(|it| it.what).collect::<Vec<_>>().join("; "),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn a_silence_is_read_as_a_configuration_would_be() {
        check(
            r#"{"match": {"rule": "aksk-*"}, "author": "a", "reason": "b", "for": "2h"}"#,
            "rule = aksk-* until 2026-11-30 14:00:00 UTC",
        );
        check(
            r#"{"match": {"credential": ["x", "y"]}, "not": {"severity": "info"},
                "author": "a", "reason": "\"quoted\"\\", "until_resolved": true}"#,
            "credential = x or y, severity != info until resolved",
        );
        check(
            r#"{"match": {"rule": "*"}, "author": "a", "reason": "b",
                "from": "2026-12-01T00:00:00+08:00", "until": "2026-12-02T00:00:00+08:00"}"#,
            "rule = * until 2026-12-01 16:00:00 UTC",
        );
    }

    #[test]
    fn what_is_wrong_with_a_silence_is_told_as_it_is_of_a_configuration() {
        check(
            r#"{"match": {"rule": "aksk-lockot"}, "author": "", "reason": "b", "for": "2h"}"#,
            "`author` is empty; there is no rule `aksk-lockot`",
        );
        let both = r#"{"match": {"rule": "*"}, "author": "a", "reason": "b", "for": "2h",
            "until": "2026-12-02T00:00:00Z"}"#;
        check(both, "a silence ends once, at `until` or after `for`");
        let no_end = r#"{"match": {"rule": "*"}, "author": "a", "reason": "b"}"#;
        check(no_end, "[[silence]] has no `until`");
        let no_length = r#"{"match": {"rule": "*"}, "author": "a", "reason": "b", "for": "0s"}"#;
        check(no_length, "`for` is no length of time: `0s`");
    }
}
