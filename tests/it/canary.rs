//! Secrets and steering characters, planted in logs of every shape: none of them comes out of any
//! command in any format.

use ocrwatch::extract::visible::acts_unseen;

use crate::harness::{Outcome, Sandbox};
use crate::invariants::extract;
use crate::resume::checkpoint_of;

/// What every planted secret holds, in lower case. The second is for hexadecimal ones.
const MARKS: [&str; 2] = ["canary", "5ec2e7c0ffee"];

/// Everything that a text could do to a terminal, a page or a reader.
const STEERING: &str =
    "\u{1b}[31m\u{1b}]0;title\u{7}\u{9b}2J\u{202e}\u{2066}\u{200b}\u{feff}\0\u{8}";

/// Secrets as headers, members of objects, parameters and options carry them: key and value.
fn secrets() -> Vec<(&'static str, String)> {
    let token = format!("MIIYcAnArY{}", "cAnArY0+/w".repeat(60));
    let signature = "5ec2e7c0ffee".repeat(6)[..64].to_owned();
    let authorization = format!(
        "SDK-HMAC-SHA256 Access=HPUACANARYAK00000001, SignedHeaders=host;x-sdk-date, \
         Signature={signature}"
    );
    vec![
        ("ak", "HPUACANARYAK00000001".to_owned()),
        ("access_key", "HPUACANARYAK00000001".to_owned()),
        ("sk", "cAnArYsk0123456789abcdefghijklmnopqrstuv".to_owned()),
        ("secret_key", "cAnArYsk0123456789abcdefghijklmnopqrstuv".to_owned()),
        ("SecretAccessKey", "cAnArYsk0123456789abcdefghijklmnopqrstuv".to_owned()),
        ("X-Auth-Token", token.clone()),
        ("X-Subject-Token", token.clone()),
        ("X-Security-Token", token.clone()),
        ("securityToken", token.clone()),
        ("encoded_authorization_message", token),
        ("Authorization", authorization),
        ("Authorization", format!("Bearer eyJhbGciOiJIUzI1NiJ9.cAnArY{}.cAnArY", "x1".repeat(40))),
        ("Signature", signature),
        ("password", "cAnArY-passw0rd!".to_owned()),
        ("Cookie", "SESSIONID=cAnArYcAnArYcAnArY0123456789".to_owned()),
        ("image", format!("iVBORw0KGgo{}", "cAnArY01".repeat(300))),
    ]
}

fn signed_urls() -> [String; 3] {
    let host = "https://scans.obs.cn-north-4.myhuaweicloud.com/page.jpg";
    let hex = "5ec2e7c0ffee".repeat(6);
    [
        format!(
            "{host}?AccessKeyId=HPUACANARYAK00000001&Expires=1795156205&Signature=cAnArY%2BcAnArY%3D"
        ),
        format!("{host}?X-Amz-Credential=HPUACANARYAK00000001%2F20261120&X-Amz-Signature={hex}"),
        format!(
            "{host}?x-obs-security-token=cAnArYcAnArYcAnArYcAnArYcAnArY&x-image-process=resize"
        ),
    ]
}

const BODY: &str = r#"{"error_code": "APIG.0301", "error_msg": "Incorrect IAM authentication information: verify aksk signature fail"}"#;

/// A text as a JSON string holds it, without the quotes.
fn escaped(text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("any text is a JSON string");
    quoted[1..quoted.len() - 1].to_owned()
}

fn url_encoded(text: &str) -> String {
    let encoded = text.bytes().map(|byte| {
        let is_plain = byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        if is_plain { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    });
    encoded.collect()
}

/// Records with an error and a secret beside it, each as another client or logger prints them.
fn records(key: &str, value: &str) -> Vec<String> {
    let at = "2026-11-20 10:00:02,200";
    let json = escaped(value);
    let pair = format!(r#"{{"{key}": "{json}"}}"#);
    let member = BODY.replace('}', &format!(r#", "{key}": "{json}"}}"#));
    let python = format!("{{'{key}': '{value}'}}");
    let sdk = format!(
        "ClientRequestException - {{status_code:401,request_id:6bddf002fdce401ba3c6dcb1f98cd466,\
         error_code:APIG.0301,error_msg:Incorrect IAM authentication information: verify aksk \
         signature fail,{key}:{value}}}"
    );
    let in_message = format!(r#"{{"error_code":"APIG.0301","error_msg":"refused {key}={json}"}}"#);
    let plain = format!("{at} ERROR scan: call with {key}={value} failed: {BODY}");
    let docker = |text: &str| {
        format!(
            r#"{{"log":"{}\n","stream":"stderr","time":"2026-11-20T02:00:02.2Z"}}"#,
            escaped(text)
        )
    };
    vec![
        format!("{at} ERROR scan: headers {pair} answer {BODY}"),
        format!("{at} ERROR scan: headers {python} answer {BODY}"),
        format!("{at} ERROR scan: {BODY} for {key}: {value}"),
        format!("{at} ERROR scan: {member}"),
        format!("{at} ERROR scan: {in_message}"),
        format!("{at} ERROR scan: {sdk}"),
        format!(
            r#"{{"ts":"2026-11-20T02:00:02Z","msg":"{}"}}"#,
            escaped(&format!("{pair} {BODY}"))
        ),
        format!(r#"{{"ts":"2026-11-20T02:00:02Z","request":{pair},"response":{BODY}}}"#),
        docker(&format!("{at} ERROR scan: {pair} {BODY}")),
        docker(&plain),
        format!("2026-11-20T02:00:02.2Z stderr F {plain}"),
        format!("Nov 20 10:00:02 web1 scan[7]: {python} {BODY}"),
        format!("{at} ERROR scan: q={} {}", url_encoded(&pair), url_encoded(BODY)),
        format!("{at} ERROR scan: \"{}\"", escaped(&escaped(&format!("{pair} {BODY}")))),
        // Over lines: curl's, Java's, Node's and a pretty-printed object.
        format!("> POST /v2/1/ocr/id-card HTTP/1.1\n> {key}: {value}\n< HTTP/1.1 401\n{BODY}"),
        format!("{at} ERROR scan - failed\njava.lang.RuntimeException: {BODY}\n\t{key}: {value}"),
        format!("{{\n  statusCode: 401,\n  {key}: '{value}',\n  data: {BODY}\n}}"),
        format!(
            "{{\n  \"{key}\": \"{json}\",\n  \"error_code\": \"APIG.0301\",\n  \"error_msg\": \
             \"Incorrect IAM authentication information: verify aksk signature fail\"\n}}"
        ),
    ]
}

/// All of them, one after the other.
pub(crate) fn log() -> String {
    let records = secrets().iter().flat_map(|(key, value)| records(key, value)).collect::<Vec<_>>();
    records.join("\n") + "\n"
}

fn outcomes(sandbox: &Sandbox) -> Vec<Outcome> {
    let mut outcomes = vec![sandbox.run(&["extract", "app.log"])];
    for format in ["terminal", "json", "jsonl", "csv", "markdown"] {
        outcomes.push(sandbox.run(&["report", "--format", format, "app.log"]));
    }
    outcomes.push(sandbox.run(&["report", "--width", "200", "app.log"]));
    outcomes.push(sandbox.run(&["report", "--width", "40", "app.log"]));
    // Beside damage and what is missing, so that errors are printed as well.
    outcomes.push(sandbox.run(&["report", "app.log", "missing.log", "cut.gz"]));
    outcomes
}

/// Where the first mark is in a text.
fn mark_in(text: &str) -> Option<usize> {
    let folded = text.to_ascii_lowercase();
    MARKS.iter().find_map(|mark| folded.find(mark))
}

/// The text around its first mark.
pub(crate) fn around_mark(text: &str) -> Option<String> {
    // Wrapping could part a secret; its lines are put together before it is looked for.
    let joined: String = text.split(['\n', '│', ' ']).collect();
    let at = mark_in(&joined)?;
    let start = joined.floor_char_boundary(at.saturating_sub(90));
    let end = joined.floor_char_boundary(at + 60);
    Some(joined[start..end].to_owned())
}

fn leak(outcome: &Outcome) -> Option<String> {
    [outcome.stdout(), outcome.stderr()].into_iter().find_map(around_mark)
}

#[test]
fn no_secret_is_in_any_text_of_an_occurrence() {
    let urls = signed_urls().map(|url| ("url", url));
    let mut leaks = Vec::new();
    for (key, value) in secrets().into_iter().chain(urls) {
        for (number, record) in records(key, &value).iter().enumerate() {
            assert!(mark_in(record).is_some(), "nothing planted: {record}");
            let found = extract(format!("{record}\n").as_bytes(), &[]).occurrences;
            assert!(!found.is_empty(), "the error itself is not found in: {record}");
            let texts = found.iter().map(|occurrence| format!("{occurrence:?}"));
            let leaked = texts.filter_map(|text| around_mark(&text));
            leaks.extend(leaked.map(|leak| format!("{key}, shape {number}: {leak}")));
        }
    }
    assert!(leaks.is_empty(), "{} secrets come out:\n{}", leaks.len(), leaks.join("\n"));
}

#[test]
fn no_secret_stands_in_a_checkpoint() {
    let urls = signed_urls().map(|url| ("url", url));
    let mut leaks = Vec::new();
    for (key, value) in secrets().into_iter().chain(urls) {
        for (number, record) in records(key, &value).iter().enumerate() {
            let text = checkpoint_of(&format!("{record}\n"));
            assert!(text.contains("\"events\""), "the error itself is not found in: {record}");
            leaks.extend(around_mark(&text).map(|leak| format!("{key}, shape {number}: {leak}")));
        }
    }
    assert!(leaks.is_empty(), "{} secrets are kept:\n{}", leaks.len(), leaks.join("\n"));
}

#[test]
fn no_secret_comes_out_in_any_format() {
    let sandbox = Sandbox::with("app.log", log());
    sandbox.file("cut.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03");
    let leaks: Vec<String> = outcomes(&sandbox).iter().filter_map(leak).collect();
    assert!(leaks.is_empty(), "{} secrets come out:\n{}", leaks.len(), leaks.join("\n"));
    let page = sandbox.run(&["report", "app.log"]);
    page.stdout_has("APIG.0301").stdout_has("HPUA****01");
}

#[test]
fn nothing_that_steers_comes_out_in_any_format() {
    let log = [
        format!("2026-11-20 10:00:02,200 ERROR {STEERING}scan: {BODY}{STEERING}"),
        format!(
            r#"2026-11-20 10:00:02,200 ERROR scan: {{"error_code": "AIS.0101", "error_msg": "{STEERING}bad"}}"#
        ),
        format!(
            r#"2026-11-20 10:00:02,200 ERROR scan: {{"error_code": "AIS.0102", "error_msg": "{}bad"}}"#,
            escaped(STEERING)
        ),
        format!(
            r#"2026-11-20 10:00:03,200 ERROR scan: {{"error_code": "AIS.0103", "error_msg": "\u202e\u001b[2J\u0000\u009bbad", "request_id": "a{STEERING}b"}}"#
        ),
        format!(
            r#"2026-11-20 10:00:04,200 ERROR scan: POST https://ocr{STEERING}.cn-north-4.myhuaweicloud.com/v2/1/ocr/id{STEERING}card 400 {{"error_code": "AIS.0104", "error_msg": "x"}}"#
        ),
        format!(
            "2026-11-20 10:00:05,200 ERROR scan: {STEERING}com.huaweicloud.{STEERING}ClientRequestException: {{status_code:400,request_id:{STEERING},error_code:AIS.0105,error_msg:{STEERING}}}"
        ),
    ];
    let sandbox = Sandbox::with("app.log", log.join("\n"));
    sandbox.file("cut.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03");
    let all = outcomes(&sandbox);
    assert!(all[0].json_lines().len() >= 5, "{}", all[0]);
    for outcome in all {
        let text = [outcome.stdout(), outcome.stderr()].concat().replace("\r\n", "\n");
        let steers = text.chars().find(|&c| acts_unseen(c) && c != '\n');
        assert_eq!(steers, None, "{outcome}");
    }
}
