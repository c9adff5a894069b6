use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use http::Method;
use model::nearest;

use crate::{
    NormalPath, Operation, OperationId, PathError, Requirement, Rules, Scheme, SchemeId,
    openapi::Version,
    router::{self, Router},
    schema::bundle::Bundles,
    source::library::Library,
};

/// What an API promises, compiled from its document.
#[derive(Debug)]
pub struct Contract {
    pub(crate) title: String,
    pub(crate) version: String,
    pub(crate) bases: Vec<String>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) schemes: Vec<Scheme>,
    pub(crate) scopes: BTreeMap<String, String>,
    pub(crate) router: Router,
    pub(crate) library: Arc<Library>,
    pub(crate) dialect: Version,
    pub(crate) bundles: Mutex<Bundles>,
}

/// A name under `operations:` whose rules cannot be laid over anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownOperation {
    /// As written.
    pub name: String,
    /// What was probably meant.
    pub nearest: Option<String>,
    /// There is such an operation, but it is public: no principal of whom anything could be asked.
    pub public: bool,
}

/// Where a request leads.
#[derive(Debug)]
pub enum Routed<'a> {
    /// To this operation.
    To {
        /// Which.
        operation: &'a Operation,
        /// Path parameters by name, decoded, in the template's order.
        captures: Vec<(&'a str, String)>,
    },
    /// The path is known, the method is not.
    WrongMethod {
        /// The methods that the path has.
        allow: Vec<Method>,
    },
    /// Nowhere.
    Unknown,
    /// The path can be read as two operations: `%2F` in it, taken for a slash, would be another one
    /// (always [`PathError::Slash`]; verdicts.md, rule 1).
    Invalid(PathError),
}

impl Contract {
    /// `info.title`, else the name of the file.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// `info.version`; empty where there is none.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The paths of the document's servers, without a slash at the end, each once; `""` for the root.
    pub fn bases(&self) -> &[String] {
        &self.bases
    }

    /// The paths of the servers that hold for `operation`: its own, else its path's, else the document's
    /// (OpenAPI 3.2 4.9.1, 4.10.1). Never none.
    pub fn bases_of<'a>(&'a self, operation: &'a Operation) -> &'a [String] {
        operation.bases.as_deref().unwrap_or(&self.bases)
    }

    /// The paths of all servers at every level, each once: the document's first.
    pub fn all_bases(&self) -> Vec<&str> {
        let mut seen = BTreeSet::new();
        let own = self.operations.iter().filter_map(|operation| operation.bases.as_deref());
        let all = self.bases.iter().chain(own.flatten()).map(String::as_str);
        all.filter(|base| seen.insert(*base)).collect()
    }

    /// Whether any operation, or its path, has servers of its own.
    pub fn has_own_bases(&self) -> bool {
        self.operations.iter().any(|operation| operation.bases.is_some())
    }

    /// Every operation, in the document's order.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Every scheme, in the document's order; those that are only named by a requirement come last, as
    /// [`crate::SchemeKind::Unmeetable`].
    pub fn schemes(&self) -> &[Scheme] {
        &self.schemes
    }

    /// A scheme by its place.
    pub fn scheme(&self, id: SchemeId) -> Option<&Scheme> {
        self.schemes.get(usize::from(id.0))
    }

    /// An operation by its place.
    pub fn operation(&self, id: OperationId) -> Option<&Operation> {
        self.operations.get(id.0 as usize)
    }

    /// An operation by its name: the `operationId`, or `GET /books/{id}`, whatever the parameters are called.
    pub fn find(&self, name: &str) -> Option<&Operation> {
        self.operations.get(self.position(name)?)
    }

    fn position(&self, name: &str) -> Option<usize> {
        let exact = self.operations.iter().position(|operation| &*operation.name == name);
        exact.or_else(|| self.operations.iter().position(|operation| operation.is_at("", name)))
    }

    /// Every scope that a flow declares or a requirement asks for → its description (empty where none).
    pub fn scopes(&self) -> &BTreeMap<String, String> {
        &self.scopes
    }

    /// Where a request leads whose path is below the base already ([`NormalPath::strip_base`]). `HEAD` is
    /// answered by `GET` where it is not documented itself.
    pub fn route(&self, method: &Method, path: &NormalPath) -> Routed<'_> {
        self.route_among(method, path, &|_| true)
    }

    /// As [`Contract::route`], among those operations alone whose servers have the path `base`.
    pub fn route_at(&self, base: &str, method: &Method, path: &NormalPath) -> Routed<'_> {
        self.route_among(method, path, &|id| {
            self.operation(id)
                .is_some_and(|operation| self.bases_of(operation).iter().any(|known| known == base))
        })
    }

    fn route_among(
        &self,
        method: &Method,
        path: &NormalPath,
        among: &dyn Fn(OperationId) -> bool,
    ) -> Routed<'_> {
        let here = self.router.find(path, among);
        if let Some(decoded) = path.slashes_decoded() {
            let there = self.router.find(&decoded, among);
            let other = match (here, there) {
                (Some(here), Some(there)) => !std::ptr::eq(here, there),
                (None, Some(_)) => true,
                (_, None) => false,
            };
            if other {
                return Routed::Invalid(PathError::Slash);
            }
        }
        let Some(here) = here else { return Routed::Unknown };
        let exact = |wanted: &Method| {
            here.iter().find(|(method, id)| method == wanted && among(*id)).map(|(_, id)| *id)
        };
        let head = || exact(&Method::GET).filter(|_| *method == Method::HEAD);
        match exact(method).or_else(head).and_then(|id| self.operation(id)) {
            Some(operation) => Routed::To { operation, captures: router::captures(operation, path) },
            None => Routed::WrongMethod { allow: allowed(here, among) },
        }
    }

    /// Lays what lobby.yaml says under `operations:` over what the document says in `x-lobby`, key by key.
    /// What cannot be laid over anything comes back and changes nothing.
    pub fn apply_rules(&mut self, rules: &BTreeMap<String, Rules>) -> Vec<UnknownOperation> {
        let mut faults = Vec::new();
        for (name, rules) in rules {
            let found = self.position(name);
            if let Some(operation) = found.and_then(|index| self.operations.get_mut(index)) {
                if operation.requirement.is_public() {
                    faults.push(UnknownOperation { name: name.clone(), nearest: None, public: true });
                    continue;
                }
                let old = &operation.requirement;
                let rules = old.rules.overlaid(rules);
                operation.requirement =
                    Arc::new(Requirement { alternatives: old.alternatives.clone(), rules });
            } else {
                let known = self.operations.iter().map(|operation| &*operation.name);
                let nearest = nearest(name, known).map(ToOwned::to_owned);
                faults.push(UnknownOperation { name: name.clone(), nearest, public: false });
            }
        }
        faults
    }
}

fn allowed(here: &[(Method, OperationId)], among: &dyn Fn(OperationId) -> bool) -> Vec<Method> {
    let mut methods: Vec<Method> =
        here.iter().filter(|(_, id)| among(*id)).map(|(method, _)| method.clone()).collect();
    if methods.contains(&Method::GET) && !methods.contains(&Method::HEAD) {
        methods.push(Method::HEAD);
    }
    methods
}
