//! What is to be said of the keys of receivers over HTTP.
//!
//! Owns the sentences. Must not know how they are shown; ranges, limits and defaults are those that
//! the tables are read by. Nothing here can fail.

use super::super::reference::secret;
use super::{TIMEOUT, TIMEOUTS, hook, incident, robot};
use crate::toml_file::reference::{Key, Kind, Table, key};

/// The keys of `[[receiver]]` that name one.
pub(in crate::config::receiver) fn keys() -> Vec<Key> {
    let robots = "[a robot of a chat](#over-http)";
    let calls = "[a service that calls people](#over-http)";
    let own = "[a program of one's own](#over-http)";
    let shape = "[a program that Alertmanager could call](#over-http)";
    let alertmanagers = "[Alertmanagers](#over-http)";
    let alertmanager_webhook = Table::of("alertmanager_webhook", linked(hook(false)));
    vec![
        key("dingtalk", robot("dingtalk", "mobile numbers, `all`", "[\"all\"]"), robots),
        key("feishu", robot("feishu", "open ids, `all`", "[\"ou_1\"]"), robots),
        key("wecom", robot("wecom", "user ids", "[\"li\"]"), robots),
        key("slack", robot("slack", "`U…`, `S…`, `here`", "[\"here\"]"), robots),
        key("teams", robot("teams", "addresses", "[\"li@example.com\"]"), robots),
        key("pagerduty", Kind::Table(pagerduty()), calls),
        key("smn", Kind::Table(smn()), calls).such_as(SMN),
        key("webhook", Kind::Table(Table::of("webhook", linked(hook(true)))), own),
        key("alertmanager_webhook", Kind::Table(alertmanager_webhook), shape),
        key("alertmanager", Kind::Table(alertmanager()), alertmanagers),
    ]
}

const SMN: &str = "{ region = \"cn-north-4\", project_id = \"0123\", topic = \
                   \"urn:smn:cn-north-4:0123:ocr\", token = { command = \
                   [\"/usr/local/bin/iam-token\"] } }";

/// What each of them has.
fn linked(mut keys: Vec<Key>) -> Vec<Key> {
    let ca_file = "a file in PEM with the certificates of those who may vouch for the server";
    keys.extend([
        key("ca_file", Kind::Path, ca_file)
            .otherwise("the machine's authorities")
            .such_as("\"proxy-ca.pem\""),
        key("timeout", Kind::Span(TIMEOUTS), "an attempt is given up after so long, {range}")
            .usually_ms(TIMEOUT.0),
    ]);
    keys
}

fn address_or_secret() -> Kind {
    Kind::Either(vec![Kind::Text, secret()])
}

fn robot(name: &'static str, whom: &'static str, sample: &'static str) -> Kind {
    let mut keys = vec![
        key("url", secret(), "the robot's address, a [secret](receivers.md#secrets)").required(),
    ];
    let sign = match name {
        "dingtalk" => Some("the robot's secret, a secret"),
        "feishu" => Some("the bot's secret, a secret"),
        _ => None,
    };
    if let Some(sign) = sign {
        let keyword = "a word that the robot asks for; put into messages that lack it";
        keys.push(key("sign", secret(), sign).otherwise("not signed"));
        keys.push(key("keyword", Kind::Text, keyword));
    }
    let mention = "who is called while something fires: {who}; {max} at most";
    let mention = key("mention", Kind::Texts(robot::MENTIONS_MAX), mention);
    keys.push(mention.naming(whom).usually("[]").such_as(sample));
    Kind::Table(Table::of(name, linked(keys)))
}

fn pagerduty() -> Table {
    let keys = vec![
        key("routing_key", secret(), "the integration's key, a secret").required(),
        key("url", Kind::Text, "where events go")
            .usually_text(incident::PAGERDUTY_URL)
            .such_as("\"https://events.eu.pagerduty.com/v2/enqueue\""),
    ];
    Table::of("pagerduty", linked(keys))
}

fn smn() -> Table {
    let dedicated = "whether that AK/SK is one of a user who calls nothing else; one that is \
                     locked cannot sign the message about its own lockout. Not needed with a \
                     `fallback`";
    let or_token = "required without `token`";
    let keys = vec![
        key("region", Kind::Text, "the topic's region").required().such_as("\"cn-north-4\""),
        key("project_id", Kind::Text, "the project").required().such_as("\"0123\""),
        key("topic", Kind::Text, "the topic's URN")
            .required()
            .such_as("\"urn:smn:cn-north-4:0123:ocr\""),
        key("url", Kind::Text, "the service's address without a path")
            .otherwise("`https://smn.<region>.myhuaweicloud.com`")
            .such_as("\"https://smn.cn-north-4.myhuaweicloud.com\""),
        key("access_key", secret(), "the AK that signs, a secret").otherwise(or_token),
        key("secret_key", secret(), "the SK that signs, a secret").otherwise(or_token),
        key("dedicated", Kind::Flag, dedicated).usually(false),
        key("token", secret(), "a token of IAM instead, a secret"),
    ];
    Table::of("smn", linked(keys)).with_one_of(&["access_key", "token"])
}

/// The keys of a webhook in our own form, or in that of Alertmanager.
fn hook(is_ours: bool) -> Vec<Key> {
    let headers = Kind::Pairs(Box::new(Kind::Text), hook::HEADERS_MAX);
    let mut keys = vec![
        key("url", address_or_secret(), "its address, or a secret")
            .required()
            .such_as("\"https://hooks.example.com/ocr\""),
    ];
    if is_ours {
        let secrets = Kind::List(Box::new(secret()), hook::SECRETS_MAX);
        let says = "with what messages are signed: secrets, {max} at most";
        keys.push(key("secrets", secrets, says).usually("[]"));
    }
    keys.extend([
        key("authorization", secret(), "what `Authorization` says, a secret"),
        key("headers", headers, "further headers, {max} at most")
            .usually("{}")
            .such_as("{ X-Team = \"ocr\" }"),
    ]);
    keys
}

fn alertmanager() -> Table {
    let urls = "every Alertmanager of the cluster, without a path, {max} at most";
    let labels = Kind::Pairs(Box::new(Kind::Text), hook::LABELS_MAX);
    let keys = vec![
        key("urls", Kind::Texts(hook::PEERS_MAX), urls)
            .required()
            .such_as("[\"http://am-1.example.com:9093\"]"),
        key("authorization", secret(), "what `Authorization` says, a secret"),
        key("labels", labels, "labels of every alert beside its own, {max} at most")
            .usually("{}")
            .such_as("{ team = \"ocr\" }"),
    ];
    Table::of("alertmanager", linked(keys))
}
