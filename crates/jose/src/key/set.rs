use std::sync::Arc;

use serde_json::{Map, Value, json};
use thiserror::Error;

use super::{KeyError, VerifyingKey};
use crate::{Algorithm, json as reader};

/// The largest key set that is read, in bytes.
const LONGEST: usize = 512 * 1024;

/// The most keys that are kept of one set: more would make the search for a key dear.
const MOST: usize = 100;

/// Why a text is no key set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeySetError {
    /// Over 512 KiB.
    #[error("the key set is larger than 512 KiB")]
    TooLarge,
    /// No JSON object with an array `keys`, or a member twice.
    #[error("not a JSON Web Key Set: a JSON object with an array `keys` (RFC 7517 section 5)")]
    Malformed,
    /// More than a hundred keys.
    #[error("the key set has more than 100 keys")]
    TooMany,
}

/// A key of a set that is not used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its place in the set, from 0.
    pub index: usize,
    /// Its name, if it has one.
    pub kid: Option<String>,
    /// What is wrong with it.
    pub reason: KeyError,
}

/// The keys of one issuer.
#[derive(Debug, Default)]
pub struct KeySet {
    keys: Vec<Arc<VerifyingKey>>,
    skipped: Vec<Skipped>,
}

/// Why no key of a set can be taken for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoKey {
    /// None has this `kid`, or none fits.
    Unknown,
    /// The one that is named is for another algorithm; or, of a token without `kid`, a set without secrets
    /// was asked for HMAC.
    Algorithm,
    /// Several fit, and the token does not say which.
    Several,
}

impl KeySet {
    /// These keys.
    pub fn new(keys: impl IntoIterator<Item = Arc<VerifyingKey>>) -> Self {
        Self { keys: keys.into_iter().collect(), skipped: Vec::new() }
    }

    /// Reads a JWK set (RFC 7517 5). Keys that are unknown, weak or not for signatures are left out, as that
    /// section says, and told in [`Self::skipped`]; so are secrets beside public keys: whoever publishes
    /// both has published a secret.
    pub fn parse(text: &[u8]) -> Result<Self, KeySetError> {
        if text.len() > LONGEST {
            return Err(KeySetError::TooLarge);
        }
        Self::from_jwks(&reader::object(text).ok_or(KeySetError::Malformed)?)
    }

    /// As [`Self::parse`], of JSON that was read before.
    pub fn from_jwks(set: &Map<String, Value>) -> Result<Self, KeySetError> {
        let listed = set.get("keys").and_then(Value::as_array).ok_or(KeySetError::Malformed)?;
        if listed.len() > MOST {
            return Err(KeySetError::TooMany);
        }
        let is_secret = |jwk: &Value| jwk.get("kty").is_some_and(|kty| kty == "oct");
        let mixed = listed.iter().any(is_secret) && !listed.iter().all(is_secret);
        let mut read = Self::default();
        for (index, jwk) in listed.iter().enumerate() {
            let key = match jwk {
                Value::Object(_) if mixed && is_secret(jwk) => Err(KeyError::SecretAmongPublic),
                Value::Object(members) => VerifyingKey::from_jwk(members),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                    Err(KeyError::NotAnObject)
                }
            };
            match key {
                Ok(key) => read.keys.push(Arc::new(key)),
                Err(reason) => {
                    let kid = jwk.get("kid").and_then(Value::as_str).map(str::to_owned);
                    read.skipped.push(Skipped { index, kid, reason });
                }
            }
        }
        Ok(read)
    }

    /// The keys, in the set's order.
    pub fn keys(&self) -> &[Arc<VerifyingKey>] {
        &self.keys
    }

    /// The keys that were left out.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Whether there is no usable key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The set as it is published: public keys alone.
    pub fn to_jwks(&self) -> Value {
        json!({ "keys": self.keys.iter().filter_map(|key| key.to_jwk()).collect::<Vec<_>>() })
    }

    /// The one key with this `kid` that may be used with `algorithm`; without a `kid`, the one that fits.
    /// `None` where no key or more than one does.
    pub fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&Arc<VerifyingKey>> {
        self.select(kid, algorithm).ok()
    }

    /// Whether the key with this thumbprint is (still) among them. Allocates nothing.
    pub fn holds(&self, thumbprint: &[u8; 32]) -> bool {
        self.keys.iter().any(|key| key.thumbprint_bytes() == thumbprint)
    }

    pub(crate) fn select(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<&Arc<VerifyingKey>, NoKey> {
        let named = |key: &&Arc<VerifyingKey>| kid.is_none() || key.kid() == kid;
        let mut fitting = self.keys.iter().filter(named).filter(|key| key.algorithms().contains(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(_), None) if self.shares_name_with_broken(kid) => Err(NoKey::Several),
            (Some(key), None) => Ok(key),
            (Some(_), Some(_)) => Err(NoKey::Several),
            (None, _) if kid.is_some() && self.keys.iter().any(|key| key.kid() == kid) => {
                Err(NoKey::Algorithm)
            }
            // A public key taken for a secret (RFC 8725 2.1).
            (None, _) if kid.is_none() && algorithm.is_symmetric() && !self.is_empty() => {
                Err(NoKey::Algorithm)
            }
            (None, _) => Err(NoKey::Unknown),
        }
    }

    /// Whether a key that should have been for signatures, but is broken, has this name: a set that is so
    /// careless with names does not say which key it means.
    fn shares_name_with_broken(&self, kid: Option<&str>) -> bool {
        let is_broken = |reason: KeyError| match reason {
            KeyError::Member(_)
            | KeyError::Size
            | KeyError::Roca
            | KeyError::Point
            | KeyError::Inconsistent => true,
            KeyError::NotAnObject
            | KeyError::Type
            | KeyError::Algorithm
            | KeyError::Use
            | KeyError::Private
            | KeyError::SecretAmongPublic => false,
        };
        kid.is_some()
            && self.skipped.iter().any(|other| other.kid.as_deref() == kid && is_broken(other.reason))
    }
}
