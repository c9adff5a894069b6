use model::{RealmId, Timestamp};

use crate::{Fault, Hash, Store, value::Value};

impl Store {
    /// Gives a user new recovery codes; none of those before opens anything more.
    pub async fn replace_recovery_codes(
        &self,
        realm: &RealmId,
        user: &str,
        codes: Vec<Hash>,
    ) -> Result<(), Fault> {
        let (realm, user) = (realm.clone(), user.to_owned());
        self.write(async move |transaction| {
            let owner = [Value::text(realm.as_str()), Value::text(&user)];
            let sql = "DELETE FROM recovery_codes WHERE realm = $1 AND user_id = $2";
            transaction.rows(sql, &owner).await?;
            for code in &codes {
                let [in_realm, of_user] = owner.clone();
                let sql = "INSERT INTO recovery_codes (realm, user_id, code_hash, spent_at) \
                           VALUES ($1, $2, $3, 0)";
                transaction.rows(sql, &[in_realm, of_user, Value::bytes(code)]).await?;
            }
            Ok(())
        })
        .await
    }

    /// Spends a recovery code: of any number at once exactly one is told true.
    pub async fn spend_recovery_code(
        &self,
        realm: &RealmId,
        user: &str,
        code: Hash,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let arguments = [
            Value::text(realm.as_str()),
            Value::text(user),
            Value::bytes(&code),
            Value::Integer(now.as_micros().max(1)),
        ];
        self.write(async move |transaction| {
            let sql = "UPDATE recovery_codes SET spent_at = $4 WHERE realm = $1 AND user_id = $2 \
                       AND code_hash = $3 AND spent_at = 0 RETURNING spent_at";
            Ok(!transaction.rows(sql, &arguments).await?.is_empty())
        })
        .await
    }

    /// How many recovery codes a user has left.
    pub async fn recovery_codes_left(&self, realm: &RealmId, user: &str) -> Result<usize, Fault> {
        let key = [Value::text(realm.as_str()), Value::text(user)];
        self.read(async move |transaction| {
            let sql =
                "SELECT code_hash FROM recovery_codes WHERE realm = $1 AND user_id = $2 AND spent_at = 0";
            Ok(transaction.rows(sql, &key).await?.len())
        })
        .await
    }

    /// Remembers a browser in which a user showed a second factor, under the hash of its cookie's value.
    pub async fn remember_browser(
        &self,
        realm: &RealmId,
        user: &str,
        cookie: Hash,
        expires_at: Timestamp,
    ) -> Result<(), Fault> {
        let arguments = [
            Value::text(realm.as_str()),
            Value::bytes(&cookie),
            Value::text(user),
            Value::Integer(expires_at.as_micros()),
        ];
        self.write(async move |transaction| {
            let sql = "INSERT INTO remembered_browsers (realm, cookie_hash, user_id, expires_at) \
                       VALUES ($1, $2, $3, $4)";
            transaction.rows(sql, &arguments).await.map(drop)
        })
        .await
    }

    /// Whether a user showed a second factor in this browser, and asked to be remembered there.
    pub async fn is_browser_remembered(
        &self,
        realm: &RealmId,
        user: &str,
        cookie: Hash,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let arguments = [
            Value::text(realm.as_str()),
            Value::bytes(&cookie),
            Value::text(user),
            Value::Integer(now.as_micros()),
        ];
        self.read(async move |transaction| {
            let sql = "SELECT user_id FROM remembered_browsers WHERE realm = $1 AND cookie_hash = $2 \
                       AND user_id = $3 AND expires_at > $4";
            Ok(!transaction.rows(sql, &arguments).await?.is_empty())
        })
        .await
    }

    /// Forgets every browser in which a user was remembered: each asks for the second factor again.
    pub async fn forget_browsers(&self, realm: &RealmId, user: &str) -> Result<(), Fault> {
        let key = [Value::text(realm.as_str()), Value::text(user)];
        self.write(async move |transaction| {
            let sql = "DELETE FROM remembered_browsers WHERE realm = $1 AND user_id = $2";
            transaction.rows(sql, &key).await.map(drop)
        })
        .await
    }
}
