use std::collections::{BTreeMap, BTreeSet};

use model::ScopeSet;

use crate::{
    Demand, Operation, SchemeKind,
    lint::{
        Lint,
        findings::{Cause, Findings},
        place,
        subject::{changes, is_entrance, is_safe, words},
    },
    problems::quoted,
};

/// What scopes are for, and whether they tell anything apart.
pub(crate) fn look(findings: &mut Findings<'_>) {
    for operation in findings.contract.operations().iter().filter(|operation| changes(operation)) {
        for_changes(operation, findings);
    }
    if !broad(findings) {
        same(findings);
    }
    unused(findings);
}

fn for_changes<'a>(operation: &'a Operation, findings: &mut Findings<'a>) {
    let rules = &operation.requirement.rules;
    let narrowed = !rules.roles.is_empty() || rules.policy.is_some() || !rules.plans.is_empty();
    for (index, alternative) in operation.requirement.alternatives.iter().enumerate() {
        for demand in &alternative.demands {
            let Some(scheme) = findings.contract.scheme(demand.scheme) else { continue };
            let cause = Cause { alternative: Some(index), scheme: Some(scheme) };
            let SchemeKind::OAuth2 { flows } = &scheme.kind else { continue };
            let has_scopes = flows.iter().any(|flow| !flow.scopes.is_empty());
            // A second scheme beside it may be what narrows it.
            let alone =
                alternative.demands.iter().all(|demand| demand.scopes.is_empty() && demand.roles.is_empty());
            if alone && has_scopes && !narrowed && !is_entrance(operation) {
                findings.required(Lint::ScopeNone, operation, cause, |scheme, subject| {
                    format!("any token of {scheme}, whatever its scopes, can change something with {subject}")
                });
            }
        }
        let scopes = || alternative.demands.iter().flat_map(|demand| demand.scopes.iter());
        if scopes().next().is_some() && scopes().all(|scope| is_for_reading(scope.as_str())) && !narrowed {
            let demand = alternative.demands.iter().find(|demand| !demand.scopes.is_empty());
            let scheme = demand.and_then(|demand| findings.contract.scheme(demand.scheme));
            let cause = Cause { alternative: Some(index), scheme };
            findings.required(Lint::ScopeReadChanges, operation, cause, |_, subject| {
                format!("a scope that is named after reading allows a change with {subject}")
            });
        }
    }
}

/// Whether a scope is named after reading and after nothing else: `books:read`, `read-only`.
fn is_for_reading(scope: &str) -> bool {
    let words = words(scope);
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    has(&["read", "readonly", "reader", "view", "viewer", "list"])
        && !has(&[
            "write",
            "readwrite",
            "edit",
            "manage",
            "admin",
            "create",
            "delete",
            "update",
            "modify",
            "all",
            "full",
        ])
}

fn demands(operation: &Operation) -> impl Iterator<Item = &Demand> {
    let demands = operation.requirement.alternatives.iter().flat_map(|alternative| &alternative.demands);
    demands.filter(|demand| !demand.scopes.is_empty())
}

/// One scope for reading and changing alike, in the whole document.
fn broad(findings: &mut Findings<'_>) -> bool {
    let operations = findings.contract.operations();
    let with: Vec<&Operation> =
        operations.iter().filter(|operation| demands(operation).next().is_some()).collect();
    let scopes: BTreeSet<&str> = with
        .iter()
        .copied()
        .flat_map(demands)
        .flat_map(|demand| demand.scopes.iter())
        .map(model::Scope::as_str)
        .collect();
    let mut all = scopes.iter();
    let (Some(only), None) = (all.next(), all.next()) else { return false };
    let reads = with.iter().any(|operation| is_safe(operation));
    if with.len() < 4 || !reads || !with.iter().any(|operation| changes(operation)) {
        return false;
    }
    let message = format!(
        "the scope {} is all that {} operations ask for, to read and to change",
        quoted(only),
        with.len()
    );
    let scheme = with.first().and_then(|first| demands(first).next()).map(|demand| demand.scheme);
    let scheme = scheme.and_then(|id| findings.contract.scheme(id));
    let place = with.first().and_then(|first| {
        let security = place::own_security(findings.contract, first)
            .or_else(|| place::root_security(findings.contract))?;
        Some(place::demand(security, None, scheme))
    });
    findings.add(Lint::ScopeBroad, || place, message);
    true
}

/// Reading and changing one thing for the same scopes.
fn same(findings: &mut Findings<'_>) {
    let mut readers: BTreeMap<(&str, u16), Vec<(&ScopeSet, &Operation)>> = BTreeMap::new();
    for operation in findings.contract.operations().iter().filter(|operation| is_safe(operation)) {
        for demand in demands(operation) {
            let thing = (operation.template.text.as_str(), demand.scheme.0);
            readers.entry(thing).or_default().push((&demand.scopes, operation));
        }
    }
    for operation in findings.contract.operations().iter().filter(|operation| changes(operation)) {
        let rules = &operation.requirement.rules;
        if !rules.roles.is_empty() || rules.policy.is_some() {
            continue;
        }
        for demand in demands(operation) {
            let there = readers.get(&(operation.template.text.as_str(), demand.scheme.0));
            let alike = there.into_iter().flatten().find(|(scopes, _)| **scopes == demand.scopes);
            let narrow = !demand.scopes.iter().all(|scope| is_for_reading(scope.as_str()));
            let Some((scopes, reader)) = alike.filter(|_| narrow) else { continue };
            let message = format!(
                "{} changes and {} reads, and both ask for {}",
                quoted(&operation.name),
                quoted(&reader.name),
                quoted(&scopes.to_string())
            );
            let contract = findings.contract;
            findings.add(Lint::ScopeSame, || place::operation(contract, operation), message);
            break;
        }
    }
}

fn unused(findings: &mut Findings<'_>) {
    let contract = findings.contract;
    for scheme in contract.schemes() {
        let SchemeKind::OAuth2 { flows } = &scheme.kind else { continue };
        let asked: BTreeSet<&str> = contract
            .operations()
            .iter()
            .flat_map(demands)
            .flat_map(|demand| demand.scopes.iter())
            .map(model::Scope::as_str)
            .collect();
        let required = contract
            .operations()
            .iter()
            .any(|operation| operation.requirement.schemes().any(|id| id == scheme.id));
        // Of a scheme that nobody asks for, that is what is said.
        if !required {
            continue;
        }
        let mut told = BTreeSet::new();
        for flow in flows {
            for scope in flow.scopes.keys().map(String::as_str) {
                if asked.contains(scope) || model::Scope::OPENID.contains(&scope) || !told.insert(scope) {
                    continue;
                }
                let message = format!("no operation asks for the scope {}", quoted(scope));
                findings.add(Lint::ScopeUnused, || place::scope(contract, scheme, flow.kind, scope), message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_for_reading_only_where_its_words_say_so_alone() {
        for scope in
            ["books:read", "read", "books.readonly", "viewer", "https://www.example.com/auth/drive.readonly"]
        {
            assert!(is_for_reading(scope), "{scope}");
        }
        for scope in ["books:write", "read:write", "bread", "readwrite.all", "user", "listing", "read_all"] {
            assert!(!is_for_reading(scope), "{scope}");
        }
    }
}
