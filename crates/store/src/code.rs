use model::{RealmId, Timestamp};

use crate::{Fault, Grant, Hash, Store, refresh::revoke_in, transaction::Transaction, value::Value};

/// An authorization code that waits to be redeemed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// The family that its tokens will belong to: a second redemption revokes it.
    pub family: String,
    /// Where the answer went.
    pub redirect: String,
    /// Whether the request named the redirect; then the redemption must name the same (RFC 6749 4.1.3).
    pub redirect_given: bool,
    /// The S256 challenge; empty where there was none.
    pub challenge: String,
    /// What was allowed.
    pub grant: Grant,
    /// When it can no longer be redeemed.
    pub expires_at: Timestamp,
}

/// What came of redeeming a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redemption {
    /// It was fresh, and is spent now.
    Fresh,
    /// It was spent before: whatever it gave is revoked now (RFC 6749 4.1.2).
    Again,
    /// There is no such code.
    Unknown,
}

impl Store {
    /// Keeps a new code, and spends the pushed request that led to it; `false` where that was spent before
    /// (RFC 9126 4), and then there is no code.
    pub async fn keep_code(
        &self,
        realm: &RealmId,
        hash: Hash,
        code: Code,
        pushed: Option<Hash>,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let realm = realm.clone();
        let arguments = [
            Value::text(realm.as_str()),
            Value::bytes(&hash),
            Value::Text(code.family),
            Value::Text(code.redirect),
            Value::flag(code.redirect_given),
            Value::Text(code.challenge),
            Value::Text(serde_json::to_string(&code.grant)?),
            Value::Integer(code.expires_at.as_micros()),
        ];
        self.write(async move |transaction| {
            if let Some(pushed) = pushed
                && !spend_pushed(transaction, &realm, &pushed, now).await?
            {
                return Ok(false);
            }
            transaction.rows(
                "INSERT INTO codes (realm, code_hash, family, redirect, redirect_given, challenge, record, \
                 expires_at, spent_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)",
                &arguments,
            ).await?;
            Ok(true)
        })
        .await
    }

    /// What a code stands for, spent or not.
    pub async fn code(&self, realm: &RealmId, hash: Hash) -> Result<Option<Code>, Fault> {
        let key = [Value::text(realm.as_str()), Value::bytes(&hash)];
        self.read(async move |transaction| {
            let rows = transaction
                .rows(
                    "SELECT family, redirect, redirect_given, challenge, record, expires_at FROM codes \
                 WHERE realm = $1 AND code_hash = $2",
                    &key,
                )
                .await?;
            let Some(row) = rows.first() else { return Ok(None) };
            Ok(Some(Code {
                family: row.text(0)?.to_owned(),
                redirect: row.text(1)?.to_owned(),
                redirect_given: row.flag(2)?,
                challenge: row.text(3)?.to_owned(),
                grant: serde_json::from_str(row.text(4)?)?,
                expires_at: Timestamp::from_micros(row.integer(5)?),
            }))
        })
        .await
    }

    /// Redeems a code: of any number at once exactly one is fresh, and each other one revokes what the first
    /// gave, for as long (`until`) as that could live.
    pub async fn spend_code(
        &self,
        realm: &RealmId,
        hash: Hash,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Redemption, Fault> {
        let memory = self.memory(realm);
        let realm = realm.clone();
        self.write(async move |transaction| {
            let key = [Value::text(realm.as_str()), Value::bytes(&hash)];
            let sql = "SELECT family, spent_at FROM codes WHERE realm = $1 AND code_hash = $2";
            let rows = transaction.rows(sql, &key).await?;
            let Some(row) = rows.first() else { return Ok(Redemption::Unknown) };
            if row.integer(1)? != 0 {
                revoke_in(transaction, &memory, &realm, row.text(0)?, now, until).await?;
                return Ok(Redemption::Again);
            }
            let [in_realm, by_hash] = key;
            transaction
                .rows(
                    "UPDATE codes SET spent_at = $3 WHERE realm = $1 AND code_hash = $2",
                    &[in_realm, by_hash, Value::Integer(now.as_micros().max(1))],
                )
                .await?;
            Ok(Redemption::Fresh)
        })
        .await
    }
}

async fn spend_pushed(
    transaction: &mut Transaction<'_>,
    realm: &RealmId,
    hash: &Hash,
    now: Timestamp,
) -> Result<bool, Fault> {
    let spent = transaction
        .rows(
            "UPDATE pushed SET spent_at = $3 WHERE realm = $1 AND uri_hash = $2 AND spent_at = 0 \
         RETURNING spent_at",
            &[Value::text(realm.as_str()), Value::bytes(hash), Value::Integer(now.as_micros().max(1))],
        )
        .await?;
    Ok(!spent.is_empty())
}
