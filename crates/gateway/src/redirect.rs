//! Plain HTTP beside HTTPS: pages lead over, and everything else is refused. Whoever was led over with a
//! credential would never learn that it was read on the way.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use guard::Code;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use model::RequestId;

use crate::{answer::Answered, connection::Peer, neighbours::Answering, office::Service};

/// A predicate on paths.
type IsPage = Box<dyn Fn(&str) -> bool + Send + Sync>;
/// What answers an authority, by its token.
type Validation = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Leads pages to HTTPS.
pub struct Redirect {
    /// Where HTTPS is: `https://login.example.com`.
    pub origin: String,
    /// What is a page for people.
    pub is_page: IsPage,
    /// What an authority is told that asks whether the name is ours (RFC 8555 8.3).
    pub validation: Validation,
    /// Four random bytes that tell these requests' ids from others.
    pub seed: [u8; 4],
    /// Counts requests.
    pub next_id: AtomicU64,
}

const ASKED: &str = "/.well-known/acme-challenge/";

impl Service for Redirect {
    fn answer<'a>(&'a self, request: Request<Bytes>, _: &'a Peer) -> Answering<'a> {
        Box::pin(std::future::ready(self.lead(&request)))
    }
}

impl Redirect {
    fn lead(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path();
        let reads = [Method::GET, Method::HEAD].contains(request.method());
        if let Some(answer) =
            path.strip_prefix(ASKED).filter(|_| reads).and_then(|token| (self.validation)(token))
        {
            return Response::new(Bytes::from(answer));
        }
        if reads && (path == "/" || (self.is_page)(path)) && !brings_secrets(request) {
            let target = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
            if let Ok(place) = HeaderValue::try_from(format!("{}{target}", self.origin)) {
                return led(place);
            }
        }
        self.refused()
    }

    fn refused(&self) -> Response<Bytes> {
        let mut id = [0; 12];
        let (process, request) = id.split_at_mut(4);
        process.copy_from_slice(&self.seed);
        request.copy_from_slice(&self.next_id.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        let id = RequestId(id);
        let mut answered = Answered::problem(Code::TransportInsecure, None, id);
        answered.mark(None, id);
        let mut response = Response::new(answered.body);
        *response.status_mut() = answered.status;
        *response.headers_mut() = answered.headers;
        response
    }
}

fn led(place: HeaderValue) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    response.headers_mut().insert(header::LOCATION, place);
    response
}

/// Whether anything of the request opens something: then it was already read by whoever listens.
fn brings_secrets(request: &Request<Bytes>) -> bool {
    const FIELDS: [&str; 5] = ["authorization", "proxy-authorization", "cookie", "dpop", "x-api-key"];
    const PARAMETERS: [&str; 10] = [
        "access_token",
        "id_token",
        "id_token_hint",
        "token",
        "code",
        "password",
        "client_secret",
        "ticket",
        // What mails bring (a reset, an invitation), and what a device shows.
        "link",
        "user_code",
    ];
    let query = request.uri().query().unwrap_or_default();
    let mut names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
    FIELDS.iter().any(|name| request.headers().contains_key(*name))
        // Nothing of ours writes a name in escapes.
        || names.any(|name| {
            name.contains(['%', ';']) || PARAMETERS.iter().any(|secret| name.eq_ignore_ascii_case(secret))
        })
        || !request.body().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: &str, target: &str, fields: &[(&'static str, &str)]) -> (u16, Option<String>) {
        let redirect = Redirect {
            origin: "https://login.example.com".to_owned(),
            is_page: Box::new(|path| {
                ["/_lobby/sign-in", "/_lobby/sign-up", "/_lobby/reset", "/_lobby/device"].contains(&path)
            }),
            validation: Box::new(|token| (token == "t").then(|| "t.thumb".to_owned())),
            seed: [0; 4],
            next_id: AtomicU64::new(1),
        };
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let answer = redirect.lead(&request.body(Bytes::new()).unwrap());
        let place = answer.headers().get(header::LOCATION).map(|place| place.to_str().unwrap().to_owned());
        (answer.status().as_u16(), place)
    }

    #[test]
    fn a_page_leads_to_the_same_place_of_our_own_name() {
        let place = Some("https://login.example.com/_lobby/sign-in?lang=de".to_owned());
        assert_eq!(asked("GET", "/_lobby/sign-in?lang=de", &[("host", "evil.example")]), (308, place));
        assert_eq!(asked("GET", "//evil.example", &[]).1, None);
        for page in ["/_lobby/sign-up", "/_lobby/reset", "/_lobby/device"] {
            assert_eq!(asked("GET", page, &[]).0, 308, "{page}");
        }
    }

    #[test]
    fn credentials_and_apis_never_lead_anywhere() {
        for (method, target, fields) in [
            ("GET", "/books", &[][..]),
            ("POST", "/_lobby/sign-in", &[]),
            ("GET", "/_lobby/sign-in", &[("authorization", "Bearer x")]),
            ("GET", "/_lobby/sign-in", &[("cookie", "session=x")]),
            ("GET", "/_lobby/sign-in?code=x", &[]),
            ("GET", "/_lobby/reset?link=x", &[]),
            ("GET", "/_lobby/reset?%6cink=x", &[]),
            ("GET", "/_lobby/sign-in", &[("x-api-key", "x")]),
            ("GET", "/_lobby/sign-up?lang=de&link=x", &[]),
            ("GET", "/_lobby/device?user_code=BCDF-GHJK", &[]),
            ("GET", "/_lobby/oauth/token", &[]),
        ] {
            assert_eq!(asked(method, target, fields), (403, None), "{method} {target} {fields:?}");
        }
    }

    #[test]
    fn an_authority_is_answered_what_was_put_there() {
        assert_eq!(asked("GET", "/.well-known/acme-challenge/t", &[]).0, 200);
        assert_eq!(asked("GET", "/.well-known/acme-challenge/other", &[]).0, 403);
    }
}
