//! Cross-origin answers (Fetch standard, 3.2). A mock echoes every origin, with credentials; control answers
//! only the origins that it admits.

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

/// Whom browsers may call for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cors {
    /// No header is sent, and OPTIONS is judged as any request.
    Off,
    /// Every origin is echoed.
    Everyone,
    /// These origins, as browsers write them.
    Origins {
        /// Compared to the letter: no prefix, no suffix.
        origins: Vec<String>,
        /// Whether cookies and credentials may go along.
        credentials: bool,
    },
}

const EXPOSED: &str = "WWW-Authenticate, Retry-After, RateLimit, RateLimit-Policy, DPoP-Nonce, Location, ETag, Link, \
                       Lobby-Verdict, Lobby-Operation, Lobby-Request-Id, Lobby-Hint, Lobby-Problems, \
                       Preference-Applied";

/// Whether this is a browser's question before a request: never judged.
pub(crate) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

impl Cors {
    fn admits(&self, origin: &HeaderValue) -> Option<bool> {
        match self {
            Self::Off => None,
            Self::Everyone => Some(true),
            Self::Origins { origins, credentials } => {
                origins.iter().any(|known| known.as_bytes() == origin.as_bytes()).then_some(*credentials)
            }
        }
    }

    /// Adds what lets the page that asked read an answer.
    pub(crate) fn allow(&self, asked: &HeaderMap, answer: &mut HeaderMap) {
        if *self == Self::Off {
            return;
        }
        append_vary(answer);
        let Some(origin) = asked.get(header::ORIGIN) else { return };
        let Some(credentials) = self.admits(origin) else { return };
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        if credentials {
            answer.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }

    /// The header fields of a preflight's 204: the asked method and headers, named one by one, since `*`
    /// does not cover `Authorization`.
    pub(crate) fn preflight(&self, asked: &HeaderMap) -> HeaderMap {
        let mut answer = HeaderMap::new();
        append_vary(&mut answer);
        let Some(origin) = asked.get(header::ORIGIN) else { return answer };
        let Some(credentials) = self.admits(origin) else { return answer };
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        if credentials {
            answer.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        let mut echo = |from: HeaderName, to: HeaderName| {
            if let Some(value) = asked.get(from) {
                answer.insert(to, value.clone());
            }
        };
        echo(header::ACCESS_CONTROL_REQUEST_METHOD, header::ACCESS_CONTROL_ALLOW_METHODS);
        echo(header::ACCESS_CONTROL_REQUEST_HEADERS, header::ACCESS_CONTROL_ALLOW_HEADERS);
        if asked.contains_key("access-control-request-private-network") {
            answer.insert("access-control-allow-private-network", HeaderValue::from_static("true"));
        }
        answer.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        answer
    }
}

fn append_vary(answer: &mut HeaderMap) {
    answer.append(header::VARY, HeaderValue::from_static("Origin"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(origin: &str) -> HeaderMap {
        let mut asked = HeaderMap::new();
        asked.insert(header::ORIGIN, origin.parse().unwrap());
        asked.insert(header::ACCESS_CONTROL_REQUEST_METHOD, "DELETE".parse().unwrap());
        asked.insert(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization,dpop".parse().unwrap());
        asked
    }

    #[test]
    fn a_preflight_names_the_asked_headers_one_by_one() {
        let answer = Cors::Everyone.preflight(&from("http://localhost:3000"));
        assert_eq!(answer[header::ACCESS_CONTROL_ALLOW_ORIGIN], "http://localhost:3000");
        assert_eq!(answer[header::ACCESS_CONTROL_ALLOW_HEADERS], "authorization,dpop");
        assert_eq!(answer[header::ACCESS_CONTROL_ALLOW_METHODS], "DELETE");
        assert_eq!(answer[header::VARY], "Origin");
    }

    #[test]
    fn an_origin_that_only_looks_alike_gets_no_header() {
        let cors = Cors::Origins { origins: vec!["https://app.example.com".to_owned()], credentials: true };
        for origin in [
            "https://app.example.com.evil.net",
            "https://evil.app.example.com",
            "null",
            "http://app.example.com",
        ] {
            let mut answer = HeaderMap::new();
            cors.allow(&from(origin), &mut answer);
            assert!(!answer.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), "{origin}");
        }
    }
}
