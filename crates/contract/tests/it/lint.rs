//! One small document for each lint, none for a clean one, and every real document without a panic.

use std::{collections::BTreeSet, fs, path::Path};

use contract::{
    Options,
    lint::{self, Lint},
    read_text,
};
use model::{Problem, Severity};
use serde_json::Value;

use crate::disk;

/// A clean document around `rest`, which gives paths, and schemes of its own where it needs them.
fn found_in(rest: &str) -> Vec<Problem> {
    let text = format!("openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\n{rest}");
    let reading = read_text("a.yaml", text.as_bytes(), &Options::default());
    let contract = reading.contract.unwrap_or_else(|| panic!("{:?}\n{text}", reading.problems));
    lint::lint(&contract)
}

fn codes(rest: &str) -> BTreeSet<&'static str> {
    found_in(rest).into_iter().map(|problem| problem.code).collect()
}

const SCHEMES: &str = "components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-API-Key}
    session: {type: apiKey, in: cookie, name: session}
    basic: {type: http, scheme: basic}
    token: {type: http, scheme: bearer}
    oauth:
      type: oauth2
      flows:
        authorizationCode:
          authorizationUrl: /authorize
          tokenUrl: /token
          scopes: {'books:read': See, 'books:write': Change}
";

/// An operation with everything that answers need.
fn paths(path: &str, method: &str, security: &str) -> String {
    let responses = "responses: {'200': {description: ok}, 4XX: {description: no}}";
    let parameters: Vec<String> = path
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
        .map(|name| format!("{{name: {name}, in: path, required: true, schema: {{type: string}}}}"))
        .collect();
    let parameters = parameters.join(", ");
    format!("paths:\n  {path}:\n    {method}: {{parameters: [{parameters}], {security}, {responses}}}\n")
}

/// The codes for one operation, without the notes about what else the document declares.
fn operation(path: &str, method: &str, security: &str) -> BTreeSet<&'static str> {
    let mut codes = codes(&format!("{}{SCHEMES}", paths(path, method, security)));
    codes.remove("scheme.unused");
    codes.remove("scope.unused");
    codes
}

#[test]
fn a_requirement_that_lets_too_many_in_is_told() {
    for (path, method, security, expected) in [
        ("/books", "post", "security: []", "write.public"),
        ("/books", "post", "security: [{}, {token: []}]", "write.optional"),
        ("/me", "get", "security: []", "person.public"),
        ("/users/{id}", "get", "security: [{key: []}]", "key.person"),
        ("/me", "get", "security: [{basic: []}]", "basic.person"),
        ("/books", "post", "security: [{key: []}]", "key.write"),
        ("/books", "post", "security: [{session: []}]", "cookie.write"),
        ("/admin/books", "get", "security: [{token: []}]", "admin.open"),
        ("/users/{id}", "get", "security: [{oauth: ['books:read']}]", "policy.missing"),
        ("/books", "post", "security: [{oauth: []}]", "scope.none"),
        ("/books", "post", "security: [{oauth: ['books:read']}]", "scope.read-changes"),
        ("/books", "get", "operationId: deleteBooks, security: [{token: []}]", "get.changes"),
    ] {
        assert_eq!(
            operation(path, method, security),
            BTreeSet::from([expected]),
            "{method} {path} {security}"
        );
    }
}

#[test]
fn what_is_as_it_should_be_is_not_told() {
    for (path, method, security) in [
        ("/books", "get", "security: []"),
        ("/login", "post", "security: []"),
        ("/books/search", "post", "security: []"),
        ("/books", "get", "security: [{}, {token: []}]"),
        ("/books", "get", "security: [{key: []}]"),
        ("/books", "get", "security: [{basic: []}]"),
        ("/books", "post", "security: [{key: [], oauth: ['books:write']}]"),
        ("/books", "post", "security: [{token: []}]"),
        ("/books", "post", "description: SameSite and Origin stop forgers, security: [{session: []}]"),
        ("/books", "get", "security: [{session: []}]"),
        ("/me", "get", "security: [{oauth: ['books:read']}]"),
        ("/me", "get", "security: [{session: []}]"),
        ("/admin/books", "get", "security: [{token: []}], x-lobby: {roles: [admin]}"),
        ("/admin/books", "get", "security: [{oauth: ['books:write']}]"),
        (
            "/users/{id}",
            "get",
            "security: [{oauth: ['books:read']}], x-lobby: {policy: principal.sub == path.id}",
        ),
        ("/users/{id}", "get", "security: [{oauth: ['books:read']}], x-lobby: {roles: [staff]}"),
        ("/books", "post", "security: [{oauth: []}], x-lobby: {roles: [admin]}"),
    ] {
        assert_eq!(operation(path, method, security), BTreeSet::new(), "{method} {path} {security}");
    }
}

#[test]
fn schemes_servers_and_flows_are_judged_where_they_stand() {
    let scheme = |scheme: &str| {
        let paths = paths("/books", "get", "security: [{s: []}]");
        codes(&format!("{paths}components: {{securitySchemes: {{s: {scheme}}}}}\n"))
    };
    let flow = |flow: &str| scheme(&format!("{{type: oauth2, flows: {{{flow}}}}}"));
    let told = BTreeSet::from;
    assert_eq!(scheme("{type: apiKey, in: query, name: key}"), told(["key.query"]));
    assert_eq!(scheme("{type: http, scheme: bearer}"), BTreeSet::new());
    assert_eq!(
        scheme("{type: openIdConnect, openIdConnectUrl: 'http://id.example.com/'}"),
        told(["flow.plain"])
    );
    assert_eq!(flow("implicit: {authorizationUrl: /a, scopes: {}}"), told(["flow.implicit"]));
    assert_eq!(flow("password: {tokenUrl: /t, scopes: {}}"), told(["flow.password"]));
    assert_eq!(
        flow("clientCredentials: {tokenUrl: 'http://id.example.com/t', scopes: {}}"),
        told(["flow.plain"])
    );
    assert_eq!(flow("clientCredentials: {tokenUrl: /t, scopes: {a: b}}"), told(["scope.unused"]));

    let paths = paths("/books", "get", "security: [{token: []}]");
    let schemes = "components: {securitySchemes: {token: {type: http, scheme: bearer}, old: {type: http, scheme: basic}}}\n";
    assert_eq!(codes(&format!("{paths}{schemes}")), told(["scheme.unused"]));
    let one = "components: {securitySchemes: {token: {type: http, scheme: bearer}}}\n";
    assert_eq!(
        codes(&format!("servers: [{{url: 'http://api.example.com'}}]\n{paths}{one}")),
        told(["server.plain"])
    );
    assert_eq!(codes(&format!("servers: [{{url: 'http://localhost:3000'}}]\n{paths}{one}")), BTreeSet::new());
}

#[test]
fn scopes_that_tell_nothing_apart_are_told() {
    let two = |read: &str, write: &str| {
        let responses = "responses: {'200': {description: ok}, 4XX: {description: no}}";
        format!(
            "paths:\n  /books:\n    get: {{security: [{{oauth: [{read}]}}], {responses}}}\n    put: {{security: [{{oauth: [{write}]}}], {responses}}}\n"
        )
    };
    let own = "components: {securitySchemes: {oauth: {type: oauth2, flows: {clientCredentials: {tokenUrl: /t, scopes: {a: A, b: B}}}}}}\n";
    assert!(codes(&format!("{}{own}", two("a", "a"))).contains("scope.same"));
    assert_eq!(codes(&format!("{}{own}", two("a", "b"))), BTreeSet::new());
    let more = "  /two:\n    get: {security: [{oauth: [a]}], responses: {default: {description: x}}}\n    put: {security: [{oauth: [a]}], responses: {default: {description: x}}}\n";
    let broad = codes(&format!("{}{more}{own}", two("a", "a")));
    assert_eq!(broad, BTreeSet::from(["scope.broad", "scope.unused"]));
}

#[test]
fn denials_that_clients_are_not_told_of_are_notes() {
    let text = format!(
        "paths:\n  /books:\n    get: {{security: [{{oauth: ['books:read']}}], responses: {{'200': {{description: ok}}}}}}\n{SCHEMES}"
    );
    let problems = found_in(&text);
    for code in ["response.401", "response.403"] {
        let problem = problems.iter().find(|problem| problem.code == code).unwrap();
        let place = problem.place.as_ref().unwrap();
        assert_eq!((problem.severity, place.line, place.column, place.length), (Severity::Note, 5, 5, 3));
    }
}

#[test]
fn credentials_among_the_parameters_are_told_once() {
    let text = "paths:
  /a:
    get: {parameters: [{$ref: '#/components/parameters/Secret'}], responses: {'200': {description: ok}}}
  /b:
    get: {parameters: [{$ref: '#/components/parameters/Secret'}, {name: X-API-Key, in: header, schema: {type: string}}], responses: {'200': {description: ok}}}
components:
  parameters:
    Secret: {name: password, in: query, schema: {type: string}}
";
    let problems = found_in(text);
    let told: Vec<_> =
        problems.iter().map(|problem| (problem.code, problem.place.as_ref().unwrap().line)).collect();
    assert_eq!(told, [("credential.parameter", 7), ("secret.query", 10)]);
}

#[test]
fn what_operations_inherit_is_one_finding_where_it_is_written() {
    let text = format!(
        "security:\n  - key: []\npaths:\n  /a: {{post: {{}}}}\n  /b: {{post: {{}}}}\n  /c: {{post: {{}}}}\n{SCHEMES}"
    );
    let problems = found_in(&text);
    let found: Vec<&Problem> = problems.iter().filter(|problem| problem.code == "key.write").collect();
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].message,
        "the key `key` alone suffices to change something with `POST /a`, `POST /b` and `POST /c`"
    );
    let place = found[0].place.as_ref().unwrap();
    assert_eq!((place.line, place.column, place.length), (4, 5, 3));
}

#[test]
fn a_policy_beside_makes_its_absence_a_warning() {
    let responses = "responses: {4XX: {description: no}, '200': {description: ok}}";
    let text = format!(
        "paths:\n  /users/{{id}}:\n    parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]\n    get: {{security: [{{token: []}}], x-lobby: {{policy: principal.sub == path.id}}, {responses}}}\n    delete: {{security: [{{token: []}}], {responses}}}\n{SCHEMES}"
    );
    let problems = found_in(&text);
    let found = problems.iter().find(|problem| problem.code == "policy.missing").unwrap();
    assert_eq!((found.severity, found.place.as_ref().unwrap().line), (Severity::Warning, 7));
}

#[test]
fn the_settings_that_a_reviewer_asks_for_are_judged() {
    let minutes = |minutes: u64| std::time::Duration::from_secs(60 * minutes);
    assert_eq!(lint::token_lifetime(minutes(15), None), None);
    let long = lint::token_lifetime(minutes(16), None).unwrap();
    assert_eq!((long.code, long.severity), ("token.lifetime", Severity::Warning));
    assert_eq!(lint::optional_proof_key(Some("app"), None).code, "pkce.optional");
    assert_eq!(lint::outdated_grant("implicit", None).unwrap().code, "flow.implicit");
    assert_eq!(lint::outdated_grant("authorization_code", None), None);
    let every = ["*".to_owned()];
    assert_eq!(lint::cross_origin("shop", &every, true, None).unwrap().code, "cors.any");
    assert_eq!(lint::cross_origin("shop", &every, false, None), None);
}

#[test]
fn the_bookshop_has_no_finding_above_a_note() {
    let example = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/bookshop.openapi.yaml"));
    let reading = disk::read(example, contract::Face::Mock);
    assert!(reading.problems.is_empty(), "{}", disk::told(&reading));
    let problems = lint::lint(&reading.contract.unwrap());
    let above: Vec<&Problem> = problems.iter().filter(|problem| problem.severity > Severity::Note).collect();
    assert!(above.is_empty(), "{above:#?}");
}

#[test]
fn every_lint_has_its_page_and_every_page_its_lint() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/lints"));
    let index = fs::read_to_string(folder.join("README.md")).unwrap();
    for lint in Lint::ALL {
        let page = lint.page();
        assert!(page.starts_with(&format!("# `{}`\n\n{}.\n", lint.code(), lint.title())), "{}", lint.code());
        assert!(
            page.contains(&format!("Severity: {}", contract::report::word(lint.severity()))),
            "{}",
            lint.code()
        );
        let row = format!(
            "| [`{0}`]({0}.md) | {1} | {2} |\n",
            lint.code(),
            contract::report::word(lint.severity()),
            lint.title()
        );
        assert!(index.contains(&row), "docs/lints/README.md lacks the row\n{row}");
        assert_eq!(Lint::parse(lint.code()), Some(*lint));
    }
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let pages: BTreeSet<String> = files.filter(|name| name != "README.md").collect();
    let known: BTreeSet<String> = Lint::ALL.iter().map(|lint| format!("{}.md", lint.code())).collect();
    assert_eq!(pages, known);
    assert_eq!(index.matches(".md) | ").count(), Lint::ALL.len());
}

#[test]
fn every_real_and_every_hostile_document_is_judged_at_places_that_are_there() {
    let mut judged = 0;
    for (folder, list, pointer) in
        [("openapi", "documents", "file"), ("openapi-hostile", "documents", "file")]
    {
        let manifest: Value =
            serde_json::from_slice(&fs::read(disk::data(folder).join("manifest.json")).unwrap()).unwrap();
        for entry in manifest[list].as_array().into_iter().flatten() {
            let Some(file) = entry[pointer].as_str() else { continue };
            let reading = disk::read(&disk::data(folder).join(file), contract::Face::Mock);
            let Some(contract) = reading.contract else { continue };
            judged += 1;
            for problem in lint::lint(&contract) {
                let counted = problem.message.contains(" are not shown");
                assert!(Lint::parse(problem.code).is_some(), "{file}: {problem:?}");
                assert!(counted || problem.place.is_some(), "{file}: {problem:?}");
            }
        }
    }
    assert!(judged > 120, "{judged}");
}
