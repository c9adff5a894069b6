//! `personas:` and `plans:`

use std::collections::BTreeMap;

use serde::Deserialize;

use super::value::{OneOrMany, Placed, Quota, Rate};

/// A named principal of a mock. Nothing here is a secret: no real backend trusts a mock's realm.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Persona {
    /// Default `<name>-password`.
    pub(crate) password: Option<String>,
    /// Key or cookie value by scheme; default `<name>-<scheme>-key`.
    pub(crate) keys: BTreeMap<String, String>,
    /// Its roles.
    pub(crate) roles: Vec<String>,
    /// Its scopes.
    pub(crate) scopes: OneOrMany,
    /// Its subscription tier.
    pub(crate) plan: Option<Placed<String>>,
    /// Claims of its tokens and user info, over the made-up ones.
    pub(crate) claims: serde_json::Map<String, serde_json::Value>,
    /// Whether it is suspended.
    pub(crate) disabled: bool,
    /// A scenario that all its requests are in.
    pub(crate) scenario: Option<Placed<String>>,
    /// Whether it has an app that shows codes.
    pub(crate) totp: Option<bool>,
    /// Whether it has a passkey.
    pub(crate) passkey: Option<bool>,
}

/// A subscription tier.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Plan {
    /// So many calls: `60/min`.
    pub(crate) limits: Option<Rate>,
    /// So many calls in a longer time: `10000/month`.
    pub(crate) quota: Option<Quota>,
    /// Scopes that principals of this plan have at most; none written: no bound.
    pub(crate) scopes: OneOrMany,
}
