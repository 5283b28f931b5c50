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

/// How names of secrets end: letters in lower case, without what parts the words. They stand under
/// their last two letters, which nearly every other word of a log has not, and of those of one end
/// the first that fits counts.
fn ends(last_two: [u8; 2]) -> &'static [(&'static str, Class)] {
    match &last_two {
        b"rd" => &[("password", Class::Password)],
        b"wd" => &[("passwd", Class::Password), ("pwd", Class::Password)],
        b"se" => &[("passphrase", Class::Password)],
        b"de" => &[("passcode", Class::Password), ("appcode", Class::Secret)],
        b"on" => &[("authorization", Class::Authorization)],
        b"ie" => &[("cookie", Class::Cookie)],
        b"es" => &[("cookies", Class::Cookie)],
        b"ge" => &[("authorizationmessage", Class::Opaque)],
        b"ey" => &[
            ("secretkey", Class::Secret),
            ("secretaccesskey", Class::Secret),
            ("privatekey", Class::Secret),
            ("signingkey", Class::Secret),
            ("apikey", Class::Secret),
            ("accesskey", Class::AccessKey),
        ],
        b"et" => &[("secret", Class::Secret)],
        b"en" => &[("token", Class::Secret)],
        b"re" => &[("signature", Class::Secret)],
        b"wt" => &[("jwt", Class::Secret)],
        b"id" => &[("sessionid", Class::Secret), ("accesskeyid", Class::AccessKey)],
        b"al" => &[("credential", Class::AccessKey)],
        _ => &[],
    }
}

/// Written together in one case, `sk` and `ak` end too many words (`task`, `break`) to be judged by
/// the end.
const SECRET_NAMES: [&str; 6] = ["sk", "hwsk", "huaweisk", "huaweicloudsk", "ocrsk", "aksk"];
const ACCESS_KEY_NAMES: [&str; 5] = ["ak", "hwak", "huaweiak", "huaweicloudak", "ocrak"];

const NAME_BYTES_MAX: usize = 96;

/// What a name announces, if it is one of a secret. Of an endless name the end counts.
pub(super) fn classify(name: &[u8]) -> Option<Class> {
    let name = name.last_chunk::<NAME_BYTES_MAX>().map_or(name, |tail| tail.as_slice());
    let last_two = last_two(name)?;
    match &last_two {
        b"sk" | b"ak" | b"ss" => classify_short(name, last_two),
        _ => {
            let (_, class) = ends(last_two).iter().find(|(end, _)| ends_with(name, end))?;
            Some(*class)
        }
    }
}

/// Names that are judged by a whole word of theirs.
fn classify_short(name: &[u8], last_two: [u8; 2]) -> Option<Class> {
    let is = |known: &&str| is_spelled(name, known);
    let last = last_part(name);
    match &last_two {
        b"sk" if last.eq_ignore_ascii_case(b"sk") || SECRET_NAMES.iter().any(is) => {
            Some(Class::Secret)
        }
        b"ak" if last.eq_ignore_ascii_case(b"ak") || ACCESS_KEY_NAMES.iter().any(is) => {
            Some(Class::AccessKey)
        }
        b"ss" if last.eq_ignore_ascii_case(b"pass") && last.len() < name.len() => {
            Some(Class::Password)
        }
        b"ss" if is(&"access") => Some(Class::Access),
        _ => None,
    }
}

fn parts_words(byte: u8) -> bool {
    matches!(byte, b'_' | b'-' | b'.')
}

fn last_two(name: &[u8]) -> Option<[u8; 2]> {
    if let &[.., before, last] = name
        && !parts_words(before)
        && !parts_words(last)
    {
        return Some([before.to_ascii_lowercase(), last.to_ascii_lowercase()]);
    }
    let mut letters = letters_from_behind(name);
    let last = letters.next()?;
    Some([letters.next()?, last])
}

/// The letters and digits of a name in lower case, the last one first.
fn letters_from_behind(name: &[u8]) -> impl Iterator<Item = u8> {
    name.iter().rev().filter(|byte| !parts_words(**byte)).map(u8::to_ascii_lowercase)
}

fn ends_with(name: &[u8], end: &str) -> bool {
    let mut letters = letters_from_behind(name);
    end.bytes().rev().all(|byte| letters.next() == Some(byte))
}

fn is_spelled(name: &[u8], known: &str) -> bool {
    letters_from_behind(name).eq(known.bytes().rev())
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same by every list, one after the other.
    fn by_lists(name: &[u8]) -> Option<Class> {
        let name = name.last_chunk::<NAME_BYTES_MAX>().map_or(name, |tail| tail.as_slice());
        let folded: Vec<u8> =
            name.iter().filter(|byte| !b"_-.".contains(byte)).map(u8::to_ascii_lowercase).collect();
        let ends = |list: &[&str]| list.iter().any(|end| folded.ends_with(end.as_bytes()));
        let is = |list: &[&str]| list.iter().any(|known| known.as_bytes() == folded);
        let last = last_part(name);
        let last_is = |known: &str| last.eq_ignore_ascii_case(known.as_bytes());
        let secrets = "secretkey secretaccesskey accesskeysecret secret privatekey signingkey \
                       token signature jwt apikey sessionid appcode";
        let secrets: Vec<&str> = secrets.split(' ').collect();
        if ends(&["password", "passwd", "passphrase", "passcode", "pwd"])
            || last_is("pass") && last.len() < name.len()
        {
            Some(Class::Password)
        } else if ends(&["authorization"]) {
            Some(Class::Authorization)
        } else if ends(&["cookie", "cookies"]) {
            Some(Class::Cookie)
        } else if ends(&["authorizationmessage"]) {
            Some(Class::Opaque)
        } else if ends(&secrets) || is(&SECRET_NAMES) || last_is("sk") {
            Some(Class::Secret)
        } else if ends(&["accesskey", "accesskeyid", "credential"])
            || is(&ACCESS_KEY_NAMES)
            || last_is("ak")
        {
            Some(Class::AccessKey)
        } else {
            is(&["access"]).then_some(Class::Access)
        }
    }

    /// Names of parts that secrets' names are made of, in any case, whole and cut.
    fn names() -> impl Strategy<Value = String> {
        let parts = "password passwd passphrase passcode pwd pass authorization cookie cookies \
                     message secret key access private signing token signature jwt api session id \
                     app code credential sk ak hw huawei cloud ocr task break _ - . __ x 7";
        let parts: Vec<&str> = parts.split(' ').collect();
        let part = (proptest::sample::select(parts), 0..4_u8, 0..3_usize);
        let written = part.prop_map(|(part, case, cut)| {
            let part = part.get(..part.len().saturating_sub(cut)).unwrap_or(part);
            match case {
                0 => part.to_uppercase(),
                1 => part[..part.len().min(1)].to_uppercase() + part.get(1..).unwrap_or(""),
                _ => part.to_owned(),
            }
        });
        proptest::collection::vec(written, 0..6).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn by_the_last_letters_is_what_every_list_gives(name in names()) {
            prop_assert_eq!(classify(name.as_bytes()), by_lists(name.as_bytes()), "of {:?}", name);
        }
    }

    #[test]
    fn of_an_endless_name_the_end_counts() {
        for end in ["sk", "_sk", "token", "x", "_.-sk", "access"] {
            for fill in ["x", "_"] {
                let name = fill.repeat(NAME_BYTES_MAX) + end;
                assert_eq!(classify(name.as_bytes()), by_lists(name.as_bytes()), "of {name:?}");
            }
        }
    }
}
