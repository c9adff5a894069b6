//! One document, asked in every way.

use std::{sync::Arc, time::Duration};

use contract::{Contract, NormalPath, Options, Routed};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use mock::answer::{Answer, Answerer, Ask, Forced, Settings, Told, Validate};
use model::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

const SHOP: &str = r##"
openapi: 3.1.0
info: {title: Shop, version: "1"}
paths:
  /books:
    get:
      operationId: listBooks
      parameters:
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 50}}
        - {name: tags, in: query, style: pipeDelimited, explode: false, schema: {type: array, items: {enum: [a, b]}}}
        - {name: filter, in: query, style: deepObject, schema: {type: object, properties: {year: {type: integer}}}}
        - {name: X-Trace, in: header, required: true, schema: {type: string, format: uuid}}
        - {name: mood, in: cookie, schema: {enum: [good, bad]}}
      responses:
        "200":
          description: books
          headers:
            X-Total: {required: true, schema: {type: integer, minimum: 3, maximum: 3}}
            X-Shop: {example: north, schema: {type: string}}
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Book"}}
              examples:
                some: {value: [{id: 1, title: One}]}
                empty: {value: []}
            application/xml:
              schema: {type: array, xml: {name: books, wrapped: true}, items: {$ref: "#/components/schemas/Book"}}
        "404":
          description: none
          content: {application/problem+json: {schema: {$ref: "#/components/schemas/Problem"}}}
    post:
      operationId: addBook
      requestBody:
        required: true
        content:
          application/json: {schema: {$ref: "#/components/schemas/Book"}}
          application/x-www-form-urlencoded: {schema: {$ref: "#/components/schemas/Book"}}
          multipart/form-data: {schema: {$ref: "#/components/schemas/Book"}}
      responses:
        "201":
          description: made
          headers: {Location: {schema: {type: string}}}
          links: {self: {operationId: getBook, parameters: {id: "$response.body#/id"}}}
          content: {application/json: {schema: {$ref: "#/components/schemas/Book"}}}
        "400":
          description: wrong
          content: {application/json: {schema: {type: object, required: [why], properties: {why: {const: wrong}}}}}
  /books/{id}:
    get:
      operationId: getBook
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses:
        "200": {description: book, content: {application/json: {schema: {$ref: "#/components/schemas/Book"}}}}
        4XX: {description: no, content: {application/json: {example: {no: true}}, text/plain: {example: no}}}
        default: {description: odd, content: {application/json: {example: {odd: true}}}}
    delete:
      operationId: dropBook
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses: {"204": {description: gone}}
components:
  schemas:
    Book:
      type: object
      required: [id, title]
      additionalProperties: false
      properties:
        id: {type: integer, readOnly: true}
        title: {type: string, minLength: 1}
        price: {type: number, minimum: 0}
        secret: {type: string, writeOnly: true}
        tags: {type: array, items: {type: string}}
    Problem:
      type: object
      required: [title, status]
      properties: {title: {type: string}, status: {type: integer}}
"##;

struct Shop {
    contract: Arc<Contract>,
    answerer: Answerer,
}

#[derive(Default)]
struct Asking<'a> {
    headers: &'a [(&'a str, &'a str)],
    body: &'a [u8],
    forced: Forced,
}

fn shop(settings: Settings) -> Shop {
    let reading = contract::read_text("shop.yaml", SHOP.as_bytes(), &Options::default());
    let contract = Arc::new(reading.contract.unwrap_or_else(|| panic!("{:?}", reading.problems)));
    Shop { answerer: Answerer::new(Arc::clone(&contract), settings), contract }
}

impl Shop {
    fn ask(&self, method: &str, target: &str, asking: &Asking<'_>) -> Answer {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = NormalPath::parse(path).unwrap_or_else(|_| panic!("{target}"));
        let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        let Routed::To { operation, captures } = self.contract.route(&method, &path) else {
            panic!("no route")
        };
        let mut headers = HeaderMap::new();
        for (name, value) in asking.headers {
            let pair = HeaderName::try_from(*name).ok().zip(HeaderValue::from_str(value).ok());
            let (name, value) = pair.unwrap_or_else(|| panic!("{name}: {value}"));
            headers.append(name, value);
        }
        self.answerer.answer(
            operation,
            Ask {
                base: "/v1",
                path: target,
                captures: &captures,
                query,
                headers: &headers,
                body: asking.body,
                now: Timestamp::from_seconds(1_795_000_000),
                request_id: "r-1",
                forced: &asking.forced,
            },
        )
    }

    fn get(&self, target: &str, headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![TRACE];
        all.extend_from_slice(headers);
        self.ask("GET", target, &Asking { headers: &all, ..Asking::default() })
    }

    fn post(&self, content_type: &str, body: &str) -> Answer {
        let headers = [("content-type", content_type)];
        self.ask("POST", "/books", &Asking { headers: &headers, body: body.as_bytes(), ..Asking::default() })
    }
}

const TRACE: (&str, &str) = ("x-trace", "0b9d35a6-6c1f-4c58-b3a6-0f1f6f7f8a11");

fn value(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"))
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap_or_default())
}

#[test]
fn the_first_example_is_the_answer_with_its_documented_fields() {
    let answer = shop(Settings::default()).get("/books", &[]);
    assert_eq!((answer.status.as_u16(), value(&answer)), (200, json!([{"id": 1, "title": "One"}])));
    assert_eq!(header(&answer, "content-type"), "application/json");
    assert_eq!((header(&answer, "x-total"), header(&answer, "x-shop")), ("3", "north"));
    assert_eq!(header(&answer, "vary"), "Accept");
    assert_eq!(answer.code, None);
}

#[test]
fn preferences_are_obeyed_and_told() {
    let shop = shop(Settings::default());
    let answer = shop.get("/books", &[("prefer", "example=empty, delay=2s")]);
    assert_eq!(
        (value(&answer), header(&answer, "preference-applied")),
        (json!([]), "example=empty, delay=2s")
    );
    assert_eq!(answer.delay, Some(Duration::from_secs(2)));
    let answer = shop.get("/books", &[("prefer", "code=404")]);
    assert_eq!((answer.status.as_u16(), value(&answer)["status"].clone()), (404, json!(404)));
    let answer = shop.get("/books", &[("prefer", "code=503")]);
    assert_eq!(
        (answer.status.as_u16(), value(&answer)["title"].clone()),
        (503, json!("Service Unavailable"))
    );
    let answer = shop.get("/books", &[("prefer", "dynamic=true")]);
    assert_ne!(value(&answer), json!([{"id": 1, "title": "One"}]));
    assert!(
        value(&answer).as_array().is_some_and(|books| books.iter().all(|book| book.get("secret").is_none()))
    );
    let answer = shop.get("/books", &[("prefer", "example=unknown")]);
    assert_eq!((answer.status.as_u16(), header(&answer, "preference-applied")), (200, ""));
    let hint = "there is no example `unknown` here; there are: some, empty";
    assert_eq!(header(&answer, "lobby-hint"), hint);
    let answer = shop.get("/books", &[("prefer", "code=404, example=empty")]);
    assert!(header(&answer, "lobby-hint").contains("names none of 404 here"), "{answer:?}");
    for (preference, part) in
        [("code=abc", "200 to 599"), ("code=999", "200 to 599"), ("delay=99h", "at most 10m")]
    {
        let answer = shop.get("/books", &[("prefer", preference)]);
        assert!(header(&answer, "lobby-hint").contains(part), "{preference}: {answer:?}");
        assert_eq!((answer.status.as_u16(), answer.delay), (200, None), "{preference}");
    }
}

#[test]
fn a_scenario_is_stronger_than_a_preference() {
    let forced = Forced { status: Some(503), example: None };
    let asking = Asking { headers: &[("prefer", "code=404")], forced, ..Asking::default() };
    let answer = shop(Settings::default()).ask("GET", "/books", &asking);
    assert_eq!((answer.status.as_u16(), header(&answer, "preference-applied")), (503, ""));
    let forced = Forced { status: None, example: Some("empty".into()) };
    let answer = shop(Settings::default()).ask(
        "GET",
        "/books",
        &Asking { headers: &[TRACE], forced, ..Asking::default() },
    );
    assert_eq!(value(&answer), json!([]));
    let forced = Forced { status: None, example: Some("nope".into()) };
    let asking = Asking { headers: &[TRACE], forced, ..Asking::default() };
    let answer = shop(Settings::default()).ask("GET", "/books", &asking);
    assert!(header(&answer, "lobby-hint").ends_with("there are: some, empty"), "{answer:?}");
}

#[test]
fn the_media_type_is_negotiated() {
    let shop = shop(Settings::default());
    let answer = shop.get("/books", &[("accept", "application/json;q=0.1, application/xml")]);
    assert_eq!(header(&answer, "content-type"), "application/xml");
    assert!(
        answer.body.starts_with(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<books><Book>"),
        "{:?}",
        answer.body
    );
    let answer = shop.get("/books", &[("accept", "image/png")]);
    assert_eq!((answer.status.as_u16(), answer.code), (406, Some("answer.none")));
    assert_eq!(value(&answer)["detail"], "The answer can be application/json or application/xml.");
    assert_eq!(value(&answer)["type"], "/_lobby/denials#answer-none");
}

#[test]
fn every_kind_of_parameter_is_checked() {
    let shop = shop(Settings::default());
    let good = "/books?limit=5&tags=a%7Cb&filter[year]=1999";
    assert_eq!(shop.get(good, &[("cookie", "mood=good")]).status, 200);
    for (target, header, place, name) in [
        ("/books?limit=x", ("accept", "*/*"), "query", "limit"),
        ("/books?limit=51", ("accept", "*/*"), "query", "limit"),
        ("/books?tags=a|c", ("accept", "*/*"), "query", "tags"),
        ("/books?filter[year]=old", ("accept", "*/*"), "query", "filter"),
        ("/books", ("cookie", "mood=odd"), "cookie", "mood"),
    ] {
        let answer = shop.get(target, &[header]);
        assert_eq!((answer.status.as_u16(), answer.code), (422, Some("request.invalid")), "{target}");
        let error = &value(&answer)["errors"][0];
        assert_eq!((error["in"].as_str(), error["name"].as_str()), (Some(place), Some(name)), "{target}");
    }
    let answer = shop.ask("GET", "/books", &Asking::default());
    assert_eq!(value(&answer)["errors"][0]["message"], "`X-Trace` is missing");
    assert_eq!(value(&answer)["code"], "request.invalid");
    assert_eq!(value(&answer)["request_id"], "r-1");
    let answer = shop.get("/books/x", &[]);
    assert_eq!((answer.status.as_u16(), value(&answer)), (422, json!({"no": true})));
}

#[test]
fn a_mistake_in_a_body_is_pointed_at_and_the_documented_body_wins() {
    let shop = shop(Settings::default());
    let answer =
        shop.post("application/json", r#"{"title": "", "price": -1, "extra": 1, "id": 7, "tags": [1]}"#);
    // 400 is declared, 422 is not; its schema leaves room for the list alone.
    let told = value(&answer);
    assert_eq!((answer.status.as_u16(), &told["why"], told.get("title")), (400, &json!("wrong"), None));
    assert_eq!(told["errors"].as_array().map(Vec::len), Some(answer.mistakes.len()));
    let pointers: Vec<&str> = answer.mistakes.iter().map(|mistake| mistake.pointer.as_str()).collect();
    for pointer in ["/title", "/price", "/id", "/tags/0", "/extra"] {
        assert!(pointers.contains(&pointer), "{pointer} in {pointers:?}");
    }
    assert!(header(&answer, "lobby-hint").starts_with("body /"), "{}", header(&answer, "lobby-hint"));
    let problems: Value = serde_json::from_str(header(&answer, "lobby-problems")).unwrap();
    let listed: Vec<&str> =
        problems.as_array().unwrap().iter().map(|one| one["pointer"].as_str().unwrap()).collect();
    assert_eq!(listed, pointers);
    assert_eq!(shop.post("application/json", "{}").mistakes[0].pointer, "/title");
    assert_eq!(shop.post("application/json", r#"{"title": "ok", "secret": "s"}"#).status, 201);
    assert_eq!(shop.post("application/json", "").mistakes[0].message, "a body is required");
    assert_eq!(shop.post("application/json", r#"{"title": "a", "title": "b"}"#).status, 400);
}

#[test]
fn forms_are_read_as_their_schema_wants() {
    let shop = shop(Settings::default());
    let form = "application/x-www-form-urlencoded";
    assert_eq!(shop.post(form, "title=a+b&price=1.5&tags=x&tags=y").status, 201);
    assert_eq!(shop.post(form, "title=a&price=dear").mistakes[0].pointer, "/price");
    let body = "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\na\r\n--b\r\n\
        Content-Disposition: form-data; name=\"price\"\r\n\r\n2\r\n--b--\r\n";
    assert_eq!(shop.post("multipart/form-data; boundary=b", body).status, 201);
    assert_eq!(shop.post("multipart/form-data", body).status, 400);
}

#[test]
fn a_body_of_another_type_is_415() {
    let shop = shop(Settings::default());
    for content_type in ["text/csv", "application/json; charset=utf-16", ""] {
        let answer = shop.post(content_type, "{}");
        assert_eq!((answer.status.as_u16(), answer.code), (415, Some("body.type")), "{content_type}");
        assert!(header(&answer, "accept").starts_with("application/json"));
    }
}

#[test]
fn validation_can_warn_or_be_off() {
    let warn = shop(Settings { validate: Validate::Warn, ..Settings::default() }).get("/books?limit=x", &[]);
    assert_eq!((warn.status.as_u16(), warn.mistakes.len()), (200, 1));
    assert!(header(&warn, "lobby-hint").starts_with("query limit: "), "{warn:?}");
    let problems: Value = serde_json::from_str(header(&warn, "lobby-problems")).unwrap();
    assert_eq!((&problems[0]["pointer"], problems[0]["detail"].is_string()), (&json!(""), true));
    let off = shop(Settings { validate: Validate::Off, ..Settings::default() }).get("/books?limit=x", &[]);
    assert_eq!((off.status.as_u16(), header(&off, "lobby-hint")), (200, ""));
}

#[test]
fn links_and_empty_answers_are_as_documented() {
    let shop = shop(Settings::default());
    let made = shop.post("application/json", r#"{"title": "ok"}"#);
    let id = &value(&made)["id"];
    assert_eq!(header(&made, "link"), format!("</v1/books/{id}>; rel=\"self\""));
    assert!(header(&made, "location").starts_with("https://"));
    let gone = shop.ask("DELETE", "/books/7", &Asking::default());
    assert_eq!((gone.status.as_u16(), gone.body.len(), header(&gone, "content-type")), (204, 0, ""));
    let book = shop.get("/books/42", &[]);
    assert_eq!(value(&book)["id"], 42);
}

#[test]
fn a_status_that_was_asked_for_says_so_in_a_generated_body() {
    let gone = shop(Settings::default()).get("/books", &[("prefer", "code=404")]);
    let told = value(&gone);
    assert_eq!((&told["title"], &told["status"]), (&json!("Not Found"), &json!(404)), "{told}");
    assert!(told["detail"].as_str().is_some_and(|detail| detail.contains("Prefer")), "{told}");
}

#[test]
fn a_generated_body_tells_the_denial_of_this_request() {
    let text = r#"{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{"/a":{"get":{"operationId":"a",
        "responses":{"401":{"description":"no","content":{"application/json":{"schema":{"type":"object",
        "required":["error"],"properties":{"error":{"type":"object","required":["code","message"],"properties":{
        "code":{"enum":["NOT_FOUND","UNAUTHENTICATED"]},"message":{"type":"string"}}}}}}}},
        "429":{"description":"slow","content":{"application/json":{"examples":{
        "QUOTA":{"value":{"code":"QUOTA_EXCEEDED"}},"RATE":{"value":{"code":"TOO_MANY_REQUESTS"}}}}}}}}}}}"#;
    let reading = contract::read_text("a.json", text.as_bytes(), &Options::default());
    let contract = Arc::new(reading.contract.unwrap());
    let answerer = Answerer::new(Arc::clone(&contract), Settings::default());
    let told = |status: u16, code: &str, detail: &str| {
        let problem = json!({"title": "t", "status": status, "code": code, "detail": detail});
        let told = Told { problem: &problem, path: "/a", now: Timestamp::from_seconds(1_795_000_000) };
        let operation = contract.find("a").unwrap();
        let (_, body) = answerer.denied_body(operation, status, None, None, told).unwrap();
        serde_json::from_slice::<Value>(&body).unwrap()
    };
    for detail in ["It expired at noon.", "The key is not known."] {
        let expected = json!({"error": {"code": "UNAUTHENTICATED", "message": detail}});
        assert_eq!(told(401, "token.expired", detail), expected);
    }
    let lacks = |status, name: &str| answerer.lacks_example(contract.find("a").unwrap(), status, name);
    let there = "there is no example `nope` of 429 here; there are: QUOTA, RATE";
    assert_eq!(lacks(429, "nope").as_deref(), Some(there));
    assert_eq!(lacks(429, "RATE"), None);
    let none = "there is no example `nope`: the document names none of 403 here";
    assert_eq!(lacks(403, "nope").as_deref(), Some(none));
    assert_eq!(told(429, "rate.limited", "wait"), json!({"code": "TOO_MANY_REQUESTS"}));
    assert_eq!(told(429, "quota.exceeded", "wait"), json!({"code": "QUOTA_EXCEEDED"}));
}

#[test]
fn a_denial_has_the_documented_body_of_its_status_or_class_only() {
    let shop = shop(Settings::default());
    let problem = json!({"title": "A credential is needed", "status": 401, "code": "credential.missing"});
    let now = Timestamp::from_seconds(1_795_000_000);
    let denied = |operation, status, accept| {
        let told = Told { problem: &problem, path: "/books/1", now };
        shop.answerer.denied_body(operation, status, accept, None, told)
    };
    let get = shop.contract.find("getBook").unwrap();
    let (content_type, body) = denied(get, 401, None).unwrap();
    assert_eq!((content_type.to_str().unwrap(), &body[..]), ("application/json", &br#"{"no":true}"#[..]));
    let (content_type, body) = denied(get, 401, Some("text/plain")).unwrap();
    assert_eq!((content_type.to_str().unwrap(), &body[..]), ("text/plain; charset=utf-8", &b"no"[..]));
    let (content_type, _) = denied(get, 401, Some("image/png")).unwrap();
    assert_eq!(content_type, "application/json");
    let list = shop.contract.find("listBooks").unwrap();
    assert!(denied(list, 401, None).is_none());
    assert!(denied(get, 503, None).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_sent_gets_an_answer(
        query in "[a-z%=&|,;\\[\\]0-9+]{0,60}",
        body in proptest::collection::vec(any::<u8>(), 0..200),
        kind in 0..5_usize,
        accept in "[a-z*/;=,.0-9 ]{0,40}",
        prefer in "[a-z=\",;0-9 ]{0,40}",
    ) {
        let shop = shop(Settings::default());
        let kinds = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/x", "a"];
        let headers = [TRACE, ("content-type", kinds[kind]), ("accept", accept.as_str()), ("prefer", prefer.as_str())];
        let framed = [&b"--b\r\n"[..], &body, &b"\r\n--b--"[..]].concat();
        for body in [&body, &framed] {
            let asking = Asking { headers: &headers, body, ..Asking::default() };
            let status = shop.ask("POST", "/books", &asking).status.as_u16();
            prop_assert!((200..600).contains(&status));
        }
        let asking = Asking { headers: &headers, ..Asking::default() };
        let status = shop.ask("GET", &format!("/books?{query}"), &asking).status.as_u16();
        prop_assert!((200..600).contains(&status));
    }
}
