//! The text of the file. Prose stands behind `# `; a key that is switched off stands behind `#` alone, or with the
//! spaces of its place, so that it is switched on by taking the `#` out.

use std::{collections::BTreeSet, fmt::Write};

use contract::{Contract, SchemeKind};

use super::suggest;

/// A file for one document.
pub(super) fn file(contract: &Contract, name: &str, path: &str) -> String {
    let mut out = String::new();
    let title = format!("{} {}", contract.title(), contract.version());
    let _ = writeln!(out, "# lobby.yaml of {}", one_line(&title));
    out.push_str(
        "#\n# What the document has no word for. Without this file a mock has defaults of its own: the comments name them, and\n\
         # its personas are alice, who may do everything, guest and suspended, in place of those below.\n\
         # A line that begins with `#` and no space, or with the spaces of its place, is a key that is switched off:\n\
         # take the `#` out. All keys: docs/configuration.md\n\n",
    );
    api(&mut out, contract, name, path);
    personas(&mut out, contract);
    plans(&mut out, contract);
    clients(&mut out, contract);
    rest(&mut out);
    out
}

fn api(out: &mut String, contract: &Contract, name: &str, path: &str) {
    let _ = write!(
        out,
        "apis:\n  {}:\n    contract: {}\n    backend: mock\n\
         \x20   # What its access tokens are for, `aud`; default: <issuer>/{}\n\
         \x20   #audience: https://api.example.com/{}\n",
        scalar(name),
        scalar(path),
        one_line(name),
        path_part(name),
    );
    if let Some(base) = contract.bases().iter().find(|base| !base.is_empty()) {
        let _ = write!(
            out,
            "    # Where it is served; default: the paths of the document's servers\n    #base: {}\n",
            scalar(base)
        );
    }
    out.push_str(
        "    # verify: credentials are verified. presence: something well-formed is there. off: nobody is asked.\n\
         \x20   #auth: verify\n\
         \x20   # Requests that break the document are refused (strict), told of (warn) or taken (off).\n\
         \x20   #validate: strict\n\
         \x20   # Generated values look real, or are \"string\" and 0 (plain). The same seed gives the same ones.\n\
         \x20   #values: realistic\n\
         \x20   #seed: 0\n\
         \x20   # Whom browsers may call it for; default: everybody.\n\
         \x20   #cors: { origins: [http://localhost:5173], credentials: true }\n\
         \x20   # Others whose tokens are believed, besides ours.\n\
         \x20   #issuers:\n\
         \x20   #  - { url: https://id.example.net, jwks: https://id.example.net/jwks.json, audience: bookshop }\n",
    );
    operations(out, contract);
}

fn operations(out: &mut String, contract: &Contract) {
    let suggestions = suggest::rules(contract);
    out.push_str(
        "    # What an operation demands beyond the document: roles, plans, max_age, acr, policy, limits.\n",
    );
    if suggestions.is_empty() {
        let example = contract.operations().iter().find(|operation| !operation.requirement.is_public());
        if let Some(operation) = example {
            let _ =
                write!(out, "    #operations:\n    #  {}: {{ limits: 60/min }}\n", scalar(&operation.name));
        }
        return;
    }
    out.push_str("    #operations:\n");
    for suggestion in suggestions {
        let _ = writeln!(
            out,
            "    #  {}: {{ {} }}  # {}",
            scalar(&suggestion.operation),
            suggestion.rules,
            one_line(&suggestion.why)
        );
    }
}

fn personas(out: &mut String, contract: &Contract) {
    let cast = suggest::cast(contract);
    out.push_str(
        "\n# Who there is in the mock. Nothing here is a secret: no real backend trusts a mock.\n\
         # Password <name>-password, key of a scheme <name>-<scheme>-key, unless they are written.\npersonas:\n",
    );
    for persona in &cast {
        let _ = writeln!(out, "  # {}", persona.what);
        let mut members = Vec::new();
        if !persona.roles.is_empty() {
            members.push(format!("roles: {}", list(&persona.roles)));
        }
        if !persona.scopes.is_empty() {
            members.push(format!("scopes: {}", list(&persona.scopes)));
        }
        if persona.disabled {
            members.push("disabled: true".to_owned());
        }
        entry(out, persona.name, &members);
    }
    let keys: Vec<&str> = contract
        .schemes()
        .iter()
        .filter(|scheme| matches!(scheme.kind, SchemeKind::ApiKey { .. }))
        .map(|scheme| scheme.name.as_str())
        .collect();
    out.push_str("  # A name of your own, with everything that can be written.\n  #carol:\n  #  password: correct horse battery staple\n");
    if !keys.is_empty() {
        let pairs: Vec<String> = keys
            .iter()
            .map(|scheme| format!("{}: {}", scalar(scheme), scalar(&format!("carol-{scheme}-key"))))
            .collect();
        let _ = writeln!(out, "  #  keys: {{ {} }}", pairs.join(", "));
    }
    out.push_str("  #  claims: { name: Carol Example, email: carol@example.com }\n  #  scenario: delay:2s\n");
}

/// On one line where it fits, else each member on its own.
fn entry(out: &mut String, name: &str, members: &[String]) {
    let joined = members.join(", ");
    if members.is_empty() {
        let _ = writeln!(out, "  {name}: {{}}");
    } else if joined.len() < 90 {
        let _ = writeln!(out, "  {name}: {{ {joined} }}");
    } else {
        let _ = writeln!(out, "  {name}:");
        for member in members {
            let _ = writeln!(out, "    {member}");
        }
    }
}

fn plans(out: &mut String, contract: &Contract) {
    let readers = suggest::reading(contract);
    let scopes = if readers.is_empty() { String::new() } else { format!(", scopes: {}", list(&readers)) };
    let _ = write!(
        out,
        "\n# Subscription tiers; a persona takes one by `plan: free`. A plan's scopes are the most that it allows.\n\
         #plans:\n\
         #  free: {{ limits: 60/min, quota: 10000/month{scopes} }}\n\
         #  pro: {{ limits: 6000/min }}\n",
    );
}

fn clients(out: &mut String, contract: &Contract) {
    let mut own = BTreeSet::new();
    for scheme in contract.schemes() {
        if let SchemeKind::OAuth2 { flows } = &scheme.kind {
            let machine = flows.iter().filter(|flow| flow.kind == contract::FlowKind::ClientCredentials);
            own.extend(machine.flat_map(|flow| flow.scopes.keys().cloned()));
        }
    }
    let own: Vec<String> = own.into_iter().collect();
    let scopes = if own.is_empty() { String::new() } else { format!(", scopes: {}", list(&own)) };
    let _ = write!(
        out,
        "\n# Registered clients. None: every client_id is somebody, with any secret or none. Once one is written, only\n\
         # those that are written are. Secrets come from the environment or a file.\n\
         #clients:\n\
         #  spa: {{ name: The web app, public: true, redirects: [http://localhost:5173/callback] }}\n\
         #  batch: {{ secret: \"${{BATCH_SECRET}}\", grants: [client_credentials]{scopes} }}\n",
    );
}

fn rest(out: &mut String) {
    out.push_str(
        "\n# How long credentials live, and how access tokens are signed.\n\
         #tokens: { access: 10m, refresh: 30d, reuse_grace: 10s, algorithm: ES256 }\n\
         \n# What the authorization server demands.\n\
         #oauth: { pkce: required, dpop: { nonce: off, required: false } }\n\
         \n# Failures until an account is locked. Written, it holds for Basic and the password grant too.\n\
         #lockout: { failures: 5, window: 15m, lock: 15m }\n\
         \n# What a request may weigh, and how often one address may ask.\n\
         #limits: { body: 10 MB, head: 64 KB, per_address: 600/min }\n",
    );
}

fn list(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| scalar(name)).collect();
    format!("[{}]", names.join(", "))
}

/// A text as YAML writes it, plain where it cannot be taken for anything else, also within brackets.
pub(super) fn scalar(text: &str) -> String {
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '/' || c == '_');
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let colons = text.split(':').all(|part| !part.is_empty() && part.chars().all(harmless));
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let word = words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if first && colons && !word { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

fn one_line(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|c| !c.is_control())
        .take(120)
        .collect()
}

/// A name as a part of a URL, for an example.
fn path_part(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::{Config, read::Written};

    fn contract(text: &str) -> Contract {
        contract::read_text("api.yaml", text.as_bytes(), &contract::Options::default()).contract.unwrap()
    }

    fn bookshop() -> Contract {
        contract(include_str!("../../../../../examples/bookshop.openapi.yaml"))
    }

    fn parse(text: &str) -> Config {
        let written = Written { file: Arc::new("lobby.yaml".into()), text: text.to_owned() };
        written.parse().unwrap_or_else(|problem| panic!("{problem:?}\n{text}"))
    }

    /// Every key switched on, as the head of the file says it is done.
    fn switched_on(text: &str) -> String {
        let line = |line: &str| {
            let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
            match rest.strip_prefix('#') {
                Some(key) if !key.starts_with(' ') || key.starts_with("  ") => format!("{indent}{key}\n"),
                Some(_) | None => format!("{line}\n"),
            }
        };
        text.lines().map(line).collect()
    }

    #[test]
    fn the_file_is_read_as_it_is_and_with_every_key_switched_on() {
        let text = file(&bookshop(), "bookshop", "bookshop.openapi.yaml");
        let config = parse(&text);
        assert_eq!(config.apis["bookshop"].contract.value, "bookshop.openapi.yaml");
        assert_eq!(config.personas.keys().collect::<Vec<_>>(), ["admin", "alice", "guest", "suspended"]);
        assert!(config.personas["alice"].scopes.0.contains(&"books:read".to_owned()));
        assert!(!config.personas["alice"].scopes.0.contains(&"books:write".to_owned()));
        assert!(config.personas["admin"].roles.contains(&"admin".to_owned()));
        assert!(config.plans.is_empty() && config.clients.is_empty());
        let all = parse(&switched_on(&text));
        assert!(all.plans.contains_key("free") && all.clients["spa"].public);
        assert!(all.personas["carol"].keys.contains_key("badge"));
        let operations = &all.apis["bookshop"].operations;
        assert!(!operations.is_empty());
        assert!(operations.keys().all(|name| bookshop().find(name).is_some()));
    }

    #[test]
    fn names_that_yaml_would_read_as_something_else_are_quoted() {
        for plain in ["books:read", "listBooks", "/v1", "a-b_c.d"] {
            assert_eq!(scalar(plain), plain);
        }
        for (text, written) in [
            ("yes", "\"yes\""),
            ("12", "\"12\""),
            ("GET /books/{id}", "\"GET /books/{id}\""),
            ("a: b", "\"a: b\""),
            ("a:", "\"a:\""),
            ("- a", "\"- a\""),
            ("", "\"\""),
            ("it's \"x\"\n", "\"it's \\\"x\\\"\\n\""),
        ] {
            assert_eq!(scalar(text), written);
        }
    }

    #[test]
    fn a_document_full_of_traps_gives_a_file_that_is_read() {
        let text = "openapi: 3.1.0\ninfo: {title: \"a\\n- b: {c\", version: '#1'}\npaths:\n  /users/{user id}:\n    \
            delete: {security: [{k: []}]}\n  \"/yes\":\n    get: {operationId: \"no\", security: [{o: ['it''s', on]}]}\n\
            components:\n  securitySchemes:\n    k: {type: apiKey, in: header, name: X}\n    \
            o: {type: oauth2, flows: {clientCredentials: {tokenUrl: /t, scopes: {\"it's\": x, on: y}}}}\n";
        let text = file(&contract(text), "yes", "it's: a # file.yaml");
        assert_eq!(parse(&text).apis["yes"].contract.value, "it's: a # file.yaml");
        parse(&switched_on(&text));
    }

    #[test]
    fn a_document_without_security_gives_a_file_that_is_read() {
        let contract =
            contract("openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  /a:\n    get: {}\n");
        let text = file(&contract, "api", "api.yaml");
        parse(&text);
        parse(&switched_on(&text));
    }
}
