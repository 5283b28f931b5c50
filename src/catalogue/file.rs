//! A catalogue file: what it says, checked.
//!
//! Owns the file's form and every rule about a single file. Must not know what is already in the
//! catalogue, but for which codes are known. Everything wrong is collected; what is returned is
//! only good when nothing was.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use super::entry::{Cause, Meaning, Paragraph, Source};
use super::parts::{causes, meanings, patterns, solution, statuses};
use super::pattern::Pattern;
use super::problem;
use super::severity::{self, Rated};
use crate::occurrence::Module;
use crate::toml_file::{self, Keys, Problems, boxed, did_you_mean, listed};

const ROOT_KEYS: &[&str] = &["source", "elsewhere", "entry", "supplement", "severity"];

/// What a catalogue file says. A key that was left out is `None`.
pub(super) struct File {
    pub(super) source: Arc<Source>,
    pub(super) elsewhere: Vec<(Module, Box<str>)>,
    pub(super) entries: Vec<Said>,
    pub(super) supplements: Vec<Said>,
    pub(super) severities: Vec<Rated>,
}

impl File {
    /// Whether one of the file's own entries is what is rated.
    pub(super) fn knows(&self, rated: &Rated) -> bool {
        let (code, cause) = rated.parts();
        let mut entries = self.entries.iter().filter(|entry| *entry.code == *code);
        entries.any(|entry| {
            let mut causes = entry.causes.iter().flatten();
            cause.is_none_or(|cause| causes.any(|known| *known.id == *cause))
        })
    }
}

/// What an `[[entry]]` or a `[[supplement]]` says of its code.
pub(super) struct Said {
    pub(super) code: Box<str>,
    pub(super) module: Module,
    pub(super) message: Option<Box<str>>,
    pub(super) patterns: Option<Vec<Pattern>>,
    pub(super) description: Option<Box<str>>,
    pub(super) solution: Option<Vec<Paragraph>>,
    pub(super) causes: Option<Vec<Cause>>,
    pub(super) http_status: Option<Vec<u16>>,
    pub(super) meanings: Option<Vec<Meaning>>,
}

/// Reads a file. `known` tells which codes earlier files have.
pub(super) fn read(problems: &mut Problems<'_>, known: &dyn Fn(&str) -> bool) -> Option<File> {
    let root = toml_file::parse(problems)?;
    let root = Keys::of_table(root.get_ref(), 0..0, "the file", ROOT_KEYS, problems);
    let source = Arc::new(source(&root, problems));
    let elsewhere = elsewhere(&root, problems);

    let mut places = HashMap::new();
    let mut entries = Vec::new();
    for item in root.tables("entry", "[[entry]]", problems).unwrap_or_default() {
        entries.extend(entry(item, &source, &mut places, known, problems));
    }
    let mut supplemented = HashMap::new();
    let mut supplements = Vec::new();
    for item in root.tables("supplement", "[[supplement]]", problems).unwrap_or_default() {
        let known = |code: &str| known(code) || places.contains_key(code);
        supplements.extend(supplement(item, &source, &mut supplemented, &known, problems));
    }
    let severities = severity::read(&root, problems);
    Some(File { source, elsewhere, entries, supplements, severities })
}

fn source(root: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Source {
    const KEYS: &[&str] = &["title", "date", "reference"];
    let file: Box<str> = problems.file().into();
    let unnamed = Source { title: file.clone(), date: None, reference: false, file };
    let Some(keys) = root.table("source", "[source]", KEYS, problems) else { return unnamed };
    Source {
        title: keys.text("title", problems).map_or(unnamed.title, |title| boxed(&title)),
        date: keys.value("date").and_then(|value| date(value, problems)),
        reference: keys.flag("reference", problems).unwrap_or(false),
        file: unnamed.file,
    }
}

fn date(value: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<Box<str>> {
    if let DeValue::Datetime(toml::value::Datetime { date: Some(date), time: None, offset: None }) =
        value.get_ref()
    {
        return Some(date.to_string().into());
    }
    let message = "`date` must be a day".to_owned();
    let hint = "write it as 2022-10-29, without quotes".to_owned();
    problems.add(problem::BAD_DATE, value.span(), message, hint);
    None
}

fn elsewhere(root: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Vec<(Module, Box<str>)> {
    const KEYS: &[&str] = &["module", "text"];
    let mut modules = Vec::new();
    for item in root.tables("elsewhere", "[[elsewhere]]", problems).unwrap_or_default() {
        let Some(keys) = Keys::of_value(item, "[[elsewhere]]", KEYS, problems) else { continue };
        let hint = "name the module whose codes another document lists";
        let name = keys.required_text("module", hint, problems);
        let text = keys.required_text("text", "say where its codes are listed", problems);
        if let Some(module) = name.and_then(|name| module_named(&name, problems))
            && let Some(text) = text
        {
            modules.push((module, boxed(&text)));
        }
    }
    modules
}

fn entry(
    item: &Spanned<DeValue<'_>>,
    source: &Arc<Source>,
    places: &mut HashMap<Box<str>, Range<usize>>,
    known: &dyn Fn(&str) -> bool,
    problems: &mut Problems<'_>,
) -> Option<Said> {
    const KEYS: &[&str] = &[
        "code",
        "module",
        "message",
        "patterns",
        "description",
        "solution",
        "http_status",
        "meanings",
        "cause",
    ];
    let keys = Keys::of_value(item, "[[entry]]", KEYS, problems)?;
    let coded = code(&keys, places, problems);
    if let Some(name) = keys.text("module", problems)
        && let Some(module) = module_named(&name, problems)
        && let Some((code, by_code)) = &coded
        && module != *by_code
    {
        let message = format!("code {code} belongs to module {by_code}, not to {module}");
        let hint = "leave `module` out; it follows from the code".to_owned();
        problems.add(problem::WRONG_MODULE, name.span(), message, hint);
    }
    let is_new = coded.as_ref().is_some_and(|(code, _)| !known(code));
    if is_new && !keys.has("description") {
        keys.missing("description", "a new code needs a description", problems);
    }
    if is_new && source.reference && !keys.has("solution") && !keys.has("cause") {
        let hint = "the vendor's documentation gives a solution for each code; for a list of \
                    your own write `reference = false` in [source]";
        keys.missing("solution", hint, problems);
    }
    let message = keys.text("message", problems).as_ref().map(boxed);
    let patterns = patterns(&keys, problems);
    let description = keys.text("description", problems).as_ref().map(boxed);
    let solution = solution(&keys, problems);
    let causes = causes(&keys, problems);
    let http_status = statuses(&keys, problems);
    let meanings = meanings(&keys, source, problems);
    let (code, module) = coded?;
    Some(Said {
        code,
        module,
        message,
        patterns,
        description,
        solution,
        causes,
        http_status,
        meanings,
    })
}

fn supplement(
    item: &Spanned<DeValue<'_>>,
    source: &Arc<Source>,
    places: &mut HashMap<Box<str>, Range<usize>>,
    known: &dyn Fn(&str) -> bool,
    problems: &mut Problems<'_>,
) -> Option<Said> {
    const KEYS: &[&str] = &["code", "http_status", "meanings"];
    let keys = Keys::of_value(item, "[[supplement]]", KEYS, problems)?;
    let coded = code(&keys, places, problems);
    if let Some((code, _)) = &coded
        && !known(code)
        && let Some(range) = places.get(code)
    {
        let message = format!("no [[entry]] for code {code} stands in this or an earlier file");
        let hint = "a new code is added with [[entry]]".to_owned();
        problems.add(problem::UNKNOWN_CODE, range.clone(), message, hint);
    }
    let http_status = statuses(&keys, problems);
    let meanings = meanings(&keys, source, problems);
    let (code, module) = coded?;
    Some(Said {
        code,
        module,
        message: None,
        patterns: None,
        description: None,
        solution: None,
        causes: None,
        http_status,
        meanings,
    })
}

/// The code and its module; a code may stand once among `places`.
fn code(
    keys: &Keys<'_, '_>,
    places: &mut HashMap<Box<str>, Range<usize>>,
    problems: &mut Problems<'_>,
) -> Option<(Box<str>, Module)> {
    let code =
        keys.required_text("code", "name the code, such as `code = \"AIS.0101\"`", problems)?;
    let range = code.span();
    let code = boxed(&code);
    let Some((prefix, digits)) = code.split_once('.') else {
        return bad_code(&code, range, problems);
    };
    let Some(module) = Module::of_code(&code) else {
        let message = format!("code {code} belongs to no module: `{prefix}.` is not known");
        let prefixes = Module::ALL.map(Module::prefix);
        let hint = did_you_mean(prefix, prefixes)
            .unwrap_or_else(|| format!("codes begin with {}", listed(&prefixes)));
        problems.add(problem::UNKNOWN_MODULE, range, message, hint);
        return None;
    };
    if !matches!(digits.len(), 4 | 5) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return bad_code(&code, range, problems);
    }
    if let Some(earlier) = places.get(&code) {
        let line = problems.text()[..earlier.start].matches('\n').count() + 1;
        let message = format!("code {code} stands in this file already, on line {line}");
        let hint = "keep one of the two; a later file replaces an earlier one's entry".to_owned();
        problems.add(problem::DUPLICATE_CODE, range, message, hint);
        return None;
    }
    places.insert(code.clone(), range);
    Some((code, module))
}

fn bad_code<T>(code: &str, range: Range<usize>, problems: &mut Problems<'_>) -> Option<T> {
    let message = format!("`{code}` is not an error code");
    let hint = "a code is a prefix, a dot and four or five digits, such as AIS.0101".to_owned();
    problems.add(problem::BAD_CODE, range, message, hint);
    None
}

fn module_named(name: &Spanned<String>, problems: &mut Problems<'_>) -> Option<Module> {
    let found = Module::ALL.into_iter().find(|module| module.name() == name.get_ref());
    if found.is_none() {
        let names = Module::ALL.map(Module::name);
        let message = format!("unknown module `{}`", name.get_ref());
        let hint = did_you_mean(name.get_ref(), names)
            .unwrap_or_else(|| format!("the modules are {}", listed(&names)));
        problems.add(problem::UNKNOWN_MODULE, name.span(), message, hint);
    }
    found
}
