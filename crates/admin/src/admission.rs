use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::{HeaderMap, HeaderValue, header};
use model::Secret;

/// Who may come to control.
#[derive(Debug, Clone, Copy)]
pub struct Door<'a> {
    /// The token of `--control-token`, for peers that are not loopback.
    pub token: Option<&'a Secret<String>>,
    /// Names beside the loopback ones that `Host` may have, without a port.
    pub hosts: &'a [String],
    /// Our own origins, as the issuer's.
    pub origins: &'a [String],
}

/// What a request shows of where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Knock<'a> {
    /// `Host`, or `:authority`.
    pub host: Option<&'a str>,
    /// `Origin`.
    pub origin: Origin<'a>,
    /// The token of `Authorization: Bearer`.
    pub bearer: Option<&'a str>,
    /// The client, through trusted proxies.
    pub peer: IpAddr,
    /// Whether the request was handed on by somebody who is not trusted to say for whom: then a loopback
    /// peer proves nothing.
    pub forwarded: bool,
}

/// The `Origin` of a request (RFC 6454 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin<'a> {
    /// None: no page of another site can make a browser leave it out of a call that changes something.
    Absent,
    /// One.
    One(&'a str),
    /// Several, or bytes that are no text.
    Unclear,
}

impl Default for Knock<'_> {
    fn default() -> Self {
        let peer = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
        Self { host: None, origin: Origin::Absent, bearer: None, peer, forwarded: false }
    }
}

/// Why a request was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turned {
    /// `Host` is no name of ours (DNS rebinding): 421 `control.host`.
    Host,
    /// It came over plain HTTP from another machine, which whoever is on the way can read: 403 `admin.plain`.
    Plain,
    /// The page is another site's: 403 `control.origin`.
    Origin,
    /// Not loopback, and no token or a wrong one: 401 `control.token`.
    Token,
}

impl<'a> Knock<'a> {
    /// Reads what a request shows. `socket` is the other end of the connection, `peer` the client through
    /// trusted proxies.
    pub fn read(headers: &'a HeaderMap, host: &'a str, peer: IpAddr, socket: IpAddr) -> Self {
        let handed_on =
            ["forwarded", "x-forwarded-for", "x-real-ip"].iter().any(|name| headers.contains_key(*name));
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let origin = match (origins.next(), origins.next()) {
            (None, _) => Origin::Absent,
            (Some(origin), None) => origin.to_str().map_or(Origin::Unclear, Origin::One),
            (Some(_), Some(_)) => Origin::Unclear,
        };
        let host = Some(host).filter(|host| !host.is_empty());
        Self { host, origin, bearer: bearer(headers), peer, forwarded: handed_on && peer == socket }
    }
}

impl Door<'_> {
    /// Whether this request may call control. What a name says is asked of loopback peers alone: a page that was
    /// rebound to us knows no token, and who shows one has proved enough, by whatever name.
    pub fn admit(&self, knock: &Knock<'_>) -> Result<(), Turned> {
        self.judge(knock, knock.bearer.is_some_and(|shown| self.knows(shown)))
    }

    /// Whether it is control's own token.
    pub fn knows(&self, shown: &str) -> bool {
        self.token.is_some_and(|token| token.matches(shown.as_bytes()))
    }

    /// Whether this request may call control, whose access token is a director's.
    pub fn admit_director(&self, knock: &Knock<'_>) -> Result<(), Turned> {
        self.judge(knock, true)
    }

    fn judge(&self, knock: &Knock<'_>, proven: bool) -> Result<(), Turned> {
        let near = knock.peer.to_canonical().is_loopback() && !knock.forwarded;
        if !near && !proven {
            return Err(Turned::Token);
        }
        match knock.origin {
            Origin::Absent => {}
            Origin::One(origin)
                if self.admits_origin(origin) || knock.host.is_some_and(|host| is_same(origin, host)) => {}
            Origin::One(_) | Origin::Unclear => return Err(Turned::Origin),
        }
        let named = knock.host.is_some_and(|host| self.is_own_host(host));
        if named || proven { Ok(()) } else { Err(Turned::Host) }
    }

    /// Whether a page of `origin` may call, under whatever name: one of the loopback, or our own.
    pub fn admits_origin(&self, origin: &str) -> bool {
        let Some((scheme, authority)) = origin.split_once("://") else { return false };
        let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        let near = name_of(authority).is_some_and(is_loopback);
        web && (near || self.origins.iter().any(|own| own.eq_ignore_ascii_case(origin)))
    }

    fn is_own_host(&self, host: &str) -> bool {
        let Some(name) = name_of(host) else { return false };
        is_loopback(name) || self.hosts.iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

/// Whether the page comes from the very name and port that it calls.
fn is_same(origin: &str, host: &str) -> bool {
    let same = |scheme: &str, port: &str| {
        let Some(authority) = strip_prefix_ignoring_case(origin, scheme) else { return false };
        authority.eq_ignore_ascii_case(host) || format!("{authority}{port}").eq_ignore_ascii_case(host)
    };
    same("http://", ":80") || same("https://", ":443")
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The name or address of `name:port`; `None` for what is no authority of HTTP (RFC 9110 4.2).
pub(crate) fn name_of(authority: &str) -> Option<&str> {
    let (name, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']')?;
            (address, after.strip_prefix(':').or_else(|| after.is_empty().then_some(""))?)
        }
        None => authority.split_once(':').unwrap_or((authority, "")),
    };
    let sound = !name.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    sound.then_some(name)
}

/// `localhost` and names below it (RFC 6761 6.3), and the loopback addresses in their usual form.
pub(crate) fn is_loopback(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let below = lower.strip_suffix(".localhost").is_some_and(|label| !label.is_empty());
    let v4 = lower.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    let v6 = lower.parse::<Ipv6Addr>().is_ok_and(|address| address.to_canonical().is_loopback());
    lower == "localhost" || below || v4 || v6
}

/// The token of the one `Authorization` field, if it is a Bearer (RFC 6750 2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut fields = headers.get_all(header::AUTHORIZATION).iter();
    let field = fields.next().and_then(|field: &HeaderValue| field.to_str().ok())?;
    let (scheme, token) = field.split_once(' ')?;
    (fields.next().is_none() && scheme.eq_ignore_ascii_case("bearer")).then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEAR: &str = "127.0.0.1";
    const FAR: &str = "192.0.2.7";

    /// Host, origin, token, peer → what must happen.
    fn admit(host: &str, origin: Option<&str>, bearer: Option<&str>, peer: &str) -> Result<(), Turned> {
        let token = Secret::new("c0ntrol".to_owned());
        let hosts = ["mock.example".to_owned()];
        let origins = ["https://mock.example".to_owned()];
        let door = Door { token: Some(&token), hosts: &hosts, origins: &origins };
        let mut headers = HeaderMap::new();
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        if let Some(bearer) = bearer {
            headers.insert(header::AUTHORIZATION, bearer.parse().unwrap());
        }
        let peer = peer.parse().unwrap();
        door.admit(&Knock::read(&headers, host, peer, peer))
    }

    #[test]
    fn names_of_the_loopback_and_configured_ones_are_ours_and_others_are_not() {
        for host in [
            "localhost",
            "localhost:4010",
            "LOCALHOST:4010",
            "t-42.localhost:4010",
            "127.0.0.1:4010",
            "127.9.9.9",
            "[::1]:4010",
            "[::1]",
            "[::ffff:127.0.0.1]:1",
            "mock.example",
            "Mock.Example:8443",
        ] {
            assert_eq!(admit(host, None, None, NEAR), Ok(()), "{host}");
        }
        for host in [
            "",
            "evil.example:4010",
            "localhost.evil.example",
            "evil-localhost",
            ".localhost",
            "127.0.0.1.evil.example",
            "127.0.0.1@evil.example",
            "127.1",
            "0.0.0.0:4010",
            "2130706433",
            "0x7f.0.0.1",
            "[::1",
            "[::1]x",
            "[::]:4010",
            "localhost:40x",
            "mock.example.evil",
            "user@localhost",
        ] {
            assert_eq!(admit(host, None, None, NEAR), Err(Turned::Host), "{host}");
        }
    }

    #[test]
    fn a_rebound_name_is_refused_although_the_browser_is_on_this_machine() {
        let rebound = admit("evil.example:4010", Some("http://evil.example:4010"), None, NEAR);
        assert_eq!(rebound, Err(Turned::Host));
    }

    #[test]
    fn who_shows_the_token_is_asked_for_no_name() {
        for host in ["192.0.2.1:4010", "build-host:4010", "0.0.0.0:4010", ""] {
            assert_eq!(admit(host, None, Some("Bearer c0ntrol"), FAR), Ok(()), "{host}");
            assert_eq!(admit(host, None, Some("Bearer c0ntrol"), NEAR), Ok(()), "{host}");
            assert_eq!(admit(host, None, Some("Bearer wrong"), FAR), Err(Turned::Token), "{host}");
            assert_eq!(admit(host, None, None, FAR), Err(Turned::Token), "{host}");
        }
        // A page of another site is still none of ours, not with a director's token either.
        let door = Door { token: None, hosts: &[], origins: &[] };
        let director =
            |origin| Knock { host: Some("build-host"), origin, bearer: Some("e.y.J"), ..Knock::default() };
        assert_eq!(door.admit_director(&director(Origin::Absent)), Ok(()));
        assert_eq!(door.admit_director(&director(Origin::One("https://evil.example"))), Err(Turned::Origin));
        let page = admit("192.0.2.1:4010", Some("https://evil.example"), Some("Bearer c0ntrol"), FAR);
        assert_eq!(page, Err(Turned::Origin));
    }

    #[test]
    fn pages_of_the_loopback_and_our_own_may_call_and_those_of_other_sites_not() {
        for origin in [
            "http://localhost:3000",
            "https://localhost",
            "http://127.0.0.1:5173",
            "http://[::1]:3000",
            "http://app.localhost:3000",
            "https://mock.example",
        ] {
            assert_eq!(admit("localhost:4010", Some(origin), None, NEAR), Ok(()), "{origin}");
        }
        for origin in [
            "null",
            "https://evil.example",
            "http://localhost.evil.example",
            "http://evil.example#localhost",
            "file://localhost",
            "https://mock.example.evil.example",
            "http://mock.example",
            "localhost:3000",
            "http://localhost:3000, http://evil.example",
            "",
        ] {
            assert_eq!(admit("localhost:4010", Some(origin), None, NEAR), Err(Turned::Origin), "{origin}");
        }
    }

    #[test]
    fn a_page_that_we_served_ourselves_may_call_whatever_port_we_have() {
        assert_eq!(admit("mock.example:8443", Some("https://mock.example:8443"), None, NEAR), Ok(()));
        assert_eq!(admit("mock.example:80", Some("http://mock.example"), None, NEAR), Ok(()));
        let other_port = admit("mock.example:8443", Some("https://mock.example:9999"), None, NEAR);
        assert_eq!(other_port, Err(Turned::Origin));
    }

    #[test]
    fn two_origins_are_none() {
        let mut headers = HeaderMap::new();
        headers.append(header::ORIGIN, HeaderValue::from_static("http://localhost:1"));
        headers.append(header::ORIGIN, HeaderValue::from_static("http://localhost:1"));
        let peer = NEAR.parse().unwrap();
        let knock = Knock::read(&headers, "localhost", peer, peer);
        let door = Door { token: None, hosts: &[], origins: &[] };
        assert_eq!(door.admit(&knock), Err(Turned::Origin));
    }

    #[test]
    fn from_elsewhere_the_token_is_needed_and_compared_whole() {
        for (bearer, admitted) in [
            (Some("Bearer c0ntrol"), true),
            (Some("bearer c0ntrol"), true),
            (None, false),
            (Some("Bearer wrong"), false),
            (Some("Bearer c0ntro"), false),
            (Some("Bearer c0ntroll"), false),
            (Some("Bearer "), false),
            (Some("Basic c0ntrol"), false),
            (Some("c0ntrol"), false),
        ] {
            let expected = if admitted { Ok(()) } else { Err(Turned::Token) };
            assert_eq!(admit("mock.example", None, bearer, FAR), expected, "{bearer:?}");
            assert_eq!(admit("localhost", None, bearer, "::1"), Ok(()), "{bearer:?}");
        }
        let door = Door { token: None, hosts: &[], origins: &[] };
        let knock = Knock {
            host: Some("localhost"),
            bearer: Some(""),
            peer: FAR.parse().unwrap(),
            ..Knock::default()
        };
        assert_eq!(door.admit(&knock), Err(Turned::Token));
    }

    #[test]
    fn a_proxy_on_this_machine_lends_nobody_its_address() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static("198.51.100.1"));
        let near = NEAR.parse().unwrap();
        let door = Door { token: None, hosts: &[], origins: &[] };
        let untrusted = Knock::read(&headers, "localhost", near, near);
        assert_eq!(door.admit(&untrusted), Err(Turned::Token));
        let resolved = Knock::read(&headers, "localhost", "::1".parse().unwrap(), near);
        assert_eq!(door.admit(&resolved), Ok(()));
    }
}
