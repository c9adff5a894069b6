//! lobby.yaml: what cannot be meant is one error with its place, and what has no effect yet is told of.

use testkit::{Finished, example, run};

/// Operations for everything that can be demanded of one.
const SHOP: &str = "openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /books:
    get:
      operationId: listBooks
      security: [{oauth: [books:read]}]
      responses: {'200': {description: ok}}
  /owners/{ownerId}/books/{bookId}:
    delete:
      operationId: deleteBook
      security: [{oauth: [books:write]}]
      parameters:
        - {name: ownerId, in: path, required: true, schema: {type: string}}
        - {name: bookId, in: path, required: true, schema: {type: string}}
        - {name: reason, in: query, schema: {type: string}}
      responses: {'204': {description: gone}}
components:
  securitySchemes:
    oauth:
      type: oauth2
      flows:
        clientCredentials: {tokenUrl: /token, scopes: {'books:read': See, 'books:write': Change}}
";

/// The example of the papers, to the letter but for the place to listen at.
const EXAMPLE: &str = "issuer: https://login.example.com
store: sqlite:lobby.db             # or postgres://…
counters: memory                   # or valkey://… (cluster)
listen: { public: 0.0.0.0:8443, admin: 127.0.0.1:9443, tls: { acme: [api.example.com] } }
trusted_proxies: [10.0.0.0/8]      # whose Forwarded and X-Forwarded-For are believed

apis:
  bookshop:
    contract: bookshop.openapi.yaml
    backend: mock                  # or http://127.0.0.1:3000
    audience: https://api.example.com/bookshop
    issuers:                        # others whose tokens are believed, besides ours
      - { url: https://id.example.net, audience: bookshop }
    operations:                     # what OpenAPI has no word for (or `x-lobby` in the document)
      deleteBook: { roles: [admin], max_age: 5m, acr: mfa, policy: principal.sub == path.ownerId }
plans:
  free: { limits: 60/min, quota: 10000/month, scopes: [books:read] }
  pro: { limits: 6000/min, scopes: [books:read, books:write] }

tokens: { access: 10m, refresh: 30d, reuse_grace: 10s }
passwords: { min_length: 12, breached: embedded }
lockout: { failures: 5, window: 15m, lock: 15m }

personas:                          # mocks only
  alice: { roles: [reader], scopes: [books:read], plan: free }
  admin: { roles: [admin], scopes: [books:read, books:write] }
";

fn refused(config: &str) -> Finished {
    let start = run("mock").document("shop.yaml", SHOP).file("oct.json", OCT).config(config);
    let finished = start.arguments(&["--port", "0", "--ready-file", "ready.json"]).finish("");
    assert_eq!(finished.code, Some(2), "{config}\n{}", finished.stderr);
    assert!(!finished.stderr.contains("Personas"), "nothing is started: {}", finished.stderr);
    finished
}

const OCT: &str = r#"{"keys": [{"kty": "oct", "k": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0-Pw"}]}"#;

/// A start that is refused, for one reason, at `place`.
#[track_caller]
fn refused_at(config: &str, place: &str, words: &str) {
    let finished = refused(config);
    assert!(finished.stderr.contains(&format!(" lobby.yaml:{place}\n")), "{config}: {}", finished.stderr);
    assert!(finished.stderr.contains(words), "{config}: {}", finished.stderr);
    assert!(finished.stderr.ends_with("\n1 error\n"), "{config}: {}", finished.stderr);
}

#[test]
fn a_value_that_cannot_be_meant_is_one_error_with_its_place() {
    for (config, place, words) in [
        ("issuer: foo\n", "1:9", "no http or https URL"),
        ("issuer: https://x/t?x=1\n", "1:9", "query"),
        ("tokens: { algorithm: HS256 }\n", "1:22", "ES256"),
        ("tokens: { algorithm: none }\n", "1:22", "ES256"),
        ("tokens: { access: 0s }\n", "1:19", "more than 0"),
        ("lockout: { failures: 0 }\n", "1:22", "more than 0"),
        ("limits: { connections: 0 }\n", "1:24", "more than 0"),
        ("clients: { a: { public: true, redirects: [x] } }\n", "1:43", "no address"),
        ("clients: { a: { public: true, redirects: ['https://a/#f'] } }\n", "1:43", "no address"),
        ("clients: { a: {} }\n", "1:12", "public: true"),
        ("clients: { a: { secret: '${NOPE}' } }\n", "1:25", "NOPE"),
        ("control: { token: '${NOPE}' }\n", "1:19", "NOPE"),
        ("control: { token: '${EMPTY}' }\n", "1:19", "empty"),
        ("personas: { a: { scopes: [books:reed] } }\n", "1:27", "did you mean `books:read`"),
        ("plans: { free: { scopes: [nope] } }\n", "1:27", "no document has the scope `nope`"),
        ("personas: { a: { keys: { nope: x } } }\n", "1:26", "nope"),
        ("store: sqlite:nowhere/below/\n", "1:8", ""),
    ] {
        if config.contains("EMPTY") {
            let start = run("mock").document("shop.yaml", SHOP).config(config).variable("EMPTY", "");
            let finished = start.arguments(&["--port", "0"]).finish("");
            finished.exits(2);
            assert!(
                finished.stderr.contains(place) && finished.stderr.contains(words),
                "{}",
                finished.stderr
            );
            continue;
        }
        refused_at(config, place, words);
    }
}

#[test]
fn what_an_operation_demands_must_be_something_that_can_be_met() {
    let with = |rules: &str| {
        format!("apis:\n  shop:\n    contract: shop.yaml\n    operations:\n      deleteBook: {{ {rules} }}\n")
    };
    refused_at(&with("plans: [nope]"), "5:29", "there is no plan `nope`");
    refused_at(&with("policy: principal.sub == path.nope"), "5:29", "no path parameter `nope`");
    refused_at(&with("policy: principal.sub == query.owner"), "5:29", "no query parameter `owner`");
    let unknown = with("roles: [a]").replace("deleteBook", "deleteBok");
    refused_at(&unknown, "5:7", "did you mean `deleteBook`");
}

#[test]
fn another_issuer_signs_with_what_its_keys_are_for() {
    let with = |issuer: &str| {
        format!(
            "apis:\n  shop:\n    contract: shop.yaml\n    issuers:\n      - {{ url: https://a, audience: a, {issuer} }}\n"
        )
    };
    for (issuer, words) in [
        ("jwks: oct.json, algorithms: [FOO]", "`FOO` is no signature algorithm"),
        ("jwks: oct.json, algorithms: [none]", "`none` is no signature algorithm"),
        ("jwks: oct.json", "nothing here can verify"),
        ("algorithms: [HS256]", "HS256 is signed with a secret"),
        ("algorithms: [FOO]", "`FOO` is no signature algorithm"),
        ("secret: 'file:oct.json', algorithms: [ES256]", "ES256 is signed with a key pair"),
    ] {
        let config = with(issuer);
        let start = run("mock").document("shop.yaml", SHOP).file("oct.json", OCT).config(&config);
        // Nobody is asked over the network: the way there is closed.
        let start = start.variable("HTTPS_PROXY", "http://127.0.0.1:1");
        let finished = start.arguments(&["--port", "0"]).finish("");
        finished.exits(2);
        assert!(finished.stderr.contains(words), "{issuer}: {}", finished.stderr);
        assert!(finished.stderr.contains("lobby.yaml:5:"), "{issuer}: {}", finished.stderr);
    }
}

#[tokio::test]
async fn an_operation_is_named_by_its_method_and_path_too() {
    for name in ["DELETE /owners/{ownerId}/books/{bookId}", "DELETE /owners/{o}/books/{b}"] {
        let config = format!(
            "apis:\n  shop:\n    contract: shop.yaml\n    operations:\n      {name}: {{ roles: [owner] }}\npersonas: {{ alice: {{ scopes: [books:write] }} }}\n"
        );
        let lobby = run("mock").document("shop.yaml", SHOP).config(&config).await;
        let token = lobby.token("alice").await;
        lobby.delete("/owners/a/books/1").bearer(&token).await.is_denied(403, "role.forbidden");
    }
}

#[tokio::test]
async fn the_example_of_the_papers_is_served_and_says_what_has_no_effect_yet() {
    let config = EXAMPLE.replace("counters: memory ", "counters: valkey://cache ");
    let start = run("mock").file("bookshop.openapi.yaml", SHOP).config(&config);
    let start = start.variable("HTTPS_PROXY", "http://127.0.0.1:1");
    let lobby = start.arguments(&["--host", "127.0.0.1"]).await;
    assert_eq!(lobby.ready()["issuer"], "https://login.example.com");
    let token = lobby.token("alice").await;
    lobby.get("/books").bearer(&token).await.is_allowed();
    let talk = lobby.talk();
    let warning = "this key has no effect yet in this version: `counters`";
    assert_eq!(talk.matches("no effect yet").count(), 1, "{talk}");
    assert!(talk.contains(warning) && talk.contains("lobby.yaml:3:"), "{talk}");
    assert!(lobby.folder().join("lobby.db").is_file(), "the store that was named is used");
}

#[tokio::test]
async fn an_operation_that_the_authorization_server_shadows_is_told_of() {
    let shadowed = SHOP.replace("  /books:", "  /.well-known/openid-configuration:");
    let lobby = run("mock").document("shop.yaml", &shadowed).await;
    let talk = lobby.talk();
    assert!(talk.contains("warning[path.well-known]"), "{talk}");
}

#[tokio::test]
async fn a_mock_needs_no_mail_server_and_asks_for_no_secret_of_one() {
    let config = "mail: { smtp: 'smtps://mail.example', password: '${NOPE}', from: a@b.example }\n";
    let lobby = run("mock").document("shop.yaml", SHOP).config(config).await;
    lobby.get("/_lobby/outbox").await.is(200);
}

#[tokio::test]
async fn a_place_to_listen_at_is_taken_from_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let config = "listen: { public: 127.0.0.1:0, tls: local }\n";
    let start = run("mock").document("shop.yaml", SHOP).config(config);
    let lobby = start.arguments(&["--ca-dir", dir.path().to_str().unwrap()]).await;
    assert!(lobby.ready()["url"].as_str().unwrap().starts_with("https://127.0.0.1:"), "{}", lobby.ready());
}

#[test]
fn a_store_is_named_once() {
    let start = run("mock").document("shop.yaml", SHOP).config("store: memory\n");
    let finished = start.arguments(&["--port", "0", "--state", "kept"]).finish("");
    finished.exits(2);
    assert!(
        finished.stderr.contains("lobby.yaml:1:8") && finished.stderr.contains("--state"),
        "{finished:?}"
    );
}

#[tokio::test]
async fn what_a_store_of_the_file_keeps_outlives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lobby.db");
    let config = format!("issuer: https://shop.example\nstore: sqlite:{}\n", path.display());
    let start = || run("mock").document("shop.yaml", SHOP).config(&config);
    let token = {
        let mut lobby = start().await;
        let token = lobby.token("alice").await;
        lobby.signal("TERM");
        lobby.ended().await;
        token
    };
    let lobby = start().await;
    lobby.get("/books").bearer(&token).await.is_allowed();
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_kept_can_be_read_by_nobody_else() {
    use std::os::unix::fs::PermissionsExt;
    let start = run("mock").argument(example("bookshop.openapi.yaml").to_str().unwrap());
    let lobby = start.arguments(&["--state", "kept"]).await;
    lobby.token("alice").await;
    let folder = lobby.folder().join("kept");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        names.push(path.file_name().unwrap().to_string_lossy().into_owned());
    }
    assert!(
        names.contains(&"lobby.db".to_owned()) && names.contains(&"lobby.db-wal".to_owned()),
        "{names:?}"
    );
}

#[test]
fn an_error_is_in_our_words_and_told_once() {
    for (config, words, absent) in [
        ("tokens: {}\ntokens: {}\n", "`tokens` is here twice", "DuplicateKeyPolicy"),
        ("tokens: { access: soon }\n", "lobby.yaml:1:19", "at line"),
    ] {
        let finished = refused(config);
        assert!(finished.stderr.contains(words) && !finished.stderr.contains(absent), "{}", finished.stderr);
    }
    let folder = run("mock").arguments(&[".", "--port", "0"]).finish("");
    folder.exits(2);
    assert!(folder.stderr.contains(". is a folder"), "{}", folder.stderr);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (config, words) in [
        ("passwords: { min_length: 0 }\n", "`min_length` must be more than 0"),
        ("clients: { app: { public: true, secret: '${PATH}' } }\n", "a public client has no secret"),
    ] {
        let finished = refused(config);
        assert!(finished.stderr.contains(words), "{}", finished.stderr);
    }
}
