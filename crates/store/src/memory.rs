use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::Timestamp;

use crate::{ClientBook, Hash, Key, Session, User, cache::Cache, key_use::Uses};

/// How many characters of an access token's `jti` name its family: 16 bytes in base64url.
pub const FAMILY_LENGTH: usize = 22;

/// How many access tokens of one refresh token are watched for their first use.
const WATCHED: usize = 8;

/// The end of a revocation that is taken back.
pub(crate) const FORGIVEN: Timestamp = Timestamp::from_micros(0);

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
    revoked: RwLock<Revoked>,
    revocations: AtomicUsize,
    watched: RwLock<Watched>,
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
struct Revoked {
    until: HashMap<Box<str>, Timestamp>,
    /// Of this, what was revoked since news are not heard: a reading may have come before it.
    unheard: Option<HashMap<Box<str>, Timestamp>>,
}

/// The successors that are watched.
#[derive(Default)]
struct Watched {
    of: HashMap<Box<str>, Watch>,
    prune_at: usize,
}

struct Watch {
    tokens: Vec<Box<str>>,
    used: AtomicBool,
    /// Afterwards nobody asks.
    until: Timestamp,
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
        [jti, family, sid].into_iter().flatten().any(|name| revoked.until.contains_key(name))
    }

    /// Whether this cookie was a session's that was ended before its time.
    pub fn is_ended(&self, cookie: &Hash) -> bool {
        if self.revocations.load(Relaxed) == 0 {
            return false;
        }
        let revoked = self.revoked.read().unwrap_or_else(PoisonError::into_inner);
        revoked.until.contains_key(ended(cookie).as_str())
    }

    /// Until when a name is among what is revoked.
    pub(crate) fn revoked_until(&self, name: impl FnOnce() -> String) -> Option<Timestamp> {
        if self.revocations.load(Relaxed) == 0 {
            return None;
        }
        let revoked = self.revoked.read().unwrap_or_else(PoisonError::into_inner);
        revoked.until.get(name().as_str()).copied()
    }

    /// Notes that a verifier let a token pass. A token that was used is in its client's hands, so the
    /// refresh token before it cannot have been lost (product.md, Refresh tokens).
    pub fn note_use(&self, jti: &str) {
        let Some(family) = jti.get(..FAMILY_LENGTH) else { return };
        let watched = self.watched.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(watch) = watched.of.get(family)
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

    /// Something is revoked until then; or no longer ([`FORGIVEN`]).
    pub(crate) fn revoke(&self, what: &str, until: Timestamp) {
        let mut revoked = self.revoked.write().unwrap_or_else(PoisonError::into_inner);
        let Revoked { until: all, unheard } = &mut *revoked;
        for names in unheard.iter_mut().chain([&mut *all]) {
            if until == FORGIVEN {
                names.remove(what);
            } else {
                names.insert(what.into(), until);
            }
        }
        self.revocations.store(all.len(), Relaxed);
    }

    /// News are not heard from here on: no record is kept that may change meanwhile.
    pub(crate) fn deafen(&self) {
        self.revoked.write().unwrap_or_else(PoisonError::into_inner).unheard.get_or_insert_default();
        self.keep_records(false);
    }

    /// Puts what was read in the place of what was revoked; whether news are heard since before it was read.
    pub(crate) fn take(&self, mut read: HashMap<Box<str>, Timestamp>, hears: bool) {
        let mut revoked = self.revoked.write().unwrap_or_else(PoisonError::into_inner);
        read.extend(revoked.unheard.iter().flatten().map(|(what, until)| (what.clone(), *until)));
        self.revocations.store(read.len(), Relaxed);
        revoked.until = read;
        revoked.unheard = (!hears).then(|| revoked.unheard.take().unwrap_or_default());
        self.keep_records(hears);
    }

    /// Forgets all records, and keeps those that are read from here on, or none.
    fn keep_records(&self, keeps: bool) {
        self.users.restart(keeps);
        self.sessions.restart(keeps);
        self.keys.restart(keeps);
        self.clients.restart(keeps);
    }

    pub(crate) fn prune(&self, now: Timestamp) {
        let mut revoked = self.revoked.write().unwrap_or_else(PoisonError::into_inner);
        revoked.until.retain(|_, until| *until >= now);
        self.revocations.store(revoked.until.len(), Relaxed);
    }

    /// Watches the first access token of a successor until then: those before it no longer matter.
    pub(crate) fn watch(&self, family: &str, jti: &str, now: Timestamp, until: Timestamp) {
        let mut watched = self.watched.write().unwrap_or_else(PoisonError::into_inner);
        if watched.of.len() >= watched.prune_at {
            watched.of.retain(|_, watch| watch.until >= now);
            watched.prune_at = (watched.of.len() * 2).max(1024);
        }
        let watch = Watch { tokens: vec![jti.into()], used: AtomicBool::new(false), until };
        watched.of.insert(family.into(), watch);
    }

    /// Watches one more access token of the same successor.
    pub(crate) fn watch_also(&self, family: &str, jti: &str) {
        let mut watched = self.watched.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(watch) = watched.of.get_mut(family)
            && watch.tokens.len() < WATCHED
        {
            watch.tokens.push(jti.into());
        }
    }

    pub(crate) fn was_used(&self, family: &str) -> bool {
        let watched = self.watched.read().unwrap_or_else(PoisonError::into_inner);
        watched.of.get(family).is_some_and(|watch| watch.used.load(Relaxed))
    }

    pub(crate) fn unwatch(&self, family: &str) {
        self.watched.write().unwrap_or_else(PoisonError::into_inner).of.remove(family);
    }

    /// A record was changed, here or elsewhere.
    pub(crate) fn changed(&self, kind: Changed, id: &str) {
        match kind {
            Changed::User => self.users.forget(id),
            Changed::Session => match hash_named(id) {
                Some(cookie) => self.sessions.forget(&cookie),
                // Of an older node.
                None => self.sessions.clear(),
            },
            Changed::Client => self.clients.forget(&()),
            Changed::Key => self.keys.forget(id),
        }
    }

    /// Of a realm that is forgotten: it hears no more news.
    pub(crate) fn clear(&self) {
        self.keep_records(false);
        let mut revoked = self.revoked.write().unwrap_or_else(PoisonError::into_inner);
        *revoked = Revoked::default();
        self.revocations.store(0, Relaxed);
        *self.watched.write().unwrap_or_else(PoisonError::into_inner) = Watched::default();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen::default();
    }
}

/// How a session's cookie is named to other nodes.
pub(crate) fn named(cookie: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(cookie)
}

fn hash_named(name: &str) -> Option<Hash> {
    URL_SAFE_NO_PAD.decode(name).ok()?.try_into().ok()
}

/// The name under which an ended session's cookie is kept among the revocations.
pub(crate) fn ended(cookie: &[u8]) -> String {
    hexed("cookie:", cookie)
}

/// The name under which a lock is kept among them: it goes where they go, to every node and over a restart.
pub(crate) fn locked(name: &Hash) -> String {
    hexed("lock:", name)
}

fn hexed(kind: &str, hash: &[u8]) -> String {
    hash.iter().fold(kind.to_owned(), |name, byte| name + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Known;

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
    fn successors_are_watched_no_longer_than_somebody_may_ask() {
        let memory = Memory::default();
        for second in 0..10_000 {
            let (now, family) = (Timestamp::from_seconds(second), format!("{second:022}"));
            memory.watch(&family, "jti", now, Timestamp::from_seconds(second + 10));
        }
        assert!(memory.watched.read().unwrap().of.len() < 2_100);
        let last = format!("{:022}", 9_999);
        memory.watch_also(&last, &format!("{last}again"));
        memory.note_use(&format!("{last}again"));
        assert!(memory.was_used(&last) && !memory.was_used(&format!("{:022}", 9_998)));
    }

    #[test]
    fn a_session_that_another_node_changed_is_forgotten_alone() {
        let memory = Memory::default();
        let session = || {
            Some(std::sync::Arc::new(Session {
                sid: String::new(),
                subject: String::new(),
                acr: None,
                methods: String::new(),
                auth_time: Timestamp::MAX,
                signed_in_at: Timestamp::MAX,
                seen_at: Timestamp::MAX,
                expires_at: Timestamp::MAX,
                agent: String::new(),
                address: String::new(),
                password_version: 0,
            }))
        };
        for cookie in [[1; 32], [2; 32]] {
            memory.sessions.keep(cookie, session(), memory.sessions.before());
        }
        memory.changed(Changed::Session, &named(&[1; 32]));
        assert_eq!(memory.sessions.get(&[1; 32]), Known::Nothing);
        assert!(matches!(memory.sessions.get(&[2; 32]), Known::Record(_)));
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
