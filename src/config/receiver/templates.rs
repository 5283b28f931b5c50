//! `templates`: an operator's own words for a receiver's messages.
//!
//! Owns its keys and their bounds, and where in the file a template's problem stands. Must not know
//! what a template can name. What is wrong is a problem and reads as absent.

use std::sync::Arc;

use crate::config::problem;
use crate::rules::place_of_template;
use crate::template::page::{Form, check};
use crate::toml_file::{Keys, Problems};

pub(super) const KEYS: &[&str] = &["subject", "text", "html", "chat"];

const BYTES_MAX: usize = 64 * 1024;

/// Templates; where there is none the built-in message is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Templates {
    /// A mail's subject, a card's title.
    pub subject: Option<Arc<str>>,
    /// A mail's text.
    pub text: Option<Arc<str>>,
    /// A mail's HTML.
    pub html: Option<Arc<str>>,
    /// What a chat shows, as plain text.
    pub chat: Option<Arc<str>>,
}

pub(super) fn read(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Templates {
    let Some(keys) = keys.table("templates", "templates", KEYS, problems) else {
        return Templates::default();
    };
    let mut one = |key: &str, form| template(key, form, &keys, problems);
    Templates {
        subject: one("subject", Form::Line),
        text: one("text", Form::Text),
        html: one("html", Form::Html),
        chat: one("chat", Form::Text),
    }
}

fn template(
    key: &str,
    form: Form,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<Arc<str>> {
    let text = keys.raw_text(key, problems)?;
    let bytes = text.get_ref().len();
    if bytes > BYTES_MAX {
        let message = format!("`{key}` has {bytes} bytes, it can have {BYTES_MAX}");
        problems.add(problem::BAD_VALUE, text.span(), message, "write it shorter".to_owned());
        return None;
    }
    let wrong = check(text.get_ref(), form);
    let is_right = wrong.is_empty();
    for wrong in wrong {
        let range = place_of_template(problems.text(), &text, wrong.range);
        problems.add(problem::BAD_TEMPLATE, range, wrong.message, wrong.hint);
    }
    is_right.then(|| text.get_ref().as_str().into())
}
