use std::{collections::BTreeSet, sync::Arc};

use crate::{ScopeSet, Timestamp};

/// What sort of being a principal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A person (in a mock: a persona).
    User,
    /// A client that acts for itself (client credentials).
    Client,
    /// The holder of an API key.
    Key,
}

/// Who a verified credential stands for, with everything that a decision may ask about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// User, client or key.
    pub kind: Kind,
    /// The subject: a persona's name, a client's id, or `sub` of another issuer's token.
    pub subject: Arc<str>,
    /// The client that the credential was issued to, where there is one.
    pub client: Option<Arc<str>>,
    /// What the credential may do.
    pub scopes: ScopeSet,
    /// Roles that the principal has.
    pub roles: BTreeSet<String>,
    /// Its subscription tier.
    pub plan: Option<Arc<str>>,
    /// How it signed in (`acr`, OpenID Connect Core 2).
    pub acr: Option<Arc<str>>,
    /// When it signed in, by the sandbox's clock; `None` where the credential tells nothing of it.
    pub signed_in_at: Option<Timestamp>,
}
