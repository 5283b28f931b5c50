//! The reference of files: its tables in the documents, the schemas for editors, and that both say
//! what the readers do.
//!
//! `OCRWATCH_BLESS=1 cargo test --test it reference` writes the tables and the schemas anew; read
//! the difference.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ocrwatch::catalogue::Catalogue;
use ocrwatch::config::{self, Draft};
use ocrwatch::policy_file::Alerting;
use ocrwatch::scenario::is_scenario_file;
use ocrwatch::toml_file::reference::{Key, Kind, Table};
use ocrwatch::{policy_file, reference, rules};
use toml::{Table as Toml, Value};

use crate::bad_files::toml_files;
use crate::harness::Sandbox;

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn is_blessed() -> bool {
    std::env::var_os("OCRWATCH_BLESS").is_some()
}

/// A file of the project is what it would be if it were written now.
#[track_caller]
fn check_file(path: &str, expected: &str) {
    if is_blessed() {
        fs::write(project(path), expected).expect("a writable file");
    }
    let text = fs::read_to_string(project(path)).unwrap_or_default();
    assert!(text == expected, "{path} is old: OCRWATCH_BLESS=1 cargo test --test it reference");
}

/// The table of keys that begins with this head is what it would be if it were written now.
#[track_caller]
fn check_rows(path: &str, head: &str, keys: &[Key]) {
    let rows = reference::rows(head, keys);
    let text = fs::read_to_string(project(path)).expect("a document");
    let start = text.find(&format!("| {head} |"));
    assert!(start.is_some(), "{path} has no table `{head}`");
    let start = start.unwrap_or_default();
    let end = text[start..].find("\n\n").map_or(text.len(), |end| start + end + 1);
    check_file(path, &format!("{}{rows}{}", &text[..start], &text[end..]));
}

#[test]
fn the_tables_of_the_documents_are_those_of_the_readers() {
    let root = config::reference();
    for (name, known) in config::keys() {
        let table = root.all().into_iter().find(|table| table.name == name);
        let table = table.unwrap_or_else(|| panic!("nothing is said of {name}"));
        let (head, keys) = match name {
            "the file" => {
                let own = |key: &&Key| known.contains(&key.name);
                ("Key of the file".to_owned(), table.keys.iter().filter(own).cloned().collect())
            }
            _ => (format!("Key of `{name}`"), table.keys.clone()),
        };
        check_rows("docs/configuration.md", &head, &keys);
    }
    let all = policy_file::reference();
    for name in ["[[route]]", "[[silence]]", "[[mute]]", "[engine]", "[success]"] {
        let table = all.all().into_iter().find(|table| table.name == name).expect("a table");
        check_rows("docs/rules.md", &format!("Key of `{name}`"), &table.keys);
    }
    check_rows("docs/rules.md", "Key of `[[rule]]`", &rules::rule_keys());
    check_rows("docs/rules.md", "Key of a condition", &rules::condition_keys());
    check_rows("docs/rules.md", "Key of the times", &rules::time_keys());
}

#[test]
fn every_key_that_is_read_is_in_the_reference_and_the_other_way_round() {
    let root = config::reference();
    let of_rules: BTreeSet<_> = policy_file::reference().keys.iter().map(|key| key.name).collect();
    let mut read = BTreeSet::new();
    for (table, keys) in config::keys().into_iter().chain(policy_file::keys()) {
        read.extend(keys.into_iter().map(|key| (table, key)));
    }
    let mut said = BTreeSet::new();
    for table in root.all() {
        // What labels are called is anybody's.
        if table.others.is_none() {
            said.extend(table.keys.iter().map(|key| (table.name, key.name)));
        }
    }
    let only_read: Vec<_> = read.difference(&said).collect();
    let only_said: Vec<_> = said.difference(&read).collect();
    let elsewhere = |(table, key): &&&(&str, &str)| *table == "the file" && of_rules.contains(key);
    let only_said: Vec<_> = only_said.iter().filter(|it| !elsewhere(it)).collect();
    assert!(only_read.is_empty() && only_said.is_empty(), "{only_read:?} {only_said:?}");
}

#[test]
fn tables_of_one_name_are_the_same_and_sentences_are_complete() {
    let root = config::reference();
    let tables = root.all();
    for table in &tables {
        let same = tables.iter().filter(|other| other.name == table.name);
        assert!(same.into_iter().all(|other| other == table), "{}", table.name);
        for key in &table.keys {
            let place = format!("{} {}", table.name, key.name);
            let sentence = key.sentence();
            assert!(
                !sentence.is_empty() && !sentence.contains(['{', '}']) || has_code(&sentence),
                "{place}: {sentence}"
            );
            let is_ranged = matches!(key.kind, Kind::Span(_) | Kind::Size(_) | Kind::Number(_));
            if is_ranged {
                assert!(
                    key.says.contains("{range}") || key.name == "at_least",
                    "{place} tells no range"
                );
            }
            if let Kind::Words(words) = &key.kind {
                let lacks = words.iter().find(|word| !sentence.contains(&format!("`{word}`")));
                assert_eq!(lacks, None, "{place} does not explain a word");
            }
        }
    }
}

/// Braces of examples stand between backticks.
fn has_code(sentence: &str) -> bool {
    sentence.split('`').step_by(2).all(|words| !words.contains(['{', '}']))
}

const SCHEMAS: [(&str, &str); 2] =
    [("config", "docs/config.schema.json"), ("rules", "docs/rules.schema.json")];

#[test]
fn the_schemas_are_shipped_as_they_are_printed() {
    let sandbox = Sandbox::new();
    for (kind, path) in SCHEMAS {
        let printed = sandbox.run(&["gen", "schema", kind]);
        check_file(path, printed.code(0).stdout());
    }
}

/// A file, and whether its reader and its schema take it.
struct Case {
    table: &'static str,
    place: String,
    file: Toml,
    /// What the name of its problem ends in.
    problem: Option<&'static str>,
    is_seen_by_schema: bool,
}

fn value_of(text: &str) -> Value {
    let table: Toml = format!("value = {text}").parse().expect("a value in TOML");
    table["value"].clone()
}

fn with(mut table: Toml, pairs: &[(&str, &str)]) -> Toml {
    table.extend(pairs.iter().map(|(key, text)| ((*key).to_owned(), value_of(text))));
    table
}

/// What the table needs beside a key for the key to be right.
fn base(table: &Table, key: &Key) -> Toml {
    let mut base = value_of(&table.example()).as_table().cloned().expect("a table");
    if table.one_of.contains(&key.name) {
        base.retain(|name, _| !table.one_of.contains(&name));
    }
    let token = "{ command = [\"/usr/bin/token\"] }";
    let secret = "{ env = \"SECRET\" }";
    let counted = [("severity", "\"info\""), ("summary", "\"s\""), ("condition", "\"count >= 5\"")];
    let windowed = ("window", "\"10m\"");
    match (table.name, key.name) {
        ("email" | "login", "user") => with(base, &[("password", secret)]),
        ("email", "password" | "oauth_token") => with(base, &[("user", "\"li\"")]),
        ("login", "password") => {
            base.remove("credentials");
            with(base, &[("user", "\"agent\"")])
        }
        ("[fleet]", "consume") => with(base, &[("role", "\"aggregator\""), ("partitions", "256")]),
        ("smn", "access_key") => with(base, &[("secret_key", secret), ("dedicated", "true")]),
        ("smn", "secret_key") => with(base, &[("access_key", secret), ("dedicated", "true")]),
        ("smn", _) => {
            base.remove("access_key");
            if key.name == "token" { base } else { with(base, &[("token", token)]) }
        }
        ("[[rule]]", name) => {
            let rule = with(base, &counted);
            let condition = |condition, also: &[(&str, &str)]| {
                with(with(rule.clone(), &[("condition", condition)]), also)
            };
            match name {
                "gap" | "reset" => condition("\"consecutive > 5\"", &[]),
                "of" | "needs_success" | "at_least" => {
                    condition("\"ratio >= 30%\"", &[("of", "\"calls\""), windowed])
                }
                "baseline" => condition("\"spike >= 3x\"", &[windowed]),
                "unseen" | "learning" => condition("\"new\"", &[]),
                "then" | "within" => {
                    let then = "{ code = \"APIG.0301\" }";
                    condition("\"sequence\"", &[("then", then), ("within", "\"5m\"")])
                }
                _ => with(rule, &[windowed]),
            }
        }
        _ => base,
    }
}

/// The table that has this one below it, and by which key.
fn above<'t>(root: &'t Table, name: &str) -> Option<(&'t Table, &'t Key)> {
    fn holds(kind: &Kind, name: &str) -> bool {
        match kind {
            Kind::Table(table) => table.name == name,
            Kind::List(kind, _) | Kind::Pairs(kind, _) => holds(kind, name),
            Kind::Either(kinds) => kinds.iter().any(|kind| holds(kind, name)),
            _ => false,
        }
    }
    let keys = |table: &'t Table| table.keys.iter().map(move |key| (table, key));
    root.all().into_iter().flat_map(keys).find(|(_, key)| holds(&key.kind, name))
}

/// A file in which a table of this name stands, with what the file needs around it.
fn file_with(root: &Table, name: &str, table: Toml) -> Toml {
    let labels: Vec<_> = match name {
        "match of alerts" => table.keys().cloned().collect(),
        _ => Vec::new(),
    };
    let names_rules =
        ["inhibits", "not"].iter().any(|key| name == *key || table.contains_key(*key));
    let is_about_rules = is_read_with_rules(name);
    let (mut name, mut file) = (name, table);
    while let Some((parent, key)) = above(root, name) {
        let value = match &key.kind {
            Kind::List(..) => Value::Array(vec![Value::Table(file)]),
            Kind::Pairs(..) => Value::Table(Toml::from_iter([("NAME".to_owned(), file.into())])),
            _ => Value::Table(file),
        };
        (name, file) = (parent.name, base(parent, key));
        file.insert(key.name.to_owned(), value);
    }
    if let Some(Value::Array(receivers)) = file.get_mut("receiver") {
        let console = [("name", "\"console\""), ("terminal", "true")];
        receivers.push(Value::Table(with(Toml::new(), &console)));
    }
    if !labels.is_empty() {
        // An alert has the labels that some rule groups by.
        let labels = labels.into_iter().filter(|label| !["rule", "severity"].contains(&&**label));
        let rule = [("name", "\"r\""), ("severity", "\"info\""), ("summary", "\"s\"")];
        let counted = [("condition", "\"count >= 5\""), ("window", "\"1m\"")];
        let mut rule = with(with(Toml::new(), &rule), &counted);
        let grouped = labels.map(Value::String).collect();
        rule.insert("group_by".to_owned(), Value::Array(grouped));
        file.insert("rule".to_owned(), Value::Array(vec![Value::Table(rule)]));
    }
    if is_about_rules {
        // Reading the shipped ones takes longer than all else here.
        file.insert("shipped".to_owned(), Value::Boolean(names_rules));
    }
    file
}

/// Values of a key that are right, and those that are not, with what the problem's name ends in.
fn values(key: &Key) -> Vec<(Value, Option<&'static str>, bool)> {
    let text = |text: String| Value::String(text);
    let bytes = |bytes: u64| text(format!("{bytes} B"));
    let span = |ms: i64| text(format!("{ms}ms"));
    let mut values = vec![(value_of(&key.example()), None, true)];
    let mut range = |least: Value, most: Value, under: Option<Value>, over: Value, seen: bool| {
        values.extend([(least, None, true), (most, None, true)]);
        values.push((over, Some("bad-value"), seen));
        values.extend(under.map(|under| (under, Some("bad-value"), seen)));
    };
    match &key.kind {
        Kind::Span(span_of) => {
            let (least, most) = (*span_of.start(), *span_of.end());
            let under = (least > 0).then(|| span(least - 1));
            range(span(least), span(most), under, span(most + 1), false);
        }
        Kind::Size(size_of) => {
            let (least, most) = (*size_of.start(), *size_of.end());
            range(bytes(least), bytes(most), Some(bytes(least - 1)), bytes(most + 1), false);
        }
        Kind::Number(number_of) => {
            let number = Value::Integer;
            let (least, most) = (*number_of.start(), *number_of.end());
            range(number(least), number(most), Some(number(least - 1)), number(most + 1), true);
        }
        Kind::Words(words) => {
            let good = words.iter().map(|word| (text((*word).to_owned()), None, true));
            values.extend(good.filter(|_| key.name != "event"));
            values.push((text("nothing-known".to_owned()), Some("bad-value"), true));
        }
        _ => {}
    }
    let wrong = match &key.kind {
        Kind::Number(_) => text("many".to_owned()),
        Kind::Flag => text("yes".to_owned()),
        Kind::Either(kinds) if kinds.contains(&Kind::Share) => Value::Boolean(true),
        _ => Value::Integer(7),
    };
    let is_time = key.sample.is_some_and(is_time) || key.kind == Kind::Stamp;
    let problem = if is_time { "bad-time" } else { "wrong-type" };
    values.push((wrong, Some(problem), true));
    if let Some(max) = key.kind.max() {
        let many = match values[0].0.clone() {
            Value::Array(items) => {
                Value::Array(items.iter().cycle().take(max + 1).cloned().collect())
            }
            Value::Table(pairs) => {
                let value = pairs.values().next().expect("an example with a value");
                let named = |n| (format!("name_{n}"), value.clone());
                Value::Table((0..=max).map(named).collect())
            }
            one => Value::Array(vec![one; max + 1]),
        };
        values.push((many, Some("too-many"), true));
    }
    values
}

fn is_time(sample: &str) -> bool {
    sample.len() == 7 && sample.contains(':')
}

/// Every key with values that are right and values that are not.
fn cases() -> Vec<Case> {
    let root = config::reference();
    let mut names = BTreeSet::new();
    let mut cases = Vec::new();
    for table in root.all() {
        if !names.insert(table.name) {
            continue;
        }
        for key in &table.keys {
            let base = base(table, key);
            for (value, problem, is_seen_by_schema) in values(key) {
                let place = format!("{} of {}: {value}", key.name, table.name);
                let mut table_with = base.clone();
                table_with.insert(key.name.to_owned(), value);
                let file = file_with(&root, table.name, table_with);
                cases.push(Case { table: table.name, place, file, problem, is_seen_by_schema });
            }
        }
        let mut unknown = base(table, &table.keys[0]);
        if table.others.is_none() {
            unknown.insert("unknown_thing".to_owned(), Value::Boolean(true));
            let file = file_with(&root, table.name, unknown);
            let place = format!("an unknown key of {}", table.name);
            let problem = Some("unknown-key");
            cases.push(Case { table: table.name, place, file, problem, is_seen_by_schema: true });
        }
    }
    cases
}

/// Whether a table is none of the configuration's own.
fn is_read_with_rules(table: &str) -> bool {
    config::keys().into_iter().all(|(name, _)| name != table)
}

/// What is wrong with a file, by the reader of the table that it is about.
fn problems_of(table: &str, text: &str, catalogue: &Catalogue) -> Vec<&'static str> {
    let draft = Draft::read("o.toml", text, Path::new("/etc/ocrwatch"));
    let found = if table == "the file" {
        draft.finish(&[], &[]).err().unwrap_or_default()
    } else if is_read_with_rules(table) {
        let files = [("o.toml".to_owned(), text.to_owned())];
        Alerting::load(&files, catalogue).err().unwrap_or_default()
    } else {
        draft.into_diagnostics()
    };
    found.iter().map(|problem| problem.name).collect()
}

#[test]
fn the_readers_take_what_the_reference_says_and_nothing_beyond() {
    let catalogue = Catalogue::embedded();
    let cases = cases();
    assert!(cases.len() > 700, "{}", cases.len());
    let mut wrong = Vec::new();
    for Case { table, place, file, problem, .. } in cases {
        let text = toml::to_string(&file).expect("a file in TOML");
        let names = problems_of(table, &text, &catalogue);
        let is_as_said = match problem {
            None => names.is_empty(),
            Some(end) => names.iter().any(|name| name.ends_with(end)),
        };
        if !is_as_said {
            wrong.push(format!("{place}: wanted {problem:?}, got {names:?} of\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The files of the project that are right: those that are shipped, and those that documents show.
fn right_files() -> Vec<(String, String, &'static str)> {
    let mut files = Vec::new();
    let example = fs::read_to_string(project("systemd/ocrwatch.toml")).expect("the example");
    let setting = |line: &str| {
        let is_setting =
            |rest: &str| rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[');
        line.strip_prefix('#').filter(|rest| is_setting(rest)).unwrap_or(line).to_owned()
    };
    let all: Vec<_> = example.lines().map(setting).collect();
    files.push(("systemd/ocrwatch.toml".to_owned(), example.clone(), "config"));
    files.push(("systemd/ocrwatch.toml, all of it".to_owned(), all.join("\n"), "config"));
    for folder in ["rules", "docs/examples"] {
        for path in toml_files(Path::new(folder)) {
            let text = fs::read_to_string(&path).expect("a rule file");
            files.push((path.display().to_string(), text, "rules"));
        }
    }
    for name in ["configuration", "receivers", "rules", "templates", "following", "state"] {
        let document = fs::read_to_string(project(&format!("docs/{name}.md"))).expect("a page");
        let blocks = document.split("```toml\n").skip(1);
        for text in blocks.filter_map(|rest| rest.split("```").next()) {
            files.push((format!("docs/{name}.md: {text}"), text.to_owned(), "config"));
        }
    }
    // Files of other kinds have no schema.
    files.retain(|(_, text, _)| !is_scenario_file(text) && !text.contains("[[entry]]"));
    files
}

/// Reads `[[kind, schema, file, is_right], …]`, and prints what a schema sees otherwise.
const VALIDATE: &str = "
import json, sys
try:
    import jsonschema
except ImportError:
    sys.exit(77)
schemas, cases = json.load(sys.stdin)
for schema in schemas.values():
    jsonschema.Draft7Validator.check_schema(schema)
validators = {kind: jsonschema.Draft7Validator(schema) for kind, schema in schemas.items()}
for place, kind, file, is_right in cases:
    errors = [error.message for error in validators[kind].iter_errors(file)]
    if bool(errors) == is_right:
        print(place, 'is right:' if is_right else 'is wrong, and no error is seen', *errors)
";

#[test]
fn another_s_validator_sees_in_files_what_the_reader_sees() {
    let json = |file: &Toml| serde_json::to_value(plain(&Value::Table(file.clone())));
    let mut cases = Vec::new();
    for case in cases_of_schema() {
        let file = json(&case.file).expect("a file in JSON");
        let is_right = case.problem.is_none();
        cases.push(serde_json::json!([case.place, "config", file, is_right]));
    }
    let right = right_files();
    assert!(right.len() > 25, "{}", right.len());
    for (place, text, kind) in right {
        let file: Toml = text.parse().expect("TOML");
        cases.push(serde_json::json!([place, kind, json(&file).expect("a file in JSON"), true]));
    }
    let schemas = SCHEMAS.map(|(kind, path)| {
        let text = fs::read_to_string(project(path)).expect("a schema");
        (kind, serde_json::from_str(&text).expect("JSON"))
    });
    let schemas = serde_json::Map::from_iter(schemas.map(|(kind, text)| (kind.to_owned(), text)));
    let mut python = Command::new("python3");
    python.args(["-c", VALIDATE]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut python = python.spawn().expect("Python, which tests/run installs");
    let input = serde_json::json!([schemas, cases]).to_string();
    let mut stdin = python.stdin.take().expect("a pipe");
    // A validator that is not there reads nothing.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = python.wait_with_output().expect("an end");
    if output.status.code() == Some(77) {
        println!("skipped: there is no jsonschema for python3 here");
        return;
    }
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.is_empty(), "{said}");
}

/// Cases that a schema can decide.
fn cases_of_schema() -> Vec<Case> {
    let is_seen = |case: &Case| case.problem.is_none() || case.is_seen_by_schema;
    cases().into_iter().filter(is_seen).collect()
}

/// With instants as the texts that editors make of them.
fn plain(value: &Value) -> Value {
    match value {
        Value::Datetime(stamp) => Value::String(stamp.to_string()),
        Value::Array(items) => Value::Array(items.iter().map(plain).collect()),
        Value::Table(table) => {
            Value::Table(table.iter().map(|(key, value)| (key.clone(), plain(value))).collect())
        }
        other => other.clone(),
    }
}
