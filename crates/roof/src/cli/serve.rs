use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::mock::duration;
use crate::config::value;

/// `lobby serve`
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The configuration file; default: that of --config, else lobby.yaml.
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Where the local certificate authority of `listen.tls: local` is kept.
    #[arg(long, env = "LOBBY_CA_DIR", value_name = "DIR")]
    pub(crate) ca_dir: Option<PathBuf>,
    /// Print for each request what its decision looked at.
    #[arg(long, env = "LOBBY_EXPLAIN")]
    pub(crate) explain: bool,
    /// A token of 16 characters at least by which other machines administer this server; its listener's own one is in
    /// the lock.
    #[arg(long, env = "LOBBY_ADMIN_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = value::bearer)]
    pub(crate) admin_token: Option<String>,
    /// Write one JSON line here once requests are served.
    #[arg(long, env = "LOBBY_READY_FILE", value_name = "PATH")]
    pub(crate) ready_file: Option<PathBuf>,
    /// How long running requests may take after SIGTERM.
    #[arg(long, env = "LOBBY_GRACE", value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub(crate) grace: Duration,
}
