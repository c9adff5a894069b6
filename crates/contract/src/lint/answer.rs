use crate::{
    Contract, Operation,
    lint::{
        Lint,
        findings::{Findings, Sentence},
    },
    source::view::View,
};

/// Whether clients are told what a denial looks like.
pub(crate) fn look(findings: &mut Findings<'_>) {
    undocumented(findings, Lint::Response401, "401", asks, |_, subject| {
        format!("a denial (401) is not documented for {subject}")
    });
    undocumented(findings, Lint::Response403, "403", may_forbid, |_, subject| {
        format!("a denial (403) is not documented for {subject}")
    });
}

/// Whether a request can come without a credential that suffices.
fn asks(operation: &Operation) -> bool {
    !operation.requirement.is_public() && !operation.requirement.is_optional()
}

/// Whether somebody who is known may be turned away.
fn may_forbid(operation: &Operation) -> bool {
    let requirement = &operation.requirement;
    let rules = &requirement.rules;
    let demands = requirement.alternatives.iter().flat_map(|alternative| &alternative.demands);
    let narrow = demands.into_iter().any(|demand| !demand.scopes.is_empty() || !demand.roles.is_empty());
    asks(operation)
        && (narrow || !rules.roles.is_empty() || !rules.plans.is_empty() || rules.policy.is_some())
}

/// More lacking ones than this are one finding.
const APART: usize = 3;

/// Where it is a habit it is told once; an oversight is told where it is.
fn undocumented(
    findings: &mut Findings<'_>,
    lint: Lint,
    status: &str,
    concerns: fn(&Operation) -> bool,
    sentence: Sentence,
) {
    let contract = findings.contract;
    let lacking: Vec<&Operation> = contract
        .operations()
        .iter()
        .filter(|operation| concerns(operation) && !documents(contract, operation, status))
        .collect();
    if lacking.len() > APART {
        findings.together(lint, &lacking, sentence);
    } else {
        for operation in lacking {
            findings.together(lint, &[operation], sentence);
        }
    }
}

/// By itself, by its class, or by `default`.
fn documents(contract: &Contract, operation: &Operation, status: &str) -> bool {
    let responses = contract.library.view(operation.at).and_then(|view| view.get("responses"));
    responses
        .into_iter()
        .flat_map(View::members)
        .any(|(key, _)| matches!(key.name(), "default" | "4XX" | "4xx") || key.name() == status)
}
