use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use jose::{Algorithm, KeySet, SigningError, SigningKey, VerifyingKey};
use model::{RealmId, Timestamp};
use serde_json::Value;

/// What a realm signs with, and what it publishes.
pub(crate) struct Keyring {
    active: Arc<SigningKey>,
    /// Keys from before, the newest first, and until when each is believed.
    older: Vec<(Arc<VerifyingKey>, Timestamp)>,
    set: Arc<KeySet>,
}

/// So many keys from before are believed at most: whoever may direct the mock may rotate it in a loop.
const MOST_OLDER: usize = 8;

impl Keyring {
    fn new(key: SigningKey, older: Vec<(Arc<VerifyingKey>, Timestamp)>) -> Self {
        let publics = older.iter().map(|(key, _)| key.clone());
        let set = Arc::new(KeySet::new(std::iter::once(key.public().clone()).chain(publics)));
        Self { active: Arc::new(key), older, set }
    }

    /// The key that signs.
    pub(crate) fn active(&self) -> &Arc<SigningKey> {
        &self.active
    }

    /// Every key whose tokens are still believed, the newest first.
    pub(crate) fn set(&self) -> &Arc<KeySet> {
        &self.set
    }

    /// As it is published (RFC 7517 5): public keys alone.
    pub(crate) fn jwks(&self) -> Value {
        self.set.to_jwks()
    }

    /// With a new key to sign with; the one before is believed until `end`.
    fn rotated(&self, key: SigningKey, end: Timestamp) -> Self {
        let before = std::iter::once((self.active.public().clone(), end));
        Self::new(key, before.chain(self.older.iter().cloned()).take(MOST_OLDER).collect())
    }

    fn has_over(&self, now: Timestamp) -> bool {
        self.older.iter().any(|(_, end)| now >= *end)
    }

    /// Without the keys whose time is over.
    fn pruned(&self, now: Timestamp) -> Self {
        let older: Vec<_> = self.older.iter().filter(|(_, end)| now < *end).cloned().collect();
        let publics = older.iter().map(|(key, _)| key.clone());
        let set = Arc::new(KeySet::new(std::iter::once(self.active.public().clone()).chain(publics)));
        Self { active: self.active.clone(), older, set }
    }
}

/// The keyrings of all realms. Realms share one until they rotate: an access token issued in one sandbox is
/// good in another (control.md, default 3).
pub(crate) struct Keys {
    algorithm: Algorithm,
    shared: Mutex<Option<Arc<Keyring>>>,
    own: RwLock<HashMap<RealmId, Arc<Keyring>>>,
}

impl Keys {
    /// With a key that was kept, or one that is made when first needed: RSA takes a tenth of a second.
    pub(crate) fn new(algorithm: Algorithm, kept: Option<SigningKey>) -> Self {
        let shared = Mutex::new(kept.map(|key| Arc::new(Keyring::new(key, Vec::new()))));
        Self { algorithm, shared, own: RwLock::default() }
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// The keys of a realm at its time. The same value as long as they are the same.
    pub(crate) fn ring(&self, realm: &RealmId, now: Timestamp) -> Result<Arc<Keyring>, SigningError> {
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner).get(realm).cloned();
        if let Some(ring) = own {
            return Ok(if ring.has_over(now) { self.prune(realm, now).unwrap_or(ring) } else { ring });
        }
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ring) = &*shared {
            return Ok(ring.clone());
        }
        let ring = Arc::new(Keyring::new(SigningKey::generate(self.algorithm)?, Vec::new()));
        *shared = Some(ring.clone());
        Ok(ring)
    }

    /// A key whose overlap is over does not come back, whatever the clock is set to.
    fn prune(&self, realm: &RealmId, now: Timestamp) -> Option<Arc<Keyring>> {
        let mut own = self.own.write().unwrap_or_else(PoisonError::into_inner);
        let ring = own.get_mut(realm)?;
        if ring.has_over(now) {
            *ring = Arc::new(ring.pruned(now));
        }
        Some(ring.clone())
    }

    /// A new key signs from now on; the one before is believed for `overlap`, as long as its tokens can live.
    pub(crate) fn rotate(
        &self,
        realm: &RealmId,
        now: Timestamp,
        overlap: Duration,
    ) -> Result<(), SigningError> {
        let ring = self.ring(realm, now)?.rotated(SigningKey::generate(self.algorithm)?, now.plus(overlap));
        self.own.write().unwrap_or_else(PoisonError::into_inner).insert(realm.clone(), Arc::new(ring));
        Ok(())
    }

    /// A new key signs from now on; every token from before is of an unknown key.
    pub(crate) fn lose(&self, realm: &RealmId) -> Result<(), SigningError> {
        let ring = Keyring::new(SigningKey::generate(self.algorithm)?, Vec::new());
        self.own.write().unwrap_or_else(PoisonError::into_inner).insert(realm.clone(), Arc::new(ring));
        Ok(())
    }

    pub(crate) fn forget(&self, realm: &RealmId) {
        self.own.write().unwrap_or_else(PoisonError::into_inner).remove(realm);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const OVERLAP: Duration = Duration::from_secs(600);

    #[test]
    fn realms_share_a_key_until_one_of_them_rotates() {
        let keys = Keys::new(Algorithm::Es256, None);
        let (main, other) = (RealmId::new("main"), RealmId::new("t-42"));
        let kid = |realm| keys.ring(realm, NOW).unwrap().active().kid().to_owned();
        let first = kid(&main);
        assert_eq!(kid(&other), first);
        keys.rotate(&other, NOW, OVERLAP).unwrap();
        assert_ne!(kid(&other), first);
        assert_eq!(kid(&main), first);
        let set = keys.ring(&other, NOW).unwrap();
        assert_eq!(set.set().keys().len(), 2);
        keys.lose(&other).unwrap();
        assert_eq!(keys.ring(&other, NOW).unwrap().set().keys().len(), 1);
        keys.forget(&other);
        assert_eq!(kid(&other), first);
    }

    #[test]
    fn a_key_from_before_is_believed_for_its_overlap_and_never_again() {
        let keys = Keys::new(Algorithm::Es256, None);
        let main = RealmId::new("main");
        let believed = |now| keys.ring(&main, now).unwrap().set().keys().len();
        keys.rotate(&main, NOW, OVERLAP).unwrap();
        let later = NOW.plus(Duration::from_secs(599));
        assert_eq!(believed(later), 2);
        assert!(Arc::ptr_eq(&keys.ring(&main, NOW).unwrap(), &keys.ring(&main, later).unwrap()));
        keys.rotate(&main, later, OVERLAP).unwrap();
        assert_eq!(believed(later), 3);
        assert_eq!(believed(NOW.plus(OVERLAP)), 2);
        assert_eq!(believed(NOW), 2);
        assert_eq!(believed(later.plus(OVERLAP)), 1);
    }

    #[test]
    fn rotating_in_a_loop_keeps_a_handful() {
        let keys = Keys::new(Algorithm::Es256, None);
        let main = RealmId::new("main");
        for _ in 0..20 {
            keys.rotate(&main, NOW, OVERLAP).unwrap();
        }
        assert_eq!(keys.ring(&main, NOW).unwrap().set().keys().len(), 1 + MOST_OLDER);
    }
}
