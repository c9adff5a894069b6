//! Rows of attacks.md against introspection, revocation, discovery, and whatever else could tell a stranger something.

use serde_json::{Value, json};

use crate::app::{App, VERIFIER, sent};
use crate::oauth::{ORDERS, open, strict, text};

#[tokio::test]
async fn a13_strangers_learn_and_end_nothing() {
    let lobby = strict().await;
    let app = App::new(&lobby, "app");
    let tokens = app.tokens("alice").await;
    let access = text(&tokens, "access_token");
    let web = ("client_secret", "s3cret of the web");
    let introspect = async |form: &[(&str, &str)]| lobby.post("/_lobby/oauth/introspect").form(form).await;
    introspect(&[("token", &access)]).await.is_oauth_error(401, "invalid_client");
    introspect(&[("token", &access), ("client_id", "other")]).await.is_oauth_error(401, "invalid_client");
    let told = introspect(&[("token", &access), ("client_id", "web"), web]).await;
    assert_eq!(told.json()["active"], true);
    let hidden = introspect(&[("token", &text(&tokens, "refresh_token")), ("client_id", "web"), web]).await;
    assert_eq!(hidden.json(), json!({"active": false}), "another client's refresh token");
    let revoke = async |form: &[(&str, &str)]| lobby.post("/_lobby/oauth/revoke").form(form).await;
    for token in [&access, &text(&tokens, "refresh_token")] {
        assert_ne!(revoke(&[("token", token), ("client_id", "other")]).await.status(), 200);
    }
    lobby.get(ORDERS).bearer(&access).await.is_allowed();
    revoke(&[("token", "nobody's"), ("client_id", "other")]).await.is(200);
    revoke(&[("token", &access), ("client_id", "app")]).await.is(200);
    lobby.get(ORDERS).bearer(&access).await.is_denied(401, "token.revoked");
}

#[tokio::test]
async fn a15_nothing_secret_is_kept_or_passed_on() {
    let lobby = open().await;
    let app = App::new(&lobby, "app");
    let last = app.go_on(app.authorize(&[]).await, "alice").await;
    assert_eq!(last.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(last.header("cache-control"), Some("no-store"));
    let code = sent(&last, "code").unwrap();
    let tokens = app.redeem(&code).await;
    assert_eq!(tokens.header("cache-control"), Some("no-store"));
    let device = lobby.post("/_lobby/oauth/device").form(&[("client_id", "tv")]).await;
    let ask = app.browser.get("/_lobby/device").await;
    app.submit(&ask, &[("user_code", &device.string("/user_code"))]).await.is(200);
    let other = App::new(&lobby, "app");
    let page = other.authorize(&[]).await;
    other.submit(&page, &[("username", "alice"), ("password", "alice-password")]).await.is(303);
    let journal = Value::from(lobby.journal("api=oauth").await).to_string();
    let cookie = app.browser.cookie(&format!("lobby-session-{}", lobby.port())).unwrap();
    let (access, refresh) = (tokens.string("/access_token"), tokens.string("/refresh_token"));
    let (identity, device_code) = (tokens.string("/id_token"), device.string("/device_code"));
    for secret in
        [&*code, &*access, &*refresh, &*identity, &*device_code, &*cookie, VERIFIER, "alice-password"]
    {
        assert!(!journal.contains(secret), "{secret} in {journal}");
    }
    let by_alice = lobby.journal("operation=oauth.token&persona=alice").await;
    assert_eq!(by_alice.len(), 1, "{by_alice:#?}");
    // A token in a query opens nothing.
    lobby.get(&format!("{ORDERS}?access_token={access}")).await.is_denied(401, "credential.missing");
    lobby.get(&format!("/_lobby/oauth/userinfo?access_token={access}")).await.is(401);
}

#[tokio::test]
async fn a17_host_names_no_issuer_and_whoever_asks_by_another_name_is_told() {
    let lobby = open().await;
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let plain = lobby.get(path).await;
        assert_eq!(plain.string("/issuer"), lobby.issuer());
        assert!(plain.header("lobby-hint").is_none());
        for host in ["evil.example".to_owned(), format!("localhost:{}", lobby.port())] {
            let answer = lobby.get(path).host(&host).await;
            assert!(!answer.text().contains(&host), "{}", answer.text());
            assert!(answer.header("lobby-hint").unwrap().contains(lobby.issuer()));
        }
    }
}
