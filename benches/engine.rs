//! How many occurrences a second go through 50 rules and 10,000 groups, and what a group weighs:
//! the allocator counts.

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
    let rules = (0..RULES).map(|number| {
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
    (0..EVENTS)
        .zip(0i64..)
        .map(|(number, step)| Occurrence {
            place: Place { file: "app.log".into(), line: number as u64, offset: 0 },
            at: Instant(1_795_000_000_000 + step * span_ms).to_utc().fixed_offset().into(),
            module: Module::Ocr,
            code: format!("AIS.{:04}", 101 + number % codes).into(),
            cause: None,
            message: Some("The image quality is poor.".into()),
            request_id: Some(format!("{number:032x}").into()),
            http_status: Some(400),
            api: Some(format!("api-{}", number / codes % apis).into()),
            region: Some("cn-north-4".into()),
            project: None,
            host: Some("ocr.cn-north-4.myhuaweicloud.com".into()),
            access_key: None,
            exception: None,
            limit: None,
            period: None,
            inferred: false,
            repeat: false,
            sample: "2026-11-23 10:00:00 ERROR {\"error_code\":\"AIS.0104\"}".repeat(4).into(),
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
