//! The questions as they are asked at a terminal.
//!
//! Owns what is shown around them, and the ways out. Must never judge an answer. Fails when whoever
//! is asked has gone, and when the terminal does not answer.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

use super::answers::Way;
use super::ask;
use super::files;
use super::interview::Interview;
use super::question::{self, Question};
use super::search::FoundLog;
use super::text::Objection;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::{Failure, plain, written};
use crate::extract::visible::visible;
use crate::surface::phrase;

/// What is done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Go,
    Change,
    Stop,
}

/// An interview with somebody at a terminal.
pub(super) struct Conversation<'f> {
    pub(super) interview: Interview,
    pub(super) found: &'f [FoundLog],
}

/// Says what it is about.
pub(super) fn begin(path: &Path) -> Result<(), Failure> {
    say(&format!(
        "This writes a configuration of ocrwatch, {}.\n\
         Enter takes what stands in brackets, `-` leaves a thing out, `<` goes back, Ctrl-C ends. \
         Nothing\nis written before you have seen it.\n",
        path.display()
    ))
}

/// Asks whether what somebody wrote may be replaced.
pub(super) fn may_replace(path: &Path) -> Result<(), Failure> {
    let old = files::old_path(path);
    say(&format!(
        "\n{} is there already, and somebody has edited it. It can be replaced; its text stays \
         as\n{}.\n",
        path.display(),
        old.display()
    ))?;
    let is_wanted = choice("Replace it? yes or no [no]: ", &[("no", false), ("yes", true)])?;
    if is_wanted { Ok(()) } else { Err(stopped()) }
}

impl Conversation<'_> {
    /// Asks every question until each has its answer.
    pub(super) fn hold(&mut self) -> Result<(), Failure> {
        loop {
            while let Some(question) = self.interview.next() {
                self.ask(question)?;
            }
            let Err(objection) = self.interview.judged() else { return Ok(()) };
            refuse(&objection)?;
            self.interview.again();
        }
    }

    fn ask(&mut self, question: Question) -> Result<(), Failure> {
        if let Some(heading) = question.heading() {
            say(&format!("\n{heading}\n"))?;
        }
        match question {
            Question::Logs => self.list_logs()?,
            Question::Way => say(&question::ways())?,
            _ => {}
        }
        let way = self.interview.answers().way;
        let default = self.interview.default(question);
        let default = match (&default, question.is_optional()) {
            (Some(default), true) => format!(" [{default}; - for none]"),
            (Some(default), false) => format!(" [{default}]"),
            (None, true) => " [none]".to_owned(),
            (None, false) => String::new(),
        };
        let prompt = format!("{}{}: ", question.prompt(way), visible(&default));
        let typed = if question.is_secret() { ask::hidden(&prompt) } else { ask::line(&prompt) };
        let typed = answered(typed)?;
        if typed.trim() == "<" {
            self.interview.back();
            return Ok(());
        }
        match self.interview.take(question, &typed) {
            Ok(()) => Ok(()),
            Err(objection) => refuse(&objection),
        }
    }

    fn list_logs(&self) -> Result<(), Failure> {
        if self.found.is_empty() {
            return say("No log was found that shows an error of Huawei Cloud OCR.\n");
        }
        let mut text = String::new();
        for (number, log) in self.found.iter().enumerate() {
            let errors = phrase::counted(log.errors, "error", "errors");
            let last = log.last.map(|at| format!(", the last at {}", phrase::instant(at)));
            let part = if log.is_part { " at its end" } else { "" };
            let last = last.unwrap_or_default();
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {}  {}  {errors}{part}{last}", number + 1, log.path);
        }
        say(&text)
    }

    /// Shows what will be written, and asks whether it is right.
    pub(super) fn confirm(&mut self, path: &Path) -> Result<Then, Failure> {
        say(&format!("\n{}:\n\n", path.display()))?;
        let text = self.interview.text();
        let lines = text.lines().map(|line| format!("  {line}").trim_end().to_owned());
        say(&(lines.collect::<Vec<_>>().join("\n") + "\n\n"))?;
        let is_sent = self.interview.answers().way != Way::Terminal;
        let sends = if is_sent { " and send a test" } else { "" };
        let prompt = format!("Write it{sends}? yes, change or stop [yes]: ");
        let words = [("yes", Then::Go), ("change", Then::Change), ("stop", Then::Stop)];
        let then = choice(&prompt, &words)?;
        self.begins_anew(then);
        Ok(then)
    }

    /// Asks what is to be done about a test that was not taken.
    pub(super) fn after_refusal(&mut self) -> Result<Then, Failure> {
        let prompt = "\nChange the answers, keep them, or stop? [change]: ";
        let words = [("change", Then::Change), ("keep", Then::Go), ("stop", Then::Stop)];
        let then = choice(prompt, &words)?;
        self.begins_anew(then);
        Ok(then)
    }

    fn begins_anew(&mut self, then: Then) {
        if then == Then::Change {
            self.interview.again();
        }
    }
}

/// What ends without anything written, as whoever was asked wants it.
pub(super) fn stopped() -> Failure {
    Failure::new(ExitCode::Usage, vec!["stopped: nothing was written".to_owned()])
}

/// One of some words, or their beginnings; Enter is the first.
fn choice<T: Copy>(prompt: &str, words: &[(&str, T)]) -> Result<T, Failure> {
    loop {
        let typed = answered(ask::line(prompt))?.trim().to_ascii_lowercase();
        if let Some((_, meant)) = words.iter().find(|(word, _)| word.starts_with(&*typed)) {
            return Ok(*meant);
        }
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        say(&format!("  answer one of {}\n", known.join(", ")))?;
    }
}

fn answered(typed: io::Result<Option<String>>) -> Result<String, Failure> {
    match typed {
        Ok(Some(typed)) => Ok(typed),
        Ok(None) => {
            say("\n")?;
            let problem = "the questions were not answered to their end".to_owned();
            Err(Failure::new(ExitCode::Usage, vec![problem]))
        }
        Err(error) => {
            let problem = format!("cannot ask at the terminal: {}", plain(&error));
            Err(Failure::new(ExitCode::Io, vec![problem]))
        }
    }
}

fn refuse(objection: &Objection) -> Result<(), Failure> {
    let hint = match &*objection.hint {
        "" => String::new(),
        hint => format!("  hint: {hint}\n"),
    };
    say(&format!("  {}\n{hint}", objection.message))
}

fn say(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout();
    written(write!(out, "{}", visible(text)).and_then(|()| out.flush()))
}
