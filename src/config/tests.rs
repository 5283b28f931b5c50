use super::*;
use crate::diagnostic::Diagnostic;
use crate::engine::{Event, LabelName};
use crate::occurrence::{Place, Success};

fn shown(problems: &[Diagnostic]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What a file in `/etc/ocrwatch` says, or its problems.
fn load(text: &str) -> Result<Config, String> {
    let draft = Draft::read("ocrwatch.toml", text, Path::new("/etc/ocrwatch"));
    draft.finish(&[], &[]).map_err(|problems| shown(&problems))
}

#[track_caller]
fn read(text: &str) -> Config {
    load(text).unwrap_or_else(|problems| panic!("{problems}"))
}

#[track_caller]
fn read_source(keys: &str) -> Source {
    read(&format!("[[source]]\n{keys}\n")).sources.remove(0)
}

/// What a reader sees of the changes from one file to another.
#[track_caller]
fn check_changes(old: &str, new: &str, expected: &[&str]) {
    let (old, new) = (read(old), read(new));
    let changes = old.changes(&new);
    let shown: Vec<_> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(shown, expected);
    assert_eq!(old.clone().changes(&old), []);
    assert_eq!(old == new, expected.is_empty());
}

#[test]
fn an_empty_file_is_what_is_usual() {
    let catalogue = Catalogue::embedded();
    let usual = Config::usual(Alerting::embedded(&catalogue), Arc::new(catalogue));
    assert_eq!(read(""), usual);
    assert_eq!(read("[state]\n[watch]\n[log]\n"), usual);
    let day = Span::DAY;
    assert_eq!((usual.state.history, usual.state.outbox), (day.times(90), day.times(30)));
}

#[test]
fn every_key_of_the_sections_counts() {
    let config = read(
        "timezone = \"Asia/Shanghai\"\n\
         [state]\ndirectory = \"state\"\nhistory = \"7d\"\noutbox = \"1d\"\nsize_max = \"1 GiB\"\n\
         [watch]\nmode = \"poll\"\nlinks = \"any\"\npoll_interval = \"100ms\"\nopen_files_max = 16\n\
         rotated_quiet = \"1m\"\npartial_line = \"5s\"\n\
         [log]\nlevel = \"debug\"\nformat = \"journal\"\n",
    );
    let state = State {
        directory: Some("/etc/ocrwatch/state".into()),
        history: Span::DAY.times(7),
        outbox: Span::DAY,
        bytes_max: 1 << 30,
    };
    assert_eq!(config.state, state);
    let watch = Watch {
        mode: Mode::Poll,
        links: Links::Any,
        poll_interval: Span(100),
        open_files_max: 16,
        rotated_quiet: Span::MINUTE,
        partial_line: Span::SECOND.times(5),
    };
    assert_eq!(config.watch, watch);
    assert_eq!(config.log, Log { level: Level::Debug, format: LogFormat::Journal });
    assert_eq!(config.zone, Zone::parse("Asia/Shanghai").ok());
}

#[test]
fn a_source_takes_the_zone_of_the_file_unless_it_has_its_own() {
    let text = "timezone = \"Asia/Shanghai\"\n[[source]]\nfiles = \"a\"\n\
                [[source]]\nfiles = \"b\"\ntimezone = \"UTC\"\nstart = \"since 2026-11-20\"\n";
    let config = read(text);
    let zones: Vec<_> = config.sources.iter().map(|source| source.zone).collect();
    assert_eq!(zones, [Zone::parse("Asia/Shanghai").ok(), Zone::parse("UTC").ok()]);
    let midnight = "2026-11-20T00:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    assert_eq!(config.sources[1].start, Start::Since(SinceWhen::At(midnight.into())));
}

#[test]
fn files_are_absolute_and_named_by_themselves() {
    let source = read_source(
        "files = [\"a  b.log\", \"./logs/*.log\", \"/srv/**/ocr*.log\"]\n\
         exclude = [\"*.debug.log\", \"logs/old-*\", \"**/archive/*\"]\nrotated_to = \"../old\"",
    );
    assert!(!source.named && source.label.name.is_empty());
    let shown = source.origin.to_string();
    assert_eq!(shown, "/etc/ocrwatch/a  b.log, /etc/ocrwatch/logs/*.log, /srv/**/ocr*.log");
    let Origin::Files { patterns, exclude, rotated_to } = source.origin else { unreachable!() };
    assert_eq!(rotated_to, [Path::new("/etc/ocrwatch/../old")]);
    let fits = |path: &str| {
        let path = Path::new(path);
        let excluded: Vec<_> = exclude.iter().map(|exclusion| exclusion.fits(path)).collect();
        (patterns.iter().any(|pattern| pattern.fits(path)), excluded)
    };
    assert_eq!(fits("/etc/ocrwatch/a  b.log"), (true, vec![false, false, false]));
    assert_eq!(fits("/etc/ocrwatch/logs/a.debug.log"), (true, vec![true, false, false]));
    assert_eq!(fits("/etc/ocrwatch/logs/old-1.log"), (true, vec![false, true, false]));
    assert_eq!(fits("/elsewhere/logs/old-1.log"), (false, vec![false, false, false]));
    assert_eq!(fits("/srv/x/archive/ocr.log"), (true, vec![false, false, true]));
    assert_eq!(fits("/srv/ocr.log"), (true, vec![false, false, false]));
    assert!(!fits("/srv/.hidden/ocr.log").0);
    assert!(!fits("/etc/ocrwatch/logs/below/a.log").0);
}

#[test]
fn what_is_special_in_patterns_means_itself_in_the_file_s_own_directory() {
    let text = "[[source]]\nfiles = [\"*.log\", \"[ab].log\"]\n";
    let draft = Draft::read("o.toml", text, Path::new("/srv/[x]*"));
    let config = draft.finish(&[], &[]).expect("a right file");
    let Origin::Files { patterns, .. } = &config.sources[0].origin else { unreachable!() };
    assert!(patterns[0].fits(Path::new("/srv/[x]*/c.log")));
    assert!(!patterns[0].fits(Path::new("/srv/x/c.log")));
    assert!(patterns[1].fits(Path::new("/srv/[x]*/b.log")));
}

#[test]
fn each_origin_is_read() {
    #[track_caller]
    fn check(keys: &str, expected: &Origin, start: Start) {
        let source = read_source(keys);
        assert_eq!((&source.origin, source.start), (expected, start), "{keys}");
    }
    check("stdin = true", &Origin::Stdin, Start::Beginning);
    check("fifo = \"/run/a\"\nstdin = false", &Origin::Fifo("/run/a".into()), Start::Beginning);
    check("docker = \"/d\"", &Origin::Docker("/d".into()), Start::End);
    check("pods = \"p\"\nstart = \"beginning\"", &Origin::Pods("/etc/ocrwatch/p".into()), {
        Start::Beginning
    });
    let everything = Origin::Journal { units: vec![], matches: vec![], directory: None };
    check("journal = {}", &everything, Start::End);
    let some = Origin::Journal {
        units: vec!["scan-*".into(), "a@b.service".into()],
        matches: vec!["SYSLOG_IDENTIFIER=a=b c".into()],
        directory: Some("/var/log/journal".into()),
    };
    check(
        "journal = { units = [\"scan-*\", \"a@b.service\"], directory = \"/var/log/journal\", \
         matches = \"SYSLOG_IDENTIFIER=a=b c\" }\nstart = \"last 10 lines\"",
        &some,
        Start::LastLines(10),
    );
}

#[test]
fn every_encoding_has_its_name() {
    for (name, encoding) in Encoding::ALL {
        let source = read_source(&format!("files = \"a\"\nencoding = \"{name}\""));
        assert_eq!(source.encoding, encoding);
    }
    assert_eq!(read_source("files = \"a\"").encoding, Encoding::Auto);
}

#[test]
fn what_a_source_is_labelled_with_reaches_rules() {
    let source = read_source(
        "name = \"gateway\"\nfiles = \"a\"\nservice = \"scan\"\ncredential = \"scan-prod\"\n\
         labels = { environment = \"production\", team = \"invoices\" }\nline_max = \"64 KiB\"",
    );
    assert_eq!((source.named, source.line_bytes_max), (true, Some(65_536)));
    let success = Success {
        place: Place { file: Arc::from("/var/log/a"), line: 1, offset: 0 },
        at: None,
        http_status: 200,
        api: None,
        region: None,
        project: None,
        host: None,
        access_key: None,
    };
    let event = Event::success(&source.label, &success);
    let label = |name: &str| event.label(&name.parse::<LabelName>().expect("a label"));
    assert_eq!(label("source"), Some("gateway"));
    assert_eq!(label("service"), Some("scan"));
    assert_eq!(label("credential"), Some("scan-prod"));
    assert_eq!(label("environment"), Some("production"));
    assert_eq!(label("team"), Some("invoices"));
    assert_eq!(label("region"), None);
}

const RULE: &str = "[[rule]]\nname = \"mine\"\nseverity = \"info\"\nsummary = \"s\"\n\
                    condition = \"count >= 5\"\nwindow = \"10m\"\n";
const ROUTE: &str = "[[route]]\nname = \"night\"\nmatch = { severity = \"info\" }\n\
                     receiver = \"ops\"\n";

#[test]
fn rules_and_routes_may_stand_in_the_file_itself() {
    let config = read(&format!("{RULE}{ROUTE}[engine]\nlateness = \"1m\"\n[state]\n"));
    assert_eq!(config.alerting.rules.rules().len(), 1);
    assert_eq!(&*config.alerting.policy.routes[0].name, "night");
    assert_eq!(config.alerting.settings.lateness, Span::MINUTE);
    let shipped = read(&format!("shipped = true\n{RULE}")).alerting.rules.rules().len();
    let usual = read(ROUTE).alerting.rules.rules().len();
    assert_eq!(shipped, usual + 1);
    let wrong = load("[state]\nhistory = 1\n[[rule]]\nname = \"x\"\nfoo = 1\n").unwrap_err();
    assert!(wrong.contains("[config-wrong-type]") && wrong.contains("[rule-unknown-key]"));
    assert!(!wrong.contains("unknown key `state`"), "{wrong}");
}

#[test]
fn files_that_are_named_are_read_behind_the_file_s_own_tables() {
    let text = format!("rules = \"rules.d\"\ncatalogue = [\"our.toml\"]\n{ROUTE}");
    let read = || Draft::read("ocrwatch.toml", &text, Path::new("/etc"));
    let draft = read();
    assert_eq!(draft.rules(), Some("rules.d"));
    assert_eq!(draft.catalogues().collect::<Vec<_>>(), ["our.toml"]);
    let code = "[[entry]]\nmodule = \"OCR\"\ncode = \"AIS.0999\"\nmessage = \"Ours.\"\n\
                description = \"d\"\nsolution = [\"s\"]\n";
    let catalogues = [("our.toml".to_owned(), code.to_owned())];
    let other = ROUTE.replace("night", "second");
    let rule = RULE.replace("window", "match = { code = \"AIS.0999\" }\nwindow");
    let rules = [("rules.d/a.toml".to_owned(), format!("{rule}{other}"))];
    let config = draft.finish(&catalogues, &rules).map_err(|wrong| shown(&wrong)).unwrap();
    let routes: Vec<_> = config.alerting.policy.routes.iter().map(|route| &*route.name).collect();
    assert_eq!(routes, ["night", "second", "default"]);
    // Everything wrong is told at once: this file first, then the others.
    let rules = [("rules.d/a.toml".to_owned(), format!("{rule}{ROUTE}"))];
    let wrong = read().finish(&[("our.toml".to_owned(), "x = 1".to_owned())], &rules);
    let wrong = wrong.unwrap_err();
    let names: Vec<_> = wrong.iter().map(|problem| problem.name).collect();
    let expected = ["catalogue-unknown-key", "rule-unknown-code", "policy-duplicate-name"];
    assert_eq!(names, expected, "{}", shown(&wrong));
}

#[test]
fn a_file_is_told_from_others_by_its_keys() {
    for text in ["[[source]]", "rules = 1", "timezone = 2", "[state", "[log]\n[[rule]]", "watch=1"]
    {
        assert!(is_config_file(text), "{text}");
    }
    for text in ["", "[source]\ntitle = 1", "[[rule]]", "rules = 1\n[[scenario]]", "[engine]"] {
        assert!(!is_config_file(text), "{text}");
    }
}

#[test]
fn files_of_a_command_line_are_sources_of_their_own_and_read_from_their_beginning() {
    let files = [
        FileArgument::Path("app.log".into()),
        FileArgument::Pattern("logs/*.log".to_owned()),
        FileArgument::Path("./app.log".into()),
        FileArgument::Path("/srv/[1].log".into()),
        FileArgument::Stdin,
        FileArgument::Stdin,
    ];
    let config = read("timezone = \"+08:00\"").of_files(&files, Path::new("/home/li")).unwrap();
    let shown: Vec<_> = config.sources.iter().map(|source| source.origin.to_string()).collect();
    assert_eq!(shown, ["/home/li/app.log", "/home/li/logs/*.log", "/srv/[1].log", "-"]);
    for source in &config.sources {
        assert_eq!((source.start, source.named), (Start::Beginning, false));
        assert_eq!(source.zone, config.zone);
    }
    let bad = [FileArgument::Pattern("a[".to_owned()), FileArgument::Pattern("{".to_owned())];
    let wrong = read("").of_files(&bad, Path::new("/")).unwrap_err();
    assert_eq!(wrong.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>(), ["a[", "{"]);
}

#[test]
fn changes_of_sources_are_told_by_name() {
    let a = "[[source]]\nname = \"a\"\nfiles = \"x\"\n";
    let b = "[[source]]\nfiles = [\"/y\", \"/z\"]\n";
    check_changes(&format!("{a}{b}"), &format!("{a}{b}"), &[]);
    check_changes(a, b, &["source `a` removed", "source `/y, /z` added"]);
    check_changes(
        a,
        "[[source]]\nname = \"a\"\nfiles = \"w\"\nexclude = \"*.gz\"\nservice = \"s\"\n\
         labels = { team = \"t\" }\nstart = \"beginning\"\n",
        &["source `a` changed: files, exclude, service, labels, start"],
    );
    check_changes(
        a,
        "[[source]]\nname = \"a\"\nstdin = true\n",
        &["source `a` changed: files, stdin, start"],
    );
    check_changes(
        "[[source]]\njournal = {}\n",
        "[[source]]\njournal = { units = \"a\" }\n",
        &["source `journal` removed", "source `journal a` added"],
    );
}

#[test]
fn changes_of_rules_and_of_who_is_told_are_told_by_name() {
    check_changes(RULE, &RULE.replace("10m", "5m"), &["rule `mine` changed: condition"]);
    let other = RULE.replace("mine", "other");
    check_changes(RULE, &other, &["rule `mine` removed", "rule `other` added"]);
    let both = (format!("{RULE}{other}"), format!("{other}{RULE}"));
    check_changes(&both.0, &both.1, &["the rules stand in another order"]);
    let off = "[[rule]]\nname = \"throttled\"\nenabled = false\n";
    check_changes(
        "shipped = true",
        &format!("shipped = true\n{off}"),
        &["rule `throttled` is no longer enabled"],
    );
    let on = "[[rule]]\nname = \"source-silent\"\nseverity = \"info\"\nsummary = \"s\"\n\
              condition = \"absent\"\nwindow = \"10m\"\nmatch = { event = \"line\" }\n";
    check_changes(
        "shipped = true",
        &format!("shipped = true\n{on}"),
        &["rule `source-silent` is enabled now"],
    );
    let matched = RULE.replace("window", "match = { message = \"a\", api = \"b*\" }\nwindow");
    check_changes(RULE, &matched, &["rule `mine` changed: match"]);
    let others = matched.replace("b*", "c*");
    check_changes(&matched, &others, &["rule `mine` changed: match"]);
    check_changes(&matched, &matched.replace("\"a\"", "\"z\""), &["rule `mine` changed: match"]);
    check_changes(&matched, &matched, &[]);
    let waiting = format!("{ROUTE}group_wait = \"1m\"\n");
    check_changes(ROUTE, &waiting, &["route `night` changed: group_wait"]);
    let second = ROUTE.replace("night", "day");
    let both = (format!("{ROUTE}{second}"), format!("{second}{ROUTE}"));
    check_changes(&both.0, &both.1, &["the routes stand in another order"]);
    let silence = "[[silence]]\nname = \"s\"\nmatch = {}\nauthor = \"li\"\nreason = \"r\"\n";
    let until = |day: u8| format!("{silence}until = 2026-11-{day}T00:00:00Z\n");
    check_changes(&until(23), &until(24), &["silence `s` changed: until"]);
    let mute = "[[mute]]\nname = \"m\"\ntimezone = \"UTC\"\ntimes = [{ days = \"mon\" }]\n";
    check_changes("", mute, &["mute `m` added"]);
    check_changes(mute, &mute.replace("mon", "tue"), &["mute `m` changed: times"]);
}

#[test]
fn changes_of_keys_are_told_with_both_values() {
    check_changes(
        "timezone = \"UTC\"\n[state]\ndirectory = \"/a\"\nhistory = \"1d\"\n[watch]\n\
         poll_interval = \"500ms\"\n",
        "[state]\nsize_max = \"1 GiB\"\noutbox = \"12h\"\n[watch]\nmode = \"poll\"\n\
         rotated_quiet = \"10s\"\npartial_line = \"1h30m\"\nopen_files_max = 20\n\
         [log]\nlevel = \"warn\"\nformat = \"text\"\n[engine]\nlateness = \"1m\"\n\
         [success]\naccess_logs = false\n",
        &[
            "[engine] lateness changed from 30s to 1m",
            "[success] changed: which lines tell of calls that succeeded",
            "timezone changed from UTC to the machine's",
            "[state] directory changed from `/a` to the usual one; it counts from the next start \
             on",
            "[state] history changed from 1d to 90d",
            "[state] outbox changed from 30d to 12h",
            "[state] size_max changed from 256 MiB to 1 GiB",
            "[watch] mode changed from auto to poll",
            "[watch] poll_interval changed from 500ms to 1s",
            "[watch] open_files_max changed from 256 to 20",
            "[watch] rotated_quiet changed from 5m to 10s",
            "[watch] partial_line changed from 1m to 1h30m",
            "[log] level changed from info to warn",
            "[log] format changed from auto to text",
        ],
    );
}

#[test]
fn changes_of_the_catalogue_are_told_by_code() {
    let with = |codes: &[&str], message: &str| {
        let entries: Vec<_> = codes
            .iter()
            .map(|code| {
                format!(
                    "[[entry]]\nmodule = \"OCR\"\ncode = \"{code}\"\nmessage = \"{message}\"\n\
                     description = \"d\"\nsolution = [\"s\"]\n"
                )
            })
            .collect();
        let text = entries.concat();
        let draft = Draft::read("o.toml", "", Path::new("/"));
        draft.finish(&[("c.toml".to_owned(), text)], &[]).map_err(|wrong| shown(&wrong)).unwrap()
    };
    let changes = |old: &Config, new: &Config| {
        old.changes(new).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let old = with(&["AIS.0901", "AIS.0902"], "One thing.");
    let new = with(&["AIS.0902", "AIS.0903"], "Another thing.");
    let expected =
        ["catalogue: AIS.0901 removed", "catalogue: AIS.0903 added", "catalogue: AIS.0902 changed"];
    assert_eq!(changes(&old, &new), expected);
    let codes: Vec<_> = (0..9).map(|number| format!("AIS.091{number}")).collect();
    let codes: Vec<_> = codes.iter().map(String::as_str).collect();
    assert_eq!(changes(&with(&[], ""), &with(&codes, "m")), ["catalogue: 9 codes added"]);
    let rated = read("");
    let mut catalogue = Catalogue::embedded();
    let rating = "[[severity]]\nseverity = \"critical\"\nreason = \"w\"\ncodes = [\"AIS.0101\"]\n";
    assert_eq!(shown(&catalogue.load("s.toml", rating)), "");
    let new = Config { catalogue: Arc::new(catalogue), ..rated.clone() };
    assert_eq!(changes(&rated, &new), ["catalogue: severities or references changed"]);
}

static EXAMPLE: &str = "rules = \"r\"\ntimezone = \"UTC\"\n[state]\nhistory = \"1d\"\n[watch]\n\
    mode = \"poll\"\n[log]\nlevel = \"info\"\n[[source]]\nname = \"a\"\nfiles = [\"/a/*.log\"]\n\
    exclude = [\"x\"]\nlabels = { a = \"b\" }\nstart = \"since 2h\"\nline_max = \"1 MiB\"\n\
    [[source]]\njournal = { units = [\"a.service\"], matches = [\"A=b\"] }\n";

proptest::proptest! {
    #[test]
    fn any_text_is_a_file_or_has_a_problem(
        start in 0_usize..400,
        len in 0_usize..400,
        noise in "[\\[\\]{}=\"',.#*?/~a-z0-9: \n\u{e9}\u{1b}-]{0,40}",
        at in 0_usize..400,
    ) {
        let at = EXAMPLE.len().min(at);
        let cut: String = EXAMPLE.chars().skip(start).take(len).collect();
        let noisy = format!("{}{noise}{}", &EXAMPLE[..at], &EXAMPLE[at..]);
        for text in [cut, noisy] {
            let draft = Draft::read("any.toml", &text, Path::new("/"));
            for problem in draft.into_diagnostics() {
                proptest::prop_assert!(PROBLEMS.contains(&problem.name), "{}", problem.name);
            }
        }
    }
}

#[test]
fn receivers_over_http_say_who_is_told_and_how_much() {
    let config = read(
        "[[receiver]]\nname = \"d\"\n\
         dingtalk = { url = { file = \"u\" }, mention = [\"138\", \"all\"], timeout = \"5s\" }\n\
         [[receiver]]\nname = \"w\"\nrate = { messages = 3, per = \"1h\" }\n\
         wecom = { url = { env = \"WECOM\" } }\n\
         [[receiver]]\nname = \"a\"\n\
         alertmanager = { urls = [\"http://a:9093/\", \"http://b:9093/am\"] }\n\
         [[receiver]]\nname = \"s\"\nfallback = \"d\"\n\
         smn = { region = \"r\", project_id = \"p\", topic = \"urn:smn:r:p:t\", \
         access_key = { env = \"AK\" }, secret_key = { env = \"SK\" } }\n",
    );
    let [robot, slow, peers, topic] = &config.receivers[..] else { unreachable!() };
    let rate = |messages, per| Some(Rate { messages, per });
    assert_eq!(robot.rate(), rate(16, Span::MINUTE));
    assert_eq!(slow.rate(), rate(3, Span::HOUR));
    assert_eq!((peers.rate(), topic.rate()), (None, None));
    let names = |receiver: &Receiver| receiver.recipients().join(" ");
    assert_eq!(names(robot), "");
    assert_eq!(names(peers), "http://a:9093 http://b:9093/am");
    assert!(peers.is_resent() && !robot.is_resent());
    let service = |receiver: &Receiver| match &receiver.way {
        Way::Web(web) => (web.service.clone(), web.link.timeout),
        _ => unreachable!(),
    };
    let (Service::DingTalk(dingtalk), timeout) = service(robot) else { unreachable!() };
    assert_eq!((&*dingtalk.mention[0], dingtalk.mention_all), ("138", true));
    assert_eq!(timeout, Span::SECOND.times(5));
    assert_eq!(dingtalk.url, Secret::File("/etc/ocrwatch/u".into()));
    let (Service::Smn(smn), _) = service(topic) else { unreachable!() };
    assert_eq!(&*smn.url, "https://smn.r.myhuaweicloud.com");
}
