use serde_json::{Value, json};
use testkit::Client;

use super::{PASSWORD, add_alice, done, json, shop};

fn link(ready: &Value) -> (Client, String) {
    let link = ready["setup"].as_str().unwrap();
    let (base, path) = link.split_at(link.find("/setup/").unwrap());
    (Client::new(base), path.to_owned())
}

#[tokio::test]
async fn the_first_start_gives_a_link_by_which_one_owner_is_made() {
    let shop = shop().await;
    let (admin, path) = link(shop.ready());
    assert!(shop.talk().contains("/setup/"));
    admin.get(&path).await.is(200);
    admin.get("/setup/another").await.is(404);
    let weak = json!({ "name": "root", "password": "password" });
    admin.post(&path).json(&weak).await.is_refused(422, "password.refused");
    let owner = json!({ "name": "root", "email": "root@example.com", "password": PASSWORD });
    let made = admin.post(&path).json(&owner).await;
    made.is(201);
    assert_eq!(made.json()["roles"], json!(["lobby:owner"]));
    admin.post(&path).json(&json!({ "name": "second", "password": PASSWORD })).await.is(404);
    admin.get(&path).await.is(404);
    let users = json(shop.folder(), &["user", "list"]);
    assert_eq!(users["users"].as_array().unwrap().len(), 1);
    let trail = json(shop.folder(), &["audit", "list"]);
    assert_eq!(trail["entries"][0]["actor"], "setup");
}

#[tokio::test]
async fn who_has_an_account_leaves_no_door_open() {
    let shop = shop().await;
    let (admin, path) = link(shop.ready());
    add_alice(shop.folder());
    done(shop.folder(), &["user", "show", "alice"]);
    admin.post(&path).json(&json!({ "name": "eve", "password": PASSWORD })).await.is(404);
}
