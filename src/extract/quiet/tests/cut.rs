//! Lines that are not whole when it is quiet: cut by a carrier, or by who writes them.

use super::*;

/// A line as it is, as CRI writes it, or as docker does; the last two in two parts.
fn carried(carrier: usize, second: usize, text: &str, cut: usize) -> String {
    let at = format!("2026-11-20T10:00:0{second}.202Z");
    let (first, rest) = text.split_at(cut);
    let json = |text: &str, end: &str| {
        let text = text.replace('"', "\\\"");
        format!("{{\"log\":\"{text}{end}\",\"stream\":\"stderr\",\"time\":\"{at}\"}}\n")
    };
    match carrier {
        0 => format!("{at} {text}\n"),
        1 => format!("{at} stderr P {first}\n{at} stderr F {rest}\n"),
        _ => json(first, "") + &json(rest, "\\n"),
    }
}

/// What comes out if the log is quiet whenever one of these many bytes are there.
fn printed_if_quiet_at(log: &str, quiet: impl IntoIterator<Item = usize>) -> String {
    let (mut extractor, mut printed) = (extractor(settings()), Printed::default());
    let mut fed = 0;
    for at in quiet {
        extractor.push(&log.as_bytes()[fed..at], &mut printed);
        extractor.flush_all(&mut printed);
        fed = at;
    }
    extractor.push(&log.as_bytes()[fed..], &mut printed);
    extractor.finish(&mut printed);
    printed.0
}

#[test]
fn a_carrier_s_head_is_not_the_rest_of_a_line_that_it_cut() {
    let cut = "2026-11-20T10:00:01Z stderr P {\"error_code\":\"AIS.0\n";
    let rest = "6-11-20T10:00:01Z stderr F 104\"}\n";
    check(&[Feed(cut), Feed("202"), All, Feed(rest), Lines], "-\n1 AIS.0104\n-");
    // Of a head that never became whole, the next one is still the writer's next line.
    let again = format!("202\n202{rest}");
    check(&[Feed(cut), Feed(&again), Lines], "1 AIS.0104\n-");
    check(&[Feed(cut), Feed("202\n"), All], "-");
    // A code of the bare line itself stands on that line.
    check(&[Feed(cut), Feed(BODY), Feed("\n"), Lines, All], "-\n2 AIS.0101\n-");
    check(&[Feed(cut), Feed(BODY), All], "2 AIS.0101\n-");
}

#[test]
fn what_a_cut_line_ends_with_is_no_code_if_the_line_is_given_up_on() {
    let other = format!("2026-11-20T10:00:02Z stdout F {BODY}\n");
    for end in [
        "failed: ModelArts.8100",
        "failed: AIS.0104",
        "x.ClientRequestException: Recognition failed.",
    ] {
        let line = format!("2026-11-20T10:00:01Z stderr P {end}\n");
        check(&[Feed(&line), Feed(&other), All], "2 AIS.0101\n-");
        check(&[Feed(&line), All], "-");
        // It says so itself, or the input's end does.
        let whole = line.replace(" P ", " F ");
        assert_eq!(printed(&settings(), &[Feed(&whole), All], false).lines().count(), 2);
        check(&[Feed(end), All, Feed("x\n"), All], "-\n-");
        assert_eq!(printed(&settings(), &[Feed(end), All], false).lines().count(), 2);
    }
}

#[test]
fn no_code_is_made_of_an_unfinished_line_and_what_stands_behind_it() {
    let code = "ModelArts.81001";
    let texts =
        [format!(r#"ERROR a: {{"error_code":"{code}"}}"#), format!("ERROR a: failed with {code}")];
    for (text, carrier) in texts.iter().flat_map(|text| [(text, 0), (text, 1), (text, 2)]) {
        let start = text.find(code).expect("a code");
        // Bare lines are cut by the moment only.
        let first_cut = if carrier == 0 { start + code.len() } else { start + 9 };
        for cut in first_cut..=start + code.len() {
            let log = carried(carrier, 1, text, cut);
            let from = log.find("Model").expect("a code") + 9;
            let (until, log) = (log.len(), log + &carried(carrier, 2, BODY, BODY.len()));
            let expected = printed_if_quiet_at(&log, []);
            assert_eq!(expected.lines().count(), 2, "{expected} of {log}");
            for at in from..=until + 4 {
                let printed = printed_if_quiet_at(&log, [at]);
                assert_eq!(printed, expected, "quiet behind {:?}", &log[..at]);
            }
            assert_eq!(printed_if_quiet_at(&log, from..log.len()), expected, "of {log}");
        }
    }
}

#[test]
fn a_line_that_a_carrier_cut_waits_for_its_rest() {
    let first =
        "2026-11-20T10:00:01Z stderr P {\"error_code\":\"AI\n2026-11-20T10:00:01Z stdout F x\n";
    let rest = "2026-11-20T10:00:01Z stderr F S.0101\",\"error_msg\":\"M\"}\n";
    check(&[Feed(first), Lines, Feed(rest), Lines], "-\n1 AIS.0101\n-");
    // All there is tells nothing, and so it still waits.
    check(&[Feed(first), All, Feed(rest), Lines], "-\n1 AIS.0101\n-");
    // Another writer's error does not wait for a writer that died.
    let other = format!("2026-11-20T10:00:02Z stdout F {BODY}\n");
    check(&[Feed(first), Feed(&other), Lines, All], "-\n3 AIS.0101\n-");
    let docker = |text: &str| {
        format!("{{\"log\":\"{text}\",\"stream\":\"stderr\",\"time\":\"2026-11-20T10:00:01Z\"}}\n")
    };
    let (first, rest) = (docker("x {\\\"error_code\\\":\\\"AI"), docker("S.0101\\\"}\\n"));
    check(&[Feed(&first), Lines, Feed(&rest), Lines], "-\n1 AIS.0101\n-");
    let whole = docker(&format!("{}\\n", BODY.replace('"', "\\\"")));
    let (cut, end) = whole.split_at(whole.len() - 20);
    check(&[Feed(&whole), Feed(cut), All, Feed(end), All], "1 AIS.0101\n-\n2 AIS.0101\n-");
    check(&[Feed(whole.trim_end()), All, Feed("\n"), All], "1 AIS.0101\n-\n-");
}

#[test]
fn a_cut_line_waits_wherever_it_stands_and_with_all_its_parts() {
    let part = |mark: &str, text: &str| format!("2026-11-20T10:00:01Z stderr {mark} {text}\n");
    let before = "a\n".repeat(40_000);
    let (first, rest) = (part("P", "{\"error_code\":\"AI"), part("F", "S.0101\",\"x\":1}"));
    check(&[Feed(&before), Feed(&first), Lines, Feed(&rest), Lines], "-\n40001 AIS.0101\n-");
    let (one, two) = (part("P", "{\"error_code\":\"AIS.0101\""), part("P", ",\"error_msg\":"));
    let three = part("F", "\"M\"}");
    check(&[Feed(&one), Feed(&two), Lines, Feed(&three), Lines], "-\n1 AIS.0101\n-");
}
