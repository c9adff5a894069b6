use std::sync::Arc;

use contract::{Alternative, Demand, SchemeId, SchemeKind};
use model::Kind;

use super::{
    Decision,
    slot::{Proven, Slot, Source, Standing},
};
use crate::{
    Admission, Auth, Cause, Denial, Finding, Forbidden, StepUp, Tried, Word,
    policy::{self, Sides},
};

/// Why a demand does not hold.
struct Lack {
    cause: Cause,
    tried: Option<Tried>,
}

/// The nearest denial so far.
#[derive(Default)]
struct Nearest(Option<Denial>);

impl Nearest {
    /// Takes what is nearer; of two that are as near, the first (verdicts.md, rule 4).
    fn offer(&mut self, denial: Denial) {
        let nearer = self.0.as_ref().is_none_or(|best| denial.cause.nearness() < best.cause.nearness());
        if nearer {
            self.0 = Some(denial);
        }
    }
}

impl Decision<'_> {
    /// Rules 3 and 4: the first alternative that holds, else the denial that came nearest.
    pub(super) fn weigh(&mut self) -> Result<Admission, Denial> {
        let requirement = self.question.operation.requirement.clone();
        let mut nearest = Nearest::default();
        for (at, alternative) in requirement.alternatives.iter().enumerate() {
            if alternative.demands.is_empty() {
                continue;
            }
            match self.weigh_alternative(at, alternative) {
                Ok(admission) => {
                    self.explain_alternative(at, None);
                    return Ok(admission);
                }
                Err(denial) => {
                    self.explain_alternative(at, Some(&denial));
                    nearest.offer(denial);
                }
            }
        }
        if requirement.is_optional() && !self.is_spoilt() {
            self.note("requirement", Finding::Good, || {
                "an alternative holds without a credential".to_owned()
            });
            return Ok(Admission::anonymous());
        }
        Err(nearest.0.unwrap_or_else(|| Denial::of(Cause::CredentialMissing)))
    }

    /// Whether a credential was presented that is bad in itself: then nobody is anonymous.
    fn is_spoilt(&self) -> bool {
        self.slots.iter().any(|slot| match &slot.standing {
            Standing::Failed { cause, .. } => cause.spoils_anonymity(),
            // Never weighed: fail closed.
            Standing::Presented => self.question.settings.auth == Auth::Verify,
            Standing::Proven(_) => false,
        })
    }

    fn weigh_alternative(&self, at: usize, alternative: &Alternative) -> Result<Admission, Denial> {
        let mut nearest = Nearest::default();
        let mut lacks = 0_usize;
        let mut certificate = None;
        for demand in &alternative.demands {
            if let Err(lack) = self.check(at, demand) {
                lacks += 1;
                if lack.cause == Cause::CertificateMissing {
                    certificate = Some(lack);
                } else {
                    nearest.offer(Denial { cause: lack.cause, tried: lack.tried });
                }
            }
        }
        if let Some(lack) = certificate {
            let cause = if lacks == 1 { Cause::CertificateMissing } else { Cause::CredentialMissing };
            nearest.offer(Denial { cause, tried: lack.tried });
        }
        if let Some(denial) = nearest.0 {
            return Err(denial);
        }
        if self.question.settings.auth == Auth::Presence {
            return Ok(Admission::anonymous());
        }
        let (proven, tried) = self.speaker(at, alternative).ok_or_else(|| Denial::of(Cause::Fault))?;
        self.check_rules(proven).map_err(|cause| {
            // Only a token's challenge can ask for another sign-in (RFC 9470 3).
            let asks = matches!(cause, Cause::StepUp(_)) && !self.takes_tokens(tried.scheme);
            let asking = if asks { self.first_token_demand() } else { None };
            Denial { cause, tried: asking.or(Some(tried)) }
        })?;
        Ok(Admission::of(
            Some(proven.principal.clone()),
            proven.token.clone(),
            proven.plan().cloned(),
            proven.roles.clone(),
        ))
    }

    /// Whose request it is, where several credentials hold: a user's rather than a client's or a key's, then
    /// the first.
    fn speaker(&self, at: usize, alternative: &Alternative) -> Option<(&Proven, Tried)> {
        let proven = || {
            alternative.demands.iter().filter_map(|demand| {
                let slot = self.slot_of(demand.scheme)?;
                Some((slot.proven()?, tried(at, demand.scheme, slot)))
            })
        };
        proven().find(|(proven, _)| proven.principal.kind == Kind::User).or_else(|| proven().next())
    }

    fn check(&self, at: usize, demand: &Demand) -> Result<(), Lack> {
        let missing = |cause| Lack { cause, tried: None };
        let Some(slot) = self.slot_of(demand.scheme) else {
            let kind = self.question.contract.scheme(demand.scheme).map(|scheme| &scheme.kind);
            return Err(missing(match kind {
                Some(SchemeKind::MutualTls) => Cause::CertificateMissing,
                _ => Cause::CredentialMissing,
            }));
        };
        let lack = |cause| Lack { cause, tried: Some(tried(at, demand.scheme, slot)) };
        let proven = match &slot.standing {
            Standing::Proven(proven) => proven,
            // Whose it is and whether it is trusted is not asked there; that it is well-formed is.
            Standing::Presented | Standing::Failed { cause: Cause::CertificateUntrusted, .. }
                if self.question.settings.auth == Auth::Presence =>
            {
                return Ok(());
            }
            Standing::Failed { cause, .. } => return Err(lack(cause.clone())),
            Standing::Presented => return Err(lack(Cause::Fault)),
        };
        let scopes = &proven.principal.scopes;
        if !scopes.covers(&demand.scopes) {
            return Err(lack(Cause::ScopeInsufficient { lacking: scopes.lacking(&demand.scopes) }));
        }
        if !demand.roles.is_subset(proven.roles()) {
            let needed = demand.roles.difference(proven.roles()).cloned().collect();
            return Err(lack(Cause::RoleForbidden { needed }));
        }
        let included = proven
            .plan()
            .and_then(|plan| self.question.settings.plans.get(plan))
            .and_then(|plan| plan.scopes.as_ref());
        match included {
            Some(included)
                if !demand
                    .scopes
                    .iter()
                    .all(|scope| scope.is_openid() || included.contains(scope.as_str())) =>
            {
                let lacking = included.lacking(&demand.scopes.of_apis());
                Err(lack(Cause::PolicyForbidden(Forbidden::PlanScopes { lacking })))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// What OpenAPI has no word for: what no repetition cures comes first, then what a sign-in cures.
    fn check_rules(&self, proven: &Proven) -> Result<(), Cause> {
        let rules = &self.question.operation.requirement.rules;
        if !rules.roles.is_empty() && rules.roles.is_disjoint(proven.roles()) {
            return Err(Cause::RoleForbidden { needed: rules.roles.clone() });
        }
        let plan = proven.plan().map(|plan| &**plan);
        if !rules.plans.is_empty() && !plan.is_some_and(|plan| rules.plans.contains(plan)) {
            return Err(Cause::PolicyForbidden(Forbidden::Plan { needed: rules.plans.clone() }));
        }
        if let Some(policy) = &rules.policy {
            let question = &self.question;
            let sides = Sides {
                principal: &proven.principal,
                plan,
                captures: question.captures,
                query: question.query,
            };
            if !policy::holds(policy, &sides) {
                return Err(Cause::PolicyForbidden(Forbidden::Policy(policy.to_string())));
            }
        }
        let weak = rules.acr.as_deref().is_some_and(|acr| proven.principal.acr.as_deref() != Some(acr));
        let old = rules.max_age.is_some_and(|max_age| {
            proven.principal.signed_in_at.is_none_or(|at| self.question.now.since(at) > max_age)
        });
        if weak || old {
            return Err(Cause::StepUp(StepUp { acr: rules.acr.clone(), max_age: rules.max_age }));
        }
        Ok(())
    }

    /// The credential that was presented for a scheme.
    fn slot_of(&self, scheme: SchemeId) -> Option<&Slot> {
        let kind = &self.question.contract.scheme(scheme)?.kind;
        self.slots.iter().find(|slot| match (kind, slot.source) {
            (SchemeKind::ApiKey { .. }, Source::Key { scheme: of, .. }) => of == scheme,
            (SchemeKind::Basic, Source::Basic)
            | (SchemeKind::MutualTls, Source::Certificate)
            | (
                SchemeKind::Bearer | SchemeKind::OAuth2 { .. } | SchemeKind::OpenIdConnect { .. },
                Source::Token { .. },
            ) => true,
            (
                SchemeKind::ApiKey { .. }
                | SchemeKind::Basic
                | SchemeKind::Bearer
                | SchemeKind::OAuth2 { .. }
                | SchemeKind::OpenIdConnect { .. }
                | SchemeKind::MutualTls
                | SchemeKind::Unmeetable { .. },
                Source::Token { .. } | Source::Basic | Source::Key { .. } | Source::Certificate,
            ) => false,
        })
    }

    pub(super) fn takes_tokens(&self, scheme: SchemeId) -> bool {
        self.question.contract.scheme(scheme).is_some_and(|scheme| {
            matches!(
                scheme.kind,
                SchemeKind::Bearer | SchemeKind::OAuth2 { .. } | SchemeKind::OpenIdConnect { .. }
            )
        })
    }

    fn explain_alternative(&mut self, at: usize, denial: Option<&Denial>) {
        if self.trace.is_none() {
            return;
        }
        let requirement = Arc::clone(&self.question.operation.requirement);
        let demands = requirement
            .alternatives
            .get(at)
            .map(|alternative| alternative.demands.as_slice())
            .unwrap_or_default();
        let named: Vec<String> = demands.iter().map(|demand| self.name(demand)).collect();
        let named = named.join(" and ");
        match denial {
            None => self.note("alternative", Finding::Good, || format!("{named} holds")),
            Some(denial) => {
                let words = format!("{named} does not hold: {}, {}", denial.code(), denial.cause.detail());
                self.note("alternative", Finding::Bad, || words);
            }
        }
    }

    fn name(&self, demand: &Demand) -> String {
        let name = self.question.contract.scheme(demand.scheme).map_or("?", |scheme| scheme.name.as_str());
        let mut asked: Vec<&str> = demand.scopes.iter().map(model::Scope::as_str).collect();
        asked.extend(demand.roles.iter().map(String::as_str));
        if asked.is_empty() { name.to_owned() } else { format!("{name} ({})", asked.join(", ")) }
    }
}

fn tried(alternative: usize, scheme: SchemeId, slot: &Slot) -> Tried {
    let word = match slot.source {
        Source::Token { word, .. } => word,
        Source::Basic | Source::Key { .. } | Source::Certificate => Word::Bearer,
    };
    Tried { scheme, alternative, word }
}
