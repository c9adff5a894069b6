use std::sync::Arc;

use model::{RealmId, Timestamp};

use crate::{
    Fault, Hash, Memory, Store,
    cache::Known,
    memory::{Changed, FORGIVEN, named},
    refresh::{Meant, revoke_those},
    transaction::Transaction,
    value::{Row, Value, page},
};

/// A browser in which somebody is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its name in tokens; not what the cookie holds.
    pub sid: String,
    /// The account, by name.
    pub subject: String,
    /// The class of its sign-in. None: somebody is to set up in it what is demanded of everybody, and is not signed
    /// in before.
    pub acr: Option<String>,
    /// With which methods, separated by spaces.
    pub methods: String,
    /// `auth_time` for clients: the earlier of both clocks.
    pub auth_time: Timestamp,
    /// By the sandbox's clock.
    pub signed_in_at: Timestamp,
    /// When it was last used.
    pub seen_at: Timestamp,
    /// When it ends whatever is done.
    pub expires_at: Timestamp,
    /// The browser, as it names itself.
    pub agent: String,
    /// From where it was opened.
    pub address: String,
    /// Which of the account's passwords there was: with another one it is over.
    pub password_version: u32,
}

const COLUMNS: &str = "sid, subject, acr, methods, auth_time, signed_in_at, seen_at, expires_at, agent, address, \
                       password_version";

/// How many sessions or refresh tokens end in one transaction, where all do.
pub(crate) const AT_ONCE: u32 = 200;

impl Store {
    /// Keeps a session that was just opened, under the hash of its cookie's value. The one that the browser
    /// had before (`replaced`) is forgotten; its tokens live on, they are not this browser's alone.
    pub async fn open_session(
        &self,
        realm: &RealmId,
        cookie: Hash,
        session: Session,
        replaced: Option<Hash>,
    ) -> Result<(), Fault> {
        let arguments = [
            Value::text(realm.as_str()),
            Value::bytes(&cookie),
            Value::Text(session.sid),
            Value::Text(session.subject),
            Value::Text(session.acr.unwrap_or_default()),
            Value::Text(session.methods),
            Value::Integer(session.auth_time.as_micros()),
            Value::Integer(session.signed_in_at.as_micros()),
            Value::Integer(session.seen_at.as_micros()),
            Value::Integer(session.expires_at.as_micros()),
            Value::Text(session.agent),
            Value::Text(session.address),
            Value::Integer(session.password_version.into()),
        ];
        let of = realm.clone();
        self.write(async move |transaction| {
            if let Some(replaced) = replaced {
                let sql = "DELETE FROM sessions WHERE realm = $1 AND cookie_hash = $2";
                transaction.rows(sql, &[Value::text(of.as_str()), Value::bytes(&replaced)]).await?;
                transaction.announce_change(&of, Changed::Session, &named(&replaced)).await?;
            }
            let sql = format!(
                "INSERT INTO sessions (realm, cookie_hash, {COLUMNS}) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
            );
            transaction.rows(&sql, &arguments).await.map(drop)
        })
        .await
    }

    /// The session of a cookie, whatever its age; from memory where it was asked for before.
    pub async fn session(&self, realm: &RealmId, cookie: Hash) -> Result<Option<Arc<Session>>, Fault> {
        let memory = self.memory(realm);
        if memory.is_ended(&cookie) {
            return Ok(None);
        }
        if let Known::Record(session) = memory.sessions.get(&cookie) {
            return Ok(Some(session));
        }
        let before = memory.sessions.before();
        let of = realm.clone();
        let read = self.read(async move |transaction| {
            let sql = format!("SELECT {COLUMNS} FROM sessions WHERE realm = $1 AND cookie_hash = $2");
            let rows = transaction.rows(&sql, &[Value::text(of.as_str()), Value::bytes(&cookie)]).await?;
            rows.first().map(read).transpose()
        });
        let read = read.await?.map(Arc::new);
        // Anybody can make up cookies: that there is no such session is not worth remembering.
        if read.is_some() {
            memory.sessions.keep(cookie, read.clone(), before);
        }
        Ok(read)
    }

    /// The sessions of an account, the newest first.
    pub async fn sessions_of(&self, realm: &RealmId, subject: &str) -> Result<Vec<Session>, Fault> {
        let key = [Value::text(realm.as_str()), Value::text(subject)];
        self.read(async move |transaction| {
            let sql = format!(
                "SELECT {COLUMNS} FROM sessions WHERE realm = $1 AND subject = $2 ORDER BY signed_in_at DESC"
            );
            transaction.rows(&sql, &key).await?.iter().map(read).collect()
        })
        .await
    }

    /// Sessions from the oldest sign-in to the newest, at most so many, after the one that the list before this
    /// one ended with.
    pub async fn sessions(
        &self,
        realm: &RealmId,
        after: Option<(Timestamp, &str)>,
        most: u32,
    ) -> Result<Vec<Session>, Fault> {
        let arguments = page(realm, after, most);
        self.read(async move |transaction| {
            let sql = format!(
                "SELECT {COLUMNS} FROM sessions WHERE realm = $1 AND (signed_in_at, sid) > ($2, $3) \
                 ORDER BY signed_in_at, sid LIMIT $4"
            );
            transaction.rows(&sql, &arguments).await?.iter().map(read).collect()
        })
        .await
    }

    /// Notes that a session was used.
    pub async fn touch_session(&self, realm: &RealmId, cookie: Hash, now: Timestamp) -> Result<(), Fault> {
        let of = realm.clone();
        self.write(async move |transaction| {
            let sql = "UPDATE sessions SET seen_at = $3 WHERE realm = $1 AND cookie_hash = $2";
            let arguments =
                [Value::text(of.as_str()), Value::bytes(&cookie), Value::Integer(now.as_micros())];
            transaction.rows(sql, &arguments).await?;
            transaction.announce_change(&of, Changed::Session, &named(&cookie)).await
        })
        .await
    }

    /// Whether there is a session of this id, or a refresh token of one.
    pub async fn has_session(&self, realm: &RealmId, sid: &str) -> Result<bool, Fault> {
        let named = [Value::text(realm.as_str()), Value::text(sid)];
        self.read(async move |transaction| {
            let sql = "SELECT sid FROM sessions WHERE realm = $1 AND sid = $2 UNION ALL \
                       SELECT sid FROM families WHERE realm = $1 AND sid = $2 AND revoked_at = 0 LIMIT 1";
            Ok(!transaction.rows(sql, &named).await?.is_empty())
        })
        .await
    }

    /// Ends a session: its cookie opens nothing more, and is known as one that did
    /// ([`Memory::is_ended`](crate::Memory::is_ended)); its refresh tokens and its access tokens are revoked.
    pub async fn end_session(
        &self,
        realm: &RealmId,
        sid: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), Fault> {
        let memory = self.memory(realm);
        let (of, sid) = (realm.clone(), sid.to_owned());
        self.write(async move |transaction| end(transaction, &memory, &of, &sid, (now, until)).await).await
    }

    /// Ends every session of an account, but the one that is named; and every refresh token that is not that
    /// one's, also of devices and of sessions that are gone.
    pub async fn end_sessions_of(
        &self,
        realm: &RealmId,
        subject: &str,
        but: Option<&str>,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), Fault> {
        let memory = self.memory(realm);
        let (of, subject, but) = (realm.clone(), subject.to_owned(), but.map(str::to_owned));
        self.write(async move |transaction| {
            end_sessions(transaction, &memory, &of, &subject, but.as_deref(), (now, until)).await
        })
        .await
    }

    /// Ends every session of a realm that was opened by now, with every refresh token, also of devices and of sessions
    /// that are gone; says how many sessions there were. They end some at a time, so that nobody else waits for all of
    /// them; where it fails in the midst, the rest is there still.
    pub async fn end_all_sessions(
        &self,
        realm: &RealmId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<usize, Fault> {
        let (mut store, mut count) = (self.clone(), 0);
        loop {
            let (memory, of) = (self.memory(realm), realm.clone());
            let ended = store.write(async move |transaction| {
                let sql = "SELECT sid FROM sessions WHERE realm = $1 AND signed_in_at <= $2 LIMIT $3";
                let arguments = [
                    Value::text(of.as_str()),
                    Value::Integer(now.as_micros()),
                    Value::Integer(AT_ONCE.into()),
                ];
                let rows = transaction.rows(sql, &arguments).await?;
                for row in &rows {
                    end(transaction, &memory, &of, row.text(0)?, (now, until)).await?;
                }
                Ok(rows.len())
            });
            let ended = ended.await?;
            count += ended;
            if ended > 0 {
                // One entry in the audit trail says it.
                store.entry = None;
            }
            if ended < AT_ONCE as usize {
                break;
            }
        }
        store.revoke_unseated(realm, (now, until)).await?;
        Ok(count)
    }

    /// Revokes one access token, by its `jti`, for as long as it could live.
    pub async fn revoke_token(&self, realm: &RealmId, jti: &str, until: Timestamp) -> Result<(), Fault> {
        let memory = self.memory(realm);
        let (realm, jti) = (realm.clone(), jti.to_owned());
        self.write(async move |transaction| {
            record_revocation(transaction, &realm, &jti, until).await?;
            memory.revoke(&jti, until);
            Ok(())
        })
        .await
    }
}

/// Ends every session of an account, but one, and every refresh token that is not that one's.
pub(crate) async fn end_sessions(
    transaction: &mut Transaction<'_>,
    memory: &Memory,
    realm: &RealmId,
    subject: &str,
    but: Option<&str>,
    span: (Timestamp, Timestamp),
) -> Result<(), Fault> {
    // What was let in and has not fetched its tokens yet gets none.
    let sql = "DELETE FROM devices WHERE realm = $1 AND account = $2";
    transaction.rows(sql, &[Value::text(realm.as_str()), Value::text(subject)]).await?;
    // Before the sessions: what they end is not named one by one any more.
    revoke_those(transaction, memory, realm, subject, Meant::ButOf(but), span).await?;
    let sql = "SELECT sid FROM sessions WHERE realm = $1 AND subject = $2";
    for row in transaction.rows(sql, &[Value::text(realm.as_str()), Value::text(subject)]).await? {
        if but != Some(row.text(0)?) {
            end(transaction, memory, realm, row.text(0)?, span).await?;
        }
    }
    Ok(())
}

async fn end(
    transaction: &mut Transaction<'_>,
    memory: &Memory,
    realm: &RealmId,
    sid: &str,
    (now, until): (Timestamp, Timestamp),
) -> Result<(), Fault> {
    let of_session = [Value::text(realm.as_str()), Value::text(sid)];
    let sql = "DELETE FROM sessions WHERE realm = $1 AND sid = $2 RETURNING cookie_hash";
    for row in transaction.rows(sql, &of_session).await? {
        let cookie = row.bytes(0)?;
        transaction.announce_change(realm, Changed::Session, &named(cookie)).await?;
        let ended = crate::memory::ended(cookie);
        record_revocation(transaction, realm, &ended, until).await?;
        memory.revoke(&ended, until);
    }
    let [in_realm, of_session] = of_session;
    let sql = "UPDATE families SET revoked_at = $3 WHERE realm = $1 AND sid = $2 AND revoked_at = 0";
    let at = Value::Integer(now.as_micros().max(1));
    transaction.rows(sql, &[in_realm, of_session, at]).await?;
    record_revocation(transaction, realm, sid, until).await?;
    memory.revoke(sid, until);
    Ok(())
}

/// Takes the revocation of a name back: somebody new bears it.
pub(crate) async fn forgive(
    transaction: &mut Transaction<'_>,
    realm: &RealmId,
    name: &str,
) -> Result<(), Fault> {
    let sql = "DELETE FROM revocations WHERE realm = $1 AND what = $2 RETURNING what";
    let there = transaction.rows(sql, &[Value::text(realm.as_str()), Value::text(name)]).await?;
    if !there.is_empty() {
        transaction.announce(realm, name, FORGIVEN).await?;
    }
    Ok(())
}

pub(crate) async fn record_revocation(
    transaction: &mut Transaction<'_>,
    realm: &RealmId,
    what: &str,
    until: Timestamp,
) -> Result<(), Fault> {
    transaction.announce(realm, what, until).await?;
    transaction
        .rows(
            "INSERT INTO revocations (realm, what, until) VALUES ($1, $2, $3) \
         ON CONFLICT (realm, what) DO UPDATE SET until = excluded.until",
            &[Value::text(realm.as_str()), Value::text(what), Value::Integer(until.as_micros())],
        )
        .await?;
    Ok(())
}

fn read(row: &Row) -> Result<Session, Fault> {
    Ok(Session {
        sid: row.text(0)?.to_owned(),
        subject: row.text(1)?.to_owned(),
        acr: Some(row.text(2)?).filter(|acr| !acr.is_empty()).map(str::to_owned),
        methods: row.text(3)?.to_owned(),
        auth_time: Timestamp::from_micros(row.integer(4)?),
        signed_in_at: Timestamp::from_micros(row.integer(5)?),
        seen_at: Timestamp::from_micros(row.integer(6)?),
        expires_at: Timestamp::from_micros(row.integer(7)?),
        agent: row.text(8)?.to_owned(),
        address: row.text(9)?.to_owned(),
        password_version: u32::try_from(row.integer(10)?).map_err(|_| Fault::Record("a version"))?,
    })
}
