//! What a rule becomes where only counters are known: an expression, and what it cannot say.
//!
//! Owns which conditions can be said, and what is different then. Must never know how a file of
//! rules looks. A rule that cannot be said gives the reason.

use super::promql::{ERRORS, any_of, duration, matcher, quoted, selector};
use crate::catalogue::Catalogue;
use crate::engine::{
    Condition, Consecutive, EventKind, LabelName, Matcher, Ratio, Rule, Span, Spike, Threshold,
    Window,
};

/// A shorter window holds too few samples, a longer one more than Prometheus looks at cheaply.
const WINDOW_MIN: Span = Span(60_000);
const WINDOW_MAX: Span = Span(86_400_000);

/// In so long a row of failures is counted, if the rule tells no lock.
const ROW_WINDOW: Span = Span(5 * 60_000);

/// A rule in PromQL.
#[derive(Debug)]
pub(super) struct Mirror {
    /// True of each group that alerts; its value is the number of errors.
    pub(super) expr: String,
    /// How far it looks back.
    pub(super) window: Span,
    /// The labels of a group.
    pub(super) group: Vec<LabelName>,
    /// The errors that are counted, for a question about one group: their matchers.
    pub(super) matchers: Vec<String>,
    /// Where it says something else than the rule.
    pub(super) differences: Vec<String>,
}

/// What errors rose by in a window: the name of a recording rule.
pub(super) fn recorded(window: Span) -> String {
    format!("ocrwatch:errors:increase{}", duration(window))
}

/// The rule in PromQL, else why it cannot be.
pub(super) fn mirror(rule: &Rule, catalogue: &Catalogue) -> Result<Mirror, String> {
    let matchers = matchers(&rule.matcher, catalogue)?;
    let (group, absent): (Vec<_>, Vec<_>) = rule.group_by.iter().cloned().partition(is_counted_by);
    let mut differences = Vec::new();
    if !absent.is_empty() {
        let names = names(&absent);
        differences.push(format!("counters have no {names}: one alert is for all of them"));
    }
    if rule.matcher.known == Some(false) {
        differences.push("`other` stands for codes that the counters had no room for".to_owned());
    }
    let counted = Counted { matchers: &matchers, group: &group };
    let (expr, window) = match &rule.condition {
        Condition::Count(threshold) => {
            let window = of_threshold(*threshold, &mut differences)?;
            (format!("{} >= {}", counted.sum(window), threshold.at_least), window)
        }
        Condition::Distinct(label, threshold) => {
            let window = of_threshold(*threshold, &mut differences)?;
            (counted.distinct(label, *threshold)?, window)
        }
        Condition::Consecutive(row) => {
            let window = of_row(row, rule.lock, &mut differences)?;
            (format!("{} > {}", counted.sum(window), row.more_than), window)
        }
        Condition::Ratio(ratio) => {
            within_bounds(ratio.window)?;
            (counted.ratio(ratio, catalogue, &mut differences)?, ratio.window)
        }
        Condition::Spike(spike) => {
            within_bounds(spike.window)?;
            (counted.spike(spike), spike.window)
        }
        Condition::New(_) => {
            let why = "what is new shows in a memory of weeks; counters begin at zero with each \
                       process";
            return Err(why.to_owned());
        }
        Condition::Absent(_) => {
            let why = "counters rise by what is read: of a silent log and of one that is gone \
                       nothing rises, nor of what never was";
            return Err(why.to_owned());
        }
        Condition::Sequence(_) => {
            return Err("counters do not tell what came first".to_owned());
        }
    };
    Ok(Mirror { expr, window, group, matchers, differences })
}

/// Whether errors are counted for each of its values.
fn is_counted_by(name: &LabelName) -> bool {
    matches!(
        name,
        LabelName::Module
            | LabelName::Code
            | LabelName::Cause
            | LabelName::Credential
            | LabelName::Source
            | LabelName::Service
    )
}

fn names(labels: &[LabelName]) -> String {
    let names: Vec<_> = labels.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// Which errors are meant.
fn matchers(matched: &Matcher, catalogue: &Catalogue) -> Result<Vec<String>, String> {
    let Matcher { event, labels, not, message, known } = matched;
    match event {
        EventKind::Error => {}
        EventKind::Success | EventKind::Call => {
            return Err("calls that succeed are not counted, only errors are".to_owned());
        }
        EventKind::Line => return Err("lines are no errors, which alone are counted".to_owned()),
    }
    if message.is_some() {
        return Err("counters do not know messages".to_owned());
    }
    let mut found = Vec::new();
    for (patterns, is_not) in [(labels, false), (not, true)] {
        for (name, patterns) in patterns {
            if !is_counted_by(name) {
                return Err(format!("counters have no label `{name}`"));
            }
            found.push(matcher(name.as_str(), patterns, is_not));
        }
    }
    if let Some(known) = known {
        let sign = if *known { "=~" } else { "!~" };
        found.push(format!(
            "code{sign}{}",
            quoted(&any_of(catalogue.entries().map(|entry| &*entry.code)))
        ));
    }
    Ok(found)
}

fn within_bounds(window: Span) -> Result<(), String> {
    let words = duration(window);
    if window < WINDOW_MIN {
        return Err(format!("{words} are too short for counters that are asked now and then"));
    }
    if window > WINDOW_MAX {
        return Err(format!("{words} are longer than counters are looked back at"));
    }
    Ok(())
}

fn of_threshold(threshold: Threshold, differences: &mut Vec<String>) -> Result<Span, String> {
    let Threshold { at_least, clear_below, window: Window { span, aligned } } = threshold;
    within_bounds(span)?;
    if aligned {
        differences.push("the window slides, it is none of the calendar".to_owned());
    }
    if clear_below != at_least {
        differences.push(format!("it ends below {at_least}, not below {clear_below}"));
    }
    Ok(span)
}

/// In which window a row is counted.
fn of_row(
    row: &Consecutive,
    lock: Option<Span>,
    differences: &mut Vec<String>,
) -> Result<Span, String> {
    let window = lock.unwrap_or(ROW_WINDOW).min(row.gap);
    within_bounds(window)?;
    let words = duration(window);
    differences.push(format!(
        "so many within {words} are taken for a row: counters do not tell what succeeded between"
    ));
    Ok(window)
}

/// The errors that a rule counts.
struct Counted<'r> {
    matchers: &'r [String],
    group: &'r [LabelName],
}

impl Counted<'_> {
    /// `sum by (credential) `, `sum `.
    fn by(&self, what: &str, further: Option<&LabelName>) -> String {
        let labels: Vec<_> = self.group.iter().chain(further).map(LabelName::as_str).collect();
        if labels.is_empty() {
            format!("{what} ")
        } else {
            format!("{what} by ({}) ", labels.join(", "))
        }
    }

    fn sum_of(&self, matchers: &[String], window: Span) -> String {
        format!("{}({})", self.by("sum", None), selector(&recorded(window), matchers))
    }

    fn sum(&self, window: Span) -> String {
        self.sum_of(self.matchers, window)
    }

    fn distinct(&self, label: &LabelName, threshold: Threshold) -> Result<String, String> {
        if !is_counted_by(label) {
            return Err(format!("counters have no label `{label}`"));
        }
        let window = threshold.window.span;
        let values = self.by("count", Some(label));
        let recorded = selector(&recorded(window), self.matchers);
        let values = format!("{}({values}({recorded}))", self.by("count", None));
        Ok(format!("{}\nand\n{values} >= {}", self.sum(window), threshold.at_least))
    }

    fn ratio(
        &self,
        ratio: &Ratio,
        catalogue: &Catalogue,
        differences: &mut Vec<String>,
    ) -> Result<String, String> {
        let of = matchers(&ratio.of, catalogue)?;
        if ratio.clear_below_permille != ratio.at_least_permille {
            differences.push("it ends where it begins, at the same share".to_owned());
        }
        let (part, whole) = (self.sum(ratio.window), self.sum_of(&of, ratio.window));
        let share = thousandths(ratio.at_least_permille);
        Ok(format!("{part} >= {share} * {whole}\nand\n{whole} >= {}", ratio.floor))
    }

    /// Where nothing came before, the floor alone decides.
    fn spike(&self, spike: &Spike) -> String {
        let now = self.sum(spike.window);
        let before = duration(Span(spike.window.0.saturating_mul(i64::from(spike.baseline))));
        let counter = selector(ERRORS, self.matchers);
        let window = duration(spike.window);
        let before = format!("increase({counter}[{before}] offset {window})");
        let is_told = !self.group.contains(&LabelName::Credential);
        let before = if is_told { before } else { whose(&before) };
        let before = format!("{}({before})", self.by("sum", None));
        let factor = thousandths(spike.factor_permille);
        format!(
            "{now} >= {}\nunless\n{now} < {factor} * {before} / {}",
            spike.floor, spike.baseline
        )
    }
}

fn thousandths(number: u32) -> String {
    format!("{}", f64::from(number) / 1000.0)
}

/// The source stands in for a credential that nothing tells, as it does in ocrwatch's own alerts.
pub(super) fn whose(errors: &str) -> String {
    format!(
        "sum without (whose) (label_replace(label_join(\n{errors}\n, \"whose\", \";\", \"credential\", \
         \"source\"), \"credential\", \"$1\", \"whose\", \";(.+)\"))"
    )
}
