use serde_json::Value;

use crate::house::{House, claims, strict};

async fn introspect(house: &House, token: &str, more: &[(&str, &str)]) -> Value {
    let mut form = vec![("token", token)];
    form.extend_from_slice(more);
    house.post("/_lobby/oauth/introspect", &form).await.ok()
}

#[tokio::test]
async fn the_id_token_says_who_when_and_how() {
    let house = House::new();
    let tokens = house.tokens("alice", "openid email").await;
    let said = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!((said["aud"].as_str(), said["nonce"].as_str()), (Some("app"), Some("n-1")));
    assert_eq!(said["amr"], serde_json::json!(["pwd"]));
    let access = tokens["access_token"].as_str().unwrap();
    let half = jose::base64url::encode(&jose::digest::sha256(access)[..16]);
    assert_eq!(said["at_hash"], half);
    assert_eq!(said["sid"], claims(access)["sid"]);
    assert!(said["email"].is_null(), "user info tells that");
    let header = jose::jwt::peek(tokens["id_token"].as_str().unwrap()).header.unwrap();
    assert_eq!(header["typ"], "JWT");
    assert!(!house.is_good(tokens["id_token"].as_str().unwrap()), "an ID token is no access token");
}

#[tokio::test]
async fn claims_that_are_asked_for_by_name_are_told() {
    let house = House::new();
    let asked = r#"{"id_token":{"email":null},"userinfo":{"name":{"essential":true}}}"#;
    let code = house.code("alice", &[("scope", "openid"), ("claims", asked)]).await;
    let tokens = house.redeem(&code).await.ok();
    assert_eq!(claims(tokens["id_token"].as_str().unwrap())["email"], "alice@example.com");
    let told = house.userinfo(tokens["access_token"].as_str().unwrap()).await.ok();
    assert_eq!((told["name"].as_str(), told["email"].as_str()), (Some("alice"), None));
    house.authorize(&[("claims", "[")]).await.is_redirect("invalid_request");
}

#[tokio::test]
async fn user_info_tells_what_the_scopes_allow() {
    let house = House::new();
    let tokens = house.tokens("alice", "openid profile email").await;
    let access = tokens["access_token"].as_str().unwrap();
    let told = house.userinfo(access).await.ok();
    assert_eq!((told["sub"].as_str(), told["email"].as_str()), (Some("alice"), Some("alice@example.com")));
    assert_eq!(told["email_verified"], true);
    assert_eq!(house.post("/_lobby/oauth/userinfo", &[("access_token", access)]).await.ok(), told);
    let bearer = format!("Bearer {access}");
    assert_eq!(
        house.post_with("/_lobby/oauth/userinfo", &[], &[("authorization", &bearer)]).await.ok(),
        told
    );
    let both = house
        .post_with("/_lobby/oauth/userinfo", &[("access_token", access)], &[("authorization", &bearer)])
        .await;
    both.fails(400, "invalid_request");
    house.get(&format!("/_lobby/oauth/userinfo?access_token={access}")).await.fails(401, "invalid_token");
}

#[tokio::test]
async fn user_info_needs_a_good_token_with_openid() {
    let mut house = House::new();
    let plain = house.tokens("alice", "books:read").await;
    let answer = house.userinfo(plain["access_token"].as_str().unwrap()).await;
    answer.fails(403, "insufficient_scope");
    assert!(answer.header("www-authenticate").contains("scope=\"openid\""));
    let tokens = house.tokens("alice", "openid").await;
    house.userinfo(tokens["id_token"].as_str().unwrap()).await.fails(401, "invalid_token");
    house.advance(600);
    let answer = house.userinfo(tokens["access_token"].as_str().unwrap()).await;
    answer.fails(401, "invalid_token");
    assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""));
}

/// A13
#[tokio::test]
async fn introspection_is_for_clients_that_prove_who_they_are() {
    let house = House::with(strict());
    house.post("/_lobby/oauth/introspect", &[("token", "x")]).await.fails(401, "invalid_client");
    house
        .post("/_lobby/oauth/introspect", &[("token", "x"), ("client_id", "spa")])
        .await
        .fails(401, "invalid_client");
    let wrong = [("token", "x"), ("client_id", "web"), ("client_secret", "wrong")];
    house.post("/_lobby/oauth/introspect", &wrong).await.fails(401, "invalid_client");
    let web = [("client_id", "web"), ("client_secret", "web-secret")];
    assert_eq!(introspect(&house, "x", &web).await, serde_json::json!({"active": false}));
}

#[tokio::test]
async fn introspection_tells_what_a_token_is_worth_now() {
    let mut house = House::new();
    let app = [("client_id", "app")];
    let tokens = house.tokens("alice", "openid books:read").await;
    let (access, refresh) =
        (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    let told = introspect(&house, access, &app).await;
    assert_eq!((told["active"].as_bool(), told["username"].as_str()), (Some(true), Some("alice")));
    assert_eq!(
        (told["scope"].as_str(), told["token_type"].as_str()),
        (Some("books:read openid"), Some("Bearer"))
    );
    assert_eq!(introspect(&house, refresh, &app).await["active"], true);
    assert_eq!(introspect(&house, refresh, &[("client_id", "another")]).await["active"], false);
    house.advance(600);
    assert_eq!(introspect(&house, access, &app).await["active"], false);
    house.refresh(refresh).await.ok();
    assert_eq!(introspect(&house, refresh, &app).await["active"], false);
}

/// A13
#[tokio::test]
async fn a_client_revokes_its_own_tokens_alone() {
    let house = House::new();
    let tokens = house.tokens("alice", "openid").await;
    let (access, refresh) =
        (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    let revoke = |client: &'static str, token: String| {
        let house = &house;
        async move { house.post("/_lobby/oauth/revoke", &[("client_id", client), ("token", &*token)]).await }
    };
    revoke("another", access.to_owned()).await.fails(400, "invalid_grant");
    revoke("another", refresh.to_owned()).await.fails(400, "invalid_grant");
    assert!(house.is_good(access));
    assert_eq!(revoke("app", "unknown".to_owned()).await.status().as_u16(), 200);
    assert_eq!(revoke("app", access.to_owned()).await.status().as_u16(), 200);
    assert!(!house.is_good(access));
    let next = house.refresh(refresh).await.ok();
    assert_eq!(
        revoke("app", next["refresh_token"].as_str().unwrap().to_owned()).await.status().as_u16(),
        200
    );
    assert!(!house.is_good(next["access_token"].as_str().unwrap()), "its access tokens with it");
    house.refresh(next["refresh_token"].as_str().unwrap()).await.fails(400, "invalid_grant");
}

#[tokio::test]
async fn a_token_of_a_client_that_is_suspended_or_gone_is_worth_nothing() {
    let house = House::with(strict());
    let realm = house.visit.realm();
    let client = store::Client {
        id: "robot".to_owned(),
        secret: Some(jose::digest::sha256("secret")),
        terms: store::ClientTerms::default(),
        created_at: house.visit.now,
        disabled_at: None,
    };
    assert!(house.store.add_client(&realm, client).await.unwrap());
    let robot = [("client_id", "robot"), ("client_secret", "secret"), ("grant_type", "client_credentials")];
    let token = house.token(&robot).await.ok();
    let token = token["access_token"].as_str().unwrap();
    let web = [("client_id", "web"), ("client_secret", "web-secret")];
    assert_eq!(introspect(&house, token, &web).await["active"], true);
    for (disabled_at, active) in [(Some(house.visit.now), false), (None, true)] {
        house
            .store
            .change_client(&realm, "robot", move |client| client.disabled_at = disabled_at)
            .await
            .unwrap();
        assert_eq!(introspect(&house, token, &web).await["active"], active);
    }
    let until = house.visit.now.plus(std::time::Duration::from_secs(600));
    assert!(house.store.remove_client(&realm, "robot", house.visit.now, until).await.unwrap());
    assert_eq!(introspect(&house, token, &web).await, serde_json::json!({"active": false}));
}
