//! The names of the problems that a rule file can have.
//!
//! Owns the names; documents and users' scripts rely on them. Must not know what makes a file
//! wrong. Nothing here can fail.

use crate::toml_file::Names;

const SYNTAX: &str = "rule-syntax";
const TOO_LARGE: &str = "rule-too-large";
const UNKNOWN_KEY: &str = "rule-unknown-key";
const MISSING_KEY: &str = "rule-missing-key";
const WRONG_TYPE: &str = "rule-wrong-type";
const EMPTY_TEXT: &str = "rule-empty-text";
const CONTROL_CHARACTER: &str = "rule-control-character";
pub(super) const BAD_VALUE: &str = "rule-bad-value";
pub(super) const BAD_NAME: &str = "rule-bad-name";
pub(super) const DUPLICATE_NAME: &str = "rule-duplicate-name";
pub(super) const BAD_LABEL: &str = "rule-bad-label";
pub(super) const BAD_PATTERN: &str = "rule-bad-pattern";
pub(super) const UNKNOWN_CODE: &str = "rule-unknown-code";
pub(super) const NEVER_MATCHES: &str = "rule-never-matches";
pub(super) const BAD_CONDITION: &str = "rule-bad-condition";
pub(super) const MISPLACED_KEY: &str = "rule-misplaced-key";
pub(super) const BAD_TEMPLATE: &str = "rule-bad-template";
pub(super) const UNKNOWN_RULE: &str = "rule-unknown-rule";
pub(super) const CIRCLE: &str = "rule-circle";
pub(super) const TOO_MANY: &str = "rule-too-many";

/// The name of every problem that a rule file can have.
pub const PROBLEMS: [&str; 20] = [
    SYNTAX,
    TOO_LARGE,
    UNKNOWN_KEY,
    MISSING_KEY,
    WRONG_TYPE,
    EMPTY_TEXT,
    CONTROL_CHARACTER,
    BAD_VALUE,
    BAD_NAME,
    DUPLICATE_NAME,
    BAD_LABEL,
    BAD_PATTERN,
    UNKNOWN_CODE,
    NEVER_MATCHES,
    BAD_CONDITION,
    MISPLACED_KEY,
    BAD_TEMPLATE,
    UNKNOWN_RULE,
    CIRCLE,
    TOO_MANY,
];

/// What rule files call the problems that files of every kind can have.
pub(super) const NAMES: Names = Names {
    files: "rule files",
    syntax: SYNTAX,
    too_large: TOO_LARGE,
    unknown_key: UNKNOWN_KEY,
    missing_key: MISSING_KEY,
    wrong_type: WRONG_TYPE,
    empty_text: EMPTY_TEXT,
    control_character: CONTROL_CHARACTER,
    bad_value: BAD_VALUE,
};
