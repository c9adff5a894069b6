//! Who is at the other end: through which proxies a request came, whether it was encrypted on its way, and
//! under which key its address is counted.

use std::net::IpAddr;

use http::HeaderMap;
use ipnet::IpNet;

/// The client, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its address, after trusted proxies.
    pub address: IpAddr,
    /// Whether nobody on the way could read along: TLS, or a loopback address.
    pub private: bool,
    /// Whether the client itself speaks TLS, to us or to the outermost trusted proxy.
    pub secure: bool,
}

impl Peer {
    /// Sees through the proxies that `trusted` names: the client is the last address that none of them
    /// has. Nobody else is believed (attacks.md, G09).
    pub fn seen(socket: IpAddr, encrypted: bool, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let socket = canonical(socket);
        let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
        if !is_trusted(socket) {
            return Self { address: socket, private: encrypted || socket.is_loopback(), secure: encrypted };
        }
        let through = |hops: Vec<Hop>| follow(socket, encrypted, hops, &is_trusted);
        let standard = headers.contains_key("forwarded").then(|| through(forwarded(headers)));
        let usual = (headers.contains_key("x-forwarded-for") || headers.contains_key("x-forwarded-proto"))
            .then(|| through(x_forwarded(headers)));
        let (address, secure) = match (standard, usual) {
            (Some(seen), None) | (None, Some(seen)) => seen,
            // A proxy that writes the one passes the other on as the client wrote it: where they disagree, nobody
            // knows which is which.
            (Some((one, secure)), Some((other, also))) if one == other => (one, secure && also),
            (Some(_), Some(_)) | (None, None) => (socket, encrypted),
        };
        Self { address, private: secure || address.is_loopback(), secure }
    }

    /// What the address is counted under: an IPv6 network of 64 bits is one household.
    pub fn counted(&self) -> IpAddr {
        household(self.address)
    }
}

/// What an address is counted under: an IPv6 network of 64 bits is one household.
pub fn household(address: IpAddr) -> IpAddr {
    masked(address, 32, 64)
}

/// What all that one provider gives out to one site is counted under: a network of 24 bits, of 48 in IPv6.
pub fn neighbourhood(address: IpAddr) -> IpAddr {
    masked(address, 24, 48)
}

fn masked(address: IpAddr, v4: u8, v6: u8) -> IpAddr {
    let length = if address.is_ipv4() { v4 } else { v6 };
    IpNet::new(address, length).map_or(address, |net| net.network())
}

/// The client, and whether it spoke TLS: the chain is read from our end, as long as who says something of the
/// next is trusted.
fn follow(
    socket: IpAddr,
    encrypted: bool,
    hops: Vec<Hop>,
    is_trusted: &impl Fn(IpAddr) -> bool,
) -> (IpAddr, bool) {
    let (mut address, mut secure) = (socket, encrypted);
    for hop in hops.into_iter().rev() {
        if !is_trusted(address) {
            break;
        }
        secure = hop.secure.unwrap_or(secure);
        // What cannot be read ends the chain: what stands before it is hearsay.
        let Some(next) = hop.address else { break };
        address = next;
    }
    (address, secure)
}

struct Hop {
    address: Option<IpAddr>,
    secure: Option<bool>,
}

/// `::ffff:192.0.2.1` is `192.0.2.1`.
fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// RFC 7239 4. Quotes are no bounds here: one that a client leaves open must not swallow what a proxy appends.
/// `for=192.0.2.60;proto=https, for="[2001:db8::1]:4711"`.
fn forwarded(headers: &HeaderMap) -> Vec<Hop> {
    elements(headers, "forwarded")
        .map(|element| {
            let mut hop = Hop { address: None, secure: None };
            for pair in element.split(';') {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                let value = value.trim().trim_matches('"');
                if name.trim().eq_ignore_ascii_case("for") {
                    hop.address = node(value);
                } else if name.trim().eq_ignore_ascii_case("proto") {
                    hop.secure = Some(value.eq_ignore_ascii_case("https"));
                }
            }
            hop
        })
        .collect()
}

/// `X-Forwarded-For` names each hop. `X-Forwarded-Proto` has as many schemes, or else the last is the one that
/// the proxy before us wrote: what stands before it may be the client's.
fn x_forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let is_secure = |scheme: &str| scheme.eq_ignore_ascii_case("https");
    let schemes: Vec<bool> = elements(headers, "x-forwarded-proto").map(is_secure).collect();
    let mut hops: Vec<Hop> = elements(headers, "x-forwarded-for")
        .map(|name| Hop { address: node(name), secure: schemes.last().copied() })
        .collect();
    if hops.is_empty() {
        hops.push(Hop { address: None, secure: schemes.last().copied() });
    } else if hops.len() == schemes.len() {
        for (hop, secure) in hops.iter_mut().zip(schemes) {
            hop.secure = Some(secure);
        }
    }
    hops
}

/// A proxy may append to the field of its client: an element that is no text is one that cannot be read, and says
/// nothing of the others.
fn elements<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a str> {
    let elements =
        headers.get_all(name).iter().flat_map(|field| field.as_bytes().split(|byte| *byte == b','));
    elements
        .map(|element| str::from_utf8(element.trim_ascii()).unwrap_or("?"))
        .filter(|element| !element.is_empty())
}

/// An address with or without a port, an IPv6 one in brackets or bare.
fn node(text: &str) -> Option<IpAddr> {
    let bare = text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    bare.or_else(with_port).or_else(bracketed).map(canonical)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(socket: &str, fields: &[(&'static str, &str)]) -> (String, bool) {
        let headers = fields
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        let peer = Peer::seen(socket.parse().unwrap(), false, &headers, &["10.0.0.0/8".parse().unwrap()]);
        (peer.address.to_string(), peer.private)
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let fields = [("x-forwarded-for", "1.1.1.1, 2.2.2.2"), ("x-forwarded-proto", "https")];
        assert_eq!(seen("192.0.2.1", &fields), ("192.0.2.1".to_owned(), false));
        assert_eq!(seen("10.0.0.1", &fields), ("2.2.2.2".to_owned(), true));
        assert_eq!(
            seen("10.0.0.1", &[("x-forwarded-for", "1.1.1.1, 10.0.0.9")]),
            ("1.1.1.1".to_owned(), false)
        );
    }

    #[test]
    fn a_claim_of_loopback_by_a_stranger_is_not_loopback() {
        assert_eq!(seen("192.0.2.1", &[("x-forwarded-for", "127.0.0.1")]), ("192.0.2.1".to_owned(), false));
        assert_eq!(seen("::ffff:127.0.0.1", &[]), ("127.0.0.1".to_owned(), true));
    }

    #[test]
    fn the_standard_field_is_read_and_what_it_hides_ends_the_chain() {
        let fields = [("forwarded", r#"for=_hidden, for="[2001:db8::7]:4711";proto=https"#)];
        assert_eq!(seen("10.0.0.1", &fields), ("2001:db8::7".to_owned(), true));
        assert_eq!(seen("10.0.0.1", &[("forwarded", "for=unknown")]), ("10.0.0.1".to_owned(), false));
        assert_eq!(seen("10.0.0.1", &[("forwarded", "for=_a;proto=https")]), ("10.0.0.1".to_owned(), true));
    }

    #[test]
    fn a_field_that_a_proxy_passes_on_does_not_stand_against_the_one_it_writes() {
        let both = |forwarded: &str| {
            let fields =
                [("forwarded", forwarded), ("x-forwarded-for", "9.9.9.9"), ("x-forwarded-proto", "http")];
            seen("10.0.0.1", &fields)
        };
        assert_eq!(both("for=127.0.0.1;proto=https"), ("10.0.0.1".to_owned(), false));
        assert_eq!(both("for=9.9.9.9;proto=https"), ("9.9.9.9".to_owned(), false));
    }

    #[test]
    fn several_proxies_are_seen_through_up_to_the_first_that_is_not_trusted() {
        for (chain, client) in [
            ("1.1.1.1, 9.9.9.9, 10.0.0.3, 10.0.0.2", "9.9.9.9"),
            ("127.0.0.1, 9.9.9.9", "9.9.9.9"),
            ("10.9.9.9, 10.0.0.2", "10.9.9.9"),
            ("9.9.9.9, nonsense, 10.0.0.2", "10.0.0.2"),
            ("9.9.9.9,, ,10.0.0.2", "9.9.9.9"),
            ("9.9.9.9:443", "9.9.9.9"),
            ("[2001:db8::1]:443, 10.0.0.2", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("::ffff:9.9.9.9", "9.9.9.9"),
            ("999.1.1.1", "10.0.0.1"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(seen("10.0.0.1", &[("x-forwarded-for", chain)]).0, client, "{chain}");
        }
        let open = [("forwarded", r#"for="127.0.0.1, for=9.9.9.9"#)];
        assert_eq!(seen("10.0.0.1", &open).0, "9.9.9.9");
    }

    #[test]
    fn what_is_no_text_does_not_hide_what_a_proxy_appends() {
        let through = |name: &'static str, field: &[u8]| {
            let value = http::HeaderValue::from_bytes(field).unwrap();
            let headers = HeaderMap::from_iter([(http::HeaderName::from_static(name), value)]);
            let trusted = ["10.0.0.0/8".parse().unwrap()];
            Peer::seen("10.0.0.1".parse().unwrap(), false, &headers, &trusted).address.to_string()
        };
        assert_eq!(through("x-forwarded-for", b"\xe9, 9.9.9.9"), "9.9.9.9");
        assert_eq!(through("x-forwarded-for", b"\xe9, 9.9.9.9, 10.0.0.2"), "9.9.9.9");
        assert_eq!(through("x-forwarded-for", b"9.9.9.9, \xe9, 10.0.0.2"), "10.0.0.2");
        assert_eq!(through("forwarded", b"for=\xe9, for=9.9.9.9;by=\"\xe9\", for=9.9.9.8"), "9.9.9.8");
    }

    #[test]
    fn a_scheme_that_a_client_wrote_before_the_proxys_is_not_believed() {
        let schemes = |chain: &str, schemes: &str| {
            seen("10.0.0.1", &[("x-forwarded-for", chain), ("x-forwarded-proto", schemes)]).1
        };
        assert!(!schemes("9.9.9.9", "https, http"));
        assert!(schemes("9.9.9.9", "https"));
        assert!(schemes("9.9.9.9, 10.0.0.2", "https, http"), "the outer proxy took TLS");
        assert!(!schemes("1.1.1.1, 9.9.9.9", "https, http"), "the client's own word");
        assert_eq!(seen("10.0.0.1", &[("x-forwarded-proto", "https")]), ("10.0.0.1".to_owned(), true));
    }

    #[test]
    fn an_ipv6_network_is_counted_as_one() {
        let peer = |address: &str| {
            Peer { address: address.parse().unwrap(), private: false, secure: false }.counted()
        };
        assert_eq!(peer("2001:db8:1:2:3:4:5:6"), peer("2001:db8:1:2:ffff::1"));
        assert_ne!(peer("2001:db8:1:2::1"), peer("2001:db8:1:3::1"));
        assert_ne!(peer("192.0.2.1"), peer("192.0.2.2"));
    }

    #[test]
    fn a_neighbourhood_is_what_a_provider_gives_to_one_site() {
        let around = |address: &str| neighbourhood(address.parse().unwrap());
        assert_eq!(around("2001:db8:1:2::1"), around("2001:db8:1:ffff::1"));
        assert_ne!(around("2001:db8:1::1"), around("2001:db8:2::1"));
        assert_eq!(around("192.0.2.1"), around("192.0.2.254"));
        assert_ne!(around("192.0.2.1"), around("192.0.3.1"));
    }
}
