//! What joins a key to its value, and what only looks like it.

use super::{SK, check, check_kept};

/// A value that every notation shows alike.
const VALUE: &str = "hunter2secret9";

/// The value `¤` goes and all else stays.
#[track_caller]
fn check_value_goes(text: &str) {
    check(&text.replace('¤', VALUE), &text.replace('¤', "[redacted]"));
}

#[test]
fn a_joint_that_is_doubled_is_one_joint() {
    for joint in [
        "==", "= =", "= ==", "== =", "===", ": :", ": =", ":=", ":= =", "= :", "= = =", ": : ",
        "==>", "= =>",
    ] {
        check_value_goes(&format!("password {joint} ¤ next"));
        check_value_goes(&format!("token{joint} ¤ next"));
        check_value_goes(&format!("sk {joint} \"¤\" next"));
        check_value_goes(&format!("sk{joint}'¤' next"));
        check_kept(&format!("token {joint} null"));
        check_kept(&format!("password {joint} "));
    }
    // What stands close to it is a part of it: a password may begin with any sign.
    check("password: =¤".replace('¤', VALUE).as_str(), "password: [redacted]");
    check("password = :¤".replace('¤', VALUE).as_str(), "password = [redacted]");
}

#[test]
fn a_value_stands_in_brackets_of_any_kind() {
    for text in [
        "password = [ ¤ ] next",
        "password: [ '¤' ] next",
        "password=(¤): denied",
        "password=[¤]: denied",
        "setPassword((\"¤\")) next",
        "addPassword([\"¤\"]) next",
        "[password:¤] next",
        "[\"password\":protected]=>\n  string(14) \"¤\"",
        "[\"password\":\"Acme\\Client\":private]=>\n  string(14) \"¤\"",
    ] {
        check_value_goes(text);
    }
    check_kept("if (password>minimum) {");
}

#[test]
fn a_value_stands_behind_however_many_spaces() {
    for count in [1, 64, 65, 200] {
        check_value_goes(&format!("password:{}¤ next", " ".repeat(count)));
        check_value_goes(&format!("password{}= ¤ next", "\t".repeat(count)));
        check_value_goes(&format!("password%3D{}¤%26next", "%20".repeat(count)));
        check_value_goes(&format!("password%3D{}¤%26next", "+".repeat(count)));
    }
    // The first byte is that of the wide space.
    check("password: £hunter2 next", "password: [redacted] next");
}

#[test]
fn each_round_of_percent_encoding_is_read_alike() {
    for rounds in [0, 1, 2, 40] {
        let sign = format!("%{}", "25".repeat(rounds));
        check_value_goes(&format!("password{sign}3D¤{sign}26next"));
        check_value_goes(&format!("{sign}22password{sign}22{sign}3A{sign}20{sign}22¤{sign}22"));
    }
}

#[test]
fn a_chinese_key_is_one_in_pairs_and_elements_too() {
    check_value_goes("[\"密码\", \"¤\"] next");
    check_value_goes("<密码>¤</密码>");
}

#[test]
fn a_short_name_is_read_in_camel_case() {
    for name in ["userSk", "dbPass", "user.sk", "db-pass"] {
        check_value_goes(&format!("{name}=¤ next"));
    }
    check(&format!("userAk={SK} next"), "userAk=jR7k****wX next");
    check_kept("bypass=1 dusk=red userDisk=full");
}

#[test]
fn a_credential_goes_whatever_scheme_stands_before_it() {
    check_value_goes("Authorization: ¤ next");
    check_value_goes("Authorization: ¤\nHost: h");
    check_value_goes("\"Authorization\":\"¤ next\"".replace(" next", "").as_str());
    // Neither a scheme alone nor its parts alone make a signature.
    check("\"Authorization\":\"HMAC-SHA256 hunter2secret9\"", "\"Authorization\":\"[redacted]\"");
    check("\"Authorization\":\"Own Access=hunter2secret9\"", "\"Authorization\":\"[redacted]\"");
}

#[test]
fn a_quoted_sentence_tells_as_long_as_all_of_it_is_prose() {
    check_kept("\"token\": \"not found, sorry\"");
    check("\"token\": \"no 9f86d081884c\"", "\"token\": \"[redacted]\"");
}

#[test]
fn what_a_text_in_ascii_escapes_is_no_quotation_mark() {
    check_kept(r#"{"msg":"token=\u4e3a\u7a7a","error_code":"AIS.0101"}"#);
}
