//! An operator's own words for a receiver's messages.
//!
//! Owns which template gives which part of a message. Must never know how it is sent. Nothing here
//! fails: where there is no template, or it fails, there is nothing, and the built-in message is
//! sent.

use super::notification::NotificationText;
use crate::config::Templates;
use crate::template::page::{Form, render};

impl NotificationText {
    /// The operator's subject.
    pub fn own_subject(&self, templates: &Templates) -> Option<String> {
        self.own(templates.subject.as_deref(), Form::Line)
    }

    /// The operator's text.
    pub fn own_text(&self, templates: &Templates) -> Option<String> {
        self.own(templates.text.as_deref(), Form::Text)
    }

    /// The operator's HTML.
    pub fn own_html(&self, templates: &Templates) -> Option<String> {
        self.own(templates.html.as_deref(), Form::Html)
    }

    fn own(&self, template: Option<&str>, form: Form) -> Option<String> {
        let mut values = serde_json::to_value(self).unwrap_or_default();
        if let Some(values) = values.as_object_mut() {
            values.insert("headline".to_owned(), self.headline().into());
        }
        render(template?, form, &values)
    }
}
