//! Servers at every level: an operation's over its path's over the document's.

use contract::{Contract, NormalPath, Options, Pointers, Routed, lint, read_text};
use http::Method;
use serde_json::json;

const DOCUMENT: &str = "openapi: 3.2.0
info: {title: t, version: '1'}
servers: [{url: 'https://api.example.com/v1'}, {url: 'https://api.example.com/v2'}]
security: [{k: []}]
paths:
  /books:
    get:
      operationId: list
      responses:
        '200': {description: d, links: {cover: {operationId: cover, server: {url: 'http://files.example.com/files'}}}}
    post:
      operationId: upload
      servers:
      - url: 'https://{region}.uploads.example.com/{stage}/up'
        variables: {region: {default: eu}, stage: {default: live, enum: [live, test]}}
      responses: {'201': {description: d}}
      callbacks: {done: {'{$request.body#/url}': {servers: [{url: /theirs}], post: {responses: {'200': {description: d}}}}}}
  /books/{id}:
    servers: [{url: /files}]
    get: {operationId: cover, parameters: [{$ref: '#/components/parameters/id'}], responses: {'200': {description: d}}}
    delete:
      operationId: remove
      servers: []
      parameters: [{$ref: '#/components/parameters/id'}]
      responses: {'204': {description: d}}
  /books/new:
    get: {operationId: fresh, responses: {'200': {description: d}}}
  /shared: {$ref: '#/components/pathItems/shared'}
components:
  parameters: {id: {name: id, in: path, required: true, schema: {type: string}}}
  pathItems: {shared: {servers: [{url: '/shared/'}, {url: '/shared'}], get: {operationId: shared, responses: {'200': {description: d}}}}}
  securitySchemes: {k: {type: apiKey, in: header, name: K}}
";

fn contract(text: &str) -> Contract {
    let reading = read_text("api.yaml", text.as_bytes(), &Options::default());
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    reading.contract.unwrap()
}

fn led(contract: &Contract, base: &str, method: &Method, path: &str) -> String {
    match contract.route_at(base, method, &NormalPath::parse(path).unwrap()) {
        Routed::To { operation, .. } => operation.name.to_string(),
        Routed::WrongMethod { allow } => format!("{allow:?}"),
        Routed::Unknown => "nowhere".to_owned(),
        Routed::Invalid(error) => error.to_string(),
    }
}

#[test]
fn the_innermost_servers_say_where_an_operation_is() {
    let contract = contract(DOCUMENT);
    assert_eq!(contract.bases(), ["/v1", "/v2"]);
    assert_eq!(contract.all_bases(), ["/v1", "/v2", "/live/up", "/files", "/shared"]);
    let bases = |name: &str| contract.bases_of(contract.find(name).unwrap());
    assert_eq!(bases("list"), ["/v1", "/v2"]);
    assert_eq!(bases("upload"), ["/live/up"]);
    assert_eq!(bases("cover"), ["/files"]);
    assert_eq!(bases("remove"), ["/files"], "an empty list says nothing");
    assert_eq!(bases("shared"), ["/shared"]);
}

#[test]
fn a_request_reaches_only_what_is_below_its_base() {
    let contract = contract(DOCUMENT);
    let (get, post) = (Method::GET, Method::POST);
    assert_eq!(led(&contract, "/v2", &get, "/books"), "list");
    assert_eq!(led(&contract, "/v1", &post, "/books"), "[GET, HEAD]");
    assert_eq!(led(&contract, "/live/up", &post, "/books"), "upload");
    assert_eq!(led(&contract, "/live/up", &get, "/books"), "[POST]");
    assert_eq!(led(&contract, "/files", &get, "/books"), "nowhere");
    // A literal that is elsewhere hides no parameter.
    assert_eq!(led(&contract, "/files", &get, "/books/new"), "cover");
    assert_eq!(led(&contract, "/v1", &get, "/books/new"), "fresh");
    assert_eq!(led(&contract, "/v1", &get, "/books/7"), "nowhere");
    // Whoever asks for no base sees all of it.
    let path = NormalPath::parse("/books/new").unwrap();
    assert!(
        matches!(contract.route(&get, &path), Routed::To { operation, .. } if &*operation.name == "fresh")
    );
}

#[test]
fn the_served_document_points_servers_of_every_level_here() {
    let pointers = Pointers {
        servers: vec!["http://h:1/v1".to_owned()],
        own: Some("http://h:1".to_owned()),
        ..Pointers::default()
    };
    let contract = contract(DOCUMENT);
    let document = contract.served_document(&pointers);
    assert_eq!(document["servers"], json!([{"url": "http://h:1/v1"}]));
    let books = &document["paths"]["/books"];
    assert_eq!(books["post"]["servers"], json!([{"url": "http://h:1/live/up"}]));
    let link = &books["get"]["responses"]["200"]["links"]["cover"]["server"];
    assert_eq!(*link, json!({"url": "http://h:1/files"}));
    let callback = &books["post"]["callbacks"]["done"]["{$request.body#/url}"]["servers"];
    assert_eq!(*callback, json!([{"url": "/theirs"}]), "a callback is not served here");
    let book = &document["paths"]["/books/{id}"];
    assert_eq!(book["servers"], json!([{"url": "http://h:1/files"}]));
    assert!(book["delete"].get("servers").is_none());
    let shared = &document["components"]["pathItems"]["shared"]["servers"];
    assert_eq!(*shared, json!([{"url": "http://h:1/shared"}]));
    let again = read_text("s.json", document.to_string().as_bytes(), &Options::default()).contract.unwrap();
    for operation in contract.operations() {
        let told = again.bases_of(again.find(&operation.name).unwrap());
        assert_eq!(told[0], contract.bases_of(operation)[0], "{}", operation.name);
    }
    // Moved as a whole, no operation has servers of its own.
    let moved = Pointers { own: None, ..pointers };
    let moved = contract.served_document(&moved).to_string();
    let again = read_text("s.json", moved.as_bytes(), &Options::default()).contract.unwrap();
    assert_eq!(again.all_bases(), ["/v1"]);
}

#[test]
fn plain_http_is_told_of_the_servers_that_hold() {
    let plain = |text: &str| -> Vec<u32> {
        let found = lint::lint(&contract(text)).into_iter();
        let found = found.filter(|problem| problem.code == "server.plain");
        found.map(|problem| problem.place.unwrap().line).collect()
    };
    assert_eq!(plain(DOCUMENT), Vec::<u32>::new(), "a link's server is another's matter");
    let operation = DOCUMENT.replace("https://{region}", "http://{region}");
    assert_eq!(plain(&operation), [14]);
    let item = DOCUMENT.replace("servers: [{url: /files}]", "servers: [{url: 'http://files.example.com'}]");
    assert_eq!(plain(&item), [19], "said once, though two operations inherit it");
    let root = DOCUMENT.replace("https://api.example.com/v1", "http://api.example.com/v1");
    assert_eq!(plain(&root), [3]);
    // Nobody is asked for credentials at a server that every operation overrides.
    let one = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\nservers: [{url: 'http://old.example.com'}]\n\
               paths: {/a: {servers: [{url: 'https://new.example.com'}], get: {security: [{k: []}], responses: {'200': \
               {description: d}}}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: K}}}\n";
    assert_eq!(plain(one), Vec::<u32>::new());
}

#[test]
fn servers_that_cannot_be_meant_leave_the_outer_ones() {
    let text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\nservers: [{url: /v1}]\npaths:\n  /a:\n    get:\n      \
                servers: [{url: 'https://{host}/x'}, {description: none}]\n      responses: {'200': {description: d}}\n  \
                /b:\n    get:\n      servers: {url: /x}\n      responses: {'200': {description: d}}\n";
    let reading = read_text("api.yaml", text.as_bytes(), &Options::default());
    let codes: Vec<&str> = reading.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["server.url", "server.url", "server.form"]);
    let contract = reading.contract.unwrap();
    assert_eq!(contract.all_bases(), ["/v1"]);
}

#[test]
fn a_thousand_paths_of_servers_are_told_once_and_bounded() {
    let mut text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n".to_owned();
    for n in 0..1000 {
        let path = "  /aN: {get: {servers: [{url: /sN}], responses: {'200': {description: d}}}}\n";
        text.push_str(&path.replace('N', &n.to_string()));
    }
    let reading = read_text("api.yaml", text.as_bytes(), &Options::default());
    let codes: Vec<&str> = reading.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["server.many"]);
    // What is beyond it is where the document is.
    assert_eq!(reading.contract.unwrap().all_bases().len(), 101);
}
