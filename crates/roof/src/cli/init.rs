use std::path::PathBuf;

use clap::Args;

/// `lobby init`
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The OpenAPI document.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Where to write; `-` is standard output.
    #[arg(long, short, default_value = "lobby.yaml", env = "LOBBY_OUTPUT")]
    pub(crate) output: PathBuf,
}
