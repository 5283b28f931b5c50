//! Signatures and the encodings around them.
//!
//! Owns each vendor's own recipe. Must never keep a signature: each has its time in it. Nothing
//! here fails.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use ring::{digest, hmac};

/// What `DingTalk` appends to the address: the time in milliseconds, and the time and secret signed
/// with the secret.
pub(super) fn dingtalk(secret: &str, now: DateTime<Utc>) -> (String, String) {
    let at = now.timestamp_millis().to_string();
    let signature = mac(secret.as_bytes(), format!("{at}\n{secret}").as_bytes());
    (at, STANDARD.encode(signature))
}

/// What Feishu wants in the body: the time in seconds, and nothing signed with time and secret.
pub(super) fn feishu(secret: &str, now: DateTime<Utc>) -> (String, String) {
    let at = now.timestamp().to_string();
    let signature = mac(format!("{at}\n{secret}").as_bytes(), b"");
    (at, STANDARD.encode(signature))
}

/// What a webhook's own receiver checks: the time in seconds, a point and the body.
pub(super) fn webhook(secret: &str, at: &str, body: &[u8]) -> String {
    let message = [at.as_bytes(), b".", body].concat();
    format!("v1={}", hex(mac(secret.as_bytes(), &message).as_ref()))
}

/// A request that Huawei Cloud's gateway is to let in.
pub(super) struct Canonical<'r> {
    pub(super) host: &'r str,
    /// With the parts of it encoded.
    pub(super) path: &'r str,
    pub(super) body: &'r [u8],
}

/// The headers `X-Sdk-Date` and `Authorization` of SDK-HMAC-SHA256.
pub(super) fn huawei(
    request: &Canonical<'_>,
    access_key: &str,
    secret_key: &str,
    now: DateTime<Utc>,
) -> (String, String) {
    const SIGNED: &str = "content-type;host;x-sdk-date";
    let date = now.format("%Y%m%dT%H%M%SZ").to_string();
    let Canonical { host, path, body } = request;
    let canonical = format!(
        "POST\n{}/\n\ncontent-type:application/json\nhost:{host}\nx-sdk-date:{date}\n\n{SIGNED}\n{}",
        path.trim_end_matches('/'),
        hex(digest::digest(&digest::SHA256, body).as_ref()),
    );
    let hashed = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let message = format!("SDK-HMAC-SHA256\n{date}\n{hashed}");
    let signature = hex(mac(secret_key.as_bytes(), message.as_bytes()).as_ref());
    let authorization = format!(
        "SDK-HMAC-SHA256 Access={access_key}, SignedHeaders={SIGNED}, Signature={signature}"
    );
    (date, authorization)
}

fn mac(key: &[u8], message: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Text as a part of a path or query: everything but what RFC 3986 leaves alone is encoded.
pub(super) fn percent(text: &str) -> String {
    let encoded = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    });
    encoded.collect()
}
