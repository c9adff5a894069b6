//! Whose data, and whose work: authorization of objects and of functions (OWASP API1:2023 and API5:2023).

use model::Severity;

use crate::{
    Demand, FlowKind, KeyPlace, Operation, SchemeKind,
    lint::{
        Lint,
        findings::{Cause, Findings, subject},
        place,
        subject::{is_administration, owner},
    },
    problems::quoted,
};

/// Whether it is said who may do what is an administrator's, and whose data may be opened.
pub(crate) fn look<'a>(operation: &'a Operation, findings: &mut Findings<'a>) {
    if is_administration(operation) && !is_for_some(operation, findings) {
        findings.required(Lint::AdminOpen, operation, Cause::default(), |_, subject| {
            format!("no scope and no role keeps others out of what is an administrator's: {subject}")
        });
    }
    // All operations are told of together, when the last one is looked at.
    let last = findings.contract.operations().last().is_some_and(|last| last.id == operation.id);
    if last {
        whose(findings);
    }
}

/// Whether every alternative asks for more than being known.
fn is_for_some(operation: &Operation, findings: &Findings<'_>) -> bool {
    let rules = &operation.requirement.rules;
    let narrow = |demand: &Demand| {
        let scheme = findings.contract.scheme(demand.scheme);
        let named = scheme.is_some_and(|scheme| scheme.name.to_ascii_lowercase().contains("admin"));
        let own = scheme.is_some_and(|scheme| {
            matches!(scheme.kind, SchemeKind::MutualTls | SchemeKind::Unmeetable { .. })
        });
        named || own || !demand.scopes.is_empty() || !demand.roles.is_empty()
    };
    let alternatives = &operation.requirement.alternatives;
    !rules.roles.is_empty()
        || rules.policy.is_some()
        || (!alternatives.is_empty()
            && alternatives.iter().all(|alternative| alternative.demands.iter().any(narrow)))
}

fn whose(findings: &mut Findings<'_>) {
    let contract = findings.contract;
    let lacking: Vec<&Operation> =
        contract.operations().iter().filter(|operation| lacks_policy(operation, findings)).collect();
    let has = |operation: &&Operation| operation.requirement.rules.policy.is_some();
    if contract.operations().iter().any(|operation| has(&operation)) {
        for operation in lacking {
            // A neighbour that has a policy makes its absence here an oversight rather than a choice.
            let beside =
                contract.operations().iter().filter(has).find(|other| other.template == operation.template);
            let severity = if beside.is_some() { Severity::Warning } else { Severity::Note };
            let name = owner(&operation.template).unwrap_or_default();
            let message = format!(
                "nothing says that {} opens only the data of the {} that asks",
                quoted(&operation.name),
                quoted(name)
            );
            findings.add_as(severity, Lint::PolicyMissing, || place::operation(contract, operation), message);
        }
    } else if let Some(first) = lacking.first() {
        let message = format!("nothing says whose data may be opened with {}", subject(&lacking));
        findings.add(Lint::PolicyMissing, || place::operation(contract, first), message);
    }
}

/// Whether an operation opens the data of a person that its path names, to persons who are not only that one.
fn lacks_policy(operation: &Operation, findings: &Findings<'_>) -> bool {
    let requirement = &operation.requirement;
    let rules = &requirement.rules;
    if owner(&operation.template).is_none()
        || rules.policy.is_some()
        || !rules.roles.is_empty()
        || is_administration(operation)
    {
        return false;
    }
    let demands = || requirement.alternatives.iter().flat_map(|alternative| &alternative.demands);
    let for_staff = |demand: &Demand| {
        !demand.roles.is_empty()
            || demand.scopes.iter().any(|scope| scope.as_str().to_ascii_lowercase().contains("admin"))
    };
    demands().any(|demand| is_persons(demand, findings)) && !demands().any(for_staff)
}

/// Whether a person may stand behind the credential.
fn is_persons(demand: &Demand, findings: &Findings<'_>) -> bool {
    findings.contract.scheme(demand.scheme).is_some_and(|scheme| match &scheme.kind {
        SchemeKind::OAuth2 { flows } => {
            flows.is_empty() || flows.iter().any(|flow| flow.kind != FlowKind::ClientCredentials)
        }
        SchemeKind::Basic | SchemeKind::Bearer | SchemeKind::OpenIdConnect { .. } => true,
        SchemeKind::ApiKey { place, .. } => *place == KeyPlace::Cookie,
        SchemeKind::MutualTls | SchemeKind::Unmeetable { .. } => false,
    })
}
