use std::collections::{BTreeMap, HashMap};

use percent_encoding::percent_decode_str;
use thiserror::Error;

use super::{
    dialect::Dialect,
    document::Document,
    loader::{Address, LoadError},
    view::{At, View},
};

/// Why a reference leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Broken {
    /// The file is there, the place in it is not.
    #[error("there is nothing at `{0}`")]
    Nothing(String),
    /// The file cannot be had.
    #[error("`{0}` cannot be read: {1}")]
    File(String, LoadError),
    /// References that lead to one another.
    #[error("the references lead in a circle, or through too many others")]
    Circle,
}

impl Broken {
    /// What to do about it.
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            Self::File(_, LoadError::Outside) => Some(
                "only files below the document's folder are read; name a folder above it with --root"
                    .to_owned(),
            ),
            Self::File(_, LoadError::Remote) => Some(
                "nothing is fetched; allow it with --allow-remote-refs, or keep a copy beside the document"
                    .to_owned(),
            ),
            Self::File(_, LoadError::Missing | LoadError::Failed(_)) | Self::Circle => None,
            Self::Nothing(_) => Some("check the spelling of the pointer".to_owned()),
        }
    }
}

/// Every document that was read, and the names within them.
#[derive(Debug, Default)]
pub(crate) struct Library {
    pub(crate) documents: Vec<Document>,
    pub(crate) by_address: HashMap<String, Result<u16, LoadError>>,
    /// `$id` resolved against its base → the schema.
    pub(crate) ids: HashMap<String, At>,
    /// Schemas with an `$id`, with their URI.
    pub(crate) resources: BTreeMap<At, String>,
    /// `$anchor` and `$dynamicAnchor` within a resource.
    pub(crate) anchors: HashMap<(At, String), At>,
    /// Of these, the dynamic ones.
    pub(crate) dynamic: BTreeMap<At, Vec<(String, At)>>,
    /// Schemas and documents that name their dialect.
    pub(crate) dialects: BTreeMap<At, Dialect>,
    /// Patterns that no schema keeps: they cannot be run within bounds.
    pub(crate) unusable_patterns: std::collections::HashSet<String>,
}

impl Library {
    pub(crate) fn view(&self, at: At) -> Option<View<'_>> {
        let document = self.documents.get(usize::from(at.document))?;
        document.node(at.node)?;
        Some(View::new(self, document, at))
    }

    /// The root of the first document.
    pub(crate) fn root(&self) -> Option<View<'_>> {
        self.view(At { document: 0, node: 0 })
    }

    /// The resource that a node belongs to: the innermost schema with an `$id` around it, else its document.
    pub(crate) fn resource(&self, at: At) -> At {
        let around = self.around(&self.resources, at);
        around.map_or(At { document: at.document, node: 0 }, |(root, _)| root)
    }

    /// The dialect that a schema is written in, where it or anything around it names one.
    pub(crate) fn dialect(&self, at: At) -> Option<Dialect> {
        self.around(&self.dialects, at).map(|(_, dialect)| *dialect)
    }

    /// The innermost of the marked nodes that `at` is or stands in.
    fn around<'a, T>(&self, marks: &'a BTreeMap<At, T>, at: At) -> Option<(At, &'a T)> {
        let document = self.documents.get(usize::from(at.document))?;
        let before = marks.range(At { document: at.document, node: 0 }..=at);
        let holds = |(root, _): &(&At, &T)| document.node(root.node).is_some_and(|node| node.next > at.node);
        before.rev().find(holds).map(|(root, mark)| (*root, mark))
    }

    /// What relative references at `at` are relative to.
    pub(crate) fn base(&self, at: At) -> &str {
        let resource = self.resource(at);
        self.resources.get(&resource).map_or_else(|| self.address(at), String::as_str)
    }

    fn address(&self, at: At) -> &str {
        self.documents.get(usize::from(at.document)).map_or("", |document| &document.address)
    }

    /// Where `reference`, which stands at `from`, leads (RFC 3986 5, RFC 6901 6).
    pub(crate) fn resolve(&self, from: At, reference: &str) -> Result<View<'_>, Broken> {
        let (file, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let nothing = || Broken::Nothing(reference.chars().take(120).collect());
        let resource = if file.is_empty() { self.resource(from) } else { self.file(from, file)? };
        let fragment = percent_decode_str(fragment).decode_utf8().map_err(|_| nothing())?;
        let root = self.view(resource).ok_or_else(nothing)?;
        if fragment.is_empty() {
            return Ok(root);
        }
        if let Some(pointer) = fragment.strip_prefix('/') {
            return pointer_to(root, pointer, 0)
                .or_else(|| self.in_document(resource, pointer))
                .ok_or_else(nothing);
        }
        let anchored = self.anchors.get(&(resource, fragment.into_owned())).copied();
        anchored.and_then(|at| self.view(at)).ok_or_else(nothing)
    }

    /// A pointer within a schema with an `$id` that means the whole document: many documents write it so.
    fn in_document(&self, resource: At, pointer: &str) -> Option<View<'_>> {
        pointer_to(self.view(At { document: resource.document, node: 0 })?, pointer, 0)
    }

    fn file(&self, from: At, file: &str) -> Result<At, Broken> {
        let shown = || file.chars().take(120).collect();
        if !self.ids.is_empty() {
            let absolute = join(self.base(from), file);
            if let Some(at) = self.ids.get(&absolute) {
                return Ok(*at);
            }
        }
        let known = |address: Address| match self.by_address.get(address.as_str()) {
            Some(Ok(document)) => Ok(At { document: *document, node: 0 }),
            Some(Err(error)) => Err(error.clone()),
            None => Err(LoadError::Missing),
        };
        let here = locate(self.address(from), file).and_then(known);
        let found = match (here, self.by_name(from, file)) {
            (Err(LoadError::Missing | LoadError::Outside), Some(named)) => known(named),
            (here, _) => here,
        };
        found.map_err(|error| Broken::File(shown(), error))
    }

    /// The URL that `file` has by the name of the document that refers to it (`$self`, `$id`), where that is not
    /// the place that the document was read from. A copy beside the document comes before it.
    pub(crate) fn by_name(&self, from: At, file: &str) -> Option<Address> {
        let base = self.base(from);
        let is_url = base.starts_with("https://") || base.starts_with("http://");
        (is_url && base != self.address(from) && scheme_of(file).is_none())
            .then(|| Address::Url(join(base, file)))
    }
}

/// Follows a JSON pointer, through references that stand on its way.
fn pointer_to<'a>(root: View<'a>, pointer: &str, depth: u8) -> Option<View<'a>> {
    let mut view = root;
    for token in pointer.split('/') {
        let token = token.replace("~1", "/").replace("~0", "~");
        let step = |view: View<'a>| match token.parse::<usize>() {
            Ok(index) if !view.is_map() => view.items().nth(index),
            Ok(_) | Err(_) => view.get(&token),
        };
        view = match step(view) {
            Some(next) => next,
            // Eight references on one pointer's way are more than any honest document has.
            None if depth < 8 && view.reference().is_some() => step(view.follow().ok()?)?,
            None => return None,
        };
    }
    Some(view)
}

fn scheme_of(reference: &str) -> Option<&str> {
    let (scheme, _) = reference.split_once(':')?;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let first = scheme.bytes().next()?;
    (first.is_ascii_alphabetic() && scheme.bytes().all(legal)).then_some(scheme)
}

/// Which file or URL `file` is, seen from the document at `base`.
pub(crate) fn locate(base: &str, file: &str) -> Result<Address, LoadError> {
    match scheme_of(file) {
        Some(scheme) if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") => {
            return Ok(Address::Url(file.to_owned()));
        }
        Some(_) => return Err(LoadError::Outside),
        None => {}
    }
    if scheme_of(base).is_some() {
        return Ok(Address::Url(join(base, file)));
    }
    let decoded = percent_decode_str(file).decode_utf8().map_err(|_| LoadError::Missing)?;
    if decoded.starts_with('/') || decoded.contains(['\\', '\0']) {
        return Err(LoadError::Outside);
    }
    let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in decoded.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or(LoadError::Outside)?;
            }
            name => parts.push(name),
        }
    }
    Ok(Address::File(parts.join("/")))
}

/// Resolves a reference against a base URI (RFC 3986 5.2), without its fragment.
pub(crate) fn join(base: &str, reference: &str) -> String {
    let reference = reference.split('#').next().unwrap_or_default();
    if scheme_of(reference).is_some() {
        return reference.to_owned();
    }
    let base = base.split(['#', '?']).next().unwrap_or_default();
    let path_at = base.find("://").map_or(0, |at| {
        base.get(at + 3..).and_then(|rest| rest.find('/')).map_or(base.len(), |far| at + 3 + far)
    });
    let (origin, path) = base.split_at(path_at);
    let folder =
        if reference.starts_with('/') { "" } else { path.rsplit_once('/').map_or("", |(folder, _)| folder) };
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in reference.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    let slash = if origin.is_empty() { "" } else { "/" };
    format!("{origin}{slash}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_cannot_lead_out_of_the_root() {
        assert_eq!(locate("a/b.yaml", "../c.yaml"), Ok(Address::File("c.yaml".to_owned())));
        for bad in ["../../c.yaml", "/etc/hosts", "file:///etc/hosts", "..%2f../c", "C:\\x", "..\\..\\c"] {
            assert_eq!(locate("a/b.yaml", bad), Err(LoadError::Outside), "{bad}");
        }
    }

    #[test]
    fn relative_references_are_joined_to_their_base() {
        assert_eq!(join("https://h.test/a/b.json", "../c.json#/x"), "https://h.test/c.json");
        assert_eq!(join("https://h.test", "c.json"), "https://h.test/c.json");
        assert_eq!(join("a/b.yaml", "/c"), "c");
    }
}
