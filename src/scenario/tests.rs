use super::*;

/// Runs the scenarios of a file over rules of one's own and says what is otherwise than expected.
fn run(rules: &str, scenarios: &str) -> String {
    let catalogue = Arc::new(Catalogue::embedded());
    let rules = Alerting::load(&[("rules.toml".to_owned(), rules.to_owned())], &catalogue);
    let rules = rules.unwrap_or_else(|problems| panic!("{}", problems[0]));
    let file = ScenarioFile::read("s.toml", scenarios, &rules, &catalogue);
    let file = file.unwrap_or_else(|problems| panic!("{}", problems[0]));
    let outcomes = file.scenarios.iter().map(|scenario| scenario.run(&catalogue));
    let differences = outcomes.flat_map(|outcome| outcome.differences);
    differences.map(|difference| difference.to_string() + "\n").collect()
}

#[track_caller]
fn check(rules: &str, scenario: &str, expected: &str) {
    let scenario = format!("[[scenario]]\nname = \"s\"\n{scenario}");
    assert_eq!(run(rules, &scenario), expected);
}

/// Two errors of an API within a minute.
fn rule(name: &str, keys: &str) -> String {
    format!(
        "[[rule]]\nname = \"{name}\"\nseverity = \"info\"\nsummary = \"{{{{ count }}}}\"\n\
         condition = \"count >= 2\"\nwindow = \"1m\"\ngroup_by = [\"api\"]\n{keys}\n"
    )
}

fn errors(at: &str, api: &str) -> String {
    format!(
        "[[scenario.occurrence]]\nat = \"{at}\"\nevery = \"10s\"\ntimes = 2\n\
         code = \"AIS.0104\"\napi = \"{api}\"\n"
    )
}

fn expect(at: &str, alerts: &str) -> String {
    format!("[[scenario.expect]]\nat = \"{at}\"\nalerts = [{alerts}]\n")
}

#[test]
fn an_alert_fires_from_its_first_instant_up_to_the_one_at_which_it_is_resolved() {
    let fires = "{ rule = \"two\", count = 2 }";
    let expected =
        [expect("9s999ms", ""), expect("10s", fires), expect("59s999ms", fires), expect("1m", "")];
    check(&rule("two", ""), &(errors("0s", "id-card") + &expected.concat()), "");
}

#[test]
fn a_condition_that_must_hold_makes_an_alert_pending_first() {
    let pending = "{ rule = \"two\", state = \"pending\" }";
    let expected = expect("10s", pending) + &expect("39s", pending);
    let expected = expected + &expect("40s", "{ rule = \"two\" }") + &expect("1m", "");
    check(&rule("two", "for = \"30s\""), &(errors("0s", "id-card") + &expected), "");
}

#[test]
fn what_an_alert_says_is_what_it_said_at_the_instant() {
    let expected = expect("10s", "{ rule = \"two\", count = 2, summary = \"2\" }")
        + &expect("29s", "{ rule = \"two\", count = 3 }")
        + &expect("30s", "{ rule = \"two\", count = 4, summary = \"4\" }");
    let scenario = errors("0s", "x") + &errors("20s", "x") + &expected;
    check(&rule("two", ""), &scenario, "");
}

#[test]
fn an_alert_that_begins_anew_soon_counts_only_its_own() {
    let lock = "[[rule]]\nname = \"row\"\nseverity = \"info\"\nsummary = \"{{ count }}\"\n\
                condition = \"consecutive > 1\"\ngap = \"1h\"\n";
    let success = "[[scenario.success]]\nat = \"15s\"\n";
    let expected = expect("10s", "{ rule = \"row\", count = 2 }")
        + &expect("15s", "")
        + &expect("30s", "{ rule = \"row\", count = 2 }");
    let scenario = errors("0s", "x") + success + &errors("20s", "x") + &expected;
    check(lock, &scenario, "");
}

#[test]
fn what_is_read_late_counts_when_it_was_written() {
    let late = "[[scenario.occurrence]]\nat = \"5s\"\nread_after = \"20s\"\ncode = \"AIS.0104\"\n";
    let first = "[[scenario.occurrence]]\nat = \"10s\"\ncode = \"AIS.0104\"\n";
    let expected = expect("9s", "") + &expect("10s", "{ rule = \"two\" }");
    check(&rule("two", ""), &format!("{first}{late}{expected}"), "");
}

#[test]
fn loose_expectations_leave_an_alert_to_stricter_ones() {
    let both = "{ rule = \"two\" }, { rule = \"two\", labels = { api = \"a\" } }";
    let scenario = errors("0s", "a") + &errors("0s", "b") + &expect("10s", both);
    check(&rule("two", ""), &scenario, "");
}

#[test]
fn an_alert_is_compared_with_the_one_that_is_most_alike() {
    let other = "{ rule = \"two\", labels = { api = \"b\" }, count = 3 }, { rule = \"two\" }";
    let scenario = errors("0s", "a") + &errors("0s", "b") + &expect("10s", other);
    check(
        &rule("two", ""),
        &scenario,
        "line 15, the alerts at 10s (2026-11-23 10:00:10 +08:00)\n    \
         two{api=b}\n  -   count 3\n  +   count 2\n",
    );
}

#[test]
fn texts_of_a_source_are_one_log_and_a_second_print_is_no_second_error() {
    let text = |logger: &str| {
        format!(
            "[[scenario.log]]\nat = \"1s\"\ntext = '''{{time}} ERROR {logger} - \
             {{\"error_code\":\"AIS.0104\",\"error_msg\":\"m\"}}'''\n"
        )
    };
    let same = text("ocr.client") + &text("ocr.batch") + &expect("2s", "");
    check(&rule("two", ""), &same, "");
    let apart = text("ocr.client")
        + &text("ocr.batch").replace("at =", "source = \"b.log\"\nat =")
        + &expect("2s", "{ rule = \"two\" }");
    check(&rule("two", ""), &apart, "");
}

#[test]
fn every_form_of_a_stamp_tells_the_instant() {
    for stamp in ["{time}", "{rfc3339}", "[{clf}]", "{syslog} host app[1]:", "{epoch}"] {
        for zone in ["Asia/Shanghai", "UTC"] {
            let log = format!(
                "timezone = \"{zone}\"\n[[scenario.log]]\nat = \"20s\"\nevery = \"30s\"\n\
                 times = 2\ntext = '''{stamp} ERROR {{\"error_code\":\"AIS.0104\",\
                 \"error_msg\":\"m {{n}}\"}}'''\n"
            );
            let expected = expect("49s", "")
                + &expect("50s", "{ rule = \"two\" }")
                + &expect("79s", "{ rule = \"two\" }")
                + &expect("80s", "");
            check(&rule("two", ""), &(log + &expected), "");
        }
    }
}

#[test]
fn instants_can_be_written_as_times_and_stamps() {
    let start = "start = 2026-01-01T23:59:00+08:00\n";
    let mut scenario = start.to_owned() + &errors("23:59:30", "x");
    scenario += &expect("2026-01-01T15:59:40Z", "{ rule = \"two\" }");
    scenario += &expect("2026-01-02 00:00:30", "");
    check(&rule("two", ""), &scenario, "");
}

#[test]
fn notifications_are_compared_in_order_and_all_of_them() {
    let told = "[[scenario.notify]]\nat = \"40s\"\nreason = \"first\"\nalerts = [\"two\"]\n";
    check(&rule("two", ""), &(errors("0s", "x") + told), "");
    let none =
        "notify = []\n".to_owned() + &errors("0s", "x") + &expect("45s", "{ rule = \"two\" }");
    check(
        &rule("two", ""),
        &none,
        "line 1, the notifications\n  + 40s (2026-11-23 10:00:40 +08:00): first of two\n",
    );
}
