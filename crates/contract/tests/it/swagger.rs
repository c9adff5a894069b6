use contract::{Contract, FlowKind, Location, Options, SchemeKind, Style};

fn read(text: &str) -> Contract {
    let reading = contract::read_text("api.yaml", text.as_bytes(), &Options::default());
    let codes: Vec<_> = reading.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["document.swagger"], "{:?}", reading.problems);
    reading.contract.unwrap()
}

const SHOP: &str = r##"
swagger: "2.0"
info: {title: Old, version: "1"}
host: old.test
basePath: /v1/
schemes: [http, https]
consumes: [application/json]
produces: [application/json]
securityDefinitions:
  basic: {type: basic}
  key: {type: apiKey, in: header, name: X-Key}
  o: {type: oauth2, flow: accessCode, authorizationUrl: /a, tokenUrl: /t, scopes: {read: Read}}
security: [{o: [read]}]
parameters:
  Body: {name: b, in: body, required: true, schema: {$ref: "#/definitions/Pet"}}
  Limit: {name: limit, in: query, type: integer, maximum: 5}
definitions:
  Pet: {type: object, required: [id], properties: {id: {type: integer, x-nullable: true}, next: {$ref: "#/definitions/Pet"}}}
responses:
  Bad: {description: bad, schema: {type: string}}
paths:
  /pets:
    get:
      security: [{basic: []}, {key: []}]
      parameters:
        - $ref: "#/parameters/Limit"
        - {name: tags, in: query, type: array, items: {type: string}, collectionFormat: pipes}
      responses:
        "200": {description: ok, schema: {$ref: "#/definitions/Pet"}, examples: {application/json: {id: 1}}, headers: {X-A: {type: integer}}}
        "400": {$ref: "#/responses/Bad"}
    post:
      parameters: [{$ref: "#/parameters/Body"}]
      responses: {"201": {description: ok}}
  /files:
    post:
      parameters:
        - {name: f, in: formData, type: file, required: true}
        - {name: n, in: formData, type: string}
      responses: {"201": {description: ok}}
"##;

#[test]
fn schemes_and_the_base_of_swagger_2_are_carried_over() {
    let contract = read(SHOP);
    assert_eq!(contract.bases(), ["/v1"]);
    assert_eq!(contract.schemes()[0].kind, SchemeKind::Basic);
    let SchemeKind::OAuth2 { flows } = &contract.schemes()[2].kind else { panic!() };
    assert_eq!(flows[0].kind, FlowKind::AuthorizationCode);
    assert_eq!(
        contract.find("POST /pets").unwrap().requirement.alternatives[0].demands[0].scopes.to_string(),
        "read"
    );
    assert_eq!(contract.find("GET /pets").unwrap().requirement.alternatives.len(), 2);
}

#[test]
fn parameters_bodies_and_responses_of_swagger_2_are_those_of_3_0() {
    let contract = read(SHOP);
    let get = contract.find("GET /pets").unwrap().detail(&contract);
    let [limit, tags] = &*get.parameters else { panic!() };
    assert_eq!(
        (limit.location, limit.schema.as_ref().unwrap()["maximum"].as_u64()),
        (Location::Query, Some(5))
    );
    assert_eq!((tags.style, tags.explode), (Style::PipeDelimited, false));
    let ok = &get.responses[0];
    assert_eq!(ok.content[0].examples[0].value, serde_json::json!({"id": 1}));
    assert_eq!(ok.headers[0].name, "X-A");
    let schema = ok.content[0].schema.as_ref().unwrap();
    assert_eq!(schema["$defs"]["Pet"]["properties"]["id"]["type"], serde_json::json!(["integer", "null"]));
    assert_eq!(schema["$defs"]["Pet"]["properties"]["next"]["$ref"], "#/$defs/Pet");
    assert_eq!(get.responses[1].content[0].schema.as_ref().unwrap()["type"], "string");
    let post = contract.find("POST /pets").unwrap().detail(&contract);
    assert!(post.body.as_ref().unwrap().required && post.parameters.is_empty());
    let files = contract.find("POST /files").unwrap().detail(&contract);
    let body = files.body.as_ref().unwrap();
    assert_eq!(body.content[0].schema.as_ref().unwrap()["properties"]["f"]["format"], "binary");
}
