//! Findings as a SARIF 2.1.0 log, for code scanning.

use std::{collections::BTreeMap, fmt::Write, path::Path};

use contract::lint::Lint;
use model::{Place, Problem, Severity};
use serde_json::{Value, json};

use super::table::{self, Row};
use crate::{gather::is_url, kind};

/// One log with one run. The table, where one was asked for, is a property of the run.
pub(crate) fn log(problems: &[Problem], rows: &[Row]) -> Value {
    let codes: BTreeMap<&str, usize> = indexed(problems);
    let rules: Vec<Value> = codes.keys().map(|code| rule(code, problems)).collect();
    let results: Vec<Value> = problems
        .iter()
        .map(|problem| result(problem, codes.get(problem.code).copied().unwrap_or_default()))
        .collect();
    let mut run = json!({
        "tool": { "driver": {
            "name": "Lobby",
            "version": env!("CARGO_PKG_VERSION"),
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": rules,
        } },
        "columnKind": "unicodeCodePoints",
        "results": results,
    });
    if let Some(members) = run.as_object_mut().filter(|_| !rows.is_empty()) {
        members.insert("properties".to_owned(), json!({ "table": table::json(rows) }));
    }
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    })
}

/// The codes that occur, each with its place among the rules.
fn indexed(problems: &[Problem]) -> BTreeMap<&'static str, usize> {
    let mut codes: BTreeMap<&'static str, usize> = problems.iter().map(|problem| (problem.code, 0)).collect();
    for (index, place) in codes.values_mut().enumerate() {
        *place = index;
    }
    codes
}

/// SARIF 3.49. The page is part of the log, because a viewer rarely has the repository of Lobby beside it; there is no
/// `helpUri`, which must be absolute (3.49.12).
fn rule(code: &str, problems: &[Problem]) -> Value {
    if let Some(lint) = Lint::parse(code) {
        return json!({
            "id": code,
            "shortDescription": { "text": lint.title() },
            "fullDescription": { "text": format!("{}. To do: {}.", lint.title(), lint.help()) },
            "help": { "text": lint.page(), "markdown": lint.page() },
            "defaultConfiguration": { "level": level(lint.severity()) },
            "properties": { "tags": ["security"], "page": lint.path() },
        });
    }
    let first = problems.iter().find(|problem| problem.code == code);
    let severity = first.map_or(Severity::Warning, |problem| problem.severity);
    let (short, full) = match kind::of(code) {
        Some(kind) => (kind.meaning.to_owned(), format!("{}. To do: {}.", kind.meaning, kind.cure)),
        None => (code.to_owned(), code.to_owned()),
    };
    json!({
        "id": code,
        "shortDescription": { "text": short },
        "fullDescription": { "text": full },
        // Code scanning demands one of every rule, however little there is to add.
        "help": { "text": full, "markdown": full },
        "defaultConfiguration": { "level": level(severity) },
        "properties": { "tags": ["correctness"], "page": kind::page(code) },
    })
}

/// SARIF 3.27.10
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn result(problem: &Problem, rule: usize) -> Value {
    let text = match &problem.help {
        Some(help) => format!("{}; {help}", problem.message),
        None => problem.message.clone(),
    };
    let locations: Vec<Value> = problem.place.iter().map(location).collect();
    json!({
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": level(problem.severity),
        "message": { "text": text },
        "locations": locations,
    })
}

/// SARIF 3.30: lines and columns from 1, the end column is the one after.
fn location(place: &Place) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&place.file) },
        "region": {
            "startLine": place.line,
            "startColumn": place.column,
            "endColumn": place.column + place.length,
            "snippet": { "text": place.text },
        },
    } })
}

/// A path as a URI reference (RFC 3986): relative paths stay relative to where the check runs.
fn uri(file: &Path) -> String {
    let text = file.to_string_lossy();
    if is_url(&text) {
        return text.into_owned();
    }
    let mut uri = String::from(if file.is_absolute() { "file://" } else { "" });
    let text = text.strip_prefix("./").unwrap_or(&text);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn problem(code: &'static str, file: &str) -> Problem {
        Problem {
            severity: Severity::Warning,
            code,
            message: "something".to_owned(),
            place: Some(Place {
                file: Arc::new(file.into()),
                line: 3,
                column: 5,
                length: 4,
                text: "    post:".to_owned(),
            }),
            help: None,
        }
    }

    #[test]
    fn every_result_points_at_its_rule_and_its_place() {
        let log = log(&[problem("write.public", "a b/ä.yaml"), problem("scheme.undefined", "/x.yaml")], &[]);
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
        }
        let at = |index: usize| &run["results"][index]["locations"][0]["physicalLocation"];
        assert_eq!(at(0)["region"]["endColumn"], 9);
        assert_eq!(at(0)["artifactLocation"]["uri"], "a%20b/%C3%A4.yaml");
        assert_eq!(at(1)["artifactLocation"]["uri"], "file:///x.yaml");
        assert_eq!(rules[1]["properties"]["page"], "docs/lints/write.public.md");
    }

    #[test]
    fn what_has_no_place_has_no_location() {
        let bare = Problem { place: None, ..problem("api.name", "") };
        assert_eq!(log(&[bare], &[])["runs"][0]["results"][0]["locations"], json!([]));
    }
}
