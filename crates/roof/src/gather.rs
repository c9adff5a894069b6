//! Reading what there is: lobby.yaml and the documents, with every problem of all of them.

use std::{
    collections::BTreeMap,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

use contract::{Address, Contract, Options, Rules};
use model::{Problem, Severity};

use crate::{
    config::{Config, apis::Api, read::Written, store::Store, value::SecretReference},
    follow::{Digest, Files, Noting},
    loader::{FolderLoader, Remote},
    material::Material,
};

/// What the house is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Footing {
    /// `lobby mock`: whatever is not written is as a newcomer would have it.
    #[default]
    Mock,
    /// `lobby serve`: whatever is not written is shut, and nobody is there who was not made.
    Production,
}

/// What to read.
#[derive(Clone)]
pub(crate) struct Sources {
    /// What it is read for.
    pub(crate) footing: Footing,
    /// Documents named on the command line.
    pub(crate) files: Vec<String>,
    /// lobby.yaml: named, or found in this folder.
    pub(crate) config: Option<PathBuf>,
    /// The folder below which documents may read files.
    pub(crate) root: Option<PathBuf>,
    /// Whether and how other hosts are asked.
    pub(crate) remote: Option<Remote>,
    /// What came on standard input: it can be read once.
    pub(crate) stdin: Option<Vec<u8>>,
}

/// An API with its document read.
pub(crate) struct Gathered {
    pub(crate) name: String,
    /// Its document's file or URL.
    pub(crate) file: String,
    pub(crate) contract: Arc<Contract>,
    pub(crate) written: Option<Api>,
}

/// Everything that was read.
pub(crate) struct Gathering {
    pub(crate) footing: Footing,
    pub(crate) config: Config,
    pub(crate) written: Option<Written>,
    pub(crate) apis: Vec<Gathered>,
    pub(crate) problems: Vec<Problem>,
    /// Everything to follow, with what it held.
    pub(crate) files: Files,
    /// What the pages have of the service's own.
    pub(crate) brand: Material,
}

impl Gathering {
    /// A problem with a value of lobby.yaml.
    pub(crate) fn wrong(&self, path: &[&str], message: String, help: Option<String>) -> Problem {
        match &self.written {
            Some(written) => written.value_problem(path, message, help),
            None => bare("config.value", message, help),
        }
    }

    /// The folder of lobby.yaml, which paths in it are relative to.
    pub(crate) fn folder(&self) -> &Path {
        let folder = self.written.as_ref().and_then(|written| written.file.parent());
        folder.unwrap_or(Path::new(""))
    }
}

impl Gathering {
    /// Whether any API is stood in for.
    pub(crate) fn has_mocks(&self) -> bool {
        self.apis.iter().any(|api| api.written.as_ref().is_none_or(|api| api.backend.value == "mock"))
    }
}

/// The name that lobby.yaml has when nobody says otherwise.
pub(crate) const DEFAULT_CONFIG: &str = "lobby.yaml";

impl Sources {
    /// What `lobby serve` reads.
    pub(crate) fn of_server(config: PathBuf) -> Self {
        let (footing, config) = (Footing::Production, Some(config));
        Self { footing, files: Vec::new(), config, root: None, remote: None, stdin: None }
    }

    /// Reads standard input, if a document is to come from there.
    pub(crate) fn take_stdin(&mut self) -> std::io::Result<()> {
        if self.files.iter().any(|file| file == "-") {
            let mut bytes = Vec::new();
            std::io::stdin().take(256 << 20).read_to_end(&mut bytes)?;
            self.stdin = Some(bytes);
        }
        Ok(())
    }

    /// Reads all. Blocks.
    pub(crate) fn gather(&self) -> Gathering {
        let mut gathering = self.gather_config();
        crate::material::read(&mut gathering);
        let mut named: BTreeMap<String, Api> = std::mem::take(&mut gathering.config.apis);
        let folder = self.config_folder();
        let mut wanted: Vec<(String, String, Option<Api>)> = Vec::new();
        for file in &self.files {
            let configured =
                named.iter().find(|(_, api)| same(&folder.join(&api.contract.value), Path::new(file)));
            match configured.map(|(name, _)| name.clone()) {
                Some(name) => wanted.push((name.clone(), file.clone(), named.remove(&name))),
                None => wanted.push((name_of(file), file.clone(), None)),
            }
        }
        for (name, api) in named {
            let at = &api.contract.value;
            let file = if is_url(at) { at.clone() } else { folder.join(at).to_string_lossy().into_owned() };
            wanted.push((name, file, Some(api)));
        }
        for (name, file, written) in wanted {
            self.read_document(&mut gathering, name, &file, written);
        }
        let beside = files_beside(&gathering).into_iter().map(|file| folder.join(file));
        let beside: Vec<_> = beside.map(|file| (file.clone(), Digest::of_file(&file))).collect();
        gathering.files.extend(beside);
        gathering
    }

    fn config_folder(&self) -> PathBuf {
        let parent = self.config.as_deref().and_then(Path::parent);
        parent.map(Path::to_owned).unwrap_or_default()
    }

    /// Reads lobby.yaml, and nothing that it names. Blocks.
    pub(crate) fn gather_config(&self) -> Gathering {
        let mut gathering = Gathering {
            footing: self.footing,
            config: Config::default(),
            written: None,
            apis: Vec::new(),
            problems: Vec::new(),
            files: Files::new(),
            brand: Material::default(),
        };
        if let Some(path) = &self.config {
            self.read_config(path, &mut gathering);
        }
        gathering
    }

    fn read_config(&self, path: &PathBuf, gathering: &mut Gathering) {
        let read = std::fs::read_to_string(path);
        gathering.files.insert(path.clone(), read.as_ref().ok().map(|text| Digest::of(text.as_bytes())));
        match read {
            Ok(text) => {
                let written = Written { file: Arc::new(path.clone()), text };
                match written.parse() {
                    Ok(config) => {
                        gathering.problems.extend(written.idle(&config));
                        gathering.config = config;
                        if self.footing == Footing::Production && gathering.config.store.is_none() {
                            gathering.config.store = Some(Store::Sqlite(PathBuf::from("lobby.db")));
                        }
                    }
                    Err(problem) => gathering.problems.push(*problem),
                }
                gathering.written = Some(written);
            }
            Err(error) => gathering.problems.push(unreadable(path, &error.to_string())),
        }
    }

    fn read_document(&self, gathering: &mut Gathering, name: String, file: &str, written: Option<Api>) {
        if gathering.apis.iter().any(|api| api.name == name) {
            let message = format!("two APIs are named `{name}`");
            let help =
                "name them in lobby.yaml: `apis: { one: { contract: … }, two: { contract: … } }`".to_owned();
            gathering.problems.push(bare("api.name", message, Some(help)));
            return;
        }
        if Path::new(file).is_dir() {
            let help = "name an OpenAPI document in it".to_owned();
            return gathering.problems.push(bare(
                "file.unreadable",
                format!("{file} is a folder"),
                Some(help),
            ));
        }
        let (folder, address) = self.locate(file);
        let loader = match FolderLoader::new(&folder, self.remote.clone(), self.stdin.clone()) {
            Ok(loader) => Noting::new(loader),
            Err(error) => return gathering.problems.push(unreadable(&folder, &error.to_string())),
        };
        let options = Options { remote: self.remote.is_some(), ..Options::default() };
        let reading = contract::read(&address, &loader, &options);
        let files = reading.files.into_iter();
        let files = files.filter(|file| !is_url(&file.to_string_lossy()) && file != Path::new("-"));
        gathering.files.extend(files.map(|file| (file.clone(), loader.held(&file))));
        let is_told = reading.problems.iter().any(|problem| problem.severity == Severity::Error);
        gathering.problems.extend(reading.problems);
        let Some(mut contract) = reading.contract else {
            if !is_told {
                let help = is_url(file).then(|| {
                    "nothing is fetched from other hosts; allow it with --allow-remote-refs".to_owned()
                });
                gathering.problems.push(bare("file.unreadable", format!("{file} was not read"), help));
            }
            return;
        };
        if let Some((api, text)) = written.as_ref().zip(gathering.written.as_ref()) {
            let problems = overlay(&mut contract, &name, api, text);
            gathering.problems.extend(problems);
        }
        gathering.apis.push(Gathered { name, file: file.to_owned(), contract: Arc::new(contract), written });
    }

    /// The folder that a document may read below, and its address there.
    fn locate(&self, file: &str) -> (PathBuf, Address) {
        if is_url(file) {
            return (PathBuf::from("."), Address::Url(file.to_owned()));
        }
        if file == "-" {
            return (PathBuf::from("."), Address::File("-".to_owned()));
        }
        let path = Path::new(file);
        let parent = path.parent().unwrap_or(Path::new("")).to_owned();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let Some(root) = &self.root else { return (parent, Address::File(name)) };
        let inside = || {
            let whole = path.canonicalize().ok()?;
            let rest = whole.strip_prefix(root.canonicalize().ok()?).ok()?.to_owned();
            Some(
                rest.components()
                    .map(|part| part.as_os_str().to_string_lossy().into_owned())
                    .collect::<Vec<_>>()
                    .join("/"),
            )
        };
        match inside() {
            Some(rest) => (root.clone(), Address::File(rest)),
            None => (parent, Address::File(name)),
        }
    }
}

/// Key sets and secrets in files that lobby.yaml names.
fn files_beside(gathering: &Gathering) -> Vec<PathBuf> {
    let (secrets, key_sets) = crate::wire::wanted(gathering);
    let secrets = secrets.into_iter().filter_map(|secret| match secret {
        SecretReference::File(path) => Some(path),
        SecretReference::Environment(_) => None,
    });
    secrets.chain(key_sets.into_iter().filter(|place| !is_url(place)).map(PathBuf::from)).collect()
}

/// Puts `operations:` over the document's `x-lobby`.
fn overlay(contract: &mut Contract, name: &str, api: &Api, text: &Written) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut rules = BTreeMap::new();
    for (operation, written) in &api.operations {
        let policy = written.value.policy.as_ref().and_then(|policy| match policy.value.parse() {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                let error: contract::PolicyError = error;
                problems.push(text.problem(policy.defined, error.to_string(), None));
                None
            }
        });
        let value = &written.value;
        rules.insert(
            operation.clone(),
            Rules {
                roles: value.roles.iter().cloned().collect(),
                plans: value.plans.iter().cloned().collect(),
                max_age: value.max_age.map(|span| span.0),
                acr: value.acr.clone(),
                policy,
            },
        );
    }
    for unknown in contract.apply_rules(&rules) {
        let help = unknown.nearest.map(|near| format!("did you mean `{near}`?"));
        let message = if unknown.public {
            format!(
                "`{}` is public in the document, so nothing can be demanded of who calls it",
                unknown.name
            )
        } else {
            format!("the document has no operation `{}`", unknown.name)
        };
        problems.push(text.key_problem(&["apis", name, "operations", &unknown.name], message, help));
    }
    problems
}

pub(crate) fn bare(code: &'static str, message: String, help: Option<String>) -> Problem {
    crate::wire::problem(Severity::Error, code, message, help)
}

pub(crate) fn unreadable(path: &Path, why: &str) -> Problem {
    bare("file.unreadable", format!("cannot read {}: {why}", path.display()), None)
}

/// Whether this is a URL and no path.
pub(crate) fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

fn same(one: &Path, other: &Path) -> bool {
    one == other
        || one.canonicalize().ok().zip(other.canonicalize().ok()).is_some_and(|(one, other)| one == other)
}

/// `bookshop.openapi.yaml` → `bookshop` (control.md, default 2).
pub(crate) fn name_of(file: &str) -> String {
    let last = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = last.split('.').next().unwrap_or_default();
    let legal: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '-' }).collect();
    if legal.is_empty() || legal == "-" { "api".to_owned() } else { legal }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_is_named_after_its_file_up_to_the_first_dot() {
        assert_eq!(name_of("specs/bookshop.openapi.yaml"), "bookshop");
        assert_eq!(name_of("https://example.com/api/v1.json?x"), "v1");
        assert_eq!(name_of("-"), "api");
        assert_eq!(name_of(".hidden"), "api");
    }
}
