//! Keys: what they are made of, what they are good for, and which are too weak to be believed.

mod der;
mod jwk;
mod roca;
mod set;
mod signing;
mod strength;

pub(crate) use set::NoKey;
pub use set::{KeySet, KeySetError, Skipped};
pub use signing::{SigningError, SigningKey};

use std::fmt;

use aws_lc_rs::{
    encoding::AsDer,
    hmac,
    rsa::PublicKeyComponents,
    signature::{self, ParsedPublicKey, VerificationAlgorithm},
};
use model::Secret;
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::{Algorithm, AlgorithmSet, base64url, digest};

/// Why a key is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// No JSON object, a member twice, or over the bound in size.
    #[error("not a JSON object without repeated members, of at most 64 KiB")]
    NotAnObject,
    /// A member that this type of key must have is absent or of another JSON type (RFC 7518 6).
    #[error("`{0}` is missing or not as RFC 7518 section 6 writes it")]
    Member(&'static str),
    /// `kty` or `crv` that no signature of ours uses.
    #[error("a key of this type or curve makes no signatures that are accepted here")]
    Type,
    /// `alg` is unknown here, or cannot be done with a key of this type, curve or length.
    #[error("`alg` is not accepted here or does not fit the key")]
    Algorithm,
    /// `use` or `key_ops` say that it is for something else (RFC 7517 4.2 and 4.3).
    #[error("`use` or `key_ops` say that the key is not for signatures")]
    Use,
    /// A modulus, exponent or secret outside the sizes that are safe.
    #[error(
        "too weak or too large: RSA has 2048 to 8192 bits and an odd exponent of at least 65537, a secret is as long as its hash"
    )]
    Size,
    /// A modulus with the structure of CVE-2017-15361, whose factors can be computed.
    #[error("an RSA modulus made by the generator of CVE-2017-15361 (ROCA)")]
    Roca,
    /// A point that is not on its curve, of small order, or otherwise no public key.
    #[error("no point of its curve, or one of small order")]
    Point,
    /// The private half is there where only a public key may be (RFC 9449 4.3, check 7).
    #[error("a private key where only a public one may be")]
    Private,
    /// A secret among public keys, which everybody could sign with.
    #[error("a secret in a set of public keys")]
    SecretAmongPublic,
    /// The private parts are no key, or do not belong to the public ones.
    #[error("the private key is malformed or does not fit its public half")]
    Inconsistent,
}

/// A key that verifies: the public half of a pair, or a secret. Checked when made: on its curve, strong
/// enough, meant for signatures.
pub struct VerifyingKey {
    kid: Option<Box<str>>,
    material: Material,
    verifiers: Vec<(Algorithm, Verifier)>,
    algorithms: AlgorithmSet,
    thumbprint: [u8; 32],
}

/// What a key is made of, big-endian and in the lengths of RFC 7518 6.
pub(crate) enum Material {
    Ec { curve: Curve, x: Vec<u8>, y: Vec<u8> },
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Ed25519 { x: Vec<u8> },
    Secret(Secret<Vec<u8>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

enum Verifier {
    Public(ParsedPublicKey),
    Secret(Box<hmac::Key>),
}

/// What a key says about itself besides its material.
#[derive(Default)]
pub(crate) struct Marks {
    pub(crate) kid: Option<Box<str>>,
    /// The one algorithm that it is for; `None` allows all that fit the material.
    pub(crate) algorithm: Option<Algorithm>,
}

impl VerifyingKey {
    /// Reads a JWK (RFC 7517) from its text. Private members are ignored and not kept.
    pub fn parse(text: &[u8]) -> Result<Self, KeyError> {
        Self::from_jwk(&jwk::object(text)?)
    }

    /// Reads a JWK. Private members are ignored and not kept; `use`, `key_ops` and `alg` are honoured.
    pub fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, KeyError> {
        jwk::verifying(jwk)
    }

    /// Reads a JWK that came from a stranger, as in a proof's header: a private member or a secret refuses it.
    pub fn from_public_jwk(jwk: &Map<String, Value>) -> Result<Self, KeyError> {
        if jwk::has_private_members(jwk) {
            return Err(KeyError::Private);
        }
        Self::from_jwk(jwk)
    }

    /// A secret for HMAC; which of the three depends on its length: at least 32, 48 or 64 bytes.
    pub fn from_secret(secret: &[u8], kid: Option<&str>) -> Result<Self, KeyError> {
        let marks = Marks { kid: kid.map(Box::from), algorithm: None };
        Self::new(Material::Secret(Secret::new(secret.to_vec())), marks)
    }

    /// Reads a `SubjectPublicKeyInfo` (RFC 5280 4.1.2.7), in DER.
    pub fn from_spki(spki: &[u8], kid: Option<&str>) -> Result<Self, KeyError> {
        let marks = Marks { kid: kid.map(Box::from), algorithm: None };
        Self::new(der::public_key(spki)?, marks)
    }

    pub(crate) fn new(material: Material, marks: Marks) -> Result<Self, KeyError> {
        strength::check(&material)?;
        let fitting = material.algorithms();
        let algorithms = match marks.algorithm {
            Some(algorithm) if fitting.contains(algorithm) => algorithm.into(),
            Some(_) => return Err(KeyError::Algorithm),
            None => fitting,
        };
        if algorithms.is_empty() {
            return Err(KeyError::Size);
        }
        let verifiers = algorithms
            .iter()
            .map(|algorithm| Ok((algorithm, material.verifier(algorithm)?)))
            .collect::<Result<_, _>>()?;
        let thumbprint = material.thumbprint();
        Ok(Self { kid: marks.kid, material, verifiers, algorithms, thumbprint })
    }

    /// Its name in its set, if it has one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The same key under another name.
    #[must_use]
    pub fn named(mut self, kid: &str) -> Self {
        self.kid = Some(kid.into());
        self
    }

    /// The algorithms that it may be used with.
    pub fn algorithms(&self) -> AlgorithmSet {
        self.algorithms
    }

    /// Whether it is a secret, which signs as well.
    pub fn is_secret(&self) -> bool {
        matches!(self.material, Material::Secret(_))
    }

    /// The SHA-256 thumbprint (RFC 7638), as bytes.
    pub fn thumbprint_bytes(&self) -> &[u8; 32] {
        &self.thumbprint
    }

    /// The SHA-256 thumbprint (RFC 7638) in base64url: `jkt` of a bound token, `kid` of our own keys.
    pub fn thumbprint(&self) -> String {
        base64url::encode(self.thumbprint)
    }

    /// The key as a public JWK with `kid`, `use`, and `alg` where there is only one; `None` for a secret,
    /// which has no public form.
    pub fn to_jwk(&self) -> Option<Map<String, Value>> {
        let mut jwk = self.material.public_members()?;
        if let Some(kid) = &self.kid {
            jwk.insert("kid".to_owned(), json!(kid));
        }
        jwk.insert("use".to_owned(), json!("sig"));
        let mut algorithms = self.algorithms.iter();
        if let (Some(only), None) = (algorithms.next(), algorithms.next()) {
            jwk.insert("alg".to_owned(), json!(only.as_str()));
        }
        Some(jwk)
    }

    /// The key as `SubjectPublicKeyInfo`, in DER; `None` for a secret.
    pub fn to_spki(&self) -> Option<Vec<u8>> {
        self.verifiers.iter().find_map(|(_, verifier)| match verifier {
            Verifier::Public(key) => key.as_der().ok().map(|der| der.as_ref().to_vec()),
            Verifier::Secret(_) => None,
        })
    }

    /// Whether `signature` is this key's over `message`; never by an algorithm that the key is not for.
    pub fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.verifiers.iter().find(|(of, _)| *of == algorithm).is_some_and(|(_, verifier)| match verifier {
            Verifier::Public(key) => key.verify_sig(message, signature).is_ok(),
            // Constant time over the tag; one that is cut short is another length and refused.
            Verifier::Secret(key) => hmac::verify(key, message, signature).is_ok(),
        })
    }

    /// The same for an ECDSA signature in DER, as partners of JOSE's world write it; false for other keys.
    pub fn verifies_der(&self, message: &[u8], signature: &[u8]) -> bool {
        let Material::Ec { curve, .. } = &self.material else { return false };
        der::ecdsa_signature(*curve, signature)
            .is_some_and(|signature| self.verifies(curve.algorithm(), message, &signature))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("kid", &self.kid)
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}

impl Curve {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// Bytes of a coordinate (RFC 7518 6.2.1.2).
    pub(crate) const fn length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    pub(crate) const fn algorithm(self) -> Algorithm {
        match self {
            Self::P256 => Algorithm::Es256,
            Self::P384 => Algorithm::Es384,
            Self::P521 => Algorithm::Es512,
        }
    }
}

/// The uncompressed form of a point (SEC 1, 2.3.3).
pub(crate) fn point(x: &[u8], y: &[u8]) -> Vec<u8> {
    [&[4], x, y].concat()
}

impl Material {
    fn algorithms(&self) -> AlgorithmSet {
        match self {
            Self::Ec { curve, .. } => curve.algorithm().into(),
            Self::Rsa { .. } => [
                Algorithm::Rs256,
                Algorithm::Rs384,
                Algorithm::Rs512,
                Algorithm::Ps256,
                Algorithm::Ps384,
                Algorithm::Ps512,
            ]
            .into_iter()
            .collect(),
            Self::Ed25519 { .. } => Algorithm::EdDsa.into(),
            // RFC 7518 3.2: a key of the hash's size or larger.
            Self::Secret(secret) => [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512]
                .into_iter()
                .filter(|algorithm| secret.expose().len() >= algorithm.hash_length())
                .collect(),
        }
    }

    fn verifier(&self, algorithm: Algorithm) -> Result<Verifier, KeyError> {
        let parsed = |how: &'static dyn VerificationAlgorithm, bytes: &[u8]| {
            ParsedPublicKey::new(how, bytes).map(Verifier::Public).map_err(|_| KeyError::Point)
        };
        match self {
            Self::Ec { curve, x, y } => parsed(
                match curve {
                    Curve::P256 => &signature::ECDSA_P256_SHA256_FIXED,
                    Curve::P384 => &signature::ECDSA_P384_SHA384_FIXED,
                    Curve::P521 => &signature::ECDSA_P521_SHA512_FIXED,
                },
                &point(x, y),
            ),
            Self::Ed25519 { x } => parsed(&signature::ED25519, x),
            Self::Rsa { n, e } => rsa_verifier(n, e, algorithm),
            Self::Secret(secret) => {
                let how = hmac_of(algorithm).ok_or(KeyError::Algorithm)?;
                Ok(Verifier::Secret(Box::new(hmac::Key::new(how, secret.expose()))))
            }
        }
    }

    /// The members that RFC 7638 3.2 requires, in its order; `None` for a secret.
    fn public_members(&self) -> Option<Map<String, Value>> {
        let text = |bytes: &[u8]| json!(base64url::encode(bytes));
        let members = match self {
            Self::Ec { curve, x, y } => {
                vec![("crv", json!(curve.name())), ("kty", json!("EC")), ("x", text(x)), ("y", text(y))]
            }
            Self::Rsa { n, e } => vec![("e", text(e)), ("kty", json!("RSA")), ("n", text(n))],
            Self::Ed25519 { x } => vec![("crv", json!("Ed25519")), ("kty", json!("OKP")), ("x", text(x))],
            Self::Secret(_) => return None,
        };
        Some(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// RFC 7638 3: the hash over the required members, in order of their names, without white space. All
    /// values are base64url or names of ours, so nothing in them needs escaping.
    fn thumbprint(&self) -> [u8; 32] {
        let members = self.public_members().unwrap_or_else(|| match self {
            Self::Secret(secret) => {
                let members = [("k", base64url::encode(secret.expose())), ("kty", "oct".to_owned())];
                members.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect()
            }
            Self::Ec { .. } | Self::Rsa { .. } | Self::Ed25519 { .. } => Map::new(),
        });
        digest::sha256(Value::Object(members).to_string())
    }
}

/// The library's name of an HMAC algorithm; `None` for those with key pairs.
pub(crate) fn hmac_of(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    match algorithm {
        Algorithm::Hs256 => Some(hmac::HMAC_SHA256),
        Algorithm::Hs384 => Some(hmac::HMAC_SHA384),
        Algorithm::Hs512 => Some(hmac::HMAC_SHA512),
        Algorithm::Rs256
        | Algorithm::Rs384
        | Algorithm::Rs512
        | Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512
        | Algorithm::Es256
        | Algorithm::Es384
        | Algorithm::Es512
        | Algorithm::EdDsa => None,
    }
}

fn rsa_verifier(n: &[u8], e: &[u8], algorithm: Algorithm) -> Result<Verifier, KeyError> {
    let how = match algorithm {
        Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
        Algorithm::Hs256
        | Algorithm::Hs384
        | Algorithm::Hs512
        | Algorithm::Es256
        | Algorithm::Es384
        | Algorithm::Es512
        | Algorithm::EdDsa => return Err(KeyError::Algorithm),
    };
    PublicKeyComponents { n, e }.to_parsed_public_key(how).map(Verifier::Public).map_err(|_| KeyError::Point)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The DER form of a signature as JOSE has it.
    fn to_der(signature: &[u8]) -> Vec<u8> {
        let number = |bytes: &[u8]| {
            let digits: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
            let sign: &[u8] = if digits.first().is_some_and(|first| first & 0x80 != 0) { &[0] } else { &[] };
            let length = u8::try_from(sign.len() + digits.len()).unwrap();
            [&[0x02, length], sign, &digits].concat()
        };
        let (r, s) = signature.split_at(32);
        let body = [number(r), number(s)].concat();
        [&[0x30, u8::try_from(body.len()).unwrap()], body.as_slice()].concat()
    }

    #[test]
    fn a_signature_in_der_is_verified_and_nothing_beside_it_taken() {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let public = key.public();
        // Now and then a number is short, or has a sign byte.
        for message in 0..64_u8 {
            let der = to_der(&key.sign(&[message]).unwrap());
            assert!(public.verifies_der(&[message], &der), "{der:02x?}");
            assert!(!public.verifies_der(&[message, 0], &der));
            assert!(!public.verifies_der(&[message], &[der.as_slice(), &[0]].concat()));
            assert!(!public.verifies_der(&[message], &der[..der.len() - 1]));
        }
        assert!(!public.verifies_der(&[0], &to_der(&[0; 64])));
        assert!(!public.verifies_der(&[0], &[]));
    }
}
