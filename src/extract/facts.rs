//! What a record tells about the call beside its body: endpoint, region, API, access key, status,
//! request id, exception type.
//!
//! Must never override what the body itself says. Fails: never; what is not told is absent.

use std::cell::OnceCell;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use regex::{Captures, Regex};

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Facts {
    pub host: Option<String>,
    pub region: Option<String>,
    pub project: Option<String>,
    pub api: Option<String>,
    pub access_key: Option<String>,
    pub http_status: Option<u16>,
    pub request_id: Option<String>,
    pub exception: Option<String>,
}

/// What one text tells. Each thing is looked for once, and only if somebody wants it: most bodies
/// tell the request's id themselves.
pub(super) struct Reading<'t> {
    text: &'t str,
    call: OnceCell<Facts>,
    http_status: OnceCell<Option<u16>>,
    request_id: OnceCell<Option<String>>,
}

/// What the body does not tell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub http_status: bool,
    pub request_id: bool,
}

impl<'t> Reading<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self {
            text,
            call: OnceCell::new(),
            http_status: OnceCell::new(),
            request_id: OnceCell::new(),
        }
    }

    /// The facts, of the status and the id only those that are wanted.
    pub(super) fn facts(&self, wanted: Wanted) -> Facts {
        let http_status = || self.http_status.get_or_init(|| http_status(self.text));
        let request_id = || self.request_id.get_or_init(|| request_id(self.text));
        Facts {
            http_status: wanted.http_status.then(http_status).copied().flatten(),
            request_id: wanted.request_id.then(request_id).cloned().flatten(),
            ..self.call.get_or_init(|| call(self.text)).clone()
        }
    }
}

/// The facts but for the status and the id.
fn call(text: &str) -> Facts {
    let has_path = OCR_PATH.find(text.as_bytes()).is_some();
    let endpoint = endpoint(text, has_path);
    let (project, api) = if has_path { path(text) } else { (None, None) };
    Facts {
        region: endpoint.as_deref().and_then(region),
        project,
        host: endpoint,
        api,
        access_key: access_key(text),
        http_status: None,
        request_id: None,
        exception: exception(text),
    }
}

/// What every path of the service holds.
static OCR_PATH: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("/ocr/"));

/// Whether a text names one call: by an id, an endpoint or a status.
pub(super) fn names_a_call(text: &str) -> bool {
    let has_path = || OCR_PATH.find(text.as_bytes()).is_some();
    request_id(text).is_some()
        || http_status(text).is_some()
        || endpoint(text, has_path()).is_some()
}

/// Whether so many bytes of a kind stand in a row. A row of them holds one of every so many bytes
/// of the text, and most texts have none of the kind there.
fn has_row(text: &str, length: usize, is_of_kind: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    (length - 1..bytes.len()).step_by(length).filter(|at| is_of_kind(bytes[*at])).any(|at| {
        let is_other = |byte: &u8| !is_of_kind(*byte);
        let (before, behind) = bytes.split_at(at);
        let before = before.iter().rev().take(length).position(is_other);
        let behind = behind.iter().take(length).position(is_other);
        // Where nothing else stands, the row goes as far as was looked.
        let before = before.unwrap_or(at.min(length));
        before + behind.unwrap_or((bytes.len() - at).min(length)) >= length
    })
}

/// The host of the service's endpoint: `ocr.cn-north-4.myhuaweicloud.com`, or the host of a URL
/// with an OCR path (a proxy).
fn endpoint(text: &str, has_path: bool) -> Option<String> {
    static DOMAIN: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("huaweicloud."));
    static VENDOR: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?-u:\b)[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:myhuaweicloud|huaweicloud)\.(?:com|eu|cn)(?:\.cn)?(?-u:\b)")
            .expect("the pattern is valid")
    });
    static URL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"https?://([A-Za-z0-9.-]+(?::[0-9]{1,5})?)/(?:v[0-9.]+/[^\s'\x22/]+/)?ocr/")
            .expect("the pattern is valid")
    });
    // A link to the documentation or the console is not the endpoint.
    let service = |host: &&str| {
        !["support.", "console.", "www.", "apiexplorer.", "auth.", "iam.", "obs."]
            .iter()
            .any(|other| host.starts_with(other))
            && !host.contains(".obs.")
    };
    let vendor = || VENDOR.find_iter(text).map(|host| host.as_str()).filter(service);
    let is_named = DOMAIN.find(text.as_bytes()).is_some();
    let vendor = is_named.then(|| vendor().max_by_key(|host| host.starts_with("ocr.")));
    let url = || URL.captures(text).and_then(|c| c.get(1)).map(|host| host.as_str());
    vendor.flatten().or_else(|| has_path.then(url).flatten()).map(str::to_owned)
}

/// The region in a host name: `ocr.cn-north-4.myhuaweicloud.com`.
pub(super) fn region(host: &str) -> Option<String> {
    static REGION: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:^|\.)((?:[a-z]{2}-)[a-z]+(?:-[a-z]+)?-[0-9]{1,3})\.")
            .expect("the pattern is valid")
    });
    REGION.captures(host).map(|found| found[1].to_owned())
}

/// The project's id and the last part of the API's path: `/v2/{project_id}/ocr/id-card`.
fn path(text: &str) -> (Option<String>, Option<String>) {
    static PATH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"/v[0-9.]+/(?:([0-9a-zA-Z_{}%.*-]+)/)?ocr/((?:[a-z0-9]+[-/])*[a-z0-9]+)")
            .expect("the pattern is valid")
    });
    let mut paths = PATH.captures_iter(text);
    let project_of = |found: &Captures<'_>| {
        found.get(1).map(|part| part.as_str()).filter(|part| is_project(part)).map(str::to_owned)
    };
    let Some(first) = paths.next() else { return (None, None) };
    // A traceback shows the path's template before the path.
    let project = project_of(&first).or_else(|| paths.find_map(|found| project_of(&found)));
    (project, Some(first[2].to_owned()))
}

/// Whether a part of a path is a project's id, and no place for one: `{project_id}`, `%s`, `***`.
pub(super) fn is_project(part: &str) -> bool {
    const ID_BYTES_MAX: usize = 64;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let named = part.to_ascii_lowercase().replace(['-', '_'], "");
    (1..=ID_BYTES_MAX).contains(&part.len())
        && part.bytes().all(plain)
        && !matches!(&*named, "projectid" | "yourprojectid")
}

/// The access key where it is named as such; the caller masks it.
pub(super) fn access_key(text: &str) -> Option<String> {
    static KEY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?:(?-u:\b)Access=|(?-u:\b)[aA][kK]\s?[:=]\s?|(?-u:\b)access_?[kK]ey(?:_?[iI]d)?\\*[\x22']?\s?[:=]\s?|",
            r"(?-u:\b)AccessKeyId=|\\*[\x22']ak\\*[\x22']\s?:\s?)\\*[\x22']?([A-Z0-9]{16,40})(?-u:\b)",
        ))
        .expect("the pattern is valid")
    });
    const KEY_BYTES_MIN: usize = 16;
    let is_of_key = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    if !has_row(text, KEY_BYTES_MIN, is_of_key) {
        return None;
    }
    KEY.captures(text).map(|found| found[1].to_owned())
}

/// A status where the record's words say that it is one.
fn http_status(text: &str) -> Option<u16> {
    holds_status(text).then(|| status_of_words(text)).flatten()
}

fn status_of_words(text: &str) -> Option<u16> {
    static STATUS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?:HTTP/[0-9.]+\\*\x22?\s|(?-u:\b)HTTP[\s:=]|(?-u:\b)[sS]tatus(?:[_ ]?[cC]ode)?\\*[\x22']?\s?[:=]?\s?|(?-u:\b)http_?[sS]tatus\\*[\x22']?\s?[:=]\s?|",
            r"(?-u:\b)http[_ ]?code\s?[:=]\s?|[Ee]rror code: |(?-u:\b)error\[|\x22 |<-- |(?:->|=>|returned|responded|response|answered|got)\s(?:with\s)?(?:status\s)?|状态(?:码)?\s?[:：=]?\s?)([0-9]{3})(?-u:\b)",
            r"|(?-u:\b)([0-9]{3})\\?'? (?:Client Error|Server Error|Bad Request|Unauthorized|Forbidden|Not Found|Too Many Requests|",
            r"Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out|Method Not Allowed|",
            r"(?:Request Entity|Payload|Content) Too Large)(?-u:\b)",
            r"|\(([0-9]{3}), [0-9a-f]{32}\)",
        ))
        .expect("the pattern is valid")
    });
    STATUS.find_iter(text).find_map(|found| {
        let found = found.as_str();
        // Words stand before the digits or behind them.
        let digits = match found.as_bytes().first()? {
            b'0'..=b'9' => found.get(..3)?,
            b'(' => found.get(1..4)?,
            _ => found.get(found.len() - 3..)?,
        };
        digits.parse().ok().filter(|status| (400..600).contains(status))
    })
}

/// Whether a number stands in the text that can be the status of an error.
fn holds_status(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr2_iter(b'4', b'5', bytes).any(|at| {
        let is_whole = !at.checked_sub(1).is_some_and(|before| bytes[before].is_ascii_digit());
        let digits = bytes[at..].iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
        let goes_on = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
        is_whole && digits == 3 && !bytes.get(at + 3).is_some_and(goes_on)
    })
}

/// The gateway's id where a header or a field names it, or where it stands alone: 32 hexadecimal
/// digits, which a path or another key does not claim.
fn request_id(text: &str) -> Option<String> {
    static NAMED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i)(?-u:\b)(?:x-request-id|request[ _-]?id|request|rid|req[_-]?id|req)\\*[\x22']?\s*(?:[:=]|=>)\s*\[?\\*[\x22']?",
            r"([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?-u:\b)",
        ))
        .expect("the pattern is valid")
    });
    static ALONE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?m)(?:^|[\s(\[])([0-9a-f]{32})(?:$|[\s)\],;])").expect("the pattern is valid")
    });
    /// The last group of an id with hyphens.
    const DIGITS_MIN: usize = 12;
    if !has_row(text, DIGITS_MIN, |byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    if let Some(named) = NAMED.captures(text) {
        return Some(named[1].to_owned());
    }
    let mut alone = ALONE.find_iter(text).map(|found| {
        // The id with the mark on each side.
        found.as_str().trim_matches(|c: char| !c.is_ascii_hexdigit())
    });
    let first = alone.next()?;
    alone.all(|other| other == first).then(|| first.to_owned())
}

/// The SDK's exception type, without its package.
fn exception(text: &str) -> Option<String> {
    static MOST: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("Exception"));
    static OTHER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("PluginInvokeError"));
    static TYPE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?-u:\b)(?:ClientRequestException|ServerResponseException|ServiceResponseException|SdkException|PluginInvokeError|HttpException)(?-u:\b)")
            .expect("the pattern is valid")
    });
    let bytes = text.as_bytes();
    if MOST.find(bytes).is_none() && OTHER.find(bytes).is_none() {
        return None;
    }
    TYPE.find(text).map(|found| found.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Facts {
        Reading::of(text).facts(Wanted { http_status: true, request_id: true })
    }

    proptest! {
        #[test]
        fn a_row_is_found_wherever_it_stands(
            before in "[ab]{0,40}",
            row in "x{0,20}",
            behind in "([ab]|xa){0,40}",
            length in 1..20_usize,
        ) {
            let text = [&*before, &row, &behind].concat();
            let plain = text.contains(&"x".repeat(length));
            prop_assert_eq!(has_row(&text, length, |byte| byte == b'x'), plain);
        }

        #[test]
        fn without_a_number_of_three_digits_there_is_no_status(
            words in concat!(
                "(HTTP |status: |status|[0-9]{1,4}|[45][0-9]{2}|\\(|, [0-9a-f]{32}\\)|",
                " Bad Request|[a_é ]){0,8}",
            ),
        ) {
            let text = words.as_str();
            prop_assert!(holds_status(text) || status_of_words(text).is_none(), "of {:?}", text);
        }
    }

    #[test]
    fn a_call_is_told_by_its_url() {
        let facts = read("POST https://ocr.cn-north-4.myhuaweicloud.com/v2/0a1b/ocr/id-card 400");
        assert_eq!(facts.host.as_deref(), Some("ocr.cn-north-4.myhuaweicloud.com"));
        assert_eq!(facts.region.as_deref(), Some("cn-north-4"));
        assert_eq!(facts.api.as_deref(), Some("id-card"));
        assert_eq!(facts.project.as_deref(), Some("0a1b"));
    }

    #[test]
    fn a_place_for_a_project_is_no_project() {
        let project = |text: &str| read(text).project;
        for place in ["{project_id}", "%s", "***", "project_id", "YOUR-PROJECT-ID"] {
            assert_eq!(project(&format!("POST /v2/{place}/ocr/id-card 400")), None, "{place}");
        }
        assert_eq!(project("POST /v1.0/ocr/id-card 400"), None);
        let traceback = "'/v2/{project_id}/ocr/id-card' /v2/0123456789abcdef0123456789abcdef/ocr/x";
        assert_eq!(project(traceback).as_deref(), Some("0123456789abcdef0123456789abcdef"));
    }

    #[test]
    fn a_link_to_the_documentation_is_no_endpoint() {
        assert_eq!(read("see https://support.huaweicloud.com/api-ocr/x.html").host, None);
    }

    #[test]
    fn a_status_is_one_only_where_the_words_say_so() {
        assert_eq!(read("HTTP/1.1 429 Too Many").http_status, Some(429));
        assert_eq!(read("400 Client Error: Bad Request").http_status, Some(400));
        assert_eq!(read("took 400 ms").http_status, None);
    }
}
