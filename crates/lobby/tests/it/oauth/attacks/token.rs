//! Rows of attacks.md against the token endpoint.

use std::collections::BTreeSet;

use jose::{Algorithm, SigningKey};
use serde_json::json;
use testkit::mock;

use crate::app::{App, CALLBACK, VERIFIER, is_error};
use crate::oauth::{ORDERS, now, open, strict, text};

#[tokio::test]
async fn a02_a_code_is_good_once_for_its_client_its_place_and_a_minute() {
    let lobby = strict().await;
    let app = App::new(&lobby, "app");
    let code = app.code("alice", &[]).await;
    App::new(&lobby, "other").redeem(&code).await.is_oauth_error(400, "invalid_grant");
    let grant = ("grant_type", "authorization_code");
    let elsewhere =
        [grant, ("code", &*code), ("redirect_uri", "http://127.0.0.1:9/second"), ("code_verifier", VERIFIER)];
    app.token(&elsewhere).await.is_oauth_error(400, "invalid_grant");
    // What strangers tried did not spend it.
    let tokens = app.redeem(&code).await;
    tokens.is(200);
    let (access, refresh) = (tokens.string("/access_token"), tokens.string("/refresh_token"));
    lobby.get(ORDERS).bearer(&access).await.is_allowed();
    app.redeem(&code).await.is_oauth_error(400, "invalid_grant");
    lobby.get(ORDERS).bearer(&access).await.is_denied(401, "token.revoked");
    app.refresh(&refresh).await.is_oauth_error(400, "invalid_grant");
    let late = app.code("alice", &[]).await;
    lobby.advance("61s").await;
    app.redeem(&late).await.is_oauth_error(400, "invalid_grant");
}

#[tokio::test]
async fn a03_a_challenge_is_met_and_can_be_neither_weakened_nor_dropped() {
    let lobby = strict().await;
    let app = App::new(&lobby, "app");
    let grant = ("grant_type", "authorization_code");
    let code = app.code("alice", &[]).await;
    let with =
        |verifier| vec![grant, ("code", &*code), ("redirect_uri", CALLBACK), ("code_verifier", verifier)];
    app.token(&with("")).await.is_oauth_error(400, "invalid_grant");
    app.token(&with("another-verifier-that-is-at-least-43-characters"))
        .await
        .is_oauth_error(400, "invalid_grant");
    let challenge = jose::digest::sha256_base64url(VERIFIER);
    app.token(&with(&challenge)).await.is_oauth_error(400, "invalid_grant");
    app.redeem(&code).await.is(200);
    is_error(&app.authorize(&[("code_challenge_method", "plain")]).await, "invalid_request");
    is_error(&app.authorize(&[("code_challenge_method", "")]).await, "invalid_request");
    is_error(&app.authorize(&[("code_challenge", "")]).await, "invalid_request");
    is_error(
        &app.authorize(&[("code_challenge", ""), ("code_challenge_method", "")]).await,
        "invalid_request",
    );
    // A verifier for a request without challenge: somebody took the challenge away.
    let web = App::new(&lobby, "web");
    let code = web.code("alice", &[("code_challenge", ""), ("code_challenge_method", "")]).await;
    let secret = ("client_secret", "s3cret of the web");
    let dropped = [grant, ("code", &*code), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER), secret];
    web.token(&dropped).await.is_oauth_error(400, "invalid_grant");
    web.token(&[grant, ("code", &*code), ("redirect_uri", CALLBACK), secret]).await.is(200);
}

#[tokio::test]
async fn a04_a_refresh_token_is_good_once_but_a_lost_answer_is_no_theft() {
    let lobby = strict().await;
    let app = App::new(&lobby, "app");
    let first = text(&app.tokens("alice").await, "refresh_token");
    App::new(&lobby, "other").refresh(&first).await.is_oauth_error(400, "invalid_grant");
    let grant = ("grant_type", "refresh_token");
    app.token(&[grant, ("refresh_token", &first), ("scope", "books:write")])
        .await
        .is_oauth_error(400, "invalid_scope");
    let narrowed = app.token(&[grant, ("refresh_token", &first), ("scope", "books:read")]).await;
    narrowed.is(200);
    assert_eq!(narrowed.string("/scope"), "books:read");
    // The answer was lost, or a second tab asked too: the same successor, as long as nothing of it was used.
    let again = app.refresh(&first).await;
    again.is(200);
    assert_eq!(again.string("/refresh_token"), narrowed.string("/refresh_token"));
    // Now its access token is seen at the API: whoever comes with the old one is a thief.
    lobby.get(ORDERS).bearer(again.string("/access_token")).await.is_allowed();
    app.refresh(&first).await.is_oauth_error(400, "invalid_grant");
    app.refresh(&again.string("/refresh_token")).await.is_oauth_error(400, "invalid_grant");
    lobby.get(ORDERS).bearer(again.string("/access_token")).await.is_denied(401, "token.revoked");
}

#[tokio::test]
async fn a04_two_at_once_make_one_family_with_one_successor() {
    let lobby = open().await;
    let app = App::new(&lobby, "app");
    let first = text(&app.tokens("alice").await, "refresh_token");
    let racing = (0..8).map(|_| {
        let (client, first) = (lobby.another(), first.clone());
        tokio::spawn(async move {
            let form = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", &*first)];
            client.post("/_lobby/oauth/token").form(&form).await
        })
    });
    let mut successors = BTreeSet::new();
    for answer in racing.collect::<Vec<_>>() {
        let answer = answer.await.unwrap();
        answer.is(200);
        successors.insert(answer.string("/refresh_token"));
    }
    assert_eq!(successors.len(), 1, "{successors:?}");
    app.refresh(successors.first().unwrap()).await.is(200);
}

#[tokio::test]
async fn a04_a_used_token_after_its_grace_burns_its_own_family_alone() {
    let lobby = open().await;
    let (app, second) = (App::new(&lobby, "app"), App::new(&lobby, "app"));
    let mine = text(&app.tokens("alice").await, "refresh_token");
    let theirs = text(&second.tokens("alice").await, "refresh_token");
    let next = app.refresh(&mine).await.string("/refresh_token");
    lobby.advance("11s").await;
    app.refresh(&mine).await.is_oauth_error(400, "invalid_grant");
    app.refresh(&next).await.is_oauth_error(400, "invalid_grant");
    second.refresh(&theirs).await.is(200);
}

#[tokio::test]
async fn a05_a_client_proves_itself_in_one_way_and_rightly() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let keys = json!({"keys": [key.public().to_jwk()]});
    let lobby = mock("bookshop.openapi.yaml")
        .variable("WEB_SECRET", "s3cret of the web")
        .file("machine.json", &keys.to_string())
        .config(
            "clients:\n  web: { secret: \"${WEB_SECRET}\" }\n  machine: { jwks: machine.json }\n  app: { public: true }\n",
        )
        .await;
    let grant = ("grant_type", "client_credentials");
    let ask = async |form: &[(&str, &str)]| lobby.post("/_lobby/oauth/token").form(form).await;
    ask(&[grant, ("client_id", "web"), ("client_secret", "s3cret of the web")]).await.is(200);
    let secret = ("client_secret", "s3cret of the web");
    let both = lobby.post("/_lobby/oauth/token").basic("web", "s3cret+of+the+web");
    both.form(&[grant, secret, ("client_id", "web")]).await.is_oauth_error(400, "invalid_request");
    let basic = lobby.post("/_lobby/oauth/token").basic("web", "s3cret+of+the+web").form(&[grant]).await;
    basic.is(200);
    let wrong = lobby.post("/_lobby/oauth/token").basic("web", "no").form(&[grant]).await;
    wrong.is_oauth_error(401, "invalid_client");
    assert!(wrong.header("www-authenticate").unwrap().starts_with("Basic "), "{wrong:?}");
    ask(&[grant, ("client_id", "web"), ("client_secret", "no")]).await.is_oauth_error(401, "invalid_client");
    ask(&[grant, ("client_id", "web")]).await.is_oauth_error(401, "invalid_client");
    ask(&[grant, ("client_id", "nobody"), secret]).await.is_oauth_error(401, "invalid_client");
    ask(&[grant, ("client_id", "app")]).await.is_oauth_error(400, "unauthorized_client");
    let assertion = |audience: &str, expires: i64, jti: &str| {
        let claims = json!({"iss": "machine", "sub": "machine", "aud": audience, "exp": expires, "jti": jti});
        jose::jwt::sign(&key, "JWT", claims.as_object().unwrap()).unwrap()
    };
    let kind = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    let (soon, past) = (now().as_seconds() + 60, now().as_seconds() - 60);
    let good = assertion(lobby.issuer(), soon, "one");
    ask(&[grant, kind, ("client_assertion", &good)]).await.is(200);
    ask(&[grant, kind, ("client_assertion", &good)]).await.is_oauth_error(401, "invalid_client");
    for wrong in
        [assertion("https://elsewhere.example", soon, "two"), assertion(lobby.issuer(), past, "three")]
    {
        ask(&[grant, kind, ("client_assertion", &wrong)]).await.is_oauth_error(401, "invalid_client");
    }
    // Assertions are made by clients: the sandbox's clock does not judge them.
    lobby.advance("40d").await;
    let later = assertion(lobby.issuer(), soon, "four");
    ask(&[grant, kind, ("client_assertion", &later)]).await.is(200);
}
