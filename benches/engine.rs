//! How many occurrences a second go through 50 rules and 10,000 groups, and what a group weighs.
//!
//! `cargo bench --bench engine` measures speed. `cargo bench --bench engine -- memory` also prints
//! the bytes of a group, counted by the allocator, with a threshold and with evidence.

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

/// 50 rules: five for each of ten codes, so that every occurrence belongs to five of them.
fn rules(by: &LabelName) -> Arc<[Rule]> {
    let rules = (0..RULES).map(|number| {
        let code = format!("AIS.{:04}", 101 + number % 10);
        let window = Window { span: Span::MINUTE.times(5), aligned: false };
        let at_least = 5 + u32::try_from(number / 10).unwrap_or(0) * 20;
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
            inhibits: Vec::new(),
            links: Vec::new(),
        }
    });
    rules.collect()
}

fn occurrences(apis: usize, span_ms: i64) -> Vec<Occurrence> {
    (0..EVENTS)
        .zip(0i64..)
        .map(|(number, step)| Occurrence {
            place: Place { file: "app.log".into(), line: number as u64, offset: 0 },
            at: Instant(1_795_000_000_000 + step * span_ms).to_utc().fixed_offset().into(),
            module: Module::Ocr,
            code: format!("AIS.{:04}", 101 + number % 10).into(),
            cause: None,
            message: Some("The image quality is poor.".into()),
            request_id: Some(format!("{number:032x}").into()),
            http_status: Some(400),
            api: Some(format!("api-{}", number / 10 % apis).into()),
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

/// Ten codes in `apis` APIs: 50 rules, five groups for each pair of code and API.
fn speed(bencher: Bencher<'_, '_>, apis: usize, span_ms: i64) {
    let rules = rules(&LabelName::Api);
    let catalogue = Arc::new(Catalogue::embedded());
    let occurrences = occurrences(apis, span_ms);
    let source = Source::named("app.log");
    bencher
        .counter(ItemsCount::new(EVENTS))
        .with_inputs(|| {
            Engine::new(Arc::clone(&rules), Arc::clone(&catalogue), Settings::default())
        })
        .bench_local_refs(|engine| feed(engine, &source, &occurrences));
}

/// 10,000 groups, most of them below their thresholds.
#[divan::bench(sample_count = 8)]
fn quiet_groups(bencher: Bencher<'_, '_>) {
    speed(bencher, GROUPS / RULES, 50);
}

/// 50 groups that all fire all the time.
#[divan::bench(sample_count = 8)]
fn firing_groups(bencher: Bencher<'_, '_>) {
    speed(bencher, 1, 50);
}

/// Every occurrence makes groups of its own, far more than are kept.
#[divan::bench(sample_count = 3)]
fn endless_groups(bencher: Bencher<'_, '_>) {
    let rules = rules(&LabelName::Source);
    let catalogue = Arc::new(Catalogue::embedded());
    let occurrences = occurrences(1, 1);
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
