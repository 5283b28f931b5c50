//! The names of the problems that a scenario file can have.
//!
//! Owns the names; documents and users' scripts rely on them. Must not know what makes a file
//! wrong. Nothing here can fail.

use crate::toml_file::Names;

const SYNTAX: &str = "scenario-syntax";
const TOO_LARGE: &str = "scenario-too-large";
const UNKNOWN_KEY: &str = "scenario-unknown-key";
const MISSING_KEY: &str = "scenario-missing-key";
const WRONG_TYPE: &str = "scenario-wrong-type";
const EMPTY_TEXT: &str = "scenario-empty-text";
const CONTROL_CHARACTER: &str = "scenario-control-character";
pub(super) const BAD_VALUE: &str = "scenario-bad-value";
pub(super) const BAD_TIME: &str = "scenario-bad-time";
pub(super) const BAD_LABEL: &str = "scenario-bad-label";
pub(super) const UNKNOWN_RULE: &str = "scenario-unknown-rule";
pub(super) const UNKNOWN_RECEIVER: &str = "scenario-unknown-receiver";
pub(super) const UNKNOWN_CODE: &str = "scenario-unknown-code";
pub(super) const UNKNOWN_CAUSE: &str = "scenario-unknown-cause";
pub(super) const DUPLICATE_NAME: &str = "scenario-duplicate-name";
pub(super) const NOTHING_EXPECTED: &str = "scenario-nothing-expected";
pub(super) const TOO_MANY: &str = "scenario-too-many";

/// The name of every problem that a scenario file can have.
pub const PROBLEMS: [&str; 17] = [
    SYNTAX,
    TOO_LARGE,
    UNKNOWN_KEY,
    MISSING_KEY,
    WRONG_TYPE,
    EMPTY_TEXT,
    CONTROL_CHARACTER,
    BAD_VALUE,
    BAD_TIME,
    BAD_LABEL,
    UNKNOWN_RULE,
    UNKNOWN_RECEIVER,
    UNKNOWN_CODE,
    UNKNOWN_CAUSE,
    DUPLICATE_NAME,
    NOTHING_EXPECTED,
    TOO_MANY,
];

/// What scenario files call the problems that files of every kind can have.
pub(super) const NAMES: Names = Names {
    files: "scenario files",
    syntax: SYNTAX,
    too_large: TOO_LARGE,
    unknown_key: UNKNOWN_KEY,
    missing_key: MISSING_KEY,
    wrong_type: WRONG_TYPE,
    empty_text: EMPTY_TEXT,
    control_character: CONTROL_CHARACTER,
    bad_value: BAD_VALUE,
};
