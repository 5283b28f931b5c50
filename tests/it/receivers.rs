//! Receivers as a user tries them: what a route may name, a test notification, a look at one.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use ocrwatch::config::{Config, Draft};
use serde_json::Value;

use crate::harness::Sandbox;

fn config(text: &str) -> Result<Config, Vec<String>> {
    let read = Draft::read("o.toml", text, Path::new("/etc/ocrwatch")).finish(&[], &[]);
    read.map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn receiver(name: &str) -> String {
    format!("[[receiver]]\nname = '{name}'\ncommand = {{ run = ['/bin/true'] }}\n")
}

fn route(receiver: &str, more: &str) -> String {
    format!("[[route]]\nname = '{receiver}'\nreceiver = '{receiver}'\n{more}\n")
}

/// Routes with their receivers.
fn routes(text: &str) -> Vec<(String, String)> {
    let config = config(text).expect("a right configuration");
    let routes = config.alerting.policy.routes.iter();
    routes.map(|route| (route.name.to_string(), route.receiver.to_string())).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn without_a_route_the_first_receiver_is_told_everything() {
    let two = receiver("ops") + &receiver("night");
    assert_eq!(routes(&two), pairs(&[("default", "ops")]));
    assert_eq!(routes(""), pairs(&[("default", "default")]));
    // A rule beside it is no route.
    let text = format!("shipped = true\n{two}");
    assert_eq!(routes(&text), pairs(&[("default", "ops")]));
}

#[test]
fn what_no_route_takes_goes_to_the_terminal() {
    let text = route("ops", "match = { rule = 'aksk-*' }") + &receiver("ops");
    assert_eq!(routes(&text), pairs(&[("ops", "ops"), ("default", "default")]));
    let named = route("default", "") + &receiver("ops");
    assert_eq!(routes(&named), pairs(&[("default", "default")]), "the terminal by its name");
}

#[test]
fn a_route_to_nobody_is_a_problem_with_its_place_unless_there_are_no_receivers() {
    let text = route("opps", "") + &receiver("ops");
    let problems = config(&text).unwrap_err();
    assert!(problems[0].starts_with("o.toml:3:12: no receiver is called `opps`"), "{problems:?}");
    assert!(problems[0].contains("hint: did you mean `ops`?"), "{problems:?}");
    assert_eq!(routes(&route("anybody", "")), pairs(&[("anybody", "anybody")]));
}

#[test]
fn a_route_of_a_rule_file_to_nobody_is_placed_there() {
    let sandbox = Sandbox::with("etc/o.toml", format!("rules = 'r.toml'\n{}", receiver("ops")));
    sandbox.file("etc/r.toml", route("night", ""));
    let outcome = sandbox.run(&["check", "etc/o.toml"]);
    outcome.code(78).stderr_has("etc/r.toml:3:12: no receiver is called `night`");
    outcome.stderr_has("[config-unknown-receiver]");
}

#[test]
fn a_test_notification_is_really_sent_and_says_that_it_is_one() {
    let run = "['/bin/sh', '-c', 'cat > told; echo \"$OCRWATCH_RECEIVER $TOKEN\" > said']";
    let text = format!(
        "[[receiver]]\nname = 'ops'\n[receiver.command]\nrun = {run}\n\
         environment = {{ TOKEN = {{ file = 'token' }} }}\n"
    );
    let sandbox = Sandbox::with("o.toml", text);
    sandbox.file("token", "canary-7F3Q\nsecond line\n");
    let try_it = || sandbox.run(&["send-test", "ops", "--config", "o.toml"]);
    std::fs::set_permissions(sandbox.path("token"), std::fs::Permissions::from_mode(0o644))
        .expect("its mode");
    let open = try_it();
    open.code(69)
        .stderr_has("others may read it (mode 0644)")
        .stderr_has("hint: chmod 600 the file");
    std::fs::set_permissions(sandbox.path("token"), std::fs::Permissions::from_mode(0o600))
        .expect("its mode");
    let sent = try_it();
    sent.code(0).stdout_has("ops (command): ").stdout_has("  run        /bin/sh");
    sent.stdout_has("  secret     TOKEN is read").stdout_has("  accepted   exit status: 0");
    assert!(!sent.stdout().contains("canary"), "{}", sent.stdout());
    let read = |name: &str| std::fs::read_to_string(sandbox.path(name)).expect("a file");
    assert_eq!(read("said"), "ops canary-7F3Q\n");
    let told: Value = serde_json::from_str(&read("told")).expect("JSON");
    assert_eq!(told["schema"], "ocrwatch.notification/1");
    assert_eq!(told["notes"][0], "this is a test of ocrwatch: nothing has happened");
    assert_eq!(told["alerts"][0]["rule"], "aksk-lockout");
    assert!(!read("told").contains("canary"));
}

#[test]
fn what_does_not_take_a_test_says_why_and_what_a_run_would_do() {
    let with = |run: &str| {
        let receiver = format!("[[receiver]]\nname = 'ops'\ncommand = {{ run = {run} }}\n");
        Sandbox::with("o.toml", receiver).run(&["send-test", "ops", "-c", "o.toml"])
    };
    let refused = with("['/bin/sh', '-c', 'echo \"no such team\" >&2; exit 3']");
    refused.code(69).stderr_has("ops did not take it: end: /bin/sh ended with exit status: 3");
    refused.stderr_has("no such team (a run would give it up)");
    with("['/bin/sh', '-c', 'exit 75']").code(69).stderr_has("(a run would try again)");
    with("['/nowhere/page']").code(69).stderr_has("run: /nowhere/page: No such file");
    let hangs = "['/bin/sh', '-c', 'exec tail -f /dev/null'], timeout = '1s'";
    with(hangs).code(69).stderr_has("it was ended after 1 s");
    let silent = "['/bin/sh', '-c', 'exec tail -f /dev/null >/dev/null 2>&1'], timeout = '1s'";
    with(silent).code(69).stderr_has("it was ended after 1 s");
}

#[test]
fn what_a_program_leaves_running_does_not_undo_that_it_took_the_notification_and_is_ended() {
    let run = "['/bin/sh', '-c', 'tail -f /dev/null & echo $! > left']";
    let sandbox = Sandbox::with(
        "o.toml",
        format!("[[receiver]]\nname = 'ops'\ncommand = {{ run = {run}, timeout = '1s' }}\n"),
    );
    let sent = sandbox.run(&["send-test", "ops", "-c", "o.toml"]);
    sent.code(0).stdout_has("accepted   exit status: 0");
    let left = std::fs::read_to_string(sandbox.path("left")).expect("its number");
    // It is nobody's child any more: gone, or a zombie until the machine reaps it.
    let about = std::fs::read_to_string(format!("/proc/{}/stat", left.trim()));
    assert!(about.as_ref().map_or(true, |about| about.contains(") Z ")), "{about:?}");
}

#[test]
fn a_test_needs_a_receiver_a_recipient_and_a_rule_that_are_there() {
    let sandbox =
        Sandbox::with("o.toml", receiver("ops") + "[[receiver]]\nname = 'tty'\nterminal = true\n");
    let send = |arguments: &[&str]| sandbox.run(&[arguments, &["--config", "o.toml"]].concat());
    send(&["send-test", "osp"])
        .code(64)
        .stderr_has("there is no receiver `osp`")
        .stderr_has("`ops`?");
    send(&["send-test", "ops", "--rule", "lockout"]).code(64).stderr_has("there is no rule");
    send(&["send-test", "ops", "--recipient", "a@x"]).code(64).stderr_has("has no recipient `a@x`");
    send(&["send-test", "tty"]).code(0).stdout_has("(this is a test of ocrwatch");
}

#[test]
fn a_preview_shows_a_rule_s_alert_in_each_form_and_as_a_receiver_gets_it() {
    let sandbox = Sandbox::with("o.toml", format!("timezone = '+09:00'\n{}", receiver("ops")));
    let text = sandbox.run(&["preview", "throttled"]);
    text.code(0).stdout_has("== first: 1 firing, 0 resolved  [default ").stdout_has("What to do");
    for arguments in [&["--format", "json"][..], &["--receiver", "ops"]] {
        let shown = sandbox.run(&[&["preview", "throttled", "-c", "o.toml"], arguments].concat());
        let shown: Value = serde_json::from_str(shown.code(0).stdout()).expect("JSON");
        assert_eq!(shown["alerts"][0]["rule"], "throttled");
        assert!(shown["at"].as_str().is_some_and(|at| at.ends_with("+09:00")), "{shown}");
    }
    sandbox.run(&["preview", "throtled"]).code(64).stderr_has("did you mean `throttled`?");
    let form = sandbox.run(&["preview", "throttled", "--format", "fax"]);
    form.code(64).stderr_has("`fax` is no form").stderr_has("`text`, `json`");
}
