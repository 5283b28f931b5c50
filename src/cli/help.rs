//! What stands behind the options in the help and on the man pages: exit codes and examples.
//!
//! Owns the examples of every command, and how both look. Must not know what a command does.
//! Nothing here fails.

use std::fmt::Write as _;

use clap_mangen::roff::{Roff, bold, roman};

use super::exit_code::ExitCode;

/// A command as one types it, and what one gets.
pub(super) type Example = (&'static str, &'static str);

/// Examples by the command, whose words a hyphen joins; none is the program alone.
const EXAMPLES: [(&str, &[Example]); 23] = [
    ("", PROGRAM),
    ("run", RUN),
    ("report", REPORT),
    ("backtest", BACKTEST),
    ("extract", EXTRACT),
    ("explain", EXPLAIN),
    ("check", CHECK),
    ("test", TEST),
    ("outbox", OUTBOX),
    ("outbox-list", OUTBOX),
    ("outbox-retry", OUTBOX),
    ("outbox-drop", OUTBOX),
    ("why", WHY),
    ("send-test", SEND_TEST),
    ("preview", PREVIEW),
    ("init", INIT),
    ("status", STATUS),
    ("top", TOP),
    ("silence", SILENCE),
    ("silence-add", SILENCE),
    ("silence-list", SILENCE),
    ("silence-expire", SILENCE),
    ("export", EXPORT),
];

const PROGRAM: &[Example] = &[
    ("ocrwatch report app.log", "which errors, how often, since when, and what to do"),
    ("ocrwatch run --once app.log", "which alerts that gives, on the terminal"),
    (
        "ocrwatch run --config /etc/ocrwatch/ocrwatch.toml",
        "follow logs and tell alerts as they come",
    ),
    ("ocrwatch explain APIG.0301", "what a code means, and what the documentation says to do"),
];

const RUN: &[Example] = &[
    ("ocrwatch run --config /etc/ocrwatch/ocrwatch.toml", "follow what a configuration names"),
    ("ocrwatch run '/var/log/app/*.log'", "follow files, also those to come; alerts stand here"),
    ("ocrwatch run --once app.log", "read what is there, tell its alerts, end"),
];

const REPORT: &[Example] = &[
    ("ocrwatch report app.log", "which errors, how often, since when, and what to do"),
    (
        "ocrwatch report --with-rotated --since 24h app.log",
        "the last day, with app.log.1 and so on",
    ),
    ("ocrwatch report -o report.html app.log", "a page for a browser, to be forwarded"),
    ("ocrwatch report --baseline app.log.1 app.log", "what is new, gone, risen and fallen"),
    (
        "ocrwatch report --fail-on critical --quiet logs",
        "exit code 1 if there is a grave one, for CI",
    ),
    (
        "ocrwatch report --from /var/lib/ocrwatch --since 7d",
        "what a run has counted; `nats://…`: a fleet",
    ),
    (
        "ocrwatch report --since 7d --email ops@example.com /var/log/app.log",
        "the last week in somebody's mailbox",
    ),
];

const BACKTEST: &[Example] = &[
    ("ocrwatch backtest app.log", "what would have fired, until when, and who is told"),
    ("ocrwatch backtest --texts app.log", "and each alert as it would be sent"),
    ("ocrwatch backtest --compare rules.d app.log", "what rules of your own change"),
];

const EXTRACT: &[Example] = &[
    ("ocrwatch extract app.log", "an object for each error"),
    ("ocrwatch extract app.log | jq -r .code | sort | uniq -c", "how many of each code"),
    ("ocrwatch extract --code 'APIG.*' logs", "those of the gateway, of a directory"),
];

const EXPLAIN: &[Example] = &[
    ("ocrwatch explain APIG.0301", "a code, its causes and the solution of each"),
    ("ocrwatch explain 'ModelArts.42*'", "every code that fits"),
    ("ocrwatch explain config-unknown-key", "a problem of a file, by the name behind the message"),
];

const CHECK: &[Example] = &[
    ("ocrwatch check ocrwatch.toml", "a configuration, with everything that it names"),
    ("ocrwatch check --rules rules.d", "rules, routes, silences and mutes of a directory"),
    ("ocrwatch check ocrwatch.toml rules.d/tests/*.toml", "and scenarios against its rules"),
];

const TEST: &[Example] = &[
    ("ocrwatch test --rules rules.d rules.d/tests", "your rules against your scenarios"),
    ("ocrwatch test --quiet", "the shipped ones; nothing is printed unless one fails"),
];

const OUTBOX: &[Example] = &[
    ("ocrwatch outbox list", "what waits and what was given up"),
    ("ocrwatch outbox list --state all --receiver ops", "everything that one receiver was sent"),
    ("ocrwatch outbox retry --receiver ops", "try at once what waits for it or was given up"),
    ("ocrwatch outbox drop be9abb9828e913ff", "never deliver this one"),
];

const WHY: &[Example] = &[
    ("ocrwatch why", "the latest alerts, with their ids"),
    (
        "ocrwatch why 0d6fe4b9f1ac3453",
        "one alert: when it changed, who was told, who was not and why",
    ),
    ("ocrwatch why --config /etc/ocrwatch/ocrwatch.toml", "of the run with this configuration"),
];

const SEND_TEST: &[Example] = &[
    (
        "ocrwatch send-test ops --config /etc/ocrwatch/ocrwatch.toml",
        "whether alerts reach somebody",
    ),
    (
        "ocrwatch send-test ops --rule throttled -c /etc/ocrwatch/ocrwatch.toml",
        "as an alert of another rule",
    ),
];

const PREVIEW: &[Example] = &[
    ("ocrwatch preview aksk-lockout", "an alert in words"),
    (
        "ocrwatch preview aksk-lockout --config ocrwatch.toml --receiver ops",
        "as a receiver gets it",
    ),
    ("ocrwatch preview aksk-lockout --format json", "as a program gets it"),
];

const INIT: &[Example] = &[
    ("ocrwatch init --config ocrwatch.toml", "a first configuration by questions, up to the test"),
    (
        "ocrwatch init --log app.log --terminal --dry-run",
        "what would be written, without a question",
    ),
];

const STATUS: &[Example] = &[
    ("ocrwatch status", "how the run of this machine's service stands"),
    ("ocrwatch status --check", "one line and an exit code, for Nagios and its like"),
    ("ocrwatch status --config ocrwatch.toml --format json", "all of it, for programs"),
    ("ocrwatch status --url https://host:9464 --token-file http.token", "of another machine"),
];

const TOP: &[Example] = &[
    ("ocrwatch top", "the run of this machine's service"),
    ("ocrwatch top --interval 5s --config ocrwatch.toml", "another one, seldom"),
];

const SILENCE: &[Example] = &[
    (
        "ocrwatch silence add --match 'rule=aksk-*' --for 2h --reason rotation",
        "not to be told of these for two hours",
    ),
    (
        "ocrwatch silence add --match api=ocr --until-resolved --reason known",
        "of one API, until it is over",
    ),
    ("ocrwatch silence list", "what is in force or to come, and what it covers"),
    ("ocrwatch silence expire load-test", "to be told again"),
];

const EXPORT: &[Example] = &[
    ("ocrwatch export prometheus-rules", "alert rules for Prometheus, of the shipped rules"),
    ("ocrwatch export prometheus-rules --config ocrwatch.toml", "of those of a configuration"),
    ("ocrwatch export grafana", "a dashboard for Grafana"),
];

/// The examples of a command.
pub(super) fn examples(command: &str) -> &'static [Example] {
    EXAMPLES.iter().find(|(name, _)| *name == command).map_or(&[], |(_, examples)| examples)
}

/// What stands behind the options of a command.
pub(super) fn after(command: &str) -> String {
    let mut text = format!("{}\n\nExamples:", ExitCode::help());
    for (typed, what) in examples(command) {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {typed}\n      {what}");
    }
    text
}

/// The same as sections of a man page, which fills what stands on lines of its own.
pub(super) fn sections(command: &str) -> String {
    let mut page = Roff::new();
    page.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in ExitCode::ALL {
        page.control("TP", ["4"]);
        page.text([bold((code as u8).to_string())]);
        page.text([roman(meaning)]);
    }
    page.control("SH", ["EXAMPLES"]);
    for (typed, what) in examples(command) {
        page.control("TP", []);
        page.text([bold(*typed)]);
        page.text([roman(*what)]);
    }
    page.to_roff()
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::super::Cli;
    use super::*;

    /// The name of each command and what stands behind its options.
    fn helps(command: &clap::Command, found: &mut Vec<(String, String)>) {
        for below in command.get_subcommands().filter(|command| !command.is_hide_set()) {
            helps(below, found);
        }
        let name = command.get_display_name().unwrap_or("ocrwatch");
        let name = name.strip_prefix("ocrwatch-").unwrap_or_default().to_owned();
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        found.push((name, help));
    }

    #[test]
    fn every_command_has_examples_and_its_help_ends_in_them() {
        let mut cli = Cli::command().disable_help_subcommand(true);
        cli.build();
        let mut found = Vec::new();
        helps(&cli, &mut found);
        for (name, help) in &found {
            assert!((2..=7).contains(&examples(name).len()), "`{name}` has no examples");
            assert_eq!(*help, after(name), "help of `{name}`");
        }
        assert_eq!(found.len(), EXAMPLES.len(), "examples of a command that there is not");
    }

    #[test]
    fn every_example_is_a_command_and_stands_on_a_narrow_terminal() {
        for (typed, what) in EXAMPLES.iter().flat_map(|(_, examples)| examples.iter()) {
            assert!(typed.len() <= 74 && what.len() <= 72, "{typed}: {what}");
            let own = typed.split(" | ").find(|part| part.starts_with("ocrwatch "));
            let words = own.unwrap_or_default().split(' ').map(|word| word.trim_matches('\''));
            if let Err(error) = Cli::try_parse_from(words) {
                assert!(error.use_stderr(), "{typed}");
                unreachable!("{typed}: {error}");
            }
        }
    }
}
