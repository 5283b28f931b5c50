//! Receivers over HTTP.
//!
//! Owns what is asked of each, and which answer means that it took a notification. Must never
//! decide who gets it, nor sign before it is sent. Fails with what the receiver said.
//!
//! Each service is two pure functions, what is sent and what an answer means, so that both are
//! tested without a network; `http.rs` is the only one that talks.

mod alertmanager;
mod answer;
mod dingtalk;
mod feishu;
mod http;
mod pagerduty;
mod prometheus;
mod robot;
mod sign;
mod slack;
mod smn;
mod teams;
mod webhook;
mod wecom;

#[cfg(test)]
pub(super) mod tests;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use self::http::{Answer, Http, Masks, Request};
use super::{Accepted, Failure, Hidden, Parcel, Sender, Trace, secret};
use crate::config::{Link, Receiver, Robot, Secret, Service, Templates, Web};
use crate::render::chat::{self, Piece, Words};
use crate::render::markup::{Colour, Dialect};
use crate::render::{NotificationText, Status, Texts};
use crate::surface::Language;
use crate::template::page::{self, Form};

/// The way to a receiver over HTTP.
pub fn sender(web: &Web, receiver: &Receiver) -> Box<dyn Sender> {
    match &web.service {
        Service::Alertmanager(config) => {
            Box::new(alertmanager::Peers::new(config.clone(), web.link.clone(), receiver.language))
        }
        service => Box::new(Caller {
            service: service.clone(),
            wire: Wire { link: web.link.clone(), http: None },
            language: receiver.language,
            templates: receiver.templates.clone(),
        }),
    }
}

/// A connection that is set up when it is first needed.
struct Wire {
    link: Link,
    http: Option<Http>,
}

impl Wire {
    fn http(&mut self) -> Result<&Http, Failure> {
        if self.http.is_none() {
            self.http = Some(Http::new(&self.link)?);
        }
        self.http.as_ref().ok_or_else(|| Failure::unreachable("connect", "no way leads there"))
    }
}

/// Who is called by name or as a whole.
struct Calls<'r> {
    named: &'r [Arc<str>],
    all: bool,
}

/// What is told, in which words, and when.
#[derive(Clone, Copy)]
struct Told<'t> {
    text: &'t NotificationText,
    words: &'static Words,
    templates: &'t Templates,
    now: DateTime<Utc>,
}

impl Told<'_> {
    /// One line: the operator's own if there is one.
    fn subject(&self) -> String {
        let own = self.text.own_subject(self.templates);
        own.unwrap_or_else(|| chat::subject(self.text, self.words))
    }

    /// The operator's own message if it fits, else as much of ours as does.
    fn fit<T>(
        &self,
        dialect: Dialect,
        write: impl Fn(&[Piece]) -> T,
        fits: impl Fn(&T) -> bool,
    ) -> T {
        let own = self.templates.chat.as_ref();
        let own = own.and_then(|own| page::render(own, Form::Text, &escaped(self.text, dialect)));
        let own = own.map(|own| write(&[Piece::Own(own)])).filter(&fits);
        own.unwrap_or_else(|| chat::fit(self.text, self.words, write, fits))
    }

    /// Nobody is called for what is over.
    fn calls<'r>(&self, robot: &'r Robot) -> Calls<'r> {
        match self.text.status {
            Status::Firing => Calls { named: &robot.mention, all: robot.mention_all },
            Status::Resolved => Calls { named: &[], all: false },
        }
    }

    fn colour(&self) -> Colour {
        Colour::of(self.text.status == Status::Firing, self.text.severity)
    }
}

/// The values for a template, each written so that it steers nothing.
fn escaped(text: &NotificationText, dialect: Dialect) -> Value {
    fn walk(value: &mut Value, dialect: Dialect) {
        match value {
            Value::String(text) => {
                let lines: Vec<_> = text.lines().map(|line| dialect.escaped(line)).collect();
                *text = lines.join("\n");
            }
            Value::Array(items) => items.iter_mut().for_each(|item| walk(item, dialect)),
            Value::Object(fields) => fields.values_mut().for_each(|value| walk(value, dialect)),
            _ => {}
        }
    }
    let mut values = serde_json::to_value(text).unwrap_or_default();
    if let Value::Object(fields) = &mut values {
        fields.insert("headline".to_owned(), Value::String(text.headline()));
    }
    walk(&mut values, dialect);
    values
}

/// A request with a body in JSON.
fn post(url: &str, body: Vec<u8>) -> Request {
    let headers = vec![("Content-Type".to_owned(), Hidden::new("application/json"))];
    Request { url: Hidden::new(url), headers, body }
}

/// A secret, or why there is none.
fn secret_of(secret: &Secret) -> Result<Hidden, Failure> {
    secret::read(secret).map_err(|error| {
        let hint = error.hint;
        Failure::unreachable("secret", error.to_string()).with_hint(hint)
    })
}

/// What is sent to a service, what of it is secret, and what an answer means.
struct Call {
    requests: Vec<Request>,
    masks: Masks,
    judge: fn(&Answer) -> Result<Accepted, Failure>,
}

/// A service that is called once for each notification.
struct Caller {
    service: Service,
    wire: Wire,
    language: Language,
    templates: Templates,
}

impl Caller {
    fn told<'t>(&'t self, text: &'t NotificationText, now: DateTime<Utc>) -> Told<'t> {
        Told { text, words: Words::of(self.language), templates: &self.templates, now }
    }

    /// What is sent, with dots for what is secret; signatures are not made.
    fn shown(&self, told: &Told<'_>) -> Vec<Request> {
        let keys = robot::Keys { url: Hidden::new("••••"), sign: None };
        let ask = match &self.service {
            Service::DingTalk(config) => dingtalk::request(config, &keys, told),
            Service::Feishu(config) => feishu::request(config, &keys, told),
            Service::WeCom(config) => wecom::request(config, &keys, told),
            Service::Slack(config) => slack::request(config, &keys, told),
            Service::Teams(config) => teams::request(config, &keys, told),
            Service::PagerDuty(config) => return pagerduty::requests(&config.url, &keys.url, told),
            Service::Smn(config) => smn::request(config, &smn::Login::Token(keys.url), told),
            Service::Webhook(_) => post("", webhook::body(told)),
            Service::AlertmanagerWebhook(_) => post("", prometheus::webhook(told)),
            Service::Alertmanager(_) => return Vec::new(),
        };
        vec![ask]
    }

    fn call(&self, told: &Told<'_>) -> Result<Call, Failure> {
        type Ask = fn(&Robot, &robot::Keys, &Told<'_>) -> Request;
        type Judge = fn(&Answer) -> Result<Accepted, Failure>;
        let robot = |robot: &Robot, ask: Ask, judge: Judge| {
            let keys = robot::Keys::of(robot)?;
            let masks = Masks::of(keys.all());
            Ok(Call { requests: vec![ask(robot, &keys, told)], masks, judge })
        };
        match &self.service {
            Service::DingTalk(config) => robot(config, dingtalk::request, dingtalk::judge),
            Service::Feishu(config) => robot(config, feishu::request, feishu::judge),
            Service::WeCom(config) => robot(config, wecom::request, wecom::judge),
            Service::Slack(config) => robot(config, slack::request, slack::judge),
            Service::Teams(config) => robot(config, teams::request, teams::judge),
            Service::PagerDuty(config) => {
                let key = secret_of(&config.routing_key)?;
                let masks = Masks::of([&key]);
                let requests = pagerduty::requests(&config.url, &key, told);
                Ok(Call { requests, masks, judge: pagerduty::judge })
            }
            Service::Smn(config) => {
                let login = smn::Login::of(config)?;
                let masks = Masks::of(login.all());
                let requests = vec![smn::request(config, &login, told)];
                Ok(Call { requests, masks, judge: smn::judge })
            }
            Service::Webhook(config) | Service::AlertmanagerWebhook(config) => {
                let keys = webhook::Keys::of(config)?;
                let masks = Masks::of(keys.all());
                let is_own = matches!(self.service, Service::Webhook(_));
                let body = if is_own { webhook::body } else { prometheus::webhook };
                let requests = vec![webhook::request(config, &keys, body(told), told)];
                Ok(Call { requests, masks, judge: webhook::judge })
            }
            // They have a sender of their own.
            Service::Alertmanager(_) => {
                Ok(Call { requests: Vec::new(), masks: Masks::default(), judge: webhook::judge })
            }
        }
    }
}

impl Sender for Caller {
    fn send(
        &mut self,
        parcel: &Parcel,
        texts: &Texts,
        now: DateTime<Utc>,
        trace: Trace<'_>,
    ) -> Result<Accepted, Failure> {
        let text = NotificationText::of(&parcel.notification, texts);
        let told = self.told(&text, now);
        let Call { requests, masks, judge } = self.call(&told)?;
        let http = self.wire.http()?;
        let mut accepted = Accepted::default();
        for request in &requests {
            let answer = http.post(request, &masks, now, trace)?;
            accepted = judge(&answer).map_err(|failure| masked(failure, &masks))?;
            accepted.answer = masks.clean(&accepted.answer);
        }
        Ok(accepted)
    }

    fn preview(&self, parcel: &Parcel, texts: &Texts, now: DateTime<Utc>) -> Option<Vec<u8>> {
        let text = NotificationText::of(&parcel.notification, texts);
        let requests = self.shown(&self.told(&text, now)).into_iter();
        Some(pretty(requests.map(|request| request.body)))
    }
}

/// Bodies as a person reads them, one below the other.
fn pretty(bodies: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut out = Vec::new();
    for body in bodies {
        let value: Value = serde_json::from_slice(&body).unwrap_or_default();
        out.extend(serde_json::to_vec_pretty(&value).unwrap_or(body));
        out.push(b'\n');
    }
    out
}

/// A failure without secrets.
fn masked(failure: Failure, masks: &Masks) -> Failure {
    Failure { what: masks.clean(&failure.what), ..failure }
}
