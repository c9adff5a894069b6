use anyhow::Result;

use crate::shell;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The bodies to run; all when none is named
    names: Vec<String>,
    /// How long each runs
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    seconds: u64,
}

/// Runs the fuzz bodies, optimised but with overflow checks, on the kept corpus and mutations of it.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut command = shell::cargo(["run", "--quiet", "--package", "fuzz", "--profile", "fuzz", "--"]);
    command.arg("--seconds").arg(arguments.seconds.to_string()).args(&arguments.names);
    shell::run(&mut command)
}
