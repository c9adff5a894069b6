use std::{
    collections::HashMap,
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use model::{RealmId, Timestamp};

use crate::{Fault, Memory, postgres::News, timings::Timings};

/// Hears of a fault, in the task of whoever asked. Must return at once.
type FaultListener = Box<dyn Fn(&Fault) + Send + Sync>;

/// What a node remembers of each realm.
#[derive(Default)]
pub(crate) struct Memories {
    pub(crate) of: RwLock<HashMap<RealmId, Arc<Memory>>>,
    /// Whether other nodes' news are not heard now.
    pub(crate) is_deaf: AtomicBool,
    /// How many realms were forgotten: what was read before one was may not be remembered after it.
    pub(crate) forgotten: AtomicU64,
    /// How long the database took.
    pub(crate) timings: Timings,
    /// Hears of what failed.
    pub(crate) listener: OnceLock<FaultListener>,
}

/// What a row of the revocations says: in which realm what is revoked, and until when.
pub(crate) type Revoked = (RealmId, String, Timestamp);

impl Memories {
    /// What is remembered of a realm; of one that is new, nothing.
    pub(crate) fn memory(&self, realm: &RealmId) -> Arc<Memory> {
        if let Some(memory) = self.of.read().unwrap_or_else(PoisonError::into_inner).get(realm) {
            return memory.clone();
        }
        let mut memories = self.of.write().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let memory = Memory::default();
            if self.is_deaf.load(Relaxed) {
                memory.deafen();
            }
            Arc::new(memory)
        };
        memories.entry(realm.clone()).or_insert_with(new).clone()
    }

    /// What others change is not heard from here on.
    pub(crate) fn deafen(&self) {
        let memories = self.of.write().unwrap_or_else(PoisonError::into_inner);
        self.is_deaf.store(true, Relaxed);
        memories.values().for_each(|memory| memory.deafen());
    }

    /// Those of which anything is remembered.
    pub(crate) fn realms(&self) -> Vec<RealmId> {
        self.of.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// What a node told.
    pub(crate) fn hear(&self, realm: &RealmId, news: News) {
        let memory = self.memory(realm);
        match news {
            News::Revoked { what, until } => memory.revoke(&what, Timestamp::from_micros(until)),
            News::Changed { kind, id } => memory.changed(kind, &id),
        }
    }

    /// What a write of this node told. Where it failed it may be done all the same: a record is read anew then.
    pub(crate) fn hear_own(&self, news: Vec<(RealmId, News)>, is_done: bool) {
        for (realm, news) in news {
            if is_done || matches!(news, News::Changed { .. }) {
                self.hear(&realm, news);
            }
        }
    }

    /// Remembers what was read and nothing else, unless a realm was forgotten since.
    pub(crate) fn take(&self, revoked: Vec<Revoked>, before: u64, hears: bool) -> bool {
        let mut read: HashMap<RealmId, HashMap<Box<str>, Timestamp>> = HashMap::new();
        for (realm, what, until) in revoked {
            read.entry(realm).or_default().insert(what.into(), until);
        }
        let mut memories = self.of.write().unwrap_or_else(PoisonError::into_inner);
        if self.forgotten.load(Relaxed) != before {
            return false;
        }
        self.is_deaf.store(!hears, Relaxed);
        for realm in read.keys() {
            memories.entry(realm.clone()).or_default();
        }
        for (realm, memory) in memories.iter() {
            memory.take(read.remove(realm).unwrap_or_default(), hears);
        }
        true
    }
}
