//! How a run stands, on one page.
//!
//! Owns the order: the verdict, what fires, what is followed, who is told, the run itself. Pure but
//! for the output, whose `io::Error` it fails with.

use std::io::{self, Write};

use super::Status;
use super::frame::{self, Screen, Seen};
use super::section::Board;
use super::view::Sort;
use crate::surface::Style;
use crate::surface::line::Line;
use crate::zone::Zone;

/// So many alerts, sources and silences are shown; the rest is counted.
const ROWS_MAX: usize = 20;

/// Writes the page.
pub fn write_page(
    out: &mut dyn Write,
    status: &Status,
    zone: Zone,
    style: Style,
) -> io::Result<()> {
    let board = Board { status, zone, style, rows_max: ROWS_MAX, sort: Sort::Name };
    let parts = [
        board.verdict(),
        board.alerts(),
        board.sources(),
        board.receivers(),
        board.silences(),
        board.run(),
    ];
    write_parts(out, &parts, style)
}

/// Writes what a live view shows, all of it.
pub fn write_top(out: &mut dyn Write, seen: &Seen<'_>, screen: &Screen) -> io::Result<()> {
    write_parts(out, &frame::parts(seen, Sort::Name, screen), screen.style)
}

/// Writes silences.
pub fn write_silences(
    out: &mut dyn Write,
    status: &Status,
    zone: Zone,
    style: Style,
) -> io::Result<()> {
    let board = Board { status, zone, style, rows_max: usize::MAX, sort: Sort::Name };
    let lines = status.silences.iter().flat_map(|silence| board.silence(silence));
    write_parts(out, &[lines.collect()], style)
}

/// Writes parts with a blank line between two.
pub(super) fn write_parts(
    out: &mut dyn Write,
    parts: &[Vec<Line>],
    style: Style,
) -> io::Result<()> {
    let mut parts = parts.iter().filter(|part| !part.is_empty()).peekable();
    while let Some(part) = parts.next() {
        for line in part {
            writeln!(out, "{}", line.paint(style, style.width()).trim_end())?;
        }
        if parts.peek().is_some() {
            writeln!(out)?;
        }
    }
    Ok(())
}
