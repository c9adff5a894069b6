//! Bodies for fuzzing: each takes any bytes, and must come back.

use model::Timestamp;

use crate::{KeySet, VerifyingKey, dpop, jwt};

/// The token parser, the classifier and the reader for people.
pub fn jws(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let meant = jwt::classify(text);
    jwt::peek(text);
    if let Ok(presented) = jwt::Presented::parse(text) {
        assert_eq!(meant, jwt::Bearer::Jwt, "what is read as a JWT was meant as one");
        let refused = jwt::verify::<jwt::Trust>(presented, &[], Timestamp::from_seconds(0));
        assert!(refused.is_err(), "who trusts nobody believes nothing");
    }
}

/// The readers of keys and key sets.
pub fn keys(data: &[u8]) {
    if let Ok(set) = KeySet::parse(data) {
        let again = KeySet::parse(set.to_jwks().to_string().as_bytes());
        let public = set.keys().iter().filter(|key| !key.is_secret()).count();
        assert!(again.is_ok_and(|again| again.keys().len() == public), "what is published can be read");
    }
    if let Ok(key) = VerifyingKey::parse(data) {
        assert!(!key.algorithms().is_empty(), "a key is for something");
    }
    let _ = VerifyingKey::from_spki(data, None);
}

/// The reader of proofs.
pub fn proof(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let expected = dpop::Expected {
        method: "GET",
        uri: "https://api.example/books",
        access_token: None,
        now: Timestamp::from_seconds(0),
        window: std::time::Duration::from_secs(60),
        leeway: std::time::Duration::ZERO,
    };
    let _ = dpop::verify(text, &expected);
}
