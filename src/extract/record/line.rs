//! One physical line, freed of its carriers and of colour.

use std::borrow::Cow;

use super::super::envelope::{self, Envelope};
use super::super::head::{self, Role};
use super::super::visible;
use super::Context;

/// One physical line, taken out of its carriers.
pub(super) struct Line<'b> {
    pub text: Cow<'b, str>,
    pub envelope: Envelope,
    pub role: Role,
    pub number: u64,
    pub offset: u64,
    /// The end of its bytes in the context.
    pub end: usize,
    /// It goes on where the writer's line before it was cut.
    pub joined: bool,
    /// It is bare and goes on from a carried line.
    pub carried_on: bool,
    /// What is there of it is not its whole: no newline ends it, nor does the input.
    pub unfinished: bool,
}

impl<'b> Line<'b> {
    /// Reads the line that begins at `start` of the context.
    pub(super) fn read(context: &Context<'b>, start: usize, number: u64, offset: u64) -> Self {
        let newline = memchr::memchr(b'\n', &context.bytes[start..]);
        let end = newline.map_or(context.bytes.len(), |at| start + at);
        let raw = &context.bytes[start..end];
        let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
        let unwrapped = match shown(raw) {
            Cow::Borrowed(line) => envelope::unwrap(line),
            Cow::Owned(line) => envelope::unwrap(&line).into_owned(),
        };
        let envelope = unwrapped.envelope;
        // A carrier's JSON spells the escape bytes: they show only after unwrapping.
        let text = match unwrapped.text {
            Cow::Owned(text) if envelope.carriers > 0 => {
                Cow::Owned(shown(text.as_bytes()).into_owned())
            }
            text => text,
        };
        let role = head::role(&text);
        let unfinished = newline.is_none() && !context.ends_input;
        let (joined, carried_on) = (false, false);
        Self { text, envelope, role, number, offset, end, joined, carried_on, unfinished }
    }

    /// Whether the line may belong to a record of this writer: its own, or a bare line, as a
    /// message with newlines leaves in a file of syslog.
    pub(super) fn may_be_of(&self, writer: u64) -> bool {
        self.envelope.writer == writer || self.envelope.carriers == 0
    }

    /// Whether the line is bare and stands where a carrier is to write the rest of one that it cut.
    ///
    /// It is no part of that one: a carrier writes its head before each part. Most often it is such
    /// a head that is not whole yet, and its digits would end a code that was cut.
    pub(super) fn interrupts(&self, before: &Self) -> bool {
        self.envelope.carriers == 0 && before.envelope.partial
    }

    /// Notes how the line goes on from the one before it.
    pub(super) fn continue_from(&mut self, before: &Self) {
        self.joined = before.envelope.partial && !self.interrupts(before);
        let bare_behind_carried =
            self.envelope.carriers == 0 && (before.envelope.carriers > 0 || before.carried_on);
        if bare_behind_carried && self.role == Role::Loose {
            self.role = Role::Continuation;
            self.carried_on = true;
        }
        self.carried_on |= bare_behind_carried;
    }
}

/// What a terminal shows of a line's bytes.
fn shown(bytes: &[u8]) -> Cow<'_, str> {
    match visible::strip_ansi(bytes) {
        Cow::Borrowed(bytes) => text_of(bytes),
        Cow::Owned(bytes) => Cow::Owned(text_of(&bytes).into_owned()),
    }
}

/// The bytes as a text. The lossy way alone looks at each byte.
fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}
