use super::*;
use crate::engine::{Digest, Every, Silence, SilenceEnd, Span};
use crate::zone::Zone;

/// What one file says, or its problems.
fn load(text: &str) -> Result<Alerting, String> {
    let files = [("ours.toml".to_owned(), text.to_owned())];
    let shown = |problems: Vec<Diagnostic>| {
        let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
        lines.join("\n")
    };
    Alerting::load(&files, &Catalogue::embedded()).map_err(shown)
}

#[track_caller]
fn read(text: &str) -> Alerting {
    load(text).unwrap_or_else(|problems| panic!("{problems}"))
}

#[track_caller]
fn check_routes(text: &str, expected: &str) {
    let shown: Vec<_> = read(text).policy.routes.iter().map(route).collect();
    assert_eq!(shown.join("\n"), expected);
}

/// A route in one line.
fn route(route: &Route) -> String {
    let group_by: Vec<_> = route.group_by.iter().map(ToString::to_string).collect();
    format!(
        "{} -> {} by {} wait {:?} every {}s again {}s{}{}",
        route.name,
        route.receiver,
        group_by.join(","),
        route.group_wait.map(|wait| wait.0 / 1000),
        route.group_interval.0 / 1000,
        route.repeat_interval.0 / 1000,
        if route.proceed { " continue" } else { "" },
        if route.send_resolved { "" } else { " unresolved" },
    )
}

#[track_caller]
fn check_times(times: &str, expected: &str) {
    let text = format!("[[mute]]\nname = \"m\"\ntimezone = \"UTC\"\ntimes = {times}\n");
    let mutes = read(&text).policy.mutes;
    let shown = mutes[0].times.iter().map(|time| {
        let days: Vec<_> = time.days.iter().map(ToString::to_string).collect();
        format!("{} {}-{}", days.join(","), time.from_minutes, time.to_minutes)
    });
    assert_eq!(shown.collect::<Vec<_>>().join("; "), expected);
}

fn silence(keys: &str) -> Silence {
    let text = format!("[[silence]]\nauthor = \"li\"\nreason = \"r\"\n{keys}\n");
    read(&text).policy.silences.remove(0)
}

const DEFAULT: &str = "default -> default by rule wait None every 300s again 14400s";

#[test]
fn what_no_route_takes_goes_to_the_default() {
    check_routes("[engine]\n", DEFAULT);
    let night = "[[route]]\nname = \"night\"\nreceiver = \"ops\"\nmatch = { rule = \"*\" }\n";
    let shown = "night -> ops by rule wait None every 300s again 14400s";
    check_routes(night, &format!("{shown}\n{DEFAULT}"));
    // One that takes everything is the last itself.
    let all = "[[route]]\nname = \"default\"\nreceiver = \"ops\"\n";
    let last = DEFAULT.replace("-> default", "-> ops");
    check_routes(&format!("{night}{all}"), &format!("{shown}\n{last}"));
}

#[test]
fn every_key_of_a_route_counts() {
    check_routes(
        "[[route]]\nname = \"a\"\nreceiver = \"b\"\ngroup_by = []\ngroup_wait = \"0s\"\n\
         group_interval = \"1m\"\nrepeat_interval = \"1h\"\ncontinue = true\n\
         send_resolved = false\nmatch = { severity = [\"critical\", \"warning\"] }\n",
        &format!("a -> b by  wait Some(0) every 60s again 3600s continue unresolved\n{DEFAULT}"),
    );
}

#[test]
fn a_digest_is_of_a_day_or_an_hour_and_has_no_waits() {
    let one = |digest: &str| {
        let route = "[[route]]\nname = \"a\"\nreceiver = \"b\"\ndigest = ";
        read(&format!("{route}{digest}\n")).policy.routes.remove(0)
    };
    let day = one("{ every = \"day\", at = \"09:30\", timezone = \"Asia/Shanghai\" }");
    let zone = Zone::parse("Asia/Shanghai").unwrap();
    assert_eq!(day.digest, Some(Digest { every: Every::Day, at_minutes: 570, zone }));
    assert!(day.group_by.is_empty());
    let hour = one("{ every = \"hour\", at = \"00:15\", timezone = \"UTC\" }").digest.unwrap();
    assert_eq!((hour.every, hour.at_minutes), (Every::Hour, 15));
    let wrong = load(
        "[[route]]\nname = \"a\"\nreceiver = \"b\"\ngroup_wait = \"1m\"\n\
         digest = { every = \"day\", timezone = \"UTC\" }\n",
    );
    let wrong = wrong.unwrap_err();
    assert!(wrong.contains("`group_wait` means nothing to a digest"), "{wrong}");
}

#[test]
fn days_are_names_ranges_and_go_over_the_week_s_end() {
    check_times("[{ days = [\"mon-wed\", \"tue\"], from = \"08:30\" }]", "Mon,Tue,Wed 510-1440");
    check_times("[{ days = \"Fri-mon\" }]", "Fri,Sat,Sun,Mon 0-1440");
    check_times("[{ days = [\"sunday\"], to = \"06:00\" }]", "Sun 0-360");
    check_times("[{ from = \"22:00\", to = \"00:00\" }]", "Mon,Tue,Wed,Thu,Fri,Sat,Sun 1320-0");
}

#[test]
fn a_silence_keeps_its_id_while_its_end_moves() {
    let until = |day: u8| {
        silence(&format!("match = {{ rule = \"aksk-*\" }}\nuntil = 2026-11-{day}T00:00:00Z"))
    };
    let (one, other) = (until(23), until(24));
    assert_eq!(one.id, other.id);
    assert_ne!(one.ends, other.ends);
    let elsewhere = silence("not = { rule = \"aksk-*\" }\nmatch = {}\nuntil_resolved = true");
    assert_ne!(elsewhere.id, one.id);
    assert_eq!(elsewhere.ends, SilenceEnd::UntilResolved);
    let named = silence("name = \"load-test\"\nmatch = {}\nuntil_resolved = true");
    assert_eq!((&*named.id, named.starts_at.0), ("load-test", 0));
}

#[test]
fn settings_are_taken_and_the_rest_is_as_usual() {
    let alerting = read("[engine]\nlateness = \"10m\"\ngroups_max = 7\n[success]\n");
    let usual = Settings::default();
    let expected = Settings { lateness: Span::MINUTE.times(10), groups_max: 7, ..usual };
    assert_eq!(alerting.settings, expected);
    assert!(alerting.successes.is_same_as(&Successes::access_logs()));
    let none = read("[success]\naccess_logs = false\n");
    assert!(none.successes.is_none() && none.settings == usual);
    let short = load("[engine]\nlateness = \"5m\"\npast_max = \"1m\"\n").unwrap_err();
    assert!(short.contains("`past_max` is shorter than `lateness`"), "{short}");
}

#[test]
fn files_without_a_rule_keep_the_shipped_ones() {
    let shipped = Alerting::embedded(&Catalogue::embedded()).rules.rules().len();
    assert_eq!(read("[engine]\n").rules.rules().len(), shipped);
    assert_eq!(read("shipped = false\n[engine]\n").rules.rules().len(), 0);
    let own = "[[rule]]\nname = \"x\"\nseverity = \"info\"\nsummary = \"s\"\ncondition = \"new\"\n";
    assert_eq!(read(own).rules.rules().len(), 1);
    let both = format!("{own}[[route]]\nname = \"r\"\nmatch = {{ rule = \"throttled\" }}\n");
    let problems = load(&format!("{both}receiver = \"ops\"\n")).unwrap_err();
    assert!(problems.contains("there is no rule `throttled`"), "{problems}");
}

#[test]
fn rules_that_are_wrong_do_not_make_names_unknown() {
    let text = "[[rule]]\nname = \"x\"\n[[route]]\nname = \"r\"\nreceiver = \"ops\"\n\
                match = { rule = \"x\", team = \"a\" }\nsend_resolved = 1\n";
    let problems = load(text).unwrap_err();
    assert!(problems.contains("policy-wrong-type"), "{problems}");
    assert!(!problems.contains("there is no rule") && !problems.contains("no rule groups"));
}

#[test]
fn a_route_behind_one_that_takes_everything_is_never_reached() {
    let route = |name: &str, more: &str| {
        format!("[[route]]\nname = \"{name}\"\nreceiver = \"ops\"\n{more}\n")
    };
    let problems = load(&format!("{}{}", route("a", ""), route("b", ""))).unwrap_err();
    assert!(problems.contains("route `a` takes everything before `b`"), "{problems}");
    read(&format!("{}{}", route("a", "continue = true"), route("b", "")));
}

static CATALOGUE: std::sync::LazyLock<Catalogue> = std::sync::LazyLock::new(Catalogue::embedded);

const EXAMPLE: &str = "[engine]\nlateness = \"30s\"\n[success]\npatterns = [\"ok (?<api>.)\"]\n\
    [[route]]\nname = \"a\"\nmatch = { rule = \"aksk-*\" }\nreceiver = \"ops\"\n\
    [[silence]]\nmatch = { rule = \"throttled\" }\nauthor = \"li\"\nreason = \"r\"\n\
    until = 2026-11-24T06:00:00+08:00\n[[mute]]\nname = \"m\"\ntimezone = \"Asia/Shanghai\"\n\
    times = [{ days = [\"mon-fri\"], from = \"22:00\", to = \"06:00\" }]\n";

proptest::proptest! {
    #[test]
    fn any_text_is_a_file_or_has_a_problem(
        start in 0_usize..500,
        len in 0_usize..500,
        noise in "[\\[\\]{}=\"',.#%>|a-z0-9: \n\u{e9}\u{1b}-]{0,40}",
        at in 0_usize..500,
    ) {
        let at = EXAMPLE.len().min(at);
        let cut: String = EXAMPLE.chars().skip(start).take(len).collect();
        let noisy = format!("{}{noise}{}", &EXAMPLE[..at], &EXAMPLE[at..]);
        for text in [cut, noisy] {
            let files = [("any.toml".to_owned(), text)];
            for problem in Alerting::load(&files, &CATALOGUE).err().unwrap_or_default() {
                let known = PROBLEMS.contains(&problem.name)
                    || crate::rules::PROBLEMS.contains(&problem.name);
                proptest::prop_assert!(known, "{}", problem.name);
            }
        }
    }
}
