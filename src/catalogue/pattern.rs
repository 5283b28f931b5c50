//! Message patterns: fixed text with placeholders, and what they read from a real message.
//!
//! Owns the placeholder syntax and its matching. Must not know codes or files. A bad pattern is
//! refused with the part of it that is bad; matching never fails, it only does not match.

use std::ops::Range;

/// The placeholders by name.
pub(super) const PLACEHOLDERS: [(&str, Placeholder); 4] = [
    ("api", Placeholder::Api),
    ("limit", Placeholder::Limit),
    ("period", Placeholder::Period),
    ("any", Placeholder::Any),
];

/// What `{api}` and `{any}` span at most. Longer text is some other message; the bound also keeps
/// the search linear in the message's length.
const PLACEHOLDER_BYTES_MAX: usize = 256;

/// Fewer letters than this at the pattern's beginning would match by chance.
const LEADING_LETTERS_MIN: usize = 4;

/// A part of a message that varies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placeholder {
    /// The name of an API: any text.
    Api,
    /// A number.
    Limit,
    /// A number and a unit of time, or the unit alone: `1 minute`, `60s`, `minute`.
    Period,
    /// Text that is skipped.
    Any,
}

/// What the placeholders of a pattern read from a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Captures {
    pub(super) api: Option<String>,
    pub(super) limit: Option<u64>,
    pub(super) period: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Fixed(Box<str>),
    Varies(Placeholder),
}

/// A message's fixed text and placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Part>);

/// Why a pattern is refused, and which bytes of it are to blame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadPattern {
    pub(super) range: Range<usize>,
    pub(super) reason: Reason,
}

/// The ways in which a pattern can be bad.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reason {
    Unknown(String),
    Repeated(String),
    Unclosed,
    Unopened,
    Touching,
    WeakBeginning,
}

impl Pattern {
    /// A pattern without placeholders. Braces in it are braces.
    pub(super) fn fixed(text: &str) -> Self {
        Self(vec![Part::Fixed(without_final_period(text).into())])
    }

    /// Reads a pattern; `{{` and `}}` are braces.
    pub(super) fn parse(text: &str) -> Result<Self, BadPattern> {
        let mut parts = Vec::new();
        let mut fixed = String::new();
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let rest = &text[at..];
            let bad = |len: usize, reason| Err(BadPattern { range: at..at + len, reason });
            if rest.starts_with("{{") || rest.starts_with("}}") {
                fixed.push(c);
                at += 2;
            } else if c == '}' {
                return bad(1, Reason::Unopened);
            } else if c == '{' {
                let Some(len) = rest.find('}').map(|end| end + 1) else {
                    return bad(rest.len(), Reason::Unclosed);
                };
                let name = rest[1..len - 1].trim();
                let Some(&(_, placeholder)) = PLACEHOLDERS.iter().find(|(known, _)| *known == name)
                else {
                    return bad(len, Reason::Unknown(name.to_owned()));
                };
                let repeated = parts.contains(&Part::Varies(placeholder));
                if repeated && placeholder != Placeholder::Any {
                    return bad(len, Reason::Repeated(name.to_owned()));
                }
                if fixed.is_empty() && !parts.is_empty() {
                    return bad(len, Reason::Touching);
                }
                if !fixed.is_empty() {
                    parts.push(Part::Fixed(std::mem::take(&mut fixed).into()));
                }
                parts.push(Part::Varies(placeholder));
                at += len;
            } else {
                fixed.push(c);
                at += c.len_utf8();
            }
        }
        let fixed = without_final_period(&fixed);
        if !fixed.is_empty() {
            parts.push(Part::Fixed(fixed.into()));
        }
        let letters = match parts.first() {
            Some(Part::Fixed(text)) => text.chars().filter(|c| c.is_alphabetic()).count(),
            _ => 0,
        };
        if letters < LEADING_LETTERS_MIN {
            return Err(BadPattern { range: 0..text.len(), reason: Reason::WeakBeginning });
        }
        Ok(Self(parts))
    }

    /// Whether the pattern is the whole text, but for white space around it and a final period.
    pub(super) fn is_whole(&self, text: &str) -> bool {
        let text = text.trim();
        self.at_start(text).is_some_and(|(_, rest)| without_final_period(rest).is_empty())
    }

    /// Whether the text begins with the pattern, and not in the middle of a word.
    pub(super) fn begins(&self, text: &str) -> bool {
        self.after(text).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    }

    /// What follows the pattern at the text's beginning.
    pub(super) fn after<'t>(&self, text: &'t str) -> Option<&'t str> {
        self.at_start(text.trim_start()).map(|(_, rest)| rest)
    }

    /// The placeholders' values where the pattern first stands in the text.
    pub(super) fn find(&self, text: &str) -> Option<Captures> {
        let Some(Part::Fixed(fixed)) = self.0.first() else { return None };
        // White space equals any other; whatever else begins the pattern must stand there.
        let first = fixed.bytes().next().filter(|_| !fixed.starts_with(char::is_whitespace));
        let may_begin = |at: usize| first.is_none() || text.as_bytes().get(at) == first.as_ref();
        let places = text.char_indices().map(|(at, _)| at).filter(|at| may_begin(*at));
        places.into_iter().find_map(|at| Some(self.at_start(&text[at..])?.0))
    }

    fn at_start<'t>(&self, text: &'t str) -> Option<(Captures, &'t str)> {
        let mut captures = Captures::default();
        let mut rest = text;
        for (index, part) in self.0.iter().enumerate() {
            rest = match part {
                Part::Fixed(fixed) => skip_fixed(fixed, rest)?,
                Part::Varies(placeholder) => {
                    let next = match self.0.get(index + 1) {
                        Some(Part::Fixed(fixed)) => Some(&**fixed),
                        _ => None,
                    };
                    let len = placeholder.span(rest, next)?;
                    captures.keep(*placeholder, rest.get(..len)?)?;
                    rest.get(len..)?
                }
            };
        }
        Some((captures, rest))
    }
}

impl Placeholder {
    /// How many bytes of the text it takes when `next` must follow.
    fn span(self, text: &str, next: Option<&str>) -> Option<usize> {
        let len = match self {
            Self::Limit => text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()),
            Self::Period => period_len(text),
            Self::Api | Self::Any => match next {
                Some(next) => text
                    .char_indices()
                    .map(|(at, _)| at)
                    .take_while(|&at| at <= PLACEHOLDER_BYTES_MAX)
                    .find(|&at| skip_fixed(next, &text[at..]).is_some())?,
                None => without_final_period(text).len(),
            },
        };
        (1..=PLACEHOLDER_BYTES_MAX).contains(&len).then_some(len)
    }
}

impl Captures {
    /// `None` when the text cannot be the placeholder's value.
    fn keep(&mut self, placeholder: Placeholder, text: &str) -> Option<()> {
        match placeholder {
            Placeholder::Api => self.api = Some(text.trim().to_owned()),
            Placeholder::Limit => self.limit = Some(text.parse().ok()?),
            Placeholder::Period => self.period = Some(text.to_owned()),
            Placeholder::Any => {}
        }
        Some(())
    }
}

/// The length of `1 minute`, `60s` or `minute` at the beginning of a text, else 0.
fn period_len(text: &str) -> usize {
    let number = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let after_number = &text[number..];
    let unit = if number == 0 { after_number } else { after_number.trim_start_matches(' ') };
    let unit_len = unit.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(unit.len());
    if unit_len == 0 { number } else { text.len() - unit.len() + unit_len }
}

/// What follows the fixed text. A run of white space equals any other, and there may be white
/// space after a comma or a colon: releases of the gateway differ in that.
fn skip_fixed<'t>(fixed: &str, text: &'t str) -> Option<&'t str> {
    // Nearly always it stands there as it is.
    if let Some(rest) = text.strip_prefix(fixed) {
        let goes_on = fixed.ends_with(|c: char| c.is_whitespace() || matches!(c, ',' | ':'));
        return Some(if goes_on { rest.trim_start() } else { rest });
    }
    skip_fixed_by_words(fixed, text)
}

fn skip_fixed_by_words<'t>(fixed: &str, text: &'t str) -> Option<&'t str> {
    let mut wanted = fixed.chars().peekable();
    let mut rest = text;
    while let Some(c) = wanted.next() {
        if c.is_whitespace() {
            while wanted.next_if(|c| c.is_whitespace()).is_some() {}
            let after = rest.trim_start();
            if after.len() == rest.len() {
                return None;
            }
            rest = after;
        } else {
            rest = rest.strip_prefix(c)?;
            let more = wanted.peek().is_none_or(|c| !c.is_whitespace());
            if matches!(c, ',' | ':') && more {
                rest = rest.trim_start();
            }
        }
    }
    Some(rest)
}

/// The text without white space around it and without its final period.
fn without_final_period(text: &str) -> &str {
    let text = text.trim_end();
    text.strip_suffix('.').map_or(text, str::trim_end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Shows what a pattern makes of a text: whole, beginning, and the values found anywhere.
    fn check(pattern: &str, text: &str, expected: &str) {
        let pattern = Pattern::parse(pattern).unwrap();
        let mut shown = Vec::new();
        if pattern.is_whole(text) {
            shown.push("whole".to_owned());
        }
        if pattern.begins(text) {
            shown.push("begins".to_owned());
        }
        if let Some(found) = pattern.find(text) {
            let Captures { api, limit, period } = found;
            shown.push("found".to_owned());
            shown.extend(api.map(|api| format!("api={api}")));
            shown.extend(limit.map(|limit| format!("limit={limit}")));
            shown.extend(period.map(|period| format!("period={period}")));
        }
        assert_eq!(shown.join(" "), expected, "{text}");
    }

    #[test]
    fn a_name_is_read_up_to_the_text_that_follows_it() {
        let pattern = "The API {api} is not subscribed.";
        check(
            pattern,
            "The API vat-invoice is not subscribed.",
            "whole begins found api=vat-invoice",
        );
        check(pattern, " The API 票据 is not subscribed ", "whole begins found api=票据");
        check(pattern, "x: The API a b is not subscribed, sorry", "found api=a b");
        check(pattern, "The API  is not subscribed.", "");
        check(pattern, "The API vat-invoice is not", "");
        check(pattern, &format!("The API {} is not subscribed.", "a".repeat(300)), "");
    }

    #[test]
    fn a_limit_is_a_number_and_a_period_is_a_time() {
        let pattern = "policy {any} over ratelimit,limit:{limit},time:{period}.";
        let user = "policy user over ratelimit,limit:10,time:1 minute.";
        check(pattern, user, "whole begins found limit=10 period=1 minute");
        let spaced = "policy api over ratelimit, limit: 10, time: 60s";
        check(pattern, spaced, "whole begins found limit=10 period=60s");
        let more = "policy ip over ratelimit,limit:2000,time:1 second, request x";
        check(pattern, more, "begins found limit=2000 period=1 second");
        check(pattern, "policy ip over ratelimit,limit:XX,time:1 minute", "");
        check(pattern, "policy ip over ratelimit,limit:99999999999999999999,time:1 minute", "");
        check(pattern, "policy ip over ratelimit,limit:10,time:", "");
    }

    #[test]
    fn a_message_does_not_begin_in_the_middle_of_a_word() {
        check("Backend timeout.", "Backend timeouts are rare", "found");
        check("Backend timeout.", "Backend timeout: 30s", "begins found");
        check("Backend timeout.", "Backend  timeout", "whole begins found");
        check("Backend timeout.", "Backend timeout..", "begins found");
        check("Backend timeout.", "backend timeout.", "");
    }

    #[test]
    fn doubled_braces_are_braces() {
        check("a set {{x}} of {any}", "a set {x} of things", "whole begins found");
        assert!(Pattern::fixed("a set {x}").is_whole("a set {x}."));
    }

    #[test]
    fn a_bad_pattern_names_its_bad_part() {
        let refusal = |text: &str| {
            let bad = Pattern::parse(text).unwrap_err();
            (text[bad.range].to_owned(), bad.reason)
        };
        assert_eq!(refusal("fixed {apis} x"), ("{apis}".into(), Reason::Unknown("apis".into())));
        let repeated = Reason::Repeated("api".into());
        assert_eq!(refusal("fixed {api} and {api}"), ("{api}".into(), repeated));
        assert_eq!(refusal("fixed {api"), ("{api".into(), Reason::Unclosed));
        assert_eq!(refusal("fixed } x"), ("}".into(), Reason::Unopened));
        assert_eq!(refusal("fixed {any}{api}"), ("{api}".into(), Reason::Touching));
        assert_eq!(refusal("{any} fixed"), ("{any} fixed".into(), Reason::WeakBeginning));
        assert_eq!(refusal("of: {any}"), ("of: {any}".into(), Reason::WeakBeginning));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn text_that_stands_there_as_it_is_is_skipped_as_word_by_word(
            fixed in "[a,: .é]{1,6}", more in "[a,: \n]{0,6}", own in any::<bool>(),
        ) {
            let text = if own { format!("{fixed}{more}") } else { more };
            prop_assert_eq!(skip_fixed(&fixed, &text), skip_fixed_by_words(&fixed, &text));
        }
    }
}
