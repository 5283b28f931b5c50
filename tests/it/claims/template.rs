//! Templates of rules' texts.
//!
//! Owns the claims that what comes out is bounded whatever goes in, that a problem lies within the
//! template, and that values are no templates.

use ocrwatch::template;
use serde_json::json;

const OUTPUT_BYTES_MAX: usize = 16 * 1024;

pub(crate) fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    // Behind a NUL stands what the log says.
    let (written, said) = text.split_once('\0').unwrap_or((&text, "{{ count }}"));
    let problems = template::check(written);
    for problem in &problems {
        assert!(problem.range.start <= problem.range.end, "{problem:?}");
        assert!(written.get(problem.range.clone()).is_some(), "it lies in the text: {problem:?}");
        assert!(!problem.message.is_empty());
    }
    let values = json!({ "count": 7, "code": said, "message": said, "labels": { "team": said } });
    let rendered = template::render(written, &values);
    assert!(rendered.len() <= OUTPUT_BYTES_MAX, "{} bytes come out", rendered.len());
    assert_eq!(template::render(written, &values), rendered, "the same comes out again");
    if problems.is_empty() && !written.contains(['{', '}']) && written.len() < OUTPUT_BYTES_MAX {
        // A file's last line end is no part of what it says.
        let said = |text: &str| text.trim_end_matches(['\r', '\n']).to_owned();
        assert_eq!(said(&rendered), said(written), "text is text");
    }

    // A value that looks like a template is a value.
    let quoted = template::render("{{ message }}", &json!({ "message": said }));
    let is_said = quoted == said || said.len() > OUTPUT_BYTES_MAX - 4;
    assert!(is_said, "what a log says is no template: {quoted:?} for {said:?}");
}
