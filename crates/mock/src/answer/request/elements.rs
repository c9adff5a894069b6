//! Elements as the value that a schema describes, by the names that its `xml` gives (OpenAPI 3.1.1 4.8.26). Namespaces
//! are not judged: names are compared without their prefixes.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{coerce::Wanted, markup::Element};
use crate::answer::xml;

/// That the root element has another name than the schema gives it; `None` where the schema gives none.
pub(super) fn misnamed(root: &Element, schema: Option<&Value>) -> Option<String> {
    let wanted = xml::root_name(schema?)?;
    let name = local(&root.name);
    (name != wanted)
        .then(|| super::shortened(&format!("the root element is <{name}>, and must be <{wanted}>")))
}

/// The value of an element.
pub(super) fn value(element: &Element, wanted: Wanted<'_>) -> Value {
    let kinds = wanted.kinds();
    let is_nil = element.attributes.iter().any(|(name, value)| local(name) == "nil" && value == "true");
    let is_bare = element.children.is_empty() && own_attributes(element).next().is_none();
    if kinds.null && (is_nil || is_bare && element.text.is_empty() && !kinds.string) {
        return Value::Null;
    }
    if kinds.array && !kinds.object {
        return Value::Array(element.children.iter().map(|child| value(child, wanted.items())).collect());
    }
    if kinds.object || !is_bare {
        return object(element, wanted);
    }
    if kinds.string { wanted.scalar(&element.text) } else { wanted.scalar(element.text.trim()) }
}

fn object(element: &Element, wanted: Wanted<'_>) -> Value {
    let mut members = Map::new();
    let mut read = BTreeSet::new();
    for name in wanted.members() {
        if members.contains_key(name) {
            continue;
        }
        let part = wanted.member(name);
        let shown = Shown::of(part, name);
        if let Some(found) = member(element, part, &shown) {
            members.insert(name.to_owned(), found);
        }
        read.insert(shown.place);
    }
    // What the schema does not know is told to it by its own name.
    for (name, text) in own_attributes(element) {
        if !read.contains(&Place::Attribute(name.to_owned())) && !members.contains_key(name) {
            members.insert(name.to_owned(), wanted.member(name).scalar(text));
        }
    }
    for child in &element.children {
        let name = local(&child.name);
        if !read.contains(&Place::Element(name.to_owned())) && !members.contains_key(name) {
            members.insert(name.to_owned(), value(child, wanted.member(name)));
        }
    }
    Value::Object(members)
}

/// Where a member stands.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Attribute(String),
    Element(String),
    Text,
}

struct Shown {
    place: Place,
    /// Whether an array's items stand in an element of their own.
    wrapped: bool,
}

impl Shown {
    fn of(part: Wanted<'_>, name: &str) -> Self {
        let says = |word: &str, wanted: &str| {
            part.xml().and_then(|xml| xml.get(word)).is_some_and(|value| value == true || value == wanted)
        };
        let wrapped = says("wrapped", "") || says("nodeType", "element");
        let own = named(part).unwrap_or_else(|| xml::named(name));
        let place = if says("attribute", "") || says("nodeType", "attribute") {
            Place::Attribute(own)
        } else if says("nodeType", "text") || says("nodeType", "cdata") {
            Place::Text
        } else if part.kinds().array && !wrapped {
            // Not wrapped: each item is an element beside the others, named by the item's own `xml`.
            Place::Element(named(part.items()).unwrap_or(own))
        } else {
            Place::Element(own)
        };
        Self { place, wrapped }
    }
}

fn member(element: &Element, part: Wanted<'_>, shown: &Shown) -> Option<Value> {
    let name = match &shown.place {
        Place::Text => return Some(part.scalar(&element.text)),
        Place::Attribute(name) => {
            let mut own = own_attributes(element);
            return own.find(|(known, _)| known == name).map(|(_, text)| part.scalar(text));
        }
        Place::Element(name) => name,
    };
    let mut found: Vec<&Element> =
        element.children.iter().filter(|child| local(&child.name) == name.as_str()).collect();
    let is_array = part.kinds().array;
    if is_array && !shown.wrapped && !found.is_empty() {
        return Some(Value::Array(found.into_iter().map(|child| value(child, part.items())).collect()));
    }
    match (found.pop(), found.len()) {
        (None, _) => None,
        (Some(one), 0) => Some(value(one, part)),
        // Several where one is taken: a list, which the schema refuses.
        (Some(last), _) => {
            Some(Value::Array(found.into_iter().chain([last]).map(|child| value(child, part)).collect()))
        }
    }
}

fn named(part: Wanted<'_>) -> Option<String> {
    part.xml().and_then(|xml| xml.get("name")).and_then(Value::as_str).map(xml::named)
}

/// Attributes with their values, without those of XML itself and of schema instances.
fn own_attributes(element: &Element) -> impl Iterator<Item = (&str, &str)> {
    let foreign = |name: &str| {
        name == "xmlns" || ["xmlns:", "xml:", "xsi:"].iter().any(|prefix| name.starts_with(prefix))
    };
    let own = element.attributes.iter().filter(move |(name, _)| !foreign(name));
    own.map(|(name, value)| (local(name), value.as_str()))
}

fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::answer::request::markup;

    fn schema() -> Value {
        json!({
            "$ref": "#/$defs/Book",
            "$defs": {"Book": {
                "type": "object",
                "xml": {"name": "book", "namespace": "urn:b", "prefix": "b"},
                "properties": {
                    "id": {"type": "integer", "xml": {"attribute": true}},
                    "tags": {"type": "array", "xml": {"name": "tags", "wrapped": true},
                        "items": {"type": "string", "xml": {"name": "tag"}}},
                    "page": {"type": "array", "items": {"type": "integer"}},
                    "title": {"type": "string", "xml": {"name": "name"}},
                    "price": {"type": ["number", "null"]},
                },
            }},
        })
    }

    #[test]
    fn elements_are_read_back_by_the_names_that_they_are_written_with() {
        let schema = schema();
        let wanted = json!({"id": 7, "tags": ["x", "y"], "page": [1, 2], "title": "a < b", "price": null});
        let root = markup::read(&xml::document(&wanted, Some(&schema))).unwrap();
        assert_eq!(misnamed(&root, Some(&schema)), None);
        assert_eq!(value(&root, Wanted::of(&schema)), wanted);
    }

    #[test]
    fn what_the_schema_does_not_know_is_told_by_its_name() {
        let schema = schema();
        let text = "<b:book xmlns:b='urn:b' id='x' odd='1'><extra><a>1</a></extra><name>one</name><name>two</name></b:book>";
        let root = markup::read(text).unwrap();
        let read = json!({"id": "x", "odd": "1", "extra": {"a": "1"}, "title": ["one", "two"]});
        assert_eq!(value(&root, Wanted::of(&schema)), read);
        let other = markup::read("<buch/>").unwrap();
        assert_eq!(
            misnamed(&other, Some(&schema)).unwrap(),
            "the root element is <buch>, and must be <book>"
        );
        assert_eq!(misnamed(&other, Some(&json!({"type": "object"}))), None);
    }
}
