use std::{collections::BTreeSet, time::Duration};

use model::ScopeSet;

use crate::{Policy, SchemeId};

/// What an operation demands: any one of the alternatives (OR), of which each demand must hold (AND)
/// (OpenAPI 3.1.1 4.8.30), and beyond that the [`Rules`] that OpenAPI has no word for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirement {
    /// In the document's order. None at all: the operation is public (`security: []`, or no `security`
    /// anywhere).
    pub alternatives: Vec<Alternative>,
    /// What `x-lobby` or `operations:` add.
    pub rules: Rules,
}

/// Schemes that must all hold. No demands is OpenAPI's `{}`: it holds without any credential.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alternative {
    /// In the document's order.
    pub demands: Vec<Demand>,
}

/// One scheme with what is asked of its credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// Which scheme.
    pub scheme: SchemeId,
    /// Scopes that the credential must have, all of them.
    pub scopes: ScopeSet,
    /// Roles that the principal must have, all of them: the list of a scheme that has no scopes
    /// (OpenAPI 3.1: "a list of role names").
    pub roles: BTreeSet<String>,
}

/// What OpenAPI has no word for: from `x-lobby` in the document, replaced key by key by `operations:` in
/// lobby.yaml.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// The principal must have one of these; none written: any.
    pub roles: BTreeSet<String>,
    /// The principal's plan must be one of these; none written: any.
    pub plans: BTreeSet<String>,
    /// The sign-in may be no older than this (RFC 9470).
    pub max_age: Option<Duration>,
    /// The sign-in must have been of this class (RFC 9470).
    pub acr: Option<String>,
    /// A comparison that must be true.
    pub policy: Option<Policy>,
}

impl Rules {
    /// These rules, with every one that `over` has written in its place.
    #[must_use]
    pub fn overlaid(&self, over: &Self) -> Self {
        let set = |own: &BTreeSet<String>, over: &BTreeSet<String>| {
            if over.is_empty() { own.clone() } else { over.clone() }
        };
        Self {
            roles: set(&self.roles, &over.roles),
            plans: set(&self.plans, &over.plans),
            max_age: over.max_age.or(self.max_age),
            acr: over.acr.clone().or_else(|| self.acr.clone()),
            policy: over.policy.clone().or_else(|| self.policy.clone()),
        }
    }
}

impl Requirement {
    /// Whether nothing at all is collected or demanded.
    pub fn is_public(&self) -> bool {
        self.alternatives.is_empty()
    }

    /// Whether an alternative holds without a credential (`{}`).
    pub fn is_optional(&self) -> bool {
        self.alternatives.iter().any(|alternative| alternative.demands.is_empty())
    }

    /// Every scheme that is named, each once, in the document's order.
    pub fn schemes(&self) -> impl Iterator<Item = SchemeId> {
        let mut seen = Vec::new();
        let demands = self.alternatives.iter().flat_map(|alternative| &alternative.demands);
        demands.filter_map(move |demand| {
            let first = !seen.contains(&demand.scheme);
            seen.push(demand.scheme);
            first.then_some(demand.scheme)
        })
    }
}
