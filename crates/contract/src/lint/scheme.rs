use std::collections::BTreeSet;

use crate::{
    FlowKind, KeyPlace, Scheme, SchemeId, SchemeKind,
    lint::{Lint, findings::Findings, place, server::is_plain},
    problems::quoted,
};

/// What the schemes themselves are worth.
pub(crate) fn look(findings: &mut Findings<'_>) {
    let contract = findings.contract;
    let required: BTreeSet<SchemeId> =
        contract.operations().iter().flat_map(|operation| operation.requirement.schemes()).collect();
    for scheme in contract.schemes() {
        let place = || place::scheme(contract, scheme);
        // Where nothing is required of anybody, that is said when the document is read (`security.none`).
        if !required.contains(&scheme.id) && !required.is_empty() && place().is_some() {
            let message = format!("no operation asks for the scheme {}", quoted(&scheme.name));
            findings.add(Lint::SchemeUnused, place, message);
        }
        match &scheme.kind {
            SchemeKind::ApiKey { place: KeyPlace::Query, name } => {
                let place = || place::scheme_member(contract, scheme, "in");
                let message = format!(
                    "the key {} travels in the URL as {}: it stands in logs, histories and referrers",
                    quoted(&scheme.name),
                    quoted(name)
                );
                findings.add(Lint::KeyQuery, place, message);
            }
            SchemeKind::OAuth2 { .. } => flows(scheme, findings),
            SchemeKind::OpenIdConnect { url } if is_plain(url) => {
                let place = || place::scheme_member(contract, scheme, "openIdConnectUrl");
                findings.add(
                    Lint::FlowPlain,
                    place,
                    format!("discovery of {} is fetched over plain HTTP", quoted(&scheme.name)),
                );
            }
            SchemeKind::ApiKey { .. }
            | SchemeKind::Basic
            | SchemeKind::Bearer
            | SchemeKind::OpenIdConnect { .. }
            | SchemeKind::MutualTls
            | SchemeKind::Unmeetable { .. } => {}
        }
    }
}

fn flows(scheme: &Scheme, findings: &mut Findings<'_>) {
    let SchemeKind::OAuth2 { flows } = &scheme.kind else { return };
    let (contract, name) = (findings.contract, quoted(&scheme.name));
    for flow in flows {
        let place = || place::flow(contract, scheme, flow.kind);
        let outdated = match flow.kind {
            FlowKind::Implicit => Some((
                Lint::FlowImplicit,
                format!("{name} offers the implicit flow, which puts the token into an address"),
            )),
            FlowKind::Password => Some((
                Lint::FlowPassword,
                format!("{name} offers the password flow, which gives the app the person's password"),
            )),
            FlowKind::AuthorizationCode | FlowKind::ClientCredentials | FlowKind::DeviceAuthorization => None,
        };
        if let Some((lint, message)) = outdated {
            findings.add(lint, place, message);
        }
        let urls = [&flow.authorization_url, &flow.token_url, &flow.refresh_url, &flow.device_url];
        let plain: BTreeSet<&str> =
            urls.into_iter().flatten().map(String::as_str).filter(|url| is_plain(url)).collect();
        for url in plain {
            let place = || place::flow_url(contract, scheme, flow.kind, url);
            findings.add(
                Lint::FlowPlain,
                place,
                format!("{name} sends secrets to {} over plain HTTP", quoted(url)),
            );
        }
    }
}
