//! `lobby completions`

use std::io::Write;

use clap::CommandFactory;

use crate::{
    cli,
    exit::{Exit, Failure},
};

/// Prints the completions of a shell.
pub(crate) fn run(shell: clap_complete::Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut cli::Lobby::command(), "lobby", &mut script);
    let mut out = std::io::stdout().lock();
    out.write_all(&script).and_then(|()| out.flush()).map_err(Failure::from_error)?;
    Ok(Exit::Done)
}
