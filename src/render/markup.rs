//! Pieces of a message in the markup of a chat.
//!
//! Owns each chat's subset of Markdown, and that nothing but what is ours formats, links or calls
//! anybody. Must never choose what is told. Nothing here fails.

use super::chat::{Piece, Words};
use crate::catalogue::Severity;
use crate::engine::AlertStatus;
use crate::surface::escape;

/// A chat's own Markdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Headings, bold, lists and links; a line break needs two blanks before it.
    DingTalk,
    /// Bold, links and colours; no lists.
    WeCom,
    /// Bold with one star; no lists.
    Slack,
    /// Bold, links and colours with entities; no lists.
    Lark,
    /// No Markdown at all.
    Plain,
}

/// Colours that a message begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// It fires and is critical.
    Red,
    /// It fires.
    Orange,
    /// It fires and is no more than a note.
    Blue,
    /// It is over.
    Green,
}

impl Colour {
    /// That of an alert.
    pub fn of(fires: bool, severity: Severity) -> Self {
        match (fires, severity) {
            (false, _) => Self::Green,
            (true, Severity::Critical) => Self::Red,
            (true, Severity::Warning) => Self::Orange,
            (true, Severity::Info) => Self::Blue,
        }
    }

    /// Its name, as Feishu calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Orange => "orange",
            Self::Blue => "blue",
            Self::Green => "green",
        }
    }
}

impl Dialect {
    /// Text in which nothing is more than text.
    pub fn escaped(self, text: &str) -> String {
        match self {
            Self::DingTalk | Self::WeCom => escape::chat(text),
            Self::Slack => escape::slack(text),
            Self::Lark => escape::lark(text),
            Self::Plain => escape::visible(text),
        }
    }

    fn bold(self, escaped: &str) -> String {
        let star = match self {
            Self::Plain => "",
            Self::Slack => "*",
            _ => "**",
        };
        format!("{star}{escaped}{star}")
    }

    fn coloured(self, escaped: String, colour: Colour) -> String {
        match self {
            Self::WeCom => {
                let name = match colour {
                    Colour::Red | Colour::Orange => "warning",
                    Colour::Blue => "comment",
                    Colour::Green => "info",
                };
                format!("<font color=\"{name}\">{escaped}</font>")
            }
            Self::Lark => format!("<font color='{}'>{escaped}</font>", colour.name()),
            Self::DingTalk | Self::Slack | Self::Plain => escaped,
        }
    }

    fn item(self) -> &'static str {
        if matches!(self, Self::DingTalk | Self::Plain) { "- " } else { "• " }
    }

    fn link(self, link: &str) -> String {
        let is_plain = link.chars().all(|c| c.is_ascii_graphic() && !"()[]<>|*_`\\".contains(c));
        let is_web = link.starts_with("https://") || link.starts_with("http://");
        match self {
            Self::Plain => self.escaped(link),
            _ if !is_plain || !is_web => self.escaped(link),
            Self::Slack => format!("<{}>", link.replace('&', "&amp;")),
            _ => format!("[{link}]({link})"),
        }
    }

    fn title(self, status: AlertStatus, severity: Severity, text: &str, words: &Words) -> String {
        let colour = Colour::of(status == AlertStatus::Firing, severity);
        let head = format!("[{} · {}]", words.status(status), words.severity(severity));
        // Brackets of our own in a Markdown that reads `[a](b)`: no parenthesis follows them.
        let head = self.coloured(head, colour);
        let text = self.escaped(text);
        match self {
            Self::DingTalk => format!("### {head} {text}"),
            _ => format!("{head} {}", self.bold(&text)),
        }
    }

    fn quote(self, text: &str) -> String {
        let lines = escape::visible_lines(text);
        let mark = if self == Self::Plain { "    " } else { "> " };
        let lines = lines.lines().map(|line| format!("{mark}{}", self.escaped(line)));
        lines.collect::<Vec<_>>().join(self.line_break())
    }

    fn line_break(self) -> &'static str {
        if self == Self::DingTalk { "  \n" } else { "\n" }
    }

    /// One piece.
    pub fn piece(self, piece: &Piece, words: &Words) -> String {
        match piece {
            Piece::Title(status, severity, text) => self.title(*status, *severity, text, words),
            Piece::Heading(text) => self.bold(&self.escaped(text)),
            Piece::Fact(label, value) => {
                format!("{}: {}", self.bold(&self.escaped(label)), self.escaped(value))
            }
            Piece::Text(text) => self.escaped(text),
            Piece::Own(text) => text.clone(),
            Piece::Quiet(text) => match self {
                Self::WeCom => format!("<font color=\"comment\">{}</font>", self.escaped(text)),
                Self::Lark => format!("<font color='grey'>{}</font>", self.escaped(text)),
                _ => self.escaped(text),
            },
            Piece::Item(text) => format!("{}{}", self.item(), self.escaped(text)),
            Piece::Lines(text) => self.quote(text),
            Piece::Link(link) => format!("{}{}", self.item(), self.link(link)),
        }
    }

    /// All of them, one below the other.
    pub fn page(self, pieces: &[Piece], words: &Words) -> String {
        let mut out = String::new();
        let mut last: Option<&Piece> = None;
        for piece in pieces {
            if let Some(last) = last {
                out.push_str(self.between(last, piece));
            }
            out.push_str(&self.piece(piece, words));
            last = Some(piece);
        }
        out
    }

    fn between(self, before: &Piece, piece: &Piece) -> &'static str {
        let is_item = |piece: &Piece| matches!(piece, Piece::Item(_) | Piece::Link(_));
        if self != Self::DingTalk {
            let begins = matches!(piece, Piece::Title(..) | Piece::Heading(_));
            let has_begun = matches!(before, Piece::Heading(_));
            return if begins && !has_begun { "\n\n" } else { "\n" };
        }
        match (before, piece) {
            _ if is_item(before) && is_item(piece) => "\n",
            (Piece::Fact(..), Piece::Fact(..)) => "  \n",
            _ => "\n\n",
        }
    }
}
