//! `[[mute]]`: times of the week in which nobody wants to be told.
//!
//! Owns its keys, and how days and times of day are written. Must not know what is withheld. What
//! is wrong is a problem and reads as absent.

use chrono::Weekday;
use toml::Spanned;
use toml::de::DeValue;

use super::Named;
use super::matcher::{Known, name};
use super::problem;
use crate::engine::{Mute, TimeOfWeek};
use crate::toml_file::{Keys, Problems, did_you_mean};
use crate::zone::{Zone, ZoneError};

pub(super) const MUTE_KEYS: &[&str] = &["name", "match", "not", "timezone", "times"];

pub(super) const TIMES_MAX: usize = 50;
pub(super) const TIME_KEYS: &[&str] = &["days", "from", "to"];
const DAY_MINUTES: u16 = 1_440;

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Mon),
    ("tue", Weekday::Tue),
    ("wed", Weekday::Wed),
    ("thu", Weekday::Thu),
    ("fri", Weekday::Fri),
    ("sat", Weekday::Sat),
    ("sun", Weekday::Sun),
];

/// Reads a mute.
pub(super) fn read(
    item: &Spanned<DeValue<'_>>,
    known: Known<'_>,
    problems: &mut Problems<'_>,
) -> Option<Named<Mute>> {
    let keys = Keys::of_value(item, "[[mute]]", MUTE_KEYS, problems)?;
    let hint = "name the mute, such as `name = \"nights\"`";
    let named = name("name", hint, "nights", &keys, problems);
    let matchers = known.read(&keys, problems);
    let zone = zone(&keys, problems);
    let times = times(&keys, problems);
    let name = named?;
    let id = name.get_ref().clone();
    let mute = Mute { name: std::sync::Arc::clone(&id), matchers, zone: zone?, times };
    Some(Named { id, range: name.span(), value: mute })
}

pub(super) fn zone(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Zone> {
    let hint = "say whose clock, such as `timezone = \"Asia/Shanghai\"`";
    let text = keys.required_text("timezone", hint, problems)?;
    let wrong = |error: ZoneError| {
        let message = format!("unknown time zone `{}`", error.given.escape_debug());
        problems.add(problem::BAD_VALUE, text.span(), message, error.hint);
    };
    Zone::parse(text.get_ref()).map_err(wrong).ok()
}

fn times(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Vec<TimeOfWeek> {
    let hint = "list them, such as `[{ days = [\"mon-fri\"], from = \"22:00\", to = \"06:00\" }]`";
    let Some(value) = keys.value("times") else {
        keys.missing("times", hint, problems);
        return Vec::new();
    };
    let items = keys.list("times", problems).unwrap_or_default();
    if value.get_ref().as_array().is_some_and(|items| items.is_empty()) {
        let message = "`times` lists nothing, so nothing is ever muted".to_owned();
        problems.add(problem::EMPTY_TIME, value.span(), message, hint.to_owned());
    }
    if let Some(first_beyond) = items.get(TIMES_MAX) {
        let message = format!("{} times stand here, at most {TIMES_MAX} can", items.len());
        let hint = "name several days in one".to_owned();
        problems.add(problem::TOO_MANY, first_beyond.span(), message, hint);
    }
    items.iter().take(TIMES_MAX).filter_map(|item| time_of_week(item, problems)).collect()
}

fn time_of_week(item: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<TimeOfWeek> {
    let keys = Keys::of_value(item, "times", TIME_KEYS, problems)?;
    let days = days(&keys, problems);
    let from = keys.value("from").map(|value| minutes("from", value, problems));
    let to = keys.value("to").map(|value| minutes("to", value, problems));
    let from_minutes = from.map_or(Some(0), |from| from)?;
    let to_minutes = to.map_or(Some(DAY_MINUTES), |to| to)?;
    if from_minutes == to_minutes || from_minutes == DAY_MINUTES {
        let message = "nothing lies between `from` and `to`".to_owned();
        let hint = "leave out both for whole days; a `to` before `from` is one of the next day";
        problems.add(problem::EMPTY_TIME, item.span(), message, hint.to_owned());
    }
    Some(TimeOfWeek { days, from_minutes, to_minutes })
}

/// Days and ranges of them; all if there is no key.
fn days(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Vec<Weekday> {
    let Some(value) = keys.value("days") else { return DAYS.map(|(_, day)| day).to_vec() };
    let texts = keys.texts_or_text("days", problems).unwrap_or_default();
    if value.get_ref().as_array().is_some_and(|items| items.is_empty()) {
        let message = "`days` lists nothing, so nothing is ever muted".to_owned();
        let hint = "list days such as `\"mon-fri\"`, or leave the key out for every day".to_owned();
        problems.add(problem::EMPTY_TIME, value.span(), message, hint);
    }
    let mut days = Vec::new();
    for text in &texts {
        let (first, last) = if let Some((first, last)) = text.get_ref().split_once('-') {
            (day(first, text, problems), day(last, text, problems))
        } else {
            let only = day(text.get_ref(), text, problems);
            (only, only)
        };
        let (Some(mut next), Some(last)) = (first, last) else { continue };
        // `fri-mon` goes over the week's end.
        loop {
            if !days.contains(&next) {
                days.push(next);
            }
            if next == last {
                break;
            }
            next = next.succ();
        }
    }
    days
}

fn day(name: &str, text: &Spanned<String>, problems: &mut Problems<'_>) -> Option<Weekday> {
    let name = name.trim();
    // `Monday` is `mon`, too.
    if let Ok(day) = name.parse::<Weekday>() {
        return Some(day);
    }
    let message = format!("`{name}` is no day of the week");
    let hint = did_you_mean(name, DAYS.map(|(name, _)| name)).unwrap_or_else(|| {
        "the days are `mon`, `tue`, `wed`, `thu`, `fri`, `sat` and `sun`; `mon-fri` is a range \
         of them"
            .to_owned()
    });
    problems.add(problem::BAD_TIME, text.span(), message, hint);
    None
}

/// Minutes since midnight.
pub(super) fn minutes(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    problems: &mut Problems<'_>,
) -> Option<u16> {
    let read = value.get_ref().as_str().and_then(|text| {
        let (hours, minutes) = text.trim().split_once(':')?;
        let number = |text: &str| {
            let is_plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            is_plain.then(|| text.parse::<u16>().ok()).flatten()
        };
        let (hours, minutes) = (number(hours)?, number(minutes)?);
        let total = hours * 60 + minutes;
        (minutes < 60 && total <= DAY_MINUTES).then_some(total)
    });
    if read.is_none() {
        let message = format!("`{key}` is no time of day");
        let hint = "write it in quotes, from `\"00:00\"` to `\"24:00\"`".to_owned();
        problems.add(problem::BAD_TIME, value.span(), message, hint);
    }
    read
}
