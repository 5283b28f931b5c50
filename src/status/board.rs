//! How a run stands with what its alerts say: what the live page shows beside counts.
//!
//! Owns the shape and how much of it there is. Must never make a text by itself. Pure. Nothing here
//! fails.

use std::sync::Arc;

use super::{AlertStatus, Status};
use crate::catalogue::Catalogue;
use crate::render::AlertText;
use crate::zone::Zone;

/// The texts of so many alerts that fire are given, the graver and the older first; of others their
/// headlines.
pub const TEXTS_MAX: usize = 50;

/// All of one instant.
#[derive(Debug, Clone)]
pub struct Board {
    /// How the run stands.
    pub status: Status,
    /// What alerts say that fire, in the status's order.
    pub texts: Vec<AlertText>,
    /// What is said of codes.
    pub catalogue: Arc<Catalogue>,
    /// The zone in which times are shown.
    pub zone: Zone,
}

impl Board {
    /// What an alert says, if it is among those that are told in full.
    pub fn text_of(&self, alert: &AlertStatus) -> Option<&AlertText> {
        self.texts.iter().find(|text| text.fingerprint.to_string() == alert.fingerprint)
    }
}
