//! The names of the problems that a configuration file can have.
//!
//! Owns the names; documents and users' scripts rely on them. Must not know what makes a file
//! wrong. Nothing here can fail.

use crate::toml_file::Names;

const SYNTAX: &str = "config-syntax";
const TOO_LARGE: &str = "config-too-large";
const UNKNOWN_KEY: &str = "config-unknown-key";
const MISSING_KEY: &str = "config-missing-key";
const WRONG_TYPE: &str = "config-wrong-type";
const EMPTY_TEXT: &str = "config-empty-text";
const CONTROL_CHARACTER: &str = "config-control-character";
pub(super) const BAD_VALUE: &str = "config-bad-value";
pub(super) const BAD_NAME: &str = "config-bad-name";
pub(super) const DUPLICATE_NAME: &str = "config-duplicate-name";
pub(super) const DUPLICATE_ORIGIN: &str = "config-duplicate-origin";
pub(super) const TWO_ORIGINS: &str = "config-two-origins";
pub(super) const MISPLACED_KEY: &str = "config-misplaced-key";
pub(super) const BAD_LABEL: &str = "config-bad-label";
pub(super) const BAD_PATTERN: &str = "config-bad-pattern";
pub(super) const BAD_PATH: &str = "config-bad-path";
pub(super) const BAD_START: &str = "config-bad-start";
pub(super) const TOO_MANY: &str = "config-too-many";
pub(super) const TWO_WAYS: &str = "config-two-ways";
pub(super) const UNKNOWN_RECEIVER: &str = "config-unknown-receiver";
pub(super) const SECRET_IN_FILE: &str = "config-secret-in-file";
pub(super) const BAD_TEMPLATE: &str = "config-bad-template";
pub(super) const BAD_ADDRESS: &str = "config-bad-address";
pub(super) const OPEN_TO_ALL: &str = "config-open-to-all";

/// The name of every problem that a configuration file can have; what stands in it of rules and
/// routes has the problems of those.
pub const PROBLEMS: [&str; 24] = [
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
    DUPLICATE_ORIGIN,
    TWO_ORIGINS,
    MISPLACED_KEY,
    BAD_LABEL,
    BAD_PATTERN,
    BAD_PATH,
    BAD_START,
    TOO_MANY,
    TWO_WAYS,
    UNKNOWN_RECEIVER,
    SECRET_IN_FILE,
    BAD_TEMPLATE,
    BAD_ADDRESS,
    OPEN_TO_ALL,
];

/// What configuration files call the problems that files of every kind can have.
pub(super) static NAMES: Names = Names {
    files: "rule files, and name them with `rules`",
    syntax: SYNTAX,
    too_large: TOO_LARGE,
    unknown_key: UNKNOWN_KEY,
    missing_key: MISSING_KEY,
    wrong_type: WRONG_TYPE,
    empty_text: EMPTY_TEXT,
    control_character: CONTROL_CHARACTER,
    bad_value: BAD_VALUE,
};
