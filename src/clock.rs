//! The only reader of time. Everything else is handed instants, so that the same lines with the
//! same instants give the same answer.
//!
//! Must never: decide anything. Fails: never; a machine without a readable zone is UTC.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

/// The wall clock's present instant.
#[expect(clippy::disallowed_methods, reason = "this module is the clock")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Measures how long something takes, on the monotonic clock.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    #[expect(clippy::disallowed_methods, reason = "this module is the clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
