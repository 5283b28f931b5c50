//! Where a secret lies: in a file, the environment, a credential of systemd, what a program says.
//!
//! Owns the forms. Must never read one, and knows no form in which a secret stands in the
//! configuration itself. What is wrong is a problem and reads as absent.

use std::path::PathBuf;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use crate::config::paths::Paths;
use crate::config::problem;
use crate::toml_file::{Keys, Problems};

pub(in crate::config) const KEYS: &[&str] = &["file", "env", "credential", "command"];

const ARGUMENTS_MAX: usize = 64;

/// Where a secret lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// The first line of a file that only its owner may read.
    File(PathBuf),
    /// A variable of the environment.
    Environment(Arc<str>),
    /// A credential that systemd gives the unit: a file in `$CREDENTIALS_DIRECTORY`.
    Credential(Arc<str>),
    /// The first line that a program prints; each time anew.
    Command(Arc<[String]>),
}

/// The secret of a key, such as `password = { file = "smtp.password" }`.
pub(in crate::config) fn read(
    key: &'static str,
    paths: Paths<'_>,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<Secret> {
    of_value((key, key), keys.value(key)?, paths, problems)
}

/// The secret that a value names; the second name is what its table is called.
pub(super) fn of_value(
    (key, what): (&str, &'static str),
    value: &Spanned<DeValue<'_>>,
    paths: Paths<'_>,
    problems: &mut Problems<'_>,
) -> Option<Secret> {
    if value.get_ref().is_str() {
        let message = format!("`{key}` is a secret, and secrets do not stand here");
        let hint = format!(
            "write where it lies: `{key} = {{ file = \"…\" }}`, `env`, `credential` or `command`"
        );
        problems.hide(value.span());
        problems.add(problem::SECRET_IN_FILE, value.span(), message, hint);
        return None;
    }
    let table = Keys::of_value(value, what, KEYS, problems)?;
    let mut said = KEYS.iter().copied().filter(|form| table.has(form));
    let Some(form) = said.next() else {
        table.missing("file", "say where the secret lies, such as `file = \"…\"`", problems);
        return None;
    };
    if let Some(second) = said.next() {
        let message = format!("`{key}` lies in one place, this says `{form}` and `{second}`");
        problems.add(problem::BAD_VALUE, value.span(), message, "leave one out".to_owned());
    }
    match form {
        "file" => table_path(paths, &table, problems),
        "env" => table.text("env", problems).map(|name| Secret::Environment(text(&name))),
        "credential" => credential(&table, problems),
        _ => command(&table, problems),
    }
}

fn table_path(
    paths: Paths<'_>,
    table: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<Secret> {
    Some(Secret::File(paths.path("file", table, problems)?.into_inner()))
}

fn text(text: &Spanned<String>) -> Arc<str> {
    text.get_ref().as_str().into()
}

fn credential(table: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Secret> {
    let name = table.text("credential", problems)?;
    if name.get_ref().contains('/') || name.get_ref().starts_with('.') {
        let message = format!("`{}` is no name of a credential", name.get_ref());
        let hint = "write the name that `LoadCredential=` gives it".to_owned();
        problems.add(problem::BAD_VALUE, name.span(), message, hint);
        return None;
    }
    Some(Secret::Credential(text(&name)))
}

fn command(table: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Secret> {
    arguments("command", table, problems).map(Secret::Command)
}

/// A program and its arguments, as a list: no shell reads it.
pub(super) fn arguments(
    key: &str,
    table: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<Arc<[String]>> {
    let hint = "join the arguments in a script";
    let texts = crate::config::paths::limited(key, ARGUMENTS_MAX, hint, table, problems);
    let range = table.value(key)?.span();
    let arguments: Vec<String> = texts.into_iter().map(Spanned::into_inner).collect();
    match arguments.first() {
        Some(program) if program.starts_with('/') => Some(arguments.into()),
        Some(_) => {
            let message = "the program's path is not absolute".to_owned();
            let hint = "write the whole path; no shell and no PATH is asked".to_owned();
            problems.add(problem::BAD_PATH, range, message, hint);
            None
        }
        None => None,
    }
}
