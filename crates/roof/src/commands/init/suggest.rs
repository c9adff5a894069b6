//! What a document lets one guess: who uses it, and what its operations should demand beyond it.

use std::collections::BTreeSet;

use contract::{Contract, Operation, Segment};
use http::Method;

use super::write::scalar;

/// A persona to begin with.
pub(super) struct Cast {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) scopes: Vec<String>,
    pub(super) roles: Vec<String>,
    pub(super) disabled: bool,
}

/// Rules for an operation.
pub(super) struct Suggestion {
    pub(super) operation: String,
    /// As YAML, without the braces.
    pub(super) rules: String,
    pub(super) why: String,
}

/// The most that is suggested: a list without end is read by nobody.
const MOST: usize = 12;

/// Somebody who reads, somebody who may do all, somebody who may do nothing, and somebody who is suspended.
pub(super) fn cast(contract: &Contract) -> Vec<Cast> {
    let (all, roles, readers) = (scopes(contract), roles(contract), reading(contract));
    let plain: Vec<String> = roles.iter().filter(|role| is_visitor(role)).cloned().collect();
    let alice = if readers.is_empty() { all.clone() } else { readers };
    vec![
        Cast { name: "alice", what: "Reads", scopes: alice.clone(), roles: plain.clone(), disabled: false },
        Cast { name: "admin", what: "May do everything", scopes: all, roles, disabled: false },
        Cast {
            name: "guest",
            what: "Is known, and may do nothing",
            scopes: vec![],
            roles: vec![],
            disabled: false,
        },
        Cast {
            name: "suspended",
            what: "As alice, and switched off: account.disabled",
            scopes: alice,
            roles: plain,
            disabled: true,
        },
    ]
}

/// Every scope that the document declares or asks for.
fn scopes(contract: &Contract) -> Vec<String> {
    contract.scopes().keys().cloned().collect()
}

/// Those that only look.
pub(super) fn reading(contract: &Contract) -> Vec<String> {
    let looks = |scope: &String| {
        let lower = scope.to_ascii_lowercase();
        let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric());
        words.any(|word| {
            matches!(word, "read" | "readonly" | "view" | "list" | "get" | "openid" | "profile" | "email")
        })
    };
    let writes = |scope: &String| {
        let lower = scope.to_ascii_lowercase();
        ["write", "admin", "delete", "manage", "create", "update"].iter().any(|word| lower.contains(word))
    };
    scopes(contract).into_iter().filter(|scope| looks(scope) && !writes(scope)).collect()
}

/// Every role that is asked for; `admin`, where none is.
fn roles(contract: &Contract) -> Vec<String> {
    let mut roles = BTreeSet::new();
    for operation in contract.operations() {
        let requirement = &operation.requirement;
        roles.extend(requirement.rules.roles.iter().cloned());
        let demands = requirement.alternatives.iter().flat_map(|alternative| &alternative.demands);
        roles.extend(demands.flat_map(|demand| demand.roles.iter().cloned()));
    }
    if roles.is_empty() {
        roles.insert("admin".to_owned());
    }
    roles.into_iter().collect()
}

fn is_office(role: &str) -> bool {
    let lower = role.to_ascii_lowercase();
    ["admin", "owner", "root", "staff", "super", "operator", "manager"]
        .iter()
        .any(|word| lower.contains(word))
}

fn is_visitor(role: &str) -> bool {
    let lower = role.to_ascii_lowercase();
    let visits =
        ["read", "view", "user", "customer", "member", "visitor"].iter().any(|word| lower.contains(word));
    visits && !is_office(role)
}

/// Operations that look as if they should demand more, and those whose rules the document has.
pub(super) fn rules(contract: &Contract) -> Vec<Suggestion> {
    let admin =
        roles(contract).into_iter().find(|role| is_office(role)).unwrap_or_else(|| "admin".to_owned());
    let guarded = contract.operations().iter().filter(|operation| {
        let requirement = &operation.requirement;
        !requirement.is_public() && !requirement.is_optional()
    });
    let mut found: Vec<(u8, Suggestion)> =
        guarded.filter_map(|operation| suggestion(operation, &admin)).collect();
    // What is about people's own things comes first; sorting keeps the document's order within a kind.
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().take(MOST).map(|(_, suggestion)| suggestion).collect()
}

fn suggestion(operation: &Operation, admin: &str) -> Option<(u8, Suggestion)> {
    let written = &operation.requirement.rules;
    let (rank, rules, why) = if let Some(policy) = &written.policy {
        (0, format!("policy: {}", quoted(&policy.to_string())), "in the document already".to_owned())
    } else if let Some(age) = written.max_age {
        (0, format!("max_age: {}", model::format_duration(age)), "in the document already".to_owned())
    } else if !written.roles.is_empty() {
        let roles: Vec<String> = written.roles.iter().map(|role| scalar(role)).collect();
        (0, format!("roles: [{}]", roles.join(", ")), "in the document already".to_owned())
    } else if let Some(name) = person(operation) {
        (
            1,
            format!("policy: {}", quoted(&format!("principal.sub == path.{name}"))),
            "one's own alone".to_owned(),
        )
    } else if is_delicate(operation) {
        (2, "max_age: 5m".to_owned(), "asks for a fresh sign-in".to_owned())
    } else if operation.method == Method::DELETE {
        (3, format!("roles: [{}]", scalar(admin)), "takes something away".to_owned())
    } else {
        return None;
    };
    let at = format!("{} {}: {why}", operation.method, operation.template.text);
    let why = if at.starts_with(&*operation.name) { why } else { at };
    Some((rank, Suggestion { operation: operation.name.to_string(), rules, why }))
}

/// `==` and spaces are no trouble to YAML, braces and the like would be.
fn quoted(policy: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_. =!".contains(c);
    if policy.chars().all(harmless) { policy.to_owned() } else { serde_json::Value::from(policy).to_string() }
}

/// The parameter that names a person: the one right below `/users`, `/accounts` …
fn person(operation: &Operation) -> Option<&str> {
    let people = [
        "user",
        "users",
        "account",
        "accounts",
        "customer",
        "customers",
        "member",
        "members",
        "people",
        "profiles",
    ];
    operation.template.segments.windows(2).find_map(|pair| match pair {
        [Segment::Literal(word), Segment::Parameter(name)]
            if people.contains(&word.to_ascii_lowercase().as_str()) =>
        {
            let legal = !name.contains(|c: char| c.is_whitespace() || matches!(c, '=' | '!' | '"' | '\''));
            legal.then_some(name.as_str())
        }
        _ => None,
    })
}

/// Whether it changes what a thief of a session would change first.
fn is_delicate(operation: &Operation) -> bool {
    let changes = matches!(operation.method, Method::POST | Method::PUT | Method::PATCH | Method::DELETE);
    let delicate =
        ["password", "payment", "payments", "email", "mfa", "iban", "payout", "payouts", "credentials"];
    let mut words = operation.template.segments.iter().filter_map(|segment| match segment {
        Segment::Literal(word) => Some(word.to_ascii_lowercase()),
        Segment::Parameter(_) | Segment::Mixed(_) => None,
    });
    changes && words.any(|word| delicate.contains(&word.as_str()))
}
