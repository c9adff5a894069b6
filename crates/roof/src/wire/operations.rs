//! `apis.*.operations:`: what is demanded must be something that can be met.

use contract::{Location, Operand, Operation, Part, Segment};
use model::Problem;

use crate::gather::{Gathered, Gathering};

/// Plans that there are none of, and policies about parameters that the operation has not.
pub(super) fn check(gathering: &Gathering, problems: &mut Vec<Problem>) {
    let Some(file) = &gathering.written else { return };
    for gathered in &gathering.apis {
        for (name, rules) in gathered.written.iter().flat_map(|api| &api.operations) {
            let path = ["apis", &gathered.name, "operations", name];
            for (index, plan) in rules.value.plans.iter().enumerate() {
                if gathering.config.plans.contains_key(plan) {
                    continue;
                }
                let known = gathering.config.plans.keys().map(String::as_str);
                let index = index.to_string();
                let path = [path.as_slice(), &["plans", &index]].concat();
                let help = super::near(plan, known, "`plans:` names none");
                problems.push(file.value_problem(&path, format!("there is no plan `{plan}`"), Some(help)));
            }
            let Some(policy) = &rules.value.policy else { continue };
            let Some((what, name, known)) = unmet(gathered, name, &policy.value) else { continue };
            let message = format!("the operation has no {what} parameter `{name}`");
            let none = format!("it has no {what} parameters");
            let help = super::near(&name, known.iter().map(String::as_str), &none);
            problems.push(file.problem(policy.defined, message, Some(help)));
        }
    }
}

/// A side of a policy that no request of the operation can have, and what it could be.
fn unmet(gathered: &Gathered, operation: &str, policy: &str) -> Option<(&'static str, String, Vec<String>)> {
    let operation = gathered.contract.find(operation)?;
    let policy: contract::Policy = policy.parse().ok()?;
    [policy.left, policy.right].into_iter().find_map(|side| {
        let (what, name, known) = match side {
            Operand::Path(name) => ("path", name, in_path(operation)),
            Operand::Query(name) => ("query", name, in_query(operation, gathered)),
            Operand::Subject | Operand::Client | Operand::Plan | Operand::Text(_) => return None,
        };
        (!known.contains(&name)).then_some((what, name, known))
    })
}

fn in_path(operation: &Operation) -> Vec<String> {
    let mut names = Vec::new();
    for segment in &operation.template.segments {
        match segment {
            Segment::Literal(_) => {}
            Segment::Parameter(name) => names.push(name.clone()),
            Segment::Mixed(parts) => names.extend(parts.iter().filter_map(|part| match part {
                Part::Literal(_) => None,
                Part::Parameter(name) => Some(name.clone()),
            })),
        }
    }
    names
}

fn in_query(operation: &Operation, gathered: &Gathered) -> Vec<String> {
    let detail = operation.detail(&gathered.contract);
    let query = detail.parameters.iter().filter(|parameter| parameter.location == Location::Query);
    query.map(|parameter| parameter.name.clone()).collect()
}
