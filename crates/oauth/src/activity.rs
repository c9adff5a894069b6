//! What happens to an account, for its owner to see.

/// One of the things that an account's own page tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activity {
    SignIn,
    SignUp,
    PasswordReset,
    PasswordChanged,
    EmailChanged,
    SessionEnded,
    SessionsEnded,
    AppRemoved,
    Locked,
    KeyLeaked,
    PasskeyAdded,
    PasskeyRemoved,
    AuthenticatorAdded,
    AuthenticatorRemoved,
    RecoveryCodesMade,
    RecoveryCodeUsed,
    AppPasswordMade,
    AppPasswordRemoved,
    FactorsRemoved,
}

impl Activity {
    /// As it is stored; the end of a text's id.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::SignUp => "sign-up",
            Self::PasswordReset => "password-reset",
            Self::PasswordChanged => "password-changed",
            Self::EmailChanged => "email-changed",
            Self::SessionEnded => "session-ended",
            Self::SessionsEnded => "sessions-ended",
            Self::AppRemoved => "app-removed",
            Self::Locked => "locked",
            Self::KeyLeaked => "key-leaked",
            Self::PasskeyAdded => "passkey-added",
            Self::PasskeyRemoved => "passkey-removed",
            Self::AuthenticatorAdded => "authenticator-added",
            Self::AuthenticatorRemoved => "authenticator-removed",
            Self::RecoveryCodesMade => "recovery-codes-made",
            Self::RecoveryCodeUsed => "recovery-code-used",
            Self::AppPasswordMade => "app-password-made",
            Self::AppPasswordRemoved => "app-password-removed",
            Self::FactorsRemoved => "factors-removed",
        }
    }
}
