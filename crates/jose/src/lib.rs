//! Tokens and proofs: JWK, JWS, JWT and DPoP on aws-lc-rs. Bytes in, values out.
//!
//! What it decides: whether a token is believed, and which check failed first ([`jwt::verify`]); whether a
//! proof of possession holds ([`dpop::verify`]); which keys are too weak to be used. It signs, and it forges
//! tokens that are wrong on purpose ([`forge`]), for tests and for the probe.
//!
//! What it refuses to do: encryption (JWE is recognised and refused), JSON serialisation, `none`, fetching a
//! key from where a token points, trusting the algorithm that a token names, and knowing anything of HTTP or
//! storage.
//!
//! ```
//! use std::sync::Arc;
//! use jose::{Algorithm, KeySet, SigningKey, jwt};
//! use model::Timestamp;
//!
//! let key = SigningKey::generate(Algorithm::Es256).unwrap();
//! let claims = serde_json::json!({
//!     "iss": "https://id.example", "aud": "https://api.example", "sub": "alice", "exp": 1_000
//! });
//! let token = jwt::sign(&key, "at+jwt", claims.as_object().unwrap()).unwrap();
//!
//! let keys = Arc::new(KeySet::new([key.public().clone()]));
//! let trust = jwt::Trust::access_tokens("https://id.example", keys, "https://api.example");
//! let presented = jwt::Presented::parse(&token).unwrap();
//! let verified = jwt::verify(presented, &[trust], Timestamp::from_seconds(999)).unwrap();
//! assert_eq!(verified.claims().sub.as_deref(), Some("alice"));
//! ```

mod algorithm;
pub mod base64url;
mod claims;
pub mod digest;
pub mod dpop;
pub mod forge;
#[doc(hidden)]
pub mod fuzz;
mod json;
pub mod jws;
pub mod jwt;
mod key;
mod rejection;

pub use algorithm::{Algorithm, AlgorithmError, AlgorithmSet};
pub use claims::{Claims, Confirmation};
pub use key::{KeyError, KeySet, KeySetError, SigningError, SigningKey, Skipped, VerifyingKey};
pub use rejection::{Check, Rejection};
