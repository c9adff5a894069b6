//! Where each key and value of lobby.yaml stands: asked only where something is wrong, so the file is read anew.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::Location;

use super::value::Placed;

/// A node of the file.
enum Node {
    Mapping(Vec<(Placed<String>, Placed<Node>)>),
    List(Vec<Placed<Node>>),
    Scalar,
}

/// The places of a file.
pub(super) struct Places(Option<Placed<Node>>);

/// What of an entry is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Key,
    Value,
}

impl Places {
    /// The places in a text; none where it cannot be read.
    pub(super) fn read(text: &str) -> Self {
        Self(serde_saphyr::from_str(text).ok())
    }

    /// Where the entry at the end of `path` stands, or as far on the way to it as the file goes. A step is a key,
    /// or the number of an item.
    pub(super) fn find(&self, path: &[&str], part: Part) -> Option<Location> {
        let mut node = self.0.as_ref()?;
        let mut at = node.defined;
        for (index, step) in path.iter().enumerate() {
            let is_last = index + 1 == path.len();
            match &node.value {
                Node::Mapping(entries) => {
                    let Some((key, value)) = entries.iter().find(|(key, _)| key.value == *step) else {
                        return Some(at);
                    };
                    at = if is_last && part == Part::Value { value.defined } else { key.defined };
                    node = value;
                }
                Node::List(items) => {
                    let Some(item) = step.parse::<usize>().ok().and_then(|index| items.get(index)) else {
                        return Some(at);
                    };
                    at = item.defined;
                    node = item;
                }
                // One value where a list may stand.
                Node::Scalar => return Some(node.defined),
            }
        }
        Some(at)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyNode)
    }
}

struct AnyNode;

impl<'de> Visitor<'de> for AnyNode {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Mapping(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_none<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Node, D::Error> {
        IgnoredAny::deserialize(inner).map(|_| Node::Scalar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, path: &[&str], part: Part) -> (u64, u64) {
        let location = Places::read(text).find(path, part).unwrap();
        (location.line(), location.column())
    }

    #[test]
    fn keys_values_and_items_are_found_by_their_path() {
        let text = "personas:\n  a: { keys: { nope: x }, scopes: [one, two], plan: gold, disabled: true }\n  b:\n    scopes: one two\n";
        assert_eq!(at(text, &["personas", "a", "keys", "nope"], Part::Key), (2, 16));
        assert_eq!(at(text, &["personas", "a", "keys", "nope"], Part::Value), (2, 22));
        assert_eq!(at(text, &["personas", "a", "scopes", "1"], Part::Value), (2, 41));
        assert_eq!(at(text, &["personas", "b", "scopes", "1"], Part::Value), (4, 13));
        assert_eq!(at(text, &["personas", "a", "gone"], Part::Value), (2, 3), "as far as the file goes");
    }
}
