//! Where each API is served, and what would stand in its way there.

use std::{collections::HashMap, sync::Arc};

use contract::{Contract, Operation, OperationId};
use model::{Problem, Severity};

use super::problem;
use crate::gather::Gathering;

/// An API with what the control API and the banner tell of it.
#[derive(Clone)]
pub(crate) struct Wired {
    pub(crate) name: Arc<str>,
    pub(crate) contract: Arc<Contract>,
    /// Where it is served: below the paths of the document's servers first.
    pub(crate) bases: Vec<Base>,
    /// Whether lobby.yaml says where: then the document's servers say nothing.
    pub(crate) moved: bool,
}

/// A path below which an API is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Base {
    pub(crate) path: String,
    /// Whether all of its operations are; else those whose servers have this path.
    pub(crate) whole: bool,
}

impl Wired {
    /// The paths below which an operation is served.
    pub(crate) fn places<'a>(&'a self, operation: &'a Operation) -> impl Iterator<Item = &'a str> {
        let own = self.contract.bases_of(operation);
        let here = move |base: &&'a Base| base.whole || own.contains(&base.path);
        self.bases.iter().filter(here).map(|base| base.path.as_str())
    }

    /// The paths below which it is served.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.bases.iter().map(|base| base.path.clone()).collect()
    }
}

/// Where each API is served: one document at the root and below each of its servers' paths, several below
/// those alone (control.md, default 1). A base in lobby.yaml is all of the API's, whatever servers its operations have.
pub(super) fn of(gathering: &Gathering, problems: &mut Vec<Problem>) -> (Vec<gateway::Base>, Vec<Wired>) {
    let alone = gathering.apis.len() == 1;
    let mut all: Vec<gateway::Base> = Vec::new();
    let mut wired = Vec::new();
    for (index, gathered) in gathering.apis.iter().enumerate() {
        let written = gathered.written.as_ref().and_then(|api| api.base.as_ref());
        let mut bases = if let Some(base) = written {
            vec![Base { path: base.value.trim_end_matches('/').to_owned(), whole: true }]
        } else {
            let whole = !gathered.contract.has_own_bases();
            let paths = gathered.contract.all_bases().into_iter();
            paths.map(|path| Base { path: path.to_owned(), whole }).collect()
        };
        if alone {
            match bases.iter_mut().find(|base| base.path.is_empty()) {
                Some(root) => root.whole = true,
                None => bases.push(Base { path: String::new(), whole: true }),
            }
        }
        let served = |base: &Base| gateway::Base { path: base.path.clone(), api: index, whole: base.whole };
        all.extend(bases.iter().map(served));
        let contract = gathered.contract.clone();
        wired.push(Wired { name: gathered.name.as_str().into(), contract, bases, moved: written.is_some() });
    }
    all.sort_by(|one, other| {
        let key = |base: &gateway::Base| (std::cmp::Reverse(base.path.len()), base.path.clone(), base.api);
        key(one).cmp(&key(other))
    });
    problems.extend(clashes(&wired));
    (all, wired)
}

/// Operations that two APIs would both answer, and such as lie where Lobby's own paths are.
fn clashes(wired: &[Wired]) -> Vec<Problem> {
    let mut seen: HashMap<(String, String), Taken<'_>> = HashMap::new();
    let mut problems = Vec::new();
    for api in wired {
        let all = api.contract.operations().iter();
        for (operation, base) in
            all.flat_map(|operation| api.places(operation).map(move |at| (operation, at)))
        {
            let path = format!("{base}{}", operation.template.text);
            if path == "/_lobby" || path.starts_with("/_lobby/") {
                problems.push(problem(
                    Severity::Error,
                    "path.reserved",
                    format!(
                        "`{} {path}` of {} lies below /_lobby/, which is Lobby's own",
                        operation.method, api.name
                    ),
                    Some(format!("serve it below another path: `apis.{}.base: /v1`", api.name)),
                ));
            }
            if WELL_KNOWN.iter().any(|own| {
                path == *own || (own.ends_with("resource") && path.starts_with(&format!("{own}/")))
            }) {
                problems.push(problem(
                    Severity::Warning,
                    "path.well-known",
                    format!(
                        "`{} {path}` of {} is answered by the authorization server",
                        operation.method, api.name
                    ),
                    None,
                ));
            }
            let place = (operation.method.to_string(), shape(&path));
            let taken = Taken { api: &api.name, id: operation.id, base };
            let Some(other) = seen.insert(place, taken) else { continue };
            if *other.api != *api.name {
                problems.push(problem(
                    Severity::Error,
                    "path.clash",
                    format!(
                        "`{} {path}` is an operation of {} and of {}",
                        operation.method, other.api, api.name
                    ),
                    Some(format!("serve one of them elsewhere: `apis.{}.base: /{}`", api.name, api.name)),
                ));
            } else if other.id != operation.id
                && other.base != base
                && !base.is_empty()
                && !other.base.is_empty()
            {
                // Here hosts count for nothing: what two hosts serve can be one path.
                problems.push(problem(
                    Severity::Warning,
                    "path.clash",
                    format!(
                        "`{} {path}` is two operations of {}, by their servers",
                        operation.method, api.name
                    ),
                    Some("hosts are ignored, and the longest path of a server wins".to_owned()),
                ));
            }
        }
    }
    problems
}

/// What the authorization server answers at the root.
pub(super) const WELL_KNOWN: [&str; 4] = [
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource",
    "/.well-known/change-password",
];

/// A path with its parameters' names left out: what two templates may not share.
fn shape(path: &str) -> String {
    let mut inside = false;
    let keep = |c: char| {
        let kept = !inside || c == '}';
        inside = (inside || c == '{') && c != '}';
        kept
    };
    path.chars()
        .filter({
            let mut keep = keep;
            move |c| keep(*c)
        })
        .collect()
}

/// Who has a place.
struct Taken<'a> {
    api: &'a str,
    id: OperationId,
    base: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_that_differ_in_names_alone_are_the_same_place() {
        assert_eq!(shape("/books/{id}/pages/{page}"), shape("/books/{bookId}/pages/{n}"));
        assert_ne!(shape("/books/{id}"), shape("/books/id"));
    }
}
