use identity::password::{Breaches, Leaked, OnError};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::oneshot,
};

use super::*;

/// A service that answers one request with `answer`, and tells what it was asked.
async fn service(answer: String) -> (String, oneshot::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/range/", listener.local_addr().unwrap());
    let (tell, asked) = oneshot::channel();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.unwrap());
        }
        let _ = tell.send(String::from_utf8(request).unwrap());
        let _ = stream.write_all(answer.as_bytes()).await;
    });
    (url, asked)
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn api(url: &str, on_error: OnError) -> Breaches {
    let service = Service::new(url, Duration::from_millis(300)).unwrap();
    Breaches::Api { ranges: Box::new(service), on_error }
}

const LINE: &str = "1E4C9B93F3F0682250B6CF8331B7EE68FD8:10434004\r\n";

#[tokio::test]
async fn a_service_is_asked_with_five_digits_and_for_padding() {
    let (url, asked) = service(ok(LINE)).await;
    assert_eq!(api(&url, OnError::Allow).look_up("password").await, Leaked::Yes);
    let asked = asked.await.unwrap().to_lowercase();
    assert!(asked.starts_with("get /range/5baa6 http/1.1\r\n"), "{asked}");
    assert!(asked.contains("add-padding: true\r\n"), "{asked}");
    assert!(!asked.contains("1e4c9b93"), "{asked}");
    let (url, _) = service(ok("003D68EB55068C33ACE09247EE4C639306B:3\r\n")).await;
    assert_eq!(api(&url, OnError::Refuse).look_up("password").await, Leaked::No);
}

#[tokio::test]
async fn what_is_no_answer_allows_or_refuses_as_the_setting_says() {
    let answers = [
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n".to_owned(),
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".to_owned(),
        ok("<html>"),
        ok(&LINE.repeat(40_000)),
        String::new(),
    ];
    for answer in answers {
        for (on_error, leaked) in [(OnError::Allow, Leaked::No), (OnError::Refuse, Leaked::Unknown)] {
            let (url, _asked) = service(answer.clone()).await;
            assert_eq!(api(&url, on_error).look_up("password").await, leaked, "{answer:.40}");
        }
    }
}

#[tokio::test]
async fn a_service_that_is_silent_is_left_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    assert_eq!(api(&url, OnError::Refuse).look_up("password").await, Leaked::Unknown);
    drop(listener);
    assert_eq!(api(&url, OnError::Refuse).look_up("password").await, Leaked::Unknown, "nobody is there");
}
