use model::{RealmId, Timestamp};
use rusqlite::Connection;
use sqlx::PgConnection;

use crate::{
    Fault,
    memory::Changed,
    postgres::{self, News},
    sqlite,
    value::{Row, Value},
};

/// The one door to either database: the same SQL text for both, with `$1` parameters and the column types that
/// they share (TEXT, BIGINT, BYTEA). All that a job does through one happens, or nothing does.
pub(crate) enum Transaction<'a> {
    /// On SQLite nothing ever waits: the writer's thread polls a job once.
    Sqlite(&'a mut Connection),
    Postgres {
        connection: &'a mut PgConnection,
        node: &'a str,
    },
}

impl Transaction<'_> {
    /// Runs one statement and gives its rows.
    pub(crate) async fn rows(&mut self, sql: &str, arguments: &[Value]) -> Result<Vec<Row>, Fault> {
        match self {
            Self::Sqlite(connection) => sqlite::rows(connection, sql, arguments),
            Self::Postgres { connection, .. } => postgres::rows(connection, sql, arguments).await,
        }
    }

    /// The same of a statement that reads all that a realm or a table has: rare, and an administrator's.
    pub(crate) async fn all_rows(&mut self, sql: &str, arguments: &[Value]) -> Result<Vec<Row>, Fault> {
        match self {
            Self::Sqlite(connection) => sqlite::all_rows(connection, sql, arguments),
            Self::Postgres { connection, .. } => postgres::rows(connection, sql, arguments).await,
        }
    }

    /// Is another number after something was changed than before.
    pub(crate) async fn changes(&mut self) -> Result<i64, Fault> {
        let sql = match self {
            Self::Sqlite(_) => "SELECT total_changes()",
            // A transaction has a number of its own from its first change on.
            Self::Postgres { .. } => {
                "SELECT CAST(CASE WHEN pg_current_xact_id_if_assigned() IS NULL THEN 0 ELSE 1 END AS BIGINT)"
            }
        };
        self.rows(sql, &[]).await?.first().ok_or(Fault::Record("a row is missing"))?.integer(0)
    }

    /// Tells other nodes on the same database, once this is committed, that something is revoked.
    pub(crate) async fn announce(
        &mut self,
        realm: &RealmId,
        what: &str,
        until: Timestamp,
    ) -> Result<(), Fault> {
        let news = || News::Revoked { what: what.to_owned(), until: until.as_micros() };
        self.tell(realm, news).await
    }

    /// Tells other nodes on the same database, once this is committed, that a record was changed.
    pub(crate) async fn announce_change(
        &mut self,
        realm: &RealmId,
        kind: Changed,
        id: &str,
    ) -> Result<(), Fault> {
        self.tell(realm, || News::Changed { kind, id: id.to_owned() }).await
    }

    async fn tell(&mut self, realm: &RealmId, news: impl FnOnce() -> News) -> Result<(), Fault> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres { connection, node } => postgres::announce(connection, node, realm, news()).await,
        }
    }
}
