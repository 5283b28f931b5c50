//! What robots of all chats share: their secrets, and a word that must stand in a message.
//!
//! Owns that secrets are read when a message is sent. Must never keep one. Fails where one cannot be
//! read, or where the address would tell it to everybody on the way.

use super::http::Place;
use super::secret_of;
use crate::config::Robot;
use crate::deliver::{Failure, Hidden};

/// A robot's secrets.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    pub(super) url: Hidden,
    pub(super) sign: Option<Hidden>,
}

impl Keys {
    pub(super) fn of(robot: &Robot) -> Result<Self, Failure> {
        let url = private(secret_of(&robot.url)?)?;
        Ok(Self { url, sign: robot.sign.as_ref().map(secret_of).transpose()? })
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Hidden> {
        [&self.url].into_iter().chain(&self.sign)
    }
}

/// An address that is a secret goes over TLS.
pub(super) fn private(url: Hidden) -> Result<Hidden, Failure> {
    match Place::of(url.reveal()) {
        Some(place) if place.is_https || place.is_near() => Ok(url),
        Some(_) => Err(Failure::unreachable("address", "`http://` would tell the secret")
            .with_hint("write the address with `https://`")),
        None => Err(Failure::unreachable("address", "the address is none of a web server")
            .with_hint("the secret's first line is the whole address, from `https://` on")),
    }
}

/// Makes sure that the keyword stands in a message.
pub(super) fn has_keyword(robot: &Robot, page: &mut String, joint: &str) {
    if let Some(keyword) = &robot.keyword
        && !page.contains(&**keyword)
    {
        page.push_str(joint);
        page.push_str(keyword);
    }
}
