use std::fmt::Debug;

use super::*;

static NAMES: Names = Names {
    files: "rule files",
    syntax: "rule-syntax",
    too_large: "rule-too-large",
    unknown_key: "rule-unknown-key",
    missing_key: "rule-missing-key",
    wrong_type: "rule-wrong-type",
    empty_text: "rule-empty-text",
    control_character: "rule-control-character",
    bad_value: "rule-bad-value",
};

/// What a reader makes of a file with the one key `k`: the value, or each problem as
/// `column+width name: message; hint`.
#[track_caller]
fn check<T: Debug>(
    text: &str,
    read: impl for<'a, 't> Fn(&Keys<'a, 't>, &mut Problems<'t>) -> Option<T>,
    expected: &str,
) {
    let mut problems = Problems::of("rules.toml", text, &NAMES);
    let mut shown = Vec::new();
    if let Some(root) = parse(&mut problems) {
        let keys = Keys::of_table(root.get_ref(), 0..0, "the file", &["k"], &mut problems);
        shown.extend(read(&keys, &mut problems).map(|value| format!("{value:?}")));
    }
    for problem in problems.into_diagnostics() {
        let at = problem.position.expect("a place");
        let hint = problem.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
        let (column, width) = (at.column, at.width);
        shown.push(format!("{column}+{width} {}: {}{hint}", problem.name, problem.message));
    }
    assert_eq!(shown.join("\n"), expected, "{text}");
}

#[test]
fn a_kind_of_file_names_its_problems() {
    let none = |_: &Keys<'_, '_>, _: &mut Problems<'_>| None::<()>;
    check("kk = 1", none, "1+2 rule-unknown-key: unknown key `kk` in the file; did you mean `k`?");
    let mut problems = Problems::of("rules.toml", "k = ", &NAMES);
    assert!(parse(&mut problems).is_none());
    assert_eq!(problems.into_diagnostics()[0].name, "rule-syntax");
    let large = "#\n".repeat(FILE_BYTES_MAX);
    let message = "1+1 rule-too-large: the file has 2097152 bytes, at most 1048576 are read; \
                   split it into several rule files";
    let mut problems = Problems::of("rules.toml", &large, &NAMES);
    assert!(parse(&mut problems).is_none());
    let told = problems.into_diagnostics().remove(0);
    let told = format!("1+1 {}: {}; {}", told.name, told.message, told.hint.unwrap_or_default());
    assert_eq!(told, message);
}

#[test]
fn a_number_is_whole_and_can_be_counted() {
    let check = |text: &str, expected: &str| {
        check(text, |keys, problems| Some(keys.number("k", problems)?.into_inner()), expected);
    };
    check("k = 1_000", "1000");
    check("k = -0", "0");
    check("k = 0xff", "255");
    check("", "");
    check("k = 1.5", "5+3 rule-wrong-type: `k` must be a whole number, this is 1.5");
    check("k = '5'", "5+3 rule-wrong-type: `k` must be a number, this is text");
    check(
        "k = 9223372036854775808",
        "5+19 rule-wrong-type: `k` has more digits than a number can have",
    );
}

#[test]
fn a_number_beyond_its_range_is_refused() {
    let check = |text: &str, range: std::ops::RangeInclusive<i64>, expected: &str| {
        let read = |keys: &Keys<'_, '_>, problems: &mut Problems<'_>| {
            let number = keys.number_in("k", range.clone(), "count errors", problems)?;
            Some(number.into_inner())
        };
        check(text, read, expected);
    };
    check("k = 1", 1..=10, "1");
    check("k = 10", 1..=10, "10");
    let told = "5+2 rule-bad-value: `k` must be from 1 to 10, this is 11; count errors";
    check("k = 11", 1..=10, told);
    let told = "5+1 rule-bad-value: `k` must be at least 1, this is 0; count errors";
    check("k = 0", 1..=i64::MAX, told);
    let told = "5+1 rule-bad-value: `k` must be at most 5, this is 6; count errors";
    check("k = 6", i64::MIN..=5, told);
}

#[test]
fn a_float_may_be_written_as_a_whole_number_and_is_finite() {
    let check = |text: &str, expected: &str| {
        let read = |keys: &Keys<'_, '_>, problems: &mut Problems<'_>| {
            Some(keys.float_or_number("k", problems)?.into_inner())
        };
        check(text, read, expected);
    };
    check("k = 0.25", "0.25");
    check("k = 1_0.5", "10.5");
    check("k = 3", "3.0");
    let hint = "write a number such as `0.5` or `12`";
    for text in ["nan", "-inf", "1e999"] {
        let width = text.len();
        let told = format!("5+{width} rule-bad-value: `k` must be finite, this is {text}; {hint}");
        check(&format!("k = {text}"), &told);
    }
    check("k = true", "5+4 rule-wrong-type: `k` must be a number, this is true or false");
}

#[test]
fn a_length_is_read_in_milliseconds() {
    let check = |text: &str, expected: &str| {
        check(text, |keys, problems| Some(keys.length("k", problems)?.into_inner()), expected);
    };
    check("k = '1h30m'", "5400000");
    check("k = '500ms'", "500");
    let forms = "write a number and a unit, such as `30s`, `5m`, `2h`, `1d` or `1h30m`";
    check(
        "k = 30",
        &format!("5+2 rule-wrong-type: `k` must be text in quotes, this is a number; {forms}"),
    );
    check("k = '30'", &format!("5+4 rule-bad-value: `k` is no length of time; {forms}"));
    check("k = ''", &format!("5+2 rule-bad-value: `k` is no length of time; {forms}"));
    check(
        "k = '999999999999999d'",
        "5+18 rule-bad-value: `k` is longer than time is counted; \
         write a shorter one, such as `365d`",
    );
}

#[test]
fn a_word_of_a_list_is_read_in_any_case() {
    let check = |text: &str, expected: &str| {
        let words = [("first", 1), ("every", 2), ("none", 3)];
        let read = |keys: &Keys<'_, '_>, problems: &mut Problems<'_>| {
            Some(keys.one_of("k", &words, problems)?.into_inner())
        };
        check(text, read, expected);
    };
    check("k = 'every'", "2");
    check("k = 'None'", "3");
    check("k = 'frist'", "5+7 rule-bad-value: `k` cannot be `frist`; did you mean `first`?");
    check(
        "k = 'always'",
        "5+8 rule-bad-value: `k` cannot be `always`; \
         the words for `k` are `first`, `every` and `none`",
    );
    check("k = 2", "5+1 rule-wrong-type: `k` must be text in quotes, this is a number");
}

#[test]
fn one_text_stands_for_a_list_of_one() {
    let check = |text: &str, expected: &str| {
        let read = |keys: &Keys<'_, '_>, problems: &mut Problems<'_>| {
            let texts = keys.texts_or_text("k", problems)?;
            Some(texts.into_iter().map(Spanned::into_inner).collect::<Vec<_>>())
        };
        check(text, read, expected);
    };
    check("k = 'a  b'", r#"["a b"]"#);
    check("k = ['a', 'b']", r#"["a", "b"]"#);
    check("k = []", "[]");
    check("k = ' '", "5+3 rule-empty-text: `k` is empty; give it text, or leave it out");
    check(
        "k = ['a', 1]",
        "[\"a\"]\n11+1 rule-wrong-type: `k` must be text in quotes, this is a number",
    );
    check(
        "k = 1",
        "5+1 rule-wrong-type: `k` must be text in quotes or a list of texts, this is a number",
    );
}

#[test]
fn a_table_knows_its_keys() {
    let check = |text: &str, expected: &str| {
        let read = |keys: &Keys<'_, '_>, problems: &mut Problems<'_>| {
            let table = keys.table("k", "[k]", &["codes"], problems)?;
            table.missing("codes", "list the codes", problems);
            Some(table.has("codes"))
        };
        check(text, read, expected);
    };
    check("k = 1", "5+1 rule-wrong-type: `[k]` must be a table, this is a number");
    check(
        "k = { code = 1 }",
        "false\n5+12 rule-missing-key: [k] has no `codes`; list the codes\n\
         7+4 rule-unknown-key: unknown key `code` in [k]; did you mean `codes`?",
    );
}

#[test]
fn a_raw_text_keeps_its_line_breaks_and_nothing_that_steers() {
    let check = |text: &str, expected: &str| {
        check(text, |keys, problems| Some(keys.raw_text("k", problems)?.into_inner()), expected);
    };
    check("k = '''\na\n\n  b\n'''", r#""a\n\n  b\n""#);
    check("k = '''\r\na\r\n  b'''", r#""a\n  b""#);
    check(r#"k = "\n \n""#, "5+7 rule-empty-text: `k` is empty; give it text, or leave it out");
    let hint = "reports print this text to terminals; leave the character out";
    for (written, told) in [(r"\u001b", r"\u{1b}"), (r"\r", r"\r"), (r"\t", r"\t")] {
        let width = written.len() + 3;
        let expected = format!(
            "5+{width} rule-control-character: `k` holds the control character {told}; {hint}"
        );
        check(&format!("k = \"a{written}\""), &expected);
    }
}

#[test]
fn what_is_no_list_is_told_how_to_write_one() {
    let list =
        |keys: &Keys<'_, '_>, problems: &mut Problems<'_>| Some(keys.list("k", problems)?.len());
    let tables = |keys: &Keys<'_, '_>, problems: &mut Problems<'_>| {
        Some(keys.tables("k", "[[rule.k]]", problems)?.len())
    };
    check("k = [1, 2]", list, "2");
    check("[[k]]\n[[k]]", tables, "2");
    check(
        "k = 1",
        list,
        "5+1 rule-wrong-type: `k` must be a list, this is a number; \
         write it in brackets, its items separated by commas",
    );
    check(
        "k = 1",
        tables,
        "5+1 rule-wrong-type: `k` must be a list, this is a number; \
         begin each with a line `[[rule.k]]`, in two brackets",
    );
}
