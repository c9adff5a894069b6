//! Administration: by commands on the store and on a running server, and by the admin API.

mod commands;
mod invitations;
mod keys;
mod recovery;
mod setup;
mod tokens;

use std::path::Path;

use serde_json::Value;
use testkit::{Finished, Lobby, run, serve};

pub(crate) const DOCUMENT: &str = r#"
openapi: 3.1.0
info: { title: Shop, version: "1" }
paths:
  /keyed:
    get: { operationId: keyed, security: [{ key: [] }], responses: { "200": { description: fine } } }
  /basic:
    get: { operationId: basic, security: [{ basic: [] }], responses: { "200": { description: fine } } }
components:
  securitySchemes:
    key: { type: apiKey, in: header, name: X-API-Key }
    basic: { type: http, scheme: basic }
    app: { type: oauth2, flows: { clientCredentials: { tokenUrl: /token, scopes: { "books:read": read } } } }
"#;

const CONFIG: &str = "issuer: https://login.example.com\napis: { shop: { contract: shop.yaml } }\n";
pub(crate) const PASSWORD: &str = "violet-harbour-19-otter";

/// A shop that is served for production, though nothing real is behind it.
async fn shop() -> Lobby {
    serve(CONFIG).file("shop.yaml", DOCUMENT).await
}

/// A command that administers what the lobby.yaml in `folder` describes.
pub(crate) fn lobby(folder: &Path, arguments: &[&str], input: &str) -> Finished {
    let (command, arguments) = arguments.split_first().unwrap();
    let config = folder.join("lobby.yaml");
    run(command).arguments(arguments).arguments(&["--config", config.to_str().unwrap()]).finish(input)
}

pub(crate) fn done(folder: &Path, arguments: &[&str]) -> String {
    let finished = lobby(folder, arguments, "");
    finished.exits(0);
    finished.stdout.trim_end().to_owned()
}

pub(crate) fn json(folder: &Path, arguments: &[&str]) -> Value {
    let arguments = [arguments, &["--format", "json"]].concat();
    serde_json::from_str(&done(folder, &arguments)).unwrap()
}

pub(crate) fn add_alice(folder: &Path) {
    let added =
        ["user", "add", "alice", "--password-stdin", "--email", "alice@example.com", "--role", "reader"];
    lobby(folder, &added, &format!("{PASSWORD}\n")).exits(0);
}
