//! In the place of the broker, where the program is built without it.
//!
//! Owns the sentence that says so. Fails always.

use std::convert::Infallible;
use std::io;

use super::exchange::{Came, Exchange, Member};
use crate::follow::Wake;
use crate::store::MessageRow;

const WITHOUT: &str = "this program was built without `nats`";

/// A way to a broker that there never is.
pub struct Broker(Infallible);

impl Broker {
    /// Says that there is none.
    pub fn start(_: Member, _: Wake) -> io::Result<Self> {
        Err(io::Error::other(WITHOUT))
    }
}

impl Exchange for Broker {
    fn publish(&mut self, _: MessageRow) {
        match self.0 {}
    }

    fn take(&mut self) -> Vec<Came> {
        match self.0 {}
    }

    fn committed(&mut self, _: Option<u16>, _: u64) {
        match self.0 {}
    }
}

/// A stream that there never is.
pub mod read {
    use chrono::{DateTime, Utc};

    use crate::config::Fleet;
    use crate::fleet::Delivered;

    /// Says that there is none.
    pub fn read(
        _: &Fleet,
        _: Option<DateTime<Utc>>,
        _: impl FnMut(Delivered),
    ) -> Result<(), String> {
        Err(super::WITHOUT.to_owned())
    }
}
