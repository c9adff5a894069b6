//! Rows of attacks.md against the device endpoint and its page.

use crate::app::{App, SCOPE};
use crate::oauth::{is_page, open};

#[tokio::test]
async fn a10_a_device_keeps_its_pace_and_its_code_is_not_guessed() {
    let lobby = open().await;
    let tv = App::new(&lobby, "tv");
    let asked = lobby.post("/_lobby/oauth/device").form(&[("client_id", "tv"), ("scope", SCOPE)]).await;
    asked.is(200);
    let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
    let device = asked.string("/device_code");
    let poll = [grant, ("device_code", &*device)];
    tv.token(&poll).await.is_oauth_error(400, "authorization_pending");
    tv.token(&poll).await.is_oauth_error(400, "slow_down");
    App::new(&lobby, "radio").token(&poll).await.is_oauth_error(400, "invalid_grant");
    let person = App::new(&lobby, "tv");
    let complete = asked.string("/verification_uri_complete");
    let page = person.go_on(person.browser.get(&complete).await, "alice").await;
    let page = if page.text().contains("127.0.0.1") {
        page
    } else {
        person.submit(&page, &[("user_code", &asked.string("/user_code"))]).await
    };
    assert!(page.text().contains("127.0.0.1"), "where the device asked from: {}", page.text());
    is_page(&page, 200);
    for guess in ["BBBB-BBBB", "CCCC-CCCC", "DDDD-DDDD", "FFFF-FFFF", "GGGG-GGGG"] {
        let ask = person.browser.get("/_lobby/device").await;
        person.submit(&ask, &[("user_code", guess)]).await;
    }
    let ask = person.browser.get("/_lobby/device").await;
    person.submit(&ask, &[("user_code", "HHHH-HHHH")]).await.is(429);
    lobby.advance("16m").await;
    tv.token(&poll).await.is_oauth_error(400, "expired_token");
}
