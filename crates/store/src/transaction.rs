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
pub(crate) struct Transaction<'a> {
    on: On<'a>,
    news: Vec<(RealmId, News)>,
}

enum On<'a> {
    /// On SQLite nothing ever waits: the writer's thread polls a job once.
    Sqlite(&'a mut Connection),
    Postgres {
        connection: &'a mut PgConnection,
        node: &'a str,
    },
}

impl<'a> Transaction<'a> {
    pub(crate) fn sqlite(connection: &'a mut Connection) -> Self {
        Self { on: On::Sqlite(connection), news: Vec::new() }
    }

    pub(crate) fn postgres(connection: &'a mut PgConnection, node: &'a str) -> Self {
        Self { on: On::Postgres { connection, node }, news: Vec::new() }
    }

    /// What this node, too, must no longer believe once it is committed.
    pub(crate) fn into_news(self) -> Vec<(RealmId, News)> {
        self.news
    }

    /// Runs one statement and gives its rows.
    pub(crate) async fn rows(&mut self, sql: &str, arguments: &[Value]) -> Result<Vec<Row>, Fault> {
        match &mut self.on {
            On::Sqlite(connection) => sqlite::rows(connection, sql, arguments),
            On::Postgres { connection, .. } => postgres::rows(connection, sql, arguments).await,
        }
    }

    /// The same of a statement that reads all that a realm or a table has: rare, and an administrator's.
    pub(crate) async fn all_rows(&mut self, sql: &str, arguments: &[Value]) -> Result<Vec<Row>, Fault> {
        match &mut self.on {
            On::Sqlite(connection) => sqlite::all_rows(connection, sql, arguments),
            On::Postgres { connection, .. } => postgres::rows(connection, sql, arguments).await,
        }
    }

    /// Is another number after something was changed than before.
    pub(crate) async fn changes(&mut self) -> Result<i64, Fault> {
        let sql = match self.on {
            On::Sqlite(_) => "SELECT total_changes()",
            // A transaction has a number of its own from its first change on.
            On::Postgres { .. } => {
                "SELECT CAST(CASE WHEN pg_current_xact_id_if_assigned() IS NULL THEN 0 ELSE 1 END AS BIGINT)"
            }
        };
        self.rows(sql, &[]).await?.first().ok_or(Fault::Record("a row is missing"))?.integer(0)
    }

    /// Tells every node on the same database, once this is committed, that something is revoked.
    pub(crate) async fn announce(
        &mut self,
        realm: &RealmId,
        what: &str,
        until: Timestamp,
    ) -> Result<(), Fault> {
        let news = News::Revoked { what: what.to_owned(), until: until.as_micros() };
        self.tell(realm, news).await
    }

    /// Tells every node on the same database, once this is committed, that a record was changed.
    pub(crate) async fn announce_change(
        &mut self,
        realm: &RealmId,
        kind: Changed,
        id: &str,
    ) -> Result<(), Fault> {
        self.tell(realm, News::Changed { kind, id: id.to_owned() }).await
    }

    async fn tell(&mut self, realm: &RealmId, news: News) -> Result<(), Fault> {
        if let On::Postgres { connection, node } = &mut self.on {
            postgres::announce(connection, node, realm, &news).await?;
        }
        self.news.push((realm.clone(), news));
        Ok(())
    }
}
