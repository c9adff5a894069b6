use model::nearest;

use crate::{
    problems::{Sink, quoted},
    source::view::View,
};

pub(crate) const ROOT: &[&str] = &[
    "openapi",
    "$self",
    "info",
    "jsonSchemaDialect",
    "servers",
    "paths",
    "webhooks",
    "components",
    "security",
    "tags",
    "externalDocs",
];

pub(crate) const PATH: &[&str] = &[
    "$ref",
    "summary",
    "description",
    "get",
    "put",
    "post",
    "delete",
    "options",
    "head",
    "patch",
    "trace",
    "query",
    "additionalOperations",
    "servers",
    "parameters",
];

pub(crate) const OPERATION: &[&str] = &[
    "tags",
    "summary",
    "description",
    "externalDocs",
    "operationId",
    "parameters",
    "requestBody",
    "responses",
    "callbacks",
    "deprecated",
    "security",
    "servers",
];

pub(crate) const COMPONENTS: &[&str] = &[
    "schemas",
    "responses",
    "parameters",
    "examples",
    "requestBodies",
    "headers",
    "securitySchemes",
    "links",
    "callbacks",
    "pathItems",
    "mediaTypes",
];

/// Keys that mean nothing but are nearly one that does: a slip that may leave an operation unprotected.
pub(crate) fn check(view: View<'_>, known: &[&str], sink: &mut Sink) {
    for (key, _) in view.members() {
        let name = key.name();
        if known.contains(&name) || name.starts_with("x-") {
            continue;
        }
        if let Some(near) = nearest(name, known.iter().copied()) {
            let message = format!("{} means nothing here and is ignored", quoted(name));
            sink.warn("key.unknown", key, message, &format!("did you mean `{near}`?"));
        }
    }
}
