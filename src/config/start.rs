//! `start`: where files that are there at the very first start are read from.
//!
//! Owns its words. Must never ask for the present: how long ago stays a length. What is none of
//! them is a problem and reads as absent.

use super::problem;
use super::source::{SinceWhen, Start};
use crate::engine::{Instant, Span};
use crate::length;
use crate::toml_file::{self, Keys, Problems};
use crate::zone::Zone;

/// How many lines back from the end are looked for.
const LINES_MAX: u64 = 10_000_000;
const AGO_MAX: Span = Span::DAY.times(3_660);

const FORMS: &str = "write `beginning`, `end`, `last 1000 lines`, `since 2h` or \
                     `since 2026-11-20T00:00:00+08:00`";

/// Reads `start`; a stamp without an offset is one of this zone.
pub(super) fn read(
    keys: &Keys<'_, '_>,
    zone: Option<Zone>,
    problems: &mut Problems<'_>,
) -> Option<Start> {
    let text = keys.form("start", FORMS, problems)?;
    let words: Vec<&str> = text.get_ref().split_whitespace().collect();
    let (message, hint) = match start(&words.join(" ").to_ascii_lowercase(), zone) {
        Ok(start) => return Some(start),
        Err(wrong) => wrong,
    };
    problems.add(problem::BAD_START, text.span(), message, hint);
    None
}

/// What words mean, else what is wrong with them and what to write.
fn start(text: &str, zone: Option<Zone>) -> Result<Start, (String, String)> {
    let unknown = || (format!("`start` cannot be `{}`", text.escape_debug()), FORMS.to_owned());
    match text.split_once(' ') {
        None if text == "beginning" => Ok(Start::Beginning),
        None if text == "end" => Ok(Start::End),
        Some(("last", lines)) => {
            let number = lines.strip_suffix("lines").or(lines.strip_suffix("line"));
            let number = number.unwrap_or(lines).trim();
            if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(unknown());
            }
            if let Ok(lines @ 1..=LINES_MAX) = number.parse() {
                return Ok(Start::LastLines(lines));
            }
            let message = format!("`start` must name from 1 to {LINES_MAX} lines");
            Err((message, "`beginning` and `end` are the two ends".to_owned()))
        }
        Some(("since", when)) => {
            let ago = length::milliseconds(when.strip_suffix(" ago").unwrap_or(when));
            if let Some(ago_ms) = ago {
                return match Span(ago_ms) {
                    ago if ago <= AGO_MAX => Ok(Start::Since(SinceWhen::Ago(ago))),
                    _ => {
                        let message = "`start` reaches back more than ten years".to_owned();
                        Err((message, "write `beginning`".to_owned()))
                    }
                };
            }
            let stamp = when.parse().map_err(|_| unknown())?;
            let at = toml_file::instant(&stamp, zone, None).ok_or_else(|| {
                let is_dated = stamp.date.is_some() && stamp.offset.is_none() && zone.is_none();
                let message = "`start` is no instant: it needs a day and an offset".to_owned();
                let hint = "write the offset, as in `since 2026-11-20T00:00:00+08:00`, or give \
                            the source its `timezone`";
                if is_dated { (message, hint.to_owned()) } else { unknown() }
            })?;
            Ok(Start::Since(SinceWhen::At(Instant::from(at))))
        }
        _ => Err(unknown()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, zone: Option<&str>, expected: &str) {
        let zone = zone.map(|zone| Zone::parse(zone).expect("a known zone"));
        let shown = match start(text, zone) {
            Ok(start) => format!("{start:?}"),
            Err((message, _)) => message,
        };
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn every_form_is_understood() {
        check("beginning", None, "Beginning");
        check("end", None, "End");
        check("last 1000 lines", None, "LastLines(1000)");
        check("last 1 line", None, "LastLines(1)");
        check("last 20", None, "LastLines(20)");
        check("since 2h", None, "Since(Ago(Span(7200000)))");
        check("since 1h 30m ago", None, "Since(Ago(Span(5400000)))");
        let midnight = "Since(At(Instant(1795104000000)))";
        check("since 2026-11-20t00:00:00+08:00", None, midnight);
        check("since 2026-11-19 16:00:00z", None, midnight);
        check("since 2026-11-20", Some("+08:00"), midnight);
        check("since 2026-11-20 00:00:00", Some("Asia/Shanghai"), midnight);
    }

    #[test]
    fn what_says_no_place_is_refused() {
        for text in ["", "top", "last", "last lines", "last -3 lines", "last ten lines", "since"] {
            check(text, None, &format!("`start` cannot be `{}`", text.escape_debug()));
        }
        check("last 0 lines", None, "`start` must name from 1 to 10000000 lines");
        check(
            "last 99999999999999999999 lines",
            None,
            "`start` must name from 1 to 10000000 lines",
        );
        check("since 9000d", None, "`start` reaches back more than ten years");
        let no_offset = "`start` is no instant: it needs a day and an offset";
        check("since 2026-11-20", None, no_offset);
        check("since 14:30:00", Some("UTC"), "`start` cannot be `since 14:30:00`");
        check("since 2026-11-31", Some("UTC"), "`start` cannot be `since 2026-11-31`");
    }
}
