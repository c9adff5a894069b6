use std::{collections::HashSet, fmt::Write, fs, sync::Arc};

use contract::{Contract, Face, Options, Pointers, Schema};
use serde_json::Value;

use crate::disk;

fn documents() -> Vec<Value> {
    let manifest = fs::read(disk::data("openapi/manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    manifest["documents"].as_array().unwrap().clone()
}

#[test]
fn every_real_document_is_read_with_all_its_operations_or_refused_at_its_line() {
    let mut wrong = String::new();
    for entry in documents() {
        let file = entry["file"].as_str().unwrap();
        let reading = disk::read(&disk::data("openapi").join(file), Face::Mock);
        let found = reading.contract.as_ref().map(|contract| contract.operations().len() as u64);
        let expected = entry["operations"].as_u64();
        if found != expected {
            writeln!(wrong, "{file}: {found:?} operations, not {expected:?}\n{}", disk::told(&reading))
                .unwrap();
        }
        if expected.is_none() {
            let line = reading.problems[0].place.as_ref().map(|place| place.line);
            // The fault is in line 34 (`{{- if`); parsers that look further ahead notice in 35.
            assert!(matches!(line, Some(34 | 35)), "{file}\n{}", disk::told(&reading));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(ToOwned::to_owned));
            let words = members
                .iter()
                .filter(|(name, _)| !matches!(name.as_str(), "example" | "default" | "enum" | "examples"));
            words.for_each(|(_, member)| references(member, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn stands_by_itself(schema: &Schema) -> Result<(), String> {
    let mut found = Vec::new();
    references(schema, &mut found);
    found.iter().try_for_each(|reference| {
        let inside = reference.strip_prefix('#').is_some_and(|pointer| schema.pointer(pointer).is_some());
        inside.then_some(()).ok_or_else(|| reference.clone())
    })
}

fn schemas(contract: &Contract) -> Vec<Schema> {
    let mut found = Vec::new();
    for operation in contract.operations() {
        let detail = operation.detail(contract);
        found.extend(detail.parameters.iter().filter_map(|parameter| parameter.schema.clone()));
        let bodies = detail.body.iter().flat_map(|body| &body.content);
        let answers = detail.responses.iter().flat_map(|response| &response.content);
        found.extend(bodies.chain(answers).filter_map(|content| content.schema.clone()));
    }
    let mut seen = HashSet::new();
    found.retain(|schema| seen.insert(Arc::as_ptr(schema)));
    found
}

/// Schemas of each document that a validator is made of: all of them would take a minute.
const COMPILED: usize = 40;

#[test]
fn every_schema_of_every_real_document_stands_by_itself_and_a_validator_takes_it() {
    let mut seen = 0;
    for entry in documents() {
        let file = entry["file"].as_str().unwrap();
        let Some(contract) = disk::read(&disk::data("openapi").join(file), Face::Mock).contract else {
            continue;
        };
        let schemas = schemas(&contract);
        seen += schemas.len();
        let refused =
            schemas.iter().take(COMPILED).find_map(|schema| jsonschema::validator_for(schema).err());
        assert!(refused.is_none(), "{file}: {refused:?}");
        for schema in schemas {
            assert_eq!(
                stands_by_itself(&schema),
                Ok(()),
                "{file}: {}",
                schema.to_string().chars().take(600).collect::<String>()
            );
        }
    }
    assert!(seen > 5000, "{seen}");
}

#[test]
fn every_served_document_is_the_same_contract_again() {
    for entry in documents() {
        let file = entry["file"].as_str().unwrap();
        let Some(contract) = disk::read(&disk::data("openapi").join(file), Face::Mock).contract else {
            continue;
        };
        let document = contract.served_document(&Pointers::default()).to_string();
        let again = contract::read_text("again.json", document.as_bytes(), &Options::default());
        let again = again.contract.unwrap_or_else(|| panic!("{file}: {:?}", again.problems));
        let told = |contract: &Contract| -> Vec<_> {
            contract
                .operations()
                .iter()
                .map(|operation| (operation.name.clone(), operation.requirement.clone()))
                .collect()
        };
        assert_eq!(told(&again), told(&contract), "{file}");
    }
}
