use std::{fmt, str::FromStr, time::Duration};

use model::Timestamp;
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::{SigningError, SigningKey, base64url, jws, jwt};

/// What is wrong with a token that was made to be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Defect {
    /// It ended an hour ago.
    Expired,
    /// It is for another API.
    WrongAudience,
    /// It says to come from another issuer.
    WrongIssuer,
    /// One bit of its signature is another.
    BadSignature,
    /// `alg` is `none`, and it has no signature.
    AlgNone,
    /// It begins in an hour.
    NotYetValid,
    /// Nothing is wrong with it: whoever issued it marks it as revoked.
    Revoked,
}

/// A name that is no defect.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "a defect is one of expired, wrong_audience, wrong_issuer, bad_signature, alg_none, not_yet_valid, revoked"
)]
pub struct DefectError;

impl Defect {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Expired,
        Self::WrongAudience,
        Self::WrongIssuer,
        Self::BadSignature,
        Self::AlgNone,
        Self::NotYetValid,
        Self::Revoked,
    ];

    /// Its name in JSON; on the command line `-` stands for `_`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::WrongAudience => "wrong_audience",
            Self::WrongIssuer => "wrong_issuer",
            Self::BadSignature => "bad_signature",
            Self::AlgNone => "alg_none",
            Self::NotYetValid => "not_yet_valid",
            Self::Revoked => "revoked",
        }
    }
}

impl FromStr for Defect {
    type Err = DefectError;

    fn from_str(name: &str) -> Result<Self, DefectError> {
        let is_named = |defect: &Self| {
            let own = defect.as_str().bytes();
            own.eq(name.bytes().map(|byte| if byte == b'-' { b'_' } else { byte }))
        };
        Self::ALL.into_iter().find(is_named).ok_or(DefectError)
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const HOUR: Duration = Duration::from_secs(3600);

/// Signs `claims` as [`jwt::sign`] does, but with one thing wrong. `now` is the clock that will judge it.
pub fn forge(
    defect: Defect,
    key: &SigningKey,
    typ: &str,
    claims: &Map<String, Value>,
    now: Timestamp,
) -> Result<String, SigningError> {
    let mut claims = claims.clone();
    let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    match defect {
        Defect::Expired => {
            let end = now.minus(HOUR);
            put("exp", json!(end.as_seconds()));
            put("iat", json!(end.minus(HOUR).as_seconds()));
            put("nbf", json!(end.minus(HOUR).as_seconds()));
        }
        Defect::WrongAudience => {
            put("aud", json!("https://another-api.invalid"));
        }
        Defect::WrongIssuer => {
            put("iss", json!("https://another-issuer.invalid"));
        }
        Defect::NotYetValid => {
            put("nbf", json!(now.plus(HOUR).as_seconds()));
            put("exp", json!(now.plus(HOUR).plus(HOUR).as_seconds()));
        }
        Defect::AlgNone => {
            let header = json!({"typ": typ, "alg": "none"});
            let header = header.as_object().cloned().unwrap_or_default();
            let payload = serde_json::to_vec(&claims).map_err(|_| SigningError)?;
            return Ok(jws::encode(&header, &payload) + ".");
        }
        Defect::BadSignature => {
            let token = jwt::sign(key, typ, &claims)?;
            return with_signature(&token, |signature| {
                let middle = signature.len() / 2;
                if let Some(byte) = signature.get_mut(middle) {
                    *byte ^= 1;
                }
            });
        }
        Defect::Revoked => {}
    }
    jwt::sign(key, typ, &claims)
}

/// The token with its signature changed.
pub(super) fn with_signature(token: &str, change: impl FnOnce(&mut Vec<u8>)) -> Result<String, SigningError> {
    let (signed, signature) = token.rsplit_once('.').ok_or(SigningError)?;
    let mut signature = base64url::decode_strict(signature).map_err(|_| SigningError)?;
    change(&mut signature);
    Ok(format!("{signed}.{}", base64url::encode(signature)))
}
