//! What is to be said of the keys of a `[[receiver]]`.
//!
//! Owns the sentences. Must not know how they are shown; ranges, words and defaults are those that
//! the table is read by. Nothing here can fail.

use super::{
    FALLBACK, FALLBACK_AFTER, JOURNALS, LANGUAGES, MESSAGES, PER, PER_USUAL, WAYS, command, email,
    secret, web,
};
use crate::toml_file::reference::{Kind, Table, key, names};

/// `[[receiver]]`.
pub(in crate::config) fn receiver() -> Table {
    let journal = "[one line for each alert](receivers.md#journal): `auto`, `native` or `stderr`";
    let language = "the language of our own words, `en` or `zh`; what is documented stays as it is";
    let rate_says = "how much it is sent at most, such as `{ messages = 20, per = \"1m\" }`. What \
                     is more waits";
    let fallback = "the receiver that is told instead once this one cannot be reached";
    let fallback_after = "after so long without success it cannot be reached, {range}";
    let command_says = "a [program](#programs) of this machine that is handed each notification";
    let mut keys = vec![
        key("name", Kind::Text, "as routes name it, up to 64 bytes").required().such_as("\"ops\""),
        key("email", Kind::Table(email()), "[mail](#mail) to one or more people"),
        key("command", Kind::Table(command()), command_says),
        key("terminal", Kind::Flag, "`true`: standard output"),
        key("journal", names(&JOURNALS), journal),
    ];
    keys.extend(web::reference());
    keys.extend([
        key("timezone", Kind::Zone, "the zone in which it reads times")
            .otherwise("that of the file"),
        key("language", names(&LANGUAGES), language).usually_text("en"),
        key("rate", Kind::Table(rate()), rate_says)
            .otherwise("four fifths of what the service takes, else none"),
        key("templates", Kind::Table(templates()), "[words of your own](templates.md)"),
        key("fallback", Kind::Text, fallback).such_as("\"console\""),
        key("fallback_after", Kind::Span(FALLBACK), fallback_after).usually_ms(FALLBACK_AFTER.0),
    ]);
    let ways: Vec<_> = WAYS.iter().chain(&web::WAYS).copied().collect();
    Table::of("[[receiver]]", keys).with_one_of(&ways)
}

fn rate() -> Table {
    Table::of(
        "rate",
        vec![
            key("messages", Kind::Number(MESSAGES), "how many messages, {range}").required(),
            key("per", Kind::Span(PER), "in which time, {range}").usually_ms(PER_USUAL.0),
        ],
    )
}

fn command() -> Table {
    let timeout = "after so long it is ended and tried again, {range}. What it leaves behind that \
                   holds its output open is ended then, too; what it said itself with its exit \
                   code stays";
    let environment = "variables that it gets beside those of the run, each a [secret](#secrets), \
                       up to {max}";
    let variables = Kind::Pairs(Box::new(secret()), command::VARIABLES_MAX);
    let run = "the program's absolute path and its arguments, up to {max}";
    Table::of(
        "command",
        vec![
            key("run", Kind::Texts(secret::ARGUMENTS_MAX), run)
                .required()
                .such_as("[\"/usr/local/bin/page\"]"),
            key("timeout", Kind::Span(command::TIMEOUTS), timeout).usually_ms(command::TIMEOUT.0),
            key("environment", variables, environment)
                .usually("{}")
                .such_as("{ PAGER_TOKEN = { credential = \"pager\" } }"),
        ],
    )
}

fn templates() -> Table {
    let html = "a mail's HTML; every value in it is escaped";
    let chat = "what a chat robot shows, in the markup of its service; every value in it is \
                escaped";
    Table::of(
        "templates",
        vec![
            key("subject", Kind::Text, "a mail's subject, the title of a card; one line"),
            key("text", Kind::Text, "a mail's text"),
            key("html", Kind::Text, html),
            key("chat", Kind::Text, chat),
        ],
    )
}

/// Where a secret lies.
pub(in crate::config) fn secret() -> Kind {
    let file = "a file, whose first line it is; only its owner may read it (mode \
                0600), or, if it is root's, its group (mode 0640)";
    let credential = "a credential that systemd hands over: `LoadCredential=` of the unit";
    let command = "a program's absolute path and arguments; it is the first line that it prints, \
                   within 30 s";
    let table = Table::of(
        "secret",
        vec![
            key("file", Kind::Path, file).such_as("\"ops.secret\""),
            key("env", Kind::Text, "a variable of the run's environment").such_as("\"OPS_SECRET\""),
            key("credential", Kind::Text, credential).such_as("\"ops-secret\""),
            key("command", Kind::Texts(secret::ARGUMENTS_MAX), command)
                .such_as("[\"/usr/local/bin/ops-secret\"]"),
        ],
    );
    Kind::Table(table.with_one_of(secret::KEYS))
}

fn email() -> Table {
    let to = "who gets it: up to {max} addresses, each of which is delivered to on its own";
    let from = "who it is from, such as `OCR alerts <alerts@example.com>`; what cannot be \
                delivered comes back there";
    let servers = "up to {max} mail servers; a later one is asked if the earlier ones take \
                   nothing. Without a port it is 587 for `starttls`, 465 for `implicit`, else 25";
    let sendmail = "instead of `servers`: a program that takes mail and its arguments, such as \
                    `[\"/usr/sbin/sendmail\", \"-i\"]`; `-f`, the sender and the recipient are \
                    added";
    let tls = "`starttls`: nothing is sent without STARTTLS; `implicit`: encrypted from the first \
               byte on; `opportunistic`: if the server offers it; `none`. Certificates and names \
               are always checked";
    let ca_file = "a file of certificate authorities in PEM, believed instead of the machine's";
    let password = "a [secret](#secrets): login by `PLAIN`, or else `LOGIN`";
    let oauth_token = "a [secret](#secrets), read for each connection: login by `XOAUTH2`";
    let timeout = "how long each step may take, {range}; the answer behind the mail may take three \
                   times as long";
    let hello_name = "as whom this program greets the server";
    Table::of(
        "email",
        vec![
            key("to", Kind::Texts(email::RECIPIENTS_MAX), to)
                .required()
                .such_as("[\"ops@example.com\"]"),
            key("from", Kind::Text, from).required().such_as("\"alerts@example.com\""),
            key("reply_to", Kind::Text, "where answers go").such_as("\"team@example.com\""),
            key("servers", Kind::Texts(email::SERVERS_MAX), servers)
                .otherwise("required without `sendmail`")
                .such_as("[\"smtp.example.com\"]"),
            key("sendmail", Kind::Texts(secret::ARGUMENTS_MAX), sendmail)
                .such_as("[\"/usr/sbin/sendmail\", \"-i\"]"),
            key("tls", names(&email::TLS), tls).usually_text(email::Tls::default().word()),
            key("ca_file", Kind::Path, ca_file)
                .otherwise("the machine's")
                .such_as("\"mail-ca.pem\""),
            key("user", Kind::Text, "who logs in").such_as("\"alerts@example.com\""),
            key("password", secret(), password),
            key("oauth_token", secret(), oauth_token),
            key("hello_name", Kind::Text, hello_name)
                .otherwise("the machine's name")
                .such_as("\"monitor.example.com\""),
            key("timeout", Kind::Span(email::TIMEOUTS), timeout).usually_ms(email::TIMEOUT.0),
        ],
    )
    .with_one_of(&["servers", "sendmail"])
}
