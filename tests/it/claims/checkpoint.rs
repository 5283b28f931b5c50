//! Checkpoints as they are stored.
//!
//! Owns the claims that bytes of any kind are refused or resumed from, that what was read of them
//! is written as it was, and that nothing before the checkpoint's place is counted again.

use std::sync::Arc;

use ocrwatch::extract::{Checkpoint, Counters, Extractor};

use crate::invariants::{CATALOGUE, Extraction, Taken, settings};

/// What goes on behind the checkpoint, if the input says nothing.
const LOG: &[u8] =
    b"2026-11-23T08:30:00.000Z ERROR {\"error_code\":\"AIS.0101\",\"error_msg\":\"The \
                     input parameter is invalid.\"}\nnext\n";

pub(crate) fn check(input: &[u8]) {
    let split = input.iter().position(|byte| *byte == 0);
    let (stored, log) = split.map_or((input, LOG), |at| (&input[..at], &input[at + 1..]));
    let Ok(checkpoint) = serde_json::from_slice::<Checkpoint>(stored) else { return };
    let text = serde_json::to_string(&checkpoint).expect("a checkpoint is JSON");
    let again: Checkpoint = serde_json::from_str(&text).expect("what was written is read");
    assert_eq!(again, checkpoint, "a checkpoint is written as it was read");
    assert!(checkpoint.context_from() <= checkpoint.position(), "context lies before the place");

    let context = checkpoint.position() - checkpoint.context_from();
    // What lies before the place is fed again; it need not be there.
    let Ok(context) = usize::try_from(context) else { return };
    if context > 512 * 1024 {
        return;
    }
    let fed = [&vec![b'\n'; context], log].concat();
    let Extraction { occurrences, places, counters, .. } = resume(&checkpoint, &fed);
    let end = checkpoint.context_from() + fed.len() as u64;
    for occurrence in &occurrences {
        let offset = occurrence.place.offset;
        assert!(offset <= end, "an occurrence lies within what was fed: {offset} of {end}");
    }
    let places: Vec<_> = places.iter().map(|place| (place.line, place.offset)).collect();
    assert!(places.is_sorted(), "in the order of the log: {places:?}");
    assert_eq!(counters.bytes, end, "every byte is counted once");
    let lines = checkpoint.lines() + log.split(|byte| *byte == b'\n').count() as u64;
    assert!(counters.lines <= lines, "no line is counted twice: {} of {lines}", counters.lines);

    // From where that one would have been stopped, nothing is found a second time.
    let mut extractor = resumed(&checkpoint);
    let mut first = Taken::default();
    extractor.push(&fed, &mut first);
    extractor.flush_all(&mut first);
    let Some(stopped) = extractor.checkpoint() else { return };
    let from = usize::try_from(stopped.context_from() - checkpoint.context_from());
    let rest = from.ok().and_then(|from| fed.get(from..)).expect("context lies in what was fed");
    let mut second = Taken::default();
    let mut extractor = resumed(&stopped);
    extractor.push(rest, &mut second);
    let counters = extractor.finish(&mut second);
    let again = second.into_extraction(counters);
    let first = first.into_extraction(Counters::default());
    for occurrence in &again.occurrences {
        let is_new = !first.occurrences.iter().any(|known| known.place == occurrence.place);
        assert!(is_new, "counted twice: {occurrence:?}");
    }
}

fn resumed(checkpoint: &Checkpoint) -> Extractor {
    Extractor::resume(&CATALOGUE, settings(), Arc::from("fuzz.log"), checkpoint)
}

fn resume(checkpoint: &Checkpoint, fed: &[u8]) -> Extraction {
    let mut extractor = resumed(checkpoint);
    let mut sink = Taken::default();
    extractor.push(fed, &mut sink);
    let counters = extractor.finish(&mut sink);
    sink.into_extraction(counters)
}
