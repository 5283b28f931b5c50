//! `email`: mail servers, and who gets the mail.
//!
//! Owns its keys and their bounds. Must never read a secret or ask a server. What is wrong is a
//! problem and reads as absent.

use std::sync::Arc;

use crate::config::paths::Paths;
use crate::toml_file::{Keys, Problems};

pub(super) const KEYS: &[&str] = &["to"];

/// Mail to some people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// Who gets it, as addresses; each is delivered to on its own.
    pub to: Vec<Arc<str>>,
}

pub(super) fn read(
    _: Paths<'_>,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<Email> {
    let keys = keys.table("email", "email", KEYS, problems)?;
    let to = keys.texts("to", problems).unwrap_or_default();
    Some(Email { to: to.into_iter().map(|to| to.into_inner().into()).collect() })
}
