//! Edits are served at once, without dropping a request or forgetting anybody.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;
use testkit::{Client, Lobby, example, run};
use tokio::task::JoinSet;

use crate::{browser, process::generation};

fn bookshop() -> String {
    fs::read_to_string(example("bookshop.openapi.yaml")).unwrap()
}

async fn generation_of(lobby: &Client) -> u64 {
    lobby.get("/_lobby/health").await.json()["generation"].as_u64().unwrap()
}

/// Asks until `holds` says so of an answer to `path`.
pub(crate) async fn until(lobby: &Client, path: &str, holds: impl Fn(&testkit::Answer) -> bool) {
    for _ in 0..20_000 {
        if holds(&lobby.get(path).await) {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{path} never changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_connections_lose_no_request_while_the_file_is_replaced_fifty_times() {
    let lobby = run("mock").document("bookshop.openapi.yaml", &bookshop()).await;
    let alice = lobby.token("alice").await;
    let (over, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut running = JoinSet::new();
    for number in 0..64 {
        let (client, alice, over, asked) = (lobby.another(), alice.clone(), over.clone(), asked.clone());
        running.spawn(async move {
            while !over.load(Ordering::Relaxed) {
                if number % 2 == 0 {
                    client.get("/open").await.is_allowed();
                } else {
                    client.get("/books").bearer(&alice).await.is_allowed();
                }
                asked.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let mut good = generation_of(&lobby).await;
    for edit in 0..50 {
        let broken = edit % 5 == 4;
        let text = bookshop().replace("version: 1.4.0", &format!("version: 2.4.{edit}"));
        let text = if broken { text.replace("paths:\n", "paths: [\n") } else { text };
        if edit % 2 == 0 {
            lobby.replace_file("bookshop.openapi.yaml", &text);
        } else {
            fs::write(lobby.folder().join("bookshop.openapi.yaml"), &text).unwrap();
        }
        if broken {
            let reported = |lobby: &Lobby| lobby.talk().matches("bookshop.openapi.yaml:").count();
            let before = asked.load(Ordering::Relaxed);
            while reported(&lobby) < edit / 5 + 1 && asked.load(Ordering::Relaxed) < before + 200_000 {
                tokio::task::yield_now().await;
            }
        } else {
            good += 1;
            generation(&lobby, good).await;
        }
    }
    over.store(true, Ordering::Relaxed);
    while let Some(ended) = running.join_next().await {
        ended.expect("no request failed");
    }
    assert!(asked.load(Ordering::Relaxed) > 64);
    lobby.get("/books").bearer(&alice).await.is_allowed();
}

#[tokio::test]
async fn a_reload_forgets_no_session_no_token_and_no_sandbox() {
    let lobby = run("mock").document("bookshop.openapi.yaml", &bookshop()).await;
    let client = lobby.another();
    let issued = browser::tokens(&client, "alice", "openid orders:read").await;
    lobby.advance_in("t-1", "3m").await;
    lobby.play(&["ok", "status:503"]).await;
    lobby.get("/open").await.is(200);
    lobby.replace_file("bookshop.openapi.yaml", &bookshop().replace("/open:", "/opening:"));
    until(&lobby, "/opening", |answer| answer.status() == 503 || answer.status() == 200).await;
    let path = "/users/alice/orders";
    lobby.get(path).bearer(issued["access_token"].as_str().unwrap()).await.is(200);
    browser::refresh(&client, issued["refresh_token"].as_str().unwrap()).await.is(200);
    let page = client.get("/_lobby/sign-in").await;
    assert!(!page.text().contains("name=\"persona\""), "still signed in");
    let clock = lobby.get("/_lobby/clock").sandbox("t-1").await.json();
    assert_eq!(clock["offset_seconds"], 180);
}

#[tokio::test]
async fn a_file_that_holds_what_it_held_is_no_other_generation() {
    // Written in the moment of the start, and written again as it is: times say nothing.
    let lobby = run("mock").document("bookshop.openapi.yaml", &bookshop()).config("journal: {}\n").await;
    let path = lobby.folder().join("bookshop.openapi.yaml");
    fs::write(&path, bookshop()).unwrap();
    fs::write(lobby.folder().join("lobby.yaml"), "journal: { entries: 10 }\n").unwrap();
    generation(&lobby, 2).await;
    assert_eq!(lobby.talk().matches("serving generation").count(), 1, "{}", lobby.talk());
}

#[tokio::test]
async fn a_broken_edit_is_reported_with_its_place_and_the_old_version_goes_on() {
    let lobby = run("mock").document("bookshop.openapi.yaml", &bookshop()).await;
    let broken = bookshop()
        .replace("    get:\n      operationId: openingHours", "    get: [\n      operationId: openingHours");
    lobby.replace_file("bookshop.openapi.yaml", &broken);
    for _ in 0..20_000 {
        if lobby.talk().contains("bookshop.openapi.yaml:") {
            break;
        }
        lobby.get("/open").await.is_allowed();
    }
    assert!(lobby.talk().contains("bookshop.openapi.yaml:"), "{}", lobby.talk());
    lobby.get("/open").await.is_allowed();
    assert_eq!(generation_of(&lobby).await, 1);
    lobby.replace_file("bookshop.openapi.yaml", &bookshop().replace("/open:", "/mended:"));
    until(&lobby, "/mended", |answer| answer.status() == 200).await;
}

#[tokio::test]
async fn an_edit_of_lobby_yaml_or_of_a_referenced_file_is_seen_too() {
    let main = "openapi: 3.1.0\ninfo: {title: t, version: v}\npaths:\n  /a: {$ref: parts/a.yaml}\n";
    let part = |text: &str| {
        format!(
            "get:\n  responses:\n    '200':\n      description: d\n      content: {{application/json: {{example: {{said: {text}}}}}}}\n"
        )
    };
    let lobby = run("mock")
        .file("parts/a.yaml", &part("one"))
        .document("api.yaml", main)
        .config("personas: { bob: {} }\n")
        .await;
    assert_eq!(lobby.get("/a").await.json(), json!({"said": "one"}));
    fs::write(lobby.folder().join("parts/a.yaml"), part("two")).unwrap();
    until(&lobby, "/a", |answer| answer.json() == json!({"said": "two"})).await;
    lobby.replace_file("lobby.yaml", "personas: { carol: {} }\n");
    until(&lobby, "/_lobby/personas", |answer| answer.json()[0]["name"] == "carol").await;
    lobby.replace_file("lobby.yaml", "personas: { dora: {}\n");
    for _ in 0..20_000 {
        if lobby.talk().contains("lobby.yaml") {
            break;
        }
        lobby.get("/a").await.is(200);
    }
    assert!(lobby.talk().contains("lobby.yaml"), "{}", lobby.talk());
    assert_eq!(lobby.get("/_lobby/personas").await.json()[0]["name"], "carol");
}
