//! How long to wait before something is tried again.
//!
//! Owns the steps and the spread. Pure: the same parcel waits the same after the same attempt.
//! Nothing here fails.

use chrono::TimeDelta;

use crate::fnv::Fnv;

/// The waits behind the first attempts; the last is that of all further ones.
const STEPS_S: [i64; 7] = [30, 60, 120, 300, 900, 1800, 3600];

/// How long to wait after so many attempts, 1 for the first. Up to a fifth less or more, told by
/// the name, so that what failed together does not come again together.
pub(super) fn wait(name: &str, attempts: u32) -> TimeDelta {
    let step = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let wait_ms = STEPS_S[step.min(STEPS_S.len() - 1)] * 1000;
    let mut hash = Fnv::new();
    hash.text(name).number(attempts.into());
    let share = i64::try_from(hash.get() % 401).unwrap_or_default() - 200;
    TimeDelta::milliseconds(wait_ms + wait_ms * share / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_an_hour_and_differ_by_a_fifth_at_most() {
        for (attempts, step_s) in (1..).zip([30, 60, 120, 300, 900, 1800, 3600, 3600, 3600]) {
            let waits = (0..100).map(|name| wait(&name.to_string(), attempts).num_milliseconds());
            let waits: Vec<_> = waits.collect();
            assert!(waits.iter().all(|ms| (step_s * 800..=step_s * 1200).contains(ms)));
            assert!(waits.iter().any(|ms| *ms != waits[0]));
        }
    }
}
