use std::sync::Arc;

use contract::{Contract, Operand, Operation, SchemeKind};
use http::{HeaderMap, Method};
use model::{Principal, Timestamp};
use smallvec::SmallVec;

use super::{
    Decision, Stage,
    slot::{Proven, Slot, Source, Standing},
};
use crate::{Cause, Head, Issuers, Question, Settings, State, Target, Verdict, Word, collect};

/// Whose verdict is foreseen, on what.
#[derive(Debug, Clone, Copy)]
pub struct Foresight<'a> {
    /// The API.
    pub contract: &'a Contract,
    /// The operation.
    pub operation: &'a Operation,
    /// Who would ask, with every credential that the operation's schemes could want.
    pub principal: &'a Arc<Principal>,
    /// How the account stands.
    pub state: &'a State,
    /// How the API is guarded; limits are not looked at.
    pub settings: &'a Settings,
    /// When.
    pub now: Timestamp,
}

/// The verdict that a principal would get with genuine credentials for every scheme of an operation: what
/// `lobby check --table` shows. A policy about the path or the query is judged as if these named the
/// principal.
pub fn foresee(foresight: &Foresight<'_>) -> Verdict {
    let Foresight { contract, operation, principal, state, settings, now } = *foresight;
    let (headers, issuers, method) = (HeaderMap::new(), Issuers::default(), Method::GET);
    let policy = operation.requirement.rules.policy.as_ref();
    let sides = policy.into_iter().flat_map(|policy| [&policy.left, &policy.right]);
    let named: Vec<(&Operand, String)> = sides.map(|side| (side, principal.subject.to_string())).collect();
    let captures: SmallVec<[(&str, String); 2]> = named
        .iter()
        .filter_map(|(side, subject)| match side {
            Operand::Path(name) => Some((name.as_str(), subject.clone())),
            Operand::Query(_) | Operand::Subject | Operand::Client | Operand::Plan | Operand::Text(_) => None,
        })
        .collect();
    let query = named.iter().find_map(|(side, subject)| match side {
        Operand::Query(name) => Some(format!("{}={}", escaped(name), escaped(subject))),
        Operand::Path(_) | Operand::Subject | Operand::Client | Operand::Plan | Operand::Text(_) => None,
    });
    let mut decision = Decision::open(Question {
        contract,
        operation,
        captures: &captures,
        method: &method,
        target: Target { scheme: "https", authority: "", path: "" },
        query: query.as_deref(),
        collected: collect(contract, operation, &Head { headers: &headers, query: None, certificate: None }),
        exposed: false,
        carries_credential: false,
        issuers: &issuers,
        settings,
        now,
        real: now,
        explain: false,
    });
    if let Stage::Decided(verdict, _) = decision.stage {
        return verdict;
    }
    decision.slots = slots(foresight, state);
    decision.weigh().map_or_else(Verdict::Deny, Verdict::Allow)
}

/// A proven credential for each scheme of the operation.
fn slots(foresight: &Foresight<'_>, state: &State) -> SmallVec<[Slot; 2]> {
    let schemes = foresight.operation.requirement.schemes().filter_map(|id| foresight.contract.scheme(id));
    let sources = schemes.filter_map(|scheme| match scheme.kind {
        SchemeKind::ApiKey { .. } => Some(Source::Key { scheme: scheme.id, hash: [0; 32] }),
        SchemeKind::Basic => Some(Source::Basic),
        SchemeKind::Bearer | SchemeKind::OAuth2 { .. } | SchemeKind::OpenIdConnect { .. } => {
            Some(Source::Token { word: Word::Bearer, jwt: true, hash: [0; 32] })
        }
        SchemeKind::MutualTls => Some(Source::Certificate),
        SchemeKind::Unmeetable { .. } => None,
    });
    sources
        .map(|source| {
            let principal = foresight.principal.clone();
            let standing = if state.disabled {
                Standing::Failed { cause: Cause::AccountDisabled, known: Some(principal) }
            } else {
                Standing::Proven(Proven {
                    plan: state.plan.clone(),
                    roles: state.roles.clone(),
                    ..Proven::of(principal)
                })
            };
            Slot { source, standing }
        })
        .collect()
}

fn escaped(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
