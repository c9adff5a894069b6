use std::{fmt, str::FromStr, sync::Arc};

use thiserror::Error;

/// A text that is no name of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a sandbox is named by 1 to 63 of a-z, 0-9 and `-`")]
pub struct NameError;

/// The name of a sandbox: `[a-z0-9-]{1,63}`; the unnamed one is `main`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SandboxName(Arc<str>);

impl SandboxName {
    /// The sandbox of every request that names none.
    pub fn main() -> Self {
        Self("main".into())
    }

    /// Whether this is the unnamed one.
    pub fn is_main(&self) -> bool {
        &*self.0 == "main"
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The realm in which everything of this sandbox is stored.
    pub fn realm(&self) -> RealmId {
        RealmId(self.0.clone())
    }
}

impl FromStr for SandboxName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let legal = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if text.is_empty() || text.len() > 63 || !text.bytes().all(legal) {
            return Err(NameError);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for SandboxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The scope of everything stored: issuer, keys, users, clients, tokens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RealmId(Arc<str>);

impl RealmId {
    /// A realm by its name.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names one request in answers, logs and the journal. 96 random or counted bits, shown as hex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(pub [u8; 12]);

impl RequestId {
    /// The id as 24 hexadecimal digits. Every answer carries it, so it is written without formatting.
    pub fn hex(self) -> [u8; 24] {
        let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
        let mut text = [0; 24];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            if let [high, low] = pair {
                (*high, *low) = (digit(byte >> 4), digit(byte & 15));
            }
        }
        text
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.hex()).unwrap_or_default())
    }
}

/// The name among `known` that a person most likely meant by `written`: at most a third of its letters
/// differ (insertions, deletions, replacements and swaps of neighbours each count as one).
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let longest = 64;
    if written.len() > longest {
        return None;
    }
    let written = written.to_lowercase();
    known
        .into_iter()
        .filter(|name| name.len() <= longest)
        .map(|name| (distance(&written, &name.to_lowercase()), name))
        .filter(|(far, name)| *far * 3 <= name.chars().count().max(written.chars().count()).max(3))
        .min_by_key(|(far, _)| *far)
        .map(|(_, name)| name)
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let mut best =
                (cell(&row, j) + usize::from(x != *y)).min(cell(&row, j + 1) + 1).min(cell(&next, j) + 1);
            let swapped = j > 0 && previous == Some(*y) && b.get(j - 1) == Some(&x);
            if swapped {
                best = best.min(cell(&before, j - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
        previous = Some(x);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_and_a_far_one_is_not() {
        let known = ["securitySchemes", "schemas", "responses"];
        assert_eq!(nearest("securitySchema", known), Some("securitySchemes"));
        assert_eq!(nearest("shcemas", known), Some("schemas"));
        assert_eq!(nearest("zebra", known), None);
    }

    #[test]
    fn a_request_id_is_written_in_hexadecimal() {
        let id = RequestId([0, 1, 0xab, 0xff, 4, 5, 6, 7, 8, 9, 10, 11]);
        assert_eq!(id.to_string(), "0001abff0405060708090a0b");
    }

    #[test]
    fn a_sandbox_name_is_safe_in_a_host_and_a_path() {
        assert!("t-42".parse::<SandboxName>().is_ok());
        for bad in ["", "T", "a.b", "a/b", "é", &"a".repeat(64)] {
            assert!(bad.parse::<SandboxName>().is_err(), "{bad}");
        }
    }
}
