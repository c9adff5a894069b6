use http::Method;

use crate::{
    openapi::{Version, operations::Operations, schemes::Schemes, template, typo},
    problems::{Sink, quoted},
    source::view::View,
};

const METHODS: [(&str, Method); 8] = [
    ("get", Method::GET),
    ("put", Method::PUT),
    ("post", Method::POST),
    ("delete", Method::DELETE),
    ("options", Method::OPTIONS),
    ("head", Method::HEAD),
    ("patch", Method::PATCH),
    ("trace", Method::TRACE),
];

/// Every operation below `paths`.
pub(crate) fn read<'a>(
    root: View<'a>,
    version: Version,
    operations: &mut Operations<'a>,
    schemes: &mut Schemes<'a>,
    sink: &mut Sink,
) {
    for (key, value) in root.get("paths").into_iter().flat_map(View::members) {
        if key.name().starts_with("x-") {
            continue;
        }
        let template = match template::parse(key.name()) {
            Ok(template) => template,
            Err(error) => {
                sink.error(
                    "path.template",
                    key,
                    format!("{}: {error}", quoted(key.name())),
                    &error.help(key.name()),
                );
                continue;
            }
        };
        let reachable = !key.name().contains(['#', '?']);
        if !reachable {
            let message =
                format!("no request can reach {}: a path has neither query nor fragment", quoted(key.name()));
            let help = "give the operation a path of its own, or declare the query as parameters";
            sink.warn("path.unreachable", key, message, help);
        }
        let Some(item) = Item::read(key, value, sink) else { continue };
        for (key, method, operation) in item.operations(version, sink) {
            operations.add(
                &Found { item: &item, template: &template, reachable, key, method, operation },
                schemes,
                sink,
            );
        }
    }
}

/// A path item: what stands under its path, and what that refers to.
pub(crate) struct Item<'a> {
    pub(crate) key: View<'a>,
    /// The item itself, and the one that its `$ref` leads to.
    pub(crate) views: Vec<View<'a>>,
}

/// One operation with what is around it.
pub(crate) struct Found<'a, 'b> {
    pub(crate) item: &'b Item<'a>,
    pub(crate) template: &'b crate::Template,
    /// Whether any request can match the path.
    pub(crate) reachable: bool,
    pub(crate) key: View<'a>,
    pub(crate) method: Method,
    pub(crate) operation: View<'a>,
}

impl<'a> Item<'a> {
    fn read(key: View<'a>, value: View<'a>, sink: &mut Sink) -> Option<Self> {
        if !value.is_map() {
            let message =
                format!("the path {} has {} where its operations belong", quoted(key.name()), value.what());
            sink.strict("path.form", key, message, "write for example `get: {responses: …}`");
            return None;
        }
        let mut views = vec![value];
        if value.reference().is_some() {
            match value.follow() {
                Ok(target) => views.push(target),
                Err(crate::source::library::Broken::Circle) => {
                    let place = value.member("$ref").map_or(value, |(key, _)| key);
                    sink.error(
                        "path.circle",
                        place,
                        "no operation comes of this path: its references lead in a circle",
                        "",
                    );
                    return None;
                }
                Err(broken) => {
                    let place = value.member("$ref").map_or(value, |(key, _)| key);
                    let message = format!("the path {} is left out: {broken}", quoted(key.name()));
                    sink.strict("path.broken", place, message, &broken.help().unwrap_or_default());
                }
            }
        }
        Some(Self { key, views })
    }

    fn operations(&self, version: Version, sink: &mut Sink) -> Vec<(View<'a>, Method, View<'a>)> {
        let mut found: Vec<(View<'a>, Method, View<'a>)> = Vec::new();
        for view in &self.views {
            typo::check(*view, typo::PATH, sink);
            for (key, value) in view.members() {
                let method =
                    METHODS.iter().find(|(name, _)| *name == key.name()).map(|(_, method)| method.clone());
                if let Some(method) = method {
                    found.push((key, method, value));
                } else if key.name() == "query" {
                    if version < Version::V3_2 {
                        sink.warn(
                            "path.method",
                            key,
                            "`query` is new in OpenAPI 3.2; it is served all the same",
                            "",
                        );
                    }
                    found.extend(Method::from_bytes(b"QUERY").ok().map(|method| (key, method, value)));
                } else if key.name() == "additionalOperations" {
                    found.extend(additional(value, sink));
                }
            }
        }
        let mut seen = Vec::new();
        found.retain(|(_, method, _)| {
            let first = !seen.contains(method);
            seen.push(method.clone());
            first
        });
        found
    }
}

fn additional<'a>(value: View<'a>, sink: &mut Sink) -> Vec<(View<'a>, Method, View<'a>)> {
    let mut found = Vec::new();
    for (key, operation) in value.members() {
        match Method::from_bytes(key.name().as_bytes()) {
            Ok(method) => found.push((key, method, operation)),
            Err(_) => sink.strict("path.method", key, format!("{} is no method", quoted(key.name())), ""),
        }
    }
    found
}
