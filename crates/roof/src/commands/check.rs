//! `lobby check`

mod read;
mod sarif;
mod settings;
mod table;

use std::io::{IsTerminal, Write};

use contract::{lint::Lint, report};
use model::{Problem, Severity};
use serde_json::{Value, json};

use self::{read::Checked, table::Row};
use crate::{
    cli,
    exit::{Exit, Failure},
    kind,
    report::Reporter,
};

/// Judges documents, and lobby.yaml where there is one. What is found goes to standard output.
pub(crate) fn run(global: &cli::Global, check: &cli::Check) -> Result<Exit, Failure> {
    let Checked { problems, rows, operations } = read::all(global, check)?;
    let written = match check.format {
        cli::Report::Text => text(&problems, &rows, colour(global)),
        cli::Report::Json => format!("{:#}\n", as_json(&problems, &rows, check.table)),
        cli::Report::Sarif => format!("{:#}\n", sarif::log(&problems, &rows)),
    };
    std::io::stdout().lock().write_all(written.as_bytes()).map_err(Failure::from_error)?;
    let unreadable = problems.iter().filter(|problem| is_unreadable(problem)).count();
    if unreadable > 0 {
        return Err(Failure::new(
            format!("{unreadable} of the problems kept a file from being read"),
            "mend what is named above first: the rest could not be looked at",
        ));
    }
    if check.format == cli::Report::Text {
        Reporter::new(global).text(&closing(&problems, operations));
    }
    let failed = problems.iter().any(|problem| fails(problem.severity, check.fail_on));
    Ok(if failed { Exit::Findings } else { Exit::Done })
}

/// Whether a finding is bad enough to fail for.
fn fails(severity: Severity, from: cli::FailOn) -> bool {
    match from {
        cli::FailOn::Note => true,
        cli::FailOn::Warning => severity >= Severity::Warning,
        cli::FailOn::Error => severity >= Severity::Error,
        cli::FailOn::Never => false,
    }
}

/// Whether a problem is that a file is no readable document at all, rather than something in it.
fn is_unreadable(problem: &Problem) -> bool {
    const WHOLE: [&str; 10] = [
        "file.unreadable",
        "document.unreadable",
        "document.encoding",
        "document.empty",
        "document.size",
        "document.bounds",
        "document.form",
        "document.version",
        "config.form",
        "config.key",
    ];
    let syntax = problem.code.starts_with("json.") || problem.code.starts_with("yaml.");
    problem.severity == Severity::Error && (syntax || WHOLE.contains(&problem.code))
}

fn colour(global: &cli::Global) -> bool {
    match global.color {
        cli::Color::Always => true,
        cli::Color::Never => false,
        cli::Color::Auto => {
            let wanted = std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
            wanted && std::io::stdout().is_terminal()
        }
    }
}

fn text(problems: &[Problem], rows: &[Row], colour: bool) -> String {
    let mut text = report::text(problems, colour);
    if !rows.is_empty() {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&table::text(rows));
    }
    text
}

/// What is said when all is done: it is no result.
fn closing(problems: &[Problem], operations: usize) -> String {
    if problems.is_empty() {
        return format!(
            "nothing found in {operations} operation{}\n",
            if operations == 1 { "" } else { "s" }
        );
    }
    let lints = problems.iter().filter(|problem| Lint::parse(problem.code).is_some()).count();
    let pages = match (lints, problems.len() - lints) {
        (0, _) => "each problem is explained in docs/problems.md",
        (_, 0) => "each security finding is explained in docs/lints/CODE.md",
        (_, _) => {
            "each security finding is explained in docs/lints/CODE.md, every other problem in docs/problems.md"
        }
    };
    format!("hint: {pages}\n")
}

/// Where a code is explained, in the repository.
fn explanation(code: &str) -> String {
    Lint::parse(code).map_or_else(|| kind::page(code), |lint| lint.path().to_owned())
}

fn as_json(problems: &[Problem], rows: &[Row], with_table: bool) -> Value {
    let mut value = report::json(problems);
    for member in value.get_mut("problems").and_then(Value::as_array_mut).into_iter().flatten() {
        let page = member.get("code").and_then(Value::as_str).map(explanation);
        if let (Some(page), Some(members)) = (page, member.as_object_mut()) {
            members.insert("explanation".to_owned(), page.into());
        }
    }
    let notes = problems.iter().filter(|problem| problem.severity == Severity::Note).count();
    if let Some(members) = value.as_object_mut() {
        members.insert("notes".to_owned(), json!(notes));
        if with_table {
            members.insert("table".to_owned(), table::json(rows));
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_fails_from_the_severity_that_is_named_on() {
        assert!(fails(Severity::Note, cli::FailOn::Note));
        assert!(!fails(Severity::Note, cli::FailOn::Warning));
        assert!(fails(Severity::Warning, cli::FailOn::Warning));
        assert!(!fails(Severity::Warning, cli::FailOn::Error));
        assert!(!fails(Severity::Error, cli::FailOn::Never));
    }
}
