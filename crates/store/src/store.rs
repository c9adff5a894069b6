use std::{
    path::PathBuf,
    sync::{Arc, PoisonError, Weak, atomic::Ordering::Relaxed},
    time::Duration,
};

use model::{RealmId, Timestamp};
use tokio::time::Instant;

use crate::{
    Fault, Memory,
    audit::Trace,
    memories::{Memories, Revoked},
    migration::migrate,
    postgres::{Notice, Postgres},
    secrets::Vault,
    sqlite::Sqlite,
    timings::{Timing, Timings},
    transaction::Transaction,
    value::Value,
};

/// How long a node waits before it asks again for a database that it lost.
const AGAIN: Duration = Duration::from_millis(250);

/// Where the database lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// In memory: gone with the process.
    Memory,
    /// In a file, with a write-ahead log beside it.
    File(PathBuf),
    /// On a PostgreSQL server (`postgres://…`), which several nodes may share.
    Postgres(String),
}

/// The realms and their records. Cloning shares it; the last clone to go closes it.
#[derive(Clone)]
pub struct Store {
    pub(crate) database: Database,
    pub(crate) memories: Arc<Memories>,
    pub(crate) vault: Arc<Vault>,
    /// What each write that changes something leaves in the audit trail.
    pub(crate) entry: Trace,
}

/// A store that others keep open.
pub(crate) struct Weakly {
    database: WeakDatabase,
    memories: Weak<Memories>,
    vault: Weak<Vault>,
}

enum WeakDatabase {
    Sqlite(Weak<Sqlite>),
    Postgres(Postgres),
}

impl Weakly {
    /// The store, unless everybody has closed it.
    pub(crate) fn upgrade(&self) -> Option<Store> {
        let database = match &self.database {
            WeakDatabase::Sqlite(sqlite) => Database::Sqlite(sqlite.upgrade()?),
            WeakDatabase::Postgres(postgres) => Database::Postgres(postgres.clone()),
        };
        Some(Store {
            database,
            memories: self.memories.upgrade()?,
            vault: self.vault.upgrade()?,
            entry: None,
        })
    }
}

#[derive(Clone)]
pub(crate) enum Database {
    Sqlite(Arc<Sqlite>),
    Postgres(Postgres),
}

impl Store {
    /// A new database in memory: nothing of it outlives the process, and nothing has to be waited for.
    pub fn in_memory() -> Result<Self, Fault> {
        let database = Database::Sqlite(Arc::new(Sqlite::open(None, migrate)?));
        Ok(Self { database, memories: Arc::default(), vault: Arc::default(), entry: None })
    }

    /// Opens the database, brings it to the newest form and remembers what is revoked.
    pub async fn open(location: &Location) -> Result<Self, Fault> {
        let database = match location {
            Location::Memory => return Self::in_memory(),
            Location::File(path) => Database::Sqlite(Arc::new(Sqlite::open(Some(path), migrate)?)),
            Location::Postgres(url) => Database::Postgres(Postgres::open(url, migrate).await?),
        };
        let store = Self { database, memories: Arc::default(), vault: Arc::default(), entry: None };
        let alone = matches!(store.database, Database::Sqlite(_));
        if !alone {
            store.memories.deafen();
        }
        store.remember(alone).await?;
        if let Database::Postgres(postgres) = &store.database {
            tokio::spawn(hear(postgres.clone(), Arc::downgrade(&store.memories)));
        }
        Ok(store)
    }

    /// What of a realm must be known on the path of every request; kept by whoever asks often. It stays the
    /// realm's until [`Store::forget_realm`].
    pub fn memory(&self, realm: &RealmId) -> Arc<Memory> {
        self.memories.memory(realm)
    }

    /// Whether any of a token's names is revoked, in a time that does not depend on how many are. `jti` also
    /// tells its family (see [`Memory::is_revoked`]).
    pub fn is_revoked(&self, realm: &RealmId, jti: Option<&str>, sid: Option<&str>) -> bool {
        let memories = self.memories.of.read().unwrap_or_else(PoisonError::into_inner);
        memories.get(realm).is_some_and(|memory| memory.is_revoked(jti, sid))
    }

    pub(crate) fn drop_memory(&self, realm: &RealmId) {
        let mut memories = self.memories.of.write().unwrap_or_else(PoisonError::into_inner);
        self.memories.forgotten.fetch_add(1, Relaxed);
        if let Some(memory) = memories.remove(realm) {
            // Others may hold it still: it must not go on revoking.
            memory.clear();
        }
    }

    /// Runs `job` atomically, and answers once what it did is committed: an answer survives a crash. Where two
    /// got into each other's way it runs again.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        job: impl AsyncFn(&mut Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let entry = self.entry.clone();
        let began = Instant::now();
        let done = match &self.database {
            Database::Sqlite(sqlite) => {
                let memories = self.memories.clone();
                sqlite.write(job, entry, move |news, is_done| memories.hear_own(news, is_done)).await
            }
            Database::Postgres(postgres) => {
                postgres.write(job, entry, |news, is_done| self.memories.hear_own(news, is_done)).await
            }
        };
        self.memories.timings.writes.note(began.elapsed(), done.is_err());
        self.told(done)
    }

    /// Runs `job`, which changes nothing, on what is committed.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        job: impl AsyncFn(&mut Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let began = Instant::now();
        let done = match &self.database {
            Database::Sqlite(sqlite) => sqlite.read(job).await,
            Database::Postgres(postgres) => postgres.read(job).await,
        };
        self.memories.timings.reads.note(began.elapsed(), done.is_err());
        self.told(done)
    }

    fn told<T>(&self, done: Result<T, Fault>) -> Result<T, Fault> {
        if let (Err(fault), Some(listener)) = (&done, self.memories.listener.get()) {
            listener(fault);
        }
        done
    }

    /// Has `listener` hear of each read and write that fails, in the task of whoever asked; the first one stays. It
    /// must return at once.
    pub fn on_fault(&self, listener: impl Fn(&Fault) + Send + Sync + 'static) {
        let _ = self.memories.listener.set(Box::new(listener));
    }

    /// What reads and writes have taken since the start.
    pub fn timings(&self) -> (Timing, Timing) {
        let Timings { reads, writes } = &self.memories.timings;
        (reads.timing(), writes.timing())
    }

    /// Before the process ends: what keys' uses are counted here is written, and whoever copies the database's file
    /// alone has all of it then. Waits for those who read, up to 5 seconds.
    pub async fn fold_log(&self) -> Result<(), Fault> {
        for realm in self.memories.realms() {
            // Counts are no promise.
            if self.write_key_uses(&realm).await.is_err() {
                break;
            }
        }
        match &self.database {
            Database::Sqlite(sqlite) => sqlite.fold_log().await,
            Database::Postgres(_) => Ok(()),
        }
    }

    /// Runs `job`, which changes nothing, on what is committed now, however long it takes.
    pub(crate) async fn snapshot<T: Send + 'static>(
        &self,
        job: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        match &self.database {
            Database::Sqlite(sqlite) => sqlite.snapshot(job).await,
            Database::Postgres(postgres) => postgres.snapshot(job).await,
        }
    }

    /// Whether it ends with the process.
    pub(crate) fn is_in_memory(&self) -> bool {
        matches!(&self.database, Database::Sqlite(sqlite) if sqlite.is_in_memory())
    }

    /// The store without keeping it open; none where nobody else can change it.
    pub(crate) fn downgrade(&self) -> Option<Weakly> {
        let database = match &self.database {
            Database::Sqlite(sqlite) if sqlite.is_in_memory() => return None,
            Database::Sqlite(sqlite) => WeakDatabase::Sqlite(Arc::downgrade(sqlite)),
            Database::Postgres(postgres) => WeakDatabase::Postgres(postgres.clone()),
        };
        let (memories, vault) = (Arc::downgrade(&self.memories), Arc::downgrade(&self.vault));
        Some(Weakly { database, memories, vault })
    }

    /// Gives pages that no record needs back to the machine; PostgreSQL does so by itself.
    pub(crate) async fn vacuum(&self) -> Result<(), Fault> {
        match &self.database {
            Database::Sqlite(sqlite) => sqlite.vacuum().await,
            Database::Postgres(_) => Ok(()),
        }
    }

    /// Takes over everything that is revoked in the database; whether other nodes' news are heard since before.
    async fn remember(&self, hears: bool) -> Result<(), Fault> {
        loop {
            let before = self.memories.forgotten.load(Relaxed);
            let revoked = self.read(async |transaction| revoked(transaction).await).await?;
            if self.memories.take(revoked, before, hears) {
                return Ok(());
            }
        }
    }
}

async fn revoked(transaction: &mut Transaction<'_>) -> Result<Vec<Revoked>, Fault> {
    let sql = "SELECT realm, what, until FROM revocations WHERE until > $1";
    let rows = transaction.all_rows(sql, &[Value::Integer(0)]).await?;
    let read = rows.iter().map(|row| {
        Ok((RealmId::new(row.text(0)?), row.text(1)?.to_owned(), Timestamp::from_micros(row.integer(2)?)))
    });
    read.collect()
}

/// Takes over what nodes tell, as long as the store lives. After a silence everything is read again.
async fn hear(postgres: Postgres, memories: Weak<Memories>) {
    let database = Database::Postgres(postgres.clone());
    while memories.strong_count() > 0 {
        let catch_up = async || {
            let Some(memories) = memories.upgrade() else { return Ok(()) };
            Store { database: database.clone(), memories, vault: Arc::default(), entry: None }
                .remember(true)
                .await
        };
        let told = |notice: Notice| {
            let Some(memories) = memories.upgrade() else { return false };
            memories.hear(&RealmId::new(&notice.realm), notice.news);
            true
        };
        // Whether it ended well or not, it has ended: the connection is gone.
        let _ = postgres.listen(catch_up, told).await;
        if let Some(memories) = memories.upgrade() {
            memories.deafen();
        }
        tokio::time::sleep(AGAIN).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{User, cache::Known, memory::FORGIVEN};

    #[test]
    fn what_was_read_before_a_realm_was_forgotten_does_not_come_back() {
        let store = Store::in_memory().unwrap();
        let realm = RealmId::new("t-42");
        let before = store.memories.forgotten.load(Relaxed);
        let read = || vec![(realm.clone(), "jti".to_owned(), Timestamp::MAX)];
        assert!(store.memories.take(read(), before, true));
        assert!(store.is_revoked(&realm, Some("jti"), None));
        store.drop_memory(&realm);
        assert!(!store.memories.take(read(), before, true), "to be read again");
        assert!(!store.is_revoked(&realm, Some("jti"), None));
    }

    #[tokio::test]
    async fn no_record_is_kept_while_news_are_not_heard() {
        let store = Store::in_memory().unwrap();
        let (known, new) = (RealmId::new("known"), RealmId::new("new"));
        let is_kept = async |realm: &RealmId| {
            store.user(realm, "u1").await.unwrap();
            matches!(store.memory(realm).users.get("u1"), Known::Absent)
        };
        assert!(is_kept(&known).await);
        store.memories.deafen();
        assert!(!is_kept(&known).await && !is_kept(&new).await);
        let read = vec![(RealmId::new("read"), "jti".to_owned(), Timestamp::MAX)];
        assert!(store.memories.take(read.clone(), 0, false));
        assert!(!is_kept(&new).await && !is_kept(&read[0].0).await);
        assert!(store.memories.take(read, 0, true));
        assert!(is_kept(&known).await && is_kept(&new).await);
    }

    #[test]
    fn what_is_revoked_is_what_was_read_and_what_came_meanwhile() {
        let store = Store::in_memory().unwrap();
        let realm = RealmId::new("main");
        let revoke = |what, until| store.memory(&realm).revoke(what, until);
        let is_revoked = |jti| store.is_revoked(&realm, Some(jti), None);
        revoke("forgiven elsewhere", Timestamp::MAX);
        store.memories.deafen();
        revoke("here", Timestamp::MAX);
        revoke("and back", Timestamp::MAX);
        revoke("and back", FORGIVEN);
        let read = || vec![(realm.clone(), "elsewhere".to_owned(), Timestamp::MAX)];
        for hears in [false, true] {
            assert!(store.memories.take(read(), 0, hears));
            assert!(is_revoked("elsewhere") && is_revoked("here"));
            assert!(!is_revoked("forgiven elsewhere") && !is_revoked("and back"));
        }
        assert!(store.memories.take(read(), 0, true));
        assert!(!is_revoked("here"), "not among what is read after it was heard of");
    }

    #[tokio::test]
    async fn a_node_that_heard_nothing_for_a_while_learns_what_is_no_longer_revoked() {
        let server = testkit::Postgres::start();
        let location = Location::Postgres(server.url());
        let (here, there) = (Store::open(&location).await.unwrap(), Store::open(&location).await.unwrap());
        let (realm, now) = (RealmId::new("main"), Timestamp::from_seconds(0));
        let come = async |is_there: &dyn Fn() -> bool| {
            let waiting = async {
                while !is_there() {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap();
        };
        let add = async || there.add_user(&realm, User::new("u1".to_owned(), now)).await.unwrap();
        let is_revoked = || here.is_revoked(&realm, None, Some("u1"));
        let is_deaf = || here.memories.is_deaf.load(Relaxed);
        add().await;
        come(&|| !is_deaf()).await;
        there.remove_user(&realm, "u1", now, Timestamp::MAX).await.unwrap();
        come(&is_revoked).await;
        let end = async |transaction: &mut Transaction<'_>| {
            let sql = "SELECT CAST(pg_terminate_backend(pid) AS TEXT) FROM pg_stat_activity \
                       WHERE query LIKE 'LISTEN%'";
            transaction.rows(sql, &[]).await.map(drop)
        };
        there.read(end).await.unwrap();
        come(&is_deaf).await;
        add().await;
        come(&|| !is_revoked()).await;
    }
}
