//! What a first configuration says, as values.
//!
//! Owns which answers there are and what stands for those that were not given. Must never know how
//! they are asked for or written down. Nothing here fails: whether an answer is right the reader of
//! configurations decides.

/// The name of the receiver in a first configuration.
pub(super) const RECEIVER: &str = "ops";

/// How alerts reach people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Way {
    /// By mail.
    #[default]
    Email,
    DingTalk,
    Feishu,
    WeCom,
    Slack,
    Teams,
    Webhook,
    /// On standard output, which is the journal for a unit.
    Terminal,
}

impl Way {
    pub(super) const ALL: [Self; 8] = [
        Self::Email,
        Self::DingTalk,
        Self::Feishu,
        Self::WeCom,
        Self::Slack,
        Self::Teams,
        Self::Webhook,
        Self::Terminal,
    ];

    /// The key by which a configuration says it.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::DingTalk => "dingtalk",
            Self::Feishu => "feishu",
            Self::WeCom => "wecom",
            Self::Slack => "slack",
            Self::Teams => "teams",
            Self::Webhook => "webhook",
            Self::Terminal => "terminal",
        }
    }

    pub(super) fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.key().eq_ignore_ascii_case(key))
    }

    /// Whether it is an address that whoever knows it may send to.
    pub(super) fn is_by_address(self) -> bool {
        !matches!(self, Self::Email | Self::Terminal)
    }

    /// Whether its robots can ask for signed messages.
    pub(super) fn is_signed(self) -> bool {
        matches!(self, Self::DingTalk | Self::Feishu)
    }
}

/// Everything that a first configuration says. An empty text is an answer that was not given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Answers {
    /// Paths and patterns.
    pub(super) logs: Vec<String>,
    pub(super) service: String,
    pub(super) credential: String,
    pub(super) zone: String,
    pub(super) way: Way,
    pub(super) to: Vec<String>,
    pub(super) from: String,
    pub(super) server: String,
    pub(super) tls: String,
    pub(super) ca_file: String,
    pub(super) user: String,
    /// The file with the password.
    pub(super) password_file: String,
    /// The file with the address of a robot or webhook.
    pub(super) url_file: String,
    /// The file with what its messages are signed with.
    pub(super) sign_file: String,
    /// `en` or `zh`; English if there is none.
    pub(super) language: String,
    /// Where the state lies; the usual place if nothing is said.
    pub(super) state_directory: String,
    /// Whether it is for the unit, which has an address and a socket of its own.
    pub(super) has_unit: bool,
}

impl Answers {
    /// Answers that are right, to try another one among.
    pub(super) fn plain(way: Way) -> Self {
        let text = str::to_owned;
        let mut plain = Self { logs: vec![text("/var/log/app.log")], way, ..Self::default() };
        match way {
            Way::Email => {
                plain.to = vec![text("ops@example.com")];
                plain.from = text("ops@example.com");
                plain.server = text("localhost");
            }
            Way::Terminal => {}
            _ => plain.url_file = text("robot.url"),
        }
        plain
    }

    /// The files with secrets that the configuration names, as it names them.
    pub(super) fn secret_files(&self) -> Vec<&str> {
        let files = match self.way {
            Way::Email if self.user.is_empty() => vec![],
            Way::Email => vec![&*self.password_file],
            Way::Terminal => vec![],
            _ => vec![&*self.url_file, &*self.sign_file],
        };
        files.into_iter().filter(|file| !file.is_empty()).collect()
    }
}
