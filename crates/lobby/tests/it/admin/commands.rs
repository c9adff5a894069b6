use serde_json::json;
use testkit::run;

use super::{CONFIG, DOCUMENT, PASSWORD, add_alice, done, json, lobby, shop};

#[test]
fn without_a_server_the_store_is_made_and_administered() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lobby.yaml"), CONFIG).unwrap();
    add_alice(folder.path());
    assert!(folder.path().join("lobby.db").is_file());
    let shown = json(folder.path(), &["user", "show", "alice@example.com"]);
    assert_eq!((&shown["name"], &shown["roles"]), (&json!("alice"), &json!(["reader"])));
    assert_eq!((&shown["has_password"], &shown["scopes"]), (&json!(true), &json!(["*"])));
    let again = lobby(folder.path(), &["user", "add", "Alice"], "");
    again.exits(2);
    assert!(again.stderr.contains("somebody has the name"), "{}", again.stderr);
    let weak = lobby(folder.path(), &["user", "add", "bob", "--password-stdin"], "password\n");
    weak.exits(2);
    assert!(weak.stderr.contains("the password is refused"), "{}", weak.stderr);
    let listed = done(folder.path(), &["user", "list"]);
    assert!(listed.contains("alice@example.com") && !listed.contains("bob"), "{listed}");
    done(folder.path(), &["user", "set", "alice", "--plan", "free"]);
    assert_eq!(json(folder.path(), &["user", "show", "alice"])["plan"], "free");
    done(folder.path(), &["user", "remove", "alice"]);
    lobby(folder.path(), &["user", "show", "alice"], "").exits(2);
}

#[tokio::test]
async fn a_client_that_is_added_gets_its_tokens() {
    let shop = shop().await;
    let added = ["client", "add", "cron", "--secret-stdin", "--grant", "client_credentials"];
    lobby(shop.folder(), &added, "s3cret of the cron\n").exits(0);
    let ask = async |secret: &str| {
        let form = [("grant_type", "client_credentials"), ("client_id", "cron"), ("client_secret", secret)];
        shop.post("/_lobby/oauth/token").form(&form).await
    };
    let answer = ask("s3cret of the cron").await;
    answer.is(200);
    assert_eq!(answer.json()["scope"], "books:read");
    ask("another").await.is_oauth_error(401, "invalid_client");
    done(shop.folder(), &["client", "disable", "cron"]);
    ask("s3cret of the cron").await.is_oauth_error(401, "invalid_client");
    done(shop.folder(), &["client", "enable", "cron"]);
    ask("s3cret of the cron").await.is(200);
    done(shop.folder(), &["client", "remove", "cron"]);
    ask("s3cret of the cron").await.is_oauth_error(401, "invalid_client");
    let made = json(shop.folder(), &["client", "add", "web", "--redirect-uri", "https://shop.example/cb"]);
    assert_eq!(made["secret"].as_str().unwrap().len(), 43);
    let wrong = ["client", "add", "bad", "--public", "--redirect-uri", "javascript:alert(1)"];
    lobby(shop.folder(), &wrong, "").exits(2);
}

#[tokio::test]
async fn elsewhere_a_server_is_administered_by_its_address_and_a_token() {
    let shop = testkit::serve(CONFIG)
        .file("shop.yaml", DOCUMENT)
        .variable("LOBBY_ADMIN_TOKEN", "t0ken-of-sixteen")
        .await;
    let admin = shop.ready()["admin"].as_str().unwrap().to_owned();
    let ask = |token: Option<&str>| {
        let mut start = run("user").arguments(&["list", "--server", &admin]);
        if let Some(token) = token {
            start = start.variable("LOBBY_ADMIN_TOKEN", token);
        }
        start.finish("")
    };
    ask(Some("t0ken-of-sixteen")).exits(0);
    ask(Some("another")).exits(2);
    assert!(ask(None).exits(2).stderr.contains("LOBBY_ADMIN_TOKEN"));
    shop.admin().get("/admin/v1/users").await.is_refused(401, "admin.token");
    let page =
        shop.admin().get("/admin/v1/users").bearer("t0ken-of-sixteen").origin("https://evil.example").await;
    page.is_refused(403, "admin.origin");
    // Nobody is told the token in clear, whoever would answer.
    let plain = run("user").arguments(&["list", "--server", "http://192.0.2.1:9443"]);
    let plain = plain.variable("LOBBY_ADMIN_TOKEN", "t0ken-of-sixteen").finish("");
    plain.exits(2);
    assert!(plain.stderr.contains("http://192.0.2.1:9443 is plain HTTP"), "{plain:?}");
}

#[test]
fn a_token_that_could_be_guessed_opens_no_server() {
    let short = run("serve").config("issuer: https://login.example.com\n");
    let short = short.variable("LOBBY_ADMIN_TOKEN", "fifteen-letters").finish("");
    short.exits(2);
    assert!(short.stderr.contains("fewer than 16 characters"), "{short:?}");
    assert!(!short.stderr.contains("fifteen-letters"), "{short:?}");
}

#[tokio::test]
async fn every_change_is_in_the_audit_trail_and_none_is_changed_unseen() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lobby.yaml"), CONFIG).unwrap();
    add_alice(folder.path());
    let key = done(folder.path(), &["key", "add", "--owner", "alice"]);
    let id = key.split('_').nth(1).unwrap();
    done(folder.path(), &["key", "revoke", id]);
    lobby(folder.path(), &["key", "revoke", "nobodys"], "").exits(2);
    done(folder.path(), &["user", "set", "alice", "--email-verified"]);
    let trail = json(folder.path(), &["audit", "list"]);
    let trail = trail["entries"].as_array().unwrap();
    let actions: Vec<_> = trail.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["user.change", "key.revoke", "key.add", "user.add"]);
    assert!(trail.iter().all(|entry| entry["actor"] == "cli"));
    let text = serde_json::to_string(trail).unwrap();
    assert!(!text.contains(PASSWORD) && !text.contains(&key) && !text.contains("argon2"), "{text}");
    assert_eq!(json(folder.path(), &["audit", "verify"])["entries"], 4);
    let database = rusqlite::Connection::open(folder.path().join("lobby.db")).unwrap();
    database.execute("UPDATE audit SET actor = 'user:bob' WHERE number = 3", ()).unwrap();
    let verified = lobby(folder.path(), &["audit", "verify"], "");
    verified.exits(1);
    assert!(verified.stdout.contains("entry 3 does not fit"), "{}", verified.stdout);
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let shop = shop().await;
    add_alice(shop.folder());
    assert_eq!(json(shop.folder(), &["session", "list"]), json!({ "sessions": [] }));
    assert_eq!(json(shop.folder(), &["session", "end", "--user", "alice"]), json!({ "ended": 0 }));
    let nobody = lobby(shop.folder(), &["session", "end"], "");
    nobody.exits(2);
    assert!(nobody.stderr.contains("--user") && nobody.stderr.contains("--all"), "{}", nobody.stderr);
}

#[tokio::test]
async fn the_outbox_of_a_running_server_is_opened_by_its_lock_alone() {
    let config = format!("{CONFIG}accounts: {{ sign_up: invitation }}\nmail: outbox\n");
    let shop = testkit::serve(&config).file("shop.yaml", DOCUMENT).await;
    for to in ["ana@example.com", "ben@example.com"] {
        done(shop.folder(), &["user", "invite", to]);
    }
    let mails = json(shop.folder(), &["outbox", "--to", "ana@example.com"]);
    let link = mails[0]["links"][0].as_str().unwrap();
    assert!(link.starts_with("https://login.example.com/_lobby/sign-up?link="), "{mails}");
    assert_eq!(mails.as_array().unwrap().len(), 1);
    let printed = done(shop.folder(), &["outbox"]);
    assert!(printed.contains("To: ben@example.com") && printed.contains("To: ana@example.com"), "{printed}");
    assert_eq!(json(shop.folder(), &["audit", "list"])["entries"][0]["action"], "outbox.read");
    shop.admin().get("/admin/v1/outbox").await.is_refused(401, "admin.token");
    // Whoever names another server, or a sandbox, means that.
    let named = lobby(shop.folder(), &["outbox", "--server", &shop.url()], "");
    assert!(named.exits(2).stderr.contains("control token"), "{}", named.stderr);
}

#[test]
fn a_session_that_is_not_there_is_not_ended_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lobby.yaml"), CONFIG).unwrap();
    let ended = lobby(folder.path(), &["session", "end", "nope"], "");
    ended.exits(2);
    assert!(ended.stderr.contains("there is no session nope"), "{}", ended.stderr);
    assert_eq!(json(folder.path(), &["audit", "list"])["entries"], json!([]));
}

#[test]
fn what_cannot_be_reached_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let config = "issuer: https://login.example.com\nsecrets: { key: 'file:key' }\n\
                  store: 'postgres://u:sekret@127.0.0.1:1/x'\n";
    std::fs::write(folder.path().join("lobby.yaml"), config).unwrap();
    std::fs::write(folder.path().join("key"), "fb".repeat(32)).unwrap();
    let unreachable = lobby(folder.path(), &["user", "list"], "");
    unreachable.exits(2);
    assert!(unreachable.stderr.contains("see that PostgreSQL runs"), "{}", unreachable.stderr);
    assert!(!unreachable.stderr.contains("sekret"), "{}", unreachable.stderr);
    let alone = run("user").arguments(&["list", "--server", "http://127.0.0.1:1"]);
    let alone = alone.variable("LOBBY_ADMIN_TOKEN", "t").finish("");
    assert!(
        alone.stderr.contains("does not answer") && alone.stderr.contains("--server"),
        "{}",
        alone.stderr
    );
    assert!(!alone.stderr.contains("error sending"), "{}", alone.stderr);
}
