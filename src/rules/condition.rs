//! `condition = "…"` and the keys that belong to it: what must be true of the events.
//!
//! Owns which keys each condition has, their bounds and their defaults. Must not know which events
//! are meant. What is wrong is a problem and reads as absent.

use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::DeValue;

use super::matcher;
use super::pattern::label;
use super::phrase::{self, Kind, NUMBER_MAX, Phrase, Rate};
use super::problem;
use crate::catalogue::Catalogue;
use crate::engine::{
    Absent, Condition, Consecutive, EventKind, LabelName, Matcher, New, Ratio, Sequence, Span,
    Spike, Threshold, Window,
};
use crate::length;
use crate::toml_file::{Keys, Problems, listed};

/// Keys that belong to some conditions only, with these.
const BELONGS: [(&str, &[Kind]); 13] = [
    ("window", &[Kind::Count, Kind::Rate, Kind::Ratio, Kind::Spike, Kind::Absent, Kind::Distinct]),
    ("aligned", &[Kind::Count, Kind::Rate, Kind::Distinct]),
    ("clear_below", &[Kind::Count, Kind::Rate, Kind::Ratio, Kind::Distinct]),
    ("gap", &[Kind::Consecutive]),
    ("reset", &[Kind::Consecutive]),
    ("of", &[Kind::Ratio]),
    ("needs_success", &[Kind::Ratio]),
    ("at_least", &[Kind::Ratio, Kind::Spike]),
    ("baseline", &[Kind::Spike]),
    ("unseen", &[Kind::New]),
    ("learning", &[Kind::New]),
    ("then", &[Kind::Sequence]),
    ("within", &[Kind::Sequence]),
];

/// These are true of a moment, that of an event: they cannot go on being true for so long.
const OF_A_MOMENT: [Kind; 3] = [Kind::Consecutive, Kind::New, Kind::Sequence];

/// The shortest and the longest window.
pub(super) const WINDOW: RangeInclusive<i64> = Span::SECOND.0..=31 * Span::DAY.0;
/// How long everything of a group is known already.
pub(super) const LEARNING: RangeInclusive<i64> = 0..=31 * Span::DAY.0;
/// How many windows can be averaged.
pub(super) const BASELINE: RangeInclusive<i64> = 1..=48;
/// How long ago something can be remembered to have been seen.
pub(super) const UNSEEN: RangeInclusive<i64> = Span::MINUTE.0..=366 * Span::DAY.0;

pub(super) const RESETS_MAX: usize = 20;

/// A ratio or a spike of fewer events than this says nothing, where a rule gives no number.
pub(super) const FLOOR: i64 = 20;
pub(super) const BASELINE_USUAL: i64 = 4;
pub(super) const GAP: Span = Span::HOUR;
pub(super) const UNSEEN_USUAL: Span = Span::DAY.times(30);
pub(super) const LEARNING_USUAL: Span = Span::DAY;

/// What a rule's condition is read with.
pub(super) struct Reader<'r, 'a, 't, 'p> {
    pub(super) keys: &'r Keys<'a, 't>,
    pub(super) catalogue: &'r Catalogue,
    pub(super) problems: &'r mut Problems<'p>,
}

impl Reader<'_, '_, '_, '_> {
    /// Reads the condition and its keys.
    pub(super) fn read(&mut self) -> Option<Condition> {
        let hint = "say what must be true of the events, such as `condition = \"count >= 5\"`";
        let text = self.keys.required_text("condition", hint, self.problems)?;
        let phrase = match phrase::parse(text.get_ref()) {
            Ok(phrase) => phrase,
            Err((message, hint)) => {
                self.problems.add(problem::BAD_CONDITION, text.span(), message, hint);
                // Whatever the condition was meant to be, a length that is none is wrong.
                for key in ["window", "gap", "unseen", "learning", "within"] {
                    self.keys.length(key, self.problems);
                }
                return None;
            }
        };
        let kind = phrase.kind();
        self.misplaced(kind);
        match phrase {
            Phrase::Count(at_least) => {
                let window = self.window(kind);
                Some(Condition::Count(self.threshold(at_least, window)?))
            }
            Phrase::Distinct(name, at_least) => {
                let name = label(name.as_str(), text.span(), self.problems)?;
                let window = self.window(kind);
                Some(Condition::Distinct(name, self.threshold(at_least, window)?))
            }
            Phrase::Rate(rate) => self.rate(rate, &text),
            Phrase::Consecutive(more_than) => {
                let gap = self.span("gap", WINDOW)?.unwrap_or(GAP);
                let reset = self.reset();
                Some(Condition::Consecutive(Consecutive { more_than, gap, reset }))
            }
            Phrase::Ratio(at_least) => self.ratio(at_least),
            Phrase::Spike(factor_permille) => {
                let floor = self.number("at_least", 1..=NUMBER_MAX, FLOOR);
                let baseline = self.number("baseline", BASELINE, BASELINE_USUAL);
                let window = self.window(kind)?;
                Some(Condition::Spike(Spike { factor_permille, floor, baseline, window }))
            }
            Phrase::New => {
                let unseen = self.span("unseen", UNSEEN)?.unwrap_or(UNSEEN_USUAL);
                let learning = self.span("learning", LEARNING)?.unwrap_or(LEARNING_USUAL);
                Some(Condition::New(New { unseen, learning }))
            }
            Phrase::Absent => Some(Condition::Absent(Absent { window: self.window(kind)? })),
            Phrase::Sequence => self.sequence(),
        }
    }

    /// Keys that mean nothing to the condition.
    fn misplaced(&mut self, kind: Kind) {
        for (key, kinds) in BELONGS {
            if let Some(value) = self.keys.value(key)
                && !kinds.contains(&kind)
            {
                let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
                let message = format!("`{key}` means nothing to `{}`", kind.name());
                let hint = format!("`{key}` belongs to {}", listed(&names));
                self.problems.add(problem::MISPLACED_KEY, value.span(), message, hint);
            }
        }
        if let Some(value) = self.keys.value("for").filter(|_| OF_A_MOMENT.contains(&kind)) {
            let message = format!("`for` means nothing to `{}`", kind.name());
            let hint = "what is true at a moment cannot hold for a while; \
                        `keep_firing_for` says how long the alert stays"
                .to_owned();
            self.problems.add(problem::MISPLACED_KEY, value.span(), message, hint);
        }
    }

    /// The window that a condition needs.
    fn window(&mut self, kind: Kind) -> Option<Span> {
        let read = self.span("window", WINDOW)?;
        if read.is_none() {
            let hint = format!("`{}` needs one, such as `window = \"10m\"`", kind.name());
            self.keys.missing("window", &hint, self.problems);
        }
        read
    }

    /// A length of time within bounds; `Some(None)` if the key is not there, `None` if it is wrong.
    #[expect(clippy::option_option)]
    fn span(&mut self, key: &str, range: RangeInclusive<i64>) -> Option<Option<Span>> {
        if !self.keys.has(key) {
            return Some(None);
        }
        span_in(self.keys, key, range, self.problems).map(Some)
    }

    fn number(&mut self, key: &str, range: RangeInclusive<i64>, default: i64) -> u32 {
        let read = self.keys.number_in(key, range, "", self.problems);
        u32::try_from(read.map_or(default, Spanned::into_inner)).unwrap_or(u32::MAX)
    }

    fn threshold(&mut self, at_least: u32, span: Option<Span>) -> Option<Threshold> {
        let aligned = self.keys.flag("aligned", self.problems).unwrap_or(false);
        let clear_below = if self.keys.has("clear_below") {
            let hint = "a firing alert stays while there are so many in the window";
            let bounds = 1..=i64::from(at_least);
            let read = self.keys.number_in("clear_below", bounds, hint, self.problems)?;
            u32::try_from(read.into_inner()).ok()?
        } else {
            at_least
        };
        let window = Window { span: span?, aligned };
        Some(Threshold { at_least, clear_below, window })
    }

    fn rate(&mut self, rate: Rate, text: &Spanned<String>) -> Option<Condition> {
        let window = self.window(Kind::Rate)?;
        let at_least = rate.in_window(window.0);
        if !(1..=NUMBER_MAX).contains(&at_least) {
            let message = format!(
                "over the window that is a count of {at_least}, it must be from 1 to {NUMBER_MAX}"
            );
            let hint = "choose a shorter window".to_owned();
            self.problems.add(problem::BAD_CONDITION, text.span(), message, hint);
            return None;
        }
        let at_least = u32::try_from(at_least).ok()?;
        Some(Condition::Count(self.threshold(at_least, Some(window))?))
    }

    fn reset(&mut self) -> Vec<Matcher> {
        let items = self.keys.list("reset", self.problems).unwrap_or_default();
        if let Some(first_beyond) = items.get(RESETS_MAX) {
            let message = format!("{} matchers stand here, at most {RESETS_MAX} can", items.len());
            let hint = "give one matcher several values".to_owned();
            self.problems.add(problem::TOO_MANY, first_beyond.span(), message, hint);
        }
        let items = items.iter().take(RESETS_MAX);
        items.filter_map(|item| self.matcher("reset", item)).collect()
    }

    fn matcher(&mut self, key: &'static str, value: &Spanned<DeValue<'_>>) -> Option<Matcher> {
        matcher::read(key, value, self.catalogue, self.problems)
    }

    fn ratio(&mut self, at_least_permille: u32) -> Option<Condition> {
        let of = self.whole();
        let clear_below_permille = match self.keys.value("clear_below") {
            Some(value) => self.share(value, at_least_permille),
            None => Some(at_least_permille),
        };
        let floor = self.number("at_least", 1..=i64::from(u32::MAX), FLOOR);
        let needs_success = self.keys.flag("needs_success", self.problems);
        let window = self.window(Kind::Ratio)?;
        let of = of?;
        // The share of errors among calls tells nothing where the log shows errors only.
        let needs_success = needs_success.unwrap_or(of.event == EventKind::Call);
        Some(Condition::Ratio(Ratio {
            of,
            at_least_permille,
            clear_below_permille: clear_below_permille?,
            floor,
            needs_success,
            window,
        }))
    }

    fn whole(&mut self) -> Option<Matcher> {
        let hint = "say what the whole is: `of = \"calls\"` or `of = { module = \"OCR\" }`";
        let Some(value) = self.keys.value("of") else {
            self.keys.missing("of", hint, self.problems);
            return None;
        };
        match value.get_ref() {
            DeValue::String(word) if *word == "calls" => {
                Some(Matcher { event: EventKind::Call, ..Matcher::default() })
            }
            DeValue::String(word) => {
                let message = format!("`of` cannot be `{}`", word.escape_debug());
                self.problems.add(problem::BAD_VALUE, value.span(), message, hint.to_owned());
                None
            }
            _ => self.matcher("of", value),
        }
    }

    fn share(&mut self, value: &Spanned<DeValue<'_>>, at_most: u32) -> Option<u32> {
        let text = match value.get_ref() {
            DeValue::String(text) => Some(text.trim()),
            DeValue::Float(float) => Some(float.as_str()),
            _ => None,
        };
        let read = text.and_then(|text| phrase::permille(text, true));
        let share = read.filter(|share| *share <= at_most);
        if share.is_none() {
            let message = "`clear_below` must be a share up to that of the condition".to_owned();
            let hint = "write it as in `clear_below = \"20%\"`".to_owned();
            self.problems.add(problem::BAD_VALUE, value.span(), message, hint);
        }
        share
    }

    fn sequence(&mut self) -> Option<Condition> {
        let then = if let Some(value) = self.keys.value("then") {
            self.matcher("then", value)
        } else {
            let hint = "say what follows, such as `then = { code = \"ModelArts.4402\" }`";
            self.keys.missing("then", hint, self.problems);
            None
        };
        let within = self.span("within", WINDOW)?;
        if within.is_none() {
            let hint = "say how soon it must follow, such as `within = \"5m\"`";
            self.keys.missing("within", hint, self.problems);
        }
        Some(Condition::Sequence(Sequence { then: then?, within: within? }))
    }
}

/// A length of time within bounds.
pub(crate) fn span_in(
    keys: &Keys<'_, '_>,
    key: &str,
    range: RangeInclusive<i64>,
    problems: &mut Problems<'_>,
) -> Option<Span> {
    let read = keys.length(key, problems)?;
    if range.contains(read.get_ref()) {
        return Some(Span(read.into_inner()));
    }
    let message = format!(
        "`{key}` must be from {} to {}",
        length::in_one_unit(*range.start()),
        length::in_one_unit(*range.end())
    );
    let hint = "lengths are written as `30s`, `5m`, `2h` or `1d`".to_owned();
    problems.add(problems.names().bad_value, read.span(), message, hint);
    None
}

/// Whether the condition is true of a moment: its alert would end as soon as it begins.
pub(super) fn is_of_a_moment(condition: &Condition) -> bool {
    matches!(condition, Condition::Consecutive(_) | Condition::New(_) | Condition::Sequence(_))
}

/// The label whose values a condition counts.
pub(super) fn counted_label(condition: &Condition) -> Option<&LabelName> {
    match condition {
        Condition::Distinct(name, _) => Some(name),
        _ => None,
    }
}
