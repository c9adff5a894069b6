use std::collections::BTreeSet;

use oauth::{GrantKind, Settings};

use crate::house::{House, claims, encode, settings, strict};

#[tokio::test]
async fn a_code_becomes_an_access_token_as_rfc_9068_says() {
    let house = House::new();
    let tokens = house.tokens("alice", "openid books:read").await;
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 600);
    assert_eq!(tokens["scope"], "books:read openid");
    let access = tokens["access_token"].as_str().unwrap();
    let said = claims(access);
    assert_eq!(said["iss"], "http://127.0.0.1:4010");
    assert_eq!(said["aud"], "http://127.0.0.1:4010/bookshop");
    assert_eq!((said["sub"].as_str(), said["client_id"].as_str()), (Some("alice"), Some("app")));
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 600);
    assert_eq!(said["roles"], serde_json::json!(["admin"]));
    for name in ["jti", "auth_time", "acr", "sid", "lobby_at"] {
        assert!(!said[name].is_null(), "{name}");
    }
    let header = jose::jwt::peek(access).header.unwrap();
    assert_eq!((header["typ"].as_str(), header["alg"].as_str()), (Some("at+jwt"), Some("ES256")));
    assert!(house.is_good(access));
}

#[tokio::test]
async fn a_client_has_what_its_flow_declares_and_no_refresh_token() {
    let house = House::new();
    let tokens = house.token(&[("grant_type", "client_credentials"), ("client_id", "app")]).await.ok();
    assert_eq!(tokens["scope"], "books:read");
    assert!(tokens["refresh_token"].is_null() && tokens["id_token"].is_null());
    let said = claims(tokens["access_token"].as_str().unwrap());
    assert_eq!((said["sub"].as_str(), said["client_id"].as_str()), (Some("app"), Some("app")));
    assert!(said["roles"].is_null() && said["sid"].is_null());
}

#[tokio::test]
async fn a_public_client_has_no_token_of_its_own() {
    let house = House::with(strict());
    let answer = house.token(&[("grant_type", "client_credentials"), ("client_id", "spa")]).await;
    answer.fails(400, "unauthorized_client");
}

#[tokio::test]
async fn a_scope_that_no_api_declares_is_refused_and_one_that_the_persona_lacks_left_out() {
    let house = House::new();
    let form = [("grant_type", "client_credentials"), ("client_id", "app"), ("scope", "books:burn")];
    house.token(&form).await.fails(400, "invalid_scope");
    house.authorize(&[("scope", "books:burn")]).await.is_redirect("invalid_scope");
    let tokens = house.tokens("guest", "openid books:read").await;
    assert_eq!(tokens["scope"], "openid");
}

#[tokio::test]
async fn no_scope_asked_means_all_api_scopes_of_the_persona() {
    let house = House::new();
    let code = house.code("alice", &[("scope", "")]).await;
    let tokens = house.redeem(&code).await.ok();
    assert_eq!(tokens["scope"], "books:read books:write");
    assert!(tokens["id_token"].is_null());
}

#[tokio::test]
async fn an_unknown_resource_is_an_invalid_target() {
    let house = House::new();
    let ask = |resource: &str| {
        let form =
            encode(&[("grant_type", "client_credentials"), ("client_id", "app"), ("resource", resource)]);
        house.request(http::Method::POST, "/_lobby/oauth/token", &[], form)
    };
    house.send(ask("https://elsewhere.example")).await.fails(400, "invalid_target");
    for known in ["http://127.0.0.1:4010/bookshop", "http://127.0.0.1:4010/v1", "http://127.0.0.1:4010/"] {
        let tokens = house.send(ask(known)).await.ok();
        let said = claims(tokens["access_token"].as_str().unwrap());
        assert_eq!(said["aud"], "http://127.0.0.1:4010/bookshop", "{known}");
    }
}

#[tokio::test]
async fn of_several_apis_a_token_is_for_those_that_own_a_scope_that_was_asked_for() {
    let mut settings = settings();
    let mut library = crate::house::bookshop();
    library.name = "library".to_owned();
    library.scopes = [("loans".to_owned(), String::new())].into();
    library.client_scopes = "loans".parse().unwrap();
    settings.apis.push(library);
    let house = House::with(settings);
    for (scope, audience) in [
        ("loans", serde_json::json!("http://127.0.0.1:4010/library")),
        ("books:read", serde_json::json!("http://127.0.0.1:4010/bookshop")),
        ("", serde_json::json!(["http://127.0.0.1:4010/bookshop", "http://127.0.0.1:4010/library"])),
    ] {
        let form = [("grant_type", "client_credentials"), ("client_id", "app"), ("scope", scope)];
        let tokens = house.token(&form).await.ok();
        assert_eq!(claims(tokens["access_token"].as_str().unwrap())["aud"], audience, "{scope}");
    }
}

#[tokio::test]
async fn password_and_implicit_are_offered_only_where_a_document_declares_them() {
    let house = House::new();
    let form = [
        ("grant_type", "password"),
        ("client_id", "app"),
        ("username", "alice"),
        ("password", "alice-password"),
        ("scope", "openid books:read"),
    ];
    house.token(&form).await.fails(400, "unsupported_grant_type");
    house.authorize(&[("response_type", "token")]).await.is_redirect("unsupported_response_type");

    let mut api = crate::house::bookshop();
    api.flows = BTreeSet::from([GrantKind::Password, GrantKind::Implicit]);
    let declared = Settings { grants: GrantKind::usual(&[api]), ..settings() };
    let house = House::with(declared);
    let tokens = house.token(&form).await.ok();
    assert_eq!(claims(tokens["access_token"].as_str().unwrap())["sub"], "alice");
    assert!(tokens["refresh_token"].is_string() && tokens["id_token"].is_string());
    let mut wrong = form;
    wrong[3].1 = "wrong";
    house.token(&wrong).await.fails(400, "invalid_grant");
    let page = house
        .authorize(&[
            ("response_type", "id_token token"),
            ("code_challenge", ""),
            ("code_challenge_method", ""),
        ])
        .await;
    let answer = house.sign_in(page, "alice").await;
    assert!(
        answer.header("location").starts_with("http://127.0.0.1:5173/callback#access_token="),
        "{answer:?}"
    );
    assert!(house.is_good(&answer.parameter("access_token").unwrap()));
    let identity = claims(&answer.parameter("id_token").unwrap());
    assert_eq!(identity["nonce"], "n-1");
    assert!(identity["at_hash"].is_string());
}

#[tokio::test]
async fn token_exchange_and_unknown_grants_are_not_offered() {
    let house = House::new();
    for grant in
        ["urn:ietf:params:oauth:grant-type:token-exchange", "implicit", "CLIENT_CREDENTIALS", "device_code"]
    {
        house
            .token(&[("grant_type", grant), ("client_id", "app")])
            .await
            .fails(400, "unsupported_grant_type");
    }
    house.token(&[("client_id", "app")]).await.fails(400, "invalid_request");
}

#[tokio::test]
async fn a_parameter_twice_or_a_body_of_another_type_is_refused() {
    let house = House::new();
    let form =
        [("grant_type", "client_credentials"), ("grant_type", "client_credentials"), ("client_id", "app")];
    house.token(&form).await.fails(400, "invalid_request");
    let mut request = house.request(http::Method::POST, "/_lobby/oauth/token", &[], "{}".to_owned());
    request.headers_mut().insert("content-type", "application/json".parse().unwrap());
    house.send(request).await.fails(400, "invalid_request");
}

#[tokio::test]
async fn another_method_is_405_with_allow() {
    let house = House::new();
    let answer = house.get("/_lobby/oauth/token").await;
    assert_eq!((answer.status().as_u16(), answer.header("allow")), (405, "POST"));
}

/// A user of the store whose password is `U*U*U` (a vector of `crypt_blowfish`).
async fn ben(house: &House, must_change: bool) {
    let hash = "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a";
    let user = store::User {
        name: "ben".to_owned(),
        name_key: "ben".to_owned(),
        password: model::Secret::new(hash.to_owned()),
        password_version: 1,
        must_change,
        scopes: "*".parse().unwrap(),
        ..store::User::new("ben".repeat(7), crate::house::NOW)
    };
    house.store.add_user(&house.visit.realm(), user).await.unwrap();
}

#[tokio::test]
async fn a_password_alone_gives_no_token_where_the_sign_in_page_would_ask_for_more() {
    let mut api = crate::house::bookshop();
    api.flows = BTreeSet::from([GrantKind::Password]);
    let declared = Settings { grants: GrantKind::usual(&[api]), ..settings() };
    let form = |name, password| {
        [("grant_type", "password"), ("client_id", "app"), ("username", name), ("password", password)]
    };
    let house = House::with(declared.clone());
    ben(&house, false).await;
    house.token(&form("ben", "U*U*U")).await.ok();
    let house = House::with(declared.clone());
    ben(&house, true).await;
    house.token(&form("ben", "U*U*U")).await.fails(400, "invalid_grant");

    let mut strict = declared.clone();
    strict.factors.required = oauth::RequiredFactor::Any;
    let house = House::with(strict);
    ben(&house, false).await;
    house.token(&form("ben", "U*U*U")).await.fails(400, "invalid_grant");

    let scopes = "books:read books:write".parse().unwrap();
    let mut personas = identity::default_personas(&scopes, &BTreeSet::new(), &[]);
    personas[0].built_in = identity::BuiltIn { totp: true, passkey: false };
    let directory = std::sync::Arc::new(identity::Directory::new(personas));
    let house = House::with(Settings { directory, ..declared });
    house.token(&form("alice", "alice-password")).await.fails(400, "invalid_grant");
}
