use std::{fmt, sync::Arc};

use aws_lc_rs::{
    encoding::{AsBigEndian, AsDer, Curve25519SeedBin, EcPrivateKeyBin, Pkcs8V1Der},
    hmac,
    rand::{self, SystemRandom},
    rsa::{KeyPair as RsaKeyPair, KeyPairComponents, KeySize, PublicKeyComponents},
    signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaSignatureEncoding},
};
use model::Secret;
use serde_json::{Map, Value, json};
use thiserror::Error;
use zeroize::Zeroizing;

use super::{Curve, KeyError, Marks, Material, VerifyingKey, der, hmac_of, jwk, point};
use crate::{Algorithm, base64url};

/// The library could not make a key or a signature: the machine is out of memory or randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no key or signature could be made: the system gives no memory or no randomness")]
pub struct SigningError;

/// A key that signs, for one algorithm, named by its thumbprint.
pub struct SigningKey {
    algorithm: Algorithm,
    pair: Pair,
    public: Arc<VerifyingKey>,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(Box<RsaKeyPair>),
    Secret(Box<hmac::Key>),
}

impl SigningKey {
    /// Makes a new key: of the algorithm's curve, of 2048 bits for RSA, as long as the hash for HMAC. The
    /// randomness is the cryptographic library's own, never a test's.
    pub fn generate(algorithm: Algorithm) -> Result<Self, SigningError> {
        let pair = match algorithm {
            Algorithm::Es256 => Pair::Ec(fresh_ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING)?),
            Algorithm::Es384 => Pair::Ec(fresh_ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING)?),
            Algorithm::Es512 => Pair::Ec(fresh_ec(&signature::ECDSA_P521_SHA512_FIXED_SIGNING)?),
            Algorithm::EdDsa => Pair::Ed25519(Ed25519KeyPair::generate().map_err(|_| SigningError)?),
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512 => {
                Pair::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| SigningError)?))
            }
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
                let mut secret = Zeroizing::new(vec![0; algorithm.hash_length()]);
                rand::fill(&mut secret).map_err(|_| SigningError)?;
                return Self::from_secret(algorithm, &secret).map_err(|_| SigningError);
            }
        };
        Self::of(algorithm, pair, None).map_err(|_| SigningError)
    }

    /// A secret for HMAC, at least as long as the hash (RFC 7518 3.2).
    pub fn from_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let marks = Marks { kid: None, algorithm: Some(algorithm) };
        let public = VerifyingKey::new(Material::Secret(Secret::new(secret.to_vec())), marks)?;
        let pair = secret_pair(algorithm, secret)?;
        Ok(Self::complete(algorithm, pair, public, None))
    }

    /// Reads a `PrivateKeyInfo` (PKCS#8, DER) for `algorithm`.
    pub fn from_pkcs8(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let inconsistent = |_| KeyError::Inconsistent;
        let pair = match ec_signing(algorithm) {
            Some(how) => Pair::Ec(EcdsaKeyPair::from_pkcs8(how, pkcs8).map_err(inconsistent)?),
            None if algorithm == Algorithm::EdDsa => {
                Pair::Ed25519(Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(inconsistent)?)
            }
            None if algorithm.is_symmetric() => return Err(KeyError::Algorithm),
            None => Pair::Rsa(Box::new(RsaKeyPair::from_pkcs8(pkcs8).map_err(inconsistent)?)),
        };
        Self::of(algorithm, pair, None)
    }

    /// The key as PKCS#8 (DER), to be kept; `None` for a secret, which has no such form.
    pub fn to_pkcs8(&self) -> Option<Secret<Vec<u8>>> {
        let der = match &self.pair {
            Pair::Ec(pair) => pair.to_pkcs8v1().ok()?.as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.to_pkcs8().ok()?.as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let der: Pkcs8V1Der<'static> = pair.as_der().ok()?;
                der.as_ref().to_vec()
            }
            Pair::Secret(_) => return None,
        };
        Some(Secret::new(der))
    }

    /// Reads a private JWK. Its `alg` decides; without one the curve does, and RSA is `RS256`.
    pub fn from_jwk(members: &Map<String, Value>) -> Result<Self, KeyError> {
        let marks = jwk::marks(members, "sign")?;
        let material = jwk::material(members)?;
        let algorithm = match (&marks.algorithm, &material) {
            (Some(algorithm), _) => *algorithm,
            (None, Material::Ec { curve, .. }) => curve.algorithm(),
            (None, Material::Ed25519 { .. }) => Algorithm::EdDsa,
            (None, Material::Rsa { .. }) => Algorithm::Rs256,
            (None, Material::Secret(_)) => Algorithm::Hs256,
        };
        let pair = match &material {
            Material::Ec { curve, x, y } => Pair::Ec(ec_from_jwk(*curve, x, y, members)?),
            Material::Ed25519 { x } => {
                let seed = Zeroizing::new(jwk::exactly(members, "d", 32)?);
                let pair = Ed25519KeyPair::from_seed_and_public_key(&seed, x);
                Pair::Ed25519(pair.map_err(|_| KeyError::Inconsistent)?)
            }
            Material::Rsa { n, e } => Pair::Rsa(Box::new(rsa_from_jwk(n, e, members)?)),
            Material::Secret(secret) => secret_pair(algorithm, secret.expose())?,
        };
        let kid = marks.kid.clone();
        let public = VerifyingKey::new(material, Marks { kid: None, algorithm: Some(algorithm) })?;
        Ok(Self::complete(algorithm, pair, public, kid.as_deref()))
    }

    /// The key as a private JWK with `alg` and `kid`, to be kept. `None` only when the library fails.
    pub fn to_jwk(&self) -> Option<Secret<String>> {
        let mut members = self.public.to_jwk().unwrap_or_default();
        let mut put =
            |name: &str, bytes: &[u8]| members.insert(name.to_owned(), json!(base64url::encode(bytes)));
        match &self.pair {
            Pair::Ec(pair) => {
                let scalar: EcPrivateKeyBin<'static> = pair.private_key().as_be_bytes().ok()?;
                put("d", scalar.as_ref());
            }
            Pair::Ed25519(pair) => {
                let seed: Curve25519SeedBin<'static> = pair.seed().ok()?.as_be_bytes().ok()?;
                put("d", seed.as_ref());
            }
            Pair::Rsa(_) => {
                let pkcs8 = self.to_pkcs8()?;
                let parts = der::rsa_private(pkcs8.expose())?;
                for (name, part) in ["d", "p", "q", "dp", "dq", "qi"].into_iter().zip(parts) {
                    put(name, part);
                }
            }
            Pair::Secret(_) => {
                let Material::Secret(secret) = &self.public.material else { return None };
                put("k", secret.expose());
                members.insert("kty".to_owned(), json!("oct"));
                members.insert("use".to_owned(), json!("sig"));
                members.insert("alg".to_owned(), json!(self.algorithm.as_str()));
                members.insert("kid".to_owned(), json!(self.kid()));
            }
        }
        Some(Secret::new(Value::Object(members).to_string()))
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its name: the thumbprint (RFC 7638), unless the JWK that it was read from had another.
    pub fn kid(&self) -> &str {
        self.public.kid().unwrap_or_default()
    }

    /// The half that verifies, under the same name.
    pub fn public(&self) -> &Arc<VerifyingKey> {
        &self.public
    }

    /// The signature of `message`, in the form that JOSE has it (RFC 7518 3, RFC 8037 3.1).
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        match &self.pair {
            Pair::Ec(pair) => {
                let made = pair.sign(&SystemRandom::new(), message).map_err(|_| SigningError)?;
                Ok(made.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => Ok(pair.try_sign(message).map_err(|_| SigningError)?.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let how = rsa_signing(self.algorithm).ok_or(SigningError)?;
                let mut made = vec![0; pair.public_modulus_len()];
                pair.sign(how, &SystemRandom::new(), message, &mut made).map_err(|_| SigningError)?;
                Ok(made)
            }
            Pair::Secret(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
        }
    }

    fn of(algorithm: Algorithm, pair: Pair, kid: Option<&str>) -> Result<Self, KeyError> {
        let material = match (&pair, ec_curve(algorithm)) {
            (Pair::Ec(pair), Some(curve)) => {
                der::ec_point(curve, pair.public_key().as_ref()).ok_or(KeyError::Point)?
            }
            (Pair::Ed25519(pair), _) => Material::Ed25519 { x: pair.public_key().as_ref().to_vec() },
            (Pair::Rsa(pair), _) => {
                let (n, e) = der::rsa_public(pair.public_key().as_ref()).ok_or(KeyError::Inconsistent)?;
                Material::Rsa { n, e }
            }
            (Pair::Ec(_) | Pair::Secret(_), _) => return Err(KeyError::Algorithm),
        };
        let public = VerifyingKey::new(material, Marks { kid: None, algorithm: Some(algorithm) })?;
        Ok(Self::complete(algorithm, pair, public, kid))
    }

    fn complete(algorithm: Algorithm, pair: Pair, public: VerifyingKey, kid: Option<&str>) -> Self {
        let kid = kid.map_or_else(|| public.thumbprint(), str::to_owned);
        Self { algorithm, pair, public: Arc::new(public.named(&kid)) }
    }
}

/// Tells nothing of the private half.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid())
            .finish_non_exhaustive()
    }
}

fn fresh_ec(how: &'static EcdsaSigningAlgorithm) -> Result<EcdsaKeyPair, SigningError> {
    EcdsaKeyPair::generate(how).map_err(|_| SigningError)
}

fn ec_curve(algorithm: Algorithm) -> Option<Curve> {
    [Curve::P256, Curve::P384, Curve::P521].into_iter().find(|curve| curve.algorithm() == algorithm)
}

fn ec_signing(algorithm: Algorithm) -> Option<&'static EcdsaSigningAlgorithm> {
    Some(match ec_curve(algorithm)? {
        Curve::P256 => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
        Curve::P521 => &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
    })
}

fn rsa_signing(algorithm: Algorithm) -> Option<&'static RsaSignatureEncoding> {
    match algorithm {
        Algorithm::Rs256 => Some(&signature::RSA_PKCS1_SHA256),
        Algorithm::Rs384 => Some(&signature::RSA_PKCS1_SHA384),
        Algorithm::Rs512 => Some(&signature::RSA_PKCS1_SHA512),
        Algorithm::Ps256 => Some(&signature::RSA_PSS_SHA256),
        Algorithm::Ps384 => Some(&signature::RSA_PSS_SHA384),
        Algorithm::Ps512 => Some(&signature::RSA_PSS_SHA512),
        Algorithm::Hs256
        | Algorithm::Hs384
        | Algorithm::Hs512
        | Algorithm::Es256
        | Algorithm::Es384
        | Algorithm::Es512
        | Algorithm::EdDsa => None,
    }
}

fn secret_pair(algorithm: Algorithm, secret: &[u8]) -> Result<Pair, KeyError> {
    let how = hmac_of(algorithm).ok_or(KeyError::Algorithm)?;
    Ok(Pair::Secret(Box::new(hmac::Key::new(how, secret))))
}

fn ec_from_jwk(
    curve: Curve,
    x: &[u8],
    y: &[u8],
    members: &Map<String, Value>,
) -> Result<EcdsaKeyPair, KeyError> {
    let how = ec_signing(curve.algorithm()).ok_or(KeyError::Type)?;
    let scalar = Zeroizing::new(jwk::exactly(members, "d", curve.length())?);
    EcdsaKeyPair::from_private_key_and_public_key(how, &scalar, &point(x, y))
        .map_err(|_| KeyError::Inconsistent)
}

fn rsa_from_jwk(n: &[u8], e: &[u8], members: &Map<String, Value>) -> Result<RsaKeyPair, KeyError> {
    let part = |name| jwk::bytes(members, name).map(Zeroizing::new);
    let components = KeyPairComponents {
        public_key: PublicKeyComponents { n, e },
        d: part("d")?,
        p: part("p")?,
        q: part("q")?,
        dP: part("dp")?,
        dQ: part("dq")?,
        qInv: part("qi")?,
    };
    RsaKeyPair::from_components(&components).map_err(|_| KeyError::Inconsistent)
}
