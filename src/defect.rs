//! What is said when the program itself is wrong: a panic, in words that may be read by others.
//!
//! A panic's message may quote what was worked on: a slice of a text says the text, a failed result
//! its error. So a message that was made at run time is told up to where it begins to quote. Owns
//! these words. Must never decide what goes on after a panic. Nothing here fails.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write as _;
use std::panic::PanicHookInfo;

use crate::extract::redact::redact;
use crate::surface::escape;

/// So much is told of a message.
const MESSAGE_CHARS_MAX: usize = 200;

/// What a panic says, on one line and without what it quotes.
pub fn words(payload: &(dyn Any + Send)) -> String {
    if let Some(fixed) = payload.downcast_ref::<&'static str>() {
        return escape::visible(fixed);
    }
    let made = payload.downcast_ref::<String>().map(String::as_str).unwrap_or_default();
    let quotes = made.find(['"', '\'', '`', '{', '[', '(', '\n']);
    let told = redact(&made[..quotes.unwrap_or(made.len())]).into_owned();
    let cut = told.chars().count() > MESSAGE_CHARS_MAX || quotes.is_some();
    let told: String = told.chars().take(MESSAGE_CHARS_MAX).collect();
    format!("{}{}", escape::visible(told.trim_end()), if cut { " …" } else { "" })
}

/// From now on every panic is told so. `RUST_BACKTRACE=1` shows the way to it, as ever.
pub fn tell_panics() {
    std::panic::set_hook(Box::new(|info| {
        // There is nobody to tell that nothing can be told.
        let _ = std::io::stderr().write_all(told(info).as_bytes());
    }));
}

fn told(info: &PanicHookInfo<'_>) -> String {
    let thread = std::thread::current();
    let thread = escape::visible(thread.name().unwrap_or("unnamed"));
    let place = info.location().map(|at| format!(" at {at}")).unwrap_or_default();
    let words = words(info.payload());
    let mut text = format!("error: thread `{thread}` panicked{place}: {words}\n");
    let trace = Backtrace::capture();
    if trace.status() == BacktraceStatus::Captured {
        text.push_str(&trace.to_string());
    }
    text.push_str("hint: this is a defect of ocrwatch; report it with the line above\n");
    text
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Mutex;

    use super::*;

    /// What is told of a panic with this, by its words and by the hook.
    fn check(panic: impl FnOnce(), expected: &str) {
        static TOLD: Mutex<String> = Mutex::new(String::new());
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(|info| *TOLD.lock().unwrap() = told(info)));
        let payload = catch_unwind(AssertUnwindSafe(panic)).unwrap_err();
        std::panic::set_hook(before);
        assert_eq!(words(&*payload), expected);
        let told = TOLD.lock().unwrap();
        assert!(told.contains(&format!(": {expected}\n")), "{told}");
        assert!(told.contains("src/defect.rs:") && told.contains("hint: "), "{told}");
        assert!(!told.contains("cAnArY"), "{told}");
    }

    #[test]
    fn a_panic_tells_where_it_was_and_nothing_of_what_it_worked_on() {
        check(|| panic!("the buffer is empty"), "the buffer is empty");
        let log = "X-Auth-Token: cAnArY\u{e9}\u{1b}[31m".to_owned();
        let at = log.find('\u{e9}').unwrap() + 1;
        // The standard library's words for a cut within a character end in the whole text.
        check(|| drop(log[at..].to_owned()), &beginning(&log, at));
        let failed: Result<(), _> = log.parse::<u64>().map(drop).map_err(|_| &log);
        check(|| failed.expect("a line"), "a line: …");
        let password = "cAnArY7".to_owned();
        check(|| panic!("password={password}"), "password=[redacted]");
    }

    /// What the library says before it quotes.
    fn beginning(log: &str, at: usize) -> String {
        let payload = catch_unwind(|| drop(log[at..].to_owned())).unwrap_err();
        let whole = payload.downcast_ref::<String>().unwrap();
        assert!(whole.contains("cAnArY"), "the hazard came about: {whole}");
        format!("{} …", whole[..whole.find(['\'', '`', '(', '[', '"']).unwrap()].trim_end())
    }
}
