//! Real documents: every documented success that the mock generates validates, nothing panics or hangs.

use std::{path::Path, sync::Arc};

use contract::{Address, Detail, LoadError, Loaded, Loader, Operation, Options, Routed, StatusKey};
use http::HeaderMap;
use mock::answer::{Answerer, Ask, Forced, Settings, Told};
use model::Timestamp;
use serde_json::Value;

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/openapi");

struct Folder<'a>(&'a Path);

impl Loader for Folder<'_> {
    fn load(&self, address: &Address) -> Result<Loaded, LoadError> {
        let Address::File(name) = address else { return Err(LoadError::Remote) };
        let path = self.0.join(name);
        let bytes = std::fs::read(&path).map_err(|_| LoadError::Missing)?;
        Ok(Loaded { shown: path, bytes, moved: None })
    }
}

/// Whether the answer is one that the document writes out: these are given as they are, right or wrong.
fn is_written(detail: &Detail, status: u16) -> bool {
    let of = |key| detail.responses.iter().find(|response| response.status == key);
    let class = StatusKey::Class(u8::try_from(status / 100).unwrap_or(0));
    let response = of(StatusKey::Exact(status)).or_else(|| of(class)).or_else(|| of(StatusKey::Default));
    response.is_none_or(|response| response.content.first().is_none_or(|media| !media.examples.is_empty()))
}

fn schema_of(detail: &Detail, status: u16) -> Option<Arc<Value>> {
    let of = |key| detail.responses.iter().find(|response| response.status == key);
    let class = StatusKey::Class(u8::try_from(status / 100).unwrap_or(0));
    let response = of(StatusKey::Exact(status)).or_else(|| of(class)).or_else(|| of(StatusKey::Default))?;
    response.content.first().filter(|media| media.name.contains("json"))?.schema.clone()
}

/// The schema without the demand for write-only properties: they are never in an answer.
fn without_write_only(schema: &Value) -> Value {
    fn turn(node: &mut Value) {
        if let Value::Object(map) = node {
            let gone: Vec<String> = map
                .get("properties")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .filter(|(_, part)| part.get("writeOnly") == Some(&Value::Bool(true)))
                .map(|(name, _)| name.clone())
                .collect();
            if let Some(Value::Array(required)) = map.get_mut("required") {
                required.retain(|name| !gone.iter().any(|gone| name == gone));
            }
            map.values_mut().for_each(turn);
        } else if let Value::Array(items) = node {
            items.iter_mut().for_each(turn);
        }
    }
    let mut schema = schema.clone();
    turn(&mut schema);
    schema
}

fn answer(answerer: &Answerer, operation: &Operation) -> mock::answer::Answer {
    let headers = HeaderMap::new();
    let forced = Forced { status: None, example: None };
    answerer.answer(
        operation,
        Ask {
            base: "",
            path: "/",
            captures: &[("id", "7".to_owned())],
            query: "",
            headers: &headers,
            body: b"",
            now: Timestamp::from_seconds(1_795_000_000),
            request_id: "r",
            forced: &forced,
        },
    )
}

/// Schemas that no value satisfies: `type: string` with `enum: [null]`; a `oneOf` whose open branches all
/// hold at once; a required property that leads back to itself.
const CONTRADICTIONS: &[(&str, &str)] = &[
    ("files/dropshot-fuller.json", "handler1"),
    ("files/dropshot-fuller.json", "handler5"),
    ("files/dropshot-fuller.json", "handler15"),
    ("files/openwealth-custody.yaml", "getCustomerPositionById"),
    ("files/openwealth-custody.yaml", "getAccountPositionById"),
    ("files/readme-3.0-circular-request-bodies.json", "directCircular"),
];

#[test]
fn every_generated_success_of_the_corpus_validates() {
    let manifest = std::fs::read(format!("{FILES}/manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let (mut checked, mut wrong) = (0, Vec::new());
    for document in manifest["documents"].as_array().unwrap() {
        let file = document["file"].as_str().unwrap();
        // The largest are left to the black-box tests: a debug build takes its time.
        if document["bytes"].as_u64().unwrap() > 400_000 && std::env::var_os("LOBBY_CORPUS").is_none() {
            continue;
        }
        let path = Path::new(FILES).join(file);
        let entry = Address::File(path.file_name().unwrap().to_string_lossy().into_owned());
        let reading = contract::read(&entry, &Folder(path.parent().unwrap()), &Options::default());
        let Some(contract) = reading.contract else { continue };
        let contract = Arc::new(contract);
        let settings = Settings { validate: mock::answer::Validate::Off, ..Settings::default() };
        let answerer = Answerer::new(Arc::clone(&contract), settings);
        for operation in contract.operations() {
            let answer = answer(&answerer, operation);
            let detail = operation.detail(&contract);
            let status = answer.status.as_u16();
            if is_written(&detail, status) || answer.body.is_empty() {
                continue;
            }
            let Some(schema) = schema_of(&detail, status) else { continue };
            let options = jsonschema::draft202012::options()
                .should_validate_formats(true)
                .should_ignore_unknown_formats(true);
            let Ok(validator) = options.build(&without_write_only(&schema)) else { continue };
            let value: Value = serde_json::from_slice(&answer.body).unwrap();
            checked += 1;
            if CONTRADICTIONS.contains(&(file, &operation.name)) {
                continue;
            }
            if let Some(error) = validator.iter_errors(&value).next() {
                let text: String = error.to_string().chars().take(200).collect();
                wrong.push(format!("{file} {}: {} {text}", operation.name, error.instance_path()));
            }
        }
    }
    assert!(checked > 500, "only {checked} answers were checked");
    assert!(wrong.is_empty(), "{} of {checked}:\n{}", wrong.len(), wrong.join("\n"));
}

/// What a denial's body must hold against, where nothing is written by hand.
fn denial_schema(detail: &Detail, status: u16) -> Option<Arc<Value>> {
    let of = |key| detail.responses.iter().find(|response| response.status == key);
    let class = u8::try_from(status / 100).ok()?;
    let response = of(StatusKey::Exact(status)).or_else(|| of(StatusKey::Class(class)))?;
    let media = response.content.first().filter(|media| media.name.contains("json"))?;
    media.examples.is_empty().then(|| media.schema.clone()).flatten()
}

#[test]
fn every_generated_denial_of_the_corpus_validates_and_most_tell_their_status_or_detail() {
    let manifest = std::fs::read(format!("{FILES}/manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let (mut checked, mut told, mut wrong) = (0, 0, Vec::new());
    for document in manifest["documents"].as_array().unwrap() {
        let file = document["file"].as_str().unwrap();
        if document["bytes"].as_u64().unwrap() > 400_000 {
            continue;
        }
        let path = Path::new(FILES).join(file);
        let entry = Address::File(path.file_name().unwrap().to_string_lossy().into_owned());
        let reading = contract::read(&entry, &Folder(path.parent().unwrap()), &Options::default());
        let Some(contract) = reading.contract.map(Arc::new) else { continue };
        let answerer = Answerer::new(Arc::clone(&contract), Settings::default());
        for (operation, status) in
            contract.operations().iter().flat_map(|one| [401, 403, 429].map(|status| (one, status)))
        {
            let Some(schema) = denial_schema(&operation.detail(&contract), status) else { continue };
            let Ok(validator) = jsonschema::draft202012::new(&without_write_only(&schema)) else { continue };
            let problem = serde_json::json!({"type": "/d#c", "title": "T t.", "status": status, "detail": "D d.",
                "code": "token.expired", "request_id": "r-1", "hint": "H h."});
            let now = Timestamp::from_seconds(1_795_000_000);
            let (_, body) = answerer
                .denied_body(operation, status, None, None, Told { problem: &problem, path: "/", now })
                .unwrap();
            let value: Value = serde_json::from_slice(&body).unwrap();
            checked += 1;
            // Its 401 is one of two schemas that always hold together: nothing is valid.
            let hopeless = file == "files/readme-3.0-readme-legacy.json";
            if let Some(error) = validator.iter_errors(&value).next().filter(|_| !hopeless) {
                wrong.push(format!("{file} {} {status}: {error} in {value}", operation.name));
            }
            let text = value.to_string();
            told += usize::from(
                [&*status.to_string(), "D d.", "T t.", "oken"].iter().any(|one| text.contains(one)),
            );
        }
    }
    assert!(wrong.is_empty(), "{} of {checked}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(checked > 100 && told * 10 > checked * 8, "{told} of {checked} tell what happened");
}

#[test]
fn the_same_request_gets_the_same_answer() {
    let text = br#"{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{"/a/{id}":{"get":{"responses":{"200":
        {"description":"","content":{"application/json":{"schema":{"type":"object","properties":{
        "id":{"type":"string"},"name":{"type":"string"},"at":{"type":"string","format":"date-time"}}}}}}}}}}}"#;
    let contract = || Arc::new(contract::read_text("t.json", text, &Options::default()).contract.unwrap());
    let bodies: Vec<_> = [0, 0, 1]
        .into_iter()
        .map(|seed| {
            let contract = contract();
            let answerer = Answerer::new(Arc::clone(&contract), Settings { seed, ..Settings::default() });
            let path = contract::NormalPath::parse("/a/7").unwrap();
            let Routed::To { operation, .. } = contract.route(&http::Method::GET, &path) else {
                panic!("no route")
            };
            answer(&answerer, operation).body
        })
        .collect();
    assert_eq!(bodies[0], bodies[1]);
    assert_ne!(bodies[0], bodies[2]);
}
