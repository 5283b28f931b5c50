//! `ocrwatch init`: a first configuration, by questions or by options, up to the first message.
//!
//! ```text
//! options ─┐
//!          ├─▶ Interview (pure) ─▶ text ─▶ files ─▶ test notification ─▶ rehearsal ─▶ what is next
//! typed ───┘      ▲    │ judged by the reader of configurations   │
//!                 └────┴───────────── other answers ◀─────────────┘
//! ```
//!
//! Owns the order of these. Must never write what the reader of configurations would refuse, nor
//! replace unasked what somebody has edited. Fails when an option is wrong, something is missing
//! and nobody can be asked, or a file cannot be written; and with an exit code of its own when the
//! test notification is not taken.

mod answers;
mod ask;
mod conversation;
mod files;
mod interview;
mod listing;
mod options;
mod question;
mod rehearsal;
mod search;
mod service;
mod text;
mod usual;

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) use options::InitArgs;

use self::answers::{Answers, RECEIVER, Way};
use self::conversation::{Conversation, Then};
use self::files::{Access, Before};
use self::interview::{Facts, Interview};
use self::question::Question;
use self::search::FoundLog;
use super::config;
use super::exit_code::ExitCode;
use super::failure::{Failure, plain, with_hint, written};
use super::messages::Messages;
use super::send_test::{send, usual_rule};
use super::system;
use crate::catalogue::Catalogue;
use crate::clock;
use crate::config::Config;
use crate::extract::visible::visible;
use crate::zone::Zone;

impl InitArgs {
    /// Asks, writes, tries.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let place = Place::of(self.config.as_deref())?;
        let before = files::before(&place.path)?;
        let is_asked = !self.yes && io::stdin().is_terminal() && io::stdout().is_terminal();
        if before == Before::Edited && !self.force && !self.dry_run && !is_asked {
            let what = format!("{} is there already, and not as it was installed", place.shown());
            return Err(Failure::usage(&what, "--force replaces it, and keeps its text as `.old`"));
        }
        let zone = machine_zone();
        let found = if is_asked { self.search(zone) } else { Vec::new() };
        let mut interview = self.interview(&place, &found, zone)?;
        let mut setup = Setup { args: self, place, before };
        if is_asked {
            setup.by_questions(interview, &found)
        } else {
            setup.by_options(&mut interview)
        }
    }

    /// Logs to propose, unless an option names some.
    fn search(&self, zone: Zone) -> Vec<FoundLog> {
        if self.given().iter().any(|(question, _)| *question == Question::Logs) {
            return Vec::new();
        }
        let directory = std::path::absolute(&self.look_in).unwrap_or_else(|_| self.look_in.clone());
        search::search(&directory, &Arc::new(Catalogue::embedded()), zone, clock::now())
    }

    /// The interview with what options say; everything that is wrong with them at once.
    fn interview(
        &self,
        place: &Place,
        found: &[FoundLog],
        zone: Zone,
    ) -> Result<Interview, Failure> {
        let facts = Facts {
            found: found.iter().map(|log| log.path.clone()).collect(),
            zone: zone.to_string(),
            language: if locale_is_chinese() { "zh" } else { "en" }.to_owned(),
            here: std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
            directory: place.directory().to_owned(),
            secrets: place.secrets(),
        };
        let answers = Answers {
            state_directory: if place.is_of_service() { system::STATE } else { "" }.to_owned(),
            has_unit: place.is_of_service() && service::unit().is_some(),
            ca_file: self.ca_file().map(|path| path.display().to_string()).unwrap_or_default(),
            ..Answers::default()
        };
        let mut interview = Interview::new(facts, answers);
        let mut problems = Vec::new();
        for (question, said) in self.given() {
            if let Err(objection) = interview.give(question, &said) {
                let option = question.option();
                let what = format!("{option}: {}", objection.message);
                problems.push(match &*objection.hint {
                    "" => what,
                    hint => with_hint(&what, hint),
                });
            }
        }
        if problems.is_empty() {
            Ok(interview)
        } else {
            Err(Failure::new(ExitCode::Usage, problems))
        }
    }
}

/// Where the configuration will lie.
struct Place {
    /// Absolute, and no link.
    path: PathBuf,
}

impl Place {
    fn of(named: Option<&Path>) -> Result<Self, Failure> {
        let path = match named {
            Some(path) => path.to_owned(),
            None => usual_path(is_root(), |name| std::env::var_os(name).map(PathBuf::from))
                .ok_or_else(|| {
                    let hint = "name the file with --config";
                    Failure::usage("nothing tells where configurations of yours lie", hint)
                })?,
        };
        let absolute = std::path::absolute(&path).map_err(|error| {
            let problem = format!("cannot tell the present directory: {}", plain(&error));
            Failure::new(ExitCode::Io, vec![problem])
        })?;
        // What a link leads to is what is meant.
        Ok(Self { path: fs::canonicalize(&absolute).unwrap_or(absolute) })
    }

    fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    fn is_of_service(&self) -> bool {
        self.path == Path::new(system::CONFIG)
    }

    fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// The files for secrets that are there already.
    fn secrets(&self) -> Vec<String> {
        let questions = [Question::Password, Question::Url, Question::Sign];
        let names = Way::ALL
            .into_iter()
            .flat_map(|way| questions.map(|question| interview::secret_file(question, way)));
        names.filter(|name| files::has_secret(&self.directory().join(name))).collect()
    }
}

/// Where a configuration lies that nobody names a place for.
fn usual_path(is_root: bool, variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    if is_root {
        return Some(system::CONFIG.into());
    }
    let of_user = variable("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    let of_home =
        || variable("HOME").filter(|path| path.is_absolute()).map(|home| home.join(".config"));
    Some(of_user.or_else(of_home)?.join("ocrwatch/ocrwatch.toml"))
}

/// What is to be done with answers.
struct Setup<'a> {
    args: &'a InitArgs,
    place: Place,
    before: Before,
}

impl Setup<'_> {
    fn by_options(&mut self, interview: &mut Interview) -> Result<ExitCode, Failure> {
        let missing = interview.take_defaults();
        if !missing.is_empty() {
            let said = missing.iter().map(|question| {
                format!("{} is missing, and nobody can be asked", question.option())
            });
            let mut said: Vec<String> = said.collect();
            if let Some(last) = said.last_mut() {
                *last = with_hint(last, "without --yes and on a terminal, `ocrwatch init` asks");
            }
            return Err(Failure::new(ExitCode::Usage, said));
        }
        if let Err(objection) = interview.judged() {
            return Err(Failure::usage(&objection.message, &objection.hint));
        }
        if self.args.dry_run {
            return self.show(interview);
        }
        let config = self.write(interview)?;
        let problems = if self.args.no_test { Vec::new() } else { self.test(&config)? };
        let is_told = problems.is_empty();
        say_problems(&problems);
        self.end(interview, &config)?;
        Ok(if is_told { ExitCode::Done } else { ExitCode::Unavailable })
    }

    fn by_questions(
        &mut self,
        interview: Interview,
        found: &[FoundLog],
    ) -> Result<ExitCode, Failure> {
        conversation::begin(&self.place.path)?;
        if self.before == Before::Edited && !self.args.force && !self.args.dry_run {
            conversation::may_replace(&self.place.path)?;
        }
        let mut conversation = Conversation { interview, found };
        let mut is_written = false;
        loop {
            conversation.hold()?;
            if self.args.dry_run {
                return self.show(&conversation.interview);
            }
            match conversation.confirm(&self.place.path)? {
                Then::Change => continue,
                // The test of what was written before was not taken.
                Then::Stop if is_written => return Ok(ExitCode::Unavailable),
                Then::Stop => return Err(conversation::stopped()),
                Then::Go => {}
            }
            let config = self.write(&conversation.interview)?;
            is_written = true;
            let problems = if self.args.no_test { Vec::new() } else { self.test(&config)? };
            let is_told = problems.is_empty();
            say_problems(&problems);
            if !is_told {
                match conversation.after_refusal()? {
                    Then::Change => continue,
                    Then::Stop => return Ok(ExitCode::Unavailable),
                    Then::Go => {}
                }
            }
            self.end(&conversation.interview, &config)?;
            return Ok(if is_told { ExitCode::Done } else { ExitCode::Unavailable });
        }
    }

    /// Prints what would be written.
    fn show(&self, interview: &Interview) -> Result<ExitCode, Failure> {
        let access = access();
        let mut said = format!("# {}, mode {:04o}\n", self.place.shown(), access.mode);
        for (file, _) in interview.secrets() {
            let path = self.place.directory().join(file);
            // Writing to a string cannot fail.
            let _ = writeln!(said, "# {}, mode {:04o}: a secret", path.display(), access.mode);
        }
        written(write!(io::stdout(), "{}{}", visible(&said), interview.text()))?;
        Ok(ExitCode::Done)
    }

    /// Writes the files, and reads the configuration as a run will.
    fn write(&mut self, interview: &Interview) -> Result<Config, Failure> {
        let text = interview.text();
        let directory = self.place.directory();
        files::make_directory(directory, self.place.is_of_service())?;
        let secrets = interview.secrets();
        let secrets: Vec<_> = secrets
            .map(|(file, secret)| (directory.join(file), format!("{}\n", secret.reveal())))
            .collect();
        let mut wanted: Vec<_> =
            secrets.iter().map(|(path, secret)| (path.clone(), secret.as_str())).collect();
        wanted.push((self.place.path.clone(), &text));
        let keeps_old = self.before == Before::Edited;
        files::write(&wanted, access(), keeps_old)?;
        // What comes next replaces what was just written.
        self.before = Before::Nothing;
        let mut said: Vec<_> =
            wanted.iter().map(|(path, _)| format!("written: {}", path.display())).collect();
        if keeps_old {
            said.push(format!("kept: {}", files::old_path(&self.place.path).display()));
        }
        written(writeln!(io::stdout(), "\n{}", visible(&said.join("\n"))))?;
        config::load(&self.place.path)
    }

    /// Sends a notification that is marked as a test, and tells who did not take it and why.
    fn test(&self, config: &Config) -> Result<Vec<String>, Failure> {
        let receiver = config.receivers.iter().find(|receiver| *receiver.name == *RECEIVER);
        // What stands on standard output would be tried on whoever just read so much of it.
        let receiver = receiver.filter(|receiver| receiver.way != crate::config::Way::Terminal);
        let Some(receiver) = receiver else { return Ok(Vec::new()) };
        written(writeln!(io::stdout(), "\nA notification that is marked as a test:"))?;
        let rule = usual_rule(config)?;
        send(rule, receiver, config, receiver.recipients(), self.args.style.style())
    }

    /// What would have been told of the logs, and what is to be done now.
    fn end(&self, interview: &Interview, config: &Config) -> Result<(), Failure> {
        let mut out = io::stdout();
        written(writeln!(out, "\nWhat the logs would have told until now:"))?;
        let answers = interview.answers();
        let zone = config.zone.unwrap_or_else(machine_zone);
        rehearsal::rehearse(config, &answers.logs, zone, self.args.style.style())?;
        let unit = service::unit();
        let logs = rehearsal::paths(&answers.logs);
        let directory = self.place.directory();
        let secrets: Vec<_> =
            answers.secret_files().iter().map(|file| directory.join(file)).collect();
        for obstacle in service::obstacles(unit.as_ref(), &logs, &secrets) {
            written(writeln!(out, "\n{}", visible(&obstacle)))?;
        }
        let begin = service::how_to_begin(&self.place.path, unit.as_ref());
        written(write!(out, "\nNow:\n{}", visible(&begin)))
    }
}

fn say_problems(problems: &[String]) {
    let mut messages = Messages::plain();
    for problem in problems {
        messages.error(problem);
    }
}

fn access() -> Access {
    Access::of(is_root(), &system::groups())
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn machine_zone() -> Zone {
    let zone = clock::machine_zone_name().and_then(|name| Zone::of_machine_name(&name));
    zone.unwrap_or(Zone::UTC)
}

fn locale_is_chinese() -> bool {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(std::env::var_os);
    let mut set = set.filter(|locale| !locale.is_empty());
    set.next().is_some_and(|locale| locale.to_string_lossy().starts_with("zh"))
}
