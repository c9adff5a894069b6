//! What is said of a password while it is typed.

use oauth::{AccountRules, Mails, Settings, SignUp};
use serde_json::json;

use crate::house::{Answer, House, settings, value_of};

const STRENGTH: &str = "/_lobby/account/strength";

fn open() -> Settings {
    let accounts = AccountRules { sign_up: SignUp::Open, mails: Mails::Outbox, ..AccountRules::default() };
    Settings { accounts, ..settings() }
}

/// What the script of the sign-up page sends.
async fn ask(house: &House, email: &str, password: &str, headers: &[(&str, &str)]) -> Answer {
    let page = house.get("/_lobby/sign-up").await.text();
    let (request, token) = (value_of(&page, "request"), value_of(&page, "token"));
    let form = [("request", &*request), ("token", &*token), ("email", email), ("new", password)];
    house.post_with(STRENGTH, &form, headers).await
}

#[tokio::test]
async fn a_password_is_judged_while_it_is_typed_in_the_pages_language() {
    let house = House::with(open());
    let weak = ask(&house, "ana@example.com", "password", &[]).await;
    assert_eq!(weak.header("cache-control"), "no-store");
    let weak = weak.ok();
    assert_eq!((&weak["score"], &weak["good"]), (&json!(0), &json!(false)));
    assert_eq!(weak["told"][0], "A password needs at least 12 characters.");
    let good = ask(&house, "ana@example.com", "violin tuesday cactus marble", &[]).await.ok();
    let told = json!(["This password is hard to guess."]);
    assert_eq!(good, json!({ "score": 4, "good": true, "told": told }));
    let own = ask(&house, "ana.ruiz@example.com", "ana.ruiz ana.ruiz", &[]).await.ok();
    let told = own["told"].as_array().unwrap();
    assert!(told.contains(&json!("This password is too much like your e-mail address.")), "{own}");
    let german = ask(&house, "", "password", &[("accept-language", "de")]).await.ok();
    assert_eq!(german["told"][0], "Ein Passwort braucht mindestens 12 Zeichen.");
    assert!(house.store.mails(&house.visit.realm(), None, 9).await.unwrap().is_empty());
    assert!(house.events.lock().unwrap().is_empty(), "nobody hears of it");
}

#[tokio::test]
async fn no_other_page_asks_and_nobody_asks_without_end() {
    let house = House::with(open());
    let forged = house.post(STRENGTH, &[("new", "password"), ("token", "x")]).await;
    assert_eq!(forged.status(), 403);
    house.get(STRENGTH).await.is_page(404, "Nothing is here");
    let mut answers = Vec::new();
    for _ in 0..125 {
        answers.push(ask(&house, "", "aaaa", &[]).await.status().as_u16());
    }
    assert_eq!((answers[0], answers[118], answers[119], answers[124]), (200, 200, 429, 429));
}

/// Whoever has a network has all of its addresses (attacks.md, G09).
#[tokio::test]
async fn a_network_of_one_household_asks_as_one() {
    let mut house = House::with(open());
    let mut last = 0;
    for number in 0..121 {
        house.visit.peer = format!("2001:db8::{number:x}").parse().unwrap();
        last = ask(&house, "", "aaaa", &[]).await.status().as_u16();
    }
    assert_eq!(last, 429);
}

/// The form of each page where a password is chosen names where its script asks, and no other does.
#[tokio::test]
async fn where_a_password_is_chosen_the_page_may_ask() {
    let mut house = House::with(open());
    let page = house.get("/_lobby/sign-up").await;
    assert!(page.text().contains("data-strength=\"/_lobby/account/strength\""), "{}", page.text());
    assert!(page.header("content-security-policy").contains("script-src 'self'; connect-src 'self';"));
    let page = house.get("/_lobby/reset").await;
    assert!(!page.text().contains("data-strength") && !page.text().contains("<script"));
    assert!(!page.header("content-security-policy").contains("connect-src"));
    house.visit.sandbox = "t-42".parse().unwrap();
    let page = house.get("/_lobby/sign-up?lobby_sandbox=t-42").await.text();
    assert!(page.contains("data-strength=\"/_lobby/account/strength?lobby_sandbox=t-42\""), "{page}");
}
