//! Receivers over HTTP: chat robots, webhooks, incident services.
//!
//! Owns their keys and bounds. Must never read a secret or send anything. What is wrong is a
//! problem and reads as absent.

use std::sync::Arc;

use crate::config::paths::Paths;
use crate::toml_file::{Keys, Problems};

/// The keys that name one.
pub(super) const WAYS: [&str; 0] = [];

/// A receiver over HTTP.
#[derive(Debug, Clone, PartialEq)]
pub enum Web {}

impl Web {
    /// Who is told each on its own.
    pub fn recipients(&self) -> Vec<Arc<str>> {
        vec!["".into()]
    }
}

pub(super) fn read(
    _way: &str,
    _: Paths<'_>,
    _: &Keys<'_, '_>,
    _: &mut Problems<'_>,
) -> Option<Web> {
    None
}
