//! The questions of a first configuration: their order, which of them are asked, and their words.
//!
//! Owns what a person reads of each. Must never ask or judge. Nothing here fails.

use super::answers::{Answers, Way};

/// A question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    Logs,
    Service,
    Credential,
    Zone,
    Way,
    To,
    Server,
    Tls,
    User,
    Password,
    From,
    Url,
    Sign,
    Language,
}

/// How many questions everybody is asked; the others are about the way that was chosen.
const STEPS: usize = 6;

impl Question {
    /// In the order in which they are asked.
    pub(super) const ALL: [Self; 14] = [
        Self::Logs,
        Self::Service,
        Self::Credential,
        Self::Zone,
        Self::Way,
        Self::To,
        Self::Server,
        Self::Tls,
        Self::User,
        Self::Password,
        Self::From,
        Self::Url,
        Self::Sign,
        Self::Language,
    ];

    /// Whether it means anything beside the answers so far.
    pub(super) fn applies(self, answers: &Answers) -> bool {
        let is_mail = answers.way == Way::Email;
        match self {
            Self::Logs
            | Self::Service
            | Self::Credential
            | Self::Zone
            | Self::Way
            | Self::Language => true,
            Self::To | Self::Server | Self::Tls | Self::User | Self::From => is_mail,
            Self::Password => is_mail && !answers.user.is_empty(),
            Self::Url => answers.way.is_by_address(),
            Self::Sign => answers.way.is_signed(),
        }
    }

    /// Whether `-` is an answer: nothing.
    pub(super) fn is_optional(self) -> bool {
        matches!(self, Self::Service | Self::Credential | Self::User | Self::Sign)
    }

    /// Whether what is typed must not be seen.
    pub(super) fn is_secret(self) -> bool {
        matches!(self, Self::Password | Self::Url | Self::Sign)
    }

    /// The heading of one that everybody is asked.
    pub(super) fn heading(self) -> Option<String> {
        let (number, words) = match self {
            Self::Logs => (1, "Which logs are followed?"),
            Self::Service => (2, "Which service writes them? Its name stands in every alert."),
            Self::Credential => (
                3,
                "Whose AK/SK or token makes the calls? A name of your own for it, for logs that \
                 do not\nshow the access key: a lock lies on the key.",
            ),
            Self::Zone => (4, "In which time zone are times that tell none?"),
            Self::Way => (5, "How are people told?"),
            Self::Language => (6, "In which language, `en` or `zh`?"),
            _ => return None,
        };
        Some(format!("{number} of {STEPS}  {words}"))
    }

    /// What stands in front of what is typed.
    pub(super) fn prompt(self, way: Way) -> String {
        let words = match self {
            Self::Logs => "Numbers, paths or patterns such as /var/log/app/*.log",
            Self::Service => "Service",
            Self::Credential => "Credential",
            Self::Zone => "Zone, such as Asia/Shanghai or +08:00",
            Self::Way => "Way",
            Self::To => "Mail addresses that are told",
            Self::Server => "Mail server, such as smtp.example.com:587",
            Self::Tls => "Encryption: starttls, implicit, opportunistic or none",
            Self::User => "User who logs in there",
            Self::Password => "Password (not shown)",
            Self::From => "Sender of the mails",
            Self::Url if way == Way::Webhook => "Address of the webhook (not shown)",
            Self::Url => "Address of the robot (not shown)",
            Self::Sign => "Secret that its messages are signed with (not shown)",
            Self::Language => "Language",
        };
        words.to_owned()
    }

    /// The option that answers it.
    pub(super) fn option(self) -> &'static str {
        match self {
            Self::Logs => "--log",
            Self::Service => "--service",
            Self::Credential => "--credential",
            Self::Zone => "--timezone",
            Self::Way => "--email, --dingtalk-url-file and the like, or --terminal",
            Self::To => "--email",
            Self::Server => "--server",
            Self::Tls => "--tls",
            Self::User => "--user",
            Self::Password => "--password-file",
            Self::From => "--from",
            Self::Url => "--dingtalk-url-file and the like",
            Self::Sign => "--sign-file",
            Self::Language => "--language",
        }
    }
}

/// A line for each way, for who has to choose one.
pub(super) fn ways() -> String {
    let said = |way: Way| match way {
        Way::Email => "mail, by a server that you name",
        Way::DingTalk => "a robot of a DingTalk group",
        Way::Feishu => "a bot of a Feishu or Lark group",
        Way::WeCom => "a robot of a WeCom group",
        Way::Slack => "an incoming webhook of Slack",
        Way::Teams => "a workflow of Teams",
        Way::Webhook => "a program of your own, as JSON",
        Way::Terminal => "nobody yet: standard output, which is the journal for a unit",
    };
    Way::ALL.map(|way| format!("  {:<10}{}\n", way.key(), said(way))).concat()
}
