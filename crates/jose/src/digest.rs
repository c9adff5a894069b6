//! Hashes that the rest of the house asks for: only this room knows the library behind them.

use aws_lc_rs::{digest, hmac};

use crate::Algorithm;

/// SHA-256 of `bytes`, without allocating.
pub fn sha256(bytes: impl AsRef<[u8]>) -> [u8; 32] {
    cut(digest::digest(&digest::SHA256, bytes.as_ref()).as_ref())
}

/// HMAC-SHA-256 of `message` under `key`: to derive what only the key's holder can, and to look up a secret
/// by something that is none.
pub fn hmac_sha256(key: &[u8], message: impl AsRef<[u8]>) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    cut(hmac::sign(&key, message.as_ref()).as_ref())
}

/// `base64url(SHA-256(text))`: the S256 challenge of a PKCE verifier (RFC 7636 4.2), `ath` of a DPoP proof,
/// `x5t#S256` of a certificate.
pub fn sha256_base64url(bytes: impl AsRef<[u8]>) -> String {
    crate::base64url::encode(sha256(bytes))
}

/// The left half of `text`'s hash in base64url, by the hash of `algorithm`: `at_hash` and `c_hash` of an ID
/// token (OpenID Connect Core 3.1.3.6). Ed25519's hash is SHA-512.
pub fn half_base64url(algorithm: Algorithm, text: &str) -> String {
    let how = match algorithm.hash_length() {
        32 => &digest::SHA256,
        48 => &digest::SHA384,
        _ => &digest::SHA512,
    };
    let hash = digest::digest(how, text.as_bytes());
    crate::base64url::encode(hash.as_ref().get(..algorithm.hash_length() / 2).unwrap_or_default())
}

fn cut(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(bytes) {
        *to = *from;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_of_rfc_7636_appendix_b_comes_out() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(sha256_base64url(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn at_hash_of_the_example_in_openid_connect_core_a_3_comes_out() {
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(half_base64url(Algorithm::Rs256, token), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(
            crate::base64url::decode_strict(half_base64url(Algorithm::EdDsa, token)).unwrap().len(),
            32
        );
    }

    #[test]
    fn test_case_2_of_rfc_4231_comes_out() {
        let tag = hmac_sha256(b"Jefe", "what do ya want for nothing?");
        let words: Vec<u64> =
            tag.chunks(8).map(|eight| u64::from_be_bytes(eight.try_into().unwrap())).collect();
        assert_eq!(
            words,
            [0x5bdc_c146_bf60_754e, 0x6a04_2426_0895_75c7, 0x5a00_3f08_9d27_3983, 0x9dec_58b9_64ec_3843]
        );
    }
}
