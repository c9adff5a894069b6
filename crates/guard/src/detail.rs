use std::time::Duration;

use crate::{Bound, Cause, Forbidden, StepUp, Upstream};

impl Cause {
    /// What happened to this request, in one sentence without a full stop: the problem's `detail`, and what
    /// a trace says. Nothing in it tells whether a user or a key exists, but for the keys of a mock.
    pub fn detail(&self) -> String {
        match self {
            Self::CredentialMissing => {
                "the operation demands a credential, and none that would do was presented".to_owned()
            }
            Self::CredentialMalformed(what) => format!("the credential is malformed: {what}"),
            Self::RequestAmbiguous(what) => format!("one credential belongs there, and there are {what}"),
            Self::KeyUnknown => "no such API key is known".to_owned(),
            Self::KeyExpired { since } => format!("the API key expired at {since}"),
            Self::KeyElsewhere => "the API key is not for this address".to_owned(),
            Self::KeyRevoked => "the API key was revoked".to_owned(),
            Self::PasswordWrong => "the name or the password is wrong".to_owned(),
            Self::AccountLocked { retry_after } => {
                format!("after too many failures the account is locked for {}", seconds(*retry_after))
            }
            Self::AccountDisabled => {
                "the credential is genuine, and its account or client is disabled".to_owned()
            }
            Self::TokenSignature => "the signature is not one of the key that the token names".to_owned(),
            Self::TokenAlgorithm(what) => format!("the token's algorithm is not accepted: {what}"),
            Self::TokenKey(what) => format!("no key is believed for the token: {what}"),
            Self::TokenExpired { since: Some(since) } => format!("the token expired at {since}"),
            Self::TokenExpired { since: None } => "the token has no exp, and one is needed".to_owned(),
            Self::TokenNotYetValid { until } => format!("the token is not valid before {until}"),
            Self::TokenIssuer => "the token's iss is no issuer that is believed here".to_owned(),
            Self::TokenAudience => "the token's aud does not name this API".to_owned(),
            Self::TokenType => "the token's typ is not that of an access token".to_owned(),
            Self::TokenUnknown => "no such token was issued here".to_owned(),
            Self::TokenRevoked => "the token was revoked, or its session has ended".to_owned(),
            Self::ProofMissing(bound) => proof_missing(*bound).to_owned(),
            Self::ProofInvalid { fault, .. } => format!("the proof of possession does not hold: {fault}"),
            Self::ProofReplayed => "a proof with this jti was used before".to_owned(),
            Self::ProofNonce => "the proof has no nonce of this server, or an old one".to_owned(),
            Self::CertificateMissing => {
                "the operation demands a client certificate, and the connection has none".to_owned()
            }
            Self::CertificateUntrusted => {
                "the client certificate is of no authority that is trusted here".to_owned()
            }
            Self::ScopeInsufficient { lacking } if lacking.is_empty() => {
                "the credential lacks a scope".to_owned()
            }
            Self::ScopeInsufficient { lacking } => format!("the credential lacks {lacking}"),
            Self::RoleForbidden { needed } if needed.is_empty() => "the principal lacks a role".to_owned(),
            Self::RoleForbidden { needed } => {
                format!("the principal has not the role {}", either(needed.iter()))
            }
            Self::PolicyForbidden(forbidden) => forbidden.detail(),
            Self::StepUp(asked) => asked.detail(),
            Self::TransportInsecure => "a credential must not travel over plain HTTP".to_owned(),
            Self::RateLimited { retry_after } => {
                format!("the next request is let through in {}", seconds(*retry_after))
            }
            Self::QuotaExceeded { retry_after } => {
                format!("the next period begins in {}", seconds(*retry_after))
            }
            Self::RiskBlocked => "the request was judged too risky".to_owned(),
            Self::Upstream(upstream) => upstream.detail().to_owned(),
            Self::Busy => "what had to be looked up cannot be for the moment".to_owned(),
            Self::Fault => "something that had to be looked up could not be".to_owned(),
        }
    }
}

impl Upstream {
    fn detail(self) -> &'static str {
        match self {
            Self::Refused => "the upstream refused the connection",
            Self::Invalid => "the upstream's answer is not valid",
            Self::Timeout => "the upstream did not answer in time",
            Self::Unavailable => "the upstream is out of service",
            Self::Keys => "the keys of the token's issuer cannot be had",
        }
    }
}

impl Forbidden {
    fn detail(&self) -> String {
        match self {
            Self::Plan { needed } if needed.is_empty() => {
                "the operation's policy does not allow it".to_owned()
            }
            Self::Plan { needed } => format!("the operation is for the plan {}", either(needed.iter())),
            Self::PlanScopes { lacking } => format!("the principal's plan does not include {lacking}"),
            Self::Policy(policy) => format!("the operation is for those for whom {policy}"),
        }
    }
}

impl StepUp {
    /// Also the challenge's `error_description`.
    pub(crate) fn detail(&self) -> String {
        match (&self.acr, self.max_age) {
            (Some(acr), Some(age)) => {
                format!("a sign-in of class {acr}, at most {} old, is needed", seconds(age))
            }
            (Some(acr), None) => format!("a sign-in of class {acr} is needed"),
            (None, Some(age)) => format!("a sign-in at most {} old is needed", seconds(age)),
            (None, None) => "another sign-in is needed".to_owned(),
        }
    }
}

fn proof_missing(bound: Bound) -> &'static str {
    match bound {
        Bound::Key => "the token came as DPoP without a DPoP proof",
        Bound::KeyAsBearer => {
            "the token must be presented as DPoP with a proof of its key, and came as Bearer"
        }
        Bound::OtherKey => "the token came without a proof of the key that it is bound to",
        Bound::Certificate => "the token is bound to a client certificate, and the connection has none",
    }
}

fn either<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.map(String::as_str).collect();
    names.join(" or ")
}

fn seconds(span: Duration) -> String {
    format!("{} s", span.as_secs() + u64::from(span.subsec_nanos() > 0))
}
