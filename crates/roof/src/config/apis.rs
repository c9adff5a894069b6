//! `apis:`

use std::collections::BTreeMap;

use model::ScopeSet;
use serde::Deserialize;

use super::value::{OneOrMany, Placed, Rate, SecretReference, Span};

/// One API.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Api {
    /// Path or URL of its OpenAPI document; paths are relative to lobby.yaml.
    pub(crate) contract: Placed<String>,
    /// `mock`. A URL is a real backend, which `lobby mock` does not forward to.
    #[serde(default = "mock_backend")]
    pub(crate) backend: Placed<String>,
    /// The base path; default: the paths of the document's `servers`.
    pub(crate) base: Option<Placed<String>>,
    /// What its access tokens are for (`aud`); default `<issuer>/<name>`.
    #[serde(default)]
    pub(crate) audience: OneOrMany,
    /// `verify`, `presence` or `off`.
    #[serde(default)]
    pub(crate) auth: Auth,
    /// Whether requests are held against the document: `off`, `warn` or `strict`.
    #[serde(default)]
    pub(crate) validate: Validate,
    /// What generated values look like: `realistic` or `plain`.
    #[serde(default)]
    pub(crate) values: Values,
    /// Whether answers are generated even where the document has an example.
    #[serde(default)]
    pub(crate) dynamic: bool,
    /// What generated values are drawn with: the same seed, the same answers.
    #[serde(default)]
    pub(crate) seed: u64,
    /// Whom browsers may call this API for; default: everybody.
    pub(crate) cors: Option<Cors>,
    /// Others whose tokens are believed, besides ours.
    #[serde(default)]
    pub(crate) issuers: Vec<Issuer>,
    /// What OpenAPI has no word for, by operation.
    #[serde(default)]
    pub(crate) operations: BTreeMap<String, Placed<Rules>>,
    /// How challenges are written.
    #[serde(default)]
    pub(crate) challenge: Challenge,
}

fn mock_backend() -> Placed<String> {
    let nowhere = serde_saphyr::Location::UNKNOWN;
    Placed::new("mock".to_owned(), nowhere, nowhere)
}

/// How strictly credentials are judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Auth {
    /// Really: signature, times, audience, scopes.
    #[default]
    Verify,
    /// Something well-formed must be there, as other mocks do.
    Presence,
    /// Nothing is asked for.
    Off,
}

/// How strictly requests are held against the document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Validate {
    /// Not at all.
    Off,
    /// Problems are told in a header.
    Warn,
    /// An invalid request is refused.
    #[default]
    Strict,
}

/// What generated values look like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Values {
    /// A name looks like a name.
    #[default]
    Realistic,
    /// `"string"`, `0`, `true`.
    Plain,
}

/// Whom browsers may call for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cors {
    /// Origins, as `https://app.example.com`.
    pub(crate) origins: Vec<String>,
    /// Whether cookies and credentials may go along.
    #[serde(default = "yes")]
    pub(crate) credentials: bool,
}

fn yes() -> bool {
    true
}

/// Another issuer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Issuer {
    /// Its `iss`; where neither `jwks` nor `secret` is given, also where its keys are discovered.
    pub(crate) url: Placed<String>,
    /// Its key set: a file beside lobby.yaml, or a URL.
    pub(crate) jwks: Option<String>,
    /// The secret that it signs with (HS256 …).
    pub(crate) secret: Option<SecretReference>,
    /// What its tokens are for; default: the API's audience.
    #[serde(default)]
    pub(crate) audience: OneOrMany,
    /// What it may sign with; default: the algorithms that its keys are for.
    #[serde(default)]
    pub(crate) algorithms: Vec<Placed<String>>,
    /// The `typ` of its access tokens; default `at+jwt`, `JWT` or none.
    pub(crate) typ: Option<String>,
    /// How far its clock may be off; default 0s in a mock.
    pub(crate) leeway: Option<Span>,
}

/// What an operation demands beyond the document.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Rules {
    /// One of these roles.
    pub(crate) roles: Vec<String>,
    /// One of these plans.
    pub(crate) plans: Vec<String>,
    /// A sign-in no older than this.
    pub(crate) max_age: Option<Span>,
    /// A sign-in of this class.
    pub(crate) acr: Option<String>,
    /// A comparison, as `principal.sub == path.userId`.
    pub(crate) policy: Option<Placed<String>>,
    /// So many calls of this operation for each principal.
    pub(crate) limits: Option<Rate>,
}

/// How challenges are written.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Challenge {
    /// `hidden` writes `xBasic`, so that a browser opens no window of its own.
    pub(crate) basic: BasicChallenge,
}

/// See [`Challenge::basic`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BasicChallenge {
    /// `Basic`
    #[default]
    Shown,
    /// `xBasic`
    Hidden,
}

/// Scopes as people write them: a list, or one text with spaces.
pub(crate) fn scopes(written: &OneOrMany) -> Result<ScopeSet, model::ScopeError> {
    written.0.join(" ").parse()
}
