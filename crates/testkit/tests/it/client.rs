use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use testkit::Client;
use tokio::net::TcpListener;

/// A server that answers what it was sent, sets a cookie at `/set`, and closes after `/close`.
async fn echo() -> (Client, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    tokio::spawn(async move {
        loop {
            let (stream, peer) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            let service = service_fn(move |request| answer(request, peer.ip().to_string()));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    (Client::new(&url), connections)
}

async fn answer(request: Request<Incoming>, peer: String) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let mut text = format!("{} {}\npeer: {peer}\n", head.method, head.uri);
    for (name, value) in &head.headers {
        let _ = writeln!(text, "{name}: {}", value.to_str().unwrap());
    }
    text += &String::from_utf8_lossy(&body);
    let mut response = Response::new(Full::new(Bytes::from(text)));
    let headers = response.headers_mut();
    match head.uri.path() {
        "/set" => drop(headers.insert("set-cookie", "session=one; Path=/".parse().unwrap())),
        "/close" => drop(headers.insert("connection", "close".parse().unwrap())),
        "/denied" => {
            *response.status_mut() = http::StatusCode::UNAUTHORIZED;
            let headers = response.headers_mut();
            headers.insert("lobby-verdict", "credential.missing".parse().unwrap());
            headers.insert("www-authenticate", "Bearer".parse().unwrap());
            headers.insert("cache-control", "no-store".parse().unwrap());
        }
        _ => {}
    }
    Ok(response)
}

#[tokio::test]
async fn one_connection_carries_one_request_after_the_other() {
    let (client, connections) = echo().await;
    for _ in 0..3 {
        client.get("/books?page=2").await.is(200);
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced() {
    let (client, connections) = echo().await;
    client.get("/close").await.is(200);
    client.get("/").await.is(200);
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn cookies_come_back_to_the_client_that_got_them_alone() {
    let (client, _) = echo().await;
    client.get("/set").await.is(200);
    assert_eq!(client.cookie("session").as_deref(), Some("one"));
    assert!(client.get("/").await.text().contains("cookie: session=one\n"));
    assert!(!client.another().get("/").await.text().contains("cookie:"));
}

#[tokio::test]
async fn what_is_written_is_what_is_sent() {
    let (client, _) = echo().await;
    let answer =
        client.post("/books//%2e").header("x-two", "1").header("x-two", "2").form(&[("a b", "ü")]).await;
    let text = answer.text();
    assert!(text.starts_with("POST /books//%2e\n"), "{text}");
    assert_eq!(text.matches("x-two: ").count(), 2, "{text}");
    assert!(text.ends_with("a+b=%C3%BC"), "{text}");
    assert!(client.get("/").basic("alice", "pw").await.text().contains("Basic YWxpY2U6cHc="));
    assert!(client.get("/").host("t-42.localhost").await.text().contains("host: t-42.localhost\n"));
}

#[tokio::test]
async fn a_client_may_come_from_another_address() {
    let (client, _) = echo().await;
    let client = client.connecting_from("127.0.0.2".parse().unwrap());
    assert!(client.get("/").await.text().contains("peer: 127.0.0.2\n"));
}

#[tokio::test]
async fn a_denial_is_known_by_its_verdict_status_and_challenge() {
    let (client, _) = echo().await;
    client.get("/denied").await.is_denied(401, "credential.missing");
}

#[tokio::test]
#[should_panic(expected = "expected Lobby-Verdict: token.expired")]
async fn another_denial_than_the_expected_one_fails_the_test() {
    let (client, _) = echo().await;
    client.get("/denied").await.is_denied(401, "token.expired");
}
