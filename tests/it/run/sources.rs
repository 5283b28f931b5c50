//! Everything that can be followed, as a user writes it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::{Command, Stdio};

use chrono::TimeDelta;
use encoding_rs::{GBK, UTF_16BE, UTF_16LE};
use ocrwatch::clock;

use super::daemon::{Daemon, tool};
use super::log::{append, error_line, errors};
use super::state::State;
use crate::harness::{Sandbox, data};

/// A daemon under a configuration.
fn under(sandbox: &Sandbox, config: &str) -> (Daemon, State) {
    sandbox.file("ocrwatch.toml", config);
    let run = sandbox.ocrwatch(&["run", "--config", "ocrwatch.toml", "--state-dir", "state"]);
    (Daemon::start(run), State(sandbox.path("state")))
}

#[test]
fn once_reads_what_is_there_tells_it_and_ends() {
    let now = clock::now();
    let sandbox = Sandbox::with("app.log", errors(now, "AIS.0104", 1, 7));
    sandbox.file("logs/b.log", error_line(now, "ModelArts.4204", "ocr_vin", 50));
    let run = || sandbox.run(&["run", "--once", "--state-dir", "state", "app.log", "logs"]);
    run().code(0).stdout_has("API ocr_vin is not subscribed");
    let state = State(sandbox.path("state"));
    assert_eq!((state.count(), state.lines()), (8, 15));
    let again = run();
    again.code(0).stdout_lacks("ocr_vin");
    // What came meanwhile, and nothing else, is read by the next run.
    append(&sandbox.path("app.log"), errors(now, "AIS.0104", 8, 2));
    run().code(0);
    assert_eq!((state.count(), state.lines()), (10, 19));
    assert_eq!(state.queued(), 0);
}

#[test]
fn standard_input_is_read_to_its_end_and_the_run_ends_with_it_when_once() {
    let sandbox = Sandbox::new();
    let mut run = sandbox.ocrwatch(&["run", "--once", "--state-dir", "state", "-"]);
    run.command.stdin(Stdio::piped());
    let mut daemon = Daemon::start(run);
    let mut stdin = daemon.child_stdin();
    let line = error_line(clock::now(), "ModelArts.4204", "ocr_stdin", 1);
    // In two pieces: the first is no line yet.
    let (beginning, rest) = line.split_at(60);
    stdin.write_all(beginning.as_bytes()).expect("it reads");
    stdin.write_all(rest.as_bytes()).expect("it reads");
    drop(stdin);
    let ended = daemon.ended();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("API ocr_stdin is not subscribed"), "{}", ended.stdout);
    assert_eq!(State(sandbox.path("state")).errors_by_source()["stdin"], 1);
}

#[test]
fn standard_input_alerts_while_it_is_still_open() {
    let sandbox = Sandbox::new();
    let mut run = sandbox.ocrwatch(&["run", "--state-dir", "state", "-"]);
    run.command.stdin(Stdio::piped());
    let mut daemon = Daemon::start(run);
    let mut stdin = daemon.child_stdin();
    let line = error_line(clock::now(), "ModelArts.4204", "ocr_stdin", 1);
    stdin.write_all(line.as_bytes()).expect("it reads");
    daemon.until_stdout("API ocr_stdin is not subscribed");
    daemon.stop();
}

#[test]
fn a_named_pipe_is_read_from_writers_that_come_and_go() {
    let sandbox = Sandbox::new();
    let pipe = sandbox.path("errors.pipe");
    tool(Command::new("mkfifo").arg(&pipe));
    let (daemon, state) = under(&sandbox, "[[source]]\nname = 'pipe'\nfifo = 'errors.pipe'\n");
    let mut writers = 0;
    for number in 1..=4 {
        // Opening waits for the reader.
        let mut writer = OpenOptions::new().write(true).open(&pipe).expect("a reader comes");
        writer
            .write_all(errors(clock::now(), "AIS.0104", number * 10, 3).as_bytes())
            .expect("it reads");
        drop(writer);
        writers += 1;
        daemon.until("it is counted", || state.count() == 3 * number);
    }
    println!("{writers} writers came and went");
    daemon.stop();
    assert_eq!((state.errors_by_source()["pipe"], state.lines()), (12, 24));
}

#[test]
fn files_and_directories_that_appear_later_are_read_from_their_beginning() {
    let sandbox = Sandbox::new();
    let (daemon, state) = under(
        &sandbox,
        "[[source]]\nname = 'a'\nfiles = ['logs/**/*.log', 'late/app.txt']\nexclude = ['*.debug.log']\n",
    );
    daemon.until_stderr("there is no such directory");
    let now = clock::now();
    sandbox.file("logs/deep/er/a.log", errors(now, "AIS.0104", 1, 3));
    daemon.until("a new directory is found", || state.count() == 3);
    sandbox.file("logs/deep/er/no.debug.log", errors(now, "AIS.0104", 100, 50));
    sandbox.file("logs/b.log", errors(now, "AIS.0104", 10, 2));
    daemon.until("a new file is found", || state.count() == 5);
    sandbox.file("late/app.txt", errors(now, "AIS.0104", 20, 4));
    daemon.until("a path that was missing is found", || state.count() == 9);
    std::fs::remove_dir_all(sandbox.path("logs/deep")).expect("it goes");
    sandbox.file("logs/deep/er/a.log", errors(now, "AIS.0104", 30, 1));
    daemon.until("a directory that went and came is found", || state.count() == 10);
    daemon.stop();
    assert_eq!(state.count(), 10);
}

#[test]
fn gbk_and_utf_16_are_read_live_and_over_a_restart() {
    let sandbox = Sandbox::new();
    let config = "timezone = 'Asia/Shanghai'\n\
        [[source]]\nname = 'gbk'\nfiles = 'gbk.log'\nencoding = 'gbk'\nstart = 'beginning'\n\
        [[source]]\nname = 'le'\nfiles = 'le.log'\nencoding = 'utf-16le'\nstart = 'beginning'\n\
        [[source]]\nname = 'marked'\nfiles = 'marked.log'\nstart = 'beginning'\n\
        [[source]]\nname = 'be'\nfiles = 'be.log'\nencoding = 'utf-16be'\nstart = 'beginning'\n";
    let files = ["gbk", "le", "marked", "be"];
    let names = ["gbk.log", "utf16le.log", "utf16le-marked.log", "utf16be.log"];
    let contents = names.map(|name| std::fs::read(data(&format!("input/{name}"))).expect("data"));
    let encodings = [GBK, UTF_16LE, UTF_16LE, UTF_16BE];
    let mut expected = 0;
    for (content, encoding) in contents.iter().zip(encodings) {
        sandbox.file("plain.log", encoding.decode(content).0.as_bytes());
        let found = sandbox.run(&["extract", "plain.log"]).json_lines();
        expected += found.iter().filter(|line| line["repeat"] != true).count() as u64;
    }
    assert!(expected > 4);
    for (file, content) in files.iter().zip(&contents) {
        // In the middle of a character.
        sandbox.file(&format!("{file}.log"), &content[..=content.len() / 2 / 2 * 2]);
    }
    let (daemon, state) = under(&sandbox, config);
    daemon.until("the beginnings are met", || state.lines() > 0 || state.has_position());
    daemon.kill();
    let (daemon, state) = under(&sandbox, config);
    for (file, content) in files.iter().zip(&contents) {
        append(&sandbox.path(&format!("{file}.log")), &content[content.len() / 2 / 2 * 2 + 1..]);
    }
    daemon.until("everything is counted", || state.count() >= expected);
    daemon.stop();
    assert_eq!(state.count(), expected);
    println!("{:?}", state.errors_by_source());
}

#[test]
fn trees_of_docker_and_pods_tell_who_wrote() {
    let sandbox = Sandbox::new();
    let now = clock::now();
    let stamp = now.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true);
    let docker = |api: &str, number| {
        let line = error_line(now, "ModelArts.4204", api, number);
        serde_json::json!({"log": line, "stream": "stderr", "time": stamp}).to_string() + "\n"
    };
    let id = "3f4a9bd1c2e05f66778899aabbccddeeff00112233445566778899aabbccddee";
    sandbox.file(&format!("docker/{id}/{id}-json.log"), docker("ocr_docker", 1));
    let cri = |api: &str, number| {
        let line = error_line(now, "ModelArts.4204", api, number);
        let (beginning, rest) = line.trim_end().split_at(90);
        format!("{stamp} stderr P {beginning}\n{stamp} stderr F {rest}\n")
    };
    sandbox.file("pods/shop_scan-7d9_0f2c/scan/0.log", cri("ocr_pod", 2));
    let (daemon, state) = under(
        &sandbox,
        "[[source]]\nname = 'd'\ndocker = 'docker'\nstart = 'beginning'\n\
         [[source]]\nname = 'p'\npods = 'pods'\nstart = 'beginning'\n\
         [[rule]]\nname = 'per-pod'\nseverity = 'warning'\ncondition = 'count >= 1'\nwindow = '5m'\n\
         group_by = ['namespace', 'pod', 'container']\nsummary = '{{ labels.namespace }}/{{ labels.pod }}'\n\
         [[route]]\nname = 'at-once'\nmatch = {}\nreceiver = 'ops'\ngroup_by = []\n\
         group_wait = '0s'\ngroup_interval = '1s'\n",
    );
    daemon.until("both are counted", || state.count() == 2);
    sandbox.file("pods/shop_scan-7d9_0f2c/scan/1.log", cri("ocr_pod_again", 3));
    daemon.until("a restarted container is counted", || state.count() == 3);
    let told =
        || -> String { state.outbox().iter().map(|told| told.notification.to_string()).collect() };
    daemon.until("a container of each is told", || {
        ["docker", "pods"].iter().all(|kind| told().contains(&format!("/{kind}/")))
    });
    let ended = daemon.stop();
    let told = told();
    for label in [r#"["namespace","shop"]"#, r#"["pod","scan-7d9"]"#, r#"["container","scan"]"#] {
        assert!(told.contains(label), "no {label}\n{told}\n{}", ended.stderr);
    }
}

#[test]
fn what_is_there_at_first_is_read_from_where_the_source_says() {
    let sandbox = Sandbox::new();
    let now = clock::now();
    let old = errors(now - TimeDelta::hours(3), "AIS.0104", 1, 10);
    let young = errors(now - TimeDelta::minutes(1), "AIS.0102", 100, 5);
    let mut config = String::new();
    for (name, start) in
        [("all", "beginning"), ("end", "end"), ("last", "last 4 lines"), ("since", "since 1h")]
    {
        sandbox.file(&format!("{name}.log"), old.clone() + &young);
        let files = format!("files = '{name}.log'\nstart = '{start}'\n");
        config.extend(["[[source]]\nname = '", name, "'\n", &files]);
    }
    let (daemon, state) = under(&sandbox, &config);
    let count = |name: &str| state.errors_by_source().get(name).copied().unwrap_or_default();
    daemon.until("the beginnings are read", || {
        println!("{:?}", state.errors_by_source());
        (count("all"), count("last"), count("since")) == (15, 2, 5)
    });
    for name in ["all", "end", "last", "since"] {
        append(&sandbox.path(&format!("{name}.log")), errors(now, "AIS.0104", 200, 1));
    }
    daemon.until("what came later is read", || {
        ["all", "end", "last", "since"].map(count) == [16, 1, 3, 6]
    });
    daemon.stop();
    // Where to begin is asked once.
    append(&sandbox.path("end.log"), errors(now, "AIS.0104", 300, 2));
    let (daemon, state) = under(&sandbox, &config);
    daemon.until("what came between is read", || state.errors_by_source()["end"] == 3);
    daemon.stop();
}
