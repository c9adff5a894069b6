//! Rows of attacks.md against the authorization endpoint.

use serde_json::json;

use crate::app::{App, is_error, sent};
use crate::oauth::{is_page, open, strict, text};

#[tokio::test]
async fn a01_an_answer_goes_only_where_the_client_registered_letter_by_letter() {
    let lobby = strict().await;
    let app = App::new(&lobby, "app");
    for redirect in [
        "http://127.0.0.1:9/callback/",
        "http://127.0.0.1:9/callbackx",
        "http://127.0.0.1:9/callback/../evil",
        "http://127.0.0.1:9/callback%2f..%2fevil",
        "http://127.0.0.1:9/callback#x",
        "http://127.0.0.1:9/callback?x=1",
        "http://127.0.0.1:9@evil.example/callback",
        "http://user@127.0.0.1:9/callback",
        "http://127.0.0.1:10/callback",
        "http://localhost:9/callback",
        "https://127.0.0.1:9/callback",
        "HTTP://127.0.0.1:9/callback",
        "//127.0.0.1:9/callback",
        "http://127.0.0.1.evil.example:9/callback",
        "javascript:alert(1)",
    ] {
        is_page(&app.authorize(&[("redirect_uri", redirect)]).await, 400);
        // Not by the way of an error, either.
        let error = [("redirect_uri", redirect), ("scope", "no:such"), ("response_type", "nonsense")];
        is_page(&app.authorize(&error).await, 400);
    }
    // The only one that is registered may be left out, but not with OpenID Connect (Core 3.1.2.1).
    is_page(&app.authorize(&[("redirect_uri", "")]).await, 400);
    let twice = format!("{}&redirect_uri=http%3A%2F%2Fevil.example", app.query(&[]));
    is_page(&app.browser.get(&format!("/_lobby/oauth/authorize?{twice}")).await, 400);
    is_page(&app.authorize(&[("client_id", "nobody")]).await, 400);
    is_error(&app.authorize(&[("scope", "no:such")]).await, "invalid_scope");
    let pushed = [("client_id", "app"), ("redirect_uri", "http://evil.example/"), ("response_type", "code")];
    lobby.post("/_lobby/oauth/par").form(&pushed).await.is_oauth_error(400, "invalid_request");
}

#[tokio::test]
async fn a06_every_answer_names_its_issuer() {
    let lobby = open().await;
    let app = App::new(&lobby, "app");
    let answers = [
        app.authorize(&[("prompt", "none")]).await,
        app.authorize(&[("code_challenge", "short")]).await,
        app.authorize(&[("response_type", "code id_token")]).await,
        app.go_on(app.authorize(&[]).await, "alice").await,
    ];
    for answer in answers {
        assert_eq!(sent(&answer, "iss").as_deref(), Some(lobby.issuer()), "{answer:?}");
        assert_eq!(sent(&answer, "state").as_deref(), Some("state-1"));
    }
}

#[tokio::test]
async fn a09_nobody_is_signed_in_silently_who_should_be_asked() {
    let lobby = open().await;
    let app = App::new(&lobby, "app");
    is_error(&app.authorize(&[("prompt", "none")]).await, "login_required");
    let tokens = app.tokens("alice").await;
    assert!(sent(&app.authorize(&[("prompt", "none")]).await, "code").is_some());
    is_error(
        &app.authorize(&[("prompt", "none"), ("scope", "openid books:write")]).await,
        "consent_required",
    );
    is_error(&app.authorize(&[("prompt", "none"), ("max_age", "0")]).await, "login_required");
    let page = app.authorize(&[("max_age", "0")]).await;
    is_page(&page, 200);
    assert!(
        page.text().contains("value=\"alice\"") && page.text().contains("readonly"),
        "alice again: {}",
        page.text()
    );
    let still = app.submit(&page, &[("username", "alice"), ("password", "wrong")]).await;
    is_page(&still, 422);
    assert!(still.text().contains("readonly"), "alice still, after a wrong password: {}", still.text());
    assert!(sent(&app.submit(&still, &[("persona", "alice")]).await, "code").is_some());
    let other = App::new(&lobby, "app");
    other.tokens("guest").await;
    let hint = text(&tokens, "id_token");
    is_error(&other.authorize(&[("prompt", "none"), ("id_token_hint", &hint)]).await, "login_required");
    lobby.advance("10m").await;
    is_error(&app.authorize(&[("prompt", "none"), ("max_age", "300")]).await, "login_required");
    assert!(sent(&app.authorize(&[("prompt", "none"), ("max_age", "900")]).await, "code").is_some());
}

#[tokio::test]
async fn a11_request_objects_and_foreign_request_uris_lead_nowhere() {
    let lobby = strict().await;
    let app = App::new(&lobby, "app");
    is_error(&app.authorize(&[("request", "eyJhbGciOiJub25lIn0.e30.")]).await, "request_not_supported");
    for uri in
        ["http://127.0.0.1:9/object", "urn:ietf:params:oauth:request_uri:main_AAAA", "file:///etc/passwd"]
    {
        is_error(&app.authorize(&[("request_uri", uri)]).await, "invalid_request_uri");
    }
    let push = async |id: &'static str| {
        let query = App::new(&lobby, id).query(&[]);
        let call = lobby.post("/_lobby/oauth/par").body("application/x-www-form-urlencoded", query);
        let answer = call.await;
        answer.is(201);
        answer.string("/request_uri")
    };
    let theirs = push("other").await;
    is_error(&app.authorize(&[("request_uri", &theirs)]).await, "invalid_request_uri");
    let mine = push("app").await;
    let by_uri = format!("/_lobby/oauth/authorize?client_id=app&request_uri={mine}");
    let answer = app.go_on(app.browser.get(&by_uri).await, "alice").await;
    assert!(sent(&answer, "code").is_some(), "{answer:?}");
    is_page(&app.browser.get(&by_uri).await, 400);
    let late = push("app").await;
    lobby.advance("61s").await;
    is_page(
        &app.browser.get(&format!("/_lobby/oauth/authorize?client_id=app&request_uri={late}")).await,
        400,
    );
    lobby.post("/_lobby/oauth/register").json(&json!({})).await.is(404);
    let exchange = ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
    app.token(&[exchange]).await.is_oauth_error(400, "unsupported_grant_type");
}
