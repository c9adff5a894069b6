//! Rows R: what is done with paths, methods, bodies, cookies and request lines.

use testkit::mock;

use super::exchange;

/// R01
#[tokio::test]
async fn a_path_leads_to_one_operation_however_it_is_written() {
    let lobby = mock("bookshop.openapi.yaml").await;
    for path in [
        "/%6fpen",
        "/./open",
        "/x/../open",
        "/open/.",
        "/%2e/open",
        "/%2E%2E/open",
        "/open/../open",
        "/bookshop/./open",
    ] {
        let answer = lobby.get(path).await;
        let operation = answer.header("lobby-operation");
        let fits = answer.status() == 200 && operation == Some("openingHours");
        assert!(fits || matches!(answer.status(), 400 | 404), "{path}: {} {operation:?}", answer.status());
    }
    for path in [
        "//open",
        "/open/",
        "/OPEN",
        "/open;a=b",
        "/open%2f",
        "/open%5c",
        "/open%00",
        "/open.",
        "/%252e%252e/open",
        "/open%c0%ae",
        "/%e0%80%af",
        "/open%ff",
        "/books/%2e%2e%2fopen",
        "/books/..%2fopen",
        "/books/b-1001%2f..%2f..%2fopen",
        "/open%",
        "/open%2",
        "/open%zz",
        "/open/%2e%2e",
    ] {
        let answer = lobby.get(path).await;
        let status = answer.status();
        assert!(matches!(status, 400 | 404), "{path}: {status} {:?}", answer.header("lobby-operation"));
    }
    // A guarded operation stays guarded.
    for path in ["/%73tock", "/./stock", "/open/../stock", "/bookshop/%73tock", "/bookshop/../stock"] {
        let answer = lobby.get(path).await;
        assert!(matches!(answer.status(), 400 | 401 | 404), "{path}: {}", answer.status());
    }
}

/// R02
#[tokio::test]
async fn another_method_is_never_a_way_round_the_requirement() {
    let lobby = mock("bookshop.openapi.yaml").await;
    lobby.head("/stock").await.is(401);
    lobby.head("/open").await.is_allowed();
    for field in ["x-http-method-override", "x-http-method", "x-method-override"] {
        lobby.get("/open").header(field, "DELETE").await.is_allowed();
        lobby.post("/open").header(field, "GET").await.is_denied(405, "method.unknown");
    }
    for method in ["TRACE", "PROPFIND", "OPTIONS", "PATCH", "FOO"] {
        let answer = lobby.request(method.parse().unwrap(), "/stock").await;
        answer.is_denied(405, "method.unknown");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"), "{method}");
    }
}

/// R12
#[tokio::test]
async fn the_credentials_cookie_is_there_once() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let ask = |cookies: &[&str]| {
        cookies.iter().fold(lobby.get("/basket"), |call, cookie| call.header("cookie", cookie))
    };
    let good = "bookshop_session=alice-session-key";
    ask(&[good]).await.is_allowed();
    ask(&["a=1; a=2", good]).await.is_allowed();
    ask(&[&format!("{good}; {good}")]).await.is_denied(400, "request.ambiguous");
    ask(&[good, "bookshop_session=other"]).await.is_denied(400, "request.ambiguous");
    for name in ["Bookshop_session", "bookshop_session2", "__Host-bookshop_session", "xbookshop_session"] {
        let cookie = format!("{name}=alice-session-key");
        ask(&[&cookie]).await.is_denied(401, "credential.missing");
    }
}

/// R11
#[tokio::test]
async fn bodies_that_mean_harm_are_refused_and_cost_little() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let alice = lobby.token("alice").await;
    let send = async |kind: &str, body: String| lobby.post("/imports").bearer(&alice).body(kind, body).await;
    let json = "application/json";
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let objects = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    let doubled = r#"[{"title":"a","title":"b","author":"c","isbn":"9781526622426","price":{"amount":1,"currency":"EUR"}}]"#;
    for body in [
        deep,
        objects,
        doubled.to_owned(),
        "[".to_owned(),
        String::new(),
        "\u{feff}[]".to_owned(),
        "[1e999]".to_owned(),
    ] {
        let head: String = body.chars().take(30).collect();
        let answer = send(json, body).await;
        assert!(matches!(answer.status(), 400 | 422), "{head}: {} {}", answer.status(), answer.text());
    }
    for kind in [
        "text/json",
        "application/x-www-form-urlencoded",
        "application/json5",
        "multipart/form-data",
        "*/*",
        "json",
        "application/json, text/plain",
    ] {
        let answer = send(kind, "[]".to_owned()).await;
        assert_eq!(answer.status(), 415, "{kind}");
    }
    let other = send("application/json; charset=utf-16", "[]".to_owned()).await;
    assert!(matches!(other.status(), 400 | 415 | 422), "{}", other.status());
    lobby.get("/open").await.is_allowed();
    assert!(lobby.resident() < 200 << 20, "{} bytes", lobby.resident());
}

/// R14
#[tokio::test]
async fn a_request_line_or_host_that_could_be_read_two_ways_is_refused_and_the_connection_closes() {
    let lobby = mock("bookshop.openapi.yaml").await;
    for request in [
        "GET /open HTTP/1.1\r\n\r\n",
        "GET /open HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        "GET /open HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        "GET http://evil.example/open HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET open HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n",
        "get /open HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /open HTTP/1.1\r\nHost:\r\n\r\n",
        "GET /open HTTP/1.1\r\nHost: local host\r\n\r\n",
        "GET /open HTTP/1.1\r\nHost: localhost/evil\r\n\r\n",
        "GET /open HTTP/1.1\r\nHost: evil@localhost\r\n\r\n",
        "GET /open HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\nx",
        "GET /open HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "GET /open HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n folded\r\n\r\n",
        "GET /open HTTP/1.1\r\nHost : localhost\r\n\r\n",
        "GET /open\r\n\r\n",
        "GET /open HTTP/9.9\r\nHost: localhost\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let answer = exchange(&lobby, request).await;
        let refused =
            answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.0 4") || answer.is_empty();
        assert!(refused, "{request:?}\n{answer}");
        assert_eq!(
            answer.matches("HTTP/1.").count(),
            usize::from(!answer.is_empty()),
            "{request:?}: one answer\n{answer}"
        );
    }
    // Both framings: the one reading that RFC 9112 6.1 allows, and no second request on that connection.
    let both = "GET /open HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /stock HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(exchange(&lobby, both).await.matches("HTTP/1.").count(), 1);
    let absolute = "GET http://localhost/open HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert!(exchange(&lobby, absolute).await.starts_with("HTTP/1.1 200"));
}

/// R14
#[tokio::test]
async fn over_http2_a_path_without_a_slash_or_another_host_than_the_authority_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let lobby = mock("bookshop.openapi.yaml").arguments(&["--tls", "--ca-dir", folder]).await;
    let authority = testkit::run("ca").arguments(&["--print", "--ca-dir", folder]).finish("").stdout;
    let port = lobby.base().port().unwrap();
    let here = format!("127.0.0.1:{port}");
    let ask = async |method: &str, path: &str, rest: &[(&str, &str)]| {
        let mut fields = vec![(":method", method), (":scheme", "https"), (":path", path)];
        fields.extend(rest);
        let address = ([127, 0, 0, 1], port).into();
        testkit::http2(address, testkit::trusting(&authority, None), &fields).await
    };
    let at_home = [(":authority", here.as_str())];
    assert_eq!(ask("GET", "/open", &at_home).await, Some(200));
    assert_eq!(ask("GET", "/open", &[at_home[0], ("host", &here)]).await, Some(200));
    let elsewhere: [&[(&str, &str)]; 6] = [
        &[at_home[0], ("host", "evil.example")],
        &[(":authority", "evil.example"), ("host", &here)],
        &[at_home[0], ("host", &here), ("host", "evil.example")],
        &[at_home[0], (":authority", "evil.example")],
        &[(":authority", "evil@127.0.0.1")],
        &[],
    ];
    for rest in elsewhere {
        let status = ask("GET", "/open", rest).await;
        assert!(matches!(status, None | Some(400)), "{rest:?} {status:?}");
    }
    for (method, path) in
        [("GET", "open"), ("GET", ""), ("GET", "*"), ("GET", "https://evil.example/open"), ("get", "/open")]
    {
        let status = ask(method, path, &at_home).await;
        assert!(matches!(status, None | Some(400)), "{method} {path:?} {status:?}");
    }
    assert_eq!(ask("GET", "/open", &at_home).await, Some(200));
}

/// R07
#[tokio::test]
async fn what_is_not_in_the_document_is_not_there() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let alice = lobby.token("alice").await;
    for path in [
        "/v1/books",
        "/v2/books",
        "/api/books",
        "/api/v1/books",
        "/bookshop/v1/books",
        "/bookshop/bookshop/books",
        "/admin",
        "/internal/books",
        "/debug/vars",
        "/actuator/health",
        "/metrics",
        "/.env",
        "/.git/config",
        "/openapi.json",
        "/swagger.json",
        "/graphql",
        "/books/b-1001/raw",
        "/users",
        "/users/alice",
        "/_lobby/admin",
        "/_lobby/../metrics",
        "/%5Flobby/token",
    ] {
        for answer in [lobby.get(path).await, lobby.get(path).bearer(&alice).await] {
            answer.is_refused(404, "operation.unknown");
        }
    }
}

/// R10
#[tokio::test]
async fn a_credential_over_plain_http_is_refused_and_never_sent_on_to_https() {
    let lobby = mock("bookshop.openapi.yaml").config("trusted_proxies: [127.0.0.1/32]\n").await;
    let alice = lobby.token("alice").await;
    let far = |path: &str| lobby.get(path).header("x-forwarded-for", "203.0.113.9");
    for answer in [
        far("/books").bearer(&alice).await,
        far("/open").bearer(&alice).await,
        far("/stock").header("x-api-key", "alice-badge-key").await,
        far("/reports").basic("alice", "alice-password").await,
        far("/basket").cookie("bookshop_session", "alice-session-key").await,
        // Nothing was presented: but asking for it here would bring it here.
        far("/books").await,
    ] {
        answer.is_denied(403, "transport.insecure");
        assert_eq!(answer.header("location"), None, "{answer:?}");
    }
    let safe =
        far("/stock").header("x-api-key", "alice-badge-key").header("x-forwarded-proto", "https").await;
    safe.is_allowed();
}
