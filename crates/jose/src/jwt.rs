//! Judging a JWT: what is accepted of whom, and the first reason why a token is not (RFC 7519 7.2,
//! RFC 8725, RFC 9068 4).

mod trust;
mod verify;

pub use trust::{Audience, Expiry, Trust, Types};
pub use verify::{Verified, verify};

use std::fmt;

use serde_json::{Map, Value, json};

use crate::{
    Claims, Rejection, SigningError, SigningKey, base64url,
    jws::{self, Compact, Header},
};

/// What the text behind `Bearer` or `DPoP` means to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearer {
    /// A JWT: two or more dots, or a beginning that only a JWT has.
    Jwt,
    /// Something to be looked up.
    Opaque,
    /// Neither: empty, over 16 KiB, or not token68 (RFC 9110 11.2).
    Malformed,
}

/// Whether these are the characters that a credential may have before its padding: letters, digits and `-._~+/`
/// (RFC 9110 11.2, token68).
///
/// Every request's token passes here: without an early end the compiler compares many bytes at once.
#[expect(clippy::needless_bitwise_bool, reason = "no branch for each byte")]
pub fn is_token68(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |legal, byte| {
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        // `-./0123456789` stand together in ASCII.
        let digit_or_mark = byte.wrapping_sub(b'-') < 13;
        legal & (letter | digit_or_mark | (*byte == b'_') | (*byte == b'~') | (*byte == b'+'))
    })
}

/// Tells what a bearer credential means to be, without looking into it.
pub fn classify(text: &str) -> Bearer {
    if text.is_empty() || text.len() > jws::LONGEST {
        return Bearer::Malformed;
    }
    if text.starts_with('{') {
        return Bearer::Jwt;
    }
    let body = text.trim_end_matches('=');
    if body.is_empty() || !is_token68(body.as_bytes()) {
        return Bearer::Malformed;
    }
    if text.starts_with("eyJ") || text.bytes().filter(|byte| *byte == b'.').take(2).count() == 2 {
        Bearer::Jwt
    } else {
        Bearer::Opaque
    }
}

/// A JWT as it arrived: of the right form and with an algorithm of ours. Nothing in it may be believed;
/// `Debug` prints its length only.
pub struct Presented<'a> {
    compact: Compact<'a>,
    claims: Claims,
    length: usize,
}

impl<'a> Presented<'a> {
    /// Takes a token apart: form first, then whether the algorithm is one of ours.
    pub fn parse(text: &'a str) -> Result<Self, Rejection> {
        if classify(text) == Bearer::Malformed {
            return Err(Rejection::Malformed(
                "it is empty, over 16 KiB, or has characters that no token has",
            ));
        }
        let compact = Compact::parse(text)?;
        if is_nested(compact.payload()) {
            return Err(Rejection::Algorithm("nested tokens are not accepted"));
        }
        let members = crate::json::object(compact.payload())
            .ok_or(Rejection::Malformed("its payload is no JSON object with each member once"))?;
        let claims = Claims::read(members)?;
        compact.algorithm()?;
        Ok(Self { compact, claims, length: text.len() })
    }

    /// The header, not believed.
    pub fn header(&self) -> &Header {
        self.compact.header()
    }

    /// The claims, not believed: to find out whose keys to ask for, or to show them.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Presented({} bytes)", self.length)
    }
}

/// Another compact token in place of the claims (RFC 7519 5.2), with or without `cty` saying so.
fn is_nested(payload: &[u8]) -> bool {
    payload.starts_with(b"eyJ") && payload.split(|byte| *byte == b'.').count() >= 3
}

/// What can be read of a token by whoever debugs it, however wrong it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Peek {
    /// The header, where it is JSON.
    pub header: Option<Value>,
    /// The claims, where they are JSON.
    pub claims: Option<Value>,
    /// How many parts it has.
    pub parts: usize,
}

/// Reads what can be read, for `lobby inspect`: nothing is checked, and nothing may be decided by it.
pub fn peek(text: &str) -> Peek {
    let text = text.get(..jws::LONGEST).unwrap_or(text);
    let read = |part: &str| {
        let bytes = base64url::decode_strict(part.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&bytes).ok()
    };
    let mut parts = text.split('.');
    Peek {
        header: parts.next().and_then(read),
        claims: parts.next().and_then(read),
        parts: text.split('.').count(),
    }
}

/// Signs `claims` as a JWT of the type `typ`, with `alg` and `kid` of `key`.
pub fn sign(key: &SigningKey, typ: &str, claims: &Map<String, Value>) -> Result<String, SigningError> {
    let payload = serde_json::to_vec(claims).map_err(|_| SigningError)?;
    jws::sign(key, &header(key, typ), &payload)
}

pub(crate) fn header(key: &SigningKey, typ: &str) -> Map<String, Value> {
    let members = [("typ", json!(typ)), ("alg", json!(key.algorithm().as_str())), ("kid", json!(key.kid()))];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
