use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use jose::{Algorithm, KeySet, SigningKey, jwt};
use oauth::Client;
use serde_json::{Value, json};

use crate::house::{House, NOW, listed, strict};

const OWN: (&str, &str) = ("grant_type", "client_credentials");

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// A05
#[tokio::test]
async fn a_client_proves_who_it_is_in_one_way() {
    let house = House::with(strict());
    let token = "/_lobby/oauth/token";
    let right = basic("web", "web-secret");
    house.post_with(token, &[OWN], &[("authorization", &right)]).await.ok();
    house.post(token, &[OWN, ("client_id", "web"), ("client_secret", "web-secret")]).await.ok();
    let both = [OWN, ("client_id", "web"), ("client_secret", "web-secret")];
    house.post_with(token, &both, &[("authorization", &right)]).await.fails(400, "invalid_request");
    house
        .post_with(token, &[OWN], &[("authorization", &basic("web", "wrong"))])
        .await
        .fails(401, "invalid_client");
    house.post_with(token, &[OWN], &[("authorization", "Basic ###")]).await.fails(401, "invalid_client");
    house.post_with(token, &[OWN], &[("authorization", "Bearer x")]).await.fails(401, "invalid_client");
    house
        .post_with(token, &[OWN, ("client_id", "other")], &[("authorization", &right)])
        .await
        .fails(400, "invalid_request");
    for form in [
        vec![OWN],
        vec![OWN, ("client_id", "web")],
        vec![OWN, ("client_id", "web"), ("client_secret", "other-secret")],
        vec![OWN, ("client_id", "nobody"), ("client_secret", "web-secret")],
    ] {
        let answer = house.post(token, &form).await;
        answer.fails(401, "invalid_client");
        assert!(answer.header("www-authenticate").starts_with("Basic "));
    }
}

#[tokio::test]
async fn a_basic_pair_is_form_encoded() {
    let mut client = Client { id: "a b".to_owned(), ..Client::default() };
    client.secret = Some(model::Secret::new("x+y:%z".to_owned()));
    let house = House::with(listed([client]));
    let header = basic("a+b", "x%2By%3A%25z");
    house.post_with("/_lobby/oauth/token", &[OWN], &[("authorization", &header)]).await.ok();
}

#[tokio::test]
async fn an_assertion_is_for_us_young_and_used_once() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let keys = Some(Arc::new(KeySet::new([key.public().clone()])));
    let house = House::with(listed([Client { id: "svc".to_owned(), keys, ..Client::default() }]));
    let make = |changes: Value| {
        let mut claims = json!({
            "iss": "svc", "sub": "svc", "aud": "http://127.0.0.1:4010", "jti": "j-1",
            "iat": NOW.as_seconds(), "exp": NOW.as_seconds() + 60,
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        jwt::sign(&key, "JWT", claims.as_object().unwrap()).unwrap()
    };
    let send = |assertion: String| {
        let house = &house;
        async move {
            let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
            let form = [OWN, ("client_assertion_type", kind), ("client_assertion", &*assertion)];
            house.token(&form).await
        }
    };
    send(make(json!({}))).await.ok();
    send(make(json!({}))).await.fails(401, "invalid_client");
    for wrong in [
        json!({"jti": "j-2", "aud": "https://another.example"}),
        json!({"jti": "j-3", "exp": NOW.as_seconds() - 60}),
        json!({"jti": "j-4", "iss": "another"}),
        json!({"jti": "j-5", "exp": NOW.as_seconds() + 86_400}),
        json!({"jti": "j-6", "nbf": NOW.as_seconds() + 61}),
        json!({"jti": null}),
    ] {
        send(make(wrong)).await.fails(401, "invalid_client");
    }
    let other = SigningKey::generate(Algorithm::Es256).unwrap();
    let claims = json!({"iss": "svc", "sub": "svc", "aud": "http://127.0.0.1:4010", "jti": "j-9", "exp": NOW.as_seconds() + 60});
    send(jwt::sign(&other, "JWT", claims.as_object().unwrap()).unwrap()).await.fails(401, "invalid_client");
    house.token(&[OWN, ("client_id", "svc")]).await.fails(401, "invalid_client");
}

#[tokio::test]
async fn where_no_clients_are_configured_everyone_is_one() {
    let house = House::new();
    house.token(&[OWN, ("client_id", "anything")]).await.ok();
    house.token(&[OWN, ("client_id", "anything"), ("client_secret", "whatever")]).await.ok();
    house.token(&[OWN]).await.fails(401, "invalid_client");
}

#[tokio::test]
async fn a_client_has_only_its_grants_and_its_scopes() {
    let mut client = Client { id: "web".to_owned(), ..Client::default() };
    client.secret = Some(model::Secret::new("web-secret".to_owned()));
    client.grants = [oauth::GrantKind::ClientCredentials].into();
    client.scopes = Some("books:write".parse().unwrap());
    client.redirects = vec!["https://app.example.com/cb".to_owned()];
    let house = House::with(listed([client]));
    let by = [("client_id", "web"), ("client_secret", "web-secret")];
    house.token(&[OWN, by[0], by[1], ("scope", "books:read")]).await.fails(400, "invalid_scope");
    assert_eq!(house.token(&[OWN, by[0], by[1]]).await.ok()["scope"], "");
    house.token(&[("grant_type", "refresh_token"), by[0], by[1]]).await.fails(400, "unauthorized_client");
    let more = [("client_id", "web"), ("redirect_uri", "https://app.example.com/cb")];
    house.authorize(&more).await.is_redirect("unauthorized_client");
}
