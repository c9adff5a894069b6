use super::{
    document::Kind,
    library::Library,
    view::{At, View},
};

/// What one walk over a whole document found. Nothing is decided here.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// Texts of `$ref`.
    pub(crate) references: Vec<At>,
    /// Schemas with an `$id`, with its text.
    pub(crate) ids: Vec<(At, String)>,
    /// Schemas with an `$anchor` or (`true`) a `$dynamicAnchor`.
    pub(crate) anchors: Vec<(At, String, bool)>,
    /// Texts of `$schema`.
    pub(crate) dialects: Vec<(At, At)>,
    /// Texts of `pattern`.
    pub(crate) patterns: Vec<At>,
    /// Maps with a word that bounds a value.
    pub(crate) bounded: Vec<At>,
    /// Numbers that 64 bits do not hold.
    pub(crate) numbers: Vec<At>,
}

/// Whether a member's value is data of the document's author, in which `$ref` and the like mean nothing.
fn is_data(key: &str) -> bool {
    matches!(key, "description" | "example" | "default" | "enum" | "const" | "value" | "dataValue")
        || key.starts_with("x-")
}

/// Whether a member's value is a map of names, which are no words of OpenAPI or JSON Schema.
fn holds_names(key: &str) -> bool {
    matches!(
        key,
        "properties"
            | "patternProperties"
            | "dependentSchemas"
            | "$defs"
            | "definitions"
            | "schemas"
            | "responses"
            | "parameters"
            | "requestBodies"
            | "headers"
            | "examples"
            | "securitySchemes"
            | "securityDefinitions"
            | "links"
            | "callbacks"
            | "pathItems"
            | "paths"
            | "webhooks"
            | "content"
            | "mediaTypes"
            | "encoding"
            | "mapping"
            | "scopes"
            | "variables"
            | "additionalOperations"
    )
}

/// Walks one document.
pub(crate) fn survey(library: &Library, document: u16) -> Survey {
    let mut found = Survey::default();
    let Some(root) = library.view(At { document, node: 0 }) else { return found };
    let mut waiting = vec![(root, false)];
    while let Some((view, names)) = waiting.pop() {
        match view.kind() {
            Kind::Map => {
                let mut bounded = false;
                for (key, value) in view.members() {
                    let name = key.name();
                    if names {
                        // An extension between names: `x-…: anything`. A property may be called so, and is a map then.
                        if !name.starts_with("x-") || value.is_map() {
                            waiting.push((value, false));
                        }
                    } else if value.is_map() || value.kind() == Kind::List {
                        if !is_data(name) {
                            waiting.push((value, holds_names(name)));
                        }
                    } else {
                        bounded |= word(&mut found, view.at, name, value);
                    }
                }
                if bounded {
                    found.bounded.push(view.at);
                }
            }
            Kind::List => waiting.extend(view.items().filter(View::is_map).map(|item| (item, false))),
            Kind::Null | Kind::True | Kind::False | Kind::Number | Kind::Text | Kind::Alias => {}
        }
    }
    found.numbers = numbers(library, document);
    found
}

/// Notes one scalar member. Whether it bounds a value.
fn word(found: &mut Survey, schema: At, name: &str, value: View<'_>) -> bool {
    match (name, value.text()) {
        ("$ref" | "$dynamicRef", Some(_)) => found.references.push(value.at),
        ("$id", Some(id)) => found.ids.push((schema, id.to_owned())),
        ("$schema", Some(_)) => found.dialects.push((schema, value.at)),
        ("$anchor", Some(anchor)) => found.anchors.push((schema, anchor.to_owned(), false)),
        ("$dynamicAnchor", Some(anchor)) => found.anchors.push((schema, anchor.to_owned(), true)),
        ("pattern", Some(_)) => found.patterns.push(value.at),
        (
            "minimum" | "minLength" | "minItems" | "minProperties" | "multipleOf" | "exclusiveMinimum",
            None,
        ) => return value.kind() == Kind::Number,
        _ => {}
    }
    false
}

fn numbers(library: &Library, document: u16) -> Vec<At> {
    let Some(whole) = library.documents.get(usize::from(document)) else { return Vec::new() };
    let long = |(index, node): (usize, &super::document::Node)| {
        // Fewer characters hold neither more than 64 bits nor an exponent beyond them.
        let suspect = node.kind == Kind::Number && node.end.saturating_sub(node.start) > 4;
        let node = super::narrow(index);
        suspect.then_some(node).filter(|node| is_beyond(whole.text(*node)))
    };
    let found = whole.nodes.iter().enumerate().filter_map(long);
    found.map(|node| At { document, node }).collect()
}

/// Whether a number cannot be kept as it is written.
fn is_beyond(text: &str) -> bool {
    let whole = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-' || byte == b'+');
    if whole {
        return text.len() > 18 && text.parse::<i64>().is_err() && text.parse::<u64>().is_err();
    }
    super::view::number(text).is_none()
}
