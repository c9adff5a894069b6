//! Whose a request is going to be, told before anything is judged or spent.

use http::Method;
use oauth::{GrantKind, Settings};

use crate::house::{House, REDIRECT, VERIFIER, encode, settings, value_of};

const TOKEN: &str = "/_lobby/oauth/token";
const SIGN_IN: &str = "/_lobby/sign-in";

async fn speaker(house: &House, path: &str, form: &[(&str, &str)]) -> Option<String> {
    let request = house.request(Method::POST, path, &[], encode(form));
    house.server.speaker_of(&request, &house.visit).await.map(|name| name.to_string())
}

#[tokio::test]
async fn a_code_speaks_for_whom_it_was_given_and_is_not_spent() {
    let house = House::new();
    let code = house.code("alice", &[("scope", "books:read")]).await;
    let grant = ("grant_type", "authorization_code");
    for _ in 0..2 {
        assert_eq!(speaker(&house, TOKEN, &[grant, ("code", &code)]).await.as_deref(), Some("alice"));
    }
    assert_eq!(speaker(&house, TOKEN, &[grant, ("code", &format!("{code}x"))]).await, None);
    assert_eq!(speaker(&house, TOKEN, &[grant]).await, None);
    let form = [grant, ("client_id", "app"), ("code", &code), ("redirect_uri", REDIRECT)];
    let form: Vec<_> = form.into_iter().chain([("code_verifier", VERIFIER)]).collect();
    house.token(&form).await.ok();
}

#[tokio::test]
async fn a_device_code_speaks_for_nobody_until_somebody_let_it_in() {
    let house = House::new();
    let codes =
        house.post("/_lobby/oauth/device", &[("client_id", "tv"), ("scope", "books:read")]).await.ok();
    let (device, user) = (codes["device_code"].as_str().unwrap(), codes["user_code"].as_str().unwrap());
    let form = [("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", device)];
    assert_eq!(speaker(&house, TOKEN, &form).await, None);
    let page = house.get("/_lobby/device").await;
    let page = house.submit(&page, &[("persona", "guest")]).await;
    let page = house.submit(&page, &[("user_code", user)]).await;
    assert_eq!(speaker(&house, TOKEN, &form).await, None);
    house.submit(&page, &[("user_code", user), ("decision", "allow")]).await.is_page(200, "");
    assert_eq!(speaker(&house, TOKEN, &form).await.as_deref(), Some("guest"));
    let strange = [form[0], ("device_code", "none-of-ours")];
    assert_eq!(speaker(&house, TOKEN, &strange).await, None);
}

#[tokio::test]
async fn a_name_with_a_password_speaks_for_itself_right_or_wrong_and_a_client_for_nobody() {
    let mut settings: Settings = settings();
    settings.grants.insert(GrantKind::Password);
    let house = House::with(settings);
    for password in ["alice-password", "wrong"] {
        let form = [("grant_type", "password"), ("username", "alice"), ("password", password)];
        assert_eq!(speaker(&house, TOKEN, &form).await.as_deref(), Some("alice"));
    }
    let nobody = [("grant_type", "password"), ("username", "nobody"), ("password", "x")];
    assert_eq!(speaker(&house, TOKEN, &nobody).await, None);
    let client = [("grant_type", "client_credentials"), ("client_id", "alice")];
    assert_eq!(speaker(&house, TOKEN, &client).await, None);
}

#[tokio::test]
async fn a_refresh_token_speaks_for_its_family() {
    let house = House::new();
    let tokens = house.tokens("alice", "books:read").await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let grant = ("grant_type", "refresh_token");
    assert_eq!(speaker(&house, TOKEN, &[grant, ("refresh_token", refresh)]).await.as_deref(), Some("alice"));
    assert_eq!(speaker(&house, TOKEN, &[grant, ("refresh_token", "x")]).await, None);
}

#[tokio::test]
async fn the_sign_in_form_of_an_app_speaks_for_whom_it_picks_or_names_until_the_session_does() {
    let house = House::new();
    let page = house.authorize(&[]).await;
    let text = page.text();
    let (request, token) = (value_of(&text, "request"), value_of(&text, "token"));
    let sealed = [("request", request.as_str()), ("token", token.as_str())];
    let form = |more: &[(&'static str, &'static str)]| [&sealed, more].concat();
    let picked = form(&[("persona", "alice")]);
    assert_eq!(speaker(&house, SIGN_IN, &picked).await.as_deref(), Some("alice"));
    let named = form(&[("username", "guest"), ("password", "x")]);
    assert_eq!(speaker(&house, SIGN_IN, &named).await.as_deref(), Some("guest"));
    assert_eq!(speaker(&house, SIGN_IN, &form(&[("persona", "nobody")])).await, None);
    assert_eq!(speaker(&house, SIGN_IN, &form(&[("persona", "alice"), ("decision", "allow")])).await, None);
    let forged = [("request", request.as_str()), ("token", "x"), ("persona", "alice")];
    assert_eq!(speaker(&house, SIGN_IN, &forged).await, None);
    house.submit(&page, &[("persona", "alice")]).await;
    assert_eq!(speaker(&house, SIGN_IN, &picked).await, None, "her session spoke for her");
    assert_eq!(speaker(&house, SIGN_IN, &named).await.as_deref(), Some("guest"));
    // Nobody's app is waiting behind the page by itself.
    house.cookies.lock().unwrap().clear();
    let alone = house.get(SIGN_IN).await.text();
    let (request, token) = (value_of(&alone, "request"), value_of(&alone, "token"));
    let visit = [("request", request.as_str()), ("token", token.as_str()), ("persona", "alice")];
    assert_eq!(speaker(&house, SIGN_IN, &visit).await, None);
}
