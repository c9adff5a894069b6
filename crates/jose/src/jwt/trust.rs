use std::{sync::Arc, time::Duration};

use model::Timestamp;

use crate::{AlgorithmSet, Claims, KeySet, Rejection, jws::Header};

/// What is believed of one issuer, and what a token of its must be.
#[derive(Debug, Clone)]
pub struct Trust {
    /// `iss`, compared letter by letter (RFC 8725 3.8).
    pub issuer: Arc<str>,
    /// Its keys.
    pub keys: Arc<KeySet>,
    /// The algorithms that it may sign with; a key may narrow them further.
    pub algorithms: AlgorithmSet,
    /// For whom its tokens must be.
    pub audience: Audience,
    /// Of which types they may be.
    pub types: Types,
    /// What is asked of `exp`.
    pub expiry: Expiry,
    /// How far its clock may be off: `exp` counts that much later, `nbf` and `iat` that much earlier.
    pub leeway: Duration,
}

/// For whom a token must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// `aud` names at least one of these, letter by letter. None of them: no token passes.
    OneOf(Vec<Arc<str>>),
    /// Not looked at: user info, which takes a token for whichever API (it asks for `openid`).
    Unchecked,
}

/// Of which type a token must be, by `typ` (RFC 8725 3.11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Types {
    /// An access token as RFC 9068 4 demands: `at+jwt`.
    AccessToken,
    /// One of these names.
    OneOf(Vec<String>),
    /// An access token of an issuer from before RFC 9068: `at+jwt`, `JWT` or no `typ`, and no mark of an
    /// ID, refresh or logout token in its claims.
    Unmarked,
    /// Any: the caller knows what it is by where it came from.
    Any,
}

/// What is asked of `exp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// There, and not reached.
    Required,
    /// Not reached, where it is there: request objects (RFC 9101 does not demand one).
    IfPresent,
    /// Not looked at: `id_token_hint` (OpenID Connect Core 3.1.2.1), whose age does not matter.
    Ignored,
}

impl Trust {
    /// Access tokens of `issuer` for `audience`, signed with any public key of `keys`; no leeway.
    pub fn access_tokens(issuer: &str, keys: Arc<KeySet>, audience: &str) -> Self {
        Self {
            issuer: issuer.into(),
            keys,
            algorithms: AlgorithmSet::ASYMMETRIC,
            audience: Audience::OneOf(vec![audience.into()]),
            types: Types::AccessToken,
            expiry: Expiry::Required,
            leeway: Duration::ZERO,
        }
    }

    /// Type, audience and times, in this order. Allocates nothing.
    pub(super) fn judge(&self, header: &Header, claims: &Claims, now: Timestamp) -> Result<(), Rejection> {
        if !self.types.accept(header, claims) {
            return Err(Rejection::Type);
        }
        if !self.audience.accepts(&claims.aud) {
            return Err(Rejection::Audience);
        }
        self.judge_times(claims, now)
    }

    fn judge_times(&self, claims: &Claims, now: Timestamp) -> Result<(), Rejection> {
        let ends = match self.expiry {
            Expiry::Required if claims.exp.is_none() => return Err(Rejection::Expired { since: None }),
            Expiry::Required | Expiry::IfPresent => claims.exp,
            Expiry::Ignored => None,
        };
        // RFC 7519 4.1.4: not accepted on or after it, so expiring this very moment is expired.
        if ends.is_some_and(|exp| now >= exp.plus(self.leeway)) {
            return Err(Rejection::Expired { since: ends });
        }
        match claims.nbf.max(claims.iat) {
            Some(until) if now.plus(self.leeway) < until => Err(Rejection::NotYetValid { until }),
            None | Some(_) => Ok(()),
        }
    }
}

impl Audience {
    fn accepts(&self, presented: &[Arc<str>]) -> bool {
        match self {
            Self::Unchecked => true,
            Self::OneOf(ours) => presented.iter().any(|name| ours.contains(name)),
        }
    }
}

impl Types {
    fn accept(&self, header: &Header, claims: &Claims) -> bool {
        match self {
            Self::Any => true,
            Self::AccessToken => header.is_type("at+jwt"),
            Self::OneOf(names) => names.iter().any(|name| header.is_type(name)),
            Self::Unmarked => {
                let typ = header.typ().is_none() || header.is_type("JWT") || header.is_type("at+jwt");
                typ && !claims.is_of_another_kind
            }
        }
    }
}
