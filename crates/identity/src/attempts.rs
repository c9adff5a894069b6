use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use guard::lockout::{Settings, State};
use model::{RealmId, Timestamp};
use store::Store;

use crate::{Sources, key::key_hash};

/// From how many names of one realm on those that say nothing any more are dropped …
const PRUNE_AT: usize = 1000;
/// … and how often at most: whoever makes names up makes nobody wait.
const PRUNE_EVERY: Duration = Duration::from_secs(60);
/// For how many names failures are kept at most …
const MOST: usize = 100_000;
/// … and in how many places those of all others are counted: no flood of names makes room for guessing.
const SHARED: u64 = 10_000;

/// The failed sign-ins of every realm, by the name that was typed, whether anybody has it or not (verdicts.md,
/// `account.locked`). Failures are kept in memory: a restart is in the user's favour, but for what is locked.
#[derive(Default)]
pub struct Attempts {
    names: Mutex<HashMap<RealmId, Names>>,
    sources: Sources,
    /// Where locks are kept, too.
    store: Option<Store>,
}

/// Until when a name is locked that was locked and is no more.
const OPEN: Timestamp = Timestamp::from_micros(1);

/// Those of one realm.
struct Names {
    kept: HashMap<String, State>,
    pruned_at: Timestamp,
    hashing: RandomState,
}

impl Default for Names {
    fn default() -> Self {
        Self { kept: HashMap::new(), pruned_at: Timestamp::from_micros(0), hashing: RandomState::new() }
    }
}

impl Names {
    /// Where a name's failures are: in its own place, or where there was none left in one that it shares.
    fn place(&self, name: &str) -> String {
        let has_own = self.kept.len() < MOST || self.kept.contains_key(name);
        if has_own { name.to_owned() } else { self.shared(name) }
    }

    fn shared(&self, name: &str) -> String {
        format!("\0{}", self.hashing.hash_one(name) % SHARED)
    }

    fn locked_in(&self, place: &str, now: Timestamp) -> Option<Duration> {
        self.kept.get(place)?.locked_for(now)
    }

    fn prune(&mut self, now: Timestamp) {
        // The realm's clock may have been set back.
        let since = now.since(self.pruned_at).max(self.pruned_at.since(now));
        if self.kept.len() >= PRUNE_AT && since >= PRUNE_EVERY {
            self.kept.retain(|_, state| !state.is_idle(now));
            self.pruned_at = now;
        }
    }
}

impl Attempts {
    /// Those whose locks hold on every node of a store, and over restarts. Within a runtime.
    pub fn of_store(store: Store) -> Self {
        Self { store: Some(store), ..Self::default() }
    }

    /// Where they come from.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// For how long the name is locked yet.
    pub fn locked_for(&self, realm: &RealmId, name: &str, now: Timestamp) -> Option<Duration> {
        let name = key(name);
        let kept = self.kept(realm, &name);
        let realms = self.lock();
        let names = realms.get(realm);
        let own = match kept {
            // Where the owner recovered the account by another node, what is counted here is out of date.
            Some(until) => Some(until.since(now)).filter(|left| !left.is_zero()),
            None => names.and_then(|names| names.locked_in(&name, now)),
        };
        own.max(names.and_then(|names| names.locked_in(&names.shared(&name), now)))
    }

    /// Counts a failure; answers for how long the name is locked then.
    pub fn fail(&self, realm: &RealmId, name: &str, settings: &Settings, now: Timestamp) -> Option<Duration> {
        let mut realms = self.lock();
        let names = realms.entry(realm.clone()).or_default();
        names.prune(now);
        let name = key(name);
        let place = names.place(&name);
        let kept = self.kept(realm, &name);
        let is_own = place == name;
        let state = names.kept.entry(place).or_default();
        if is_own && kept.is_some_and(|until| until <= now) && state.locked_for(now).is_some() {
            state.succeed();
        }
        let before = state.locked_for(now);
        state.fail(settings, now);
        let left = state.locked_for(now);
        if let (None, Some(left)) = (before, left) {
            self.keep(realm, &name, now.plus(left));
        }
        left
    }

    fn kept(&self, realm: &RealmId, name: &str) -> Option<Timestamp> {
        self.store.as_ref()?.locked_until(realm, &key_hash(name.as_bytes()))
    }

    /// Whoever is answered does not wait for the database: here it holds at once.
    fn keep(&self, realm: &RealmId, name: &str, until: Timestamp) {
        let Some(store) = &self.store else { return };
        tokio::spawn(store.lock(realm, &key_hash(name.as_bytes()), until));
    }

    /// How many more failures lock the name, if at most `most`: what a page warns of.
    pub fn left(
        &self,
        realm: &RealmId,
        name: &str,
        settings: &Settings,
        now: Timestamp,
        most: u32,
    ) -> Option<u32> {
        let realms = self.lock();
        let names = realms.get(realm)?;
        let mut state = names.kept.get(&names.place(&key(name)))?.clone();
        (1..=most).find(|_| {
            state.fail(settings, now);
            state.locked_for(now).is_some()
        })
    }

    /// Forgets the failures of a name: the right password came.
    pub fn succeed(&self, realm: &RealmId, name: &str) {
        let name = key(name);
        if let Some(names) = self.lock().get_mut(realm) {
            names.kept.remove(&name);
        }
        if self.kept(realm, &name).is_some_and(|until| until > OPEN) {
            self.keep(realm, &name, OPEN);
        }
    }

    /// Forgets a realm.
    pub fn forget(&self, realm: &RealmId) {
        self.lock().remove(realm);
        self.sources.forget(realm);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RealmId, Names>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A name as it is counted: a typed one may have any length.
fn key(name: &str) -> String {
    name.chars().take(128).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_lock_a_name_in_its_realm_alone() {
        let (attempts, settings, now) =
            (Attempts::default(), Settings::default(), Timestamp::from_seconds(1000));
        let (main, other) = (RealmId::new("main"), RealmId::new("t-42"));
        for _ in 0..4 {
            assert_eq!(attempts.fail(&main, "nobody", &settings, now), None);
        }
        assert_eq!(attempts.left(&main, "nobody", &settings, now, 2), Some(1));
        assert!(attempts.fail(&main, "nobody", &settings, now).is_some());
        assert!(attempts.locked_for(&main, "nobody", now).is_some());
        assert_eq!(attempts.locked_for(&other, "nobody", now), None);
        assert_eq!(attempts.locked_for(&main, "nobody", now.plus(Duration::from_secs(900))), None);
        attempts.succeed(&main, "nobody");
        assert_eq!(attempts.locked_for(&main, "nobody", now), None);
    }

    #[tokio::test]
    async fn a_lock_holds_after_a_restart_and_on_another_node_until_the_owner_ends_it_on_any() {
        let (store, settings) = (Store::in_memory().unwrap(), Settings::default());
        let (realm, now) = (RealmId::new("main"), Timestamp::from_seconds(1000));
        let [one, other] = [(); 2].map(|()| Attempts::of_store(store.clone()));
        let fails = |node: &Attempts, times: usize| {
            (0..times).filter_map(|_| node.fail(&realm, "alice", &settings, now)).count()
        };
        assert_eq!(fails(&one, 5), 1);
        assert!(other.locked_for(&realm, "alice", now).is_some());
        assert_eq!(other.locked_for(&realm, "bob", now), None);
        assert_eq!(other.locked_for(&realm, "alice", now.plus(Duration::from_secs(900))), None);
        other.succeed(&realm, "alice");
        assert_eq!(one.locked_for(&realm, "alice", now), None);
        assert_eq!((fails(&one, 4), one.locked_for(&realm, "alice", now)), (0, None), "counted anew");
        assert_eq!(fails(&one, 1), 1);
        assert!(other.locked_for(&realm, "alice", now).is_some());
    }

    /// G09: somebody fills the measure with names that nobody has, and guesses on.
    #[test]
    fn a_flood_of_names_makes_no_room_for_guessing() {
        let (attempts, settings, now) =
            (Attempts::default(), Settings::default(), Timestamp::from_seconds(1000));
        let main = RealmId::new("main");
        for number in 0..MOST {
            attempts.fail(&main, &number.to_string(), &settings, now);
        }
        for _ in 0..5 {
            attempts.fail(&main, "alice", &settings, now);
        }
        assert!(attempts.locked_for(&main, "alice", now).is_some());
        assert!(attempts.lock()[&main].kept.len() <= MOST + usize::try_from(SHARED).unwrap());
        // Whose failures are over makes room.
        let later = now.plus(settings.window);
        attempts.fail(&main, "bob", &settings, later);
        assert!(attempts.lock()[&main].kept.len() < 10);
    }

    /// What counts for a minute must not end what counts for a quarter of an hour.
    #[test]
    fn names_are_dropped_by_their_own_window_whoever_counts_next() {
        let (attempts, settings, now) =
            (Attempts::default(), Settings::default(), Timestamp::from_seconds(1000));
        let main = RealmId::new("main");
        for _ in 0..4 {
            attempts.fail(&main, "alice", &settings, now);
        }
        let minute = Settings { window: Duration::from_secs(60), ..settings };
        for number in 0..20_000 {
            attempts.fail(&main, &number.to_string(), &minute, now.plus(Duration::from_secs(61)));
        }
        assert!(attempts.fail(&main, "alice", &settings, now.plus(Duration::from_secs(62))).is_some());
    }
}
