//! The scopes that there are, and those that somebody has by mistake.

use model::{Problem, Scope, ScopeSet};
use oauth::{ADMINISTER, DIRECT};

use crate::{
    config::value::OneOrMany,
    gather::{Footing, Gathering},
};

/// Every scope that a document asks for or declares.
pub(super) fn everything(gathering: &Gathering) -> ScopeSet {
    let mut scopes = ScopeSet::new();
    for contract in gathering.apis.iter().map(|gathered| &gathered.contract) {
        let declared = contract.scopes().keys().filter_map(|scope| scope.parse().ok());
        scopes = scopes.joined(&declared.collect());
        for operation in contract.operations() {
            let alternatives = &operation.requirement.alternatives;
            for demand in alternatives.iter().flat_map(|alternative| &alternative.demands) {
                scopes = scopes.joined(&demand.scopes);
            }
        }
    }
    scopes.of_apis()
}

/// Scopes of personas, plans and clients that no document has.
pub(super) fn check(gathering: &Gathering, problems: &mut Vec<Problem>) {
    let config = &gathering.config;
    let mut known = everything(gathering);
    if gathering.footing == Footing::Production {
        known =
            known.joined(&[ADMINISTER, DIRECT].into_iter().filter_map(|scope| scope.parse().ok()).collect());
    }
    let personas = config.personas.iter().map(|(name, it)| (["personas", name.as_str()], &it.scopes));
    let plans = config.plans.iter().map(|(name, it)| (["plans", name.as_str()], &it.scopes));
    let clients = config.clients.iter().map(|(name, it)| (["clients", name.as_str()], &it.scopes));
    for ([section, name], written) in personas.chain(plans).chain(clients) {
        unknown(gathering, [section, name, "scopes"], written, &known, problems);
    }
}

fn unknown(
    gathering: &Gathering,
    path: [&str; 3],
    written: &OneOrMany,
    known: &ScopeSet,
    problems: &mut Vec<Problem>,
) {
    let Some(file) = gathering.written.as_ref().filter(|_| !gathering.apis.is_empty()) else { return };
    for (index, item) in written.0.iter().enumerate() {
        // What is no scope at all is told elsewhere; those of OpenID Connect are everyone's, and of no document.
        let Ok(asked) = item.parse::<ScopeSet>() else { continue };
        for scope in known.lacking(&asked.of_apis()).iter() {
            let near = known.iter().map(Scope::as_str);
            let help = super::near(scope.as_str(), near, "no document declares any");
            let index = index.to_string();
            let path = [path.as_slice(), &[&index]].concat();
            let message = format!("no document has the scope `{scope}`");
            problems.push(file.value_problem(&path, message, Some(help)));
        }
    }
}
