use std::{collections::HashMap, hash::Hash, time::Duration};

use model::Timestamp;

/// How many are kept before idle ones are first dropped …
const PRUNE_AT: usize = 1000;
/// … and how often at most: a flood of addresses makes nobody wait for that.
const PRUNE_EVERY: Duration = Duration::from_secs(60);
/// How many there may be at most: a flood of addresses must not grow without bound.
pub(super) const MOST: usize = 100_000;

/// A map that forgets what says nothing any more, and takes nothing new while it is full of the rest.
pub(super) struct Bounded<K, V> {
    pub(super) kept: HashMap<K, V>,
    pruned_at: Timestamp,
}

impl<K, V> Default for Bounded<K, V> {
    fn default() -> Self {
        Self { kept: HashMap::new(), pruned_at: Timestamp::from_micros(0) }
    }
}

impl<K: Hash + Eq, V> Bounded<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.kept.get(key)
    }

    /// Whether it has a place for this one, or can give it one.
    pub(super) fn has_room_for(&self, key: &K) -> bool {
        self.kept.len() < MOST || self.kept.contains_key(key)
    }

    /// Keeps it beyond the measure, too: whoever asks has seen to it that there are not too many.
    pub(super) fn put(&mut self, key: K, value: V, now: Timestamp, is_idle: impl Fn(&V) -> bool) {
        // The realm's clock may have been set back.
        let since = now.since(self.pruned_at).max(self.pruned_at.since(now));
        if self.kept.len() >= PRUNE_AT && since >= PRUNE_EVERY {
            self.kept.retain(|_, value| !is_idle(value));
            self.pruned_at = now;
        }
        self.kept.insert(key, value);
    }
}
