use url::{Host, Url};

use crate::settings::{Client, Clients};

/// Schemes that never lead back to an app.
const NO_APP: [&str; 13] = [
    "javascript",
    "data",
    "vbscript",
    "file",
    "blob",
    "about",
    "filesystem",
    "view-source",
    "ftp",
    "ws",
    "wss",
    "mailto",
    "intent",
];

/// Whether an answer may go to `redirect` (attacks.md, A01). A client that is configured has said where,
/// letter by letter; only the port of a loopback address that was registered without one is free (RFC 8252
/// 7.3). Where everyone is a client: loopback, https, or an app's own scheme.
pub(crate) fn may_redirect(clients: &Clients, client: &Client, redirect: &str) -> bool {
    let Some(url) = web_or_app(redirect) else { return false };
    match clients {
        Clients::Everyone => url.scheme() != "http" || is_loopback(&url),
        Clients::Listed(_) => client.redirects.iter().any(|registered| matches(registered, redirect, &url)),
    }
}

/// Whether a browser may be sent there after signing out.
pub(crate) fn may_sign_out_to(clients: &Clients, client: &Client, redirect: &str) -> bool {
    let Some(url) = web_or_app(redirect) else { return false };
    match clients {
        Clients::Everyone => url.scheme() != "http" || is_loopback(&url),
        Clients::Listed(_) => client.logout_redirects.iter().any(|registered| registered == redirect),
    }
}

/// Whether an answer could ever go to `redirect`: a whole URI without a fragment, of the web or of an app (RFC
/// 6749 3.1.2, RFC 8252 7).
pub fn is_redirect(redirect: &str) -> bool {
    web_or_app(redirect).is_some()
}

fn web_or_app(redirect: &str) -> Option<Url> {
    let legal =
        |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>' | b'^' | b'`');
    if redirect.len() > 2048 || !redirect.bytes().all(legal) || redirect.contains('#') {
        return None;
    }
    let url = Url::parse(redirect).ok()?;
    let is_app = !NO_APP.contains(&url.scheme());
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    (is_app && is_anonymous).then_some(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn matches(registered: &str, redirect: &str, url: &Url) -> bool {
    if registered == redirect {
        return true;
    }
    let Ok(mut known) = Url::parse(registered) else { return false };
    let is_address = matches!(known.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)));
    if known.scheme() != "http" || !is_address || !is_loopback(&known) || known.port().is_some() {
        return false;
    }
    // What was written must be what was parsed: no dot segments, no other spelling of the address.
    known.set_port(url.port()).is_ok() && known.as_str() == redirect
}

/// `redirect` with `parameters` added to its query, or as its fragment.
pub(crate) fn with_parameters(redirect: &str, parameters: &[(&str, &str)], fragment: bool) -> String {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(parameters);
    let text = text.finish();
    let joint = match (fragment, redirect.contains('?')) {
        (true, _) => "#",
        (false, true) if redirect.ends_with(['?', '&']) => "",
        (false, true) => "&",
        (false, false) => "?",
    };
    if text.is_empty() { redirect.to_owned() } else { format!("{redirect}{joint}{text}") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn listed(redirects: &[&str]) -> (Clients, Client) {
        let redirects = redirects.iter().map(|text| (*text).to_owned()).collect();
        (Clients::Listed(BTreeMap::new()), Client { redirects, ..Client::default() })
    }

    #[test]
    fn only_what_was_registered_passes_letter_by_letter() {
        let (clients, client) = listed(&["https://app.example.com/cb"]);
        assert!(may_redirect(&clients, &client, "https://app.example.com/cb"));
        for wrong in [
            "https://app.example.com/cb/",
            "https://app.example.com/cb/../evil",
            "https://app.example.com/cb?x=1",
            "https://app.example.com/cb#x",
            "https://app.example.com:8443/cb",
            "https://app.example.com.evil.example/cb",
            "https://app.example.com@evil.example/cb",
            "https://evil.example/https://app.example.com/cb",
            "https://APP.example.com/cb",
            "http://app.example.com/cb",
            "https://аpp.example.com/cb",
            "https:/app.example.com/cb",
            "",
        ] {
            assert!(!may_redirect(&clients, &client, wrong), "{wrong}");
        }
    }

    #[test]
    fn the_port_of_a_loopback_address_is_free_only_when_none_was_registered() {
        let (clients, client) = listed(&["http://127.0.0.1/cb", "http://[::1]:4000/cb"]);
        assert!(may_redirect(&clients, &client, "http://127.0.0.1:53211/cb"));
        assert!(!may_redirect(&clients, &client, "http://127.0.0.1:53211/other"));
        assert!(!may_redirect(&clients, &client, "http://127.0.0.1:53211/./cb"));
        assert!(!may_redirect(&clients, &client, "http://[::1]:4001/cb"));
        assert!(!may_redirect(&clients, &client, "http://localhost:53211/cb"));
    }

    #[test]
    fn everyone_may_use_loopback_https_and_an_apps_own_scheme() {
        let client = Client::default();
        for right in [
            "http://127.0.0.1:5173/cb",
            "http://localhost/cb",
            "http://[::1]:1/",
            "https://a.example/cb",
            "com.example.app:/cb",
            "myapp://cb",
        ] {
            assert!(may_redirect(&Clients::Everyone, &client, right), "{right}");
        }
        for wrong in [
            "http://a.example/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "/cb",
            "https://a@b.example/",
            "http://127.0.0.1.evil.example/",
        ] {
            assert!(!may_redirect(&Clients::Everyone, &client, wrong), "{wrong}");
        }
    }

    #[test]
    fn parameters_are_added_to_what_is_there() {
        let add = |redirect| with_parameters(redirect, &[("a", "b c&d")], false);
        assert_eq!(add("https://x.example/cb"), "https://x.example/cb?a=b+c%26d");
        assert_eq!(add("https://x.example/cb?y=1"), "https://x.example/cb?y=1&a=b+c%26d");
        assert_eq!(
            with_parameters("https://x.example/cb?y=1", &[("a", "b")], true),
            "https://x.example/cb?y=1#a=b"
        );
    }
}
