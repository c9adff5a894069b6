//! The roof of the house: the command line, lobby.yaml, and the wiring of the rooms.
//!
//! It is a library so that the release can make it small, while the program that is linked, which is only
//! `lobby`'s `main`, asks for speed: what is asked there holds for all of the linking.

mod administration;
mod authority;
mod badges;
mod banner;
mod bring;
mod certificate;
mod cli;
mod commands;
mod config;
mod desk;
mod documents;
mod exit;
mod faults;
mod fetch;
mod follow;
mod gather;
mod house;
mod kind;
mod leaks;
mod letters;
mod loader;
mod lock;
mod material;
mod postman;
#[cfg(test)]
mod reference;
mod report;
mod rooms;
mod running;
mod server;
mod state;
mod system;
mod systemd;
mod wire;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    cli::{Command, Lobby},
    report::Reporter,
};

/// Runs the command that the arguments name; 2 where it could not be begun (`docs/commands.md`).
pub fn main() -> ExitCode {
    let lobby = Lobby::parse();
    let done = match &lobby.command {
        Command::Mock(mock) => commands::mock::run(&lobby.global, mock),
        Command::Serve(serve) => commands::serve::run(&lobby.global, serve),
        Command::User(user) => commands::administer::user(&lobby.global, user),
        Command::Client(client) => commands::administer::client(&lobby.global, client),
        Command::Key(key) => commands::administer::key(&lobby.global, key),
        Command::Session(session) => commands::administer::session(&lobby.global, session),
        Command::Audit(audit) => commands::administer::audit(&lobby.global, audit),
        Command::Ca(ca) => commands::ca::run(ca),
        Command::Check(check) => commands::check::run(&lobby.global, check),
        Command::Token(token) => commands::token::run(token),
        Command::Outbox(outbox) => commands::outbox::run(&lobby.global, outbox),
        Command::Inspect(inspect) => commands::inspect::run(&lobby.global, inspect),
        Command::Pwned(pwned) => commands::pwned::run(pwned),
        Command::Init(init) => commands::init::run(&lobby.global, init),
        Command::Backup(backup) => commands::backup::run(&lobby.global, backup),
        Command::Restore(restore) => commands::restore::run(&lobby.global, restore),
        Command::Export(export) => commands::export::run(&lobby.global, export),
        Command::Import(import) => commands::import::run(&lobby.global, import),
        Command::Rekey(rekey) => commands::rekey::run(&lobby.global, rekey),
        Command::Completions { shell } => commands::completions::run(*shell),
    };
    match done {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(failure) => {
            Reporter::new(&lobby.global).failure(&failure);
            ExitCode::from(2)
        }
    }
}
