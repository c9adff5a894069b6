//! DPoP proofs (RFC 9449): whoever presents a token shows that it holds the key that the token is bound to.
//! Whether a proof was seen before is the caller's to find out, by [`Proof::jti`] and [`Proof::jkt`].

mod target;

use std::{fmt, time::Duration};

use model::Timestamp;
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::{
    Algorithm, AlgorithmSet, Rejection, SigningError, SigningKey, VerifyingKey, digest, json as reader, jws,
};

/// The longest `jti` that is taken: it is remembered for as long as the proof could be shown again.
const LONGEST_ID: usize = 256;

/// What the proof must be for.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The method of the request, as it arrived.
    pub method: &'a str,
    /// The URI of the request; query and fragment are not looked at.
    pub uri: &'a str,
    /// The token that came with it; `None` at the token endpoint.
    pub access_token: Option<&'a str>,
    /// The real time: clients make proofs by their own clock.
    pub now: Timestamp,
    /// How old a proof may be.
    pub window: Duration,
    /// How far a client's clock may be ahead or behind.
    pub leeway: Duration,
}

/// A proof that holds, if it was not shown before.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    /// Thumbprint of its key: what `cnf.jkt` of the token must be.
    pub jkt: String,
    /// Its own name.
    pub jti: String,
    /// The nonce that it answers, if any (RFC 9449 8); the caller knows which are good.
    pub nonce: Option<String>,
    /// When the client made it.
    pub issued_at: Timestamp,
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof").field("jkt", &self.jkt).field("jti", &self.jti).finish_non_exhaustive()
    }
}

/// Why a proof does not hold. All are `invalid_dpop_proof` to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ProofError {
    /// No well-formed JWT, or a claim is missing or of a wrong type (checks 2 and 3).
    #[error("the proof is no well-formed JWT with jti, htm, htu and iat")]
    Malformed,
    /// `typ` is not `dpop+jwt` (check 4).
    #[error("the proof's typ is not dpop+jwt")]
    Type,
    /// `alg` is none, unknown or symmetric (check 5).
    #[error("the proof is not signed with an asymmetric algorithm that is accepted here")]
    Algorithm,
    /// `jwk` is missing, weak, private, or for another algorithm (checks 6 and 7).
    #[error("the proof's jwk is no public key that fits its algorithm")]
    Key,
    /// The signature is not that key's (check 6).
    #[error("the proof's signature is wrong")]
    Signature,
    /// Made for another method (check 8).
    #[error("the proof is for another method")]
    Method,
    /// Made for another URI (check 9).
    #[error("the proof is for another URI")]
    Uri,
    /// Too old, or from the future (check 11).
    #[error("the proof was not made just now")]
    Time,
    /// Made for another access token, or for none (check 12).
    #[error("the proof is not for this access token")]
    AccessToken,
}

/// Checks a proof as RFC 9449 4.3 lists it, but for the nonce (check 10), which is handed back, and for
/// replay. That there is exactly one `DPoP` field (check 1) is known where the head is read; that its key is
/// the token's (check 12, second half) is [`Proof::jkt`] compared with `cnf`.
pub fn verify(proof: &str, expected: &Expected<'_>) -> Result<Proof, ProofError> {
    let compact = jws::Compact::parse(proof).map_err(refusal)?;
    let claims = reader::object(compact.payload()).ok_or(ProofError::Malformed)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).ok_or(ProofError::Malformed);
    let (jti, method, uri) = (text("jti")?, text("htm")?, text("htu")?);
    let issued_at = issued_at(&claims)?;
    let nonce = match claims.get("nonce") {
        None => None,
        Some(Value::String(nonce)) => Some(nonce.clone()),
        Some(_) => return Err(ProofError::Malformed),
    };
    if jti.is_empty() || jti.len() > LONGEST_ID {
        return Err(ProofError::Malformed);
    }
    if !compact.header().is_type("dpop+jwt") {
        return Err(ProofError::Type);
    }
    let algorithm = compact.algorithm().map_err(refusal)?;
    if algorithm.is_symmetric() {
        return Err(ProofError::Algorithm);
    }
    let key = key(compact.header(), algorithm)?;
    // Letter by letter: methods are case-sensitive (RFC 9110 9.1).
    if method != expected.method {
        return Err(ProofError::Method);
    }
    if !target::is_same(uri, expected.uri) {
        return Err(ProofError::Uri);
    }
    let oldest = expected.now.minus(expected.window).minus(expected.leeway);
    if issued_at < oldest || issued_at > expected.now.plus(expected.leeway) {
        return Err(ProofError::Time);
    }
    if let Some(token) = expected.access_token {
        let hash = text("ath").map_err(|_| ProofError::AccessToken)?;
        if !bool::from(digest::sha256_base64url(token).as_bytes().ct_eq(hash.as_bytes())) {
            return Err(ProofError::AccessToken);
        }
    }
    compact.verify(&key).map_err(refusal)?;
    Ok(Proof { jkt: key.thumbprint(), jti: jti.to_owned(), nonce, issued_at })
}

fn refusal(rejection: Rejection) -> ProofError {
    match rejection {
        Rejection::Algorithm(_) => ProofError::Algorithm,
        Rejection::Signature => ProofError::Signature,
        Rejection::Malformed(_)
        | Rejection::Issuer
        | Rejection::Key(_)
        | Rejection::Type
        | Rejection::Audience
        | Rejection::Expired { .. }
        | Rejection::NotYetValid { .. } => ProofError::Malformed,
    }
}

fn issued_at(claims: &Map<String, Value>) -> Result<Timestamp, ProofError> {
    match claims.get("iat") {
        Some(Value::Number(number)) => Ok(crate::claims::numeric_date(number)),
        _ => Err(ProofError::Malformed),
    }
}

/// The header's own key. It may be used here, and only here, because it is not trusted: what counts is that
/// it is the one that the token is bound to.
fn key(header: &jws::Header, algorithm: Algorithm) -> Result<VerifyingKey, ProofError> {
    let jwk = header.members().get("jwk").and_then(Value::as_object).ok_or(ProofError::Key)?;
    let key = VerifyingKey::from_public_jwk(jwk).map_err(|_| ProofError::Key)?;
    if key.algorithms().contains(algorithm) { Ok(key) } else { Err(ProofError::Key) }
}

/// The algorithms that a proof may be signed with: `algs` of the challenge and
/// `dpop_signing_alg_values_supported` of the metadata.
pub const ALGORITHMS: AlgorithmSet = AlgorithmSet::ASYMMETRIC;

/// What a proof is made for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a str,
    /// The URI; query and fragment are left out of the proof (RFC 9449 4.2).
    pub uri: &'a str,
    /// The token that goes with it.
    pub access_token: Option<&'a str>,
    /// The nonce that the server gave.
    pub nonce: Option<&'a str>,
    /// A name that was never used before.
    pub jti: &'a str,
    /// The time.
    pub now: Timestamp,
}

/// Makes a proof with `key`, which must be one of a pair.
pub fn proof(key: &SigningKey, request: &Request<'_>) -> Result<String, SigningError> {
    let jwk = key.public().to_jwk().ok_or(SigningError)?;
    let uri = request.uri.split(['?', '#']).next().unwrap_or_default();
    let mut claims = Map::new();
    let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    put("jti", json!(request.jti));
    put("htm", json!(request.method));
    put("htu", json!(uri));
    put("iat", json!(request.now.as_seconds()));
    if let Some(token) = request.access_token {
        put("ath", json!(digest::sha256_base64url(token)));
    }
    if let Some(nonce) = request.nonce {
        put("nonce", json!(nonce));
    }
    let header = json!({"typ": "dpop+jwt", "alg": key.algorithm().as_str(), "jwk": bare(&jwk)});
    let header = header.as_object().ok_or(SigningError)?;
    jws::sign(key, header, Value::Object(claims).to_string().as_bytes())
}

/// The members that make the key, without its name and purpose.
fn bare(jwk: &Map<String, Value>) -> Map<String, Value> {
    let spoken = |name: &str| ["kid", "use", "alg"].contains(&name);
    jwk.iter().filter(|(name, _)| !spoken(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}
