//! The state on disk, looked at beside the run.
//!
//! Owns the thread on which that is done: who waits for a disk holds up no connection. Must never
//! know what is looked for. Fails with a [`Refusal`] where there is no state, or it cannot be read.

use std::path::Path;

use hyper::StatusCode;

use super::answer::Refusal;
use crate::store::{Look, LookError};

/// Looks at the state as of its last commit.
pub(super) async fn look<T: Send + 'static>(
    directory: &Path,
    look: impl FnOnce(&Look) -> Result<T, LookError> + Send + 'static,
) -> Result<T, Refusal> {
    let directory = directory.to_owned();
    let seen = tokio::task::spawn_blocking(move || look(&Look::open(&directory)?));
    let failed = |why: String| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, why);
    seen.await.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.why))
}
