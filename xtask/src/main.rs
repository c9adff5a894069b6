//! The one door for developers. `cargo xtask` alone explains itself; CI runs `cargo xtask test`.
//!
//! Each subcommand is a module. What a machine lacks is named and, as root on Debian, installed; packages of
//! other ecosystems go into the user's cache folder, never into the repository.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "talking to a developer is what this is for")]

mod bench;
mod claims;
mod demo;
mod dependencies;
mod dist;
mod fuzz;
mod generated;
mod judges;
mod layers;
mod licence;
mod machine;
mod metadata;
mod server;
mod shell;
mod sizes;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The one door for developers of Lobby.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    arg_required_else_help = true,
    after_help = "\
The whole set-up of a fresh clone:
  cargo xtask demo     build everything and run `lobby mock examples/bookshop.openapi.yaml`
  cargo xtask test     all that CI checks, in the same order"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything and serve the bookshop as a mock
    Demo(demo::Arguments),
    /// Run all checks, or only the parts that are named
    Test(test::Arguments),
    /// Measure us and the peers side by side
    Bench(bench::Arguments),
    /// Throw mutated bytes at every parser of foreign bytes
    Fuzz(fuzz::Arguments),
    /// Write the files that are generated from code anew
    Generate,
    /// Build the release: one stripped binary with everything in it
    Dist(dist::Arguments),
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        Command::Generate => generated::write(),
        Command::Dist(arguments) => dist::run(&arguments),
    }
}
