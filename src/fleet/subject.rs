//! Where a message is published: what it tells, and to which share of the fleet's work it belongs.
//!
//! Owns the words of subjects. Must never know how they are carried. Nothing here fails.

use std::fmt;

use super::message::Sent;
use crate::engine::Source;
use crate::fnv::Fnv;
use crate::occurrence::Module;

/// What all subjects begin with; the number changes when what old readers understand does.
pub(super) const PREFIX: &str = "ocrwatch.v1";

/// So many shares can there be.
pub const PARTITIONS_MAX: u16 = 256;

/// What a message tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Errors of a module with a code.
    Error(Module, Box<str>),
    /// Calls that succeeded.
    Success,
    /// Signs of life.
    Line,
    /// Notifications that were told.
    Told,
}

/// `ocrwatch.v1.APIG.APIG-0301.0`: the module, the code with its dot as `-`, the partition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// What is told.
    pub kind: Kind,
    /// The share.
    pub partition: u16,
}

impl Subject {
    /// That of a find: what is of one access key comes together, without one what is of one
    /// credential, of one project, or of one source of one machine.
    pub fn of(find: &Sent, source: &Source, machine: &str, partitions: u16) -> Self {
        let (kind, access_key, project) = match find {
            Sent::Error(error) => (
                Kind::Error(error.module, error.code.clone()),
                error.access_key.as_deref(),
                error.project.as_deref(),
            ),
            Sent::Success(success) => {
                (Kind::Success, success.access_key.as_deref(), success.project.as_deref())
            }
            Sent::Line { .. } => (Kind::Line, None, None),
        };
        let shared = access_key.or(source.credential.as_deref()).or(project);
        let mut hash = Fnv::new();
        match shared {
            Some(shared) => hash.text(shared),
            None => hash.text(machine).text(&source.name),
        };
        Self { kind, partition: share(hash.get(), partitions) }
    }

    /// Where aggregators tell each other what was told, for the share that begins so.
    pub fn told(partition: u16) -> Self {
        Self { kind: Kind::Told, partition }
    }

    /// What somebody takes who takes one partition, or all.
    pub fn filter(partition: Option<u16>) -> String {
        match partition {
            Some(partition) => format!("{PREFIX}.*.*.{partition}"),
            None => format!("{PREFIX}.>"),
        }
    }
}

/// FNV's low bits are not spread evenly over few shares; its high ones are.
fn share(hash: u64, partitions: u16) -> u16 {
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
    let share = (mixed * u64::from(partitions.max(1))) >> 16;
    u16::try_from(share).unwrap_or_default()
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let partition = self.partition;
        match &self.kind {
            Kind::Error(module, code) => {
                let code: String = code.chars().map(token).collect();
                write!(f, "{PREFIX}.{module}.{code}.{partition}")
            }
            Kind::Success => write!(f, "{PREFIX}.success.none.{partition}"),
            Kind::Line => write!(f, "{PREFIX}.line.none.{partition}"),
            Kind::Told => write!(f, "{PREFIX}.told.none.{partition}"),
        }
    }
}

/// What may stand between the dots of a subject.
fn token(c: char) -> char {
    if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }
}
