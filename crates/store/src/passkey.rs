use model::{RealmId, Timestamp};
use serde_json::Value as Json;

use crate::{
    Fault, Store,
    owner::{Demand, Removed, needs_passkeys},
    transaction::Transaction,
    value::{Row, Value},
};

/// A passkey that somebody registered. What its record says is for `identity` to read.
#[derive(Debug, Clone, PartialEq)]
pub struct Passkey {
    /// The credential's id, as base64url.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// What its owner calls it.
    pub name: String,
    /// The public key, the counter and what else was told at the registration.
    pub record: Json,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When somebody last signed in with it.
    pub used_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, user_id, name, record, created_at, used_at";

impl Store {
    /// Keeps a new passkey, unless its user has `most` of them. False: its id is somebody's already, or there
    /// are too many.
    pub async fn add_passkey(&self, realm: &RealmId, passkey: Passkey, most: u32) -> Result<bool, Fault> {
        let owner = [Value::text(realm.as_str()), Value::text(&passkey.user_id)];
        let arguments = [
            Value::text(realm.as_str()),
            Value::Text(passkey.id),
            Value::Text(passkey.user_id),
            Value::Text(passkey.name),
            Value::Text(serde_json::to_string(&passkey.record)?),
            Value::Integer(passkey.created_at.as_micros()),
            Value::Integer(passkey.used_at.map_or(0, Timestamp::as_micros)),
        ];
        self.write(async move |transaction| {
            let sql = "SELECT id FROM passkeys WHERE realm = $1 AND user_id = $2";
            let there = transaction.rows(sql, &owner).await?.len();
            if there >= usize::try_from(most).unwrap_or(usize::MAX) {
                return Ok(false);
            }
            let sql = format!(
                "INSERT INTO passkeys (realm, {COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                 ON CONFLICT (realm, id) DO NOTHING RETURNING id"
            );
            Ok(!transaction.rows(&sql, &arguments).await?.is_empty())
        })
        .await
    }

    /// The passkey of a credential's id.
    pub async fn passkey(&self, realm: &RealmId, id: &str) -> Result<Option<Passkey>, Fault> {
        let key = [Value::text(realm.as_str()), Value::text(id)];
        self.read(async move |transaction| by_id(transaction, &key).await).await
    }

    /// The passkeys of a user, the oldest first.
    pub async fn passkeys_of(&self, realm: &RealmId, user: &str) -> Result<Vec<Passkey>, Fault> {
        let key = [Value::text(realm.as_str()), Value::text(user)];
        self.read(async move |transaction| {
            let sql = format!(
                "SELECT {COLUMNS} FROM passkeys WHERE realm = $1 AND user_id = $2 ORDER BY created_at, id"
            );
            transaction.rows(&sql, &key).await?.iter().map(read).collect()
        })
        .await
    }

    /// Notes that somebody signed in with a passkey: `judge` sees its record as it is now and gives the one
    /// that is kept, or `None` to refuse; it may be asked more than once. So of two sign-ins with the same
    /// counter one is refused. `Some(false)`: refused. `None`: there is no such passkey.
    pub async fn use_passkey(
        &self,
        realm: &RealmId,
        id: &str,
        now: Timestamp,
        judge: impl Fn(&Json) -> Option<Json> + Send + 'static,
    ) -> Result<Option<bool>, Fault> {
        let (realm, id) = (realm.clone(), id.to_owned());
        self.write(async move |transaction| {
            let key = [Value::text(realm.as_str()), Value::text(&id)];
            let Some(passkey) = by_id(transaction, &key).await? else { return Ok(None) };
            let Some(record) = judge(&passkey.record) else { return Ok(Some(false)) };
            let [in_realm, of_id] = key;
            // Who writes first wins, also between nodes: the other finds another record than it read.
            let sql = "UPDATE passkeys SET record = $3, used_at = $4 WHERE realm = $1 AND id = $2 \
                       AND record = $5 RETURNING id";
            let arguments = [
                in_realm,
                of_id,
                Value::Text(serde_json::to_string(&record)?),
                Value::Integer(now.as_micros().max(1)),
                Value::Text(serde_json::to_string(&passkey.record)?),
            ];
            Ok(Some(!transaction.rows(sql, &arguments).await?.is_empty()))
        })
        .await
    }

    /// Gives a user's passkey another name. False: they have no such passkey.
    pub async fn rename_passkey(
        &self,
        realm: &RealmId,
        user: &str,
        id: &str,
        name: &str,
    ) -> Result<bool, Fault> {
        let arguments = [Value::text(realm.as_str()), Value::text(user), Value::text(id), Value::text(name)];
        self.write(async move |transaction| {
            let sql =
                "UPDATE passkeys SET name = $4 WHERE realm = $1 AND user_id = $2 AND id = $3 RETURNING id";
            Ok(!transaction.rows(sql, &arguments).await?.is_empty())
        })
        .await
    }

    /// Removes a user's passkey, unless too little would be left then.
    pub async fn remove_passkey(
        &self,
        realm: &RealmId,
        user: &str,
        id: &str,
        demand: Demand,
    ) -> Result<Removed, Fault> {
        let arguments = [Value::text(realm.as_str()), Value::text(user), Value::text(id)];
        let (of, user, wanted) = (realm.clone(), user.to_owned(), id.to_owned());
        self.write(async move |transaction| {
            let sql = "SELECT id FROM passkeys WHERE realm = $1 AND user_id = $2 LIMIT 2";
            let theirs = transaction.rows(sql, &[Value::text(of.as_str()), Value::text(&user)]).await?;
            let is_last = theirs.len() == 1 && theirs.iter().all(|row| row.text(0).ok() == Some(&*wanted));
            if is_last && needs_passkeys(transaction, &of, &user).await? {
                return Ok(Removed::LastOwner);
            }
            let is_demanded = match demand {
                Demand::Nothing => false,
                Demand::Factor => {
                    let sql = "SELECT user_id FROM totp WHERE realm = $1 AND user_id = $2";
                    let whose = [Value::text(of.as_str()), Value::text(&user)];
                    transaction.rows(sql, &whose).await?.is_empty()
                }
                Demand::Passkey => true,
            };
            if is_last && is_demanded {
                return Ok(Removed::Demanded);
            }
            let sql = "DELETE FROM passkeys WHERE realm = $1 AND user_id = $2 AND id = $3 RETURNING id";
            let removed = transaction.rows(sql, &arguments).await?;
            Ok(if removed.is_empty() { Removed::Nothing } else { Removed::Done })
        })
        .await
    }

    /// Whether a user may be offered a passkey now: never more often than once in this time. Asking is the
    /// offer: the next one is that much later.
    pub async fn offer_passkey(
        &self,
        realm: &RealmId,
        user: &str,
        now: Timestamp,
        every: std::time::Duration,
    ) -> Result<bool, Fault> {
        let arguments = [
            Value::text(realm.as_str()),
            Value::text(user),
            Value::Integer(now.as_micros()),
            Value::Integer(now.minus(every).as_micros()),
        ];
        self.write(async move |transaction| {
            let sql = "INSERT INTO passkey_offers (realm, user_id, offered_at) VALUES ($1, $2, $3) \
                       ON CONFLICT (realm, user_id) DO UPDATE SET offered_at = excluded.offered_at \
                       WHERE passkey_offers.offered_at <= $4 RETURNING user_id";
            Ok(!transaction.rows(sql, &arguments).await?.is_empty())
        })
        .await
    }
}

async fn by_id(transaction: &mut Transaction<'_>, key: &[Value]) -> Result<Option<Passkey>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM passkeys WHERE realm = $1 AND id = $2");
    transaction.rows(&sql, key).await?.first().map(read).transpose()
}

fn read(row: &Row) -> Result<Passkey, Fault> {
    let used_at = row.integer(5)?;
    Ok(Passkey {
        id: row.text(0)?.to_owned(),
        user_id: row.text(1)?.to_owned(),
        name: row.text(2)?.to_owned(),
        record: serde_json::from_str(row.text(3)?)?,
        created_at: Timestamp::from_micros(row.integer(4)?),
        used_at: (used_at != 0).then(|| Timestamp::from_micros(used_at)),
    })
}
