//! An issuer, its key, a token of its, and a verifier that trusts it.

use std::sync::Arc;

use jose::{
    Algorithm, KeySet, Rejection, SigningKey,
    jwt::{self, Presented, Trust, Verified},
};
use model::Timestamp;
use serde_json::{Map, Value, json};

pub(crate) const ISSUER: &str = "https://id.example";
pub(crate) const API: &str = "https://id.example/bookshop";
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

pub(crate) struct Stage {
    pub(crate) key: SigningKey,
    pub(crate) trust: Trust,
}

impl Stage {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        let key = SigningKey::generate(algorithm).unwrap();
        let keys = Arc::new(KeySet::new([key.public().clone()]));
        let mut trust = Trust::access_tokens(ISSUER, keys, API);
        trust.algorithms = algorithm.into();
        Self { key, trust }
    }

    /// A token that is accepted, but for what `change` does to its claims.
    pub(crate) fn token(&self, change: impl FnOnce(&mut Map<String, Value>)) -> String {
        let mut claims = claims();
        change(&mut claims);
        jwt::sign(&self.key, "at+jwt", &claims).unwrap()
    }

    pub(crate) fn judge(&self, token: &str) -> Result<Verified, Rejection> {
        judge(token, &self.trust, NOW)
    }
}

pub(crate) fn judge(token: &str, trust: &Trust, now: Timestamp) -> Result<Verified, Rejection> {
    jwt::verify(Presented::parse(token)?, std::slice::from_ref(trust), now)
}

pub(crate) fn claims() -> Map<String, Value> {
    let now = NOW.as_seconds();
    let claims = json!({
        "iss": ISSUER, "aud": API, "sub": "alice", "client_id": "shop", "scope": "books:read books:write",
        "jti": "t-1", "sid": "s-1", "iat": now - 60, "nbf": now - 60, "exp": now + 540,
    });
    claims.as_object().unwrap().clone()
}

/// A file of the shared test data.
pub(crate) fn data(path: &str) -> Value {
    let path = format!("{}/../../../shared/data/jose/{path}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_slice(&text).unwrap()
}
