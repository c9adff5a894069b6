use std::{borrow::Borrow, collections::BTreeSet, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// One scope token: printable ASCII without space, `"` and `\` (RFC 6749 3.3).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(Arc<str>);

/// A text that is no scope.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a scope has only printable ASCII without spaces, quotes and backslashes")]
pub struct ScopeError;

impl Scope {
    /// What OpenID Connect reserves (Core 3.1.2.1, 5.4 and 11): nobody's by right, everyone's when asked for.
    pub const OPENID: [&str; 6] = ["openid", "profile", "email", "phone", "address", "offline_access"];

    /// Whether it is one of [`Scope::OPENID`], and not an API's.
    pub fn is_openid(&self) -> bool {
        Self::OPENID.contains(&self.as_str())
    }

    /// The scope as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let legal = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if text.is_empty() || !text.bytes().all(legal) {
            return Err(ScopeError);
        }
        Ok(Self(text.into()))
    }
}

impl Borrow<str> for Scope {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Scopes, each once, in alphabetical order; written with single spaces between (RFC 6749 3.3).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeSet(BTreeSet<Scope>);

impl ScopeSet {
    /// No scopes.
    pub const fn new() -> Self {
        Self(BTreeSet::new())
    }

    /// Whether `scope` is among them.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    /// Adds `scope`.
    pub fn insert(&mut self, scope: Scope) {
        self.0.insert(scope);
    }

    /// Whether all of `wanted` are here.
    pub fn covers(&self, wanted: &Self) -> bool {
        wanted.0.is_subset(&self.0)
    }

    /// Those of `wanted` that are not here.
    #[must_use]
    pub fn lacking(&self, wanted: &Self) -> Self {
        Self(wanted.0.difference(&self.0).cloned().collect())
    }

    /// Those that are in both.
    #[must_use]
    pub fn shared(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// Those that are in either.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// Those that are an API's, not OpenID Connect's.
    #[must_use]
    pub fn of_apis(&self) -> Self {
        Self(self.0.iter().filter(|scope| !scope.is_openid()).cloned().collect())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Each, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl FromStr for ScopeSet {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        text.split(' ').filter(|word| !word.is_empty()).map(Scope::from_str).collect()
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{scope}")?;
        }
        Ok(())
    }
}

impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ScopeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_not_found_by_a_part_of_it() {
        let set: ScopeSet = "books:readx books".parse().unwrap();
        assert!(!set.contains("books:read"));
        assert_eq!(set.lacking(&"books:read books".parse().unwrap()).to_string(), "books:read");
    }

    #[test]
    fn what_rfc_6749_forbids_is_refused() {
        assert!("a\"b".parse::<Scope>().is_err());
        assert!("a\\b".parse::<Scope>().is_err());
        assert!("é".parse::<Scope>().is_err());
        assert!("".parse::<Scope>().is_err());
        assert!("".parse::<ScopeSet>().unwrap().is_empty());
    }
}
