use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use model::{RealmId, Timestamp};
use serde_json::{Map, Value as Json};

use crate::{
    Fault, Hash, Store,
    transaction::Transaction,
    value::{Row, Value},
};

/// What somebody did to the records. No secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who: `user:ID`, `token` (whoever holds the server's own), `cli` (at the store itself), `partner:NAME`.
    pub actor: String,
    /// From where; empty: from this machine, without a connection.
    pub address: String,
    /// What: `user.add`, `key.revoke`, …
    pub action: String,
    /// To what: `user:ID`, `key:ID`, …
    pub target: String,
    /// More that was said.
    pub detail: Map<String, Json>,
}

/// An entry in its place of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// From 1, without gaps.
    pub number: u64,
    /// What happened.
    pub entry: AuditEntry,
    /// SHA-256 of the entry before, with that entry's own.
    pub previous: Hash,
    /// SHA-256 of this one.
    pub hash: Hash,
}

/// What a walk through the chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditReport {
    /// How many entries fit, from the first on.
    pub entries: u64,
    /// The hash of the last that fits. Kept elsewhere, it shows later that none was cut off.
    pub head: Hash,
    /// The number at which the first that does not fit stands, or should stand.
    pub broken: Option<u64>,
}

/// What a write leaves in the trail, if anything.
pub(crate) type Trace = Option<Arc<(RealmId, AuditEntry)>>;

/// How much was changed before a write that leaves a trace.
pub(crate) async fn before(transaction: &mut Transaction<'_>, trace: &Trace) -> Result<i64, Fault> {
    match trace {
        Some(_) => transaction.changes().await,
        None => Ok(0),
    }
}

/// Leaves the trace of a write, if it changed anything.
pub(crate) async fn leave(
    transaction: &mut Transaction<'_>,
    trace: &Trace,
    before: i64,
) -> Result<(), Fault> {
    match trace {
        Some(trace) if transaction.changes().await? != before => {
            append(transaction, &trace.0, &trace.1).await
        }
        Some(_) | None => Ok(()),
    }
}

/// Entries that are read at once.
const PAGE: u32 = 1000;
const COLUMNS: &str = "number, at, actor, address, action, target, detail, previous, hash";

impl Store {
    /// The same store, on which each write that changes something leaves this entry, in the same transaction.
    #[must_use]
    pub fn audited(&self, realm: &RealmId, entry: AuditEntry) -> Self {
        let mut audited = self.clone();
        audited.entry = Some(Arc::new((realm.clone(), entry)));
        audited
    }

    /// Leaves an entry in the trail for what happened without a change of any record.
    pub async fn record_audit(&self, realm: &RealmId, entry: AuditEntry) -> Result<(), Fault> {
        let realm = realm.clone();
        self.write(async move |transaction| append(transaction, &realm, &entry).await).await
    }

    /// Entries from the newest to the oldest, at most so many, before the one of this number.
    pub async fn audit(
        &self,
        realm: &RealmId,
        before: Option<u64>,
        most: u32,
    ) -> Result<Vec<Audited>, Fault> {
        let before = before.and_then(|number| i64::try_from(number).ok()).unwrap_or(i64::MAX);
        let arguments = [Value::text(realm.as_str()), Value::Integer(before), Value::Integer(most.into())];
        self.read(async move |transaction| {
            let sql = format!(
                "SELECT {COLUMNS} FROM audit WHERE realm = $1 AND number < $2 ORDER BY number DESC LIMIT $3"
            );
            transaction.rows(&sql, &arguments).await?.iter().map(read).collect()
        })
        .await
    }

    /// Walks the chain from its first entry to its last, or to the first that does not fit: that was changed,
    /// put in, or stands where another was taken out.
    pub async fn verify_audit(&self, realm: &RealmId) -> Result<AuditReport, Fault> {
        let mut report = AuditReport { entries: 0, head: [0; 32], broken: None };
        loop {
            let of = realm.clone();
            let after = i64::try_from(report.entries).unwrap_or(i64::MAX);
            let page = self.read(async move |transaction| {
                let sql = format!(
                    "SELECT {COLUMNS} FROM audit WHERE realm = $1 AND number > $2 ORDER BY number LIMIT $3"
                );
                let arguments =
                    [Value::text(of.as_str()), Value::Integer(after), Value::Integer(PAGE.into())];
                // One that cannot be read does not fit; what comes before it may.
                Ok(transaction
                    .rows(&sql, &arguments)
                    .await?
                    .iter()
                    .map(|row| read(row).ok())
                    .collect::<Vec<_>>())
            });
            let page = page.await?;
            for entry in &page {
                let next = report.entries + 1;
                let fits = entry.as_ref().is_some_and(|entry| {
                    entry.number == next
                        && entry.previous == report.head
                        && hash(realm, next, &entry.entry, &entry.previous) == entry.hash
                });
                let Some(entry) = entry.as_ref().filter(|_| fits) else {
                    report.broken = Some(next);
                    return Ok(report);
                };
                (report.entries, report.head) = (next, entry.hash);
            }
            if page.len() < PAGE as usize {
                return Ok(report);
            }
        }
    }
}

/// Adds an entry to the end of the chain.
async fn append(transaction: &mut Transaction<'_>, realm: &RealmId, entry: &AuditEntry) -> Result<(), Fault> {
    let sql = "SELECT number, hash FROM audit WHERE realm = $1 ORDER BY number DESC LIMIT 1";
    let last = transaction.rows(sql, &[Value::text(realm.as_str())]).await?;
    let (number, previous) = match last.first() {
        None => (1, [0; 32]),
        Some(row) => (
            row.integer(0)?.saturating_add(1),
            row.bytes(1)?.try_into().map_err(|_| Fault::Record("a hash"))?,
        ),
    };
    let counted = u64::try_from(number).map_err(|_| Fault::Record("a number"))?;
    let arguments = [
        Value::text(realm.as_str()),
        Value::Integer(number),
        Value::Integer(entry.at.as_micros()),
        Value::text(&entry.actor),
        Value::text(&entry.address),
        Value::text(&entry.action),
        Value::text(&entry.target),
        Value::Text(serde_json::to_string(&entry.detail)?),
        Value::bytes(&previous),
        Value::bytes(&hash(realm, counted, entry, &previous)),
    ];
    let sql =
        format!("INSERT INTO audit (realm, {COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
    transaction.rows(&sql, &arguments).await.map(drop)
}

/// Every part with its length before it, so that no two entries are the same bytes.
fn hash(realm: &RealmId, number: u64, entry: &AuditEntry, previous: &Hash) -> Hash {
    let detail = serde_json::to_string(&entry.detail).unwrap_or_default();
    let (number, at) = (number.to_be_bytes(), entry.at.as_micros().to_be_bytes());
    let mut context = Context::new(&SHA256);
    let parts: [&[u8]; 9] = [
        previous,
        realm.as_str().as_bytes(),
        &number,
        &at,
        entry.actor.as_bytes(),
        entry.address.as_bytes(),
        entry.action.as_bytes(),
        entry.target.as_bytes(),
        detail.as_bytes(),
    ];
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

fn read(row: &Row) -> Result<Audited, Fault> {
    let hash = |column| row.bytes(column)?.try_into().map_err(|_| Fault::Record("a hash"));
    Ok(Audited {
        number: u64::try_from(row.integer(0)?).map_err(|_| Fault::Record("a number"))?,
        entry: AuditEntry {
            at: Timestamp::from_micros(row.integer(1)?),
            actor: row.text(2)?.to_owned(),
            address: row.text(3)?.to_owned(),
            action: row.text(4)?.to_owned(),
            target: row.text(5)?.to_owned(),
            detail: serde_json::from_str(row.text(6)?)?,
        },
        previous: hash(7)?,
        hash: hash(8)?,
    })
}
