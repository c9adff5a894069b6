//! Plays: each step is given to exactly one request; faults; what a scenario may not do (control.md).

use std::sync::Arc;

use serde_json::json;
use testkit::{Client, Lobby, mock};
use tokio::task::JoinSet;

use crate::app::{App, is_error};

const ORDERS: &str = "/users/alice/orders";

#[tokio::test]
async fn a_play_gives_each_step_to_one_request_and_then_the_truth() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let alice = lobby.token("alice").await;
    let id = lobby.play(&["ok", "token.expired", "status:503", "ok"]).await;
    let ask = || lobby.get(ORDERS).bearer(&alice);
    ask().await.is_allowed();
    lobby.get("/_lobby/health").await.is(200);
    lobby
        .options(ORDERS)
        .origin("http://localhost:3000")
        .header("access-control-request-method", "GET")
        .await
        .is(204);
    let list = lobby.get("/_lobby/scenarios").await.json();
    assert_eq!(
        (&list[0]["id"], &list[0]["remaining"]),
        (&json!(id), &json!(3)),
        "control and preflights take none"
    );
    ask().await.is_denied(401, "token.expired");
    ask().await.is(503);
    ask().await.is_allowed();
    ask().await.is_allowed();
    lobby.delete(&format!("/_lobby/scenarios/{id}")).await.is(204);
    lobby.delete(&format!("/_lobby/scenarios/{id}")).await.is(404);
}

#[tokio::test]
async fn a_thousand_requests_at_once_over_five_hundred_steps_see_exactly_five_hundred() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let steps = vec!["status:503"; 500];
    lobby.play(&steps).await;
    let mut running = JoinSet::new();
    let client: Arc<Client> = Arc::new(lobby.another());
    for _ in 0..50 {
        let client = client.clone();
        running.spawn(async move {
            let mut failed = 0;
            for _ in 0..20 {
                failed += usize::from(client.get("/open").await.status() == 503);
            }
            failed
        });
    }
    let failed: usize = running.join_all().await.into_iter().sum();
    assert_eq!(failed, 500);
    let journal = lobby.get("/_lobby/journal?status=503&limit=10000").await.json();
    assert_eq!(journal["entries"].as_array().unwrap().len(), 500);
}

#[tokio::test]
async fn the_header_wins_then_persona_with_operation_persona_operation_sandbox() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let alice = lobby.token("alice").await;
    for (play, persona, operation) in [
        ("status:500", None, None),
        ("status:501", None, Some("listOrders")),
        ("status:502", Some("alice"), None),
        ("status:503", Some("alice"), Some("listOrders")),
    ] {
        let mut body = json!({"play": play});
        for (member, value) in [("persona", persona), ("operation", operation)] {
            if let Some(value) = value {
                body[member] = json!(value);
            }
        }
        lobby.post("/_lobby/scenarios").json(&body).await.is(201);
    }
    lobby.get(ORDERS).bearer(&alice).scenario("status:504").await.is(504);
    for status in [503, 502, 501, 500, 200] {
        lobby.get(ORDERS).bearer(&alice).await.is(status);
    }
}

#[tokio::test]
async fn of_two_equal_plays_the_newer_acts_and_the_older_waits_and_repeat_begins_again() {
    let lobby = mock("bookshop.openapi.yaml").await;
    lobby.play(&["status:500"]).await;
    lobby
        .post("/_lobby/scenarios")
        .json(&json!({"play": ["ok", "status:501"], "repeat": true}))
        .await
        .is(201);
    for status in [200, 501, 200, 501, 200] {
        lobby.get("/open").await.is(status);
    }
    lobby.delete("/_lobby/scenarios").await.is(204);
    lobby.get("/open").await.is_allowed();
}

#[tokio::test]
async fn a_scenario_denies_whatever_was_presented_and_never_lets_anybody_in() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let denials = lobby.get("/_lobby/denials").await.json();
    let denials = denials["denials"].as_array().unwrap();
    assert!(denials.len() > 35);
    for denial in denials {
        let (code, status) = (denial["code"].as_str().unwrap(), denial["status"].as_u64().unwrap());
        let status = u16::try_from(status).unwrap();
        // Of answers that are no denials there are no scenarios.
        if code.starts_with("upstream") || status == 404 {
            continue;
        }
        let answer = lobby.get(ORDERS).scenario(code).await;
        assert_eq!(
            (answer.status(), answer.header("lobby-verdict")),
            (status, Some(code)),
            "{}",
            answer.text()
        );
        if status == 429 {
            assert!(answer.header("retry-after").is_some(), "{code}");
        }
        if code.starts_with("proof.") {
            assert!(answer.header("www-authenticate").unwrap().starts_with("DPoP "), "{code}");
        }
    }
    for step in ["ok", "status:200", "example:empty", "delay:1ms"] {
        lobby.get(ORDERS).scenario(step).await.is_denied(401, "credential.missing");
    }
    let key = lobby.get("/books").header("x-api-key", "guest-badge-key").scenario("example:none").await;
    key.is_allowed();
    assert_eq!(key.json()["items"], json!([]));
    lobby.get("/open").prefer("code=401").await.is(401);
}

#[tokio::test]
async fn a_play_that_means_nothing_is_refused_with_the_nearest_name() {
    let lobby = mock("bookshop.openapi.yaml").await;
    for (body, near) in [
        (json!({"play": ["token.expird"]}), "token.expired"),
        (json!({"play": "ok", "persona": "alcie"}), "alice"),
        (json!({"play": "ok", "operation": "listBoks"}), "listBooks"),
        (json!({"ply": "ok"}), "play"),
        (json!({"play": ["status:99"]}), "status"),
        (json!({"play": []}), "play"),
    ] {
        let answer = lobby.post("/_lobby/scenarios").json(&body).await;
        answer.is_refused(400, "request.invalid");
        assert!(answer.string("/detail").contains(near), "{}", answer.text());
    }
}

#[tokio::test]
async fn the_authorization_server_obeys_plays_that_name_it_and_no_others() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let ask = async |lobby: &Lobby| {
        let form = [("grant_type", "client_credentials"), ("client_id", "app"), ("scope", "books:read")];
        lobby.post("/_lobby/oauth/token").form(&form).await
    };
    lobby.play(&["status:503"]).await;
    let before = ask(&lobby).await;
    before.is(200);
    lobby.get("/open").await.is(503);
    let play =
        json!({"play": ["oauth:invalid_grant", "status:500", "keys:rotate"], "operation": "oauth.token"});
    lobby.post("/_lobby/scenarios").json(&play).await.is(201);
    ask(&lobby).await.is_oauth_error(400, "invalid_grant");
    ask(&lobby).await.is(500);
    let rotated = ask(&lobby).await;
    rotated.is(200);
    for token in [&before, &rotated] {
        lobby.get("/books").bearer(token.string("/access_token")).await.is_allowed();
    }
    let keys = lobby.get("/_lobby/oauth/jwks").await.json()["keys"].as_array().unwrap().len();
    assert!(keys >= 2, "old and new are published");
    let play = json!({"play": "keys:lose", "operation": "oauth.jwks"});
    lobby.post("/_lobby/scenarios").json(&play).await.is(201);
    lobby.get("/_lobby/oauth/jwks").await.is(200);
    let lost = lobby.get("/books").bearer(before.string("/access_token")).await;
    lost.is_denied(401, "token.key");
}

#[tokio::test]
async fn a_play_for_one_persona_acts_on_the_authorization_server_too() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let (alice, guest) = (App::new(&lobby, "app"), App::new(&lobby, "app"));
    let (hers, theirs) = (alice.tokens("alice").await, guest.tokens("guest").await);
    let refresh = |tokens: &serde_json::Value| tokens["refresh_token"].as_str().unwrap().to_owned();
    let put_on = async |play: &str, operation: &str| {
        let body = json!({"play": play, "operation": operation, "persona": "alice"});
        lobby.post("/_lobby/scenarios").json(&body).await.is(201);
    };
    put_on("oauth:invalid_grant", "oauth.token").await;
    guest.refresh(&refresh(&theirs)).await.is(200);
    assert_eq!(lobby.get("/_lobby/scenarios").await.json()[0]["remaining"], 1, "it waits for alice");
    alice.refresh(&refresh(&hers)).await.is_oauth_error(400, "invalid_grant");
    alice.refresh(&refresh(&hers)).await.is(200);
    put_on("oauth:access_denied", "oauth.authorize").await;
    guest.authorize(&[]).await.is(303);
    is_error(&alice.authorize(&[]).await, "access_denied");
    put_on("status:503", "oauth.userinfo").await;
    let ask = async |tokens: &serde_json::Value| {
        lobby.get("/_lobby/oauth/userinfo").bearer(tokens["access_token"].as_str().unwrap()).await
    };
    ask(&theirs).await.is(200);
    ask(&hers).await.is(503);
    ask(&hers).await.is(200);
    let form = [("grant_type", "client_credentials"), ("client_id", "app")];
    put_on("oauth:slow_down", "oauth.token").await;
    lobby.post("/_lobby/oauth/token").form(&form).await.is(200);
}

#[tokio::test]
async fn a_play_for_one_persona_acts_on_the_form_that_tells_who_it_is() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let put_on = async |play: &[&str], persona: Option<&str>| {
        let mut body = json!({"play": play, "operation": "oauth.authorize"});
        if let Some(persona) = persona {
            body["persona"] = persona.into();
        }
        lobby.post("/_lobby/scenarios").json(&body).await.is(201);
    };
    put_on(&["oauth:access_denied", "oauth:server_error"], Some("alice")).await;
    // A play for all has had its turn when the page is shown.
    put_on(&["ok", "oauth:temporarily_unavailable"], None).await;
    let guest = App::new(&lobby, "app");
    guest.submit(&guest.authorize(&[]).await, &[("persona", "guest")]).await.is(200);
    is_error(&guest.authorize(&[]).await, "temporarily_unavailable");
    let alice = App::new(&lobby, "app");
    let page = alice.authorize(&[]).await;
    is_error(&alice.submit(&page, &[("persona", "alice")]).await, "access_denied");
    let typed = [("username", "alice"), ("password", "alice-password")];
    is_error(&alice.submit(&page, &typed).await, "server_error");
    alice.submit(&page, &typed).await.is(200);
    let journal = lobby.get("/_lobby/journal?scenario=oauth:access_denied").await.json();
    assert_eq!(journal["entries"][0]["operation"], "oauth.authorize");
    assert_eq!(journal["entries"][0]["path"], "/_lobby/sign-in");
}

#[tokio::test]
async fn a_scenario_that_cannot_be_read_is_the_same_400_everywhere() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let form = [("grant_type", "client_credentials"), ("client_id", "app")];
    let twice = |call: testkit::Call| call.scenario("ok").header("lobby-scenario", "status:503");
    let answers = [
        lobby.get("/open").scenario("nonsense").await,
        lobby.post("/_lobby/oauth/token").form(&form).scenario("nonsense").await,
        twice(lobby.get("/open")).await,
        twice(lobby.post("/_lobby/oauth/token").form(&form)).await,
    ];
    for answer in answers {
        answer.is_denied(400, "request.invalid");
        assert_eq!(answer.json()["status"], 400);
        assert!(answer.string("/detail").starts_with("Lobby-Scenario: "), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_status_below_400_leaves_the_authorization_server_to_its_true_answer() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let play = json!({"play": "status:200", "operation": "oauth.token", "repeat": true});
    lobby.post("/_lobby/scenarios").json(&play).await.is(201);
    let form = [("grant_type", "client_credentials"), ("client_id", "app")];
    let answer = lobby.post("/_lobby/oauth/token").form(&form).await;
    answer.is(200);
    assert!(answer.json()["access_token"].is_string(), "{}", answer.text());
    let form = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", "none")];
    lobby.post("/_lobby/oauth/token").form(&form).await.is_oauth_error(400, "invalid_grant");
}

async fn raw_get(lobby: &Lobby, step: &str) -> String {
    let mut raw = lobby.raw().await;
    let request = format!(
        "GET /open HTTP/1.1\r\nHost: localhost\r\nLobby-Scenario: {step}\r\nConnection: close\r\n\r\n"
    );
    raw.send(request).await;
    String::from_utf8_lossy(&raw.read_to_end().await).into_owned()
}

#[tokio::test]
async fn a_client_sees_the_faults_reset_truncate_and_drip() {
    let lobby = mock("bookshop.openapi.yaml").await;
    assert_eq!(raw_get(&lobby, "fault:reset").await, "", "nothing but a reset");
    let whole = raw_get(&lobby, "ok").await;
    let (_, body) = whole.split_once("\r\n\r\n").unwrap();
    let cut = raw_get(&lobby, "fault:truncate").await;
    let (head, part) = cut.split_once("\r\n\r\n").unwrap();
    assert!(head.to_ascii_lowercase().contains(&format!("content-length: {}", body.len())), "{head}");
    assert!(part.len() < body.len() && body.starts_with(part), "{part}");
    let dripped = raw_get(&lobby, "fault:drip").await;
    assert!(dripped.starts_with("HTTP/1.1 200"), "{dripped}");
    let letters: String =
        dripped.split_once("\r\n\r\n").unwrap().1.chars().filter(|c| c.is_alphabetic()).collect();
    let expected: String = body.chars().filter(|c| c.is_alphabetic()).collect();
    assert!(letters.contains(&expected) || letters.len() >= expected.len(), "{dripped}");
    let joined = lobby.get("/open").scenario("status:503+delay:1ms").await;
    joined.is(503);
}

#[tokio::test]
async fn a_status_in_place_of_a_denial_is_no_allow() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let answer = lobby.get("/books").scenario("status:503").await;
    answer.is(503);
    assert_eq!(answer.header("lobby-verdict"), Some("credential.missing"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let entries = lobby.get("/_lobby/journal").await.json();
    assert_eq!(entries["entries"][0]["denial"], "credential.missing");
    let answer = lobby.get("/books").scenario("status:401").await;
    answer.is(401);
    assert_eq!(answer.header("lobby-verdict"), Some("credential.missing"));
    assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer realm="));
    let alice = lobby.token("alice").await;
    let answer = lobby.get("/books").bearer(&alice).scenario("status:503").await;
    answer.is(503);
    assert_eq!(answer.header("lobby-verdict"), Some("allow"));
}

#[tokio::test]
async fn a_denial_of_a_scheme_that_the_operation_has_not_comes_with_its_challenge() {
    let lobby = mock("bookshop.openapi.yaml").await;
    for (code, challenge) in [
        ("password.wrong", r#"Basic realm="bookshop", charset="UTF-8""#),
        ("certificate.missing", r#"MutualTLS realm="bookshop""#),
        ("certificate.untrusted", r#"MutualTLS realm="bookshop""#),
        ("token.expired", r#"Bearer realm="bookshop", error="invalid_token", error_description="#),
        ("proof.nonce", r#"DPoP realm="bookshop", error="use_dpop_nonce""#),
    ] {
        for path in ["/open", "/books"] {
            let answer = lobby.get(path).scenario(code).await;
            answer.is_denied(401, code);
            let first = answer.header("www-authenticate").unwrap().to_owned();
            assert!(
                first.starts_with(challenge.split(", error_d").next().unwrap()),
                "{path} {code}: {first}"
            );
            if code == "token.expired" {
                assert!(first.contains("error_description="), "{path}: {first}");
            }
        }
    }
}
