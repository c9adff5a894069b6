//! The authorization server over the wire.

mod attacks;
mod promises;

use model::Timestamp;
use serde_json::Value;
use testkit::{Answer, Lobby, mock};

pub(crate) const ORDERS: &str = "/users/alice/orders";

/// A mock whose clients are registered.
pub(crate) async fn strict() -> Lobby {
    mock("bookshop.openapi.yaml")
        .variable("WEB_SECRET", "s3cret of the web")
        .config(
            r#"
oauth: { pkce: optional }
clients:
  app: { public: true, pkce: required, redirects: ["http://127.0.0.1:9/callback"], logout_redirects: ["http://127.0.0.1:9/bye"], name: "<script>alert(1)</script>" }
  other: { public: true, redirects: ["http://127.0.0.1:9/callback"] }
  web: { secret: "${WEB_SECRET}", redirects: ["http://127.0.0.1:9/callback", "http://127.0.0.1:9/second"] }
  narrow: { public: true, redirects: ["http://127.0.0.1:9/callback"], scopes: [openid, "books:read"], grants: [authorization_code] }
"#,
        )
        .await
}

pub(crate) async fn open() -> Lobby {
    mock("bookshop.openapi.yaml").await
}

pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_seconds(i64::try_from(since.as_secs()).unwrap())
}

pub(crate) fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&jose::base64url::decode_strict(payload).unwrap()).unwrap()
}

pub(crate) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

/// A page of ours, and no way off to anywhere.
#[track_caller]
pub(crate) fn is_page(answer: &Answer, status: u16) {
    answer.is(status);
    assert!(answer.header("location").is_none(), "{answer:?}");
    assert!(answer.header("content-type").unwrap().starts_with("text/html"), "{answer:?}");
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"), "{policy}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
}
