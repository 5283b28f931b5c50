use std::fmt::Write as _;

use serde_json::json;

use super::*;

/// The problems of a template, each with what it is about.
#[track_caller]
fn check_problems(text: &str, expected: &[&str]) {
    let found: Vec<_> = check(text)
        .into_iter()
        .map(|problem| {
            let mut shown = format!("{:?} {}", &text[problem.range], problem.message);
            if let Some(hint) = problem.hint {
                write!(shown, "; {}", hint.split(" `rule`").next().unwrap()).unwrap();
            }
            shown
        })
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[track_caller]
fn check_render(text: &str, expected: &str) {
    let values = json!({
        "count": 6, "credential": "AKEX****", "codes": ["APIG.0301", "APIGW.0301"],
        "labels": { "team": "scan" }, "api": null, "message": "<b>no</b>",
    });
    assert_eq!(render(text, &values), expected, "{text}");
}

#[test]
fn values_are_put_in_and_nothing_is_escaped() {
    check_render("{{ credential }}: {{ count }} in a row", "AKEX****: 6 in a row");
    check_render("{{ codes }} of {{ labels.team }}", "APIG.0301, APIGW.0301 of scan");
    check_render("{{ message }}", "<b>no</b>");
    check_render("{{ message | truncate(4) | upper }}", "<B>…");
}

#[test]
fn what_is_not_told_is_unknown_and_can_be_replaced() {
    check_render("{{ api }} {{ region }} {{ labels.x }}", "unknown unknown unknown");
    check_render("{{ api | default('any API') }}", "any API");
    check_render("{{ region or 'here' }}", "here");
    check_render("{% if api is defined %}a{% else %}b{% endif %}", "b");
}

#[test]
fn what_fails_leaves_the_template_s_own_words() {
    check_render("AK {{ credential }} locked{{ 1 / 0 }}", "AK … locked… (the template failed)");
    check_render("{{ open", "… (the template failed)");
    let endless = "{{ ('x' * 1000000) * 1000000 }}";
    check_render(endless, "… (the template failed)");
}

#[test]
fn what_comes_out_is_bounded() {
    let rendered = render("{{ 'é' * 100000 }}", &json!({}));
    assert!(rendered.len() <= OUTPUT_BYTES_MAX && rendered.ends_with('…'), "{}", rendered.len());
}

#[test]
fn a_right_template_has_no_problem() {
    check_problems("plain", &[]);
    check_problems("{{ count }} of {{ code }}{% if api is defined %} {{ api }}{% endif %}", &[]);
    check_problems("{{ labels.team | default('nobody') | upper }}", &[]);
    check_problems("{% for code in codes | sort %}{{ code }} {% endfor %}", &[]);
}

#[test]
fn unknown_names_are_placed_and_hinted() {
    check_problems(
        "{{ credentail }} {{ count | uper }} {{ solution if code is numbr }}",
        &[
            "\"credentail\" unknown variable `credentail`; did you mean `credential`?",
            "\"uper\" unknown filter `uper`; did you mean `upper`?",
            "\"numbr\" unknown test `numbr`; the tests are `defined` and `none`",
        ],
    );
    check_problems("{{ team }}", &["\"team\" unknown variable `team`; the variables are"]);
    check_problems("{{ range(9) }}", &["\"range\" unknown variable `range`; the variables are"]);
}

#[test]
fn what_cannot_be_read_or_filled_in_is_placed() {
    let hint = "write `{{ count }}` for a value and `{% if api %}…{% endif %}` for a choice";
    let syntax =
        |place: &str, detail: &str| format!("{place:?} this is no template: {detail}; {hint}");
    let end = "unexpected end of input, expected end of variable block";
    check_problems("a {{ count", &[&syntax("count", end)]);
    check_problems("{% include 'x' %}", &[&syntax("include", "unknown statement include")]);
    check_problems(
        "{%- macro m() %}{% endmacro %}",
        &[&syntax("macro", "unknown statement macro")],
    );
    let fails = "this fails when it is filled in:";
    let method = format!("\".upper2()\" {fails} string has no method named upper2");
    check_problems("{{ code.upper2() }}", &[&method]);
    check_problems("{{ code | default }}", &[&format!("\"default\" {fails} missing argument")]);
    let work = "\"'x' * 10000000\" the template does too much work; make it simpler";
    check_problems("{% for a in codes %}{{ 'x' * 10000000 }}{% endfor %}", &[work]);
}
