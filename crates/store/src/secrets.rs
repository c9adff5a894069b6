use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, Weak},
    time::Duration,
};

use model::{RealmId, Secret, Timestamp};

use crate::{
    Fault, MasterKey, Store,
    seal::{self, DataKey, KeyName},
    store::Weakly,
    tables::{SEALED, SealedColumn},
    transaction::Transaction,
    value::Value,
};

/// How often a node looks whether the keys were changed: [`Store::finish_rekey`] may come after three of these.
pub const KEYS_EVERY: Duration = Duration::from_secs(1);

/// Under which realm that is kept which belongs to the whole store. No realm is named so.
pub const WHOLE_STORE: &str = "*";

/// What seals and opens, once the master key is known.
#[derive(Default)]
pub(crate) struct Vault {
    pub(crate) ring: RwLock<Option<Arc<Ring>>>,
}

/// The data keys that a node knows. Values are sealed with the newest, and opened with the one that they name.
#[derive(Clone)]
pub(crate) struct Ring {
    pub(crate) master: MasterKey,
    pub(crate) keys: BTreeMap<KeyName, DataKey>,
    /// Its generation, and its name.
    pub(crate) newest: (i64, KeyName),
}

impl Vault {
    pub(crate) fn ring(&self) -> Result<Arc<Ring>, Fault> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or(Fault::Locked)
    }

    pub(crate) fn set(&self, ring: Ring) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(ring));
    }
}

impl Ring {
    pub(crate) fn newest(&self) -> Result<&DataKey, Fault> {
        self.keys.get(&self.newest.1).ok_or(Fault::Locked)
    }

    /// With what of `rows`, the oldest first, opens with the master key or with a key that opened before: so a
    /// node learns what a rekey brings without the new master key.
    pub(crate) fn take(&mut self, rows: &[Wrapped]) -> Result<(), Fault> {
        let master = self.master.name();
        for row in rows {
            let by = self.keys.values().find(|key| key.hex() == row.master);
            let key = match by {
                _ if row.master == master => self.master.unwrap(&row.id, &row.key)?,
                Some(by) => by.unwrap(&row.id, &row.key)?,
                None => continue,
            };
            self.newest = self.newest.max((row.generation, key.name));
            self.keys.insert(key.name, key);
        }
        Ok(())
    }
}

/// A row of `sealing_keys`.
pub(crate) struct Wrapped {
    pub(crate) id: String,
    pub(crate) master: String,
    pub(crate) generation: i64,
    pub(crate) key: Vec<u8>,
}

impl Store {
    /// Whether the store has been given a master key before: it opens with that one alone from then on.
    pub async fn is_sealed(&self) -> Result<bool, Fault> {
        self.read(async |transaction| Ok(!wrapped(transaction).await?.is_empty())).await
    }

    /// Takes the master key, with which secrets are sealed and opened from now on; the first one that a store
    /// is given is its key. Any other is a [`Fault::WrongKey`].
    pub async fn unlock(&self, master: MasterKey) -> Result<(), Fault> {
        let first = DataKey::generate()?;
        let offered = master.clone();
        let rows = self
            .write(async move |transaction| {
                let rows = wrapped(transaction).await?;
                if !rows.is_empty() {
                    return Ok(rows);
                }
                keep_key(transaction, (offered.name(), offered.wrap(&first)?), &first, 1).await?;
                wrapped(transaction).await
            })
            .await?;
        let mut ring = Ring { master, keys: BTreeMap::new(), newest: (0, KeyName::default()) };
        ring.take(&rows)?;
        if ring.keys.is_empty() {
            return Err(Fault::WrongKey);
        }
        self.vault.set(ring);
        if let Some(weak) = self.downgrade() {
            tokio::spawn(follow(weak, Arc::downgrade(&self.vault)));
        }
        Ok(())
    }

    /// Seals and keeps a secret of a realm, in place of what it had under that name.
    pub async fn seal(&self, realm: &RealmId, name: &str, plain: &[u8], now: Timestamp) -> Result<(), Fault> {
        let sealed = self.seal_value("secrets.sealed", &[realm.as_str(), name], plain).await?;
        let arguments = secret(realm, name, sealed, now);
        self.write(async move |transaction| {
            let sql = "INSERT INTO secrets (realm, name, sealed, created_at) VALUES ($1, $2, $3, $4) \
                       ON CONFLICT (realm, name) DO UPDATE SET sealed = excluded.sealed, \
                       created_at = excluded.created_at";
            transaction.rows(sql, &arguments).await.map(drop)
        })
        .await
    }

    /// Seals and keeps a secret, unless the realm has one of that name already, and gives the one that it has:
    /// nodes that begin at once agree on one.
    pub async fn seal_first(
        &self,
        realm: &RealmId,
        name: &str,
        plain: &[u8],
        now: Timestamp,
    ) -> Result<Secret<Vec<u8>>, Fault> {
        let sealed = self.seal_value("secrets.sealed", &[realm.as_str(), name], plain).await?;
        let arguments = secret(realm, name, sealed, now);
        self.write(async move |transaction| {
            let sql = "INSERT INTO secrets (realm, name, sealed, created_at) VALUES ($1, $2, $3, $4) \
                       ON CONFLICT (realm, name) DO NOTHING";
            transaction.rows(sql, &arguments).await.map(drop)
        })
        .await?;
        self.unseal(realm, name).await?.ok_or(Fault::Record("a secret is missing"))
    }

    /// Opens a secret of a realm; `None` where it has none of that name.
    pub async fn unseal(&self, realm: &RealmId, name: &str) -> Result<Option<Secret<Vec<u8>>>, Fault> {
        let place = [Value::text(realm.as_str()), Value::text(name)];
        let rows = self
            .read(async move |transaction| {
                transaction.rows("SELECT sealed FROM secrets WHERE realm = $1 AND name = $2", &place).await
            })
            .await?;
        let Some(row) = rows.first() else { return Ok(None) };
        self.open_value("secrets.sealed", &[realm.as_str(), name], row.bytes(0)?).await.map(Some)
    }

    /// Forgets a secret.
    pub async fn drop_secret(&self, realm: &RealmId, name: &str) -> Result<(), Fault> {
        let place = [Value::text(realm.as_str()), Value::text(name)];
        self.write(async move |transaction| {
            transaction.rows("DELETE FROM secrets WHERE realm = $1 AND name = $2", &place).await.map(drop)
        })
        .await
    }

    /// Seals a value for a column (`table.column`, one of those that a rekey walks) of the row that `place`
    /// names, by the columns that are declared with it. In another row, column or realm it does not open.
    pub async fn seal_value(&self, column: &str, place: &[&str], plain: &[u8]) -> Result<Vec<u8>, Fault> {
        let bound = bound(declared(column)?, place)?;
        self.make_ready()?;
        // Another node may have brought a new key a moment ago: nothing new is sealed with an old one.
        self.learn_keys().await?;
        self.vault.ring()?.newest()?.seal(&bound, plain)
    }

    /// Opens what [`Store::seal_value`] gave for the same place.
    pub async fn open_value(
        &self,
        column: &str,
        place: &[&str],
        sealed: &[u8],
    ) -> Result<Secret<Vec<u8>>, Fault> {
        let bound = bound(declared(column)?, place)?;
        let name = seal::name_in(sealed).ok_or(Fault::Sealed("it is of no form that is known"))?;
        self.make_ready()?;
        if !self.vault.ring()?.keys.contains_key(&name) {
            self.learn_keys().await?;
        }
        let ring = self.vault.ring()?;
        let key = ring.keys.get(&name).ok_or(Fault::Sealed("its key is not in this store"))?;
        key.open(&bound, sealed)
    }

    /// A store that ends with the process needs no key from outside.
    fn make_ready(&self) -> Result<(), Fault> {
        if self.vault.ring().is_err() && self.is_in_memory() {
            let key = DataKey::generate()?;
            let newest = (1, key.name);
            let master = MasterKey::new([0; 32]);
            let mut ring = self.vault.ring.write().unwrap_or_else(PoisonError::into_inner);
            let fresh = Ring { master, keys: BTreeMap::from([(key.name, key)]), newest };
            ring.get_or_insert_with(|| Arc::new(fresh));
        }
        Ok(())
    }

    /// Takes over keys that another node brought.
    pub(crate) async fn learn_keys(&self) -> Result<(), Fault> {
        if self.is_in_memory() {
            return Ok(());
        }
        let rows = self.read(async |transaction| wrapped(transaction).await).await?;
        let mut ring = Ring::clone(&*self.vault.ring()?);
        ring.take(&rows)?;
        self.vault.set(ring);
        Ok(())
    }
}

/// Looks for new keys as long as the store lives.
async fn follow(store: Weakly, vault: Weak<Vault>) {
    while vault.strong_count() > 0 {
        tokio::time::sleep(KEYS_EVERY).await;
        let Some(store) = store.upgrade() else { break };
        // A database that is out of reach is asked again.
        let _ = store.learn_keys().await;
    }
}

pub(crate) async fn wrapped(transaction: &mut Transaction<'_>) -> Result<Vec<Wrapped>, Fault> {
    let sql = "SELECT id, master, generation, wrapped FROM sealing_keys ORDER BY generation, id, master";
    let rows = transaction.rows(sql, &[]).await?;
    let read = rows.iter().map(|row| {
        Ok(Wrapped {
            id: row.text(0)?.to_owned(),
            master: row.text(1)?.to_owned(),
            generation: row.integer(2)?,
            key: row.bytes(3)?.to_vec(),
        })
    });
    read.collect()
}

pub(crate) async fn keep_key(
    transaction: &mut Transaction<'_>,
    (by, wrapped): (String, Vec<u8>),
    key: &DataKey,
    generation: i64,
) -> Result<(), Fault> {
    let sql = "INSERT INTO sealing_keys (id, master, generation, wrapped) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (id, master) DO NOTHING";
    let arguments =
        [Value::Text(key.hex()), Value::Text(by), Value::Integer(generation), Value::Bytes(wrapped)];
    transaction.rows(sql, &arguments).await.map(drop)
}

fn secret(realm: &RealmId, name: &str, sealed: Vec<u8>, now: Timestamp) -> [Value; 4] {
    [Value::text(realm.as_str()), Value::text(name), Value::Bytes(sealed), Value::Integer(now.as_micros())]
}

fn declared(column: &str) -> Result<&'static SealedColumn, Fault> {
    let found = SEALED.iter().find(|sealed| {
        column.strip_prefix(sealed.table).and_then(|rest| rest.strip_prefix('.')) == Some(sealed.column)
    });
    found.ok_or(Fault::Record("a sealed column is not declared"))
}

/// What binds a value to its place.
pub(crate) fn bound<'a>(column: &SealedColumn, place: &[&'a str]) -> Result<Vec<&'a [u8]>, Fault> {
    if place.len() != column.place.len() {
        return Err(Fault::Record("the place of a sealed value"));
    }
    let names: [&'static str; 2] = [column.table, column.column];
    let names = names.into_iter().map(str::as_bytes);
    Ok(names.chain(place.iter().map(|part| part.as_bytes())).collect())
}
