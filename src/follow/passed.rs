//! Which finds of a log were passed on behind the place from which it would be read again.
//!
//! Owns how a find is known again: by where it stands, as finds of one kind come in that order.
//! Must never know when a find is passed on. Nothing here fails.

use serde::{Deserialize, Serialize};

use super::found::Found;

/// The last find of a kind that was passed on: the byte of its line, and how many of that line.
type Last = (u64, u32);

/// What was passed on behind a place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PassedOn {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<Last>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    success: Option<Last>,
}

impl PassedOn {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Notes that a find was passed on. Signs of life are told again: that changes nothing.
    pub(super) fn note(&mut self, found: &Found) {
        let Some((last, offset)) = self.last_of(found) else { return };
        let times = last.filter(|(known, _)| *known == offset).map_or(0, |(_, times)| times);
        *last = Some((offset, times + 1));
    }

    /// Whether a find that was made again was passed on; each is asked for once, in order.
    pub(super) fn takes(&mut self, found: &Found) -> bool {
        let Some((last, offset)) = self.last_of(found) else { return false };
        match last {
            Some((known, _)) if offset < *known => true,
            Some((known, times)) if offset == *known && *times > 0 => {
                *times -= 1;
                true
            }
            _ => {
                *last = None;
                false
            }
        }
    }

    fn last_of(&mut self, found: &Found) -> Option<(&mut Option<Last>, u64)> {
        match found {
            Found::Occurrence(occurrence) => Some((&mut self.error, occurrence.place.offset)),
            Found::Success(success) => Some((&mut self.success, success.place.offset)),
            Found::Activity(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::occurrence::{Place, Success};

    fn success(offset: u64) -> Found {
        Found::Success(Box::new(Success {
            place: Place { file: "a".into(), line: 1, offset },
            at: None,
            http_status: 200,
            api: None,
            region: None,
            project: None,
            host: None,
            access_key: None,
        }))
    }

    #[test]
    fn finds_that_were_passed_on_are_known_again_and_others_are_not() {
        let mut passed = PassedOn::default();
        for offset in [0, 10, 10] {
            passed.note(&success(offset));
        }
        let again = [0, 10, 10, 10, 20, 10].map(|offset| passed.takes(&success(offset)));
        assert_eq!(again, [true, true, true, false, false, false]);
        assert!(passed.is_empty());
    }
}
