use serde_json::{Value, json};
use testkit::Client;

use super::{PASSWORD, add_alice, done, json, shop};
use crate::browser::submit;

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
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let rights = std::fs::metadata(shop.folder().join("ready.json")).unwrap().permissions().mode();
        assert_eq!(rights & 0o777, 0o600, "the link is for whoever started it alone");
    }
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

/// As a browser asks for a page.
async fn page(admin: &Client, path: &str) -> testkit::Answer {
    admin.get(path).header("accept", "text/html,application/xhtml+xml,*/*;q=0.8").await
}

#[tokio::test]
async fn in_a_browser_the_link_is_a_page_that_makes_the_owner_and_says_where_to_sign_in() {
    let shop = shop().await;
    let (admin, path) = link(shop.ready());
    let form = page(&admin, &path).await;
    form.is(200);
    let policy = form.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'")
    );
    for asset in ["pages.css", "password.js", "lobby.svg"] {
        assert!(form.text().contains(&format!("/_lobby/assets/{asset}")), "{asset}");
        admin.get(&format!("/_lobby/assets/{asset}")).await.is(200);
    }
    admin.get("/_lobby/assets/nothing").await.is(404);
    let wrong = submit(&admin, &form, &[("name", "ro ot"), ("new", "password")]).await;
    wrong.is(422);
    for part in ["cannot be a name", "at least 12 characters", "known from leaks", "value=\"ro ot\""] {
        assert!(wrong.text().contains(part), "{part}: {}", wrong.text());
    }
    assert!(!wrong.text().contains("value=\"password\""));
    let typed = [("name", "root"), ("new", PASSWORD)];
    let judged = admin.post(&format!("{path}/strength")).form(&typed).await;
    assert_eq!((&judged.json()["score"], &judged.json()["good"]), (&json!(4), &json!(true)));
    // A page without a referrer has no origin to tell, and is posted all the same.
    let made = admin.post(&path).header("origin", "null").form(&typed).await;
    made.is(201);
    let home = "href=\"https:&#x2f;&#x2f;login.example.com&#x2f;_lobby&#x2f;account&#x2f;\"";
    assert!(made.text().contains("You are the owner") && made.text().contains(home), "{}", made.text());
    page(&admin, &path).await.is(410);
    admin.post(&path).form(&typed).await.is(410);
    admin.post(&format!("{path}/strength")).form(&typed).await.is(410);
    page(&admin, "/setup/another").await.is(410);
    let users = json(shop.folder(), &["user", "list"]);
    assert_eq!((&users["users"][0]["name"], &users["users"][1]), (&json!("root"), &Value::Null));
    assert_eq!(users["users"][0]["roles"], json!(["lobby:owner"]));
    assert!(!shop.talk().contains(PASSWORD));
}

#[tokio::test]
async fn the_page_speaks_the_language_of_the_browser() {
    let shop = shop().await;
    let (admin, path) = link(shop.ready());
    let form = admin.get(&path).header("accept", "text/html").header("accept-language", "ar").await;
    assert!(form.text().contains("lang=\"ar\" dir=\"rtl\""), "{}", form.text());
}

#[tokio::test]
async fn a_log_for_programs_has_the_link_too() {
    let config = "issuer: https://login.example.com\n";
    let lobby = testkit::serve(config).arguments(&["--log-format", "json"]).await;
    let said = lobby.talk();
    let said = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told = said.filter(|line| line["event"] == "setup").collect::<Vec<_>>();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["setup"], lobby.ready()["setup"]);
    assert!(told[0]["message"].as_str().unwrap().contains("within an hour"));
}
