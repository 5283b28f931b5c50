//! Where a report goes: standard output, or files that are whole or not there.
//!
//! Owns the formats, which of them the ending of a file's name asks for, and that a file under its
//! name is never half a report. Must never know what a report says. Fails where a file cannot be
//! made, before anything is read.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::OUT_BYTES;
use super::exit_code::ExitCode;
use super::failure::{Failure, plain, with_hint};
use crate::surface::Language;
use crate::surface::escape::visible;

/// What a report is written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A page for people
    #[default]
    Terminal,
    /// A page for a browser: one file that needs nothing else
    Html,
    /// One document, described in docs/report-json.md
    Json,
    /// One object for each error, as `ocrwatch extract` prints
    Jsonl,
    /// A row for each code
    Csv,
    /// For issues, wikis and chats
    Markdown,
}

/// The language of our own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Lang {
    /// English
    En,
    /// Chinese; what is documented stays as it is documented
    Zh,
}

/// How, in which language and where to write.
#[derive(Debug, Args)]
pub(super) struct OutputArgs {
    /// What to write [default: what the ending of FILE asks for, else terminal]
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,

    /// Write to a file: .html, .json, .csv, .md, .txt (repeatable)
    ///
    /// A file appears under its name only once it is whole. Nothing is written to standard output
    /// then.
    #[arg(long, short, value_name = "FILE")]
    output: Vec<PathBuf>,

    /// The language of the html format and of a mail [default: en; of a mail, its receiver's]
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    lang: Option<Lang>,
}

impl OutputArgs {
    /// The language of our own words.
    pub(super) fn language(&self) -> Language {
        self.language_asked().unwrap_or_default()
    }

    /// The same, if one was asked for.
    pub(super) fn language_asked(&self) -> Option<Language> {
        self.lang.map(|lang| match lang {
            Lang::En => Language::English,
            Lang::Zh => Language::Chinese,
        })
    }

    /// Makes every place; what cannot be made is told at once. What goes by mail stands elsewhere
    /// only if that is asked for.
    pub(super) fn open(&self, goes_by_mail: bool) -> Result<Vec<Output>, Failure> {
        if self.output.is_empty() && self.format.is_none() && goes_by_mail {
            return Ok(Vec::new());
        }
        if self.output.is_empty() {
            let format = self.format.unwrap_or_default();
            return Ok(vec![Output { format, place: Place::Stdout(buffered(io::stdout())) }]);
        }
        let mut outputs = Vec::new();
        for path in &self.output {
            let format = self.format.or_else(|| of_ending(path)).ok_or_else(|| {
                let shown = visible(&path.display().to_string());
                let hint = "end it in .html, .json, .csv, .md or .txt, or give --format";
                Failure::usage(&format!("the ending of {shown} is no format's"), hint)
            })?;
            let place = Staged::make(path).map_err(|error| cannot_write(path, &error))?;
            outputs.push(Output { format, place: Place::File(place) });
        }
        let is_streaming = outputs.iter().any(|output| output.format == Format::Jsonl);
        if is_streaming && outputs.len() > 1 {
            let hint = "ask for it by itself; its lines are written while the log is read";
            return Err(Failure::usage("jsonl goes to one place", hint));
        }
        Ok(outputs)
    }
}

fn of_ending(path: &Path) -> Option<Format> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    Some(match ending.as_str() {
        "html" | "htm" => Format::Html,
        "json" => Format::Json,
        "jsonl" => Format::Jsonl,
        "csv" => Format::Csv,
        "md" => Format::Markdown,
        "txt" => Format::Terminal,
        _ => return None,
    })
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let shown = visible(&path.display().to_string());
    let problem = format!("cannot write {shown}: {}", plain(error));
    let hint = "name a file in a directory that you may write to";
    Failure::new(ExitCode::Io, vec![with_hint(&problem, hint)])
}

/// One place, and what is written there.
pub(super) struct Output {
    pub(super) format: Format,
    place: Place,
}

enum Place {
    Stdout(BufWriter<io::Stdout>),
    File(Staged),
}

impl Output {
    /// Whether people read it on a terminal at once.
    pub(super) fn is_stdout(&self) -> bool {
        matches!(self.place, Place::Stdout(_))
    }

    /// Ends it: a file gets its name.
    pub(super) fn finish(self) -> Result<(), Failure> {
        match self.place {
            Place::Stdout(mut out) => super::failure::written(out.flush()),
            Place::File(file) => {
                let path = file.path.clone();
                file.put().map_err(|error| cannot_write(&path, &error))
            }
        }
    }

    /// What a failure to write there means.
    pub(super) fn failed(&self, error: io::Error) -> Result<(), Failure> {
        match &self.place {
            Place::Stdout(_) => super::failure::written(Err(error)),
            Place::File(file) => Err(cannot_write(&file.path, &error)),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.place {
            Place::Stdout(out) => out.write(bytes),
            Place::File(file) => file.out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.place {
            Place::Stdout(out) => out.flush(),
            Place::File(file) => file.out.flush(),
        }
    }
}

fn buffered<W: Write>(out: W) -> BufWriter<W> {
    BufWriter::with_capacity(OUT_BYTES, out)
}

/// A file that is written and does not have its name yet. Let go of before, it is removed.
struct Staged {
    path: PathBuf,
    out: BufWriter<File>,
    /// None where there is no other way than to write in place, as into a pipe.
    temporary: Option<PathBuf>,
}

impl Staged {
    fn make(path: &Path) -> io::Result<Self> {
        let is_special = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
        if is_special {
            let out = buffered(File::options().write(true).open(path)?);
            return Ok(Self { path: path.to_owned(), out, temporary: None });
        }
        // Whoever writes through a link means what it leads to.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
        let file = File::options().write(true).create_new(true).open(&temporary)?;
        Ok(Self { path, out: buffered(file), temporary: Some(temporary) })
    }

    fn put(mut self) -> io::Result<()> {
        self.out.flush()?;
        if let Some(temporary) = &self.temporary {
            fs::rename(temporary, &self.path)?;
            self.temporary = None;
        }
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _ = fs::remove_file(temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_given_up_leaves_what_was_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.html");
        fs::write(&path, "before").unwrap();
        let mut staged = Staged::make(&path).unwrap();
        staged.out.write_all(b"half").unwrap();
        drop(staged);
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        let mut staged = Staged::make(&path).unwrap();
        staged.out.write_all(b"whole").unwrap();
        staged.put().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_ending_tells_the_format() {
        let formats = ["a.HTML", "a.b.md", "a", "a.xml"].map(|name| of_ending(Path::new(name)));
        assert_eq!(formats, [Some(Format::Html), Some(Format::Markdown), None, None]);
    }
}
