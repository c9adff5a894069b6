//! Operations of several documents, by their names.

use serde_json::json;
use testkit::{Lobby, run};

fn document(base: &str, paths: &str) -> String {
    format!(
        "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\nservers: [{{url: {base}}}]\npaths:\n{paths}components:\n  securitySchemes: {{key: {{type: apiKey, in: header, name: X-Key}}}}\n"
    )
}

const GET_X: &str =
    "  /x: {get: {operationId: getX, security: [{key: []}], responses: {'200': {description: ok}}}}\n";

async fn both() -> Lobby {
    let start = run("mock").document("one.yaml", &document("/one", GET_X));
    start.document("two.yaml", &document("/two", GET_X)).await
}

#[tokio::test]
async fn a_name_that_two_apis_have_is_refused_with_the_full_ones() {
    let lobby = both().await;
    let order = |operation: &str| json!({"play": "status:503", "operation": operation});
    for name in ["getX", "GET /x"] {
        let answer = lobby.post("/_lobby/scenarios").json(&order(name)).await;
        answer.is(400);
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("one/getX, two/getX"), "{detail}");
        let asked = json!({"as": "alice", "operation": name});
        lobby.post("/_lobby/credentials").json(&asked).await.is(400);
    }
    for name in ["two/getX", "GET /two/x"] {
        lobby.post("/_lobby/scenarios").json(&order(name)).await.is(201);
        let key = lobby.credentials("alice", name).await[0]["headers"]["X-Key"].as_str().unwrap().to_owned();
        lobby.get("/one/x").header("x-key", &key).await.is_allowed();
        assert_eq!(lobby.get("/two/x").header("x-key", &key).await.status(), 503, "{name}");
        lobby.get("/two/x").header("x-key", &key).await.is_allowed();
    }
    lobby.get("/_lobby/journal?operation=getX").await.is(200);
}

#[tokio::test]
async fn a_command_shows_the_one_that_was_named() {
    let lobby = both().await;
    for name in ["two/getX", "GET /two/x"] {
        let arguments = ["--as", "alice", "--for", name, "--print", "curl", "--server", &lobby.url()];
        let shown = run("token").arguments(&arguments).finish("");
        shown.exits(0);
        assert!(shown.stdout.contains("/two/x"), "{}", shown.stdout);
    }
}

#[tokio::test]
async fn a_path_below_two_bases_allows_what_either_document_has() {
    let inner = "  /x: {post: {operationId: postX, responses: {'200': {description: ok}}}}\n";
    let outer = "  /v1/x: {get: {operationId: getX, responses: {'200': {description: ok}}}}\n";
    let start = run("mock").document("inner.yaml", &document("/api/v1", inner));
    let lobby = start.document("outer.yaml", &document("/api", outer)).await;
    lobby.get("/api/v1/x").await.is_allowed();
    let answer = lobby.delete("/api/v1/x").await;
    answer.is_denied(405, "method.unknown");
    assert_eq!(answer.header("allow"), Some("POST, GET, HEAD"));
}
