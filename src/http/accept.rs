//! What who asks would rather have.
//!
//! Owns the reading of `Accept` and `Accept-Language`. Must never know what is asked for. Pure.
//! Nothing here fails: what cannot be understood is not asked for.

use hyper::header::{self, HeaderMap, HeaderName};

use crate::surface::Language;

/// So many preferences are looked at.
const PREFERENCES_MAX: usize = 32;

/// Whether a page is asked for by name, as browsers do and programs do not.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    preferences(headers, &header::ACCEPT).any(|(kind, weight)| kind == "text/html" && weight > 0)
}

/// The language that is liked best of those that there are.
pub(super) fn language(headers: &HeaderMap) -> Language {
    let known = preferences(headers, &header::ACCEPT_LANGUAGE).filter_map(|(range, weight)| {
        let language = match range.split('-').next()? {
            "zh" => Language::Chinese,
            "en" => Language::English,
            _ => return None,
        };
        Some((language, weight)).filter(|(_, weight)| *weight > 0)
    });
    // Of two that are liked alike the first is meant.
    let best = known.reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map(|(language, _)| language).unwrap_or_default()
}

/// What is listed, in lower case, with its weight in thousandths.
fn preferences(headers: &HeaderMap, name: &HeaderName) -> impl Iterator<Item = (String, u32)> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let listed = values.flat_map(|value| value.split(',')).take(PREFERENCES_MAX);
    listed.map(|one| {
        let mut parts = one.split(';').map(str::trim);
        let what = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        (what, weight.map_or(1_000, thousandths))
    })
}

/// `0.8` is 800; what is no weight is none.
fn thousandths(text: &str) -> u32 {
    let weight: f32 = text.trim().parse().unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
    let thousandths = (weight.clamp(0.0, 1.0) * 1_000.0).round() as u32;
    thousandths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn browsers_ask_for_a_page_and_programs_do_not() {
        let wants = |accept| wants_page(&headers(header::ACCEPT, accept));
        assert!(wants("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
        assert!(wants("application/json, Text/HTML;level=1;q=0.1"));
        for accept in ["*/*", "", "text/*", "text/html;q=0", "text/html;q=x", "text/htmlx"] {
            assert!(!wants(accept), "{accept}");
        }
        assert!(!wants_page(&HeaderMap::new()));
    }

    #[test]
    fn the_language_is_the_one_that_is_liked_best_of_those_that_there_are() {
        for (liked, expected) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("de,en-US;q=0.7,zh;q=0.3", Language::English),
            ("en;q=0.2, zh-Hans-CN;q=0.3", Language::Chinese),
            ("en,zh", Language::English),
            ("zh;q=0", Language::English),
            ("zh;q=NaN, en;q=0.001", Language::English),
            ("de", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(language(&headers(header::ACCEPT_LANGUAGE, liked)), expected, "{liked}");
        }
    }
}
