use std::io::Write;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value as Json, json};

use crate::{
    Fault, Store,
    migration::names,
    secrets,
    tables::{Table, tables},
    transaction::Transaction,
    value::{Row, Value},
};

/// The form of the lines; another one is another number.
pub(crate) const VERSION: u64 = 1;
/// The kind of the lines that hold wrapped keys.
pub(crate) const SEALING_KEY: &str = "sealing_key";
/// Rows that are in memory at once.
const PAGE: usize = 512;

impl Store {
    /// Writes every record, as it is at one moment, a line of JSON each; before them a line that says what this
    /// is. Secrets stay sealed: whoever imports them needs the master key that this store has now. Says how many
    /// records there are.
    pub async fn export(&self, out: impl Write + Send + 'static) -> Result<u64, Fault> {
        let tables = tables().await?;
        self.snapshot(async move |transaction| {
            let mut out = out;
            line(&mut out, &json!({ "lobby": "export", "version": VERSION, "migrations": names().collect::<Vec<_>>() }))?;
            for key in secrets::wrapped(transaction).await? {
                let wrapped = URL_SAFE_NO_PAD.encode(&key.key);
                let (id, master, generation) = (key.id, key.master, key.generation);
                let key = json!({
                    "kind": SEALING_KEY, "id": id, "master": master, "generation": generation, "wrapped": wrapped,
                });
                line(&mut out, &key)?;
            }
            let mut count = 0;
            for table in &tables {
                count += export_table(transaction, table, &mut out).await?;
            }
            out.flush()?;
            Ok(count)
        })
        .await
    }
}

async fn export_table(
    transaction: &mut Transaction<'_>,
    table: &Table,
    out: &mut impl Write,
) -> Result<u64, Fault> {
    let (columns, key) = (table.list(), table.key());
    let mut after: Vec<Value> = Vec::new();
    let mut count = 0;
    loop {
        let later = if after.is_empty() {
            String::new()
        } else {
            let numbers: Vec<String> = (1..=after.len()).map(|number| format!("${number}")).collect();
            format!("WHERE ({key}) > ({})", numbers.join(", "))
        };
        let sql = format!("SELECT {columns} FROM {} {later} ORDER BY {key} LIMIT {PAGE}", table.name);
        let rows = transaction.rows(&sql, &after).await?;
        let Some(last) = rows.last() else { return Ok(count) };
        let named = table.columns.iter().zip(&last.0);
        after = named.filter(|(column, _)| column.is_key).map(|(_, value)| value.clone()).collect();
        for found in &rows {
            line(out, &record(table, found))?;
            count += 1;
        }
        if rows.len() < PAGE {
            return Ok(count);
        }
    }
}

fn record(table: &Table, row: &Row) -> Json {
    let mut record = Map::new();
    record.insert("kind".to_owned(), table.kind.into());
    // A key says instead which kind of key it is: `api_key`, `app_password`.
    for (column, value) in table.columns.iter().zip(&row.0) {
        let value = match value {
            Value::Integer(number) => (*number).into(),
            Value::Text(text) => text.as_str().into(),
            Value::Bytes(bytes) => URL_SAFE_NO_PAD.encode(bytes).into(),
        };
        record.insert(column.name.clone(), value);
    }
    Json::Object(record)
}

fn line(out: &mut impl Write, value: &Json) -> Result<(), Fault> {
    Ok(writeln!(out, "{value}")?)
}
