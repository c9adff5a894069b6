//! Texts as the values that a schema wants: `"12"` is 12 where an integer is asked for.

use serde_json::{Map, Value};

/// How deep references and combinators are followed.
const DEPTH: usize = 12;

/// A part of a self-contained schema.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    root: &'a Value,
    node: &'a Value,
}

/// The schema that says nothing.
static ANYTHING: Value = Value::Bool(true);

/// What values a schema allows, judged by its types.
#[expect(clippy::struct_excessive_bools, reason = "JSON's types, each there or not")]
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kinds {
    pub(super) object: bool,
    pub(super) array: bool,
    pub(super) string: bool,
    pub(super) number: bool,
    pub(super) boolean: bool,
    pub(super) null: bool,
}

impl<'a> Wanted<'a> {
    pub(super) fn of(root: &'a Value) -> Self {
        Self { root, node: root }
    }

    pub(super) fn anything() -> Self {
        Self::of(&ANYTHING)
    }

    fn at(self, node: &'a Value) -> Self {
        Self { root: self.root, node }
    }

    /// All schema objects that speak of this value: behind references and in every combinator.
    fn nodes(self) -> Vec<&'a Map<String, Value>> {
        let mut found = Vec::new();
        self.collect(self.node, 0, &mut found);
        found
    }

    fn collect(self, node: &'a Value, depth: usize, found: &mut Vec<&'a Map<String, Value>>) {
        let Some(map) = node.as_object() else { return };
        if depth > DEPTH || found.len() > 200 {
            return;
        }
        found.push(map);
        let target = map.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#'));
        if let Some(target) = target.and_then(|at| self.root.pointer(at)) {
            self.collect(target, depth + 1, found);
        }
        for word in ["allOf", "anyOf", "oneOf"] {
            for part in map.get(word).and_then(Value::as_array).into_iter().flatten() {
                self.collect(part, depth + 1, found);
            }
        }
        for word in ["then", "else"] {
            if let Some(part) = map.get(word) {
                self.collect(part, depth + 1, found);
            }
        }
    }

    pub(super) fn kinds(self) -> Kinds {
        let mut kinds = Kinds::default();
        for node in self.nodes() {
            let mut named = |word: &str| match word {
                "object" => kinds.object = true,
                "array" => kinds.array = true,
                "string" => kinds.string = true,
                "number" | "integer" => kinds.number = true,
                "boolean" => kinds.boolean = true,
                "null" => kinds.null = true,
                _ => {}
            };
            match node.get("type") {
                Some(Value::String(word)) => named(word),
                Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).for_each(named),
                _ => {
                    kinds.object |= node.contains_key("properties");
                    kinds.array |= node.contains_key("items") || node.contains_key("prefixItems");
                    let listed = node.get("enum").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                    for value in listed.iter().chain(node.get("const")) {
                        kinds.string |= value.is_string();
                        kinds.number |= value.is_number();
                        kinds.boolean |= value.is_boolean();
                    }
                }
            }
        }
        kinds
    }

    /// The schema of an array's item.
    pub(super) fn item(self, place: usize) -> Wanted<'a> {
        let found = self.nodes().into_iter().find_map(|node| {
            let fixed = node.get("prefixItems").and_then(Value::as_array).and_then(|list| list.get(place));
            fixed.or_else(|| node.get("items"))
        });
        self.at(found.unwrap_or(&ANYTHING))
    }

    /// The schema of a member.
    pub(super) fn member(self, name: &str) -> Wanted<'a> {
        let nodes = self.nodes();
        let own = nodes.iter().find_map(|node| node.get("properties").and_then(|all| all.get(name)));
        let other = || nodes.iter().find_map(|node| node.get("additionalProperties"));
        self.at(own.or_else(other).unwrap_or(&ANYTHING))
    }

    /// What `xml` says of it (OpenAPI 3.1.1 4.8.26): its own word before that of what it refers to.
    pub(super) fn xml(self) -> Option<&'a Map<String, Value>> {
        self.nodes().into_iter().find_map(|node| node.get("xml").and_then(Value::as_object))
    }

    /// The schema of every item of an array.
    pub(super) fn items(self) -> Wanted<'a> {
        self.item(usize::MAX)
    }

    /// Names of the members that the schema knows.
    pub(super) fn members(self) -> Vec<&'a str> {
        let nodes = self.nodes();
        let all = nodes.into_iter().filter_map(|node| node.get("properties").and_then(Value::as_object));
        all.flat_map(Map::keys).map(String::as_str).collect()
    }

    /// Whether an object may have members that it does not name.
    pub(super) fn is_map(self) -> bool {
        self.nodes()
            .into_iter()
            .any(|node| node.get("additionalProperties").is_some_and(|part| part != &Value::Bool(false)))
    }

    /// A text as the value that is wanted; a text where nothing else fits.
    pub(super) fn scalar(self, text: &str) -> Value {
        let kinds = self.kinds();
        if kinds.number
            && let Some(number) = number(text)
        {
            return number;
        }
        match text {
            "true" if kinds.boolean => Value::Bool(true),
            "false" if kinds.boolean => Value::Bool(false),
            "null" | "" if kinds.null && !kinds.string => Value::Null,
            _ => Value::from(text),
        }
    }
}

/// A JSON number; nothing else that a parser might take for one (`+1`, `0x1`, `inf`).
fn number(text: &str) -> Option<Value> {
    let begins = text.strip_prefix('-').unwrap_or(text).starts_with(|letter: char| letter.is_ascii_digit());
    if !begins || text.len() > 64 || text.ends_with(char::is_whitespace) {
        return None;
    }
    serde_json::from_str::<Value>(text).ok().filter(Value::is_number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_becomes_what_is_wanted() {
        let schema = json!({"oneOf": [{"$ref": "#/$defs/n"}, {"type": "boolean"}], "$defs": {"n": {"type": "integer"}}});
        let wanted = Wanted::of(&schema);
        assert_eq!(wanted.scalar("12"), json!(12));
        assert_eq!(wanted.scalar("-1.5"), json!(-1.5));
        assert_eq!(wanted.scalar("true"), json!(true));
        for text in ["+1", "0x1", "", "1 ", "01", "yes"] {
            assert_eq!(wanted.scalar(text), json!(text));
        }
        assert_eq!(Wanted::of(&json!({"enum": [1, 2]})).scalar("2"), json!(2));
        assert_eq!(Wanted::of(&json!({"type": "string"})).scalar("2"), json!("2"));
    }
}
