use model::{RealmId, ScopeSet, Timestamp};

use crate::{
    Fault, Store,
    refresh::{Meant, revoke_those},
    transaction::Transaction,
    value::Value,
};

impl Store {
    /// The scopes that an account has allowed a client so far.
    pub async fn consent(&self, realm: &RealmId, client: &str, subject: &str) -> Result<ScopeSet, Fault> {
        let key = [Value::text(realm.as_str()), Value::text(client), Value::text(subject)];
        self.read(async move |transaction| allowed(transaction, &key).await).await
    }

    /// Adds to the scopes that an account allows a client.
    pub async fn record_consent(
        &self,
        realm: &RealmId,
        client: &str,
        subject: &str,
        scopes: &ScopeSet,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let key = [Value::text(realm.as_str()), Value::text(client), Value::text(subject)];
        let scopes = scopes.clone();
        self.write(async move |transaction| {
            let all = allowed(transaction, &key).await?.joined(&scopes).to_string();
            let mut arguments = key.to_vec();
            arguments.extend([Value::Text(all), Value::Integer(now.as_micros())]);
            let sql = "INSERT INTO consents (realm, client, subject, scopes, given_at) \
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (realm, client, subject) \
                 DO UPDATE SET scopes = excluded.scopes, given_at = excluded.given_at";
            transaction.rows(sql, &arguments).await.map(drop)
        })
        .await
    }

    /// The clients that an account has allowed something, what, and when last.
    pub async fn consents(
        &self,
        realm: &RealmId,
        subject: &str,
    ) -> Result<Vec<(String, ScopeSet, Timestamp)>, Fault> {
        let key = [Value::text(realm.as_str()), Value::text(subject)];
        self.read(async move |transaction| {
            let sql = "SELECT client, scopes, given_at FROM consents WHERE realm = $1 AND subject = $2 \
                       ORDER BY client";
            let rows = transaction.rows(sql, &key).await?;
            let consent = |row: &crate::value::Row| {
                let scopes = row.text(1)?.parse().map_err(|_| Fault::Record("scopes"))?;
                Ok((row.text(0)?.to_owned(), scopes, Timestamp::from_micros(row.integer(2)?)))
            };
            rows.iter().map(consent).collect()
        })
        .await
    }

    /// Takes back what an account allowed a client: what the client holds of it is revoked until `until`.
    pub async fn withdraw_consent(
        &self,
        realm: &RealmId,
        client: &str,
        subject: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), Fault> {
        let memory = self.memory(realm);
        let (realm, client, subject) = (realm.clone(), client.to_owned(), subject.to_owned());
        self.write(async move |transaction| {
            let key = [Value::text(realm.as_str()), Value::text(&client), Value::text(&subject)];
            let sql = "DELETE FROM consents WHERE realm = $1 AND client = $2 AND subject = $3";
            transaction.rows(sql, &key).await?;
            let span = (now, until);
            let meant = Meant::OfClient(&client);
            revoke_those(transaction, &memory, &realm, &subject, meant, span).await
        })
        .await
    }
}

async fn allowed(transaction: &mut Transaction<'_>, key: &[Value; 3]) -> Result<ScopeSet, Fault> {
    let sql = "SELECT scopes FROM consents WHERE realm = $1 AND client = $2 AND subject = $3";
    match transaction.rows(sql, key).await?.first() {
        Some(row) => row.text(0)?.parse().map_err(|_| Fault::Record("scopes")),
        None => Ok(ScopeSet::new()),
    }
}
