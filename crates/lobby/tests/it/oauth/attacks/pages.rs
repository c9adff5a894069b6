//! Rows of attacks.md against the pages that people see.

use testkit::mock;

use crate::app::{App, form, is_error, sent};
use crate::oauth::{is_page, open, strict};

#[tokio::test]
async fn a07_forms_are_taken_from_the_browser_that_was_shown_them_alone() {
    let lobby = open().await;
    let (victim, attacker) = (App::new(&lobby, "app"), App::new(&lobby, "app"));
    // The attacker's form, sent by the victim's browser: it would be signed in as the attacker.
    let (action, fields) = form(&attacker.authorize(&[]).await);
    let mut fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    fields.push(("persona", "alice"));
    is_page(&victim.browser.post(&action).form(&fields).await, 403);
    // Consent likewise, and sign-out.
    let consent = attacker.submit(&attacker.authorize(&[]).await, &[("persona", "alice")]).await;
    let (action, fields) = form(&consent);
    let mut fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    fields.push(("decision", "allow"));
    victim.tokens("alice").await;
    is_page(&victim.browser.post(&action).form(&fields).await, 403);
    let page = victim.browser.get("/_lobby/oauth/logout").await;
    is_page(&page, 200);
    let (action, fields) = form(&page);
    let stolen: Vec<(&str, &str)> = fields
        .iter()
        .filter(|(name, _)| name != "token")
        .map(|(name, value)| (&**name, &**value))
        .chain([("decision", "allow")])
        .collect();
    is_page(&victim.browser.post(&action).form(&stolen).await, 403);
    assert!(sent(&victim.authorize(&[("prompt", "none")]).await, "code").is_some(), "still signed in");
}

#[tokio::test]
async fn a08_what_strangers_write_on_pages_stays_text() {
    let lobby = strict().await;
    let app = App::new(&lobby, "app");
    let nasty = "\"><script>alert(2)</script>";
    let page = app.authorize(&[("login_hint", nasty), ("ui_locales", nasty), ("state", nasty)]).await;
    is_page(&page, 200);
    for page in
        [page, app.authorize(&[("client_id", nasty)]).await, app.authorize(&[("redirect_uri", nasty)]).await]
    {
        // The one script is ours, and a file.
        for script in page.text().split("<script").skip(1) {
            assert!(script.starts_with(" src=\"/_lobby/assets/passkey.js\""), "{}", page.text());
        }
        assert!(!page.text().contains("alert(2)</script"), "{}", page.text());
        let policy = page.header("content-security-policy").unwrap().to_owned();
        let action =
            policy.split(';').find_map(|rule| rule.trim().strip_prefix("form-action ")).unwrap().to_owned();
        let sources: Vec<&str> = action.split(' ').collect();
        assert!(
            sources.iter().all(|source| ["'self'", "'none'", "http://127.0.0.1:9"].contains(source)),
            "{policy}"
        );
    }
}

#[tokio::test]
async fn a16_a_session_is_new_at_each_sign_in_and_its_cookie_is_for_nobody_else() {
    let lobby = open().await;
    let app = App::new(&lobby, "app");
    let name = format!("lobby-session-{}", lobby.port());
    let planted = lobby.another();
    let page = app.authorize(&[]).await;
    let signed_in = app.submit(&page, &[("persona", "alice")]).await;
    let first = app.browser.cookie(&name).unwrap();
    let line = signed_in
        .header_lines("set-cookie")
        .into_iter()
        .find(|line| line.starts_with(&name))
        .unwrap()
        .to_owned();
    assert!(
        line.contains("; HttpOnly") && line.contains("; SameSite=Lax") && line.contains("; Path=/"),
        "{line}"
    );
    let again = app.submit(&app.authorize(&[("prompt", "login")]).await, &[("persona", "alice")]).await;
    again.is(200);
    let second = app.browser.cookie(&name).unwrap();
    assert_ne!(first, second);
    // The one before it is over, and one that nobody was given is nobody's.
    let silent = format!("/_lobby/oauth/authorize?{}", app.query(&[("prompt", "none")]));
    for value in [&*first, "planted"] {
        is_error(&planted.get(&silent).cookie(&name, value).await, "login_required");
    }
}

#[tokio::test]
async fn a20_the_whole_password_counts_and_no_more_than_a_kilobyte_is_taken() {
    let long = "p".repeat(1024);
    let lobby = mock("bookshop.openapi.yaml")
        .config(&format!("personas:\n  zoe: {{ password: \"{long}\" }}\n  nul: {{ password: \"a\\0b\" }}\n"))
        .await;
    let app = App::new(&lobby, "app");
    let attempt = async |name: &str, password: &str| {
        let page = app.authorize(&[("prompt", "login")]).await;
        app.submit(&page, &[("username", name), ("password", password)]).await.status()
    };
    assert_eq!(attempt("zoe", &long).await, 200);
    assert_eq!(attempt("zoe", &long[..1023]).await, 422);
    assert_eq!(attempt("zoe", &long[..72]).await, 422);
    assert_eq!(attempt("zoe", &format!("{long}p")).await, 422);
    assert_eq!(attempt("nul", "a").await, 422);
    assert_eq!(attempt("nul", "a\0b").await, 200);
    assert_eq!(attempt("zoe", &"p".repeat(200 << 10)).await, 422);
    assert_eq!(attempt("zoe", &"p".repeat(1 << 20)).await, 413, "no form of ours is as large");
}

#[tokio::test]
async fn g01_five_wrong_passwords_lock_a_name_on_the_page_whether_it_is_somebodys_or_not() {
    let lobby = open().await;
    let app = App::new(&lobby, "app");
    for name in ["alice", "nobody"] {
        for _ in 0..5 {
            app.submit(&app.authorize(&[]).await, &[("username", name), ("password", "wrong")]).await;
        }
        let locked = app
            .submit(&app.authorize(&[]).await, &[("username", name), ("password", "alice-password")])
            .await;
        is_page(&locked, 429);
        assert!(locked.header("retry-after").is_some());
    }
    lobby.advance("15m").await;
    let page =
        app.submit(&app.authorize(&[]).await, &[("username", "alice"), ("password", "alice-password")]).await;
    page.is(200);
}
