//! `passwords:`, `accounts:`, `factors:`, `recovery:` and `keys:`: read and checked, so that one file serves a
//! mock and what comes after it; a mock's personas know none of these rules.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Deserializer};

use super::value::{Count, Life, Size, Span, word_or};

/// What a password must be.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Passwords {
    /// Characters at least; default 12.
    pub(crate) min_length: Option<u32>,
    /// Bytes at most; default 1024.
    pub(crate) max_bytes: Option<u32>,
    /// How hard to guess, 0 to 4; default 3.
    pub(crate) score: Option<Count<4>>,
    /// How many of the four classes of characters (the classic rule), 0 to 4; default 0.
    pub(crate) classes: Option<Count<4>>,
    /// Which passwords are known to be stolen; default `embedded`.
    pub(crate) breached: Option<Breached>,
    /// Whether one like the account's name is refused; default true.
    pub(crate) like_user: Option<bool>,
    /// Words that are refused too, beside the service's name (`pages.name`).
    pub(crate) words: Vec<String>,
    /// What hashing costs.
    pub(crate) argon2: Argon2,
}

/// Which passwords are known to be stolen.
#[derive(Debug)]
pub(crate) enum Breached {
    /// `embedded`: the filter in the program.
    Embedded,
    /// `off`
    Off,
    /// `file:PATH`: a filter of your own.
    File(PathBuf),
    /// `api`, or where and how it is asked.
    Api(BreachedApi),
}

impl<'de> Deserialize<'de> for Breached {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = |text: &str| match text {
            "embedded" => Some(Self::Embedded),
            "off" => Some(Self::Off),
            "api" => Some(Self::Api(BreachedApi::default())),
            _ => text.strip_prefix("file:").map(|path| Self::File(PathBuf::from(path))),
        };
        word_or(
            deserializer,
            "`embedded`, `off`, `file:PATH`, `api` or a mapping with `api`",
            word,
            Self::Api,
        )
    }
}

/// Who is asked whether a password was stolen.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BreachedApi {
    /// Its URL.
    pub(crate) api: Option<String>,
    /// How long it may take.
    pub(crate) timeout: Option<Span>,
    /// What an answer that does not come means.
    pub(crate) on_error: Option<OnError>,
}

/// See [`BreachedApi::on_error`].
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnError {
    /// The password is taken.
    Allow,
    /// It is refused.
    Refuse,
}

/// What hashing a password costs (RFC 9106).
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Argon2 {
    /// Memory; default 19 MiB.
    pub(crate) memory: Option<Size>,
    /// Passes over it; default 2.
    pub(crate) passes: Option<u32>,
    /// Lanes; default 1.
    pub(crate) lanes: Option<u32>,
    /// Threads that hash; default: the machine's cores.
    pub(crate) workers: Option<u32>,
    /// How many may wait; default 64.
    pub(crate) queue: Option<u32>,
}

/// Who may have an account.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Accounts {
    /// Who may make one; default `open` in a mock.
    pub(crate) sign_up: Option<SignUp>,
    /// What people sign in with, and choose at sign-up; default `either`. Who has only the other signs in with that.
    pub(crate) names: Option<Names>,
    /// What Basic takes; default `passwords` in a mock.
    pub(crate) basic: Option<BasicTakes>,
}

/// See [`Accounts::sign_up`].
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SignUp {
    /// Everybody.
    Open,
    /// Who was invited.
    Invitation,
    /// Nobody.
    Closed,
}

/// See [`Accounts::names`].
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Names {
    /// An address.
    Email,
    /// A name.
    Name,
    /// One of both.
    Either,
}

/// See [`Accounts::basic`].
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BasicTakes {
    /// Passwords made for one app.
    AppPasswords,
    /// The account's own.
    Passwords,
    /// Nothing.
    Off,
}

/// What else than a password signs in.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Factors {
    /// Passkeys (WebAuthn).
    pub(crate) passkeys: Passkeys,
    /// Codes of an app (RFC 6238); default true.
    pub(crate) totp: Option<bool>,
    /// Codes by mail; default true.
    pub(crate) email_code: Option<bool>,
    /// What everybody must have; default `none`.
    pub(crate) required: Option<Required>,
}

/// See [`Factors::required`].
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Required {
    /// A password will do.
    None,
    /// Any second factor.
    Any,
    /// A passkey.
    Passkey,
}

/// Which passkeys are taken.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Passkeys {
    /// Whether the person must be verified; default `required`.
    pub(crate) verification: Option<Verification>,
    /// Whether the maker is asked for; default `none`.
    pub(crate) attestation: Option<Attestation>,
    /// The makes (AAGUID) that are taken, with `attestation: direct`; none written: all.
    pub(crate) aaguids: Vec<String>,
    /// A file with certificates as PEM: the makers whose word is taken, with `attestation: direct`; not written:
    /// anybody's.
    pub(crate) roots: Option<String>,
    /// Other sites that share them.
    pub(crate) related_origins: Vec<String>,
}

/// See [`Passkeys::verification`].
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verification {
    /// Always.
    Required,
    /// Where it can be.
    Preferred,
}

/// See [`Passkeys::attestation`].
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Attestation {
    /// No.
    None,
    /// Yes.
    Direct,
}

/// A way back into an account.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Recovery {
    /// By mail.
    Email,
    /// By codes that were written down.
    Codes,
}

/// API keys.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Keys {
    /// What they begin with; default `lk`.
    pub(crate) prefix: Option<String>,
    /// How long they live; default 90d.
    pub(crate) expires: Option<Life>,
    /// How long before their end users are told by mail of keys of theirs; `serve` alone; default 7d, `0s`: never.
    pub(crate) remind: Option<Span>,
    /// Who may report keys that were found in public, by their names: a path or URL of their public keys; `serve` alone.
    pub(crate) partners: BTreeMap<String, String>,
}
