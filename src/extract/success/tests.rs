//! Data in, text out: a log goes in, one line per success or occurrence comes out, in their order.

use std::fmt::Write as _;

use super::*;
use crate::catalogue::Catalogue;
use crate::extract::{Extractor, Sink};
use crate::occurrence::Occurrence;
use crate::zone::Zone;

const URL: &str = "https://ocr.cn-north-4.myhuaweicloud.com/v2/0a1b/ocr/id-card";

#[derive(Default)]
struct Printed(String);

impl Sink for Printed {
    fn occurrence(&mut self, occurrence: Occurrence) {
        let _ = writeln!(self.0, "{} {}", occurrence.place.line, occurrence.code);
    }

    fn success(&mut self, success: Success) {
        let _ = write!(self.0, "{} {}", success.place.line, success.http_status);
        let at = success.at.map(|at| at.to_rfc3339());
        let facts = [
            ("api", success.api.as_deref()),
            ("project", success.project.as_deref()),
            ("host", success.host.as_deref()),
            ("region", success.region.as_deref()),
            ("key", success.access_key.as_deref()),
            ("at", at.as_deref()),
        ];
        for (name, fact) in facts {
            let _ = fact.map(|fact| write!(self.0, " {name}={fact}"));
        }
        self.0.push('\n');
    }
}

fn printed(log: &str, successes: Successes) -> String {
    let catalogue = Arc::new(Catalogue::embedded());
    let reference = "2026-11-23T00:00:00Z".parse().expect("a fixed instant");
    let settings = Settings { successes, ..Settings::new(Zone::UTC, reference) };
    let mut extractor = Extractor::new(&catalogue, settings, "app.log".into());
    let mut sink = Printed::default();
    extractor.push(log.as_bytes(), &mut sink);
    extractor.finish(&mut sink);
    sink.0
}

#[track_caller]
fn check(log: &str, expected: &str) {
    let printed = printed(log, Successes::access_logs());
    assert_eq!(printed.trim_end(), expected.trim(), "\n--- log\n{log}\n---");
}

/// Each line of the log is a success of the same call.
#[track_caller]
fn check_all(log: &str) {
    let printed = printed(log, Successes::access_logs());
    let mut told = printed.lines();
    for (number, line) in (1..).zip(log.lines()) {
        let told = told.next().unwrap_or("");
        let expected = format!("{number} 200 api=id-card project=0a1b");
        assert!(told.starts_with(&expected), "{told:?} instead of {expected:?} of\n{line}");
    }
}

#[test]
fn access_logs_of_servers_tell_a_status_and_their_own_time() {
    check(
        "10.0.0.7 - - [23/Nov/2026:09:30:05 +0800] \"POST /v2/0a1b/ocr/general-text HTTP/1.1\" 200 1532 \"-\" \"curl/7\"\n\
         [2026-11-23T01:30:05.123Z] \"POST /v2/0a1b/ocr/id-card HTTP/2\" 204 - 0 12 \"-\" \"ocr.cn-east-3.myhuaweicloud.com\"\n\
         [GIN] 2026/11/23 - 09:30:05 | 200 |  12.3ms | 10.0.0.1 | POST     \"/v2/0a1b/ocr/id-card\"\n\
         10.0.0.7 - - [23/Nov/2026 09:30:05] \"POST /v1.0/ocr/id-card HTTP/1.1\" 200 -\n",
        "1 200 api=general-text project=0a1b at=2026-11-23T09:30:05+08:00\n\
         2 204 api=id-card project=0a1b host=ocr.cn-east-3.myhuaweicloud.com region=cn-east-3 at=2026-11-23T01:30:05.123+00:00\n\
         3 200 api=id-card project=0a1b at=2026-11-23T09:30:05+00:00\n\
         4 200 api=id-card at=2026-11-23T09:30:05+00:00",
    );
}

#[test]
fn clients_print_the_status_behind_before_and_within_quotes() {
    check_all(&format!(
        "https://ocr.cn-north-4.myhuaweicloud.com:443 \"POST /v2/0a1b/ocr/id-card HTTP/1.1\" 200 None\n\
         HTTP Request: POST {URL} \"HTTP/1.1 200 OK\"\n\
         2026-11-23 09:30:05,254 1397 HuaweiCloud-SDK-OcrClient http_handler.py 37 INFO \"POST {URL}\" 200 74 0:00:00.000804 R\n\
         2026-11-23 09:30:05.497 INFO  [main] HuaweiCloud-SDK-Access - \"POST {URL}\" 200 182 R 17\n\
         <-- 200 OK {URL} (123ms)\n\
         <-- 200 {URL} (123ms, unknown-length body)\n\
         POST {URL}?side=front 200\n\
         POST {URL} 200 12.3 ms - 1532\n\
         POST {URL} -> 200\n\
         POST {URL} => 200 OK\n\
         POST {URL} → 200, 3 fields\n\
         POST {URL}: 200\n\
         POST {URL} status=200\n\
         POST {URL} took 31 ms, status: 200\n\
         POST {URL} (status code 200)\n\
         调用 {URL} 成功，状态码: 200\n\
         调用 {URL}，状态码：200，耗时 31 毫秒\n\
         POST {URL} returned 200\n\
         POST {URL} responded with 200 in 31 ms\n\
         POST {URL} answered HTTP 200\n\
         接口 {URL} 返回 200\n\
         接口 {URL}返回200\n\
         状态码：200 POST {URL}\n\
         POST {URL} -> <Response [200]>\n\
         level=info status=200 method=POST path=/v2/0a1b/ocr/id-card bytes=1532\n\
         POST,{URL},200,31\n"
    ));
}

#[test]
fn json_may_have_its_keys_in_any_order_and_any_depth() {
    check_all(&format!(
        r#"{{"method":"POST","path":"/v2/0a1b/ocr/id-card","status":200,"time":31}}
{{"status_code":"200","uri":"/v2/0a1b/ocr/id-card?x=1","host":"gw"}}
{{"statusCode": 200, "url": "{URL}"}}
{{"http_status":200,"request":"POST /v2/0a1b/ocr/id-card HTTP/1.1"}}
{{"code":200,"target":"\/v2\/0a1b\/ocr\/id-card"}}
{{"level":30,"req":{{"method":"POST","url":"/v2/0a1b/ocr/id-card"}},"res":{{"statusCode":200}},"msg":"done"}}
{{"@timestamp":"2026-11-23T01:30:05Z","message":"handled","http":{{"response":{{"status_code":200}}}},"url":{{"path":"/v2/0a1b/ocr/id-card"}}}}
{{"level":"info","msg":"\"POST {URL}\" 200 74 0:00:00.0008"}}
{{"RequestPath":"/v2/0a1b/ocr/id-card","DownstreamStatus":200,"Duration":200000}}
{{"path":"/v2/0a1b/ocr/id-card","response_code":200}}
"#
    ));
}

#[test]
fn carriers_are_taken_off_and_their_stamp_stands_in() {
    let facts = "200 api=id-card project=0a1b";
    let endpoint = "host=ocr.cn-north-4.myhuaweicloud.com region=cn-north-4";
    check(
        &format!(
            "{{\"log\":\"\\\"POST /v2/0a1b/ocr/id-card HTTP/1.1\\\" 200 74\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-23T01:30:05.5Z\"}}\n\
             2026-11-23T01:30:05.5Z stdout F 10.0.0.7 - - [23/Nov/2026:09:30:05 +0800] \"POST /v2/0a1b/ocr/id-card HTTP/1.1\" 200 74\n\
             Nov 20 10:00:01 web1 nginx[812]: POST {URL} 200\n\
             {{\"__REALTIME_TIMESTAMP\":\"1795172401000000\",\"MESSAGE\":\"POST {URL} -> 200\",\"_PID\":\"1\"}}\n\
             {{\"@timestamp\":\"2026-11-23T01:30:05.000Z\",\"agent\":{{\"type\":\"filebeat\"}},\"message\":\"POST {URL} status=200\"}}\n\
             {{\"log\":\"{{\\\"path\\\":\\\"/v2/0a1b/ocr/id-card\\\",\\\"status\\\":200}}\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-23T01:30:05.5Z\"}}\n"
        ),
        &format!(
            "1 {facts} at=2026-11-23T01:30:05.500+00:00\n\
             2 {facts} at=2026-11-23T09:30:05+08:00\n\
             3 {facts} {endpoint} at=2026-11-20T10:00:01+00:00\n\
             4 {facts} {endpoint} at=2026-11-20T11:00:01+00:00\n\
             5 {facts} {endpoint} at=2026-11-23T01:30:05+00:00\n\
             6 {facts} at=2026-11-23T01:30:05.500+00:00"
        ),
    );
}

#[test]
fn another_outcome_or_another_number_is_no_success() {
    for line in [
        "\"POST /v2/0a1b/ocr/id-card HTTP/1.1\" 400 71",
        "\"POST /v2/0a1b/ocr/id-card HTTP/1.1\" 504 200",
        "\"POST /v2/0a1b/ocr/id-card HTTP/1.1\" 302 -",
        "\"OPTIONS /v2/0a1b/ocr/id-card HTTP/1.1\" 200 0",
        "\"POST {URL}\" 429 182 R 200",
        "<-- 500 {URL} (200ms)",
        "POST {URL} took 200 ms",
        "POST {URL} 200ms",
        "POST {URL} 200 ms",
        "POST {URL} size=200",
        "POST {URL} sent 200 bytes",
        "POST {URL} returned 200 words",
        "POST {URL} -> 200 bytes",
        "POST {URL} 耗时 200 毫秒",
        "POST {URL} failed after 3 tries, last status: 503, first status: 200",
        "POST {URL} 20000",
        "POST {URL} 200.5",
        "POST {URL}",
        r#"{"path":"/v2/0a1b/ocr/id-card","status":200,"http_status":502}"#,
        r#"{"path":"/v2/0a1b/ocr/id-card","status":"ok","bytes":200}"#,
        r#"{"path":"/v2/0a1b/ocr/id-card","responseTime":200}"#,
        "HTTP 200 for the last one, then POST {URL}",
        r#"{"path":"/login","referer":"{URL}","status":200}"#,
        "10.0.0.7 - - [x] \"POST /login HTTP/1.1\" 200 12 \"{URL}\" \"Mozilla/5.0\"",
    ] {
        check(&line.replace("{URL}", URL), "");
    }
}

#[test]
fn what_is_not_the_service_s_is_no_success() {
    for line in [
        "POST https://app.example.com/api/ocr/id-card 200",
        "POST https://app.example.com/v1/ocr/id-card 200",
        "\"POST /ocr/upload HTTP/1.1\" 200 12",
        "\"POST /api/v1/ocr/upload HTTP/1.1\" 200 12",
        "\"POST /api/v2/teams/ocr/upload HTTP/1.1\" 200 12",
        "\"GET /v2/static/ocr/id-card.jpg HTTP/1.1\" 200 12",
        "GET https://support.huaweicloud.com/v2/x/ocr/index 200",
        "GET https://iam.cn-north-4.myhuaweicloud.com/v3/x/ocr/tokens 200",
        "GET https://bucket.obs.cn-north-4.myhuaweicloud.com/v2/x/ocr/scan 200",
        "https://bucket.obs.cn-north-4.myhuaweicloud.com:443 \"GET /v2/x/ocr/scan HTTP/1.1\" 200 9",
        "see https://support.huaweicloud.com/api-ocr/ocr_03_0028.html status: 200",
        "loaded /home/v2/app/ocr/model 200",
        "[gateway v2] POST https://app.example.com/api/ocr/id-card 200",
        "\"POST /v2beta/0a1b/ocr/id-card HTTP/1.1\" 200 12",
        "\"POST /v2//ocr/id-card HTTP/1.1\" 200 12",
        "\"POST /v2/a+b/ocr/id-card HTTP/1.1\" 200 12",
        "\"POST /api/v2/cafe/ocr/upload HTTP/1.1\" 200 12",
    ] {
        check(line, "");
    }
    check(
        "POST https://proxy.example.com:8443/v2/0a1b/ocr/id-card 200\n\
         \"POST /huawei/v2/0123456789abcdef0123456789abcdef/ocr/id-card HTTP/1.1\" 200 12\n\
         POST https://ocr.cn-north-4.myhuaweicloud.com/ocr/id-card 200\n\
         POST /v2/{project_id}/ocr/id-card 200\n",
        "1 200 api=id-card project=0a1b host=proxy.example.com:8443\n\
         2 200 api=id-card project=0123456789abcdef0123456789abcdef\n\
         3 200 api=id-card host=ocr.cn-north-4.myhuaweicloud.com region=cn-north-4\n\
         4 200 api=id-card",
    );
}

#[test]
fn a_line_with_an_error_is_no_success_and_the_order_is_the_input_s() {
    let failed = r#"{"error_code":"APIG.0301","error_msg":"Incorrect IAM authentication"}"#;
    check(
        &format!(
            "POST {URL} 200\nPOST {URL} 401 {failed}\nPOST {URL} 200 {failed}\n\
             POST {URL} 200\n{failed}\nPOST {URL} 200 POST {URL} 200\n"
        ),
        &printed(
            &format!(
                "POST {URL} 200\n{failed}\n{failed}\nPOST {URL} 200\n{failed}\nPOST {URL} 200"
            ),
            Successes::access_logs(),
        ),
    );
    let mixed = printed(&format!("POST {URL} 200\n{failed}\nPOST {URL} 200"), Successes::none());
    assert_eq!(mixed, "2 APIG.0301\n");
}

#[test]
fn an_access_key_is_masked() {
    check(
        "\"POST /v2/0a1b/ocr/id-card HTTP/1.1\" 200 12 ak=HPUAPL4NT3DPL4NT3DQX",
        "1 200 api=id-card project=0a1b key=HPUA****QX",
    );
}

#[test]
fn a_pattern_of_the_user_tells_a_success_and_its_groups_what_of() {
    let pattern =
        r"^\S+ job done \((?P<api>[a-z-]+), (?P<region>[a-z0-9-]+), key (?P<access_key>\w+)\)$";
    let successes = || Successes::none().with_pattern(pattern).expect("a valid pattern");
    let log = "2026-11-23T01:30:05Z job done (id-card, cn-north-4, key HPUAPL4NT3DPL4NT3DQX)\r\n\
               x 2026-11-23T01:30:05Z job done (id-card, cn-north-4, key HPUAPL4NT3DPL4NT3DQX)\n";
    assert_eq!(
        printed(log, successes()),
        "1 200 api=id-card region=cn-north-4 key=HPUA****QX at=2026-11-23T01:30:05+00:00\n"
    );
    let project = Successes::none().with_pattern("done for (?P<project>[0-9a-f]+)");
    let project = project.expect("a valid pattern");
    assert_eq!(printed("done for 0a1b\n", project), "1 200 project=0a1b\n");
    let both = Successes::access_logs().with_pattern("recogni[sz]ed").expect("a valid pattern");
    let log = format!("a\nrecognised\nb\nrecognized POST {URL} 200\nPOST {URL} 200\n");
    let facts =
        "200 api=id-card project=0a1b host=ocr.cn-north-4.myhuaweicloud.com region=cn-north-4";
    assert_eq!(printed(&log, both), format!("2 200\n4 {facts}\n5 {facts}\n"));
    assert!(Successes::none().with_pattern("(").is_err());
}

#[test]
fn no_match_of_a_pattern_reaches_over_a_line() {
    let across = Successes::none().with_pattern(r"a[^x]*b").expect("a valid pattern");
    assert_eq!(printed("a\nb\nab\na\n a b \nb", across), "3 200\n5 200\n");
}

#[test]
fn of_a_long_line_what_stands_beside_the_path_is_read() {
    let filler = "y".repeat(100_000);
    check(
        &format!("{filler} POST /v2/0a1b/ocr/id-card 200 {filler}\nPOST /v2/0a1b/ocr/id-card 200"),
        "1 200 api=id-card project=0a1b\n2 200 api=id-card project=0a1b",
    );
    let path = "POST /v2/0a1b/ocr/id-card";
    check(&format!("{filler} {path} 200\nstatus: 500\n"), "1 200 api=id-card project=0a1b");
    check(&format!("{filler} {path}\nstatus: 200\n"), "");
    check(&format!("{} status: 200\n{path} {filler}\n", "x".repeat(3_000)), "");
    check(&format!("{filler} {path} {} status: 200 {filler}\n", "x".repeat(3_000)), "");
    // Whoever asks for lines of a pattern alone asks for no paths.
    let pattern = Successes::none().with_pattern("job done").expect("a valid pattern");
    assert_eq!(printed(&format!("{filler} {path} 200 {filler}\n"), pattern), "");
}

#[test]
fn settings_that_ask_for_other_successes_differ() {
    let with = |pattern| Successes::none().with_pattern(pattern).expect("a valid pattern");
    assert_eq!(with("a"), with("a"));
    assert_ne!(with("a"), with("b"));
    assert_ne!(Successes::none(), Successes::access_logs());
    assert!(Successes::none().is_none() && !with("a").is_none());
}

#[test]
fn a_line_is_taken_apart_only_for_a_path_with_a_version_or_the_service_s_host_before_it() {
    for line in
        ["GET /v2/0a1b/ocr/x 200", "GET /docs/ocr/ /v1.0/ocr/x", "a.myhuaweicloud.com/ocr/x"]
    {
        assert!(call::may_be_one(line.as_bytes()), "{line}");
    }
    for line in ["GET /docs/ocr/x 200", "/v2/0a1b/ocrs", "v2", "/ocr/ v2", "/vx/ocr/"] {
        assert!(!call::may_be_one(line.as_bytes()), "{line}");
    }
}
