//! The request line and Host: what is refused before anybody asks what is meant (attacks.md R14). hyper
//! passes most of these through.

use http::{HeaderMap, Method, Uri, Version, header, request::Parts};

/// Why a request line is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetError {
    /// `CONNECT`, or `*` for anything but OPTIONS.
    #[error("this is no proxy: the request target must be a path")]
    Form,
    /// The target does not begin with a slash.
    #[error("the request target must begin with a slash")]
    NoSlash,
    /// No Host on HTTP/1.1 (RFC 9112 3.2).
    #[error("there is no Host field")]
    NoHost,
    /// A host that is no name or address with a port (RFC 9112 3.2).
    #[error("what the request names as its host is no host")]
    BadHost,
    /// More than one Host.
    #[error("there is more than one Host field")]
    TwoHosts,
    /// The target names another host than the Host field.
    #[error("the request target and the Host field name different hosts")]
    OtherHost,
    /// Methods are case-sensitive: `get` is none.
    #[error("methods are written in capital letters")]
    Method,
    /// Both ways of saying where the body ends (RFC 9112 6.1).
    #[error("Transfer-Encoding and Content-Length are both there")]
    Framing,
}

/// About how many bytes a head had on the wire.
pub(crate) fn size(head: &Parts) -> usize {
    let target = head.uri.path_and_query().map_or(1, |target| target.as_str().len());
    // `: ` and the line's end.
    let fields = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    head.method.as_str().len() + target + fields.sum::<usize>()
}

/// The host that a request is for, without its port: `t-42.localhost`.
pub(crate) fn host(authority: &str) -> &str {
    if let Some(end) = authority.strip_prefix('[').and_then(|rest| rest.find(']')) {
        return authority.get(..end + 2).unwrap_or(authority);
    }
    authority.split_once(':').map_or(authority, |(host, _)| host)
}

/// Checks the request line, and gives the authority that the request is for.
pub(crate) fn check<'a>(
    method: &Method,
    uri: &'a Uri,
    version: Version,
    headers: &'a HeaderMap,
) -> Result<&'a str, TargetError> {
    if method == Method::CONNECT {
        return Err(TargetError::Form);
    }
    if method.as_str().bytes().any(|byte| byte.is_ascii_lowercase()) {
        return Err(TargetError::Method);
    }
    if headers.contains_key(header::TRANSFER_ENCODING) && headers.contains_key(header::CONTENT_LENGTH) {
        return Err(TargetError::Framing);
    }
    let path = uri.path();
    if !path.starts_with('/') && (path != "*" || method != Method::OPTIONS) {
        return Err(TargetError::NoSlash);
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    let field = match (hosts.next(), hosts.next()) {
        (Some(_), Some(_)) => return Err(TargetError::TwoHosts),
        (Some(host), None) => {
            let host = host.to_str().map_err(|_| TargetError::BadHost)?;
            if !is_authority(host) {
                return Err(TargetError::BadHost);
            }
            Some(host)
        }
        (None, _) => None,
    };
    match (uri.authority().map(http::uri::Authority::as_str), field) {
        // Nobody signs in by it (RFC 9110 4.2.4, RFC 9113 8.3.1), and what stands before the `@` looks like a host.
        (Some(target), _) if target.contains('@') => Err(TargetError::BadHost),
        (Some(target), Some(field)) if !target.eq_ignore_ascii_case(field) => Err(TargetError::OtherHost),
        (Some(target), _) => Ok(target),
        (None, Some(field)) if !field.is_empty() => Ok(field),
        (None, None) if version == Version::HTTP_10 => Ok("127.0.0.1"),
        (None, _) => Err(TargetError::NoHost),
    }
}

/// `uri-host [ ":" port ]` (RFC 9110 7.2), or nothing; nobody signs in by it.
fn is_authority(host: &str) -> bool {
    host.is_empty() || (!host.contains('@') && host.parse::<http::uri::Authority>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(method: &str, target: &str, hosts: &[&str]) -> Result<String, TargetError> {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let uri: Uri = target.parse().unwrap();
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, host.parse().unwrap());
        }
        check(&method, &uri, Version::HTTP_11, &headers).map(str::to_owned)
    }

    #[test]
    fn an_ordinary_request_names_its_host() {
        assert_eq!(judged("GET", "/books", &["localhost:4010"]), Ok("localhost:4010".to_owned()));
        assert_eq!(host("localhost:4010"), "localhost");
        assert_eq!(host("[::1]:4010"), "[::1]");
    }

    #[test]
    fn what_an_intermediary_may_read_otherwise_is_refused() {
        assert_eq!(judged("GET", "/", &[]), Err(TargetError::NoHost));
        assert_eq!(judged("GET", "/", &["a", "b"]), Err(TargetError::TwoHosts));
        for host in ["a b", "a/b", "user@a", "a:b:c", "a?b"] {
            assert_eq!(judged("GET", "/", &[host]), Err(TargetError::BadHost), "{host}");
        }
        assert_eq!(judged("GET", "http://user@a/", &[]), Err(TargetError::BadHost));
        assert_eq!(judged("GET", "http://a/", &["b"]), Err(TargetError::OtherHost));
        assert_eq!(judged("GET", "http://a/", &["a"]), Ok("a".to_owned()));
        assert_eq!(judged("get", "/", &["a"]), Err(TargetError::Method));
        assert_eq!(judged("CONNECT", "a:80", &["a"]), Err(TargetError::Form));
    }
}
