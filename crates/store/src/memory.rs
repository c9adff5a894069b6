use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
};

use model::Timestamp;

use crate::{ClientBook, Hash, Key, Session, User, cache::Cache, key_use::Uses};

/// How many characters of an access token's `jti` name its family: 16 bytes in base64url.
pub const FAMILY_LENGTH: usize = 22;

/// How many access tokens of one refresh token are watched for their first use.
const WATCHED: usize = 8;

/// A kind of record that is kept in memory once it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Changed {
    User,
    Session,
    Key,
    Client,
}

/// What of a realm must be known on the path of every request: which tokens are revoked, which were used
/// since their refresh, which proofs were seen. Nothing here waits for the database.
#[derive(Default)]
pub struct Memory {
    revoked: RwLock<HashMap<Box<str>, Timestamp>>,
    revocations: AtomicUsize,
    watched: RwLock<HashMap<Box<str>, Watch>>,
    seen: Mutex<Seen>,
    /// Users, by their ids.
    pub(crate) users: Cache<Box<str>, User>,
    /// Sessions, by the hashes of their cookies.
    pub(crate) sessions: Cache<Hash, Session>,
    /// API keys and app passwords, by their ids.
    pub(crate) keys: Cache<Box<str>, Key>,
    /// All clients at once.
    pub(crate) clients: Cache<(), ClientBook>,
    /// How often keys were used, as far as it is not written yet.
    pub(crate) uses: Uses,
}

#[derive(Default)]
struct Watch {
    tokens: Vec<Box<str>>,
    used: AtomicBool,
}

#[derive(Default)]
struct Seen {
    until: HashMap<Hash, Timestamp>,
    prune_at: usize,
}

impl Memory {
    /// Whether a token is revoked: by its `jti`, by its family (the first [`FAMILY_LENGTH`] characters of the
    /// `jti`), or by its session.
    pub fn is_revoked(&self, jti: Option<&str>, sid: Option<&str>) -> bool {
        if self.revocations.load(Relaxed) == 0 {
            return false;
        }
        let revoked = self.revoked.read().unwrap_or_else(PoisonError::into_inner);
        let family = jti.and_then(|jti| jti.get(..FAMILY_LENGTH));
        [jti, family, sid].into_iter().flatten().any(|name| revoked.contains_key(name))
    }

    /// Whether this cookie was a session's that was ended before its time.
    pub fn is_ended(&self, cookie: &Hash) -> bool {
        if self.revocations.load(Relaxed) == 0 {
            return false;
        }
        let revoked = self.revoked.read().unwrap_or_else(PoisonError::into_inner);
        revoked.contains_key(ended(cookie).as_str())
    }

    /// Notes that a verifier let a token pass. A token that was used is in its client's hands, so the
    /// refresh token before it cannot have been lost (product.md, Refresh tokens).
    pub fn note_use(&self, jti: &str) {
        let Some(family) = jti.get(..FAMILY_LENGTH) else { return };
        let watched = self.watched.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(watch) = watched.get(family)
            && !watch.used.load(Relaxed)
            && watch.tokens.iter().any(|token| **token == *jti)
        {
            watch.used.store(true, Relaxed);
        }
    }

    /// Whether this is the first time that a proof or assertion (by the hash of its issuer and `jti`) is
    /// seen; it is remembered until then, in real time.
    pub fn is_first(&self, proof: Hash, until: Timestamp, real: Timestamp) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.until.len() >= seen.prune_at {
            seen.until.retain(|_, until| *until >= real);
            seen.prune_at = (seen.until.len() * 2).max(64);
        }
        match seen.until.get(&proof) {
            Some(remembered) if *remembered >= real => false,
            Some(_) | None => {
                seen.until.insert(proof, until);
                true
            }
        }
    }

    /// Counts the use of a key for an operation. True: it is the first since counts were written
    /// ([`Store::write_key_uses`](crate::Store::write_key_uses)), so that somebody must see to the next time.
    pub fn note_key_use(&self, id: &str, operation: &str, address: IpAddr, now: Timestamp) -> bool {
        self.uses.note(id, operation, address, now)
    }

    pub(crate) fn revoke(&self, what: &str, until: Timestamp) {
        let mut revoked = self.revoked.write().unwrap_or_else(PoisonError::into_inner);
        revoked.insert(what.into(), until);
        self.revocations.store(revoked.len(), Relaxed);
    }

    pub(crate) fn prune(&self, now: Timestamp) {
        let mut revoked = self.revoked.write().unwrap_or_else(PoisonError::into_inner);
        revoked.retain(|_, until| *until >= now);
        self.revocations.store(revoked.len(), Relaxed);
    }

    pub(crate) fn revocations(&self) -> usize {
        self.revocations.load(Relaxed)
    }

    /// Watches the first access token of a successor: those before it no longer matter.
    pub(crate) fn watch(&self, family: &str, jti: &str) {
        let mut watched = self.watched.write().unwrap_or_else(PoisonError::into_inner);
        watched.insert(family.into(), Watch { tokens: vec![jti.into()], used: AtomicBool::new(false) });
    }

    /// Watches one more access token of the same successor.
    pub(crate) fn watch_also(&self, family: &str, jti: &str) {
        let mut watched = self.watched.write().unwrap_or_else(PoisonError::into_inner);
        let watch = watched.entry(family.into()).or_default();
        if watch.tokens.len() < WATCHED {
            watch.tokens.push(jti.into());
        }
    }

    pub(crate) fn was_used(&self, family: &str) -> bool {
        let watched = self.watched.read().unwrap_or_else(PoisonError::into_inner);
        watched.get(family).is_some_and(|watch| watch.used.load(Relaxed))
    }

    pub(crate) fn unwatch(&self, family: &str) {
        self.watched.write().unwrap_or_else(PoisonError::into_inner).remove(family);
    }

    /// A record was changed elsewhere.
    pub(crate) fn changed(&self, kind: Changed, id: &str) {
        match kind {
            Changed::User => self.users.forget(id),
            Changed::Session => self.sessions.clear(),
            Changed::Client => {
                self.clients.forget(&());
                self.keys.clear();
            }
            Changed::Key => self.keys.forget(id),
        }
    }

    /// Any record may have been changed elsewhere.
    pub(crate) fn forget_records(&self) {
        self.users.clear();
        self.sessions.clear();
        self.keys.clear();
        self.clients.clear();
    }

    pub(crate) fn clear(&self) {
        self.forget_records();
        let mut revoked = self.revoked.write().unwrap_or_else(PoisonError::into_inner);
        *revoked = HashMap::new();
        self.revocations.store(0, Relaxed);
        *self.watched.write().unwrap_or_else(PoisonError::into_inner) = HashMap::new();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen::default();
    }
}

/// The name under which an ended session's cookie is kept among the revocations.
pub(crate) fn ended(cookie: &[u8]) -> String {
    cookie.iter().fold("cookie:".to_owned(), |name, byte| name + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_revoked_by_its_own_name_its_family_or_its_session() {
        let memory = Memory::default();
        let jti = "AAAAAAAAAAAAAAAAAAAAAAfirst";
        assert!(!memory.is_revoked(Some(jti), Some("session")));
        memory.revoke("AAAAAAAAAAAAAAAAAAAAAA", Timestamp::MAX);
        assert!(memory.is_revoked(Some(jti), None));
        memory.clear();
        memory.revoke("session", Timestamp::MAX);
        assert!(memory.is_revoked(Some(jti), Some("session")));
        assert!(!memory.is_revoked(Some(jti), None));
    }

    #[test]
    fn a_proof_is_first_once_until_its_window_has_passed() {
        let memory = Memory::default();
        let at = Timestamp::from_seconds;
        assert!(memory.is_first([1; 32], at(10), at(0)));
        assert!(!memory.is_first([1; 32], at(10), at(10)));
        assert!(memory.is_first([1; 32], at(30), at(20)));
    }

    #[test]
    fn seen_proofs_that_ended_are_forgotten() {
        let memory = Memory::default();
        for second in 0..1000_u16 {
            let mut proof = [0; 32];
            proof[..2].copy_from_slice(&second.to_be_bytes());
            let second = i64::from(second);
            assert!(memory.is_first(
                proof,
                Timestamp::from_seconds(second + 1),
                Timestamp::from_seconds(second)
            ));
        }
        assert!(memory.seen.lock().unwrap().until.len() < 130);
    }
}
