use std::path::PathBuf;

use clap::Args;

use crate::config::value;

/// What opens the control API to other machines.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Control {
    /// What callers of the control API on other machines show.
    #[arg(
        id = "control-token",
        long = "control-token",
        env = "LOBBY_CONTROL_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        value_parser = value::bearer
    )]
    pub(crate) token: Option<String>,
}

/// Where a running Lobby is.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Server {
    /// A running Lobby; default: port 4010 of this machine.
    #[arg(long = "server", env = "LOBBY_SERVER", value_name = "URL")]
    pub(crate) url: Option<String>,
    #[command(flatten)]
    pub(crate) control: Control,
    /// The sandbox; default `main`.
    #[arg(long = "in", env = "LOBBY_SANDBOX", value_name = "NAME")]
    pub(crate) sandbox: Option<model::SandboxName>,
    /// Where the local certificate authority is kept, for a Lobby with --tls.
    #[arg(long, env = "LOBBY_CA_DIR", value_name = "DIR")]
    pub(crate) ca_dir: Option<PathBuf>,
}
