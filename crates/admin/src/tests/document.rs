use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use super::room::Room;
use crate::call::document::DOCUMENT;

fn document() -> Value {
    serde_json::from_str(DOCUMENT).unwrap()
}

/// The path item of a target: of `/_lobby/scenarios/play-1` that of `/_lobby/scenarios/{id}`.
fn item<'a>(document: &'a Value, target: &str) -> Option<(&'a String, &'a Value)> {
    let path = target.split('?').next().unwrap();
    let alike = |template: &str| {
        let (a, b): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
        a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a == b || a.starts_with('{'))
    };
    document["paths"].as_object().unwrap().iter().find(|(template, _)| alike(template))
}

fn errors(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let root = json!({ "components": document["components"], "allOf": [schema] });
    let validator = jsonschema::validator_for(&root).unwrap();
    validator.iter_errors(value).map(|error| error.to_string()).collect()
}

/// Whether an answer is as the document says, and what was taken too.
pub(super) fn check(
    method: &str,
    target: &str,
    asked: &Bytes,
    status: StatusCode,
    headers: &HeaderMap,
    body: &Bytes,
) {
    let document = document();
    let Some((_, item)) = item(&document, target) else { return };
    let operation = &item[method.to_lowercase().as_str()];
    if operation.is_null() || method == "HEAD" {
        return;
    }
    let mut response = &operation["responses"][status.as_str()];
    assert!(!response.is_null(), "{method} {target} answers {status}, which is not documented");
    if let Some(reference) = response["$ref"].as_str() {
        response = document.pointer(reference.trim_start_matches('#')).unwrap();
    }
    let Some(content) = response["content"].as_object() else {
        assert!(body.is_empty(), "{method} {target} {status} has a body");
        return;
    };
    let (media, content) = content.iter().next().unwrap();
    assert_eq!(headers[header::CONTENT_TYPE], media.as_str(), "{method} {target} {status}");
    let value = serde_json::from_slice(body).unwrap();
    let errors_of = |schema: &Value, value: &Value| errors(&document, schema, value);
    assert_eq!(
        errors_of(&content["schema"], &value),
        Vec::<String>::new(),
        "{method} {target} {status} {value}"
    );
    for (name, field) in response["headers"].as_object().into_iter().flatten() {
        assert!(field["required"] != json!(true) || headers.contains_key(name), "{name}");
    }
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    if status.is_success() && !asked.is_empty() {
        let asked = serde_json::from_slice(asked).unwrap();
        assert_eq!(errors_of(schema, &asked), Vec::<String>::new(), "{method} {target} took {asked}");
    }
}

#[test]
fn it_is_a_document_that_our_own_reader_takes_without_a_problem() {
    let reading =
        contract::read_text("control.openapi.json", DOCUMENT.as_bytes(), &contract::Options::default());
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    assert_eq!(reading.contract.unwrap().operations().len(), 25);
}

#[test]
fn the_examples_in_it_validate() {
    let document = document();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let content = &operation["requestBody"]["content"]["application/json"];
            if let Some(example) = content.get("example") {
                assert_eq!(
                    errors(&document, &content["schema"], example),
                    Vec::<String>::new(),
                    "{method} {path}"
                );
            }
        }
    }
}

#[tokio::test]
async fn every_call_in_it_is_served_and_no_other() {
    let room = Room::new();
    let document = document();
    let unknown = "GET /_lobby/elsewhere";
    assert_eq!(room.ask(unknown, Value::Null).await.status, 404);
    // The served documents are public, and the gateway's to answer.
    let paths = document["paths"].as_object().unwrap().iter();
    for (template, item) in paths.filter(|(template, _)| !template.starts_with("/_lobby/openapi")) {
        let path = template.replace("{id}", "play-9").replace("{name}", "t-9");
        for method in ["GET", "POST", "DELETE", "PUT", "PATCH"] {
            let answer = room.ask(&format!("{method} {path}"), Value::Null).await;
            let documented = !item[method.to_lowercase().as_str()].is_null();
            assert_eq!(answer.status != 405, documented, "{method} {path} {}", answer.status);
            if !documented {
                assert_eq!(answer.body["code"], "method.unknown");
                let allow = answer.headers[header::ALLOW].to_str().unwrap();
                let allowed = allow.split(", ").filter(|method| *method != "HEAD");
                assert!(
                    allowed.clone().all(|method| !item[method.to_lowercase().as_str()].is_null()),
                    "{path} {allow}"
                );
                let known = ["get", "post", "delete"].iter().filter(|method| !item[**method].is_null());
                assert_eq!(allowed.count(), known.count(), "{path} {allow}");
            }
        }
    }
}

#[tokio::test]
async fn it_is_served_with_health_and_denials() {
    let room = Room::new();
    assert_eq!(room.ask("GET /_lobby/control.json", Value::Null).await.is(200), document());
    let health = room.ask("GET /_lobby/health", Value::Null).await.is(200);
    assert_eq!(health, json!({"status": "ready", "version": "0.1.0", "generation": 3}));
    let denials = room.ask("GET /_lobby/denials", Value::Null).await.is(200);
    let denials = denials["denials"].as_array().unwrap();
    assert_eq!(denials.len(), guard::Code::denials().count());
    assert_eq!(denials[0]["code"], "credential.missing");
    let locked = denials.iter().find(|denial| denial["code"] == "account.locked").unwrap();
    assert_eq!((&locked["status"], &locked["challenge"]), (&json!(429), &Value::Null));
    assert_eq!(room.ask("HEAD /_lobby/health", Value::Null).await.is(200), Value::Null);
}

#[tokio::test]
async fn a_page_of_another_site_cannot_mint_a_token() {
    let room = Room::new();
    let order = r#"{"as":"alice"}"#;
    let near = [127, 0, 0, 1];
    let json_type = ("content-type", "application/json");
    let evil = ("origin", "https://evil.example");
    // By a script, by a form, by a rebound name, from a sandboxed frame.
    let fetched = room.knock("POST /_lobby/token", &[json_type, evil], order, near, "localhost:4010").await;
    fetched.refuses(403, "control.origin");
    for media in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let form = room
            .knock("POST /_lobby/token", &[("content-type", media), evil], order, near, "localhost:4010")
            .await;
        form.refuses(403, "control.origin");
        let quiet =
            room.knock("POST /_lobby/token", &[("content-type", media)], order, near, "localhost:4010").await;
        quiet.refuses(415, "body.type");
    }
    let own = ("origin", "http://evil.example:4010");
    let rebound = room.knock("POST /_lobby/token", &[json_type, own], order, near, "evil.example:4010").await;
    rebound.refuses(421, "control.host");
    let framed = room
        .knock("POST /_lobby/token", &[json_type, ("origin", "null")], order, near, "localhost:4010")
        .await;
    framed.refuses(403, "control.origin");
    assert!(room.clerk.orders.lock().unwrap().is_empty());
}

#[tokio::test]
async fn another_machine_needs_the_control_token() {
    let room = Room::new();
    let far = [192, 0, 2, 7];
    let bare = room.knock("GET /_lobby/personas", &[], "", far, "mock.example").await;
    assert_eq!(bare.headers[header::WWW_AUTHENTICATE], "Bearer realm=\"control\"");
    bare.refuses(401, "control.token");
    let wrong = [("authorization", "Bearer control")];
    room.knock("GET /_lobby/personas", &wrong, "", far, "mock.example").await.refuses(401, "control.token");
    let right = [("authorization", "Bearer c0ntrol"), ("origin", "https://mock.example")];
    room.knock("GET /_lobby/personas", &right, "", far, "mock.example").await.is(200);
    assert!(room.control.admits_origin(&"http://localhost:3000".parse().unwrap()));
    assert!(!room.control.admits_origin(&"https://evil.example".parse().unwrap()));
}
