//! `docs/commands.md`, from what clap knows.

use std::fmt::Write;

use clap::{Arg, ArgAction, Command, CommandFactory};

use super::cell;
use crate::cli::Lobby;

pub(super) fn page() -> String {
    let mut lobby = Lobby::command();
    lobby.build();
    let mut out = String::from(
        "# Commands\n\nWritten from the program's own description of itself: `lobby --help`, `lobby COMMAND --help`.\n\n\
         Standard output is for results (a token, a report, JSON), standard error for everything else. Exit codes: 0\n\
         done, 1 findings (`check`), 2 usage or configuration. Every flag has an environment variable; a flag wins over\n\
         it. Commands that talk to a running Lobby find it at `--server`.\n\n| command | does |\n| --- | --- |\n",
    );
    let commands: Vec<&Command> =
        lobby.get_subcommands().filter(|command| command.get_name() != "help").collect();
    for command in &commands {
        let _ =
            writeln!(out, "| [`lobby {0}`](#lobby-{0}) | {1} |", command.get_name(), cell(&about(command)));
    }
    out.push_str("\n## Flags of every command\n\n");
    table(&mut out, lobby.get_arguments().filter(|argument| argument.is_global_set()));
    for command in commands {
        section(&mut out, command);
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            section(&mut out, below);
        }
    }
    out
}

fn section(out: &mut String, command: &Command) {
    let mut command = command.clone();
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned();
    let _ = write!(out, "\n## {name}\n\n{}.\n\n```text\n{usage}\n```\n", about(&command));
    if let Some(example) = command.get_after_help().map(ToString::to_string) {
        let example = example.trim_start_matches("Example:").trim();
        let _ = write!(out, "\n```console\n$ {example}\n```\n");
    }
    let own =
        command.get_arguments().filter(|argument| !argument.is_global_set() && argument.get_id() != "help");
    let own: Vec<&Arg> = own.filter(|argument| !argument.is_hide_set()).collect();
    if !own.is_empty() {
        out.push('\n');
        table(out, own.into_iter());
    }
}

fn table<'a>(out: &mut String, arguments: impl Iterator<Item = &'a Arg>) {
    out.push_str("| argument | is | default | variable |\n| --- | --- | --- | --- |\n");
    for argument in arguments {
        let variable =
            argument.get_env().map(|name| format!("`{}`", name.to_string_lossy())).unwrap_or_default();
        let defaults: Vec<String> = argument
            .get_default_values()
            .iter()
            .map(|value| format!("`{}`", value.to_string_lossy()))
            .collect();
        let takes = !matches!(argument.get_action(), ArgAction::SetTrue | ArgAction::Count);
        let defaults = if takes { defaults.join(" ") } else { String::new() };
        let _ = writeln!(
            out,
            "| {} | {} | {defaults} | {variable} |",
            cell(&name(argument)),
            cell(&what(argument))
        );
    }
}

fn name(argument: &Arg) -> String {
    let value = argument
        .get_value_names()
        .map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
    let takes = !matches!(argument.get_action(), ArgAction::SetTrue | ArgAction::Count);
    let value = value.filter(|_| takes).unwrap_or_default();
    let Some(long) = argument.get_long() else {
        let several = if matches!(argument.get_action(), ArgAction::Append) { "…" } else { "" };
        return format!("`{value}{several}`");
    };
    let short = argument.get_short().map(|short| format!("`-{short}`, ")).unwrap_or_default();
    let shown = if value.is_empty() { format!("`--{long}`") } else { format!("`--{long} {value}`") };
    format!("{short}{shown}")
}

fn what(argument: &Arg) -> String {
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| match value.get_help() {
            Some(help) => format!("`{}` ({})", value.get_name(), help.to_string().trim_end_matches('.')),
            None => format!("`{}`", value.get_name()),
        })
        .collect();
    let takes = !matches!(argument.get_action(), ArgAction::SetTrue | ArgAction::Count);
    if values.is_empty() || !takes { help } else { format!("{help}: {}", values.join(", ")) }
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}
