//! What control.md promises of the authorization server.

use http::Method;
use jose::{Algorithm, SigningKey, dpop};
use serde_json::{Value, json};
use testkit::mock;

use super::{ORDERS, claims, is_page, now, open, strict, text};
use crate::app::{App, CALLBACK, VERIFIER, form, is_error, sent};

#[tokio::test]
async fn configured_clients_get_what_they_registered_for_and_no_more() {
    let lobby = strict().await;
    let narrow = App::new(&lobby, "narrow");
    is_error(&narrow.authorize(&[("scope", "openid orders:read")]).await, "invalid_scope");
    let code = narrow.code("alice", &[("scope", "openid books:read")]).await;
    let tokens = narrow.redeem(&code).await;
    assert!(tokens.json().get("refresh_token").is_none(), "{}", tokens.text());
    narrow.token(&[("grant_type", "client_credentials")]).await.is_oauth_error(400, "unauthorized_client");
    let asked = lobby.post("/_lobby/oauth/device").form(&[("client_id", "narrow")]).await;
    asked.is_oauth_error(400, "unauthorized_client");
    let leaving = App::new(&lobby, "app");
    let hint = text(&leaving.tokens("alice").await, "id_token");
    let bye =
        |to: &str| format!("/_lobby/oauth/logout?id_token_hint={hint}&post_logout_redirect_uri={to}&state=s");
    is_page(&leaving.browser.get(&bye("http%3A%2F%2F127.0.0.1%3A9%2Fcallback")).await, 400);
    let answer = leaving.browser.get(&bye("http%3A%2F%2F127.0.0.1%3A9%2Fbye")).await;
    assert_eq!(answer.header("location"), Some("http://127.0.0.1:9/bye?state=s"));
}

#[tokio::test]
async fn a_request_is_for_the_sandbox_that_it_names_first() {
    let lobby = open().await;
    let app = App::new(&lobby, "app");
    let page = app.authorize(&[("lobby_sandbox", "t-42")]).await;
    assert!(form(&page).0.ends_with("?lobby_sandbox=t-42"), "{:?}", form(&page));
    let answer = app.go_on(page, "alice").await;
    let code = sent(&answer, "code").unwrap();
    assert_eq!(sent(&answer, "iss").as_deref(), Some(lobby.issuer()), "by its query it keeps main's issuer");
    // The cookie leads on there.
    assert!(sent(&app.authorize(&[("prompt", "none")]).await, "code").is_some());
    is_error(&App::new(&lobby, "app").authorize(&[("prompt", "none")]).await, "login_required");
    // So does the code itself; another sandbox does not know it.
    let redeem = [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", &*code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let elsewhere = lobby.post("/_lobby/oauth/token").sandbox("other").form(&redeem).await;
    elsewhere.is_oauth_error(400, "invalid_grant");
    let named_main = lobby.post("/_lobby/oauth/token").sandbox("main").form(&redeem).await;
    named_main.is_oauth_error(400, "invalid_grant");
    let tokens = lobby.post("/_lobby/oauth/token").form(&redeem).await;
    tokens.is(200);
    let refresh = tokens.string("/refresh_token");
    lobby.advance_in("t-42", "31d").await;
    app.refresh(&refresh).await.is_oauth_error(400, "invalid_grant");
    let inside = lobby.get("/_lobby/journal?operation=oauth.token").sandbox("t-42").await.json();
    assert_eq!(inside["entries"].as_array().unwrap().len(), 2, "{inside:#}");
    assert_eq!(lobby.journal("operation=oauth.token").await.len(), 1, "what named main is main's");
    let query = app.query(&[("lobby_sandbox", "t-42")]);
    let two = lobby.get(&format!("/_lobby/oauth/authorize?{query}")).sandbox("t-43").await;
    two.is_denied(400, "sandbox.ambiguous");
    let query = app.query(&[("lobby_sandbox", "T 42")]);
    let twice = lobby
        .get(&format!("/_lobby/oauth/authorize?{}&lobby_sandbox=b", app.query(&[("lobby_sandbox", "a")])))
        .await;
    twice.is_denied(400, "sandbox.ambiguous");
    assert_eq!(lobby.get(&format!("/_lobby/oauth/authorize?{query}")).await.status(), 400);
}

#[tokio::test]
async fn a_scenario_directs_the_authorization_server_and_api_plays_pass_it_by() {
    let lobby = open().await;
    let app = App::new(&lobby, "app");
    let play = async |operation: &str, steps: Value| {
        let body = json!({"play": steps, "operation": operation});
        lobby.post("/_lobby/scenarios").json(&body).await.is(201);
    };
    lobby.play(&["status:503"]).await;
    let tokens = app.tokens("alice").await;
    lobby.get("/open").await.is(503);
    play("oauth.authorize", json!(["oauth:access_denied"])).await;
    let denied = app.authorize(&[]).await;
    is_error(&denied, "access_denied");
    assert_eq!(sent(&denied, "state").as_deref(), Some("state-1"));
    assert!(sent(&app.authorize(&[]).await, "code").is_some());
    play("oauth.token", json!(["oauth:invalid_grant", "status:503", "ok"])).await;
    let refresh = text(&tokens, "refresh_token");
    app.refresh(&refresh).await.is_oauth_error(400, "invalid_grant");
    app.refresh(&refresh).await.is(503);
    app.refresh(&refresh).await.is(200);
    play("oauth.jwks", json!(["delay:200ms"])).await;
    let asked = std::time::Instant::now();
    lobby.get("/_lobby/oauth/jwks").await.is(200);
    assert!(asked.elapsed() >= std::time::Duration::from_millis(200));
    let told = lobby.journal("scenario=oauth:access_denied").await;
    assert_eq!(told[0]["operation"], "oauth.authorize");
}

#[tokio::test]
async fn keys_rotate_or_get_lost_as_a_scenario_wants_and_a_reset_keeps_them() {
    let lobby = open().await;
    let kids = async || {
        let set = lobby.get("/_lobby/oauth/jwks").await.json();
        let kids: Vec<String> = set["keys"].as_array().unwrap().iter().map(|key| text(key, "kid")).collect();
        kids
    };
    let token = lobby.token("alice").await;
    let first = kids().await;
    let rotated = lobby.get("/_lobby/oauth/jwks").scenario("keys:rotate").await.json();
    assert_eq!(rotated["keys"].as_array().unwrap().len(), 2);
    lobby.get(ORDERS).bearer(&token).await.is_allowed();
    let before = kids().await;
    lobby.reset().await;
    assert_eq!(kids().await, before, "a reset keeps the keys");
    lobby.get("/_lobby/oauth/jwks").scenario("keys:lose").await.is(200);
    lobby.get(ORDERS).bearer(&token).await.is_denied(401, "token.key");
    assert!(!kids().await.contains(&first[0]));
    lobby.get(ORDERS).bearer(&lobby.token("alice").await).await.is_allowed();
    // A sandbox that ended begins with everybody's key again.
    let other = lobby.get("/_lobby/oauth/jwks").sandbox("t-1").await.json();
    lobby.get("/_lobby/oauth/jwks").sandbox("t-1").scenario("keys:rotate").await.is(200);
    lobby.delete("/_lobby/sandboxes/t-1").await.is(204);
    assert_eq!(lobby.get("/_lobby/oauth/jwks").sandbox("t-1").await.json(), other);
}

#[tokio::test]
async fn user_info_is_guarded_as_any_operation() {
    let lobby = open().await;
    let app = App::new(&lobby, "app");
    let tokens = app.tokens("alice").await;
    let access = text(&tokens, "access_token");
    let ask = |token: &str| lobby.get("/_lobby/oauth/userinfo").bearer(token);
    let told = ask(&access).await;
    told.is_allowed();
    assert_eq!(told.string("/sub"), "alice");
    let missing = lobby.get("/_lobby/oauth/userinfo").await;
    let challenge =
        missing.is_denied(401, "credential.missing").header("www-authenticate").unwrap().to_owned();
    assert!(challenge.starts_with("Bearer ") && !challenge.contains("error="), "{challenge}");
    ask("eyJ.no.token").await.is_denied(401, "credential.malformed");
    ask(&text(&tokens, "id_token")).await.is_denied(401, "token.type");
    let plain = lobby.token("alice").scope("books:read").await;
    let lacking = ask(plain.as_str()).await;
    let challenge =
        lacking.is_denied(403, "scope.insufficient").header("www-authenticate").unwrap().to_owned();
    assert!(challenge.contains("scope=\"openid\""), "{challenge}");
    ask(lobby.token("suspended").scope("openid").await.as_str()).await.is_denied(403, "account.disabled");
    let post = lobby.post("/_lobby/oauth/userinfo").bearer(&access).form(&[]).await;
    post.is_allowed();
    lobby.request(Method::DELETE, "/_lobby/oauth/userinfo").bearer(&access).await.is(405);
    let staged = ask(&access).scenario("oauth:invalid_token").await;
    staged.is(401);
    assert!(staged.header("www-authenticate").unwrap().contains("invalid_token"));
    lobby.advance("11m").await;
    let expired = ask(&access).await;
    let challenge = expired.is_denied(401, "token.expired").header("www-authenticate").unwrap().to_owned();
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
}

#[tokio::test]
async fn a_bound_token_needs_its_proof_and_the_nonce_that_is_current() {
    let lobby = mock("bookshop.openapi.yaml").config("oauth: { dpop: { nonce: on } }\n").await;
    let app = App::new(&lobby, "app");
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let url = format!("{}/_lobby/oauth/token", lobby.issuer());
    let code = app.code("alice", &[]).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", &*code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let post =
        async |proof: String| lobby.post("/_lobby/oauth/token").header("dpop", &proof).form(&form).await;
    let asked = post(proof(&key, "POST", &url, None, None, "a")).await;
    asked.is_oauth_error(400, "use_dpop_nonce");
    let nonce = asked.header("dpop-nonce").unwrap().to_owned();
    let tokens = post(proof(&key, "POST", &url, None, Some(&nonce), "b")).await;
    tokens.is(200);
    assert_eq!(tokens.string("/token_type"), "DPoP");
    let access = tokens.string("/access_token");
    assert!(claims(&access)["cnf"]["jkt"].is_string());
    for path in [ORDERS, "/_lobby/oauth/userinfo"] {
        let url = format!("{}{path}", lobby.issuer());
        let get = async |proof: String| lobby.get(path).dpop(&access, proof).await;
        get(proof(&key, "GET", &url, Some(&access), None, "c")).await.is_denied(401, "proof.nonce");
        let good = proof(&key, "GET", &url, Some(&access), Some(&nonce), path);
        get(good.clone()).await.is_allowed();
        get(good).await.is_denied(401, "proof.replayed");
        let other = SigningKey::generate(Algorithm::Es256).unwrap();
        let foreign = get(proof(&other, "GET", &url, Some(&access), Some(&nonce), "d")).await;
        foreign.is_denied(401, "proof.invalid");
        lobby.get(path).bearer(&access).await.is_denied(401, "proof.missing");
    }
    // Nonces are the sandbox's: after the clock moved, the handshake is made again.
    lobby.advance("9m59s").await;
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "app"),
        ("refresh_token", &*tokens.string("/refresh_token")),
    ];
    let post =
        async |proof: String| lobby.post("/_lobby/oauth/token").header("dpop", &proof).form(&form).await;
    let stale = post(proof(&key, "POST", &url, None, Some(&nonce), "e")).await;
    stale.is_oauth_error(400, "use_dpop_nonce");
    let fresh = stale.header("dpop-nonce").unwrap().to_owned();
    post(proof(&key, "POST", &url, None, Some(&fresh), "f")).await.is(200);
}

fn proof(
    key: &SigningKey,
    method: &str,
    url: &str,
    token: Option<&str>,
    nonce: Option<&str>,
    jti: &str,
) -> String {
    let request = dpop::Request { method, uri: url, access_token: token, nonce, jti, now: now() };
    dpop::proof(key, &request).unwrap()
}

#[tokio::test]
async fn pages_are_read_by_no_script_of_another_origin_and_endpoints_by_every_one() {
    let lobby = open().await;
    let app = App::new(&lobby, "app");
    let origin = "http://localhost:5173";
    for path in [
        "/.well-known/openid-configuration",
        "/_lobby/oauth/jwks",
        "/_lobby/oauth/userinfo",
        "/_lobby/openapi.json",
    ] {
        let answer = lobby.get(path).origin(origin).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin), "{path}");
    }
    let form = [("grant_type", "client_credentials"), ("client_id", "app")];
    let token = lobby.post("/_lobby/oauth/token").origin(origin).form(&form).await;
    assert_eq!(token.header("access-control-allow-origin"), Some(origin));
    assert!(token.header("access-control-expose-headers").unwrap().contains("DPoP-Nonce"));
    let authorize = format!("/_lobby/oauth/authorize?{}", app.query(&[]));
    for path in [&*authorize, "/_lobby/sign-in", "/_lobby/device", "/_lobby/oauth/logout"] {
        let answer = lobby.get(path).origin(origin).await;
        assert!(answer.header("access-control-allow-origin").is_none(), "{path}");
    }
    let change = lobby.get("/.well-known/change-password").await;
    change.is(303);
    lobby.get(change.header("location").unwrap()).await.is(200);
}

#[tokio::test]
async fn the_served_document_leads_a_client_here() {
    let lobby = open().await;
    for (path, issuer) in [
        ("/_lobby/openapi.json".to_owned(), lobby.issuer().to_owned()),
        ("/_lobby/in/t-9/_lobby/openapi.json".to_owned(), format!("{}/_lobby/in/t-9", lobby.issuer())),
    ] {
        let document = lobby.get(&path).await.json();
        let flow = &document["components"]["securitySchemes"]["oauth"]["flows"]["authorizationCode"];
        assert_eq!(flow["authorizationUrl"], format!("{issuer}/_lobby/oauth/authorize"));
        assert_eq!(flow["tokenUrl"], format!("{issuer}/_lobby/oauth/token"));
        assert!(text(&document["servers"][0], "url").starts_with(&issuer), "{}", document["servers"]);
        let app = App::new(&lobby, "swagger-ui").below(issuer.strip_prefix(lobby.issuer()).unwrap());
        let access = text(&app.tokens("alice").await, "access_token");
        let api = text(&document["servers"][0], "url");
        lobby.get(&format!("{api}{ORDERS}")).bearer(&access).await.is_allowed();
    }
}

#[tokio::test]
async fn a_documents_own_urls_are_answered_by_the_server_and_weak_flows_only_where_it_declares_them() {
    const WEAK: &str = "
openapi: 3.0.3
info: {title: Old, version: '1'}
servers: [{url: 'https://old.example/v1'}]
components:
  securitySchemes:
    old:
      type: oauth2
      flows:
        implicit: {authorizationUrl: 'https://login.old.example/oauth/authorize', scopes: {read: Read}}
        password: {tokenUrl: login/token, scopes: {read: Read}}
security: [{old: [read]}]
paths:
  /things: {get: {operationId: listThings, responses: {'200': {description: ok}}}}
";
    let lobby = testkit::run("mock").document("old.yaml", WEAK).await;
    assert!(lobby.talk().contains("implicit") && lobby.talk().contains("password"), "{}", lobby.talk());
    let form = [
        ("grant_type", "password"),
        ("client_id", "app"),
        ("username", "alice"),
        ("password", "alice-password"),
    ];
    let tokens = lobby.post("/v1/login/token").form(&form).await;
    tokens.is(200);
    lobby.get("/things").bearer(tokens.string("/access_token")).await.is_allowed();
    let app = App::new(&lobby, "app");
    let query = app.query(&[
        ("response_type", "token"),
        ("scope", "read"),
        ("code_challenge", ""),
        ("code_challenge_method", ""),
    ]);
    let answer = app.go_on(app.browser.get(&format!("/oauth/authorize?{query}")).await, "alice").await;
    assert!(answer.header("location").unwrap().contains("#access_token="), "{answer:?}");
    let metadata = lobby.get("/.well-known/openid-configuration").await.json();
    assert!(metadata["grant_types_supported"].as_array().unwrap().contains(&json!("password")));
    let shop = open().await;
    shop.post("/_lobby/oauth/token").form(&form).await.is_oauth_error(400, "unsupported_grant_type");
    is_error(
        &App::new(&shop, "app").authorize(&[("response_type", "token")]).await,
        "unsupported_response_type",
    );
    assert!(!shop.talk().contains("implicit"), "{}", shop.talk());
}

#[tokio::test]
async fn a_certificate_binds_what_is_issued_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let ours = folder.path().to_str().unwrap();
    let lobby = mock("bookshop.openapi.yaml").arguments(&["--tls", "--ca-dir", ours]).await;
    let authority = testkit::once(&["ca", "--ca-dir", ours, "--print"]).stdout;
    let alice = testkit::once(&["ca", "--ca-dir", ours, "--client", "alice"]).stdout;
    let known = lobby.another().with_tls(testkit::trusting(&authority, Some(&alice)));
    let anonymous = lobby.another().with_tls(testkit::trusting(&authority, None));
    let form = [("grant_type", "client_credentials"), ("client_id", "machine"), ("scope", "books:read")];
    let bound = known.post("/_lobby/oauth/token").form(&form).await;
    bound.is(200);
    let access = bound.string("/access_token");
    assert!(claims(&access)["cnf"]["x5t#S256"].is_string());
    known.get("/books").bearer(&access).await.is_allowed();
    let without = anonymous.get("/books").bearer(&access).await;
    assert_eq!((without.status(), without.header("lobby-verdict")), (401, Some("proof.missing")));
    let metadata = known.get("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["tls_client_certificate_bound_access_tokens"], true);
    let free = anonymous.post("/_lobby/oauth/token").form(&form).await.string("/access_token");
    assert!(claims(&free).get("cnf").is_none());
    known.get("/books").bearer(&free).await.is_allowed();
    // TLS: the cookie is for this host alone.
    let app = App::new(&known, "app");
    let signed_in = app.submit(&app.authorize(&[]).await, &[("persona", "alice")]).await;
    let line = signed_in.header_lines("set-cookie").join("\n");
    assert!(line.contains("__Host-lobby-session=") && line.contains("; Secure"), "{line}");
}
