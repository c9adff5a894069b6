use std::path::PathBuf;

use clap::Args;

use crate::config::value;

/// Where a running Lobby is.
#[derive(Debug, Clone, Args)]
pub(crate) struct Server {
    /// A running Lobby.
    #[arg(
        long = "server",
        env = "LOBBY_SERVER",
        value_name = "URL",
        default_value = "http://127.0.0.1:4010"
    )]
    pub(crate) url: String,
    /// The control token of a Lobby on another machine.
    #[arg(
        long,
        env = "LOBBY_CONTROL_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        value_parser = value::bearer
    )]
    pub(crate) control_token: Option<String>,
    /// The sandbox; default `main`.
    #[arg(long = "in", env = "LOBBY_SANDBOX", value_name = "NAME")]
    pub(crate) sandbox: Option<model::SandboxName>,
    /// Where the local certificate authority is kept, for a Lobby with --tls.
    #[arg(long, env = "LOBBY_CA_DIR", value_name = "DIR")]
    pub(crate) ca_dir: Option<PathBuf>,
}
