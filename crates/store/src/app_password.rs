use model::{RealmId, Timestamp};

use crate::{
    Fault, Key, KeyKind, Owner, Store,
    key::{COLUMNS, insert, read},
    transaction::Transaction,
    value::Value,
};

impl Store {
    /// Keeps an app password that its owner just made. False: there is a key of this id, or as many open as they
    /// may have.
    pub async fn add_app_password(&self, realm: &RealmId, key: Key, most: u32) -> Result<bool, Fault> {
        let of = realm.clone();
        self.write(async move |transaction| {
            let open = open(transaction, &of, &key.owner, key.created_at, most).await?;
            if open.len() >= most as usize {
                return Ok(false);
            }
            insert(transaction, &of, &key).await
        })
        .await
    }

    /// The app passwords of an owner that open at `now`, from the oldest to the newest, at most so many.
    pub async fn app_passwords(
        &self,
        realm: &RealmId,
        owner: &Owner,
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<Key>, Fault> {
        let (of, owner) = (realm.clone(), owner.clone());
        self.read(async move |transaction| open(transaction, &of, &owner, now, most).await).await
    }
}

async fn open(
    transaction: &mut Transaction<'_>,
    realm: &RealmId,
    owner: &Owner,
    now: Timestamp,
    most: u32,
) -> Result<Vec<Key>, Fault> {
    let arguments = [
        Value::text(realm.as_str()),
        Value::text(owner.kind()),
        Value::text(owner.id()),
        Value::text(KeyKind::AppPassword.as_str()),
        Value::Integer(now.as_micros()),
        Value::Integer(most.into()),
    ];
    let sql = format!(
        "SELECT {COLUMNS} FROM keys WHERE realm = $1 AND owner_kind = $2 AND owner = $3 AND kind = $4 \
         AND revoked_at = 0 AND (expires_at = 0 OR expires_at > $5) ORDER BY created_at, id LIMIT $6"
    );
    transaction.rows(&sql, &arguments).await?.iter().map(read).collect()
}
