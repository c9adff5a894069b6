use std::collections::BTreeSet;

use crate::{
    Contract, Operation,
    lint::{Lint, findings::Findings},
    problems::quoted,
    source::view::View,
};

/// Whether credentials travel where everybody on the way can read them.
pub(crate) fn look(findings: &mut Findings<'_>) {
    let contract = findings.contract;
    if contract.operations().iter().all(|operation| operation.requirement.is_public()) {
        return;
    }
    let mut seen = BTreeSet::new();
    let guarded = contract.operations().iter().filter(|operation| !operation.requirement.is_public());
    for list in guarded.filter_map(|operation| servers_of(contract, operation)) {
        // Most operations share the document's.
        if !seen.insert(list.at) {
            continue;
        }
        for server in list.items() {
            let Some(url) = server.get("url") else { continue };
            let Some(text) = url.text() else { continue };
            if is_plain(&substituted(server, text)) && seen.insert(url.at) {
                let message = format!("credentials travel to {} over plain HTTP", quoted(text));
                findings.add(Lint::ServerPlain, || Some(url.place()), message);
            }
        }
    }
}

/// The servers that hold for an operation: its own, else its path's, else the document's.
fn servers_of<'a>(contract: &'a Contract, operation: &Operation) -> Option<View<'a>> {
    let library = &contract.library;
    let own = std::iter::once(operation.at).chain(operation.items.iter().copied());
    let named = |owner: View<'a>| owner.get("servers").filter(|list| list.items().next().is_some());
    own.filter_map(|at| library.view(at)).chain(library.root()).find_map(named)
}

/// Variables with their defaults; those without one stay as they are.
fn substituted(server: View<'_>, url: &str) -> String {
    let mut whole = url.to_owned();
    for (name, variable) in server.get("variables").into_iter().flat_map(View::members) {
        if let Some(value) = variable.get("default").and_then(|value| value.scalar()) {
            whole = whole.replace(&format!("{{{}}}", name.name()), value);
        }
    }
    whole
}

/// Whether a URL is plain HTTP to another machine. What stays on this one, or has a name that is only for tests
/// (RFC 6761), is no finding.
pub(crate) fn is_plain(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("ws") {
        return false;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(inner) => inner.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let host = host.to_ascii_lowercase();
    let local = matches!(host.as_str(), "localhost" | "::1" | "0.0.0.0" | "host.docker.internal" | "")
        || host.starts_with("127.")
        || [".localhost", ".local", ".test", ".invalid"].iter().any(|end| host.ends_with(end));
    !local
}

#[cfg(test)]
mod tests {
    use super::is_plain;

    #[test]
    fn only_plain_http_to_another_machine_is_plain() {
        for url in [
            "http://api.example.com/v1",
            "HTTP://192.168.0.1:8080",
            "http://user@host.example/",
            "http://[2001:db8::1]/",
        ] {
            assert!(is_plain(url), "{url}");
        }
        for url in [
            "https://api.example.com",
            "http://localhost:8080/v1",
            "http://127.0.0.1",
            "http://[::1]:80/",
            "/v1",
            "",
            "http://shop.test",
        ] {
            assert!(!is_plain(url), "{url}");
        }
    }
}
