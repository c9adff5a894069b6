//! Problems as text for a person and as JSON for a program.

use std::fmt::Write;

use model::{Problem, Severity};
use serde_json::{Value, json};

/// Writes problems as a person reads them: what is wrong, where, the line, what to do.
///
/// ```text
/// error[scheme.undefined]: the scheme `ouath` is not defined
///   --> api.yaml:9:17
///    |
///  9 |     security: [{ouath: []}]
///    |                 ^^^^^ did you mean `oauth`?
/// ```
pub fn text(problems: &[Problem], colour: bool) -> String {
    let mut out = String::new();
    for problem in problems {
        one(&mut out, problem, colour);
    }
    out.push_str(&summary(problems));
    out
}

/// The same as JSON: `{"problems": […], "errors": n, "warnings": n}`.
pub fn json(problems: &[Problem]) -> Value {
    let all: Vec<Value> = problems.iter().map(value).collect();
    json!({
        "problems": all,
        "errors": count(problems, Severity::Error),
        "warnings": count(problems, Severity::Warning),
    })
}

/// The word for a severity: `error`.
pub fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// A text of a document as it can be shown in a terminal: control characters, also those that turn the
/// direction of writing, are escaped.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if character.is_control() || turns {
            let _ = write!(out, "{}", character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

fn count(problems: &[Problem], severity: Severity) -> usize {
    problems.iter().filter(|problem| problem.severity == severity).count()
}

fn summary(problems: &[Problem]) -> String {
    let part = |severity, one: &str, many: &str| match count(problems, severity) {
        0 => None,
        1 => Some(format!("1 {one}")),
        number => Some(format!("{number} {many}")),
    };
    let parts = [part(Severity::Error, "error", "errors"), part(Severity::Warning, "warning", "warnings")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { format!("{}\n", parts.join(", ")) }
}

fn value(problem: &Problem) -> Value {
    let mut value = json!({
        "severity": word(problem.severity),
        "code": problem.code,
        "message": problem.message,
    });
    let Some(members) = value.as_object_mut() else { return value };
    if let Some(place) = &problem.place {
        members.insert("file".to_owned(), json!(place.file.to_string_lossy()));
        members.insert("line".to_owned(), json!(place.line));
        members.insert("column".to_owned(), json!(place.column));
        members.insert("length".to_owned(), json!(place.length));
        members.insert("text".to_owned(), json!(place.text));
    }
    if let Some(help) = &problem.help {
        members.insert("help".to_owned(), json!(help));
    }
    value
}

fn one(out: &mut String, problem: &Problem, colour: bool) {
    let tint = match problem.severity {
        Severity::Error => "\u{1b}[1;31m",
        Severity::Warning => "\u{1b}[1;33m",
        Severity::Note => "\u{1b}[1;36m",
    };
    let (tint, bold, faint, end) =
        if colour { (tint, "\u{1b}[1m", "\u{1b}[1;34m", "\u{1b}[0m") } else { ("", "", "", "") };
    let severity = word(problem.severity);
    let message = escaped(&problem.message);
    let _ = writeln!(out, "{tint}{severity}[{}]{end}{bold}: {message}{end}", problem.code);
    let help = problem.help.as_deref().map(escaped);
    let Some(place) = &problem.place else {
        if let Some(help) = help {
            let _ = writeln!(out, "  {faint}={end} {help}");
        }
        out.push('\n');
        return;
    };
    let number = place.line.to_string();
    let margin = " ".repeat(number.len());
    let file = escaped(&place.file.to_string_lossy());
    let _ = writeln!(out, "{margin}{faint}-->{end} {file}:{}:{}", place.line, place.column);
    let before: String = place.text.chars().take(place.column.saturating_sub(1) as usize).collect();
    let meant: String = place.text.chars().skip(before.chars().count()).take(place.length as usize).collect();
    let shown = escaped(&place.text);
    // A tab in the line is escaped like any control character, so columns of the underline are those of
    // the escaped text.
    let indent = " ".repeat(escaped(&before).chars().count());
    let carets = "^".repeat(escaped(&meant).chars().count().max(1));
    let _ = writeln!(out, "{margin} {faint}|{end}");
    let _ = writeln!(out, "{faint}{number} |{end} {shown}");
    let _ = writeln!(out, "{margin} {faint}|{end} {indent}{tint}{carets}{end} {}", help.unwrap_or_default());
    let trimmed = out.trim_end_matches(' ').len();
    out.truncate(trimmed);
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::Place;

    use super::*;

    fn problem(text: &str, column: u32) -> Problem {
        Problem {
            severity: Severity::Error,
            code: "scheme.undefined",
            message: "the scheme `ouath` is not defined".to_owned(),
            place: Some(Place {
                file: Arc::new("api.yaml".into()),
                line: 9,
                column,
                length: 5,
                text: text.to_owned(),
            }),
            help: Some("did you mean `oauth`?".to_owned()),
        }
    }

    #[test]
    fn a_problem_is_shown_with_its_line_and_what_to_do() {
        let shown = text(&[problem("    security: [{ouath: []}]", 17)], false);
        let expected = "error[scheme.undefined]: the scheme `ouath` is not defined\n --> api.yaml:9:17\n  |\n9 |     security: [{ouath: []}]\n  |                 ^^^^^ did you mean `oauth`?\n\n1 error\n";
        assert_eq!(shown, expected);
    }

    #[test]
    fn nothing_of_a_document_reaches_the_terminal_as_a_control_character() {
        let shown = text(&[problem("\u{1b}[2J\u{202e}ouath", 6)], false);
        assert!(shown.chars().all(|character| character == '\n' || !character.is_control()), "{shown:?}");
        assert!(!shown.contains('\u{202e}'));
    }

    #[test]
    fn json_tells_the_same() {
        let value = json(&[problem("x", 1)]);
        assert_eq!((value["errors"].as_u64(), value["problems"][0]["line"].as_u64()), (Some(1), Some(9)));
    }
}
