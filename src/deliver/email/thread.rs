//! What mails are called, and which belong together.
//!
//! Owns the ids. Must never know what a mail says. Nothing here fails.
//!
//! An incident is an alert from firing to resolved. Its thread begins with an id that no mail has:
//! so mails find each other although the first was lost, whichever the day, and with nothing kept.
//! A mail about several incidents names all of them, the oldest first, and joins their threads.
//!
//! The ids end in the sender's domain and not in the machine's name, which changes with every
//! container that is started anew.

use crate::engine::{Notification, ToldAlert};
use crate::fnv::Fnv;

/// So many incidents are named by one mail.
const INCIDENTS_MAX: usize = 16;

/// The id of a mail: the same for every attempt to send it.
pub(super) fn message_id(notification: &Notification, domain: &str) -> String {
    format!("<{}.ocrwatch@{domain}>", notification.id)
}

/// The ids of the incidents that it is about, the oldest first.
pub(super) fn incidents(notification: &Notification, domain: &str) -> Vec<String> {
    let mut alerts: Vec<&ToldAlert> = notification.alerts.iter().collect();
    // What is told in full has its place before what is known.
    alerts.sort_by_key(|told| (!told.is_news, began(told)));
    alerts.truncate(INCIDENTS_MAX);
    alerts.sort_by_key(|told| began(told));
    alerts.iter().map(|told| incident(told, domain)).collect()
}

/// Neither the route nor the group enters: an alert may come by several, and alone or with others.
fn incident(told: &ToldAlert, domain: &str) -> String {
    let (at, alert) = began(told);
    let hash = Fnv::new().number(alert).bytes(&at.to_le_bytes()).get();
    format!("<{hash:016x}.incident.ocrwatch@{domain}>")
}

fn began(told: &ToldAlert) -> (i64, u64) {
    let alert = &told.alert;
    (alert.fired_at.unwrap_or(alert.pending_at).0, alert.fingerprint.0)
}
