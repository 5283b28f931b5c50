//! The labels of a rule, and the patterns for their values.
//!
//! Owns which names are labels, the limits of patterns, and that codes, causes and modules are
//! known. Must not know conditions or matchers. What is wrong is a problem and reads as absent.

use globset::GlobBuilder;
use toml::Spanned;

use super::problem;
use crate::catalogue::Catalogue;
use crate::engine::{LabelName, Pattern};
use crate::occurrence::Module;
use crate::toml_file::{Problems, did_you_mean, listed};

/// How long a pattern may be, in bytes, and how many may stand in a list.
const PATTERN_BYTES_MAX: usize = 256;
pub(crate) const PATTERNS_MAX: usize = 500;

/// A label by its name. A name of one's own that looks like a mistyped one is refused: it would
/// never match.
pub(super) fn label(
    name: &str,
    range: std::ops::Range<usize>,
    problems: &mut Problems<'_>,
) -> Option<LabelName> {
    let wrong = |(message, hint)| problems.add(problem::BAD_LABEL, range, message, hint);
    label_named(name).map_err(wrong).ok()
}

/// The same, else what is wrong with it and what to write.
pub(crate) fn label_named(name: &str) -> Result<LabelName, (String, String)> {
    let known = LabelName::KNOWN.map(|(name, _)| name);
    match name.parse() {
        Ok(LabelName::Custom(custom)) => {
            // Two words of other meaning often differ in their first letter alone.
            let alike = known.iter().copied().filter(|known| known.get(..1) == custom.get(..1));
            let Some(hint) = did_you_mean(&custom, alike) else {
                return Ok(LabelName::Custom(custom));
            };
            let message = format!("unknown label `{custom}`");
            Err((message, format!("{hint} a label of your own needs a name less like it")))
        }
        Ok(name) => Ok(name),
        Err(message) => {
            let hint = format!(
                "the labels are {}; one of your own has lower-case letters, digits and `_`",
                listed(&known)
            );
            Err((message, hint))
        }
    }
}

/// Patterns for the values of a label, or for rule names.
pub(super) fn patterns(
    texts: &[Spanned<String>],
    problems: &mut Problems<'_>,
) -> Vec<(Spanned<String>, Pattern)> {
    if let Some(first_beyond) = texts.get(PATTERNS_MAX) {
        let message = format!("{} patterns stand here, at most {PATTERNS_MAX} can", texts.len());
        let hint = "write a glob such as `AIS.*`".to_owned();
        problems.add(problem::TOO_MANY, first_beyond.span(), message, hint);
    }
    let texts = texts.iter().take(PATTERNS_MAX);
    texts.filter_map(|text| Some((text.clone(), pattern(text, problems)?))).collect()
}

fn pattern(text: &Spanned<String>, problems: &mut Problems<'_>) -> Option<Pattern> {
    let wrong = |(message, hint)| problems.add(problem::BAD_PATTERN, text.span(), message, hint);
    pattern_of(text.get_ref()).map_err(wrong).ok()
}

/// What has one of these is a glob, else it is meant as it stands.
const GLOB_SIGNS: [char; 4] = ['*', '?', '[', '{'];

/// The pattern that this text alone fits, whatever signs of a glob it has.
pub(crate) fn literal(text: &str) -> String {
    if !text.contains(GLOB_SIGNS) {
        return text.to_owned();
    }
    text.chars().fold(String::with_capacity(text.len() + 8), |mut out, c| {
        if GLOB_SIGNS.contains(&c) || "]}\\".contains(c) {
            out.extend(['[', c, ']']);
        } else {
            out.push(c);
        }
        out
    })
}

/// A pattern, else what is wrong with it and what to write.
pub(crate) fn pattern_of(source: &str) -> Result<Pattern, (String, String)> {
    if source.len() > PATTERN_BYTES_MAX {
        let message = format!("a pattern has at most {PATTERN_BYTES_MAX} bytes");
        return Err((message, "write a shorter glob, or several".to_owned()));
    }
    if !source.contains(GLOB_SIGNS) {
        return Ok(Pattern::Exact(source.into()));
    }
    match GlobBuilder::new(source).build() {
        Ok(glob) => Ok(Pattern::Glob(glob.compile_matcher())),
        Err(error) => {
            let message = format!("this is no glob: {}", error.kind());
            Err((message, "globs know `*`, `?`, `[a-z]` and `{a,b}`".to_owned()))
        }
    }
}

/// Codes, causes and modules that nobody knows would never match. `known` is the rule's own
/// `known`: one that asks for codes beyond the catalogue may name any.
pub(super) fn check_known(
    name: &LabelName,
    patterns: &[(Spanned<String>, Pattern)],
    catalogue: &Catalogue,
    known: Option<bool>,
    problems: &mut Problems<'_>,
) {
    let (what, values): (_, Vec<&str>) = match name {
        LabelName::Module => ("module", Module::ALL.iter().map(|module| module.name()).collect()),
        LabelName::Code if known != Some(false) => {
            ("code", catalogue.entries().map(|entry| &*entry.code).collect())
        }
        LabelName::Cause => {
            let causes = catalogue.entries().flat_map(|entry| &entry.causes);
            ("cause", causes.map(|cause| &*cause.id).collect())
        }
        _ => return,
    };
    for (text, pattern) in patterns {
        if values.iter().any(|value| pattern.fits(value)) {
            continue;
        }
        let typed = text.get_ref().as_str();
        let message = match pattern {
            Pattern::Exact(_) => format!("the catalogue knows no {what} `{typed}`"),
            Pattern::Glob(_) => format!("the catalogue knows no {what} that fits `{typed}`"),
        };
        let nearest = match (name, pattern) {
            (_, Pattern::Glob(_)) => None,
            (LabelName::Code, _) => {
                let nearest = catalogue.nearest(typed);
                nearest.first().map(|code| format!("did you mean `{code}`?"))
            }
            _ => did_you_mean(typed, values.iter().copied()),
        };
        let hint = match (nearest, name) {
            (Some(nearest), LabelName::Code) => {
                format!("{nearest} a new code is added to the catalogue with --catalogue")
            }
            (Some(nearest), _) => nearest,
            (None, LabelName::Code) => {
                "add the code to the catalogue with --catalogue, or write `known = false` to \
                 match codes that the catalogue does not have"
                    .to_owned()
            }
            (None, _) => {
                let mut values = values.clone();
                values.sort_unstable();
                values.dedup();
                format!("the {what}s are {}", listed(&values))
            }
        };
        problems.add(problem::UNKNOWN_CODE, text.span(), message, hint);
    }
}
