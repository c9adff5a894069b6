use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use super::{
    ParseError,
    document::{Document, Kind, Node},
    narrow,
};

/// Nodes of one document. At 20 bytes a node this is 80 MB.
pub(crate) const NODES: usize = 4_000_000;
/// Nodes when every alias is written out: what a walk over the whole document may cost.
const WEIGHT: u64 = 4_000_000;
/// How deep a document may nest, its aliases written out. Walks recurse, so this bounds the stack.
const DEPTH: u32 = 200;
/// From how many members on a map is found by hash.
const WIDE: usize = 16;

/// Lays nodes down in the order of the text, within bounds.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    nodes: Vec<Node>,
    owned: Vec<Box<str>>,
    wide: HashMap<u32, Box<[(u64, u32)]>>,
    open: Vec<Open>,
    /// Keys that their map already has.
    pub(crate) duplicates: Vec<u32>,
}

#[derive(Debug)]
struct Open {
    node: u32,
    weight: u64,
    height: u32,
    merged: Vec<u32>,
}

/// What an anchor stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Anchored {
    pub(crate) node: u32,
    pub(crate) weight: u64,
    pub(crate) height: u32,
}

impl Builder {
    pub(crate) fn with_room(nodes: usize) -> Self {
        Self { nodes: Vec::with_capacity(nodes.min(NODES)), ..Self::default() }
    }

    /// How many containers are open.
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    fn push(&mut self, kind: Kind, start: u32, end: u32, link: u32) -> Result<u32, ParseError> {
        let id = narrow(self.nodes.len());
        if self.nodes.len() >= NODES {
            return Err(bound(start, "the document has more than 4,000,000 values"));
        }
        self.nodes.push(Node { kind, hidden: false, start, end, next: id + 1, link });
        Ok(id)
    }

    /// A scalar; `text` where it is not the slice `start..end` of the source.
    pub(crate) fn scalar(
        &mut self,
        kind: Kind,
        start: u32,
        end: u32,
        text: Option<Box<str>>,
    ) -> Result<u32, ParseError> {
        let link = text.map_or(0, |text| {
            self.owned.push(text);
            narrow(self.owned.len())
        });
        let id = self.push(kind, start, end, link)?;
        self.count(start, 1, 0)?;
        Ok(id)
    }

    fn count(&mut self, at: u32, weight: u64, height: u32) -> Result<(), ParseError> {
        let depth = narrow(self.open.len());
        if depth + height > DEPTH {
            return Err(bound(at, "the document nests deeper than 200 levels"));
        }
        if let Some(open) = self.open.last_mut() {
            open.weight += weight;
            open.height = open.height.max(height + 1);
            if open.weight > WEIGHT {
                return Err(bound(
                    at,
                    "with its aliases written out, the document has more than 4,000,000 values",
                ));
            }
        }
        Ok(())
    }

    /// Begins a list or map.
    pub(crate) fn open(&mut self, kind: Kind, start: u32) -> Result<u32, ParseError> {
        if narrow(self.open.len()) >= DEPTH {
            return Err(bound(start, "the document nests deeper than 200 levels"));
        }
        let node = self.push(kind, start, start + 1, 0)?;
        self.open.push(Open { node, weight: 1, height: 0, merged: Vec::new() });
        Ok(node)
    }

    /// Ends the innermost list or map. `source` is what its keys are slices of.
    pub(crate) fn close(&mut self, source: &str, end: u32) -> Result<Option<Anchored>, ParseError> {
        let Some(open) = self.open.pop() else { return Ok(None) };
        let next = narrow(self.nodes.len());
        let mut start = end;
        let mut is_map = false;
        if let Some(node) = self.nodes.get_mut(open.node as usize) {
            node.next = next;
            node.end = end.max(node.start + 1);
            start = node.start;
            is_map = node.kind == Kind::Map;
        }
        if is_map {
            self.index(source, open.node, &open.merged);
        }
        self.count(start, open.weight, open.height)?;
        Ok(Some(Anchored { node: open.node, weight: open.weight, height: open.height }))
    }

    /// Another place where `target` stands.
    pub(crate) fn alias(&mut self, target: Anchored, start: u32, end: u32) -> Result<(), ParseError> {
        self.push(Kind::Alias, start, end, target.node)?;
        self.count(start, target.weight, target.height)
    }

    /// Members of `target` as members of the open map (`<<: *name`): each a pair of aliases.
    pub(crate) fn merge(&mut self, target: Anchored, start: u32, end: u32) -> Result<(), ParseError> {
        let keys = self.keys(target.node);
        self.count(start, target.weight, target.height)?;
        for key in keys {
            let value = self.nodes.get(key as usize).map_or(key, |node| node.next);
            let at = self.push(Kind::Alias, start, end, key)?;
            self.push(Kind::Alias, start, end, value)?;
            if let Some(open) = self.open.last_mut() {
                open.merged.push(at);
            }
        }
        Ok(())
    }

    fn keys(&self, map: u32) -> Vec<u32> {
        let mut keys = Vec::new();
        let Some(node) = self.nodes.get(map as usize).filter(|node| node.kind == Kind::Map) else {
            return keys;
        };
        let mut at = map + 1;
        while at < node.next {
            let hidden = self.nodes.get(at as usize).is_some_and(|node| node.hidden);
            if !hidden {
                keys.push(at);
            }
            let value = self.nodes.get(at as usize).map_or(node.next, |key| key.next);
            at = self.nodes.get(value as usize).map_or(node.next, |value| value.next);
        }
        keys
    }

    fn key_text<'a>(&'a self, source: &'a str, mut key: u32) -> &'a str {
        while let Some(node) = self.nodes.get(key as usize) {
            if node.kind == Kind::Alias && node.link < key {
                key = node.link;
                continue;
            }
            return match node.link.checked_sub(1) {
                Some(at) => self.owned.get(at as usize).map_or("", |text| text),
                None => source.get(node.start as usize..node.end as usize).unwrap_or_default(),
            };
        }
        ""
    }

    /// Finds keys that stand twice, hides merged pairs that are written out, and makes the index of a wide map.
    fn index(&mut self, source: &str, map: u32, merged: &[u32]) {
        let keys = self.keys(map);
        let mut again = Vec::new();
        let mut index: Vec<(u64, u32)> = Vec::new();
        if keys.len() < WIDE {
            for (at, key) in keys.iter().enumerate() {
                let text = self.key_text(source, *key);
                let same = |earlier: &&u32| self.key_text(source, **earlier) == text;
                if let Some(first) = keys.iter().take(at).find(same) {
                    again.push((*first, *key));
                }
            }
        } else {
            index = keys.iter().map(|key| (hash(self.key_text(source, *key)), *key)).collect();
            index.sort_unstable();
            for alike in index.chunk_by(|(one, _), (other, _)| one == other) {
                again.extend(self.repeated(source, alike));
            }
        }
        for (first, key) in again {
            let (loser, is_merged) = if merged.binary_search(&key).is_ok() {
                (key, true)
            } else if merged.binary_search(&first).is_ok() {
                (first, true)
            } else {
                (key, false)
            };
            if is_merged {
                if let Some(node) = self.nodes.get_mut(loser as usize) {
                    node.hidden = true;
                }
            } else {
                self.duplicates.push(key);
            }
        }
        if !index.is_empty() {
            self.wide.insert(map, index.into());
        }
    }

    /// Of keys with one hash, those that stand again, each with the first of its text. Each is held against the
    /// different texts before it alone (nearly always one): a key that stands a million times costs a million.
    fn repeated(&self, source: &str, alike: &[(u64, u32)]) -> Vec<(u32, u32)> {
        let mut firsts: Vec<u32> = Vec::new();
        let mut again = Vec::new();
        for (_, key) in alike {
            let text = self.key_text(source, *key);
            match firsts.iter().find(|first| self.key_text(source, **first) == text) {
                Some(first) => again.push((*first, *key)),
                None => firsts.push(*key),
            }
        }
        again
    }

    /// The finished document.
    pub(crate) fn finish(self, shown: Arc<PathBuf>, address: String, source: Arc<str>) -> Document {
        Document {
            shown,
            address,
            source,
            nodes: self.nodes,
            owned: self.owned,
            wide: self.wide,
            lines: OnceLock::new(),
        }
    }
}

/// The hash of a key, the same within one run.
pub(crate) fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn bound(at: u32, message: &str) -> ParseError {
    ParseError {
        at,
        code: "document.bounds",
        message: message.to_owned(),
        help: Some("split the document, or write out less of it by aliases".to_owned()),
    }
}
