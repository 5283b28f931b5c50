//! `dingtalk`, `feishu`, `wecom`, `slack`, `teams`: robots in groups of a chat.
//!
//! Owns their keys, and whom each can call. Must never read a secret. What is wrong is a problem
//! and reads as absent.

use std::sync::Arc;

use toml::Spanned;

use super::required_secret;
use crate::config::paths::{Paths, limited};
use crate::config::receiver::secret;
use crate::config::{Secret, problem};
use crate::toml_file::{Keys, Problems};

pub(super) const KEYS: &[&str] = &["url", "mention", "ca_file", "timeout"];
pub(super) const SIGNED_KEYS: &[&str] =
    &["url", "sign", "keyword", "mention", "ca_file", "timeout"];

pub(super) const MENTIONS_MAX: usize = 32;

/// A robot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Robot {
    /// Its address, which is all that it takes to speak in the group.
    pub url: Secret,
    /// With what messages are signed, where the robot asks for that.
    pub sign: Option<Secret>,
    /// A word that must stand in every message.
    pub keyword: Option<Arc<str>>,
    /// Who is called while something fires, as the chat names them.
    pub mention: Arc<[Arc<str>]>,
    /// Whether everybody is called while something fires.
    pub mention_all: bool,
}

pub(super) fn read(
    way: &str,
    paths: Paths<'_>,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<Robot> {
    let hint = "write where the robot's address lies: `url = { file = \"…\" }`";
    let url = required_secret("url", hint, paths, keys, problems);
    let sign = secret::read("sign", paths, keys, problems);
    let keyword = keys.text("keyword", problems);
    let hint = "call a group instead";
    let said = limited("mention", MENTIONS_MAX, hint, keys, problems);
    let (all, named): (Vec<_>, Vec<_>) = said.into_iter().partition(|who| is_all(who.get_ref()));
    if let Some(all) = all.first()
        && let Some(hint) = cannot_call_all(way)
    {
        let message = "nobody can call everybody here".to_owned();
        problems.add(problem::BAD_VALUE, all.span(), message, hint.to_owned());
    }
    let named = named.into_iter().filter(|who| is_named(way, who, problems));
    let mention = named.map(|who| who.into_inner().into()).collect();
    let keyword = keyword.map(|keyword| keyword.into_inner().into());
    Some(Robot { url: url?, sign, keyword, mention, mention_all: !all.is_empty() })
}

fn is_all(who: &str) -> bool {
    matches!(who.trim_start_matches('@'), "all" | "channel" | "here")
}

fn cannot_call_all(way: &str) -> Option<&'static str> {
    match way {
        "wecom" => Some("Markdown of WeCom calls users only; write their user ids"),
        "teams" => Some("a workflow of Teams calls users only; write their addresses"),
        _ => None,
    }
}

/// Whether somebody is named as the chat names people: what else stands there would be text.
fn is_named(way: &str, who: &Spanned<String>, problems: &mut Problems<'_>) -> bool {
    let name = who.get_ref().as_str();
    let is_word = |also: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || also.contains(c);
        !name.is_empty() && name.chars().all(allowed)
    };
    let (is_good, hint) = match way {
        "dingtalk" => {
            (is_word("+-"), "DingTalk calls people by their mobile numbers, and everybody by `all`")
        }
        "feishu" => {
            (is_word("_-"), "Feishu calls people by ids such as `ou_…`, and everybody by `all`")
        }
        "slack" => {
            let is_id = name.starts_with(['U', 'W', 'S']) && is_word("");
            (is_id, "Slack calls people by ids such as `U024BE7LH`, groups by `S…`, all by `here`")
        }
        "wecom" => (is_word("_-.@"), "WeCom calls people by their user ids"),
        _ => (is_word("_-.@+") && name.contains('@'), "Teams calls people by their addresses"),
    };
    if !is_good {
        let message = format!("`{}` names nobody", name.escape_default());
        problems.add(problem::BAD_VALUE, who.span(), message, hint.to_owned());
    }
    is_good
}
