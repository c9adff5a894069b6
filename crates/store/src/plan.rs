//! In debug builds, and so in every test, a statement that somebody waits for must not read a whole realm: among
//! few users nobody would notice.

use rusqlite::Connection;

use crate::Fault;

/// Tables that stay small however many users there are.
const SMALL: [&str; 8] =
    ["clients", "mails", "migrations", "notes", "sealing_keys", "secrets", "setups", "sqlite_master"];

/// Fails where SQLite reads a table from its beginning to its end, or all that a realm has in it.
pub(crate) fn check(connection: &Connection, sql: &str) -> Result<(), Fault> {
    if !["SELECT", "UPDATE", "DELETE", "INSERT"].iter().any(|word| sql.starts_with(word)) {
        return Ok(());
    }
    let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    let mut steps = explained.raw_query();
    let mut details: Vec<String> = Vec::new();
    while let Some(step) = steps.next()? {
        details.push(step.get(3)?);
    }
    // One that stops after so many rows, as its index has them, reads no more than those.
    let is_paged = sql.contains(" LIMIT ") && !details.iter().any(|step| step.contains("B-TREE"));
    let whole = details.iter().find(|step| reads_all(step) && !is_paged);
    assert!(whole.is_none(), "a statement reads a whole table: {whole:?}\n{sql}");
    Ok(())
}

fn reads_all(step: &str) -> bool {
    let mut words = step.split(' ');
    let (how, table) = (words.next(), words.next().unwrap_or_default());
    let is_table = crate::tables::KINDS.iter().any(|(_, name)| *name == table) && !SMALL.contains(&table);
    is_table && (how == Some("SCAN") || step.ends_with("(realm=?)"))
}
