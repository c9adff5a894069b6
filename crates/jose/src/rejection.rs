use model::Timestamp;
use thiserror::Error;

/// Why a token is not believed: the first of the [`Check`]s that failed, and what of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Rejection {
    /// It means to be a JWT and is none.
    #[error("no well-formed JWT: {0}")]
    Malformed(&'static str),
    /// `none`, an algorithm that the issuer is not trusted with, or a form that changes what is signed.
    #[error("the algorithm is not accepted: {0}")]
    Algorithm(&'static str),
    /// `iss` is nobody whose tokens are believed.
    #[error("the issuer is not trusted")]
    Issuer,
    /// No key of the issuer's can be taken, or the token brings its own.
    #[error("no key for it: {0}")]
    Key(&'static str),
    /// Of another type than what is asked for: an ID token, a logout token …
    #[error("the token is of another type")]
    Type,
    /// `aud` does not name us.
    #[error("the token is for another audience")]
    Audience,
    /// At or past `exp`; or `None`: there is no `exp` at all.
    #[error("the token has expired")]
    Expired {
        /// Its `exp`.
        since: Option<Timestamp>,
    },
    /// `nbf` or `iat` lies in the future.
    #[error("the token is not valid yet")]
    NotYetValid {
        /// The later of the two.
        until: Timestamp,
    },
    /// The signature is not the key's over this token.
    #[error("the signature is wrong")]
    Signature,
}

/// The steps of judging a token, in the order in which the first failure is reported: what is cheap comes
/// before what is dear, so garbage costs no signature check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// Compact serialisation, base64url, JSON, claims of the right types.
    Form,
    /// Known, and allowed for the issuer.
    Algorithm,
    /// `iss`.
    Issuer,
    /// One key of the issuer's.
    Key,
    /// `typ`.
    Type,
    /// `aud`.
    Audience,
    /// `exp`, `nbf`, `iat`.
    Times,
    /// The signature.
    Signature,
}

impl Check {
    /// All, in order.
    pub const ALL: [Self; 8] = [
        Self::Form,
        Self::Algorithm,
        Self::Issuer,
        Self::Key,
        Self::Type,
        Self::Audience,
        Self::Times,
        Self::Signature,
    ];

    /// Its name, for a trace.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Algorithm => "algorithm",
            Self::Issuer => "issuer",
            Self::Key => "key",
            Self::Type => "type",
            Self::Audience => "audience",
            Self::Times => "times",
            Self::Signature => "signature",
        }
    }
}

impl Rejection {
    /// The check that failed; all earlier ones held.
    pub const fn check(self) -> Check {
        match self {
            Self::Malformed(_) => Check::Form,
            Self::Algorithm(_) => Check::Algorithm,
            Self::Issuer => Check::Issuer,
            Self::Key(_) => Check::Key,
            Self::Type => Check::Type,
            Self::Audience => Check::Audience,
            Self::Expired { .. } | Self::NotYetValid { .. } => Check::Times,
            Self::Signature => Check::Signature,
        }
    }

    /// The public code of the denial.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed(_) => "credential.malformed",
            Self::Algorithm(_) => "token.algorithm",
            Self::Issuer => "token.issuer",
            Self::Key(_) => "token.key",
            Self::Type => "token.type",
            Self::Audience => "token.audience",
            Self::Expired { .. } => "token.expired",
            Self::NotYetValid { .. } => "token.not_yet_valid",
            Self::Signature => "token.signature",
        }
    }
}
