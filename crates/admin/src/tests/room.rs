use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use identity::{Directory, default_personas};
use jose::jwt::Trust;
use mock::{
    journal::{Journal, Masking, Sighting},
    sandbox::{Sandbox, Sandboxes},
};
use model::{RequestId, SandboxName, Secret, Timestamp};
use serde_json::{Value, json};

use super::document::check;
use crate::{
    Api, Bell, Control, Desk, Foreseen, Handle, Inspected, Issued, Order, Pending, Rooms, Settings, Unissued,
    Verification, Visit,
};

pub(super) const NOON: Timestamp = Timestamp::from_seconds(1_800_000_000);

const SHOP: &str = "
openapi: 3.1.0
info: {title: Shop, version: '1'}
components:
  securitySchemes:
    badge: {type: apiKey, in: header, name: X-Badge}
    visit: {type: apiKey, in: cookie, name: visit}
    link: {type: apiKey, in: query, name: link}
    login: {type: http, scheme: basic}
    digest: {type: http, scheme: digest}
    oauth:
      type: oauth2
      flows:
        clientCredentials: {tokenUrl: /token, scopes: {books:read: Read, books:write: Write}}
paths:
  /books:
    get: {operationId: listBooks, security: [{oauth: [books:read]}, {badge: [], visit: []}, {digest: []}, {}], responses: {'200': {description: ok}}}
    post: {operationId: createBook, security: [{oauth: [books:write], login: []}, {login: [], link: []}], responses: {'201': {description: ok}}}
  /books/{id}:
    get: {security: [], responses: {'200': {description: ok}}}
";

/// A desk that notes what was asked of it.
#[derive(Default)]
pub(super) struct Clerk {
    pub(super) orders: Mutex<Vec<Order>>,
    pub(super) handled: Mutex<Vec<(String, Handle)>>,
    pub(super) forgotten: Mutex<Vec<SandboxName>>,
}

impl Desk for Clerk {
    fn directs<'a>(&'a self, token: &'a str) -> Pending<'a, bool> {
        Box::pin(std::future::ready(token == "of-a-director"))
    }

    fn apis(&self) -> Vec<Api> {
        let reading = contract::read_text("shop.yaml", SHOP.as_bytes(), &contract::Options::default());
        vec![Api {
            name: "shop".into(),
            bases: vec![String::new()],
            contract: Arc::new(reading.contract.unwrap()),
        }]
    }

    fn generation(&self) -> u64 {
        3
    }

    fn directory(&self) -> Arc<Directory> {
        let roles = BTreeSet::from(["admin".to_owned()]);
        let scopes = "books:read books:write".parse().unwrap();
        Arc::new(Directory::new(default_personas(&scopes, &roles, &["badge", "visit"])))
    }

    fn issuer(&self, sandbox: &SandboxName) -> String {
        if sandbox.is_main() {
            "http://127.0.0.1:4010".to_owned()
        } else {
            format!("http://127.0.0.1:4010/_lobby/in/{sandbox}")
        }
    }

    fn issue<'a>(&'a self, order: Order, _: &'a Visit) -> Pending<'a, Result<Issued, Unissued>> {
        let scope = order.scope.clone().unwrap_or_else(|| "books:read books:write".to_owned());
        let issued = if scope.contains("vault") {
            Err(Unissued::Wrong("no API declares the scope vault".to_owned()))
        } else {
            Ok(Issued {
                access_token: format!("token-of-{}", order.persona),
                token_type: "Bearer".to_owned(),
                expires_in: order.lifetime.unwrap_or(Duration::from_secs(600)),
                scope: scope.parse().unwrap(),
            })
        };
        self.orders.lock().unwrap().push(order);
        Box::pin(std::future::ready(issued))
    }

    fn authenticate<'a>(
        &'a self,
        persona: String,
        handle: Handle,
        _: &'a Visit,
    ) -> Pending<'a, Result<Value, Unissued>> {
        let answer = match &handle {
            Handle::Code if persona == "guest" => Err(Unissued::Wrong("`guest` has no app".to_owned())),
            Handle::Code => Ok(json!({"code": "012345", "valid_seconds": 7})),
            Handle::Create { options, origin } | Handle::Get { options, origin } => Ok(json!({
                "id": "AAAA", "rawId": "AAAA", "type": "public-key", "clientExtensionResults": {},
                "response": {"clientDataJSON": origin, "asked": options},
            })),
        };
        self.handled.lock().unwrap().push((persona, handle));
        Box::pin(std::future::ready(answer))
    }

    fn inspect<'a>(
        &'a self,
        token: String,
        operations: Option<Vec<(Arc<str>, Arc<str>)>>,
        _: &'a Visit,
    ) -> Pending<'a, Inspected> {
        let trust = Trust::access_tokens("https://id.example", Arc::default(), "urn:shop");
        let unavailable = vec!["https://away.example".to_owned()];
        let believed = vec![Arc::new(guard::Issuers { trusts: vec![trust], ours: 1, unavailable })];
        let (failure, revoked) = match token.as_str() {
            "a.b.c" => (Some(guard::Cause::TokenAudience), None),
            _ => (None, Some(false)),
        };
        let is_jwt = token != "opaque";
        let verification = is_jwt.then_some(Verification { failure: failure.clone(), revoked, believed });
        let note = |name: &str| guard::Note {
            looked_at: "verdict".into(),
            found: guard::Finding::Bad,
            words: format!("about {name}"),
        };
        let answers = operations.unwrap_or_default().into_iter().map(|(api, operation)| Foreseen {
            api,
            steps: vec![note(&operation)],
            operation,
            method: Method::GET,
            path: "/v1/books".to_owned(),
            verdict: guard::Verdict::Deny(guard::Denial::of(guard::Cause::TokenAudience)),
            assumed: Some(("id".to_owned(), "alice".to_owned())),
        });
        let inspected = Inspected { verification, answers: answers.collect() };
        Box::pin(std::future::ready(inspected))
    }

    fn forget<'a>(&'a self, sandboxes: &'a [SandboxName]) -> Pending<'a, ()> {
        self.forgotten.lock().unwrap().extend_from_slice(sandboxes);
        Box::pin(std::future::ready(()))
    }

    fn outbox<'a>(
        &'a self,
        sandbox: &'a SandboxName,
        to: Option<String>,
    ) -> Pending<'a, Option<Vec<crate::Letter>>> {
        let letter = crate::Letter {
            to: to.unwrap_or_else(|| "ana@example.com".to_owned()),
            subject: format!("Your account at {sandbox}"),
            text: "Someone wants this.\n\nMake it:\nhttp://127.0.0.1:4010/_lobby/sign-up?link=x\n".to_owned(),
            html: "<p>Someone wants this.</p>".to_owned(),
            at: Timestamp::from_seconds(1_800_000_000),
        };
        Box::pin(std::future::ready(Some(vec![letter])))
    }

    fn reset<'a>(&'a self, sandbox: &'a SandboxName) -> Pending<'a, ()> {
        self.forgotten.lock().unwrap().push(sandbox.clone());
        Box::pin(std::future::ready(()))
    }
}

/// A control API with everything that it directs.
pub(super) struct Room {
    pub(super) control: Control,
    pub(super) clerk: Arc<Clerk>,
    pub(super) sandboxes: Arc<Sandboxes>,
    pub(super) journal: Arc<Journal>,
    seen: Mutex<u8>,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl Room {
    pub(super) fn new() -> Self {
        let bell = Arc::new(Bell::default());
        let sandboxes = Arc::new(Sandboxes::new(mock::sandbox::Settings::default(), NOON));
        let journal = Arc::new(Journal::new(
            mock::journal::Settings::default(),
            Masking::new(["X-Badge".to_owned()], []),
            bell.clone(),
        ));
        let clerk = Arc::new(Clerk::default());
        let settings = Settings {
            version: "0.1.0".to_owned(),
            docs: "https://lobby.example/docs/denials.html".to_owned(),
            token: Some(Secret::new("c0ntrol".to_owned())),
            trusts_loopback: true,
            hosts: vec!["mock.example".to_owned()],
            origins: vec!["https://mock.example".to_owned()],
        };
        let rooms =
            Rooms { sandboxes: sandboxes.clone(), journal: journal.clone(), bell, desk: clerk.clone() };
        Self { control: Control::new(settings, rooms), clerk, sandboxes, journal, seen: Mutex::new(0) }
    }

    pub(super) fn sandbox(&self, name: &str) -> Arc<Sandbox> {
        self.sandboxes.enter(&name.parse().unwrap(), NOON).unwrap().sandbox
    }

    fn visit(&self, sandbox: &str) -> Visit {
        Visit {
            sandbox: self.sandbox(sandbox),
            issuer: "http://127.0.0.1:4010".into(),
            real: NOON,
            peer: [127, 0, 0, 1].into(),
            socket: [127, 0, 0, 1].into(),
            host: "localhost:4010".to_owned(),
            id: RequestId([7; 12]),
        }
    }

    /// A call in `main`, `method path`, with a JSON body unless that is `null`.
    pub(super) async fn ask(&self, call: &str, body: Value) -> Answer {
        self.ask_in("main", call, body).await
    }

    pub(super) async fn ask_in(&self, sandbox: &str, call: &str, body: Value) -> Answer {
        let mut headers = HeaderMap::new();
        let bytes = if body.is_null() {
            Bytes::new()
        } else {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            Bytes::from(body.to_string())
        };
        self.send(call, headers, bytes, self.visit(sandbox)).await
    }

    /// A call as a stranger sends it: from where, with which head.
    pub(super) async fn knock(
        &self,
        call: &str,
        head: &[(&str, &str)],
        body: &str,
        peer: [u8; 4],
        host: &str,
    ) -> Answer {
        let mut headers = HeaderMap::new();
        for (name, value) in head {
            headers.append(http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        let visit =
            Visit { peer: peer.into(), socket: peer.into(), host: host.to_owned(), ..self.visit("main") };
        self.send(call, headers, Bytes::copy_from_slice(body.as_bytes()), visit).await
    }

    async fn send(&self, call: &str, headers: HeaderMap, body: Bytes, visit: Visit) -> Answer {
        let (method, target) = call.split_once(' ').unwrap();
        let mut request = Request::new(body.clone());
        *request.method_mut() = method.parse().unwrap();
        *request.uri_mut() = target.parse().unwrap();
        *request.headers_mut() = headers;
        let answer = self.control.serve(request, visit).await;
        let (parts, bytes) = answer.into_parts();
        check(method, target, &body, parts.status, &parts.headers, &bytes);
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        assert_eq!(parts.headers[header::CACHE_CONTROL], "no-store");
        if parts.status != StatusCode::NO_CONTENT {
            let length = bytes.len();
            assert!(length > 0 || method == "HEAD", "{call}");
        }
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// Something that the mock saw.
    pub(super) fn see(&self, sandbox: &str, operation: &str, status: u16, body: &Value) {
        let mut seen = self.seen.lock().unwrap();
        *seen += 1;
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("x-badge", HeaderValue::from_static("alice-badge-key"));
        headers.insert("x-trace", HeaderValue::from(u16::from(*seen)));
        self.journal.write(Sighting {
            id: RequestId([*seen; 12]),
            at: NOON,
            sandbox: &sandbox.parse().unwrap(),
            api: &"shop".into(),
            operation: Some(&operation.into()),
            method: &Method::POST,
            path: "/books",
            query: None,
            persona: Some(&"alice".into()),
            status,
            denial: (status == 401).then_some(guard::Code::TokenExpired),
            scenario: None,
            request_headers: &headers,
            request_body: body.to_string().as_bytes(),
            answer_headers: &HeaderMap::new(),
            answer_body: b"",
            took: Duration::from_micros(9),
        });
    }
}

impl Answer {
    /// The body, of an answer with this status.
    pub(super) fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// The detail of a problem with this status and code.
    pub(super) fn refuses(self, status: u16, code: &str) -> String {
        assert_eq!((self.status, &self.body["code"]), (status, &json!(code)), "{}", self.body);
        self.body["detail"].as_str().unwrap().to_owned()
    }
}
