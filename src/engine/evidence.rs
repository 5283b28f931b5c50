//! What is kept of a group's events, for the alert's text.
//!
//! Owns the bounds. Must never know windows or states. Nothing here fails; what finds no room is
//! counted or makes room for what is newer.

use std::sync::Arc;

use super::alert::{Affected, CodeCount, Evidence, Sample};
use super::event::{Event, What};
use super::label::LabelName;
use super::time::Instant;
use crate::occurrence::{Occurrence, Place};

const CODES_MAX: usize = 8;
const AFFECTED_MAX: usize = 40;
const REQUEST_IDS_MAX: usize = 11;
const SAMPLES_MAX: usize = 3;

/// The labels whose values tell who else is affected.
pub(super) static AFFECTED_BY: [LabelName; 7] = [
    LabelName::Api,
    LabelName::Region,
    LabelName::Project,
    LabelName::AccessKey,
    LabelName::Host,
    LabelName::Source,
    LabelName::Service,
];

impl Evidence {
    /// Takes an event in. Of the samples the first one stays that is not before `since`.
    pub(super) fn add(
        &mut self,
        event: &Event<'_>,
        labels: &[(LabelName, Arc<str>)],
        at: Instant,
        since: Instant,
    ) {
        for (name, value) in labels {
            self.note(name, value, at);
        }
        match event.what {
            What::Error(error) => self.add_error(event, error, at, since),
            What::Success(success) => {
                self.add_sample(&success.place, (at, 0), "", since);
            }
            What::Line => {}
        }
    }

    fn add_error(&mut self, event: &Event<'_>, error: &Occurrence, at: Instant, since: Instant) {
        self.access_key_unseen += u64::from(!event.shows_access_key());
        self.inferred += u64::from(error.inferred);
        self.add_code(error, at);
        if error.limit.is_some() {
            self.limit = error.limit;
        }
        if let Some(period) = error.period.as_deref() {
            replace(&mut self.period, period);
        }
        if let Some(id) = error.request_id.as_deref() {
            // The first stays; the oldest of the others makes room, and its room is used again.
            let is_full = self.request_ids.len() >= REQUEST_IDS_MAX;
            let mut kept = if is_full { self.request_ids.remove(1) } else { String::new() };
            kept.clear();
            kept.push_str(id);
            self.request_ids.push(kept);
        }
        self.offset_s = error.at.map_or(self.offset_s, |at| at.offset().local_minus_utc());
        self.add_sample(&error.place, (at, self.offset_s), &error.sample, since);
    }

    fn add_code(&mut self, error: &Occurrence, at: Instant) {
        let same = |known: &CodeCount| {
            *known.code == *error.code && known.cause.as_deref() == error.cause.as_deref()
        };
        let place = self.codes.iter().position(same);
        let known = match place {
            Some(place) => self.codes.get_mut(place),
            None if self.codes.len() < CODES_MAX => {
                self.codes.push(CodeCount {
                    code: (*error.code).into(),
                    cause: error.cause.clone(),
                    count: 0,
                    last_at: at,
                    message: None,
                });
                self.codes.last_mut()
            }
            None => {
                self.codes_left_out += 1;
                None
            }
        };
        if let Some(known) = known {
            known.count += 1;
            known.last_at = known.last_at.max(at);
            if let Some(message) = error.message.as_deref() {
                replace(&mut known.message, message);
            }
        }
    }

    fn note(&mut self, name: &LabelName, value: &Arc<str>, at: Instant) {
        let same = |known: &&mut Affected| {
            known.name == *name && (Arc::ptr_eq(&known.value, value) || known.value == *value)
        };
        if let Some(known) = self.affected.iter_mut().find(same) {
            known.last_at = known.last_at.max(at);
        } else if self.affected.len() < AFFECTED_MAX {
            let (name, value) = (name.clone(), Arc::clone(value));
            self.affected.push(Affected { name, value, last_at: at });
        } else {
            self.affected_left_out += 1;
        }
    }

    fn add_sample(
        &mut self,
        place: &Place,
        (at, offset_s): (Instant, i32),
        text: &str,
        since: Instant,
    ) {
        // The one that makes room leaves its text's room to the new one.
        let first_stays = self.samples.first().is_some_and(|first| first.at >= since);
        let mut sample = if self.samples.len() < SAMPLES_MAX {
            Sample::default()
        } else {
            self.samples.remove(usize::from(first_stays))
        };
        if *sample.file != *place.file {
            sample.file = Arc::clone(&place.file);
        }
        (sample.line, sample.at, sample.offset_s) = (place.line, at, offset_s);
        sample.text.clear();
        sample.text.push_str(text);
        self.samples.push(sample);
    }

    /// Forgets the samples before an instant: the alert that opens begins there.
    pub(super) fn forget_samples(&mut self, before: Instant) {
        self.samples.retain(|sample| sample.at >= before);
    }

    /// Forgets what came up to an instant: the alert of it is resolved.
    pub(super) fn forget(&mut self, until: Instant) {
        self.codes.retain(|known| known.last_at > until);
        self.affected.retain(|known| known.last_at > until);
        self.samples.retain(|sample| sample.at > until);
        for known in &mut self.codes {
            known.count = 1;
        }
        self.codes_left_out = 0;
        self.affected_left_out = 0;
        self.access_key_unseen = 0;
        self.inferred = 0;
        self.request_ids.clear();
    }
}

/// Sets a text, if it is another one.
fn replace(known: &mut Option<Arc<str>>, text: &str) {
    if known.as_deref() != Some(text) {
        *known = Some(text.into());
    }
}
