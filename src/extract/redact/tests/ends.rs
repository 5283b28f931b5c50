//! Where a secret begins and ends: marks around it stay, all of it goes.

use super::{AK, HEX, SIGNED, SK, check, check_kept, token};

#[test]
fn what_stands_behind_a_doubled_joint_is_the_value() {
    check("password==hunter2secret9, next", "password==[redacted], next");
}

#[test]
fn chinese_punctuation_ends_a_value_and_letters_of_any_script_do_not() {
    for mark in ["。", "、", "，", "；", "）", "”", "…", "／", "：", "＠"] {
        check(
            &format!("password=hunter2secret9{mark}然后"),
            &format!("password=[redacted]{mark}然后"),
        );
    }
    // The first two bytes are those of a mark; the third tells it from one.
    for letter in ["０", "９", "Ａ", "ｂ", "ｚ", "‐"] {
        check(&format!("password=hunter{letter}secret9 next"), "password=[redacted] next");
    }
    check("password=geheimésecret9 next", "password=[redacted] next");
}

#[test]
fn an_escaped_slash_ends_no_value() {
    check(&format!("token={}\\/{} next", &SK[..20], &SK[20..]), "token=[redacted] next");
}

#[test]
fn pieces_of_base64_that_are_joined_go_as_one() {
    let piece = token().replace('=', "");
    for padding in ["=", "==", "%3D", "%3d%3D"] {
        let bytes = piece.len() * 2 * 3 / 4;
        let text = format!("body {piece}{padding}{piece}{padding} end");
        check(&text, &format!("body [base64 {bytes} bytes] end"));
    }
}

#[test]
fn a_picture_of_one_colour_is_a_picture() {
    let picture = format!("iVBORw0KGgo{}b1x", "A".repeat(300));
    let redacted = super::redact(&format!("body {picture} end")).into_owned();
    assert!(!redacted.contains("AAAA"), "{redacted}");
    // As long, and of words: a path.
    check_kept(&format!("open /srv/{}1x", "Archive/".repeat(40)));
}

#[test]
fn a_basic_login_is_whole_base64() {
    check("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [redacted]");
    check_kept("the Basic plan");
    check(&format!("Authorization: Bearer {SIGNED} x"), "Authorization: Bearer [redacted] x");
}

#[test]
fn a_value_is_found_behind_whatever_joins_it() {
    for text in [
        "password:\u{a0}¤ next",
        "password:\u{a0} \u{a0}¤ next",
        "password: \u{1b}[33m¤\u{1b}[0m next",
        "password := ¤ next",
        "password:=¤ next",
        "password：¤ next",
        "['password'] => ¤",
        "[password:protected] => ¤",
        "[password:Acme\\Client:private] => ¤",
        "password =>\n  ¤",
        "password = (¤) next",
        "password = [¤] next",
        "password(\"¤\") next",
        "password = b'¤' next",
        "<password>¤</password>",
        "password%2525253D¤%26next",
        "password=%22¤%22 next",
        "password=%22¤\"next",
        "password=%22¤\nnext",
        "&quot;password&quot;:&quot;¤&quot; next",
        "token: 'Bearer ¤' next",
        "Cookie: ¤\nnext",
        "Authorization: Digest ¤\\nnext",
    ] {
        let of = |value: &str| text.replace('¤', value);
        check(&of("hunter2secret9"), &of("[redacted]"));
    }
    check("Cookie: a=b1secret; c=d2secret; HttpOnly\nnext", "Cookie: [redacted]\nnext");
    check("Cookie: a=b1secret; \nnext", "Cookie: [redacted]; \nnext");
    check("password=%22a%2522b%22 next", "password=%22[redacted]%22 next");
    check("password: u0022x1y2z3 next", "password: [redacted] next");
    check(
        "&quot;password&quot;:&quot;a\"b&quot; next",
        "&quot;password&quot;:&quot;[redacted]&quot; next",
    );
    check(
        &format!("Authorization: SDK-HMAC-SHA256 Access={AK}, SignedHeaders=host, Signature={HEX}"),
        "Authorization: SDK-HMAC-SHA256 Access=HPUA****BC, SignedHeaders=host, Signature=[redacted]",
    );
    check("token=\"SDK-HMAC-SHA256 Access=x\"", "token=\"[redacted]\"");
    check("sk: HPUA****BC", "sk: [redacted]");
}

#[test]
fn what_is_no_value_is_kept() {
    for text in [
        "password: {\"a\": 1}",
        "password: next: 1",
        "password:\nnext",
        "password[0]: next",
        "ak: HPUA****BC",
        "[base64 5 bytes]",
        "[base64 bytes]",
        "password=[base64 5 bytes]",
    ] {
        check_kept(text);
    }
    check("password=[base64  bytes]", "password=[[redacted]  bytes]");
    check("password=[base64 5 secrets x", "password=[[redacted] 5 secrets x");
}

#[test]
fn a_credential_tells_itself_by_its_length_and_its_letters() {
    for (text, is_one) in [
        ("Basic abcdef1", false),
        ("Basic abcdef12", true),
        ("Basic abcdef123", false),
        ("Basic abcdefGh", true),
        ("Bearer abcdef1", false),
        ("Bearer abcdef12", true),
        ("Bearer understanding", false),
        ("basic dXNlcjpwYXNz", true),
        ("password abcdefgh12345678", false),
        ("password Abcdefgh12345678", true),
        ("password ABCDEFGH12345678", false),
        ("eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl", true),
        ("eyJhbGciO.eyJzdWIiOi.c2lnbmF0dXJl", false),
    ] {
        let redacted = super::redact(text);
        assert_eq!(redacted.ends_with("[redacted]"), is_one, "{text:?} became {redacted:?}");
    }
    for (length, shown) in [(9, "****"), (10, "****"), (11, "****"), (12, "ABCD****34")] {
        assert_eq!(super::mask_access_key(&"ABCDEFGH1234"[..length]), shown);
    }
}

#[test]
fn an_access_key_is_found_behind_whatever_is_escaped_before_it() {
    for before in ["%22", "%2522", "\\u0022", "\\x22", "\\n", "\\r", "\\t", "#012"] {
        check(&format!("{before}{AK}{before}"), &format!("{before}HPUA****BC{before}"));
    }
    // Of what only looks escaped the letters belong to the word.
    check_kept(&format!("\\uzzzz{AK}"));
    check_kept(&format!("\\xzz{AK}"));
    check_kept(&format!("%zz{AK}"));
}

#[test]
fn an_access_key_is_a_word_of_its_own() {
    let scope = "20261120/cn-north-4/obs/aws4_request";
    check(&format!("scope {AK}/{scope}"), &format!("scope HPUA****BC/{scope}"));
    check(&format!("id-{AK}-x"), "id-HPUA****BC-x");
    for name in [format!("CODE_{AK}"), format!("{AK}_MAX"), format!("X{AK}")] {
        check_kept(&name);
    }
}

#[test]
fn a_password_goes_on_behind_a_mark_unless_something_new_begins_there() {
    for (text, expected) in [
        ("password=ab,_id=1 x", "password=[redacted],_id=1 x"),
        ("password=ab,id-2.x:1 x", "password=[redacted],id-2.x:1 x"),
        ("password=ab,密=1 x", "password=[redacted],密=1 x"),
        ("password=ab,1c=2 x", "password=[redacted] x"),
        ("password=ab,cd x", "password=[redacted] x"),
    ] {
        check(text, expected);
    }
}

#[test]
fn base64_goes_with_the_lines_it_was_wrapped_into() {
    let long = token().split_off(66);
    for length in [64, 76] {
        for line_break in ["\r\n", "\n", "\\r\\n", "\\n", "\\\\n", "%0D%0A", "%0A"] {
            let behind = |last: &str| {
                let text = format!("x {}{line_break}{last}", &long[..length]);
                super::redact(&text).into_owned()
            };
            for last in ["a1b2,", "a1b2 c", "word"] {
                assert!(behind(last).ends_with(last), "{last:?} in {:?}", behind(last));
            }
            let whole = behind("a1b2");
            assert!(whole.starts_with("x [base64 ") && whole.ends_with(" bytes]"), "{whole}");
        }
    }
    // A line of another length is whole, whatever stands behind it.
    let line = "aZ3kQ9x+".repeat(10);
    check(&format!("x {line}\na1b2"), "x [base64 60 bytes]\na1b2");
    // What is escaped in front of it is none of it.
    check(&format!("x=%2F{line} y"), "x=%2F[base64 60 bytes] y");
    let encoded = token().replace('=', "").replace('+', "%2B").replace('/', "%2f");
    check(&format!("x {encoded} y"), "x [base64 349 bytes] y");
}
