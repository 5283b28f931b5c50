//! One occurrence as one line of JSON: what `extract` prints, and `report --format jsonl`.
//!
//! Owns nothing but the line: the keys are those of [`Occurrence`]. Must never hold an occurrence
//! back. Fails with the `io::Error` of the output.

use std::io::{self, Write};

use crate::occurrence::Occurrence;
use crate::surface::json;
use crate::zone::Zone;

/// Writes one occurrence, its time in the zone if one is given.
pub fn write(out: &mut dyn Write, occurrence: &Occurrence, zone: Option<Zone>) -> io::Result<()> {
    let Some((zone, at)) = zone.zip(occurrence.at) else {
        return json::write_line(out, occurrence);
    };
    let shown = zone.show(at.to_utc());
    if shown.offset() == at.offset() {
        return json::write_line(out, occurrence);
    }
    json::write_line(out, &Occurrence { at: Some(shown), ..occurrence.clone() })
}
