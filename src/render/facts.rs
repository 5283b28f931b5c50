//! What is known of an alert, as labelled lines.
//!
//! Owns the labels, their order and which are worth a line. Must never count; texts from the log
//! are handed on as they are, for the surface to escape. Nothing here fails.

use serde::Serialize;

use super::affected;
use super::times::Times;
use crate::engine::{Alert, LabelName, State};
use crate::surface::{Language, phrase};

/// One labelled line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What it is about, such as `Locked`.
    pub label: String,
    /// What is known.
    pub value: String,
    /// It was worked out, and does not only say what happened where and how often.
    #[serde(skip)]
    pub is_worked_out: bool,
}

/// The labels of what was worked out, behind those of what happened where and how often.
const WORKED_OUT: [&str; 8] =
    ["Locked", "Limit", "Flapping", "Late", "Times", "Codes", "Left out", "Rule"];

/// Makes facts in one language.
struct Facts(Language);

impl Facts {
    fn fact(&self, label: &str, value: String) -> Fact {
        let is_worked_out = WORKED_OUT.contains(&label);
        Fact { label: self.0.words(label).to_owned(), value, is_worked_out }
    }

    /// Whose failures are counted where the log does not show the access key.
    fn access_key(&self, alert: &Alert) -> Option<Fact> {
        let unseen = alert.evidence.access_key_unseen;
        let of = alert.label(&LabelName::Credential).filter(|_| unseen > 0)?;
        let (some, all) = (phrase::count(unseen), phrase::count(alert.count));
        let is_source = || affected::values(alert, &LabelName::Source).contains(&of);
        let words = match self.0 {
            Language::English if unseen < alert.count => {
                format!("{some} of {all} events do not show it in the log")
            }
            Language::Chinese if unseen < alert.count => {
                format!("{all} 个事件中有 {some} 个在日志中未显示访问密钥")
            }
            Language::English => {
                let whose = if is_source() { "source" } else { "the configured credential" };
                format!(
                    "the log does not show the access key; failures are counted for {whose} {of}"
                )
            }
            Language::Chinese => {
                let whose = if is_source() { "日志来源" } else { "配置的凭据" };
                format!("日志中未显示访问密钥，失败次数按{whose} {of} 统计")
            }
        };
        Some(self.fact("Access key", words))
    }

    fn count(&self, alert: &Alert) -> Fact {
        let count = phrase::count(alert.count);
        let inferred = phrase::count(alert.evidence.inferred);
        let words = match (alert.evidence.inferred, self.0) {
            (0, _) => count,
            (_, Language::English) => {
                format!("{count}, {inferred} inferred (the code was not printed)")
            }
            (_, Language::Chinese) => {
                format!("{count}，其中 {inferred} 次为推断（日志未打印错误码）")
            }
        };
        self.fact("Count", words)
    }

    /// Since when the alert stands where it stands.
    fn life(&self, alert: &Alert, state: State, times: Times) -> Option<Fact> {
        let since = |at| match self.0 {
            Language::English => format!("since {}", times.words(at)),
            Language::Chinese => format!("自 {} 起", times.words(at)),
        };
        match (state, alert.fired_at, alert.resolved_at) {
            (State::Pending, ..) => Some(self.fact("Pending", since(alert.pending_at))),
            (State::Resolved, Some(fired), Some(resolved)) => {
                Some(self.fact("Fired", times.range(fired, resolved)))
            }
            (_, Some(fired), _) => Some(self.fact("Firing", since(fired))),
            _ => None,
        }
    }

    fn lock(&self, is_over: bool, until: &str) -> String {
        match (self.0, is_over) {
            (Language::English, false) => format!("until {until} at least"),
            (Language::English, true) => format!("was locked until {until} at least"),
            (Language::Chinese, false) => format!("至少到 {until}"),
            (Language::Chinese, true) => format!("曾锁定至少到 {until}"),
        }
    }

    fn limit(&self, alert: &Alert) -> Option<Fact> {
        let evidence = &alert.evidence;
        let limit = evidence.limit.map(phrase::count);
        let words = match (limit, evidence.period.as_deref(), self.0) {
            (None, None, _) => return None,
            (Some(limit), Some(period), Language::English) => {
                format!("{limit} calls in {period}, by the message")
            }
            (Some(limit), None, Language::English) => format!("{limit} calls, by the message"),
            (None, Some(period), Language::English) => {
                format!("counted in {period}, by the message")
            }
            (Some(limit), Some(period), Language::Chinese) => {
                format!("{period} 内 {limit} 次（据返回信息）")
            }
            (Some(limit), None, Language::Chinese) => format!("{limit} 次（据返回信息）"),
            (None, Some(period), Language::Chinese) => format!("按 {period} 计（据返回信息）"),
        };
        Some(self.fact("Limit", words))
    }
}

/// The facts of an alert, in the order in which they are told.
pub(super) fn of(alert: &Alert, state: State, times: Times) -> Vec<Fact> {
    let language = times.language;
    let said = Facts(language);
    let mut facts: Vec<_> = alert
        .labels
        .iter()
        .map(|(name, value)| Fact {
            label: affected::label_words(name, 1, language),
            value: value.to_string(),
            is_worked_out: false,
        })
        .collect();
    facts.extend(said.access_key(alert));
    if alert.count > 0 {
        facts.push(said.count(alert));
        facts.push(said.fact("Seen", times.range(alert.first_at, alert.last_at)));
    }
    facts.extend(said.life(alert, state, times));
    facts.extend(alert.locked_until.map(|until| {
        said.fact("Locked", said.lock(state == State::Resolved, &times.words(until)))
    }));
    facts.extend(said.limit(alert));
    if alert.flapping {
        let words = "it fires and resolves so often that it is told as one alert";
        facts.push(said.fact("Flapping", language.words(words).to_owned()));
    }
    let mut note = |label: &str, n: u64, one: &str, many: &str, chinese: &str| {
        if n > 0 {
            facts.push(said.fact(label, language.counted(n, (one, many), chinese)));
        }
    };
    note(
        "Late",
        alert.late,
        "event came later than the lateness allows; it is counted",
        "events came later than the lateness allows; they are counted",
        "个事件晚于允许的延迟到达，已计入",
    );
    note(
        "Times",
        alert.clamped,
        "event had an unbelievable time; it counts as of when it was read",
        "events had an unbelievable time; they count as of when they were read",
        "个事件的时间不可信，按读取时间计",
    );
    note(
        "Codes",
        alert.evidence.codes_left_out,
        "event had a further code that is not named here",
        "events had further codes that are not named here",
        "个事件带有此处未列出的错误码",
    );
    note(
        "Left out",
        alert.groups_left_out,
        "more group of this rule found no room",
        "more groups of this rule found no room",
        "个此规则的分组因容量限制未列出",
    );
    facts.push(said.fact("Rule", alert.rule.to_string()));
    facts
}
