use http::StatusCode;

use crate::house::{CHALLENGE, House, REDIRECT, VERIFIER, authorize_path, encode, strict};

const CB: &str = "https://app.example.com/cb";

#[tokio::test]
async fn the_answer_carries_code_state_and_issuer() {
    let house = House::new();
    let page = house.authorize(&[]).await;
    page.is_page(200, "Sign in");
    let answer = house.sign_in(page, "alice").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert!(answer.header("location").starts_with(&format!("{REDIRECT}?")));
    assert_eq!(answer.parameter("state").as_deref(), Some("s-1"));
    assert_eq!(answer.parameter("iss").as_deref(), Some("http://127.0.0.1:4010"));
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.parameter("code").unwrap().starts_with("lc_main_"));
}

/// A01: wherever an answer must not go, there is a page and no redirect.
#[tokio::test]
async fn a_redirect_that_is_not_the_clients_gets_a_page() {
    let house = House::with(strict());
    for wrong in [
        "https://app.example.com/cb/",
        "https://app.example.com/cb/..%2fevil",
        "https://app.example.com/cb?next=https://evil.example",
        "https://app.example.com:444/cb",
        "https://app.example.com@evil.example/cb",
        "https://app.example.com/cb#x",
        "https://app.example.com.evil.example/cb",
        "https://xn--pp-8cd.example.com/cb",
        "javascript:alert(1)",
        "http://127.0.0.1:5173/callback",
    ] {
        let answer = house.authorize(&[("client_id", "spa"), ("redirect_uri", wrong)]).await;
        assert_eq!((answer.status().as_u16(), answer.header("location")), (400, ""), "{wrong}");
    }
    let twice = format!(
        "{}&redirect_uri=https://evil.example",
        authorize_path(&[("client_id", "spa"), ("redirect_uri", CB)])
    );
    house.get(&twice).await.is_page(400, "");
    house.authorize(&[("client_id", "nobody"), ("redirect_uri", CB)]).await.is_page(400, "nobody");
    house.authorize(&[("client_id", ""), ("redirect_uri", CB)]).await.is_page(400, "");
    house.authorize(&[("client_id", "spa"), ("redirect_uri", "")]).await.is_page(400, "redirect_uri");
    house
        .authorize(&[("client_id", "spa"), ("redirect_uri", CB), ("scope", "nonsense")])
        .await
        .is_redirect("invalid_scope");
}

/// A02
#[tokio::test]
async fn a_code_is_good_once_and_a_second_use_revokes_what_it_gave() {
    let house = House::new();
    let code = house.code("alice", &[]).await;
    let tokens = house.redeem(&code).await.ok();
    assert!(house.is_good(tokens["access_token"].as_str().unwrap()));
    house.redeem(&code).await.fails(400, "invalid_grant");
    assert!(!house.is_good(tokens["access_token"].as_str().unwrap()));
    house.refresh(tokens["refresh_token"].as_str().unwrap()).await.fails(400, "invalid_grant");
}

/// A02: whichever comes first, none is good once the second came.
#[tokio::test]
async fn of_many_redemptions_at_once_none_is_worth_anything() {
    let house = std::sync::Arc::new(House::new());
    let code = house.code("alice", &[]).await;
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (house, code) = (house.clone(), code.clone());
        racing.spawn(async move { house.redeem(&code).await });
    }
    let answers = racing.join_all().await;
    let given: Vec<_> = answers.iter().filter(|answer| answer.status() == StatusCode::OK).collect();
    assert!(given.len() < 2, "{given:?}");
    for tokens in given.iter().map(|answer| answer.ok()) {
        assert!(!house.is_good(tokens["access_token"].as_str().unwrap()));
        house.refresh(tokens["refresh_token"].as_str().unwrap()).await.fails(400, "invalid_grant");
    }
}

#[tokio::test]
async fn a_code_is_its_clients_its_redirects_and_young() {
    let mut house = House::new();
    let code = house.code("alice", &[]).await;
    let redeem = |client: &'static str, redirect: &'static str, code: String| {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("code", &code),
            ("redirect_uri", redirect),
            ("code_verifier", VERIFIER),
        ];
        house.request(http::Method::POST, "/_lobby/oauth/token", &[], encode(&form))
    };
    let (by_another, elsewhere) =
        (redeem("other", REDIRECT, code.clone()), redeem("app", "http://127.0.0.1:5173/other", code.clone()));
    house.send(by_another).await.fails(400, "invalid_grant");
    house.send(elsewhere).await.fails(400, "invalid_grant");
    house.advance(61);
    house.redeem(&code).await.fails(400, "invalid_grant");
    let code = house.code("alice", &[]).await;
    house.advance(60);
    house.redeem(&code).await.ok();
    house.redeem("lc_main_AAAA").await.fails(400, "invalid_grant");
}

/// A03
#[tokio::test]
async fn pkce_is_demanded_s256_and_never_downgraded() {
    let house = House::new();
    let none = [("code_challenge", ""), ("code_challenge_method", "")];
    house.authorize(&none).await.is_redirect("invalid_request");
    house
        .authorize(&[("code_challenge", VERIFIER), ("code_challenge_method", "plain")])
        .await
        .is_redirect("invalid_request");
    house.authorize(&[("code_challenge_method", "")]).await.is_redirect("invalid_request");
    house.authorize(&[("code_challenge", "short")]).await.is_redirect("invalid_request");
    let redeem = |verifier: &'static str, code: String| {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "app"),
            ("code", &code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", verifier),
        ];
        house.request(http::Method::POST, "/_lobby/oauth/token", &[], encode(&form))
    };
    let code = house.code("alice", &[]).await;
    house.send(redeem("", code.clone())).await.fails(400, "invalid_grant");
    house.send(redeem(CHALLENGE, code.clone())).await.fails(400, "invalid_grant");
    house.send(redeem(VERIFIER, code)).await.ok();

    let optional = oauth::Settings { pkce: oauth::Pkce::Optional, ..crate::house::settings() };
    let lenient = House::with(optional);
    let code = lenient.code("alice", &none).await;
    // A verifier for a request without a challenge: somebody took the challenge out.
    lenient.redeem(&code).await.fails(400, "invalid_grant");
    let code = lenient.code("alice", &none).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
    ];
    lenient.token(&form).await.ok();
}

/// A09
#[tokio::test]
async fn prompt_none_shows_no_page() {
    let house = House::new();
    house.authorize(&[("prompt", "none")]).await.is_redirect("login_required");
    house.code("alice", &[]).await;
    let answer = house.authorize(&[("prompt", "none")]).await;
    assert!(answer.parameter("code").is_some(), "{answer:?}");
    house
        .authorize(&[("prompt", "none"), ("scope", "openid books:write")])
        .await
        .is_redirect("consent_required");
    house.authorize(&[("prompt", "none login")]).await.is_redirect("invalid_request");
}

#[tokio::test]
async fn a_fresh_sign_in_is_asked_for_by_prompt_age_and_class() {
    let mut house = House::new();
    house.code("alice", &[]).await;
    house.advance(100);
    for more in [
        ("prompt", "login"),
        ("prompt", "select_account"),
        ("max_age", "0"),
        ("max_age", "99"),
        ("acr_values", "mfa"),
    ] {
        house.authorize(&[more]).await.is_page(200, "name=\"persona\"");
        house.authorize(&[more, ("prompt", if more.0 == "prompt" { "login" } else { "none" })]).await;
    }
    assert!(house.authorize(&[("max_age", "100")]).await.parameter("code").is_some());
    house.authorize(&[("max_age", "99"), ("prompt", "none")]).await.is_redirect("login_required");
    house.authorize(&[("max_age", "soon")]).await.is_redirect("invalid_request");
    let page = house.authorize(&[("max_age", "0")]).await;
    assert!(house.sign_in(page, "alice").await.parameter("code").is_some(), "a fresh one satisfies it");
    let page = house.authorize(&[("acr_values", "mfa")]).await;
    let code = house.sign_in(page, "alice").await.parameter("code").unwrap();
    let tokens = house.redeem(&code).await.ok();
    let said = crate::house::claims(tokens["access_token"].as_str().unwrap());
    assert_eq!(said["acr"], "mfa");
    assert_eq!(said["lobby_at"].as_i64().unwrap(), house.visit.now.as_seconds());
    assert_eq!(said["auth_time"].as_i64().unwrap(), house.visit.real.as_seconds());
}

/// OpenID Connect Core 5.5.1.1
#[tokio::test]
async fn an_essential_acr_is_met_or_the_request_fails() {
    let house = House::new();
    house.code("alice", &[]).await;
    let claims = |acr: &str| format!(r#"{{"id_token":{{"acr":{acr}}}}}"#);
    let essential = claims(r#"{"essential":true,"values":["urn:gold","mfa"]}"#);
    house.authorize(&[("claims", &essential), ("prompt", "none")]).await.is_redirect("login_required");
    let page = house.authorize(&[("claims", &essential), ("acr_values", "pwd")]).await;
    page.is_page(200, "name=\"persona\"");
    let code = house.sign_in(page, "alice").await.parameter("code").unwrap();
    let tokens = house.redeem(&code).await.ok();
    assert_eq!(crate::house::claims(tokens["access_token"].as_str().unwrap())["acr"], "mfa");
    assert!(house.authorize(&[("claims", &essential)]).await.parameter("code").is_some(), "met already");
    // Any of them will do, and what is not among them will not.
    let either = claims(r#"{"essential":true,"values":["pwd","mfa"]}"#);
    assert!(house.authorize(&[("claims", &either)]).await.parameter("code").is_some());
    let other = claims(r#"{"essential":true,"value":"pwd"}"#);
    house.authorize(&[("claims", &other)]).await.is_page(200, "name=\"persona\"");
    let impossible = claims(r#"{"essential":true,"value":"urn:gold"}"#);
    house.authorize(&[("claims", &impossible)]).await.is_redirect("unmet_authentication_requirements");
    let silent = [("claims", &*impossible), ("prompt", "none")];
    house.authorize(&silent).await.is_redirect("unmet_authentication_requirements");
    let voluntary = claims(r#"{"value":"urn:gold"}"#);
    for harmless in [voluntary, claims("null"), claims(r#"{"essential":true}"#), claims(r#"{"values":[7]}"#)]
    {
        assert!(house.authorize(&[("claims", &harmless)]).await.parameter("code").is_some(), "{harmless}");
    }
}

#[tokio::test]
async fn an_id_token_hint_for_somebody_else_needs_a_sign_in() {
    let house = House::new();
    let alice = house.tokens("alice", "openid").await;
    let hint = alice["id_token"].as_str().unwrap();
    assert!(
        house
            .authorize(&[("scope", "openid"), ("prompt", "none"), ("id_token_hint", hint)])
            .await
            .parameter("code")
            .is_some()
    );
    house.cookies.lock().unwrap().clear();
    house.tokens("guest", "openid").await;
    house
        .authorize(&[("scope", "openid"), ("prompt", "none"), ("id_token_hint", hint)])
        .await
        .is_redirect("login_required");
    house.authorize(&[("scope", "openid"), ("id_token_hint", hint)]).await.is_page(200, "name=\"persona\"");
    house
        .authorize(&[("scope", "openid"), ("id_token_hint", "nonsense")])
        .await
        .is_redirect("invalid_request");
}

/// A11
#[tokio::test]
async fn a_pushed_request_is_its_clients_and_used_once() {
    let mut house = House::with(strict());
    let push = [
        ("response_type", "code"),
        ("client_id", "web"),
        ("client_secret", "web-secret"),
        ("redirect_uri", CB),
        ("scope", "openid"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let answer = house.post("/_lobby/oauth/par", &push).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let uri = answer.json()["request_uri"].as_str().unwrap().to_owned();
    assert_eq!(oauth::sandbox_named(&uri).unwrap().as_str(), "main");
    let ask = |client: &str, uri: &str| {
        format!("/_lobby/oauth/authorize?{}", encode(&[("client_id", client), ("request_uri", uri)]))
    };
    house.get(&ask("other", &uri)).await.is_page(400, "another client");
    // Reloading the page is no second use.
    house.get(&ask("web", &uri)).await.is_page(200, "Sign in");
    let page = house.get(&ask("web", &uri)).await;
    let answer = house.sign_in(page, "alice").await;
    assert!(answer.parameter("code").is_some(), "{answer:?}");
    house.get(&ask("web", &uri)).await.is_page(400, "used before");
    let answer = house.post("/_lobby/oauth/par", &push).await.json();
    house.advance(61);
    house.get(&ask("web", answer["request_uri"].as_str().unwrap())).await.is_page(400, "too old");
    for inside in [
        "http://169.254.169.254/",
        "http://127.0.0.1:4010/_lobby/oauth/jwks",
        "urn:ietf:params:oauth:request_uri:main_AAAA",
    ] {
        let more = [("client_id", "web"), ("redirect_uri", CB), ("request_uri", inside)];
        house.authorize(&more).await.is_redirect("invalid_request_uri");
    }
    house
        .authorize(&[("client_id", "web"), ("redirect_uri", CB), ("request", "eyJhbGciOiJub25lIn0.e30.")])
        .await
        .is_redirect("request_not_supported");
}

#[tokio::test]
async fn pushing_checks_the_request_and_the_client() {
    let house = House::with(strict());
    let push = |more: &[(&'static str, &'static str)]| {
        let mut form = vec![
            ("response_type", "code"),
            ("client_id", "web"),
            ("client_secret", "web-secret"),
            ("redirect_uri", CB),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in more {
            form.retain(|(other, _)| other != name);
            form.push((name, value));
        }
        house.request(http::Method::POST, "/_lobby/oauth/par", &[], encode(&form))
    };
    house.send(push(&[("client_secret", "wrong")])).await.fails(401, "invalid_client");
    house.send(push(&[("redirect_uri", "https://evil.example")])).await.fails(400, "invalid_request");
    house.send(push(&[("code_challenge_method", "plain")])).await.fails(400, "invalid_request");
    house.send(push(&[("request_uri", "urn:x")])).await.fails(400, "invalid_request");
    house.send(push(&[("scope", "nonsense")])).await.fails(400, "invalid_scope");
    assert_eq!(house.get("/_lobby/oauth/par").await.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn response_modes_send_the_answer_as_they_say() {
    let house = House::new();
    let page = house.authorize(&[("response_mode", "fragment")]).await;
    let answer = house.sign_in(page, "alice").await;
    assert!(answer.header("location").starts_with(&format!("{REDIRECT}#code=")));
    let answer = house.authorize(&[("response_mode", "form_post"), ("state", "\"><script>")]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let text = answer.text();
    assert!(text.contains(&format!("action=\"{REDIRECT}\"")) && text.contains("name=\"code\""));
    assert!(text.contains("value=\"&quot;&gt;&lt;script&gt;\""));
    let policy = answer.header("content-security-policy");
    assert!(
        policy.contains("script-src 'sha256-") && policy.contains("form-action http://127.0.0.1:5173"),
        "{policy}"
    );
    house.authorize(&[("response_mode", "web_message")]).await.is_redirect("invalid_request");
    house.authorize(&[("response_type", "")]).await.is_redirect("invalid_request");
    house.authorize(&[("response_type", "code token")]).await.is_redirect("unsupported_response_type");
    house.authorize(&[("response_type", "magic")]).await.is_redirect("unsupported_response_type");
}

#[tokio::test]
async fn a_request_may_be_posted_and_unknown_parameters_do_not_matter() {
    let house = House::new();
    let path = authorize_path(&[
        ("foo", "bar"),
        ("ui_locales", "de en"),
        ("display", "popup"),
        ("claims_locales", "se"),
    ]);
    let (path, query) = path.split_once('?').unwrap();
    let request = house.request(http::Method::POST, path, &[], query.to_owned());
    house.send(request).await.is_page(200, "Anmelden");
}

#[tokio::test]
async fn a_scenario_sends_its_error_to_the_app() {
    let mut house = House::new();
    house.visit.interference = oauth::Interference::Error("access_denied".to_owned());
    house.authorize(&[]).await.is_redirect("access_denied");
    house.refresh("anything").await.fails(400, "access_denied");
    house.visit.interference = oauth::Interference::Status(503);
    assert_eq!(house.authorize(&[]).await.status().as_u16(), 503);
    house.visit.interference = oauth::Interference::Status(200);
    house.authorize(&[]).await.is_page(200, "Sign in");
    house.refresh("anything").await.fails(400, "invalid_grant");
}

/// An admin registers a client that asks nobody, and has an owner follow a link.
#[tokio::test]
async fn what_administers_lobby_is_never_given_without_consent() {
    let own = std::collections::BTreeMap::from([("lobby:admin", ["admin".to_owned()].into())]);
    let trap = oauth::Client {
        id: "app".to_owned(),
        public: true,
        redirects: vec![REDIRECT.to_owned()],
        scopes: Some("openid books:read lobby:admin".parse().unwrap()),
        consent: oauth::ConsentRule::Skip,
        ..oauth::Client::default()
    };
    let settings = oauth::Settings { own: Some(oauth::OwnScopes(own)), ..crate::house::listed([trap]) };
    let house = House::with(settings);
    let page = house.authorize(&[]).await;
    let given = house.submit(&page, &[("persona", "alice")]).await;
    assert!(given.parameter("code").is_some(), "{given:?}");
    let asked = house.authorize(&[("scope", "openid lobby:admin")]).await;
    asked.is_page(200, "value=\"allow\"");
    house.authorize(&[("scope", "lobby:admin"), ("prompt", "none")]).await.is_redirect("consent_required");
}
