use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value as Json};
use thiserror::Error;

use crate::{
    Fault, KeyKind, MasterKey, Store,
    export::{SEALING_KEY, VERSION},
    migration::names,
    seal::{self, KeyName},
    secrets::{Ring, Wrapped, bound},
    tables::{Column, Form, SEALED, SealedColumn, Table, tables},
    value::Value,
};

/// How many lines are written in one transaction.
const BATCH: usize = 1000;

/// Why an import ended: everything before its last whole batch is in the store, and the same file may be read
/// again once the reason is gone.
#[derive(Debug, Error)]
#[error("line {line}: {why}")]
pub struct Refused {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub why: String,
}

/// Takes an export, line by line; a record replaces the one of the same key, so that taking it twice is taking it
/// once. What it was sealed with is sealed anew with this store's key.
pub struct Import {
    store: Store,
    tables: Vec<Table>,
    /// What opens the values of the export.
    source: Option<Ring>,
    wrapped: Vec<Wrapped>,
    line: u64,
    began: bool,
    waiting: Vec<Waiting>,
    taken: BTreeMap<&'static str, u64>,
    /// Whether each realm had an audit trail before.
    trails: BTreeMap<String, bool>,
    left: u64,
    kept: u64,
}

/// What becomes of a record whose key is there already.
enum Twice {
    Replaced,
    Stays,
}

/// What came of an import.
#[derive(Debug, Default)]
pub struct Taken {
    /// How many records of each kind were taken.
    pub records: BTreeMap<&'static str, u64>,
    /// How many were there already, and stayed as they were.
    pub kept: u64,
    /// How many entries of an audit trail were left out: the store has one of its own.
    pub left: u64,
}

/// A record that is read and not yet written.
struct Waiting {
    kind: &'static str,
    line: u64,
    /// What it is called.
    called: String,
    sql: String,
    values: Vec<Value>,
}

impl Store {
    /// Begins to take an export. `source` is the master key of the store that it was made from, where that is not
    /// this one's: only what is sealed needs it.
    pub async fn import(&self, source: Option<MasterKey>) -> Result<Import, Fault> {
        let master = match source {
            Some(master) => Some(master),
            None => self.vault.ring().ok().map(|ring| ring.master.clone()),
        };
        let source =
            master.map(|master| Ring { master, keys: BTreeMap::new(), newest: (0, KeyName::default()) });
        Ok(Import {
            store: self.clone(),
            tables: tables().await?,
            source,
            wrapped: Vec::new(),
            line: 0,
            began: false,
            waiting: Vec::new(),
            taken: BTreeMap::new(),
            trails: BTreeMap::new(),
            left: 0,
            kept: 0,
        })
    }
}

impl Import {
    /// Takes one line. An empty one is none.
    pub async fn line(&mut self, text: &str) -> Result<(), Refused> {
        self.line += 1;
        if text.trim().is_empty() {
            return Ok(());
        }
        let record = match serde_json::from_str(text) {
            Ok(Json::Object(record)) => record,
            Ok(_) => return Err(self.refused("it is no JSON object")),
            Err(error) => return Err(self.refused(format!("it is no JSON: {error}"))),
        };
        if !self.began {
            self.head(&record)?;
            self.began = true;
            return Ok(());
        }
        self.record(&record, &Twice::Replaced).await
    }

    /// Takes one record that another format's reader made, as a line of its own. One that is there already stays
    /// as it is: what its owner or an administrator changed since is newer.
    pub async fn made(&mut self, line: u64, record: &Map<String, Json>) -> Result<(), Refused> {
        (self.line, self.began) = (line, true);
        self.record(record, &Twice::Stays).await
    }

    /// Writes what still waits; says what came of it.
    pub async fn finish(mut self) -> Result<Taken, Refused> {
        self.write().await?;
        Ok(Taken { records: self.taken, kept: self.kept, left: self.left })
    }

    /// Whether the realm of an entry had an audit trail before the import: nothing is put into one.
    async fn has_trail(&mut self, entry: &Map<String, Json>) -> Result<bool, Refused> {
        let Some(realm) = entry.get("realm").and_then(Json::as_str) else { return Ok(false) };
        if let Some(known) = self.trails.get(realm) {
            return Ok(*known);
        }
        let of = Value::text(realm);
        let there = self.store.read(async move |transaction| {
            let sql = "SELECT number FROM audit WHERE realm = $1 ORDER BY number LIMIT 1";
            Ok(!transaction.rows(sql, std::slice::from_ref(&of)).await?.is_empty())
        });
        let there = there.await.map_err(|fault| self.refused(fault.to_string()))?;
        self.trails.insert(realm.to_owned(), there);
        Ok(there)
    }

    fn refused(&self, why: impl Into<String>) -> Refused {
        Refused { line: self.line, why: why.into() }
    }

    fn head(&self, head: &Map<String, Json>) -> Result<(), Refused> {
        if head.get("lobby").and_then(Json::as_str) != Some("export") {
            return Err(self.refused("this is no export of Lobby: its first line says so"));
        }
        if head.get("version").and_then(Json::as_u64) != Some(VERSION) {
            return Err(self.refused(format!("this version reads exports of version {VERSION} alone")));
        }
        let of = head.get("migrations").and_then(Json::as_array).into_iter().flatten();
        let unknown = of.filter_map(Json::as_str).find(|name| !names().any(|known| known == *name));
        match unknown {
            Some(name) => {
                Err(self.refused(format!("it has the migration {name}, which this version does not know")))
            }
            None => Ok(()),
        }
    }

    async fn record(&mut self, record: &Map<String, Json>, twice: &Twice) -> Result<(), Refused> {
        let Some(kind) = record.get("kind").and_then(Json::as_str) else {
            return Err(self.refused("it has no `kind`"));
        };
        if kind == SEALING_KEY {
            return self.sealing_key(record);
        }
        // A key's line says which kind of key it is.
        let named = if KeyKind::parse(kind).is_ok() { "key" } else { kind };
        let Some(table) = self.tables.iter().find(|table| table.kind == named) else {
            return Err(self.refused(format!("there is no kind `{kind}`")));
        };
        let (kind, sql) = (table.kind, upsert(table, twice));
        if table.name == "audit" && self.has_trail(record).await? {
            self.left += 1;
            return Ok(());
        }
        let Some(table) = self.tables.iter().find(|table| table.kind == kind) else { return Ok(()) };
        let values = self.values(table, record).map_err(|why| self.refused(why))?;
        // What people call it, where there is such a thing.
        let mut texts =
            ["name", "email", "id", "client"].iter().filter_map(|name| record.get(*name)?.as_str());
        let called = texts.find(|text| !text.is_empty()).unwrap_or_default().to_owned();
        self.waiting.push(Waiting { kind, line: self.line, called, sql, values });
        if self.waiting.len() >= BATCH { self.write().await } else { Ok(()) }
    }

    fn sealing_key(&mut self, record: &Map<String, Json>) -> Result<(), Refused> {
        let text = |name| record.get(name).and_then(Json::as_str);
        let read = || {
            Some(Wrapped {
                id: text("id")?.to_owned(),
                master: text("master")?.to_owned(),
                generation: record.get("generation")?.as_i64()?,
                key: URL_SAFE_NO_PAD.decode(text("wrapped")?).ok()?,
            })
        };
        let Some(key) = read() else {
            return Err(self.refused("a sealing key has an id, master, generation, wrapped"));
        };
        self.wrapped.push(key);
        self.wrapped.sort_by_key(|key| key.generation);
        let taken = self.source.as_mut().map_or(Ok(()), |source| source.take(&self.wrapped));
        taken.map_err(|fault| self.refused(fault.to_string()))
    }

    fn values(&self, table: &Table, record: &Map<String, Json>) -> Result<Vec<Value>, String> {
        let is_known = |name: &str| name == "kind" || table.column(name).is_some();
        if let Some(unknown) = record.keys().find(|name| !is_known(name)) {
            return Err(format!("a {} has no `{unknown}`", table.kind));
        }
        let mut values = Vec::new();
        for column in &table.columns {
            let value = match (record.get(&column.name), &column.default) {
                (Some(json), _) => value(column, json)?,
                (None, Some(default)) => default.clone(),
                (None, None) => return Err(format!("`{}` is missing", column.name)),
            };
            values.push(value);
        }
        for sealed in SEALED.iter().filter(|sealed| sealed.table == table.name) {
            self.reseal(table, sealed, &mut values)?;
        }
        Ok(values)
    }

    /// Opens a value with the source's key and seals it with the store's.
    fn reseal(&self, table: &Table, sealed: &SealedColumn, values: &mut [Value]) -> Result<(), String> {
        let at = |name: &str| table.columns.iter().position(|column| column.name == name);
        let text = |name: &&'static str| match at(name).and_then(|at| values.get(at)) {
            Some(Value::Text(text)) => Ok(text.as_str()),
            Some(Value::Integer(_) | Value::Bytes(_)) | None => Err(format!("`{name}` is no text")),
        };
        let place = sealed.place.iter().map(text).collect::<Result<Vec<_>, _>>()?;
        let Some(Value::Bytes(bytes)) = at(sealed.column).and_then(|at| values.get(at)) else {
            return Err(format!("`{}` is missing", sealed.column));
        };
        if bytes.is_empty() {
            return Ok(());
        }
        let needs =
            || "its secret is sealed with the key of the store that was exported; name it with --source-key";
        let source = self.source.as_ref().ok_or_else(needs)?;
        let key = seal::name_in(bytes).and_then(|name| source.keys.get(&name)).ok_or_else(needs)?;
        let say = |fault: Fault| fault.to_string();
        let bound = bound(sealed, &place).map_err(say)?;
        let plain = key.open(&bound, bytes).map_err(say)?;
        let ring = self.store.vault.ring().map_err(say)?;
        let anew = ring.newest().and_then(|key| key.seal(&bound, plain.expose())).map_err(say)?;
        if let Some(value) = at(sealed.column).and_then(|at| values.get_mut(at)) {
            *value = Value::Bytes(anew);
        }
        Ok(())
    }

    /// Writes what waits, all of it or nothing.
    async fn write(&mut self) -> Result<(), Refused> {
        let waiting = std::mem::take(&mut self.waiting);
        if waiting.is_empty() {
            return Ok(());
        }
        let names: Vec<(u64, String)> =
            waiting.iter().map(|one| (one.line, format!("{} {}", one.kind, one.called))).collect();
        let at = Arc::new(AtomicUsize::new(0));
        let reached = at.clone();
        let written = self.store.write(async move |transaction| {
            let mut taken = Vec::new();
            for (place, record) in waiting.iter().enumerate() {
                at.store(place, Relaxed);
                let written = transaction.rows(&record.sql, &record.values).await?;
                taken.push((record.kind, !written.is_empty()));
            }
            Ok(taken)
        });
        let written = written.await.map_err(|fault| {
            let (line, name) = names.get(reached.load(Relaxed)).cloned().unwrap_or_default();
            let why = if fault.is_taken() {
                format!(
                    "{name}: the store has another with its name, its address, or whatever else only one may have; \
                     change or remove one of both"
                )
            } else {
                fault.to_string()
            };
            Refused { line, why }
        })?;
        for (kind, taken) in written {
            if taken { *self.taken.entry(kind).or_default() += 1 } else { self.kept += 1 }
        }
        Ok(())
    }
}

fn value(column: &Column, json: &Json) -> Result<Value, String> {
    let name = &column.name;
    let value = match (column.form, json) {
        (Form::Text, Json::String(text)) if text.contains('\0') => {
            return Err(format!("`{name}` has a NUL in it"));
        }
        (Form::Text, Json::String(text)) => Some(Value::text(text)),
        (Form::Integer, Json::Number(number)) => number.as_i64().map(Value::Integer),
        (Form::Bytes, Json::String(text)) => URL_SAFE_NO_PAD.decode(text).ok().map(Value::Bytes),
        (Form::Text | Form::Integer | Form::Bytes, _) => None,
    };
    value.ok_or_else(|| {
        let form = match column.form {
            Form::Text => "a text",
            Form::Integer => "a whole number",
            Form::Bytes => "bytes in base64url",
        };
        format!("`{name}` is not {form}")
    })
}

fn upsert(table: &Table, twice: &Twice) -> String {
    let numbers: Vec<String> = (1..=table.columns.len()).map(|number| format!("${number}")).collect();
    let rest = table.columns.iter().filter(|column| !column.is_key);
    let rest: Vec<String> = rest.map(|column| format!("{0} = excluded.{0}", column.name)).collect();
    let then = match twice {
        Twice::Stays => "NOTHING".to_owned(),
        // A table of keys alone: the row is written as it was.
        Twice::Replaced if rest.is_empty() => "UPDATE SET realm = excluded.realm".to_owned(),
        Twice::Replaced => format!("UPDATE SET {}", rest.join(", ")),
    };
    format!(
        "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO {then} RETURNING realm",
        table.name,
        table.list(),
        numbers.join(", "),
        table.key()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Location;

    /// A row of a table: nothing in it means anything, but a kind of key and what nothing is sealed in.
    fn row(table: &Table) -> Vec<Value> {
        let is_sealed =
            |name: &str| SEALED.iter().any(|sealed| sealed.table == table.name && sealed.column == name);
        let value = |column: &Column| match (&*column.name, column.form) {
            ("kind", _) => Value::text("app_password"),
            (name, Form::Bytes) if is_sealed(name) => Value::Bytes(Vec::new()),
            (name, Form::Text) => Value::text(name),
            (_, Form::Integer) => Value::Integer(7),
            (_, Form::Bytes) => Value::Bytes(vec![7; 32]),
        };
        table.columns.iter().map(value).collect()
    }

    async fn lines(store: &Store, folder: &std::path::Path) -> Vec<String> {
        let path = folder.join("export");
        store.export(std::fs::File::create(&path).unwrap()).await.unwrap();
        std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
    }

    async fn import(store: &Store, lines: &[String]) -> Taken {
        let mut import = store.import(None).await.unwrap();
        for line in lines {
            import.line(line).await.unwrap();
        }
        import.finish().await.unwrap()
    }

    #[tokio::test]
    async fn a_row_of_every_table_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Location::File(folder.path().join("a.db"))).await.unwrap();
        let tables = tables().await.unwrap();
        for table in &tables {
            let (sql, values) = (upsert(table, &Twice::Replaced), row(table));
            store
                .write(async move |transaction| transaction.rows(&sql, &values).await.map(drop))
                .await
                .unwrap();
        }
        let before = lines(&store, folder.path()).await;
        assert_eq!(before.len(), tables.len() + 1);
        let other = Store::in_memory().unwrap();
        let taken = import(&other, &before).await;
        assert_eq!((taken.records.len(), taken.left), (tables.len(), 0));
        assert_eq!(lines(&other, folder.path()).await, before);
        let record = serde_json::from_str::<Map<String, Json>>(&before[1]).unwrap();
        let mut another = record.clone();
        another["name"] = "another".into();
        let mut import = other.import(None).await.unwrap();
        import.made(1, &another).await.unwrap();
        assert_eq!(import.finish().await.unwrap().kept, 1, "{another:?}");
        assert_eq!(lines(&other, folder.path()).await, before);
        // Its audit trail is there by now, and stays as it is.
        assert_eq!(self::import(&other, &before).await.left, 1);
        assert_eq!(lines(&other, folder.path()).await, before);
    }
}
