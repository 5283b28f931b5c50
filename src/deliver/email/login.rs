//! AUTH: who sends.
//!
//! Owns which mechanism is used, and that a secret goes to the server and nowhere else. Must never
//! keep a secret. Fails with what the server said.
//!
//! The library's own exchange ends without an answer where a server explains why it refuses a
//! token; so it is written out here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::SmtpConnection;
use lettre::transport::smtp::response::Response;

use super::problem::{Stage, Talk};
use crate::config::{Login, Proof};
use crate::deliver::{Failure, Hidden, Step, Trace, secret};
use crate::surface::escape::mail_head;

/// The server believes it.
const BELIEVED: u16 = 235;

/// The server wants more.
const GO_ON: u16 = 334;

pub(super) fn log_in(
    connection: &mut SmtpConnection,
    talk: Talk<'_>,
    login: &Login,
    trace: Trace<'_>,
) -> Result<(), Failure> {
    let (place, usable): (_, &[Mechanism]) = match &login.proof {
        Proof::Password(place) => (place, &[Mechanism::Plain, Mechanism::Login]),
        Proof::Token(place) => (place, &[Mechanism::Xoauth2]),
    };
    let Some(mechanism) = connection.server_info().get_auth_mechanism(usable) else {
        let names: Vec<_> = usable.iter().map(ToString::to_string).collect();
        let what = format!("the server offers no login by {}", names.join(" or "));
        return Err(talk.unreachable(Stage::Login, &what).with_hint(match login.proof {
            Proof::Password(_) => "some offer it only when encrypted; or it wants an `oauth_token`",
            Proof::Token(_) => "use `password`, or another server",
        }));
    };
    let secret = secret::read(place).map_err(|error| {
        Failure::unreachable(Stage::Login.word(), error.to_string()).with_hint(error.hint)
    })?;
    let mut exchange = Exchange { connection, talk, user: &login.user, secret: &secret };
    let answer = exchange.run(mechanism)?;
    let text = format!("{mechanism} as {}: {}", login.user, mail_head(&answer, 200));
    trace(Step { stage: Stage::Login.word(), text });
    Ok(())
}

struct Exchange<'x, 't> {
    connection: &'x mut SmtpConnection,
    talk: Talk<'t>,
    user: &'x str,
    secret: &'x Hidden,
}

impl Exchange<'_, '_> {
    fn run(&mut self, mechanism: Mechanism) -> Result<String, Failure> {
        let (user, secret) = (self.user, self.secret.reveal());
        let answer = match mechanism {
            Mechanism::Plain => {
                let proof = BASE64.encode(format!("\0{user}\0{secret}"));
                self.say(&format!("AUTH PLAIN {proof}"), &proof)?
            }
            Mechanism::Xoauth2 => {
                let proof = format!("user={user}\x01auth=Bearer {secret}\x01\x01");
                let proof = BASE64.encode(proof);
                let answer = self.say(&format!("AUTH XOAUTH2 {proof}"), &proof)?;
                if u16::from(answer.code()) == GO_ON {
                    return Err(self.refused_token(&answer));
                }
                answer
            }
            Mechanism::Login => {
                self.say("AUTH LOGIN", "")?;
                let user = BASE64.encode(user);
                self.say(&user, "")?;
                let proof = BASE64.encode(secret);
                self.say(&proof, &proof)?
            }
        };
        let code = u16::from(answer.code());
        let text = answer.message().collect::<Vec<_>>().join(" ");
        if code == BELIEVED { Ok(format!("{code} {text}")) } else { Err(self.no(code, &text, "")) }
    }

    /// Some servers repeat what they do not understand.
    fn say(&mut self, line: &str, proof: &str) -> Result<Response, Failure> {
        self.connection.command(format!("{line}\r\n")).map_err(|error| match error.status() {
            Some(code) => {
                let text = std::error::Error::source(&error).map(ToString::to_string);
                self.no(u16::from(code), &text.unwrap_or_default(), proof)
            }
            None => self.talk.failure(Stage::Login, &error),
        })
    }

    fn no(&self, code: u16, text: &str, proof: &str) -> Failure {
        let mut text = text.to_owned();
        for shown in [proof, self.secret.reveal()].iter().filter(|shown| !shown.is_empty()) {
            text = text.replace(shown, "••••");
        }
        self.talk.reply(Stage::Login, code, &text)
    }

    /// The server says why in a first answer, and that it refuses in a second.
    fn refused_token(&mut self, why: &Response) -> Failure {
        let why = why.first_word().and_then(|word| BASE64.decode(word).ok());
        let why = why.map(|why| String::from_utf8_lossy(&why).into_owned()).unwrap_or_default();
        let failure = self.connection.command("\r\n").err();
        let code = failure
            .as_ref()
            .and_then(lettre::transport::smtp::Error::status)
            .map_or(535, u16::from);
        let text = failure.as_ref().and_then(|error| std::error::Error::source(error));
        let text = text.map(ToString::to_string).unwrap_or_default();
        let failure = self.no(code, &format!("{text} {why}"), "");
        failure
            .with_hint("the token is not taken: has it expired, is it for this mailbox and SMTP?")
    }
}
