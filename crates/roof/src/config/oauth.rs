//! `tokens:`, `oauth:`, `clients:` and `sessions:`

use serde::Deserialize;

use super::value::{OneOrMany, Placed, SecretReference, Span};

/// How long credentials live, and how they are signed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Tokens {
    /// Access tokens; default 10m.
    pub(crate) access: Option<Span>,
    /// Refresh tokens; default 30d.
    pub(crate) refresh: Option<Span>,
    /// ID tokens; default 10m.
    pub(crate) id: Option<Span>,
    /// Authorization codes; default 60s.
    pub(crate) code: Option<Span>,
    /// Device codes; default 10m.
    pub(crate) device: Option<Span>,
    /// Pushed authorization requests; default 60s.
    pub(crate) par: Option<Span>,
    /// How long a used refresh token still gives its successor; default 10s.
    pub(crate) reuse_grace: Option<Span>,
    /// `ES256` (default), `RS256`, `PS256`, `EdDSA`, …
    pub(crate) algorithm: Option<Placed<String>>,
}

/// What the authorization server demands.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Oauth {
    /// `required` (default) or `optional`.
    pub(crate) pkce: Option<Pkce>,
    /// The grants it offers; default: all but implicit and password, which a mock offers when declared.
    pub(crate) grants: Option<Vec<Placed<String>>>,
    /// Sender-constrained tokens (RFC 9449).
    pub(crate) dpop: Dpop,
}

/// Proof keys for code exchange (RFC 7636).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Pkce {
    /// No challenge, no code.
    Required,
    /// Checked when sent.
    Optional,
}

/// Sender-constrained tokens.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Dpop {
    /// Whether proofs must carry a nonce of ours: `on` or `off`.
    pub(crate) nonce: Switch,
    /// Whether every token must be bound.
    pub(crate) required: bool,
}

/// On or off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Switch {
    /// `on`
    On,
    /// `off`
    #[default]
    Off,
}

/// A registered client.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Client {
    /// What it authenticates with.
    pub(crate) secret: Option<SecretReference>,
    /// Whether it has nothing to authenticate with.
    pub(crate) public: bool,
    /// Where a code may be sent.
    pub(crate) redirects: Vec<String>,
    /// Grants that it may use; none written: everything that the server offers.
    pub(crate) grants: Vec<Placed<String>>,
    /// Scopes that it may ask for; none written: all.
    pub(crate) scopes: OneOrMany,
    /// Overrides `oauth.pkce`.
    pub(crate) pkce: Option<Pkce>,
    /// `ask` (default) or `skip`.
    pub(crate) consent: Option<Consent>,
    /// The name that people see.
    pub(crate) name: Option<String>,
    /// Where people find it.
    pub(crate) home: Option<String>,
    /// Where a browser may be sent after sign-out.
    pub(crate) logout_redirects: Vec<String>,
    /// Its public keys, for `private_key_jwt`: a file beside lobby.yaml.
    pub(crate) jwks: Option<String>,
    /// Whether its tokens must be bound by DPoP.
    pub(crate) dpop: bool,
}

/// Whether a person is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Consent {
    /// Once for each new scope.
    Ask,
    /// Never.
    Skip,
}

/// How long a sign-in lasts.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Sessions {
    /// Without use; default 8h.
    pub(crate) idle: Option<Span>,
    /// At most; default 14d.
    pub(crate) absolute: Option<Span>,
    /// How long a device is known after it; default 30d.
    pub(crate) remember_device: Option<Span>,
}
