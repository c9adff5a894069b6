//! Reading JWKs (RFC 7517, RFC 7518 6, RFC 8037 2).

use model::Secret;
use serde_json::{Map, Value};

use super::{Curve, KeyError, Marks, Material, VerifyingKey};
use crate::{Algorithm, base64url, json};

/// An RSA key of 8192 bits with all its private parts has about 8 KiB.
const LONGEST: usize = 64 * 1024;

/// What no public key has (RFC 7518 6.2.2, 6.3.2 and 6.4.1).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

pub(super) fn object(text: &[u8]) -> Result<Map<String, Value>, KeyError> {
    if text.len() > LONGEST {
        return Err(KeyError::NotAnObject);
    }
    json::object(text).ok_or(KeyError::NotAnObject)
}

pub(super) fn has_private_members(jwk: &Map<String, Value>) -> bool {
    PRIVATE.iter().any(|name| jwk.contains_key(*name))
}

pub(super) fn verifying(jwk: &Map<String, Value>) -> Result<VerifyingKey, KeyError> {
    let marks = marks(jwk, "verify")?;
    VerifyingKey::new(material(jwk)?, marks)
}

/// Reads `kid`, `alg`, `use` and `key_ops`; the key must be meant for `operation` (`verify` or `sign`).
pub(super) fn marks(jwk: &Map<String, Value>, operation: &str) -> Result<Marks, KeyError> {
    match jwk.get("use") {
        None => {}
        Some(Value::String(text)) if text == "sig" => {}
        Some(_) => return Err(KeyError::Use),
    }
    if let Some(operations) = jwk.get("key_ops") {
        let operations = operations.as_array().ok_or(KeyError::Use)?;
        // A secret that may sign may as well verify: it is the same computation.
        let either = jwk.get("kty").is_some_and(|kty| kty == "oct");
        let meant = |name: &str| name == operation || either && (name == "sign" || name == "verify");
        if !operations.iter().filter_map(Value::as_str).any(meant) {
            return Err(KeyError::Use);
        }
    }
    let algorithm = match jwk.get("alg") {
        None => None,
        Some(Value::String(name)) => Some(name.parse::<Algorithm>().map_err(|_| KeyError::Algorithm)?),
        Some(_) => return Err(KeyError::Algorithm),
    };
    let kid = match jwk.get("kid") {
        None => None,
        Some(Value::String(kid)) => Some(kid.as_str().into()),
        Some(_) => return Err(KeyError::Member("kid")),
    };
    Ok(Marks { kid, algorithm })
}

pub(super) fn material(jwk: &Map<String, Value>) -> Result<Material, KeyError> {
    match text(jwk, "kty")? {
        "EC" => {
            let curve = match text(jwk, "crv")? {
                "P-256" => Curve::P256,
                "P-384" => Curve::P384,
                "P-521" => Curve::P521,
                _ => return Err(KeyError::Type),
            };
            let length = curve.length();
            Ok(Material::Ec { curve, x: exactly(jwk, "x", length)?, y: exactly(jwk, "y", length)? })
        }
        "RSA" => Ok(Material::Rsa { n: number(jwk, "n")?, e: number(jwk, "e")? }),
        "OKP" if text(jwk, "crv")? == "Ed25519" => Ok(Material::Ed25519 { x: exactly(jwk, "x", 32)? }),
        "oct" => Ok(Material::Secret(Secret::new(bytes(jwk, "k")?))),
        _ => Err(KeyError::Type),
    }
}

pub(super) fn text<'a>(jwk: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, KeyError> {
    jwk.get(name).and_then(Value::as_str).ok_or(KeyError::Member(name))
}

pub(super) fn bytes(jwk: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, KeyError> {
    base64url::decode_strict(text(jwk, name)?).map_err(|_| KeyError::Member(name))
}

/// A coordinate or private scalar, padded to its full length (RFC 7518 6.2.1.2).
pub(super) fn exactly(
    jwk: &Map<String, Value>,
    name: &'static str,
    length: usize,
) -> Result<Vec<u8>, KeyError> {
    bytes(jwk, name).ok().filter(|bytes| bytes.len() == length).ok_or(KeyError::Member(name))
}

/// A `Base64urlUInt`: as few bytes as possible (RFC 7518 2), so that a key has one thumbprint.
pub(super) fn number(jwk: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, KeyError> {
    let digits = bytes(jwk, name)?;
    if matches!(digits.first(), None | Some(0)) { Err(KeyError::Member(name)) } else { Ok(digits) }
}
