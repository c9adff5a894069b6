use crate::source::document::{Document, Kind};

/// Looks at a tree of Swagger's.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) from: &'a Document,
}

impl<'a> Reader<'a> {
    pub(super) fn kind(self, node: u32) -> Kind {
        self.from.node(self.from.real(node)).map_or(Kind::Null, |node| node.kind)
    }

    pub(super) fn next(self, node: u32) -> u32 {
        self.from.node(node).map_or(u32::MAX, |node| node.next)
    }

    pub(super) fn members(self, map: u32) -> Vec<(u32, u32)> {
        let map = self.from.real(map);
        let end = if self.kind(map) == Kind::Map { self.next(map) } else { 0 };
        let mut found = Vec::new();
        let mut key = map.saturating_add(1);
        while key < end {
            let value = self.next(key);
            if self.from.node(key).is_some_and(|node| !node.hidden) {
                found.push((key, value));
            }
            key = self.next(value);
        }
        found
    }

    pub(super) fn items(self, list: u32) -> Vec<u32> {
        let list = self.from.real(list);
        let end = if self.kind(list) == Kind::List { self.next(list) } else { 0 };
        let mut found = Vec::new();
        let mut item = list.saturating_add(1);
        while item < end {
            found.push(item);
            item = self.next(item);
        }
        found
    }

    pub(super) fn get(self, map: u32, name: &str) -> Option<u32> {
        self.members(map).into_iter().find(|(key, _)| self.from.text(*key) == name).map(|(_, value)| value)
    }

    pub(super) fn text(self, map: u32, name: &str) -> Option<&'a str> {
        let value = self.get(map, name)?;
        (self.kind(value) == Kind::Text).then(|| self.from.text(value))
    }

    pub(super) fn texts(self, map: u32, name: &str) -> Vec<&'a str> {
        self.get(map, name)
            .map(|list| self.items(list))
            .unwrap_or_default()
            .into_iter()
            .map(|item| self.from.text(item))
            .collect()
    }

    /// A parameter itself, where `node` refers to one under `parameters`.
    pub(super) fn parameter(self, node: u32) -> u32 {
        let name = self.text(node, "$ref").and_then(|text| text.strip_prefix("#/parameters/"));
        name.and_then(|name| self.get(self.get(0, "parameters")?, name)).unwrap_or(node)
    }
}
