use std::time::Duration;

use model::{RealmId, Timestamp};

use crate::{
    Fault, Key, Mail, Store,
    key::{COLUMNS, read},
    mail::insert,
    value::Value,
};

impl Store {
    /// Keys of users that end within this time and of whose end nobody was told yet, the first to end first, at most
    /// so many. One whose whole life is no longer than that ends as was meant a short while ago.
    pub async fn ending_keys(
        &self,
        realm: &RealmId,
        now: Timestamp,
        within: Duration,
        most: u32,
    ) -> Result<Vec<Key>, Fault> {
        let end = now.plus(within).as_micros();
        let arguments = [
            Value::text(realm.as_str()),
            Value::Integer(now.as_micros()),
            Value::Integer(end),
            Value::Integer(end.saturating_sub(now.as_micros())),
            Value::Integer(most.into()),
        ];
        self.read(async move |transaction| {
            let sql = format!(
                "SELECT {COLUMNS} FROM keys WHERE realm = $1 AND expires_at > $2 AND expires_at <= $3 \
                 AND expires_at - created_at > $4 AND owner_kind = 'user' AND revoked_at = 0 AND reminded_at = 0 \
                 ORDER BY expires_at LIMIT $5"
            );
            transaction.rows(&sql, &arguments).await?.iter().map(read).collect()
        })
        .await
    }

    /// Keeps the mail that tells of a key's end; without one there is nobody to tell. Of any number at once, on
    /// whichever nodes, one does, and is told true.
    pub async fn remind_of_key(
        &self,
        realm: &RealmId,
        id: &str,
        now: Timestamp,
        mail: Option<(Mail, Option<Timestamp>)>,
    ) -> Result<bool, Fault> {
        let arguments =
            [Value::text(realm.as_str()), Value::text(id), Value::Integer(now.as_micros().max(1))];
        self.write(async move |transaction| {
            let sql = "UPDATE keys SET reminded_at = $3 WHERE realm = $1 AND id = $2 AND reminded_at = 0 RETURNING id";
            let is_first = !transaction.rows(sql, &arguments).await?.is_empty();
            if let (true, Some((mail, due)), [realm, ..]) = (is_first, &mail, &arguments) {
                insert(transaction, realm, mail, *due).await?;
            }
            Ok(is_first)
        })
        .await
    }
}
