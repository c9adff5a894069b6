use clap::Args;

use super::{Format, Server};

/// `lobby inspect`
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// The token; `-` reads it from standard input.
    #[arg(value_name = "TOKEN")]
    pub(crate) token: String,
    /// Only what this operation would answer.
    #[arg(long = "for", value_name = "OPERATION", env = "LOBBY_FOR")]
    pub(crate) operation: Option<String>,
    /// How the result is written.
    #[arg(long, env = "LOBBY_FORMAT", value_enum, default_value = "text")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) server: Server,
}
