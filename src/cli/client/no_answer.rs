//! Why a run did not answer, or not as it was asked.
//!
//! Owns the words for it and what to do. Must never ask again. Nothing here fails.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use serde::Deserialize;
use ureq::Timeout;

use super::Place;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::{Failure, plain, with_hint};
use crate::cli::system;
use crate::http::Wrong;

/// No answer, or not the one that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct NoAnswer {
    pub(in crate::cli) why: Why,
    /// A lowercase fragment; of several problems each.
    pub(in crate::cli) problems: Vec<Wrong>,
}

/// What kept it from being answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Why {
    /// No run is there.
    Absent,
    /// It may not be asked, or not without a token.
    Denied,
    /// It did not answer in time, or not now.
    Late,
    /// What was asked for is not there.
    Missing,
    /// What was asked for is wrong.
    Wrong,
    /// What came is not what a run says.
    Unreadable,
}

#[derive(Deserialize)]
struct Refusal {
    error: Refused,
}

#[derive(Deserialize)]
struct Refused {
    #[serde(flatten)]
    said: Wrong,
    #[serde(default)]
    problems: Vec<Wrong>,
}

impl NoAnswer {
    fn new(why: Why, what: String, hint: impl Into<String>) -> Self {
        Self { why, problems: vec![Wrong { what, hint: Some(hint.into()) }] }
    }

    /// What kept a request from being answered.
    pub(super) fn of(error: &ureq::Error, place: &Place) -> Self {
        match (error, place) {
            (ureq::Error::Timeout(timeout), _) => late(*timeout, place),
            (ureq::Error::Io(error), Place::Socket(path)) => of_socket(error, path),
            (ureq::Error::Io(error), Place::Url(url)) => of_url(error, url),
            (ureq::Error::HostNotFound, _) => Self::new(
                Why::Absent,
                format!("the host of {place} is not known"),
                "look at the address, and at this machine's name servers",
            ),
            (other, _) => Self::new(
                Why::Unreadable,
                format!("no run answers at {place}: {other}"),
                "look at the scheme and the port: another program may listen there",
            ),
        }
    }

    /// A status that is no success.
    pub(super) fn refused(status: u16, body: &[u8]) -> Self {
        let why = match status {
            401 | 403 => Why::Denied,
            404 => Why::Missing,
            408 | 429 | 503 => Why::Late,
            400 | 409 | 413 | 415 | 422 => Why::Wrong,
            _ => Why::Unreadable,
        };
        let Ok(Refusal { error: Refused { mut said, problems } }) = serde_json::from_slice(body)
        else {
            let hint = "another program than ocrwatch may listen there";
            return Self::new(why, format!("the answer is HTTP {status}"), hint);
        };
        // What the run says to do is for who writes requests.
        if status == 401 {
            said.hint = Some("name the file with the token: `--token-file FILE`".to_owned());
        }
        Self { why, problems: if problems.is_empty() { vec![said] } else { problems } }
    }

    /// An answer that is no JSON of the expected shape.
    pub(super) fn unreadable(error: &serde_json::Error) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let hint = format!("this is ocrwatch {version}; the run may be of another version");
        Self::new(Why::Unreadable, format!("the answer cannot be read: {error}"), hint)
    }

    /// In one line, without what to do.
    pub(in crate::cli) fn line(&self) -> String {
        let said: Vec<_> = self.problems.iter().map(|said| &*said.what).collect();
        said.join("; ")
    }

    /// As the end of a command.
    pub(in crate::cli) fn into_failure(self) -> Failure {
        let exit_code = match self.why {
            Why::Absent | Why::Late => ExitCode::Unavailable,
            Why::Denied => ExitCode::NotPermitted,
            Why::Missing => ExitCode::InputMissing,
            Why::Wrong => ExitCode::Usage,
            Why::Unreadable => ExitCode::Io,
        };
        let shown = self.problems.into_iter().map(|said| match said.hint {
            Some(hint) => with_hint(&said.what, &hint),
            None => said.what,
        });
        Failure::new(exit_code, shown.collect())
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Socket(path) => path.display().fmt(f),
            Self::Url(url) => f.write_str(url),
        }
    }
}

fn late(timeout: Timeout, place: &Place) -> NoAnswer {
    let (what, hint) = match (timeout, place) {
        (Timeout::Resolve | Timeout::Connect, Place::Url(_)) => {
            ("nobody answers in time", "look at the address, and at what stands between")
        }
        _ => ("does not answer in time", "it may be stopped; its log says what it does"),
    };
    let what = match place {
        Place::Url(url) => format!("{url}: {what}"),
        Place::Socket(path) => format!("the run behind {} {what}", path.display()),
    };
    NoAnswer::new(Why::Late, what, hint)
}

fn of_socket(error: &io::Error, path: &Path) -> NoAnswer {
    let shown = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => {
            NoAnswer::new(Why::Absent, format!("no run is there: no socket {shown}"), start(path))
        }
        io::ErrorKind::ConnectionRefused => {
            let what = format!("no run is there any more: nobody listens at {shown}");
            NoAnswer::new(Why::Absent, what, start(path))
        }
        io::ErrorKind::PermissionDenied => {
            let what = format!("the run may not be asked: {shown}: permission denied");
            NoAnswer::new(Why::Denied, what, as_whom(path))
        }
        io::ErrorKind::WouldBlock => late(Timeout::Connect, &Place::Socket(path.to_owned())),
        _ => {
            let hint = "the run's log may say more";
            NoAnswer::new(Why::Late, format!("{shown}: {}", plain(error)), hint)
        }
    }
}

/// What to do where no run is: start one, or name the one that is meant.
fn start(socket: &Path) -> &'static str {
    if Path::new(system::STATE).exists() && !socket.starts_with(system::STATE) {
        return "the service is asked by root, `sudo ocrwatch …`; of a run with another state name \
                the `--config`, `--state-dir` or `--socket`";
    }
    "start it with `ocrwatch run`; of a run with another state name the `--config`, `--state-dir` \
     or `--socket`"
}

fn of_url(error: &io::Error, url: &str) -> NoAnswer {
    let text = plain(error);
    if error.kind() == io::ErrorKind::ConnectionRefused {
        let hint = "look at `[http] listen` of the run's configuration, or ask its unix socket";
        return NoAnswer::new(Why::Absent, format!("nobody listens at {url}"), hint);
    }
    let hint = match &text {
        text if text.contains("UnknownIssuer") => {
            "nobody whom this machine trusts vouches for it: name its certificates by `--ca-file`"
        }
        text if text.contains("certificate") => "look at its certificate, and at the host's name",
        _ => "look at the scheme and the port",
    };
    NoAnswer::new(Why::Late, format!("{url}: {text}"), hint)
}

/// Who may ask at a socket: of its nearest directory that can be seen.
fn as_whom(socket: &Path) -> String {
    let Some((path, seen)) =
        socket.ancestors().find_map(|path| Some((path, fs::metadata(path).ok()?)))
    else {
        return "ask as the user of the run".to_owned();
    };
    // As `sudo` takes a user that has no name.
    let user = system::name_of(seen.uid()).unwrap_or_else(|| format!("'#{}'", seen.uid()));
    let hint = format!("ask as the user of the run: `sudo -u {user} ocrwatch …`");
    let may_group = seen.mode() & if path == socket { 0o020 } else { 0o010 } != 0;
    let group = system::groups().into_iter().find(|group| group.id == seen.gid());
    match group.filter(|_| may_group) {
        Some(group) => format!("{hint}, or as a member of the group {}", group.name),
        None => hint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_the_run_says() {
        let check = |status, body: &str| NoAnswer::refused(status, body.as_bytes());
        let one = check(404, r#"{"error":{"what":"no silence `x`","hint":"list them"}}"#);
        let said = Wrong { what: "no silence `x`".into(), hint: Some("list them".into()) };
        assert_eq!(one, NoAnswer { why: Why::Missing, problems: vec![said] });
        let several = check(
            400,
            r#"{"error":{"what":"wrong","problems":[{"what":"a","hint":"b"},{"what":"c"}]}}"#,
        );
        assert_eq!((several.why, several.line().as_str()), (Why::Wrong, "a; c"));
        let unknown = check(502, "<html>");
        assert_eq!(unknown.line(), "the answer is HTTP 502");
        let token = check(401, r#"{"error":{"what":"a token is needed"}}"#);
        assert!(token.problems[0].hint.as_ref().is_some_and(|hint| hint.contains("--token-file")));
    }

    #[test]
    fn a_run_that_is_gone_is_told_from_one_that_may_not_be_asked() {
        let path = Path::new("/nowhere/http.sock");
        let of = |kind: io::ErrorKind| of_socket(&kind.into(), path);
        assert_eq!(of(io::ErrorKind::NotFound).why, Why::Absent);
        assert_eq!(of(io::ErrorKind::ConnectionRefused).why, Why::Absent);
        assert_eq!(of(io::ErrorKind::WouldBlock).why, Why::Late);
        let denied = of(io::ErrorKind::PermissionDenied);
        assert_eq!(denied.why, Why::Denied);
        let hint = denied.problems[0].hint.as_deref().unwrap_or_default();
        assert!(hint.contains("sudo -u root"), "the root directory is root's: {hint}");
    }
}
