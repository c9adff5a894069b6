//! The documents of others, through the real binary: 124 that mean harm, and 90 that are in use.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Method;
use serde_json::Value;
use testkit::{Lobby, run, shared};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Processes at once.
const SIDE_BY_SIDE: usize = 4;

fn manifest(folder: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(shared(&format!("{folder}/manifest.json"))).unwrap();
    let manifest: Value = serde_json::from_str(&text).unwrap();
    manifest["documents"].as_array().unwrap().clone()
}

fn path(folder: &str, document: &Value) -> String {
    let file = document["file"].as_str().unwrap();
    shared(&format!("{folder}/{file}")).to_str().unwrap().to_owned()
}

/// Runs `check` on each document, some side by side, and gathers what was wrong.
async fn each<F>(documents: Vec<Value>, check: impl Fn(Value) -> F)
where
    F: Future<Output = Vec<String>> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(SIDE_BY_SIDE));
    let mut running = JoinSet::new();
    for document in documents {
        let (slots, checking) = (slots.clone(), check(document));
        running.spawn(async move {
            let _slot = slots.acquire().await.unwrap();
            checking.await
        });
    }
    let wrong: Vec<String> = running.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Where the manifest says itself that another outcome is as good, and the document reader's choice is a
/// warning.
const AS_GOOD: &[&str] = &[
    "crlf-error.yaml",
    "parameter-duplicate.yaml",
    "paths-query-in-template.yaml",
    "security-undefined-alternative.yaml",
    "utf16.yaml",
    "yaml-tags.yaml",
];

fn is_as_good(document: &Value) -> bool {
    AS_GOOD.iter().any(|name| document["file"] == format!("files/{name}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_that_cannot_be_served_ends_with_two_and_its_line() {
    let documents = manifest("openapi-hostile")
        .into_iter()
        .filter(|document| document["outcome"] == "error" && !is_as_good(document));
    each(documents.collect(), |document| async move {
        tokio::task::spawn_blocking(move || {
            let file = path("openapi-hostile", &document);
            let finished = run("mock").arguments(&[&file, "--port", "0"]).finish("");
            let mut wrong = Vec::new();
            if finished.code != Some(2) {
                wrong.push(format!("{file}: exit {:?}", finished.code));
            }
            let name = file.rsplit('/').next().unwrap_or_default();
            if let Some(line) = document["line"].as_u64()
                && !finished.stderr.contains(&format!("{name}:{line}:"))
            {
                wrong.push(format!("{file}: line {line} is not in\n{}", finished.stderr));
            }
            if finished.stderr.contains('\u{1b}') || finished.stderr.contains("panicked") {
                wrong.push(format!("{file}: {}", finished.stderr));
            }
            wrong
        })
        .await
        .unwrap()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_that_can_be_served_answers_as_its_manifest_says() {
    let documents = manifest("openapi-hostile")
        .into_iter()
        .filter(|document| document["outcome"] != "error" || is_as_good(document));
    each(documents.collect(), |document| async move {
        let file = path("openapi-hostile", &document);
        let lobby = run("mock").argument(&file).await;
        let mut wrong = Vec::new();
        for request in document["requests"].as_array().into_iter().flatten() {
            if let Some(fault) = ask(&lobby, request).await {
                wrong.push(format!("{file}: {request}: {fault}"));
            }
        }
        if lobby.resident() > 300 << 20 {
            wrong.push(format!("{file}: {} bytes", lobby.resident()));
        }
        if document["outcome"] == "warning" && !lobby.talk().contains("warning") {
            wrong.push(format!("{file}: not a word of warning"));
        }
        let escapes = lobby.talk().chars().any(|letter| letter.is_control() && letter != '\n');
        if escapes {
            wrong.push(format!("{file}: control characters on the terminal"));
        }
        wrong
    })
    .await;
}

/// Sends one request of the manifest; what is not as it says.
async fn ask(lobby: &Lobby, request: &Value) -> Option<String> {
    let method: Method = request["method"].as_str()?.parse().ok()?;
    let target = request["path"].as_str()?;
    let plain = target.split('?').next()?;
    let known = credentials(lobby, &method, plain).await;
    let mut target = target.to_owned();
    if let Some((name, ())) = target
        .split_once("=<valid>")
        .and_then(|(start, _)| start.rsplit_once('?').map(|(_, name)| (name, ())))
    {
        let value = known.get(&format!("query {name}")).cloned().unwrap_or_default();
        target = target.replace("<valid>", &value);
    }
    let mut call = lobby.request(method, &target);
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        let value = value.as_str()?;
        let valid = match value {
            "Bearer <valid>" => format!("Bearer {}", lobby.token("alice").await.as_str()),
            "<valid>" => {
                known.get(&format!("headers {}", name.to_ascii_lowercase())).cloned().unwrap_or_default()
            }
            other => other.to_owned(),
        };
        call = call.header(&name.to_ascii_lowercase(), &valid);
    }
    let answer = call.await;
    let mut faults = Vec::new();
    if Some(u64::from(answer.status())) != request["status"].as_u64() {
        faults.push(format!("{} {}", answer.status(), String::from_utf8_lossy(answer.body())));
    }
    let code = request["code"].as_str();
    if code.is_some() && answer.header("lobby-verdict") != code {
        faults.push(format!("verdict {:?}", answer.header("lobby-verdict")));
    }
    let operation = request["operation"].as_str();
    if operation.is_some() && answer.header("lobby-operation") != operation {
        faults.push(format!("operation {:?}", answer.header("lobby-operation")));
    }
    (!faults.is_empty()).then(|| faults.join(", "))
}

/// What lets alice in, by place and name.
async fn credentials(lobby: &Lobby, method: &Method, path: &str) -> BTreeMap<String, String> {
    let body = serde_json::json!({ "as": "alice", "operation": format!("{method} {path}") });
    let answer = lobby.post("/_lobby/credentials").json(&body).await;
    let mut known = BTreeMap::new();
    if answer.status() != 200 {
        return known;
    }
    for alternative in answer.json()["alternatives"].as_array().into_iter().flatten() {
        for place in ["headers", "query", "cookies"] {
            for (name, value) in alternative[place].as_object().into_iter().flatten() {
                let name = if place == "headers" { name.to_ascii_lowercase() } else { name.clone() };
                known.insert(format!("{place} {name}"), value.as_str().unwrap_or_default().to_owned());
            }
        }
    }
    known
}

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

/// Operations of each document that are asked.
const ASKED: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_real_document_exactly_what_needs_no_credential_is_let_in_without_one() {
    // The biggest are read by the document reader's own tests; a debug build takes seconds for each.
    let documents =
        manifest("openapi").into_iter().filter(|document| document["bytes"].as_u64() < Some(400_000));
    each(documents.collect(), open_and_closed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "big documents take a debug build a minute"]
async fn of_a_big_real_document_exactly_what_needs_no_credential_is_let_in_without_one() {
    let documents =
        manifest("openapi").into_iter().filter(|document| document["bytes"].as_u64() >= Some(400_000));
    each(documents.collect(), open_and_closed).await;
}

async fn open_and_closed(document: Value) -> Vec<String> {
    let file = path("openapi", &document);
    if expected_error(&document) {
        return Vec::new();
    }
    let lobby = run("mock").argument(&file).await;
    let served = lobby.get("/_lobby/openapi.json").await;
    if served.status() != 200 {
        return vec![format!("{file}: {}", served.status())];
    }
    let served = served.json();
    let mut wrong = Vec::new();
    for (method, template, security) in operations(&served) {
        let open = security.is_none_or(|alternatives| {
            alternatives.is_empty()
                || alternatives.iter().any(|one| one.as_object().is_some_and(serde_json::Map::is_empty))
        });
        let filled = filled(&template);
        let Ok(parsed) = method.to_ascii_uppercase().parse::<Method>() else { continue };
        if filled.parse::<http::Uri>().is_err() {
            continue;
        }
        let answer = lobby.request(parsed, &filled).await;
        let denied = matches!(answer.status(), 401 | 403 | 429)
            && answer.header("lobby-verdict").is_some_and(|verdict| {
                verdict.starts_with("credential.") || verdict.starts_with("certificate.")
            });
        if denied == open {
            wrong.push(format!(
                "{file}: {method} {filled}: {} {:?} {:?}",
                answer.status(),
                answer.header("lobby-verdict"),
                answer.header("lobby-operation")
            ));
        }
    }
    wrong
}

/// Some documents are broken beyond serving; their manifest says so.
fn expected_error(document: &Value) -> bool {
    document["defects"]
        .as_array()
        .is_some_and(|defects| defects.iter().any(|defect| defect["kind"] == "does-not-parse"))
}

/// Method, path template and security of the first operations, as OpenAPI has them. An operation whose
/// filled path is another's literal one is left out.
fn operations(document: &Value) -> Vec<(&'static str, String, Option<Vec<Value>>)> {
    let root = document["security"].as_array();
    let paths = document["paths"].as_object();
    let mut found = Vec::new();
    for (template, item) in paths.into_iter().flatten() {
        if !template.starts_with('/') || template.contains(['#', '?', ' ']) {
            continue;
        }
        let filled = filled(template);
        if filled != *template
            && paths.is_some_and(|paths| {
                paths.keys().any(|other| other != template && self::filled(other) == filled)
            })
        {
            continue;
        }
        for method in METHODS {
            let Some(operation) = item.get(method).filter(|operation| operation.is_object()) else {
                continue;
            };
            let security = operation["security"].as_array().or(root);
            found.push((method, template.clone(), security.cloned()));
        }
    }
    let step = found.len().div_ceil(ASKED).max(1);
    found.into_iter().step_by(step).collect()
}

/// A path of a template: `1` for each parameter.
fn filled(template: &str) -> String {
    let mut path = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        path += before;
        path += "1";
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    path + rest
}
