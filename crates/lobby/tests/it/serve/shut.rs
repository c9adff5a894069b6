//! What a mock leaves open, and production does not.

use testkit::serve;

use super::{ALONE, shared_mock};

#[tokio::test]
async fn nothing_of_a_mock_reaches_an_authorization_server_that_is_alone() {
    let lobby = serve(ALONE).await;
    let keys = lobby.get("/_lobby/oauth/jwks").await.json()["keys"].clone();
    let directed = lobby.get("/_lobby/oauth/jwks").header("lobby-scenario", "keys:rotate").await;
    assert_eq!(directed.json()["keys"], keys);
    let elsewhere = lobby.get("/_lobby/oauth/jwks").header("lobby-sandbox", "t-42").await;
    assert_eq!(elsewhere.json()["keys"], keys, "there is no sandbox");
    lobby.get("/_lobby/in/t-42/.well-known/openid-configuration").await.is(404);
    for path in ["/_lobby/health", "/_lobby/journal", "/_lobby/clock", "/_lobby/denials"] {
        lobby.get(path).await.is(404);
    }
    let token = lobby.post("/_lobby/token").json(&serde_json::json!({ "as": "alice" })).await;
    token.is(404);
}

#[tokio::test]
async fn a_shared_mock_is_directed_by_its_token_and_its_issuer_by_nobody() {
    let control = "control: { token: '${CONTROL}' }\n";
    let lobby = serve(&format!("{}{control}", shared_mock())).variable("CONTROL", "t0ken").await;
    lobby.get("/_lobby/journal").await.is(401);
    lobby.get("/_lobby/journal").bearer("t0ken").await.is(200);
    lobby.get("/open").header("lobby-scenario", "status:503").bearer("t0ken").await.is(503);
    let keys = lobby.get("/_lobby/oauth/jwks").await.json()["keys"].clone();
    let directed = lobby.get("/_lobby/oauth/jwks").header("lobby-scenario", "keys:rotate").await;
    assert_eq!(directed.json()["keys"], keys);
    lobby.get("/_lobby/oauth/jwks").header("lobby-scenario", "status:500").await.is(200);
}

#[tokio::test]
async fn a_stranger_chooses_neither_what_a_shared_mock_plays_nor_a_sandbox_of_it() {
    let control = "control: { token: '${CONTROL}' }\n";
    let lobby = serve(&format!("{}{control}", shared_mock())).variable("CONTROL", "t0ken").await;
    let listed = lobby.get("/_lobby/sandboxes").bearer("t0ken");
    for shown in ["", "wrong"] {
        let stranger =
            lobby.get("/open").header("lobby-scenario", "status:503").header("lobby-sandbox", "t-1");
        let stranger = if shown.is_empty() { stranger } else { stranger.bearer(shown) };
        stranger.await.is(200);
        lobby.get("/_lobby/in/t-1/open").await.is(401);
        lobby.get("/_lobby/in/t-1/_lobby/sign-in").await.is(401);
    }
    assert!(!listed.await.text().contains("t-1"));
    lobby.get("/open").sandbox("t-1").bearer("t0ken").await.is(200);
    assert!(lobby.get("/_lobby/sandboxes").bearer("t0ken").await.text().contains("t-1"));
    // Who may choose one finds nobody in it: the authorization server is main's, with its clock.
    let moved = lobby.post("/_lobby/clock").bearer("t0ken").sandbox("t-1");
    moved.json(&serde_json::json!({"advance": "3650d"})).await.is(200);
    let there = lobby.get("/_lobby/in/t-1/.well-known/openid-configuration").bearer("t0ken").await;
    assert_eq!(there.text(), lobby.get("/.well-known/openid-configuration").await.text());
}

#[tokio::test]
async fn without_a_token_nobody_directs_a_shared_mock_not_even_from_this_machine() {
    let lobby = serve(&shared_mock()).await;
    lobby.get("/_lobby/journal").await.is(401);
}

#[tokio::test]
async fn personas_are_nobody_in_production() {
    let personas = "personas: { alice: { scopes: [books:read], keys: { apiKey: k } } }\n";
    let lobby = serve(&format!("{}{personas}", shared_mock())).await;
    assert!(lobby.talk().contains("personas: are a mock's"), "{}", lobby.talk());
    let form = [("grant_type", "password"), ("username", "alice"), ("password", "alice"), ("client_id", "a")];
    let granted = lobby.post("/_lobby/oauth/token").form(&form).await;
    assert!(granted.status() == 400 || granted.status() == 401, "{granted:?}");
    assert_eq!(granted.json()["access_token"], serde_json::Value::Null);
    let stranger = [("grant_type", "client_credentials"), ("client_id", "anybody")];
    lobby.post("/_lobby/oauth/token").form(&stranger).await.is(401);
}

#[tokio::test]
async fn an_address_has_600_requests_a_minute_unless_another_number_is_written() {
    let lobby = serve(&shared_mock()).await;
    let policy = lobby.get("/open").await;
    assert!(policy.header("ratelimit-policy").is_some_and(|policy| policy.contains("q=600")), "{policy:?}");
    let lobby = serve(&format!("{}limits: {{ per_address: 7/min }}\n", shared_mock())).await;
    let policy = lobby.get("/open").await;
    assert!(policy.header("ratelimit-policy").is_some_and(|policy| policy.contains("q=7")), "{policy:?}");
    // Of pages and tokens as of APIs: they write, too.
    for number in 0..6 {
        let page = lobby.get("/_lobby/sign-in").await;
        assert_ne!(page.status(), 429, "{number}");
    }
    let form = [("client_id", "app"), ("response_type", "code")];
    let pushed = lobby.post("/_lobby/oauth/par").form(&form).await;
    pushed.is_denied(429, "rate.limited");
    assert!(pushed.header("retry-after").is_some() && pushed.header("ratelimit").is_some(), "{pushed:?}");
    lobby.get("/_lobby/sign-in").await.is(429);
    lobby.get("/open").await.is(429);
    // What is published stays everybody's, and what a server asks for many is not one of them.
    lobby.post("/_lobby/oauth/introspect").form(&[("token", "x")]).await.is(401);
    lobby.post("/_lobby/oauth/token").form(&[("grant_type", "x")]).await.is(401);
    lobby.get("/_lobby/oauth/jwks").await.is(200);
    lobby.get("/.well-known/openid-configuration").await.is(200);
}
