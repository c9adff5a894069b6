use model::{RealmId, Timestamp};

use crate::{Fault, Hash, Store, value::Value};

impl Store {
    /// Keeps the hash of a code that is mailed to a user; the one before it opens nothing more.
    pub async fn keep_email_code(
        &self,
        realm: &RealmId,
        user: &str,
        code: Hash,
        expires_at: Timestamp,
    ) -> Result<(), Fault> {
        let arguments = [
            Value::text(realm.as_str()),
            Value::text(user),
            Value::bytes(&code),
            Value::Integer(expires_at.as_micros()),
        ];
        self.write(async move |transaction| {
            let sql = "INSERT INTO email_codes (realm, user_id, code_hash, tries, expires_at) \
                       VALUES ($1, $2, $3, 0, $4) ON CONFLICT (realm, user_id) \
                       DO UPDATE SET code_hash = $3, tries = 0, expires_at = $4";
            transaction.rows(sql, &arguments).await.map(drop)
        })
        .await
    }

    /// Tries a code that was mailed to a user. The try is counted before the code is looked at, on every node
    /// alike; after `most` wrong ones it opens nothing more. Of any number of right ones at once exactly one
    /// is told true.
    pub async fn try_email_code(
        &self,
        realm: &RealmId,
        user: &str,
        code: Hash,
        most: u32,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let key = [Value::text(realm.as_str()), Value::text(user)];
        self.write(async move |transaction| {
            let mut counted = key.to_vec();
            counted.extend([Value::Integer(most.into()), Value::Integer(now.as_micros())]);
            let sql = "UPDATE email_codes SET tries = tries + 1 WHERE realm = $1 AND user_id = $2 \
                       AND tries < $3 AND expires_at > $4 RETURNING tries";
            if transaction.rows(sql, &counted).await?.is_empty() {
                return Ok(false);
            }
            let mut right = key.to_vec();
            right.push(Value::bytes(&code));
            let sql = "DELETE FROM email_codes WHERE realm = $1 AND user_id = $2 AND code_hash = $3 \
                       RETURNING user_id";
            Ok(!transaction.rows(sql, &right).await?.is_empty())
        })
        .await
    }
}
