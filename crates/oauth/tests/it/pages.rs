use crate::house::{House, REDIRECT};

/// A08, A15
#[tokio::test]
async fn pages_cannot_be_framed_kept_or_told_on() {
    let house = House::new();
    let page = house.authorize(&[]).await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"), "{policy}");
    assert!(policy.contains("form-action 'self' http://127.0.0.1:5173"), "{policy}");
    assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe"), "{policy}");
    let page = house.get("/_lobby/device").await;
    let page = house.sign_in(page, "alice").await;
    let policy = page.header("content-security-policy");
    assert!(!policy.contains("script-src"), "a page without passkeys has no script: {policy}");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("cache-control"), "no-store");
}

#[tokio::test]
async fn what_strangers_write_is_text_on_the_page() {
    let house = House::new();
    let nasty = "\"><script>alert(1)</script>";
    for more in [("login_hint", nasty), ("client_id", nasty), ("ui_locales", nasty), ("state", nasty)] {
        let page = house.authorize(&[more]).await;
        assert!(!page.text().contains("<script>"), "{more:?}");
    }
    let page = house.authorize(&[("redirect_uri", "javascript:alert('<script>')")]).await;
    page.is_page(400, "");
    assert!(!page.text().contains("<script>"));
}

#[tokio::test]
async fn consent_is_asked_once_for_each_new_scope_and_always_when_wanted() {
    let house = House::new();
    let page = house.authorize(&[]).await;
    let consent = house.submit(&page, &[("persona", "alice")]).await;
    consent.is_page(200, "See the books");
    assert!(house.submit(&consent, &[("decision", "allow")]).await.parameter("code").is_some());
    assert!(house.authorize(&[]).await.parameter("code").is_some(), "not asked again");
    house.authorize(&[("scope", "openid books:read books:write")]).await.is_page(200, "Change the books");
    house.authorize(&[("prompt", "consent")]).await.is_page(200, "value=\"allow\"");
    house.authorize(&[("client_id", "another")]).await.is_page(200, "value=\"allow\"");
}

#[tokio::test]
async fn saying_no_goes_back_to_the_app() {
    let house = House::new();
    let page = house.authorize(&[]).await;
    let consent = house.submit(&page, &[("persona", "alice")]).await;
    let answer = house.submit(&consent, &[("decision", "deny")]).await;
    answer.is_redirect("access_denied");
    assert_eq!(answer.parameter("state").as_deref(), Some("s-1"));
    assert!(answer.header("location").starts_with(REDIRECT));
    let consent = house.authorize(&[]).await;
    house.submit(&consent, &[("decision", "switch")]).await.is_page(200, "name=\"persona\"");
    house.submit(&consent, &[("decision", "ask")]).await.is_page(200, "value=\"allow\"");
}

/// A07
#[tokio::test]
async fn a_form_from_another_browser_is_refused() {
    let house = House::new();
    let page = house.authorize(&[]).await;
    let cookies = std::mem::take(&mut *house.cookies.lock().unwrap());
    assert_eq!(house.submit(&page, &[("persona", "alice")]).await.status().as_u16(), 403);
    house.cookies.lock().unwrap().clear();
    house.cookies.lock().unwrap().insert("lobby-form-4010".to_owned(), "another".to_owned());
    assert_eq!(house.submit(&page, &[("persona", "alice")]).await.status().as_u16(), 403);
    *house.cookies.lock().unwrap() = cookies;
    let consent = house.submit(&page, &[("persona", "alice")]).await;
    let answer = house.post("/_lobby/sign-in", &[("decision", "allow"), ("request", "forged")]).await;
    assert_eq!(answer.status().as_u16(), 403);
    assert!(house.submit(&consent, &[("decision", "allow")]).await.parameter("code").is_some());
}

#[tokio::test]
async fn consent_is_the_consent_of_whoever_saw_the_page() {
    let house = House::new();
    let page = house.authorize(&[]).await;
    let consent = house.submit(&page, &[("persona", "alice")]).await;
    let other = house.authorize(&[("prompt", "login")]).await;
    house.submit(&other, &[("persona", "guest")]).await;
    // Alice's page, but guest is signed in by now.
    house.submit(&consent, &[("decision", "allow")]).await.is_page(200, "name=\"persona\"");
}

#[tokio::test]
async fn a_page_that_waited_for_hours_starts_again() {
    let mut house = House::new();
    let page = house.authorize(&[]).await;
    house.advance(3601);
    let answer = house.submit(&page, &[("persona", "alice")]).await;
    assert_eq!(answer.status().as_u16(), 409);
    assert!(answer.text().replace("&#x2f;", "/").contains("/_lobby/oauth/authorize?"));
}

#[tokio::test]
async fn the_stylesheet_is_served() {
    let house = House::new();
    let answer = house.get("/_lobby/assets/pages.css").await;
    assert_eq!((answer.status().as_u16(), answer.header("content-type")), (200, "text/css; charset=utf-8"));
    assert_eq!(house.get("/_lobby/assets/../secret").await.status().as_u16(), 404);
}
