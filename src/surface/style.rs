//! How the terminal shows things: colour or none, how wide, which marks.
//!
//! Owns the few colours and what each means. Must never decide whether the output is a terminal:
//! the caller says so. Nothing here fails.

use anstyle::{AnsiColor, Effects, Style as Ansi};

use crate::catalogue::Severity;

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether colours and bold are written.
    pub color: bool,
    /// The terminal's width. Below 40 the text is laid out as for 40, above 200 as for 200.
    pub width_columns: usize,
    /// Whether the terminal shows UTF-8. Without it the output is plain ASCII: a terminal of
    /// another encoding could read the bytes of a Chinese message as control sequences.
    pub unicode: bool,
}

impl Style {
    /// 80 columns of UTF-8 without colour.
    pub const PLAIN: Self = Self { color: false, width_columns: 80, unicode: true };

    pub(crate) fn width(self) -> usize {
        self.width_columns.clamp(40, 200)
    }

    /// The width for prose: a line of more than about 100 columns is hard to follow back.
    pub(crate) fn prose_width(self) -> usize {
        self.width().min(100)
    }

    /// The text in its role's colour. The text must already be safe for the terminal.
    pub(crate) fn paint(self, role: Role, text: &str) -> String {
        if !self.color || text.trim().is_empty() || role == Role::Plain {
            return text.to_owned();
        }
        let ansi = role.ansi();
        format!("{}{text}{}", ansi.render(), ansi.render_reset())
    }

    pub(crate) fn dot(self) -> &'static str {
        if self.unicode { "·" } else { "-" }
    }

    pub(crate) fn bullet(self) -> &'static str {
        if self.unicode { "•" } else { "*" }
    }

    /// Before what is to be done.
    pub(crate) fn arrow(self) -> &'static str {
        if self.unicode { "→" } else { ">" }
    }

    pub(crate) fn rule(self) -> &'static str {
        if self.unicode { "─" } else { "-" }
    }

    pub(crate) fn gutter(self) -> &'static str {
        if self.unicode { "│" } else { "|" }
    }
}

/// What a piece of text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Plain,
    /// A code or the name of the page.
    Title,
    /// A label, an axis, a rule: there to be overlooked.
    Quiet,
    /// Something the reader should not overlook, such as an input that could not be read.
    Notice,
    Of(Severity),
}

impl Role {
    // The sixteen colours follow the user's own theme; anything finer may be unreadable on it.
    fn ansi(self) -> Ansi {
        let colour = |colour: AnsiColor| Ansi::new().fg_color(Some(colour.into()));
        match self {
            Self::Plain => Ansi::new(),
            Self::Title => Ansi::new().effects(Effects::BOLD),
            Self::Quiet => Ansi::new().effects(Effects::DIMMED),
            Self::Notice | Self::Of(Severity::Warning) => colour(AnsiColor::Yellow),
            Self::Of(Severity::Critical) => colour(AnsiColor::Red).effects(Effects::BOLD),
            Self::Of(Severity::Info) => colour(AnsiColor::Cyan),
        }
    }
}
