//! What each service's documented answers mean.

use std::time::Duration;

use super::*;
use crate::deliver::{Again, Scope};

type Judge = fn(&Answer) -> Result<Accepted, Failure>;

/// `taken`, or scope, when again, and words of the hint.
#[track_caller]
fn check(judge: Judge, status: u16, body: &str, expected: &str) {
    let answer = Answer { status, body: body.to_owned(), ..Answer::default() };
    check_answer(judge, &answer, expected);
}

#[track_caller]
fn check_answer(judge: Judge, answer: &Answer, expected: &str) {
    let found = match judge(answer) {
        Ok(_) => "taken".to_owned(),
        Err(Failure { hint, again, scope, .. }) => {
            let scope = if scope == Scope::Receiver { "receiver" } else { "message" };
            let again = match again {
                Again::Later => "later".to_owned(),
                Again::After(wait) => format!("after {}", wait.as_secs()),
                Again::Never => "never".to_owned(),
            };
            format!("{scope} {again}: {}", hint.unwrap_or_default())
        }
    };
    let (verdict, words) = expected.split_once(": ").unwrap_or((expected, ""));
    let is_right = found == verdict || found.starts_with(&format!("{verdict}: "));
    assert!(is_right && found.contains(words), "{answer:?}\nfound    {found}\nexpected {expected}");
}

#[test]
fn dingtalk_says_failures_with_http_200() {
    let check = |body, expected| check(dingtalk::judge, 200, body, expected);
    check(r#"{"errcode":0,"errmsg":"ok"}"#, "taken");
    check(
        r#"{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}"#,
        "receiver after 600: 20 messages",
    );
    check(
        r#"{"errcode":310000,"errmsg":"sign not match, more: [https://ding-doc]"}"#,
        "receiver later: compare `sign`",
    );
    check(
        r#"{"errcode":310000,"errmsg":"invalid timestamp"}"#,
        "receiver later: this machine's clock",
    );
    check(
        r#"{"errcode":310000,"errmsg":"keywords not in content"}"#,
        "receiver later: write it as `keyword`",
    );
    check(
        r#"{"errcode":310000,"errmsg":"ip 1.2.3.4 not in whitelist"}"#,
        "receiver later: list of IPs",
    );
    check(r#"{"errcode":300001,"errmsg":"token is not exist"}"#, "receiver later: a new one");
    check(r#"{"errcode":460101,"errmsg":"message too long"}"#, "message never: size");
    check(r#"{"errcode":-1,"errmsg":"系统繁忙"}"#, "receiver later");
    check(r#"{"errcode":4711,"errmsg":"?"}"#, "message later");
    check("<html>Sign in to the proxy</html>", "receiver later: proxy");
    check("{}", "receiver later: oapi.dingtalk.com");
    check("", "receiver later: proxy");
}

#[test]
fn feishu_says_failures_with_http_200_and_400() {
    let judge: Judge = feishu::judge;
    check(
        judge,
        200,
        r#"{"StatusCode":0,"StatusMessage":"success","code":0,"msg":"success"}"#,
        "taken",
    );
    check(judge, 200, r#"{"StatusCode":0,"StatusMessage":"success"}"#, "taken");
    let clock = "receiver later: clock";
    let body = r#"{"code":19021,"msg":"sign match fail or timestamp is not within one hour"}"#;
    check(judge, 200, body, clock);
    check(judge, 400, body, clock);
    check(
        judge,
        200,
        r#"{"code":11232,"msg":"frequency limited"}"#,
        "receiver after 60: 100 messages",
    );
    check(judge, 200, r#"{"code":9499,"msg":"too many request"}"#, "receiver after 60");
    check(judge, 200, r#"{"code":9499,"msg":"Bad Request","data":{}}"#, "message never: size");
    check(judge, 200, r#"{"code":19024,"msg":"Key Words Not Found"}"#, "receiver later: `keyword`");
    check(judge, 200, r#"{"code":19022,"msg":"Ip Not Allowed"}"#, "receiver later: IPs");
    check(
        judge,
        200,
        r#"{"code":19001,"msg":"param invalid: incoming webhook access token invalid"}"#,
        "receiver later: a new one",
    );
    check(judge, 502, "bad gateway", "receiver later");
}

#[test]
fn wecom_says_failures_with_http_200() {
    let check = |body, expected| check(wecom::judge, 200, body, expected);
    check(r#"{"errcode":0,"errmsg":"ok"}"#, "taken");
    check(
        r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#,
        "receiver after 60: 20 messages",
    );
    check(r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#, "receiver later: key is wrong");
    check(
        r#"{"errcode":40058,"errmsg":"markdown.content exceed max length 4096"}"#,
        "message never: size",
    );
}

#[test]
fn slack_says_ok_or_a_word() {
    let judge: Judge = slack::judge;
    check(judge, 200, "ok", "taken");
    check(judge, 200, "<html>", "receiver later: hooks.slack.com");
    check(judge, 400, "invalid_payload", "message never");
    check(judge, 403, "invalid_token", "receiver later: a new one");
    check(judge, 404, "no_service", "receiver later: a new one");
    check(judge, 404, "channel_not_found", "receiver later: channel");
    check(judge, 410, "channel_is_archived", "receiver later: channel");
    check(judge, 500, "rollup_error", "receiver later");
    let wait = Some(Duration::from_secs(7));
    let limited =
        Answer { status: 429, retry_after: wait, body: "rate_limited".into(), elsewhere: None };
    check_answer(judge, &limited, "receiver after 7");
}

#[test]
fn teams_takes_with_202_and_connectors_lose_with_200() {
    let judge: Judge = teams::judge;
    check(judge, 202, "", "taken");
    check(judge, 200, "1", "taken");
    let lost = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429";
    check(judge, 200, lost, "receiver after 60");
    check(judge, 200, &lost.replace("429", "413"), "receiver later: make a workflow");
    check(
        judge,
        404,
        "{\"error\":{\"code\":\"WorkflowNotFound\"}}",
        "receiver later: may have left",
    );
    check(judge, 401, "", "receiver later: copy it anew");
    check(judge, 413, "", "message never: size");
}

#[test]
fn pagerduty_tells_a_bad_key_from_a_bad_event() {
    let judge: Judge = pagerduty::judge;
    let taken = r#"{"status":"success","message":"Event processed","dedup_key":"x"}"#;
    check(judge, 202, taken, "taken");
    let bad = |error: &str| {
        format!(
            r#"{{"status":"invalid event","message":"Event object is invalid","errors":["{error}"]}}"#
        )
    };
    check(
        judge,
        400,
        &bad("Length of 'routing_key' is incorrect (should be 32 characters)"),
        "receiver later: 32",
    );
    check(judge, 400, &bad("'payload.summary' is missing or blank"), "message never");
    check(judge, 429, "{}", "receiver after 60");
    check(judge, 202, "queued", "receiver later: events.pagerduty.com");
}

#[test]
fn a_locked_key_is_named_where_it_cannot_sign() {
    let judge: Judge = smn::judge;
    check(judge, 200, r#"{"message_id":"m","request_id":"r"}"#, "taken");
    check(judge, 200, "{}", "receiver later: proxy");
    let refused = r#"{"error_code":"APIG.0301","error_msg":"Incorrect IAM authentication information: verify aksk signature fail"}"#;
    check(judge, 401, refused, "receiver later: cannot sign the message about its own lockout");
    check(judge, 403, "{}", "receiver later: another user's");
    check(
        judge,
        404,
        r#"{"code":"SMN.00011014","message":"Topic not found"}"#,
        "receiver later: `topic`",
    );
    check(judge, 400, r#"{"code":"SMN.00011002","message":"bad"}"#, "message never: its code");
    check(judge, 500, "", "receiver later");
}

#[test]
fn a_webhook_s_status_decides() {
    let judge: Judge = webhook::judge;
    for (status, expected) in [
        (200, "taken"),
        (204, "taken"),
        (400, "message never: not tried again"),
        (401, "receiver later: renew"),
        (403, "receiver later: renew"),
        (404, "receiver later: look at the address"),
        (408, "receiver later"),
        (409, "message never"),
        (410, "receiver later: look at the address"),
        (413, "message never: size"),
        (422, "message never"),
        (425, "receiver later"),
        (429, "receiver later"),
        (500, "receiver later"),
        (503, "receiver later"),
    ] {
        check(judge, status, "", expected);
    }
    let moved = Answer { status: 307, elsewhere: Some("evil.example".into()), ..Answer::default() };
    check_answer(judge, &moved, "receiver later: write the address");
    let what = judge(&moved).unwrap_err().what;
    assert_eq!(what, "HTTP 307: it points to evil.example, and nobody is followed there");
}

/// Whether a cell such as `401, 403` or `500 to 599` names a status.
fn names(cell: &str, status: u16) -> bool {
    cell.split(", ").any(|part| {
        let (least, most) = part.split_once(" to ").unwrap_or((part, part));
        matches!((least.parse(), most.parse()), (Ok(least), Ok(most)) if (least..=most).contains(&status))
    })
}

#[test]
fn the_page_of_errors_says_what_is_done_about_every_status() {
    let page = include_str!("../../../../docs/errors/running.md");
    let table = page.split("\n## Deliveries over HTTP\n").nth(1).expect("a section");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| "));
    let rows: Vec<_> = rows.filter_map(|row| row.split_once(" | ")).collect();
    for status in 200..600 {
        let said = rows.iter().find(|(cell, _)| names(cell, status));
        let said = said.or(rows.iter().find(|(cell, _)| *cell == "any other"));
        let (_, said) = said.expect("a row of its own, or for any other");
        let answer = Answer { status, ..Answer::default() };
        let done = match answer::by_status(&answer) {
            Ok(()) => "told",
            Err(failure) if failure.again == Again::Never => "given up",
            Err(_) => "tried again",
        };
        assert!(said.starts_with(done), "{status} is {done}, and the page says: {said}");
    }
}
