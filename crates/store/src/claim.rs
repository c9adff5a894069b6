use std::{str::FromStr, time::Duration};

use sqlx::{ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};

use crate::{Fault, postgres::rows, value::Value};

/// What the lock is called: one more than the migrations' ("lobby" in ASCII).
const LOCK: i64 = 0x6c_6f_62_62_7a;
/// How often whoever serves looks whether the connection is there that holds it.
const LOOK: Duration = Duration::from_secs(2);

/// How somebody works on a PostgreSQL database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// As one of its servers, which tell each other what they change.
    Serving,
    /// As the only one: what it changes nobody hears of.
    Alone,
}

/// A PostgreSQL database that is in use: an advisory lock, shared by its servers, which goes with the connection
/// however that ends.
#[derive(Debug)]
pub struct Claim {
    url: String,
    who: String,
    connection: PgConnection,
}

impl Claim {
    /// Takes the database for `usage`, under a name by which others learn who has it; or says who has it now.
    pub async fn take(url: &str, usage: Use, who: &str) -> Result<Result<Self, Vec<String>>, Fault> {
        let options = PgConnectOptions::from_str(url)?.application_name(who);
        let mut connection = options.connect().await?;
        let how = match usage {
            Use::Serving => "SELECT CAST(pg_try_advisory_lock_shared($1) AS TEXT)",
            Use::Alone => "SELECT CAST(pg_try_advisory_lock($1) AS TEXT)",
        };
        let taken = rows(&mut connection, how, &[Value::Integer(LOCK)]).await?;
        if taken.first().ok_or(Fault::Record("a row is missing"))?.text(0)? == "true" {
            return Ok(Ok(Self { url: url.to_owned(), who: who.to_owned(), connection }));
        }
        Ok(Err(holders(&mut connection).await?))
    }

    /// Goes on under another name: where the server is administered is known later than that it is one.
    pub async fn rename(&mut self, who: &str) -> Result<(), Fault> {
        who.clone_into(&mut self.who);
        let sql = "SELECT set_config('application_name', $1, false)";
        rows(&mut self.connection, sql, &[Value::text(who)]).await.map(drop)
    }

    /// Serves on, for as long as it is not dropped: when the connection is lost the database is taken anew.
    pub async fn keep(mut self) {
        loop {
            tokio::time::sleep(LOOK).await;
            if self.connection.ping().await.is_err()
                && let Ok(Ok(again)) = Self::take(&self.url, Use::Serving, &self.who).await
            {
                self = again;
            }
        }
    }
}

/// The names of those who have it, and from where.
async fn holders(connection: &mut PgConnection) -> Result<Vec<String>, Fault> {
    let sql = "SELECT DISTINCT a.application_name || COALESCE(' from ' || host(a.client_addr), '') \
               FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
               WHERE l.locktype = 'advisory' AND l.granted AND a.datname = current_database() \
               AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
               AND CAST(l.classid AS BIGINT) = $1 AND CAST(l.objid AS BIGINT) = $2 ORDER BY 1";
    let halves = [Value::Integer(LOCK >> 32), Value::Integer(LOCK & 0xffff_ffff)];
    let found = rows(connection, sql, &halves).await?;
    found.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn servers_share_a_database_and_who_works_alone_learns_of_all_of_them() {
        let postgres = testkit::Postgres::start();
        let take = async |usage, who: &str| Claim::take(&postgres.url(), usage, who).await.unwrap();
        let mut first = take(Use::Serving, "lobby").await.unwrap();
        first.rename("lobby at http://10.0.0.1:9443").await.unwrap();
        let second = take(Use::Serving, "lobby at http://10.0.0.2:9443").await.unwrap();
        let refused = take(Use::Alone, "lobby user").await.unwrap_err();
        assert_eq!(refused, ["lobby at http://10.0.0.1:9443", "lobby at http://10.0.0.2:9443"]);
        drop(first);
        second.connection.close().await.unwrap();
        // The server notices the end of a connection in its own time.
        let alone = loop {
            if let Ok(alone) = take(Use::Alone, "lobby user").await {
                break alone;
            }
        };
        assert_eq!(take(Use::Serving, "lobby").await.unwrap_err(), ["lobby user"]);
        alone.connection.close().await.unwrap();
    }

    #[tokio::test]
    async fn a_server_takes_its_database_anew_when_the_connection_is_lost() {
        let mut postgres = testkit::Postgres::start();
        let claim = Claim::take(&postgres.url(), Use::Serving, "lobby").await.unwrap().unwrap();
        let kept = tokio::spawn(claim.keep());
        postgres.restart();
        let holders = async || {
            let mut connection = PgConnectOptions::from_str(&postgres.url())?.connect().await?;
            holders(&mut connection).await
        };
        // Neither the server nor the lock is there at once.
        while holders().await.ok().is_none_or(|holders| holders != ["lobby"]) {}
        kept.abort();
    }
}
