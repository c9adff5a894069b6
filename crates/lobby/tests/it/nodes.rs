//! Several servers on one PostgreSQL database: what one of them ends is over on all of them.

use std::path::Path;

use testkit::{Client, Lobby, Postgres, serve};
use tokio::time::{Duration, Instant};

use crate::{
    admin::{DOCUMENT, PASSWORD, add_alice, done, json, lobby},
    browser::{REDIRECT, code_of_user, parameter, redeem_for, type_password},
};

/// How soon it is over everywhere, from when whoever ended it is told so.
const SOON: Duration = Duration::from_secs(1);

fn config(postgres: &Postgres) -> String {
    format!(
        "issuer: https://login.example.com\napis: {{ shop: {{ contract: shop.yaml }} }}\nstore: '{}'\n\
         secrets: {{ key: 'file:master' }}\nlimits: {{ per_address: 1000000/s }}\n\
         clients: {{ app: {{ public: true, consent: skip, redirects: ['{REDIRECT}'] }} }}\n",
        postgres.url()
    )
}

async fn node(postgres: &Postgres) -> Lobby {
    let document = format!(
        "{DOCUMENT}    token: {{ type: http, scheme: bearer }}\n",
    )
    .replace("paths:\n", "paths:\n  /bearer:\n    get: { operationId: bearer, security: [{ token: [] }], responses: { \"200\": { description: fine } } }\n");
    serve(&config(postgres)).file("shop.yaml", &document).file("master", &"fb".repeat(32)).await
}

/// How long it takes until `there` is answered so.
async fn until(what: &str, status: u16, there: impl AsyncFn() -> u16) {
    let began = Instant::now();
    while there().await != status {
        assert!(began.elapsed() < SOON, "{what}");
    }
}

#[tokio::test]
async fn what_one_server_revokes_the_other_refuses() {
    let postgres = Postgres::start();
    let (one, other) = (node(&postgres).await, node(&postgres).await);
    add_alice(one.folder());
    let key = done(one.folder(), &["key", "add", "--owner", "alice"]);
    let open = async |lobby: &Lobby| lobby.get("/keyed").header("x-api-key", &key).await.status();
    // Both have it in memory.
    assert_eq!((open(&one).await, open(&other).await), (200, 200));
    done(one.folder(), &["key", "revoke", key.split('_').nth(1).unwrap()]);
    assert_eq!(open(&one).await, 401);
    until("a key that was revoked elsewhere", 401, async || open(&other).await).await;
}

#[tokio::test]
async fn a_session_that_one_server_ends_is_over_on_the_other_with_its_tokens() {
    let postgres = Postgres::start();
    let (one, other) = (node(&postgres).await, node(&postgres).await);
    add_alice(one.folder());
    let browser = other.another();
    let answer = code_of_user(&browser, "app", ("alice", PASSWORD), "openid").await;
    let code = parameter(&answer, "code").unwrap_or_else(|| panic!("{answer:?}"));
    // The code of one is redeemed at the other.
    let tokens = redeem_for(&one.another(), "", "app", &code).await;
    tokens.is(200);
    let token = tokens.string("/access_token");
    let account = async || {
        let page = browser.get("/_lobby/account/").await;
        if page.text().contains("alice@example.com") { 200 } else { 401 }
    };
    let called = async |lobby: &Lobby| lobby.get("/bearer").bearer(&token).await.status();
    assert_eq!((account().await, called(&one).await, called(&other).await), (200, 200, 200));
    done(one.folder(), &["session", "end", "--user", "alice"]);
    assert_eq!(called(&one).await, 401);
    until("a token of a session that was ended elsewhere", 401, async || called(&other).await).await;
    until("a session that was ended elsewhere", 401, account).await;
}

#[tokio::test]
async fn an_account_that_one_server_locks_is_locked_on_the_other() {
    let postgres = Postgres::start();
    let (one, other) = (node(&postgres).await, node(&postgres).await);
    add_alice(one.folder());
    let sign_in = async |lobby: &Lobby, password: &str| {
        let browser = lobby.another();
        let page = browser.get("/_lobby/sign-in").await;
        type_password(&browser, &page, "alice", password).await.status()
    };
    for _ in 0..4 {
        assert_eq!(sign_in(&one, "wrong").await, 422);
    }
    assert_eq!(sign_in(&one, "wrong").await, 429);
    until("an account that was locked elsewhere", 429, async || sign_in(&other, PASSWORD).await).await;
}

#[tokio::test]
async fn a_command_works_with_a_server_of_its_own_machine_and_never_beside_those_of_others() {
    let postgres = Postgres::start();
    let (one, other) = (node(&postgres).await, node(&postgres).await);
    add_alice(one.folder());
    assert_eq!(json(other.folder(), &["user", "show", "alice"])["name"], "alice");
    // The same database, from a machine on which no server runs.
    let elsewhere = tempfile::tempdir().unwrap();
    write(elsewhere.path(), &postgres);
    let refused = lobby(elsewhere.path(), &["user", "list"], "");
    refused.exits(2);
    for server in [&one, &other] {
        let address = server.ready()["admin"].as_str().unwrap();
        assert!(refused.stderr.contains(address), "{}", refused.stderr);
    }
    assert!(refused.stderr.contains("--server"), "{}", refused.stderr);
    drop((one, other));
    // The database notices in its own time that they are gone.
    while lobby(elsewhere.path(), &["user", "list"], "").code != Some(0) {}
    assert_eq!(json(elsewhere.path(), &["user", "show", "alice"])["name"], "alice");
}

fn write(folder: &Path, postgres: &Postgres) {
    std::fs::write(folder.join("lobby.yaml"), config(postgres)).unwrap();
    std::fs::write(folder.join("master"), "fb".repeat(32)).unwrap();
}

#[tokio::test]
async fn each_servers_setup_link_opens_the_one_door() {
    let postgres = Postgres::start();
    let (one, other) = (node(&postgres).await, node(&postgres).await);
    let links: Vec<String> =
        [&one, &other].map(|node| node.ready()["setup"].as_str().unwrap().to_owned()).into();
    for link in &links {
        let (base, path) = link.split_at(link.find("/setup/").unwrap());
        Client::new(base).get(path).await.is(200);
    }
    add_alice(one.folder());
    let (base, path) = links[1].split_at(links[1].find("/setup/").unwrap());
    Client::new(base).get(path).await.is(404);
}
