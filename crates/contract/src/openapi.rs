//! The root of a document → [`Contract`].

mod extension;
mod operations;
mod paths;
mod schemes;
mod security;
pub(crate) mod servers;
pub(crate) mod swagger;
mod template;
mod typo;
mod version;

use std::sync::{Arc, Mutex};

use crate::{
    Contract,
    openapi::{operations::Operations, schemes::Schemes, servers::Servers},
    problems::Sink,
    source::{library::Library, view::View},
};

pub(crate) use operations::is_reserved;
pub(crate) use schemes::is_token;
pub(crate) use template::names as parameter_names;
pub(crate) use version::Version;

/// Compiles the first document of the library; `None` where nothing can be served.
pub(crate) fn compile(library: &Arc<Library>, sink: &mut Sink) -> Option<Contract> {
    let root = library.root()?;
    if !root.is_map() {
        let message = format!("{} stands where the document should begin", root.what());
        sink.error(
            "document.form",
            root,
            message,
            "an OpenAPI document is a mapping that begins with `openapi`",
        );
        return None;
    }
    let version = version::read(root, sink)?;
    check_types(root, version, sink);
    let mut schemes = Schemes::read(root, version, sink);
    let root_requirement = security::root(root, &mut schemes, sink);
    let mut servers = Servers::default();
    let bases = servers.root(root, sink);
    let mut operations = Operations::new(root_requirement, servers);
    paths::read(root, version, &mut operations, &mut schemes, sink);
    schemes.judge(sink);
    operations.judge(&schemes, root, sink);
    let scopes = schemes.scopes();
    Some(Contract {
        title: title(root),
        version: text_of(root, "version"),
        bases,
        operations: operations.all,
        schemes: schemes.all,
        scopes,
        router: operations.router,
        library: Arc::clone(library),
        dialect: version,
        bundles: Mutex::default(),
    })
}

fn text_of(root: View<'_>, name: &str) -> String {
    let value = root.get("info").and_then(|info| info.get(name));
    value.and_then(|value| value.scalar()).unwrap_or_default().to_owned()
}

fn title(root: View<'_>) -> String {
    let title = text_of(root, "title");
    if title.trim().is_empty() {
        let name = root.document.shown.file_stem().map(|name| name.to_string_lossy().into_owned());
        return name.unwrap_or_default();
    }
    title
}

/// What the root must have, and of what kind: all that is wrong at once.
fn check_types(root: View<'_>, version: Version, sink: &mut Sink) {
    if let Some(info) = root.get("info") {
        if !info.is_map() {
            sink.error("document.info", info, format!("`info` is {} and must be a mapping", info.what()), "");
        } else if info.get("title").is_none() || info.get("version").is_none() {
            let message = "`info` has no `title` or no `version`";
            sink.warn(
                "document.info",
                info,
                message,
                "both are required; the file's name stands for a title",
            );
        }
    } else {
        let message = "the document has no `info`";
        sink.warn(
            "document.info",
            root,
            message,
            "write `info: {title: …, version: …}`; the file's name stands for a title",
        );
    }
    for (name, list) in [
        ("paths", false),
        ("components", false),
        ("webhooks", false),
        ("servers", true),
        ("security", true),
        ("tags", true),
    ] {
        let Some((key, value)) = root.member(name) else { continue };
        let right = if list { value.kind() == crate::source::document::Kind::List } else { value.is_map() };
        // `security` has its own message, and an empty `components:` is harmless.
        if right || name == "security" || (value.is_null() && name != "paths") {
            continue;
        }
        let expected = if list { "a list" } else { "a mapping" };
        let message = format!("`{name}` is {} and must be {expected}", value.what());
        match name {
            "tags" => sink.warn("document.type", key, message, ""),
            _ => sink.error("document.type", key, message, ""),
        }
    }
    let empty = |name: &str| root.get(name).is_none_or(|value| value.members().next().is_none());
    if root.get("paths").is_none() {
        if version.is_old() || (empty("webhooks") && empty("components")) {
            sink.error(
                "paths.missing",
                root,
                "the document has no `paths`",
                "an API to serve has at least one path",
            );
        } else {
            sink.warn("paths.missing", root, "the document has no `paths`: there is nothing to serve", "");
        }
    }
    typo::check(root, typo::ROOT, sink);
}
