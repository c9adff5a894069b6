//! How answers are chosen and made, over the wire: `Prefer`, the switches of `lobby mock`, negotiation, and what
//! is said about a request that is not as the document says.

use serde_json::{Value, json};
use testkit::{Lobby, mock, run};

const BOOKS: &str = "/books";

async fn shop(arguments: &[&str]) -> Lobby {
    mock("bookshop.openapi.yaml").arguments(arguments).await
}

#[tokio::test]
async fn prefer_asks_for_a_denial_whatever_the_verdict_was() {
    let lobby = shop(&[]).await;
    let token = lobby.token("alice").await;
    for (prefer, status, code, challenged) in [
        ("code=401", 401, "credential.missing", true),
        ("code=403", 403, "scope.insufficient", true),
        ("code=429", 429, "rate.limited", false),
    ] {
        for call in [lobby.get(BOOKS), lobby.get(BOOKS).bearer(&token)] {
            let answer = call.prefer(prefer).await;
            answer.is_denied(status, code);
            assert_eq!(answer.header("preference-applied"), Some(prefer));
            assert_eq!(answer.header("www-authenticate").is_some(), challenged, "{prefer}");
            assert_eq!(answer.json()["code"], code);
        }
    }
    let slow = lobby.get(BOOKS).prefer("code=429").await;
    assert_eq!(slow.header("ratelimit"), Some("\"free\";r=0;t=17"));
    assert_eq!(slow.header("retry-after"), Some("17"));
    let unknown = lobby.get(BOOKS).prefer("code=401, example=nope").await;
    let hint = unknown.is(401).header("lobby-hint").unwrap_or_default();
    assert!(hint.contains("there is no example `nope`") && hint.contains("401"), "{hint}");
    // Any other status only after an allow.
    lobby.get("/books/b-1001").prefer("code=404").await.is_denied(401, "credential.missing");
    let missing = lobby.get("/books/b-1001").bearer(&token).prefer("code=404").await;
    assert_eq!(missing.json()["title"], "No such book");
    // A scenario is stronger.
    lobby.get(BOOKS).bearer(&token).scenario("status:503").prefer("code=401").await.is(503);
}

#[tokio::test]
async fn a_documented_problem_tells_this_denial() {
    let lobby = shop(&[]).await;
    for (token, code) in [("", "credential.missing"), ("no.such.token", "credential.malformed")] {
        let call = lobby.get(BOOKS);
        let answer = if token.is_empty() { call.await } else { call.bearer(token).await };
        answer.is_denied(401, code);
        let body = answer.json();
        assert_eq!((&body["code"], &body["status"]), (&json!(code), &json!(401)));
        assert_eq!(body["request_id"].as_str(), answer.header("lobby-request-id"));
    }
    // An example stands as it is written.
    let guest = lobby.token("guest").await;
    let forbidden = lobby.post(BOOKS).bearer(&guest).json(&json!({})).await;
    assert_eq!(forbidden.json(), json!({"title": "You may not do that", "status": 403}));
}

#[tokio::test]
async fn an_invalid_request_is_refused_warned_of_or_taken() {
    let wrong = "/books?limit=none";
    let strict = shop(&["--auth", "off"]).await;
    let answer = strict.get(wrong).await;
    answer.is_denied(422, "request.invalid");
    assert_eq!(answer.json()["errors"][0]["name"], "limit");
    let xml = strict.post(BOOKS).body("text/xml", "<a/>").await;
    xml.is_denied(415, "body.type");
    assert_eq!(xml.header("accept"), Some("application/json"));
    strict.get(BOOKS).accept("image/png").await.is_denied(406, "answer.none");
    let warn = shop(&["--auth", "off", "--validate", "warn"]).await;
    let warned = warn.get(wrong).await;
    assert!(warned.is_allowed().header("lobby-hint").unwrap().contains("limit"));
    let off = shop(&["--auth", "off", "--validate", "off"]).await;
    assert_eq!(off.get(wrong).await.is_allowed().header("lobby-hint"), None);
}

#[tokio::test]
async fn generated_values_follow_the_seed_and_the_switches() {
    let me = "/users/alice/orders";
    let first = shop(&["--auth", "off", "--seed", "7"]).await;
    let second = shop(&["--auth", "off", "--seed", "7"]).await;
    let other = shop(&["--auth", "off", "--seed", "8"]).await;
    let seen = first.get(me).await.json();
    assert_eq!(seen, first.get(me).await.json());
    assert_eq!(seen, second.get(me).await.json());
    assert_ne!(seen, other.get(me).await.json());
    let example = first.get(BOOKS).await.json();
    assert_eq!(example["items"][0]["title"], "The Left Hand of Darkness");
    assert_ne!(example, first.get(BOOKS).prefer("dynamic=true").await.json());
    let dynamic = shop(&["--auth", "off", "--dynamic"]).await;
    assert_ne!(example, dynamic.get(BOOKS).await.json());
    let plain = shop(&["--auth", "off", "--values", "plain"]).await;
    assert_eq!(plain.get("/me").await.json()["name"], "string");
}

#[tokio::test]
async fn an_allowed_answer_tells_what_is_left_of_the_plan() {
    let config = "plans:\n  free: { limits: 60/min }\npersonas:\n  alice: { plan: free }\n";
    let lobby = mock("bookshop.openapi.yaml").config(config).await;
    let answer = lobby.get("/stock").header("x-api-key", "alice-badge-key").await;
    answer.is_allowed();
    assert_eq!(answer.header("ratelimit-policy"), Some("\"free\";q=60;w=60"));
    assert!(answer.header("ratelimit").unwrap().starts_with("\"free\";r=59;t="), "{answer:?}");
}

#[tokio::test]
async fn a_body_of_xml_is_at_least_well_formed() {
    let document = r#"{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{"/notes":{"post":{
        "requestBody":{"content":{"application/xml":{"schema":{"type":"object"}}}},
        "responses":{"201":{"description":"made","content":{"application/json":{"schema":{"type":"object"}}}},
        "400":{"description":"wrong","content":{"application/json":{"schema":{"type":"object","required":["error"],
        "properties":{"error":{"type":"object","properties":{"code":{"type":"integer"},"message":{"type":"string"}}}}}}}}}}}}}"#;
    let lobby = run("mock").document("notes.json", document).await;
    lobby.post("/notes").body("application/xml", "<note><to>Ada</to></note>").await.is(201);
    let answer = lobby.post("/notes").body("application/xml", "<note><to>Ada</note>").await;
    answer.is_denied(400, "request.invalid");
    let body: Value = answer.json();
    assert_eq!(body["error"]["code"], 400);
    assert!(answer.header("lobby-hint").unwrap().contains("</note>"), "{body}");
}
