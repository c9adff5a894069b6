//! Passwords that people make for their programs on a page of their own.

use std::time::Duration;

use identity::{Found, Keyring, People};
use oauth::{AccountRules, AppPasswordRules, Mails, Settings};

use crate::house::{Answer, House, settings};

const PAGE: &str = "/_lobby/account/app-passwords";

fn with() -> Settings {
    let rules = AppPasswordRules { prefix: "shop".to_owned(), life: Some(Duration::from_secs(86_400)) };
    let accounts = AccountRules { mails: Mails::Outbox, ..AccountRules::default() };
    Settings { app_passwords: Some(rules), accounts, ..settings() }
}

async fn sign_in(house: &House, persona: &str) {
    house.cookies.lock().unwrap().clear();
    let page = house.get("/_lobby/sign-in").await;
    house.submit(&page, &[("persona", persona)]).await;
}

async fn make(house: &House, name: &str, scopes: &[&str]) -> Answer {
    let mut form = vec![("label", name)];
    form.extend(scopes.iter().map(|scope| ("scope", *scope)));
    form.push(("do", "make"));
    house.submit(&house.get(PAGE).await, &form).await
}

/// The password that a page shows.
fn shown(page: &str) -> Option<String> {
    let start = page.find("shop_")?;
    page[start..].split('<').next().map(str::to_owned)
}

/// What a password opens: its scopes.
async fn opened(house: &House, name: &str, password: &str) -> Option<String> {
    let (realm, settings) = (house.visit.realm(), house.server.settings());
    let people = People { directory: &settings.directory, store: &house.store, realm: &realm };
    let keyring = Keyring { people, address: house.visit.peer, now: house.visit.now };
    match keyring.app_password(name, password).await.unwrap() {
        Found::Good(_, principal) => Some(principal.scopes.to_string()),
        Found::Nobodys | Found::Expired(_) | Found::Revoked | Found::Elsewhere => None,
    }
}

#[tokio::test]
async fn a_program_gets_a_password_of_its_own_that_does_what_was_ticked() {
    let mut house = House::with(with());
    sign_in(&house, "alice").await;
    house.get("/_lobby/account/").await.is_page(200, "App passwords");
    let page = make(&house, "Mail program", &["books:read", "lobby:admin", "*"]).await;
    page.is_page(200, "It is shown only now");
    let password = shown(&page.text()).unwrap();
    assert_eq!(opened(&house, "alice", &password).await.as_deref(), Some("books:read"));
    assert_eq!(opened(&house, "guest", &password).await, None);
    let again = house.get(PAGE).await;
    again.is_page(200, "Mail program");
    assert_eq!(shown(&again.text()), None, "never again");
    let mails = house.store.mails(&house.visit.realm(), Some("alice@example.com"), 9).await.unwrap();
    assert!(mails[0].plain.contains("App password made"), "{}", mails[0].plain);
    house.advance(86_400);
    assert_eq!(opened(&house, "alice", &password).await, None);
}

#[tokio::test]
async fn a_password_is_removed_by_its_owner_alone() {
    let house = House::with(with());
    sign_in(&house, "alice").await;
    let password = shown(&make(&house, "Mail program", &["books:read"]).await.text()).unwrap();
    let id = password.split('_').nth(1).unwrap();
    let remove = [("id", id), ("do", "remove")];
    sign_in(&house, "guest").await;
    let page = house.get(PAGE).await;
    assert!(!page.text().contains("Mail program"));
    house.submit(&page, &remove).await;
    assert!(opened(&house, "alice", &password).await.is_some());
    sign_in(&house, "alice").await;
    house.submit(&house.get(PAGE).await, &remove).await;
    assert_eq!(opened(&house, "alice", &password).await, None);
    house.get("/_lobby/account/").await.is_page(200, "App password removed");
}

#[tokio::test]
async fn nobody_makes_one_long_after_the_sign_in_or_where_none_is_taken() {
    let mut house = House::with(with());
    sign_in(&house, "alice").await;
    let page = house.get(PAGE).await;
    house.advance(3600);
    let late = house.submit(&page, &[("label", "x"), ("do", "make")]).await;
    assert_eq!(shown(&late.text()), None);
    let house = House::new();
    sign_in(&house, "alice").await;
    house.get(PAGE).await.is_page(404, "Nothing is here");
    assert!(!house.get("/_lobby/account/").await.text().contains("App passwords"));
}

#[tokio::test]
async fn there_are_not_more_than_somebody_can_look_after() {
    let house = House::with(with());
    sign_in(&house, "alice").await;
    for _ in 0..50 {
        assert!(shown(&make(&house, "x", &[]).await.text()).is_some());
    }
    let page = house.get(PAGE).await;
    assert!(!page.text().contains("value=\"make\""));
    assert_eq!(shown(&house.submit(&page, &[("label", "x"), ("do", "make")]).await.text()), None);
}

#[tokio::test]
async fn a_page_that_is_loaded_again_makes_no_second_one() {
    let house = House::with(with());
    sign_in(&house, "alice").await;
    let page = house.get(PAGE).await;
    let form = [("label", "Mail program"), ("do", "make")];
    let password = shown(&house.submit(&page, &form).await.text()).unwrap();
    let again = house.submit(&page, &form).await;
    assert_eq!(shown(&again.text()), None);
    assert_eq!(again.text().matches("Mail program").count(), 2, "its name, and that of its button");
    assert!(opened(&house, "alice", &password).await.is_some());
}
