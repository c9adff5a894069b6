use std::sync::Arc;

use serde_json::json;

use crate::{
    Contract, Location, Operation, Parameter, Style,
    compile::{bodies, first_example, flag},
    openapi,
    schema::bundle::bundle,
    source::view::View,
};

/// The operation's own parameters, then those of its path that it does not replace, then those of the
/// template that nobody declares.
pub(crate) fn all(operation: &Operation, view: View<'_>, contract: &Contract) -> Vec<Parameter> {
    let names: Vec<&str> = openapi::parameter_names(&operation.template).collect();
    let mut found: Vec<Parameter> = Vec::new();
    let items = operation.items.iter().filter_map(|at| contract.library.view(*at));
    for owner in std::iter::once(view).chain(items) {
        for item in owner.get("parameters").into_iter().flat_map(View::items) {
            let Some(parameter) = item.follow().ok().and_then(|item| one(item, contract)) else { continue };
            let known = found
                .iter()
                .any(|other| other.name == parameter.name && other.location == parameter.location);
            let foreign = parameter.location == Location::Path && !names.contains(&parameter.name.as_str());
            let reserved = parameter.location == Location::Header && openapi::is_reserved(&parameter.name);
            if !known && !foreign && !reserved {
                found.push(parameter);
            }
        }
    }
    for name in names {
        let known = found.iter().any(|other| other.name == name && other.location == Location::Path);
        if !known {
            found.push(undeclared(name));
        }
    }
    found
}

fn undeclared(name: &str) -> Parameter {
    Parameter {
        name: name.to_owned(),
        location: Location::Path,
        required: true,
        style: Style::Simple,
        explode: false,
        allow_reserved: false,
        allow_empty: false,
        schema: Some(Arc::new(json!({"type": "string"}))),
        content: None,
        example: None,
    }
}

fn location(word: &str) -> Option<Location> {
    match word {
        "path" => Some(Location::Path),
        "query" => Some(Location::Query),
        "querystring" => Some(Location::QueryString),
        "header" => Some(Location::Header),
        "cookie" => Some(Location::Cookie),
        _ => None,
    }
}

/// A style by its word; the location's default for anything else.
fn style(word: Option<&str>, location: Location) -> Style {
    match word {
        Some("matrix") => Style::Matrix,
        Some("label") => Style::Label,
        Some("simple") => Style::Simple,
        Some("form") => Style::Form,
        Some("spaceDelimited") => Style::SpaceDelimited,
        Some("pipeDelimited") => Style::PipeDelimited,
        Some("deepObject") => Style::DeepObject,
        Some("cookie") => Style::Cookie,
        Some(_) | None => match location {
            Location::Path | Location::Header => Style::Simple,
            Location::Query | Location::QueryString | Location::Cookie => Style::Form,
        },
    }
}

/// Style and explode of a property of a form body (Encoding Object: as for query parameters).
pub(crate) fn encoding(view: View<'_>) -> (Style, bool) {
    let style = style(view.get_text("style"), Location::Query);
    (style, flag(view, "explode").unwrap_or(style == Style::Form))
}

fn one(view: View<'_>, contract: &Contract) -> Option<Parameter> {
    let location = location(view.get_text("in")?)?;
    let style = style(view.get_text("style"), location);
    let content = bodies::content(view, contract).into_iter().next();
    Some(Parameter {
        name: view.get_text("name")?.to_owned(),
        location,
        required: location == Location::Path || flag(view, "required") == Some(true),
        style,
        explode: flag(view, "explode").unwrap_or(matches!(style, Style::Form | Style::Cookie)),
        allow_reserved: flag(view, "allowReserved") == Some(true),
        allow_empty: flag(view, "allowEmptyValue") == Some(true),
        schema: view.get("schema").map(|schema| bundle(schema, contract)),
        example: first_example(view),
        content,
    })
}
