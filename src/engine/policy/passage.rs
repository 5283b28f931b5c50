//! What becomes of a notification on its way to who is told.
//!
//! Owns the marks that it then has. Must never decide one: the policy gives notifications without
//! any. Nothing here fails.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::decision::NotificationId;
use crate::engine::time::Instant;

/// The marks of a notification that is not delivered as it was decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Passage {
    /// It stands for several that waited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged: Option<Merged>,
    /// It is told to another receiver, as the one that it is for cannot be reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detour: Option<Detour>,
    /// Nothing has happened: somebody asked for a sample.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_sample: bool,
}

/// Several notifications that became one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// How many.
    pub count: u64,
    /// When the first of them was due.
    pub from: Instant,
    /// When the last of them was due.
    pub until: Instant,
}

/// Why another receiver is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detour {
    /// The notification that did not arrive.
    pub id: NotificationId,
    /// Who could not be reached: the first is who it is for, the others stood in for that one.
    pub around: Vec<Arc<str>>,
    /// Since when the last of them could not be.
    pub since: Instant,
    /// What it failed with.
    pub cause: String,
}

impl Passage {
    /// Whether it is delivered as it was decided.
    pub fn is_direct(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_mark_is_delivered_as_it_was_decided() {
        assert!(Passage::default().is_direct());
        assert!(!Passage { is_sample: true, ..Passage::default() }.is_direct());
    }
}
