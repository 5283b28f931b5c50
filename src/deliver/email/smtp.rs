//! Mail servers, one after the other.
//!
//! Owns which server is asked, and the one connection that is kept from one mail to the next. Must
//! never offer a mail to a second server once a first may have taken it. Fails with what each
//! server said.

use std::time::Duration;

use super::Envelope;
use super::session::Session;
use crate::config::Servers;
use crate::deliver::{Accepted, Failure, Scope, Step, Trace};

pub(super) struct Smtp {
    servers: Servers,
    timeout: Duration,
    kept: Option<Session>,
}

impl Smtp {
    pub(super) fn new(servers: Servers, timeout: Duration) -> Self {
        Self { servers, timeout, kept: None }
    }

    pub(super) fn send(
        &mut self,
        mail: Envelope<'_>,
        trace: Trace<'_>,
    ) -> Result<Accepted, Failure> {
        match self.kept.take() {
            Some(session) if session.is_fresh() => match self.over(session, mail, trace) {
                // Servers end a connection as they like; that says nothing about the next one.
                Err(failure) if failure.scope == Scope::Receiver => {
                    let text = format!("another connection, for the one that was open: {failure}");
                    trace(Step { stage: "connect", text });
                }
                result => return result,
            },
            Some(session) => session.close(),
            None => {}
        }
        let mut failures = Vec::new();
        for server in self.servers.list.clone() {
            let session = Session::open(&server, &self.servers, self.timeout, trace);
            match session.and_then(|session| self.over(session, mail, trace)) {
                Err(failure) if failure.scope == Scope::Receiver => {
                    trace(Step { stage: failure.stage, text: failure.what.clone() });
                    failures.push(failure);
                }
                result => return result,
            }
        }
        Err(all_of(failures))
    }

    fn over(
        &mut self,
        mut session: Session,
        mail: Envelope<'_>,
        trace: Trace<'_>,
    ) -> Result<Accepted, Failure> {
        let result = session.hand_over(mail, trace);
        match &result {
            Ok(_) => self.kept = Some(session),
            // A refused mail leaves the connection as it was, unless nobody knows.
            Err(failure) if failure.scope == Scope::Message && session.recovers() => {
                self.kept = Some(session);
            }
            Err(_) => {}
        }
        result
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        if let Some(session) = self.kept.take() {
            session.close();
        }
    }
}

/// The failure of the first server, and what the others failed with.
fn all_of(failures: Vec<Failure>) -> Failure {
    let mut failures = failures.into_iter();
    let Some(mut first) = failures.next() else {
        return Failure::unreachable("connect", "no mail server is named");
    };
    for other in failures {
        first.what = format!("{}; {other}", first.what);
        first.hint = first.hint.or(other.hint);
    }
    first
}
