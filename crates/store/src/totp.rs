use model::{RealmId, Secret, Timestamp};

use crate::{Demand, Fault, Removed, Store, value::Value};

const SEALED: &str = "totp.sealed";

impl Store {
    /// Keeps a user's seed, sealed, in place of the one before.
    pub async fn keep_totp(
        &self,
        realm: &RealmId,
        user: &str,
        seed: &[u8],
        now: Timestamp,
    ) -> Result<(), Fault> {
        let sealed = self.seal_value(SEALED, &[realm.as_str(), user], seed).await?;
        let arguments = [
            Value::text(realm.as_str()),
            Value::text(user),
            Value::Bytes(sealed),
            Value::Integer(now.as_micros()),
        ];
        self.write(async move |transaction| {
            let sql = "INSERT INTO totp (realm, user_id, sealed, created_at) VALUES ($1, $2, $3, $4) \
                       ON CONFLICT (realm, user_id) DO UPDATE SET sealed = excluded.sealed, \
                       created_at = excluded.created_at";
            transaction.rows(sql, &arguments).await.map(drop)
        })
        .await
    }

    /// A user's seed.
    pub async fn totp(&self, realm: &RealmId, user: &str) -> Result<Option<Secret<Vec<u8>>>, Fault> {
        let key = [Value::text(realm.as_str()), Value::text(user)];
        let rows = self
            .read(async move |transaction| {
                transaction.rows("SELECT sealed FROM totp WHERE realm = $1 AND user_id = $2", &key).await
            })
            .await?;
        let Some(row) = rows.first() else { return Ok(None) };
        self.open_value(SEALED, &[realm.as_str(), user], row.bytes(0)?).await.map(Some)
    }

    /// Since when a user has a seed; `None`: they have none.
    pub async fn totp_since(&self, realm: &RealmId, user: &str) -> Result<Option<Timestamp>, Fault> {
        let key = [Value::text(realm.as_str()), Value::text(user)];
        self.read(async move |transaction| {
            let sql = "SELECT created_at FROM totp WHERE realm = $1 AND user_id = $2";
            let rows = transaction.rows(sql, &key).await?;
            rows.first().map(|row| row.integer(0).map(Timestamp::from_micros)).transpose()
        })
        .await
    }

    /// Forgets a user's seed, unless too little would be left then. The step that was taken last is kept: a seed that
    /// comes after it begins behind it.
    pub async fn remove_totp(&self, realm: &RealmId, user: &str, demand: Demand) -> Result<Removed, Fault> {
        let key = [Value::text(realm.as_str()), Value::text(user)];
        self.write(async move |transaction| {
            if demand == Demand::Factor {
                let sql = "SELECT id FROM passkeys WHERE realm = $1 AND user_id = $2 LIMIT 1";
                if transaction.rows(sql, &key).await?.is_empty() {
                    return Ok(Removed::Demanded);
                }
            }
            let sql = "DELETE FROM totp WHERE realm = $1 AND user_id = $2 RETURNING user_id";
            let removed = transaction.rows(sql, &key).await?;
            Ok(if removed.is_empty() { Removed::Nothing } else { Removed::Done })
        })
        .await
    }

    /// Takes a step of a user's codes: of any number at once exactly one is told true, and never again for
    /// this step or an earlier one (RFC 6238 5.2).
    pub async fn take_totp_step(&self, realm: &RealmId, user: &str, step: u64) -> Result<bool, Fault> {
        let step = i64::try_from(step).unwrap_or(i64::MAX);
        let arguments = [Value::text(realm.as_str()), Value::text(user), Value::Integer(step)];
        self.write(async move |transaction| {
            let sql = "INSERT INTO totp_steps (realm, user_id, step) VALUES ($1, $2, $3) \
                       ON CONFLICT (realm, user_id) DO UPDATE SET step = excluded.step \
                       WHERE totp_steps.step < excluded.step RETURNING step";
            Ok(!transaction.rows(sql, &arguments).await?.is_empty())
        })
        .await
    }
}
