//! (being built)

pub mod redact;
pub mod timestamp;
pub mod visible;
