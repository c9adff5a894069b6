//! What the commands on a store take: `backup`, `restore`, `export`, `import`, `rekey`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::config::value::SecretReference;

/// Which store: the one that lobby.yaml names (`--config`), or a mock's.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// The folder that a mock keeps its store in (`lobby mock --state DIR`).
    #[arg(long, env = "LOBBY_STATE", value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
}

/// `lobby backup`
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The copy, which must not be there.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) which: Which,
}

/// `lobby restore`
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// A copy that `lobby backup` made.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Put it in the place of a store that is there, and is lost.
    #[arg(long, env = "LOBBY_FORCE")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) which: Which,
}

/// `lobby export`
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Where to, a new file; `-` is standard output.
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) which: Which,
}

/// `lobby import`
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// What to read; `-` is standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) file: PathBuf,
    /// Who wrote it.
    #[arg(long, env = "LOBBY_FROM", value_enum, default_value = "lobby")]
    pub(crate) from: From,
    /// The key of the store that was exported, where it has another: `${NAME}` or `file:PATH`.
    #[arg(long, env = "LOBBY_SOURCE_KEY", value_name = "KEY", value_parser = reference)]
    pub(crate) source_key: Option<SecretReference>,
    /// The realm that another product's users come into.
    #[arg(long, env = "LOBBY_REALM", default_value = "main")]
    pub(crate) realm: String,
    /// Firebase's hash parameters, a file as its console shows them.
    #[arg(long, env = "LOBBY_HASH_CONFIG", value_name = "FILE", required_if_eq("from", "firebase"))]
    pub(crate) hash_config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) which: Which,
}

/// Who wrote what is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum From {
    /// `lobby export`: every record.
    Lobby,
    /// A realm export of Keycloak: users.
    Keycloak,
    /// A user export of Auth0, a JSON object a line.
    Auth0,
    /// `firebase auth:export users.json`.
    Firebase,
}

/// `lobby rekey`
#[derive(Debug, Args)]
pub(crate) struct Rekey {
    /// The new key: `${NAME}` or `file:PATH`. Without it one is made, where the old one lies in a file.
    #[arg(long, env = "LOBBY_NEW_KEY", value_name = "KEY", value_parser = reference)]
    pub(crate) new_key: Option<SecretReference>,
    #[command(flatten)]
    pub(crate) which: Which,
}

fn reference(text: &str) -> Result<SecretReference, &'static str> {
    SecretReference::parse(text)
        .ok_or("a key is never written on the command line; write ${NAME} or file:PATH")
}
