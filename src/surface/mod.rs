//! What stands between text and whatever shows it: safety, width, numbers in words and as bars,
//! rows of a page.
//!
//! Owns the one place where text becomes safe, and the look that reports, alerts and explanations
//! share. Must never know what is shown. Only what writes can fail, with the output's `io::Error`.

pub(crate) mod chart;
pub(crate) mod escape;
pub(crate) mod json;
pub(crate) mod language;
pub(crate) mod line;
pub(crate) mod page;
pub(crate) mod phrase;
pub(crate) mod style;
pub(crate) mod wrap;

pub use language::Language;
pub use style::Style;
