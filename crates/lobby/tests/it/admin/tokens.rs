//! People who administer a server, or direct its mocks, with access tokens of their own accounts.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use testkit::{Lobby, serve};

use super::{CONFIG, DOCUMENT, PASSWORD, add_alice, done, json, lobby};
use crate::browser::{REDIRECT, code_of_user, parameter, redeem_for, refresh, submit};

/// An app that may ask for what administers and directs, and one that may not though nothing limits it.
fn config() -> String {
    let app = |scopes: &str| format!("{{ public: true, consent: skip, redirects: ['{REDIRECT}']{scopes} }}");
    let own = app(", scopes: [openid, 'books:read', 'lobby:admin', 'lobby:direct']");
    format!("{CONFIG}clients: {{ app: {own}, other: {} }}\n", app(""))
}

async fn server() -> Lobby {
    let shop = serve(&config()).file("shop.yaml", DOCUMENT).await;
    add_alice(shop.folder());
    shop
}

fn add(shop: &Lobby, name: &str, role: &str) {
    let added = ["user", "add", name, "--password-stdin", "--scope", "books:read", "--role", role];
    lobby(shop.folder(), &added, &format!("{PASSWORD}\n")).exits(0);
}

/// An access token of a user, in a browser of its own.
async fn token(shop: &Lobby, name: &str, scope: &str) -> String {
    let browser = shop.another();
    let mut answer = code_of_user(&browser, "app", (name, PASSWORD), scope).await;
    // Nobody gives these scopes without having seen to whom, whatever the app's `consent` says.
    if answer.status() == 200 {
        answer = submit(&browser, &answer, &[("decision", "allow")]).await;
    }
    let code = parameter(&answer, "code").unwrap_or_else(|| panic!("{answer:?}"));
    let tokens = redeem_for(&browser, "", "app", &code).await;
    tokens.is(200);
    tokens.string("/access_token")
}

#[tokio::test]
async fn a_user_administers_as_far_as_their_role_reaches() {
    let shop = server().await;
    add(&shop, "sam", "lobby:support");
    let sam = token(&shop, "sam", "lobby:admin").await;
    let claims: serde_json::Value = {
        let payload = URL_SAFE_NO_PAD.decode(sam.split('.').nth(1).unwrap()).unwrap();
        serde_json::from_slice(&payload).unwrap()
    };
    assert_eq!(
        (&claims["aud"], &claims["scope"]),
        (&json!("https://login.example.com/_lobby"), &json!("lobby:admin"))
    );
    let admin = shop.admin();
    admin.get("/admin/v1/users").bearer(&sam).await.is(200);
    admin
        .post("/admin/v1/users")
        .bearer(&sam)
        .json(&json!({"name": "x"}))
        .await
        .is_refused(403, "admin.role");
    let key = done(shop.folder(), &["key", "add", "--owner", "alice"]);
    let id = key.split('_').nth(1).unwrap();
    admin.delete(&format!("/admin/v1/keys/{id}")).bearer(&sam).await.is(200);
    let entry = json(shop.folder(), &["audit", "list"])["entries"][0].clone();
    let user = json(shop.folder(), &["user", "show", "sam"])["id"].as_str().unwrap().to_owned();
    assert_eq!((&entry["action"], &entry["actor"]), (&json!("key.revoke"), &json!(format!("user:{user}"))));
    // What they may is what they may now.
    done(shop.folder(), &["user", "set", "sam", "--role", "lobby:admin"]);
    admin.post("/admin/v1/users").bearer(&sam).json(&json!({"name": "x"})).await.is(201);
    done(shop.folder(), &["user", "set", "sam", "--role", "reader"]);
    admin.get("/admin/v1/users").bearer(&sam).await.is_refused(403, "admin.role");
    done(shop.folder(), &["user", "set", "sam", "--role", "lobby:owner"]);
    admin.get("/admin/v1/users").bearer(&sam).await.is(200);
    done(shop.folder(), &["session", "end", "--user", "sam"]);
    admin.get("/admin/v1/users").bearer(&sam).await.is_refused(401, "admin.token");
}

#[tokio::test]
async fn no_other_token_administers() {
    let shop = server().await;
    add(&shop, "olga", "lobby:owner");
    // Somebody stays one when she no longer is.
    add(&shop, "otto", "lobby:owner");
    let admin = shop.admin();
    for (name, scope) in
        [("olga", "openid books:read"), ("olga", "lobby:direct"), ("alice", "openid lobby:admin")]
    {
        let other = token(&shop, name, scope).await;
        admin.get("/admin/v1/users").bearer(&other).await.is_refused(401, "admin.token");
    }
    let own = token(&shop, "olga", "lobby:admin books:read").await;
    admin.get("/admin/v1/users").bearer(&own).await.is(200);
    for junk in [format!("{own}x"), own[..own.len() - 4].to_owned(), "e30.e30.".to_owned(), String::new()] {
        admin.get("/admin/v1/users").bearer(&junk).await.is_refused(401, "admin.token");
    }
    admin
        .get("/admin/v1/users")
        .header("authorization", &format!("DPoP {own}"))
        .await
        .is_refused(401, "admin.token");
    done(shop.folder(), &["user", "disable", "olga"]);
    admin.get("/admin/v1/users").bearer(&own).await.is_refused(401, "admin.token");
}

#[tokio::test]
async fn an_app_that_does_not_name_the_scope_is_not_given_it() {
    let shop = server().await;
    add(&shop, "olga", "lobby:owner");
    let browser = shop.another();
    let refused = code_of_user(&browser, "other", ("olga", PASSWORD), "openid lobby:admin").await;
    assert_eq!(parameter(&refused, "error").as_deref(), Some("invalid_scope"), "{refused:?}");
    let everything = code_of_user(&browser, "other", ("olga", PASSWORD), "openid").await;
    let tokens = redeem_for(&browser, "", "other", &parameter(&everything, "code").unwrap()).await.json();
    assert!(!tokens.to_string().contains("lobby:"), "{tokens}");
}

#[tokio::test]
async fn a_director_directs_the_mocks_and_nobody_else_does() {
    let shop = server().await;
    add(&shop, "dora", "director");
    let dora = token(&shop, "dora", "lobby:direct").await;
    shop.get("/_lobby/journal").bearer(&dora).await.is(200);
    let play = json!({"play": ["status:503"], "operation": "keyed"});
    shop.post("/_lobby/scenarios").bearer(&dora).json(&play).await.is(201);
    shop.get("/keyed").await.is(503);
    for (name, scope) in [("alice", "openid lobby:direct"), ("dora", "openid books:read")] {
        let other = token(&shop, name, scope).await;
        shop.get("/_lobby/journal").bearer(&other).await.is_refused(401, "control.token");
    }
    shop.get("/_lobby/journal")
        .bearer(&dora)
        .origin("https://evil.example")
        .await
        .is_refused(403, "control.origin");
    shop.admin().get("/admin/v1/users").bearer(&dora).await.is_refused(401, "admin.token");
    // The links to choose another password are in the mails of main.
    shop.get("/_lobby/outbox").bearer(&dora).await.is_refused(403, "control.role");
    shop.get("/_lobby/outbox").bearer(&dora).sandbox("t-1").await.is(200);
    done(shop.folder(), &["user", "set", "dora", "--role", "reader"]);
    shop.get("/_lobby/journal").bearer(&dora).await.is_refused(401, "control.token");
}

#[tokio::test]
async fn who_directs_mocks_moves_no_clock_of_people_and_forgets_none_of_them() {
    let shop = serve(&format!("{}control: {{ token: '${{CONTROL}}' }}\n", config()))
        .file("shop.yaml", DOCUMENT)
        .variable("CONTROL", "c0ntrol")
        .await;
    add_alice(shop.folder());
    let browser = shop.another();
    let answer = code_of_user(&browser, "app", ("alice", PASSWORD), "openid books:read offline_access").await;
    let tokens = redeem_for(&browser, "", "app", &parameter(&answer, "code").unwrap()).await.json();
    shop.post("/_lobby/clock").bearer("c0ntrol").json(&json!({"advance": "60d"})).await.is(200);
    let renewed = refresh(&browser, tokens["refresh_token"].as_str().unwrap()).await;
    renewed.is(200);
    shop.post("/_lobby/reset").bearer("c0ntrol").await.is(204);
    assert_eq!(json(shop.folder(), &["user", "show", "alice"])["name"], "alice");
    let again = refresh(&browser, &renewed.string("/refresh_token")).await;
    again.is(200);
}
