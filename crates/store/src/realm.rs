use model::{RealmId, Timestamp};

use crate::{Fault, Store, tables::KINDS, value::Value};

/// What ends by itself, what names a row of it in its realm, and when it ends.
const ENDING: [(&str, &str, &str); 10] = [
    ("revocations", "what", "until"),
    ("sessions", "cookie_hash", "expires_at"),
    ("codes", "code_hash", "expires_at"),
    ("families", "family", "expires_at"),
    ("devices", "device_hash", "expires_at"),
    ("pushed", "uri_hash", "expires_at"),
    ("links", "token_hash", "expires_at"),
    ("email_codes", "user_id", "expires_at"),
    ("remembered_browsers", "cookie_hash", "expires_at"),
    ("ceremonies", "id_hash", "expires_at"),
];
/// How much of it is dropped in one transaction.
const PURGED: usize = 500;

impl Store {
    /// Forgets everything of a realm and gives its memory back.
    pub async fn forget_realm(&self, realm: &RealmId) -> Result<(), Fault> {
        let forgotten = realm.clone();
        self.write(async move |transaction| {
            for (_, table) in KINDS {
                let sql = format!("DELETE FROM {table} WHERE realm = $1");
                transaction.all_rows(&sql, &[Value::text(forgotten.as_str())]).await?;
            }
            Ok(())
        })
        .await?;
        // After it is gone from the database: whoever reads there now cannot bring it back.
        self.drop_memory(realm);
        self.vacuum().await
    }

    /// Drops what has ended by the realm's clock: codes, device codes, pushed requests, families, sessions, revocations.
    /// A day is left, so that a second redemption of an old code is still told from an unknown one. What is
    /// written meanwhile waits for no more than a part of it.
    pub async fn purge(&self, realm: &RealmId, now: Timestamp) -> Result<(), Fault> {
        let before = now.minus(std::time::Duration::from_secs(86_400));
        for (table, key, end) in ENDING {
            while self.purge_some(realm, (table, key, end), before).await? == PURGED {}
        }
        self.memory(realm).prune(before);
        Ok(())
    }

    /// Drops a part of what has ended in a table; says how much.
    async fn purge_some(
        &self,
        realm: &RealmId,
        (table, key, end): (&'static str, &'static str, &'static str),
        before: Timestamp,
    ) -> Result<usize, Fault> {
        let arguments = [Value::text(realm.as_str()), Value::Integer(before.as_micros())];
        let sql = format!(
            "DELETE FROM {table} WHERE realm = $1 AND {key} IN (SELECT {key} FROM {table} \
             WHERE realm = $1 AND {end} < $2 ORDER BY {end} LIMIT {PURGED}) RETURNING {key}"
        );
        self.write(async move |transaction| Ok(transaction.rows(&sql, &arguments).await?.len())).await
    }
}

#[cfg(test)]
mod tests {
    use crate::{Location, transaction::Transaction};

    use super::*;

    #[tokio::test]
    async fn a_forgotten_realm_gives_its_pages_back() {
        let store = Store::open(&Location::Memory).await.unwrap();
        let pages = || async {
            let count = async |transaction: &mut Transaction<'_>| {
                transaction.rows("PRAGMA page_count", &[]).await?[0].integer(0)
            };
            store.read(count).await.unwrap()
        };
        let before = pages().await;
        let realm = RealmId::new("t-42");
        let now = Timestamp::from_seconds(0);
        for number in 0..2000 {
            let scopes = "a b c d e f".parse().unwrap();
            store.record_consent(&realm, &format!("client {number}"), "alice", &scopes, now).await.unwrap();
        }
        assert!(pages().await > before + 20);
        store.forget_realm(&realm).await.unwrap();
        assert!(pages().await < before + 5);
    }
}
