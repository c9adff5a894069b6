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
    /// How (OpenID Connect Core 2).
    pub acr: &'a str,
    /// With what, separated by spaces (RFC 8176).
    pub methods: &'a str,
    /// By the real clock.
    pub real: Timestamp,
    /// By the sandbox's.
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
            acr: sign_in.acr.to_owned(),
            methods: sign_in.methods.to_owned(),
            auth_time: sign_in.real.min(sign_in.now),
            signed_in_at: sign_in.now,
            seen_at: sign_in.now,
            expires_at: sign_in.now.plus(self.rules.absolute),
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
        let Some(session) = self.store.session(realm, hash).await? else { return Ok(None) };
        if now >= session.expires_at || now.since(session.seen_at) >= self.rules.idle {
            return Ok(None);
        }
        // Not on every request: a minute more or less of eight hours is nobody's loss.
        if now.since(session.seen_at) >= Duration::from_secs(60) {
            self.store.touch_session(realm, hash, now).await?;
        }
        Ok(Some(session))
    }
}

fn hash(cookie: &str) -> store::Hash {
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(digest::digest(&digest::SHA256, cookie.as_bytes()).as_ref()) {
        *to = *from;
    }
    out
}
