use std::{collections::BTreeMap, path::PathBuf};

use contract::{Address, Options, Pointers, Reading, Rules};
use serde_json::json;

fn read(files: &[(&str, &str)]) -> Reading {
    let loader: BTreeMap<String, Vec<u8>> =
        files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    contract::read(&Address::File(files[0].0.to_owned()), &loader, &Options::default())
}

const ROOT: &str = "openapi: 3.1.0
info: {title: t, version: '1'}
servers: [{url: 'https://h.test/v1'}]
security: [{o: []}]
paths:
  /a: {$ref: paths/a.yaml}
components:
  securitySchemes:
    o: {type: oauth2, flows: {clientCredentials: {tokenUrl: 'https://login.test/t', scopes: {}}}}
";
const PATH: &str = "get:
  responses:
    '200':
      description: d
      content: {application/json: {schema: {$ref: '../schemas/all.yaml#/Pet'}}}
";
const SCHEMAS: &str =
    "Pet: {type: object, properties: {friend: {$ref: '#/Pet'}, owner: {$ref: 'owner.json'}}}\n";
const OWNER: &str = r#"{"type": "object", "properties": {"pet": {"$ref": "all.yaml#/Pet"}}}"#;

#[test]
fn a_document_in_several_files_is_one_contract() {
    let reading = read(&[
        ("api.yaml", ROOT),
        ("paths/a.yaml", PATH),
        ("schemas/all.yaml", SCHEMAS),
        ("schemas/owner.json", OWNER),
    ]);
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    assert_eq!(
        reading.files,
        ["api.yaml", "paths/a.yaml", "schemas/all.yaml", "schemas/owner.json"].map(PathBuf::from)
    );
    let contract = reading.contract.unwrap();
    let detail = contract.operations()[0].detail(&contract);
    let schema = detail.responses[0].content[0].schema.as_ref().unwrap();
    assert_eq!(schema["$defs"]["Pet"]["properties"]["friend"], json!({"$ref": "#/$defs/Pet"}));
    assert_eq!(schema["$defs"]["owner.json"]["properties"]["pet"], json!({"$ref": "#/$defs/Pet"}));
}

#[test]
fn the_served_document_says_what_was_laid_over_it() {
    let text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\nsecurity: [{k: []}]\npaths:\n  /a/{id}:\n    get:\n      \
                operationId: a\n      x-lobby: {acr: mfa}\ncomponents:\n  securitySchemes:\n    \
                k: {type: apiKey, in: header, name: K}\n";
    let read = |text: &[u8]| contract::read_text("api.yaml", text, &Options::default()).contract.unwrap();
    let mut contract = read(text.as_bytes());
    let rules = Rules {
        roles: ["clerk".to_owned()].into(),
        plans: ["pro".to_owned()].into(),
        max_age: Some(std::time::Duration::from_secs(300)),
        acr: None,
        policy: Some("principal.sub == path.id".parse().unwrap()),
    };
    assert_eq!(contract.apply_rules(&BTreeMap::from([("a".to_owned(), rules.clone())])), []);
    let again = read(contract.served_document(&Pointers::default()).to_string().as_bytes());
    let told = &again.find("a").unwrap().requirement.rules;
    assert_eq!(*told, Rules { acr: Some("mfa".to_owned()), ..rules });
}

#[test]
fn the_served_document_is_one_file_that_points_here() {
    let reading = read(&[
        ("api.yaml", ROOT),
        ("paths/a.yaml", PATH),
        ("schemas/all.yaml", SCHEMAS),
        ("schemas/owner.json", OWNER),
    ]);
    let pointers = Pointers {
        servers: vec!["http://127.0.0.1:4000/v1".to_owned()],
        token: "http://127.0.0.1:4000/token".to_owned(),
        ..Pointers::default()
    };
    let document = reading.contract.unwrap().served_document(&pointers);
    assert_eq!(document["servers"], json!([{"url": "http://127.0.0.1:4000/v1"}]));
    let flow = &document["components"]["securitySchemes"]["o"]["flows"]["clientCredentials"];
    assert_eq!(flow["tokenUrl"], "http://127.0.0.1:4000/token");
    let again = contract::read_text("served.json", document.to_string().as_bytes(), &Options::default());
    assert!(again.problems.is_empty(), "{:?}", again.problems);
    let contract = again.contract.unwrap();
    assert_eq!(contract.operations()[0].detail(&contract).responses[0].content.len(), 1);
}

#[test]
fn a_file_with_faults_costs_only_what_depends_on_it() {
    let reading = read(&[("api.yaml", ROOT), ("paths/a.yaml", PATH), ("schemas/all.yaml", "a: [")]);
    let contract = reading.contract.unwrap();
    assert_eq!(contract.operations().len(), 1);
    assert!(reading.problems.iter().any(|problem| problem.code == "reference.broken"));
}
