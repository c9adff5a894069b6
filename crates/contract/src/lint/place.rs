//! Where in the document the parts of a contract stand: a contract keeps values, not places.

use model::Place;

use crate::{
    Contract, FlowKind, Operation, Scheme,
    source::view::{At, View},
};

/// The key of an operation (`get:`); the operation itself where its key is not beside it.
pub(crate) fn operation(contract: &Contract, operation: &Operation) -> Option<Place> {
    let view = contract.library.view(operation.at)?;
    let before = operation.at.node.checked_sub(1);
    let key = before.and_then(|node| contract.library.view(At { document: operation.at.document, node }));
    let key = key.filter(|key| key.name().eq_ignore_ascii_case(operation.method.as_str()));
    Some(key.unwrap_or(view).place())
}

/// The requirement that an operation writes itself.
pub(crate) fn own_security<'a>(
    contract: &'a Contract,
    operation: &Operation,
) -> Option<(View<'a>, View<'a>)> {
    contract.library.view(operation.at)?.member("security")
}

/// The document's default requirement.
pub(crate) fn root_security(contract: &Contract) -> Option<(View<'_>, View<'_>)> {
    contract.library.root()?.member("security")
}

/// Where an alternative, or a scheme's name in it, stands in a `security`.
pub(crate) fn demand(
    (key, list): (View<'_>, View<'_>),
    alternative: Option<usize>,
    scheme: Option<&Scheme>,
) -> Place {
    let named =
        |item: View<'_>| scheme.and_then(|scheme| item.member(&scheme.name)).map(|(key, _)| key.place());
    match alternative {
        Some(index) => list.items().nth(index).map(|item| named(item).unwrap_or_else(|| item.place())),
        None => list.items().find_map(named),
    }
    .unwrap_or_else(|| key.place())
}

fn declared<'a>(contract: &'a Contract, scheme: &Scheme) -> Option<(View<'a>, View<'a>)> {
    contract.library.root()?.get("components")?.get("securitySchemes")?.member(&scheme.name)
}

/// The name under `securitySchemes`.
pub(crate) fn scheme(contract: &Contract, scheme: &Scheme) -> Option<Place> {
    Some(declared(contract, scheme)?.0.place())
}

/// The value of a member of a scheme: `in: query`.
pub(crate) fn scheme_member(contract: &Contract, scheme: &Scheme, name: &str) -> Option<Place> {
    let (key, value) = declared(contract, scheme)?;
    Some(value.follow().ok().and_then(|value| value.get(name)).unwrap_or(key).place())
}

fn flow_of<'a>(contract: &'a Contract, scheme: &Scheme, kind: FlowKind) -> Option<(View<'a>, View<'a>)> {
    declared(contract, scheme)?.1.follow().ok()?.get("flows")?.member(flow_name(kind))
}

/// The name of a flow.
pub(crate) fn flow(contract: &Contract, wanted: &Scheme, kind: FlowKind) -> Option<Place> {
    flow_of(contract, wanted, kind).map(|(key, _)| key.place()).or_else(|| scheme(contract, wanted))
}

/// A URL of a flow.
pub(crate) fn flow_url(contract: &Contract, wanted: &Scheme, kind: FlowKind, url: &str) -> Option<Place> {
    let (key, value) = flow_of(contract, wanted, kind)?;
    let member = value.members().map(|(_, value)| value).find(|value| value.text() == Some(url));
    Some(member.unwrap_or(key).place())
}

/// A scope where a flow declares it.
pub(crate) fn scope(contract: &Contract, wanted: &Scheme, kind: FlowKind, scope: &str) -> Option<Place> {
    let (key, value) = flow_of(contract, wanted, kind)?;
    let member = value.get("scopes").and_then(|scopes| scopes.member(scope));
    Some(member.map_or(key, |(name, _)| name).place())
}

/// The word of OpenAPI for a flow.
pub(crate) fn flow_name(kind: FlowKind) -> &'static str {
    match kind {
        FlowKind::AuthorizationCode => "authorizationCode",
        FlowKind::ClientCredentials => "clientCredentials",
        FlowKind::DeviceAuthorization => "deviceAuthorization",
        FlowKind::Implicit => "implicit",
        FlowKind::Password => "password",
    }
}
