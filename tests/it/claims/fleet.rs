//! What an aggregator reads from a broker that anybody with its rights may write to.
//!
//! Owns the claims that a message is refused or means the same once it is written again, that the
//! form's limits hold, and that what comes twice is counted once. An input is messages, one a line.

use std::path::Path;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use ocrwatch::config::{Config, Draft, Fleet, Role};
use ocrwatch::daemon::Pipeline;
use ocrwatch::fleet::{Delivered, Intake, Message, Packing, Unreadable, VERSION};
use ocrwatch::follow::Found;
use serde_json::Value;

/// As many messages are taken in as lives of one machine are told apart.
const MESSAGES_MAX: usize = 16;

/// The limits of the form.
const NAME_BYTES_MAX: usize = 64;
const FINDS_MAX: usize = 1000;
const LABELS_MAX: usize = 64;

static AGGREGATOR: LazyLock<Config> = LazyLock::new(|| {
    let text = "[fleet]\nservers = [\"nats://127.0.0.1:4222\"]\nrole = \"aggregator\"\n\
                name = \"watch-1\"\n\n[[receiver]]\nname = \"console\"\nterminal = true\n";
    let draft = Draft::read("ocrwatch.toml", text, Path::new("/etc/ocrwatch"));
    draft.finish(&[], &[]).expect("a right configuration")
});

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_796_000_000, 0).expect("an instant in range")
}

pub(crate) fn check(input: &[u8]) {
    let bodies: Vec<&[u8]> = input.split(|byte| *byte == b'\n').take(MESSAGES_MAX).collect();
    for body in &bodies {
        check_read(body);
    }
    check_taken(&bodies);
}

fn check_read(body: &[u8]) {
    let message = match Message::read(body) {
        Ok(message) => message,
        Err(Unreadable::Newer(version)) => {
            assert!(version > VERSION, "{version} is refused as newer than {VERSION}");
            return;
        }
        Err(Unreadable::Wrong(why)) => {
            assert!(!why.is_empty() && !why.contains('\n'), "what is refused is told why: {why}");
            return;
        }
    };
    assert!(message.v <= VERSION, "a newer form is refused");
    for name in [&*message.machine, &*message.life] {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let is_name = (1..=NAME_BYTES_MAX).contains(&name.len()) && name.chars().all(is_plain);
        assert!(is_name, "a machine has a name: {name:?}");
    }
    assert!(message.finds.len() <= FINDS_MAX && message.told.len() <= FINDS_MAX);
    let labels = message.source.as_ref().map_or(0, |source| source.labels.len());
    assert!(labels <= LABELS_MAX, "{labels} labels of a source");

    let written = message.to_bytes();
    let again = Message::read(&written).expect("what was written is read");
    assert_eq!(again, message, "a message is written as it was read");

    // A later program's: with a field more it is understood, as a newer form it is refused.
    let mut later: Value = serde_json::from_slice(&written).expect("a message is JSON");
    later["of_later"] = Value::from("a field that is not known");
    let read = Message::read(later.to_string().as_bytes());
    assert_eq!(read.as_ref(), Ok(&message), "a field that is not known is passed over");
    later["v"] = Value::from(VERSION + 1);
    later["finds"] = Value::from("in another form");
    let read = Message::read(later.to_string().as_bytes());
    assert_eq!(read, Err(Unreadable::Newer(VERSION + 1)), "a newer form is refused as one");
}

fn check_taken(bodies: &[&[u8]]) {
    let mut intake = Intake::default();
    let (mut pipeline, _) = Pipeline::new(&AGGREGATOR, None, None);
    let fleet = Fleet::of(Vec::new(), Role::Aggregator);
    let mut packing = Packing::new(&fleet, "watch-1".into(), "life".into(), 1);
    let mut errors = 0;
    for (body, sequence) in bodies.iter().zip(1..) {
        let taken = intake.take(&delivered(body, 1, sequence), "watch-1", now());
        let again = intake.take(&delivered(body, 1, sequence), "watch-1", now());
        assert!(again.finds.is_empty() && again.told.is_none(), "taken twice under one number");
        for passed in &taken.finds {
            assert!(passed.label.name.contains('@'), "a source names its machine");
            let is_error = matches!(&passed.found, Found::Occurrence(error) if !error.repeat);
            errors += u64::from(is_error);
            packing.take(passed, now());
            pipeline.take(passed, now());
        }
        if let Some((machine, names)) = &taken.told {
            let is_known = names.iter().all(|name| intake.who_told(name) == Some(machine));
            assert!(is_known, "what another told is remembered");
        }
    }
    pipeline.caught_up(now());
    let counted: u64 = pipeline.take_step().errors.values().sum();
    assert_eq!(counted, errors, "every error is counted once");
    let counters = intake.counters();
    let taken = counters.messages + counters.newer + counters.wrong + counters.again;
    assert_eq!(taken, 2 * bodies.len() as u64, "every message is counted once: {counters:?}");

    // After a restart, from a broker whose stream was made anew.
    let (kept, _) = intake.take_changed();
    let (mut intake, others) = Intake::restore(kept);
    assert!(others.is_empty(), "what it keeps is its own");
    for (body, sequence) in bodies.iter().zip(1..) {
        let again = intake.take(&delivered(body, 2, sequence), "watch-1", now());
        assert!(again.finds.is_empty() && again.told.is_none(), "taken again after a restart");
    }
    assert_eq!(intake.counters().messages, 0, "nothing is new after a restart");
}

fn delivered(body: &[u8], stream_ns: i64, sequence: u64) -> Delivered {
    Delivered { feed: None, stream_ns, sequence, body: body.to_vec() }
}
