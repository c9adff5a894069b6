//! Where a `$ref` or `$dynamicRef` leads inside a self-contained schema (JSON Schema 2020-12 core 8.2).

use std::collections::HashMap;

use serde_json::Value;

const DEPTH: usize = 200;

/// Finds targets of references.
pub(crate) struct Resolver<'a> {
    root: &'a Value,
    /// Schema resources; the first is the root. Only the root when nothing has an `$id` or anchor.
    resources: Vec<Resource<'a>>,
    /// The resource in which a schema lies, by the schema's address.
    home: HashMap<usize, usize>,
}

struct Resource<'a> {
    id: &'a str,
    root: &'a Value,
    anchors: HashMap<&'a str, &'a Value>,
    dynamic: HashMap<&'a str, &'a Value>,
}

impl<'a> Resolver<'a> {
    /// `indexed`: whether the schema has ids or anchors at all.
    pub(crate) fn new(root: &'a Value, indexed: bool) -> Self {
        let mut resolver = Self { root, resources: Vec::new(), home: HashMap::new() };
        resolver.open(root);
        if indexed {
            resolver.index(root, 0, 0);
        }
        resolver
    }

    /// The target of a reference that stands in the schema object `from`, and its resource.
    pub(crate) fn target(&self, from: &Value, reference: &str) -> Option<(&'a Value, usize)> {
        let (base, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let home = self.home.get(&address(from)).copied().unwrap_or(0);
        let resource = if base.is_empty() {
            home
        } else {
            let same = |resource: &Resource<'_>| {
                resource.id == base || resource.id.rsplit('/').next() == base.rsplit('/').next()
            };
            self.resources.iter().position(same)?
        };
        let fragment = percent_encoding::percent_decode_str(fragment).decode_utf8().ok()?;
        let place = self.resources.get(resource)?;
        let found = if fragment.is_empty() {
            Some(place.root)
        } else if fragment.starts_with('/') {
            place.root.pointer(&fragment).or_else(|| self.root.pointer(&fragment))
        } else {
            place.anchors.get(&*fragment).or_else(|| place.dynamic.get(&*fragment)).copied()
        }?;
        Some((found, self.home.get(&address(found)).copied().unwrap_or(resource)))
    }

    /// The target of a `$dynamicRef`: the outermost schema in scope with that dynamic anchor, if the plain
    /// target has one at all.
    pub(crate) fn dynamic(
        &self,
        from: &Value,
        reference: &str,
        scope: &[usize],
    ) -> Option<(&'a Value, usize)> {
        let plain = self.target(from, reference)?;
        let name = reference.split_once('#').map_or("", |(_, name)| name);
        let bookend = plain.0.get("$dynamicAnchor").and_then(Value::as_str) == Some(name);
        if !bookend {
            return Some(plain);
        }
        let outermost = std::iter::once(&0).chain(scope).find_map(|place| {
            let found = self.resources.get(*place)?.dynamic.get(name).copied()?;
            Some((found, *place))
        });
        outermost.or(Some(plain))
    }

    fn open(&mut self, root: &'a Value) -> usize {
        let id = root.get("$id").and_then(Value::as_str).unwrap_or("");
        let resource = Resource { id, root, anchors: HashMap::new(), dynamic: HashMap::new() };
        self.resources.push(resource);
        self.resources.len() - 1
    }

    fn index(&mut self, node: &'a Value, resource: usize, depth: usize) {
        if depth > DEPTH {
            return;
        }
        match node {
            Value::Object(map) => {
                let resource = if depth > 0 && map.get("$id").is_some_and(Value::is_string) {
                    self.open(node)
                } else {
                    resource
                };
                self.home.insert(address(node), resource);
                if let Some(place) = self.resources.get_mut(resource) {
                    if let Some(name) = map.get("$anchor").and_then(Value::as_str) {
                        place.anchors.entry(name).or_insert(node);
                    }
                    if let Some(name) = map.get("$dynamicAnchor").and_then(Value::as_str) {
                        place.dynamic.entry(name).or_insert(node);
                    }
                }
                for value in map.values() {
                    self.index(value, resource, depth + 1);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.index(item, resource, depth + 1)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// What tells two schemas of one document apart.
pub(crate) fn address(node: &Value) -> usize {
    std::ptr::from_ref(node).addr()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pointers_anchors_and_ids_are_followed() {
        let root = json!({"$defs": {
            "a/b": {"type": "string"},
            "named": {"$anchor": "here", "type": "integer"},
            "far": {"$id": "https://example.com/far", "type": "null"},
        }});
        let resolver = Resolver::new(&root, true);
        let kind = |reference| resolver.target(&root, reference).map(|(node, _)| node["type"].clone());
        assert_eq!(kind("#/$defs/a~1b"), Some(json!("string")));
        assert_eq!(kind("#/%24defs/a~1b"), Some(json!("string")));
        assert_eq!(kind("#here"), Some(json!("integer")));
        assert_eq!(kind("https://example.com/far"), Some(json!("null")));
        assert_eq!(kind("far"), Some(json!("null")));
        assert_eq!(kind("#/$defs/none"), None);
    }

    #[test]
    fn a_dynamic_reference_takes_the_outermost_anchor() {
        let root = json!({
            "$dynamicAnchor": "node", "title": "outer", "$ref": "tree",
            "$defs": {"tree": {"$id": "tree", "$dynamicAnchor": "node", "title": "inner",
                "items": {"$dynamicRef": "#node"}}},
        });
        let resolver = Resolver::new(&root, true);
        let items = &root["$defs"]["tree"]["items"];
        let (found, _) = resolver.dynamic(items, "#node", &[0, 1]).unwrap();
        assert_eq!(found["title"], "outer");
    }
}
