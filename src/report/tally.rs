//! Counters that cannot grow without end.
//!
//! Owns the limits on how many values and how much text the fold keeps. Must never know which field
//! of an occurrence it counts. Nothing here fails: what finds no room is counted as left out.

use std::collections::VecDeque;

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

/// How many bytes of text the fold may still keep.
#[derive(Debug)]
pub(super) struct TextBudget {
    room_bytes: usize,
    text_bytes_max: usize,
}

impl TextBudget {
    /// Room for `room_bytes` in all, in texts of at most `text_bytes_max`.
    pub(super) fn new(room_bytes: usize, text_bytes_max: usize) -> Self {
        Self { room_bytes, text_bytes_max }
    }

    /// The text as it would be kept: a longer one loses its end.
    pub(super) fn cut<'t>(&self, text: &'t str) -> &'t str {
        cut(text, self.text_bytes_max)
    }

    /// The text, kept, unless there is no room for it.
    pub(super) fn keep(&mut self, text: &str) -> Option<Box<str>> {
        let text = self.cut(text);
        self.take(text.len())?;
        Some(text.into())
    }

    /// As [`keep`](Self::keep), for a text with a limit of its own.
    pub(super) fn keep_up_to(&mut self, text: &str, bytes_max: usize) -> Option<Box<str>> {
        let text = cut(text, bytes_max);
        self.take(text.len())?;
        Some(text.into())
    }

    /// Gives back what a dropped text took.
    pub(super) fn give_back(&mut self, text: &str) {
        self.room_bytes += text.len() + Self::OVERHEAD_BYTES;
    }

    /// What a kept text costs beside its bytes: its entry and its allocation.
    const OVERHEAD_BYTES: usize = 48;

    fn take(&mut self, bytes: usize) -> Option<()> {
        self.room_bytes = self.room_bytes.checked_sub(bytes + Self::OVERHEAD_BYTES)?;
        Some(())
    }
}

fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

/// How often each value was seen, for the first values up to a limit.
#[derive(Debug)]
pub(super) struct Tally {
    values: Vec<(Box<str>, u64)>,
    values_max: usize,
    left_out: u64,
}

impl Tally {
    pub(super) fn new(values_max: usize) -> Self {
        Self { values: Vec::new(), values_max, left_out: 0 }
    }

    /// Counts a value `weight` times; a weight of 0 only notes that it exists.
    pub(super) fn add(&mut self, value: &str, weight: u64, budget: &mut TextBudget) {
        let value = budget.cut(value);
        if let Some((_, count)) = self.values.iter_mut().find(|(known, _)| **known == *value) {
            *count += weight;
            return;
        }
        let kept = if self.values.len() < self.values_max { budget.keep(value) } else { None };
        match kept {
            Some(value) => self.values.push((value, weight)),
            None => self.left_out += weight,
        }
    }

    /// The values, the most frequent first.
    pub(super) fn finish(mut self) -> Values {
        self.values.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
        let values = self.values.into_iter().map(|(value, count)| Value { value, count }).collect();
        Values { values, left_out: self.left_out }
    }
}

/// The values that one field had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Values {
    /// The values, the most frequent first.
    pub values: Vec<Value>,
    /// How many occurrences had a value that is not listed, because the list was full.
    pub left_out: u64,
}

impl Values {
    /// Whether the field was never seen.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.left_out == 0
    }
}

/// One value of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Value {
    /// The value.
    pub value: Box<str>,
    /// How many occurrences had it; 0 if only repeats of them did.
    pub count: u64,
}

/// The first request id and the latest ones.
#[derive(Debug)]
pub(super) struct RequestIds {
    first: Option<Seen>,
    /// The latest others, in order.
    recent: VecDeque<Seen>,
    recent_max: usize,
    seen: u64,
    left_out: u64,
}

#[derive(Debug)]
struct Seen {
    // Undated ids sort before dated ones, so that they make room first.
    at: Option<DateTime<FixedOffset>>,
    number: u64,
    id: Box<str>,
}

impl Seen {
    fn is(&self, id: &str) -> bool {
        // Ids are of one length and differ everywhere: one byte tells most apart.
        self.id.as_bytes().last() == id.as_bytes().last() && *self.id == *id
    }
}

impl RequestIds {
    pub(super) fn new(recent_max: usize) -> Self {
        Self { first: None, recent: VecDeque::new(), recent_max, seen: 0, left_out: 0 }
    }

    /// Notes an id. One that is already kept is not noted twice.
    pub(super) fn add(
        &mut self,
        id: &str,
        at: Option<DateTime<FixedOffset>>,
        budget: &mut TextBudget,
    ) {
        let id = budget.cut(id);
        if self.first.iter().chain(&self.recent).any(|kept| kept.is(id)) {
            return;
        }
        let Some(id) = budget.keep(id) else {
            self.left_out += 1;
            return;
        };
        self.seen += 1;
        let new = Seen { at, number: self.seen, id };
        let Some(first) = &mut self.first else {
            self.first = Some(new);
            return;
        };
        let earlier = match (new.at, first.at) {
            (Some(new), Some(first)) => new < first,
            (Some(_), None) => true,
            (None, _) => false,
        };
        let other = if earlier { std::mem::replace(first, new) } else { new };
        let is_later = |seen: &&Seen| (seen.at, seen.number) > (other.at, other.number);
        let later = self.recent.iter().rev().take_while(is_later).count();
        self.recent.insert(self.recent.len() - later, other);
        if self.recent.len() > self.recent_max
            && let Some(dropped) = self.recent.pop_front()
        {
            budget.give_back(&dropped.id);
            self.left_out += 1;
        }
    }

    pub(super) fn finish(self) -> RequestIdsSeen {
        RequestIdsSeen {
            first: self.first.map(|seen| seen.id),
            recent: self.recent.into_iter().rev().map(|seen| seen.id).collect(),
            left_out: self.left_out,
        }
    }
}

/// The request ids of a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestIdsSeen {
    /// The earliest one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Box<str>>,
    /// The latest others, the latest first.
    pub recent: Vec<Box<str>>,
    /// How many in between are not listed. An id that comes back later counts again.
    pub left_out: u64,
}

impl RequestIdsSeen {
    /// All that are kept: the first, then the others in the order of time.
    pub fn in_order(&self) -> impl Iterator<Item = &str> {
        self.first.iter().chain(self.recent.iter().rev()).map(AsRef::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget() -> TextBudget {
        TextBudget::new(10_000, 16)
    }

    fn at(second: i64) -> Option<DateTime<FixedOffset>> {
        DateTime::from_timestamp(second, 0).map(|at| at.fixed_offset())
    }

    #[test]
    fn a_full_tally_counts_on_and_says_what_it_left_out() {
        let (mut tally, mut budget) = (Tally::new(2), budget());
        for value in ["a", "b", "b", "c", "b", "d"] {
            tally.add(value, 1, &mut budget);
        }
        tally.add("a", 0, &mut budget);
        let Values { values, left_out } = tally.finish();
        let values: Vec<_> = values.iter().map(|v| (&*v.value, v.count)).collect();
        assert_eq!((values, left_out), (vec![("b", 3), ("a", 1)], 2));
    }

    #[test]
    fn no_more_text_is_kept_than_the_budget_allows() {
        let (mut tally, mut budget) = (Tally::new(100), TextBudget::new(130, 16));
        for value in ["a value longer than sixteen bytes", "a value longer than that", "b", "c"] {
            tally.add(value, 1, &mut budget);
        }
        let Values { values, left_out } = tally.finish();
        let values: Vec<_> = values.iter().map(|v| (&*v.value, v.count)).collect();
        assert_eq!((values, left_out), (vec![("a value longer t", 2), ("b", 1)], 1));
    }

    #[test]
    fn the_first_and_the_latest_ids_stay_whatever_the_order_of_the_input() {
        let (mut ids, mut budget) = (RequestIds::new(2), budget());
        for (id, second) in [("c", 30), ("d", 40), ("a", 10), ("d", 40), ("b", 20), ("e", 50)] {
            ids.add(id, at(second), &mut budget);
        }
        let ids = ids.finish();
        assert_eq!(ids.in_order().collect::<Vec<_>>(), ["a", "d", "e"]);
        assert_eq!((&*ids.recent[0], ids.left_out), ("e", 2));
    }

    #[test]
    fn ids_without_time_keep_the_order_of_the_input() {
        let (mut ids, mut budget) = (RequestIds::new(2), budget());
        for id in ["a", "b", "c", "d"] {
            ids.add(id, None, &mut budget);
        }
        assert_eq!(ids.finish().in_order().collect::<Vec<_>>(), ["a", "c", "d"]);
    }
}
