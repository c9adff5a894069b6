use std::path::PathBuf;

use clap::Args;

/// `lobby ca`
#[derive(Debug, Args)]
pub(crate) struct Ca {
    /// Print the certificate (PEM) on standard output.
    #[arg(long, env = "LOBBY_CA_PRINT")]
    pub(crate) print: bool,
    /// Print a client certificate and its key (PEM) for this name, signed by the authority.
    #[arg(long, value_name = "NAME", env = "LOBBY_CA_CLIENT")]
    pub(crate) client: Option<String>,
    /// Where the authority is kept.
    #[arg(long = "ca-dir", env = "LOBBY_CA_DIR", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}
