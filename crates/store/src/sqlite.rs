use std::{
    path::{Path, PathBuf},
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    task::{Context, Poll, Waker},
    thread::JoinHandle,
    time::Duration,
};

use model::RealmId;
use rusqlite::{
    Connection, OpenFlags, ToSql,
    types::{ToSqlOutput, ValueRef},
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    Fault,
    audit::{self, Trace},
    postgres::News,
    transaction::Transaction,
    value::{Row, Value},
};

/// How many jobs may wait; beyond it callers wait for a place.
const QUEUE: usize = 1024;
/// How many jobs share one commit at most.
const GROUP: usize = 256;
/// How many threads read beside the writer, on a file.
const READERS: usize = 2;
/// How long another process may hold the file before an answer is that it is busy.
const PATIENCE: Duration = Duration::from_secs(5);

/// A job's answer, handed over once its group is committed, or lost: why.
type Reply = Box<dyn FnOnce(Result<(), &str>) + Send>;
type Job = Box<dyn FnOnce(&mut Connection) -> Reply + Send>;

/// One writer thread that commits what waits in groups, so that one fsync serves many; on a file, readers
/// beside it, which see what is committed.
pub(crate) struct Sqlite {
    // They close first: the last to close writes the log into the database, which readers cannot.
    readers: Vec<Worker>,
    writer: Worker,
    turn: AtomicUsize,
    file: Option<PathBuf>,
}

struct Worker {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing left to wait for.
            let _ = thread.join();
        }
    }
}

impl Sqlite {
    /// Opens the database (`None`: in memory), runs `prepare` on it alone, and starts the threads.
    pub(crate) fn open(
        path: Option<&Path>,
        prepare: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<(), Fault>,
    ) -> Result<Self, Fault> {
        let mut connection = match path {
            None => Connection::open_in_memory()?,
            Some(path) => Connection::open(path)?,
        };
        set_up(&connection)?;
        // The first must come before the first table: a realm that is dropped gives its pages back. An answer
        // that says "done" survives a loss of power only with a full sync.
        for pragma in ["auto_vacuum = INCREMENTAL", "journal_mode = WAL", "synchronous = FULL"] {
            rows(&connection, &format!("PRAGMA {pragma}"), &[])?;
        }
        rows(&connection, "BEGIN IMMEDIATE", &[])?;
        at_once(prepare(&mut Transaction::sqlite(&mut connection)))?;
        rows(&connection, "COMMIT", &[])?;
        let writer = Worker::start("store", connection, write)?;
        let mut readers = Vec::new();
        for path in path.iter().cycle().take(READERS) {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags)?;
            set_up(&connection)?;
            readers.push(Worker::start("store-read", connection, read_on)?);
        }
        Ok(Self { writer, readers, turn: AtomicUsize::new(0), file: path.map(Path::to_owned) })
    }

    /// Whether it ends with the process.
    pub(crate) fn is_in_memory(&self) -> bool {
        self.readers.is_empty()
    }

    /// Runs `job` on the writer, alone and atomically, and answers once it is committed. Before the answer, and also
    /// where nobody waits for it any more, `told` hears what the job told, and whether it is done.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        job: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<T, Fault> + Send + 'static,
        trace: Trace,
        told: impl FnOnce(Vec<(RealmId, News)>, bool) + Send + 'static,
    ) -> Result<T, Fault> {
        self.writer.run_and(async move |transaction| savepoint(transaction, job, &trace).await, told).await
    }

    /// Runs `job`, which changes nothing, beside the writer.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        job: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let turn = self.turn.fetch_add(1, Relaxed);
        let reader = turn.checked_rem(self.readers.len()).and_then(|place| self.readers.get(place));
        reader.unwrap_or(&self.writer).run(job).await
    }

    /// Runs `job`, which changes nothing, on what is committed now.
    pub(crate) async fn snapshot<T: Send + 'static>(
        &self,
        job: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        // In memory there is the writer alone, and it is in a transaction already.
        let reader = self.readers.first();
        let own = reader.is_some();
        reader
            .unwrap_or(&self.writer)
            .run(async move |transaction| {
                if own {
                    transaction.rows("BEGIN", &[]).await?;
                }
                let outcome = job(transaction).await;
                if own {
                    transaction.rows("COMMIT", &[]).await?;
                }
                outcome
            })
            .await
    }

    /// Writes the log into the database, by a connection of its own: the writer's is in a transaction, and who
    /// still holds it does not matter.
    pub(crate) async fn fold_log(&self) -> Result<(), Fault> {
        let Some(file) = self.file.clone() else { return Ok(()) };
        let fold = move || {
            let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            set_up(&connection)?;
            let folded = rows(&connection, "PRAGMA wal_checkpoint(TRUNCATE)", &[])?;
            // Its first column: whether others were in the way.
            if folded.first().map(|row| row.integer(0)).transpose()? == Some(0) {
                return Ok(());
            }
            let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
            Err(rusqlite::Error::SqliteFailure(busy, None).into())
        };
        tokio::task::spawn_blocking(fold).await.map_err(|_| Fault::Closed)?
    }

    /// Gives pages that no record needs back to the machine.
    pub(crate) async fn vacuum(&self) -> Result<(), Fault> {
        self.writer
            .run(async |transaction| transaction.rows("PRAGMA incremental_vacuum", &[]).await.map(drop))
            .await
    }
}

impl Worker {
    fn start(
        name: &str,
        connection: Connection,
        work: impl FnOnce(Connection, mpsc::Receiver<Job>) + Send + 'static,
    ) -> Result<Self, Fault> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new().name(name.to_owned());
        let thread = thread.spawn(move || work(connection, queue)).map_err(|_| Fault::Closed)?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.run_and(job, |_, _| {}).await
    }

    async fn run_and<T: Send + 'static>(
        &self,
        job: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<T, Fault> + Send + 'static,
        told: impl FnOnce(Vec<(RealmId, News)>, bool) + Send + 'static,
    ) -> Result<T, Fault> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let mut transaction = Transaction::sqlite(connection);
            let outcome = at_once(job(&mut transaction));
            let news = transaction.into_news();
            Box::new(move |committed| {
                told(news, committed.is_ok() && outcome.is_ok());
                let outcome = match committed {
                    Ok(()) => outcome,
                    // Whose own statement failed knows best why.
                    Err(why) => {
                        let own = outcome.err().filter(Fault::is_passing);
                        Err(own.unwrap_or_else(|| Fault::Commit(why.to_owned())))
                    }
                };
                // Whoever asked may have gone: nothing is owed to them.
                let _ = answer.send(outcome);
            })
        });
        let jobs = self.jobs.as_ref().ok_or(Fault::Closed)?;
        jobs.send(job).await.map_err(|_| Fault::Closed)?;
        answered.await.map_err(|_| Fault::Commit("no transaction could begin".to_owned()))?
    }
}

fn set_up(connection: &Connection) -> Result<(), Fault> {
    connection.set_prepared_statement_cache_capacity(128);
    connection.busy_timeout(PATIENCE)?;
    Ok(())
}

/// The outcome of a job on SQLite, where no statement waits.
fn at_once<T>(job: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    match pin!(job).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(Fault::Closed),
    }
}

async fn savepoint<T>(
    transaction: &mut Transaction<'_>,
    job: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<T, Fault>,
    trace: &Trace,
) -> Result<T, Fault> {
    transaction.rows("SAVEPOINT job", &[]).await?;
    let before = audit::before(transaction, trace).await?;
    let outcome = match job(transaction).await {
        Ok(outcome) => audit::leave(transaction, trace, before).await.map(|()| outcome),
        Err(fault) => Err(fault),
    };
    if outcome.is_err() {
        transaction.rows("ROLLBACK TO job", &[]).await?;
    }
    transaction.rows("RELEASE job", &[]).await?;
    outcome
}

/// Takes jobs until the last sender is gone: whatever waits shares one commit.
fn write(mut connection: Connection, mut queue: mpsc::Receiver<Job>) {
    while let Some(first) = queue.blocking_recv() {
        if rows(&connection, "BEGIN IMMEDIATE", &[]).is_err() {
            // Without a transaction nothing is done; whoever waits learns of it as the job is dropped.
            continue;
        }
        let mut replies = vec![first(&mut connection)];
        // A full disk may end the transaction of itself: nothing more can be a part of it.
        while !connection.is_autocommit()
            && replies.len() < GROUP
            && let Ok(job) = queue.try_recv()
        {
            replies.push(job(&mut connection));
        }
        let committed = if connection.is_autocommit() {
            Err("another write ended the transaction, as one does that finds the disk full".to_owned())
        } else {
            rows(&connection, "COMMIT", &[]).map(drop).map_err(|fault| fault.to_string())
        };
        if committed.is_err() {
            // Nothing more can be done here; the callers learn of it.
            let _ = rows(&connection, "ROLLBACK", &[]);
        }
        for reply in replies {
            reply(committed.as_ref().copied().map_err(String::as_str));
        }
    }
}

fn read_on(mut connection: Connection, mut queue: mpsc::Receiver<Job>) {
    while let Some(job) = queue.blocking_recv() {
        job(&mut connection)(Ok(()));
    }
}

/// Runs one statement. `$1` is found by its name: SQLite numbers `$2 … $1` by first appearance, and an update
/// bound by position would match nothing, silently.
pub(crate) fn rows(connection: &Connection, sql: &str, arguments: &[Value]) -> Result<Vec<Row>, Fault> {
    #[cfg(debug_assertions)]
    crate::plan::check(connection, sql)?;
    all_rows(connection, sql, arguments)
}

/// The same of a statement that is meant to read all there is.
pub(crate) fn all_rows(connection: &Connection, sql: &str, arguments: &[Value]) -> Result<Vec<Row>, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    for (place, value) in arguments.iter().enumerate() {
        let index = statement.parameter_index(&format!("${}", place + 1))?;
        statement.raw_bind_parameter(index.ok_or(Fault::Record("a parameter is unused"))?, value)?;
    }
    let columns = statement.column_count();
    let mut found = Vec::new();
    let mut raw = statement.raw_query();
    while let Some(row) = raw.next()? {
        found.push(Row((0..columns).map(|column| value(row.get_ref(column)?)).collect::<Result<_, _>>()?));
    }
    Ok(found)
}

fn value(value: ValueRef<'_>) -> Result<Value, Fault> {
    Ok(match value {
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(text) => Value::Text(
            std::str::from_utf8(text).map_err(|_| Fault::Record("a text is no UTF-8"))?.to_owned(),
        ),
        ValueRef::Blob(bytes) => Value::bytes(bytes),
        ValueRef::Null | ValueRef::Real(_) => return Err(Fault::Record("a value of no kind of ours")),
    })
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// On a database that may grow to so many pages.
    async fn bounded(sqlite: &Sqlite, pages: u32) {
        let sql = format!("PRAGMA max_page_count = {pages}");
        sqlite
            .writer
            .run(async move |transaction| transaction.rows(&sql, &[]).await.map(drop))
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn of_a_full_disk_everybody_is_told_and_nothing_that_was_promised_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let table = "CREATE TABLE notes (number BIGINT NOT NULL PRIMARY KEY, text TEXT NOT NULL)";
        let prepare = async |transaction: &mut Transaction<'_>| transaction.rows(table, &[]).await.map(drop);
        let sqlite = Arc::new(Sqlite::open(Some(&folder.path().join("a.db")), prepare).unwrap());
        bounded(&sqlite, 100).await;
        let (mut kept, mut refused) = (Vec::new(), 0);
        let mut all = tokio::task::JoinSet::new();
        for number in 0..600 {
            let sqlite = sqlite.clone();
            all.spawn(async move {
                let write = sqlite.write(
                    async move |transaction| {
                        let sql = "INSERT INTO notes (number, text) VALUES ($1, $2)";
                        let arguments = [Value::Integer(number), Value::Text("x".repeat(2000))];
                        transaction.rows(sql, &arguments).await.map(drop)
                    },
                    None,
                    |_, _| {},
                );
                (number, write.await)
            });
        }
        for (number, written) in all.join_all().await {
            match written {
                Ok(()) => kept.push(number),
                Err(fault) => {
                    assert!(fault.is_passing(), "{fault:?}");
                    refused += 1;
                }
            }
        }
        assert!(refused > 100 && kept.len() > 10, "{refused} refused, {} kept", kept.len());
        // There is room again: it goes on by itself.
        bounded(&sqlite, 1_000_000).await;
        let more = async |transaction: &mut Transaction<'_>| {
            transaction.rows("INSERT INTO notes (number, text) VALUES (-1, '')", &[]).await.map(drop)
        };
        sqlite.write(more, None, |_, _| {}).await.unwrap();
        let numbers = async |transaction: &mut Transaction<'_>| {
            let rows = transaction.rows("SELECT number FROM notes WHERE number >= 0", &[]).await?;
            rows.iter().map(|row| row.integer(0)).collect::<Result<Vec<_>, _>>()
        };
        let found = sqlite.read(numbers).await.unwrap();
        for number in &kept {
            assert!(found.contains(number), "{number} was promised");
        }
    }
}
