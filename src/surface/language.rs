//! Our own words in the reader's language.
//!
//! Owns the words and how quantities and times read in each language. Must never translate what is
//! documented or stands in a log. Nothing here fails: what has no translation stays English.

use chrono::{DateTime, FixedOffset, TimeDelta};

use super::phrase;

/// A reader's language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Chinese, simplified.
    Chinese,
}

/// Labels and fragments in both languages.
const WORDS: &[(&str, &str)] = &[
    // What stands beside a value.
    ("API", "接口"),
    ("APIs", "接口"),
    ("Access key", "访问密钥"),
    ("Access keys", "访问密钥"),
    ("Affected", "影响范围"),
    ("Apart", "另计"),
    ("Cause", "原因"),
    ("Causes", "原因"),
    ("Code", "错误码"),
    ("Codes", "错误码"),
    ("Count", "次数"),
    ("Credential", "凭据"),
    ("Credentials", "凭据"),
    ("Documented", "官方文档"),
    ("Endpoint", "终端节点"),
    ("Endpoints", "终端节点"),
    ("Exception", "异常"),
    ("Exceptions", "异常"),
    ("File", "文件"),
    ("Files", "文件"),
    ("Fired", "告警时段"),
    ("Found", "发现"),
    ("Firing", "告警开始"),
    ("First", "首次"),
    ("Flapping", "抖动"),
    ("HTTP status", "HTTP 状态码"),
    ("Last", "最近"),
    ("Late", "迟到"),
    ("Left out", "未列出"),
    ("Limit", "限额"),
    ("Locked", "锁定"),
    ("Means", "含义"),
    ("Message", "返回信息"),
    ("Module", "模块"),
    ("Modules", "模块"),
    ("New", "新错误码"),
    ("Next", "后续"),
    ("Note", "备注"),
    ("Occurred", "次数"),
    ("Only", "过滤条件"),
    ("Pending", "待确认"),
    ("Project", "项目"),
    ("Projects", "项目"),
    ("Range", "时间范围"),
    ("Rate", "频率"),
    ("Read", "读取"),
    ("Read on", "参考链接"),
    ("Region", "区域"),
    ("Regions", "区域"),
    ("Request id", "请求 ID"),
    ("Request ids", "请求 ID"),
    ("Rule", "规则"),
    ("Sample", "日志样例"),
    ("Seen", "发生时间"),
    ("Service", "服务"),
    ("Services", "服务"),
    ("Source", "日志来源"),
    ("Sources", "日志来源"),
    ("Throttle", "限流"),
    ("Times", "时间"),
    ("What to do", "处理方法"),
    ("Why a rule", "规则说明"),
    // States and severities.
    ("firing", "告警中"),
    ("resolved", "已恢复"),
    ("pending", "待确认"),
    ("inactive", "未触发"),
    ("critical", "严重"),
    ("warning", "警告"),
    ("info", "提示"),
    ("FIRING", "告警"),
    ("RESOLVED", "恢复"),
    ("TEST", "测试"),
    // Why something is told.
    ("first", "首次告警"),
    ("new", "新增"),
    ("silence-ended", "静默已结束"),
    ("mute-ended", "免打扰已结束"),
    ("inhibition-ended", "抑制已解除"),
    ("changed", "状态变化"),
    ("digest", "汇总"),
    ("historical", "历史汇总"),
    ("repeat", "重复提醒"),
    // Against a baseline; `new` stands above.
    ("gone", "消失"),
    ("risen", "上升"),
    ("fallen", "下降"),
    ("steady", "持平"),
    // Sentences without values.
    ("the catalogue does not know this code", "错误码目录中没有此错误码"),
    ("no solution is documented", "文档中没有给出处理方法"),
    ("from the operator, not from the documentation:", "运维人员备注，非官方文档内容："),
    ("and others", "等"),
    (
        "it fires and resolves so often that it is told as one alert",
        "反复触发和恢复，合并为一条告警",
    ),
    ("Log, redacted", "日志（已脱敏）"),
    ("Ready to send to technical support:", "可直接发送给技术支持的内容："),
];

impl Language {
    /// A label or a fragment that is given in English.
    pub fn words(self, english: &str) -> &str {
        match self {
            Self::English => english,
            Self::Chinese => {
                let known = WORDS.iter().find(|(known, _)| *known == english);
                known.map_or(english, |(_, chinese)| chinese)
            }
        }
    }

    /// One of two texts.
    pub fn pick<T>(self, english: T, chinese: T) -> T {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }

    /// How often, such as `once` and `23 times`.
    pub fn times(self, n: u64) -> String {
        self.pick(phrase::times(n), format!("{} 次", phrase::count(n)))
    }

    /// A count with its noun.
    pub fn counted(self, n: u64, (one, many): (&str, &str), chinese: &str) -> String {
        self.pick(phrase::counted(n, one, many), format!("{} {chinese}", phrase::count(n)))
    }

    /// A span in its two largest units.
    pub fn span(self, span: TimeDelta) -> String {
        let english = phrase::span(span);
        match self {
            Self::English => english,
            Self::Chinese => {
                let words = english.split(' ').map(|word| match word {
                    "d" => "天",
                    "h" => "小时",
                    "min" => "分钟",
                    "s" => "秒",
                    "less" => "不到",
                    "than" => "",
                    other => other,
                });
                words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
            }
        }
    }

    /// How often on average, such as `2.4 per hour`; see [`phrase::rate`].
    pub(crate) fn rate(self, n: u64, over: TimeDelta) -> Option<String> {
        let english = phrase::rate(n, over)?;
        let Some((count, unit)) = english.split_once(" per ") else { return Some(english) };
        let unit = match unit {
            "second" => "每秒",
            "minute" => "每分钟",
            "hour" => "每小时",
            _ => "每天",
        };
        let chinese = format!("{unit} {count} 次");
        Some(self.pick(english, chinese))
    }

    /// A length of a bucket, such as `10 min`.
    pub(crate) fn bucket(self, seconds: i64) -> String {
        self.span(TimeDelta::try_seconds(seconds).unwrap_or(TimeDelta::MAX))
    }

    /// A range of instants.
    pub fn range(self, first: DateTime<FixedOffset>, last: DateTime<FixedOffset>) -> String {
        let english = phrase::range(first, last);
        self.pick(english.clone(), english.replace(" to ", " 至 "))
    }

    /// Values behind one another, and how many more.
    pub fn list(self, values: &[String], more: usize) -> String {
        let list = values.join(self.pick(", ", "、"));
        match (more, self) {
            (0, _) => list,
            (more, Self::English) => format!("{list} and {more} more"),
            (more, Self::Chinese) => format!("{list}，另有 {more} 个"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_stands_once() {
        let mut english: Vec<_> = WORDS.iter().map(|(english, _)| english).collect();
        english.sort();
        let count = english.len();
        english.dedup();
        assert_eq!(english.len(), count);
    }

    #[test]
    fn quantities_read_in_both_languages() {
        let check = |language: Language| {
            let at = |text| DateTime::parse_from_rfc3339(text).unwrap();
            let range =
                language.range(at("2022-11-03T08:14:02+08:00"), at("2022-11-03T09:00:00+08:00"));
            let (span, none) = (TimeDelta::seconds(3_661), TimeDelta::zero());
            let list = language.list(&["a".into(), "b".into()], 3);
            [language.times(23), language.span(span), language.span(none), range, list].join(" | ")
        };
        assert_eq!(
            check(Language::English),
            "23 times | 1 h 1 min | less than 1 s | 2022-11-03 08:14:02 to 09:00:00 +08:00 | \
             a, b and 3 more"
        );
        assert_eq!(
            check(Language::Chinese),
            "23 次 | 1 小时 1 分钟 | 不到 1 秒 | 2022-11-03 08:14:02 至 09:00:00 +08:00 | \
             a、b，另有 3 个"
        );
    }
}
