use std::{collections::BTreeMap, sync::Arc};

use model::{RealmId, ScopeSet, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Fault, Hash, KeyKind, Owner, Store,
    cache::Known,
    memory::Changed,
    session::{AT_ONCE, record_revocation},
    transaction::Transaction,
    value::{Row, Value},
};

/// An app that may ask for tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its `client_id`.
    pub id: String,
    /// SHA-256 of its secret; none for a public one.
    pub secret: Option<Hash>,
    /// What it may.
    pub terms: ClientTerms,
    /// Since when there is this client.
    pub created_at: Timestamp,
    /// Since when it is suspended.
    pub disabled_at: Option<Timestamp>,
}

/// What a client may.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientTerms {
    /// What it is called on pages; empty: as its id.
    pub name: String,
    /// Its home page; empty: none.
    pub home: String,
    /// Where answers may go, letter by letter.
    pub redirects: Vec<String>,
    /// Where a browser may be sent after signing out.
    pub logout_redirects: Vec<String>,
    /// What it may ask for, as `grant_type` has it; none: everything that the server does.
    pub grants: Vec<String>,
    /// Scopes that it may have; `None`: all.
    pub scopes: Option<ScopeSet>,
    /// Whether a code without PKCE is given; the server's own rule where it is not.
    pub pkce_optional: bool,
    /// Whether nobody is asked before it is given anything.
    pub skips_consent: bool,
    /// Whether its tokens must be bound to a key.
    pub dpop: bool,
}

/// Every client of a realm, by its id.
pub type ClientBook = BTreeMap<String, Client>;

const COLUMNS: &str = "id, secret_hash, record, created_at, disabled_at";

impl Store {
    /// Adds a client. False: there is one of this id.
    pub async fn add_client(&self, realm: &RealmId, client: Client) -> Result<bool, Fault> {
        let of = realm.clone();
        self.write(async move |transaction| {
            if by_id(transaction, &of, &client.id).await?.is_some() {
                return Ok(false);
            }
            let sql = format!("INSERT INTO clients (realm, {COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)");
            transaction.rows(&sql, &arguments(&of, &client)?).await?;
            transaction.announce_change(&of, Changed::Client, &client.id).await?;
            // One of this name may have been removed: what it was given is told by its age.
            crate::session::forgive(transaction, &of, &client.id).await?;
            Ok(true)
        })
        .await
    }

    /// Every client of a realm; from memory where they were asked for before. There are as many clients as
    /// apps, not as users of them.
    pub async fn clients(&self, realm: &RealmId) -> Result<Arc<ClientBook>, Fault> {
        let memory = self.memory(realm);
        if let Known::Record(clients) = memory.clients.get(&()) {
            return Ok(clients);
        }
        let before = memory.clients.before();
        let of = [Value::text(realm.as_str())];
        let read = self.read(async move |transaction| {
            let sql = format!("SELECT {COLUMNS} FROM clients WHERE realm = $1");
            let rows = transaction.rows(&sql, &of).await?;
            rows.iter().map(|row| read(row).map(|client| (client.id.clone(), client))).collect()
        });
        let read: Arc<ClientBook> = Arc::new(read.await?);
        memory.clients.keep((), Some(read.clone()), before);
        Ok(read)
    }

    /// Changes a client; `change` may be asked more than once. As it is then; `None` where there is none of this
    /// id.
    pub async fn change_client(
        &self,
        realm: &RealmId,
        id: &str,
        change: impl Fn(&mut Client) + Send + 'static,
    ) -> Result<Option<Client>, Fault> {
        let (of, wanted) = (realm.clone(), id.to_owned());
        self.write(async move |transaction| {
            let Some(mut client) = by_id(transaction, &of, &wanted).await? else { return Ok(None) };
            change(&mut client);
            client.id.clone_from(&wanted);
            let sql = "UPDATE clients SET secret_hash = $3, record = $4, created_at = $5, disabled_at = $6 \
                       WHERE realm = $1 AND id = $2";
            transaction.rows(sql, &arguments(&of, &client)?).await?;
            transaction.announce_change(&of, Changed::Client, &wanted).await?;
            Ok(Some(client))
        })
        .await
    }

    /// Removes a client with its keys; its refresh tokens are revoked, some at a time, so that nobody else waits for all
    /// of them. Its access tokens end by themselves, but are refused where the client is asked for. False: there was
    /// none of this id. Where it fails in the midst, the client and the rest are there still.
    pub async fn remove_client(
        &self,
        realm: &RealmId,
        id: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Fault> {
        let mut store = self.clone();
        loop {
            let (memory, of, wanted) = (self.memory(realm), realm.clone(), id.to_owned());
            let removed = store.write(async move |transaction| {
                if by_id(transaction, &of, &wanted).await?.is_none() {
                    return Ok(Some(false));
                }
                let named = [Value::text(of.as_str()), Value::text(&wanted), Value::Integer(AT_ONCE.into())];
                let families = transaction.rows(FAMILIES, &named).await?;
                for row in &families {
                    crate::refresh::revoke_in(transaction, &memory, &of, row.text(0)?, now, until).await?;
                }
                let consents = transaction.rows(CONSENTS, &named).await?;
                if families.len().max(consents.len()) >= AT_ONCE as usize {
                    return Ok(None);
                }
                let owner = Owner::Client(wanted.clone());
                crate::key::remove_of(transaction, &of, &owner, &[KeyKind::ApiKey]).await?;
                let [in_realm, named, _] = named;
                let sql = "DELETE FROM clients WHERE realm = $1 AND id = $2";
                transaction.rows(sql, &[in_realm, named]).await?;
                // What it was given for itself names it as its subject.
                record_revocation(transaction, &of, &wanted, until).await?;
                memory.revoke(&wanted, until);
                transaction.announce_change(&of, Changed::Client, &wanted).await?;
                Ok(Some(true))
            });
            if let Some(removed) = removed.await? {
                return Ok(removed);
            }
            // One entry in the audit trail says it.
            store.entry = None;
        }
    }
}

/// Some of the families of a client that are good.
const FAMILIES: &str =
    "SELECT family FROM families WHERE realm = $1 AND client = $2 AND revoked_at = 0 LIMIT $3";

/// Takes back some of what users allowed a client.
const CONSENTS: &str = "DELETE FROM consents WHERE realm = $1 AND client = $2 AND subject IN \
                        (SELECT subject FROM consents WHERE realm = $1 AND client = $2 LIMIT $3) \
                        RETURNING subject";

async fn by_id(
    transaction: &mut Transaction<'_>,
    realm: &RealmId,
    id: &str,
) -> Result<Option<Client>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM clients WHERE realm = $1 AND id = $2");
    let rows = transaction.rows(&sql, &[Value::text(realm.as_str()), Value::text(id)]).await?;
    rows.first().map(read).transpose()
}

fn arguments(realm: &RealmId, client: &Client) -> Result<Vec<Value>, Fault> {
    Ok(vec![
        Value::text(realm.as_str()),
        Value::text(&client.id),
        Value::bytes(client.secret.as_ref().map_or(&[][..], |hash| hash)),
        Value::Text(serde_json::to_string(&client.terms)?),
        Value::Integer(client.created_at.as_micros()),
        Value::Integer(client.disabled_at.map_or(0, Timestamp::as_micros)),
    ])
}

fn read(row: &Row) -> Result<Client, Fault> {
    let secret = match row.bytes(1)? {
        [] => None,
        hash => Some(hash.try_into().map_err(|_| Fault::Record("a hash"))?),
    };
    let disabled = row.integer(4)?;
    Ok(Client {
        id: row.text(0)?.to_owned(),
        secret,
        terms: serde_json::from_str(row.text(2)?)?,
        created_at: Timestamp::from_micros(row.integer(3)?),
        disabled_at: (disabled != 0).then_some(Timestamp::from_micros(disabled)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_families_of_a_client_are_found_among_those_of_all() {
        let store = Store::in_memory().unwrap();
        let explain = async |transaction: &mut Transaction<'_>| {
            let sql = format!("EXPLAIN QUERY PLAN {FAMILIES}");
            let arguments = [Value::text("main"), Value::text("app"), Value::Integer(1)];
            Ok(transaction.rows(&sql, &arguments).await?[0].text(3)?.to_owned())
        };
        let plan = store.read(explain).await.unwrap();
        assert!(plan.ends_with("INDEX families_by_client (realm=? AND client=?)"), "{plan}");
    }
}
