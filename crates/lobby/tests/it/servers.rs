//! Servers of paths and operations, as a client that was generated from the document calls them.

use serde_json::{Value, json};
use testkit::run;

const DOCUMENT: &str = "
openapi: 3.1.0
info: {title: Files, version: '1'}
servers: [{url: 'https://api.example.com/v1'}]
security: [{badge: []}]
paths:
  /files/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getFile
      responses:
        '200':
          description: ok
          content: {application/json: {example: {id: f-1}}}
          links: {content: {operationId: getContent}}
  /files/{id}/content:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    servers: [{url: 'https://content.example.com/{region}/raw', variables: {region: {default: eu}}}]
    get: {operationId: getContent, responses: {'200': {description: ok}}}
    put:
      operationId: putContent
      servers: [{url: 'https://upload.example.com/up'}]
      responses: {'204': {description: ok}}
components:
  securitySchemes:
    badge: {type: http, scheme: bearer}
";

/// The path of an operation's first server in the served document.
fn server(document: &Value, path: &str, method: &str) -> String {
    let item = &document["paths"][path];
    let levels = [&item[method], item, document];
    let servers = levels.iter().find_map(|level| level.get("servers")).unwrap();
    servers[0]["url"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_operation_is_called_at_its_own_server() {
    let lobby = run("mock").document("files.yaml", DOCUMENT).await;
    let document = lobby.get("/_lobby/openapi.json").await.json();
    let here = lobby.url();
    for (path, method, expected) in [
        ("/files/{id}", "get", "/v1"),
        ("/files/{id}/content", "get", "/eu/raw"),
        ("/files/{id}/content", "put", "/up"),
    ] {
        assert_eq!(server(&document, path, method), format!("{here}{expected}"), "{method} {path}");
    }
    let token = lobby.token("alice").await;
    let file = lobby.get("/v1/files/1").bearer(&token).await;
    file.is_allowed();
    assert_eq!(file.header("link"), Some("</eu/raw/files/1/content>; rel=\"content\""));
    let content = lobby.get("/eu/raw/files/1/content").bearer(&token).await;
    content.is_allowed();
    assert_eq!(content.header("lobby-operation"), Some("getContent"));
    lobby.get("/eu/raw/files/1/content").await.is_denied(401, "credential.missing");
    lobby.put("/up/files/1/content").bearer(&token).await.is_allowed();
    lobby.put("/eu/raw/files/1/content").bearer(&token).await.is(405);
    lobby.get("/v1/files/1/content").bearer(&token).await.is(404);
    lobby.get("/up/files/1").bearer(&token).await.is(404);
    // The only document is at the root, too.
    lobby.put("/files/1/content").bearer(&token).await.is_allowed();
}

#[tokio::test]
async fn a_base_in_lobby_yaml_is_all_of_the_apis() {
    let config = "apis: {files: {contract: files.yaml, base: /shop}}\n";
    let lobby = run("mock").file("files.yaml", DOCUMENT).config(config).await;
    let document = lobby.get("/_lobby/openapi.json").await.json();
    assert_eq!(server(&document, "/files/{id}/content", "put"), format!("{}/shop", lobby.url()));
    let token = lobby.token("alice").await;
    lobby.put("/shop/files/1/content").bearer(&token).await.is_allowed();
    lobby.put("/up/files/1/content").bearer(&token).await.is(404);
}

#[tokio::test]
async fn two_operations_that_only_their_hosts_tell_apart_are_told() {
    let text = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\nservers: [{url: 'https://a.example.com/v1'}]\npaths:\n  \
                /x: {get: {operationId: one, responses: {'200': {description: ok}}}}\n  /v1/x: {servers: [{url: \
                'https://b.example.com/'}], get: {operationId: two, responses: {'200': {description: ok}}}}\n  /deep/x: \
                {servers: [{url: 'https://b.example.com/v1'}], get: {operationId: three, responses: {'200': {description: \
                ok}}}}\n  /x/y: {servers: [{url: 'https://b.example.com/v1/deep'}], get: {operationId: four, responses: \
                {'200': {description: ok}}}}\n  /deep/x/y: {get: {operationId: five, responses: {'200': {description: ok}}}}\n";
    let lobby = run("mock").document("t.yaml", text).await;
    assert!(lobby.talk().contains("`GET /v1/deep/x/y` is two operations"), "{}", lobby.talk());
    let answer = lobby.get("/v1/deep/x/y").await;
    assert_eq!(json!(answer.header("lobby-operation")), json!("four"));
}
