use serde_json::Value;

use crate::{
    Contract, Example, MediaType, RequestBody,
    compile::{flag, parameters},
    schema::bundle::bundle,
    source::view::View,
};

/// A request's body.
pub(crate) fn request(view: View<'_>, contract: &Contract) -> RequestBody {
    RequestBody { required: flag(view, "required") == Some(true), content: content(view, contract) }
}

/// Every media type below `content`.
pub(crate) fn content(owner: View<'_>, contract: &Contract) -> Vec<MediaType> {
    let members = owner.get("content").into_iter().flat_map(View::members);
    let legal = members.filter(|(name, _)| MediaType::is_name(name.name()));
    legal.filter_map(|(name, value)| Some(media_type(name.name(), value.follow().ok()?, contract))).collect()
}

fn media_type(name: &str, view: View<'_>, contract: &Contract) -> MediaType {
    let encoding = view.get("encoding").into_iter().flat_map(View::members).map(|(property, value)| {
        let (style, explode) = parameters::encoding(value);
        (property.name().to_owned(), value.get_text("contentType").map(ToOwned::to_owned), style, explode)
    });
    let (essence, rest) = name.split_at(name.find(';').unwrap_or(name.len()));
    MediaType {
        name: format!("{}{rest}", essence.to_ascii_lowercase()),
        schema: view.get("schema").map(|schema| bundle(schema, contract)),
        item_schema: view.get("itemSchema").map(|schema| bundle(schema, contract)),
        examples: examples(view),
        encoding: encoding.collect(),
    }
}

/// `example` under an empty name, then `examples`.
pub(crate) fn examples(owner: View<'_>) -> Vec<Example> {
    let mut found = Vec::new();
    if let Some(example) = owner.get("example") {
        found.push(Example { name: String::new(), value: example.to_value(), serialized: false });
    }
    for (name, view) in owner.get("examples").into_iter().flat_map(View::members) {
        let Ok(view) = view.follow() else { continue };
        let data = view.get("value").or_else(|| view.get("dataValue")).map(View::to_value);
        let serialized = view.get_text("serializedValue").map(|text| Value::String(text.to_owned()));
        let is_serialized = data.is_none();
        if let Some(value) = data.or(serialized) {
            found.push(Example { name: name.name().to_owned(), value, serialized: is_serialized });
        }
    }
    found
}
