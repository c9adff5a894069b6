//! Guessing beyond one account (attacks.md, G02, G09): by address, by network, and at many accounts at once.

use std::net::IpAddr;

use testkit::{Answer, Client, Lobby, serve};

use crate::{
    admin::{DOCUMENT, PASSWORD, add_alice, json},
    browser::{sign_out, submit, type_password},
};

/// A server whose lockout says so; hashing costs next to nothing.
async fn server(lockout: &str, more: &str) -> Lobby {
    let config = format!(
        "issuer: https://login.example.com\napis: {{ shop: {{ contract: shop.yaml }} }}\n\
         passwords: {{ argon2: {{ memory: 64KB, passes: 1 }} }}\nlockout: {{ {lockout} }}\n{more}"
    );
    let lobby = serve(&config).file("shop.yaml", DOCUMENT).await;
    add_alice(lobby.folder());
    lobby
}

/// A browser of its own, somewhere.
fn from(lobby: &Lobby, address: &str) -> Client {
    lobby.another().connecting_from(address.parse::<IpAddr>().unwrap())
}

async fn sign_in(browser: &Client, name: &str, password: &str) -> Answer {
    let page = browser.get("/_lobby/sign-in").await;
    type_password(browser, &page, name, password).await
}

#[tokio::test]
async fn an_address_that_failed_too_often_waits_and_who_is_known_there_does_not() {
    let lobby = server("failures: 100, per_address: 3/h, spraying: 0", "").await;
    let known = from(&lobby, "127.0.1.1");
    sign_in(&known, "alice", PASSWORD).await.is(303);
    for name in ["alice", "bob", "carol"] {
        sign_in(&from(&lobby, "127.0.2.1"), name, "wrong").await.is(422);
    }
    for (name, password) in [("alice", PASSWORD), ("alice", "wrong"), ("nobody", "wrong")] {
        let paused = sign_in(&from(&lobby, "127.0.2.1"), name, password).await;
        paused.is(429);
        let wait: u64 = paused.header("retry-after").unwrap().parse().unwrap();
        assert!((1000..=1200).contains(&wait), "{wait}");
        assert!(paused.text().contains("Too many sign-ins have failed"), "{}", paused.text());
    }
    // Next door nothing happened, and nothing happens to the owner's own browser wherever it is.
    sign_in(&from(&lobby, "127.0.2.2"), "alice", PASSWORD).await.is(303);
    let moved = known.connecting_from("127.0.2.1".parse().unwrap());
    sign_out(&moved).await;
    sign_in(&moved, "alice", PASSWORD).await.is(303);
    let counted = lobby.admin().get("/metrics").await;
    assert!(counted.text().contains("lobby_sign_ins_total{outcome=\"limited\"} 3\n"), "{}", counted.text());
}

#[tokio::test]
async fn a_network_that_failed_too_often_waits_whatever_address_is_used_next() {
    let lobby = server("per_address: 100/h, per_network: 4/h, spraying: 0", "").await;
    for number in 1..=4 {
        sign_in(&from(&lobby, &format!("127.0.3.{number}")), &format!("user{number}"), "wrong").await.is(422);
    }
    sign_in(&from(&lobby, "127.0.3.9"), "alice", PASSWORD).await.is(429);
    sign_in(&from(&lobby, "127.0.4.9"), "alice", PASSWORD).await.is(303);
}

#[tokio::test]
async fn many_accounts_that_are_tried_from_anywhere_slow_strangers_down_and_nobody_else() {
    let lobby = server("spraying: 10", "").await;
    let known = from(&lobby, "127.0.1.1");
    sign_in(&known, "alice", PASSWORD).await.is(303);
    for number in 0..12 {
        let stranger = from(&lobby, &format!("127.1.{number}.1"));
        sign_in(&stranger, &format!("user{number}"), "wrong").await.is(422);
    }
    assert!(lobby.talk().contains("accounts were tried within a few minutes"), "{}", lobby.talk());
    let mut refused = 0;
    for number in 0..40 {
        let stranger = from(&lobby, &format!("127.2.{number}.1"));
        let answer = sign_in(&stranger, &format!("other{number}"), "wrong").await;
        assert!([422, 429].contains(&answer.status()), "{answer:?}");
        assert_eq!(answer.status() == 429, answer.header("retry-after").is_some());
        refused += usize::from(answer.status() == 429);
    }
    assert!(refused > 0, "strangers come in at a pace");
    sign_out(&known).await;
    sign_in(&known, "alice", PASSWORD).await.is(303);
    let counted = lobby.admin().get("/metrics").await;
    assert!(counted.text().contains("lobby_sprayings_total 1\n"), "{}", counted.text());
    let entry = loop {
        // It is written beside the sign-in that raised the alarm.
        let trail = json(lobby.folder(), &["audit", "list"]);
        let entries = trail["entries"].as_array().unwrap().clone();
        if let Some(entry) = entries.into_iter().find(|entry| entry["action"] == "sign_in.spraying") {
            break entry;
        }
    };
    assert_eq!((&entry["actor"], &entry["detail"]["accounts"]), (&"lobby".into(), &10.into()));
    let proof = crate::admin::lobby(lobby.folder(), &["audit", "verify"], "");
    proof.exits(0);
}

#[tokio::test]
async fn mails_are_asked_for_so_often_from_one_place_and_guesses_take_nobody_theirs() {
    let more = "accounts: { sign_up: open }\nmail: outbox\n";
    let lobby = server("per_address: 3/h, spraying: 0", more).await;
    let here = || from(&lobby, "127.0.6.1");
    for _ in 0..4 {
        sign_in(&here(), "nobody", "wrong").await;
    }
    let ask = async |browser: Client, name: &str| {
        let page = browser.get("/_lobby/reset").await;
        submit(&browser, &page, &[("username", name)]).await
    };
    ask(here(), "alice").await.is(200);
    ask(here(), "nobody@example.com").await.is(200);
    let browser = here();
    let page = browser.get("/_lobby/sign-up").await;
    let new = [("email", "new@example.com"), ("new", "violin tuesday cactus marble")];
    submit(&browser, &page, &new).await.is(200);
    for name in ["alice", "nobody@example.com"] {
        let refused = ask(here(), name).await;
        refused.is(429);
        assert!(refused.header("retry-after").is_some() && refused.text().contains("Too many requests"));
    }
    ask(from(&lobby, "127.0.7.1"), "alice").await.is(200);
}

#[tokio::test]
async fn invitations_are_taken_up_so_often_from_one_place() {
    let lobby = server("per_address: 2/h, spraying: 0", "accounts: { sign_up: invitation }\n").await;
    let take = async |browser: Client, name: &str| {
        let link = crate::admin::done(lobby.folder(), &["user", "invite", name]);
        let page = browser.get(link.strip_prefix("https://login.example.com").unwrap()).await;
        let sent = [("link", link.split("link=").nth(1).unwrap()), ("new", "violin tuesday cactus marble")];
        submit(&browser, &page, &sent).await
    };
    for name in ["ana@example.com", "ben@example.com"] {
        assert!(take(from(&lobby, "127.0.9.1"), name).await.status() < 400);
    }
    let refused = take(from(&lobby, "127.0.9.1"), "cleo@example.com").await;
    refused.is(429);
    assert!(refused.header("retry-after").is_some() && refused.text().contains("Too many requests"));
    assert!(take(from(&lobby, "127.0.10.1"), "dora@example.com").await.status() < 400);
    let users = json(lobby.folder(), &["user", "list"]).to_string();
    for (name, is_made) in [("ana", true), ("ben", true), ("cleo", false), ("dora", true)] {
        assert_eq!(users.contains(&format!("{name}@example.com")), is_made, "{name}: {users}");
    }
}

#[tokio::test]
async fn a_lock_outlives_the_server_and_a_new_password_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("lobby.db");
    let config = format!("{}mail: outbox\nstore: 'sqlite:{}'\n", super::ALONE, database.display());
    let lobby = serve(&config).await;
    add_alice(lobby.folder());
    for status in [422, 422, 422, 422, 429] {
        sign_in(&lobby.another(), "alice", "wrong").await.is(status);
    }
    let kept = "SELECT count(*) FROM revocations WHERE what LIKE 'lock:%' AND until > 1";
    let records = rusqlite::Connection::open(&database).unwrap();
    let count = || records.query_row(kept, (), |row| row.get::<_, u32>(0)).unwrap();
    while count() == 0 {
        tokio::task::yield_now().await;
    }
    drop(lobby);
    let lobby = serve(&config).await;
    sign_in(&lobby.another(), "alice", PASSWORD).await.is(429);
    let browser = lobby.another();
    let page = browser.get("/_lobby/reset").await;
    submit(&browser, &page, &[("username", "alice")]).await.is(200);
    let mails = json(lobby.folder(), &["outbox", "--to", "alice@example.com"]);
    let link = mails[0]["links"][0].as_str().unwrap();
    let page = browser.get(link.strip_prefix("https://login.example.com").unwrap()).await;
    let (another, token) = ("violin tuesday cactus marble", link.split("link=").nth(1).unwrap());
    submit(&browser, &page, &[("link", token), ("new", another)]).await.is(200);
    sign_in(&lobby.another(), "alice", another).await.is(303);
    while count() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn basic_is_limited_with_the_code_of_a_limit() {
    let lobby =
        server("failures: 100, per_address: 3/h, spraying: 0", "accounts: { basic: passwords }\n").await;
    let familiar = from(&lobby, "127.0.8.1");
    familiar.get("/basic").basic("alice", PASSWORD).await.is_allowed();
    for name in ["bob", "carol", "dave"] {
        familiar.get("/basic").basic(name, "wrong").await.is_denied(401, "password.wrong");
    }
    let limited = familiar.get("/basic").basic("erin", "wrong").await;
    limited.is_denied(429, "rate.limited");
    assert!(limited.header("retry-after").is_some());
    // Who got in from there before has no cookie to show; the address does.
    familiar.get("/basic").basic("alice", PASSWORD).await.is_allowed();
}

#[tokio::test]
async fn an_account_is_locked_by_whichever_of_its_names_and_ways_it_is_tried() {
    let lobby = server("spraying: 0", "accounts: { basic: passwords }\n").await;
    let basic = async |name: &str, password: &str| lobby.get("/basic").basic(name, password).await;
    for name in ["alice", "alice@example.com", "ALICE"] {
        basic(name, "wrong").await.is_denied(401, "password.wrong");
    }
    for _ in 0..2 {
        sign_in(&lobby.another(), "alice", "wrong").await;
    }
    sign_in(&lobby.another(), "alice", PASSWORD).await.is(429);
    basic("alice", PASSWORD).await.is_denied(429, "account.locked");
}

#[tokio::test]
async fn of_many_tries_at_once_no_more_are_answered_than_one_after_the_other() {
    let lobby = server("spraying: 0", "").await;
    let mut trying = tokio::task::JoinSet::new();
    for _ in 0..24 {
        let browser = lobby.another();
        let page = browser.get("/_lobby/sign-in").await;
        trying.spawn(async move {
            submit(&browser, &page, &[("username", "alice"), ("password", "wrong")]).await.status()
        });
    }
    let answers = trying.join_all().await;
    let wrong = answers.iter().filter(|status| **status == 422).count();
    assert_eq!((wrong, answers.iter().all(|status| [422, 429].contains(status))), (4, true), "{answers:?}");
}
