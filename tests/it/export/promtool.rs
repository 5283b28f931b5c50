//! Prometheus' own checks of the rules, and that they can fail.

use std::fs;
use std::process::{Command, Output, Stdio};

use super::contrib;
use crate::harness::Sandbox;
use crate::run::daemon::has;

const RULES: &str = "ocrwatch.rules.yml";
const TEST: &str = "ocrwatch.test.yml";

/// What promtool says, if it is here.
fn promtool(sandbox: &Sandbox, arguments: &[&str]) -> Option<Output> {
    if !has(&["promtool"]) {
        return None;
    }
    let mut command = Command::new("promtool");
    let command = command.args(arguments).current_dir(sandbox.path("")).stdin(Stdio::null());
    Some(command.output().expect("promtool starts"))
}

#[track_caller]
fn is_good(output: Option<Output>) {
    if let Some(output) = output {
        let said =
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }
}

/// Asserts that Prometheus takes the rules.
#[track_caller]
pub(super) fn check(sandbox: &Sandbox, rules: &str) {
    sandbox.file(RULES, rules);
    is_good(promtool(sandbox, &["check", "rules", RULES]));
}

fn exported(options: &[&str], sandbox: &Sandbox) -> String {
    let arguments = [&["export", "prometheus-rules"], options].concat();
    sandbox.run(&arguments).code(0).stdout().to_owned()
}

/// The unit tests of `contrib`.
fn shipped_tests() -> String {
    fs::read_to_string(contrib("prometheus").join(TEST)).expect("the tests")
}

/// Unit tests on these rules.
fn unit_tests(rules: &str, tests: &str) -> Option<Output> {
    let sandbox = Sandbox::with(RULES, rules);
    sandbox.file(TEST, tests);
    promtool(&sandbox, &["test", "rules", TEST])
}

#[test]
fn the_shipped_rules_do_what_their_unit_tests_say() {
    let sandbox = Sandbox::new();
    let rules = exported(&[], &sandbox);
    check(&sandbox, &rules);
    is_good(unit_tests(&rules, &shipped_tests()));
}

#[test]
fn a_rule_that_is_broken_fails_the_unit_tests() {
    let rules = exported(&[], &Sandbox::new());
    // Those of the lockout are enough, and the others take long.
    let tests = shipped_tests();
    let (tests, _) = tests.split_once("\n  - name: thresholds").expect("tests of thresholds");
    is_good(unit_tests(&rules, tests));
    for (right, broken) in [
        ("}) > 5\n", "}) > 6\n"),
        // Counters that are born are not seen.
        (
            "  or ocrwatch_errors_total + 0 and on (job, instance) ocrwatch_build_info offset 15s\n",
            "",
        ),
        // Those of any age count as a whole.
        ("process_start_time_seconds > time() - 315", "process_start_time_seconds < time()"),
        // A gap makes what was counted before count again.
        (
            "last_over_time(ocrwatch_errors_total[5m] offset 15s)",
            "last_over_time(ocrwatch_errors_total[1s] offset 15s)",
        ),
        ("Check whether the AK/SK pair is correct", "Check whether the AK/SK pair was correct"),
    ] {
        let wrong = rules.replace(right, broken);
        assert_ne!(wrong, rules, "{right}");
        if let Some(output) = unit_tests(&wrong, tests) {
            assert!(!output.status.success(), "nothing fails with {broken:?} for {right:?}");
        }
    }
}

/// One rule for each condition, and for each reason why one cannot be said.
const EVERY_CONDITION: &str = r#"
[[rule]]
name = "count"
severity = "warning"
match = { module = "A?IG*", code = ["APIG.0[13]0{1,8}", "AIS.0101"], not = { cause = "?*", source = ["a|b", "c\"d"] } }
condition = "count >= 10"
window = "1d"
clear_below = 3
summary = "{{ count }} {{ labels.team }} {{ api }}"

[[rule]]
name = "rate"
severity = "warning"
match = { known = true }
condition = "rate > 2/s"
window = "1m"
aligned = true
group_by = ["code", "cause"]
summary = "{% if code %}{{ code | upper }}{% endif %} {{ count }}"

[[rule]]
name = "distinct"
severity = "info"
condition = "distinct credential >= 3"
window = "1h"
group_by = ["source", "api"]
summary = "{{ count }} of many"

[[rule]]
name = "consecutive"
severity = "critical"
match = { code = "APIG.0301", credential = "scan" }
condition = "consecutive > 5"
gap = "2m"
group_by = ["credential"]
summary = "{{ credential }}"

[[rule]]
name = "ratio"
severity = "warning"
match = { code = "AIS.0104" }
condition = "ratio >= 30.5%"
of = { module = "OCR" }
window = "1h"
at_least = 50
clear_below = "20%"
summary = "bad images"

[[rule]]
name = "spike"
severity = "info"
condition = "spike >= 3x"
window = "15m"
baseline = 8
group_by = ["service", "credential"]
summary = "{{ service }} has many more errors than before"

[[rule]]
name = "new"
severity = "info"
condition = "new"
group_by = ["code"]
summary = "{{ code }} is new"

[[rule]]
name = "absent"
severity = "critical"
match = { event = "success" }
condition = "absent"
window = "30m"
summary = "no invoice was recognised since {{ last_at }}"

[[rule]]
name = "sequence"
severity = "warning"
match = { code = "APIG.0308" }
condition = "sequence"
then = { code = "APIG.0301" }
within = "5m"
summary = "throttled, then refused"

[[rule]]
name = "short"
severity = "warning"
condition = "count >= 1"
window = "10s"
summary = "x"

[[rule]]
name = "message"
severity = "warning"
match = { message = "over" }
condition = "count >= 1"
window = "5m"
summary = "x"

[[rule]]
name = "host"
severity = "warning"
match = { host = "ocr.*" }
condition = "count >= 1"
window = "5m"
summary = "x"
"#;

#[test]
fn every_condition_is_said_or_told_why_it_is_not() {
    let sandbox = Sandbox::with("rules.toml", EVERY_CONDITION);
    let rules = exported(&["--rules", "rules.toml"], &sandbox);
    check(&sandbox, &rules);
    for said in [
        "      # count: it ends below 10, not below 3\n",
        "cause!~\"..*\", source!~\"a\\\\|b|c\\\"d\"",
        "code=~\"APIG[.]0[13]0(?:1|8)|AIS[.]0101\"",
        "      # rate: the window slides, it is none of the calendar\n",
        "\n          and\n          count by (source) (count by (source, credential) (ocrwatch:errors:increase1h)) >= 3\n",
        "      # consecutive: so many within 2m are taken for a row: counters do not tell what succeeded\n",
        " >= 0.305 * sum (ocrwatch:errors:increase1h{module=\"OCR\"})\n",
        "increase(ocrwatch_errors_total[2h] offset 15m)",
        "{{ if eq $labels.code \"AIS.0101\" }}AIS.0101: The input parameter is invalid.",
        "      # new: what is new shows",
        "      # absent: calls that succeed are not counted, only errors are\n",
        "      # sequence: counters do not tell what came first\n",
        "      # short: 10s are too short for counters that are asked now and then\n",
        "      # message: counters do not know messages\n",
        "      # host: counters have no label `host`\n",
    ] {
        assert!(rules.contains(said), "no {said:?} in\n{rules}");
    }
    // What cannot be said is told by ocrwatch itself.
    for name in ["new", "absent", "sequence", "short", "message", "host"] {
        let own = format!("(ocrwatch_alerts{{rule=\"{name}\", state=\"firing\"}}) > 0");
        assert!(rules.contains(&own), "{name}");
    }
    assert_eq!(rules.matches("\n      - alert: ").count(), 12 + 17);
}
