//! Finds become messages.
//!
//! Owns which finds travel together: those that follow each other and have one subject and one
//! source, so that who takes them in meets them in their order. Must never know how a message is
//! carried or kept. Nothing here fails.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::message::{FINDS_MAX, MESSAGE_BYTES_MAX, Message, Origin, Sent, VERSION};
use super::subject::Subject;
use crate::config::Fleet;
use crate::engine::Source;
use crate::follow::Passed;
use crate::store::MessageRow;

/// Finds further apart than this are told by different messages, however long it takes.
const BODY_BYTES: usize = MESSAGE_BYTES_MAX / 2;

/// Finds on their way into messages.
#[derive(Debug)]
pub struct Packing {
    machine: Arc<str>,
    life: Box<str>,
    partitions: u16,
    with_samples: bool,
    next_number: u64,
    open: Option<Open>,
    rows: Vec<MessageRow>,
}

/// The message that the next find may join.
#[derive(Debug)]
struct Open {
    subject: Subject,
    label: Arc<Source>,
    /// What names it: where its first find stands.
    place: String,
    finds: Vec<Sent>,
    bytes: usize,
}

impl Packing {
    /// Goes on with a number.
    pub fn new(fleet: &Fleet, machine: Arc<str>, life: Box<str>, next_number: u64) -> Self {
        let (partitions, with_samples) = (fleet.partitions, fleet.samples);
        let (open, rows) = (None, Vec::new());
        Self { machine, life, partitions, with_samples, next_number, open, rows }
    }

    /// Takes a find in. A further print of an error is no find of its own.
    pub fn take(&mut self, passed: &Passed, wall: DateTime<Utc>) {
        let find = Sent::of(&passed.found, self.with_samples, wall.fixed_offset());
        if matches!(&find, Sent::Error(error) if error.repeat) {
            return;
        }
        let subject = Subject::of(&find, &passed.label, &self.machine, self.partitions);
        // What is written of a find is about as long as what is known of it.
        let bytes = 512 + length(&find);
        let joins = |open: &Open| {
            open.subject == subject
                && (Arc::ptr_eq(&open.label, &passed.label) || open.label == passed.label)
                && open.finds.len() < FINDS_MAX
                && open.bytes + bytes < BODY_BYTES
        };
        if !self.open.as_ref().is_some_and(joins) {
            self.close();
        }
        let open = self.open.get_or_insert_with(|| Open {
            subject,
            label: Arc::clone(&passed.label),
            place: place_of(passed),
            finds: Vec::new(),
            bytes: 0,
        });
        open.finds.push(find);
        open.bytes += bytes;
    }

    /// What the finds weigh that no message was taken of, about.
    pub fn held_bytes(&self) -> usize {
        let open = self.open.as_ref().map_or(0, |open| open.bytes);
        open + self.rows.iter().map(MessageRow::bytes).sum::<usize>()
    }

    /// Says that something was told.
    pub fn tell(&mut self, partition: u16, names: impl IntoIterator<Item = String>) {
        let told: Vec<Box<str>> = names.into_iter().map(String::into_boxed_str).collect();
        for told in told.chunks(FINDS_MAX) {
            self.close();
            let name = told.first().map_or_else(String::new, ToString::to_string);
            let place = format!("told:{name}");
            self.put(&Subject::told(partition), &place, |message| message.told = told.to_vec());
        }
    }

    /// The messages that there are.
    pub fn take_rows(&mut self) -> Vec<MessageRow> {
        self.close();
        std::mem::take(&mut self.rows)
    }

    /// The machine's name.
    pub fn machine(&self) -> &Arc<str> {
        &self.machine
    }

    /// What the machine's state is called.
    pub fn life(&self) -> &str {
        &self.life
    }

    /// The number that the next message has.
    pub fn next_number(&self) -> u64 {
        self.next_number
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let source = Origin::from(&*open.label);
        self.put(&open.subject, &open.place, |message| {
            message.source = Some(source);
            message.finds = open.finds;
        });
    }

    fn put(&mut self, subject: &Subject, place: &str, fill: impl FnOnce(&mut Message)) {
        let number = self.next_number;
        self.next_number += 1;
        let mut message = Message {
            v: VERSION,
            machine: Arc::clone(&self.machine),
            life: self.life.clone(),
            number,
            source: None,
            finds: Vec::new(),
            told: Vec::new(),
        };
        fill(&mut message);
        let id = format!("{}/{}/{place}#{number}", self.machine, self.life);
        self.rows.push(MessageRow {
            number,
            subject: subject.to_string(),
            id,
            body: message.to_bytes().into(),
        });
    }
}

/// Where a find stands: the file's identity and the offset of its line, as far as it has them.
fn place_of(passed: &Passed) -> String {
    let offset = passed.found.offset().map_or_else(String::new, |offset| format!("+{offset}"));
    passed.log.map_or_else(String::new, |log| format!("{log}{offset}"))
}

fn length(find: &Sent) -> usize {
    match find {
        Sent::Error(error) => {
            let message = error.message.as_deref().map_or(0, str::len);
            let sample = error.sample.as_deref().map_or(0, str::len);
            // Escapes in JSON can make six bytes of one.
            error.place.file.len() + 6 * (message + sample)
        }
        Sent::Success(success) => success.place.file.len(),
        Sent::Line { .. } => 0,
    }
}
