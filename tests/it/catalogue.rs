//! The catalogue against the document it was written from, and against files that are wrong.
//!
//! The document is read here by a parser of its own: sharing the catalogue's code would let both
//! be wrong together.

use std::fmt::Write as _;

use ocrwatch::catalogue::{Catalogue, Entry, PROBLEMS, Paragraph};
use ocrwatch::diagnostic::Diagnostic;

use crate::bad_files::BadFiles;

const DOCUMENT: &str = include_str!("../data/reference/ocr-error-codes.txt");

/// One row of the document's table.
#[derive(Debug, Default)]
struct Row {
    module: String,
    code: String,
    message: String,
    description: String,
    /// The Solution column; bullets keep their sign.
    solution: Vec<String>,
}

/// The table's rows. A cell is a line; a row begins with a code, and a module's name, where it
/// changes, stands before the code.
fn rows_of_the_document() -> Vec<Row> {
    let (_, table) = DOCUMENT.split_once("\nSolution\n").expect("the table's heading");
    let mut rows: Vec<Row> = Vec::new();
    let mut module = String::new();
    for cell in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let is_code = cell.split_once('.').is_some_and(|(_, number)| {
            number.len() == 4 && number.chars().all(|c| c.is_ascii_digit())
        });
        if ["OCR", "Platform", "APIG"].contains(&cell) {
            cell.clone_into(&mut module);
        } else if is_code {
            rows.push(Row { module: module.clone(), code: cell.to_owned(), ..Row::default() });
        } else {
            let row = rows.last_mut().expect("a code before its texts");
            if row.message.is_empty() {
                cell.clone_into(&mut row.message);
            } else if row.description.is_empty() {
                cell.clone_into(&mut row.description);
            } else {
                row.solution.push(cell.to_owned());
            }
        }
    }
    rows
}

fn written(paragraph: &Paragraph) -> String {
    format!("{}{}", if paragraph.bullet { "• " } else { "" }, paragraph.text)
}

fn all_written(paragraphs: &[Paragraph]) -> Vec<String> {
    paragraphs.iter().map(written).collect()
}

/// Rows and entries as one text each, so that a difference shows its line.
fn shown(
    code: &str,
    module: &str,
    message: &str,
    description: &str,
    solution: &[String],
) -> String {
    let mut text = format!("{module} {code}\n  {message}\n  {description}\n");
    for paragraph in solution {
        for sentence in paragraph.split_inclusive(". ") {
            writeln!(text, "    {}", sentence.trim_end()).expect("writing to a string");
        }
        text.push_str("    ¶\n");
    }
    text
}

fn documented(catalogue: &Catalogue) -> Vec<&Entry> {
    catalogue.entries().filter(|entry| entry.source.reference).collect()
}

#[test]
fn the_catalogue_says_what_the_document_says_in_its_order() {
    let catalogue = Catalogue::embedded();
    let rows = rows_of_the_document();
    let by_module = |name| rows.iter().filter(|row| row.module == name).count();
    assert_eq!([by_module("OCR"), by_module("Platform"), by_module("APIG")], [5, 30, 4]);
    assert!(rows.iter().all(|row| !row.solution.is_empty()), "a row without a solution");

    let expected: Vec<_> = rows
        .iter()
        .map(|row| shown(&row.code, &row.module, &row.message, &row.description, &row.solution))
        .collect();
    let found: Vec<_> = documented(&catalogue)
        .into_iter()
        .map(|entry| {
            let solution = all_written(&entry.solution);
            let message = entry.message.as_deref().expect("a documented message");
            shown(&entry.code, entry.module.name(), message, &entry.description, &solution)
        })
        .collect();
    assert_eq!(found.concat(), expected.concat());
}

#[test]
fn each_cause_has_the_documented_text_and_its_own_paragraphs() {
    let catalogue = Catalogue::embedded();
    let rows = rows_of_the_document();
    let row = rows.iter().find(|row| row.code == "APIG.0301").expect("APIG.0301 in the document");
    let entry = catalogue.entry("APIG.0301").expect("APIG.0301 in the catalogue");
    let (named, paragraphs) = row.solution.split_at(4);

    let ids: Vec<_> = entry.causes.iter().map(|cause| &*cause.id).collect();
    assert_eq!(ids, ["token-undecryptable", "token-expired", "aksk-signature", "token-missing"]);
    let texts: Vec<_> = entry
        .causes
        .iter()
        .map(|cause| format!("• {}: {}", cause.text, cause.description))
        .collect();
    assert_eq!(texts, named);
    let owned: Vec<_> = entry.causes.iter().map(|cause| all_written(&cause.solution)).collect();
    assert_eq!(owned, [&paragraphs[..1], &paragraphs[1..2], &paragraphs[2..4], &paragraphs[4..]]);

    let others = documented(&catalogue).into_iter().filter(|entry| &*entry.code != "APIG.0301");
    assert!(
        others.into_iter().all(|entry| entry.causes.is_empty()),
        "causes that nobody documents"
    );
}

#[test]
fn the_source_carries_the_document_s_date() {
    let date = DOCUMENT.lines().next().and_then(|line| line.split(' ').nth(2));
    assert_eq!(date, Some("2022-10-29"));
    let catalogue = Catalogue::embedded();
    for entry in documented(&catalogue) {
        assert_eq!(entry.source.date.as_deref(), date, "{}", entry.code);
    }
}

#[test]
fn newer_codes_are_marked_and_leave_the_documented_ones_alone() {
    let catalogue = Catalogue::embedded();
    let rows = rows_of_the_document();
    for entry in catalogue.entries().filter(|entry| !entry.source.reference) {
        assert_eq!(&*entry.source.file, "newer-codes.toml", "{}", entry.code);
        assert!(entry.source.date.is_none() && entry.message.is_none(), "{}", entry.code);
        assert!(rows.iter().all(|row| *row.code != *entry.code), "{}", entry.code);
    }
    assert!(catalogue.entries().count() > rows.len());
}

#[test]
fn a_file_of_the_user_s_replaces_one_text_and_adds_a_code() {
    let mut catalogue = Catalogue::embedded();
    let before = catalogue.entries().count();
    let file = r#"
        [source]
        title = "Runbook of the scanning team"

        [[entry]]
        code = "AIS.0103"
        solution = ["Scan at 300 dpi.", "- Then try again."]

        [[entry]]
        code = "AIS.0900"
        message = "The stamp covers the text of {page}."
        patterns = ["The stamp covers the text of {any}, call {api}."]
        description = "A stamp hides the text."
    "#;
    assert_eq!(catalogue.load("ours.toml", file), []);
    assert_eq!(catalogue.entries().count(), before + 1);

    let replaced = catalogue.entry("AIS.0103").expect("a documented code");
    assert_eq!(all_written(&replaced.solution), ["Scan at 300 dpi.", "• Then try again."]);
    assert_eq!(&*replaced.description, "The image size does not meet the requirements.");
    assert_eq!(&*replaced.source.title, "Runbook of the scanning team");
    assert!(!replaced.source.reference);
    let codes: Vec<_> = catalogue.entries().map(|entry| &*entry.code).take(4).collect();
    assert_eq!(codes, ["AIS.0101", "AIS.0102", "AIS.0103", "AIS.0104"], "the order stays");

    let message = "The stamp covers the text of page 3, call id-card.";
    let found = catalogue.code_of_message(message).expect("the new code's message");
    assert_eq!(&*found.code, "AIS.0900");
    assert_eq!(catalogue.details("AIS.0900", message).api.as_deref(), Some("id-card"));
    assert_eq!(catalogue.nearest("ais.900"), ["AIS.0900"]);
}

#[test]
fn a_bad_file_leaves_the_catalogue_as_it_was() {
    let mut catalogue = Catalogue::embedded();
    let before: Vec<_> = catalogue.entries().cloned().collect();
    let file =
        "[[entry]]\ncode = \"AIS.0101\"\nsolution = [\"Changed.\"]\n\n[[entry]]\ncode = \"x\"\n";
    assert_eq!(catalogue.load("ours.toml", file).len(), 1);
    assert_eq!(catalogue.entries().cloned().collect::<Vec<_>>(), before);
}

pub(crate) const BAD_FILES: BadFiles =
    BadFiles { folder: "catalogue", prefix: "catalogue", names: &PROBLEMS, problems: problems_of };

fn problems_of(name: &str, text: &str) -> Vec<Diagnostic> {
    Catalogue::embedded().load(name, text)
}

#[test]
fn every_problem_is_placed_explained_and_hinted() {
    BAD_FILES.check_texts();
}

#[test]
fn every_problem_has_a_bad_file() {
    BAD_FILES.check_names();
}
