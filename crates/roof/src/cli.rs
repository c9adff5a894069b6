//! The command line: every command has one line, an example, and the same global flags.
//!
//! What a command takes lies in a file of its name; here is what there is.

mod administer;
mod ca;
mod check;
mod global;
mod init;
mod inspect;
mod keep;
mod mock;
mod outbox;
pub(crate) mod pwned;
mod serve;
mod server;
mod token;

use clap::{Parser, Subcommand};

pub(crate) use self::{
    administer::{
        Administer, AuditCommand, ClientAdd, ClientCommand, KeyAdd, KeyCommand, SessionCommand, Target,
        UserCommand, UserInvite, UserTerms,
    },
    ca::Ca,
    check::{Check, FailOn, Report},
    global::{Color, Format, Global, LogFormat},
    init::Init,
    inspect::Inspect,
    keep::{Backup, Export, From, Import, Rekey, Restore},
    mock::Mock,
    outbox::Outbox,
    serve::Serve,
    server::Server,
    token::{Print, Token},
};

/// The security desk for HTTP APIs: stands in for an API with its whole authentication contract.
#[derive(Debug, Parser)]
#[command(
    name = "lobby",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = "Examples:\n  lobby mock bookshop.openapi.yaml              the API as it will be, on http://127.0.0.1:4010\n  \
                  lobby token --as alice --for listBooks --print curl\n  lobby check bookshop.openapi.yaml --table\n\n\
                  Exit codes: 0 done, 1 findings (check), 2 usage or configuration.\n\
                  Every flag has an environment variable: --ready-file is LOBBY_READY_FILE."
)]
pub(crate) struct Lobby {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve OpenAPI documents as mocks, with a complete authorization server beside them.
    #[command(after_help = "Example:\n  lobby mock bookshop.openapi.yaml --port 4010")]
    Mock(Box<Mock>),
    /// Serve what lobby.yaml describes, for production.
    #[command(after_help = "Example:\n  lobby serve lobby.yaml")]
    Serve(Serve),
    /// Lint documents and their security; print who would get which verdict.
    #[command(after_help = "Example:\n  lobby check bookshop.openapi.yaml --table")]
    Check(Check),
    /// Print a token of a running mock, good or wrong on purpose.
    #[command(after_help = "Example:\n  lobby token --as alice --for listBooks --print curl")]
    Token(Box<Token>),
    /// Decode and verify a token, and say what each operation would answer to it and why.
    #[command(after_help = "Example:\n  lobby inspect \"$(lobby token --as guest)\"")]
    Inspect(Inspect),
    /// Print the mails that a mock wrote, or the server that runs on the store of lobby.yaml.
    #[command(after_help = "Example:\n  lobby outbox --to alice@example.com")]
    Outbox(Outbox),
    /// Write a commented lobby.yaml for a document.
    #[command(after_help = "Example:\n  lobby init bookshop.openapi.yaml")]
    Init(Init),
    /// Administer users.
    #[command(
        after_help = "Example:\n  lobby user add alice --password-stdin --email alice@example.com --role reader"
    )]
    User(Box<Administer<UserCommand>>),
    /// Administer the apps that may ask for tokens.
    #[command(
        after_help = "Example:\n  lobby client add shop --public --redirect-uri https://shop.example.com/cb"
    )]
    Client(Box<Administer<ClientCommand>>),
    /// Administer API keys and app passwords.
    #[command(after_help = "Example:\n  lobby key add --owner alice --scope books:read --expires 90d")]
    Key(Box<Administer<KeyCommand>>),
    /// See who is signed in, and end it.
    #[command(after_help = "Example:\n  lobby session end --user alice")]
    Session(Box<Administer<SessionCommand>>),
    /// See what was administered, and that nothing of it was changed since.
    #[command(after_help = "Example:\n  lobby audit verify")]
    Audit(Box<Administer<AuditCommand>>),
    /// Show the local certificate authority of --tls, and how to trust it.
    #[command(after_help = "Example:\n  lobby ca --print > lobby-ca.pem")]
    Ca(Ca),
    /// Copy the store while servers go on with it.
    #[command(after_help = "Example:\n  lobby backup /var/backups/lobby.db")]
    Backup(Backup),
    /// Put a copy of the store in its place.
    #[command(after_help = "Example:\n  lobby restore /var/backups/lobby.db --force")]
    Restore(Restore),
    /// Write every record of the store, a line of JSON each.
    #[command(after_help = "Example:\n  lobby export lobby.jsonl")]
    Export(Export),
    /// Take records that `lobby export` wrote, or users of another product.
    #[command(
        after_help = "Example:\n  lobby import lobby.jsonl --source-key file:old.key\n  lobby import realm.json --from keycloak"
    )]
    Import(Import),
    /// Change the key of the store's secrets while servers go on.
    #[command(after_help = "Example:\n  lobby rekey\n  lobby rekey --new-key '${LOBBY_NEW_KEY}'")]
    Rekey(Rekey),
    /// Make and ask filters of breached passwords.
    #[command(after_help = "Example:\n  lobby pwned build pwnedpasswords.txt -o pwned.filter")]
    Pwned(pwned::Pwned),
    /// Print shell completions.
    #[command(after_help = "Example:\n  lobby completions bash > /etc/bash_completion.d/lobby")]
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_flag_has_an_environment_variable() {
        let mut lobby = Lobby::command();
        lobby.build();
        let commands = lobby.get_subcommands().flat_map(|command| command.get_subcommands().chain([command]));
        for command in commands.filter(|command| command.get_name() != "help") {
            let flags = command.get_arguments().filter(|argument| argument.get_long().is_some());
            for flag in flags.filter(|flag| !matches!(flag.get_id().as_str(), "help" | "version")) {
                let variable = flag.get_env().map(|name| name.to_string_lossy().into_owned());
                let variable = variable.unwrap_or_else(|| panic!("{} {flag}", command.get_name()));
                assert!(variable.starts_with("LOBBY_"), "{variable}");
            }
        }
    }
}
