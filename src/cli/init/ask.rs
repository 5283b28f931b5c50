//! What is typed at a terminal, line by line, seen or unseen.
//!
//! Owns that a secret is not shown, and that the terminal is left as it was, however the line ends.
//! Must never keep a line. Fails with the `io::Error` of the terminal.

use std::io::{self, Write as _};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

/// A line of answers has no more bytes.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// Ctrl-C, Ctrl-D, backspace, Ctrl-U and its like, as a terminal sends them.
const INTERRUPT: u8 = 0x03;
const END: u8 = 0x04;
const ERASE: [u8; 2] = [0x08, 0x7f];
const KILL: u8 = 0x15;

/// Shows a text, and takes a line; nothing if whoever types has gone or had enough.
pub(super) fn line(prompt: &str) -> io::Result<Option<String>> {
    shown(prompt)?;
    typed()
}

/// The same without showing what is typed.
///
/// The terminal sends each key at once and makes no signal of any: killed by Ctrl-C the program
/// would leave a terminal behind that shows nothing more.
pub(super) fn hidden(prompt: &str) -> io::Result<Option<String>> {
    let stdin = io::stdin();
    let before = tcgetattr(&stdin)?;
    let mut unseen = before.clone();
    unseen.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
    unseen.special_codes[SpecialCodeIndex::VMIN] = 1;
    unseen.special_codes[SpecialCodeIndex::VTIME] = 0;
    // Before the prompt: who sees it may type.
    tcsetattr(&stdin, OptionalActions::Drain, &unseen)?;
    let guard = Restored(before);
    let line = shown(prompt).and_then(|()| typed());
    drop(guard);
    shown("\n")?;
    line
}

/// Puts the terminal back.
struct Restored(Termios);

impl Drop for Restored {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.0);
    }
}

fn shown(text: &str) -> io::Result<()> {
    let mut out = io::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// A line, byte by byte: what lies behind it in the terminal is for the next question, which may be
/// asked otherwise.
fn typed() -> io::Result<Option<String>> {
    let mut line = Vec::new();
    loop {
        let mut byte = [0];
        let count = match rustix::io::read(io::stdin(), &mut byte) {
            Err(rustix::io::Errno::INTR) => continue,
            // A terminal that everybody has left.
            Err(rustix::io::Errno::IO) => 0,
            result => result?,
        };
        match byte[0] {
            _ if count == 0 => return Ok(None),
            INTERRUPT | END => return Ok(None),
            b'\n' | b'\r' => break,
            KILL => line.clear(),
            key if ERASE.contains(&key) => erase(&mut line),
            byte if line.len() < LINE_BYTES_MAX => line.push(byte),
            _ => {}
        }
    }
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

/// Takes the last character away, all bytes of it.
fn erase(line: &mut Vec<u8>) {
    while line.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_erased_with_all_its_bytes() {
        let mut line = "a图é".as_bytes().to_vec();
        for left in ["a图", "a", "", ""] {
            erase(&mut line);
            assert_eq!(line, left.as_bytes());
        }
    }
}
