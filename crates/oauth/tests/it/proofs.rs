use jose::{Algorithm, SigningKey, dpop};
use oauth::{DpopRules, Settings};

use crate::house::{House, REDIRECT, VERIFIER, claims, settings, strict};

const TOKEN: &str = "http://127.0.0.1:4010/_lobby/oauth/token";

fn proof(key: &SigningKey, house: &House, uri: &str, jti: &str, nonce: Option<&str>) -> String {
    let request =
        dpop::Request { method: "POST", uri, access_token: None, nonce, jti, now: house.visit.real };
    dpop::proof(key, &request).unwrap()
}

async fn own(house: &House, proof: &str) -> crate::house::Answer {
    let form = [("grant_type", "client_credentials"), ("client_id", "app")];
    house.post_with("/_lobby/oauth/token", &form, &[("dpop", proof)]).await
}

#[tokio::test]
async fn a_proof_binds_the_token_to_its_key() {
    let (house, key) = (House::new(), SigningKey::generate(Algorithm::Es256).unwrap());
    let tokens = own(&house, &proof(&key, &house, TOKEN, "1", None)).await.ok();
    assert_eq!(tokens["token_type"], "DPoP");
    let said = claims(tokens["access_token"].as_str().unwrap());
    assert_eq!(said["cnf"]["jkt"], key.public().thumbprint());
}

#[tokio::test]
async fn a_wrong_or_used_proof_is_refused() {
    let (mut house, key) = (House::new(), SigningKey::generate(Algorithm::Es256).unwrap());
    let first = proof(&key, &house, TOKEN, "1", None);
    own(&house, &first).await.ok();
    own(&house, &first).await.fails(400, "invalid_dpop_proof");
    own(&house, &proof(&key, &house, "http://127.0.0.1:4010/other", "2", None))
        .await
        .fails(400, "invalid_dpop_proof");
    own(&house, "nonsense").await.fails(400, "invalid_dpop_proof");
    let old = proof(&key, &house, TOKEN, "3", None);
    house.visit.real = house.visit.real.plus(std::time::Duration::from_secs(300));
    own(&house, &old).await.fails(400, "invalid_dpop_proof");
    // The sandbox's clock does not matter: the client made the proof by the real one.
    house.advance(86_400);
    own(&house, &proof(&key, &house, TOKEN, "4", None)).await.ok();
}

#[tokio::test]
async fn an_alias_may_be_what_the_proof_names() {
    let (mut house, key) = (House::new(), SigningKey::generate(Algorithm::Es256).unwrap());
    house.visit.called = Some("http://127.0.0.1:4010/oauth/token".to_owned());
    own(&house, &proof(&key, &house, "http://127.0.0.1:4010/oauth/token", "1", None)).await.ok();
    own(&house, &proof(&key, &house, TOKEN, "2", None)).await.ok();
}

#[tokio::test]
async fn a_nonce_is_asked_for_and_grows_stale_by_the_sandboxs_clock() {
    let dpop = DpopRules { nonce: true, required: false };
    let (mut house, key) =
        (House::with(Settings { dpop, ..settings() }), SigningKey::generate(Algorithm::Es256).unwrap());
    let answer = own(&house, &proof(&key, &house, TOKEN, "1", None)).await;
    answer.fails(400, "use_dpop_nonce");
    let nonce = answer.header("dpop-nonce").to_owned();
    own(&house, &proof(&key, &house, TOKEN, "2", Some(&nonce))).await.ok();
    own(&house, &proof(&key, &house, TOKEN, "3", Some("made-up"))).await.fails(400, "use_dpop_nonce");
    house.advance(900);
    let answer = own(&house, &proof(&key, &house, TOKEN, "4", Some(&nonce))).await;
    answer.fails(400, "use_dpop_nonce");
    assert_ne!(answer.header("dpop-nonce"), nonce);
}

#[tokio::test]
async fn a_required_proof_that_is_missing_is_told() {
    let dpop = DpopRules { nonce: false, required: true };
    let house = House::with(Settings { dpop, ..settings() });
    house
        .token(&[("grant_type", "client_credentials"), ("client_id", "app")])
        .await
        .fails(400, "invalid_dpop_proof");
}

#[tokio::test]
async fn a_code_that_names_a_key_is_redeemed_with_it_alone() {
    let (house, key) = (House::new(), SigningKey::generate(Algorithm::Es256).unwrap());
    let thumbprint = key.public().thumbprint();
    let code = house.code("alice", &[("dpop_jkt", &thumbprint)]).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", &*code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    house.token(&form).await.fails(400, "invalid_dpop_proof");
    let other = SigningKey::generate(Algorithm::Es256).unwrap();
    let wrong = proof(&other, &house, TOKEN, "1", None);
    house.post_with("/_lobby/oauth/token", &form, &[("dpop", &wrong)]).await.fails(400, "invalid_dpop_proof");
    let right = proof(&key, &house, TOKEN, "2", None);
    house.post_with("/_lobby/oauth/token", &form, &[("dpop", &right)]).await.ok();
}

#[tokio::test]
async fn a_public_clients_refresh_token_is_bound_to_its_key() {
    let (house, key) = (House::with(strict()), SigningKey::generate(Algorithm::Es256).unwrap());
    let redirect = "https://app.example.com/cb";
    let code = house.code("alice", &[("client_id", "spa"), ("redirect_uri", redirect)]).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "spa"),
        ("code", &*code),
        ("code_verifier", VERIFIER),
    ];
    let first = proof(&key, &house, TOKEN, "1", None);
    let tokens = house.post_with("/_lobby/oauth/token", &form, &[("dpop", &first)]).await.ok();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", "spa"), ("refresh_token", refresh)];
    house.token(&form).await.fails(400, "invalid_dpop_proof");
    let next = proof(&key, &house, TOKEN, "2", None);
    house.post_with("/_lobby/oauth/token", &form, &[("dpop", &next)]).await.ok();
}

#[tokio::test]
async fn user_info_takes_a_bound_token_with_its_proof_alone() {
    let (house, key) = (House::new(), SigningKey::generate(Algorithm::Es256).unwrap());
    let code = house.code("alice", &[]).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", &*code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let first = proof(&key, &house, TOKEN, "1", None);
    let tokens = house.post_with("/_lobby/oauth/token", &form, &[("dpop", &first)]).await.ok();
    let token = tokens["access_token"].as_str().unwrap();
    house.userinfo(token).await.fails(401, "invalid_token");
    let uri = "http://127.0.0.1:4010/_lobby/oauth/userinfo";
    let request = dpop::Request {
        method: "GET",
        uri,
        access_token: Some(token),
        nonce: None,
        jti: "2",
        now: house.visit.real,
    };
    let (shown, bound) = (dpop::proof(&key, &request).unwrap(), format!("DPoP {token}"));
    let headers = [("authorization", bound.as_str()), ("dpop", shown.as_str())];
    assert_eq!(house.get_with("/_lobby/oauth/userinfo", &headers).await.ok()["sub"], "alice");
    house.get_with("/_lobby/oauth/userinfo", &headers).await.fails(401, "invalid_dpop_proof");
    house.get_with("/_lobby/oauth/userinfo", &headers[..1]).await.fails(401, "invalid_dpop_proof");
}

#[tokio::test]
async fn a_certificate_binds_a_token_too() {
    let mut house = House::new();
    house.visit.certificate = Some([3; 32]);
    let tokens = house.tokens("alice", "openid").await;
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(claims(token)["cnf"]["x5t#S256"], jose::base64url::encode([3; 32]));
    house.userinfo(token).await.ok();
    house.visit.certificate = None;
    house.userinfo(token).await.fails(401, "invalid_token");
}
