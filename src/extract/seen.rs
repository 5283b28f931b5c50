//! What was made of texts that come again: an application calls few APIs of few endpoints, and the
//! service says few sentences.
//!
//! Owns what is remembered, never more than a few short texts. Must never remember what tells one
//! event from another. Fails: never; what is forgotten is made again.

use super::facts;
use super::finding::shown;

/// Texts of a kind that are remembered, and their longest.
const TEXTS_MAX: usize = 32;
const TEXT_BYTES_MAX: usize = 512;

/// Redaction costs more than the rest of a line, hence this memory.
#[derive(Debug, Default)]
pub(super) struct Seen {
    shown: Answers<Box<str>>,
    regions: Answers<Option<Box<str>>>,
}

impl Seen {
    /// What may leave of a text.
    pub(super) fn shown(&mut self, text: &str) -> Box<str> {
        self.shown.answer(text, shown)
    }

    /// The region that a host's name tells.
    pub(super) fn region(&mut self, host: &str) -> Option<Box<str>> {
        self.regions.answer(host, |host| facts::region(host).map(|found| shown(&found)))
    }
}

/// The last of them is forgotten by turns, so that what comes often is hardly ever missing.
#[derive(Debug)]
struct Answers<T> {
    known: Vec<(Box<str>, T)>,
    next_forgotten: usize,
}

impl<T> Default for Answers<T> {
    fn default() -> Self {
        Self { known: Vec::new(), next_forgotten: 0 }
    }
}

impl<T: Clone> Answers<T> {
    fn answer(&mut self, text: &str, of: impl Fn(&str) -> T) -> T {
        if let Some((_, answer)) = self.known.iter().find(|(known, _)| **known == *text) {
            return answer.clone();
        }
        let answer = of(text);
        if text.len() > TEXT_BYTES_MAX {
            return answer;
        }
        let entry = (text.into(), answer.clone());
        if self.known.len() < TEXTS_MAX {
            self.known.push(entry);
        } else {
            self.known[self.next_forgotten] = entry;
            self.next_forgotten = (self.next_forgotten + 1) % TEXTS_MAX;
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_the_answer_and_is_bounded() {
        let mut answers = Answers::default();
        for number in 0..1_000 {
            let text = number.to_string();
            assert_eq!(answers.answer(&text, str::len), text.len());
            assert_eq!(answers.answer(&text, |_| 0), text.len(), "it is remembered");
        }
        assert_eq!(answers.known.len(), TEXTS_MAX);
        let long = "x".repeat(TEXT_BYTES_MAX + 1);
        assert_eq!(answers.answer(&long, str::len), long.len());
        assert_eq!(answers.answer(&long, |_| 0), 0, "it is not");
    }
}
