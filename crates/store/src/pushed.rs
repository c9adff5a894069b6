use model::{RealmId, Timestamp};

use crate::{Fault, Hash, Store, value::Value};

/// An authorization request that a client pushed (RFC 9126).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The client that pushed it.
    pub client: String,
    /// Its parameters, in order.
    pub parameters: Vec<(String, String)>,
    /// When it ends, by the sandbox's clock.
    pub expires_at: Timestamp,
    /// Whether it already led to an answer.
    pub spent: bool,
}

impl Store {
    /// Keeps a pushed request under the hash of its `request_uri`.
    pub async fn keep_pushed(&self, realm: &RealmId, hash: Hash, pushed: Pushed) -> Result<(), Fault> {
        let arguments = [
            Value::text(realm.as_str()),
            Value::bytes(&hash),
            Value::Text(pushed.client),
            Value::Text(serde_json::to_string(&pushed.parameters)?),
            Value::Integer(pushed.expires_at.as_micros()),
        ];
        self.write(async move |transaction| {
            let sql = "INSERT INTO pushed (realm, uri_hash, client, parameters, expires_at, spent_at) \
                 VALUES ($1, $2, $3, $4, $5, 0)";
            transaction.rows(sql, &arguments).await.map(drop)
        })
        .await
    }

    /// The request behind a `request_uri`. Reading does not spend it: a browser may reload the page; the
    /// answer does.
    pub async fn pushed(&self, realm: &RealmId, hash: Hash) -> Result<Option<Pushed>, Fault> {
        let key = [Value::text(realm.as_str()), Value::bytes(&hash)];
        self.read(async move |transaction| {
            let sql = "SELECT client, parameters, expires_at, spent_at FROM pushed \
                 WHERE realm = $1 AND uri_hash = $2";
            let rows = transaction.rows(sql, &key).await?;
            let Some(row) = rows.first() else { return Ok(None) };
            Ok(Some(Pushed {
                client: row.text(0)?.to_owned(),
                parameters: serde_json::from_str(row.text(1)?)?,
                expires_at: Timestamp::from_micros(row.integer(2)?),
                spent: row.flag(3)?,
            }))
        })
        .await
    }
}
