//! Classes of sign-in: what a request wants beyond a password, and what counts for it (RFC 9470).

use serde_json::json;

use crate::{
    factors::{ORIGIN, answer, code, password, said, with},
    house::{Answer, House, NOW},
};

#[tokio::test]
async fn a_remembered_browser_is_asked_for_no_code_for_thirty_days() {
    let mut house = House::with(with(true, false));
    let page = password(&house, &[]).await;
    let right = code(&house).await;
    house.submit(&page, &[("code", &right), ("remember", "yes")]).await;
    house.advance(29 * 86_400);
    let answer = password(&house, &[]).await;
    let said = said(&house, answer).await;
    assert_eq!((&said["acr"], &said["amr"]), (&json!("pwd"), &json!(["pwd", "rba"])));
    // It is none of what is demanded beyond, and changes no factor.
    house.authorize(&[("acr_values", "mfa")]).await.is_page(200, "one-time-code");
    password(&house, &[("acr_values", "mfa"), ("prompt", "login")]).await.is_page(200, "one-time-code");
    house.get("/_lobby/account/authenticator").await.is_page(200, "one-time-code");
    house.advance(2 * 86_400);
    password(&house, &[]).await.is_page(200, "one-time-code");
}

#[tokio::test]
async fn step_up_asks_only_for_what_is_missing() {
    let house = House::with(with(true, true));
    let page = house.authorize(&[]).await;
    house.sign_in(page, "alice").await;
    house.authorize(&[("acr_values", "mfa"), ("prompt", "none")]).await.is_redirect("login_required");
    let page = house.authorize(&[("acr_values", "mfa")]).await;
    page.is_page(200, "one-time-code");
    assert!(!page.text().contains("type=\"password\""));
    let before = house.cookies.lock().unwrap().clone();
    let right = code(&house).await;
    let answer = house.submit(&page, &[("code", &right)]).await;
    assert_eq!(said(&house, answer).await["acr"], "mfa");
    assert_ne!(before, *house.cookies.lock().unwrap(), "a new session");
    let page = house.authorize(&[("acr_values", "phr")]).await;
    page.is_page(200, "data-passkey=\"get\"");
    assert!(!page.text().contains("one-time-code"), "a code would not do");
    let answer = answer_with(&house, page).await;
    assert_eq!(said(&house, answer).await["acr"], "phr");
    assert!(house.authorize(&[("acr_values", "mfa")]).await.parameter("code").is_some());
}

/// A password of days ago is not newer because a code is shown today.
#[tokio::test]
async fn a_sign_in_is_as_old_as_the_oldest_factor_in_it() {
    let mut house = House::with(with(true, false));
    let page = house.authorize(&[]).await;
    house.sign_in(page, "alice").await;
    house.advance(3600);
    let page = house.authorize(&[("acr_values", "mfa")]).await;
    let right = code(&house).await;
    let answer = house.submit(&page, &[("code", &right)]).await;
    let said = said(&house, answer).await;
    assert_eq!((&said["acr"], &said["auth_time"]), (&json!("mfa"), &json!(NOW.as_seconds())));
    let again = house.authorize(&[("acr_values", "mfa"), ("max_age", "60")]).await;
    again.is_page(200, "type=\"password\"");
    house.get("/_lobby/account/authenticator").await.is_page(200, "type=\"password\"");
}

#[tokio::test]
async fn of_several_classes_one_that_somebody_has_or_can_show_is_enough() {
    let house = House::with(with(true, false));
    let page = password(&house, &[("acr_values", "phrh mfa")]).await;
    page.is_page(200, "one-time-code");
    let right = code(&house).await;
    let answer = house.submit(&page, &[("code", &right)]).await;
    assert_eq!(said(&house, answer).await["acr"], "mfa");
    let silent = house.authorize(&[("acr_values", "phrh mfa"), ("prompt", "none")]).await;
    assert!(silent.parameter("code").is_some(), "{}", silent.text());
}

async fn answer_with(house: &House, page: Answer) -> Answer {
    answer(house, &page, "alice", ORIGIN).await
}
