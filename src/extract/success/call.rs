//! A call to the service on one line: its URL, and whether the line says that it succeeded.
//!
//! Owns what counts as a URL of the service. Must never look beyond the line's text. Fails: never;
//! a path that might be somebody else's is no call, because a success that is none would hide a run
//! of failures.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem;

use super::super::facts;
use super::status;

/// What a line tells of a call that succeeded.
#[derive(Debug)]
pub(super) struct Call {
    pub status: u16,
    pub api: Option<String>,
    pub project: Option<String>,
    pub host: Option<String>,
}

impl Default for Call {
    /// What is known if only a pattern of the user says that there was one.
    fn default() -> Self {
        Self { status: 200, api: None, project: None, host: None }
    }
}

/// What a line says of a call.
#[derive(Debug)]
pub(super) enum Verdict {
    Succeeded(Call),
    /// There is one, and no status or another one.
    Failed,
    NoCall,
}

/// A line with more URLs is no access log.
const URLS_MAX: usize = 8;

/// The longest path or host in front of `/ocr/`.
const FRONT_BYTES_MAX: usize = 300;

/// The next OCR path of a buffer, its slashes possibly escaped as JSON allows.
pub(super) fn path(bytes: &[u8], mut from: usize) -> Option<Range<usize>> {
    static PART: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("/ocr"));
    loop {
        let at = from + PART.find(bytes.get(from..)?)?;
        from = at + 4;
        if matches!(&bytes[from..], [b'/', ..] | [b'\\', b'/', ..]) {
            return Some(at..from + 1);
        }
    }
}

/// Whether a line is worth taking apart: a path of the service has a version or its host before it.
pub(super) fn may_be_one(line: &[u8]) -> bool {
    let mut from = 0;
    while let Some(path) = path(line, from) {
        let front = &line[path.start.saturating_sub(FRONT_BYTES_MAX)..path.start];
        let version = |pair: &[u8]| pair[0] == b'v' && pair[1].is_ascii_digit();
        if front.windows(2).rev().any(version) || memmem::find(front, b"myhuaweicloud").is_some() {
            return true;
        }
        from = path.end;
    }
    false
}

/// Reads a line.
pub(super) fn read(text: &str) -> Verdict {
    static ESCAPED: LazyLock<memmem::Finder<'static>> =
        LazyLock::new(|| memmem::Finder::new(r"\/"));
    static PART: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("/ocr/"));
    let text = if ESCAPED.find(text.as_bytes()).is_some() {
        Cow::Owned(text.replace(r"\/", "/"))
    } else {
        Cow::Borrowed(text)
    };
    let mut first = None;
    for at in PART.find_iter(text.as_bytes()).take(URLS_MAX) {
        let Some(url) = Url::around(&text, at) else { continue };
        if let Some(status) = status::beside(&text, &url.span) {
            return url.verdict(status);
        }
        first.get_or_insert(url);
    }
    let Some(url) = first else { return Verdict::NoCall };
    match status::labelled(&text, &url.span) {
        Some(status) => url.verdict(status),
        None => Verdict::Failed,
    }
}

/// A URL of the service, or its path.
#[derive(Debug, PartialEq)]
struct Url<'t> {
    span: Range<usize>,
    host: Option<&'t str>,
    project: Option<&'t str>,
    api: &'t str,
}

impl<'t> Url<'t> {
    /// The URL with `/ocr/` at `at`.
    fn around(text: &'t str, at: usize) -> Option<Self> {
        let (api, end) = api(text, at + "/ocr/".len())?;
        let floor = text.floor_char_boundary(at.saturating_sub(FRONT_BYTES_MAX));
        // A URL in front of its query is of ASCII; what is not belongs to the words around it.
        let stop = text.as_bytes()[floor..at].iter().rposition(|byte| parts_url(*byte));
        let start = stop.map_or(floor, |stop| text.ceil_char_boundary(floor + stop + 1));
        let (host, path_start) = host(&text[start..at])?;
        let path = &text[start + path_start..at];
        let is_service = match host.map(owner) {
            Some(Owner::AnotherService) => return None,
            Some(Owner::Service) => true,
            Some(Owner::Stranger) | None => false,
        };
        let project = match shape(path) {
            Some(shape) if is_service || shape.is_vendors => shape.project,
            None if is_service => None,
            _ => return None,
        };
        let span = start..end;
        let before = &text[..start];
        if is_preflight(before) || is_value_of_another_key(before) {
            return None;
        }
        let host = match host {
            Some(host) => Some(host),
            None => match host_before(before) {
                Some(host) if owner(host) == Owner::AnotherService => return None,
                Some(host) => Some(host),
                None => service_host(text),
            },
        };
        let project = project.filter(|part| facts::is_project(part));
        Some(Self { span, host, project, api })
    }

    fn verdict(&self, status: u16) -> Verdict {
        if !(200..300).contains(&status) {
            return Verdict::Failed;
        }
        let owned = |text: &str| text.to_owned();
        Verdict::Succeeded(Call {
            status,
            api: Some(owned(self.api)),
            project: self.project.map(owned),
            host: self.host.map(owned),
        })
    }
}

fn parts_url(byte: u8) -> bool {
    byte <= b' ' || byte >= 0x7f || b"\"'`<>|\\,;=([".contains(&byte)
}

/// The API's name behind `/ocr/`, and where the URL ends.
fn api(text: &str, at: usize) -> Option<(&str, usize)> {
    let rest = &text[at..];
    let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '/');
    let length = rest.find(|c| !named(c)).unwrap_or(rest.len());
    let name = rest[..length].trim_end_matches(['-', '/']);
    let mut behind = rest[length..].chars();
    let next = behind.next();
    let goes_on = match next {
        // A file: `/ocr/id-card.jpg`.
        Some('.') => behind.next().is_some_and(|c| c.is_ascii_alphanumeric()),
        Some(c) => c.is_ascii_alphanumeric() || matches!(c, '_' | '%' | '{' | '*' | '~'),
        None => false,
    };
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || goes_on {
        return None;
    }
    let query = if next == Some('?') {
        let query = &rest[length..];
        query.bytes().position(|byte| parts_url(byte) && byte != b'=').unwrap_or(query.len())
    } else {
        0
    };
    Some((name, at + length + query))
}

/// The host in front of a path, and where the path begins.
fn host(front: &str) -> Option<(Option<&str>, usize)> {
    let (authority, from) = match front.rfind("://") {
        Some(scheme) => (true, scheme + 3),
        None => (false, 0),
    };
    let slash = front[from..].find('/').map_or(front.len(), |at| from + at);
    let host = &front[from..slash];
    let host = host.rsplit('@').next().unwrap_or(host);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':');
    let is_host = !host.is_empty() && host.len() <= 253 && host.bytes().all(plain);
    if authority {
        return is_host.then_some((Some(host), slash));
    }
    // `url:/v2/…` is a word and a path; `10.0.0.1:8080/v2/…` is a host.
    Some(((is_host && host.contains('.')).then_some(host), slash))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// OCR itself.
    Service,
    /// Another service of the vendor, or its pages.
    AnotherService,
    /// A proxy, an address, an application.
    Stranger,
}

fn owner(host: &str) -> Owner {
    if !host.contains("huaweicloud.") {
        Owner::Stranger
    } else if host.starts_with("ocr.") && host.contains(".myhuaweicloud.") {
        Owner::Service
    } else {
        Owner::AnotherService
    }
}

/// What the path in front of `/ocr/` looks like.
struct Shape<'p> {
    project: Option<&'p str>,
    /// So much like the vendor's that the host need not say so.
    is_vendors: bool,
}

/// `/v2/{project_id}` and `/v1.0`; a proxy may have a prefix of its own, which is believed if the
/// project's id looks like one.
fn shape(path: &str) -> Option<Shape<'_>> {
    let is_version = |part: &str| {
        part.strip_prefix('v').is_some_and(|number| {
            number.starts_with(|c: char| c.is_ascii_digit())
                && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        })
    };
    let (front, last) = path.rsplit_once('/')?;
    if is_version(last) {
        // An application's own `/v1/ocr/…` is more common than the vendor's.
        return Some(Shape { project: None, is_vendors: front.is_empty() && last.contains('.') });
    }
    let (front, version) = front.rsplit_once('/')?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_{}%.*:-".contains(&byte);
    if !is_version(version) || last.is_empty() || !last.bytes().all(plain) {
        return None;
    }
    let is_id = last.len() == 32 && last.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some(Shape { project: Some(last), is_vendors: front.is_empty() || is_id })
}

/// A question of a browser or a probe, whose answer says nothing of a call.
fn is_preflight(before: &str) -> bool {
    let before = before.trim_end_matches([' ', '"', '\\', '\'']);
    ["OPTIONS", "HEAD", "CONNECT", "TRACE"].iter().any(|method| before.ends_with(method))
}

/// Whether the URL stands under a key that names something else: `"referer":"https://…"`.
fn is_value_of_another_key(before: &str) -> bool {
    const OWN: [&str; 11] = [
        "uri", "url", "path", "request", "target", "endpoint", "route", "resource", "message",
        "msg", "log",
    ];
    const OTHER: [&str; 14] = [
        "referer", "referrer", "origin", "next", "redirect", "location", "callback", "link", "see",
        "docs", "doc", "image", "from", "example",
    ];
    const QUOTES: [char; 3] = ['"', '\'', '\\'];
    let bare = before.trim_end_matches(QUOTES);
    let bare = bare.trim_end_matches(' ');
    let Some(key) = bare.strip_suffix([':', '=', '：']) else { return false };
    let quoted = key.ends_with(QUOTES);
    let key = key.trim_end_matches(QUOTES).trim_end();
    let start = key.rfind(|c: char| !(c.is_alphanumeric() || "_-.@".contains(c)));
    let key = start.map_or(key, |at| &key[at..]);
    let key = key.to_ascii_lowercase();
    if quoted {
        return !OWN.iter().any(|own| key.ends_with(own));
    }
    OTHER.iter().any(|other| key.ends_with(other))
}

/// urllib3 prints the host before the quoted request: `https://host:443 "POST /v2/…`.
fn host_before(before: &str) -> Option<&str> {
    let (front, method) = before.rsplit_once(['"', '\''])?;
    if !method.trim_end().bytes().all(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let word = front.trim_end_matches(['\\', ' ']).rsplit(' ').next()?;
    let (_, authority) = word.rsplit_once("://")?;
    host(word)
        .and_then(|(host, _)| host)
        .filter(|host| authority.starts_with(host))
        .map(|host| host.strip_suffix(":443").unwrap_or(host))
}

/// The service's host, wherever it stands on the line.
fn service_host(text: &str) -> Option<&str> {
    static NAME: LazyLock<memmem::Finder<'static>> =
        LazyLock::new(|| memmem::Finder::new(".myhuaweicloud."));
    let at = NAME.find(text.as_bytes())?;
    let other = |c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.');
    let start = text[..at]
        .rfind(other)
        .map_or(0, |stop| stop + text[stop..].chars().next().map_or(0, char::len_utf8));
    let end = text[at..].find(other).map_or(text.len(), |stop| at + stop);
    let host = text[start..end].trim_end_matches('.');
    (owner(host) == Owner::Service).then_some(host)
}
