use crate::{Fault, Store, transaction::Transaction, value::Value};

/// Every table of records: the kind that a line of an export names, and the table. All of it that is a realm's
/// goes with the realm.
pub(crate) const KINDS: &[(&str, &str)] = &[
    ("user", "users"),
    ("secret", "secrets"),
    ("session", "sessions"),
    ("consent", "consents"),
    ("family", "families"),
    ("code", "codes"),
    ("device", "devices"),
    ("pushed", "pushed"),
    ("revocation", "revocations"),
    ("passkey", "passkeys"),
    ("totp", "totp"),
    ("totp_step", "totp_steps"),
    ("recovery_code", "recovery_codes"),
    ("email_code", "email_codes"),
    ("remembered_browser", "remembered_browsers"),
    ("passkey_offer", "passkey_offers"),
    ("ceremony", "ceremonies"),
    ("link", "links"),
    ("mail", "mails"),
    ("activity", "activities"),
    ("client", "clients"),
    ("key", "keys"),
    ("key_use", "key_uses"),
    ("audit", "audit"),
    ("setup", "setups"),
];

/// A column whose values are sealed, and the columns of its row that they are bound to.
pub(crate) struct SealedColumn {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    /// Texts, which together name the row.
    pub(crate) place: &'static [&'static str],
}

/// Every sealed column: a rekey walks them, and an import seals them anew.
pub(crate) const SEALED: &[SealedColumn] = &[
    SealedColumn { table: "secrets", column: "sealed", place: &["realm", "name"] },
    SealedColumn { table: "totp", column: "sealed", place: &["realm", "user_id"] },
];

/// A table as the newest migration leaves it.
pub(crate) struct Table {
    pub(crate) kind: &'static str,
    pub(crate) name: &'static str,
    pub(crate) columns: Vec<Column>,
}

/// One of its columns.
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) form: Form,
    /// Whether it is part of the primary key.
    pub(crate) is_key: bool,
    /// What a row has that says nothing.
    pub(crate) default: Option<Value>,
}

/// What a column holds, and so how JSON writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A string.
    Text,
    /// A number.
    Integer,
    /// A string of base64url.
    Bytes,
}

impl Table {
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Its columns, the first `,` the second.
    pub(crate) fn list(&self) -> String {
        self.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Its key, likewise.
    pub(crate) fn key(&self) -> String {
        let key = self.columns.iter().filter(|column| column.is_key);
        key.map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// Reads the tables' columns from a database in memory, which the same migrations made: there is no second list.
pub(crate) async fn tables() -> Result<Vec<Table>, Fault> {
    let store = Store::in_memory()?;
    let mut tables = Vec::new();
    for (kind, name) in KINDS {
        let columns = store.read(async move |transaction| columns(transaction, name).await).await?;
        tables.push(Table { kind, name, columns });
    }
    Ok(tables)
}

async fn columns(transaction: &mut Transaction<'_>, table: &str) -> Result<Vec<Column>, Fault> {
    let sql = "SELECT name, type, pk, COALESCE(dflt_value, ' ') FROM pragma_table_info($1) ORDER BY cid";
    let rows = transaction.rows(sql, &[Value::text(table)]).await?;
    let read = rows.iter().map(|row| {
        let form = match row.text(1)? {
            "TEXT" => Form::Text,
            "BIGINT" => Form::Integer,
            "BYTEA" => Form::Bytes,
            _ => return Err(Fault::Record("a column of no kind of ours")),
        };
        let default = match (form, row.text(3)?) {
            (_, " ") => None,
            (Form::Integer, number) => number.parse().ok().map(Value::Integer),
            (Form::Text, text) => Some(Value::text(text.trim_matches('\''))),
            (Form::Bytes, _) => Some(Value::Bytes(Vec::new())),
        };
        Ok(Column { name: row.text(0)?.to_owned(), form, is_key: row.integer(2)? != 0, default })
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by every start, or exported in a way of their own.
    const OTHERS: [&str; 2] = ["migrations", "sealing_keys"];

    #[tokio::test]
    async fn every_table_is_a_realms_and_exported_and_every_sealed_column_is_there() {
        let store = Store::in_memory().unwrap();
        let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
        let rows = store.read(async |transaction| transaction.rows(sql, &[]).await).await.unwrap();
        for row in rows {
            let name = row.text(0).unwrap().to_owned();
            let known = OTHERS.contains(&&*name) || KINDS.iter().any(|(_, table)| *table == name);
            assert!(known, "{name} has no line in KINDS: a realm would leave it, an export would lose it");
        }
        let tables = tables().await.unwrap();
        for table in &tables {
            assert!(table.column("realm").is_some_and(|realm| realm.is_key), "{} is of no realm", table.name);
        }
        for sealed in SEALED {
            let table = tables.iter().find(|table| table.name == sealed.table).unwrap();
            assert_eq!(table.column(sealed.column).unwrap().form, Form::Bytes);
            for part in sealed.place {
                assert_eq!(table.column(part).unwrap().form, Form::Text, "{part} names the row");
            }
        }
    }
}
