//! Several notifications that wait for one receiver as one.
//!
//! Owns what is said of an alert that several of them tell of. Must never decide which are joined,
//! nor lose an alert: what finds no room in the list is counted. Pure. Nothing here fails.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Parcel;
use crate::engine::{
    AlertStatus, Facet, Fingerprint, Merged, Notification, NotificationId, Passage, PolicyLimits,
    ToldAlert, fires_first,
};

/// One parcel for several of the same receiver and recipient, the oldest first; none of none. It
/// stands where the youngest of them stood.
pub(super) fn merge(parcels: &[Parcel], now: DateTime<Utc>) -> Option<Parcel> {
    let last = parcels.last()?;
    let listed_max = PolicyLimits::default().listed_max;
    Some(Parcel {
        notification: Arc::new(joined(parcels, listed_max)?),
        recipient: Arc::clone(&last.recipient),
        created: last.created,
        attempts: 0,
        not_before: now,
    })
}

fn joined(parcels: &[Parcel], listed_max: usize) -> Option<Notification> {
    let all = || parcels.iter().map(|parcel| &*parcel.notification);
    let (first, last) = (all().next()?, all().next_back()?);
    let mut told: BTreeMap<Fingerprint, Vec<&ToldAlert>> = BTreeMap::new();
    for one in all().flat_map(|notification| &notification.alerts) {
        told.entry(one.alert.fingerprint).or_default().push(one);
    }
    let mut alerts: Vec<_> = told.values().filter_map(|told| at_last(told)).collect();
    alerts.sort_by_key(fires_first);
    let count = |of: AlertStatus| alerts.iter().filter(|told| told.status == of).count() as u64;
    let unlisted: u64 = all().map(|notification| notification.left_out).sum();
    let (firing, listed) = (count(AlertStatus::Firing), alerts.len());
    alerts.truncate(listed_max);
    let merged = |notification: &Notification| {
        let alone = Merged { count: 1, from: notification.at, until: notification.at };
        notification.passage.merged.unwrap_or(alone)
    };
    Some(Notification {
        id: NotificationId::of_merged(all().map(|notification| notification.id)),
        at: last.at,
        receiver: Arc::clone(&last.receiver),
        route: Arc::clone(&first.route),
        group: in_common(all()),
        is_overflow: false,
        reason: all().map(|notification| notification.reason).min()?,
        left_out: unlisted + (listed - alerts.len()) as u64,
        firing,
        resolved: listed as u64 - firing,
        alerts,
        covers: None,
        passage: Passage {
            merged: Some(Merged {
                count: all().map(|notification| merged(notification).count).sum(),
                from: all().map(|notification| merged(notification).from).min()?,
                until: all().map(|notification| merged(notification).until).max()?,
            }),
            detour: all().rev().find_map(|notification| notification.passage.detour.clone()),
            is_sample: false,
        },
    })
}

/// What is told of an alert of which all of this was to be told, in this order.
fn at_last(told: &[&ToldAlert]) -> Option<ToldAlert> {
    let (first, last) = (told.first()?, told.last()?);
    // It began and ended while nobody could be told, unless it had been told before that it fires.
    let began_here = match first.status {
        AlertStatus::Firing => first.is_news,
        AlertStatus::FiredAndResolved => true,
        AlertStatus::Resolved => false,
    };
    let status = match last.status {
        AlertStatus::Firing => AlertStatus::Firing,
        _ if began_here => AlertStatus::FiredAndResolved,
        AlertStatus::FiredAndResolved | AlertStatus::Resolved => AlertStatus::Resolved,
    };
    let began = |told: &&&ToldAlert| told.is_news && told.status != AlertStatus::Resolved;
    let episodes = told.iter().filter(began).map(|told| told.episodes);
    Some(ToldAlert {
        status,
        is_news: told.iter().any(|told| told.is_news),
        episodes: episodes.fold(0, u32::saturating_add),
        changed_at: told.iter().map(|told| told.changed_at).max()?,
        ended: told.iter().rev().find_map(|told| told.ended.clone()),
        alert: Arc::clone(&last.alert),
    })
}

fn in_common<'n>(
    mut all: impl Iterator<Item = &'n Notification>,
) -> Vec<(Facet, Option<Arc<str>>)> {
    let mut common = all.next().map(|first| first.group.clone()).unwrap_or_default();
    for notification in all {
        common.retain(|entry| notification.group.contains(entry));
    }
    common
}
