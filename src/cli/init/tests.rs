//! Answers, typed and given, against the reader of configurations.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::answers::{Answers, Way};
use super::interview::{Facts, Interview, secret_file};
use super::question::Question;
use super::text::{quoted, text};
use super::usual_path;
use crate::config::{self, Config, Draft, Http, Login, Origin, Proof, Secret, Service, Via};

fn facts() -> Facts {
    Facts {
        found: vec!["/var/log/app/ocr.log".into(), "/var/log/two words/x.log".into()],
        zone: "Asia/Shanghai".into(),
        language: "en".into(),
        here: "/home/wang".into(),
        directory: "/etc/ocrwatch".into(),
        secrets: Vec::new(),
    }
}

fn interview() -> Interview {
    Interview::new(facts(), Answers::default())
}

/// Types one answer after the other; the questions that they were taken for, with what was said
/// against those that were not.
fn typed(interview: &mut Interview, lines: &[&str]) -> Vec<String> {
    let mut story = Vec::new();
    for line in lines {
        let question = interview.next().expect("a question");
        match interview.take(question, line) {
            Ok(()) => story.push(format!("{question:?}")),
            Err(objection) => story.push(format!("{question:?}! {}", objection.message)),
        }
    }
    story
}

fn read(text: &str) -> Config {
    let draft = Draft::read("c.toml", text, Path::new("/etc/ocrwatch"));
    draft.finish(&[], &[]).unwrap_or_else(|problems| panic!("{problems:?} in\n{text}"))
}

fn email(config: &Config) -> &config::Email {
    match &config.receivers[0].way {
        config::Way::Email(email) => email,
        other => panic!("{other:?}"),
    }
}

#[test]
fn six_answers_and_those_about_the_mail_server_make_a_configuration() {
    let mut interview = interview();
    let lines = ["", "scan", "scan-prod", "", "email", "ops@example.com, wang@example.com"];
    typed(&mut interview, &lines);
    let lines = ["smtp.example.com:465", "", "alerts@example.com", "pä\"\\ß'w", "", "zh"];
    let story = typed(&mut interview, &lines);
    assert_eq!(story, ["Server", "Tls", "User", "Password", "From", "Language"]);
    assert_eq!(interview.next(), None);
    assert_eq!(interview.judged(), Ok(()));
    let config = read(&interview.text());
    assert_eq!(config.sources[0].origin.to_string(), "/var/log/app/ocr.log");
    assert_eq!(config.sources[0].label.credential.as_deref(), Some("scan-prod"));
    assert_eq!(config.zone.expect("a zone").to_string(), "Asia/Shanghai");
    let mail = email(&config);
    assert_eq!(
        mail.to.iter().map(|to| &**to).collect::<Vec<_>>(),
        ["ops@example.com", "wang@example.com"]
    );
    assert_eq!(mail.from.email.to_string(), "alerts@example.com");
    let Via::Servers(servers) = &mail.via else { panic!("{:?}", mail.via) };
    assert_eq!((servers.tls.word(), servers.list[0].port), ("implicit", 465));
    let file = Secret::File("/etc/ocrwatch/smtp.password".into());
    assert_eq!(servers.login.as_ref().map(|login| &login.proof), Some(&Proof::Password(file)));
    let secrets: Vec<_> = interview.secrets().map(|(file, it)| (file, it.reveal())).collect();
    assert_eq!(secrets, [("smtp.password", "pä\"\\ß'w")]);
    assert!(!interview.text().contains("ß'w") && !format!("{interview:?}").contains("ß'w"));
}

#[test]
fn an_answer_that_the_reader_refuses_is_asked_for_again() {
    let mut interview = interview();
    let story = typed(&mut interview, &["~/x.log", "-", "/var/log/[.log", "3", "1,2 app.log"]);
    assert_eq!(story[4], "Logs");
    assert!(story[..4].iter().all(|line| line.starts_with("Logs! ")), "{story:?}");
    let logs = ["/var/log/app/ocr.log", "/var/log/two words/x.log", "/home/wang/app.log"];
    assert_eq!(interview.answers().logs, logs);
    let long = "x".repeat(200);
    let story = typed(&mut interview, &[&long, "a\u{1b}b", "", "-", "Asia/Shangha", "", "fax", ""]);
    let failed: Vec<_> = story.iter().map(|line| line.contains('!')).collect();
    assert_eq!(failed, [true, true, false, false, true, false, true, false], "{story:?}");
    let story = typed(
        &mut interview,
        &["", "ops", "ops@example.com", "https://smtp", "smtp.example.com", "ssl"],
    );
    let failed: Vec<_> = story.iter().map(|line| line.contains('!')).collect();
    assert_eq!(failed, [true, true, false, true, false, true], "{story:?}");
    // Not in the clear.
    let story = typed(&mut interview, &["none", "alerts"]);
    assert!(story[1].starts_with("User! "), "{story:?}");
    interview.back();
    assert_eq!(
        typed(&mut interview, &["starttls", "alerts", ""]).last().expect("a line"),
        "Password! an answer is needed here"
    );
}

#[test]
fn an_answer_may_hold_what_means_something_in_toml() {
    let mut interview = interview();
    let story =
        typed(&mut interview, &["'/var/log/a \"b\" \\ c'", r#"x \ "y" # 'z'"#, "図\u{301}"]);
    assert_eq!(story, ["Logs", "Service", "Credential"]);
    typed(&mut interview, &["", "terminal", ""]);
    let config = read(&interview.text());
    assert_eq!(config.sources[0].label.service.as_deref(), Some(r#"x \ "y" # 'z'"#));
    assert_eq!(config.sources[0].label.credential.as_deref(), Some("図\u{301}"));
    assert_eq!(config.sources[0].origin.to_string(), r#"/var/log/a "b" \ c"#);
}

#[test]
fn an_address_of_a_robot_is_a_secret_that_must_be_an_address() {
    let mut interview = interview();
    typed(&mut interview, &["", "", "", "", "dingtalk"]);
    let story = typed(
        &mut interview,
        &[
            "oapi.dingtalk.com",
            "https://u:pw@x.example/",
            "https://oapi.dingtalk.com/robot/send?access_token=canary",
            "SECcanary",
            "",
        ],
    );
    assert_eq!(story[0], "Url! this is no address of a web server");
    assert_eq!(story[1], "Url! an address with a password in it");
    assert_eq!(story[2..], ["Url", "Sign", "Language"]);
    let config = read(&interview.text());
    let config::Way::Web(web) = &config.receivers[0].way else { panic!() };
    let Service::DingTalk(robot) = &web.service else { panic!() };
    assert_eq!(robot.url, Secret::File("/etc/ocrwatch/dingtalk.url".into()));
    assert_eq!(robot.sign, Some(Secret::File("/etc/ocrwatch/dingtalk.sign".into())));
    assert!(!interview.text().contains("canary"));
    assert_eq!(interview.secrets().count(), 2);
    // Another way needs none of them.
    interview.again();
    typed(&mut interview, &["", "", "", "", "terminal", ""]);
    assert_eq!((interview.secrets().count(), interview.next()), (0, None));
}

#[test]
fn for_the_unit_it_answers_where_the_shipped_configuration_does() {
    let of = |has_unit| read(&text(&Answers { has_unit, ..Answers::plain(Way::Terminal) })).http;
    let shipped = read(include_str!("../../../systemd/ocrwatch.toml")).http;
    assert_eq!(of(true), shipped);
    assert!(shipped.socket.is_some() && of(false) == Http::default());
}

#[test]
fn who_changes_answers_finds_the_old_ones_behind_enter() {
    let mut interview = interview();
    let lines =
        ["2", "", "-", "+08:00", "email", "a@b.example", "localhost", "", "-", "x@b.example", "zh"];
    typed(&mut interview, &lines);
    let first = interview.text();
    interview.again();
    typed(&mut interview, &[""; 11]);
    assert_eq!((interview.next(), interview.text()), (None, first));
    assert!(interview.text().contains("tls = \"none\""), "{}", interview.text());
    interview.again();
    let story = typed(&mut interview, &["", "", "", "", "", "", "mail.example.com", ""]);
    assert_eq!(story.last().expect("a line"), "Tls");
    assert_eq!(interview.answers().tls, "starttls", "that of the new server");
}

#[test]
fn options_are_not_asked_about_and_what_is_missing_is_told_at_once() {
    let mut interview = interview();
    assert_eq!(interview.take_defaults(), [Question::Logs, Question::Way]);
    let mut interview = self::interview();
    interview.give(Question::Way, "email").expect("a way");
    interview.give(Question::User, "wang").expect("a user");
    let missing = interview.take_defaults();
    assert_eq!(missing, [Question::Logs, Question::To, Question::Server, Question::Password]);
    let mut interview = self::interview();
    for (question, said) in [
        (Question::Way, "slack"),
        (Question::Logs, "a.log '/var/log/b c.log'"),
        (Question::Url, "secrets/slack.url"),
    ] {
        interview.give(question, said).expect("a good option");
    }
    assert_eq!(interview.next(), Some(Question::Service));
    assert_eq!(interview.take_defaults(), []);
    let config = read(&interview.text());
    assert_eq!(config.sources[0].origin.to_string(), "/home/wang/a.log, /var/log/b c.log");
    let config::Way::Web(web) = &config.receivers[0].way else { panic!() };
    let Service::Slack(robot) = &web.service else { panic!() };
    assert_eq!(robot.url, Secret::File("/home/wang/secrets/slack.url".into()));
}

#[test]
fn a_secret_that_lies_there_need_not_be_typed_again() {
    let secrets = vec!["smtp.password".to_owned()];
    let mut interview = Interview::new(Facts { secrets, ..facts() }, Answers::default());
    let lines = ["", "", "", "", "", "a@b.example", "smtp.b.example", "", "wang", "", "", ""];
    typed(&mut interview, &lines);
    assert_eq!((interview.next(), interview.secrets().count()), (None, 0));
    assert_eq!(interview.answers().password_file, "smtp.password");
}

#[test]
fn a_configuration_lies_where_root_or_the_user_has_them() {
    let path = |is_root, set: &[(&str, &str)]| {
        let variable = |name: &str| {
            set.iter().find(|(known, _)| *known == name).map(|(_, path)| PathBuf::from(path))
        };
        usual_path(is_root, variable).map(|path| path.display().to_string())
    };
    let home = ("HOME", "/home/wang");
    assert_eq!(path(true, &[home]).as_deref(), Some("/etc/ocrwatch/ocrwatch.toml"));
    let own = path(false, &[home]);
    assert_eq!(own.as_deref(), Some("/home/wang/.config/ocrwatch/ocrwatch.toml"));
    let xdg = path(false, &[home, ("XDG_CONFIG_HOME", "/cfg")]);
    assert_eq!(xdg.as_deref(), Some("/cfg/ocrwatch/ocrwatch.toml"));
    assert_eq!(path(false, &[("HOME", "wang")]), None);
}

/// Answers of all kinds, right and wrong ones.
fn answer() -> impl Strategy<Value = String> {
    let near = prop::sample::select(vec![
        "1",
        "2",
        "all",
        "-",
        "",
        "email",
        "slack",
        "feishu",
        "webhook",
        "terminal",
        "wecom",
        "zh",
        "en",
        "a@b.example",
        "a@b.example c@d.example",
        "\"X Y\" <x@y.example>",
        "localhost:25",
        "smtp.b.example:465",
        "starttls",
        "none",
        "implicit",
        "+08:00",
        "UTC",
        "wang",
        "https://hooks.example.com/x?y=1",
        "/var/log/*.{log,out}",
        "'/a \"b\" c'",
        "\\\"]\n#",
        "\"\"\"",
        "ünï 图片",
        "\u{202e}x",
        "${HOME}",
        "a = 1",
        "'''",
    ]);
    prop_oneof![4 => near.prop_map(str::to_owned), 1 => ".{0,20}", 1 => any::<String>()]
}

/// What a text means where white space is a blank.
fn squeezed(text: &str) -> Option<String> {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!words.is_empty()).then_some(words)
}

/// Whether a configuration says what the answers do.
fn says(config: &Config, answers: &Answers) {
    let label = &config.sources[0].label;
    assert_eq!(label.service.as_deref().map(str::to_owned), squeezed(&answers.service));
    assert_eq!(label.credential.as_deref().map(str::to_owned), squeezed(&answers.credential));
    let Origin::Files { patterns, .. } = &config.sources[0].origin else { panic!() };
    let logs: Vec<_> = answers.logs.iter().map(PathBuf::from).collect();
    assert_eq!(patterns.iter().map(|it| it.as_path().to_owned()).collect::<Vec<_>>(), logs);
    let file = |name: &str| Secret::File(Path::new("/etc/ocrwatch").join(name));
    match (&config.receivers[0].way, answers.way) {
        (config::Way::Terminal, Way::Terminal) => {}
        (config::Way::Email(email), Way::Email) => {
            assert_eq!(email.to.iter().map(ToString::to_string).collect::<Vec<_>>(), answers.to);
            let Via::Servers(servers) = &email.via else { panic!() };
            assert!(servers.tls.word().eq_ignore_ascii_case(answers.tls.trim()));
            let login = squeezed(&answers.user).map(|user| Login {
                user: user.into(),
                proof: Proof::Password(file(&answers.password_file)),
            });
            assert_eq!(servers.login, login);
        }
        (config::Way::Web(web), _) => match &web.service {
            Service::DingTalk(robot)
            | Service::Feishu(robot)
            | Service::WeCom(robot)
            | Service::Slack(robot)
            | Service::Teams(robot) => {
                assert_eq!(robot.url, file(&answers.url_file));
                assert_eq!(robot.sign.is_some(), !answers.sign_file.is_empty());
            }
            Service::Webhook(_) => assert_eq!(answers.way, Way::Webhook),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Whatever a text holds, it is written so that it is read back.
    #[test]
    fn any_text_is_written_as_a_string_of_toml(text in prop_oneof![answer(), any::<String>(), "[\\\\\"'\n\t#]{0,6}"]) {
        let read: toml::Table = format!("a = {}\nb = 1\n", quoted(&text)).parse().expect("TOML");
        prop_assert_eq!(read["a"].as_str(), Some(&*text));
        prop_assert_eq!(read.len(), 2);
    }

    /// Whatever is typed: what was taken is read back as what it means.
    #[test]
    fn what_the_validators_take_the_reader_reads_back(lines in prop::collection::vec(answer(), 1..80)) {
        let mut interview = interview();
        let fallback = ["email", "a@b.example", "localhost", "https://a.example/", "pw", "1"];
        for line in &lines {
            match interview.next() {
                Some(question) => drop(interview.take(question, line)),
                None => break,
            }
        }
        // To the end, whatever it takes.
        for _ in 0..200 {
            let Some(question) = interview.next() else { break };
            let taken = interview.take(question, "").is_ok()
                || fallback.iter().any(|line| interview.take(question, line).is_ok());
            if !taken {
                interview.back();
                drop(interview.take(Question::Tls, "starttls"));
            }
        }
        prop_assert_eq!(interview.next(), None);
        prop_assert_eq!(interview.judged(), Ok(()));
        says(&read(&interview.text()), interview.answers());
    }
}

#[test]
fn secrets_of_different_kinds_lie_in_different_files() {
    let mut files: Vec<_> = Way::ALL
        .into_iter()
        .flat_map(|way| [Question::Url, Question::Sign].map(|question| secret_file(question, way)))
        .collect();
    files.push(secret_file(Question::Password, Way::Email));
    files.sort();
    let count = files.len();
    files.dedup();
    assert_eq!(files.len(), count);
}
