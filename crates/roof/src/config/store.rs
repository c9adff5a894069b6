//! `store:`, `counters:` and `secrets:`

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, de::Error as _};

use super::value::SecretReference;

/// Where records are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Store {
    /// `memory`: gone with the process.
    Memory,
    /// `sqlite:PATH`, relative to lobby.yaml.
    Sqlite(PathBuf),
    /// `postgres://…`
    Postgres(String),
}

impl<'de> Deserialize<'de> for Store {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            Some(("postgres" | "postgresql", rest)) if rest.len() > 2 && rest.starts_with("//") => {
                Ok(Self::Postgres(text))
            }
            // The text may hold a password: it is not repeated.
            _ => Err(D::Error::custom("a store is `memory`, `sqlite:PATH` or `postgres://…`")),
        }
    }
}

/// Where limits are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counters {
    /// `memory`: in this process.
    Memory,
    /// `valkey://…`: shared by a cluster.
    Valkey,
}

impl<'de> Deserialize<'de> for Counters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "memory" => Ok(Self::Memory),
            text if text.starts_with("valkey://") => Ok(Self::Valkey),
            _ => Err(D::Error::custom("counters are `memory` or `valkey://…`")),
        }
    }
}

/// What records are sealed with.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Secrets {
    /// The key; default: `<store>.key`, made at the first start.
    pub(crate) key: Option<SecretReference>,
}
