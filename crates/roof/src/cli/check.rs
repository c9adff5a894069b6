use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `lobby check`
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// OpenAPI documents; default: those of lobby.yaml.
    #[arg(value_name = "FILE", env = "LOBBY_FILES", value_delimiter = ',')]
    pub(crate) files: Vec<String>,
    /// How findings are written.
    #[arg(long, env = "LOBBY_FORMAT", value_enum, default_value = "text")]
    pub(crate) format: Report,
    /// Print operation × requirement × persona, with the verdict that each would get.
    #[arg(long, env = "LOBBY_TABLE")]
    pub(crate) table: bool,
    /// Exit with 1 when there is a finding of this kind or worse.
    #[arg(long, env = "LOBBY_FAIL_ON", value_enum, default_value = "warning")]
    pub(crate) fail_on: FailOn,
    /// The folder below which files may be read; default: each document's own.
    #[arg(long, env = "LOBBY_ROOT", value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Fetch `$ref`s and documents over http and https.
    #[arg(long, env = "LOBBY_ALLOW_REMOTE_REFS")]
    pub(crate) allow_remote_refs: bool,
}

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Report {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For code scanning (SARIF 2.1.0).
    Sarif,
}

/// From which kind of finding on `lobby check` fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Any finding.
    Note,
    /// A warning or an error.
    Warning,
    /// An error.
    Error,
    /// Never, but for what cannot be read.
    Never,
}
