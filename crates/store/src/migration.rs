use crate::{Fault, transaction::Transaction, value::Value};

/// Append-only: a migration that was released is never changed, only followed by another.
const MIGRATIONS: &[(&str, &str)] = &[
    ("0001_authorization_server", include_str!("migrations/0001_authorization_server.sql")),
    ("0002_users", include_str!("migrations/0002_users.sql")),
    ("0003_keys", include_str!("migrations/0003_keys.sql")),
    ("0004_factors", include_str!("migrations/0004_factors.sql")),
    ("0005_mail", include_str!("migrations/0005_mail.sql")),
    ("0006_clients", include_str!("migrations/0006_clients.sql")),
    ("0007_audit", include_str!("migrations/0007_audit.sql")),
    ("0008_secrets", include_str!("migrations/0008_secrets.sql")),
    ("0009_email_codes", include_str!("migrations/0009_email_codes.sql")),
    ("0010_indexes", include_str!("migrations/0010_indexes.sql")),
    ("0011_key_reminders", include_str!("migrations/0011_key_reminders.sql")),
    ("0012_devices", include_str!("migrations/0012_devices.sql")),
    ("0013_families", include_str!("migrations/0013_families.sql")),
];

/// What a database of this version has been through.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    MIGRATIONS.iter().map(|(name, _)| *name)
}

/// Brings the database to the newest form; what was done before is not done again. One that a newer Lobby
/// wrote is refused: this one would not keep what that one promised.
pub(crate) async fn migrate(transaction: &mut Transaction<'_>) -> Result<(), Fault> {
    migrate_by(transaction, MIGRATIONS).await
}

async fn migrate_by(transaction: &mut Transaction<'_>, migrations: &[(&str, &str)]) -> Result<(), Fault> {
    transaction.rows("CREATE TABLE IF NOT EXISTS migrations (name TEXT NOT NULL PRIMARY KEY)", &[]).await?;
    let mut done = Vec::new();
    for row in transaction.rows("SELECT name FROM migrations ORDER BY name", &[]).await? {
        done.push(row.text(0)?.to_owned());
    }
    if let Some(unknown) = done.iter().find(|done| !migrations.iter().any(|(name, _)| name == done)) {
        return Err(Fault::Newer(unknown.clone()));
    }
    for (name, text) in migrations.iter().filter(|(name, _)| !done.iter().any(|done| done == name)) {
        // No statement of ours has a semicolon inside a text.
        for statement in text.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
            transaction.rows(statement, &[]).await?;
        }
        transaction.rows("INSERT INTO migrations (name) VALUES ($1)", &[Value::text(name)]).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{postgres::Postgres, sqlite::Sqlite};

    /// A row of each table, as the first version wrote them: never changed, as migrations are not.
    const ROWS: [&str; 7] = [
        "INSERT INTO sessions (realm, cookie_hash, sid, subject, acr, methods, auth_time, signed_in_at, seen_at, \
         expires_at) VALUES ('main', $1, 'sid', 'alice', 'pwd', 'pwd', 1, 2, 3, 4)",
        "INSERT INTO consents (realm, client, subject, scopes, given_at) VALUES ('main', 'app', 'alice', 'a b', 1)",
        "INSERT INTO codes (realm, code_hash, family, redirect, redirect_given, challenge, record, expires_at, \
         spent_at) VALUES ('main', $1, 'family', 'https://app.example/', 1, 'challenge', '{}', 1, 0)",
        "INSERT INTO families (realm, family, client, subject, sid, record, sequence, rotated_at, expires_at, \
         revoked_at) VALUES ('main', 'family', 'app', 'alice', 'sid', '{}', 7, 1, 2, 0)",
        "INSERT INTO devices (realm, device_hash, user_code, client, state, record, expires_at, wait, polled_at, \
         asked_from) VALUES ('main', $1, 'BBBBCCCC', 'app', 'pending', '{}', 1, 5, 0, '127.0.0.1')",
        "INSERT INTO pushed (realm, uri_hash, client, parameters, expires_at, spent_at) \
         VALUES ('main', $1, 'app', '[]', 1, 0)",
        "INSERT INTO revocations (realm, what, until) VALUES ('main', 'jti', 9)",
    ];

    /// What must be there still, whatever the newest version makes of the tables.
    const KEPT: &str = "SELECT s.sid, s.subject, s.cookie_hash, s.expires_at, c.scopes, f.sequence, f.record, \
         k.redirect, d.user_code, p.parameters, r.until \
         FROM sessions s, consents c, families f, codes k, devices d, pushed p, revocations r";

    /// Every column of a database, with its type.
    const SQLITE_COLUMNS: &str = "SELECT t.name || '.' || c.name || ' ' || c.type FROM sqlite_master t, \
         pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY 1";
    const POSTGRES_COLUMNS: &str = "SELECT CAST(table_name || '.' || column_name || ' ' || data_type AS TEXT) \
         FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1";

    /// From the version that had `count` migrations to this one, with rows; says what columns there are then.
    async fn from(
        transaction: &mut Transaction<'_>,
        count: usize,
        columns: &str,
    ) -> Result<Vec<String>, Fault> {
        migrate_by(transaction, &MIGRATIONS[..count]).await?;
        for sql in ROWS {
            let hash: &[Value] = if sql.contains("$1") { &[Value::bytes(&[1; 32])] } else { &[] };
            transaction.rows(sql, hash).await?;
        }
        migrate(transaction).await?;
        migrate(transaction).await?;
        let rows = transaction.rows(KEPT, &[]).await?;
        assert_eq!(rows.len(), 1);
        let row = &rows[0];
        let texts =
            [(0, "sid"), (1, "alice"), (4, "a b"), (6, "{}"), (7, "https://app.example/"), (8, "BBBBCCCC")];
        for (column, text) in texts {
            assert_eq!(row.text(column)?, text);
        }
        assert_eq!((row.bytes(2)?, row.text(9)?), ([1; 32].as_slice(), "[]"));
        assert_eq!((row.integer(3)?, row.integer(5)?, row.integer(10)?), (4, 7, 9));
        let rows = transaction.rows(columns, &[]).await?;
        rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
    }

    #[test]
    fn sqlite_comes_from_every_earlier_version_with_its_rows_and_to_the_same_columns() {
        let mut seen = Vec::new();
        for count in 1..=MIGRATIONS.len() {
            let found = &mut seen;
            let prepare = async |transaction: &mut Transaction<'_>| {
                found.push(from(transaction, count, SQLITE_COLUMNS).await?);
                Ok(())
            };
            drop(Sqlite::open(None, prepare).unwrap());
        }
        assert_eq!(seen.len(), MIGRATIONS.len());
        assert!(seen.iter().all(|columns| *columns == seen[0] && columns.len() > 50));
    }

    #[tokio::test]
    async fn postgresql_comes_from_every_earlier_version_with_its_rows_and_to_the_same_columns() {
        let server = testkit::Postgres::start();
        let mut seen = Vec::new();
        for count in 1..=MIGRATIONS.len() {
            let found = &mut seen;
            let prepare = async |transaction: &mut Transaction<'_>| {
                found.push(from(transaction, count, POSTGRES_COLUMNS).await?);
                // An error undoes all of it: the next one begins with an empty database.
                Err(Fault::Closed)
            };
            let undone = Postgres::open(&server.url(), prepare).await.err().unwrap();
            assert!(matches!(undone, Fault::Closed), "{undone}");
        }
        assert!(seen.iter().all(|columns| *columns == seen[0] && columns.len() > 50));
    }
}
