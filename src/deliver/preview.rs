//! A notification as it would be sent, for whoever wants to see it.
//!
//! Owns the names of the forms. Must never send anything. Nothing here fails; a form that is not
//! known, or a receiver that cannot show what it sends, gives nothing.

use chrono::{DateTime, Utc};

use super::{Parcel, command, sender, terminal};
use crate::config::{Receiver, Way};
use crate::render::{NotificationText, Texts};
use crate::surface::style::Style;

/// How a form is made.
type Form = fn(&Parcel, &Texts, Style) -> Vec<u8>;

/// The forms that need no receiver, by their names.
const FORMS: &[(&str, Form)] = &[("text", text), ("json", json)];

/// The names of the forms.
pub fn forms() -> impl Iterator<Item = &'static str> {
    FORMS.iter().map(|(name, _)| *name)
}

/// A notification in a form.
pub fn in_form(name: &str, parcel: &Parcel, texts: &Texts, style: Style) -> Option<Vec<u8>> {
    let (_, form) = FORMS.iter().find(|(known, _)| *known == name)?;
    Some(form(parcel, texts, style))
}

/// A notification as a receiver would get it.
pub fn preview(
    receiver: &Receiver,
    parcel: &Parcel,
    texts: &Texts,
    style: Style,
    now: DateTime<Utc>,
) -> Option<Vec<u8>> {
    match &receiver.way {
        Way::Terminal => Some(text(parcel, texts, style)),
        _ => sender(receiver)?.preview(parcel, texts, now),
    }
}

fn text(parcel: &Parcel, texts: &Texts, style: Style) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing to memory cannot fail.
    let _ = terminal::write(&mut out, &parcel.notification, texts, style);
    out
}

fn json(parcel: &Parcel, texts: &Texts, _: Style) -> Vec<u8> {
    command::json(&NotificationText::of(&parcel.notification, texts))
}
