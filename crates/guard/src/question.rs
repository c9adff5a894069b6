use std::{collections::BTreeMap, sync::Arc, time::Duration};

use contract::{Contract, Operation, OperationId};
use http::Method;
use jose::jwt::Trust;
use model::Timestamp;

use crate::{Bounds, Collected, Plan};

/// Everything that a decision is about, but for what it has to ask.
#[derive(Debug)]
pub struct Question<'a> {
    /// The API.
    pub contract: &'a Contract,
    /// The operation that was matched.
    pub operation: &'a Operation,
    /// The path's parameters, decoded.
    pub captures: &'a [(&'a str, String)],
    /// The request's method: what a DPoP proof must name.
    pub method: &'a Method,
    /// Where the request went: what a DPoP proof must name.
    pub target: Target<'a>,
    /// The query as it came, without its `?`.
    pub query: Option<&'a str>,
    /// What was presented.
    pub collected: Collected<'a>,
    /// Whether somebody on the way could have read along, and it matters (verdicts.md,
    /// `transport.insecure`): not TLS, not loopback, not `--insecure`.
    pub exposed: bool,
    /// Whether the request carries anything that means to be a credential of the API
    /// ([`crate::carries_credential`]); only looked at when `exposed`.
    pub carries_credential: bool,
    /// Whose tokens are believed.
    pub issuers: &'a Issuers,
    /// How the API is guarded.
    pub settings: &'a Settings,
    /// The sandbox's time: what Lobby made is judged by it.
    pub now: Timestamp,
    /// The real time: what a client made is judged by it.
    pub real: Timestamp,
    /// Whether to keep a [`crate::Trace`].
    pub explain: bool,
}

/// A request's URL without query and fragment, in its parts (RFC 9449 4.2, `htu`).
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// `https`
    pub scheme: &'a str,
    /// `Host` or `:authority` as the client sent it.
    pub authority: &'a str,
    /// The path as the client sent it.
    pub path: &'a str,
}

/// Whose tokens are believed.
#[derive(Debug, Default)]
pub struct Issuers {
    /// What is accepted of each; our own come first.
    pub trusts: Vec<Trust>,
    /// How many of them are our own. Of these alone the claim `lobby_at` tells when somebody signed in; of
    /// others it is `auth_time`.
    pub ours: usize,
    /// Issuers that are believed, but whose keys cannot be had (`upstream.keys`).
    pub unavailable: Vec<String>,
}

impl Issuers {
    pub(crate) fn is_unavailable(&self, issuer: Option<&str>) -> bool {
        issuer.is_some_and(|issuer| self.unavailable.iter().any(|name| name == issuer))
    }
}

/// How strictly credentials are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Auth {
    /// Verified.
    #[default]
    Verify,
    /// Something well-formed is there (mocks only).
    Presence,
    /// Not at all (mocks only).
    Off,
}

/// How an API is guarded.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// How strictly.
    pub auth: Auth,
    /// Plans by name.
    pub plans: BTreeMap<Arc<str>, Plan>,
    /// Limits of single operations, with the name that `RateLimit` gives them.
    pub operations: BTreeMap<OperationId, (Arc<str>, Bounds)>,
    /// Proofs of possession.
    pub dpop: Dpop,
}

/// What is asked of DPoP proofs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dpop {
    /// Whether each must have a nonce of ours (RFC 9449 9).
    pub nonce: bool,
    /// Whether tokens that are bound to nothing are refused.
    pub required: bool,
    /// How old a proof may be.
    pub window: Duration,
    /// How far its clock may be ahead.
    pub leeway: Duration,
}

impl Default for Dpop {
    fn default() -> Self {
        Self {
            nonce: false,
            required: false,
            window: Duration::from_secs(60),
            leeway: Duration::from_secs(5),
        }
    }
}
