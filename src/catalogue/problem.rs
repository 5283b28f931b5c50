//! The names of the problems that a catalogue file can have.
//!
//! Owns the names; documents and users' scripts rely on them. Must not know what makes a file
//! wrong. Nothing here can fail.

use crate::toml_file::Names;

const SYNTAX: &str = "catalogue-syntax";
const TOO_LARGE: &str = "catalogue-too-large";
const UNKNOWN_KEY: &str = "catalogue-unknown-key";
const MISSING_KEY: &str = "catalogue-missing-key";
const WRONG_TYPE: &str = "catalogue-wrong-type";
const EMPTY_TEXT: &str = "catalogue-empty-text";
const CONTROL_CHARACTER: &str = "catalogue-control-character";
pub(super) const BAD_CODE: &str = "catalogue-bad-code";
pub(super) const DUPLICATE_CODE: &str = "catalogue-duplicate-code";
pub(super) const UNKNOWN_CODE: &str = "catalogue-unknown-code";
pub(super) const UNKNOWN_MODULE: &str = "catalogue-unknown-module";
pub(super) const WRONG_MODULE: &str = "catalogue-wrong-module";
pub(super) const EMPTY_SOLUTION: &str = "catalogue-empty-solution";
pub(super) const BAD_PLACEHOLDER: &str = "catalogue-bad-placeholder";
pub(super) const BAD_CAUSE: &str = "catalogue-bad-cause";
pub(super) const BAD_STATUS: &str = "catalogue-bad-status";
pub(super) const BAD_DATE: &str = "catalogue-bad-date";
pub(super) const BAD_SEVERITY: &str = "catalogue-bad-severity";

/// The name of every problem that a catalogue file can have.
pub const PROBLEMS: [&str; 18] = [
    SYNTAX,
    TOO_LARGE,
    UNKNOWN_KEY,
    MISSING_KEY,
    WRONG_TYPE,
    EMPTY_TEXT,
    CONTROL_CHARACTER,
    BAD_CODE,
    DUPLICATE_CODE,
    UNKNOWN_CODE,
    UNKNOWN_MODULE,
    WRONG_MODULE,
    EMPTY_SOLUTION,
    BAD_PLACEHOLDER,
    BAD_CAUSE,
    BAD_STATUS,
    BAD_DATE,
    BAD_SEVERITY,
];

/// What catalogue files call the problems that files of every kind can have.
pub(super) const NAMES: Names = Names {
    files: "catalogue files",
    syntax: SYNTAX,
    too_large: TOO_LARGE,
    unknown_key: UNKNOWN_KEY,
    missing_key: MISSING_KEY,
    wrong_type: WRONG_TYPE,
    empty_text: EMPTY_TEXT,
    control_character: CONTROL_CHARACTER,
    // Statuses, dates and severities have names of their own; nothing else here can be a bad value.
    bad_value: WRONG_TYPE,
};
