//! The admin listener: whether we live, whether we are ready, what was counted; and what else the roof puts
//! behind it (administration, the first setup). Nothing that it says by itself is secret, but no page of
//! another site may read it through a name that was rebound to us.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use ipnet::IpNet;
use model::RequestId;
use serde_json::json;

use crate::{
    Pending,
    admission::{Turned, is_loopback, name_of},
    refusal::{Refusal, respond},
};

/// How it stands with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// Requests may come.
    Ready,
    /// Running requests are answered, and no new ones are wanted.
    Draining,
    /// The database does not answer.
    StoreLost,
}

/// What the listener asks of the roof.
pub trait Pulse: Send + Sync + 'static {
    /// How it stands now.
    fn readiness(&self) -> Pending<'_, Readiness>;

    /// What was counted, in the text format of Prometheus.
    fn metrics(&self) -> String;
}

/// A room behind the admin listener, with the paths below its own: `/admin/v1/…`, `/setup/…`.
pub trait Office: Send + Sync + 'static {
    /// Whether `path` is its.
    fn takes(&self, path: &str) -> bool;

    /// Answers a request whose `Host` is one of ours.
    fn answer(&self, request: Request<Bytes>, caller: Caller) -> Pending<'_, Response<Bytes>>;
}

/// Who calls the admin listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The other end of the connection.
    pub peer: std::net::IpAddr,
    /// Whether it speaks TLS.
    pub secure: bool,
    /// Names the request.
    pub id: RequestId,
}

/// The admin listener.
pub struct Operators {
    /// Names that `Host` may have beside addresses and those of the loopback.
    pub hosts: Vec<String>,
    /// Whose word counts for whom they speak.
    pub trusted_proxies: Vec<IpNet>,
    /// The docs page of the codes.
    pub docs: String,
    /// How it stands, and what was counted.
    pub pulse: Arc<dyn Pulse>,
    /// The rooms behind it; the first that takes a path answers.
    pub offices: Vec<Box<dyn Office>>,
}

const READABLE: [Method; 2] = [Method::GET, Method::HEAD];

impl Operators {
    /// Answers one request.
    pub async fn answer(&self, request: Request<Bytes>, mut caller: Caller) -> Response<Bytes> {
        let refuse = |refusal: Refusal| refusal.answer(&self.docs, caller.id);
        if !self.admits(&request) {
            return refuse(Refusal::Turned(Turned::Host));
        }
        let path = request.uri().path();
        if let Some(office) = self.offices.iter().find(|office| office.takes(path)) {
            let proxies = &self.trusted_proxies;
            let seen = guard::Peer::seen(caller.peer, caller.secure, request.headers(), proxies);
            if !seen.private {
                return refuse(Refusal::Turned(Turned::Plain));
            }
            (caller.peer, caller.secure) = (seen.address, seen.secure);
            return office.answer(request, caller).await;
        }
        if !["/health/live", "/health/ready", "/metrics"].contains(&path) {
            let detail = format!("the admin listener has nothing at {path}");
            return refuse(Refusal::Unknown { detail });
        }
        if !READABLE.contains(request.method()) {
            return refuse(Refusal::Method { allow: &READABLE });
        }
        match path {
            "/metrics" => exposition(self.pulse.metrics()),
            "/health/ready" => health(self.pulse.readiness().await),
            _ => respond(StatusCode::OK, "application/json", &json!({ "status": "live" })),
        }
    }

    /// A rebound name is a name: an address in `Host` was typed by whoever asks.
    fn admits(&self, request: &Request<Bytes>) -> bool {
        let field = request.headers().get(header::HOST).map(|host| host.to_str().unwrap_or_default());
        let host = request.uri().authority().map(http::uri::Authority::as_str).or(field);
        let Some(name) = host.and_then(name_of) else { return false };
        is_loopback(name)
            || name.parse::<std::net::IpAddr>().is_ok()
            || self.hosts.iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

fn health(readiness: Readiness) -> Response<Bytes> {
    let (status, word) = match readiness {
        Readiness::Ready => (StatusCode::OK, "ready"),
        Readiness::Draining => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
        Readiness::StoreLost => (StatusCode::SERVICE_UNAVAILABLE, "store lost"),
    };
    respond(status, "application/json", &json!({ "status": word }))
}

fn exposition(text: String) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(text));
    let headers = answer.headers_mut();
    let kind = header::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    answer
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;

    struct Standing(Readiness);

    impl Pulse for Standing {
        fn readiness(&self) -> Pending<'_, Readiness> {
            Box::pin(std::future::ready(self.0))
        }

        fn metrics(&self) -> String {
            "lobby_up 1\n".to_owned()
        }
    }

    struct Echo;

    impl Office for Echo {
        fn takes(&self, path: &str) -> bool {
            path.starts_with("/admin/v1/")
        }

        fn answer(&self, request: Request<Bytes>, _: Caller) -> Pending<'_, Response<Bytes>> {
            Box::pin(async move { Response::new(Bytes::from(request.uri().path().to_owned())) })
        }
    }

    fn asked(method: Method, host: Option<&str>, path: &str, readiness: Readiness) -> (u16, String) {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(host) = host {
            request = request.header(header::HOST, host);
        }
        let caller = Caller { peer: [127, 0, 0, 1].into(), secure: false, id: RequestId([0; 12]) };
        answered(request.body(Bytes::new()).unwrap(), caller, readiness)
    }

    fn answered(request: Request<Bytes>, caller: Caller, readiness: Readiness) -> (u16, String) {
        let operators = Operators {
            hosts: vec!["lobby.internal".to_owned()],
            trusted_proxies: vec!["192.0.2.0/24".parse().unwrap()],
            docs: "docs".to_owned(),
            pulse: Arc::new(Standing(readiness)),
            offices: vec![Box::new(Echo)],
        };
        let mut answering = Box::pin(operators.answer(request, caller));
        let Poll::Ready(answer) = answering.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("nothing here waits")
        };
        (answer.status().as_u16(), String::from_utf8(answer.body().to_vec()).unwrap())
    }

    fn get(host: &str, path: &str) -> (u16, String) {
        asked(Method::GET, Some(host), path, Readiness::Ready)
    }

    #[test]
    fn a_rebound_name_reads_nothing() {
        for host in ["evil.example", "evil.example:9443", "localhost.evil.example", "", "a@localhost"] {
            for path in ["/metrics", "/health/live", "/admin/v1/users"] {
                assert_eq!(get(host, path).0, 421, "{host} {path}");
            }
        }
        assert_eq!(asked(Method::GET, None, "/metrics", Readiness::Ready).0, 421);
        for host in ["localhost:9443", "127.0.0.1", "10.1.2.3:9443", "[::1]:9443", "Lobby.Internal"] {
            assert_eq!(get(host, "/metrics"), (200, "lobby_up 1\n".to_owned()), "{host}");
        }
    }

    #[test]
    fn no_token_is_taken_that_others_could_read_on_its_way() {
        let calls = |peer: [u8; 4], secure, forwarded: Option<&str>, path: &str| {
            let mut request = Request::builder().uri(path).header(header::HOST, "10.1.2.3");
            if let Some(scheme) = forwarded {
                request =
                    request.header("x-forwarded-for", "198.51.100.1").header("x-forwarded-proto", scheme);
            }
            let caller = Caller { peer: peer.into(), secure, id: RequestId([0; 12]) };
            answered(request.body(Bytes::new()).unwrap(), caller, Readiness::Ready)
        };
        let (far, proxy, users) = ([198, 51, 100, 1], [192, 0, 2, 1], "/admin/v1/users");
        let (status, refused) = calls(far, false, None, users);
        assert!(status == 403 && refused.contains("admin.plain"), "{status} {refused}");
        assert_eq!(calls(far, true, None, users).0, 200);
        assert_eq!(calls(far, false, Some("https"), users).0, 403, "anybody can write that");
        assert_eq!(calls(proxy, false, Some("https"), users).0, 200);
        assert_eq!(calls(proxy, false, Some("http"), users).0, 403);
        assert_eq!(calls([127, 0, 0, 1], false, None, users).0, 200);
        // Who watches carries nothing that is secret.
        assert_eq!(calls(far, false, None, "/health/live").0, 200);
    }

    #[test]
    fn readiness_is_told_apart_from_life() {
        for (readiness, status, word) in [
            (Readiness::Ready, 200, "ready"),
            (Readiness::Draining, 503, "draining"),
            (Readiness::StoreLost, 503, "store lost"),
        ] {
            let (found, body) = asked(Method::GET, Some("localhost"), "/health/ready", readiness);
            assert_eq!((found, body.contains(word)), (status, true), "{body}");
            let live = asked(Method::GET, Some("localhost"), "/health/live", readiness);
            assert_eq!(live.0, 200);
        }
    }

    #[test]
    fn what_is_not_there_and_what_is_not_read_are_refused() {
        assert_eq!(get("localhost", "/_lobby/sandboxes").0, 404);
        assert_eq!(asked(Method::POST, Some("localhost"), "/metrics", Readiness::Ready).0, 405);
        assert_eq!(get("localhost", "/admin/v1/users"), (200, "/admin/v1/users".to_owned()));
    }
}
