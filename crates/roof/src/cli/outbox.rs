use clap::Args;

use super::{Format, Server};

/// `lobby outbox`
#[derive(Debug, Args)]
pub(crate) struct Outbox {
    /// Only mails to this address.
    #[arg(long, value_name = "ADDRESS", env = "LOBBY_TO")]
    pub(crate) to: Option<String>,
    /// How the result is written.
    #[arg(long, env = "LOBBY_FORMAT", value_enum, default_value = "text")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) server: Server,
}
