//! The configuration of a run: its file with everything that it names, or the files of the command
//! line.
//!
//! Owns which files are read for it. Must not know what stands in them. Fails with every problem of
//! every file at once.

use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use super::catalogue::{not_read, read};
use super::exit_code::ExitCode;
use super::failure::{Failure, plain, with_hint};
use super::rules::RulesArgs;
use super::system;
use crate::config::{Config, Draft, FileArgument};
use crate::diagnostic::Diagnostic;
use crate::file_pattern::is_pattern;

/// The configuration of a file, with the rules and catalogue files that it names.
pub(super) fn load(path: &Path) -> Result<Config, Failure> {
    match read(path) {
        Ok(text) => of_text(path, &text),
        Err(error) => Err(vec![not_read("configuration file", path, &error)]),
    }
    .map_err(|problems| Failure::new(ExitCode::Configuration, problems))
}

/// The configuration that a command names, with its path; else that of the service, where nothing
/// else says what is meant. Of a service whose configuration names no state that of its unit is
/// meant.
pub(super) fn named_or_of_service(
    named: Option<&Path>,
    is_free: bool,
) -> Result<Option<(PathBuf, Config)>, Failure> {
    if let Some(path) = named {
        return Ok(Some((path.to_owned(), load(path)?)));
    }
    let Some(path) = is_free.then(system::config).flatten() else { return Ok(None) };
    let mut config = load(&path)?;
    if std::env::var_os("STATE_DIRECTORY").is_none() {
        config.state.directory.get_or_insert_with(|| system::STATE.into());
    }
    Ok(Some((path, config)))
}

/// The same of a file that was read.
pub(super) fn of_text(path: &Path, text: &str) -> Result<Config, Vec<String>> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let name = path.to_string_lossy();
    let here = directory_of(folder)
        .map_err(|error| vec![format!("cannot tell where `{name}` lies: {}", plain(&error))])?;
    let draft = Draft::read(&name, text, &here);
    let mut problems = Vec::new();
    let mut catalogues = Vec::new();
    for written in draft.catalogues() {
        let path = folder.join(written);
        match read(&path) {
            Ok(text) => catalogues.push((path.to_string_lossy().into_owned(), text)),
            Err(error) => {
                let problem = not_read("catalogue file", &path, &error);
                problems.push(named_by(&problem, "catalogue", &name, written));
            }
        }
    }
    let mut rules = Vec::new();
    if let Some(written) = draft.rules() {
        match RulesArgs::of(&folder.join(written)).files() {
            Ok(files) => rules = files,
            Err(found) => problems
                .extend(found.iter().map(|problem| named_by(problem, "rules", &name, written))),
        }
    }
    let shown = |found: Vec<Diagnostic>| found.into_iter().map(|problem| problem.to_string());
    if problems.is_empty() {
        return draft.finish(&catalogues, &rules).map_err(|found| shown(found).collect());
    }
    // What hangs on files that could not be read is not judged.
    problems.extend(shown(draft.into_diagnostics()));
    Err(problems)
}

/// The files of a command line as sources beside a configuration that has none.
pub(super) fn with_files(config: Config, files: &[PathBuf]) -> Result<Config, Failure> {
    let here = directory_of(Path::new("")).map_err(|error| {
        let problem = format!("cannot tell the present directory: {}", plain(&error));
        Failure::new(ExitCode::Io, vec![problem])
    })?;
    let files: Vec<_> = files.iter().map(|file| argument(file)).collect();
    config.of_files(&files, &here).map_err(|wrong| {
        let said = wrong.iter().map(|(pattern, why)| {
            let hint = "quote what is no pattern with `[` and `]`, such as `[*]`";
            with_hint(&format!("`{pattern}` is no pattern: {why}"), hint)
        });
        Failure::new(ExitCode::Usage, said.collect())
    })
}

/// What an argument means. A file whose name looks like a pattern is still that file, and one that
/// is not there yet is waited for.
fn argument(path: &Path) -> FileArgument {
    if path == Path::new("-") {
        return FileArgument::Stdin;
    }
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.file_type().is_fifo() => FileArgument::Fifo(path.to_owned()),
        Err(_) if std::fs::symlink_metadata(path).is_err() => match path.to_str() {
            Some(text) if is_pattern(text) => FileArgument::Pattern(text.to_owned()),
            _ => FileArgument::Path(path.to_owned()),
        },
        _ => FileArgument::Path(path.to_owned()),
    }
}

/// Files that are named and not there; a pattern names none.
pub(super) fn missing(files: &[PathBuf]) -> Vec<PathBuf> {
    let named = files.iter().filter_map(|file| match argument(file) {
        FileArgument::Path(path) => Some(path),
        _ => None,
    });
    named.filter(|path| std::fs::symlink_metadata(path).is_err()).collect()
}

/// A problem with a file that another names.
fn named_by(problem: &str, key: &str, file: &str, written: &str) -> String {
    let is_relative = Path::new(written).is_relative();
    let base = if is_relative { ", relative to that file" } else { "" };
    let (problem, hint) = problem.split_once("\nhint: ").unwrap_or((problem, ""));
    let named = format!("`{key}` in {file} names it{base}");
    let hint = if hint.is_empty() { named } else { format!("{hint}; {named}") };
    with_hint(problem, &hint)
}

/// A directory from the root on; the empty one is the present one.
fn directory_of(folder: &Path) -> io::Result<PathBuf> {
    let is_here = folder.as_os_str().is_empty();
    std::path::absolute(if is_here { Path::new(".") } else { folder })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::catalogue::Catalogue;
    use crate::config::Origin;
    use crate::file_pattern::Pattern;
    use crate::policy_file::Alerting;

    fn sources(files: &[PathBuf]) -> Vec<Origin> {
        let catalogue = Catalogue::embedded();
        let usual = Config::usual(Alerting::embedded(&catalogue), Arc::new(catalogue));
        let config = with_files(usual, files).expect("valid patterns");
        config.sources.into_iter().map(|source| source.origin).collect()
    }

    fn pattern(origin: &Origin) -> &Pattern {
        let Origin::Files { patterns, .. } = origin else { unreachable!("{origin:?}") };
        &patterns[0]
    }

    #[test]
    fn arguments_are_what_lies_there_else_what_they_look_like() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("a[1].log"), "").expect("a file");
        let (mode, kind) = (rustix::fs::Mode::RUSR, rustix::fs::FileType::Fifo);
        rustix::fs::mknodat(rustix::fs::CWD, path("pipe"), kind, mode, 0).expect("a pipe");
        let names = ["a[1].log", "b[1].log", "later.log", "pipe", "*.log"];
        let mut files: Vec<_> = names.map(path).to_vec();
        files.extend([PathBuf::from("-"), path("later.log")]);
        let found = sources(&files);
        assert_eq!(found.len(), 6, "{found:?}");
        let exact = [0, 1, 2, 4].map(|at| pattern(&found[at]).is_exact());
        assert_eq!(exact, [true, false, true, false]);
        assert_eq!(found[3], Origin::Fifo(path("pipe")));
        assert_eq!(found[5], Origin::Stdin);
    }

    #[test]
    fn only_a_file_that_is_named_can_be_missing() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("there.log"), "").expect("a file");
        let files = [path("there.log"), path("not.log"), path("*.log"), PathBuf::from("-")];
        assert_eq!(missing(&files), [path("not.log")]);
    }

    #[test]
    fn a_pattern_that_is_none_is_told_with_its_reason() {
        let catalogue = Catalogue::embedded();
        let usual = Config::usual(Alerting::embedded(&catalogue), Arc::new(catalogue));
        let failure = with_files(usual, &["nowhere[".into()]).expect_err("no pattern");
        assert_eq!(failure.exit_code(), ExitCode::Usage);
    }
}
