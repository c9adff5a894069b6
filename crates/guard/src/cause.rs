use std::{collections::BTreeSet, time::Duration};

use contract::SchemeId;
use model::{ScopeSet, Timestamp};

use crate::{Challenge, Code};

/// Why a request is denied, with what there is to tell about it. No secret and no part of a credential is
/// ever in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// Nothing of what is lacking was presented.
    CredentialMissing,
    /// What was presented is not in its scheme's form; what is wrong with it.
    CredentialMalformed(&'static str),
    /// Two values in one place; which.
    RequestAmbiguous(&'static str),
    /// No such key.
    KeyUnknown,
    /// It was good until then.
    KeyExpired {
        /// When it ended, by the sandbox's clock.
        since: Timestamp,
    },
    /// It was withdrawn.
    KeyRevoked,
    /// It is not for the address that it came from; who found it must not learn even that.
    KeyElsewhere,
    /// Name or password.
    PasswordWrong,
    /// Too many failures.
    AccountLocked {
        /// For how long from now, by the sandbox's clock.
        retry_after: Duration,
    },
    /// Suspended.
    AccountDisabled,
    /// Does not verify.
    TokenSignature,
    /// `none`, not allowed, or a form that needs an algorithm which nobody allows (JWE, `crit`, `b64`);
    /// what of it.
    TokenAlgorithm(&'static str),
    /// Unknown, or brought along by the token; which.
    TokenKey(&'static str),
    /// Too old.
    TokenExpired {
        /// `exp`; `None` where the token has none.
        since: Option<Timestamp>,
    },
    /// Too young.
    TokenNotYetValid {
        /// `nbf`, or an `iat` that is yet to come.
        until: Timestamp,
    },
    /// Somebody else's.
    TokenIssuer,
    /// For another API.
    TokenAudience,
    /// No access token.
    TokenType,
    /// Opaque and not ours.
    TokenUnknown,
    /// Revoked, or its account is gone.
    TokenRevoked,
    /// A bound token alone.
    ProofMissing(Bound),
    /// The proof does not hold.
    ProofInvalid {
        /// What it should prove.
        bound: Bound,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// Its `jti` was seen before.
    ProofReplayed,
    /// It has no nonce, or a stale one.
    ProofNonce,
    /// No client certificate.
    CertificateMissing,
    /// Not of an authority that is trusted.
    CertificateUntrusted,
    /// Without these of the scopes that are demanded.
    ScopeInsufficient {
        /// What is lacking.
        lacking: ScopeSet,
    },
    /// Without a role.
    RoleForbidden {
        /// The roles that are asked for: those that are lacking, or those of which one is needed.
        needed: BTreeSet<String>,
    },
    /// The plan or the policy says no; which.
    PolicyForbidden(Forbidden),
    /// The sign-in is too old or too weak.
    StepUp(StepUp),
    /// Over plain HTTP.
    TransportInsecure,
    /// Too many; for how long from now.
    RateLimited {
        /// Until the next one is let through, by the sandbox's clock.
        retry_after: Duration,
    },
    /// None left in this day or month.
    QuotaExceeded {
        /// Until the next period begins, by the sandbox's clock.
        retry_after: Duration,
    },
    /// The risk engine.
    RiskBlocked,
    /// What the gateway met at the upstream: one of the `upstream.…` codes.
    Upstream(Upstream),
    /// A look-up cannot be made for the moment: nobody passes.
    Busy,
    /// A look-up failed. Whatever the reason: nobody passes.
    Fault,
}

/// What a token is bound to (its `cnf` claim).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// A key that DPoP proofs show (RFC 9449 6).
    Key,
    /// A key, and the token came as `Bearer` (RFC 9449 7.2).
    KeyAsBearer,
    /// A key, and the proof is of another one; or none, and the token came as `DPoP`.
    OtherKey,
    /// A client certificate (RFC 8705 3).
    Certificate,
}

/// What forbids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forbidden {
    /// The principal's plan is none of these.
    Plan {
        /// Those that may.
        needed: BTreeSet<String>,
    },
    /// The plan does not include these scopes, which the credential has.
    PlanScopes {
        /// What the plan lacks.
        lacking: ScopeSet,
    },
    /// The comparison is not true; as it is written.
    Policy(String),
}

/// What a sign-in should be like (RFC 9470 3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepUp {
    /// Of this class.
    pub acr: Option<String>,
    /// At most this old.
    pub max_age: Option<Duration>,
}

/// What went wrong behind the guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upstream {
    /// No connection.
    Refused,
    /// No valid answer.
    Invalid,
    /// No answer in time.
    Timeout,
    /// Taken out of service.
    Unavailable,
    /// An issuer's key set cannot be had, and none is cached.
    Keys,
}

/// The word under which a token came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// `Bearer` (RFC 6750 2.1)
    Bearer,
    /// `DPoP` (RFC 9449 7.1)
    DPoP,
}

/// What was tried: its challenge comes first, and alone has an `error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried {
    /// The scheme.
    pub scheme: SchemeId,
    /// In which of the requirement's alternatives.
    pub alternative: usize,
    /// For tokens: under which word.
    pub word: Word,
}

/// Why not, and what was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// Why.
    pub cause: Cause,
    /// With what; `None` where nothing was presented or it is not about a credential.
    pub tried: Option<Tried>,
}

/// How near a denial came, the nearest first (verdicts.md, rule 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Nearness {
    Refused400,
    Locked,
    Forbidden,
    StepUp,
    Invalid,
    Missing,
}

impl Cause {
    /// Its code.
    pub fn code(&self) -> Code {
        match self {
            Self::CredentialMissing => Code::CredentialMissing,
            Self::CredentialMalformed(_) => Code::CredentialMalformed,
            Self::RequestAmbiguous(_) => Code::RequestAmbiguous,
            Self::KeyUnknown | Self::KeyElsewhere => Code::KeyUnknown,
            Self::KeyExpired { .. } => Code::KeyExpired,
            Self::KeyRevoked => Code::KeyRevoked,
            Self::PasswordWrong => Code::PasswordWrong,
            Self::AccountLocked { .. } => Code::AccountLocked,
            Self::AccountDisabled => Code::AccountDisabled,
            Self::TokenSignature => Code::TokenSignature,
            Self::TokenAlgorithm(_) => Code::TokenAlgorithm,
            Self::TokenKey(_) => Code::TokenKey,
            Self::TokenExpired { .. } => Code::TokenExpired,
            Self::TokenNotYetValid { .. } => Code::TokenNotYetValid,
            Self::TokenIssuer => Code::TokenIssuer,
            Self::TokenAudience => Code::TokenAudience,
            Self::TokenType => Code::TokenType,
            Self::TokenUnknown => Code::TokenUnknown,
            Self::TokenRevoked => Code::TokenRevoked,
            Self::ProofMissing(_) => Code::ProofMissing,
            Self::ProofInvalid { .. } => Code::ProofInvalid,
            Self::ProofReplayed => Code::ProofReplayed,
            Self::ProofNonce => Code::ProofNonce,
            Self::CertificateMissing => Code::CertificateMissing,
            Self::CertificateUntrusted => Code::CertificateUntrusted,
            Self::ScopeInsufficient { .. } => Code::ScopeInsufficient,
            Self::RoleForbidden { .. } => Code::RoleForbidden,
            Self::PolicyForbidden(_) => Code::PolicyForbidden,
            Self::StepUp(_) => Code::AuthStepUp,
            Self::TransportInsecure => Code::TransportInsecure,
            Self::RateLimited { .. } => Code::RateLimited,
            Self::QuotaExceeded { .. } => Code::QuotaExceeded,
            Self::RiskBlocked => Code::RiskBlocked,
            Self::Upstream(Upstream::Refused) => Code::UpstreamRefused,
            Self::Upstream(Upstream::Invalid) => Code::UpstreamInvalid,
            Self::Upstream(Upstream::Timeout) => Code::UpstreamTimeout,
            Self::Upstream(Upstream::Unavailable) => Code::UpstreamUnavailable,
            Self::Upstream(Upstream::Keys) => Code::UpstreamKeys,
            Self::Busy => Code::Busy,
            Self::Fault => Code::Fault,
        }
    }

    /// After how long it may be tried again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::AccountLocked { retry_after }
            | Self::RateLimited { retry_after }
            | Self::QuotaExceeded { retry_after } => Some(*retry_after),
            Self::Busy => Some(Duration::from_secs(1)),
            _ => None,
        }
    }

    /// What `WWW-Authenticate` says: the table's, but for a bound token whose proof is not the matter.
    pub(crate) fn challenge(&self) -> Challenge {
        match self {
            // RFC 9449 7.1 and 7.2, RFC 8705 3: the token is refused, no proof is at fault.
            Self::ProofMissing(Bound::KeyAsBearer | Bound::OtherKey | Bound::Certificate)
            | Self::ProofInvalid {
                bound: Bound::KeyAsBearer | Bound::OtherKey | Bound::Certificate, ..
            } => Challenge::Error("invalid_token"),
            _ => self.code().challenge(),
        }
    }

    pub(crate) fn nearness(&self) -> Nearness {
        match self.code().status() {
            400 => Nearness::Refused400,
            429 => Nearness::Locked,
            403 => Nearness::Forbidden,
            _ => match self {
                Self::StepUp(_) => Nearness::StepUp,
                Self::CredentialMissing => Nearness::Missing,
                _ => Nearness::Invalid,
            },
        }
    }

    /// Whether the credential itself is bad, and not only too little (verdicts.md, rule 3).
    pub(crate) fn spoils_anonymity(&self) -> bool {
        match self.nearness() {
            Nearness::Refused400 | Nearness::Locked | Nearness::Invalid => true,
            Nearness::Forbidden => matches!(self, Self::AccountDisabled),
            Nearness::StepUp | Nearness::Missing => false,
        }
    }
}

impl Denial {
    /// A denial that is about no credential.
    pub fn of(cause: Cause) -> Self {
        Self { cause, tried: None }
    }

    /// Its code.
    pub fn code(&self) -> Code {
        self.cause.code()
    }

    /// The code that is told: outside a mock nobody learns whether a key ever existed.
    pub fn told(&self, mock: bool) -> Code {
        match self.code() {
            Code::KeyExpired | Code::KeyRevoked if !mock => Code::KeyUnknown,
            code => code,
        }
    }
}
