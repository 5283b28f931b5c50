//! Which groups of which rules an event belongs to.
//!
//! Events that look alike in everything a rule can ask belong to the same groups; that is worked
//! out once for each look and remembered. Owns what looks alike. Must never look at times. Nothing
//! here fails.

use std::collections::HashMap;
use std::sync::Arc;

use regex::Regex;

use super::candidates::Candidates;
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
    /// What the message has to be asked before the look is whole; the steps are another route's
    /// then.
    asked: Vec<Regex>,
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

/// What routes follow from.
#[derive(Clone, Copy)]
pub(super) struct Map<'r> {
    pub(super) rules: &'r [Rule],
    pub(super) candidates: &'r Candidates,
    pub(super) catalogue: &'r Catalogue,
    /// Looks that are remembered.
    pub(super) routes_max: usize,
}

/// The routes found so far.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// Where the route of a look stands.
    known: HashMap<Box<[u8]>, usize>,
    found: Vec<Route>,
    look: Vec<u8>,
}

/// Ends a text of a look, or stands for one that is absent: no byte of UTF-8 is either.
const END: u8 = 0xff;
const ABSENT: u8 = 0xfe;

impl Routes {
    /// The route of an event. When more than `routes_max` are known all are forgotten: they are
    /// found again, and only time is lost.
    pub(super) fn of(&mut self, event: &Event<'_>, map: Map<'_>) -> &mut Route {
        self.write_look(event);
        let mut place = self.place(map, || {
            let candidates = map.candidates.of(event);
            let asked = asked(event, map, &candidates);
            let is_whole = asked.is_empty();
            if is_whole {
                route(event, map, &candidates)
            } else {
                Route { asked, ..Route::default() }
            }
        });
        if !self.found[place].asked.is_empty() {
            let message = event.message();
            let answer = |asked: &Regex| message.is_some_and(|message| asked.is_match(message));
            self.look.extend(self.found[place].asked.iter().map(|asked| u8::from(answer(asked))));
            place = self.place(map, || route(event, map, &map.candidates.of(event)));
        }
        &mut self.found[place]
    }

    /// Where the route of the look stands, once it is made.
    fn place(&mut self, map: Map<'_>, make: impl FnOnce() -> Route) -> usize {
        if let Some(place) = self.known.get(self.look.as_slice()) {
            return *place;
        }
        if self.known.len() >= map.routes_max {
            self.known.clear();
            self.found.clear();
        }
        self.known.insert(self.look.as_slice().into(), self.found.len());
        self.found.push(make());
        self.found.len() - 1
    }

    /// Writes down everything that a matcher or a group key can depend on, but for the message.
    fn write_look(&mut self, event: &Event<'_>) {
        let look = &mut self.look;
        look.clear();
        let mut put = |text: Option<&str>| {
            match text {
                Some(text) => look.extend_from_slice(text.as_bytes()),
                None => look.push(ABSENT),
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
    }
}

/// The patterns whose answer decides where the event goes: those of matchers that it fits in
/// everything else.
fn asked(event: &Event<'_>, map: Map<'_>, candidates: &[usize]) -> Vec<Regex> {
    let known = is_known(event, map.catalogue);
    let matchers = candidates.iter().flat_map(|rule| map.rules[*rule].matchers());
    let asking = matchers.filter_map(|matcher| Some((matcher, matcher.message.as_ref()?)));
    let decisive = asking.filter(|(matcher, _)| matcher.fits_but_for_message(event, known));
    decisive.map(|(_, message)| message.clone()).collect()
}

fn is_known(event: &Event<'_>, catalogue: &Catalogue) -> bool {
    event.label(&LabelName::Code).is_some_and(|code| catalogue.entry(code).is_some())
}

/// The route of an event, of rules that can be about it.
pub(super) fn route(event: &Event<'_>, map: Map<'_>, candidates: &[usize]) -> Route {
    let rules = map.rules;
    let known = is_known(event, map.catalogue);
    let mut steps: Vec<Step> = Vec::new();
    let mut values: Vec<(&LabelName, Option<Arc<str>>)> = Vec::new();
    for &index in candidates {
        let rule = &rules[index];
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
    // What matters to no rule is evidence of nothing.
    let affected: &[LabelName] = if steps.is_empty() { &[] } else { &AFFECTED_BY };
    let labels = affected
        .iter()
        .filter_map(|name| Some((name.clone(), value_of(event, name, &mut values)?)));
    let labels = labels.collect();
    Route { steps, labels, asked: Vec::new() }
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
    let value = event.shared_label(name);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Source;

    #[test]
    fn looks_are_remembered_up_to_their_number() {
        let rules: [Rule; 0] = [];
        let (candidates, catalogue) = (Candidates::new(&rules), Catalogue::embedded());
        let map =
            Map { rules: &rules, candidates: &candidates, catalogue: &catalogue, routes_max: 2 };
        let mut routes = Routes::default();
        let mut known = Vec::new();
        for name in ["a", "b", "a", "c", "c", "a", "b"] {
            let source = Source::named(name);
            routes.of(&Event { source: &source, at: None, what: What::Line }, map);
            known.push((routes.known.len(), routes.found.len()));
        }
        assert_eq!(known, [(1, 1), (2, 2), (2, 2), (1, 1), (1, 1), (2, 2), (1, 1)]);
    }
}
