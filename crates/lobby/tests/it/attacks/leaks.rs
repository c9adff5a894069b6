//! R13: what answers tell that is nobody's business.

use http::Method;
use serde_json::{Value, json};
use testkit::{Answer, Lobby, mock};

use super::{ORDERS, exchange};
use crate::oauth::strict;

/// What no answer says: what runs here, where its files lie, and what its code is called.
fn secrets(lobby: &Lobby) -> Vec<String> {
    let fixed = [
        "panicked",
        "backtrace",
        "stack trace",
        ".rs:",
        "src/",
        "/root/",
        "/home/",
        "/usr/",
        "/tmp/",
        "target/debug",
        "hyper",
        "tokio",
        "rustls",
        "rusqlite",
        "sqlite",
        "serde",
        "called `",
        "poisoned",
        "lobby/0.",
        "lobby/1.",
    ];
    let folder = lobby.folder().to_str().unwrap().to_owned();
    let examples = testkit::example("").to_str().unwrap().to_owned();
    fixed.map(str::to_owned).into_iter().chain([folder, examples]).collect()
}

const BANNERS: [&str; 6] = ["server", "x-powered-by", "via", "x-runtime", "x-aspnet-version", "x-generator"];

/// A refusal of each kind that the API, the authorization server and control have.
async fn refusals(lobby: &Lobby) -> Vec<(&'static str, Answer)> {
    let alice = lobby.token("alice").await;
    let narrow = lobby.token("alice").scope("orders:write").await;
    let import = |kind: &str, body: &'static str| lobby.post("/imports").bearer(&alice).body(kind, body);
    let mut all = vec![
        ("API: nothing presented", lobby.get(ORDERS).await),
        ("API: malformed", lobby.get(ORDERS).bearer("eyJ.no.token").await),
        ("API: two fields", lobby.get(ORDERS).bearer(&alice).bearer(&alice).await),
        ("API: unknown key", lobby.get("/stock").header("x-api-key", "nobody").await),
        ("API: wrong password", lobby.get("/reports").basic("alice", "wrong").await),
        ("API: scope", lobby.get(ORDERS).bearer(&narrow).await),
        ("API: policy", lobby.get("/users/bob/orders").bearer(&alice).await),
        ("API: no operation", lobby.get("/nowhere").await),
        ("API: no method", lobby.put("/open").await),
        ("API: path", lobby.get("/open%00").await),
        ("API: type", import("text/plain", "books").await),
        ("API: syntax", import("application/json", "{\"a\": nul").await),
        ("API: schema", import("application/json", "[{}]").await),
        ("API: parameter", lobby.get(&format!("{ORDERS}?limit=%ff")).bearer(&alice).await),
        ("API: nothing acceptable", lobby.get("/open").accept("image/png").await),
        ("API: scenario", lobby.get("/open").scenario("nonsense:").await),
        ("API: 500", lobby.get("/open").scenario("status:500").await),
        ("API: 503", lobby.get("/open").scenario("status:503").await),
        ("API: sandbox", lobby.get("/open").sandbox("../../etc/passwd").await),
        ("API: prefer", lobby.get("/open").prefer("code=500").await),
    ];
    let form = |fields: &[(&str, &str)]| lobby.post("/_lobby/oauth/token").form(fields);
    let code = [("grant_type", "authorization_code"), ("client_id", "app"), ("code", "main_AAAA\0")];
    all.extend([
        ("server: no grant", form(&[]).await),
        ("server: code", form(&code).await),
        ("server: no form", lobby.post("/_lobby/oauth/token").json(&json!({"grant_type": 1})).await),
        (
            "server: not UTF-8",
            lobby.post("/_lobby/oauth/token").body("application/x-www-form-urlencoded", "a=%ff").await,
        ),
        ("server: stranger", lobby.post("/_lobby/oauth/introspect").form(&[("token", "x")]).await),
        ("server: page", lobby.get("/_lobby/oauth/authorize?client_id=app&redirect_uri=javascript:1").await),
        (
            "server: form of nobody",
            lobby.post("/_lobby/sign-in").form(&[("token", "x"), ("request", "y")]).await,
        ),
        ("server: method", lobby.put("/_lobby/oauth/token").await),
        ("server: asset", lobby.get("/_lobby/assets/../../Cargo.toml").await),
        ("server: no asset", lobby.get("/_lobby/assets/nothing.css").await),
        ("server: user info", lobby.get("/_lobby/oauth/userinfo").bearer("x").await),
        ("server: 500", lobby.get("/_lobby/oauth/jwks").scenario("status:500").await),
        ("server: resource", lobby.get("/.well-known/oauth-protected-resource/nowhere").await),
        (
            "server: device",
            lobby.post("/_lobby/oauth/device").form(&[("client_id", "tv"), ("scope", "no:such")]).await,
        ),
        ("server: PAR", lobby.post("/_lobby/oauth/par").form(&[("request_uri", "x")]).await),
    ]);
    let call = |body: Value| lobby.post("/_lobby/clock").json(&body);
    all.extend([
        ("control: no call", lobby.get("/_lobby/nowhere").await),
        ("control: method", lobby.request(Method::PATCH, "/_lobby/clock").await),
        ("control: syntax", lobby.post("/_lobby/clock").body("application/json", "{").await),
        ("control: deep", lobby.post("/_lobby/clock").body("application/json", "[".repeat(10_000)).await),
        ("control: not UTF-8", lobby.post("/_lobby/clock").body("application/json", &b"\xff\xfe"[..]).await),
        ("control: member", call(json!({"advanse": "1m"})).await),
        ("control: value", call(json!({"advance": "99999999999999999999d"})).await),
        ("control: type", lobby.post("/_lobby/clock").body("text/plain", "{}").await),
        ("control: host", lobby.get("/_lobby/clock").host("evil.example").await),
        ("control: origin", lobby.get("/_lobby/clock").origin("https://evil.example").await),
        ("control: token", lobby.get("/_lobby/clock").header("x-forwarded-for", "203.0.113.9").await),
        ("control: absent", lobby.delete("/_lobby/sandboxes/no-such").await),
        ("control: persona", lobby.post("/_lobby/token").json(&json!({"as": "nobody"})).await),
        ("control: play", lobby.post("/_lobby/scenarios").json(&json!({"play": "nonsense"})).await),
        ("control: mismatch", lobby.verify(&json!({"match": {"operation": "listBooks"}, "count": 7})).await),
        ("control: document", lobby.get("/_lobby/openapi/nowhere.json").await),
    ]);
    all
}

/// R13
#[tokio::test]
async fn no_refusal_tells_what_runs_here_or_where() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let version = lobby.get("/_lobby/health").await.string("/version");
    let secrets = secrets(&lobby);
    for (what, answer) in refusals(&lobby).await {
        assert!(answer.status() >= 400, "{what}: {}", answer.status());
        for banner in BANNERS {
            assert_eq!(answer.header(banner), None, "{what}: {banner}");
        }
        let fields: String = answer.headers().iter().fold(String::new(), |all, (name, value)| {
            all + &format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()))
        });
        let told = fields + answer.text();
        assert!(!told.contains(&version), "{what}: the version is in {told}");
        let lower = told.to_ascii_lowercase();
        for secret in &secrets {
            assert!(!lower.contains(&secret.to_ascii_lowercase()), "{what}: {secret} is in {told}");
        }
    }
    let long = "x".repeat(70_000);
    for request in [
        "GARBAGE\r\n\r\n".to_owned(),
        format!("GET /open HTTP/1.1\r\nHost: localhost\r\nX-A: {long}\r\n\r\n"),
        format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ] {
        let answer = exchange(&lobby, request).await.to_ascii_lowercase();
        assert!(!answer.contains("server:"), "{answer}");
        assert!(secrets.iter().all(|secret| !answer.contains(secret)), "{answer}");
    }
}

/// R13
#[tokio::test]
async fn what_is_there_and_what_is_not_are_refused_alike() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let alice = lobby.token("alice").await;
    let orders = async |user: &str| lobby.get(&format!("/users/{user}/orders")).bearer(&alice).await;
    alike(&orders("suspended").await, &orders("nobody-of-that-name").await);
    let anonymous = async |path: &str| lobby.get(path).await;
    alike(&anonymous("/nowhere").await, &lobby.get("/nowhere").bearer(&alice).await);
    alike(&anonymous("/nowhere").await, &lobby.get("/nowhere").bearer("eyJ.no.token").await);
    let basic = async |name: &str| lobby.get("/reports").basic(name, "wrong").await;
    alike(&basic("alice").await, &basic("nobody").await);
    alike(&basic("alice").await, &basic("suspended").await);
    let key = async |key: &str| lobby.get("/stock").header("x-api-key", key).await;
    alike(&key("alice-badge-ke").await, &key("nobody").await);
    let strict = strict().await;
    let introspect = async |client: &str| {
        strict.post("/_lobby/oauth/introspect").basic(client, "wrong").form(&[("token", "x")]).await
    };
    alike(&introspect("web").await, &introspect("nobody").await);
    let redeem = async |code: &str| {
        let form = [("grant_type", "authorization_code"), ("client_id", "app"), ("code", code)];
        lobby.post("/_lobby/oauth/token").form(&form).await
    };
    alike(&redeem("main_AAAAAAAAAAAAAAAAAAAAAAAA").await, &redeem("nonsense").await);
}

/// Expects two answers that differ in nothing but the request's own id and time.
#[track_caller]
fn alike(one: &Answer, other: &Answer) {
    let shape = |answer: &Answer| {
        let fields: Vec<(String, String)> = answer
            .headers()
            .iter()
            .filter(|(name, _)| !["date", "lobby-request-id"].contains(&name.as_str()))
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let mut body = answer.json();
        if let Some(body) = body.as_object_mut() {
            body.remove("request_id");
        }
        (answer.status(), fields, body)
    };
    let (one, other) = (shape(one), shape(other));
    assert!(one.0 >= 400, "{one:?}");
    assert_eq!(one, other);
}
