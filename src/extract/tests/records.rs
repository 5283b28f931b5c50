//! What belongs to an error's record, by what its time and its message are.

use super::*;

const BODY: &str = r#"{"error_code":"AIS.0101","error_msg":"M"}"#;
const HEAD: &str = "2026-11-20 10:00:01 ERROR ocr: answer:\n";
const AT: &str = "at=2026-11-20T10:00:01+00:00";

/// The log's one error: its line, and whether the head's time is its own.
#[track_caller]
fn check_time(log: &str, line: usize, is_told: bool) {
    let at = if is_told { format!(" {AT}") } else { String::new() };
    check(log, &format!("{line} AIS.0101 \"M\"{at}"));
}

#[test]
fn json_printed_over_lines_has_the_time_it_tells() {
    check(
        "{\n  \"time\": \"2026-11-20T10:00:01Z\",\n  \"level\": \"error\",\n  \"response\": {\n    \"error_code\": \"AIS.0101\",\n    \"error_msg\": \"M\"\n  }\n}\n",
        &format!("5 AIS.0101 \"M\" {AT}"),
    );
}

#[test]
fn a_head_of_two_lines_has_the_first_one_s_time() {
    let head = "Nov 20, 2026 10:00:01 AM com.example.Ocr call\n";
    check_time(&format!("{head}SEVERE: {BODY}\n"), 2, true);
    check_time(&format!("started\n{head}SEVERE: answer:\n  {BODY}\n"), 4, true);
}

#[test]
fn a_copied_answer_has_the_time_of_its_header() {
    let headers = "HTTP/1.1 400 Bad Request\nDate: Fri, 20 Nov 2026 10:00:01 GMT\nServer: x\n\n";
    check(&format!("{headers}{BODY}\n"), &format!("5 AIS.0101 \"M\" status=400 {AT}"));
}

#[test]
fn so_many_loose_lines_belong_to_a_head_and_no_more() {
    check_time(&format!("{HEAD}{}  {BODY}\n", "x\n".repeat(12)), 14, true);
    check_time(&format!("{HEAD}{}  {BODY}\n", "x\n".repeat(13)), 15, false);
    check_time(&format!("{HEAD}{}{BODY}\n", "x\n".repeat(11)), 13, true);
    check_time(&format!("{HEAD}{}{BODY}\n", "x\n".repeat(12)), 14, false);
}

#[test]
fn a_last_line_without_an_end_is_read_like_any_other() {
    let before = "started\n".repeat(7_500);
    check_time(&format!("{before}{HEAD}{BODY}"), 7_502, true);
}

#[test]
fn the_rest_of_a_line_that_is_too_far_back_tells_no_time() {
    let stamp = "2026-11-20 10:00:01 ERROR ";
    let rest = "y".repeat(64 * 1024 - stamp.len() - 1);
    check_time(&format!("{}{stamp}{rest}\n  {BODY}\n", "x".repeat(1_000)), 2, false);
}

#[test]
fn lines_of_other_writers_are_passed_over_up_to_so_many() {
    let line = |second: u32, stream: &str, text: &str| {
        format!("2026-11-20T10:00:01.{second:03}Z {stream} F {text}\n")
    };
    let log = |foreign: usize| {
        line(100, "stderr", "ERROR answer:")
            + &line(110, "stdout", "x").repeat(foreign)
            + &line(120, "stderr", &format!("  {BODY}"))
    };
    let at = |millis: u32| format!("AIS.0101 \"M\" at=2026-11-20T10:00:01.{millis}+00:00");
    check(&log(39), &format!("41 {}", at(100)));
    check(&log(40), &format!("42 {}", at(120)));
}

#[test]
fn carried_lines_that_stand_apart_in_time_are_two_statements() {
    let log = |first: &str, second: &str| {
        format!("{first} stderr F ERROR answer:\n{second} stderr F   {BODY}\n")
    };
    let of = |at: &str| format!("2 AIS.0101 \"M\" at=2026-11-20T10:00:0{at}+00:00");
    let at = |at: &str| format!("2026-11-20T10:00:0{at}Z");
    check(&log(&at("1.100"), &at("1.150")), &of("1.100"));
    check(&log(&at("1.100"), &at("1.151")), &of("1.151"));
    // Stamps of seconds tell no more than seconds.
    check(&log(&at("1"), &at("2")), &of("1"));
    check(&log(&at("1"), &at("3")), &of("3"));
}

#[test]
fn a_line_cut_into_many_parts_is_one_whatever_its_parts_begin_with() {
    let part = |millis: usize, mark: &str, text: &str| {
        format!("2026-11-20T10:00:01.{millis:03}Z stderr {mark} {text}\n")
    };
    let first = "2026-11-20T10:00:01.100+00:00";
    let two = part(100, "P", "ocr: ") + &part(101, "F", &format!("ERROR failed: {BODY}"));
    check(&two, &format!("2 AIS.0101 \"M\" at={first}"));
    let many: String = (100..120).map(|millis| part(millis, "P", "word ")).collect();
    let many = many + &part(120, "F", &format!("failed: {BODY}"));
    check(&many, &format!("21 AIS.0101 \"M\" at={first}"));
}

#[test]
fn android_s_level_and_thread_are_those_of_the_record() {
    let line = |at: &str, thread: u32, level: char, tag: &str| {
        format!("11-20 10:00:01.{at}  812  {thread} {level} {tag}: failed {BODY}\n")
    };
    let of =
        |line: u32, at: &str| format!("{line} AIS.0101 \"M\" at=2026-11-20T10:00:01.{at}+00:00");
    let log = line("123", 7, 'W', "Sdk") + &line("125", 7, 'E', "App");
    check(&log, &format!("{}\n{} repeat", of(1, "123"), of(2, "125")));
    let log = line("123", 7, 'W', "Sdk") + &line("125", 8, 'E', "App");
    check(&log, &format!("{}\n{}", of(1, "123"), of(2, "125")));
}

#[test]
fn what_is_printed_to_both_streams_of_a_container_is_one_event() {
    let line = |millis: u32, stream: &str| {
        format!("2026-11-20T10:00:01.{millis}Z {stream} F ERROR ocr: failed {BODY}\n")
    };
    let of = |line: u32, millis: u32| {
        format!("{line} AIS.0101 \"M\" at=2026-11-20T10:00:01.{millis}+00:00")
    };
    let both = line(123, "stdout") + &line(125, "stderr");
    check(&both, &format!("{}\n{} repeat", of(1, 123), of(2, 125)));
    let twice = line(123, "stderr") + &line(125, "stderr");
    check(&twice, &format!("{}\n{}", of(1, 123), of(2, 125)));
}

#[test]
fn of_a_long_line_each_error_is_told_once_and_whole() {
    let filler = "x ".repeat(50_000);
    let body = |id: u32| {
        format!(
            "{{\"error_code\":\"APIG.0201\",\"error_msg\":\"Backend timeout.\",\"request_id\":\"{id:032x}\"}}"
        )
    };
    let told = |id: u32| format!("1 APIG.0201 \"Backend timeout.\" id={id:032x}\n");
    let both = told(1) + &told(2);
    check(&format!("{filler}{} {} {filler}\n", body(1), body(2)), &both);
    check(&format!("{filler}\x1b[31m{}\x1b[0m {} {filler}\n", body(1), body(2)), &both);
    // The second one stands where what is looked at for the first ends.
    for apart in [32 * 1024, 48 * 1024] {
        for into in (10..130).step_by(20) {
            let (first, second) = (body(1), body(2));
            let between = "y".repeat(apart - first.len() - into);
            check(&format!("{filler}{first}{between}{second}{filler}\n"), &both);
        }
    }
    check(&format!("{filler} failed with AIS.0104"), "1 AIS.0104");
}

/// What is counted beside the errors, and how many of these there are.
fn counted(log: &str, line_bytes_max: Option<u64>) -> (usize, Counters) {
    let catalogue = Arc::new(Catalogue::embedded());
    let settings = Settings { line_bytes_max, ..Settings::new(Zone::UTC, DateTime::UNIX_EPOCH) };
    let mut extractor = Extractor::new(&catalogue, settings, "app.log".into());
    let mut found = 0;
    let mut sink = |_: Occurrence| found += 1;
    extractor.push(log.as_bytes(), &mut sink);
    let counters = extractor.finish(&mut sink);
    (found, counters)
}

#[test]
fn codes_of_one_line_beyond_what_is_looked_at_are_counted_and_those_of_further_lines_are_read() {
    let id = |id: u32| format!("{{\"error_code\":\"AIS.0101\",\"request_id\":\"{id:032x}\"}}");
    let ids = |separator: &str| {
        (0..150).map(|number| separator.to_owned() + &id(number)).collect::<String>()
    };
    let (found, counters) = counted(&format!("{HEAD}{}\n", ids("\n  ")), None);
    assert_eq!((found, counters.codes_left_out), (150, 0));
    // Of a line that is looked at in pieces, too.
    let filler = "x ".repeat(50_000);
    let (found, counters) = counted(&format!("{filler}{}{filler}\n", ids(" ")), None);
    assert_eq!((found, counters.codes_left_out), (150, 0));
    let line = format!("ERROR:{}\n", ids(" "));
    let (found, counters) = counted(&line.repeat(2), None);
    assert_eq!((found, counters.codes_left_out), (2 * 128, 2 * 22));
}

#[test]
fn how_far_a_code_stands_from_its_line_s_beginning_is_counted_in_bytes_of_the_line() {
    let short = |at: usize| format!("ERROR {} AIS.0104: Recognition failed.\n", "x".repeat(at - 7));
    let body = r#"{"error_code":"AIS.0104"}"#;
    let long = format!("{}{body}{}{body}\n", "x".repeat(99_000), "y".repeat(400));
    for (log, max, found, beyond) in [
        (&short(1_000), 1_000, 1, 0),
        (&short(1_001), 1_000, 0, 1),
        (&long, 99_500, 1, 0),
        (&long, 99_200, 1, 1),
        (&long, 99_000, 0, 2),
    ] {
        let (told, counters) = counted(log, Some(max));
        assert_eq!((told, counters.beyond_line_max), (found, beyond), "of {max}");
    }
}
