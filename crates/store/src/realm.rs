use model::{RealmId, Timestamp};

use crate::{Fault, Store, tables::KINDS, value::Value};

impl Store {
    /// Forgets everything of a realm and gives its memory back.
    pub async fn forget_realm(&self, realm: &RealmId) -> Result<(), Fault> {
        let forgotten = realm.clone();
        self.write(async move |transaction| {
            for (_, table) in KINDS {
                let sql = format!("DELETE FROM {table} WHERE realm = $1");
                transaction.rows(&sql, &[Value::text(forgotten.as_str())]).await?;
            }
            Ok(())
        })
        .await?;
        // After it is gone from the database: whoever reads there now cannot bring it back.
        self.drop_memory(realm);
        self.vacuum().await
    }

    /// Drops what has ended by the realm's clock: codes, device codes, pushed requests, families, sessions.
    /// A day is left, so that a second redemption of an old code is still told from an unknown one.
    pub async fn purge(&self, realm: &RealmId, now: Timestamp) -> Result<(), Fault> {
        let realm = realm.clone();
        let before = now.minus(std::time::Duration::from_secs(86_400));
        self.write(async move |transaction| {
            for table in [
                "sessions",
                "codes",
                "families",
                "devices",
                "pushed",
                "links",
                "email_codes",
                "remembered_browsers",
                "ceremonies",
            ] {
                let sql = format!("DELETE FROM {table} WHERE realm = $1 AND expires_at < $2");
                transaction
                    .rows(&sql, &[Value::text(realm.as_str()), Value::Integer(before.as_micros())])
                    .await?;
            }
            Ok(())
        })
        .await
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
