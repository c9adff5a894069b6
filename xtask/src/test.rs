use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::ValueEnum;

use crate::machine::{self, AUTHORITY, COMPILER, POSTGRESQL};
use crate::{claims, dependencies, generated, judges, layers, shell, sizes};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The parts to run, in the order of the list; all when none is named
    parts: Vec<Part>,
    /// Only these judges
    #[arg(long = "judge", value_name = "NAME")]
    judges: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Is the code formatted?
    Format,
    /// Are there warnings, or clippy's?
    Clippy,
    /// Does a room use one above it or on its own storey? Is a quiet room loud?
    Layers,
    /// Is a file too long, or the ground floor too high?
    Sizes,
    /// Is a crate banned, from git, doubled, or under a licence that is not on the list?
    Dependencies,
    /// Are generated files what the code would write?
    Generated,
    /// Is every test there that `docs/asvs.md` names?
    Claims,
    /// All tests, with seconds of fuzzing
    Tests,
    /// Examples in the documentation
    Doc,
    /// Clients of other ecosystems against the real binary
    Judges,
}

/// Runs the parts, each to its end; says at last which failed.
#[expect(clippy::disallowed_methods, reason = "a person wants to know where the minutes went")]
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    machine::provide(&[COMPILER])?;
    let chosen = |part: &&Part| arguments.parts.is_empty() || arguments.parts.contains(part);
    let begin = Instant::now();
    let mut failed = Vec::new();
    for part in Part::value_variants().iter().filter(chosen) {
        let name = part.to_possible_value().context("every part has a name")?.get_name().to_owned();
        println!("== {name}");
        let started = Instant::now();
        let outcome = part.run(&arguments.judges);
        let seconds = started.elapsed().as_secs_f64();
        match outcome {
            Ok(()) => println!("   {name}: good, {seconds:.1} s"),
            Err(error) => {
                eprintln!("{error:#}");
                println!("   {name}: FAILED, {seconds:.1} s");
                failed.push(name);
            }
        }
    }
    println!("== {:.0} s", begin.elapsed().as_secs_f64());
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

impl Part {
    fn run(self, judges: &[String]) -> Result<()> {
        match self {
            Self::Format => {
                shell::run(&mut shell::cargo(["fmt", "--all", "--check"]))?;
                let judge = "judges/rust/Cargo.toml";
                shell::run(&mut shell::cargo(["fmt", "--manifest-path", judge, "--check"]))
            }
            Self::Clippy => shell::run(&mut shell::cargo([
                "clippy",
                "--workspace",
                "--all-targets",
                "--quiet",
                "--",
                "-D",
                "warnings",
            ])),
            Self::Layers => layers::check(),
            Self::Sizes => sizes::check(),
            Self::Dependencies => dependencies::check(),
            Self::Generated => generated::check(),
            Self::Claims => claims::check(),
            Self::Tests => {
                machine::provide(&[POSTGRESQL, AUTHORITY])?;
                let kinds = ["--workspace", "--lib", "--bins", "--tests"];
                shell::run(shell::cargo(["test", "--no-fail-fast", "--quiet"]).args(kinds))
            }
            Self::Doc => shell::run(&mut shell::cargo(["test", "--workspace", "--doc", "--quiet"])),
            Self::Judges => judges::run(judges),
        }
    }
}
