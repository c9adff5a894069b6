use crate::{
    Contract, HeaderField, Response, StatusKey,
    compile::{bodies, first_example, flag},
    openapi,
    schema::bundle::bundle,
    source::view::View,
};

/// Every response of an operation whose status is one.
pub(crate) fn all(operation: View<'_>, contract: &Contract) -> Vec<Response> {
    let members = operation.get("responses").into_iter().flat_map(View::members);
    let known = members.filter_map(|(status, view)| Some((StatusKey::parse(status.name())?, view)));
    known.map(|(status, view)| one(status, view, contract)).collect()
}

fn one(status: StatusKey, view: View<'_>, contract: &Contract) -> Response {
    // A reference that leads nowhere leaves a response without a body.
    let view = view.follow().unwrap_or(view);
    let headers = view.get("headers").into_iter().flat_map(View::members);
    let links = view.get("links").into_iter().flat_map(View::members);
    Response {
        status,
        description: view.get_text("description").unwrap_or_default().to_owned(),
        headers: headers
            .filter_map(|(name, value)| header(name.name(), value.follow().ok()?, contract))
            .collect(),
        content: bodies::content(view, contract),
        links: links
            .filter_map(|(name, value)| Some((name.name().to_owned(), target(value.follow().ok()?)?)))
            .collect(),
    }
}

fn header(name: &str, view: View<'_>, contract: &Contract) -> Option<HeaderField> {
    // OpenAPI takes the content type from `content` (3.1.1 4.8.17.1).
    if !openapi::is_token(name) || name.eq_ignore_ascii_case("content-type") {
        return None;
    }
    let example = first_example(view);
    let torn = |value: &serde_json::Value| value.as_str().is_some_and(|text| text.contains(char::is_control));
    let schema = view.get("schema").or_else(|| view.get("content")?.members().next()?.1.get("schema"));
    Some(HeaderField {
        name: name.to_owned(),
        required: flag(view, "required") == Some(true),
        explode: flag(view, "explode") == Some(true),
        schema: schema.map(|schema| bundle(schema, contract)),
        example: example.filter(|example| !torn(example)),
    })
}

/// The operation that a link leads to: its id, or its path.
fn target(link: View<'_>) -> Option<String> {
    if let Some(id) = link.get_text("operationId") {
        return Some(id.to_owned());
    }
    let reference = link.get_text("operationRef")?;
    let pointer = reference.split_once("#/paths/")?.1;
    let path = pointer.split('/').next()?.replace("~1", "/").replace("~0", "~");
    Some(percent_encoding::percent_decode_str(&path).decode_utf8().ok()?.into_owned())
}
