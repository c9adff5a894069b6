//! Requests that are not as the document says, by style, media type and notation.

use std::sync::Arc;

use contract::{Contract, NormalPath, Options, Routed};
use http::{HeaderMap, HeaderValue, Method};
use mock::answer::{Answer, Answerer, Ask, Forced, Settings};
use model::Timestamp;
use serde_json::{Value, json};

const DOCUMENT: &str = r##"
openapi: 3.2.0
info: {title: Forms, version: "1"}
paths:
  /label/{a}:
    get: {operationId: label, parameters: [{name: a, in: path, required: true, style: label, schema: {type: array, items: {type: integer}}}], responses: {"200": {description: ok}}}
  /matrix/{a}:
    get: {operationId: matrix, parameters: [{name: a, in: path, required: true, style: matrix, schema: {type: integer}}], responses: {"200": {description: ok}}}
  /list:
    get:
      operationId: list
      parameters:
        - {name: limit, in: query, schema: {type: integer}}
        - {name: genre, in: query, explode: false, schema: {type: array, items: {type: string}}}
        - {name: tag, in: query, schema: {type: array, items: {type: string}}}
        - {name: any, in: query, schema: {}}
      responses: {"200": {description: ok}}
  /whole:
    get:
      operationId: whole
      parameters:
        - name: q
          in: querystring
          required: true
          content: {application/x-www-form-urlencoded: {schema: {type: object, required: [a], properties: {a: {type: integer}}}}}
      responses: {"200": {description: ok}}
  /book:
    post:
      operationId: book
      requestBody:
        required: true
        content:
          application/xml: {schema: {$ref: "#/components/schemas/Book"}}
          application/json: {schema: {$ref: "#/components/schemas/Book"}}
          multipart/form-data:
            schema: {type: object, properties: {cover: {type: string}, note: {type: string}}}
            encoding: {cover: {contentType: "image/png, image/jpeg"}}
      responses:
        "201": {description: ok}
        "422": {description: wrong, content: {application/json: {schema: {type: object, required: [why], properties: {why: {const: wrong}}}}}}
components:
  schemas:
    Book:
      type: object
      required: [id, title]
      additionalProperties: false
      xml: {name: book}
      properties:
        id: {type: integer, xml: {attribute: true}}
        title: {type: string}
        pages: {type: integer}
"##;

fn ask(method: &str, target: &str, content_type: &str, body: &str) -> Answer {
    let reading = contract::read_text("forms.yaml", DOCUMENT.as_bytes(), &Options::default());
    let contract: Arc<Contract> =
        Arc::new(reading.contract.unwrap_or_else(|| panic!("{:?}", reading.problems)));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = NormalPath::parse(path).unwrap_or_else(|_| panic!("{target}"));
    let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
    let Routed::To { operation, captures } = contract.route(&method, &path) else { panic!("no route") };
    let mut headers = HeaderMap::new();
    if let Some(value) = HeaderValue::from_str(content_type).ok().filter(|value| !value.is_empty()) {
        headers.insert("content-type", value);
    }
    let asked = Ask {
        base: "",
        path: target,
        captures: &captures,
        query,
        headers: &headers,
        body: body.as_bytes(),
        now: Timestamp::from_seconds(1_795_000_000),
        request_id: "r-1",
        forced: &Forced::default(),
    };
    Answerer::new(Arc::clone(&contract), Settings::default()).answer(operation, asked)
}

fn told(answer: &Answer) -> Vec<(&str, &str)> {
    answer.mistakes.iter().map(|mistake| (mistake.pointer.as_str(), mistake.message.as_str())).collect()
}

#[test]
fn a_path_parameter_has_the_prefix_of_its_style() {
    for good in ["/label/.1,2", "/matrix/;a=1"] {
        assert_eq!(ask("GET", good, "", "").status, 200, "{good}");
    }
    for (bad, part) in [
        ("/label/1,2", "a dot before it"),
        ("/matrix/1", "its name before it"),
        ("/matrix/a=1", "its name before it"),
        ("/matrix/;b=1", "its name before it"),
    ] {
        let answer = ask("GET", bad, "", "");
        assert_eq!(answer.status, 422, "{bad}");
        assert!(told(&answer)[0].1.contains(part), "{bad}: {answer:?}");
    }
}

#[test]
fn one_value_stands_once_and_a_list_as_its_style_says() {
    for good in ["/list?limit=1&genre=a,b&tag=a&tag=b", "/list?any=1&any=2"] {
        assert_eq!(ask("GET", good, "", "").status, 200, "{good}");
    }
    for (bad, part) in
        [("/list?limit=1&limit=2", "one value is taken"), ("/list?genre=a&genre=b", "into one value")]
    {
        let answer = ask("GET", bad, "", "");
        assert_eq!(answer.status, 422, "{bad}");
        assert!(told(&answer)[0].1.contains(part), "{bad}: {answer:?}");
    }
}

#[test]
fn a_query_string_that_is_required_has_to_be_there() {
    assert_eq!(ask("GET", "/whole?a=1", "", "").status, 200);
    for bad in ["/whole", "/whole?a=x", "/whole?b=1"] {
        assert_eq!(ask("GET", bad, "", "").status, 422, "{bad}");
    }
}

#[test]
fn a_body_of_xml_is_judged_by_its_schema() {
    let post = |body: &str| ask("POST", "/book", "application/xml", body);
    assert_eq!(
        post("<?xml version=\"1.0\"?><book id='1'><title>Dune</title><pages> 412 </pages></book>").status,
        201
    );
    for (bad, pointer) in [
        ("<buch id='1'><title>Dune</title></buch>", ""),
        ("<book><title>Dune</title></book>", "/id"),
        ("<book id='one'><title>Dune</title></book>", "/id"),
        ("<book id='1'><title>Dune</title><pages>many</pages></book>", "/pages"),
        ("<book id='1'><title>Dune</title><extra/></book>", "/extra"),
        ("<book id='1'><title>Dune</title><title>Emma</title></book>", "/title"),
    ] {
        let answer = post(bad);
        assert_eq!(answer.status, 422, "{bad}");
        assert_eq!(told(&answer)[0].0, pointer, "{bad}: {answer:?}");
    }
}

#[test]
fn a_part_has_one_of_the_media_types_of_its_encoding() {
    let part = |kind: &str| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"cover\"; filename=\"c\"\r\n{kind}\r\nx\r\n--b\r\n\
             Content-Disposition: form-data; name=\"note\"\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n"
        )
    };
    let post = |kind: &str| ask("POST", "/book", "multipart/form-data; boundary=b", &part(kind));
    for good in ["Content-Type: image/png\r\n", "Content-Type: IMAGE/JPEG; x=y\r\n", ""] {
        assert_eq!(post(good).status, 201, "{good}");
    }
    let answer = post("Content-Type: text/plain\r\n");
    assert_eq!(answer.status, 422);
    assert_eq!(told(&answer), [("/cover", "part `cover` is text/plain, and must be image/png, image/jpeg")]);
}

#[test]
fn what_is_no_json_has_the_status_that_is_declared_and_says_why_in_a_header() {
    let answer = ask("POST", "/book", "application/json", "{\"id\": 1,");
    assert_eq!((answer.status.as_u16(), answer.code), (422, Some("request.invalid")));
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["why"], "wrong");
    let listed: Value = serde_json::from_str(answer.headers["lobby-problems"].to_str().unwrap()).unwrap();
    assert_eq!(listed[0]["pointer"], json!(""));
    let many: Vec<String> = (0..200).map(|number| format!("\"überzählig{number}\": 1,")).collect();
    let many = many.concat();
    let answer = ask("POST", "/book", "application/json", &format!("{{{many}\"id\": 1, \"title\": \"a\"}}"));
    let text = answer.headers["lobby-problems"].to_str().unwrap();
    assert!(text.len() <= 2048 && text.contains("\\u00fc"), "{text}");
    assert!(serde_json::from_str::<Value>(text).unwrap().as_array().unwrap().len() > 5);
}
