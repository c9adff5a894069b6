use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use guard::lockout::{Settings, State};
use model::{RealmId, Timestamp};

use crate::Sources;

/// For how many names of one realm failures are kept before idle ones are dropped.
const NAMES: usize = 10_000;

/// The failed sign-ins of every realm, by the name that was typed, whether anybody has it or not (verdicts.md,
/// `account.locked`). Kept in memory: a restart is in the user's favour.
#[derive(Default)]
pub struct Attempts {
    names: Mutex<HashMap<RealmId, HashMap<String, State>>>,
    sources: Sources,
}

impl Attempts {
    /// Where they come from.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// For how long the name is locked yet.
    pub fn locked_for(&self, realm: &RealmId, name: &str, now: Timestamp) -> Option<Duration> {
        self.lock().get(realm)?.get(&key(name))?.locked_for(now)
    }

    /// Counts a failure; answers for how long the name is locked then.
    pub fn fail(&self, realm: &RealmId, name: &str, settings: &Settings, now: Timestamp) -> Option<Duration> {
        let mut realms = self.lock();
        let names = realms.entry(realm.clone()).or_default();
        if names.len() >= NAMES {
            names.retain(|_, state| !state.is_idle(settings, now));
        }
        let name = key(name);
        // Still full of names that are not idle: a flood of made-up ones must not grow without bound.
        if names.len() >= NAMES * 10 && !names.contains_key(&name) {
            return None;
        }
        let state = names.entry(name).or_default();
        state.fail(settings, now);
        state.locked_for(now)
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
        let mut state = realms.get(realm)?.get(&key(name))?.clone();
        (1..=most).find(|_| {
            state.fail(settings, now);
            state.locked_for(now).is_some()
        })
    }

    /// Forgets the failures of a name: the right password came.
    pub fn succeed(&self, realm: &RealmId, name: &str) {
        if let Some(names) = self.lock().get_mut(realm) {
            names.remove(&key(name));
        }
    }

    /// Forgets a realm.
    pub fn forget(&self, realm: &RealmId) {
        self.lock().remove(realm);
        self.sources.forget(realm);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RealmId, HashMap<String, State>>> {
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
}
