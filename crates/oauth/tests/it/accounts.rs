//! Accounts that people make and keep themselves: by browser and by mail.

use http::StatusCode;
use oauth::{AccountRules, Mails, Settings, SignUp};

use crate::house::{Answer, House, NOW, settings};

pub(crate) const PASSWORD: &str = "violin tuesday cactus marble";
pub(crate) const ANOTHER: &str = "lantern copper orbit thursday";

pub(crate) fn open() -> Settings {
    let accounts = AccountRules { sign_up: SignUp::Open, mails: Mails::Outbox, ..AccountRules::default() };
    Settings { accounts, ..settings() }
}

/// The newest mail to somebody: its subject, and where its link leads, without the origin.
pub(crate) async fn mail(house: &House, to: &str) -> (String, String) {
    let mails = house.store.mails(&house.visit.realm(), Some(to), 9).await.unwrap();
    let mail = mails.first().unwrap_or_else(|| panic!("no mail to {to}"));
    let link = mail.plain.lines().find_map(|line| line.strip_prefix("http://127.0.0.1:4010"));
    (mail.subject.clone(), link.unwrap_or_default().to_owned())
}

pub(crate) fn link_of(page: &str) -> String {
    crate::house::value_of(page, "link")
}

pub(crate) async fn follow(house: &House, link: &str, more: &[(&str, &str)]) -> Answer {
    let page = house.get(link).await;
    let token = link_of(&page.text());
    let mut form = vec![("link", token.as_str())];
    form.extend_from_slice(more);
    past_the_offer(house, house.submit(&page, &form).await).await
}

/// Whoever signs in for the first time is offered a passkey.
pub(crate) async fn past_the_offer(house: &House, answer: Answer) -> Answer {
    if answer.text().contains("value=\"later\"") {
        return house.submit(&answer, &[("do", "later")]).await;
    }
    answer
}

pub(crate) async fn sign_up(house: &mut House, email: &str) -> Answer {
    house.advance(1);
    let page = house.get("/_lobby/sign-up").await;
    house.submit(&page, &[("email", email), ("new", PASSWORD)]).await
}

pub(crate) async fn member(house: &mut House, email: &str) {
    sign_up(house, email).await.is_page(200, "Look into your mail");
    let (_, link) = mail(house, email).await;
    assert_eq!(follow(house, &link, &[]).await.status(), StatusCode::SEE_OTHER);
}

pub(crate) async fn sign_in(house: &House, name: &str, password: &str) -> Answer {
    house.cookies.lock().unwrap().clear();
    let page = house.get("/_lobby/sign-in").await;
    let answer = house.submit(&page, &[("username", name), ("password", password)]).await;
    past_the_offer(house, answer).await
}

#[tokio::test]
async fn a_person_makes_an_account_by_mail_and_goes_on_to_the_app() {
    let mut house = House::with(open());
    let page = house.authorize(&[]).await;
    let text = page.text();
    let at = text
        .find("href=\"/_lobby/sign-up")
        .or_else(|| text.find("href=\"&#x2f;_lobby&#x2f;sign-up"))
        .unwrap();
    let path = text[at + 6..].split('"').next().unwrap().replace("&#x2f;", "/").replace("&amp;", "&");
    let page = house.get(&path).await;
    house.submit(&page, &[("email", "Ana@Example.com"), ("new", PASSWORD)]).await.is_page(200, "Look into");
    let (subject, link) = mail(&house, "Ana@Example.com").await;
    assert_eq!(subject, "Your account at Lobby");
    house.get(&link).await.is_page(200, "Make this account?");
    house.get(&link).await.is_page(200, "Make this account?");
    let consent = follow(&house, &link, &[]).await;
    consent.is_page(200, "See the books");
    let answer = house.submit(&consent, &[("decision", "allow")]).await;
    let code = answer.parameter("code").unwrap();
    let tokens = house.redeem(&code).await.ok();
    let told = house.userinfo(tokens["access_token"].as_str().unwrap()).await.ok();
    assert_eq!(told["sub"].as_str().unwrap().len(), 22);
    house.advance(1);
    house.get(&link).await.is_page(410, "This link is over");
    // The address is one, however it is written.
    assert_eq!(sign_in(&house, "ana@EXAMPLE.com", PASSWORD).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_address_that_is_taken_looks_like_one_that_is_free() {
    let mut house = House::with(open());
    member(&mut house, "ana@example.com").await;
    house.cookies.lock().unwrap().clear();
    let taken = sign_up(&mut house, "ana@example.com").await;
    let free = sign_up(&mut house, "ben@example.com").await;
    assert_eq!((taken.status(), taken.text()), (free.status(), free.text()));
    let (subject, link) = mail(&house, "ana@example.com").await;
    assert_eq!((subject.as_str(), link.as_str()), ("You have an account at Lobby", "/_lobby/reset"));
    let taken = sign_up(&mut house, "alice@example.com").await;
    assert_eq!(taken.text(), free.text(), "a persona's");
}

/// Somebody makes an account with another's address, and hopes that they follow the link.
#[tokio::test]
async fn a_link_in_another_browser_asks_for_the_password_that_was_chosen() {
    let mut house = House::with(open());
    sign_up(&mut house, "ana@example.com").await;
    let (_, link) = mail(&house, "ana@example.com").await;
    house.cookies.lock().unwrap().clear();
    let refused = follow(&house, &link, &[("current", "guessed")]).await;
    refused.is_page(422, "not the password");
    assert_eq!(follow(&house, &link, &[("current", PASSWORD)]).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_link_in_another_browser_is_no_place_to_guess() {
    let mut house = House::with(open());
    sign_up(&mut house, "ana@example.com").await;
    let (_, link) = mail(&house, "ana@example.com").await;
    house.cookies.lock().unwrap().clear();
    for _ in 0..4 {
        follow(&house, &link, &[("current", "guessed")]).await.is_page(422, "not the password");
    }
    let page = house.get(&link).await;
    let token = link_of(&page.text());
    house.submit(&page, &[("link", &token), ("current", "guessed")]).await.is_page(410, "This link is over");
}

#[tokio::test]
async fn a_password_that_is_too_easy_is_refused_with_every_reason() {
    let house = House::with(open());
    let page = house.get("/_lobby/sign-up").await;
    let answer = house.submit(&page, &[("email", "ana@example.com"), ("new", "short")]).await;
    answer.is_page(422, "at least 12 characters");
    assert!(answer.text().contains("easy to guess"));
    assert!(answer.text().contains("ana@example.com"), "what was typed stays");
    assert!(house.store.mails(&house.visit.realm(), None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn where_accounts_are_closed_nobody_makes_one() {
    let closed = AccountRules { mails: Mails::Outbox, ..AccountRules::default() };
    let house = House::with(Settings { accounts: closed, ..settings() });
    house.get("/_lobby/sign-up").await.is_page(403, "made by others");
    let silent = AccountRules { sign_up: SignUp::Open, ..AccountRules::default() };
    let house = House::with(Settings { accounts: silent, ..settings() });
    house.get("/_lobby/sign-up").await.is_page(403, "No mail is sent");
    house.get("/_lobby/reset").await.is_page(403, "No mail is sent");
}

#[tokio::test]
async fn a_password_is_chosen_anew_by_mail_and_ends_every_sign_in() {
    let mut house = House::with(open());
    member(&mut house, "ana@example.com").await;
    let before = house.cookies.lock().unwrap().clone();
    house.cookies.lock().unwrap().clear();
    house.advance(60);
    let page = house.get("/_lobby/reset").await;
    house.submit(&page, &[("username", "ana@example.com")]).await.is_page(200, "Look into your mail");
    let (subject, link) = mail(&house, "ana@example.com").await;
    assert_eq!(subject, "Choose a new password for Lobby");
    follow(&house, &link, &[("new", "short")]).await.is_page(422, "at least 12");
    follow(&house, &link, &[("new", ANOTHER)]).await.is_page(200, "The password is changed");
    house.get(&link).await.is_page(410, "This link is over");
    *house.cookies.lock().unwrap() = before;
    house.get("/_lobby/account/").await.is_page(200, "name=\"password\"");
    sign_in(&house, "ana@example.com", PASSWORD).await.is_page(422, "do not go together");
    assert_eq!(sign_in(&house, "ana@example.com", ANOTHER).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_link_ends_after_a_quarter_of_an_hour_and_with_the_next_one() {
    let mut house = House::with(open());
    let ask = async |house: &House| {
        let page = house.get("/_lobby/reset").await;
        house.submit(&page, &[("username", "alice")]).await.is_page(200, "Look into your mail");
        mail(house, "alice@example.com").await.1
    };
    let first = ask(&house).await;
    house.advance(1);
    let second = ask(&house).await;
    house.get(&first).await.is_page(410, "This link is over");
    house.get(&second).await.is_page(200, "Choose another password");
    house.advance(900);
    house.get(&second).await.is_page(410, "This link is over");
}

/// G03
#[tokio::test]
async fn asking_for_a_link_tells_nobody_who_has_an_account() {
    let house = House::with(open());
    let mut texts = Vec::new();
    for name in ["alice", "nobody", "alice@example.com", "nobody@example.com"] {
        let page = house.get("/_lobby/reset").await;
        let answer = house.submit(&page, &[("username", name)]).await;
        texts.push((answer.status(), answer.text()));
    }
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
    let (subject, link) = mail(&house, "nobody@example.com").await;
    assert_eq!((subject.as_str(), link.as_str()), ("Your address has no account at Lobby", ""));
}

#[tokio::test]
async fn a_stranger_cannot_fill_a_mailbox() {
    let mut house = House::with(open());
    for _ in 0..20 {
        house.advance(1);
        let page = house.get("/_lobby/reset").await;
        house.submit(&page, &[("username", "alice")]).await.is_page(200, "Look into your mail");
    }
    let mails = house.store.mails(&house.visit.realm(), None, 99).await.unwrap();
    assert_eq!(mails.len(), 5);
    // Nor keep its owner from what was mailed: the last one is good still.
    let (_, link) = mail(&house, "alice@example.com").await;
    house.get(&link).await.is_page(200, "Choose another password");
}

#[tokio::test]
async fn a_stranger_does_not_undo_the_link_of_somebody_who_signs_up() {
    let mut house = House::with(open());
    for _ in 0..9 {
        sign_up(&mut house, "ana@example.com").await.is_page(200, "Look into your mail");
    }
    let (_, link) = mail(&house, "ana@example.com").await;
    assert_eq!(follow(&house, &link, &[]).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_persona_changes_its_password_in_its_realm_alone() {
    let mut house = House::with(open());
    let page = house.authorize(&[]).await;
    house.sign_in(page, "alice").await;
    let page = house.get("/_lobby/account/password").await;
    house.submit(&page, &[("current", "wrong"), ("new", PASSWORD)]).await.is_page(422, "not the password");
    let changed = house.submit(&page, &[("current", "alice-password"), ("new", PASSWORD)]).await;
    assert_eq!(changed.header("location"), "/_lobby/account/");
    house.get("/_lobby/account/").await.is_page(200, "Password changed");
    sign_in(&house, "alice", "alice-password").await.is_page(422, "do not go together");
    assert_eq!(sign_in(&house, "alice", PASSWORD).await.status(), StatusCode::SEE_OTHER);
    house.visit.sandbox = "t-42".parse().unwrap();
    assert_eq!(sign_in(&house, "alice", "alice-password").await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_lock_is_told_to_the_owner_once() {
    let house = House::with(open());
    for _ in 0..7 {
        sign_in(&house, "alice", "wrong").await;
    }
    let mails = house.store.mails(&house.visit.realm(), Some("alice@example.com"), 99).await.unwrap();
    assert_eq!(mails.len(), 1);
    assert_eq!((mails[0].subject.as_str(), mails[0].created_at), ("Sign-in to Lobby paused", NOW));
}

#[tokio::test]
async fn a_user_is_told_of_a_new_browser_but_not_of_one_that_is_known() {
    let mut house = House::with(open());
    member(&mut house, "ana@example.com").await;
    let known = house.cookies.lock().unwrap().clone();
    house.advance(1);
    sign_in(&house, "ana@example.com", PASSWORD).await;
    assert_eq!(mail(&house, "ana@example.com").await.0, "A new browser signed in to Lobby");
    let count = house.store.mails(&house.visit.realm(), None, 99).await.unwrap().len();
    *house.cookies.lock().unwrap() = known;
    house.sign_out().await;
    let page = house.get("/_lobby/sign-in").await;
    let answer = house.submit(&page, &[("username", "ana@example.com"), ("password", PASSWORD)]).await;
    past_the_offer(&house, answer).await;
    house.get("/_lobby/account/").await.is_page(200, "ana@example.com");
    assert_eq!(house.store.mails(&house.visit.realm(), None, 99).await.unwrap().len(), count);
}

#[tokio::test]
async fn a_user_connects_a_device_and_signs_out_by_name() {
    let mut house = House::with(open());
    member(&mut house, "ana@example.com").await;
    let form = [("client_id", "tv"), ("scope", "books:read")];
    let device = house.post("/_lobby/oauth/device", &form).await.ok();
    let page = house.get("/_lobby/device").await;
    let confirm = house.submit(&page, &[("user_code", device["user_code"].as_str().unwrap())]).await;
    confirm.is_page(200, "ana@example.com");
    let allowed = [("user_code", device["user_code"].as_str().unwrap()), ("decision", "allow")];
    house.submit(&confirm, &allowed).await.is_page(200, "tv is connected");
    house.visit.real = house.visit.real.plus(std::time::Duration::from_secs(10));
    let tokens = house
        .token(&[
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", "tv"),
            ("device_code", device["device_code"].as_str().unwrap()),
        ])
        .await
        .ok();
    assert_eq!(tokens["scope"], "books:read");
    house.get("/_lobby/oauth/logout").await.is_page(200, "You are ana@example.com.");
}
