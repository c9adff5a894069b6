//! Throws mutated bytes at the fuzz bodies of the rooms, on a stable compiler.
//!
//! A body is a plain `fn(&[u8])` that must return, whatever the bytes. Its corpus, `fuzz/corpus/<name>`, is
//! what mutations begin with; an input that makes a body panic or dawdle is written there, so that every later
//! run and the tests meet it first.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "talking to a developer is what this is for")]

mod bodies;
mod corpus;
mod mutate;
mod run;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use bodies::BODIES;
use run::{Effort, Found};

/// Throws mutated bytes at every parser of foreign bytes.
#[derive(Parser)]
struct Arguments {
    /// The bodies to run; all when none is named
    names: Vec<String>,
    /// How long each runs
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Where the chance begins; another number tries other bytes
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(unknown) = arguments.names.iter().find(|name| BODIES.iter().all(|body| body.name != *name)) {
        let names: Vec<_> = BODIES.iter().map(|body| body.name).collect();
        eprintln!("error: no body is called `{unknown}`; there are {}", names.join(", "));
        return ExitCode::from(2);
    }
    let mut clean = true;
    for body in
        BODIES.iter().filter(|body| arguments.names.is_empty() || arguments.names.contains(&body.name.into()))
    {
        let time = Duration::from_secs(arguments.seconds);
        let effort = Effort { time, executions: u64::MAX, patience: Duration::from_secs(2) };
        match run::run(body, effort, arguments.seed) {
            Found::Nothing { executions, slowest } => {
                println!("{}: {executions} executions, slowest {slowest:?}: clean", body.name);
            }
            Found::Fault { input, what } => {
                clean = false;
                match corpus::keep(body.name, &input) {
                    Ok(file) => eprintln!("{}: {what}; the input is {}", body.name, file.display()),
                    Err(error) => eprintln!("{}: {what}; the input cannot be kept: {error:#}", body.name),
                }
            }
        }
    }
    if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A slow build on a busy machine.
    const PATIENT: Effort =
        Effort { time: Duration::from_secs(600), executions: 400, patience: Duration::from_secs(20) };

    /// Seconds for all together, and the same bytes each time.
    #[test]
    fn no_body_minds_its_corpus_or_a_few_hundred_mutations_of_it() {
        for body in BODIES {
            if let Found::Fault { input, what } = run::run(body, PATIENT, 1) {
                let begin = String::from_utf8_lossy(&input).chars().take(2_000).collect::<String>();
                panic!("{}: {what} on {begin:?}", body.name);
            }
        }
    }

    #[test]
    fn every_body_has_a_corpus() {
        for body in BODIES {
            assert!(!corpus::read(body.name).unwrap().is_empty(), "fuzz/corpus/{} is empty", body.name);
        }
    }

    #[test]
    fn a_body_that_panics_is_found_with_its_input() {
        let body =
            bodies::Body { name: "path", run: |bytes| assert!(!bytes.contains(&0xff)), words: &["\u{ff}"] };
        let effort = Effort { executions: 100_000, ..PATIENT };
        let Found::Fault { input, .. } = run::run(&body, effort, 1) else { panic!("nothing was found") };
        assert!(input.contains(&0xff));
    }
}
