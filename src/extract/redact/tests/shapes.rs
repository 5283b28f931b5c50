//! Keys of secrets in every notation in which programs print a key and its value.

use super::*;

/// The text as one more layer of JSON prints it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// Every notation in which a key and its value are printed: `§` is the key, `¤` the value, `€` the
/// value percent-encoded. `request` and `AIS.0101` surround them and must survive.
const SHAPES: [&str; 47] = [
    r#"{"request":1,"§":"¤","error_code":"AIS.0101"}"#,
    r#"{"request": 1, "§": "¤", "error_code": "AIS.0101"}"#,
    r#"{"request":1,"§":["¤"],"error_code":"AIS.0101"}"#,
    r#"{"request":1,"headers":{"§":["¤"]},"error_code":"AIS.0101"}"#,
    "{'request': 1, '§': '¤', 'error_code': 'AIS.0101'}",
    "{'request': 1, '§': b'¤', 'error_code': 'AIS.0101'}",
    "request [('§', '¤'), ('error_code', 'AIS.0101')]",
    "request rawHeaders: [ '§', '¤', 'X-Error', 'AIS.0101' ]",
    "request §=¤ error_code=AIS.0101",
    "request § = ¤, error_code = AIS.0101",
    "request §=\"¤\" error_code=AIS.0101",
    "request §:¤,error_code:AIS.0101",
    "{request:1,§:¤,error_code:AIS.0101 }",
    "request\n§: ¤\nX-Error: AIS.0101",
    "request\\r\\n§: ¤\\r\\nX-Error: AIS.0101",
    "curl -H '§: ¤' -H \"X-Error: AIS.0101\" request",
    "curl -H \"§: ¤\" -H \"X-Error: AIS.0101\" request",
    "https://request/v2?§=€&error_code=AIS.0101",
    "GET /request?a=1&§=€ HTTP/1.1 AIS.0101",
    "request {\n  §: '¤',\n  errorCode: 'AIS.0101'\n}",
    "request {\n  §: `¤`,\n  errorCode: 'AIS.0101'\n}",
    "request {\n  \u{1b}[36m§\u{1b}[39m: \u{1b}[32m'¤'\u{1b}[39m,\n  errorCode: 'AIS.0101'\n}",
    "request §=\u{1b}[32m¤\u{1b}[0m code=AIS.0101",
    "request (\n    [§] => ¤\n    [error_code] => AIS.0101\n)",
    "request (\n    [§:protected] => ¤\n    [error_code] => AIS.0101\n)",
    "request (\n    [§:HuaweiCloud\\SDK\\Core:private] => ¤\n    [code] => AIS.0101\n)",
    "request {\n  [\"§\"]=>\n  string(40) \"¤\"\n  [\"code\"]=>\n  string(8) \"AIS.0101\"\n}",
    "request:\n  §: ¤\n  error_code: AIS.0101\n",
    "request:\n  §: \"¤\"\n  error_code: AIS.0101\n",
    "request\n[config]\n§ = \"¤\"\ncode = \"AIS.0101\"\n",
    "request map[§:[¤] X-Error:[AIS.0101]]",
    "request &{§:¤ Region:cn-north-4 Code:AIS.0101}",
    "request {§=¤, errorCode=AIS.0101}",
    "request {§=[¤], errorCode=[AIS.0101]}",
    "request Credentials(§='¤', code='AIS.0101')",
    "request.§(\"¤\") AIS.0101",
    "request headers['§'] = '¤' AIS.0101",
    "<request><§>¤</§><code>AIS.0101</code></request>",
    "request --§ ¤ --code AIS.0101",
    "request --§=¤ --code AIS.0101",
    "request §：¤，AIS.0101",
    "request &quot;§&quot;:&quot;¤&quot;,&quot;code&quot;:&quot;AIS.0101&quot;",
    "request \\u0022§\\u0022:\\u0022¤\\u0022,\\u0022code\\u0022:\\u0022AIS.0101\\u0022",
    "request#012§: ¤#012X-Error: AIS.0101",
    "request §=¤",
    "request AIS.0101 \"§\":\"¤",
    "request AIS.0101 {\"§\":\"¤",
];

fn shapes(key: &str, value: &str) -> Vec<String> {
    let encoded = percent_encoded(value);
    let mut shapes: Vec<String> = SHAPES
        .iter()
        .map(|shape| shape.replace('§', key).replace('¤', value).replace('€', &encoded))
        .collect();
    let json = format!(r#"{{"request":1,"{key}":"{value}","error_code":"AIS.0101"}}"#);
    let spaced = format!(r#"{{"request": 1, "{key}": "{value}", "error_code": "AIS.0101"}}"#);
    let mut deep = (json.clone(), spaced);
    for _ in 0..4 {
        deep = (escaped(&deep.0), escaped(&deep.1));
        shapes.extend([deep.0.clone(), format!("{{\"log\":\"{}\\n\"}}", deep.1)]);
    }
    shapes.push(json.replace('/', "\\/"));
    shapes.push(percent_encoded(&json));
    shapes.push(percent_encoded(&percent_encoded(&json)));
    shapes.push(percent_encoded(&format!("request=1&{key}={value}&error_code=AIS.0101")));
    shapes
}

#[track_caller]
fn check_shapes(keys: &[&str], secrets: &[&str]) {
    for key in keys {
        for secret in secrets {
            for text in shapes(key, secret) {
                let redacted = redact(&text);
                let parts = secret.split(|c: char| !c.is_ascii_alphanumeric());
                for part in parts.filter(|part| part.len() >= 4) {
                    assert!(
                        !redacted.contains(part),
                        "{part} survives in {redacted:?} of {text:?}"
                    );
                }
                assert!(redacted.contains("request"), "{redacted:?} of {text:?}");
                if text.contains("AIS.0101") {
                    assert!(redacted.contains("AIS.0101"), "{redacted:?} of {text:?}");
                }
                assert_eq!(redact(&redacted), redacted, "twice, of {text:?}");
            }
        }
    }
}

#[test]
fn secret_keys_disappear_in_every_shape() {
    check_shapes(
        &["sk", "SK", "secret_key", "SecretAccessKey", "secretKey", "HUAWEICLOUD_SDK_SK", "hw.sk"],
        &[SK, "abcdefgh"],
    );
}

#[test]
fn tokens_and_signatures_disappear_in_every_shape() {
    check_shapes(
        &[
            "X-Auth-Token",
            "x-auth-token",
            "token",
            "x-security-token",
            "securityToken",
            "Signature",
            "X-Sdk-Signature",
            "X-Obs-Security-Token",
            "access_token",
            "X-Apig-AppCode",
        ],
        &[&token(), SK, HEX, SIGNED, "tok-4711"],
    );
}

#[test]
fn passwords_disappear_in_every_shape() {
    check_shapes(
        &["password", "db_passwd", "PGPASSWORD", "userPwd"],
        &["hunter2", "S3cret,x!9", "p@ss/w0rd"],
    );
}

#[test]
fn access_keys_are_masked_in_every_shape() {
    check_shapes(&["ak", "AK", "access_key", "AccessKeyId", "accessKey", "HW_AK"], &[AK]);
}
