use anyhow::{Context as _, Result};

use crate::machine::{self, COMPILER};
use crate::server;
use crate::shell;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// More flags for `lobby mock`, after `--`
    #[arg(last = true)]
    flags: Vec<String>,
}

/// Builds the binary and gives the terminal to a mock of the bookshop.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    machine::provide(&[COMPILER])?;
    let binary = server::build(false)?;
    let mut command = shell::program(binary, ["mock", "examples/bookshop.openapi.yaml"]);
    // Ctrl-C goes to the mock as well, which drains and exits 0.
    command.args(&arguments.flags).status().context("cannot run the mock").map(drop)
}
