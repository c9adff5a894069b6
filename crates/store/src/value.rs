use model::{RealmId, Timestamp};
use thiserror::Error;

/// Something that the store could not do: the machine's fault or ours, never a stranger's.
#[derive(Debug, Error)]
pub enum Fault {
    /// SQLite refused.
    #[error("the database refused: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL refused, or cannot be reached.
    #[error("the database refused: {0}")]
    Postgres(#[from] sqlx::Error),
    /// A record does not have the form that it was written in.
    #[error("a stored record cannot be read: {0}")]
    Record(&'static str),
    /// A record cannot be written or read as JSON.
    #[error("a stored record is no JSON of its kind")]
    Json(#[from] serde_json::Error),
    /// What was read cannot be written elsewhere.
    #[error("cannot write: {0}")]
    Write(#[from] std::io::Error),
    /// The writer is gone: the store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// The group that this was written in could not be committed.
    #[error("the database could not commit: {0}")]
    Commit(String),
    /// The database was written by a newer Lobby.
    #[error("the database has the migration {0}, which this version does not know")]
    Newer(String),
    /// What seals the store's secrets was not handed in.
    #[error("the key of the store's secrets was not given")]
    Locked,
    /// The store's secrets were sealed with another key.
    #[error("the key is not the one that the store's secrets are sealed with")]
    WrongKey,
    /// A secret cannot be sealed, or does not open.
    #[error("a sealed value cannot be used: {0}")]
    Sealed(&'static str),
}

impl Fault {
    /// Whether the same may succeed in a moment: the database is full, locked, restarting or out of reach. The
    /// answer to it is a 503; to all else a 500.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Sqlite(error) => {
                use rusqlite::ErrorCode::{
                    CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, ReadOnly, SystemIoFailure,
                };
                error.sqlite_error_code().is_some_and(|code| {
                    matches!(
                        code,
                        DiskFull | DatabaseBusy | DatabaseLocked | SystemIoFailure | CannotOpen | ReadOnly
                    )
                })
            }
            Self::Postgres(error) => match error {
                sqlx::Error::Database(error) => error.code().is_some_and(|code| {
                    // Class 08 is the connection, 40 a conflict, 53 resources, 57 an operator, 58 the system.
                    ["08", "40", "53", "57", "58"].iter().any(|class| code.starts_with(class))
                }),
                sqlx::Error::Io(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::Protocol(_) => true,
                _ => false,
            },
            Self::Commit(_) | Self::Closed => true,
            Self::Record(_)
            | Self::Json(_)
            | Self::Write(_)
            | Self::Newer(_)
            | Self::Locked
            | Self::WrongKey
            | Self::Sealed(_) => false,
        }
    }

    /// Whether something that one record alone may have is another's.
    pub(crate) fn is_taken(&self) -> bool {
        match self {
            Self::Sqlite(error) => error.sqlite_error().is_some_and(|error| {
                [rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE, rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY]
                    .contains(&error.extended_code)
            }),
            Self::Postgres(sqlx::Error::Database(error)) => error.is_unique_violation(),
            _ => false,
        }
    }

    /// Whether two transactions of PostgreSQL got into each other's way, and this one must be done again.
    pub(crate) fn is_conflict(&self) -> bool {
        match self {
            Self::Postgres(sqlx::Error::Database(error)) => {
                error.code().is_some_and(|code| code == "40001" || code == "40P01")
            }
            Self::Sqlite(_)
            | Self::Postgres(_)
            | Self::Record(_)
            | Self::Json(_)
            | Self::Write(_)
            | Self::Closed
            | Self::Commit(_)
            | Self::Newer(_)
            | Self::Locked
            | Self::WrongKey
            | Self::Sealed(_) => false,
        }
    }
}

/// A value in a column: only what SQLite and PostgreSQL share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Value {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(crate) fn bytes(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }

    pub(crate) fn flag(flag: bool) -> Self {
        Self::Integer(i64::from(flag))
    }
}

/// The parameters `$1` to `$4` of one page of a list that is ordered by a time and a name: after the one that the
/// page before ended with, at most so many.
pub(crate) fn page(realm: &RealmId, after: Option<(Timestamp, &str)>, most: u32) -> [Value; 4] {
    let (since, name) = after.map_or((i64::MIN, ""), |(since, name)| (since.as_micros(), name));
    [Value::text(realm.as_str()), Value::Integer(since), Value::text(name), Value::Integer(most.into())]
}

/// One row, by column position.
pub(crate) struct Row(pub(crate) Vec<Value>);

impl Row {
    pub(crate) fn integer(&self, column: usize) -> Result<i64, Fault> {
        match self.0.get(column) {
            Some(Value::Integer(number)) => Ok(*number),
            Some(Value::Text(_) | Value::Bytes(_)) | None => Err(Fault::Record("a number is missing")),
        }
    }

    pub(crate) fn flag(&self, column: usize) -> Result<bool, Fault> {
        Ok(self.integer(column)? != 0)
    }

    pub(crate) fn text(&self, column: usize) -> Result<&str, Fault> {
        match self.0.get(column) {
            Some(Value::Text(text)) => Ok(text),
            Some(Value::Integer(_) | Value::Bytes(_)) | None => Err(Fault::Record("a text is missing")),
        }
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<&[u8], Fault> {
        match self.0.get(column) {
            Some(Value::Bytes(bytes)) => Ok(bytes),
            Some(Value::Integer(_) | Value::Text(_)) | None => Err(Fault::Record("bytes are missing")),
        }
    }
}
