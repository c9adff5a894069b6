#![expect(clippy::panic, reason = "a panic is how a test fails")]

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use bytes::Bytes;
use http::{Method, Request};
use identity::password::{Breaches, Cost, Passwords, Policy, Rules};
use model::{Clock, Entropy, RealmId, RequestId, Secret, Timestamp};
use serde_json::{Value, json};
use store::Store;

use super::{Administration, Badges, DOCUMENT, Holder, Route};
use crate::{Caller, Office, Pending};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW
    }
}

struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let next = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Relaxed);
            *byte = (next >> 56).to_le_bytes()[0];
        }
    }
}

/// Whoever shows `NAME ROLE` is that.
struct Named;

impl Badges for Named {
    fn holder<'a>(&'a self, token: &'a str) -> Pending<'a, Option<Holder>> {
        let holder = token
            .split_once('/')
            .map(|(user, role)| Holder { user: user.to_owned(), roles: vec![role.to_owned()] });
        Box::pin(std::future::ready(holder))
    }
}

fn office() -> Administration {
    let cost = Cost { memory: 8, passes: 1, lanes: 1, workers: 1, queue: 8 };
    Administration {
        store: Store::in_memory().unwrap(),
        realm: RealmId::new("main"),
        clock: Arc::new(Still),
        entropy: Arc::new(Counting(AtomicU64::new(1))),
        passwords: Arc::new(Passwords::new(cost, &[7; 32])),
        policy: Arc::new(Policy { rules: Rules::default(), breaches: Breaches::Off }),
        prefix: "lk".to_owned(),
        key_life: std::time::Duration::from_secs(90 * 86_400),
        access_life: std::time::Duration::from_secs(600),
        docs: "docs".to_owned(),
        tokens: vec![Secret::new("t0ken".to_owned())],
        badges: Some(Arc::new(Named)),
    }
}

async fn ask(office: &Administration, token: &str, call: &str, body: Value) -> (u16, Value) {
    let (method, path) = call.split_once(' ').unwrap();
    let method: Method = method.parse().unwrap();
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let bytes = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    if !body.is_null() {
        request = request.header("content-type", "application/json");
    }
    let caller = Caller { peer: [127, 0, 0, 1].into(), secure: false, id: RequestId([0; 12]) };
    let answer = office.answer(request.body(bytes).unwrap(), caller).await;
    let body = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
    (answer.status().as_u16(), body)
}

fn document() -> Value {
    serde_json::from_str(DOCUMENT).unwrap()
}

/// Calls, each with its operation in the document, that meet every operation.
async fn tour(office: &Administration) -> Vec<(&'static str, &'static str, u16, Value)> {
    let mut met = Vec::new();
    let mut last = Value::Null;
    let steps: [(&str, &str, &str, Value); 23] = [
        ("/openapi.json", "get", "openapi.json", Value::Null),
        ("/users", "post", "users", json!({ "name": "alice", "roles": ["reader"] })),
        ("/users", "get", "users?limit=1", Value::Null),
        ("/users/{user}", "get", "users/alice", Value::Null),
        ("/users/{user}", "patch", "users/alice", json!({ "email": "alice@example.com", "plan": "free" })),
        ("/users/{user}/sessions", "get", "users/alice/sessions", Value::Null),
        ("/users/{user}/sessions", "delete", "users/alice/sessions", Value::Null),
        ("/sessions", "get", "sessions", Value::Null),
        ("/sessions/{session}", "delete", "sessions/none", Value::Null),
        ("/clients", "post", "clients", json!({ "id": "shop", "redirect_uris": "https://shop.example/cb" })),
        ("/clients", "get", "clients", Value::Null),
        ("/clients/{client}", "get", "clients/shop", Value::Null),
        ("/clients/{client}", "patch", "clients/shop", json!({ "consent": "skip", "scopes": "a b" })),
        ("/clients/{client}", "delete", "clients/shop", Value::Null),
        ("/keys", "post", "keys", json!({ "owner": "alice", "scopes": ["books:read"], "addresses": "::1" })),
        ("/keys", "get", "keys?owner=alice", Value::Null),
        ("/keys/{key}", "get", "keys/{id}", Value::Null),
        ("/keys/{key}/rotate", "post", "keys/{id}/rotate", json!({ "overlap": "1h" })),
        ("/keys/{key}", "delete", "keys/{id}", Value::Null),
        ("/users/{user}", "delete", "users/alice", Value::Null),
        ("/audit", "get", "audit?limit=2", Value::Null),
        ("/audit/proof", "get", "audit/proof", Value::Null),
        ("/users/{user}", "get", "users/alice", Value::Null),
    ];
    let mut key = String::new();
    for (path, method, target, body) in steps {
        let call = format!("{} /admin/v1/{}", method.to_uppercase(), target.replace("{id}", &key));
        let (status, answer) = ask(office, "t0ken", &call, body).await;
        if path == "/keys" && method == "post" {
            answer["id"].as_str().unwrap().clone_into(&mut key);
        }
        last.clone_from(&answer);
        met.push((path, method, status, answer));
    }
    assert_eq!(last["code"], "admin.absent", "{last}");
    met
}

#[tokio::test]
async fn every_answer_is_as_the_document_says() {
    let document = document();
    let office = office();
    for (path, method, status, answer) in tour(&office).await {
        let responses = &document["paths"][path][method]["responses"];
        let documented = &responses[status.to_string()];
        let documented = if documented.is_null() {
            assert!(status >= 400, "{method} {path} answers {status}: {answer}");
            &document["components"]["responses"]["Problem"]
        } else {
            documented
        };
        let mut media = documented["content"].as_object().into_iter().flatten();
        let Some((_, media)) = media.next() else {
            assert_eq!(answer, Value::Null, "{method} {path}");
            continue;
        };
        let mut schema = media["schema"].clone();
        schema["components"] = document["components"].clone();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let faults: Vec<_> = validator.iter_errors(&answer).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{method} {path}: {faults:?} {answer}");
    }
}

#[tokio::test]
async fn every_call_is_documented_and_met() {
    let document = document();
    let met: Vec<_> = tour(&office()).await.into_iter().map(|(path, method, ..)| (path, method)).collect();
    let methods = ["get", "post", "patch", "delete", "put"];
    for (path, item) in document["paths"].as_object().unwrap() {
        let target = format!("/admin/v1{}", path.replace(['{', '}'], ""));
        let route = Route::of(&target).unwrap_or_else(|| panic!("{path} is nowhere"));
        for method in methods {
            let operation = &item[method];
            let needed = route.needs(&method.to_uppercase().parse().unwrap());
            assert_eq!(operation.is_null(), needed.is_none(), "{method} {path}");
            if let Some(needed) = needed.filter(|_| path != "/openapi.json") {
                let role = format!("lobby:{}", operation["x-lobby-role"].as_str().unwrap());
                assert_eq!(role, needed.as_str(), "{method} {path}");
            }
            assert!(operation.is_null() || met.contains(&(path.as_str(), method)), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_role_is_asked_for_at_each_call_and_nobody_makes_themselves_more() {
    let office = office();
    let add = |roles: &[&str]| json!({ "name": "new", "roles": roles });
    let users = "POST /admin/v1/users";
    for (token, status) in [("", 401), ("nobody", 401), ("a/reader", 403), ("a/lobby:support", 403)] {
        assert_eq!(ask(&office, token, users, add(&[])).await.0, status, "{token}");
    }
    assert_eq!(ask(&office, "a/lobby:admin", users, add(&["lobby:owner"])).await.0, 403);
    assert_eq!(ask(&office, "a/lobby:admin", users, add(&["reader"])).await.0, 201);
    let turn = json!({ "roles": ["lobby:admin"] });
    assert_eq!(ask(&office, "a/lobby:admin", "PATCH /admin/v1/users/new", turn.clone()).await.0, 403);
    assert_eq!(ask(&office, "o/lobby:owner", "PATCH /admin/v1/users/new", turn).await.0, 200);
    // An admin who could set another's password could be them.
    let password = json!({ "password": "violet-harbour-19-otter" });
    assert_eq!(ask(&office, "a/lobby:admin", "PATCH /admin/v1/users/new", password).await.0, 403);
    assert_eq!(ask(&office, "a/lobby:admin", "DELETE /admin/v1/users/new", Value::Null).await.0, 403);
    assert_eq!(ask(&office, "a/lobby:auditor", "GET /admin/v1/audit", Value::Null).await.0, 200);
    let (_, trail) = ask(&office, "t0ken", "GET /admin/v1/audit", Value::Null).await;
    let actors: Vec<_> = trail["entries"].as_array().unwrap().iter().map(|it| &it["actor"]).collect();
    assert_eq!(actors, ["user:o", "user:a"], "what was refused left nothing");
}
