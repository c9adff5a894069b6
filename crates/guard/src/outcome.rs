use std::{collections::BTreeSet, sync::Arc};

use model::Principal;

use crate::{Charged, Denial, Hash, Token, Trace};

/// What came out of a decision.
#[derive(Debug)]
pub struct Outcome {
    /// Whether the request may pass.
    pub verdict: Verdict,
    /// Who it was, proven, also when it was denied.
    pub proven: Option<Arc<Principal>>,
    /// What the counters said, for `RateLimit` and `RateLimit-Policy`; empty where none was asked.
    pub charged: Charged,
    /// A token that was verified just now, under the hash of its text: worth keeping for
    /// [`crate::Lookup::Token`].
    pub fresh: Option<(Hash, Arc<Token>)>,
    /// The steps, where they were asked for.
    pub trace: Option<Trace>,
}

/// Whether a request may pass.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// It may.
    Allow(Admission),
    /// It may not.
    Deny(Denial),
}

/// The right to pass. Only a decision makes one.
#[derive(Debug, Clone)]
pub struct Admission {
    principal: Option<Arc<Principal>>,
    token: Option<Arc<Token>>,
    plan: Option<Arc<str>>,
    roles: Option<Arc<BTreeSet<String>>>,
}

impl Verdict {
    /// `allow`, or the denial's code.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Allow(_) => "allow",
            Self::Deny(denial) => denial.code().as_str(),
        }
    }

    /// What a scenario makes of it: its own denial, whatever was true. There is no way back to an allow.
    pub fn replaced_by(self, denial: Denial) -> Self {
        Self::Deny(denial)
    }
}

impl Admission {
    pub(crate) fn anonymous() -> Self {
        Self { principal: None, token: None, plan: None, roles: None }
    }

    pub(crate) fn of(
        principal: Option<Arc<Principal>>,
        token: Option<Arc<Token>>,
        plan: Option<Arc<str>>,
        roles: Option<Arc<BTreeSet<String>>>,
    ) -> Self {
        Self { principal, token, plan, roles }
    }

    /// Who passes; `None` where nobody had to say.
    pub fn principal(&self) -> Option<&Arc<Principal>> {
        self.principal.as_ref()
    }

    /// The token that was verified, if it was by a JWT.
    pub fn token(&self) -> Option<&Arc<Token>> {
        self.token.as_ref()
    }

    /// Under which plan: the credential's, else the account's.
    pub fn plan(&self) -> Option<&str> {
        self.plan.as_deref()
    }

    /// With which roles: the credential's, else the account's.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        let own = self.principal.as_ref().map(|principal| &principal.roles).filter(|roles| !roles.is_empty());
        own.or(self.roles.as_deref()).into_iter().flatten().map(String::as_str)
    }
}

impl PartialEq for Admission {
    fn eq(&self, other: &Self) -> bool {
        self.principal == other.principal && self.plan == other.plan && self.roles == other.roles
    }
}

impl Eq for Admission {}
