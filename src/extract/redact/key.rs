//! Which names are names of secrets.
//!
//! Owns the lists. A name is judged by its end, because programs put their own words before it:
//! `HUAWEICLOUD_SDK_SK`, `hwSecretKey`, `x-auth-token`. Must never look at a value. Nothing here
//! fails.

/// What kind of value a name announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Goes whatever it is.
    Password,
    /// A secret key, a token or a signature: goes unless it plainly says something about it.
    Secret,
    /// `Authorization` and its like: a scheme, then a secret.
    Authorization,
    /// Pairs parted by `; `.
    Cookie,
    /// Is masked.
    AccessKey,
    /// `Access`, which is a word of its own: masked if it looks like an access key.
    Access,
    /// `encoded_authorization_message`: base64 of unknown content.
    Opaque,
}

const PASSWORD_ENDS: [&str; 5] = ["password", "passwd", "passphrase", "passcode", "pwd"];

const SECRET_ENDS: [&str; 12] = [
    "secretkey",
    "secretaccesskey",
    "accesskeysecret",
    "secret",
    "privatekey",
    "signingkey",
    "token",
    "signature",
    "jwt",
    "apikey",
    "sessionid",
    "appcode",
];

const ACCESS_KEY_ENDS: [&str; 3] = ["accesskey", "accesskeyid", "credential"];

/// Written together in one case, `sk` and `ak` end too many words (`task`, `break`) to be judged by
/// the end.
const SECRET_NAMES: [&str; 6] = ["sk", "hwsk", "huaweisk", "huaweicloudsk", "ocrsk", "aksk"];
const ACCESS_KEY_NAMES: [&str; 5] = ["ak", "hwak", "huaweiak", "huaweicloudak", "ocrak"];

const NAME_BYTES_MAX: usize = 96;

/// What a name announces, if it is one of a secret. Of an endless name the end counts.
pub(super) fn classify(name: &[u8]) -> Option<Class> {
    let name = name.last_chunk::<NAME_BYTES_MAX>().map_or(name, |tail| tail.as_slice());
    if name.len() < 2 {
        return None;
    }
    let mut room = [0; NAME_BYTES_MAX];
    let mut length = 0;
    for byte in name.iter().filter(|byte| !b"_-.".contains(byte)) {
        room[length] = byte.to_ascii_lowercase();
        length += 1;
    }
    let folded = &room[..length];
    let ends = |list: &[&str]| list.iter().any(|end| folded.ends_with(end.as_bytes()));
    let is = |list: &[&str]| list.iter().any(|known| known.as_bytes() == folded);
    let last = last_part(name);
    let last_is = |known: &str| last.eq_ignore_ascii_case(known.as_bytes());

    if ends(&PASSWORD_ENDS) || last_is("pass") && last.len() < name.len() {
        Some(Class::Password)
    } else if ends(&["authorization"]) {
        Some(Class::Authorization)
    } else if ends(&["cookie", "cookies"]) {
        Some(Class::Cookie)
    } else if ends(&["authorizationmessage"]) {
        Some(Class::Opaque)
    } else if ends(&SECRET_ENDS) || is(&SECRET_NAMES) || last_is("sk") {
        Some(Class::Secret)
    } else if ends(&ACCESS_KEY_ENDS) || is(&ACCESS_KEY_NAMES) || last_is("ak") {
        Some(Class::AccessKey)
    } else if is(&["access"]) {
        Some(Class::Access)
    } else {
        None
    }
}

/// The last word of a name in snake, kebab, dotted or camel case.
fn last_part(name: &[u8]) -> &[u8] {
    let start = (1..name.len())
        .rev()
        .find(|&at| {
            b"_-.".contains(&name[at - 1])
                || name[at - 1].is_ascii_lowercase() && name[at].is_ascii_uppercase()
        })
        .unwrap_or(0);
    &name[start..]
}
