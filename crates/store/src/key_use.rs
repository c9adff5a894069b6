use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use model::{RealmId, Timestamp};

use crate::{Fault, Store, transaction::Transaction, value::Value};

/// Of how many keys counts may wait to be written; the use of others is not counted until they are.
const WAITING: usize = 100_000;

/// How often a key was used for one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// The operation, with its API: `bookshop/listBooks`.
    pub operation: String,
    /// How often.
    pub uses: u64,
    /// The last time.
    pub used_at: Timestamp,
    /// From where, the last time.
    pub address: String,
}

/// Uses that are counted here and not yet in the database: no request waits for a count to be written.
#[derive(Default)]
pub(crate) struct Uses(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    of: ByKey,
    /// Whether somebody sees to it that they are written.
    is_seen_to: bool,
}

/// What is counted of each key, by operation.
type ByKey = HashMap<Box<str>, HashMap<Box<str>, Counted>>;

#[derive(Clone, Copy)]
struct Counted {
    uses: u64,
    at: Timestamp,
    address: IpAddr,
}

impl Uses {
    /// Counts one; whether nobody sees to it yet that it is written, so that somebody must.
    pub(crate) fn note(&self, id: &str, operation: &str, address: IpAddr, at: Timestamp) -> bool {
        let mut waiting = self.lock();
        waiting.add(id, operation, Counted { uses: 1, at, address });
        !std::mem::replace(&mut waiting.is_seen_to, true)
    }

    fn take(&self) -> ByKey {
        std::mem::take(&mut *self.lock()).of
    }

    /// Takes back what could not be written: whoever sees to the next use writes it, too.
    fn put_back(&self, uses: &ByKey) {
        let mut waiting = self.lock();
        for (id, operations) in uses {
            for (operation, counted) in operations {
                waiting.add(id, operation, *counted);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn add(&mut self, id: &str, operation: &str, more: Counted) {
        let keys = &mut self.of;
        if keys.len() >= WAITING && !keys.contains_key(id) {
            return;
        }
        let none = Counted { uses: 0, ..more };
        let counted = match keys.get_mut(id).map(|operations| operations.get_mut(operation)) {
            Some(Some(counted)) => counted,
            Some(None) | None => keys.entry(id.into()).or_default().entry(operation.into()).or_insert(none),
        };
        let uses = counted.uses.saturating_add(more.uses);
        let last = if more.at < counted.at { *counted } else { more };
        *counted = Counted { uses, ..last };
    }
}

impl Store {
    /// Writes how often keys were used since it was asked before: one transaction for all.
    pub async fn write_key_uses(&self, realm: &RealmId) -> Result<(), Fault> {
        let memory = self.memory(realm);
        let waiting = Arc::new(memory.uses.take());
        if waiting.is_empty() {
            return Ok(());
        }
        let (of, uses) = (realm.clone(), waiting.clone());
        let written = self.write(async move |transaction| {
            // In order, so that two nodes that write at once do not wait for each other in a circle.
            let mut rows: Vec<_> = uses
                .iter()
                .flat_map(|(id, operations)| {
                    operations.iter().map(move |(operation, it)| (id, operation, it))
                })
                .collect();
            rows.sort_unstable_by_key(|(id, operation, _)| (*id, *operation));
            for (id, operation, counted) in rows {
                add(transaction, &of, id, operation, counted).await?;
            }
            Ok(())
        });
        let written = written.await;
        if written.is_err() {
            memory.uses.put_back(&waiting);
        }
        written
    }

    /// How a key was used, the operation of its last use first. What is counted here and not yet written is
    /// written before.
    pub async fn key_uses(&self, realm: &RealmId, id: &str) -> Result<Vec<KeyUse>, Fault> {
        self.write_key_uses(realm).await?;
        let named = [Value::text(realm.as_str()), Value::text(id)];
        self.read(async move |transaction| {
            let sql = "SELECT operation, uses, used_at, address FROM key_uses WHERE realm = $1 AND id = $2 \
                       ORDER BY used_at DESC, operation";
            let rows = transaction.rows(sql, &named).await?;
            let read = rows.iter().map(|row| {
                Ok(KeyUse {
                    operation: row.text(0)?.to_owned(),
                    uses: u64::try_from(row.integer(1)?).map_err(|_| Fault::Record("a count"))?,
                    used_at: Timestamp::from_micros(row.integer(2)?),
                    address: row.text(3)?.to_owned(),
                })
            });
            read.collect()
        })
        .await
    }
}

async fn add(
    transaction: &mut Transaction<'_>,
    realm: &RealmId,
    id: &str,
    operation: &str,
    counted: &Counted,
) -> Result<(), Fault> {
    let sql = "INSERT INTO key_uses (realm, id, operation, uses, used_at, address) \
               SELECT $1, $2, $3, $4, $5, $6 FROM keys WHERE realm = $1 AND id = $2 \
               ON CONFLICT (realm, id, operation) DO UPDATE SET uses = key_uses.uses + excluded.uses, \
               used_at = excluded.used_at, address = excluded.address";
    let arguments = [
        Value::text(realm.as_str()),
        Value::text(id),
        Value::text(operation),
        Value::Integer(i64::try_from(counted.uses).unwrap_or(i64::MAX)),
        Value::Integer(counted.at.as_micros()),
        Value::Text(counted.address.to_string()),
    ];
    transaction.rows(sql, &arguments).await.map(drop)
}
