use super::*;

/// What the catalogue makes of a code's message: the code it would be inferred to be, whether the
/// message is evidence for the code, and what it tells.
fn check(code: &str, message: &str, expected: &str) {
    let catalogue = Catalogue::embedded();
    let mut shown = Vec::new();
    if let Some(entry) = catalogue.code_of_message(message) {
        shown.push(format!("inferred={}", entry.code));
    }
    if catalogue.message_matches(code, message) {
        shown.push("matches".to_owned());
    }
    let Details { cause, api, limit, period } = catalogue.details(code, message);
    shown.extend(cause.map(|cause| format!("cause={}", cause.id)));
    shown.extend(api.map(|api| format!("api={api}")));
    shown.extend(limit.map(|limit| format!("limit={limit}")));
    shown.extend(period.map(|period| format!("period={period}")));
    assert_eq!(shown.join(" "), expected, "{code} {message}");
}

#[test]
fn every_shipped_file_loads_without_a_problem() {
    let mut catalogue = Catalogue::empty();
    for (name, text) in EMBEDDED {
        let problems = catalogue.load(name, text);
        let shown: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert!(shown.is_empty(), "{}", shown.join("\n"));
    }
    assert_eq!(catalogue.entries().filter(|entry| entry.source.reference).count(), 39);
}

#[test]
fn every_documented_message_identifies_its_code() {
    let catalogue = Catalogue::embedded();
    for entry in catalogue.entries().filter(|entry| entry.source.reference) {
        let message = entry.message.as_deref().unwrap();
        let without_period = message.strip_suffix('.').unwrap();
        for text in [message, without_period, &format!("  {message}\n")] {
            let found = catalogue.code_of_message(text).map(|found| &*found.code);
            assert_eq!(found, Some(&*entry.code), "{text}");
            assert!(catalogue.message_matches(&entry.code, text), "{text}");
        }
        let longer = format!("{without_period}ly put");
        assert!(catalogue.code_of_message(&longer).is_none(), "{longer}");
        // The shortest pattern of APIG.0308 ends long before the last word.
        let ends_earlier = &*entry.code == "APIG.0308";
        assert_eq!(catalogue.message_matches(&entry.code, &longer), ends_earlier, "{longer}");
    }
}

#[test]
fn a_cause_is_read_from_the_documented_text() {
    let iam = |detail: &str| format!("Incorrect IAM authentication information: {detail}");
    let told = |cause| format!("inferred=APIG.0301 matches cause={cause}");
    check("APIG.0301", &iam("decrypt token fail"), &told("token-undecryptable"));
    check("APIG.0301", &iam("token expires"), &told("token-expired"));
    check("APIG.0301", &iam("verify aksk signature fail"), &told("aksk-signature"));
    check("APIG.0301", &iam("x-auth-token not found"), &told("token-missing"));
    check("APIG.0301", "Incorrect IAM authentication information.", "inferred=APIG.0301 matches");
    check("APIG.0301", &iam("Unauthorized"), "matches");
}

#[test]
fn a_cause_is_read_from_the_messages_of_real_gateways() {
    let iam = |detail: &str| format!("Incorrect IAM authentication information: {detail}");
    let told = |cause| format!("inferred=APIG.0301 matches cause={cause}");
    let expired = iam("token expires, expires_at: 2024-05-01T10:00:00.000000Z");
    check("APIG.0301", &expired, &told("token-expired"));
    let signature = iam(
        "verify aksk signature fail, canonicalRequest:POST|/v2/0/ocr/id-card/||host:ocr.example|\
         x-auth-token:token expires|x-sdk-date:20240501T100000Z||host;x-sdk-date|e3b0c44298fc",
    );
    check("APIG.0301", &signature, &told("aksk-signature"));
    let unknown_key = iam("Get secretKey failed,ak:AKEXAMPLE,err:ak not exist");
    check("APIG.0301", &unknown_key, &told("aksk-signature"));
    let locked = iam("AK access failed to reach the limit,forbidden.");
    check("APIG.0301", &locked, &told("aksk-signature"));
    check("APIG.0301", &iam("Decrypt  Token failed"), &told("token-undecryptable"));
    check("APIG.0301", &iam("X-Auth-Token not found"), &told("token-missing"));
    check("APIG.0301", "verify ak sk signature fail", "cause=aksk-signature");
    check("APIG.0101", &iam("decrypt token fail"), "inferred=APIG.0301");
    check("APIGW.0301", &unknown_key, &told("aksk-signature"));
}

#[test]
fn the_api_that_is_not_subscribed_is_read_from_the_message() {
    let code = "ModelArts.4204";
    let message = "Request api error! The API vat-invoice is not subscribed.";
    check(code, message, "inferred=ModelArts.4204 matches api=vat-invoice");
    let wrapped = format!("call failed: {message} (id-card)");
    check(code, &wrapped, "api=vat-invoice");
    let documented = "Request api error! The API XXX is not subscribed.";
    check(code, documented, "inferred=ModelArts.4204 matches");
    check(code, "Request api error! The API vat-invoice is not", "");
}

#[test]
fn the_throttling_limit_and_period_are_read_from_the_message() {
    let code = "APIG.0308";
    let begin = "The throttling threshold has been reached: policy";
    let told = "inferred=APIG.0308 matches limit=10 period=1 minute";
    check(code, &format!("{begin} user over ratelimit,limit:10,time:1 minute."), told);
    check(code, &format!("{begin} ip over ratelimit,limit:10,time:1 minute"), told);
    let limit_only = format!("{begin} user over ratelimit,limit:10");
    check(code, &limit_only, "inferred=APIG.0308 matches limit=10");
    let documented = format!("{begin} user over ratelimit,limit:XX,time:1 minute.");
    check(code, &documented, "inferred=APIG.0308 matches");
    check(code, "The throttling threshold has been reached.", "inferred=APIG.0308 matches");
    let gateway = format!("{begin} api over ratelimit,limit:2000,time:1 second");
    let told = "inferred=APIG.0308 matches limit=2000 period=1 second";
    check("APIGW.0308", &gateway, told);
}

#[test]
fn an_apigw_code_has_the_message_of_the_same_apig_number() {
    let message = "The API does not exist or has not been published in the environment";
    check("APIGW.0101", message, "inferred=APIG.0101 matches");
    check("APIGW.9999", message, "inferred=APIG.0101");
    check("AIS.0101", message, "inferred=APIG.0101");
}

#[test]
fn prose_and_single_words_are_no_message() {
    check("ModelArts.0203", "Invalid", "");
    check("ModelArts.0203", "", "");
    check("ModelArts.0203", "Recognition failed after 3 retries", "");
    check("AIS.0105", "the Recognition failed.", "");
    let mut catalogue = Catalogue::empty();
    let word = "[[entry]]\ncode = \"AIS.0900\"\nmessage = \"Error.\"\ndescription = \"Any.\"";
    assert_eq!(catalogue.load("ours.toml", word), []);
    assert!(catalogue.code_of_message("Error.").is_none());
}

#[test]
fn a_message_of_two_codes_identifies_neither() {
    let mut catalogue = Catalogue::embedded();
    let twin = "[[entry]]\ncode = \"AIS.0900\"\nmessage = \"Recognition failed\"\n\
                description = \"As AIS.0105.\"";
    assert_eq!(catalogue.load("ours.toml", twin), []);
    assert!(catalogue.code_of_message("Recognition failed.").is_none());
    assert!(catalogue.message_matches("AIS.0900", "Recognition failed."));
}

#[test]
fn a_file_of_a_windows_editor_is_a_file() {
    let mut catalogue = Catalogue::embedded();
    let file =
        "\u{feff}[[entry]]\r\ncode = \"AIS.0900\"\r\ndescription = \"\"\"One\r\n  line.\"\"\"\r\n";
    assert_eq!(catalogue.load("ours.toml", file), []);
    assert_eq!(&*catalogue.entry("AIS.0900").unwrap().description, "One line.");
    let bad = catalogue.load("ours.toml", "\u{feff}x = 1\r\n");
    let shown: Vec<_> = bad.iter().map(ToString::to_string).collect();
    assert!(shown[0].starts_with("ours.toml:1:"), "{shown:?}");
    assert!(shown[0].contains("unknown key `x` in the file"), "{shown:?}");
}

#[test]
fn documented_codes_come_first_and_the_others_by_code() {
    let catalogue = Catalogue::embedded();
    let codes: Vec<_> = catalogue.entries().map(|entry| &*entry.code).collect();
    assert_eq!(codes[..2], ["AIS.0101", "AIS.0102"]);
    assert_eq!(codes[37..41], ["APIG.0301", "APIG.0308", "AIS.0002", "AIS.0003"]);
    assert!(codes[39..].is_sorted());
}

#[test]
fn a_supplement_adds_meanings_and_leaves_the_text() {
    let catalogue = Catalogue::embedded();
    let entry = catalogue.entry("APIG.0201").unwrap();
    assert_eq!(entry.http_status, [400, 413, 414, 494, 500, 502, 504]);
    assert_eq!(&*entry.description, "Request timed out.");
    assert!(entry.source.reference);
    assert!(entry.meanings.iter().all(|meaning| !meaning.source.reference));
}

#[test]
fn apigw_codes_are_listed_elsewhere() {
    let catalogue = Catalogue::embedded();
    assert!(catalogue.elsewhere(Module::Apigw).is_some_and(|text| text.contains("API Gateway")));
    assert_eq!(catalogue.elsewhere(Module::Apig), None);
}

#[test]
fn an_explanation_has_the_documented_keys_in_order() {
    let catalogue = Catalogue::embedded();
    let explain =
        |code| serde_json::to_string(&Explanation::of(catalogue.entry(code).unwrap())).unwrap();
    assert_eq!(
        explain("AIS.0104"),
        concat!(
            r#"{"code":"AIS.0104","module":"OCR","#,
            r#""message":"The image is not supported or the image quality is poor.","#,
            r#""description":"The image is not supported or is of poor quality.","#,
            r#""solution":["Check the image type and quality.","#,
            r#""Check whether the called API is correct."],"causes":[],"#,
            r#""source":{"title":"Error Codes, Optical Character Recognition API Reference","#,
            r#""date":"2022-10-29","reference":true}}"#,
        )
    );
    assert_eq!(
        explain("APIGW.0302"),
        concat!(
            r#"{"code":"APIGW.0302","module":"APIGW","#,
            r#""description":"the IAM user is not authorized to call the API","#,
            r#""solution":[],"causes":[],"http_status":[403],"#,
            r#""source":{"title":"Codes beyond the OCR reference, as gathered by ocrwatch","#,
            r#""reference":false}}"#,
        )
    );
    let causes = explain("APIG.0301");
    assert!(causes.contains(
        r#"{"id":"token-missing","text":"x-auth-token not found","description":"The x-auth-token parameter is not found.","solution":["Check whether the spelling of X-Auth-Token in the request header is correct."]}"#
    ));
}

proptest::proptest! {
    #[test]
    fn any_text_is_a_file_or_has_a_problem(
        start in 0_usize..20_000,
        len in 0_usize..4_000,
        noise in "[\\[\\]{}=\"',.#a-z0-9 \n\u{e9}\u{1b}]{0,40}",
    ) {
        let text: String = EMBEDDED[0].1.chars().skip(start).take(len).collect();
        let text = format!("{text}{noise}");
        let mut catalogue = Catalogue::empty();
        let problems = catalogue.load("any.toml", &text);
        proptest::prop_assert!(problems.is_empty() || catalogue.entries().next().is_none());
        for problem in problems {
            proptest::prop_assert!(PROBLEMS.contains(&problem.name), "{}", problem.name);
        }
    }

    #[test]
    fn any_message_can_be_asked_about(before in ".{0,60}", after in ".{0,60}", code in 0_usize..142) {
        let catalogue = Catalogue::embedded();
        let entry = catalogue.entries().nth(code).unwrap();
        let message = entry.message.as_deref().unwrap_or("The API {} is not subscribed.");
        let text = format!("{before}{message}{after}");
        catalogue.code_of_message(&text);
        catalogue.details(&entry.code, &text);
        catalogue.nearest(&before);
        let documented = format!("{message} {after}");
        let matches = catalogue.message_matches(&entry.code, &documented);
        proptest::prop_assert_eq!(matches, entry.message.is_some());
    }
}
