use std::collections::{BTreeMap, HashMap, VecDeque};

use model::SandboxName;

use super::{Entry, Settings};

/// Each sandbox's entries in the order in which they came, numbered through all sandboxes. The oldest of all is
/// the oldest of its sandbox, so both ends of a bound are cheap to find.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    last: u64,
    rows: HashMap<SandboxName, Row>,
    /// Whose row begins with which number.
    begins: BTreeMap<u64, SandboxName>,
    count: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Kept {
    number: u64,
    size: usize,
    entry: Entry,
}

#[derive(Debug, Default)]
struct Row {
    kept: VecDeque<Kept>,
    bytes: usize,
}

impl Row {
    /// Takes its oldest off, and gives room back that it had when it was long.
    fn pop(&mut self) -> Option<Kept> {
        let oldest = self.kept.pop_front()?;
        self.bytes -= oldest.size;
        if self.kept.capacity() > 64 && self.kept.len() < self.kept.capacity() / 4 {
            self.kept.shrink_to(self.kept.len() * 2);
        }
        Some(oldest)
    }
}

impl Shelves {
    /// Puts an entry on; what is too old for the bounds falls off.
    pub(super) fn put(&mut self, sandbox: &SandboxName, entry: Entry, settings: &Settings) {
        let size = entry.size();
        self.last += 1;
        let row = match self.rows.get_mut(sandbox) {
            Some(row) => row,
            None => self.rows.entry(sandbox.clone()).or_default(),
        };
        if row.kept.is_empty() {
            self.begins.insert(self.last, sandbox.clone());
        }
        row.kept.push_back(Kept { number: self.last, size, entry });
        row.bytes += size;
        self.count += 1;
        self.bytes += size;
        while let Some(longest) = self.too_long(sandbox, settings) {
            self.drop_oldest(&longest);
        }
    }

    /// Whose oldest entry has to go.
    fn too_long(&self, sandbox: &SandboxName, settings: &Settings) -> Option<SandboxName> {
        // Who is alone crowds out nobody.
        let shared = self.rows.get(sandbox).filter(|_| self.rows.len() > 1);
        if shared.is_some_and(|row| {
            row.kept.len() > settings.sandbox_entries || row.bytes > settings.sandbox_bytes
        }) {
            return Some(sandbox.clone());
        }
        if self.count > settings.entries || self.bytes > settings.bytes {
            return self.begins.first_key_value().map(|(_, sandbox)| sandbox.clone());
        }
        None
    }

    fn drop_oldest(&mut self, sandbox: &SandboxName) {
        let Some(row) = self.rows.get_mut(sandbox) else { return };
        let Some(oldest) = row.pop() else { return };
        self.count -= 1;
        self.bytes -= oldest.size;
        let name = self.begins.remove(&oldest.number);
        match (row.kept.front(), name) {
            (Some(next), Some(name)) => {
                self.begins.insert(next.number, name);
            }
            (Some(_), None) => {}
            (None, _) => {
                self.rows.remove(sandbox);
            }
        }
    }

    /// Up to `count` entries of a sandbox behind `number`, with theirs.
    pub(super) fn behind(&self, sandbox: &SandboxName, number: u64, count: usize) -> Vec<(u64, Entry)> {
        let Some(row) = self.rows.get(sandbox) else { return Vec::new() };
        let from = row.kept.partition_point(|kept| kept.number <= number);
        row.kept.range(from..).take(count).map(|kept| (kept.number, kept.entry.clone())).collect()
    }

    /// The number of the entry with this id, looked for from the newest.
    pub(super) fn number_of(&self, sandbox: &SandboxName, id: model::RequestId) -> Option<u64> {
        let row = self.rows.get(sandbox)?;
        row.kept.iter().rev().find(|kept| kept.entry.id == id).map(|kept| kept.number)
    }

    /// Takes all entries of a sandbox off.
    pub(super) fn clear(&mut self, sandbox: &SandboxName) {
        let Some(row) = self.rows.remove(sandbox) else { return };
        self.count -= row.kept.len();
        self.bytes -= row.bytes;
        if let Some(oldest) = row.kept.front() {
            self.begins.remove(&oldest.number);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}
