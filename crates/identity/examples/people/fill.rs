use std::path::Path;

use rusqlite::Connection;
use sqlx::{Connection as _, PgConnection};

use crate::{
    Outcome,
    sample::{REALM, grant},
};

/// How many refresh tokens there are for each user.
const REFRESH_TOKENS: u64 = 10;

/// What the two databases say differently.
struct Dialect {
    hex: &'static str,
    hash: &'static str,
}

const SQLITE: Dialect = Dialect { hex: "lower(hex(randomblob(16)))", hash: "randomblob(32)" };
const POSTGRES: Dialect = Dialect { hex: "md5(random()::text)", hash: "sha256(random()::text::bytea)" };

/// Fills a database that was made and is not open.
pub(crate) fn sqlite(at: &Path, users: u64) -> Outcome<()> {
    let database = Connection::open(at)?;
    // Whoever measures can do without what was filled in when the power goes.
    database.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -4000000;")?;
    for statement in statements(&SQLITE, users)? {
        database.execute_batch(&statement)?;
    }
    Ok(database.execute_batch("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);")?)
}

/// Fills a database that was made.
pub(crate) async fn postgres(url: &str, users: u64) -> Outcome<()> {
    let mut connection = PgConnection::connect(url).await?;
    for statement in statements(&POSTGRES, users)? {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await?;
    }
    sqlx::raw_sql("ANALYZE").execute(&mut connection).await?;
    sqlx::raw_sql("CHECKPOINT").execute(&mut connection).await?;
    Ok(connection.close().await?)
}

fn statements(dialect: &Dialect, users: u64) -> Outcome<[String; 4]> {
    let Dialect { hex, hash } = dialect;
    let record = serde_json::to_string(&grant("somebody"))?;
    let tokens = users * REFRESH_TOKENS;
    let rows = |table: &str, count: u64, values: &str| {
        format!(
            "INSERT INTO {table} WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
             SELECT '{REALM}', {values} FROM n"
        )
    };
    Ok([
        rows(
            "users (realm, id, name, name_key, email, email_key, email_verified_at, password, password_version, \
             must_change, roles, scopes, plan, claims, disabled_at, created_at, seen_at)",
            users,
            &format!(
                "{hex}, 'user' || i, 'user' || i, i || '@example.com', i || '@example.com', 1, \
                 '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2E$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g', \
                 1, 0, '[]', 'books:read', '', '{{}}', 0, i, 0"
            ),
        ),
        rows(
            "sessions (realm, cookie_hash, sid, subject, acr, methods, auth_time, signed_in_at, seen_at, \
             expires_at, agent, address, password_version)",
            users,
            &format!("{hash}, {hex}, {hex}, 'pwd', 'pwd', i, i, i, i, 'Firefox', '192.0.2.1', 1"),
        ),
        rows(
            "keys (realm, id, kind, hash, owner_kind, owner, name, scopes, plan, addresses, created_at, \
             expires_at, revoked_at, replaces)",
            users,
            &format!("{hex}, 'api_key', {hash}, 'user', {hex}, 'a key', 'books:read', '', '', i, 0, 0, ''"),
        ),
        rows(
            "families (realm, family, client, subject, sid, record, sequence, rotated_at, expires_at, revoked_at)",
            tokens,
            &format!("{hex}, 'app', {hex}, {hex}, '{record}', 0, i, i, 0"),
        ),
    ])
}
