use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::{Fault, migration::names, sqlite::rows, value::Value};

/// Copies the database in the file `from` to `to`, as it is at one moment, while servers go on with it. `to` is a
/// file that is empty or not there; secrets in it stay sealed.
pub fn back_up(from: &Path, to: &Path) -> Result<(), Fault> {
    let to = to.to_str().ok_or(Fault::Record("the name of the copy is no text"))?;
    let connection = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(std::time::Duration::from_secs(30))?;
    rows(&connection, "VACUUM INTO $1", &[Value::text(to)]).map(drop)
}

/// Whether a file is a whole database of Lobby, of this version or of one before it.
pub fn check(file: &Path) -> Result<(), Fault> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let found = rows(&connection, "PRAGMA integrity_check", &[])?;
    if found.first().map(|row| row.text(0)).transpose()? != Some("ok") {
        return Err(Fault::Record("the file is damaged"));
    }
    let ours = rows(&connection, "SELECT name FROM sqlite_master WHERE name = 'migrations'", &[])?;
    let done = match ours.first() {
        Some(_) => rows(&connection, "SELECT name FROM migrations ORDER BY name", &[])?,
        None => Vec::new(),
    };
    if done.is_empty() {
        return Err(Fault::Record("the file is no database of Lobby"));
    }
    for row in &done {
        let name = row.text(0)?;
        if !names().any(|known| known == name) {
            return Err(Fault::Newer(name.to_owned()));
        }
    }
    Ok(())
}

/// Whether a database has the newest form: opening it does not change that.
pub fn is_newest(file: &Path) -> Result<bool, Fault> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let done = rows(&connection, "SELECT name FROM migrations", &[])?;
    Ok(done.len() >= names().count())
}

/// Makes sure that nobody has the database in this file open, and that all of it is in this one file.
pub fn let_go(file: &Path) -> Result<(), Fault> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let mode = rows(&connection, "PRAGMA journal_mode = DELETE", &[])?;
    match mode.first().map(|row| row.text(0)).transpose()? {
        Some("delete") => Ok(()),
        Some(_) | None => Err(Fault::Record("it is in use")),
    }
}
