//! Rows T: what is done to tokens.

use http::{HeaderValue, Method};
use jose::forge::{Attack, Genuine};
use jose::{Algorithm, SigningKey, jwt};
use serde_json::{Value, json};
use testkit::{Answer, Lobby, mock, run};

use super::{ORDERS, now};
use crate::app::App;
use crate::reload::until;

/// T01
#[tokio::test]
async fn without_a_credential_nobody_gets_where_one_is_demanded() {
    let lobby = mock("bookshop.openapi.yaml").await;
    for (method, path, code) in [
        ("GET", "/open", "allow"),
        ("GET", "/recommendations", "allow"),
        ("GET", "/books", "credential.missing"),
        ("POST", "/books", "credential.missing"),
        ("GET", "/books/b-1001", "credential.missing"),
        ("PUT", "/books/b-1001", "credential.missing"),
        ("DELETE", "/books/b-1001", "credential.missing"),
        ("GET", "/me", "credential.missing"),
        ("GET", "/users/alice/orders", "credential.missing"),
        ("POST", "/users/alice/orders", "credential.missing"),
        ("GET", "/basket", "credential.missing"),
        ("POST", "/payment", "credential.missing"),
        ("GET", "/stock", "credential.missing"),
        ("GET", "/reports", "credential.missing"),
        ("POST", "/imports", "credential.missing"),
        ("GET", "/vault", "certificate.missing"),
    ] {
        for base in ["", "/bookshop"] {
            let method: Method = method.parse().unwrap();
            let answer = lobby.request(method.clone(), &format!("{base}{path}")).await;
            assert_eq!(answer.header("lobby-verdict"), Some(code), "{method} {base}{path}");
            assert_eq!(answer.status() == 401, code != "allow", "{method} {base}{path}");
        }
    }
}

/// T02 to T18 with the keys of an issuer of the test's own, so that also what needs its signature is tried.
#[tokio::test]
async fn every_attack_on_a_token_is_refused_as_listed() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let lobby = with_keys(&[&key]).await;
    let token = foreign(&key);
    let path = "/bookshop/users/alice/orders";
    lobby.get(path).bearer(&token).await.is_allowed();
    let genuine = Genuine { token: &token, public: key.public(), signing: Some(&key), now: now() };
    let mut tried = 0;
    for attack in Attack::all() {
        let Some(forged) = attack.forge(&genuine) else { continue };
        if HeaderValue::from_str(&forged).is_err() {
            continue;
        }
        tried += 1;
        let answer = lobby.get(path).bearer(&forged).await;
        let verdict = answer.header("lobby-verdict").unwrap_or_default();
        assert!(
            attack.expected.contains(&verdict) && answer.status() == 401,
            "{} {}: {} {verdict}, expected one of {:?}",
            attack.row,
            attack.name,
            answer.status(),
            attack.expected
        );
    }
    assert!(tried > 60, "{tried}");
    lobby.get(path).bearer(&token).await.is_allowed();
}

/// T05
#[tokio::test]
async fn one_bit_changed_anywhere_in_a_token_is_never_let_in() {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let lobby = mock("bookshop.openapi.yaml").await;
    let token = lobby.token("alice").await;
    let token = token.as_str().as_bytes();
    for at in 0..token.len() {
        let mut changed = token.to_vec();
        changed[at] = match LETTERS.iter().position(|letter| *letter == token[at]) {
            Some(value) => LETTERS[value ^ (1 << (at % 6))],
            None => b'/',
        };
        let changed = String::from_utf8(changed).unwrap();
        let answer = lobby.get(ORDERS).bearer(&changed).await;
        let verdict = answer.header("lobby-verdict").unwrap_or_default();
        let fits = verdict == "credential.malformed" || verdict.starts_with("token.");
        assert!(answer.status() == 401 && fits, "at {at}: {} {verdict}", answer.status());
    }
    lobby.get(ORDERS).bearer(std::str::from_utf8(token).unwrap()).await.is_allowed();
}

/// T19, T20
#[tokio::test]
async fn a_token_is_read_from_one_authorization_field_in_its_form_alone() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let token = lobby.token("alice").await;
    let token = token.as_str();
    lobby.get("/open").bearer(token).bearer(token).await.is_denied(400, "request.ambiguous");
    lobby.get(&format!("{ORDERS}?access_token={token}")).await.is_denied(401, "credential.missing");
    let form = [("access_token", token), ("book", "b-1001")];
    lobby.post(ORDERS).form(&form).await.is_denied(401, "credential.missing");
    let present = async |value: &str| lobby.get(ORDERS).header("authorization", value).await;
    for word in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        present(&format!("{word} {token}")).await.is_allowed();
    }
    // RFC 9110 11.4: one or more spaces stand between word and token.
    present(&format!("Bearer  {token}")).await.is_allowed();
    for value in [
        format!("Bearer\t{token}"),
        format!("Bearer {token}, Bearer {token}"),
        format!("Bearer {token} x"),
        format!("Bearer {token},"),
        format!("Bearer \"{token}\""),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Token {token}"),
        token.to_owned(),
    ] {
        let answer = present(&value).await;
        assert_eq!(answer.status(), 401, "{value}");
    }
}

/// T23, T25
#[tokio::test]
async fn scopes_are_whole_words_wherever_and_however_they_are_written() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let with = async |claims: Value| {
        let token = lobby.token("alice").scope("profile").claims(claims).await;
        lobby.get(ORDERS).bearer(&token).await
    };
    for scope in
        ["orders:readx", "orders", "ORDERS:READ", "xorders:read", "orders:*", "orders:read,orders:write"]
    {
        with(json!({"scope": scope})).await.is_denied(403, "scope.insufficient");
    }
    with(json!({"scope": "orders:read"})).await.is_allowed();
    with(json!({"scope": ["orders:read"]})).await.is_allowed();
    with(json!({"scope": null, "scp": "profile orders:read"})).await.is_allowed();
    with(json!({"scope": null, "scp": ["orders:read"]})).await.is_allowed();
    with(json!({"scope": ["orders:read orders:write"]})).await.is_denied(403, "scope.insufficient");
}

const ISSUER: &str = "https://id.example.net";

/// The bookshop with another issuer beside ours, which publishes these keys in a file.
async fn with_keys(keys: &[&SigningKey]) -> Lobby {
    let document = std::fs::read_to_string(testkit::example("bookshop.openapi.yaml")).unwrap();
    run("mock")
        .file("keys.json", &published(keys))
        .file("bookshop.openapi.yaml", &document)
        .config(&format!(
            "apis:\n  bookshop:\n    contract: bookshop.openapi.yaml\n    issuers:\n      \
             - {{ url: {ISSUER}, jwks: keys.json, audience: the-shop, typ: at+jwt }}\n"
        ))
        .await
}

fn published(keys: &[&SigningKey]) -> String {
    let keys: Vec<Value> = keys.iter().map(|key| key.public().to_jwk().unwrap().into()).collect();
    json!({ "keys": keys }).to_string()
}

/// A token of the other issuer that opens alice's orders.
fn foreign(key: &SigningKey) -> String {
    foreign_of(key, "alice")
}

fn foreign_of(key: &SigningKey, subject: &str) -> String {
    let claims = json!({
        "iss": ISSUER, "aud": "the-shop", "sub": subject, "client_id": "app", "jti": "j-1",
        "scope": "orders:read", "iat": now().as_seconds(), "exp": now().as_seconds() + 3600,
    });
    jwt::sign(key, "at+jwt", claims.as_object().unwrap()).unwrap()
}

/// T18: who has a persona's name at another issuer is somebody else.
#[tokio::test]
async fn a_subject_of_another_issuer_is_not_the_persona_of_its_name() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let lobby = with_keys(&[&key]).await;
    lobby.get("/users/alice/orders").bearer(foreign(&key)).await.is_allowed();
    let suspended = foreign_of(&key, "suspended");
    lobby.get("/users/suspended/orders").bearer(&suspended).await.is_allowed();
    let path = "/books/b-1001";
    let ours = lobby.token("alice").scope("books:write").await;
    lobby.delete(path).bearer(&ours).await.is_allowed();
    let claims = json!({
        "iss": ISSUER, "aud": "the-shop", "sub": "alice", "client_id": "app", "jti": "j-2",
        "scope": "books:write", "iat": now().as_seconds(), "exp": now().as_seconds() + 3600,
    });
    let theirs = jwt::sign(&key, "at+jwt", claims.as_object().unwrap()).unwrap();
    lobby.delete(path).bearer(&theirs).await.is_denied(403, "role.forbidden");
}

/// T17
#[tokio::test]
async fn a_token_ends_with_itself_its_session_and_its_account() {
    let lobby = mock("bookshop.openapi.yaml").config("personas: { alice: {}, bob: {} }\n").await;
    let ask = async |token: &str| lobby.get("/users/bob/orders").bearer(token).await;
    let app = App::new(&lobby, "app");
    let issued = app.tokens("bob").await;
    let (access, refresh) =
        (issued["access_token"].as_str().unwrap(), issued["refresh_token"].as_str().unwrap());
    ask(access).await.is_denied(403, "scope.insufficient");
    let goodbye = app.browser.get("/_lobby/oauth/logout").await;
    app.submit(&goodbye, &[("decision", "allow")]).await.is(200);
    ask(access).await.is_denied(401, "token.revoked");
    app.refresh(refresh).await.is_oauth_error(400, "invalid_grant");
    let late = app.tokens("bob").await;
    let late = late["access_token"].as_str().unwrap();
    ask(late).await.is_denied(403, "scope.insufficient");
    let count = |count: usize| move |answer: &Answer| answer.json().as_array().unwrap().len() == count;
    lobby.replace_file("lobby.yaml", "personas: { alice: {} }\n");
    until(&lobby, "/_lobby/personas", count(1)).await;
    ask(late).await.is_denied(401, "token.revoked");
    lobby.get("/_lobby/oauth/userinfo").bearer(late).await.is_denied(401, "token.revoked");
    // Who comes back is who was there before.
    lobby.replace_file("lobby.yaml", "personas: { alice: {}, bob: {} }\n");
    until(&lobby, "/_lobby/personas", count(2)).await;
    ask(late).await.is_denied(403, "scope.insufficient");
}

/// T24, where we are the issuer.
#[tokio::test]
async fn a_key_that_we_retired_is_believed_for_its_overlap_and_no_longer() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let keys = async || lobby.get("/_lobby/oauth/jwks").await.json()["keys"].as_array().unwrap().len();
    let old = lobby.token("alice").lifetime("1h").await;
    lobby.get("/_lobby/oauth/jwks").scenario("keys:rotate").await.is(200);
    lobby.advance("9m").await;
    let new = lobby.token("alice").await;
    lobby.get(ORDERS).bearer(&old).await.is_allowed();
    lobby.get(ORDERS).bearer(&new).await.is_allowed();
    assert_eq!(keys().await, 2);
    lobby.advance("2m").await;
    lobby.get(ORDERS).bearer(&old).await.is_denied(401, "token.key");
    lobby.get(ORDERS).bearer(&new).await.is_allowed();
    assert_eq!(keys().await, 1);
}

/// T24, where somebody else is: what is published is believed, also before it signs, and nothing else.
#[tokio::test]
async fn a_key_is_believed_from_when_it_is_published_until_it_is_not() {
    let key = || SigningKey::generate(Algorithm::Es256).unwrap();
    let (first, second) = (key(), key());
    let lobby = with_keys(&[&first, &second]).await;
    let ask = async |token: &str| lobby.get("/bookshop/users/alice/orders").bearer(token).await;
    let (old, new) = (foreign(&first), foreign(&second));
    ask(&old).await.is_allowed();
    ask(&new).await.is_allowed();
    ask(&foreign(&key())).await.is_denied(401, "token.key");
    lobby.replace_file("keys.json", &published(&[&second]));
    let mut tries = 0;
    while ask(&old).await.status() == 200 && tries < 20_000 {
        tries += 1;
    }
    ask(&old).await.is_denied(401, "token.key");
    ask(&new).await.is_allowed();
}

/// T21, T22: what time does to a proof; verdicts.rs has all else that can be wrong with one.
#[tokio::test]
async fn a_proof_is_good_around_its_own_moment_whatever_the_sandboxs_clock() {
    let lobby = mock("bookshop.openapi.yaml").await;
    let prover = crate::verdicts::Prover::new();
    let token = prover.token(&lobby).await;
    let uri = format!("{}/books", lobby.url());
    for (jti, seconds, good) in
        [("now", 0, true), ("old", -3600, false), ("early", 3600, false), ("ancient", -2_000_000_000, false)]
    {
        let proof = prover.proof_made(seconds, jti, "GET", &uri, Some(&token), None);
        let answer = lobby.get("/books").dpop(&token, &proof).await;
        if good {
            answer.is_allowed();
        } else {
            answer.is_denied(401, "proof.invalid");
        }
    }
    lobby.advance("5m").await;
    let proof = prover.proof("moved", "GET", &uri, Some(&token), None);
    lobby.get("/books").dpop(&token, &proof).await.is_allowed();
}
