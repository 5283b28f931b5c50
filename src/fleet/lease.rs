//! Which of several aggregators tells.
//!
//! Owns when one believes that it is the one. Must never ask the broker itself. Pure: answers go
//! in. Nothing here fails.
//!
//! All aggregators of the same share decide alike; one of them tells. While nobody can be asked it
//! stays as it is: told twice under one id is better than not told. An aggregator that never had an
//! answer begins to tell after a while for the same reason.

use std::sync::Arc;
use std::time::Duration;

/// After so long without any answer since the start an aggregator tells.
const ANSWER_WAIT_MAX: Duration = Duration::from_mins(1);

/// What the broker said to who asked for the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is the asker's.
    Ours,
    /// It is another one's.
    Theirs(Arc<str>),
}

/// What is known of the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    began: Duration,
    last: Option<Answer>,
}

impl Lease {
    /// Nobody was asked yet.
    pub fn new(mono: Duration) -> Self {
        Self { began: mono, last: None }
    }

    /// Takes an answer in; true if it changes who tells.
    pub fn hear(&mut self, answer: Answer, mono: Duration) -> bool {
        let before = self.is_ours(mono);
        let is_other = self.last.as_ref() != Some(&answer);
        self.last = Some(answer);
        is_other || before != self.is_ours(mono)
    }

    /// Whether this one tells.
    pub fn is_ours(&self, mono: Duration) -> bool {
        match &self.last {
            Some(Answer::Ours) => true,
            Some(Answer::Theirs(_)) => false,
            None => mono >= self.began + ANSWER_WAIT_MAX,
        }
    }

    /// Who tells, if that is another one.
    pub fn holder(&self) -> Option<&Arc<str>> {
        match &self.last {
            Some(Answer::Theirs(name)) => Some(name),
            _ => None,
        }
    }
}
