use crate::house::{House, claims};

#[tokio::test]
async fn an_access_token_of_one_sandbox_is_good_in_another_and_revocation_stays_where_it_was() {
    let mut house = House::new();
    let tokens = house.tokens("alice", "openid").await;
    let access = tokens["access_token"].as_str().unwrap();
    house.visit.sandbox = "t-42".parse().unwrap();
    assert!(house.is_good(access));
    house.post("/_lobby/oauth/revoke", &[("client_id", "app"), ("token", access)]).await;
    assert!(!house.is_good(access));
    house.visit.sandbox = model::SandboxName::main();
    assert!(house.is_good(access));
}

#[tokio::test]
async fn codes_and_refresh_tokens_are_their_sandboxs_alone() {
    let mut house = House::new();
    let code = house.code("alice", &[]).await;
    let tokens = house.tokens("alice", "openid").await;
    house.visit.sandbox = "t-42".parse().unwrap();
    house.redeem(&code).await.fails(400, "invalid_grant");
    house.refresh(tokens["refresh_token"].as_str().unwrap()).await.fails(400, "invalid_grant");
}

#[tokio::test]
async fn pages_and_cookies_of_a_sandbox_name_it() {
    let mut house = House::new();
    house.visit.sandbox = "t-42".parse().unwrap();
    let page = house.authorize(&[]).await;
    assert!(page.form_action() == "/_lobby/sign-in?lobby_sandbox=t-42", "{}", page.text());
    let answer = house.sign_in(page, "alice").await;
    assert!(answer.parameter("code").unwrap().starts_with("lc_t-42_"));
    assert!(house.cookies.lock().unwrap().contains_key("lobby-session-4010-t-42"));
    house.visit.issuer = "http://127.0.0.1:4010/_lobby/in/t-42".to_owned();
    house.cookies.lock().unwrap().clear();
    let page = house.authorize(&[]).await;
    assert!(page.form_action() == "/_lobby/in/t-42/_lobby/sign-in");
    let device = house.post("/_lobby/oauth/device", &[("client_id", "tv")]).await.ok();
    assert_eq!(device["verification_uri"], "http://127.0.0.1:4010/_lobby/in/t-42/_lobby/device");
}

#[tokio::test]
async fn a_reset_forgets_everything_but_the_keys() {
    let house = House::new();
    let tokens = house.tokens("alice", "openid").await;
    let access = tokens["access_token"].as_str().unwrap();
    house.server.reset(&house.visit.realm()).await.unwrap();
    house.refresh(tokens["refresh_token"].as_str().unwrap()).await.fails(400, "invalid_grant");
    house.authorize(&[("prompt", "none")]).await.is_redirect("login_required");
    assert!(house.is_good(access));
}

#[tokio::test]
async fn a_moved_clock_keeps_tokens_acceptable_to_a_clients_own() {
    let mut house = House::new();
    house.advance(30 * 86_400);
    let tokens = house.tokens("alice", "openid").await;
    for name in ["access_token", "id_token"] {
        let said = claims(tokens[name].as_str().unwrap());
        assert_eq!(said["iat"].as_i64().unwrap(), house.visit.real.as_seconds());
        assert_eq!(said["auth_time"].as_i64().unwrap(), house.visit.real.as_seconds());
        assert_eq!(said["exp"].as_i64().unwrap(), house.visit.now.as_seconds() + 600);
    }
    house.visit.now = house.visit.real.minus(std::time::Duration::from_secs(86_400));
    let tokens = house.tokens("alice", "openid").await;
    let said = claims(tokens["access_token"].as_str().unwrap());
    assert_eq!(said["iat"].as_i64().unwrap(), house.visit.now.as_seconds());
}
