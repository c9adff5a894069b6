use serde_json::json;
use testkit::{Lobby, serve};

use super::{PASSWORD, done, json, lobby};
use crate::{browser::submit, reload::until};

const INVITED: &str = "issuer: https://login.example.com\naccounts: { sign_up: invitation }\n";

/// Where a link leads on the server that it is of.
fn path(link: &str) -> &str {
    link.strip_prefix("https://login.example.com").unwrap_or_else(|| panic!("{link}"))
}

async fn house() -> Lobby {
    serve(INVITED).await
}

#[tokio::test]
async fn without_mails_the_link_is_printed_and_makes_the_account_that_was_meant() {
    let lobby = house().await;
    lobby.get("/_lobby/sign-up").await.is(403);
    let invite = ["user", "invite", "Ana@example.com", "--role", "reader", "--plan", "pro"];
    let link = done(lobby.folder(), &invite);
    let listed = json(lobby.folder(), &["user", "invitations"]);
    assert_eq!(listed["invitations"][0]["email"], "Ana@example.com", "{listed}");
    assert!(!listed.to_string().contains(link.split("link=").nth(1).unwrap()), "{listed}");
    let page = lobby.get(path(&link)).await;
    page.is(200);
    let token = link.split("link=").nth(1).unwrap();
    submit(&lobby, &page, &[("link", token), ("new", "short")]).await.is(422);
    submit(&lobby, &page, &[("link", token), ("new", PASSWORD)]).await;
    assert!(lobby.get("/_lobby/account/").await.text().contains("Ana@example.com"));
    lobby.get(path(&link)).await.is(410);
    let user = json(lobby.folder(), &["user", "show", "ana@example.com"]);
    assert_eq!((&user["roles"], &user["plan"]), (&json!(["reader"]), &json!("pro")));
    assert_eq!((&user["email_verified"], &user["scopes"]), (&json!(true), &json!(["*"])));
    assert_eq!(json(lobby.folder(), &["user", "invitations"]), json!({ "invitations": [] }));
    let again = self::lobby(lobby.folder(), &["user", "invite", "ana@example.com"], "");
    assert!(again.exits(2).stderr.contains("somebody has the address"), "{}", again.stderr);
    let trail = json(lobby.folder(), &["audit", "list"]);
    assert_eq!(trail["entries"][0]["action"], "invitation.add");
    assert!(!trail.to_string().contains(token), "{trail}");
}

#[tokio::test]
async fn an_invitation_is_withdrawn_and_a_newer_one_takes_its_place() {
    let lobby = house().await;
    let first = done(lobby.folder(), &["user", "invite", "ben@example.com"]);
    let second = done(lobby.folder(), &["user", "invite", "ben@example.com"]);
    lobby.get(path(&first)).await.is(410);
    lobby.get(path(&second)).await.is(200);
    done(lobby.folder(), &["user", "uninvite", "BEN@example.com"]);
    lobby.get(path(&second)).await.is(410);
    self::lobby(lobby.folder(), &["user", "uninvite", "ben@example.com"], "").exits(2);
}

#[tokio::test]
async fn links_keep_the_issuer_that_the_server_was_started_with() {
    let lobby = house().await;
    lobby.replace_file("lobby.yaml", &INVITED.replace("login.", "other."));
    until(&lobby.admin(), "/metrics", |metrics| metrics.text().contains("lobby_generation 2\n")).await;
    let link = done(lobby.folder(), &["user", "invite", "ben@example.com"]);
    lobby.get(path(&link)).await.is(200);
}

#[test]
fn without_a_server_the_store_keeps_the_invitation_and_the_mail() {
    let folder = tempfile::tempdir().unwrap();
    let config = |text: &str| std::fs::write(folder.path().join("lobby.yaml"), text).unwrap();
    let art = folder.path().join("art");
    std::fs::create_dir(&art).unwrap();
    let own = "{{ service }}: {{ t('mail.' ~ kind ~ '.text', detail=detail) }}\n{{ link }}\n";
    std::fs::write(art.join("mail.txt"), own).unwrap();
    config(&format!("{INVITED}mail: outbox\npages: {{ name: Readers, templates: art }}\n"));
    let invited = done(folder.path(), &["user", "invite", "ana@example.com", "--language", "fr"]);
    assert_eq!(invited, "ana@example.com is invited by mail");
    let database = rusqlite::Connection::open(folder.path().join("lobby.db")).unwrap();
    let sql = "SELECT recipient, subject, plain FROM mails";
    let (to, subject, plain): (String, String, String) =
        database.query_row(sql, (), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    assert_eq!((&*to, &*subject), ("ana@example.com", "Vous avez une invitation à Readers"));
    assert!(plain.starts_with("Readers: "), "as the pages are: {plain}");
    assert!(plain.contains("\nhttps://login.example.com/_lobby/sign-up?link="), "{plain}");
    let kept: Vec<u8> = database.query_row("SELECT token_hash FROM links", (), |row| row.get(0)).unwrap();
    assert_eq!(kept.len(), 32, "the token itself is in the mail alone");
    std::fs::write(art.join("mail.txt"), "{% if %}").unwrap();
    let broken = lobby(folder.path(), &["user", "list"], "");
    assert!(broken.exits(2).stderr.contains("art/mail.txt:1:1"), "{}", broken.stderr);
    config("issuer: https://login.example.com\n");
    let closed = lobby(folder.path(), &["user", "invite", "ana@example.com"], "");
    assert!(closed.exits(2).stderr.contains("sign_up: invitation"), "{}", closed.stderr);
}

#[tokio::test]
async fn an_edit_reaches_mails_pages_and_who_may_be_invited() {
    let lobby = house().await;
    let admin = lobby.admin();
    let link = lobby.ready()["setup"].as_str().unwrap();
    let setup = &link[link.find("/setup/").unwrap()..];
    let page = async || admin.get(setup).header("accept", "text/html").await.text().to_owned();
    let invite = |to: &str| self::lobby(lobby.folder(), &["user", "invite", to], "");
    let edit = async |text: &str, generation: u32| {
        lobby.replace_file("lobby.yaml", text);
        let served = format!("lobby_generation {generation}\n");
        until(&admin, "/metrics", |metrics| metrics.text().contains(&served)).await;
    };
    assert!(invite("ana@example.com").exits(0).stdout.contains("/_lobby/sign-up?link="));
    assert!(page().await.contains("It owns Lobby:"));
    std::fs::write(lobby.folder().join("a.svg"), "<svg xmlns=\"http://www.w3.org/2000/svg\"/>").unwrap();
    let pages = "pages: { name: Readers, logo: a.svg }";
    let own = format!("{INVITED}mail: outbox\n{pages}\nkeys: {{ prefix: rd }}\n");
    edit(&own, 2).await;
    assert_eq!(invite("ben@example.com").exits(0).stdout, "ben@example.com is invited by mail\n");
    let database = rusqlite::Connection::open(lobby.folder().join("lobby.db")).unwrap();
    let subject: String = database.query_row("SELECT subject FROM mails", (), |row| row.get(0)).unwrap();
    assert_eq!(subject, "You are invited to Readers");
    let page = page().await;
    assert!(page.contains("It owns Readers:") && page.contains("/_lobby/assets/logo.svg"), "{page}");
    admin.get("/_lobby/assets/logo.svg").await.is(200);
    assert!(done(lobby.folder(), &["key", "add", "--owner", "team:ops"]).starts_with("rd_"));
    lobby.replace_file("lobby.yaml", &own.replace("rd", "no prefix"));
    while !lobby.talk().contains("what was served before goes on") {
        tokio::task::yield_now().await;
    }
    assert!(lobby.talk().contains("lobby.yaml:5:17"), "{}", lobby.talk());
    edit("issuer: https://login.example.com\n", 3).await;
    assert!(invite("cleo@example.com").exits(2).stderr.contains("sign_up: invitation"));
}
