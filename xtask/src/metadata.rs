use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::shell;

/// What `cargo metadata` knows, as far as the checks read it.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) workspace_members: Vec<String>,
    resolve: Resolve,
}

/// One package of the graph.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) dependencies: Vec<Dependency>,
}

/// A dependency as a manifest writes it.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// Nothing for a normal one, else `dev` or `build`.
    pub(crate) kind: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Debug, Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Debug, Deserialize)]
struct Kind {
    kind: Option<String>,
}

impl Metadata {
    /// Asks cargo; fails when `Cargo.lock` is not what the manifests ask for.
    pub(crate) fn read() -> Result<Self> {
        let text = shell::output(&mut shell::cargo(["metadata", "--format-version", "1", "--locked"]))?;
        serde_json::from_str(&text).context("cargo metadata is not as expected")
    }

    /// The workspace's own packages.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// The names of all that is linked into `package`: its normal dependencies and theirs, each with the way
    /// that leads to it.
    pub(crate) fn linked<'a>(&'a self, package: &'a Package) -> BTreeMap<&'a str, Vec<&'a str>> {
        let nodes: BTreeMap<_, _> = self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let names: BTreeMap<_, _> =
            self.packages.iter().map(|package| (package.id.as_str(), package.name.as_str())).collect();
        let mut found = BTreeMap::new();
        let mut seen = BTreeSet::from([package.id.as_str()]);
        let mut open = vec![(package.id.as_str(), vec![package.name.as_str()])];
        while let Some((id, way)) = open.pop() {
            let edges = nodes.get(id).map(|node| node.deps.as_slice()).unwrap_or_default();
            for edge in edges.iter().filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none())) {
                let name = names.get(edge.pkg.as_str()).copied().unwrap_or_default();
                if seen.insert(&edge.pkg) {
                    let mut way = way.clone();
                    way.push(name);
                    found.insert(name, way.clone());
                    open.push((&edge.pkg, way));
                }
            }
        }
        found
    }
}
