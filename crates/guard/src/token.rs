use std::{fmt, sync::Arc};

use jose::{
    Check, Claims, Rejection, base64url,
    jwt::{self, Presented, Verified},
};
use model::{Kind, Principal, Timestamp};

use crate::{Binding, Cause, Code, Issuers, Upstream};

/// A JWT access token whose issuer, key, type, audience, times and signature were checked, and who it
/// stands for. Worth keeping: the signature need not be checked again while its key is the issuer's.
#[derive(Debug)]
pub struct Token {
    verified: Verified,
    principal: Arc<Principal>,
    bound: Option<Binding>,
    ours: bool,
}

impl Token {
    /// Verifies a token; the first failure is told, in the order of verdicts.md.
    pub fn verify(text: &str, issuers: &Issuers, now: Timestamp) -> Result<Self, Cause> {
        let presented = Presented::parse(text).map_err(cause)?;
        if issuers.is_unavailable(presented.claims().iss.as_deref()) {
            return Err(Cause::Upstream(Upstream::Keys));
        }
        let verified = jwt::verify(presented, &issuers.trusts, now).map_err(cause)?;
        let ours = verified.trust() < issuers.ours;
        let principal = Arc::new(principal(verified.claims(), ours));
        let bound = bound(verified.claims());
        Ok(Self { verified: verified.kept(), principal, bound, ours })
    }

    /// Judges a kept token again: everything but its signature. Allocates nothing.
    pub(crate) fn recheck(&self, issuers: &Issuers, now: Timestamp) -> Result<(), Cause> {
        let issuer = self.claims().iss.as_deref();
        let trusted = issuers.trusts.iter().find(|trust| Some(&*trust.issuer) == issuer);
        match trusted {
            _ if issuers.is_unavailable(issuer) => Err(Cause::Upstream(Upstream::Keys)),
            Some(trust) => self.verified.recheck(trust, now).map_err(cause),
            None => Err(Cause::TokenIssuer),
        }
    }

    /// What it says, believed.
    pub fn claims(&self) -> &Claims {
        self.verified.claims()
    }

    /// Whom it stands for.
    pub fn principal(&self) -> &Arc<Principal> {
        &self.principal
    }

    /// Whether we issued it, and so know its subject.
    pub fn is_ours(&self) -> bool {
        self.ours
    }

    /// What it is bound to.
    pub fn bound(&self) -> Option<&Binding> {
        self.bound.as_ref()
    }

    /// The bytes that it takes, near enough: for whoever remembers many.
    pub fn weight(&self) -> usize {
        // The principal has sets of its own; texts are shared with the claims.
        let scopes = self.principal.scopes.len() * size_of::<Arc<str>>();
        let roles: usize = self.principal.roles.iter().map(|role| role.len() + size_of::<String>()).sum();
        size_of::<Self>() + size_of::<Principal>() + self.verified.weight() + scopes + roles
    }

    /// How it was verified.
    pub fn verified(&self) -> &Verified {
        &self.verified
    }
}

/// In words, for a trace.
impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let claims = self.claims();
        write!(f, "{} of {}", self.principal.subject, claims.iss.as_deref().unwrap_or("nobody"))?;
        write!(f, ", signed with {}", self.verified.algorithm().as_str())?;
        if let Some(kid) = self.verified.header().kid() {
            write!(f, " by the key {kid}")?;
        }
        if let Some(exp) = claims.exp {
            write!(f, ", good until {exp}")?;
        }
        if claims.scopes.is_empty() {
            f.write_str(", without scopes")
        } else {
            write!(f, ", with {}", claims.scopes)
        }
    }
}

fn principal(claims: &Claims, ours: bool) -> Principal {
    let client = claims.client_id.clone();
    let subject = claims.sub.clone().or_else(|| client.clone()).unwrap_or_else(|| "".into());
    // RFC 9068 2.2: where no user takes part, `sub` is the client.
    let kind =
        if client.as_deref() == Some(&*subject) || claims.sub.is_none() { Kind::Client } else { Kind::User };
    Principal {
        kind,
        subject,
        client,
        scopes: claims.scopes.clone(),
        roles: claims.roles.clone(),
        plan: claims.raw.get("plan").and_then(serde_json::Value::as_str).map(Arc::from),
        acr: claims.acr.clone(),
        // control.md, "The clock": of ours never by `auth_time`, which follows the earlier of two clocks.
        signed_in_at: if ours { claims.lobby_at } else { claims.auth_time },
    }
}

fn bound(claims: &Claims) -> Option<Binding> {
    let cnf = claims.cnf.as_ref()?;
    Some(match (&cnf.jkt, &cnf.x5t_s256, cnf.unknown) {
        (Some(jkt), None, false) => Binding::Key(jkt.clone()),
        (None, Some(thumbprint), false) => {
            certificate(thumbprint).map_or(Binding::Unknown, Binding::Certificate)
        }
        // Bound twice, or to something that is not known here: fail closed.
        _ => Binding::Unknown,
    })
}

fn certificate(thumbprint: &str) -> Option<[u8; 32]> {
    base64url::decode_strict(thumbprint).ok()?.try_into().ok()
}

impl Cause {
    /// Which check of a token failed, of all that are made before anybody is asked; `None` for what says
    /// nothing of a token by itself.
    pub fn check(&self) -> Option<Check> {
        CHECKS.into_iter().find(|(code, _)| *code == self.code()).map(|(_, check)| check)
    }
}

const CHECKS: [(Code, Check); 10] = [
    (Code::CredentialMalformed, Check::Form),
    (Code::TokenAlgorithm, Check::Algorithm),
    (Code::TokenIssuer, Check::Issuer),
    (Code::TokenKey, Check::Key),
    // There is no key either, and the issuer is believed.
    (Code::UpstreamKeys, Check::Key),
    (Code::TokenType, Check::Type),
    (Code::TokenAudience, Check::Audience),
    (Code::TokenExpired, Check::Times),
    (Code::TokenNotYetValid, Check::Times),
    (Code::TokenSignature, Check::Signature),
];

fn cause(rejection: Rejection) -> Cause {
    match rejection {
        Rejection::Malformed(what) => Cause::CredentialMalformed(what),
        Rejection::Algorithm(what) => Cause::TokenAlgorithm(what),
        Rejection::Issuer => Cause::TokenIssuer,
        Rejection::Key(what) => Cause::TokenKey(what),
        Rejection::Type => Cause::TokenType,
        Rejection::Audience => Cause::TokenAudience,
        Rejection::Expired { since } => Cause::TokenExpired { since },
        Rejection::NotYetValid { until } => Cause::TokenNotYetValid { until },
        Rejection::Signature => Cause::TokenSignature,
    }
}
