//! Whether a request may be answered at all.
//!
//! Owns who may ask: the name by which the run is called, the token, and that no page of another
//! site asks in its reader's name. Must never know what is asked. Pure. Fails with a [`Refusal`].
//!
//! A page that a browser shows can send a request to this machine. It cannot choose the `Host`
//! under which its own name leads here (DNS rebinding), nor send JSON across sites without a
//! question before, which is never answered with yes.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{self, HeaderMap};
use hyper::{Method, StatusCode, Uri};
use ring::digest::{SHA256, digest};

use super::answer::Refusal;

/// Who may ask, and how the run is called.
#[derive(Debug, Clone, Default)]
pub(super) struct Guard {
    /// Of this address; none on the unix socket, whose file says who may ask.
    pub(super) address: Option<IpAddr>,
    /// What must be shown.
    pub(super) token: Option<String>,
    /// Further names.
    pub(super) hosts: Vec<String>,
}

/// What who asks may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Anything: he has shown the token, or may open the socket.
    Trusted,
    /// Anything that changes nothing: everybody on this machine can be it.
    Reader,
    /// Whether the run lives.
    Stranger,
}

impl Guard {
    /// Whether the request comes from who it seems to come from.
    pub(super) fn admit(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Standing, Refusal> {
        self.check_host(uri, headers)?;
        let may_change = !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        if may_change && is_of_another_site(headers) {
            return Err(Refusal::new(StatusCode::FORBIDDEN, "another site asks for a change"));
        }
        Ok(self.standing(headers))
    }

    fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut written = headers.get_all(header::HOST).iter();
        let (first, second) = (written.next(), written.next());
        if second.is_some() {
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "there are two `Host`s"));
        }
        let said = first.and_then(|host| host.to_str().ok());
        let host = uri.authority().map(hyper::http::uri::Authority::as_str).or(said);
        let Some(host) = host.or(self.address.is_none().then_some("localhost")) else {
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "there is no `Host`"));
        };
        let name = name_of(host).to_ascii_lowercase();
        let as_address: Option<IpAddr> = name.parse().ok();
        let is_ours = match (as_address, self.address) {
            (Some(asked), Some(address)) => {
                asked == address || asked.is_loopback() || address.is_unspecified()
            }
            (Some(_), None) => true,
            (None, Some(_)) => name == "localhost" || self.hosts.contains(&name),
            // Who opens the socket writes what he likes; a browser that comes to it by a tunnel may
            // be led here by a name of the internet, which has a dot.
            (None, None) => !name.contains('.') || self.hosts.contains(&name),
        };
        if is_ours {
            return Ok(());
        }
        let what = "the run is not called by this `Host`";
        let hint = "name it in `hosts` of [http]";
        Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, what).with_hint(hint))
    }

    fn standing(&self, headers: &HeaderMap) -> Standing {
        let Some(token) = &self.token else {
            return if self.address.is_some() { Standing::Reader } else { Standing::Trusted };
        };
        let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let is_shown = shown.and_then(token_of).is_some_and(|shown| is_same(&shown, token));
        if is_shown { Standing::Trusted } else { Standing::Stranger }
    }
}

/// The token that is shown, by a program as it is, by a browser as the password of any user.
fn token_of(authorization: &str) -> Option<String> {
    let (scheme, shown) = authorization.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(shown.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(shown.trim()).ok()?).ok()?;
    let (_, password) = pair.split_once(':')?;
    Some(password.to_owned())
}

/// A page of another site gives itself away.
pub(super) fn is_of_another_site(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    let is_foreign_site = text(header::HeaderName::from_static("sec-fetch-site"))
        .is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let host = text(header::HOST).unwrap_or_default();
    let is_foreign_origin = headers.contains_key(header::ORIGIN)
        && text(header::ORIGIN)
            .and_then(|origin| origin.split_once("://"))
            .is_none_or(|(_, authority)| !authority.eq_ignore_ascii_case(host));
    is_foreign_site || is_foreign_origin
}

/// A host without its port; an IPv6 address without its brackets.
fn name_of(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

/// How long it takes tells nothing of the texts: their hashes are compared.
fn is_same(one: &str, other: &str) -> bool {
    digest(&SHA256, one.as_bytes()).as_ref() == digest(&SHA256, other.as_bytes()).as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        let token = Some("secret".to_owned());
        let address = Some(IpAddr::from([127, 0, 0, 1]));
        Guard { address, token, hosts: vec!["monitor.example.com".to_owned()] }
    }

    /// What a request with these fields comes to: who asks, or the status of a refusal.
    fn check(guard: &Guard, method: &Method, fields: &[(&str, &str)], expected: &str) {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let name: header::HeaderName = name.parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        let came_to = match guard.admit(method, &Uri::from_static("/metrics"), &headers) {
            Ok(standing) => format!("{standing:?}"),
            Err(refusal) => refusal.status.as_u16().to_string(),
        };
        assert_eq!(came_to, expected, "{fields:?}");
    }

    #[test]
    fn a_run_answers_to_its_own_names_alone() {
        for host in ["127.0.0.1:9464", "localhost", "LOCALHOST:1", "[::1]:9464", "127.0.0.2"] {
            check(&guard(), &Method::GET, &[("host", host)], "Stranger");
        }
        check(&guard(), &Method::GET, &[("host", "Monitor.Example.com:9464")], "Stranger");
        for host in ["evil.example", "10.0.0.1", "localhost.evil.example", "", "[::2]", "[evil"] {
            check(&guard(), &Method::GET, &[("host", host)], "421");
        }
        check(&guard(), &Method::GET, &[], "400");
        check(&guard(), &Method::GET, &[("host", "localhost"), ("host", "evil.example")], "400");
    }

    #[test]
    fn a_run_at_every_address_answers_to_every_address_and_to_no_strange_name() {
        let everywhere = Guard { address: Some(IpAddr::from([0, 0, 0, 0])), ..guard() };
        check(&everywhere, &Method::GET, &[("host", "10.0.0.1:9464")], "Stranger");
        check(&everywhere, &Method::GET, &[("host", "evil.example")], "421");
    }

    #[test]
    fn who_shows_the_token_is_trusted() {
        let with = |shown| [("host", "localhost"), ("authorization", shown)];
        for shown in ["Bearer secret", "bearer  secret"] {
            check(&guard(), &Method::GET, &with(shown), "Trusted");
        }
        for shown in ["Bearer Secret", "Bearer", "Basic secret", "Bearer secrets", "secret"] {
            check(&guard(), &Method::GET, &with(shown), "Stranger");
        }
    }

    #[test]
    fn a_browser_shows_the_token_as_the_password_of_any_user() {
        let check_pair = |pair: &[u8], expected| {
            let shown = format!("Basic {}", STANDARD.encode(pair));
            let fields = [("host", "localhost"), ("authorization", &*shown)];
            check(&guard(), &Method::GET, &fields, expected);
        };
        for pair in ["ocrwatch:secret", ":secret", "\u{4f60}:secret"] {
            check_pair(pair.as_bytes(), "Trusted");
        }
        for pair in ["secret", "secret:", "a:secret:", "a: secret", "a:b:secret", ""] {
            check_pair(pair.as_bytes(), "Stranger");
        }
        check_pair(b"\xff:secret", "Stranger");
        let fields = [("host", "localhost"), ("authorization", "Basic !!!")];
        check(&guard(), &Method::GET, &fields, "Stranger");
        let open = Guard { token: None, ..guard() };
        let shown = format!("Basic {}", STANDARD.encode("a:anything"));
        let fields = [("host", "localhost"), ("authorization", &*shown)];
        check(&open, &Method::GET, &fields, "Reader");
    }

    #[test]
    fn where_no_token_is_asked_for_an_address_is_for_readers() {
        let open = Guard { token: None, ..guard() };
        check(&open, &Method::GET, &[("host", "localhost")], "Reader");
        let shown = [("host", "localhost"), ("authorization", "Bearer anything")];
        check(&open, &Method::POST, &shown, "Reader");
    }

    #[test]
    fn on_the_socket_any_name_but_one_of_the_internet_is_right_and_no_token_is_asked_for() {
        check(&Guard::default(), &Method::POST, &[], "Trusted");
        let socket = Guard::default();
        for fields in
            [&[("host", "anything")][..], &[("host", "127.0.0.1:80")], &[("host", "")], &[]]
        {
            check(&socket, &Method::GET, fields, "Trusted");
        }
        // A browser that comes to it by a tunnel.
        check(&socket, &Method::GET, &[("host", "evil.example:9464")], "421");
    }

    #[test]
    fn a_page_of_another_site_changes_nothing_and_may_read_what_it_cannot_see() {
        let post = |name, value| {
            check(&guard(), &Method::POST, &[("host", "localhost:9464"), (name, value)], "403");
        };
        post("origin", "http://evil.example");
        post("origin", "null");
        post("origin", "http://localhost:80");
        post("sec-fetch-site", "cross-site");
        post("sec-fetch-site", "same-site");
        let own = [("host", "localhost:9464"), ("origin", "http://localhost:9464")];
        check(&guard(), &Method::DELETE, &own, "Stranger");
        let own = [("host", "localhost:9464"), ("sec-fetch-site", "same-origin")];
        check(&guard(), &Method::DELETE, &own, "Stranger");
        let foreign = [("host", "localhost"), ("sec-fetch-site", "cross-site")];
        check(&guard(), &Method::GET, &foreign, "Stranger");
    }
}
