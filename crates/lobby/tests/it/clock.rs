//! The clock that a test moves (control.md, The clock).

use model::Timestamp;
use serde_json::{Value, json};
use testkit::{Client, mock};

use crate::browser;

const ORDERS: &str = "/users/alice/orders";

fn instant(value: &Value) -> Timestamp {
    Timestamp::parse_rfc3339(value.as_str().unwrap()).unwrap()
}

async fn turn(lobby: &Client, body: Value) -> Value {
    let answer = lobby.post("/_lobby/clock").json(&body).await;
    answer.is(200);
    answer.json()
}

#[tokio::test]
async fn an_advanced_clock_expires_tokens_and_a_refresh_brings_new_ones() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let client = lobby.another();
    let issued = browser::tokens(&client, "alice", "orders:read").await;
    assert_eq!(issued["expires_in"], 600);
    let access = issued["access_token"].as_str().unwrap();
    lobby.get(ORDERS).bearer(access).await.is_allowed();
    lobby.advance("10m").await;
    lobby.get(ORDERS).bearer(access).await.is_denied(401, "token.expired");
    let refreshed = browser::refresh(&client, issued["refresh_token"].as_str().unwrap()).await;
    refreshed.is(200);
    lobby.get(ORDERS).bearer(refreshed.string("/access_token")).await.is_allowed();
    lobby.advance("31d").await;
    let late = browser::refresh(&client, &refreshed.string("/refresh_token")).await;
    late.is_oauth_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_new_tokens_claims_satisfy_a_clients_own_clock_whatever_the_sandboxs() {
    let lobby = mock("bookshop.openapi.yaml").await;
    lobby.advance("40d").await;
    let issued = browser::tokens(&lobby.another(), "alice", "openid").await;
    let payload = issued["id_token"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
    let claims: Value = serde_json::from_slice(&jose::base64url::decode_strict(&payload).unwrap()).unwrap();
    let real = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    for earlier in ["iat", "auth_time"] {
        assert!(claims[earlier].as_i64().unwrap() <= real, "{earlier}: {claims}");
    }
    assert!(claims["exp"].as_i64().unwrap() > real + 39 * 86_400, "{claims}");
}

#[tokio::test]
async fn the_clock_is_advanced_set_frozen_and_reset() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let shown = lobby.get("/_lobby/clock").await;
    assert_eq!((&shown.json()["offset_seconds"], &shown.json()["frozen"]), (&json!(0), &json!(false)));
    let moved = turn(&lobby, json!({"advance": "15m"})).await;
    assert_eq!(moved["offset_seconds"], 900);
    let frozen = turn(&lobby, json!({"frozen": true})).await;
    let again = lobby.get("/_lobby/clock").await.json();
    assert_eq!((&again["now"], &again["frozen"]), (&frozen["now"], &json!(true)));
    let advanced = turn(&lobby, json!({"advance": "1h"})).await;
    assert_eq!(instant(&advanced["now"]).since(instant(&frozen["now"])).as_secs(), 3600);
    assert_eq!(advanced["frozen"], true);
    let set = turn(&lobby, json!({"set": "2027-01-01T00:00:00Z"})).await;
    assert_eq!(instant(&set["now"]), Timestamp::parse_rfc3339("2027-01-01T00:00:00Z").unwrap());
    turn(&lobby, json!({"set": "2020-01-01T00:00:00Z"})).await;
    let reset = turn(&lobby, json!({"reset": true})).await;
    assert_eq!((&reset["offset_seconds"], &reset["frozen"]), (&json!(0), &json!(false)));
}

#[tokio::test]
async fn a_clock_call_that_is_not_exactly_one_thing_is_refused() {
    let lobby = mock("bookshop.openapi.yaml").await;
    for body in [
        json!({}),
        json!({"advance": "15m", "reset": true}),
        json!({"advance": "-15m"}),
        json!({"advance": 15}),
        json!({"set": "tomorrow"}),
        json!({"reset": false}),
        json!([]),
    ] {
        lobby.post("/_lobby/clock").json(&body).await.is_refused(400, "request.invalid");
    }
    let typo = lobby.post("/_lobby/clock").json(&json!({"advnce": "15m"})).await;
    typo.is_refused(400, "request.invalid");
    assert!(typo.string("/detail").contains("advance"), "{}", typo.text());
    lobby.put("/_lobby/clock").json(&json!({"reset": true})).await.is_refused(405, "method.unknown");
}

#[tokio::test]
async fn a_clock_set_back_makes_a_span_nothing_and_never_negative() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let token = lobby.token("alice").await;
    turn(&lobby, json!({"set": "2020-01-01T00:00:00Z"})).await;
    lobby.get(ORDERS).bearer(&token).await.is_denied(401, "token.not_yet_valid");
    let early = lobby.token("alice").scope("orders:read profile").await;
    lobby.get(ORDERS).bearer(&early).await.is_allowed();
    lobby.post("/payment").bearer(&early).json(&json!({"iban": "DE02120300000000202051"})).await.is_allowed();
}

#[tokio::test]
async fn a_sign_in_that_opens_an_api_ends_when_it_is_not_used_and_lives_when_it_is() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let client = lobby.another();
    browser::sign_in(&client, "alice").await;
    let session = client.cookie(&format!("lobby-session-{}", lobby.port())).unwrap();
    let basket = || lobby.get("/basket").cookie("bookshop_session", &session);
    for _ in 0..3 {
        lobby.advance("7h").await;
        basket().await.is_allowed();
    }
    lobby.advance("8h").await;
    basket().await.is_denied(401, "key.expired");
}
