//! No surface can be left by what a log, a label or a note says.

use super::*;
use crate::surface::escape;

const HOSTILE: &str = "=cmd|'/C calc'!A0\u{1b}]0;pwned\u{7}\u{9b}31m\r\n# x\n```\n<script>alert(1)</script>\
    |`*_@all https://evil.example \u{202e}gnp\u{200b}\u{2028}\"',;&amp;\u{0}{{ count }}";

fn hostile() -> Given {
    let mut given = lockout(None);
    let text = || -> Arc<str> { HOSTILE.into() };
    let alert = &mut given.alert;
    alert.rule = text();
    alert.labels = vec![
        (LabelName::Credential, text()),
        (LabelName::Api, text()),
        (LabelName::Custom(HOSTILE.into()), text()),
    ];
    let count = |code: &str, cause| CodeCount {
        code: code.into(),
        cause,
        count: 2,
        last_at: alert.last_at,
        message: Some(text()),
    };
    let sample = Sample {
        file: text(),
        line: 1,
        at: alert.last_at,
        offset_s: i32::MAX,
        text: HOSTILE.to_owned(),
    };
    let affected = LabelName::KNOWN.map(|(_, name)| crate::engine::Affected {
        name,
        value: text(),
        last_at: alert.last_at,
    });
    alert.evidence = Arc::new(Evidence {
        codes: vec![
            count(HOSTILE, Some(text())),
            count("APIG.0301", Some(text())),
            count("AIS.0105", None),
        ],
        limit: Some(1),
        period: Some(text()),
        affected: affected.into(),
        codes_left_out: 3,
        affected_left_out: 1,
        request_ids: vec![text().to_string(), text().to_string()],
        samples: vec![sample.clone(), sample],
        access_key_unseen: 6,
        inferred: 6,
        offset_s: i32::MIN,
    });
    given.rule.summary = "{{ credential }}\n{{ message }}".into();
    given.rule.note = Some("{{ api }}\n{{ codes }}\n{{ labels }}".into());
    given.rule.why = Some(text());
    given.rule.links = vec![text()];
    given
}

fn steers(c: char) -> bool {
    c != '\n' && escape::is_steering(c)
}

#[test]
fn nothing_steers_a_terminal_or_leaves_its_columns() {
    for unicode in [true, false] {
        for width in [0, 40, 55, 56, 80, 200, 1000] {
            let style = Style { unicode, ..columns(width) };
            let page = plain(&hostile().text(), style);
            assert!(!page.contains(steers), "{page:?}");
            assert!(unicode || page.is_ascii(), "{page}");
            let own = page.lines().skip(1).find(|line| line.starts_with(['#', '`', '<']));
            assert_eq!(own, None, "a line begins where the log chose to");
            let widest = page.lines().map(wrap::width).max();
            assert!(widest <= Some(width.clamp(40, 200)), "{widest:?} of {width}:\n{page}");
        }
    }
    let coloured = plain(&hostile().text(), Style { color: true, ..columns(80) });
    assert!(!coloured.replace("\u{1b}[", "").contains(steers));
}

#[test]
fn the_headline_is_one_line_and_a_ticket_has_no_controls() {
    let text = hostile().text();
    assert!(!text.headline.contains(['\n', '\r', '\u{2028}']), "{:?}", text.headline);
    assert!(text.headline.contains("{{ count }}"), "a value is no template");
    assert!(!text.tickets.is_empty());
    assert!(!text.tickets.iter().any(|ticket| ticket.text.contains(steers)));
}

#[test]
fn json_stays_exact_and_harmless() {
    let mut out = Vec::new();
    json::write(&mut out, &hostile().text()).unwrap();
    let line = String::from_utf8(out).unwrap();
    assert!(!line.contains(steers) && line.matches('\n').count() == 1);
    let value: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(value["labels"]["api"], HOSTILE);
}
