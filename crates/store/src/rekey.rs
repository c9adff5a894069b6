use crate::{
    Fault, MasterKey, Store,
    seal::{self, DataKey},
    secrets::{self, bound},
    tables::{SEALED, SealedColumn},
    transaction::Transaction,
    value::{Row, Value},
};

/// How many values are sealed anew in one transaction.
const BATCH: i64 = 256;

/// What a walk over the sealed columns came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Values that are sealed with the newest key now, and were not.
    pub values: u64,
    /// Values that do not open: they were lost before, and are left as they are.
    pub lost: u64,
}

impl Store {
    /// Begins to change the master key, while nodes go on: a new data key is wrapped for the new master key and
    /// for whoever knows the data key before it. Until [`Store::finish_rekey`] both master keys open the store.
    pub async fn begin_rekey(&self, new: &MasterKey) -> Result<(), Fault> {
        self.learn_keys().await?;
        let mut ring = self.vault.ring()?.as_ref().clone();
        if ring.master.name() == new.name() {
            return Err(Fault::Sealed("the new key is the one that it has"));
        }
        let (next, before) = (DataKey::generate()?, ring.newest()?.clone());
        let generation = ring.newest.0.saturating_add(1);
        let (known, master) = (ring.keys.clone(), new.clone());
        let (brought, by) = (next.clone(), (before.hex(), before.wrap(&next)?));
        self.write(async move |transaction| {
            let rows = secrets::wrapped(transaction).await?;
            if rows.iter().any(|row| row.generation >= generation) {
                return Err(Fault::Sealed("its keys are being changed by somebody else"));
            }
            for row in &rows {
                if let Some(key) = known.values().find(|key| key.hex() == row.id) {
                    let by = (master.name(), master.wrap(key)?);
                    secrets::keep_key(transaction, by, key, row.generation).await?;
                }
            }
            secrets::keep_key(transaction, by.clone(), &brought, generation).await?;
            secrets::keep_key(transaction, (master.name(), master.wrap(&brought)?), &brought, generation)
                .await
        })
        .await?;
        ring.newest = (generation, next.name);
        ring.keys.insert(next.name, next);
        ring.master = new.clone();
        self.vault.set(ring);
        Ok(())
    }

    /// Seals with the newest key whatever is sealed with another. Nodes that do not know that key yet (they look
    /// every [`KEYS_EVERY`](crate::KEYS_EVERY)) may seal with the one before meanwhile: walk once more then.
    pub async fn reseal(&self) -> Result<Resealed, Fault> {
        let mut all = Resealed::default();
        for column in SEALED {
            let mut after: Vec<Value> = Vec::new();
            loop {
                let (some, last) = self.reseal_batch(column, after).await?;
                all.values += some.values;
                all.lost += some.lost;
                let Some(last) = last else { break };
                after = last;
            }
        }
        Ok(all)
    }

    /// Forgets every way to the secrets but the new master key, and the data keys that no value needs. The one
    /// before the newest is kept: something may have been sealed with it while the walk was under way.
    pub async fn finish_rekey(&self) -> Result<(), Fault> {
        let ring = self.vault.ring()?;
        let (master, newest) = (ring.master.name(), ring.newest);
        let newest_id = ring.newest()?.hex();
        self.write(async move |transaction| {
            let rows = secrets::wrapped(transaction).await?;
            let ours = rows.iter().any(|row| row.id == newest_id && row.master == master);
            if !ours || rows.iter().any(|row| row.generation > newest.0) {
                return Err(Fault::Sealed("its keys are being changed by somebody else"));
            }
            let sql = "DELETE FROM sealing_keys WHERE master <> $1 OR generation < $2";
            let arguments = [Value::text(&master), Value::Integer(newest.0.saturating_sub(1))];
            transaction.rows(sql, &arguments).await.map(drop)
        })
        .await
    }

    /// Seals some rows anew, from the one that comes after `after`, and says which was the last.
    async fn reseal_batch(
        &self,
        column: &'static SealedColumn,
        after: Vec<Value>,
    ) -> Result<(Resealed, Option<Vec<Value>>), Fault> {
        let ring = self.vault.ring()?;
        self.write(async move |transaction| {
            let rows = some(transaction, column, &after).await?;
            let mut came = Resealed::default();
            let mut last = None;
            for row in &rows {
                let sealed = row.bytes(0)?;
                let place = place(row, column)?;
                last = Some(place.iter().map(|part| Value::text(part)).collect::<Vec<_>>());
                if sealed.is_empty() || seal::name_in(sealed) == Some(ring.newest.1) {
                    continue;
                }
                let bound = bound(column, &place)?;
                let key = seal::name_in(sealed).and_then(|name| ring.keys.get(&name));
                match key.map(|key| key.open(&bound, sealed)) {
                    Some(Ok(plain)) => {
                        let sealed = ring.newest()?.seal(&bound, plain.expose())?;
                        update(transaction, column, &place, sealed).await?;
                        came.values += 1;
                    }
                    Some(Err(_)) | None => came.lost += 1,
                }
            }
            Ok((came, last))
        })
        .await
    }
}

fn place<'a>(row: &'a Row, column: &SealedColumn) -> Result<Vec<&'a str>, Fault> {
    (1..=column.place.len()).map(|part| row.text(part)).collect()
}

async fn some(
    transaction: &mut Transaction<'_>,
    column: &SealedColumn,
    after: &[Value],
) -> Result<Vec<Row>, Fault> {
    let SealedColumn { table, column, place } = column;
    let place = place.join(", ");
    let later = if after.is_empty() {
        String::new()
    } else {
        let numbers: Vec<String> = (1..=after.len()).map(|number| format!("${number}")).collect();
        format!("WHERE ({place}) > ({})", numbers.join(", "))
    };
    let sql = format!("SELECT {column}, {place} FROM {table} {later} ORDER BY {place} LIMIT {BATCH}");
    transaction.rows(&sql, after).await
}

async fn update(
    transaction: &mut Transaction<'_>,
    column: &SealedColumn,
    place: &[&str],
    sealed: Vec<u8>,
) -> Result<(), Fault> {
    let named: Vec<String> =
        column.place.iter().enumerate().map(|(number, name)| format!("{name} = ${}", number + 2)).collect();
    let sql = format!("UPDATE {} SET {} = $1 WHERE {}", column.table, column.column, named.join(" AND "));
    let mut arguments = vec![Value::Bytes(sealed)];
    arguments.extend(place.iter().map(|part| Value::text(part)));
    transaction.rows(&sql, &arguments).await.map(drop)
}
