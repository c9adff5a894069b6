use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use memchr::memchr2_iter;
use model::Place;

use super::narrow;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    True,
    False,
    Number,
    Text,
    List,
    Map,
    /// Stands for another node of the same document (YAML's `*name`).
    Alias,
}

/// One node. A tree lies in one vector in the order of the text: a node's children follow it, a map's as
/// key, value, key, value; `next` is where its following sibling begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// A pair that was merged in by `<<` and is written out in the map itself as well.
    pub(crate) hidden: bool,
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) next: u32,
    /// An alias's target; or 1 + the index of a text that differs from its slice of the source.
    pub(crate) link: u32,
}

/// One file as a tree over its text.
#[derive(Debug)]
pub(crate) struct Document {
    /// As the person named it.
    pub(crate) shown: Arc<PathBuf>,
    /// How references name it: a path below the root with `/`, or a URL.
    pub(crate) address: String,
    pub(crate) source: Arc<str>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) owned: Vec<Box<str>>,
    /// For maps of many members: hash of the key → the key's node, sorted.
    pub(crate) wide: HashMap<u32, Box<[(u64, u32)]>>,
    pub(crate) lines: OnceLock<Vec<u32>>,
}

/// Lines longer than this are cut when they are shown.
const SHOWN: usize = 160;

impl Document {
    pub(crate) fn node(&self, id: u32) -> Option<&Node> {
        self.nodes.get(id as usize)
    }

    /// The node itself, or what an alias stands for. Aliases of aliases end: a target is always earlier.
    pub(crate) fn real(&self, mut id: u32) -> u32 {
        while let Some(node) = self.node(id) {
            if node.kind != Kind::Alias || node.link >= id {
                break;
            }
            id = node.link;
        }
        id
    }

    /// The text of a scalar; empty for anything else.
    pub(crate) fn text(&self, id: u32) -> &str {
        let Some(node) = self.node(self.real(id)) else { return "" };
        if matches!(node.kind, Kind::List | Kind::Map) {
            return "";
        }
        match node.link.checked_sub(1) {
            Some(at) => self.owned.get(at as usize).map_or("", |text| text),
            None => self.source.get(node.start as usize..node.end as usize).unwrap_or_default(),
        }
    }

    /// The line table is made when the first place is asked for: most documents never need it.
    fn lines(&self) -> &[u32] {
        self.lines.get_or_init(|| line_starts(&self.source))
    }

    /// Where bytes `start..end` stand.
    pub(crate) fn place(&self, start: u32, end: u32) -> Place {
        place(&self.shown, &self.source, self.lines(), start, end)
    }
}

/// Where each line begins; CRLF is one line end.
pub(crate) fn line_starts(source: &str) -> Vec<u32> {
    let bytes = source.as_bytes();
    let ends = memchr2_iter(b'\n', b'\r', bytes)
        .filter(|at| bytes.get(*at) == Some(&b'\n') || bytes.get(at + 1) != Some(&b'\n'))
        .map(|at| narrow(at + 1));
    std::iter::once(0).chain(ends).collect()
}

/// Where bytes `start..end` of `source` stand.
pub(crate) fn place(shown: &Arc<PathBuf>, source: &str, lines: &[u32], start: u32, end: u32) -> Place {
    let start = start.min(narrow(source.len()));
    let line = lines.partition_point(|begin| *begin <= start).max(1);
    let begin = lines.get(line - 1).copied().unwrap_or(0) as usize;
    let after = lines.get(line).map_or(source.len(), |next| *next as usize);
    let whole = source.get(begin..after).unwrap_or_default().trim_end_matches(['\n', '\r']);
    let before = source.get(begin..(start as usize).max(begin)).unwrap_or_default();
    let column = before.chars().count();
    let meant = source.get(start as usize..(end as usize).min(begin + whole.len())).unwrap_or_default();
    Place {
        file: Arc::clone(shown),
        line: narrow(line),
        column: narrow(column + 1),
        length: narrow(meant.chars().take(SHOWN).count().max(1)),
        text: whole.chars().take(SHOWN).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crlf_is_one_line_end_and_columns_count_characters() {
        let text = "a\r\nü: x\rb\n";
        let lines = line_starts(text);
        let at = narrow(text.find('x').unwrap());
        let found = place(&Arc::new("f".into()), text, &lines, at, at + 1);
        assert_eq!((found.line, found.column, found.length, found.text.as_str()), (2, 4, 1, "ü: x"));
        assert_eq!(place(&Arc::new("f".into()), text, &lines, at + 2, at + 3).line, 3);
    }
}
