//! What an operator asks of the outbox while a daemon may be running: files in its directory.
//!
//! Owns their form, both ends of the exchange, and that the daemon stays the only writer of its
//! state: a request is a file that it takes up, and the answer another one. Must never do what is
//! asked by itself where a daemon runs. Fails with the `io::Error` of a file.
//!
//! A request that nobody waits for any more is done all the same; an answer that nobody has fetched
//! is swept away.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::store::{Batch, OpenError, OutboxEntry, OutboxState, Settings, Store};

/// The directory below the state's.
const FOLDER: &str = "requests";

/// What the outbox says of a notification that an operator does not want any more.
pub(super) const DROPPED: &str = "dropped by an operator";

pub(super) const ABSENT: &str = "there is no such notification";

const REQUEST: &str = "request";
const ANSWER: &str = "answer";

/// So many are taken at a look, of so many bytes at most.
const TAKEN_MAX: usize = 64;
const BYTES_MAX: u64 = 4 * 1024 * 1024;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// Try notifications now, those that were given up as well.
    Retry,
    /// Never deliver them.
    Drop,
}

/// What an operator asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What to do.
    pub verb: Verb,
    /// With which: names in the outbox.
    pub ids: Vec<String>,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Those with which it was done.
    pub done: Vec<String>,
    /// The others, and why not.
    pub refused: Vec<(String, String)>,
}

/// A request as the daemon finds it.
pub(super) struct Found {
    path: PathBuf,
    /// Nothing if it cannot be understood.
    pub(super) request: Option<Request>,
}

/// Puts a request where the daemon of a state directory looks, under a name of its own.
pub fn send(directory: &Path, name: &str, request: &Request) -> io::Result<()> {
    let folder = directory.join(FOLDER);
    fs::create_dir_all(&folder)?;
    write(&folder, name, REQUEST, &serde_json::to_vec(request)?)
}

/// The answer to a request, once there is one; it is taken away.
pub fn take_answer(directory: &Path, name: &str) -> Option<Answer> {
    let path = directory.join(FOLDER).join(name).with_extension(ANSWER);
    let bytes = fs::read(&path).ok()?;
    // If it cannot be removed, the daemon sweeps it away.
    let _ = fs::remove_file(path);
    serde_json::from_slice(&bytes).ok()
}

/// Does what is asked where no daemon runs; nothing where one does.
pub fn obey_alone(
    directory: &Path,
    request: &Request,
    now: DateTime<Utc>,
) -> Result<Option<Answer>, OpenError> {
    let mut store = match Store::open(directory, Settings::default(), now) {
        Ok((store, ..)) => store,
        Err(OpenError::InUse { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let (mut answer, mut batch) = (Answer::default(), Batch::default());
    for id in &request.ids {
        let entry = store.outbox_entry(id, now).map_err(|error| error.why);
        let entry = entry.and_then(|entry| entry.ok_or_else(|| ABSENT.to_owned()));
        let refused =
            entry.as_ref().map_or_else(|why| Some(why.clone()), |it| refusal(request.verb, it));
        match (entry, refused, request.verb) {
            (Ok(_), None, Verb::Retry) => batch.requeue(id, now),
            (Ok(entry), None, Verb::Drop) => batch.dead(id, entry.row.attempts, now, DROPPED),
            (_, why, _) => {
                answer.refused.push((id.clone(), why.unwrap_or_default()));
                continue;
            }
        }
        answer.done.push(id.clone());
    }
    if let Err(error) = store.commit(&batch, now).and_then(|_| store.close(now)) {
        let refused = answer.done.drain(..).map(|id| (id, error.why.clone()));
        answer.refused.extend(refused);
    }
    Ok(Some(answer))
}

/// Why something cannot be done with a notification.
pub(super) fn refusal(verb: Verb, entry: &OutboxEntry) -> Option<String> {
    match (verb, entry.state) {
        (_, OutboxState::Sent) => Some("it was sent".to_owned()),
        (_, OutboxState::Merged) => {
            entry.row.last_error.clone().or(Some("it was merged".to_owned()))
        }
        (Verb::Drop, OutboxState::Dead) => Some("it was given up already".to_owned()),
        (Verb::Retry, OutboxState::Queued | OutboxState::Dead)
        | (Verb::Drop, OutboxState::Queued) => None,
    }
}

/// Takes a request back that was not taken up; false if it was meanwhile.
pub fn withdraw(directory: &Path, name: &str) -> bool {
    fs::remove_file(directory.join(FOLDER).join(name).with_extension(REQUEST)).is_ok()
}

/// The requests that lie there.
pub(super) fn found(directory: &Path) -> Vec<Found> {
    let Ok(entries) = directory.join(FOLDER).read_dir() else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|it| it == REQUEST)).collect();
    paths.sort();
    paths.truncate(TAKEN_MAX);
    let read = |path: PathBuf| {
        let is_short = path.metadata().is_ok_and(|about| about.len() <= BYTES_MAX);
        let bytes = is_short.then(|| fs::read(&path).ok()).flatten();
        let request = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Found { path, request }
    };
    paths.into_iter().map(read).collect()
}

/// Says what came of a request, which is done with.
pub(super) fn answer(found: &Found, answer: &Answer) -> io::Result<()> {
    let name = found.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let folder = found.path.parent().unwrap_or(&found.path);
    let answered = write(folder, name, ANSWER, &serde_json::to_vec(answer)?);
    // In any case: what stays would be done again and again.
    fs::remove_file(&found.path)?;
    answered
}

/// Removes answers that nobody has fetched.
pub(super) fn sweep(directory: &Path) {
    let Ok(entries) = directory.join(FOLDER).read_dir() else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.extension().is_some_and(|extension| extension == ANSWER) {
            // What cannot be removed now is looked at again.
            let _ = fs::remove_file(path);
        }
    }
}

/// Whole or not at all.
fn write(folder: &Path, name: &str, kind: &str, bytes: &[u8]) -> io::Result<()> {
    let part = folder.join(name).with_extension(format!("{kind}-part"));
    fs::write(&part, bytes)?;
    fs::rename(part, folder.join(name).with_extension(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_found_once_and_its_answer_is_fetched_once() {
        let folder = tempfile::tempdir().unwrap();
        let request = Request { verb: Verb::Retry, ids: vec!["aa b@x".to_owned()] };
        assert_eq!(found(folder.path()).len(), 0);
        send(folder.path(), "7-1", &request).unwrap();
        let taken = found(folder.path());
        assert_eq!(taken[0].request, Some(request));
        assert_eq!(take_answer(folder.path(), "7-1"), None);
        let said = Answer { done: vec!["aa b@x".to_owned()], refused: Vec::new() };
        answer(&taken[0], &said).unwrap();
        assert_eq!(found(folder.path()).len(), 0);
        assert!(!withdraw(folder.path(), "7-1"), "it was taken up");
        assert_eq!(take_answer(folder.path(), "7-1"), Some(said.clone()));
        assert_eq!(take_answer(folder.path(), "7-1"), None);
    }

    #[test]
    fn what_cannot_be_understood_is_taken_away_and_what_nobody_fetches_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let requests = folder.path().join(FOLDER);
        fs::create_dir(&requests).unwrap();
        fs::write(requests.join("1.request"), "{").unwrap();
        fs::write(requests.join("2.request-part"), "{").unwrap();
        let taken = found(folder.path());
        assert!(taken.len() == 1 && taken[0].request.is_none());
        answer(&taken[0], &Answer::default()).unwrap();
        sweep(folder.path());
        assert!(found(folder.path()).is_empty() && !requests.join("1.answer").exists());
    }
}
