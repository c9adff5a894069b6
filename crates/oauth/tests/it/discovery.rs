use jose::{Algorithm, KeySet};

use crate::house::{House, bookshop, settings};

#[tokio::test]
async fn both_names_give_one_document_with_the_configured_issuer() {
    let house = House::new();
    let document = house.get("/.well-known/openid-configuration").await.ok();
    assert_eq!(document, house.get("/.well-known/oauth-authorization-server").await.ok());
    assert_eq!(document["issuer"], "http://127.0.0.1:4010");
    assert_eq!(document["token_endpoint"], "http://127.0.0.1:4010/_lobby/oauth/token");
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
    assert_eq!(document["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    assert_eq!(document["id_token_signing_alg_values_supported"], serde_json::json!(["ES256"]));
    let scopes = document["scopes_supported"].as_array().unwrap();
    assert!(scopes.contains(&"openid".into()) && scopes.contains(&"books:write".into()));
    assert!(!document["grant_types_supported"].as_array().unwrap().contains(&"password".into()));
    // A17
    let poisoned =
        house.get_with("/.well-known/openid-configuration", &[("host", "evil.example")]).await.ok();
    assert_eq!(poisoned, document);
}

#[tokio::test]
async fn every_endpoint_that_is_named_answers() {
    let house = House::new();
    let document = house.get("/.well-known/openid-configuration").await.ok();
    for (name, url) in document.as_object().unwrap() {
        let Some(path) = url.as_str().and_then(|url| url.strip_prefix("http://127.0.0.1:4010/")) else {
            continue;
        };
        assert!(oauth::Endpoint::of_path(&format!("/{path}")).is_some(), "{name}");
    }
}

#[tokio::test]
async fn an_issuer_with_a_path_has_both_well_known_forms() {
    let mut house = House::new();
    house.visit.sandbox = "t-42".parse().unwrap();
    house.visit.issuer = "http://127.0.0.1:4010/_lobby/in/t-42".to_owned();
    let behind = house.get("/.well-known/openid-configuration").await.ok();
    let before = house.get("/.well-known/oauth-authorization-server/_lobby/in/t-42").await.ok();
    assert_eq!(behind, before);
    assert_eq!(behind["jwks_uri"], "http://127.0.0.1:4010/_lobby/in/t-42/_lobby/oauth/jwks");
    let other = house.get("/.well-known/oauth-authorization-server/_lobby/in/other").await;
    assert_eq!(other.status().as_u16(), 404);
}

#[tokio::test]
async fn an_apis_metadata_name_what_the_url_was_derived_from() {
    let house = House::new();
    for (path, resource) in [("", "http://127.0.0.1:4010"), ("/v1", "http://127.0.0.1:4010/v1")] {
        let document = house.get(&format!("/.well-known/oauth-protected-resource{path}")).await.ok();
        assert_eq!(document["resource"], resource);
        assert_eq!(document["authorization_servers"], serde_json::json!(["http://127.0.0.1:4010"]));
    }
    assert_eq!(house.get("/.well-known/oauth-protected-resource/v2").await.status().as_u16(), 404);
    let mut several = settings();
    several.apis.iter_mut().for_each(|api| api.bases = vec!["/v1".to_owned()]);
    several.apis.push(oauth::Api {
        name: "library".to_owned(),
        bases: vec!["/lib".to_owned()],
        ..bookshop()
    });
    let house = House::with(several);
    let unpathed = house.get("/.well-known/oauth-protected-resource").await;
    assert_eq!(unpathed.status().as_u16(), 404);
    assert!(unpathed.text().contains("/.well-known/oauth-protected-resource/lib"));
    assert_eq!(house.get("/.well-known/oauth-protected-resource/lib").await.ok()["resource_name"], "library");
}

#[tokio::test]
async fn the_published_keys_are_public_and_verify_tokens() {
    let house = House::new();
    let answer = house.get("/_lobby/oauth/jwks").await;
    let set = answer.ok();
    assert!(set["keys"][0]["d"].is_null());
    let keys = KeySet::parse(answer.text().as_bytes()).unwrap();
    let tokens = house.tokens("alice", "openid").await;
    let id_token = tokens["id_token"].as_str().unwrap();
    let header = jose::jwt::peek(id_token).header.unwrap();
    assert!(keys.find(header["kid"].as_str(), Algorithm::Es256).is_some());
}

#[tokio::test]
async fn keys_rotate_and_are_lost_when_a_scenario_says_so() {
    let mut house = House::new();
    let tokens = house.tokens("alice", "openid").await;
    let access = tokens["access_token"].as_str().unwrap();
    house.visit.interference = oauth::Interference::KeysRotate;
    assert_eq!(house.get("/_lobby/oauth/jwks").await.ok()["keys"].as_array().unwrap().len(), 2);
    assert!(house.is_good(access));
    house.visit.interference = oauth::Interference::KeysLose;
    assert_eq!(house.get("/_lobby/oauth/jwks").await.ok()["keys"].as_array().unwrap().len(), 1);
    assert!(!house.is_good(access));
}

#[tokio::test]
async fn an_algorithm_that_is_configured_signs_every_token() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es512, Algorithm::Rs256] {
        let house = House::with(oauth::Settings { algorithm, ..settings() });
        let tokens = house.tokens("alice", "openid").await;
        for name in ["access_token", "id_token"] {
            let header = jose::jwt::peek(tokens[name].as_str().unwrap()).header.unwrap();
            assert_eq!(header["alg"], algorithm.as_str());
        }
        assert!(house.is_good(tokens["access_token"].as_str().unwrap()));
        house.userinfo(tokens["access_token"].as_str().unwrap()).await.ok();
    }
}
