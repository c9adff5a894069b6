use std::{collections::BTreeSet, time::Duration};

use contract::{Contract, Demand, Operation, SchemeKind};
use model::{ScopeSet, Timestamp};

use crate::{
    Bound, Cause, Challenge, Charged, Code, Denial, Forbidden, StepUp, Tried, Upstream, Word,
    limit::{Charge, Gauge},
};

impl Denial {
    /// A plausible denial with this code, for a scenario: it tries the first scheme of the operation that
    /// can earn it, lacks what that demands, and waits for a quarter of an hour. `None` for a code that is
    /// no denial.
    pub fn staged(code: Code, contract: &Contract, operation: &Operation, now: Timestamp) -> Option<Self> {
        let cause = staged_cause(code, operation, now)?;
        let tried = match cause.challenge() {
            Challenge::None | Challenge::Offer => None,
            challenge => staged_trial(challenge, &cause, contract, operation),
        };
        Some(Self { cause, tried })
    }
}

impl Code {
    /// The denial that a client means which asks for no more than a status; `None` where no denial is meant.
    pub fn nearest(status: u16, operation: &Operation) -> Option<Self> {
        match status {
            401 => Some(Self::CredentialMissing),
            403 if !first_scopes(operation).is_empty() => Some(Self::ScopeInsufficient),
            403 if !first_roles(operation).is_empty() => Some(Self::RoleForbidden),
            403 => Some(Self::PolicyForbidden),
            429 => Some(Self::RateLimited),
            _ => None,
        }
    }
}

impl Charged {
    /// What the counter behind a staged denial says: nothing is left. `None` for a denial that no counter
    /// gives.
    pub fn staged(code: Code) -> Option<Self> {
        let gone = |quota, window, reset| Some(Gauge { quota, window, remaining: 0, reset, passed: false });
        let charge = match code {
            Code::RateLimited => Charge { rate: gone(60, 60, SOON.as_secs()), quota: None },
            Code::QuotaExceeded => Charge { rate: None, quota: gone(1000, 86_400, LATER.as_secs()) },
            _ => return None,
        };
        let mut charged = Self::default();
        charged.push("free".into(), charge);
        Some(charged)
    }
}

/// When a staged rate has one more.
const SOON: Duration = Duration::from_secs(17);
/// When a staged quota begins anew.
const LATER: Duration = Duration::from_secs(3600);
const QUARTER: Duration = Duration::from_secs(15 * 60);

fn staged_cause(code: Code, operation: &Operation, now: Timestamp) -> Option<Cause> {
    let rules = &operation.requirement.rules;
    Some(match code {
        Code::CredentialMissing => Cause::CredentialMissing,
        Code::CredentialMalformed => Cause::CredentialMalformed("it is not in the form of its scheme"),
        Code::RequestAmbiguous => Cause::RequestAmbiguous("two Authorization fields"),
        Code::KeyUnknown => Cause::KeyUnknown,
        Code::KeyExpired => Cause::KeyExpired { since: now.minus(QUARTER) },
        Code::KeyRevoked => Cause::KeyRevoked,
        Code::PasswordWrong => Cause::PasswordWrong,
        Code::AccountLocked => Cause::AccountLocked { retry_after: QUARTER },
        Code::AccountDisabled => Cause::AccountDisabled,
        Code::TokenSignature => Cause::TokenSignature,
        Code::TokenAlgorithm => Cause::TokenAlgorithm("the issuer is not trusted with this algorithm"),
        Code::TokenKey => Cause::TokenKey("the issuer has no such key"),
        Code::TokenExpired => Cause::TokenExpired { since: Some(now.minus(QUARTER)) },
        Code::TokenNotYetValid => Cause::TokenNotYetValid { until: now.plus(QUARTER) },
        Code::TokenIssuer => Cause::TokenIssuer,
        Code::TokenAudience => Cause::TokenAudience,
        Code::TokenType => Cause::TokenType,
        Code::TokenUnknown => Cause::TokenUnknown,
        Code::TokenRevoked => Cause::TokenRevoked,
        Code::ProofMissing => Cause::ProofMissing(Bound::Key),
        Code::ProofInvalid => Cause::ProofInvalid { bound: Bound::Key, fault: "it is for another request" },
        Code::ProofReplayed => Cause::ProofReplayed,
        Code::ProofNonce => Cause::ProofNonce,
        Code::CertificateMissing => Cause::CertificateMissing,
        Code::CertificateUntrusted => Cause::CertificateUntrusted,
        Code::ScopeInsufficient => Cause::ScopeInsufficient { lacking: first_scopes(operation) },
        Code::RoleForbidden => Cause::RoleForbidden { needed: first_roles(operation) },
        Code::PolicyForbidden => Cause::PolicyForbidden(match &rules.policy {
            Some(policy) => Forbidden::Policy(policy.to_string()),
            None => Forbidden::Plan { needed: rules.plans.clone() },
        }),
        Code::AuthStepUp => Cause::StepUp(StepUp {
            acr: rules.acr.clone(),
            max_age: rules.max_age.or(if rules.acr.is_none() { Some(QUARTER) } else { None }),
        }),
        Code::TransportInsecure => Cause::TransportInsecure,
        Code::RateLimited => Cause::RateLimited { retry_after: SOON },
        Code::QuotaExceeded => Cause::QuotaExceeded { retry_after: LATER },
        Code::RiskBlocked => Cause::RiskBlocked,
        Code::UpstreamRefused => Cause::Upstream(Upstream::Refused),
        Code::UpstreamInvalid => Cause::Upstream(Upstream::Invalid),
        Code::UpstreamTimeout => Cause::Upstream(Upstream::Timeout),
        Code::UpstreamUnavailable => Cause::Upstream(Upstream::Unavailable),
        Code::UpstreamKeys => Cause::Upstream(Upstream::Keys),
        Code::OperationUnknown
        | Code::MethodUnknown
        | Code::PathInvalid
        | Code::RequestInvalid
        | Code::BodyType
        | Code::BodySize
        | Code::AnswerNone
        | Code::HeadSize
        | Code::RequestSlow
        | Code::SandboxAmbiguous
        | Code::SandboxFull
        | Code::Busy
        | Code::Fault => return None,
    })
}

fn demands(operation: &Operation) -> impl Iterator<Item = &Demand> {
    operation.requirement.alternatives.iter().flat_map(|alternative| &alternative.demands)
}

fn first_scopes(operation: &Operation) -> ScopeSet {
    demands(operation)
        .map(|demand| &demand.scopes)
        .find(|scopes| !scopes.is_empty())
        .cloned()
        .unwrap_or_default()
}

fn first_roles(operation: &Operation) -> BTreeSet<String> {
    let roles = std::iter::once(&operation.requirement.rules.roles);
    let roles = roles.chain(demands(operation).map(|demand| &demand.roles));
    roles.into_iter().find(|roles| !roles.is_empty()).cloned().unwrap_or_default()
}

fn staged_trial(
    challenge: Challenge,
    cause: &Cause,
    contract: &Contract,
    operation: &Operation,
) -> Option<Tried> {
    let fits = |kind: &SchemeKind| match (challenge, kind) {
        (Challenge::Key, SchemeKind::ApiKey { .. })
        | (Challenge::Basic, SchemeKind::Basic)
        | (Challenge::Certificate, SchemeKind::MutualTls)
        | (
            Challenge::Error(_) | Challenge::Proof(_),
            SchemeKind::Bearer | SchemeKind::OAuth2 { .. } | SchemeKind::OpenIdConnect { .. },
        ) => true,
        // Any scheme may be malformed, given twice, or lack a scope.
        (Challenge::Error(_), SchemeKind::ApiKey { .. } | SchemeKind::Basic | SchemeKind::MutualTls) => {
            !cause.code().as_str().starts_with("token.")
        }
        _ => false,
    };
    let alternatives = operation.requirement.alternatives.iter().enumerate();
    let word = if matches!(challenge, Challenge::Proof(_)) { Word::DPoP } else { Word::Bearer };
    alternatives
        .flat_map(|(at, alternative)| alternative.demands.iter().map(move |demand| (at, demand)))
        .find(|(_, demand)| contract.scheme(demand.scheme).is_some_and(|scheme| fits(&scheme.kind)))
        .map(|(alternative, demand)| Tried { scheme: demand.scheme, alternative, word })
}
