//! What aggregators say to each other of what was told.
//!
//! Owns how a change is named: by who was told, the alert and the instant. Must never decide who
//! tells. Pure. Nothing here fails.
//!
//! A notification's own id is not enough: another aggregator may join the same changes otherwise,
//! as each waits for company by its own clock.

use crate::deliver::Parcel;

/// The names of a parcel: its id, and one for each change that it is about.
pub fn names(parcel: &Parcel) -> Vec<String> {
    [parcel.id()].into_iter().chain(changes(parcel)).collect()
}

/// Whether all that a parcel is about was told.
pub fn is_told(parcel: &Parcel, is_known: impl Fn(&str) -> bool) -> bool {
    let mut changes = changes(parcel).peekable();
    is_known(&parcel.id()) || changes.peek().is_some() && changes.all(|change| is_known(&change))
}

/// What only still fires is no change. A status is no part of the name: what fired and was resolved
/// is told at once by one, and as two by another.
fn changes(parcel: &Parcel) -> impl Iterator<Item = String> {
    let news = parcel.notification.alerts.iter().filter(|told| told.is_news);
    news.map(|told| {
        let (receiver, recipient) = (&parcel.notification.receiver, &parcel.recipient);
        format!("{receiver} {recipient} {} {}", told.alert.fingerprint, told.changed_at.0)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use chrono::DateTime;

    use super::*;
    use crate::catalogue::Catalogue;
    use crate::deliver::sample;
    use crate::engine::{Instant, Notification, NotificationId};
    use crate::rules::RuleSet;

    fn told(rules: &[&str], at_s: i64, receiver: &str) -> Parcel {
        let catalogue = Catalogue::embedded();
        let set = RuleSet::embedded(&catalogue);
        let at = Instant(at_s * 1_000);
        let of =
            |name: &&str| sample::notification(set.get(name).unwrap(), &catalogue, receiver, at);
        let all: Vec<Notification> = rules.iter().map(of).collect();
        let id = NotificationId::of_merged(all.iter().map(|one| one.id));
        let alerts = all.iter().flat_map(|one| one.alerts.clone()).collect();
        let notification = Arc::new(Notification { id, alerts, ..all[0].clone() });
        let created = DateTime::from_timestamp(at_s, 0).unwrap();
        let recipient = "".into();
        Parcel { notification, recipient, created, attempts: 0, not_before: created }
    }

    #[test]
    fn what_another_joined_otherwise_is_known_by_its_changes() {
        let (lockout, token) = ("aksk-lockout", "iam-token-expired");
        let mut known = BTreeSet::new();
        known.extend(names(&told(&[lockout], 60, "ops")));
        let both = told(&[lockout, token], 60, "ops");
        assert!(!is_told(&both, |name| known.contains(name)));
        known.extend(names(&told(&[token], 60, "ops")));
        assert!(is_told(&both, |name| known.contains(name)));
        for other in [told(&[lockout], 61, "ops"), told(&[lockout], 60, "boss")] {
            assert!(!is_told(&other, |name| known.contains(name)), "{other:?}");
        }
    }

    #[test]
    fn what_only_still_fires_is_known_by_its_id_alone() {
        let mut parcel = told(&["aksk-lockout"], 60, "ops");
        let known: BTreeSet<_> = names(&parcel).into_iter().skip(1).collect();
        let mut again = Notification::clone(&parcel.notification);
        again.alerts.iter_mut().for_each(|told| told.is_news = false);
        parcel.notification = Arc::new(again);
        assert!(!is_told(&parcel, |name| known.contains(name)));
        assert!(is_told(&parcel, |name| *name == *parcel.id()));
    }
}
