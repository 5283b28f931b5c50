//! The options of `init`: every question can be answered by one.
//!
//! Owns their names. Must never judge what they say. Nothing here fails.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::answers::Way;
use super::question::Question;
use crate::cli::terminal::StyleArgs;

/// Options of `init`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
#[command(group = ArgGroup::new("way").args([
    "email", "dingtalk_url_file", "feishu_url_file", "wecom_url_file", "slack_url_file",
    "teams_url_file", "webhook_url_file", "terminal",
]))]
pub(in crate::cli) struct InitArgs {
    /// The file that is written [default: for root `/etc/ocrwatch/ocrwatch.toml`, else
    /// `$XDG_CONFIG_HOME/ocrwatch/ocrwatch.toml`, else `~/.config/ocrwatch/ocrwatch.toml`]
    #[arg(long, short, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    /// Logs that are followed: paths and patterns
    #[arg(long = "log", value_name = "PATTERN", num_args = 1..)]
    logs: Vec<String>,

    /// The service that writes them; it stands in every alert
    #[arg(long, value_name = "NAME")]
    service: Option<String>,

    /// A name for the AK/SK or token that makes the calls
    #[arg(long, value_name = "NAME")]
    credential: Option<String>,

    /// Zone of times that tell none, such as `Asia/Shanghai` or `+08:00` [default: the machine's]
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,

    /// Tell these addresses by mail
    #[arg(long, value_name = "TO", num_args = 1.., value_delimiter = ',')]
    email: Vec<String>,

    /// Who the mails are from [default: the user, else `ocrwatch` of the first address' domain]
    #[arg(long, value_name = "FROM", requires = "email")]
    from: Option<String>,

    /// The mail server, such as `smtp.example.com:587`
    #[arg(long, value_name = "SERVER", requires = "email")]
    server: Option<String>,

    /// How the connection is encrypted: `starttls`, `implicit`, `opportunistic` or `none` [default:
    /// what is usual at the server's port]
    #[arg(long, value_name = "TLS", requires = "email")]
    tls: Option<String>,

    /// Certificate authorities that are believed instead of the machine's, in PEM
    #[arg(long, value_name = "FILE", requires = "email")]
    ca_file: Option<PathBuf>,

    /// Who logs in to the mail server
    #[arg(long, value_name = "NAME", requires = "email")]
    user: Option<String>,

    /// The file with the password of that user in its first line; it stays where it is
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<String>,

    /// Tell a robot of a `DingTalk` group, whose address is in the first line of this file
    #[arg(long, value_name = "FILE")]
    dingtalk_url_file: Option<String>,

    /// Tell a bot of a Feishu or Lark group
    #[arg(long, value_name = "FILE")]
    feishu_url_file: Option<String>,

    /// Tell a robot of a `WeCom` group
    #[arg(long, value_name = "FILE")]
    wecom_url_file: Option<String>,

    /// Tell an incoming webhook of Slack
    #[arg(long, value_name = "FILE")]
    slack_url_file: Option<String>,

    /// Tell a workflow of Teams
    #[arg(long, value_name = "FILE")]
    teams_url_file: Option<String>,

    /// Tell a program of your own, as JSON
    #[arg(long, value_name = "FILE")]
    webhook_url_file: Option<String>,

    /// The file with what messages of a `DingTalk` or Feishu robot are signed with
    #[arg(long, value_name = "FILE")]
    sign_file: Option<String>,

    /// Tell nobody yet: alerts stand on standard output, which is the journal for a unit
    #[arg(long)]
    terminal: bool,

    /// The language of our own words in alerts: `en` or `zh` [default: by the locale]
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<String>,

    /// Where logs are looked for that can be proposed
    #[arg(long, value_name = "DIR", default_value = "/var/log")]
    pub(super) look_in: PathBuf,

    /// Ask nothing: what no option says is as Enter would have it. So it is without a terminal
    #[arg(long, short)]
    pub(super) yes: bool,

    /// Replace a configuration that somebody has edited; its text is kept beside it, as `.old`
    #[arg(long)]
    pub(super) force: bool,

    /// Send no notification as a test
    #[arg(long)]
    pub(super) no_test: bool,

    /// Print the configuration, write and send nothing
    #[arg(long)]
    pub(super) dry_run: bool,

    #[command(flatten)]
    pub(super) style: StyleArgs,
}

impl InitArgs {
    /// What options say, in the order of the questions.
    pub(super) fn given(&self) -> Vec<(Question, String)> {
        let mut given: Vec<(Question, String)> = Vec::new();
        let mut say = |question, said: &Option<String>| {
            given.extend(said.clone().map(|said| (question, said)));
        };
        let by_address = self.by_address();
        let is_mail = !self.email.is_empty();
        let way = by_address.map(|(way, _)| way).or(is_mail.then_some(Way::Email));
        let way = way.or(self.terminal.then_some(Way::Terminal));
        say(Question::Way, &way.map(|way| way.key().to_owned()));
        let logs = (!self.logs.is_empty()).then(|| super::listing::listed(&self.logs));
        say(Question::Logs, &logs);
        say(Question::Service, &self.service);
        say(Question::Credential, &self.credential);
        say(Question::Zone, &self.timezone);
        say(Question::To, &is_mail.then(|| self.email.join(" ")));
        say(Question::Server, &self.server);
        say(Question::Tls, &self.tls);
        say(Question::User, &self.user);
        say(Question::Password, &self.password_file);
        say(Question::From, &self.from);
        say(Question::Url, &by_address.map(|(_, file)| file.to_owned()));
        say(Question::Sign, &self.sign_file);
        say(Question::Language, &self.language);
        given
    }

    /// The authorities that a mail server's certificate must be of, as an absolute path.
    pub(super) fn ca_file(&self) -> Option<PathBuf> {
        self.ca_file.as_deref().and_then(|path| std::path::absolute(path).ok())
    }

    fn by_address(&self) -> Option<(Way, &str)> {
        let files = [
            (Way::DingTalk, &self.dingtalk_url_file),
            (Way::Feishu, &self.feishu_url_file),
            (Way::WeCom, &self.wecom_url_file),
            (Way::Slack, &self.slack_url_file),
            (Way::Teams, &self.teams_url_file),
            (Way::Webhook, &self.webhook_url_file),
        ];
        files.into_iter().find_map(|(way, file)| Some((way, file.as_deref()?)))
    }
}
