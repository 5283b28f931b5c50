//! The sentence of a condition: `count >= 5`, `ratio >= 30%`, `rate > 2/s`.
//!
//! Owns its grammar and the bounds of its numbers. Must not know the keys that stand beside it.
//! Fails with what is wrong and what to write instead.

use crate::engine::LabelName;
use crate::length;
use crate::toml_file::{did_you_mean, listed};

/// The greatest number of events, values or failures that a condition can ask for: what is kept of
/// a group grows with it.
pub(super) const NUMBER_MAX: i64 = 10_000;

/// The greatest factor of a spike.
const FACTOR_MAX: i64 = 1_000;

/// What begins a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Count,
    Consecutive,
    Rate,
    Ratio,
    Spike,
    New,
    Absent,
    Distinct,
    Sequence,
}

impl Kind {
    pub(super) const ALL: [Self; 9] = [
        Self::Count,
        Self::Consecutive,
        Self::Rate,
        Self::Ratio,
        Self::Spike,
        Self::New,
        Self::Absent,
        Self::Distinct,
        Self::Sequence,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Consecutive => "consecutive",
            Self::Rate => "rate",
            Self::Ratio => "ratio",
            Self::Spike => "spike",
            Self::New => "new",
            Self::Absent => "absent",
            Self::Distinct => "distinct",
            Self::Sequence => "sequence",
        }
    }

    const fn example(self) -> &'static str {
        match self {
            Self::Count => "count >= 5",
            Self::Consecutive => "consecutive > 5",
            Self::Rate => "rate >= 10 per 1m",
            Self::Ratio => "ratio >= 30%",
            Self::Spike => "spike >= 3x",
            Self::New => "new",
            Self::Absent => "absent",
            Self::Distinct => "distinct host >= 3",
            Self::Sequence => "sequence",
        }
    }
}

/// What a condition says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phrase {
    /// At least so many.
    Count(u32),
    /// More than so many.
    Consecutive(u32),
    /// At least so many in a window.
    Rate(Rate),
    /// At least such a share, in thousandths.
    Ratio(u32),
    /// At least so many times, in thousandths.
    Spike(u32),
    New,
    Absent,
    /// At least so many values.
    Distinct(LabelName, u32),
    Sequence,
}

impl Phrase {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Count(_) => Kind::Count,
            Self::Consecutive(_) => Kind::Consecutive,
            Self::Rate(_) => Kind::Rate,
            Self::Ratio(_) => Kind::Ratio,
            Self::Spike(_) => Kind::Spike,
            Self::New => Kind::New,
            Self::Absent => Kind::Absent,
            Self::Distinct(..) => Kind::Distinct,
            Self::Sequence => Kind::Sequence,
        }
    }
}

/// So many per length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    thousandths: i64,
    per_ms: i64,
    or_equal: bool,
}

impl Rate {
    /// The smallest number of events in a window that is such a rate.
    pub(super) fn in_window(self, window_ms: i64) -> i64 {
        let events = i128::from(self.thousandths) * i128::from(window_ms);
        let whole = 1000 * i128::from(self.per_ms);
        let at_least =
            if self.or_equal { (events + whole - 1) / whole } else { events / whole + 1 };
        i64::try_from(at_least).unwrap_or(i64::MAX)
    }
}

/// What is wrong with a condition, and what to write instead.
pub(super) type Wrong = (String, String);

/// Reads a condition.
pub(super) fn parse(text: &str) -> Result<Phrase, Wrong> {
    let (word, rest) = split_word(text);
    let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.name() == word) else {
        let names = Kind::ALL.map(Kind::name);
        let hint = did_you_mean(word, names)
            .unwrap_or_else(|| format!("a condition begins with {}", listed(&names)));
        return Err((format!("unknown condition `{text}`"), hint));
    };
    let phrase = match kind {
        Kind::New | Kind::Absent | Kind::Sequence if !rest.is_empty() => {
            let message = format!("`{}` takes nothing behind it, this is `{rest}`", kind.name());
            return Err((message, format!("write `condition = \"{}\"`", kind.name())));
        }
        Kind::New => Phrase::New,
        Kind::Absent => Phrase::Absent,
        Kind::Sequence => Phrase::Sequence,
        Kind::Count => Phrase::Count(at_least(kind, rest)?),
        Kind::Consecutive => Phrase::Consecutive(at_least(kind, rest)? - 1),
        Kind::Rate => rate(rest)?,
        Kind::Ratio => {
            let (or_equal, share) = compared(kind, rest)?;
            Phrase::Ratio(permille(share, or_equal).ok_or_else(|| bad_share(rest))?)
        }
        Kind::Spike => {
            let (or_equal, factor) = compared(kind, rest)?;
            let read = thousandths(factor.strip_suffix('x').unwrap_or(factor).trim_end());
            let read = read.map(|factor| factor + i64::from(!or_equal));
            let read = read.filter(|factor| (1_001..=FACTOR_MAX * 1000).contains(factor));
            let Some(factor) = read.and_then(|factor| u32::try_from(factor).ok()) else {
                let message = format!("`{factor}` is no factor above 1 and up to {FACTOR_MAX}");
                return Err((message, "write `spike >= 3x`: three times as many".to_owned()));
            };
            Phrase::Spike(factor)
        }
        Kind::Distinct => {
            let (label, rest) = split_word(rest);
            let name = label.parse().map_err(|message| (message, example(kind)))?;
            Phrase::Distinct(name, at_least(kind, rest)?)
        }
    };
    Ok(phrase)
}

/// A share such as `30%`, `0.3` or `1`, in thousandths: the smallest that is as great, or greater.
pub(super) fn permille(text: &str, or_equal: bool) -> Option<u32> {
    let share = match text.strip_suffix('%') {
        // A tenth of a percent is as fine as it gets.
        Some(percent) => {
            let read = thousandths(percent.trim_end())?;
            (read % 100 == 0).then_some(read / 100)?
        }
        None => thousandths(text)?,
    };
    let share = share + i64::from(!or_equal);
    u32::try_from(share).ok().filter(|share| (1..=1000).contains(share))
}

fn bad_share(text: &str) -> Wrong {
    let message = format!("`{text}` is no share above 0% and up to 100%, to a tenth of a percent");
    (message, "write `ratio >= 30%` or `ratio >= 0.3`".to_owned())
}

fn rate(rest: &str) -> Result<Phrase, Wrong> {
    let (or_equal, said) = compared(Kind::Rate, rest)?;
    let wrong = || {
        let message = format!("`{said}` is no rate");
        (message, "write `rate >= 10 per 1m`, `rate > 2/s` or `rate >= 100/h`".to_owned())
    };
    let (number, per) =
        said.split_once('/').or_else(|| said.split_once(" per ")).ok_or_else(wrong)?;
    let per = per.trim();
    // `/s` is short for `/1s`.
    let per_ms = length::milliseconds(per).or_else(|| length::milliseconds(&format!("1{per}")));
    let per_ms = per_ms.filter(|per_ms| (1..=31 * 86_400_000).contains(per_ms));
    let thousandths = thousandths(number.trim_end()).filter(|number| *number > 0);
    match (thousandths, per_ms) {
        (Some(thousandths), Some(per_ms)) => {
            Ok(Phrase::Rate(Rate { thousandths, per_ms, or_equal }))
        }
        _ => Err(wrong()),
    }
}

/// The number behind `>=`, or the next one behind `>`.
fn at_least(kind: Kind, rest: &str) -> Result<u32, Wrong> {
    let (or_equal, number) = compared(kind, rest)?;
    let read = whole(number).map(|number| number.saturating_add(i64::from(!or_equal)));
    let number = read.filter(|number| (1..=NUMBER_MAX).contains(number));
    number.and_then(|number| u32::try_from(number).ok()).ok_or_else(|| {
        let message = match read {
            Some(_) => format!("a number from 1 to {NUMBER_MAX} must stand in `{}`", kind.name()),
            None => format!("`{number_text}` is no whole number", number_text = rest_of(rest)),
        };
        (message, example(kind))
    })
}

fn rest_of(rest: &str) -> &str {
    rest.trim_start_matches(['>', '=']).trim_start()
}

/// What stands behind `>=` or `>`, and whether it was the first.
fn compared(kind: Kind, rest: &str) -> Result<(bool, &str), Wrong> {
    let (or_equal, behind) = match (rest.strip_prefix(">="), rest.strip_prefix('>')) {
        (Some(behind), _) => (true, behind),
        (None, Some(behind)) => (false, behind),
        (None, None) => {
            let message = format!("`{}` must be compared by `>=` or `>`", kind.name());
            return Err((message, example(kind)));
        }
    };
    Ok((or_equal, behind.trim()))
}

fn example(kind: Kind) -> String {
    format!("write it as in `{}`", kind.example())
}

fn split_word(text: &str) -> (&str, &str) {
    let text = text.trim();
    let of_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = text.find(|c| !of_word(c)).unwrap_or(text.len());
    (&text[..end], text[end..].trim())
}

fn whole(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    // Too many digits for a number are still a number, only a great one.
    digits.then(|| text.parse().unwrap_or(i64::MAX))
}

/// A number with at most three decimals, in thousandths, up to a million.
fn thousandths(text: &str) -> Option<i64> {
    let (before, behind) = text.split_once('.').unwrap_or((text, "0"));
    let decimals = behind.len();
    if !(1..=3).contains(&decimals) {
        return None;
    }
    let scale = [100, 10, 1][decimals - 1];
    let whole_part = whole(before).filter(|number| *number <= 1_000_000)?;
    Some(whole_part * 1000 + whole(behind)? * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = match parse(text) {
            Ok(Phrase::Rate(rate)) => format!("rate: {} in 10m", rate.in_window(600_000)),
            Ok(phrase) => format!("{phrase:?}"),
            Err((message, hint)) => format!("{message}; {hint}"),
        };
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn numbers_are_compared_by_at_least_or_more_than() {
        check("count >= 5", "Count(5)");
        check("count>4", "Count(5)");
        check("consecutive > 5", "Consecutive(5)");
        check("consecutive >= 6", "Consecutive(5)");
        check("distinct host >= 3", "Distinct(Host, 3)");
        check("distinct team > 3", "Distinct(Custom(\"team\"), 4)");
    }

    #[test]
    fn a_rate_is_the_smallest_count_of_a_window_that_reaches_it() {
        check("rate >= 10 per 1m", "rate: 100 in 10m");
        check("rate > 10 per 1m", "rate: 101 in 10m");
        check("rate >= 0.333/s", "rate: 200 in 10m");
        check("rate > 0.333/s", "rate: 200 in 10m");
        check("rate >= 7 per 1h", "rate: 2 in 10m");
        check("rate > 2 / s", "rate: 1201 in 10m");
    }

    #[test]
    fn shares_and_factors_are_counted_in_thousandths() {
        check("ratio >= 30%", "Ratio(300)");
        check("ratio > 0.3", "Ratio(301)");
        check("ratio >= 12.5 %", "Ratio(125)");
        check("ratio >= 100%", "Ratio(1000)");
        check("spike >= 3", "Spike(3000)");
        check("spike >= 2.5x", "Spike(2500)");
    }

    #[test]
    fn what_is_no_condition_is_told_with_what_to_write() {
        check("cont >= 5", "unknown condition `cont >= 5`; did you mean `count`?");
        check(
            "5 times",
            "unknown condition `5 times`; a condition begins with `count`, `consecutive`, `rate`, \
             `ratio`, `spike`, `new`, `absent`, `distinct` and `sequence`",
        );
        check("count 5", "`count` must be compared by `>=` or `>`; write it as in `count >= 5`");
        check("count >= many", "`many` is no whole number; write it as in `count >= 5`");
        let bounds = "a number from 1 to 10000 must stand in `count`; write it as in `count >= 5`";
        check("count >= 0", bounds);
        check("count > 10000", bounds);
        check("count > 99999999999999999999", bounds);
        check("new 5", "`new` takes nothing behind it, this is `5`; write `condition = \"new\"`");
        check(
            "rate >= 5",
            "`5` is no rate; write `rate >= 10 per 1m`, `rate > 2/s` or `rate >= 100/h`",
        );
        let share = "is no share above 0% and up to 100%, to a tenth of a percent; \
                     write `ratio >= 30%` or `ratio >= 0.3`";
        check("ratio > 100%", &format!("`> 100%` {share}"));
        check("ratio >= 0.25%", &format!("`>= 0.25%` {share}"));
        check("ratio >= 0", &format!("`>= 0` {share}"));
        check(
            "spike >= 1",
            "`1` is no factor above 1 and up to 1000; write `spike >= 3x`: three times as many",
        );
        check("distinct >= 3", "`` cannot be a label's name; write it as in `distinct host >= 3`");
    }
}
