//! Who may call control, and what browsers are told (control.md, Who may; CORS).

use serde_json::json;
use testkit::{Answer, Lobby, mock};

const PAGE: &str = "https://app.example.com";
const NEAR: &str = "http://localhost:3000";

#[tokio::test]
async fn control_takes_loopback_names_and_origins_and_json_alone() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let ask = || lobby.post("/_lobby/token").json(&json!({"as": "alice"}));
    ask().await.is(200);
    for host in ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example"] {
        ask().host(host).await.is_refused(421, "control.host");
    }
    for host in ["localhost", "127.0.0.1:1", "[::1]:4010", "t-1.localhost"] {
        ask().host(host).await.is(200);
    }
    for origin in [PAGE, "null", "http://localhost.evil.example", "http://127.0.0.1.evil.example", "file://"]
    {
        ask().origin(origin).await.is_refused(403, "control.origin");
    }
    for origin in [NEAR, "http://127.0.0.1:8080", lobby.issuer()] {
        let answer = ask().origin(origin).await;
        answer.is(200);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
    }
    ask().origin(NEAR).origin(PAGE).await.is_refused(403, "control.origin");
    let body = r#"{"as":"alice"}"#;
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx"]
    {
        lobby.post("/_lobby/token").body(kind, body).await.is_refused(415, "body.type");
    }
    lobby.post("/_lobby/token").body("application/json; charset=utf-8", body).await.is(200);
    let answer = lobby.get("/_lobby/personas").origin(PAGE).await;
    answer.is_refused(403, "control.origin");
    assert_eq!(answer.header("access-control-allow-origin"), None);
    lobby.get("/_lobby/nowhere").await.is_refused(404, "operation.unknown");
    assert!(lobby.journal("").await.is_empty(), "control calls are not in the journal");
}

#[tokio::test]
async fn a_peer_beyond_the_loopback_shows_the_control_token() {
    let lobby = mock("bookshop.openapi.yaml")
        .config("trusted_proxies: [127.0.0.1/32]\n")
        .arguments(&["--control-token", "open-sesame"])
        .await;
    let far = || lobby.get("/_lobby/personas").header("x-forwarded-for", "203.0.113.9");
    far().await.is_refused(401, "control.token");
    far().bearer("wrong").await.is_refused(401, "control.token");
    far().bearer("open-sesame").await.is(200);
    // The token is the proof, whatever the machine is called from where the caller stands.
    far().bearer("open-sesame").host("build-host:4010").await.is(200);
    far().bearer("wrong").host("build-host:4010").await.is_refused(401, "control.token");
    far().host("build-host:4010").await.is_refused(401, "control.token");
    lobby.get("/_lobby/personas").await.is(200);
}

#[tokio::test]
async fn a_stranger_who_says_to_be_forwarded_is_no_loopback_peer() {
    let lobby = mock("bookshop.openapi.yaml").await;
    for field in ["x-forwarded-for", "forwarded", "x-real-ip"] {
        let answer = lobby.get("/_lobby/personas").header(field, "127.0.0.1").await;
        answer.is_refused(401, "control.token");
    }
}

fn vary_has_origin(answer: &Answer) -> bool {
    answer
        .header_lines("vary")
        .iter()
        .any(|line| line.split(',').any(|name| name.trim().eq_ignore_ascii_case("origin")))
}

#[tokio::test]
async fn a_preflight_is_answered_on_any_path_and_never_judged() {
    let lobby = mock("bookshop.openapi.yaml").await;
    for path in ["/books", "/vault", "/nowhere", "/_lobby/oauth/token", "/.well-known/openid-configuration"] {
        let answer = lobby
            .options(path)
            .origin(PAGE)
            .header("access-control-request-method", "DELETE")
            .header("access-control-request-headers", "authorization, dpop, x-api-key")
            .await;
        answer.is(204);
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE), "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"), "{path}");
        assert_eq!(answer.header("access-control-allow-methods"), Some("DELETE"), "{path}");
        assert_eq!(
            answer.header("access-control-allow-headers"),
            Some("authorization, dpop, x-api-key"),
            "{path}"
        );
        assert!(vary_has_origin(&answer), "{path}");
        assert!(answer.body().is_empty(), "{path}");
    }
    let control = lobby.options("/_lobby/token").header("access-control-request-method", "POST");
    let refused = control.origin(PAGE).await;
    assert_eq!(refused.header("access-control-allow-origin"), None);
    let control = lobby.options("/_lobby/token").header("access-control-request-method", "POST");
    assert_eq!(control.origin(NEAR).await.header("access-control-allow-origin"), Some(NEAR));
    // OPTIONS that is no preflight is a request like any other.
    lobby.options("/books").await.is_denied(405, "method.unknown");
}

#[tokio::test]
async fn answers_denials_and_endpoints_let_the_page_read_them() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let answers = [
        lobby.get("/open").origin(PAGE).await,
        lobby.get("/books").origin(PAGE).await,
        lobby.get("/nowhere").origin(PAGE).await,
        lobby.get("/_lobby/oauth/jwks").origin(PAGE).await,
        lobby.get("/.well-known/openid-configuration").origin(PAGE).await,
        lobby.post("/_lobby/oauth/token").origin(PAGE).form(&[]).await,
        lobby.get("/_lobby/openapi.json").origin(PAGE).await,
    ];
    for answer in &answers {
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE), "{answer:?}");
        let exposed = answer.header("access-control-expose-headers").unwrap().to_ascii_lowercase();
        for name in [
            "www-authenticate",
            "retry-after",
            "ratelimit",
            "ratelimit-policy",
            "dpop-nonce",
            "location",
            "etag",
            "link",
            "lobby-verdict",
        ] {
            assert!(exposed.split(',').any(|one| one.trim() == name), "{name} in {exposed}");
        }
        assert!(vary_has_origin(answer));
    }
    for page in ["/_lobby/sign-in", "/_lobby/device"] {
        let answer = lobby.get(page).origin(PAGE).await;
        assert_eq!(
            answer.header("access-control-allow-origin"),
            None,
            "{page} is no page for other sites to read"
        );
    }
}

async fn bare() -> Lobby {
    mock("bookshop.openapi.yaml").arguments(&["--no-cors"]).await
}

#[tokio::test]
async fn without_cors_no_field_is_sent_and_options_is_judged() {
    let lobby = bare().await;
    let preflight = lobby.options("/books").origin(PAGE).header("access-control-request-method", "GET").await;
    preflight.is_denied(405, "method.unknown");
    let answer = lobby.get("/open").origin(PAGE).await;
    let control = lobby.get("/_lobby/personas").origin(NEAR).await;
    control.is(200);
    for answer in [&preflight, &answer, &control] {
        assert!(
            answer.headers().keys().all(|name| !name.as_str().starts_with("access-control-")),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn every_mock_answer_names_its_verdict_operation_and_request() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let first = lobby.get("/open").await;
    let second = lobby.get("/open").await;
    assert_eq!(first.header("lobby-verdict"), Some("allow"));
    assert_eq!(first.header("lobby-operation"), Some("openingHours"));
    assert_ne!(first.header("lobby-request-id"), second.header("lobby-request-id"));
    let head = lobby.head("/open").await;
    assert!(head.is_allowed().body().is_empty());
    assert_eq!(head.header("content-length").unwrap(), first.body().len().to_string());
    let entries = lobby.journal("method=HEAD").await;
    assert_eq!(entries[0]["answer"]["body"], "", "what was not sent is not shown");
    for (path, status, verdict) in [
        ("/_lobby/clock", 200, "allow"),
        ("/_lobby/control.json", 200, "allow"),
        ("/_lobby/openapi.json", 200, "allow"),
        ("/_lobby/openapi/nowhere.json", 404, "operation.unknown"),
        ("/_lobby/nowhere", 404, "operation.unknown"),
        ("/_lobby/verify", 405, "method.unknown"),
        ("/_lobby/oauth/jwks", 200, "allow"),
        ("/_lobby/sign-in", 200, "allow"),
    ] {
        let answer = lobby.get(path).await;
        assert_eq!(answer.is(status).header("lobby-verdict"), Some(verdict), "{path}");
        assert_eq!(answer.header("lobby-request-id").map(str::len), Some(24), "{path}");
    }
}

#[tokio::test]
async fn the_documents_are_served_and_name_each_other() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let health = lobby.get("/_lobby/health").await.json();
    assert_eq!((&health["status"], &health["generation"]), (&json!("ready"), &json!(1)));
    let absent = lobby.get("/_lobby/openapi/none.json").await;
    absent.is_refused(404, "operation.unknown");
    assert_eq!(absent.string("/title"), "There is no such document");
    let document = lobby.get("/_lobby/openapi.json").await;
    document.is(200);
    let text = document.text();
    assert!(
        text.contains(&format!("{}/_lobby/oauth/token", lobby.url())) || text.contains(&lobby.url()),
        "{text}"
    );
    lobby.get("/_lobby/control.json").await.is(200);
    let personas = lobby.get("/_lobby/personas").await.json();
    let names: Vec<&str> =
        personas.as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["alice", "guest", "suspended"]);
    let alternatives = lobby.credentials("alice", "listBooks").await;
    assert_eq!(alternatives.len(), 2);
    assert_eq!(alternatives[1]["headers"]["X-API-Key"], "alice-badge-key");
}

#[tokio::test]
async fn beyond_the_loopback_no_secret_is_taken_over_plain_http() {
    let lobby = mock("bookshop.openapi.yaml").config("trusted_proxies: [127.0.0.1/32]\n").await;
    let far = |call: testkit::Call| call.header("x-forwarded-for", "203.0.113.9");
    let form = [("grant_type", "client_credentials"), ("client_id", "app"), ("client_secret", "shh")];
    far(lobby.post("/_lobby/oauth/token").form(&form)).await.is_denied(403, "transport.insecure");
    for path in ["/_lobby/oauth/authorize?client_id=app", "/_lobby/sign-in", "/_lobby/device"] {
        far(lobby.get(path)).await.is_denied(403, "transport.insecure");
    }
    for path in ["/_lobby/oauth/jwks", "/.well-known/openid-configuration"] {
        far(lobby.get(path)).await.is(200);
    }
    let open = mock("bookshop.openapi.yaml").config("trusted_proxies: [127.0.0.1/32]\n");
    let open = open.arguments(&["--insecure"]).await;
    far(open.post("/_lobby/oauth/token").form(&form)).await.is(200);
}

#[tokio::test]
async fn an_address_is_told_its_limit_whatever_it_asks_for() {
    let lobby = mock("bookshop.openapi.yaml").config("limits: { per_address: 3/min }\n").await;
    let open = lobby.get("/open").await;
    open.is(200);
    assert_eq!(open.header("ratelimit"), Some("\"address\";r=2;t=20"));
    let lost = lobby.get("/nowhere").await;
    lost.is_refused(404, "operation.unknown");
    assert_eq!(lost.header("ratelimit-policy"), Some("\"address\";q=3;w=60"));
    lobby.get("/open").await.is(200);
    for call in [lobby.get("/nowhere"), lobby.delete("/open"), lobby.get("/open")] {
        let over = call.await;
        over.is_denied(429, "rate.limited");
        assert!(over.header("retry-after").is_some() && over.header("ratelimit").is_some());
        assert!(!over.json()["detail"].as_str().unwrap().contains("operation"), "{}", over.json());
    }
}

#[tokio::test]
async fn the_sandbox_for_which_there_is_no_room_is_told_so() {
    let lobby = mock("bookshop.openapi.yaml").config("sandboxes: { max: 2 }\n").await;
    for name in ["a", "b"] {
        lobby.get("/open").sandbox(name).await.is(200);
    }
    let full = lobby.get("/open").sandbox("c").await;
    full.is_refused(503, "sandbox.full");
    lobby.delete("/_lobby/sandboxes/a").await.is(204);
    lobby.get("/open").sandbox("c").await.is(200);
}
