//! Sandboxes by header, subdomain and path; journal, verify and reset (control.md).

use serde_json::{Value, json};
use testkit::{Client, Lobby, mock};

use crate::browser;

const ORDERS: &str = "/users/alice/orders";

fn issuer_of(token: &str) -> String {
    let payload = token.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&jose::base64url::decode_strict(payload).unwrap()).unwrap();
    claims["iss"].as_str().unwrap().to_owned()
}

/// The same server, by the name of a sandbox's subdomain.
fn subdomain(lobby: &Lobby, name: &str) -> Client {
    Client::new(&format!("http://{name}.localhost:{}", lobby.port()))
}

#[tokio::test]
async fn each_sandbox_has_its_own_clock_whichever_way_it_is_named() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let token = lobby.token("alice").await;
    lobby.advance_in("t-1", "11m").await;
    lobby.get(ORDERS).bearer(&token).await.is_allowed();
    lobby.get(ORDERS).sandbox("t-1").bearer(&token).await.is_denied(401, "token.expired");
    // By header it keeps main's issuer: a token of one is good in the other.
    let inside = lobby.token("alice").sandbox("t-1").await;
    assert_eq!(issuer_of(inside.as_str()), lobby.issuer());
    lobby.get(ORDERS).sandbox("t-1").bearer(&inside).await.is_allowed();
    let list = lobby.get("/_lobby/sandboxes").await.json();
    let names: Vec<&str> = list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["main", "t-1"]);
    lobby.delete("/_lobby/sandboxes/t-1").await.is(204);
    lobby.get(ORDERS).sandbox("t-1").bearer(&token).await.is_allowed();
    lobby.delete("/_lobby/sandboxes/t-2").await.is(404);
}

#[tokio::test]
async fn by_subdomain_and_path_a_sandbox_has_its_own_issuer_and_both_well_known_forms() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let there = subdomain(&lobby, "t-42");
    let own = format!("http://t-42.localhost:{}", lobby.port());
    let below = format!("{}/_lobby/in/t-42", lobby.issuer());
    let documents = [
        (there.get("/.well-known/openid-configuration").await, &own),
        (there.get("/.well-known/oauth-authorization-server").await, &own),
        (lobby.get("/.well-known/oauth-authorization-server/_lobby/in/t-42").await, &below),
        (lobby.get("/.well-known/openid-configuration/_lobby/in/t-42").await, &below),
        (lobby.get("/_lobby/in/t-42/.well-known/openid-configuration").await, &below),
        (lobby.get("/_lobby/in/t-42/.well-known/oauth-authorization-server").await, &below),
    ];
    for (answer, issuer) in &documents {
        answer.is(200);
        assert_eq!(answer.json()["issuer"], issuer.as_str());
        assert_eq!(answer.json()["token_endpoint"], format!("{issuer}/_lobby/oauth/token"));
    }
    let token = there.token("alice").await;
    assert_eq!(issuer_of(token.as_str()), own);
    there.get(ORDERS).bearer(&token).await.is_allowed();
    lobby.get(ORDERS).bearer(&token).await.is_denied(401, "token.issuer");
    lobby.get(&format!("/_lobby/in/t-42{ORDERS}")).bearer(&token).await.is_denied(401, "token.issuer");
    let posted = lobby.post("/_lobby/in/t-42/_lobby/token").json(&json!({"as": "alice"})).await;
    let token = posted.string("/access_token");
    assert_eq!(issuer_of(&token), below);
    let inside = lobby.get(&format!("/_lobby/in/t-42{ORDERS}")).bearer(&token).await;
    inside.is_allowed();
    let missing = lobby.get(&format!("/_lobby/in/t-42{ORDERS}")).await;
    let challenge = missing.is_denied(401, "credential.missing").header("www-authenticate").unwrap();
    let (_, metadata) = challenge.split_once("resource_metadata=\"").unwrap();
    let (metadata, _) = metadata.split_once('"').unwrap();
    let metadata = lobby.get(metadata).await;
    metadata.is(200);
    assert_eq!(metadata.json()["resource"], format!("{below}/bookshop"), "{}", metadata.text());
    assert_eq!(metadata.json()["authorization_servers"], json!([below]));
}

#[tokio::test]
async fn code_and_refresh_token_name_their_sandbox_themselves() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let browser = lobby.another();
    let code = browser::code(&browser, "/_lobby/in/t-7", "alice", "orders:read").await;
    let issued = browser::redeem(&lobby, "/_lobby/in/t-7", &code).await;
    issued.is(200);
    let elsewhere = [("grant_type", "refresh_token"), ("client_id", "app")];
    let refresh = issued.string("/refresh_token");
    let mut form = elsewhere.to_vec();
    form.push(("refresh_token", &refresh));
    lobby.post("/_lobby/in/other/_lobby/oauth/token").form(&form).await.is_oauth_error(400, "invalid_grant");
    lobby.post("/_lobby/in/t-7/_lobby/oauth/token").form(&form).await.is(200);
}

#[tokio::test]
async fn two_names_that_disagree_and_names_that_are_none_are_refused() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let there = subdomain(&lobby, "a");
    there.get("/open").sandbox("b").await.is_denied(400, "sandbox.ambiguous");
    there.get("/_lobby/in/b/open").await.is_denied(400, "sandbox.ambiguous");
    there.get("/_lobby/in/a/open").sandbox("a").await.is_allowed();
    lobby.get("/open").sandbox("a").sandbox("a").await.is_denied(400, "sandbox.ambiguous");
    let long = "x".repeat(64);
    for name in ["", "A_b", "a.b", "../main", long.as_str()] {
        let answer = lobby.get("/open").sandbox(name).await;
        answer.is_denied(400, "path.invalid");
        assert!(answer.string("/hint").starts_with("Name the sandbox"), "{}", answer.text());
    }
    lobby.get("/_lobby/in/UPPER/open").await.is_denied(400, "path.invalid");
}

#[tokio::test]
async fn an_idle_sandbox_ends_by_mains_clock_ten_minutes_after_its_last_use() {
    let lobby = mock("bookshop.openapi.yaml").await;
    for name in ["a", "b", "c"] {
        lobby.advance_in(name, "20m").await;
    }
    assert_eq!(lobby.get("/_lobby/sandboxes").await.json().as_array().unwrap().len(), 4);
    lobby.advance("11m").await;
    let left = lobby.get("/_lobby/sandboxes").await.json();
    assert_eq!(left.as_array().unwrap().len(), 1, "{left}");
    assert_eq!(left[0]["name"], "main");
}

#[tokio::test]
async fn the_journal_is_asked_by_every_word() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let alice = lobby.token("alice").scope("orders:read profile").await;
    lobby.get(ORDERS).bearer(&alice).header("x-trace", "one").await.is_allowed();
    lobby.get(ORDERS).await.is_denied(401, "credential.missing");
    lobby.post("/payment").bearer(&alice).json(&json!({"iban": "DE02120300000000202051"})).await.is(204);
    lobby.get("/books?limit=3").header("x-api-key", "guest-badge-key").await.is_allowed();
    lobby.get("/stock").scenario("status:503").await.is(503);
    for (query, count) in [
        ("", 5),
        ("api=bookshop", 5),
        ("operation=listOrders", 2),
        ("operation=GET%20/books", 1),
        ("persona=alice", 2),
        ("persona=guest", 1),
        ("method=POST", 1),
        ("path=/books", 1),
        ("status=401", 1),
        ("denial=credential.missing", 2),
        ("scenario=status:503", 1),
        ("header=x-trace:one", 1),
        ("header=x-trace:two", 0),
        ("body=/iban:DE02120300000000202051", 1),
        ("operation=listOrders&status=200", 1),
    ] {
        let entries = lobby.journal(query).await;
        assert_eq!(entries.len(), count, "{query}: {entries:#?}");
    }
    let all = lobby.journal("").await;
    let text = serde_json::to_string(&all).unwrap();
    assert!(!text.contains(alice.as_str()) && !text.contains("guest-badge-key"), "secrets are masked");
    let page = lobby.get("/_lobby/journal?limit=2").await.json();
    assert_eq!(page["entries"].as_array().unwrap().len(), 2);
    let next = page["next"].as_str().unwrap();
    assert_eq!(lobby.journal(&format!("after={next}")).await.len(), 3);
    lobby.get("/_lobby/journal?operaton=x").await.is_refused(400, "request.invalid");
    lobby.delete("/_lobby/journal").await.is(204);
    assert!(lobby.journal("").await.is_empty());
}

#[tokio::test]
async fn the_journal_tells_of_the_authorization_server_too_and_of_each_sandbox_alone() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let form = [("grant_type", "client_credentials"), ("client_id", "app"), ("client_secret", "hush-hush")];
    lobby.post("/_lobby/oauth/token").form(&form).await.is(200);
    let entries = lobby.journal("api=oauth&operation=oauth.token").await;
    assert_eq!(entries.len(), 1);
    let text = entries[0].to_string();
    assert!(!text.contains("hush-hush") && !text.contains("eyJ"), "{text}");
    lobby.get("/open").sandbox("t-1").await.is_allowed();
    let inside = lobby.get("/_lobby/journal").sandbox("t-1").await.json();
    assert_eq!(inside["entries"].as_array().unwrap().len(), 1);
    assert!(lobby.journal("operation=openingHours").await.is_empty());
}

#[tokio::test]
async fn waiting_for_an_entry_ends_when_it_comes() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let asked = lobby.get("/_lobby/journal?operation=openingHours&wait=20s");
    let waiting = tokio::spawn(async move { asked.await });
    // Other entries wake it, and it goes on waiting.
    lobby.get("/nowhere").await.is_denied(404, "operation.unknown");
    lobby.get("/open").await.is_allowed();
    let answer = waiting.await.unwrap();
    assert_eq!(answer.json()["entries"][0]["operation"], "openingHours");
    assert_eq!(lobby.get("/_lobby/journal?operation=listBooks&wait=1ms").await.json()["entries"], json!([]));
}

#[tokio::test]
async fn verify_counts_and_orders_and_shows_what_came_nearest() {
    let lobby = mock("bookshop.openapi.yaml").await;
    lobby.get("/open").await.is_allowed();
    lobby.get("/books").header("x-api-key", "guest-badge-key").await.is_allowed();
    lobby.get("/open").await.is_allowed();
    let open = json!({"operation": "openingHours"});
    let books = json!({"operation": "listBooks"});
    for question in [
        json!({"match": open, "count": 2}),
        json!({"match": open, "count": {"min": 1, "max": 3}}),
        json!({"match": open, "count": {"min": 2}}),
        json!({"order": [open, books, open]}),
    ] {
        lobby.verify(&question).await.is(200);
    }
    let wrong = lobby.verify(&json!({"match": books, "count": 2})).await;
    wrong.is_refused(409, "verify.mismatch");
    assert_eq!(wrong.json()["count"], 1);
    assert!(!wrong.json()["nearest"].as_array().unwrap().is_empty(), "{}", wrong.text());
    lobby.verify(&json!({"order": [books, books]})).await.is_refused(409, "verify.mismatch");
    for nonsense in [json!({}), json!({"match": open}), json!({"match": {"operaton": "x"}, "count": 1})] {
        lobby.verify(&nonsense).await.is_refused(400, "request.invalid");
    }
}

#[tokio::test]
async fn reset_puts_a_sandbox_back_to_its_beginning_and_keys_and_personas_stay() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let client = lobby.another();
    let issued = browser::tokens(&client, "alice", "openid orders:read").await;
    let access = issued["access_token"].as_str().unwrap();
    lobby.advance("5m").await;
    lobby.play(&["status:503"]).await;
    lobby.get("/_lobby/in/t-1/open").await.is_allowed();
    lobby.reset().await;
    assert_eq!(lobby.get("/_lobby/clock").await.json()["offset_seconds"], 0);
    assert_eq!(lobby.get("/_lobby/scenarios").await.json(), json!([]));
    assert!(lobby.journal("").await.is_empty());
    lobby.get(ORDERS).bearer(access).await.is_allowed();
    browser::refresh(&client, issued["refresh_token"].as_str().unwrap())
        .await
        .is_oauth_error(400, "invalid_grant");
    let page = client.get("/_lobby/sign-in").await;
    assert!(page.text().contains("name=\"persona\""), "the session is over");
    assert_eq!(lobby.get("/_lobby/sandboxes").await.json().as_array().unwrap().len(), 2, "the other goes on");
}
