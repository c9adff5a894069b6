use std::{fmt::Write, fs};

use contract::{Face, Reading};
use model::Severity;
use serde_json::Value;

use crate::disk;

/// Entries of the manifest whose `why` names another outcome as good, and which it is here.
const AS_GOOD: [(&str, &str); 6] = [
    ("security-undefined-alternative.yaml", "warning"),
    ("parameter-duplicate.yaml", "warning"),
    ("utf16.yaml", "served"),
    ("yaml-tags.yaml", "warning"),
    // Real documents do it (`openai.yaml` of the other corpus); nothing is let in by it.
    ("paths-query-in-template.yaml", "warning"),
    // An undefined scheme: `security-undefined-scheme.yaml` says that a mock serves and denies.
    ("crlf-error.yaml", "warning"),
];

fn documents() -> Vec<Value> {
    let manifest = fs::read(disk::data("openapi-hostile/manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    manifest["documents"].as_array().unwrap().clone()
}

pub(crate) fn outcome(reading: &Reading) -> &'static str {
    match reading.problems.iter().map(|problem| problem.severity).max() {
        Some(Severity::Error) => "error",
        Some(Severity::Warning) => "warning",
        Some(Severity::Note) | None => "served",
    }
}

#[test]
fn every_hostile_document_comes_out_as_its_manifest_says() {
    let mut wrong = String::new();
    let entries = documents();
    assert_eq!(entries.len(), 124);
    for entry in entries {
        let file = entry["file"].as_str().unwrap();
        let name = file.rsplit('/').next().unwrap();
        let as_good = AS_GOOD.iter().find(|(other, _)| *other == name).map(|(_, outcome)| *outcome);
        let expected = as_good.unwrap_or(entry["outcome"].as_str().unwrap());
        let reading = disk::read(&disk::data("openapi-hostile").join(file), Face::Mock);
        let found = outcome(&reading);
        assert_eq!(reading.contract.is_none(), found == "error", "{file}");
        let line = entry["line"].as_u64().filter(|_| as_good != Some("served"));
        let severity = if found == "error" { Severity::Error } else { Severity::Warning };
        let at_line = reading.problems.iter().filter(|problem| problem.severity == severity).any(|problem| {
            line.is_none_or(|line| problem.place.as_ref().is_some_and(|place| u64::from(place.line) == line))
        });
        if found != expected || (found != "served" && !at_line) {
            writeln!(
                wrong,
                "{file}: {found}, not {expected} at {line:?}: {}\n{}",
                entry["what"],
                disk::told(&reading)
            )
            .unwrap();
        }
        if let Some(stricter) = entry["guard"].as_str() {
            let reading = disk::read(&disk::data("openapi-hostile").join(file), Face::Guard);
            if outcome(&reading) != stricter {
                writeln!(wrong, "{file}: a guard says {}, not {stricter}\n", outcome(&reading)).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
