use std::{net::IpAddr, sync::Arc, time::Duration};

use aws_lc_rs::digest;
use model::{RealmId, Timestamp};
use store::{Fault, Session, Store};

/// How many random bytes a cookie's value has.
pub const SESSION_BYTES: usize = 32;

/// How long a sign-in lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionRules {
    /// Without being used.
    pub idle: Duration,
    /// At all.
    pub absolute: Duration,
}

impl Default for SessionRules {
    fn default() -> Self {
        Self { idle: Duration::from_secs(8 * 3600), absolute: Duration::from_secs(14 * 86_400) }
    }
}

impl SessionRules {
    /// When a session ends by itself, unless it is used before.
    pub fn end(&self, session: &Session) -> Timestamp {
        session.expires_at.min(session.seen_at.plus(self.idle))
    }
}

/// How often the use of a session is noted at most.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// Notes that a session is used, which keeps it from ending. Not on every request: a minute more or less of eight
/// hours is nobody's loss, nor is a quarter of a shorter time, nor a use that could not be written.
pub async fn note_use(
    store: &Store,
    realm: &RealmId,
    cookie: store::Hash,
    session: &Session,
    rules: &SessionRules,
    now: Timestamp,
) {
    if now.since(session.seen_at) >= NOTED_EVERY.min(rules.idle / 4) {
        let _ = store.touch_session(realm, cookie, now).await;
    }
}

/// Somebody proved who they are.
#[derive(Debug, Clone, Copy)]
pub struct SignIn<'a> {
    /// The account, by its id.
    pub account: &'a str,
    /// Which of its passwords there is.
    pub password_version: u32,
    /// The browser, as it names itself.
    pub agent: &'a str,
    /// From where.
    pub address: IpAddr,
    /// How (OpenID Connect Core 2); none: too little to be signed in.
    pub acr: Option<&'a str>,
    /// With what, separated by spaces (RFC 8176).
    pub methods: &'a str,
    /// When the oldest of that was shown, as clients are told: by the earlier of both clocks.
    pub auth_time: Timestamp,
    /// The same by the sandbox's clock.
    pub signed_in_at: Timestamp,
    /// By the sandbox's clock.
    pub now: Timestamp,
}

/// The browsers in which somebody is signed in. A cookie's value is known to its browser alone: the store has
/// its hash.
pub struct Sessions {
    store: Store,
    rules: SessionRules,
}

impl Sessions {
    /// Over this store.
    pub fn new(store: Store, rules: SessionRules) -> Self {
        Self { store, rules }
    }

    /// Opens a session under a new cookie value (random, from the caller), never under the one that the
    /// browser came with: that may have been planted (attacks.md, A16).
    pub async fn open(
        &self,
        realm: &RealmId,
        sign_in: SignIn<'_>,
        (cookie, sid): (&str, &str),
        before: Option<&str>,
    ) -> Result<Session, Fault> {
        let before = before.map(hash);
        let there = match before {
            Some(cookie) => self.store.session(realm, cookie).await?,
            None => None,
        };
        // Whoever signs in again goes on with the tokens of that browser, so that signing out ends them too.
        let same = there.filter(|there| there.subject == sign_in.account);
        let session = Session {
            sid: same.map_or_else(|| sid.to_owned(), |there| there.sid.clone()),
            subject: sign_in.account.to_owned(),
            acr: sign_in.acr.map(str::to_owned),
            methods: sign_in.methods.to_owned(),
            auth_time: sign_in.auth_time,
            signed_in_at: sign_in.signed_in_at,
            seen_at: sign_in.now,
            expires_at: sign_in.signed_in_at.plus(self.rules.absolute),
            agent: sign_in.agent.chars().take(256).collect(),
            address: sign_in.address.to_string(),
            password_version: sign_in.password_version,
        };
        self.store.open_session(realm, hash(cookie), session.clone(), before).await?;
        Ok(session)
    }

    /// The session of a cookie, unless it ended by itself. Using it keeps it from ending.
    pub async fn find(
        &self,
        realm: &RealmId,
        cookie: &str,
        now: Timestamp,
    ) -> Result<Option<Arc<Session>>, Fault> {
        let hash = hash(cookie);
        let found = self.store.session(realm, hash).await?.filter(|session| now < self.rules.end(session));
        if let Some(session) = &found {
            note_use(&self.store, realm, hash, session, &self.rules, now).await;
        }
        Ok(found)
    }
}

fn hash(cookie: &str) -> store::Hash {
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(digest::digest(&digest::SHA256, cookie.as_bytes()).as_ref()) {
        *to = *from;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_idle_or_at_last_whichever_comes_first() {
        let at = |seconds| Timestamp::from_seconds(1_000_000 + seconds);
        let session = |seen: i64, expires: i64| Session {
            sid: String::new(),
            subject: String::new(),
            acr: None,
            methods: String::new(),
            auth_time: at(0),
            signed_in_at: at(0),
            seen_at: at(seen),
            expires_at: at(expires),
            agent: String::new(),
            address: String::new(),
            password_version: 0,
        };
        let rules = SessionRules { idle: Duration::from_secs(100), absolute: Duration::from_secs(1000) };
        assert_eq!(rules.end(&session(50, 1000)), at(150));
        assert_eq!(rules.end(&session(950, 1000)), at(1000));
    }
}
