//! What of a live view its user chose: where it stands, how it is sorted, whether it moves.
//!
//! Owns what each key does. Must never know a terminal. Pure. Nothing here fails.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

/// So many minutes of errors are shown.
pub const MINUTES: usize = 60;

/// Modules with a row of their own; there are four.
const MODULES_MAX: usize = 16;

/// In which order sources are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// As the run lists them.
    #[default]
    Name,
    /// The most errors first.
    Errors,
    /// What is furthest behind first.
    Behind,
}

/// What a user asks of the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A line up.
    Up,
    /// A line down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the beginning.
    First,
    /// To the end.
    Last,
    /// The next order.
    Sort,
    /// Stand still, or go on.
    Pause,
}

/// Where the view stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct View {
    /// The first line of the body that is shown.
    pub scroll: usize,
    /// The order of sources.
    pub sort: Sort,
    /// Nothing new is shown.
    pub paused: bool,
}

impl View {
    /// The view behind a key, on a page of so many lines that can be scrolled so far.
    #[must_use]
    pub fn pressed(self, key: Key, page_rows: usize, scroll_max: usize) -> Self {
        // A line of the last page stays, as in pagers.
        let page = page_rows.saturating_sub(1).max(1);
        let scroll = match key {
            Key::Up => self.scroll.saturating_sub(1),
            Key::Down => self.scroll.saturating_add(1),
            Key::PageUp => self.scroll.saturating_sub(page),
            Key::PageDown => self.scroll.saturating_add(page),
            Key::First => 0,
            Key::Last => scroll_max,
            Key::Sort => return Self { sort: self.sort.next(), ..self },
            Key::Pause => return Self { paused: !self.paused, ..self },
        };
        Self { scroll: scroll.min(scroll_max), ..self }
    }
}

impl Sort {
    fn next(self) -> Self {
        match self {
            Self::Name => Self::Errors,
            Self::Errors => Self::Behind,
            Self::Behind => Self::Name,
        }
    }

    /// What it is called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Errors => "errors",
            Self::Behind => "lag",
        }
    }
}

/// The errors of the last [`MINUTES`], the oldest first, by module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorsByModule {
    pub(super) modules: BTreeMap<String, Vec<u64>>,
    /// Not all were counted.
    pub(super) is_partial: bool,
}

impl ErrorsByModule {
    /// Of instants, modules and how many errors, up to the minute of an instant.
    pub fn until(
        end: DateTime<Utc>,
        minutes: impl IntoIterator<Item = (DateTime<Utc>, String, u64)>,
        is_partial: bool,
    ) -> Self {
        let minute = |at: DateTime<Utc>| at.timestamp().div_euclid(60);
        let mut errors = Self { modules: BTreeMap::new(), is_partial };
        for (at, module, count) in minutes {
            let Ok(ago) = usize::try_from(minute(end) - minute(at)) else { continue };
            let Some(place) = (MINUTES - 1).checked_sub(ago) else { continue };
            if errors.modules.len() >= MODULES_MAX && !errors.modules.contains_key(&module) {
                errors.is_partial = true;
                continue;
            }
            let counts = errors.modules.entry(module).or_insert_with(|| vec![0; MINUTES]);
            if let Some(known) = counts.get_mut(place) {
                *known = known.saturating_add(count);
            }
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_moves_the_view_within_its_bounds() {
        let view = |keys: &[Key]| {
            keys.iter().fold(View::default(), |view, key| view.pressed(*key, 10, 25))
        };
        assert_eq!(view(&[Key::Up]).scroll, 0);
        assert_eq!(view(&[Key::Down, Key::Down, Key::Up]).scroll, 1);
        assert_eq!(view(&[Key::PageDown, Key::PageDown]).scroll, 18);
        assert_eq!(view(&[Key::PageDown, Key::PageDown, Key::PageDown]).scroll, 25);
        assert_eq!(view(&[Key::Last, Key::PageUp]).scroll, 16);
        assert_eq!(view(&[Key::Last, Key::First]).scroll, 0);
        assert_eq!(view(&[Key::Sort, Key::Sort]).sort, Sort::Behind);
        assert_eq!(view(&[Key::Sort, Key::Sort, Key::Sort]).sort, Sort::Name);
        assert!(view(&[Key::Pause]).paused && !view(&[Key::Pause, Key::Pause]).paused);
    }

    #[test]
    fn errors_stand_in_their_minutes_and_what_is_older_is_left_out() {
        let at = |seconds: i64| DateTime::from_timestamp(seconds, 0).unwrap();
        let end = at(7_259);
        let errors = ErrorsByModule::until(
            end,
            [
                (at(7_200), "OCR".to_owned(), 2),
                (at(7_259), "OCR".to_owned(), 1),
                (at(7_199), "OCR".to_owned(), 4),
                (at(3_660), "APIG".to_owned(), 7),
                (at(3_659), "APIG".to_owned(), 100),
                (at(7_260), "APIG".to_owned(), 100),
            ],
            false,
        );
        let counts = |module: &str| errors.modules[module].clone();
        assert_eq!(counts("OCR")[58..], [4, 3]);
        assert_eq!((counts("APIG")[0], counts("APIG")[1..].iter().sum::<u64>()), (7, 0));
    }
}
