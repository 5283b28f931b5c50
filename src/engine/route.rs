//! Which groups of which rules an event belongs to.
//!
//! Events that look alike in everything a rule can ask belong to the same groups; that is worked
//! out once for each look and remembered. Owns what looks alike. Must never look at times. Nothing
//! here fails.

use std::collections::HashMap;
use std::sync::Arc;

use super::event::{Event, What};
use super::evidence::AFFECTED_BY;
use super::groups::Slot;
use super::label::{GroupKey, LabelName};
use super::rule::{Condition, Rule};
use super::window::Role;
use crate::catalogue::Catalogue;

/// Where events of one look go.
#[derive(Debug, Default)]
pub(super) struct Route {
    pub(super) steps: Vec<Step>,
    /// The values that tell who is affected.
    pub(super) labels: Box<[(LabelName, Arc<str>)]>,
}

/// One rule that an event matters to.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) rule: usize,
    pub(super) role: Role,
    pub(super) key: GroupKey,
    /// Where the group stood when it was last looked for.
    pub(super) slot: Option<Slot>,
}

/// The routes found so far.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// Where the route of a look stands.
    known: HashMap<Box<str>, usize>,
    found: Vec<Route>,
    look: String,
}

impl Routes {
    /// The route of an event. When more than `routes_max` are known all are forgotten: they are
    /// found again, and only time is lost.
    pub(super) fn of(
        &mut self,
        event: &Event<'_>,
        rules: &[Rule],
        catalogue: &Catalogue,
        routes_max: usize,
    ) -> &mut Route {
        self.write_look(event, rules);
        let place = self.known.get(self.look.as_str()).copied().unwrap_or_else(|| {
            if self.known.len() >= routes_max {
                self.known.clear();
                self.found.clear();
            }
            self.known.insert(self.look.as_str().into(), self.found.len());
            self.found.push(route(event, rules, catalogue));
            self.found.len() - 1
        });
        &mut self.found[place]
    }

    /// Writes down everything that a matcher or a group key can depend on.
    fn write_look(&mut self, event: &Event<'_>, rules: &[Rule]) {
        const END: char = '\u{1f}';
        let look = &mut self.look;
        look.clear();
        let mut put = |text: Option<&str>| {
            if let Some(text) = text {
                look.push_str(text);
            } else {
                look.push('\u{1e}');
            }
            look.push(END);
        };
        put(Some(match event.what {
            What::Error(_) => "e",
            What::Success(_) => "s",
            What::Line => "l",
        }));
        let source = event.source;
        put(Some(&source.name));
        put(source.service.as_deref());
        put(source.credential.as_deref());
        for (name, value) in &source.labels {
            put(Some(name));
            put(Some(value));
        }
        if !matches!(event.what, What::Line) {
            for (_, name) in LabelName::KNOWN.iter().take(7) {
                put(event.label(name));
            }
            put(event.label(&LabelName::Host));
        }
        if let Some(message) = event.message() {
            for found in messages(rules).map(|regex| regex.is_match(message)) {
                look.push(if found { '1' } else { '0' });
            }
        }
    }
}

/// Every message pattern of the rules, in order.
fn messages(rules: &[Rule]) -> impl Iterator<Item = &regex::Regex> {
    rules.iter().flat_map(|rule| {
        let further = match &rule.condition {
            Condition::Consecutive(row) => row.reset.as_slice(),
            Condition::Ratio(ratio) => std::slice::from_ref(&ratio.of),
            Condition::Sequence(sequence) => std::slice::from_ref(&sequence.then),
            _ => &[],
        };
        std::iter::once(&rule.matcher).chain(further).filter_map(|it| it.message.as_ref())
    })
}

fn route(event: &Event<'_>, rules: &[Rule], catalogue: &Catalogue) -> Route {
    let known = event.label(&LabelName::Code).is_some_and(|code| catalogue.entry(code).is_some());
    let mut steps: Vec<Step> = Vec::new();
    let mut values: Vec<(&LabelName, Option<Arc<str>>)> = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        for role in roles(event, rule, known) {
            // Rules that group by the same share the key.
            let same = steps.iter().find(|step| rules[step.rule].group_by == rule.group_by);
            let key = match same {
                Some(step) => Arc::clone(&step.key),
                None => {
                    rule.group_by.iter().map(|name| value_of(event, name, &mut values)).collect()
                }
            };
            steps.push(Step { rule: index, role, key, slot: None });
        }
    }
    let labels =
        AFFECTED_BY.iter().filter_map(|name| Some((name.clone(), Arc::from(event.label(name)?))));
    Route { steps, labels: labels.collect() }
}

/// A label's value, made once.
fn value_of<'r>(
    event: &Event<'_>,
    name: &'r LabelName,
    values: &mut Vec<(&'r LabelName, Option<Arc<str>>)>,
) -> Option<Arc<str>> {
    if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
        return value.clone();
    }
    let value: Option<Arc<str>> = event.label(name).map(Arc::from);
    values.push((name, value.clone()));
    value
}

/// What an event is to a rule; of a sequence it can be both.
fn roles(event: &Event<'_>, rule: &Rule, known: bool) -> impl Iterator<Item = Role> {
    let matched = rule.matcher.fits(event, known);
    let success = matches!(event.what, What::Success(_));
    let (first, second) = match &rule.condition {
        Condition::Consecutive(row) => {
            // A success ends rows whatever the rule names beside it; another event only of those
            // whose access key the log shows.
            let named = row.reset.iter().any(|matcher| matcher.fits(event, known));
            let resets = success || (named && event.shows_access_key());
            (matched.then_some(Role::Matched), (resets && !matched).then_some(Role::Reset))
        }
        Condition::Ratio(ratio) => match (matched, ratio.of.fits(event, known)) {
            (true, true) => (Some(Role::MatchedAndWhole { success }), None),
            (true, false) => (Some(Role::Matched), None),
            (false, true) => (Some(Role::Whole { success }), None),
            (false, false) => (None, None),
        },
        Condition::Sequence(sequence) => {
            let then = sequence.then.fits(event, known);
            (matched.then_some(Role::First), then.then_some(Role::Then))
        }
        _ => (matched.then_some(Role::Matched), None),
    };
    first.into_iter().chain(second)
}
