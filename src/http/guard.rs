//! Whether a request may be answered at all.
//!
//! Owns who may ask: the name by which the run is called, the token, and that no page of another
//! site asks in its reader's name. Must never know what is asked. Pure. Fails with a [`Refusal`].
//!
//! A page that a browser shows can send a request to this machine. It cannot choose the `Host`
//! under which its own name leads here (DNS rebinding), nor send JSON across sites without a
//! question before, which is never answered with yes.

use std::net::IpAddr;

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
        if !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
            check_origin(headers)?;
        }
        Ok(self.standing(headers))
    }

    fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(address) = self.address else { return Ok(()) };
        let mut written = headers.get_all(header::HOST).iter();
        let (first, second) = (written.next(), written.next());
        if second.is_some() {
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "there are two `Host`s"));
        }
        let said = first.and_then(|host| host.to_str().ok());
        let Some(host) = uri.authority().map(hyper::http::uri::Authority::as_str).or(said) else {
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "there is no `Host`"));
        };
        let name = name_of(host).to_ascii_lowercase();
        let as_address: Option<IpAddr> = name.parse().ok();
        let is_ours = match as_address {
            Some(asked) => asked == address || asked.is_loopback() || address.is_unspecified(),
            None => name == "localhost" || self.hosts.contains(&name),
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
        let shown = shown.and_then(|value| value.split_once(' '));
        match shown {
            Some((scheme, shown)) if scheme.eq_ignore_ascii_case("bearer") => {
                if is_same(shown.trim(), token) { Standing::Trusted } else { Standing::Stranger }
            }
            _ => Standing::Stranger,
        }
    }
}

/// What is said of who asks for a change: a page of another site gives itself away.
fn check_origin(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    let is_foreign_site = text(header::HeaderName::from_static("sec-fetch-site"))
        .is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let host = text(header::HOST).unwrap_or_default();
    let is_foreign_origin = headers.contains_key(header::ORIGIN)
        && text(header::ORIGIN)
            .and_then(|origin| origin.split_once("://"))
            .is_none_or(|(_, authority)| !authority.eq_ignore_ascii_case(host));
    if is_foreign_site || is_foreign_origin {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "another site asks for a change"));
    }
    Ok(())
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
    fn where_no_token_is_asked_for_an_address_is_for_readers() {
        let open = Guard { token: None, ..guard() };
        check(&open, &Method::GET, &[("host", "localhost")], "Reader");
        let shown = [("host", "localhost"), ("authorization", "Bearer anything")];
        check(&open, &Method::POST, &shown, "Reader");
    }

    #[test]
    fn on_the_socket_any_name_is_right_and_no_token_is_asked_for() {
        check(&Guard::default(), &Method::POST, &[], "Trusted");
        check(&Guard::default(), &Method::GET, &[("host", "anything")], "Trusted");
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
