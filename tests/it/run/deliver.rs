//! Notifications on their way to programs that take them, refuse them, or are not there.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use ocrwatch::clock;
use rustix::process::Signal;
use serde_json::Value;

use super::daemon::Daemon;
use super::log::{Random, append, error_line};
use super::state::{State, Told};
use crate::harness::{Outcome, Sandbox};

/// Every alert is told at once and on its own.
const ROUTE: &str = "\
[[source]]
files = 'app.log'

[[route]]
name = 'all'
receiver = 'ops'
group_by = ['rule', 'api']
group_wait = '0s'
group_interval = '1s'
";

/// A receiver that is handed everything, and writes it down.
fn records(name: &str) -> String {
    let script = format!("cat >> told.{name}; echo \"$OCRWATCH_NOTIFICATION_ID\" >> ids.{name}");
    format!(
        "\n[[receiver]]\nname = '{name}'\ncommand = {{ run = ['/bin/sh', '-c', '''{script}'''] }}\n"
    )
}

/// A receiver that takes nothing.
fn refuses(name: &str) -> String {
    let script = "cat > /dev/null; echo nobody is on call >&2; exit 1";
    format!(
        "\n[[receiver]]\nname = '{name}'\ncommand = {{ run = ['/bin/sh', '-c', '{script}'] }}\n"
    )
}

/// A receiver whose program is not there, unless it is made.
fn absent(sandbox: &Sandbox, name: &str) -> String {
    let program = sandbox.path(&format!("pager.{name}"));
    let program = program.display();
    format!("\n[[receiver]]\nname = '{name}'\ncommand = {{ run = ['{program}'] }}\n")
}

/// Makes its program.
fn come(sandbox: &Sandbox, name: &str) {
    let script = format!(
        "#!/bin/sh\ncat >> told.{name}\necho \"$OCRWATCH_NOTIFICATION_ID\" >> ids.{name}\n"
    );
    let pager = format!("pager.{name}");
    // Whole or not at all: the daemon may try it at any moment.
    sandbox.file("pager.part", script);
    let part = sandbox.path("pager.part");
    std::fs::set_permissions(&part, std::fs::Permissions::from_mode(0o755)).expect("its mode");
    std::fs::rename(part, sandbox.path(&pager)).expect("its name");
}

struct Scene {
    sandbox: Sandbox,
    state: State,
    number: u64,
}

impl Scene {
    fn new() -> Self {
        let sandbox = Sandbox::with("app.log", "");
        let state = State(sandbox.path("state"));
        Self { sandbox, state, number: 0 }
    }

    fn config(&self, receivers: &str) {
        self.sandbox.file("ocrwatch.toml", format!("{ROUTE}{receivers}"));
    }

    /// Started, and not waited for.
    fn begin(&self) -> Daemon {
        let arguments = ["run", "--config", "ocrwatch.toml", "--state-dir", "state"];
        Daemon::start(self.sandbox.ocrwatch(&arguments))
    }

    fn start(&self) -> Daemon {
        let daemon = self.begin();
        daemon.until_stderr("started");
        daemon.until("the log is met", || self.state.has_position());
        daemon
    }

    /// Something that fires an alert of its own.
    fn fail(&mut self, count: u64) {
        let mut lines = String::new();
        for _ in 0..count {
            self.number += 1;
            let api = format!("ocr_api_{}", self.number);
            lines += &error_line(clock::now(), "ModelArts.4204", &api, self.number);
        }
        append(&self.sandbox.path("app.log"), lines);
    }

    /// What a receiver was handed.
    fn told(&self, name: &str) -> Vec<Value> {
        let path = self.sandbox.path(&format!("told.{name}"));
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    fn ids(&self, name: &str) -> Vec<String> {
        let path = self.sandbox.path(&format!("ids.{name}"));
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn states(&self) -> BTreeMap<String, usize> {
        let mut states = BTreeMap::new();
        if self.state.has_position() {
            for Told { state, .. } in self.state.outbox() {
                *states.entry(state).or_default() += 1;
            }
        }
        states
    }

    fn ask(&self, arguments: &[&str]) -> Outcome {
        self.sandbox.run(&[arguments, &["--state-dir", "state"]].concat())
    }
}

fn counts<const N: usize>(states: [(&str, usize); N]) -> BTreeMap<String, usize> {
    states.map(|(state, count)| (state.to_owned(), count)).into()
}

#[test]
fn what_a_receiver_refuses_is_told_to_its_fallback_once() {
    let mut scene = Scene::new();
    scene.config(&(refuses("ops") + "fallback = 'night'\n" + &records("night")));
    let daemon = scene.start();
    scene.fail(1);
    daemon.until("both are done with", || scene.states() == counts([("dead", 1), ("sent", 1)]));
    let ended = daemon.stop();
    let told = scene.told("night");
    assert_eq!(told.len(), 1, "{}", ended.stderr);
    let note = told[0]["notes"][0].as_str().expect("a note");
    assert!(note.starts_with("told here as `ops` cannot be reached since 20"), "{note}");
    assert!(note.ends_with("nobody is on call"), "{note}");
    assert_eq!(told[0]["receiver"], "night");
    assert_eq!(told[0]["status"], "firing");
    assert!(ended.stderr.contains("given up: end: /bin/sh ended"), "{}", ended.stderr);
    // Another run has nothing to add.
    let daemon = scene.start();
    scene.fail(1);
    daemon.until("the next is done with", || scene.ids("night").len() == 2);
    daemon.stop();
    assert_eq!(BTreeSet::from_iter(scene.ids("night")).len(), 2);
}

#[test]
fn an_outage_is_announced_and_ends_with_everything_told_in_order() {
    let mut scene = Scene::new();
    let ops = absent(&scene.sandbox, "ops") + "fallback = 'night'\nfallback_after = '1s'\n";
    scene.config(&(ops + &records("night")));
    let daemon = scene.start();
    scene.fail(1);
    daemon.until("the other is told", || scene.told("night").len() == 1);
    daemon.until_stderr("the receiver cannot be reached; the other is told instead");
    scene.fail(1);
    daemon.until("the other is told at once", || scene.told("night").len() == 2);
    assert_eq!(scene.told("ops").len(), 0);

    let list = scene.ask(&["outbox", "list", "--receiver", "ops"]);
    list.code(0).stdout_has("queued").stdout_has("api-not-subscribed");
    list.stdout_has("No such file or directory");
    come(&scene.sandbox, "ops");
    scene.ask(&["outbox", "retry", "--receiver", "ops"]).code(0).stdout_has("tried again: ");
    daemon.until("everything is sent", || scene.states() == counts([("sent", 4)]));
    daemon.until_stderr("the receiver can be reached again");
    let ended = daemon.stop();
    assert_eq!(ended.stderr.matches("the other is told instead").count(), 1, "once an hour");
    let ids: Vec<_> = scene.state.outbox().into_iter().map(|told| told.id).collect();
    let ops: Vec<_> = ids.iter().filter(|id| scene.ids("ops").contains(id)).cloned().collect();
    assert_eq!(scene.ids("ops"), ops, "in order");
    let notes = scene.told("ops").iter().all(|told| told.get("notes").is_none());
    assert!(notes, "what arrives at last is the notification itself");

    let latest = scene.ask(&["why"]);
    let alert = latest.code(0).stdout().split(' ').next().expect("a fingerprint").to_owned();
    let story = scene.ask(&["why", &alert]);
    story.code(0).stdout_has("fires (critical)").stdout_has("told to ops by route all: first");
    story.stdout_has("told to night").stdout_has("as ops cannot be reached").stdout_has("sent at");
    let json = scene.ask(&["why", &alert, "--format", "json"]);
    let json: Value = serde_json::from_str(json.code(0).stdout()).expect("JSON");
    assert_eq!(json["alerts"][0]["chapters"][0]["what"], "changed");
    assert_eq!(json["alerts"][0]["chapters"][1]["deliveries"][0]["state"], "sent");
    let told = scene.ask(&["why", &ids[0]]);
    told.code(0).stdout_has(&format!("notification {} for ops", ids[0])).stdout_has("alert ");
    scene.ask(&["why", "0000000000000000"]).code(66).stderr_has("nothing is known of");
}

#[test]
fn what_a_silence_withholds_stands_in_the_story_of_the_alert() {
    let mut scene = Scene::new();
    let silence = "\n[[silence]]\nname = 'move'\nmatch = { rule = 'api-not-subscribed' }\n\
                   author = 'wang'\nreason = 'we move'\nuntil = 2099-01-01T00:00:00+08:00\n";
    scene.config(&(silence.to_owned() + &records("ops")));
    let daemon = scene.start();
    scene.fail(1);
    daemon.until("it is withheld", || {
        scene
            .ask(&["why"])
            .stdout()
            .contains("not told by route all: silence move of wang: we move")
    });
    daemon.stop();
    let latest = scene.ask(&["why"]);
    let alert = latest.stdout().split(' ').next().expect("a fingerprint").to_owned();
    let json = scene.ask(&["why", &alert, "--format", "json"]);
    let json: Value = serde_json::from_str(json.code(0).stdout()).expect("JSON");
    let chapters = json["alerts"][0]["chapters"].as_array().expect("chapters");
    let what: Vec<_> = chapters.iter().map(|chapter| &chapter["what"]).collect();
    assert_eq!(what, ["changed", "withheld"]);
    assert_eq!(chapters[1]["by"]["silence"]["id"], "move");
    assert_eq!(scene.ids("ops").len(), 0);
}

#[test]
fn without_a_fallback_the_error_is_loud_and_not_repeated() {
    let mut scene = Scene::new();
    scene.config(&(absent(&scene.sandbox, "ops") + "fallback_after = '1s'\n"));
    let daemon = scene.start();
    scene.fail(1);
    let loud = "error the receiver cannot be reached, and nobody is told instead";
    daemon.until_stderr(loud);
    daemon.let_run(Duration::from_millis(2500));
    let ended = daemon.stop();
    assert_eq!(ended.stderr.matches(loud).count(), 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("outbox receiver=ops waiting=1"), "{}", ended.stderr);
}

#[test]
fn two_receivers_that_stand_in_for_each_other_do_not_pass_on_for_ever() {
    let mut scene = Scene::new();
    let ops = refuses("ops") + "fallback = 'night'\n";
    scene.config(&(ops + &refuses("night") + "fallback = 'ops'\n"));
    let daemon = scene.start();
    scene.fail(1);
    daemon.until("both have refused", || scene.states() == counts([("dead", 2)]));
    daemon.let_run(Duration::from_millis(1500));
    daemon.stop();
    assert_eq!(scene.states(), counts([("dead", 2)]));
}

#[test]
fn operators_list_retry_and_drop_under_a_run_and_without_one() {
    let mut scene = Scene::new();
    scene.config(&absent(&scene.sandbox, "ops"));
    let daemon = scene.start();
    scene.fail(3);
    daemon.until("three wait", || scene.states() == counts([("queued", 3)]));
    daemon.until_stderr("not told: run: ");
    let ids: Vec<_> = scene.state.outbox().into_iter().map(|told| told.id).collect();

    scene.ask(&["outbox", "drop", &ids[0]]).code(0).stdout_has(&format!("dropped: {}", ids[0]));
    assert_eq!(scene.states(), counts([("queued", 2), ("dead", 1)]));
    let list = scene.ask(&["outbox", "list", "--state", "dead", "--format", "json"]);
    let list: Value = serde_json::from_str(list.code(0).stdout()).expect("JSON");
    assert_eq!(list["notifications"][0]["id"], ids[0].as_str());
    assert_eq!(list["notifications"][0]["last_error"], "dropped by an operator");
    assert_eq!(list["notifications"][0]["rules"][0], "api-not-subscribed");
    let again = scene.ask(&["outbox", "drop", &ids[0]]);
    again.code(66).stderr_has("it was given up already");
    scene.ask(&["outbox", "drop", "ffffffffffffffff"]).code(66).stderr_has("has no notification");
    daemon.stop();

    scene.ask(&["outbox", "drop", &ids[1]]).code(0);
    assert_eq!(scene.states(), counts([("queued", 1), ("dead", 2)]));
    scene.ask(&["outbox", "retry", &ids[0]]).code(0).stdout_has("tried again");
    assert_eq!(scene.states(), counts([("queued", 2), ("dead", 1)]));

    come(&scene.sandbox, "ops");
    let daemon = scene.start();
    // Its first look may have been late enough to find the program.
    scene.ask(&["outbox", "retry", "--all"]);
    daemon.until("everything is sent", || scene.states() == counts([("sent", 3)]));
    daemon.stop();
    assert_eq!(BTreeSet::from_iter(scene.ids("ops")), BTreeSet::from_iter(ids));
    scene
        .ask(&["outbox", "retry", "--all"])
        .code(66)
        .stderr_has("nothing of this is in the outbox");
}

#[test]
fn a_look_at_no_state_makes_none() {
    let sandbox = Sandbox::new();
    for arguments in [&["outbox", "list"][..], &["outbox", "retry", "--all"], &["why"]] {
        let outcome = sandbox.run(&[arguments, &["--state-dir", "state"]].concat());
        outcome.code(78).stderr_has("there is none\nhint: name the directory in which");
    }
    assert!(!sandbox.path("state").exists());
}

#[test]
fn what_waits_for_a_receiver_that_is_gone_is_told_on_the_terminal() {
    let mut scene = Scene::new();
    scene.config(&absent(&scene.sandbox, "ops"));
    let daemon = scene.start();
    scene.fail(1);
    daemon.until_stderr("not told: run: ");
    let new = ROUTE.replace("'ops'", "'night'") + &records("night");
    scene.sandbox.file("ocrwatch.toml", new);
    daemon.signal(Signal::HUP);
    daemon.until_stdout("API ocr_api_1 is not subscribed");
    daemon.until_stderr("reloaded: receiver `ops` removed");
    daemon.until_stderr("reloaded: receiver `night` added");
    scene.fail(1);
    // Of the first alert as well: it fires, and that one was not told of it.
    daemon.until("the new one is told", || scene.ids("night").len() == 2);
    daemon.until("all are noted", || scene.states() == counts([("sent", 3)]));
    daemon.stop();
}

#[test]
fn a_receiver_that_is_mended_by_a_reload_is_tried_at_once() {
    let mut scene = Scene::new();
    scene.config(&absent(&scene.sandbox, "ops"));
    let daemon = scene.start();
    scene.fail(1);
    daemon.until_stderr("not told: run: ");
    scene.config(&records("ops"));
    daemon.signal(Signal::HUP);
    daemon.until("it is told", || scene.ids("ops").len() == 1);
    daemon.stop();
}

/// More than a thousand alerts, each on its own, while nobody takes them.
#[test]
fn a_thousand_that_wait_become_a_digest_and_none_is_lost() {
    const ALERTS: u64 = 1_300;
    let mut scene = Scene::new();
    scene.config(&absent(&scene.sandbox, "ops"));
    let daemon = scene.start();
    scene.fail(ALERTS);
    daemon.until_stderr("too much waits: the oldest are told as one");
    let all = || scene.states().values().sum::<usize>() > usize::try_from(ALERTS).expect("few");
    daemon.until("all are in the outbox", all);
    assert!(scene.states()["queued"] <= 1_001, "{:?}", scene.states());
    come(&scene.sandbox, "ops");
    scene.ask(&["outbox", "retry", "--receiver", "ops"]).code(0);
    let rest = scene.ask(&["outbox", "list", "--state", "merged", "--limit", "1"]);
    rest.code(0).stdout_has("merged into ");
    daemon.until("the digest is told", || !scene.told("ops").is_empty());
    daemon.stop();
    let digest = &scene.told("ops")[0];
    let note = digest["notes"][0].as_str().expect("a note");
    assert!(note.contains("notifications that waited"), "{note}");
    let merged: u64 = note.split(' ').next().and_then(|count| count.parse().ok()).expect("a count");
    assert!(merged >= 300, "{merged}");
    assert_eq!(digest["firing"], merged);
    assert_eq!(digest["left_out"], merged - 100);
    let rows = scene.state.outbox();
    let is_merged = |told: &&Told| told.state == "merged";
    assert_eq!(rows.iter().filter(is_merged).count() as u64, merged);
    assert_eq!(rows.len() as u64, ALERTS + 1);
}

#[test]
fn a_run_that_ends_tells_each_alert_once_however_long_its_receiver_takes() {
    let mut scene = Scene::new();
    scene.config(&records("ops"));
    scene.sandbox.file("ocrwatch.toml", {
        let text = std::fs::read_to_string(scene.sandbox.path("ocrwatch.toml")).expect("a file");
        text.replace("'app.log'\n", "'app.log'\nstart = 'beginning'\n")
    });
    scene.fail(60);
    let arguments = ["run", "--once", "--config", "ocrwatch.toml", "--state-dir", "state"];
    scene.sandbox.run(&arguments).code(0);
    assert_eq!(scene.states(), counts([("sent", 60)]));
    assert_eq!(scene.ids("ops").len(), 60);
}

/// 60 rounds, or as many as `OCRWATCH_KILL_ROUNDS` says.
#[test]
fn killed_while_it_delivers_everything_arrives_and_twice_at_most_once_for_each_kill() {
    let rounds = std::env::var("OCRWATCH_KILL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    let rounds: usize = rounds.unwrap_or(60);
    let mut random = Random::new(5);
    let mut scene = Scene::new();
    scene.config(&records("ops"));
    scene.start().stop();
    let (mut under_way, mut grown) = (0, 0);
    for _ in 0..rounds {
        let before = scene.ids("ops").len();
        let daemon = scene.begin();
        // A slow machine is not to gather more than it can tell in the end.
        let sent = scene.states().get("sent").copied().unwrap_or_default() as u64;
        if scene.number < sent + 30 {
            scene.fail(1 + random.below(4));
        }
        daemon.let_run(Duration::from_millis(random.below(500)));
        daemon.kill();
        under_way += usize::from(scene.states().contains_key("queued"));
        grown += usize::from(scene.ids("ops").len() > before);
    }
    let daemon = scene.start();
    let number = usize::try_from(scene.number).expect("few");
    daemon.until("everything is sent", || scene.states() == counts([("sent", number)]));
    daemon.stop();
    let ids = scene.ids("ops");
    let distinct: BTreeSet<String> = ids.iter().cloned().collect();
    let outbox: BTreeSet<String> = scene.state.outbox().into_iter().map(|told| told.id).collect();
    assert_eq!(distinct, outbox, "each arrives, and nothing else");
    let twice = ids.len() - distinct.len();
    println!(
        "{rounds} kills, {under_way} with something under way, {grown} behind a delivery: \
         {number} notifications, {twice} came again"
    );
    assert!(twice <= rounds, "{twice}");
    assert!(under_way > 0 && grown > 0);
}
