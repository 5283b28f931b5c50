//! What a record tells about the call beside its body: endpoint, region, API, access key, status,
//! request id, exception type.
//!
//! Must never override what the body itself says. Fails: never; what is not told is absent.

use std::sync::LazyLock;

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

/// Reads the facts of a record's text.
pub(super) fn read(text: &str) -> Facts {
    let endpoint = endpoint(text);
    let (project, api) = path(text);
    Facts {
        region: endpoint.as_deref().and_then(region),
        project,
        host: endpoint,
        api,
        access_key: access_key(text),
        http_status: http_status(text),
        request_id: request_id(text),
        exception: exception(text),
    }
}

/// Whether a text names one call: by an id, an endpoint or a status.
pub(super) fn names_a_call(text: &str) -> bool {
    request_id(text).is_some() || endpoint(text).is_some() || http_status(text).is_some()
}

/// The host of the service's endpoint: `ocr.cn-north-4.myhuaweicloud.com`, or the host of a URL
/// with an OCR path (a proxy).
fn endpoint(text: &str) -> Option<String> {
    static VENDOR: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?-u:\b)([a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:myhuaweicloud|huaweicloud)\.(?:com|eu|cn)(?:\.cn)?)(?-u:\b)")
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
    let vendor = VENDOR.captures_iter(text).filter_map(|c| c.get(1)).map(|host| host.as_str());
    vendor
        .filter(|host| service(host))
        .max_by_key(|host| host.starts_with("ocr."))
        .or_else(|| URL.captures(text).and_then(|c| c.get(1)).map(|host| host.as_str()))
        .map(str::to_owned)
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
    KEY.captures(text).map(|found| found[1].to_owned())
}

/// A status where the record's words say that it is one.
fn http_status(text: &str) -> Option<u16> {
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
    STATUS.captures_iter(text).find_map(|found| {
        let digits = found.iter().skip(1).flatten().next()?;
        digits.as_str().parse().ok().filter(|status| (400..600).contains(status))
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
    if let Some(named) = NAMED.captures(text) {
        return Some(named[1].to_owned());
    }
    let mut alone = ALONE.captures_iter(text).map(|found| found[1].to_owned());
    let first = alone.next()?;
    alone.all(|other| other == first).then_some(first)
}

/// The SDK's exception type, without its package.
fn exception(text: &str) -> Option<String> {
    static TYPE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?-u:\b)(?:ClientRequestException|ServerResponseException|ServiceResponseException|SdkException|PluginInvokeError|HttpException)(?-u:\b)")
            .expect("the pattern is valid")
    });
    TYPE.find(text).map(|found| found.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

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
