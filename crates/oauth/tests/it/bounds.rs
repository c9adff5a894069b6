//! What strangers send is bounded before anything is done with it, and what is kept of it is small.

use http::Method;
use oauth::{AccountRules, Mails, Settings, SignUp};

use crate::house::{CHALLENGE, House, NOW, REDIRECT, settings};

fn open() -> Settings {
    let accounts = AccountRules { sign_up: SignUp::Open, mails: Mails::Outbox, ..AccountRules::default() };
    Settings { accounts, ..settings() }
}

#[tokio::test]
async fn a_request_that_no_form_of_ours_could_be_is_too_large() {
    let house = House::with(open());
    let paths =
        ["oauth/token", "oauth/par", "oauth/authorize", "sign-in", "sign-up", "reset", "account/strength"];
    for path in paths {
        let body = format!("username={}", "a".repeat(256 << 10));
        let request = house.request(Method::POST, &format!("/_lobby/{path}"), &[], body);
        assert_eq!(house.send(request).await.status(), 413, "{path}");
    }
    let report = house.request(Method::POST, "/_lobby/report-leak", &[], "x".repeat(512 << 10));
    assert_ne!(house.send(report).await.status(), 413, "it has a measure of its own");
}

#[tokio::test]
async fn what_is_pushed_fits_into_a_url() {
    let house = House::new();
    let push = async |state: String| {
        let form = [
            ("response_type", "code"),
            ("client_id", "app"),
            ("redirect_uri", REDIRECT),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("state", &state),
        ];
        house.post("/_lobby/oauth/par", &form).await
    };
    assert_eq!(push("s".repeat(15_000)).await.status(), 201);
    push("s".repeat(17_000)).await.fails(413, "invalid_request");
}

#[tokio::test]
async fn of_a_name_that_nobody_has_no_more_is_kept_than_a_name() {
    let house = House::with(open());
    let name = format!("{}@example.com", "n".repeat(100_000));
    let page = house.get("/_lobby/reset").await;
    house.submit(&page, &[("username", &name)]).await.is_page(200, "Look into your mail");
    let page = house.get("/_lobby/sign-in").await;
    for _ in 0..5 {
        house.submit(&page, &[("username", &name), ("password", "wrong")]).await;
    }
    let realm = house.visit.realm();
    for purpose in ["reset", "nothing"] {
        let links = house.store.links(&realm, purpose, "", 9, NOW).await.unwrap();
        assert_eq!(links.len(), 1, "{purpose}");
        assert!(links[0].subject.len() < 300, "{purpose}: {} bytes", links[0].subject.len());
    }
    assert!(house.store.mails(&realm, None, 9).await.unwrap().is_empty());
}
