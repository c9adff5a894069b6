use model::{ScopeSet, Timestamp};
use serde::{Deserialize, Serialize};

/// What somebody allowed a client to do: what a code, a refresh token or a device code stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The client that it was given to.
    pub client: String,
    /// The account that gave it, by name.
    pub account: String,
    /// Its scopes.
    pub scopes: ScopeSet,
    /// Audiences of access tokens.
    pub audience: Vec<String>,
    /// The session in which it was given.
    pub sid: Option<String>,
    /// `auth_time` for the client: the earlier of the real clock and the sandbox's.
    pub auth_time: Timestamp,
    /// When the account signed in, by the sandbox's clock.
    pub signed_in_at: Timestamp,
    /// How it signed in (OpenID Connect Core 2).
    pub acr: String,
    /// With which methods (RFC 8176).
    pub methods: Vec<String>,
    /// `nonce` of the request, for the ID token.
    pub nonce: Option<String>,
    /// Claims that were asked for by name for the ID token (OpenID Connect Core 5.5).
    pub id_token_claims: Vec<String>,
    /// Claims that were asked for by name at user info.
    pub userinfo_claims: Vec<String>,
    /// Thumbprint of the key that codes and refresh tokens are bound to (RFC 9449 5 and 10).
    pub thumbprint: Option<String>,
    /// SHA-256 of the certificate that refresh tokens are bound to, in base64url (RFC 8705 4).
    pub certificate: Option<String>,
}
