use std::{collections::BTreeSet, sync::Arc};

use model::{Scope, ScopeSet};

use crate::{
    Alternative, Demand, KeyPlace, Requirement, SchemeId, SchemeKind,
    openapi::schemes::Schemes,
    problems::{Sink, quoted},
    source::{document::Kind, view::View},
};

/// The document's default requirement; nothing where it has none.
pub(crate) fn root<'a>(
    root: View<'a>,
    schemes: &mut Schemes<'a>,
    sink: &mut Sink,
) -> Option<Arc<Requirement>> {
    read(root, schemes, sink)
        .map(|alternatives| Arc::new(Requirement { alternatives, ..Requirement::default() }))
}

/// The alternatives under `security` of the root or an operation; `None` where there is no such member.
/// Whatever could be read in two ways is an error: a lenient reading lets everybody in.
pub(crate) fn read<'a>(
    owner: View<'a>,
    schemes: &mut Schemes<'a>,
    sink: &mut Sink,
) -> Option<Vec<Alternative>> {
    let (key, value) = owner.member("security")?;
    schemes.said = true;
    if value.kind() != Kind::List {
        let message = format!("`security` is {} and must be a list", value.what());
        sink.error(
            "security.form",
            key,
            message,
            "write `security: []` for a public operation, `security: [{name: []}]` for a protected one",
        );
        return Some(Vec::new());
    }
    let mut alternatives = Vec::new();
    for item in value.items() {
        if !item.is_map() {
            let message = format!("{} stands where a requirement belongs", item.what());
            sink.error(
                "security.form",
                item,
                message,
                "a requirement is a mapping from a scheme's name to a list of scopes: `{name: []}`",
            );
            continue;
        }
        let demands =
            item.members().filter_map(|(name, scopes)| demand(name, scopes, schemes, sink)).collect();
        let alternative = Alternative { demands };
        if let Some(place) = clash(&alternative, schemes) {
            let message =
                format!("this alternative can never hold: two of its schemes need {place} for themselves");
            sink.warn(
                "security.same-place",
                item,
                message,
                "make them alternatives, or move one of them to another place",
            );
        }
        alternatives.push(alternative);
    }
    Some(alternatives)
}

fn demand<'a>(
    name: View<'a>,
    scopes: View<'a>,
    schemes: &mut Schemes<'a>,
    sink: &mut Sink,
) -> Option<Demand> {
    let scheme = schemes.named(name, sink);
    let mut demand = Demand { scheme, scopes: ScopeSet::new(), roles: BTreeSet::new() };
    if scopes.is_null() {
        let message = format!("{} has no list of scopes", quoted(name.name()));
        sink.warn("security.scopes", name, message, "write `[]`; the scheme is required all the same");
        return Some(demand);
    }
    if scopes.kind() != Kind::List {
        let message =
            format!("the scopes of {} are {} and must be a list", quoted(name.name()), scopes.what());
        sink.error("security.form", name, message, "write `[]` where there are none");
        return None;
    }
    let has_scopes =
        matches!(schemes.kind_of(scheme), Some(SchemeKind::OAuth2 { .. } | SchemeKind::OpenIdConnect { .. }));
    let mut entries = scopes.items().peekable();
    if !has_scopes && schemes.version.is_old() && entries.peek().is_some() && is_known(schemes, scheme) {
        let message = format!(
            "before OpenAPI 3.1 the list of {} must be empty; it is enforced as roles",
            quoted(name.name())
        );
        sink.warn("security.roles", name, message, "make the document 3.1, or the scheme `oauth2`");
    }
    for entry in entries {
        let Some(text) = entry.scalar() else {
            sink.error("security.form", entry, format!("a scope is {} and must be a text", entry.what()), "");
            continue;
        };
        if !has_scopes {
            demand.roles.insert(text.to_owned());
        } else if let Ok(scope) = text.parse::<Scope>() {
            declared(schemes, scheme, text, entry, sink);
            schemes.ask(text);
            demand.scopes.insert(scope);
        } else {
            let message = format!("{} is no scope, so nobody can have it", quoted(text));
            sink.strict(
                "scope.form",
                entry,
                message,
                "a scope has no spaces, quotes or backslashes (RFC 6749 3.3); the operation is always denied",
            );
            demand.scheme = schemes.impossible("a scope that is none");
        }
    }
    Some(demand)
}

fn is_known(schemes: &Schemes<'_>, scheme: SchemeId) -> bool {
    !matches!(schemes.kind_of(scheme), Some(SchemeKind::Unmeetable { .. }) | None)
}

fn declared(schemes: &Schemes<'_>, scheme: SchemeId, scope: &str, at: View<'_>, sink: &mut Sink) {
    // OpenID Connect names its scopes in its discovery document, not here.
    let Some(SchemeKind::OAuth2 { flows }) = schemes.kind_of(scheme) else { return };
    let known = || flows.iter().flat_map(|flow| flow.scopes.keys()).map(String::as_str);
    if flows.is_empty() || known().any(|other| other == scope) {
        return;
    }
    let near = model::nearest(scope, known());
    let help = near.map_or_else(
        || "declare it; it is required all the same".to_owned(),
        |near| format!("did you mean {}?", quoted(near)),
    );
    sink.warn("scope.undeclared", at, format!("no flow declares the scope {}", quoted(scope)), &help);
}

/// The place that two schemes of one alternative both need.
fn clash(alternative: &Alternative, schemes: &Schemes<'_>) -> Option<String> {
    let mut taken = Vec::new();
    for demand in &alternative.demands {
        let place = match schemes.kind_of(demand.scheme)? {
            SchemeKind::Basic => "`Authorization` (Basic)".to_owned(),
            // One token may be what both a bearer and an OAuth scheme ask for.
            SchemeKind::Bearer | SchemeKind::OAuth2 { .. } | SchemeKind::OpenIdConnect { .. } => {
                "`Authorization` (a token)".to_owned()
            }
            SchemeKind::ApiKey { place: KeyPlace::Header, name }
                if name.eq_ignore_ascii_case("authorization") =>
            {
                "`Authorization` (a key)".to_owned()
            }
            SchemeKind::ApiKey { .. } | SchemeKind::MutualTls | SchemeKind::Unmeetable { .. } => continue,
        };
        if !taken.contains(&place) {
            taken.push(place);
        }
    }
    (taken.len() > 1).then(|| "`Authorization`".to_owned())
}
