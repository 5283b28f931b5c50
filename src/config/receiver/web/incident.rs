//! `pagerduty` and `smn`: services that call people.
//!
//! Owns their keys, and that nobody relies on a key that may be locked itself. Must never read a
//! secret. What is wrong is a problem and reads as absent.

use std::sync::Arc;

use toml::Spanned;

use super::{is_url, required_secret};
use crate::config::paths::Paths;
use crate::config::receiver::secret;
use crate::config::{Secret, problem};
use crate::toml_file::{Keys, Problems};

pub(super) const PAGERDUTY_KEYS: &[&str] = &["routing_key", "url", "ca_file", "timeout"];
pub(super) const SMN_KEYS: &[&str] = &[
    "region",
    "project_id",
    "topic",
    "url",
    "token",
    "access_key",
    "secret_key",
    "dedicated",
    "ca_file",
    "timeout",
];

pub(super) const PAGERDUTY_URL: &str = "https://events.pagerduty.com/v2/enqueue";

/// Events of `PagerDuty`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagerDuty {
    /// The key of the integration.
    pub routing_key: Secret,
    /// Where events go.
    pub url: Arc<str>,
}

/// A topic of Huawei Cloud's notification service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smn {
    /// Where the service is, without a path.
    pub url: Arc<str>,
    /// The project.
    pub project_id: Arc<str>,
    /// The topic's URN.
    pub topic: Arc<str>,
    /// How it is logged in.
    pub login: SmnLogin,
}

/// How it is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmnLogin {
    /// With a token of IAM, which ends after a day: a program must bring it.
    Token(Secret),
    /// With an AK/SK that signs.
    Key {
        /// The access key.
        access_key: Secret,
        /// The secret key.
        secret_key: Secret,
    },
}

pub(super) fn pagerduty(
    paths: Paths<'_>,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<PagerDuty> {
    let hint = "write where the integration's key lies: `routing_key = { file = \"…\" }`";
    let routing_key = required_secret("routing_key", hint, paths, keys, problems);
    let url = keys.text("url", problems).filter(|url| is_url(url, problems));
    let url = url.map_or(PAGERDUTY_URL.into(), |url| url.into_inner().into());
    Some(PagerDuty { routing_key: routing_key?, url })
}

pub(super) fn smn(
    has_fallback: bool,
    paths: Paths<'_>,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<Smn> {
    let hint = "write the topic's region, such as `region = \"cn-north-4\"`";
    let region = keys.required_text("region", hint, problems);
    let region = region.filter(|text| is_word("region", text, "-", problems));
    let hint = "the console shows it under My Credentials";
    let project = keys.required_text("project_id", hint, problems);
    let project = project.filter(|text| is_word("project_id", text, "-_", problems));
    let hint = "write the topic's URN, such as `topic = \"urn:smn:cn-north-4:0123…:ocr\"`";
    let topic = keys.required_text("topic", hint, problems);
    let topic = topic.filter(|text| is_word("topic", text, ":-_", problems));
    let url = keys.text("url", problems).filter(|url| is_url(url, problems));
    let login = login(has_fallback, paths, keys, problems);
    let region = region?.into_inner();
    let url = url.map_or_else(
        || format!("https://smn.{region}.myhuaweicloud.com").into(),
        |url| url.get_ref().trim_end_matches('/').into(),
    );
    Some(Smn {
        url,
        project_id: project?.into_inner().into(),
        topic: topic?.into_inner().into(),
        login: login?,
    })
}

fn login(
    has_fallback: bool,
    paths: Paths<'_>,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<SmnLogin> {
    let token = secret::read("token", paths, keys, problems);
    let is_dedicated = keys.flag("dedicated", problems).unwrap_or_default();
    let range = |key| keys.value(key).map_or(keys.range(), Spanned::span);
    if keys.has("token") {
        for key in ["access_key", "secret_key"].into_iter().filter(|key| keys.has(key)) {
            let message = format!("`token` logs in already, `{key}` does nothing");
            let hint = "leave one out".to_owned();
            problems.add(problem::MISPLACED_KEY, range(key), message, hint);
        }
        return token.map(SmnLogin::Token);
    }
    let hint = "write where the AK and the SK lie, or `token`: a program that prints one";
    let access_key = required_secret("access_key", hint, paths, keys, problems);
    let hint = "write where the SK of that AK lies";
    let secret_key = required_secret("secret_key", hint, paths, keys, problems);
    if keys.has("access_key") && !is_dedicated && !has_fallback {
        let message = "an AK/SK that is locked cannot sign the message about its own lockout";
        let hint = "sign with the AK/SK of a user that calls nothing else, and say `dedicated = \
                    true`; or give the receiver a `fallback`";
        problems.add(
            problem::MISPLACED_KEY,
            range("access_key"),
            message.to_owned(),
            hint.to_owned(),
        );
    }
    Some(SmnLogin::Key { access_key: access_key?, secret_key: secret_key? })
}

/// Whether a text stands in a path as it is.
fn is_word(key: &str, text: &Spanned<String>, also: &str, problems: &mut Problems<'_>) -> bool {
    let is_word = text.get_ref().chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c));
    if !is_word {
        let message = format!("`{key}` cannot be `{}`", text.get_ref().escape_default());
        let hint = "copy it from the console".to_owned();
        problems.add(problem::BAD_VALUE, text.span(), message, hint);
    }
    is_word
}
