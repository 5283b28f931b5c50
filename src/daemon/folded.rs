//! How often the same is said.
//!
//! Owns which of several messages of a kind is written, and that none of the others goes uncounted.
//! Must never know what a message says. Nothing here fails.

use std::collections::BTreeMap;
use std::time::Duration;

/// As long as what is said of a kind counts together.
const INTERVAL: Duration = Duration::from_mins(1);

/// So many kinds are told apart; more are one.
const KINDS_MAX: usize = 1000;

/// What all kinds beyond the limit are together.
const OTHERS: &str = "others";

/// Folds what repeats: the first is written, then as many in each interval, with how many there
/// were that were not.
#[derive(Debug, Default)]
pub(super) struct Folded {
    kinds: BTreeMap<String, Kind>,
}

#[derive(Debug, Default)]
struct Kind {
    since: Duration,
    admitted: u32,
    folded: u64,
}

impl Folded {
    /// Whether one of a kind is to be written now, of which one is in each interval; then how many
    /// were folded before it.
    pub(super) fn admit(&mut self, kind: &str, now: Duration) -> Option<u64> {
        self.admit_up_to(1, kind, now)
    }

    /// The same of a kind of which so many are.
    pub(super) fn admit_up_to(&mut self, most: u32, kind: &str, now: Duration) -> Option<u64> {
        let is_known = self.kinds.contains_key(kind);
        let name = if is_known || self.kinds.len() < KINDS_MAX { kind } else { OTHERS };
        let begun = || Kind { since: now, ..Kind::default() };
        let kind = self.kinds.entry(name.to_owned()).or_insert_with(begun);
        if now >= kind.since + INTERVAL {
            *kind = Kind { folded: kind.folded, ..begun() };
        }
        if kind.admitted < most {
            kind.admitted += 1;
            return Some(std::mem::take(&mut kind.folded));
        }
        kind.folded += 1;
        None
    }

    /// What was folded of kinds of which nothing came since; they begin anew.
    pub(super) fn take_rest(&mut self, now: Duration) -> Vec<(String, u64)> {
        let old = self.kinds.extract_if(.., |_, kind| now >= kind.since + INTERVAL);
        old.filter(|(_, kind)| kind.folded > 0).map(|(name, kind)| (name, kind.folded)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_repeats_is_written_once_in_an_interval_with_how_many_were_folded() {
        let mut folded = Folded::default();
        assert_eq!(folded.admit("a", at(1)), Some(0));
        assert_eq!(folded.admit("a", at(2)), None);
        assert_eq!(folded.admit("b", at(2)), Some(0));
        assert_eq!(folded.admit("a", at(30)), None);
        assert_eq!(folded.admit("a", at(61)), Some(2));
        assert_eq!(folded.admit("a", at(62)), None);
    }

    #[test]
    fn some_kinds_are_written_several_times() {
        let mut folded = Folded::default();
        let written = |folded: &mut Folded, second| {
            (0..5).filter(|_| folded.admit_up_to(3, "a", at(second)).is_some()).count()
        };
        assert_eq!([written(&mut folded, 0), written(&mut folded, 59)], [3, 0]);
        assert_eq!(folded.admit_up_to(3, "a", at(60)), Some(7));
    }

    #[test]
    fn what_was_folded_last_is_told_in_the_end() {
        let mut folded = Folded::default();
        for second in [1, 2, 3] {
            folded.admit("a", at(second));
        }
        folded.admit("b", at(3));
        assert_eq!(folded.take_rest(at(60)), []);
        assert_eq!(folded.take_rest(at(61)), [("a".to_owned(), 2)]);
        assert_eq!(folded.take_rest(at(200)), []);
    }

    #[test]
    fn kinds_beyond_the_limit_are_one() {
        let mut folded = Folded::default();
        let admitted = (0..KINDS_MAX + 10)
            .filter(|kind| folded.admit(&kind.to_string(), at(1)).is_some())
            .count();
        assert_eq!(admitted, KINDS_MAX + 1);
        assert_eq!(folded.take_rest(at(61)), [(OTHERS.to_owned(), 9)]);
    }
}
