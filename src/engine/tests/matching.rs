//! Which events a rule means.

use std::sync::Arc;

use globset::Glob;
use regex::Regex;

use super::stream::{catalogue, count, engine, lockout, occurrence, rule, seconds};
use crate::engine::{
    Engine, Event, EventKind, LabelName, Matcher, Pattern, Rule, Settings, Source, What,
};
use crate::occurrence::{Occurrence, Place, Success};

fn success() -> Success {
    Success {
        place: Place { file: "app.log".into(), line: 1, offset: 0 },
        at: None,
        http_status: 200,
        api: Some("id-card".into()),
        region: Some("cn-north-4".into()),
        project: Some("p".into()),
        host: Some("h".into()),
        access_key: Some("K".into()),
    }
}

/// Whether an error with the message, a success and a line are meant.
fn meant(matcher: &Matcher, message: Option<&str>) -> [bool; 3] {
    let source = Source::named("app.log");
    let message = message.map(Into::into);
    let error = Occurrence { message, ..occurrence(seconds(1), "APIG.0301", "app.log") };
    let success = success();
    let line = Event { source: &source, at: None, what: What::Line };
    [Event::error(&source, &error), Event::success(&source, &success), line]
        .map(|event| matcher.fits(&event, true))
}

#[test]
fn a_kind_is_errors_successes_both_or_whatever_can_be_read() {
    let of = |event| meant(&Matcher { event, ..Matcher::default() }, None);
    assert_eq!(of(EventKind::Error), [true, false, false]);
    assert_eq!(of(EventKind::Success), [false, true, false]);
    assert_eq!(of(EventKind::Call), [true, true, false]);
    assert_eq!(of(EventKind::Line), [true, true, true]);
}

#[test]
fn what_has_no_message_fits_no_expression_for_messages() {
    let asks = |expression: &str| Matcher {
        event: EventKind::Line,
        message: Some(Regex::new(expression).expect("an expression")),
        ..Matcher::default()
    };
    assert_eq!(meant(&asks(""), Some("bad token")), [true, false, false]);
    assert_eq!(meant(&asks(""), None), [false; 3]);
    assert_eq!(meant(&asks("^bad token$"), Some("bad token")), [true, false, false]);
    assert_eq!(meant(&asks("AK"), Some("bad token")), [false; 3]);
}

#[test]
fn a_success_has_the_labels_of_its_call_and_no_code() {
    let (source, success) = (Source::named("app.log"), success());
    let event = Event::success(&source, &success);
    let of = |name| event.label(&name);
    assert_eq!(of(LabelName::Api), Some("id-card"));
    assert_eq!(of(LabelName::Region), Some("cn-north-4"));
    assert_eq!(of(LabelName::Project), Some("p"));
    assert_eq!(of(LabelName::Host), Some("h"));
    assert_eq!(of(LabelName::AccessKey), Some("K"));
    assert_eq!(of(LabelName::Credential), Some("K"));
    assert_eq!([LabelName::Module, LabelName::Code, LabelName::Cause].map(of), [None; 3]);
}

#[test]
fn a_credential_is_the_key_else_what_the_source_names_else_the_source() {
    let (named, bare) = (
        Source { credential: Some("prod".into()), ..Source::named("app.log") },
        Source::named("app.log"),
    );
    let plain = occurrence(seconds(1), "APIG.0301", "app.log");
    let keyed = Occurrence { access_key: Some("K".into()), ..plain.clone() };
    for (source, error, expected) in
        [(&named, &keyed, "K"), (&named, &plain, "prod"), (&bare, &plain, "app.log")]
    {
        let event = Event::error(source, error);
        assert_eq!(event.label(&LabelName::Credential), Some(expected));
        assert_eq!(event.shared_label(&LabelName::Credential).as_deref(), Some(expected));
        assert_eq!(event.shows_access_key(), expected == "K");
    }
    // What the configuration gives is there once, however many events have it.
    let event = Event::error(&named, &plain);
    let (given, kept) = (named.credential.as_ref(), event.shared_label(&LabelName::Credential));
    assert!(given.zip(kept).is_some_and(|(given, kept)| Arc::ptr_eq(given, &kept)));
}

#[test]
fn a_rule_about_unknown_codes_is_asked_of_codes_that_the_catalogue_lacks() {
    let unknown = |known| Rule {
        matcher: Matcher { known: Some(known), ..Matcher::default() },
        ..rule("any", "", count(1, 60))
    };
    let fires = |known, code: &str| {
        let mut engine = engine(&[unknown(known)]);
        let source = Source::named("app.log");
        let error = occurrence(seconds(1), code, "app.log");
        engine.ingest(seconds(1), &Event::error(&source, &error));
        !engine.take().is_empty()
    };
    assert!(catalogue().entry("AIS.0101").is_some() && catalogue().entry("AIS.9999").is_none());
    assert_eq!([true, false].map(|known| fires(known, "AIS.0101")), [true, false]);
    assert_eq!([true, false].map(|known| fires(known, "AIS.9999")), [false, true]);
}

#[test]
fn rules_are_the_same_if_all_that_is_written_in_them_is() {
    let exact = |text: &str| Pattern::Exact(text.into());
    let glob = |text: &str| Pattern::Glob(Glob::new(text).expect("a glob").compile_matcher());
    assert!(exact("a") == exact("a") && exact("a") != exact("b"));
    assert!(glob("a*") == glob("a*") && glob("a*") != glob("b*"));
    assert!(exact("a*") != glob("a*"));
    let label = |pattern| vec![(LabelName::Code, vec![pattern])];
    let matcher = || Matcher {
        event: EventKind::Call,
        labels: label(exact("a")),
        not: label(glob("b*")),
        message: Some(Regex::new("token").expect("an expression")),
        known: Some(true),
    };
    assert_eq!(matcher(), matcher());
    for other in [
        Matcher { event: EventKind::Error, ..matcher() },
        Matcher { labels: Vec::new(), ..matcher() },
        Matcher { not: Vec::new(), ..matcher() },
        Matcher { message: Some(Regex::new("AK").expect("an expression")), ..matcher() },
        Matcher { known: Some(false), ..matcher() },
    ] {
        assert_ne!(matcher(), other);
    }
}

#[test]
fn what_is_taken_in_is_counted_by_how_far_it_can_be_believed() {
    let settings = Settings::default();
    let rules: Arc<[Rule]> = Arc::from([rule("any", "APIG.0301", count(1, 60))]);
    let mut engine = Engine::new(rules, catalogue(), settings);
    let source = Source::named("app.log");
    let now = seconds(100_000);
    let past = now.minus(settings.past_max);
    let late = now.minus(settings.lateness);
    let moment = crate::engine::Span(1);
    let mut feed = |at| {
        let error = occurrence(now, "APIG.0301", "app.log");
        engine.ingest(now, &Event { at, ..Event::error(&source, &error) });
        let counted = engine.counters();
        (counted.untimed, counted.future, counted.past, counted.late)
    };
    assert_eq!(feed(None), (1, 0, 0, 0));
    assert_eq!(feed(None), (2, 0, 0, 0));
    assert_eq!(feed(Some(now)), (2, 0, 0, 0));
    assert_eq!(feed(Some(now.plus(moment))), (2, 1, 0, 0));
    assert_eq!(feed(Some(now.plus(moment))), (2, 2, 0, 0));
    assert_eq!(feed(Some(late)), (2, 2, 0, 0));
    assert_eq!(feed(Some(late.minus(moment))), (2, 2, 0, 1));
    assert_eq!(feed(Some(past)), (2, 2, 0, 2));
    assert_eq!(feed(Some(past.minus(moment))), (2, 2, 1, 2));
    assert_eq!(feed(Some(past.minus(moment))), (2, 2, 2, 2));
    assert_eq!(engine.counters().errors, 10);
    let success = success();
    for _ in 0..2 {
        engine.ingest(now, &Event::success(&source, &success));
        engine.ingest(now, &Event { source: &source, at: Some(now), what: What::Line });
        let again = Occurrence { repeat: true, ..occurrence(now, "APIG.0301", "app.log") };
        engine.ingest(now, &Event::error(&source, &again));
    }
    let counted = engine.counters();
    assert_eq!((counted.successes, counted.lines, counted.repeats), (2, 2, 2));
    assert_eq!(counted.errors, 10, "a repeat is no error");
}

#[test]
fn a_success_of_another_key_ends_no_row_and_is_counted() {
    let mut engine = engine(&[lockout()]);
    let source = Source::named("app.log");
    let failure = Occurrence {
        cause: Some("aksk-signature".into()),
        access_key: Some("K".into()),
        ..occurrence(seconds(1), "APIG.0301", "app.log")
    };
    engine.ingest(seconds(1), &Event::error(&source, &failure));
    let ambiguous = |engine: &mut Engine, key: Option<&str>| {
        let success = Success { access_key: key.map(Into::into), ..success() };
        engine.ingest(seconds(2), &Event::success(&source, &success));
        engine.counters().successes_ambiguous
    };
    assert_eq!(ambiguous(&mut engine, Some("L")), 1);
    assert_eq!(ambiguous(&mut engine, Some("L")), 2);
    assert_eq!(ambiguous(&mut engine, Some("K")), 2, "of the key itself");
    assert_eq!(ambiguous(&mut engine, None), 2, "of no other key that is known");
    // Of a failure whose key the log does not show, any success is.
    let mut engine = super::stream::engine(&[lockout()]);
    let failure = Occurrence { access_key: None, api: Some("id-card".into()), ..failure };
    engine.ingest(seconds(1), &Event::error(&source, &failure));
    assert_eq!(ambiguous(&mut engine, Some("L")), 0);
}
