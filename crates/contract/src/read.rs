use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    path::PathBuf,
    sync::Arc,
};

use model::{Problem, Severity};

use crate::{
    Address, Contract, LoadError, Loader,
    openapi::{self, swagger},
    problems::{Sink, shown},
    schema::faults,
    source::{
        ParseError,
        builder::Builder,
        decode,
        dialect::Dialect,
        document::{Document, line_starts, place},
        json,
        library::{Broken, Library, join, locate},
        narrow,
        survey::{Survey, survey},
        view::{At, HOPS, View},
        yaml,
    },
};

/// Which face of Lobby reads: a mock is tolerant, a guard refuses what it could only always deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Face {
    /// Serves what can be served.
    #[default]
    Mock,
    /// Fails closed.
    Guard,
}

/// How documents are read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// For whom.
    pub face: Face,
    /// Whether references to other hosts are given to the loader (`--allow-remote-refs`).
    pub remote: bool,
}

/// What came of a document.
#[derive(Debug)]
pub struct Reading {
    /// The contract; `None` when a problem is an error.
    pub contract: Option<Contract>,
    /// In the order of files and lines.
    pub problems: Vec<Problem>,
    /// Every file that was read, whole or broken, as the loader shows it: what a watcher watches.
    pub files: Vec<PathBuf>,
}

/// Names of dialects in one file that are looked at.
const DIALECTS: usize = 200;
/// Files of one API.
const FILES: usize = 500;

/// Reads the document at `entry` (a file below the loader's root, or a URL) and everything that it refers to.
pub fn read(entry: &Address, loader: &dyn Loader, options: &Options) -> Reading {
    let mut shelf = Shelf {
        library: Library::default(),
        surveys: Vec::new(),
        sink: Sink::new(options.face),
        files: Vec::new(),
        loader,
        remote: options.remote,
    };
    let contract = shelf.fetch(entry).is_ok().then(|| shelf.fill()).and_then(|()| {
        let Shelf { library, surveys, sink, .. } = &mut shelf;
        let mut library = std::mem::take(library);
        library.unusable_patterns = faults::check(&library, surveys, sink);
        let library = Arc::new(library);
        openapi::compile(&library, sink)
    });
    let failed = shelf.sink.failed();
    Reading { contract: contract.filter(|_| !failed), problems: shelf.sink.finish(), files: shelf.files }
}

/// Reads a document that is in memory and refers to no other.
pub fn read_text(name: &str, text: &[u8], options: &Options) -> Reading {
    let loader = BTreeMap::from([(name.to_owned(), text.to_vec())]);
    read(&Address::File(name.to_owned()), &loader, options)
}

struct Shelf<'a> {
    library: Library,
    surveys: Vec<Survey>,
    sink: Sink,
    files: Vec<PathBuf>,
    loader: &'a dyn Loader,
    remote: bool,
}

impl Shelf<'_> {
    /// Brings one document. A document that cannot be parsed is an error whoever refers to it.
    fn fetch(&mut self, address: &Address) -> Result<u16, LoadError> {
        let name = address.as_str().to_owned();
        if let Some(known) = self.library.by_address.get(&name) {
            return known.clone();
        }
        let result = self.load(address);
        self.library.by_address.insert(name, result.clone());
        result
    }

    fn load(&mut self, address: &Address) -> Result<u16, LoadError> {
        if matches!(address, Address::Url(_)) && !self.remote {
            return Err(LoadError::Remote);
        }
        if self.library.documents.len() >= FILES {
            return Err(LoadError::Failed("more than 500 files belong to the document".to_owned()));
        }
        let first = self.library.documents.is_empty();
        let loaded = match self.loader.load(address) {
            Ok(loaded) => loaded,
            Err(error) => {
                if first {
                    let message = format!("`{}` cannot be read: {error}", shown(address.as_str()));
                    self.sink.add(Severity::Error, "document.unreadable", || None, message, None);
                }
                return Err(error);
            }
        };
        self.files.push(loaded.shown.clone());
        let path = Arc::new(loaded.shown);
        let index = u16::try_from(self.library.documents.len()).unwrap_or(u16::MAX);
        let address = loaded.moved.as_deref().unwrap_or(address.as_str());
        let document = self.parse(&path, address, loaded.bytes)?;
        if loaded.moved.is_some() {
            self.library.by_address.entry(address.to_owned()).or_insert(Ok(index));
        }
        self.library.documents.push(document);
        let found = survey(&self.library, index);
        self.note(index, &found);
        self.surveys.push(found);
        Ok(index)
    }

    fn parse(&mut self, path: &Arc<PathBuf>, address: &str, bytes: Vec<u8>) -> Result<Document, LoadError> {
        let fallback = || LoadError::Failed("it has errors of its own".to_owned());
        let readable = std::str::from_utf8(&bytes).is_err().then(|| decode::readable(&bytes));
        let source: Arc<str> = match decode::decode(bytes) {
            Ok(text) => text.into(),
            Err(error) => {
                self.refuse(path, &readable.unwrap_or_default(), error);
                return Err(fallback());
            }
        };
        let total: usize = self.library.documents.iter().map(|document| document.nodes.len()).sum();
        let (builder, tags) = match build(address, &source) {
            Ok(built) => built,
            Err(error) => {
                self.refuse(path, &source, error);
                return Err(fallback());
            }
        };
        let duplicates = builder.duplicates.clone();
        let document = builder.finish(Arc::clone(path), address.to_owned(), source);
        for key in duplicates {
            let node = document.node(key).copied();
            let place = || node.map(|node| document.place(node.start, node.end));
            let message = format!("`{}` stands twice in one mapping", shown(document.text(key)));
            let help = "take one of them out: which of the two holds would be a guess".to_owned();
            self.sink.add(Severity::Error, "document.duplicate", place, message, Some(help));
        }
        for (start, end) in tags {
            let place = || Some(document.place(start, end));
            let help = Some("take the tag out".to_owned());
            self.sink.add(
                Severity::Warning,
                "yaml.tag",
                place,
                "the tag means nothing here and is ignored",
                help,
            );
        }
        let document = match swagger::is_swagger(&document).then(|| swagger::convert(&document)) {
            None => document,
            Some(Ok(converted)) => converted,
            Some(Err(error)) => {
                let source = Arc::clone(&document.source);
                self.refuse(path, &source, error);
                return Err(fallback());
            }
        };
        if total + document.nodes.len() > crate::source::builder::NODES {
            let message = "all files together have more than 4,000,000 values";
            self.sink.add(Severity::Error, "document.bounds", || Some(document.place(0, 0)), message, None);
            return Err(fallback());
        }
        Ok(document)
    }

    fn refuse(&mut self, path: &Arc<PathBuf>, source: &str, error: ParseError) {
        let lines = line_starts(source);
        let place = || Some(place(path, source, &lines, error.at, error.at + 1));
        // Of a file that is only referred to, what depends on it decides how bad it is.
        let first = self.library.documents.is_empty();
        let severity = if first { Severity::Error } else { Severity::Warning };
        self.sink.add(severity, error.code, place, error.message, error.help);
    }

    /// Enters the names that a document gives to its schemas.
    fn note(&mut self, document: u16, found: &Survey) {
        self.name(document);
        self.dialects(document, found);
        let mut ids = found.ids.clone();
        ids.sort();
        for (at, id) in ids {
            let enclosing = self.library.resource(At { document, node: at.node.saturating_sub(1) });
            let base = self.library.resources.get(&enclosing).cloned();
            let base = base
                .or_else(|| self.library.documents.get(usize::from(document)).map(|doc| doc.address.clone()));
            let uri = join(&base.unwrap_or_default(), &id);
            self.library.resources.insert(at, uri.clone());
            self.library.ids.entry(uri).or_insert(at);
        }
        for (at, name, dynamic) in &found.anchors {
            let resource = self.library.resource(*at);
            self.library.anchors.entry((resource, name.clone())).or_insert(*at);
            if *dynamic {
                self.library.dynamic.entry(resource).or_default().push((name.clone(), *at));
            }
        }
    }

    /// `$self`: what relative references of the document are relative to (OpenAPI 3.2 4.6, appendix F).
    fn name(&mut self, document: u16) {
        let at = At { document, node: 0 };
        let Some(root) = self.library.view(at) else { return };
        let Some((key, value)) = root.member("$self").filter(|_| names_itself(root)) else { return };
        let Some(text) = value.text().filter(|text| !text.contains('#')) else {
            let message = "`$self` is no URI without a fragment and is ignored";
            let help = "write for example `$self: https://example.com/api/openapi.yaml`";
            self.sink.warn("document.self", key, message, help);
            return;
        };
        let uri = join(&root.document.address, text);
        self.library.resources.insert(at, uri.clone());
        self.library.ids.entry(uri).or_insert(at);
    }

    /// `jsonSchemaDialect` of a document, `$schema` of a schema.
    fn dialects(&mut self, document: u16, found: &Survey) {
        let entry = self.library.root().and_then(|root| root.get("openapi")?.scalar());
        if entry.is_none_or(|version| version.starts_with("3.0")) {
            return;
        }
        let root = At { document, node: 0 };
        let of_document = self.library.view(root).and_then(|root| root.get("jsonSchemaDialect"));
        let of_document = of_document.map(|value| (root, value.at));
        for (at, text) in of_document.into_iter().chain(found.dialects.iter().copied()).take(DIALECTS) {
            let Some(value) = self.library.view(text) else { continue };
            // An editor's hint beside `openapi` is about the document, not about its schemas.
            let is_hint = at == root && self.library.view(at).is_some_and(is_openapi);
            if is_hint && of_document.is_none_or(|(_, own)| own != text) {
                continue;
            }
            let dialect = value.text().and_then(Dialect::parse).unwrap_or_else(|| {
                let name = shown(value.text().unwrap_or(value.what()));
                let message = format!("the dialect `{name}` is not known; it is read as JSON Schema 2020-12");
                self.sink.warn(
                    "schema.dialect",
                    value,
                    message,
                    "drafts 4, 6 and 7, 2019-09 and 2020-12 are known",
                );
                Dialect::Current
            });
            self.library.dialects.insert(at, dialect);
        }
    }

    /// Brings whatever is referred to, and says which references lead nowhere.
    fn fill(&mut self) {
        let mut waiting: VecDeque<u16> = VecDeque::from([0]);
        let mut seen = 1;
        while let Some(document) = waiting.pop_front() {
            for (here, named) in self.outward(document) {
                // What fails is told below, where the reference stands.
                let found = self.fetch(&here);
                if let (Err(LoadError::Missing | LoadError::Outside), Some(named)) = (found, named) {
                    let _ = self.fetch(&named);
                }
            }
            while seen < self.library.documents.len() {
                waiting.push_back(u16::try_from(seen).unwrap_or(u16::MAX));
                seen += 1;
            }
        }
        self.dangling();
    }

    /// Says which references lead nowhere. Each is resolved once, however long the chain that it stands in.
    fn dangling(&mut self) {
        let Self { library, surveys, sink, .. } = self;
        let mut leads: HashMap<At, At> = HashMap::new();
        let references = || surveys.iter().flat_map(|survey| &survey.references);
        let mut tell = |at: At, broken: &Broken| {
            let Some((view, reference)) = library.view(at).and_then(|view| Some((view, view.text()?))) else {
                return;
            };
            let message = format!("the reference `{}` leads nowhere: {broken}", shown(reference));
            sink.add(severity(reference), "reference.broken", || Some(view.place()), message, broken.help());
        };
        for at in references() {
            let Some(reference) = library.view(*at).and_then(|view| view.text()) else { continue };
            match library.resolve(*at, reference) {
                // Only a map with a `$ref` of its own leads on.
                Ok(target) => {
                    if let Some((next, _)) = target.reference() {
                        leads.insert(*at, next.at);
                    }
                }
                Err(broken) => tell(*at, &broken),
            }
        }
        for at in references() {
            let mut end = *at;
            let hops = (0..HOPS)
                .take_while(|_| {
                    leads.get(&end).is_some_and(|next| {
                        end = *next;
                        true
                    })
                })
                .count();
            if hops == HOPS {
                tell(*at, &Broken::Circle);
            }
        }
    }

    /// Addresses of other documents that one refers to: from where it was read, and by its name.
    fn outward(&self, document: u16) -> Vec<(Address, Option<Address>)> {
        let Some(survey) = self.surveys.get(usize::from(document)) else { return Vec::new() };
        let library = &self.library;
        let place = library.documents.get(usize::from(document)).map_or("", |document| &document.address);
        let mut addresses = Vec::new();
        for at in &survey.references {
            let Some(text) = library.view(*at).and_then(|view| view.text()) else { continue };
            let file = text.split('#').next().unwrap_or_default();
            let is_known =
                || !library.ids.is_empty() && library.ids.contains_key(&join(library.base(*at), file));
            if file.is_empty() || is_known() {
                continue;
            }
            match (locate(place, file), library.by_name(*at, file)) {
                (Ok(here), named) => addresses.push((here, named)),
                (Err(LoadError::Outside), Some(named)) => addresses.push((named, None)),
                (Err(_), _) => {}
            }
        }
        addresses.dedup();
        addresses
    }
}

fn is_openapi(root: View<'_>) -> bool {
    root.get("openapi").is_some()
}

/// Whether `$self` means anything in a document: from 3.2 on.
fn names_itself(root: View<'_>) -> bool {
    let version = root.get("openapi").and_then(|version| version.scalar()).unwrap_or_default();
    let minor = version.strip_prefix("3.").and_then(|rest| rest.split('.').next()?.parse::<u32>().ok());
    minor.is_some_and(|minor| minor >= 2)
}

/// A reference to a file of this machine by URL is an attack or a leak, never an oversight.
fn severity(reference: &str) -> Severity {
    let is_file = reference.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("file:"));
    if is_file { Severity::Error } else { Severity::Warning }
}

fn build(address: &str, source: &str) -> Result<(Builder, Vec<yaml::IgnoredTag>), ParseError> {
    // Documents have a value in 12 to 20 bytes; growing later doubles what is held for a moment.
    let room = source.len() / 14 + 16;
    let named_json = address.rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("json"));
    let looks_json = source.trim_start().starts_with(['{', '[']);
    if named_json || looks_json {
        let mut builder = Builder::with_room(room);
        match json::parse(source, &mut builder) {
            Ok(()) => return Ok((builder, Vec::new())),
            Err(error) if named_json || error.code == "document.bounds" => return Err(error),
            Err(_) => {}
        }
    }
    let mut builder = Builder::with_room(room);
    let tags = yaml::parse(source, &mut builder)?;
    debug_assert!(builder.depth() == 0 && narrow(source.len()) < u32::MAX);
    Ok((builder, tags))
}
