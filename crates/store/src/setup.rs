use model::{RealmId, Timestamp};

use crate::{Fault, Hash, Store, value::Value};

impl Store {
    /// Opens the one door through which the first account is made, unless there is an account. `token` makes the
    /// token of a door from when it closes: a door that another server on this database opened with it, and that
    /// is open `now`, stays. Another token opens nothing more. When it closes; `None`: there is somebody already.
    pub async fn open_setup(
        &self,
        realm: &RealmId,
        token: impl Fn(Timestamp) -> Hash + Send + Sync + 'static,
        (now, until): (Timestamp, Timestamp),
    ) -> Result<Option<Timestamp>, Fault> {
        let of = realm.clone();
        self.write(async move |transaction| {
            let here = [Value::text(of.as_str())];
            let sql = "SELECT id FROM users WHERE realm = $1 LIMIT 1";
            if !transaction.rows(sql, &here).await?.is_empty() {
                return Ok(None);
            }
            let sql = "SELECT token_hash, expires_at FROM setups WHERE realm = $1";
            if let Some(row) = transaction.rows(sql, &here).await?.first() {
                let end = Timestamp::from_micros(row.integer(1)?);
                if end > now && row.bytes(0)? == token(end) {
                    return Ok(Some(end));
                }
            }
            transaction.rows("DELETE FROM setups WHERE realm = $1", &here).await?;
            let [here] = here;
            let sql = "INSERT INTO setups (realm, token_hash, expires_at) VALUES ($1, $2, $3)";
            let arguments = [here, Value::bytes(&token(until)), Value::Integer(until.as_micros())];
            transaction.rows(sql, &arguments).await?;
            Ok(Some(until))
        })
        .await
    }

    /// Whether this token opens the door now: nobody went through it, and nobody has an account otherwise.
    pub async fn is_setup(&self, realm: &RealmId, token: Hash, now: Timestamp) -> Result<bool, Fault> {
        let arguments = [Value::text(realm.as_str()), Value::bytes(&token), Value::Integer(now.as_micros())];
        self.read(async move |transaction| {
            let sql = "SELECT realm FROM setups WHERE realm = $1 AND token_hash = $2 AND expires_at > $3 \
                       AND NOT EXISTS (SELECT id FROM users WHERE users.realm = $1 LIMIT 1)";
            Ok(!transaction.rows(sql, &arguments).await?.is_empty())
        })
        .await
    }

    /// Closes the door behind whoever went through; true for one of those who try at once.
    pub async fn spend_setup(&self, realm: &RealmId, token: Hash, now: Timestamp) -> Result<bool, Fault> {
        let arguments = [Value::text(realm.as_str()), Value::bytes(&token), Value::Integer(now.as_micros())];
        self.write(async move |transaction| {
            let sql = "DELETE FROM setups WHERE realm = $1 AND token_hash = $2 AND expires_at > $3 \
                       RETURNING realm";
            Ok(!transaction.rows(sql, &arguments).await?.is_empty())
        })
        .await
    }
}
