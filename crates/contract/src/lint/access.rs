use crate::{
    Alternative, KeyPlace, Operation, Scheme, SchemeKind,
    lint::{
        Lint,
        findings::{Cause, Findings},
        parameter,
        subject::{changes, is_entrance, is_personal, is_safe, words},
    },
    problems::quoted,
    source::view::View,
};

/// Who may come in, and with what alone.
pub(crate) fn look<'a>(operation: &'a Operation, findings: &mut Findings<'a>) {
    let requirement = &operation.requirement;
    let (changes, personal) = (changes(operation), is_personal(operation));
    if requirement.is_public() {
        if changes && !is_entrance(operation) {
            findings.required(Lint::WritePublic, operation, Cause::default(), |_, subject| {
                format!("anybody can change something with {subject}")
            });
        } else if personal && is_safe(operation) && !is_entrance(operation) {
            findings.required(Lint::PersonPublic, operation, Cause::default(), |_, subject| {
                format!("anybody can read a person's data with {subject}")
            });
        }
    }
    for (index, alternative) in requirement.alternatives.iter().enumerate() {
        let schemes = schemes(alternative, findings);
        let Some(first) = schemes.first() else {
            if changes && !is_entrance(operation) {
                let cause = Cause { alternative: Some(index), scheme: None };
                findings.required(Lint::WriteOptional, operation, cause, |_, subject| {
                    format!("no credential is needed to change something with {subject}")
                });
            }
            continue;
        };
        let cause = Cause { alternative: Some(index), scheme: Some(*first) };
        if schemes.iter().all(|scheme| is_key(scheme)) {
            key_alone(operation, cause, changes, personal, findings);
        } else if personal && schemes.iter().all(|scheme| is_key(scheme) || scheme.kind == SchemeKind::Basic)
        {
            let basic = schemes.iter().copied().find(|scheme| scheme.kind == SchemeKind::Basic);
            findings.required(Lint::BasicPerson, operation, Cause { scheme: basic, ..cause }, |scheme, subject| {
                format!("a password alone ({scheme}), sent with each request, opens a person's data in {subject}")
            });
        } else if changes
            && schemes.iter().all(|scheme| is_cookie(scheme))
            && !speaks_of_forgery(operation, &schemes, findings)
        {
            findings.required(Lint::CookieWrite, operation, cause, |scheme, subject| {
                format!(
                    "the cookie {scheme}, which a browser sends by itself, suffices to change something with {subject}"
                )
            });
        }
    }
    get_that_changes(operation, findings);
}

fn schemes<'a>(alternative: &Alternative, findings: &Findings<'a>) -> Vec<&'a Scheme> {
    alternative.demands.iter().filter_map(|demand| findings.contract.scheme(demand.scheme)).collect()
}

fn key_alone<'a>(
    operation: &'a Operation,
    cause: Cause<'_>,
    changes: bool,
    personal: bool,
    findings: &mut Findings<'a>,
) {
    if personal {
        findings.required(Lint::KeyPerson, operation, cause, |scheme, subject| {
            format!("the key {scheme} alone opens a person's data in {subject}")
        });
    }
    if changes {
        findings.required(Lint::KeyWrite, operation, cause, |scheme, subject| {
            format!("the key {scheme} alone suffices to change something with {subject}")
        });
    }
}

/// A key of a program. A cookie is the session of a browser, that is of a person.
fn is_key(scheme: &Scheme) -> bool {
    matches!(scheme.kind, SchemeKind::ApiKey { place: KeyPlace::Header | KeyPlace::Query, .. })
}

fn is_cookie(scheme: &Scheme) -> bool {
    matches!(scheme.kind, SchemeKind::ApiKey { place: KeyPlace::Cookie, .. })
}

/// Whether a header against forged requests is declared, or the prose says what stops them.
fn speaks_of_forgery(operation: &Operation, schemes: &[&Scheme], findings: &Findings<'_>) -> bool {
    let tells = |text: &str| {
        let text = text.to_ascii_lowercase();
        ["csrf", "xsrf", "samesite", "forger", "forged", "origin"].iter().any(|word| text.contains(word))
    };
    let view = findings.contract.library.view(operation.at);
    let prose =
        |view: View<'_>| ["description", "summary"].iter().any(|name| view.get_text(name).is_some_and(tells));
    schemes.iter().any(|scheme| scheme.description.as_deref().is_some_and(tells))
        || view.is_some_and(prose)
        || parameter::all(findings.contract, operation)
            .iter()
            .any(|parameter| parameter.get_text("name").is_some_and(tells))
}

fn get_that_changes(operation: &Operation, findings: &mut Findings<'_>) {
    if operation.method != "GET" {
        return;
    }
    let named = words(&operation.name);
    if named.first().is_some_and(|word| matches!(word.as_str(), "delete" | "remove" | "create" | "update")) {
        let contract = findings.contract;
        let place = || super::place::operation(contract, operation);
        let message = format!("{} is a GET and is named after a change", quoted(&operation.name));
        findings.add(Lint::GetChanges, place, message);
    }
}
