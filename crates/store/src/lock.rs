use std::{future::Future, sync::PoisonError};

use model::{RealmId, Timestamp};

use crate::{Fault, Hash, Store, memory::locked};

impl Store {
    /// Until when a name is locked, by its hash. A time that is over: it was locked, and is no more; `None`: nothing
    /// is known of it. Nothing here waits for the database.
    pub fn locked_until(&self, realm: &RealmId, name: &Hash) -> Option<Timestamp> {
        let memories = self.memories.of.read().unwrap_or_else(PoisonError::into_inner);
        memories.get(realm)?.revoked_until(|| locked(name))
    }

    /// Locks a name: from now on here; on every other node, and over a restart, once the answer comes. A time that
    /// is over unlocks it.
    pub fn lock(
        &self,
        realm: &RealmId,
        name: &Hash,
        until: Timestamp,
    ) -> impl Future<Output = Result<(), Fault>> + Send + use<> {
        let (store, realm, name) = (self.clone(), realm.clone(), locked(name));
        store.memory(&realm).revoke(&name, until);
        async move { store.revoke_token(&realm, &name, until).await }
    }
}
