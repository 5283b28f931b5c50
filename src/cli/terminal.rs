//! What the terminals behind standard output and standard error can show.
//!
//! Owns the reading of the environment for it. The rules are pure: they are handed the variables.
//! Nothing here fails; what cannot be asked is taken to be plain, 80 columns wide, UTF-8.

use std::ffi::OsString;
use std::io::{self, IsTerminal};

use clap::{Args, ValueEnum};

use crate::report::Style;

const COLUMNS_DEFAULT: usize = 80;

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    /// On a terminal unless `NO_COLOR` is set, and anywhere if `CLICOLOR_FORCE` is
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How text for a terminal looks.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct StyleArgs {
    /// When to use colours in the terminal format
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    color: ColorChoice,

    /// How wide the terminal format is, from 40 to 200 columns [default: $COLUMNS, else the
    /// terminal's width, else 80]
    #[arg(long, value_name = "COLUMNS")]
    width: Option<usize>,
}

impl StyleArgs {
    /// The style of standard output.
    pub(super) fn style(self) -> Style {
        let is_terminal = io::stdout().is_terminal();
        let width_columns = self
            .width
            .or_else(|| columns_of(&variable))
            .or_else(|| size_of(is_terminal, &io::stdout()))
            .unwrap_or(COLUMNS_DEFAULT);
        Style {
            color: wants_color(self.color, is_terminal, &variable),
            width_columns,
            unicode: shows_utf8(&variable),
        }
    }

    /// The style of a file: plain, unless colours are asked for.
    pub(super) fn style_of_file(self) -> Style {
        Style {
            color: self.color == ColorChoice::Always,
            width_columns: self.width.unwrap_or(COLUMNS_DEFAULT),
            unicode: true,
        }
    }
}

/// Whether errors are coloured.
pub(super) fn stderr_color() -> bool {
    wants_color(ColorChoice::Auto, io::stderr().is_terminal(), &variable)
}

/// Whether a line on standard error can be written over. A line that other output scrolls away, as
/// when both go to the terminal, is the caller's matter.
pub(super) fn stderr_takes_progress() -> bool {
    io::stderr().is_terminal() && variable("TERM").is_none_or(|term| term != "dumb")
}

/// Whether the terminal can do nothing but print.
pub(super) fn is_dumb() -> bool {
    variable("TERM").is_some_and(|term| term == "dumb")
}

/// The width of standard error's terminal.
pub(super) fn stderr_columns() -> usize {
    columns_of(&variable).or_else(|| size_of(true, &io::stderr())).unwrap_or(COLUMNS_DEFAULT)
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn size_of(is_terminal: bool, stream: &impl std::os::fd::AsFd) -> Option<usize> {
    let (terminal_size::Width(columns), _) =
        is_terminal.then(|| terminal_size::terminal_size_of(stream)).flatten()?;
    Some(usize::from(columns)).filter(|columns| *columns > 0)
}

type Variables<'v> = &'v dyn Fn(&str) -> Option<OsString>;

fn columns_of(variables: Variables<'_>) -> Option<usize> {
    let text = variables("COLUMNS")?;
    text.to_str()?.trim().parse().ok().filter(|columns| *columns > 0)
}

/// The conventions of no-color.org and bixense.com/clicolors; the user's own option beats them.
fn wants_color(choice: ColorChoice, is_terminal: bool, variables: Variables<'_>) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            let is = |name, value: &str| variables(name).is_some_and(|found| found == value);
            if variables("NO_COLOR").is_some() {
                false
            } else if variables("CLICOLOR_FORCE").is_some() && !is("CLICOLOR_FORCE", "0") {
                true
            } else {
                is_terminal && !is("TERM", "dumb") && !is("CLICOLOR", "0")
            }
        }
    }
}

/// Whether the locale's encoding is UTF-8. A machine without any locale, such as most containers,
/// is behind a terminal of today, which is.
fn shows_utf8(variables: Variables<'_>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variables);
    locale.is_none_or(|locale| {
        let locale = locale.to_string_lossy().to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(set: &[(&str, &str)], ask: impl Fn(Variables<'_>) -> T) -> T {
        ask(&|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn colour_follows_the_option_then_the_environment_then_the_terminal() {
        let color = |choice, is_terminal, set: &[(&str, &str)]| {
            with(set, |variables| wants_color(choice, is_terminal, variables))
        };
        let auto = ColorChoice::Auto;
        assert!(color(auto, true, &[]) && !color(auto, false, &[]));
        assert!(!color(auto, true, &[("NO_COLOR", "1")]));
        assert!(!color(auto, true, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]));
        assert!(color(auto, false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!color(auto, false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!color(auto, true, &[("CLICOLOR", "0")]));
        assert!(!color(auto, true, &[("TERM", "dumb")]));
        assert!(color(ColorChoice::Always, false, &[("NO_COLOR", "1")]));
        assert!(!color(ColorChoice::Never, true, &[("CLICOLOR_FORCE", "1")]));
    }

    #[test]
    fn the_first_locale_variable_that_is_set_tells_the_encoding() {
        let utf8 = |set: &[(&str, &str)]| with(set, shows_utf8);
        assert!(utf8(&[]));
        assert!(utf8(&[("LANG", "zh_CN.UTF-8")]) && utf8(&[("LANG", "C.utf8")]));
        assert!(!utf8(&[("LANG", "zh_CN.GBK")]) && !utf8(&[("LANG", "C")]));
        assert!(!utf8(&[("LC_ALL", "POSIX"), ("LANG", "en_US.UTF-8")]));
    }

    #[test]
    fn columns_that_are_no_width_are_ignored() {
        let columns = |text| with(&[("COLUMNS", text)], columns_of);
        assert_eq!(columns("120"), Some(120));
        assert_eq!(columns("0"), None);
        assert_eq!(columns("wide"), None);
    }
}
