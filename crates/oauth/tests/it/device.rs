use std::time::Duration;

use oauth::Client;
use serde_json::Value;

use crate::house::{House, claims, listed};

async fn begin(house: &House) -> Value {
    let form = [("client_id", "tv"), ("scope", "openid books:read")];
    house.post("/_lobby/oauth/device", &form).await.ok()
}

async fn poll(house: &House, codes: &Value) -> crate::house::Answer {
    let code = codes["device_code"].as_str().unwrap();
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    house.token(&[("grant_type", grant), ("client_id", "tv"), ("device_code", code)]).await
}

async fn decide(house: &House, codes: &Value, decision: &str) -> crate::house::Answer {
    let code = codes["user_code"].as_str().unwrap();
    let mut page = house.get(&format!("/_lobby/device?user_code={code}")).await;
    if page.text().contains("name=\"persona\"") {
        page = house.submit(&page, &[("persona", "alice")]).await;
    }
    // A code in the link is filled in, never confirmed.
    page.is_page(200, code);
    assert!(!page.text().contains("value=\"allow\""));
    let page = house.submit(&page, &[("user_code", &code.to_lowercase())]).await;
    page.is_page(200, "value=\"allow\"");
    house.submit(&page, &[("user_code", code), ("decision", decision)]).await
}

#[tokio::test]
async fn a_device_gets_tokens_after_somebody_let_it_in_and_only_once() {
    let mut house = House::new();
    let codes = begin(&house).await;
    assert_eq!(codes["interval"], 5);
    assert_eq!(codes["verification_uri"], "http://127.0.0.1:4010/_lobby/device");
    assert!(codes["verification_uri_complete"].as_str().unwrap().contains("user_code="));
    poll(&house, &codes).await.fails(400, "authorization_pending");
    decide(&house, &codes, "allow").await.is_page(200, "");
    house.visit.real = house.visit.real.plus(Duration::from_secs(5));
    let tokens = poll(&house, &codes).await.ok();
    let said = claims(tokens["access_token"].as_str().unwrap());
    assert_eq!((said["sub"].as_str(), said["client_id"].as_str()), (Some("alice"), Some("tv")));
    assert!(tokens["refresh_token"].is_string() && tokens["id_token"].is_string());
    poll(&house, &codes).await.fails(400, "invalid_grant");
}

#[tokio::test]
async fn a_device_gets_no_more_than_its_client_may_have_though_it_asks_for_nothing() {
    let client = Client {
        id: "tv".to_owned(),
        public: true,
        scopes: Some("books:read".parse().unwrap()),
        ..Client::default()
    };
    let mut house = House::with(listed([client]));
    let codes = house.post("/_lobby/oauth/device", &[("client_id", "tv")]).await.ok();
    decide(&house, &codes, "allow").await.is_page(200, "");
    house.visit.real = house.visit.real.plus(Duration::from_secs(5));
    assert_eq!(poll(&house, &codes).await.ok()["scope"], "books:read");
}

#[tokio::test]
async fn a_device_is_among_the_apps_of_whoever_let_it_in_and_goes_with_them() {
    let mut house = House::new();
    let codes = begin(&house).await;
    decide(&house, &codes, "allow").await.is_page(200, "");
    house.get("/_lobby/account/").await.is_page(200, "tv");
    let (realm, now) = (house.visit.realm(), house.visit.now);
    house.store.end_sessions_of(&realm, "alice", None, now, now).await.unwrap();
    house.visit.real = house.visit.real.plus(Duration::from_secs(5));
    poll(&house, &codes).await.fails(400, "invalid_grant");
}

#[tokio::test]
async fn a_refused_device_is_told_so() {
    let house = House::new();
    let codes = begin(&house).await;
    decide(&house, &codes, "deny").await.is_page(200, "");
    poll(&house, &codes).await.fails(400, "access_denied");
}

/// A10: the pace is real time, whatever the sandbox's clock says.
#[tokio::test]
async fn a_hasty_device_is_slowed_down() {
    let mut house = House::new();
    let codes = begin(&house).await;
    poll(&house, &codes).await.fails(400, "authorization_pending");
    house.advance(60);
    poll(&house, &codes).await.fails(400, "slow_down");
    house.visit.real = house.visit.real.plus(Duration::from_secs(9));
    poll(&house, &codes).await.fails(400, "slow_down");
    house.visit.real = house.visit.real.plus(Duration::from_secs(15));
    poll(&house, &codes).await.fails(400, "authorization_pending");
}

#[tokio::test]
async fn device_codes_end_by_the_sandboxs_clock() {
    let mut house = House::new();
    let codes = begin(&house).await;
    house.advance(601);
    poll(&house, &codes).await.fails(400, "expired_token");
}

#[tokio::test]
async fn another_clients_or_a_made_up_device_code_is_refused() {
    let house = House::new();
    let codes = begin(&house).await;
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let code = codes["device_code"].as_str().unwrap();
    house
        .token(&[("grant_type", grant), ("client_id", "radio"), ("device_code", code)])
        .await
        .fails(400, "invalid_grant");
    house
        .token(&[("grant_type", grant), ("client_id", "tv"), ("device_code", "x")])
        .await
        .fails(400, "invalid_grant");
}

/// A10: guessing the code that a person types.
#[tokio::test]
async fn guessing_user_codes_is_stopped() {
    let house = House::new();
    let codes = begin(&house).await;
    let mut page = house.get("/_lobby/device").await;
    page = house.submit(&page, &[("persona", "alice")]).await;
    for _ in 0..4 {
        page = house.submit(&page, &[("user_code", "BBBB-BBBB")]).await;
        assert_eq!(page.status().as_u16(), 422);
    }
    page = house.submit(&page, &[("user_code", "BBBB-BBBB")]).await;
    assert_eq!(page.status().as_u16(), 429);
    page = house.submit(&page, &[("user_code", codes["user_code"].as_str().unwrap())]).await;
    assert_eq!(page.status().as_u16(), 429, "the right one, too, while it lasts");
}

#[tokio::test]
async fn a_device_page_that_came_from_elsewhere_decides_nothing() {
    let house = House::new();
    let codes = begin(&house).await;
    let page = house.get("/_lobby/device").await;
    house.submit(&page, &[("persona", "alice")]).await;
    let code = codes["user_code"].as_str().unwrap();
    let answer = house.post("/_lobby/device", &[("user_code", code), ("decision", "allow")]).await;
    assert_eq!(answer.status().as_u16(), 403);
    poll(&house, &codes).await.fails(400, "authorization_pending");
}
