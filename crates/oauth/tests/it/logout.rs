use http::StatusCode;

use crate::house::{House, encode, strict};

const BYE: &str = "http://127.0.0.1:5173/bye";

fn path(parameters: &[(&str, &str)]) -> String {
    format!("/_lobby/oauth/logout?{}", encode(parameters))
}

#[tokio::test]
async fn an_app_that_proves_who_is_meant_signs_out_at_once() {
    let house = House::new();
    let tokens = house.tokens("alice", "openid books:read").await;
    let hint = tokens["id_token"].as_str().unwrap();
    let answer = house
        .get(&path(&[("id_token_hint", hint), ("post_logout_redirect_uri", BYE), ("state", "x y")]))
        .await;
    assert_eq!(answer.header("location"), format!("{BYE}?state=x+y"));
    assert!(!house.cookies.lock().unwrap().contains_key("lobby-session-4010"));
    assert!(!house.is_good(tokens["access_token"].as_str().unwrap()), "the session has ended");
    house.refresh(tokens["refresh_token"].as_str().unwrap()).await.fails(400, "invalid_grant");
    house.authorize(&[("prompt", "none")]).await.is_redirect("login_required");
}

/// Whoever showed more meanwhile has another cookie, and is in the same browser.
#[tokio::test]
async fn signing_out_ends_what_was_given_before_the_last_step_up() {
    let house = House::new();
    let first = house.tokens("alice", "openid books:read").await;
    let page = house.authorize(&[("prompt", "login")]).await;
    let code = house.sign_in(page, "alice").await.parameter("code").unwrap();
    let second = house.redeem(&code).await.ok();
    assert!(house.is_good(first["access_token"].as_str().unwrap()));
    house.get(&path(&[("id_token_hint", second["id_token"].as_str().unwrap())])).await;
    for tokens in [first, second] {
        assert!(!house.is_good(tokens["access_token"].as_str().unwrap()));
        house.refresh(tokens["refresh_token"].as_str().unwrap()).await.fails(400, "invalid_grant");
    }
}

/// A code that was fetched before the sign-out brings nothing after it.
#[tokio::test]
async fn a_code_ends_with_its_session() {
    let house = House::new();
    let tokens = house.tokens("alice", "openid books:read").await;
    let code = house.code("alice", &[]).await;
    house.get(&path(&[("id_token_hint", tokens["id_token"].as_str().unwrap())])).await;
    house.redeem(&code).await.fails(400, "invalid_grant");
}

/// A07: a link alone signs nobody out.
#[tokio::test]
async fn without_proof_the_person_is_asked() {
    let house = House::new();
    let tokens = house.tokens("alice", "openid").await;
    let page = house.get("/_lobby/oauth/logout").await;
    page.is_page(200, "value=\"allow\"");
    assert!(house.is_good(tokens["access_token"].as_str().unwrap()));
    let forged =
        house.post("/_lobby/oauth/logout", &[("request", "x"), ("token", "y"), ("decision", "allow")]).await;
    assert_eq!(forged.status(), StatusCode::FORBIDDEN);
    assert!(house.is_good(tokens["access_token"].as_str().unwrap()));
    house.submit(&page, &[("decision", "allow")]).await.is_page(200, "signed out");
    assert!(!house.is_good(tokens["access_token"].as_str().unwrap()));
}

#[tokio::test]
async fn a_place_that_was_not_registered_is_never_gone_to() {
    let house = House::with(strict());
    let (named, elsewhere) = (("client_id", "web"), "https://evil.example/bye");
    house.get(&path(&[named, ("post_logout_redirect_uri", elsewhere)])).await.is_page(400, "");
    let added = "https://app.example.com/bye?x=1";
    house.get(&path(&[named, ("post_logout_redirect_uri", added)])).await.is_page(400, "");
    house.get(&path(&[("post_logout_redirect_uri", "https://app.example.com/bye")])).await.is_page(400, "");
    let right = house.get(&path(&[named, ("post_logout_redirect_uri", "https://app.example.com/bye")])).await;
    assert_eq!(right.header("location"), "https://app.example.com/bye");
}

#[tokio::test]
async fn a_hint_that_is_none_of_ours_is_refused_and_an_old_one_is_good() {
    let mut house = House::new();
    let tokens = house.tokens("alice", "openid").await;
    let hint = tokens["id_token"].as_str().unwrap().to_owned();
    let mut broken = hint.clone();
    broken.replace_range(
        hint.len() - 5..hint.len() - 4,
        if hint.as_bytes()[hint.len() - 5] == b'A' { "B" } else { "A" },
    );
    house.get(&path(&[("id_token_hint", &broken)])).await.is_page(400, "");
    house.get(&path(&[("id_token_hint", &hint), ("client_id", "another")])).await.is_page(400, "");
    house.advance(3600);
    house.get(&path(&[("id_token_hint", &hint)])).await.is_page(200, "signed out");
}

#[tokio::test]
async fn nobody_signed_in_is_signed_out_already() {
    let house = House::new();
    house.get("/_lobby/oauth/logout").await.is_page(200, "signed out");
    house.get(&path(&[("state", "x")])).await.is_page(200, "signed out");
}
