//! What an administrator does for somebody who lost something.

use serde_json::json;
use testkit::{Client, Lobby, serve};

use super::{PASSWORD, add_alice, done, json, lobby};
use crate::browser::{submit, type_password};

/// Hashing takes no time that a test would wait for.
const HOUSE: &str = "issuer: https://login.example.com\npasswords: { argon2: { memory: 64KB, passes: 1 } }\n";

/// Where a link leads on the server that it is of.
fn path(link: &str) -> &str {
    link.strip_prefix("https://login.example.com").unwrap_or_else(|| panic!("{link}"))
}

async fn sign_in(browser: &Client, password: &str) -> String {
    let page = browser.get("/_lobby/account/").await;
    type_password(browser, &page, "alice", password).await;
    browser.get("/_lobby/account/").await.text().to_owned()
}

/// Follows the link to another password.
async fn choose(lobby: &Lobby, link: &str, password: &str) -> u16 {
    let browser = lobby.another();
    let page = browser.get(path(link)).await;
    if page.status() != 200 {
        return page.status();
    }
    let token = link.split("link=").nth(1).unwrap();
    submit(&browser, &page, &[("link", token), ("new", password)]).await.status()
}

#[tokio::test]
async fn without_an_address_the_link_is_printed_once_and_the_administrator_chooses_nothing() {
    let lobby = serve(HOUSE).await;
    let added = done(lobby.folder(), &["user", "add", "alice"]);
    assert!(added.ends_with("`lobby user reset alice`"), "{added}");
    let first = done(lobby.folder(), &["user", "reset", "alice"]);
    let link = done(lobby.folder(), &["user", "reset", "alice"]);
    assert_eq!(choose(&lobby, &first, PASSWORD).await, 410, "the newer one took its place");
    assert_eq!(choose(&lobby, &link, "short").await, 422);
    assert_eq!(choose(&lobby, &link, PASSWORD).await, 200);
    assert_eq!(choose(&lobby, &link, PASSWORD).await, 410);
    let browser = lobby.another();
    assert!(sign_in(&browser, PASSWORD).await.contains("this browser"));
    // Nothing ends before another password is set.
    let again = json(lobby.folder(), &["user", "reset", "alice"]);
    assert_eq!(again["mailed"], false);
    assert!(browser.get("/_lobby/account/").await.text().contains("this browser"));
    assert_eq!(choose(&lobby, again["link"].as_str().unwrap(), "copper orbit lantern 7").await, 200);
    assert!(browser.get("/_lobby/account/").await.text().contains("name=\"password\""));
    let trail = json(lobby.folder(), &["audit", "list"]);
    assert_eq!(
        (&trail["entries"][0]["action"], &trail["entries"][3]["action"]),
        (&json!("user.reset"), &json!("user.add"))
    );
    assert!(!trail.to_string().contains(link.split("link=").nth(1).unwrap()), "{trail}");
}

#[test]
fn whoever_has_an_address_is_mailed_and_the_link_is_told_to_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let config = |text: &str| std::fs::write(folder.path().join("lobby.yaml"), text).unwrap();
    config(&format!("{HOUSE}mail: outbox\n"));
    add_alice(folder.path());
    let told = done(folder.path(), &["user", "reset", "alice", "--language", "de"]);
    assert_eq!(told, "alice is mailed a link to choose another password");
    let database = rusqlite::Connection::open(folder.path().join("lobby.db")).unwrap();
    let sql = "SELECT recipient, subject, plain FROM mails";
    let (to, subject, plain): (String, String, String) =
        database.query_row(sql, (), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    assert_eq!((&*to, &*subject), ("alice@example.com", "Wählen Sie ein neues Passwort für Lobby"));
    assert!(plain.contains("https://login.example.com/_lobby/reset?link="), "{plain}");
    config(&format!("{HOUSE}mail: outbox\nrecovery: [codes]\n"));
    let link = done(folder.path(), &["user", "reset", "alice"]);
    assert!(link.starts_with("https://login.example.com/_lobby/reset?link="), "mail is no recovery: {link}");
    config("{}\n");
    let nowhere = lobby(folder.path(), &["user", "reset", "alice"], "");
    assert!(nowhere.exits(2).stderr.contains("`issuer:`"), "{}", nowhere.stderr);
    lobby(folder.path(), &["user", "reset", "nobody"], "").exits(2);
}

/// What the app shows that has a seed, as a page writes it.
fn totp(fours: &str) -> String {
    let mut bits = Vec::new();
    for letter in fours.bytes().filter(u8::is_ascii_alphanumeric) {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|other| *other == letter).unwrap();
        bits.extend((0..5).rev().map(|place| value >> place & 1 == 1));
    }
    let byte = |bits: &[bool]| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
    let seed: Vec<u8> = bits.chunks_exact(8).map(byte).collect();
    identity::totp_code(&seed, crate::oauth::now()).0
}

#[tokio::test]
async fn lost_factors_are_taken_away_by_an_administrator_and_their_owner_is_told() {
    let lobby = serve(&format!("{HOUSE}mail: outbox\nfactors: {{ email_code: false }}\n")).await;
    add_alice(lobby.folder());
    let browser = lobby.another();
    sign_in(&browser, PASSWORD).await;
    let page = browser.get("/_lobby/account/authenticator").await;
    let seed = page.text().split("translate=\"no\" dir=\"ltr\">").nth(1).unwrap().split('<').next().unwrap();
    let code = totp(seed);
    submit(&browser, &page, &[("do", "confirm"), ("code", &code)]).await.is(303);
    let elsewhere = lobby.another();
    let page = elsewhere.get("/_lobby/account/").await;
    let asked = type_password(&elsewhere, &page, "alice", PASSWORD).await;
    assert!(asked.text().contains("one-time-code"), "{}", asked.text());
    let told = done(lobby.folder(), &["user", "reset", "alice", "--factors"]);
    assert_eq!(told, "alice has nothing beside a password");
    assert!(sign_in(&elsewhere, PASSWORD).await.contains("removed by an administrator"));
    let database = rusqlite::Connection::open(lobby.folder().join("lobby.db")).unwrap();
    let told = "SELECT COUNT(*) FROM mails WHERE plain LIKE '%recovery codes removed by an administrator%'";
    assert_eq!(database.query_row(told, (), |row| row.get(0)), Ok(1));
    let trail = json(lobby.folder(), &["audit", "list"]);
    assert_eq!(trail["entries"][0]["action"], "user.factors.remove");
    done(lobby.folder(), &["user", "reset", "alice", "--factors"]);
    assert_eq!(json(lobby.folder(), &["audit", "list"]), trail, "what takes nothing away leaves nothing");
}

#[tokio::test]
async fn everybody_is_signed_out_at_once() {
    let lobby = serve(HOUSE).await;
    add_alice(lobby.folder());
    let (one, other) = (lobby.another(), lobby.another());
    for browser in [&one, &other] {
        assert!(sign_in(browser, PASSWORD).await.contains("this browser"));
    }
    self::lobby(lobby.folder(), &["session", "end", "--all", "--user", "alice"], "").exits(2);
    assert_eq!(done(lobby.folder(), &["session", "end", "--all"]), "2 sessions are ended");
    for browser in [&one, &other] {
        assert!(browser.get("/_lobby/account/").await.text().contains("name=\"password\""));
    }
    let trail = json(lobby.folder(), &["audit", "list"]);
    let last = &trail["entries"][0];
    assert_eq!((&last["action"], &last["target"]), (&json!("session.end"), &json!("sessions")));
    assert_eq!(json(lobby.folder(), &["session", "end", "--all"]), json!({ "ended": 0 }));
}
