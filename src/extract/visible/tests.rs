use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(visible(text), expected, "of {text:?}");
}

#[track_caller]
fn check_strip(text: &str, expected: &str) {
    assert_eq!(String::from_utf8_lossy(&strip_ansi(text.as_bytes())), expected, "of {text:?}");
}

#[test]
fn control_characters_become_their_pictures() {
    check("a\u{1b}[31mb\0c\u{7f}\r\n\td", "a␛[31mb␀c␡␍\n\td");
    assert_eq!(visible_on_one_line("a\n\tb"), "a␊␉b");
}

#[test]
fn what_hides_or_reorders_text_becomes_its_number() {
    check("user\u{202e}nimda\u{2066}x\u{2069}", "user\\u{202e}nimda\\u{2066}x\\u{2069}");
    check("\u{feff}a\u{200b}b\u{200e}\u{61c}", "\\u{feff}a\\u{200b}b\\u{200e}\\u{61c}");
    check("a\u{2028}b\u{85}c\u{9b}31m", "a\\u{2028}b\\u{85}c\\u{9b}31m");
    check("a\u{e0041}\u{e007f}", "a\\u{e0041}\\u{e007f}");
}

#[test]
fn ordinary_text_of_any_script_is_not_copied() {
    for text in ["", "身份证识别失败：图片", "naïve Ünïcode\n\t✓ 🙂", "العربية"]
    {
        assert!(matches!(visible(text), Cow::Borrowed(same) if same == text));
    }
    assert!(matches!(strip_ansi("聸识别".as_bytes()), Cow::Borrowed(_)));
}

#[test]
fn terminal_escapes_are_stripped() {
    check_strip("\u{1b}[1;31mERROR\u{1b}[0m x", "ERROR x");
    check_strip("\u{1b}[38:2::255:0:0mx\u{1b}[?25h\u{1b}[2Ky", "xy");
    check_strip("\u{1b}]0;title\u{7}a\u{1b}]8;;http://h\u{1b}\\b\u{1b}]8;;\u{1b}\\", "ab");
    check_strip("\u{1b}(Ba\u{1b}7b\u{1b}cc\u{1b}Pq#0\u{1b}\\d", "abcd");
    check_strip("a\u{9b}31mb\u{9b}ü", "ab\u{9b}ü");
}

#[test]
fn escapes_that_are_cut_off_take_nothing_of_the_log() {
    check_strip("AIS.0101 \u{1b}[31", "AIS.0101 ");
    check_strip("a\u{1b}", "a\u{1b}");
    check_strip("\u{1b}]0;AIS.0101\nnext", "0;AIS.0101\nnext");
    check_strip("\u{1b}[1識別", "識別");
    assert_eq!(strip_ansi(b"\xc4\x9b31m \x9b1m"), &b"\xc4\x9b31m \x9b1m"[..]);
}

#[test]
fn strings_that_never_end_cost_one_search() {
    // Quadratic work on this would be 10^12 steps.
    let hostile = b"\x1b]".repeat(1 << 20);
    assert!(strip_ansi(&hostile).is_empty());
}

proptest! {
    #[test]
    fn nothing_that_acts_is_passed_on(text in "(?s)[\\x00-\\xff\u{200b}-\u{206f}\u{feff}\u{e0001}a]{0,40}") {
        let shown = visible(&text);
        prop_assert!(!shown.chars().any(|c| acts_unseen(c) && c != '\n' && c != '\t'));
        prop_assert_eq!(visible(&shown), shown.as_ref());
        let line = visible_on_one_line(&text);
        prop_assert!(!line.chars().any(acts_unseen));
        prop_assert_eq!(visible_on_one_line(&line), line.as_ref());
    }

    #[test]
    fn stripping_survives_any_bytes(
        bytes in proptest::collection::vec(prop_oneof![
            Just(0x1bu8), Just(b'['), Just(b']'), Just(b'\\'), Just(7), Just(0xc2), Just(0x9b),
            Just(b'm'), Just(b'1'), any::<u8>()
        ], 0..60)
    ) {
        prop_assert!(strip_ansi(&bytes).len() <= bytes.len());
    }

    #[test]
    fn stripping_keeps_text_valid(text in "[\u{1b}\u{9b}\u{7}\\[\\]m1;é識\\\\]{0,40}") {
        prop_assert!(str::from_utf8(&strip_ansi(text.as_bytes())).is_ok());
    }
}
