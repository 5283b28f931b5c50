//! Questions and answers on their way to a configuration.
//!
//! Owns which question is next, what Enter means, and that no answer is kept which the reader of
//! configurations refuses. Must never ask, read a file or know a terminal: it is handed what was
//! typed. Fails with an [`Objection`], after which the same question is next again.

use std::path::{Path, PathBuf};

use super::answers::{Answers, Way};
use super::listing::{listed, words};
use super::question::Question;
use super::text::{Objection, judged, quoted, text};
use super::usual::{sender, service_of, tls};
use crate::deliver::Hidden;

/// A secret has no more than this, as its reader has it.
const SECRET_BYTES_MAX: usize = 64 * 1024;

/// What is known of the machine beforehand.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// Logs that were found, the likeliest first.
    pub(super) found: Vec<String>,
    /// The machine's zone.
    pub(super) zone: String,
    /// The language of whoever answers.
    pub(super) language: String,
    /// The present directory.
    pub(super) here: PathBuf,
    /// Where the configuration will lie, absolute.
    pub(super) directory: PathBuf,
    /// Files with secrets that lie there already.
    pub(super) secrets: Vec<String>,
}

/// An interview under way.
#[derive(Debug)]
pub(super) struct Interview {
    facts: Facts,
    answers: Answers,
    /// What is not asked, as options said it.
    given: Vec<Question>,
    /// How many of all questions are behind.
    passed: usize,
    /// Secrets that were typed, each with the file that it is for.
    typed: Vec<(String, Hidden)>,
}

impl Interview {
    pub(super) fn new(facts: Facts, answers: Answers) -> Self {
        Self { facts, answers, given: Vec::new(), passed: 0, typed: Vec::new() }
    }

    pub(super) fn answers(&self) -> &Answers {
        &self.answers
    }

    /// The secrets that were typed and are of use, each with the name of its file.
    pub(super) fn secrets(&self) -> impl Iterator<Item = (&str, &Hidden)> {
        let used = self.answers.secret_files();
        let typed = self.typed.iter().map(|(file, secret)| (&**file, secret));
        typed.filter(move |(file, _)| used.contains(file))
    }

    /// The text of the configuration.
    pub(super) fn text(&self) -> String {
        text(&self.answers)
    }

    /// Whether all answers together are right.
    pub(super) fn judged(&self) -> Result<(), Objection> {
        judged(&self.text(), &self.facts.directory)
    }

    /// What is to be asked next; nothing if everything is answered.
    pub(super) fn next(&self) -> Option<Question> {
        let mut left = Question::ALL.into_iter().skip(self.passed);
        left.find(|question| question.applies(&self.answers) && !self.given.contains(question))
    }

    /// Begins anew; what was answered is what Enter means then, and options count no more.
    pub(super) fn again(&mut self) {
        self.passed = 0;
        self.given.clear();
    }

    /// Goes back to the question that was answered last.
    pub(super) fn back(&mut self) {
        let asked =
            |question: &Question| question.applies(&self.answers) && !self.given.contains(question);
        let earlier = &Question::ALL[..self.passed.min(Question::ALL.len())];
        self.passed = earlier.iter().rposition(asked).unwrap_or(0);
    }

    /// Takes an option for an answer, so that it is not asked for.
    pub(super) fn give(&mut self, question: Question, said: &str) -> Result<(), Objection> {
        let said = said.trim();
        if said.is_empty() && !question.is_optional() {
            return Err(Objection::new("it is empty", ""));
        }
        let answers = if question.is_secret() {
            // Not the secret, its file.
            with_file(self.answers.clone(), question, self.absolute(said))
        } else {
            self.with(question, said)?
        };
        self.kept(question, answers)?;
        self.given.push(question);
        Ok(())
    }

    /// Answers everything with what Enter would mean, and tells which questions have no such
    /// answer.
    pub(super) fn take_defaults(&mut self) -> Vec<Question> {
        let mut missing = Vec::new();
        if !self.given.contains(&Question::Way) {
            missing.push(Question::Way);
        }
        self.passed = 0;
        while let Some(question) = self.next() {
            let is_needed = question == Question::Logs || self.default(question).is_none();
            if is_needed && !question.is_optional() {
                missing.push(question);
            } else {
                // What Enter means is right, or what it follows from is told to be wrong.
                let _ = self.take(question, "");
            }
            self.passed = place(question) + 1;
        }
        let has_no = |question| missing.contains(&question);
        let (no_way, no_to) = (has_no(Question::Way), has_no(Question::To));
        // What hangs on something that is missing is not missing yet.
        missing.retain(|question| match question {
            Question::Logs | Question::Way => true,
            Question::From => !no_way && !no_to,
            _ => !no_way,
        });
        missing.sort_by_key(|question| place(*question));
        missing
    }

    /// What Enter means: nothing where something must be typed.
    pub(super) fn default(&self, question: Question) -> Option<String> {
        let answers = &self.answers;
        let said = match question {
            Question::Logs if !answers.logs.is_empty() => listed(&answers.logs),
            Question::Logs => {
                self.facts.found.first().map(|log| listed(std::slice::from_ref(log)))?
            }
            Question::Service if !answers.service.is_empty() => answers.service.clone(),
            Question::Service => answers.logs.first().map(|log| service_of(log))?,
            Question::Credential => answers.credential.clone(),
            Question::Zone if !answers.zone.is_empty() => answers.zone.clone(),
            Question::Zone => self.facts.zone.clone(),
            Question::Way => answers.way.key().to_owned(),
            Question::To => answers.to.join(" "),
            Question::Server => answers.server.clone(),
            Question::Tls if !answers.tls.is_empty() => answers.tls.clone(),
            Question::Tls => tls(&answers.server).to_owned(),
            Question::User => answers.user.clone(),
            Question::From if !answers.from.is_empty() => answers.from.clone(),
            Question::From => sender(answers),
            Question::Password | Question::Url | Question::Sign => {
                let file = secret_file(question, answers.way);
                let is_there = self.facts.secrets.contains(&file)
                    || self.typed.iter().any(|(typed, _)| *typed == file);
                is_there.then(|| format!("what lies in {file}"))?
            }
            Question::Language if !answers.language.is_empty() => answers.language.clone(),
            Question::Language => self.facts.language.clone(),
        };
        Some(said).filter(|said| !said.is_empty())
    }

    /// Takes an answer; an empty one is what Enter means.
    pub(super) fn take(&mut self, question: Question, typed: &str) -> Result<(), Objection> {
        let typed = typed.trim();
        let default = self.default(question);
        let answers = match (typed, &default) {
            ("-", _) | ("", None) if question.is_optional() => self.without(question),
            ("", None) => return Err(Objection::new("an answer is needed here", "")),
            ("", Some(_)) if question.is_secret() => {
                let file = secret_file(question, self.answers.way);
                with_file(self.answers.clone(), question, file)
            }
            ("", Some(default)) => self.with(question, &default.clone())?,
            (typed, _) if question.is_secret() => {
                is_secret(question, typed, &self.facts.directory)?;
                let file = secret_file(question, self.answers.way);
                self.typed.retain(|(other, _)| *other != file);
                self.typed.push((file.clone(), Hidden::new(typed)));
                with_file(self.answers.clone(), question, file)
            }
            (typed, _) => self.with(question, typed)?,
        };
        self.kept(question, answers)?;
        self.passed = place(question) + 1;
        Ok(())
    }

    /// Keeps answers if the last one is right. Later ones may be those of another try.
    fn kept(&mut self, question: Question, answers: Answers) -> Result<(), Objection> {
        let mut trial = Answers::plain(answers.way);
        for earlier in &Question::ALL[..=place(question)] {
            copy(*earlier, &answers, &mut trial);
        }
        judged(&text(&trial), &self.facts.directory)?;
        self.answers = answers;
        Ok(())
    }

    fn without(&self, question: Question) -> Answers {
        let mut answers = self.answers.clone();
        match question {
            Question::Service => answers.service.clear(),
            Question::Credential => answers.credential.clear(),
            Question::User => {
                answers.user.clear();
                answers.password_file.clear();
            }
            Question::Sign => answers.sign_file.clear(),
            _ => {}
        }
        answers
    }

    fn with(&self, question: Question, said: &str) -> Result<Answers, Objection> {
        let mut answers = self.answers.clone();
        let text = said.to_owned();
        match question {
            Question::Logs => answers.logs = self.logs(said)?,
            Question::Service => answers.service = text,
            Question::Credential => answers.credential = text,
            Question::Zone => answers.zone = text,
            Question::Way => {
                answers.way = Way::of_key(said).ok_or_else(|| {
                    let known = Way::ALL.map(|way| format!("`{}`", way.key())).join(", ");
                    Objection::new("there is no such way", format!("answer one of {known}"))
                })?;
            }
            Question::To => {
                let split = said.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
                answers.to = split.filter(|to| !to.is_empty()).map(str::to_owned).collect();
                if answers.to.is_empty() {
                    return Err(Objection::new("this names nobody", "write a mail address"));
                }
            }
            Question::Server => {
                if answers.server != said {
                    answers.tls.clear();
                }
                answers.server = text;
            }
            Question::Tls => answers.tls = text,
            Question::User => answers.user = text,
            Question::From => answers.from = text,
            Question::Language => answers.language = text,
            Question::Password | Question::Url | Question::Sign => {}
        }
        Ok(answers)
    }

    /// Logs by their numbers among what was found, by paths and patterns.
    fn logs(&self, said: &str) -> Result<Vec<String>, Objection> {
        let found = &self.facts.found;
        let mut logs: Vec<String> = Vec::new();
        for word in words(said) {
            let numbers: Option<Vec<usize>> = word
                .split(',')
                .filter(|part| !part.is_empty())
                .map(|part| part.parse().ok())
                .collect();
            match numbers {
                Some(numbers) if !numbers.is_empty() => {
                    for number in numbers {
                        let log = number.checked_sub(1).and_then(|at| found.get(at));
                        logs.push(log.cloned().ok_or_else(|| {
                            let message = format!("there is no log {number} in the list");
                            Objection::new(message, "write a path that is a number as `./7`")
                        })?);
                    }
                }
                _ if word == "all" && !found.is_empty() => logs.extend(found.iter().cloned()),
                _ => logs.push(self.absolute(&word)),
            }
        }
        let mut unique: Vec<String> = Vec::new();
        logs.retain(|log| {
            !unique.contains(log) && {
                unique.push(log.clone());
                true
            }
        });
        Ok(logs)
    }

    /// A path as the configuration needs it. What is the shell's stays, and is refused.
    fn absolute(&self, path: &str) -> String {
        if path.starts_with('~') || matches!(path, "" | "-") {
            return path.to_owned();
        }
        self.facts.here.join(path).components().collect::<PathBuf>().to_string_lossy().into_owned()
    }
}

/// Where a question stands among all.
fn place(question: Question) -> usize {
    Question::ALL.iter().position(|other| *other == question).unwrap_or(0)
}

/// Copies an answer; one that must be there and is not yet leaves what stands for it.
fn copy(question: Question, from: &Answers, to: &mut Answers) {
    let text = |from: &String, to: &mut String| {
        if !from.is_empty() {
            to.clone_from(from);
        }
    };
    let list = |from: &Vec<String>, to: &mut Vec<String>| {
        if !from.is_empty() {
            to.clone_from(from);
        }
    };
    match question {
        Question::Logs => list(&from.logs, &mut to.logs),
        Question::Service => text(&from.service, &mut to.service),
        Question::Credential => text(&from.credential, &mut to.credential),
        Question::Zone => text(&from.zone, &mut to.zone),
        Question::Way => to.way = from.way,
        Question::To => list(&from.to, &mut to.to),
        Question::Server => text(&from.server, &mut to.server),
        Question::Tls => text(&from.tls, &mut to.tls),
        Question::User => {
            text(&from.user, &mut to.user);
            to.password_file = secret_file(Question::Password, from.way);
        }
        Question::Password => text(&from.password_file, &mut to.password_file),
        Question::From => text(&from.from, &mut to.from),
        Question::Url => text(&from.url_file, &mut to.url_file),
        Question::Sign => text(&from.sign_file, &mut to.sign_file),
        Question::Language => text(&from.language, &mut to.language),
    }
}

fn with_file(mut answers: Answers, question: Question, file: String) -> Answers {
    match question {
        Question::Password => answers.password_file = file,
        Question::Url => answers.url_file = file,
        Question::Sign => answers.sign_file = file,
        _ => {}
    }
    answers
}

/// The file for a secret that is typed, beside the configuration.
pub(super) fn secret_file(question: Question, way: Way) -> String {
    match question {
        Question::Password => "smtp.password".to_owned(),
        Question::Sign => format!("{}.sign", way.key()),
        _ => format!("{}.url", way.key()),
    }
}

/// Whether a text can be a secret that is one line of a file.
fn is_secret(question: Question, typed: &str, directory: &Path) -> Result<(), Objection> {
    if typed.len() > SECRET_BYTES_MAX || typed.chars().any(char::is_control) {
        let hint = "it is one line of text; paste it again, or name a file with an option";
        return Err(Objection::new("this is no secret", hint));
    }
    if question != Question::Url {
        return Ok(());
    }
    // A webhook's address may stand in a configuration, so its reader can judge any.
    let url = quoted(typed);
    judged(&format!("[[receiver]]\nname = \"ops\"\nwebhook = {{ url = {url} }}\n"), directory)
}
