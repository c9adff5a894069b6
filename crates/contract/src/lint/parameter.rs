use std::collections::BTreeSet;

use crate::{
    Contract, KeyPlace, Operation, SchemeKind,
    lint::{Lint, findings::Findings, subject::plain},
    problems::quoted,
    source::view::View,
};

/// The parameters of an operation and of its path, references followed.
pub(crate) fn all<'a>(contract: &'a Contract, operation: &Operation) -> Vec<View<'a>> {
    let owners = std::iter::once(operation.at).chain(operation.items.iter().copied());
    let views = owners.filter_map(|at| contract.library.view(at));
    let lists = views.filter_map(|view| view.get("parameters"));
    lists.flat_map(View::items).filter_map(|parameter| parameter.follow().ok()).collect()
}

const SECRETS: [&str; 14] = [
    "password",
    "passwd",
    "pwd",
    "secret",
    "clientsecret",
    "apikey",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "authtoken",
    "bearertoken",
    "privatekey",
    "creditcard",
    "cardnumber",
];
const CREDENTIALS: [&str; 9] = [
    "apikey",
    "xapikey",
    "apitoken",
    "xapitoken",
    "authtoken",
    "xauthtoken",
    "accesstoken",
    "xaccesstoken",
    "xauthkey",
];

/// Credentials that are parameters like any other: in the URL, or where nothing enforces them.
pub(crate) fn look(findings: &mut Findings<'_>) {
    let contract = findings.contract;
    let mut seen = BTreeSet::new();
    for operation in contract.operations() {
        for parameter in all(contract, operation) {
            let (Some(name), Some(place)) = (parameter.get("name"), parameter.get_text("in")) else {
                continue;
            };
            let Some(text) = name.text() else { continue };
            if is_scheme(contract, operation, place, text) {
                continue;
            }
            let word = plain(text);
            if place == "query" && SECRETS.contains(&word.as_str()) && seen.insert(parameter.at) {
                let message =
                    format!("the secret {} stands in the URL of {}", quoted(text), quoted(&operation.name));
                findings.add(Lint::SecretQuery, || Some(name.place()), message);
            } else if place == "header" && CREDENTIALS.contains(&word.as_str()) && seen.insert(parameter.at) {
                let message = format!(
                    "the header {} of {} looks like a credential, and as a parameter nothing verifies it",
                    quoted(text),
                    quoted(&operation.name)
                );
                findings.add(Lint::CredentialParameter, || Some(name.place()), message);
            }
        }
    }
}

/// Whether the operation asks for it as a scheme, too: then that is what is judged.
fn is_scheme(contract: &Contract, operation: &Operation, place: &str, name: &str) -> bool {
    let schemes = operation.requirement.schemes().filter_map(|id| contract.scheme(id));
    schemes.into_iter().any(|scheme| match &scheme.kind {
        SchemeKind::ApiKey { place: KeyPlace::Header, name: own } => {
            place == "header" && own.eq_ignore_ascii_case(name)
        }
        SchemeKind::ApiKey { place: own_place, name: own } => place == own_place.as_str() && own == name,
        SchemeKind::Basic
        | SchemeKind::Bearer
        | SchemeKind::OAuth2 { .. }
        | SchemeKind::OpenIdConnect { .. }
        | SchemeKind::MutualTls
        | SchemeKind::Unmeetable { .. } => false,
    })
}
