//! The terminal of a live view: its other screen, without echo and line editing, given back.
//!
//! Owns that it is given back on every way out, a panic included, and that a frame is one write.
//! Must never know what is shown. Fails with the `io::Error` of the terminal.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use terminal_size::{Height, Width, terminal_size_of};

/// The other screen, no cursor.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[2J";

/// Colours, the cursor and the screen as they were.
const LEAVE: &str = "\x1b[0m\x1b[?25h\x1b[?1049l";

/// What stands between these is shown at once, by terminals that know them.
const BEGIN: &str = "\x1b[?2026h\x1b[H";
const END: &str = "\x1b[J\x1b[?2026l";

/// Whether the terminal is ours.
static IS_ENTERED: AtomicBool = AtomicBool::new(false);

/// Panics are told on the screen that stays.
static HOOK: Once = Once::new();

/// The terminal while it is ours.
pub(super) struct Terminal {
    /// Not the standard library's output, which cuts what it is given at line ends.
    out: File,
}

impl Terminal {
    /// Takes the terminal behind standard output.
    pub(super) fn enter() -> io::Result<Self> {
        let mut out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        HOOK.call_once(|| {
            let told = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                leave();
                told(info);
            }));
        });
        IS_ENTERED.store(true, Ordering::SeqCst);
        // From here on every way out gives it back.
        let terminal = Self { out: out.try_clone()? };
        enable_raw_mode()?;
        out.write_all(ENTER.as_bytes())?;
        Ok(terminal)
    }

    /// Whether it is ours still: a panic of a thread has given it back.
    pub(super) fn is_ours() -> bool {
        IS_ENTERED.load(Ordering::SeqCst)
    }

    /// Its columns and rows.
    pub(super) fn size(&self) -> (usize, usize) {
        match terminal_size_of(&self.out) {
            Some((Width(columns), Height(rows))) if columns > 0 && rows > 0 => {
                (columns.into(), rows.into())
            }
            _ => (80, 24),
        }
    }

    /// Shows lines, one for each row.
    pub(super) fn show(&mut self, lines: &[String]) -> io::Result<()> {
        self.out.write_all(written(lines).as_bytes())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        leave();
    }
}

/// The bytes of a frame.
fn written(lines: &[String]) -> String {
    let mut text = BEGIN.to_owned();
    for (at, line) in lines.iter().enumerate() {
        // Erased before it is written: behind a full line the cursor stands on its last column.
        let end = if at + 1 < lines.len() { "\r\n" } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(text, "\x1b[2K{line}{end}");
    }
    text + END
}

/// Gives the terminal back, once.
fn leave() {
    if IS_ENTERED.swap(false, Ordering::SeqCst) {
        // A terminal that is gone needs nothing.
        let _ = disable_raw_mode();
        if let Ok(out) = io::stdout().as_fd().try_clone_to_owned() {
            let _ = File::from(out).write_all(LEAVE.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::process::{Command, Stdio};

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{LocalModes, tcgetattr};

    use super::*;

    /// Says to the test below that it is the program on a terminal.
    const INSIDE: &str = "OCRWATCH_TEST_INSIDE";

    #[test]
    fn a_frame_erases_each_line_before_it_is_written() {
        let text = written(&["a".to_owned(), "b".to_owned()]);
        assert_eq!(text, "\x1b[?2026h\x1b[H\x1b[2Ka\r\n\x1b[2Kb\x1b[J\x1b[?2026l");
    }

    #[test]
    fn a_panic_gives_the_terminal_back() {
        if std::env::var_os(INSIDE).is_some() {
            let _terminal = Terminal::enter().unwrap();
            std::thread::spawn(|| panic!("as a thread may")).join().unwrap_err();
            assert!(!Terminal::is_ours());
            return;
        }
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap();
        let user = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        let test = "cli::top::screen::tests::a_panic_gives_the_terminal_back";
        let side = || Stdio::from(user.try_clone().unwrap());
        command.args(["--exact", test, "--nocapture"]).env(INSIDE, "1");
        command.stdin(side()).stdout(side()).stderr(Stdio::null());
        assert!(command.status().unwrap().success());
        let modes = tcgetattr(&user).unwrap().local_modes;
        assert!(modes.contains(LocalModes::ICANON | LocalModes::ECHO), "{modes:?}");
        drop((command, user));
        let (mut controller, mut shown) = (File::from(controller), Vec::new());
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = controller.read(&mut buffer) {
            shown.extend_from_slice(&buffer[..count]);
        }
        let shown = String::from_utf8_lossy(&shown);
        let (_, rest) = shown.split_once(ENTER).unwrap();
        assert_eq!(rest.matches(LEAVE).count(), 1, "{shown:?}");
    }
}
