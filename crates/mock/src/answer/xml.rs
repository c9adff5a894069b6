//! A value as XML, with the names that its schema's `xml` gives (OpenAPI 3.1.1 4.8.26).

use std::fmt::Write;

use serde_json::{Map, Value};

/// The schema that says nothing.
static ANYTHING: Value = Value::Bool(true);
/// How deep elements are nested at most.
const DEPTH: usize = 100;

/// A document with one root element.
pub(crate) fn document(value: &Value, schema: Option<&Value>) -> String {
    let root = schema.unwrap_or(&ANYTHING);
    let writer = Writer { root };
    let name = root_name(root).unwrap_or_else(|| "root".to_owned());
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    writer.element(&mut text, &name, value, root, 0);
    text
}

/// The name of the root element, where the schema gives it one: by its `xml`, else by its own name.
pub(crate) fn root_name(schema: &Value) -> Option<String> {
    Writer { root: schema }.shown(schema).name.or_else(|| Writer::reference_name(schema))
}

struct Writer<'a> {
    root: &'a Value,
}

/// What `xml` says of a schema.
#[derive(Default)]
struct Shown {
    name: Option<String>,
    namespace: Option<String>,
    prefix: Option<String>,
    attribute: bool,
    wrapped: bool,
    text: bool,
}

impl<'a> Writer<'a> {
    /// The schema behind references, and behind an `allOf` of one.
    fn target(&self, schema: &'a Value) -> &'a Value {
        let mut node = schema;
        for _ in 0..16 {
            let to = node.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#'));
            let Some(next) = to.and_then(|at| self.root.pointer(at)) else { break };
            node = next;
        }
        node
    }

    fn reference_name(schema: &Value) -> Option<String> {
        let to = schema.get("$ref").and_then(Value::as_str)?;
        to.rsplit('/').next().filter(|name| *name != "#").map(named)
    }

    fn shown(&self, schema: &'a Value) -> Shown {
        let own = schema.get("xml").or_else(|| self.target(schema).get("xml"));
        let Some(xml) = own else { return Shown::default() };
        let text = |word: &str| xml.get(word).and_then(Value::as_str).map(str::to_owned);
        let flag = |word: &str| xml.get(word).and_then(Value::as_bool).unwrap_or(false);
        let node = text("nodeType").unwrap_or_default();
        Shown {
            name: text("name").map(|name| named(&name)),
            namespace: text("namespace"),
            prefix: text("prefix").map(|prefix| named(&prefix)),
            attribute: flag("attribute") || node == "attribute",
            wrapped: flag("wrapped") || node == "element",
            text: node == "text" || node == "cdata",
        }
    }

    /// The schema of a member, looked for in `properties` and the parts of combinators.
    fn member(&self, schema: &'a Value, name: &str, depth: usize) -> Option<&'a Value> {
        let node = self.target(schema);
        if let Some(found) = node.get("properties").and_then(|all| all.get(name)) {
            return Some(found);
        }
        if depth > 8 {
            return None;
        }
        ["allOf", "oneOf", "anyOf"].iter().find_map(|word| {
            let parts = node.get(*word)?.as_array()?;
            parts.iter().find_map(|part| self.member(part, name, depth + 1))
        })
    }

    fn element(&self, text: &mut String, name: &str, value: &Value, schema: &'a Value, depth: usize) {
        if depth > DEPTH {
            return;
        }
        let shown = self.shown(schema);
        let name = prefixed(&shown, name);
        text.push('<');
        text.push_str(&name);
        if let Some(namespace) = &shown.namespace {
            let xmlns =
                shown.prefix.as_ref().map_or_else(|| "xmlns".to_owned(), |prefix| format!("xmlns:{prefix}"));
            attribute(text, &xmlns, namespace);
        }
        match value {
            Value::Object(members) => self.members(text, &name, members, schema, depth),
            Value::Array(items) => {
                text.push('>');
                let each = self.target(schema).get("items").unwrap_or(&ANYTHING);
                let inner = self.shown(each).name.or_else(|| Self::reference_name(each));
                let inner = inner.unwrap_or_else(|| "item".to_owned());
                for item in items {
                    self.element(text, &inner, item, each, depth + 1);
                }
                close(text, &name);
            }
            Value::Null => text.push_str("/>"),
            simple => {
                text.push('>');
                escape(text, &super::render::plain(simple));
                close(text, &name);
            }
        }
    }

    fn members(
        &self,
        text: &mut String,
        name: &str,
        members: &Map<String, Value>,
        schema: &'a Value,
        depth: usize,
    ) {
        let mut inside = String::new();
        for (key, value) in members {
            let part = self.member(schema, key, 0).unwrap_or(&ANYTHING);
            let shown = self.shown(part);
            let own = shown.name.clone().unwrap_or_else(|| named(key));
            if shown.attribute && !value.is_object() && !value.is_array() {
                attribute(text, &prefixed(&shown, &own), &super::render::plain(value));
            } else if shown.text {
                escape(&mut inside, &super::render::plain(value));
            } else if let Value::Array(items) = value
                && !shown.wrapped
            {
                // Not wrapped: each item is an element beside the others, named by the item's own `xml`.
                let each = self.target(part).get("items").unwrap_or(&ANYTHING);
                let item_name = self.shown(each).name.unwrap_or(own);
                for item in items {
                    self.element(&mut inside, &item_name, item, each, depth + 1);
                }
            } else if let Value::Array(items) = value {
                let each = self.target(part).get("items").unwrap_or(&ANYTHING);
                let item_name = self.shown(each).name.unwrap_or_else(|| own.clone());
                let wrapper = prefixed(&shown, &own);
                let _ = write!(inside, "<{wrapper}>");
                for item in items {
                    self.element(&mut inside, &item_name, item, each, depth + 1);
                }
                close(&mut inside, &wrapper);
            } else {
                self.element(&mut inside, &own, value, part, depth + 1);
            }
        }
        text.push('>');
        text.push_str(&inside);
        close(text, name);
    }
}

fn prefixed(shown: &Shown, name: &str) -> String {
    shown.prefix.as_ref().map_or_else(|| name.to_owned(), |prefix| format!("{prefix}:{name}"))
}

fn close(text: &mut String, name: &str) {
    text.push_str("</");
    text.push_str(name);
    text.push('>');
}

fn attribute(text: &mut String, name: &str, value: &str) {
    text.push(' ');
    text.push_str(name);
    text.push_str("=\"");
    escape(text, value);
    text.push('"');
}

/// A legal element name: what XML does not allow becomes `_`.
pub(crate) fn named(name: &str) -> String {
    let mut legal: String = name
        .chars()
        .map(|letter| if letter.is_alphanumeric() || "-._".contains(letter) { letter } else { '_' })
        .collect();
    if !legal.starts_with(|letter: char| letter.is_alphabetic() || letter == '_') {
        legal.insert(0, '_');
    }
    legal
}

fn escape(text: &mut String, value: &str) {
    for letter in value.chars() {
        match letter {
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '&' => text.push_str("&amp;"),
            '"' => text.push_str("&quot;"),
            '\t' | '\n' | '\r' => text.push(letter),
            // XML 1.0 2.2 has no other control characters.
            control if control.is_control() => text.push('\u{fffd}'),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_attributes_and_wrappers_are_those_of_the_schema() {
        let schema = json!({
            "$ref": "#/$defs/Book",
            "$defs": {"Book": {
                "xml": {"name": "book", "namespace": "urn:b", "prefix": "b"},
                "properties": {
                    "id": {"type": "integer", "xml": {"attribute": true}},
                    "tags": {"type": "array", "xml": {"name": "tags", "wrapped": true},
                        "items": {"type": "string", "xml": {"name": "tag"}}},
                    "page": {"type": "array", "items": {"type": "integer"}},
                    "title": {"type": "string", "xml": {"name": "name"}},
                },
            }},
        });
        let value = json!({"id": 7, "tags": ["x"], "page": [1, 2], "title": "a < b", "9 lives": null});
        assert_eq!(
            document(&value, Some(&schema)),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<b:book xmlns:b=\"urn:b\" id=\"7\"><tags><tag>x</tag></tags>\
             <page>1</page><page>2</page><name>a &lt; b</name><_9_lives/></b:book>"
        );
    }

    #[test]
    fn a_value_without_a_schema_is_a_root() {
        assert_eq!(
            document(&json!([1]), None),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<root><item>1</item></root>"
        );
    }
}
