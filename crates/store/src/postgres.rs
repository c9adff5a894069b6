use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use model::RealmId;
use sqlx::{
    Arguments as _, AssertSqlSafe, Column as _, Connection as _, PgConnection, PgPool, Row as _,
    TypeInfo as _, ValueRef as _,
    pool::PoolConnection,
    postgres::{PgArguments, PgListener, PgPoolOptions, PgRow},
};
use tokio::time::timeout;

use crate::{
    Fault,
    audit::{self, Trace},
    memory::Changed,
    transaction::Transaction,
    value::{Row, Value},
};

/// Connections at once. Each costs the server a process.
const CONNECTIONS: u32 = 16;
/// How long a request waits for a connection before its answer is that the database is out of reach.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long nobody has anything to tell before the connection is tried.
const QUIET: Duration = Duration::from_secs(1);
/// How often a transaction that met another is done again.
const TRIES: u32 = 20;
/// How many different moments they wait for meanwhile.
const MOMENTS: u32 = 16;
/// From which try on it goes alone: whoever refreshes without a pause keeps nobody from ending what they refresh.
const ALONE_FROM: u32 = 6;
/// Waits for those who write what changes all the time, and lets none of them begin. Nothing was read before, so what it
/// finds then is the newest, and nobody changes it.
const ALONE: &str = "LOCK TABLE families, sessions IN SHARE ROW EXCLUSIVE MODE";
/// Serialises migrations of several nodes that start at once ("lobby" in ASCII).
const MIGRATION_LOCK: i64 = 0x6c_6f_62_62_79;
/// The channel on which nodes tell each other what they must not go on believing.
const NEWS: &str = "lobby_news";

/// PostgreSQL. Transactions are serialisable and done again on a conflict, so that a function that is right on
/// one writer is right here.
#[derive(Clone)]
pub(crate) struct Postgres {
    pool: PgPool,
    /// The name of this node among those that share the database.
    node: Arc<str>,
    turn: Arc<AtomicU32>,
}

impl Postgres {
    /// Connects, and runs `prepare` while no other node does.
    pub(crate) async fn open(
        url: &str,
        prepare: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<(), Fault>,
    ) -> Result<Self, Fault> {
        let options = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
        let pool = options.connect(url).await?;
        let mut transaction = pool.begin().await?;
        let named = rows(&mut transaction, "SELECT CAST(gen_random_uuid() AS TEXT)", &[]).await?;
        let node: Arc<str> = named.first().ok_or(Fault::Record("a row is missing"))?.text(0)?.into();
        let lock = "SELECT CAST(pg_advisory_xact_lock($1) AS TEXT)";
        rows(&mut transaction, lock, &[Value::Integer(MIGRATION_LOCK)]).await?;
        prepare(&mut Transaction::postgres(&mut transaction, &node)).await?;
        transaction.commit().await?;
        Ok(Self { pool, node, turn: Arc::default() })
    }

    /// Runs `job` atomically, and answers once it is committed. It may run more than once. Before the answer `told`
    /// hears what the job told, and whether it is done; where nobody waits for the answer any more, [`Self::listen`]
    /// hears it.
    pub(crate) async fn write<T>(
        &self,
        job: impl AsyncFn(&mut Transaction<'_>) -> Result<T, Fault>,
        trace: Trace,
        told: impl Fn(Vec<(RealmId, News)>, bool),
    ) -> Result<T, Fault> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.attempt(&job, &trace, &told, tries >= ALONE_FROM).await {
                // Each waits longer than the time before, and not as long as another: of many who meet some get
                // through.
                Err(fault) if fault.is_conflict() && tries < TRIES => {
                    let turn = self.turn.fetch_add(1, Relaxed) % MOMENTS;
                    tokio::time::sleep(Duration::from_millis((1 << tries.min(6)) + u64::from(turn * tries)))
                        .await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn attempt<T>(
        &self,
        job: &impl AsyncFn(&mut Transaction<'_>) -> Result<T, Fault>,
        trace: &Trace,
        told: &impl Fn(Vec<(RealmId, News)>, bool),
        is_alone: bool,
    ) -> Result<T, Fault> {
        let mut lent = Lent::of(&self.pool).await?;
        let attempt = async {
            let begin = "BEGIN ISOLATION LEVEL SERIALIZABLE";
            let mut transaction = lent.connection.begin_with(begin).await?;
            let mut within = Transaction::postgres(&mut transaction, &self.node);
            if is_alone {
                within.rows(ALONE, &[]).await?;
            }
            let before = audit::before(&mut within, trace).await?;
            let outcome = job(&mut within).await?;
            audit::leave(&mut within, trace, before).await?;
            let news = within.into_news();
            let committed = transaction.commit().await;
            told(news, committed.is_ok());
            committed?;
            Ok(outcome)
        };
        let outcome = attempt.await;
        lent.is_over = true;
        outcome
    }

    /// Runs `job`, which changes nothing.
    pub(crate) async fn read<T>(
        &self,
        job: impl AsyncFn(&mut Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut connection = self.pool.acquire().await?;
        job(&mut Transaction::postgres(&mut connection, &self.node)).await
    }

    /// Runs `job`, which changes nothing, on what is committed now.
    pub(crate) async fn snapshot<T>(
        &self,
        job: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let mut lent = Lent::of(&self.pool).await?;
        let mut transaction = lent.connection.begin_with(begin).await?;
        let outcome = job(&mut Transaction::postgres(&mut transaction, &self.node)).await?;
        transaction.commit().await?;
        lent.is_over = true;
        Ok(outcome)
    }

    /// Hears what nodes tell, until the connection is lost or `told` says that nobody cares. `listening` runs first,
    /// when nothing more can be missed. Of this node's own news it hears what was changed: whoever asked for it may
    /// have gone before it was done.
    pub(crate) async fn listen(
        &self,
        listening: impl AsyncFnOnce() -> Result<(), Fault>,
        told: impl Fn(Notice) -> bool,
    ) -> Result<(), Fault> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen(NEWS).await?;
        listening().await?;
        loop {
            let note = match timeout(QUIET, listener.try_recv()).await {
                Ok(Ok(Some(note))) => note,
                Ok(heard) => return heard.map(drop).map_err(Fault::from),
                Err(_) => {
                    // A firewall drops an idle connection without a word: then nothing more is heard, for ever.
                    match timeout(PATIENCE, sqlx::query("SELECT 1").execute(&mut listener)).await {
                        Ok(Ok(_)) => continue,
                        Ok(Err(lost)) => return Err(lost.into()),
                        Err(_) => return Ok(()),
                    }
                }
            };
            if let Ok(notice) = serde_json::from_str::<Notice>(note.payload())
                && (*notice.node != *self.node || matches!(notice.news, News::Changed { .. }))
                && !told(notice)
            {
                return Ok(());
            }
        }
    }
}

/// A connection with a transaction under way. Where whoever waits for that is gone before it is over, the connection is
/// closed: one that was dropped while it began would be lent again within it, and see nothing newer for ever.
struct Lent {
    connection: PoolConnection<sqlx::Postgres>,
    is_over: bool,
}

impl Lent {
    async fn of(pool: &PgPool) -> Result<Self, Fault> {
        Ok(Self { connection: pool.acquire().await?, is_over: false })
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if !self.is_over {
            self.connection.close_on_drop();
        }
    }
}

/// What a node tells the others that share its database.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct Notice<N = News> {
    node: String,
    pub(crate) realm: String,
    pub(crate) news: N,
}

/// What happened in a realm.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) enum News {
    /// Something is revoked until then, in microseconds.
    Revoked { what: String, until: i64 },
    /// A record is no longer what it was.
    Changed { kind: Changed, id: String },
}

pub(crate) async fn announce(
    connection: &mut PgConnection,
    node: &str,
    realm: &RealmId,
    news: &News,
) -> Result<(), Fault> {
    let notice = Notice { node: node.to_owned(), realm: realm.as_str().to_owned(), news };
    let arguments = [Value::text(NEWS), Value::Text(serde_json::to_string(&notice)?)];
    rows(connection, "SELECT CAST(pg_notify($1, $2) AS TEXT)", &arguments).await.map(drop)
}

pub(crate) async fn rows(
    connection: &mut PgConnection,
    sql: &str,
    arguments: &[Value],
) -> Result<Vec<Row>, Fault> {
    let mut bound = PgArguments::default();
    for value in arguments {
        let added = match value {
            Value::Integer(number) => bound.add(*number),
            Value::Text(text) => bound.add(text.as_str()),
            Value::Bytes(bytes) => bound.add(bytes.as_slice()),
        };
        added.map_err(|error| Fault::Postgres(sqlx::Error::Encode(error)))?;
    }
    // Every text is a constant of this crate; what strangers say is an argument.
    let found = sqlx::query_with(AssertSqlSafe(sql.to_owned()), bound).fetch_all(connection).await?;
    found.iter().map(row).collect()
}

fn row(row: &PgRow) -> Result<Row, Fault> {
    let values = row.columns().iter().enumerate().map(|(place, column)| {
        if row.try_get_raw(place)?.is_null() {
            return Err(Fault::Record("a value of no kind of ours"));
        }
        Ok(match column.type_info().name() {
            "INT8" => Value::Integer(row.try_get(place)?),
            "TEXT" => Value::Text(row.try_get(place)?),
            "BYTEA" => Value::Bytes(row.try_get(place)?),
            _ => return Err(Fault::Record("a value of no kind of ours")),
        })
    });
    Ok(Row(values.collect::<Result<_, _>>()?))
}
