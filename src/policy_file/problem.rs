//! The names of the problems that the tables about who is told can have.
//!
//! Owns the names; documents and users' scripts rely on them. Must not know what makes a file
//! wrong. Nothing here can fail.

use crate::toml_file::Names;

const UNKNOWN_KEY: &str = "policy-unknown-key";
const MISSING_KEY: &str = "policy-missing-key";
const WRONG_TYPE: &str = "policy-wrong-type";
const EMPTY_TEXT: &str = "policy-empty-text";
const CONTROL_CHARACTER: &str = "policy-control-character";
pub(super) const BAD_VALUE: &str = "policy-bad-value";
pub(super) const BAD_NAME: &str = "policy-bad-name";
pub(super) const DUPLICATE_NAME: &str = "policy-duplicate-name";
pub(super) const DUPLICATE_TABLE: &str = "policy-duplicate-table";
pub(super) const BAD_LABEL: &str = "policy-bad-label";
pub(super) const BAD_PATTERN: &str = "policy-bad-pattern";
pub(super) const BAD_TIME: &str = "policy-bad-time";
pub(super) const EMPTY_TIME: &str = "policy-empty-time";
pub(super) const TWO_ENDS: &str = "policy-two-ends";
pub(super) const NEVER_MATCHES: &str = "policy-never-matches";
pub(super) const UNKNOWN_RULE: &str = "policy-unknown-rule";
pub(super) const TOO_MANY: &str = "policy-too-many";

/// The name of every problem that these tables can have.
pub const PROBLEMS: [&str; 17] = [
    UNKNOWN_KEY,
    MISSING_KEY,
    WRONG_TYPE,
    EMPTY_TEXT,
    CONTROL_CHARACTER,
    BAD_VALUE,
    BAD_NAME,
    DUPLICATE_NAME,
    DUPLICATE_TABLE,
    BAD_LABEL,
    BAD_PATTERN,
    BAD_TIME,
    EMPTY_TIME,
    TWO_ENDS,
    NEVER_MATCHES,
    UNKNOWN_RULE,
    TOO_MANY,
];

/// What these tables call the problems that files of every kind can have. They stand in rule files:
/// what is wrong with the file as a whole is said where the rules are read.
pub(super) const NAMES: Names = Names {
    files: "rule files",
    syntax: "rule-syntax",
    too_large: "rule-too-large",
    unknown_key: UNKNOWN_KEY,
    missing_key: MISSING_KEY,
    wrong_type: WRONG_TYPE,
    empty_text: EMPTY_TEXT,
    control_character: CONTROL_CHARACTER,
    bad_value: BAD_VALUE,
};
