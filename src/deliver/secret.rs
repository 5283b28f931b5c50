//! Secrets, read when they are needed and never shown.
//!
//! Owns the only places where a secret is read, and that a value of it prints as dots. Must never
//! keep one for longer than its caller does. Fails with [`SecretError`], which names the place and
//! never the secret.

use std::fmt;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::config::Secret;

/// A secret has no more than this.
const BYTES_MAX: u64 = 64 * 1024;

/// A program that prints one has so long.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// A secret that prints as dots.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(String);

impl Hidden {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the receiver alone.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("••••")
    }
}

/// Why there is no secret.
#[derive(Debug)]
pub struct SecretError {
    /// Where it should lie.
    pub place: String,
    /// What is wrong there.
    pub why: String,
    /// What to do.
    pub hint: &'static str,
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

impl std::error::Error for SecretError {}

/// Reads a secret: its first line.
pub fn read(secret: &Secret) -> Result<Hidden, SecretError> {
    match secret {
        Secret::File(path) => of_file(path, true),
        Secret::Environment(name) => {
            let failed = |why: &str| SecretError {
                place: format!("the variable `{name}`"),
                why: why.to_owned(),
                hint: "set it where the program is started, or name a file",
            };
            let value = std::env::var(&**name).map_err(|_| failed("it is not set"))?;
            first_line(&value).ok_or_else(|| failed("it is empty"))
        }
        Secret::Credential(name) => {
            let Some(directory) = std::env::var_os("CREDENTIALS_DIRECTORY") else {
                return Err(SecretError {
                    place: format!("the credential `{name}`"),
                    why: "no credentials were handed over".to_owned(),
                    hint: "write `LoadCredential=` into the unit, or name a file",
                });
            };
            // systemd has made sure of who may read it.
            of_file(&PathBuf::from(directory).join(&**name), false)
        }
        Secret::Command(arguments) => of_command(arguments),
    }
}

fn of_file(path: &Path, is_private: bool) -> Result<Hidden, SecretError> {
    let failed = |why: String, hint| SecretError { place: path.display().to_string(), why, hint };
    let unreadable = |error: std::io::Error| {
        failed(error.to_string(), "make a file with the secret in its first line, mode 0600")
    };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if is_private && others_may(metadata.mode(), metadata.uid()) {
        let why = format!("others may read it (mode {:04o})", metadata.mode() & 0o7777);
        return Err(failed(why, "chmod 600 the file"));
    }
    let mut text = String::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(BYTES_MAX).read_to_string(&mut text).map_err(unreadable)?;
    first_line(&text).ok_or_else(|| failed("it is empty".to_owned(), "write the secret into it"))
}

/// Whether more people can get at a file than should. What belongs to root may be read by its
/// group: that is how root hands a secret to a service that cannot change it.
fn others_may(mode: u32, owner: u32) -> bool {
    let allowed = if owner == 0 { 0o740 } else { 0o700 };
    mode & 0o777 & !allowed != 0
}

fn of_command(arguments: &[String]) -> Result<Hidden, SecretError> {
    let program = arguments.first().map_or("", String::as_str);
    let failed = |why: String| SecretError {
        place: program.to_owned(),
        why,
        hint: "run it by hand as the program's user: it must print the secret in its first line",
    };
    let mut command = Command::new(program);
    command.args(arguments.iter().skip(1));
    let output = super::program::run(command, Vec::new(), COMMAND_TIMEOUT)
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(format!("it ended with {}", output.status)));
    }
    first_line(&String::from_utf8_lossy(&output.stdout))
        .ok_or_else(|| failed("it printed nothing".to_owned()))
}

fn first_line(text: &str) -> Option<Hidden> {
    text.lines().next().map(str::trim_end).filter(|line| !line.is_empty()).map(Hidden::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_of_root_may_be_read_by_its_group_and_no_other_by_anybody() {
        let root = [(0o600, false), (0o640, false), (0o400, false), (0o660, true), (0o644, true)];
        let other = [(0o600, false), (0o640, true), (0o604, true), (0o610, true)];
        for (mode, expected) in root {
            assert_eq!(others_may(0o100_000 | mode, 0), expected, "{mode:o} of root");
        }
        for (mode, expected) in other {
            assert_eq!(others_may(0o100_000 | mode, 1000), expected, "{mode:o}");
        }
    }
}
