//! What holds of the text whatever code of the catalogue an alert is about.

use super::*;

fn of_code(code: &str, cause: Option<Arc<str>>) -> Alert {
    let known =
        CodeCount { code: code.into(), cause, count: 1, last_at: Instant(1000), message: None };
    Alert {
        rule: "r".into(),
        severity: Severity::Warning,
        fingerprint: Fingerprint(1),
        labels: Vec::new(),
        pending_at: Instant(0),
        fired_at: Some(Instant(0)),
        resolved_at: None,
        count: 1,
        first_at: Instant(0),
        last_at: Instant(1000),
        late: 0,
        clamped: 0,
        flapping: false,
        locked_until: None,
        groups_left_out: 0,
        evidence: Arc::new(Evidence { codes: vec![known], ..Evidence::default() }),
    }
}

#[test]
fn every_documented_sentence_stands_in_full_whatever_the_width() {
    for entry in CATALOGUE.entries() {
        let causes = entry.causes.iter().map(|cause| Some(Arc::clone(&cause.id)));
        for cause in causes.chain([None]) {
            let alert = of_code(&entry.code, cause.clone());
            let text = AlertText::of(&alert, None, None, State::Firing, &CATALOGUE, None);
            for width in [40, 80, 200] {
                let page = plain(&text, columns(width));
                let words = page.replace('•', " ");
                let page = words.split_whitespace().collect::<Vec<_>>().join(" ");
                let contains = |text: &str| {
                    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                    assert!(page.contains(&text), "{}: {text:?} is not in\n{page}", entry.code);
                };
                entry.solution.iter().for_each(|paragraph| contains(&paragraph.text));
                entry.message.iter().chain([&entry.description]).for_each(|text| contains(text));
                contains(&entry.source.title);
            }
            // The cause's own part goes before the whole.
            let known = entry.causes.iter().find(|known| Some(&known.id) == cause.as_ref());
            if let Some(known) = known {
                let first: &[Paragraph] = &text.codes[0].causes[0].solution;
                assert_eq!(first, known.solution);
            }
        }
    }
}

#[test]
fn a_ticket_comes_exactly_where_nothing_else_can_be_done() {
    for entry in CATALOGUE.entries() {
        let only = entry.solution.iter().map(|paragraph| &*paragraph.text).collect::<Vec<_>>()
            == ["Contact technical support."];
        let alert = of_code(&entry.code, None);
        let text = AlertText::of(&alert, None, None, State::Firing, &CATALOGUE, None);
        assert_eq!(text.tickets.len(), usize::from(only), "{}", entry.code);
    }
}

#[test]
fn every_shipped_rule_fills_its_texts() {
    let rules = RuleSet::embedded(&CATALOGUE);
    for entry in CATALOGUE.entries() {
        let said = entry.message.as_deref().unwrap_or("x");
        let causes = entry.causes.iter().map(|cause| format!("{said}: {}", cause.text));
        for message in causes.chain([said.replace("XXX", "7")]) {
            let settings = Settings::default();
            let mut engine =
                Engine::new(Arc::clone(rules.rules()), Arc::clone(&CATALOGUE), settings);
            let source = Source::named("app.log");
            for second in 0..60 {
                let error = error(second, &entry.code, &message);
                let api = error.api.clone().or_else(|| Some("id-card".into()));
                let error = Occurrence { api, ..error };
                let event = Event::error(&source, &error);
                engine.ingest(event.at.unwrap(), &event);
            }
            for change in engine.take() {
                let rule = rules.get(&change.alert.rule);
                let (alert, reason) = (&change.alert, Some(&change.reason));
                let text = AlertText::of(alert, rule, reason, change.to, &CATALOGUE, None);
                for bad in ["unknown", "failed)", "{{"] {
                    let told = format!("{} {:?}", text.headline, text.note);
                    assert!(!told.contains(bad), "{}: {told}", entry.code);
                }
                assert_eq!(text.codes[0].code, *entry.code);
            }
        }
    }
}
