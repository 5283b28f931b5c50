//! Following: which bytes of which sources, as they are written.
//!
//! Must never look inside a line. Fails: per source, never for all of them.

pub mod journal;
pub mod stream;
pub mod watch;
