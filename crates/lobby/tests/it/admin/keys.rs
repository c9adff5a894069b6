use serde_json::json;

use super::{PASSWORD, add_alice, done, json, lobby, shop};
use crate::browser::{submit, type_password};

#[tokio::test]
async fn a_key_opens_until_it_is_revoked_and_its_uses_are_counted() {
    let shop = shop().await;
    add_alice(shop.folder());
    let key =
        done(shop.folder(), &["key", "add", "--owner", "alice", "--scope", "books:read", "--expires", "90d"]);
    assert!(key.starts_with("lk_") && key.len() == 65, "{key}");
    shop.get("/keyed").header("x-api-key", &key).await.is_allowed();
    shop.get("/keyed").header("x-api-key", &key).await.is_allowed();
    shop.get("/basic").basic("alice", &key).await.is_denied(401, "password.wrong");
    let id = key.split('_').nth(1).unwrap();
    let shown = json(shop.folder(), &["key", "show", id]);
    assert_eq!(shown["uses"]["shop/keyed"]["uses"], 2);
    assert_eq!(shown["used_from"], "127.0.0.1");
    assert_eq!(shown["standing"], "active");
    assert!(!shown.to_string().contains(&key), "it is told once");
    done(shop.folder(), &["key", "revoke", id]);
    shop.get("/keyed").header("x-api-key", &key).await.is_denied(401, "key.revoked");
    let mistyped = format!("{}{}", &key[..64], if key.ends_with('0') { '1' } else { '0' });
    shop.get("/keyed").header("x-api-key", &mistyped).await.is_denied(401, "key.unknown");
}

#[tokio::test]
async fn a_key_is_as_good_as_its_owner_and_where_it_may_be_used() {
    let shop = shop().await;
    add_alice(shop.folder());
    let key = done(shop.folder(), &["key", "add", "--owner", "alice"]);
    let elsewhere = done(shop.folder(), &["key", "add", "--owner", "alice", "--address", "192.0.2.0/24"]);
    shop.get("/keyed").header("x-api-key", &elsewhere).await.is_denied(401, "key.unknown");
    shop.get("/keyed").header("x-api-key", &key).await.is_allowed();
    done(shop.folder(), &["user", "disable", "alice"]);
    shop.get("/keyed").header("x-api-key", &key).await.is_denied(403, "account.disabled");
    done(shop.folder(), &["user", "enable", "alice"]);
    shop.get("/keyed").header("x-api-key", &key).await.is_allowed();
    done(shop.folder(), &["user", "remove", "alice"]);
    shop.get("/keyed").header("x-api-key", &key).await.is_denied(401, "key.unknown");
}

#[tokio::test]
async fn a_key_that_is_rotated_opens_beside_its_successor_for_a_while() {
    let shop = shop().await;
    let old = done(shop.folder(), &["key", "add", "--owner", "team:ops", "--expires", "never"]);
    let id = old.split('_').nth(1).unwrap();
    let new = done(shop.folder(), &["key", "rotate", id, "--overlap", "1h"]);
    assert_ne!(old, new);
    for key in [&old, &new] {
        shop.get("/keyed").header("x-api-key", key).await.is_allowed();
    }
    let again = new.split('_').nth(1).unwrap();
    assert_eq!(json(shop.folder(), &["key", "show", again])["replaces"], id);
    let last = done(shop.folder(), &["key", "rotate", again, "--overlap", "0s"]);
    shop.get("/keyed").header("x-api-key", &new).await.is_denied(401, "key.expired");
    shop.get("/keyed").header("x-api-key", &last).await.is_allowed();
}

#[tokio::test]
async fn basic_takes_an_app_password_and_never_the_main_one() {
    let shop = shop().await;
    add_alice(shop.folder());
    let app = done(shop.folder(), &["key", "add", "--owner", "alice", "--app-password", "--name", "mail"]);
    for name in ["alice", "ALICE", "alice@example.com"] {
        shop.get("/basic").basic(name, &app).await.is_allowed();
    }
    shop.get("/basic").basic("bob", &app).await.is_denied(401, "password.wrong");
    shop.get("/basic").basic("alice", PASSWORD).await.is_denied(401, "password.wrong");
    shop.get("/keyed").header("x-api-key", &app).await.is_denied(401, "key.unknown");
    let id = app.split('_').nth(1).unwrap();
    done(shop.folder(), &["key", "revoke", id]);
    shop.get("/basic").basic("alice", &app).await.is_denied(401, "password.wrong");
}

#[tokio::test]
async fn somebody_makes_a_programs_password_on_a_page_and_takes_it_away_there() {
    let shop = shop().await;
    let added = ["user", "add", "alice", "--password-stdin", "--scope", "books:read"];
    lobby(shop.folder(), &added, &format!("{PASSWORD}\n")).exits(0);
    let browser = shop.another();
    let page = browser.get("/_lobby/account/app-passwords").await;
    type_password(&browser, &page, "alice", PASSWORD).await.is(303);
    let page = browser.get("/_lobby/account/app-passwords").await;
    let made = submit(&browser, &page, &[("label", "mail"), ("scope", "books:read"), ("do", "make")]).await;
    made.is(200);
    let app = made.text().split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    shop.get("/basic").basic("alice", &app).await.is_allowed();
    let id = app.split('_').nth(1).unwrap();
    let shown = json(shop.folder(), &["key", "show", id]);
    assert_eq!((&shown["name"], &shown["scopes"]), (&json!("mail"), &json!(["books:read"])));
    submit(&browser, &made, &[("id", id), ("do", "remove")]).await.is(200);
    shop.get("/basic").basic("alice", &app).await.is_denied(401, "password.wrong");
}

#[tokio::test]
async fn nobody_is_given_what_their_owner_has_not() {
    let shop = shop().await;
    let added = ["user", "add", "bob", "--scope", "books:read"];
    done(shop.folder(), &added);
    let refused = lobby(shop.folder(), &["key", "add", "--owner", "bob", "--scope", "books:write"], "");
    refused.exits(2);
    assert!(refused.stderr.contains("the owner has not the scopes books:write"), "{}", refused.stderr);
    let listed = json(shop.folder(), &["key", "list", "--owner", "bob"]);
    assert_eq!(listed, json!({ "keys": [] }));
}
