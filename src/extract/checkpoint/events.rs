//! The events that are remembered, as they stand in a checkpoint.
//!
//! Owns their form. Must never decide which are remembered. Reading fails, as `None`, on what was
//! not written here.

use std::collections::VecDeque;

use super::super::repeat::{EVENTS_MAX, Event, Moment, ProcessHash, STATEMENTS_MAX};
use super::super::statement::Statement;
use super::super::subject::{SUBJECTS_MAX, Subjects};
use super::super::timestamp::Resolution;
use super::packed::{Packer, Unpacker};

const RESOLUTIONS: [Resolution; 4] =
    [Resolution::Second, Resolution::Millisecond, Resolution::Microsecond, Resolution::Nanosecond];

/// The events' messages, each once, and all else of them.
pub(super) fn pack(events: &VecDeque<Event>) -> (Vec<Box<str>>, String) {
    let mut messages: Vec<Box<str>> = Vec::new();
    let mut packer = Packer::default();
    for event in events {
        let message = event.message.as_ref().map(|message| {
            messages.iter().position(|known| known == message).unwrap_or_else(|| {
                messages.push(message.clone());
                messages.len() - 1
            })
        });
        packer.hash(event.code).number(message.map_or(0, |at| at as u64 + 1));
        packer.option(event.request_id).option(event.actor);
        packer.number(event.statements.len() as u64);
        for statement in &event.statements {
            packer.hash(statement.signature).number(statement.own_line.into());
        }
        pack_moment(&mut packer, event.moment);
        packer.option(event.process.map(|process| process.service));
        packer.option(event.process.map(|process| process.instance));
        packer.number(event.subjects.0.len() as u64);
        for (kind, name) in &event.subjects.0 {
            packer.number((*kind).into()).hash(*name);
        }
        packer.number(event.record).number(event.end);
    }
    (messages, packer.text())
}

fn pack_moment(packer: &mut Packer, moment: Option<Moment>) {
    let Some(moment) = moment else {
        packer.number(0);
        return;
    };
    let resolution = RESOLUTIONS.iter().position(|known| *known == moment.resolution).unwrap_or(0);
    packer.number(resolution as u64 + 1).signed(moment.ms);
}

/// What was packed.
pub(super) fn unpack(messages: &[Box<str>], packed: &str) -> Option<VecDeque<Event>> {
    let mut unpacker = Unpacker::new(packed)?;
    let mut events = VecDeque::new();
    while !unpacker.is_empty() && events.len() < EVENTS_MAX {
        events.push_back(unpack_event(messages, &mut unpacker)?);
    }
    unpacker.is_empty().then_some(events)
}

fn unpack_event(messages: &[Box<str>], unpacker: &mut Unpacker) -> Option<Event> {
    let code = unpacker.hash()?;
    let message = match unpacker.count(messages.len())? {
        0 => None,
        at => Some(messages.get(at - 1)?.clone()),
    };
    let (request_id, actor) = (unpacker.option()?.pop(), unpacker.option()?.pop());
    let count = unpacker.count(STATEMENTS_MAX)?;
    let statements = (0..count).map(|_| {
        Some(Statement { signature: unpacker.hash()?, own_line: unpacker.number()? == 1 })
    });
    let statements = statements.collect::<Option<Vec<_>>>()?;
    let moment = match unpacker.count(RESOLUTIONS.len())? {
        0 => None,
        at => Some(Moment { resolution: *RESOLUTIONS.get(at - 1)?, ms: unpacker.signed()? }),
    };
    let (service, instance) = (unpacker.option()?.pop(), unpacker.option()?.pop());
    let process = service.zip(instance);
    let count = unpacker.count(SUBJECTS_MAX)?;
    let subjects =
        (0..count).map(|_| Some((u8::try_from(unpacker.number()?).ok()?, unpacker.hash()?)));
    let subjects = subjects.collect::<Option<Vec<_>>>()?;
    Some(Event {
        code,
        message,
        request_id,
        actor,
        statements,
        moment,
        process: process.map(|(service, instance)| ProcessHash { service, instance }),
        subjects: Subjects(subjects),
        record: unpacker.number()?,
        end: unpacker.number()?,
    })
}
