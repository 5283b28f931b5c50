mod ends;
mod joints;
mod shapes;

use std::fmt::Write;

use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(text: &str, expected: &str) {
    let redacted = redact(text);
    assert_eq!(redacted, expected, "of {text:?}");
    assert_eq!(redact(&redacted), redacted, "twice, of {text:?}");
}

#[track_caller]
fn check_kept(text: &str) {
    assert!(matches!(redact(text), Cow::Borrowed(_)), "{text:?} became {:?}", redact(text));
}

const AK: &str = "HPUAR7NQ3KXW2ZD9VTBC";
const SK: &str = "jR7kQ2mWx9LpZs4TnVb8YcGd3HfKe6AuQo5CiMwX";
const HEX: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const SIGNED: &str = "pX3k+Qz/7mNfTr2b8vLyHs0dWcA=";

fn token() -> String {
    let mut token =
        String::from("MIIFxwYJKoZIhvcNAQcCoIIFuDCCBbQCAQExDTALBglghkgBZQMEAgEwggOVBgkq");
    for at in 0..40u32 {
        let _ = write!(token, "{}aZ{}Qk+Yt-", at * 7 % 10, at * 3 % 10);
    }
    token + "xA=="
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[test]
fn authorization_keeps_the_scheme_and_the_masked_key() {
    let header = format!(
        "SDK-HMAC-SHA256 Access={AK}, SignedHeaders=content-type;host;x-sdk-date, Signature={HEX}"
    );
    let kept = "SDK-HMAC-SHA256 Access=HPUA****BC, SignedHeaders=content-type;host;x-sdk-date, \
                Signature=[redacted]";
    for shape in [
        "Authorization: V",
        "{\"Authorization\":\"V\",\"a\":1}",
        "Authorization: 'V',\n  b: 2",
        "-H \"Authorization: V\" -d x",
        "map[Authorization:[V] Host:[x]]",
        "{'authorization': 'V'}",
        "{\\\"authorization\\\":\\\"V\\\"}",
        "authorization: [ 'Authorization', 'V' ]",
    ] {
        check(&shape.replacen('V', &header, 1), &shape.replacen('V', kept, 1));
    }
    check(&format!("Authorization: Bearer {SK} x"), "Authorization: Bearer [redacted] x");
    check("authorization: Basic dXNlcjpwYXNz", "authorization: Basic [redacted]");
    check(&format!("Authorization: OBS {AK}:{SIGNED}"), "Authorization: OBS [redacted]");
    check(&format!("{{\"Authorization\":\"{SK}\"}}"), "{\"Authorization\":\"[redacted]\"}");
    check(
        "Authorization: Digest username=\"u\", response=\"abc\"\nHost: h",
        "Authorization: Digest [redacted]\nHost: h",
    );
    check(&format!("sent Bearer {SK} to h"), "sent Bearer [redacted] to h");
}

#[test]
fn signed_urls_keep_what_is_not_secret() {
    check(
        &format!(
            "https://b.obs.cn-north-4.myhuaweicloud.com/a/b.jpg?AccessKeyId={AK}&Expires=1795399201&\
             Signature={}&x-obs-security-token={SK} 403",
            percent_encoded(SIGNED)
        ),
        "https://b.obs.cn-north-4.myhuaweicloud.com/a/b.jpg?AccessKeyId=HPUA****BC&Expires=1795399201&\
         Signature=[redacted]&x-obs-security-token=[redacted] 403",
    );
    check(
        &format!(
            "?X-Amz-Credential={AK}%2F20261120%2Fr%2Fs3%2Faws4_request&X-Amz-Date=20261120T100001Z&X-Amz-Expires=300&X-Amz-Signature={HEX}"
        ),
        "?X-Amz-Credential=HPUA****BC%2F20261120%2Fr%2Fs3%2Faws4_request&X-Amz-Date=20261120T100001Z&X-Amz-Expires=300&X-Amz-Signature=[redacted]",
    );
    check("https://user:hunter2@host/p", "https://user:[redacted]@host/p");
}

#[test]
fn cookies_disappear_with_their_attributes() {
    check("Cookie: a=b; JSESSIONID=0A1B2C\nHost: h", "Cookie: [redacted]\nHost: h");
    check("{\"set-cookie\":[\"sid=abc; Path=/; HttpOnly\"]}", "{\"set-cookie\":[\"[redacted]\"]}");
    check("JSESSIONID=0A1B2C3D x", "JSESSIONID=[redacted] x");
}

#[test]
fn encoded_spaces_do_not_part_a_key_from_its_value() {
    let quoted = |space: &str| format!("{{%22password%22%3A{space}%22hunter2%22}}");
    for space in ["%20", "+", "%0A%20%20", ""] {
        check(&quoted(space), &quoted(space).replace("hunter2", "[redacted]"));
    }
    let deeper = "%2522sk%2522%253A%2520%2522hunter2%2522";
    check(deeper, &deeper.replace("hunter2", "[redacted]"));
    check("sk%3D%20hunter2%26a%3Db", "sk%3D%20[redacted]%26a%3Db");
}

#[test]
fn long_base64_becomes_its_size() {
    let run = "aZ3kQ9x/".repeat(12);
    check(&format!("{{\"image\":\"{run}\"}}"), "{\"image\":\"[base64 72 bytes]\"}");
    check(&format!("image={run}={run}== x"), "image=[base64 144 bytes] x");
    check(&format!("data:image/png;base64,{run}== x"), "data:image/png;base64,[base64 72 bytes] x");
    check(
        &format!("{{\"image\":\"{}\"}}", run.replace('/', "\\/")),
        "{\"image\":\"[base64 72 bytes]\"}",
    );
    check(&format!("image={}", percent_encoded(&run)), "image=[base64 72 bytes]");
    check(
        &format!("image%22%3A%22{}%22", percent_encoded(&run)),
        "image%22%3A%22[base64 72 bytes]%22",
    );
    check(&format!("a\\n{run}\\nb"), "a\\n[base64 72 bytes]\\nb");
    let picture = format!("/9j/4AAQSkZJRgABAQ{}", "A".repeat(1200));
    check(&picture, "[base64 913 bytes]");
    check(
        &format!("encoded_authorization_message:{SK} }}"),
        "encoded_authorization_message:[base64 30 bytes] }",
    );
    let wrapped = format!("{}\n{}\nzQ9xk3==\nERROR x", "aZ3kQ9x+".repeat(8), "kQ9xaZ3+".repeat(8));
    check(&wrapped, "[base64 100 bytes]\nERROR x");
    check(
        &format!("got {} from IAM", token()),
        &format!("got [base64 {} bytes] from IAM", (token().len() - 2) * 3 / 4),
    );
}

#[test]
fn keys_and_tokens_standing_alone_disappear() {
    check(
        &format!("Get secretKey failed,ak:{AK},err:not found"),
        "Get secretKey failed,ak:HPUA****BC,err:not found",
    );
    check(&format!("key {AK} is locked"), "key HPUA****BC is locked");
    check(&format!("%22{AK}%22"), "%22HPUA****BC%22");
    check(&format!("x\\n{AK}\\n"), "x\\nHPUA****BC\\n");
    check("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJvY3IifQ.c2lnbmF0dXJl x", "[redacted] x");
    check(
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nabc=\n-----END RSA PRIVATE KEY-----\nx",
        "-----BEGIN RSA PRIVATE KEY-----[redacted]-----END RSA PRIVATE KEY-----\nx",
    );
    check(&format!("sk {SK}"), "sk [redacted]");
    check(&format!("密钥：{SK}，错误"), "密钥：[redacted]，错误");
}

#[test]
fn what_identifies_an_error_stays() {
    for text in [
        "Incorrect IAM authentication information: verify aksk signature fail",
        "Incorrect IAM authentication information: x-auth-token not found",
        "Incorrect IAM authentication information: decrypt token fail",
        "Incorrect IAM authentication information: token expires, expires_at: 2026-11-20T10:00:01.000000Z",
        "{\"error_msg\":\"Incorrect IAM authentication information: token expires, expires_at:2026-11-20\",\"error_code\":\"APIG.0301\",\"request_id\":\"8f0b3d0a3c4f4d7f9a4ddc1d1e2f3a4b\"}",
        "request_id:8f0b3d0a3c4f4d7f9a4ddc1d1e2f3a4b,error_code:AIS.0101",
        "trace 550e8400-e29b-41d4-a716-446655440000 550E8400-E29B-41D4-A716-446655440000",
        "container 4c01db0b339c9d0f2c4f3a1b5e6d7c8f9a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d",
        "https://ocr.cn-north-4.myhuaweicloud.com/v2/0a1b2c3d4e5f60718293a4b5c6d7e8f9/ocr/id-card",
        "/home/app/node_modules/@huaweicloud/huaweicloud-sdk-core/HttpClient/DefaultHttpClientV3.js:221",
        "com/huaweicloud/sdk/core/exception/ServiceResponseExceptionHandlerFactoryBuilderImpl2Test/run",
        "shouldReturnOcrErrorWhenTheImageFormatIsNotSupportedByTheV1EndpointOrV2",
        "The token was refreshed; password and cookie are unchanged",
        "{\"error_msg\": \"Bad request: expired security token\", \"request_id\": \"8f0b3d0a3c4f\"}",
        "{\"error_msg\":\"Have error when get ai-service admin token.\",\"error_code\": \"ModelArts.4301\"}",
        "Have error when get ai-service admin token: tag <b>side</b> not allowed",
        "{\\\"error_message\\\":\\\"Invalid token.\\\",\\\"encoded_authorization_message\\\":\\\"\\\"}",
        "token: expired",
        "\"token\": \"invalid\"",
        "token=null",
        "Token: Invalid token",
        "sk=undefined",
        "\"token\":\"token is not valid\"",
        "max_token=4096",
        "total_tokens: 123456",
        "encoded_authorization_message:None }",
        "\"encoded_authorization_message\":\"\",\"details\":null",
        "{StatusCode:400 RequestId:R EncodedAuthorizationMessage: Details:[]}",
        "{Sk: Ak: Region:cn-north-4}",
        "sk= ak= region=cn-north-4",
        "access=private",
        "Access: granted",
        "task=abc disk: full break=1 mask=0 risk:high",
        "令牌：已过期，请刷新",
        "PWD=/srv/app",
        "Authorization: not found",
        "signature: mismatch",
        "token_type: bearer",
        "SignedHeaders=host;x-sdk-date",
        "at com.huaweicloud.sdk.core.auth.Token.parse(Token.java:12)",
        "Basic authentication failed",
        "Bearer authentication required",
        "basic functionality",
        "http://10.0.0.1:8080/a@b",
        "{\"token\":{\"user\":\"u\"}}",
        "{\"token\":null}",
        "-----BEGIN CERTIFICATE-----",
        "2026-11-20T10:00:01.123Z ERROR [main] c.e.Ocr - AIS.0101",
        "",
        "识别失败 AIS.0101",
        "POST|/v2/x/ocr/id-card/||content-type:application/json|host:ocr.cn-north-4.myhuaweicloud.com|x-sdk-date:20261120T100001Z||content-type;host;x-sdk-date|",
    ] {
        check_kept(text);
    }
}

#[test]
fn hostile_input_takes_linear_time() {
    // Quadratic work on any of these would be 10^9 steps or more.
    for piece in [
        "sk=",
        "sk=\"",
        "\\",
        "sk=\\\"",
        "%25",
        "sk%25",
        "://",
        "a:",
        "-----BEGIN PRIVATE KEY",
        "eyJaaaaaaaaaa.",
        "sk=,",
        "Bearer ",
        "Authorization: Bearer ",
        "cookie=a; ",
        "\u{1b}[",
        "[sk:",
        "\"sk\",",
        "aZ3",
        "&quot;",
        "密钥",
        "sk ",
        "{\"sk\":\"x\",",
        "string(1",
        "sk= = ",
        "sk:: ",
        "%20",
        "sk%3D%25",
    ] {
        let text = piece.repeat((1 << 17) / piece.len());
        let redacted = redact(&text);
        assert!(redacted.len() <= text.len() * 8, "{piece:?}");
    }
}

#[test]
fn access_keys_show_four_and_two_characters() {
    assert_eq!(mask_access_key(AK), "HPUA****BC");
    assert_eq!(mask_access_key("HPUA****BC"), "HPUA****BC");
    for short in ["", "short", "密钥密钥密钥", "has a space in it", "****"] {
        assert_eq!(mask_access_key(short), "****", "{short}");
    }
}

/// Texts made of the pieces that notations are made of.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => proptest::sample::select(vec![
            "sk", "ak", "token", "Authorization", "Cookie", "password", "Access", "Signature",
            "encoded_authorization_message", "Bearer", "Basic", "SDK-HMAC-SHA256", "X-Auth-Token",
        ]).prop_map(str::to_owned),
        6 => proptest::sample::select(vec![
            "=", ":", ": ", " ", ",", ";", "; ", "\"", "'", "\\\"", "\\\\\\\"", "\\", "%22", "%3A",
            "%2522", "%26", "&", "&quot;", "[", "]", "(", ")", "{", "}", "<", ">", "=>", "\n", "\\n",
            "|", "/", "\\/", "://", "@", "#012", "\u{1b}[1m", "：", "，", "密钥", "%", "25", "--", "-",
            "_", ".", "*", "****", "string(1) ", "b'", "\\u0022", "-----BEGIN PRIVATE KEY-----",
        ]).prop_map(str::to_owned),
        4 => proptest::sample::select(vec![
            AK, SK, HEX, SIGNED, "null", "expired", "not", "123", "[redacted]", "[base64 12 bytes]",
            "HPUA****BC", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJvY3IifQ.c2lnbmF0dXJl", "é", "x",
            "aZ3kQ9xZaZ3kQ9xZaZ3kQ9xZaZ3kQ9xZaZ3kQ9xZaZ3kQ9xZaZ3kQ9xZaZ3kQ9xZ",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,4}",
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn redacting_twice_changes_nothing_more(text in pieces()) {
        let once = redact(&text).into_owned();
        let twice = redact(&once).into_owned();
        prop_assert_eq!(&twice, &once, "of {:?}", text);
    }

    #[test]
    fn any_text_is_survived(text in "(?s).{0,80}") {
        let once = redact(&text).into_owned();
        prop_assert_eq!(redact(&once).into_owned(), once);
    }

    #[test]
    fn a_quoted_secret_never_survives(secret in "[A-Za-z0-9+/_-]{20,60}", before in pieces()) {
        let text = format!("{before}\n{{\"secret_key\":\"{secret}\"}}");
        prop_assert!(!redact(&text).contains(&secret));
    }
}

#[test]
fn what_is_called_access_is_a_key_if_it_looks_like_one() {
    let key = "AB12CD34".repeat(6);
    for count in [16, 40] {
        let key = &key[..count];
        check(&format!("'access': '{key}'"), "'access': 'AB12****34'");
        check(&format!("access={key} x"), "access=AB12****34 x");
    }
    for word in [&key[..15], &key[..41], "AB12CD34ab12CD34"] {
        check_kept(&format!("'access': '{word}'"));
        check_kept(&format!("access={word} x"));
    }
}

#[test]
fn a_number_of_up_to_eight_digits_counts_something_and_is_no_secret() {
    check_kept("token=12345678 x");
    check("token=123456789 x", "token=[redacted] x");
    check("password=12345678 x", "password=[redacted] x");
}

#[test]
fn a_value_ends_where_a_newline_is_written_in_octal() {
    check("sk=abc123DEF#012X-Error: 1", "sk=[redacted]#012X-Error: 1");
    check("sk=abc123DEF#999 x", "sk=[redacted] x");
}

#[test]
fn of_an_address_the_password_goes_and_one_that_is_empty_is_none() {
    check("http://user:secret@host/x", "http://user:[redacted]@host/x");
    check("http://user:s@host/x", "http://user:[redacted]@host/x");
    check_kept("http://user:@host/x");
    check_kept("http://user@host:80/x");
}

#[test]
fn base64_that_begins_with_an_escaped_slash_goes_with_it() {
    let text = "aZ3kQ9xZ".repeat(8);
    check(&format!("image \\/{text} x"), "image [base64 48 bytes] x");
    check(&format!("image /{text} x"), "image [base64 48 bytes] x");
}

#[test]
fn a_secret_in_parentheses_goes_and_a_comma_in_a_password_does_not_end_it() {
    check(&format!("token ({SK}) x"), "token ([redacted]) x");
    check("password=ab,12cd x", "password=[redacted] x");
    check("password=ab,code=1 x", "password=[redacted],code=1 x");
}

#[test]
fn a_mark_that_is_escaped_in_the_value_does_not_end_it_and_an_outer_one_does() {
    check(r#""sk":"abc123\\\"DEF456","x":"y""#, r#""sk":"[redacted]","x":"y""#);
    check(r#""sk":"abc123\\","x":"y""#, r#""sk":"[redacted]","x":"y""#);
    let cut = r#"{"log":"{\"m\":\"{\\\"sk\\\":\\\"abc123DEF\",\"x\":\"y\"}"}"#;
    check(cut, &cut.replace("abc123DEF", "[redacted]"));
}

#[test]
fn an_encoded_message_is_told_by_its_size_from_sixteen_characters_on() {
    let message = |text: &str| format!("\"encoded_authorization_message\":\"{text}\"");
    check(&message("aZ3kQ9xZaZ3kQ9xZ"), &message("[base64 12 bytes]"));
    check(&message("aZ3kQ9xZaZ3kQ9x"), &message("[redacted]"));
}
