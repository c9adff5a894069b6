//! Whatever a stranger sends is answered: never a panic, never a fault of ours.

use http::Method;
use proptest::prelude::*;

use crate::house::House;

const PATHS: [&str; 13] = [
    "/_lobby/oauth/authorize",
    "/_lobby/oauth/token",
    "/_lobby/oauth/par",
    "/_lobby/oauth/device",
    "/_lobby/oauth/introspect",
    "/_lobby/oauth/revoke",
    "/_lobby/oauth/userinfo",
    "/_lobby/oauth/logout",
    "/_lobby/sign-in",
    "/_lobby/device",
    "/_lobby/oauth/jwks",
    "/.well-known/oauth-protected-resource/x",
    "/_lobby/assets/x",
];

const NAMES: [&str; 28] = [
    "grant_type",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "code",
    "code_verifier",
    "refresh_token",
    "device_code",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "prompt",
    "max_age",
    "claims",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
    "token",
    "user_code",
    "id_token_hint",
    "post_logout_redirect_uri",
    "resource",
    "decision",
    "username",
];

const VALUES: [&str; 20] = [
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "app",
    "code",
    "S256",
    "http://127.0.0.1/cb",
    "lc_main_AAAA",
    "lr_main_AAAA",
    "ld_main_AAAA",
    "urn:ietf:params:oauth:request_uri:main_AAAA",
    "none",
    "login",
    "openid",
    "{\"userinfo\":[]}",
    "eyJhbGciOiJub25lIn0.e30.",
    "allow",
    "\u{0}\u{ffff}",
    "😀",
    "",
];

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof![prop::sample::select(&NAMES[..]).prop_map(str::to_owned), ".{0,8}"];
    let value = prop_oneof![prop::sample::select(&VALUES[..]).prop_map(str::to_owned), ".{0,40}"];
    prop::collection::vec((name, value), 0..10)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_endpoint_answers_whatever_comes(
        path in prop::sample::select(&PATHS[..]),
        query in pairs(),
        form in pairs(),
        header in "[ -~]{0,60}",
        post in any::<bool>(),
    ) {
        let encoded = |pairs: &[(String, String)]| {
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let status = runtime.block_on(async {
            let house = House::new();
            let (method, body) = if post { (Method::POST, encoded(&form)) } else { (Method::GET, String::new()) };
            let path = format!("{path}?{}", encoded(&query));
            let headers = [("authorization", header.as_str()), ("dpop", &header), ("cookie", &header)];
            house.send(house.request(method, &path, &headers, body)).await.status().as_u16()
        });
        prop_assert!(status < 500, "{status}");
    }

    #[test]
    fn any_bytes_are_a_body_that_is_answered(path in prop::sample::select(&PATHS[..]), body in prop::collection::vec(any::<u8>(), 0..200)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let status = runtime.block_on(async {
            let house = House::new();
            let mut request = house.request(Method::POST, path, &[], "x=1".to_owned());
            *request.body_mut() = body.into();
            house.send(request).await.status().as_u16()
        });
        prop_assert!(status < 500, "{status}");
    }
}
