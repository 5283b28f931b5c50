//! Every limit is kept, and what it costs is shown.

use super::{check, occurrence, on_terminal, settings, style};
use crate::occurrence::Module;
use crate::report::{BeyondTop, Counts, InputFacts, Limits, Settings, Style, Summary};

#[test]
fn many_codes_find_room_up_to_the_limit_and_documented_ones_always() {
    let mut summary = Summary::new(Settings { top: Some(2), ..settings() });
    for at in 0..2000 {
        let code = format!("AIS.{}", 10_000 + at);
        summary.add(&occurrence(&format!(r#"{{"code": "{code}"}}"#)));
    }
    summary.add(&occurrence(r#"{"code": "ModelArts.4204"}"#));
    summary.add(&occurrence(r#"{"code": "ModelArts.4204"}"#));
    let report = summary.finish();
    assert_eq!(report.totals.counts.occurrences, 2002);
    assert_eq!((report.totals.codes, report.totals.codes_new), (513, 512));
    assert_eq!(report.left_out.occurrences_of_codes, 2000 - 512);
    assert_eq!(
        report.beyond_top,
        BeyondTop { codes: 511, counts: Counts { occurrences: 511, ..Counts::default() } }
    );
    let modules: Vec<_> =
        report.modules.iter().map(|module| (module.module, module.counts.occurrences)).collect();
    assert_eq!(modules, [(Module::Ocr, 2000), (Module::Platform, 2)]);
    check("many-80.txt", &on_terminal(&report, style(80)));
}

#[test]
fn an_input_with_a_problem_is_listed_before_others() {
    let limits = Limits { inputs_max: 2, ..Limits::default() };
    let mut summary = Summary::new(Settings { limits, ..settings() });
    for (name, problem) in [("a", None), ("b", None), ("c", Some("permission denied")), ("d", None)]
    {
        let problem = problem.map(Into::into);
        summary.input_read(InputFacts {
            name: name.into(),
            problem,
            lines: 1,
            ..InputFacts::default()
        });
    }
    let report = summary.finish();
    let names: Vec<_> = report.inputs.listed.iter().map(|input| &*input.name).collect();
    assert_eq!(names, ["a", "c"]);
    assert_eq!((report.inputs.count, report.inputs.sum.lines, report.left_out.inputs), (4, 4, 2));
    assert!(on_terminal(&report, Style::PLAIN).contains("c: permission denied"));
}

#[test]
fn the_text_that_is_kept_is_bounded_whatever_comes() {
    let limits = Limits { texts_bytes_max: 20_000, ..Limits::default() };
    let mut summary = Summary::new(Settings { limits, ..settings() });
    let long = "x".repeat(5000);
    for at in 0..3000 {
        let unlike = format!("{at}{long}");
        let mut found = occurrence(&format!(r#"{{"code": "AIS.{at}"}}"#));
        found.request_id = Some(unlike.as_str().into());
        found.api = Some(unlike.as_str().into());
        found.host = Some(unlike.as_str().into());
        found.cause = Some(unlike.as_str().into());
        found.sample = unlike.as_str().into();
        summary.add(&found);
    }
    let report = summary.finish();
    let kept: usize = report
        .codes
        .iter()
        .map(|code| {
            let values = code.fields.apis.values.iter().chain(&code.fields.hosts.values);
            values.map(|value| value.value.len()).sum::<usize>()
                + code.request_ids.in_order().map(str::len).sum::<usize>()
                + code.sample.as_ref().map_or(0, |sample| sample.text.len())
                + code.causes.iter().map(|cause| cause.id.len()).sum::<usize>()
        })
        .sum();
    assert!(kept <= 20_000, "{kept} bytes");
    assert!(report.left_out.samples > 0);
    assert_eq!(report.totals.counts.occurrences, 3000);
}
