//! Signatures against another program's: Python's `hmac` and `hashlib`.

use std::process::{Command, Stdio};

use super::*;

/// What Python prints, or nothing where it is not there.
fn python(program: &str, arguments: &[&str]) -> Option<String> {
    let run =
        Command::new("python3").args(["-c", program]).args(arguments).stdin(Stdio::null()).output();
    let Ok(output) = run else {
        println!("skipped: there is no python3 here");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

const IMPORTS: &str = "import sys, hmac, hashlib, base64\nfrom urllib.parse import quote\n\
                       a = sys.argv[1:]\n";

#[test]
fn dingtalk_and_feishu_sign_as_documented() {
    let (at, signature) = sign::dingtalk("SECabc", now());
    assert_eq!(at, "1796025600000");
    let program = format!(
        "{IMPORTS}m = hmac.new(a[1].encode(), (a[0] + '\\n' + a[1]).encode(), hashlib.sha256)\n\
         print(quote(base64.b64encode(m.digest()), safe=''))"
    );
    if let Some(expected) = python(&program, &[&at, "SECabc"]) {
        assert_eq!(sign::percent(&signature), expected);
    }
    let (at, signature) = sign::feishu("demo", now());
    assert_eq!(at, "1796025600");
    let program = format!(
        "{IMPORTS}m = hmac.new((a[0] + '\\n' + a[1]).encode(), b'', hashlib.sha256)\n\
         print(base64.b64encode(m.digest()).decode())"
    );
    if let Some(expected) = python(&program, &[&at, "demo"]) {
        assert_eq!(signature, expected);
    }
}

#[test]
fn a_webhook_is_signed_over_its_time_and_its_body() {
    let program = format!(
        "{IMPORTS}print('v1=' + hmac.new(a[0].encode(), (a[1] + '.' + a[2]).encode(), \
         hashlib.sha256).hexdigest())"
    );
    let found = sign::webhook("s3cret", "1796025600", "{\"é\":1}".as_bytes());
    if let Some(expected) = python(&program, &["s3cret", "1796025600", "{\"é\":1}"]) {
        assert_eq!(found, expected);
    }
}

#[test]
fn huawei_cloud_s_gateway_is_signed_for_as_documented() {
    let path = "/v2/p/notifications/topics/urn%3Asmn%3Ar%3Ap%3At/publish";
    let body = "{\"subject\":\"锁\"}";
    let request = sign::Canonical { host: "smn.r.myhuaweicloud.com", path, body: body.as_bytes() };
    let (date, authorization) = sign::huawei(&request, "AK", "SK", now());
    assert_eq!(date, "20261130T080000Z");
    // As the vendor's own signer does it, from the path that is not encoded.
    let program = format!(
        "{IMPORTS}\
         ak, sk, host, path, body, date = a\n\
         uri = '/'.join(quote(part, safe='~') for part in path.split('/')) + '/'\n\
         headers = {{'content-type': 'application/json', 'host': host, 'x-sdk-date': date}}\n\
         names = sorted(headers)\n\
         lines = ''.join(n + ':' + headers[n] + '\\n' for n in names)\n\
         signed = ';'.join(names)\n\
         digest = hashlib.sha256(body.encode()).hexdigest()\n\
         canonical = '\\n'.join(['POST', uri, '', lines, signed, digest])\n\
         hashed = hashlib.sha256(canonical.encode()).hexdigest()\n\
         text = 'SDK-HMAC-SHA256\\n' + date + '\\n' + hashed\n\
         mac = hmac.new(sk.encode(), text.encode(), hashlib.sha256).hexdigest()\n\
         print(f'SDK-HMAC-SHA256 Access={{ak}}, SignedHeaders={{signed}}, Signature={{mac}}')"
    );
    let plain = "/v2/p/notifications/topics/urn:smn:r:p:t/publish";
    let arguments = ["AK", "SK", "smn.r.myhuaweicloud.com", plain, body, &date];
    if let Some(expected) = python(&program, &arguments) {
        assert_eq!(authorization, expected);
    }
}

#[test]
fn three_sends_in_a_row_are_signed_anew_and_do_not_lengthen_the_address() {
    let keys = robot::Keys { sign: Some(Hidden::new("SECabc")), ..keys() };
    let text = text_of(vec![lockout(AlertStatus::Firing)]);
    let urls: Vec<_> = (0..3)
        .map(|hours| {
            let now = now() + chrono::TimeDelta::hours(hours);
            let told = Told { now, ..told_of(&text) };
            dingtalk::request(&robot(), &keys, &told).url.reveal().to_owned()
        })
        .collect();
    for url in &urls {
        assert_eq!(url.matches("timestamp=").count(), 1, "{url}");
        assert_eq!(url.matches("&sign=").count(), 1, "{url}");
        assert!(url.starts_with("https://robot.example/send?access_token=0123456789abcdef&t"));
    }
    assert!(urls[0] != urls[1] && urls[1] != urls[2]);
}

#[test]
fn what_is_signed_for_dingtalk_survives_a_query() {
    assert_eq!(sign::percent("a+b/c=é~-._"), "a%2Bb%2Fc%3D%C3%A9~-._");
}
