//! How many occurrences a second go through 50 rules and 10,000 groups, what a group weighs (the
//! allocator counts), and that what one occurrence costs does not grow with how many there are, nor
//! with groups or rules that it does not belong to.

use std::sync::Arc;

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};
use ocrwatch::catalogue::{Catalogue, Severity};
use ocrwatch::engine::{
    Condition, Engine, Event, Instant, LabelName, Matcher, Pattern, Rule, Settings, Source, Span,
    Threshold, Window,
};
use ocrwatch::occurrence::{Module, Occurrence, Place};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const RULES: usize = 50;
const GROUPS: usize = 10_000;
const EVENTS: usize = 200_000;

fn main() {
    divan::main();
}

/// 50 rules on so many codes: an occurrence belongs to one of them, or to several.
fn rules(codes: usize, by: &LabelName) -> Arc<[Rule]> {
    rules_on(RULES, codes, by)
}

fn rules_on(rules: usize, codes: usize, by: &LabelName) -> Arc<[Rule]> {
    let rules = (0..rules).map(|number| {
        let code = format!("AIS.{:04}", 101 + number % codes);
        let window = Window { span: Span::MINUTE.times(5), aligned: false };
        let at_least = 5 + u32::try_from(number / codes).unwrap_or(0) * 20;
        let threshold = Threshold { at_least, clear_below: at_least, window };
        Rule {
            name: format!("rule-{number}").into(),
            why: None,
            severity: Severity::Warning,
            matcher: Matcher {
                labels: vec![(LabelName::Code, vec![Pattern::Exact(code.into())])],
                ..Matcher::default()
            },
            condition: Condition::Count(threshold),
            group_by: Arc::from([LabelName::Code, by.clone()]),
            hold: Span::ZERO,
            keep_firing_for: Span::ZERO,
            lock: None,
            flap: None,
            summary: "".into(),
            note: None,
            chinese: None,
            inhibits: Vec::new(),
            links: Vec::new(),
        }
    });
    rules.collect()
}

fn occurrences(codes: usize, apis: usize, span_ms: i64) -> Vec<Occurrence> {
    occurrences_of(EVENTS, codes, apis, span_ms)
}

fn occurrences_of(events: usize, codes: usize, apis: usize, span_ms: i64) -> Vec<Occurrence> {
    (0..events)
        .zip(0i64..)
        .map(|(number, step)| {
            let place = Place { file: "app.log".into(), line: number as u64, offset: 0 };
            let at = Instant(1_795_000_000_000 + step * span_ms).to_utc().fixed_offset();
            let code = format!("AIS.{:04}", 101 + number % codes).into();
            Occurrence {
                message: Some("The image quality is poor.".into()),
                request_id: Some(format!("{number:032x}").into()),
                http_status: Some(400),
                api: Some(format!("api-{}", number / codes % apis).into()),
                region: Some("cn-north-4".into()),
                host: Some("ocr.cn-north-4.myhuaweicloud.com".into()),
                sample: "2026-11-23 10:00:00 ERROR {\"error_code\":\"AIS.0104\"}".repeat(4).into(),
                ..Occurrence::new(place, Some(at), Module::Ocr, code)
            }
        })
        .collect()
}

fn feed(engine: &mut Engine, source: &Source, occurrences: &[Occurrence]) -> usize {
    for occurrence in occurrences {
        let event = Event::error(source, occurrence);
        engine.ingest(event.at.unwrap_or_default(), &event);
    }
    engine.take().len()
}

/// As many groups as rules times APIs.
fn speed(bencher: Bencher<'_, '_>, codes: usize, apis: usize) {
    let rules = rules(codes, &LabelName::Api);
    let catalogue = Arc::new(Catalogue::embedded());
    let occurrences = occurrences(codes, apis, 10);
    let source = Source::named("app.log");
    bencher
        .counter(ItemsCount::new(EVENTS))
        .with_inputs(|| {
            Engine::new(Arc::clone(&rules), Arc::clone(&catalogue), Settings::default())
        })
        .bench_local_refs(|engine| feed(engine, &source, &occurrences));
}

/// 10,000 groups, most of them below their thresholds; the argument is how many of the 50 rules an
/// occurrence belongs to.
#[divan::bench(args = [1, 5], sample_count = 8)]
fn quiet_groups(bencher: Bencher<'_, '_>, matching: usize) {
    speed(bencher, RULES / matching, GROUPS / RULES);
}

/// 50 groups that all fire all the time.
#[divan::bench(args = [1, 5], sample_count = 8)]
fn firing_groups(bencher: Bencher<'_, '_>, matching: usize) {
    speed(bencher, RULES / matching, 1);
}

/// Every occurrence makes a group of its own, twice as many as are kept.
#[divan::bench(sample_count = 3)]
fn endless_groups(bencher: Bencher<'_, '_>) {
    let rules = rules(RULES, &LabelName::Source);
    let catalogue = Arc::new(Catalogue::embedded());
    let occurrences = occurrences(RULES, 1, 1);
    let sources: Vec<_> = (0..EVENTS).map(|it| Source::named(format!("{it}.log"))).collect();
    bencher
        .counter(ItemsCount::new(EVENTS))
        .with_inputs(|| {
            Engine::new(Arc::clone(&rules), Arc::clone(&catalogue), Settings::default())
        })
        .bench_local_refs(|engine| {
            for (occurrence, source) in occurrences.iter().zip(&sources) {
                let event = Event::error(source, occurrence);
                engine.ingest(event.at.unwrap_or_default(), &event);
            }
            assert!(engine.groups() <= Settings::default().groups_max);
            engine.take().len()
        });
}

/// So many groups at once, one occurrence each; the limit is raised (`[engine] groups_max`). The
/// greatest allocation by their number is what a group weighs.
#[divan::bench(args = [10_000, 100_000, 1_000_000], sample_count = 1, sample_size = 1)]
fn groups_weigh(bencher: Bencher<'_, '_>, groups: usize) {
    let rules = rules(RULES, &LabelName::Api);
    let catalogue = Arc::new(Catalogue::embedded());
    let settings = Settings { groups_max: groups, ..Settings::default() };
    let source = Source::named("app.log");
    bencher
        .counter(ItemsCount::new(groups))
        .with_inputs(|| {
            let engine = Engine::new(Arc::clone(&rules), Arc::clone(&catalogue), settings);
            (engine, occurrences_of(RULES, RULES, 1, 0))
        })
        .bench_local_refs(|(engine, occurrences)| {
            for number in 0..groups {
                let occurrence = &mut occurrences[number % RULES];
                occurrence.api = Some(format!("api-{}", number / RULES).into());
                let event = Event::error(&source, occurrence);
                engine.ingest(event.at.unwrap_or_default(), &event);
            }
            assert_eq!(engine.groups(), groups);
        });
}

/// The same rate at each length: cost grows with the occurrences, and no faster.
#[divan::bench(args = [2_000, 20_000, 200_000], sample_count = 3)]
fn grows_with_occurrences(bencher: Bencher<'_, '_>, events: usize) {
    grown(bencher, events, RULES, 20);
}

/// The same rate with a hundred times as many groups, but for what the processor's caches hold.
#[divan::bench(args = [1, 10, 100], sample_count = 3)]
fn grows_with_groups(bencher: Bencher<'_, '_>, groups_of_a_rule: usize) {
    grown(bencher, EVENTS, RULES, groups_of_a_rule);
}

/// The same rate with a hundred times as many rules, of which one is about an occurrence.
#[divan::bench(args = [10, 100, 1_000], sample_count = 3)]
fn grows_with_rules(bencher: Bencher<'_, '_>, rules: usize) {
    grown(bencher, EVENTS, rules, 1);
}

/// Rules on a code each.
fn grown(bencher: Bencher<'_, '_>, events: usize, rules: usize, apis: usize) {
    let occurrences = occurrences_of(events, rules, apis, 10);
    let rules = rules_on(rules, rules, &LabelName::Api);
    let catalogue = Arc::new(Catalogue::embedded());
    let source = Source::named("app.log");
    bencher
        .counter(ItemsCount::new(events))
        .with_inputs(|| {
            Engine::new(Arc::clone(&rules), Arc::clone(&catalogue), Settings::default())
        })
        .bench_local_refs(|engine| feed(engine, &source, &occurrences));
}
