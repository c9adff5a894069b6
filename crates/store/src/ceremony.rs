use model::{RealmId, Timestamp};

use crate::{Fault, Hash, Store, value::Value};

impl Store {
    /// Spends a WebAuthn ceremony, named by a hash of its state, which lies sealed in the page: so a restart or
    /// another node can end what one began, and a page that is only looked at costs no row. Of any number of
    /// answers at once exactly one is told true. Ceremonies that are over are dropped.
    pub async fn spend_ceremony(
        &self,
        realm: &RealmId,
        id: Hash,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        if expires_at <= now {
            return Ok(false);
        }
        let over = [Value::text(realm.as_str()), Value::Integer(now.as_micros())];
        let arguments =
            [Value::text(realm.as_str()), Value::bytes(&id), Value::Integer(expires_at.as_micros())];
        self.write(async move |transaction| {
            let sql = "DELETE FROM ceremonies WHERE realm = $1 AND expires_at < $2";
            transaction.rows(sql, &over).await?;
            let sql = "INSERT INTO ceremonies (realm, id_hash, expires_at) VALUES ($1, $2, $3) \
                       ON CONFLICT (realm, id_hash) DO NOTHING RETURNING expires_at";
            Ok(!transaction.rows(sql, &arguments).await?.is_empty())
        })
        .await
    }
}
