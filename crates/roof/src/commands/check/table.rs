//! Operation × requirement × persona, with the verdict that each would get.

use std::sync::Arc;

use comfy_table::{Table, presets};
use contract::{Alternative, Contract, Operation, Requirement, report::escaped};
use gateway::of_account;
use guard::{Foresight, State, foresee};
use identity::Account;
use model::{Kind, Principal, Timestamp, format_duration};
use serde_json::{Value, json};

/// One operation of one document.
pub(crate) struct Row {
    file: String,
    operation: String,
    method: String,
    path: String,
    requirement: String,
    /// Persona, and its verdict: `allow`, or the denial's code.
    verdicts: Vec<(String, &'static str)>,
}

/// What every persona would get of every operation, with genuine and fresh credentials for all its schemes.
pub(crate) fn rows(file: &str, api: &gateway::Api, personas: &[Arc<Account>], now: Timestamp) -> Vec<Row> {
    let people: Vec<(String, Arc<Principal>, State)> =
        personas.iter().map(|account| person(account, now)).collect();
    let row = |operation: &Operation| Row {
        file: file.to_owned(),
        operation: operation.name.to_string(),
        method: operation.method.to_string(),
        path: operation.template.text.clone(),
        requirement: requirement(&operation.requirement, &api.contract),
        verdicts: people
            .iter()
            .map(|(name, principal, state)| {
                let foresight = Foresight {
                    contract: &api.contract,
                    operation,
                    principal,
                    state,
                    settings: &api.guarding,
                    now,
                };
                (name.clone(), foresee(&foresight).as_str())
            })
            .collect(),
    };
    api.contract.operations().iter().map(row).collect()
}

fn person(account: &Account, now: Timestamp) -> (String, Arc<Principal>, State) {
    let principal = Principal { signed_in_at: Some(now), ..of_account(account, Kind::User) };
    let state = State {
        disabled: account.disabled,
        plan: principal.plan.clone(),
        roles: Some(account.roles.clone()),
        ..State::default()
    };
    (account.name.clone(), Arc::new(principal), state)
}

/// A requirement in one line: `oauth (books:read) or badge; role admin`.
fn requirement(requirement: &Requirement, contract: &Contract) -> String {
    if requirement.is_public() {
        return "public".to_owned();
    }
    let alternatives: Vec<String> =
        requirement.alternatives.iter().map(|alternative| one(alternative, contract)).collect();
    let mut parts = vec![alternatives.join(" or ")];
    let rules = &requirement.rules;
    let listed =
        |names: &std::collections::BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(" or ");
    if !rules.roles.is_empty() {
        parts.push(format!("role {}", listed(&rules.roles)));
    }
    if !rules.plans.is_empty() {
        parts.push(format!("plan {}", listed(&rules.plans)));
    }
    parts.extend(rules.max_age.map(|age| format!("sign-in within {}", format_duration(age))));
    parts.extend(rules.acr.as_ref().map(|acr| format!("acr {acr}")));
    parts.extend(rules.policy.as_ref().map(ToString::to_string));
    parts.join("; ")
}

fn one(alternative: &Alternative, contract: &Contract) -> String {
    let demands = alternative.demands.iter().map(|demand| {
        let name = contract.scheme(demand.scheme).map_or("?", |scheme| scheme.name.as_str());
        let scopes = demand.scopes.iter().map(model::Scope::as_str);
        let narrow: Vec<&str> = scopes.chain(demand.roles.iter().map(String::as_str)).collect();
        if narrow.is_empty() { name.to_owned() } else { format!("{name} ({})", narrow.join(" ")) }
    });
    let demands: Vec<String> = demands.collect();
    if demands.is_empty() { "nothing".to_owned() } else { demands.join(" and ") }
}

/// As a person reads it: one table for each document.
pub(crate) fn text(rows: &[Row]) -> String {
    let mut text = String::new();
    for rows in rows.chunk_by(|one, other| one.file == other.file) {
        let Some(first) = rows.first() else { continue };
        if !text.is_empty() {
            text.push('\n');
        }
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN);
        let personas = first.verdicts.iter().map(|(name, _)| name.as_str());
        table.set_header(
            [first.file.as_str(), "path", "requirement"].into_iter().chain(personas).map(escaped),
        );
        for row in rows {
            let place = format!("{} {}", row.method, row.path);
            let cells = [row.operation.as_str(), &place, &row.requirement].map(escaped);
            table.add_row(
                cells.into_iter().chain(row.verdicts.iter().map(|(_, verdict)| (*verdict).to_owned())),
            );
        }
        text.push_str(&table.to_string());
        text.push('\n');
    }
    text
}

/// As a program reads it.
pub(crate) fn json(rows: &[Row]) -> Value {
    let row = |row: &Row| {
        let verdicts: serde_json::Map<String, Value> =
            row.verdicts.iter().map(|(name, verdict)| (name.clone(), (*verdict).into())).collect();
        json!({
            "file": row.file,
            "operation": row.operation,
            "method": row.method,
            "path": row.path,
            "requirement": row.requirement,
            "verdicts": verdicts,
        })
    };
    Value::Array(rows.iter().map(row).collect())
}
