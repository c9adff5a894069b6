#![expect(clippy::panic, reason = "a panic is how a test fails")]

mod invitations;
mod keys;
mod owners;
mod recovery;

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use bytes::Bytes;
use guard::limit::Rate;
use http::{Method, Request};
use identity::{
    Attempts, SourceRules,
    password::{Breaches, Cost, Passwords, Policy, Rules},
};
use model::{Clock, Entropy, RealmId, RequestId, Secret, Timestamp};
use serde_json::{Value, json};
use store::Store;

use super::{Administration, Badges, DOCUMENT, Holder, Postbox, Route, SetupPage, SetupPages};
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

/// Says what it was asked, and mails what has an address that begins with a letter of the first half.
#[derive(Default)]
struct Told(std::sync::Mutex<Vec<String>>);

impl Told {
    fn say(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }
}

impl Postbox for Told {
    fn invitation(&self, token: &str) -> Option<String> {
        Some(format!("https://login.example.com/_lobby/sign-up?link={token}"))
    }

    fn invite<'a>(
        &'a self,
        to: &'a str,
        _: &'a str,
        language: Option<&'a str>,
        _: Timestamp,
    ) -> Pending<'a, Result<bool, store::Fault>> {
        self.say(format!("invite {to} {}", language.unwrap_or("-")));
        Box::pin(std::future::ready(Ok(to < "n")))
    }

    fn reset(&self, user: &store::User, token: &str) -> Option<(String, bool)> {
        Some((format!("https://login.example.com/_lobby/reset?link={token}"), !user.email.is_empty()))
    }

    fn send_reset<'a>(
        &'a self,
        to: &'a store::User,
        link: &'a str,
        language: Option<&'a str>,
        _: Timestamp,
    ) -> Pending<'a, Result<(), store::Fault>> {
        self.say(format!("reset {} {} {}", to.email, language.unwrap_or("-"), link.len()));
        Box::pin(std::future::ready(Ok(())))
    }

    fn app_password_made<'a>(
        &'a self,
        user: &'a store::User,
        address: &'a str,
        _: Timestamp,
    ) -> Pending<'a, Result<(), store::Fault>> {
        self.say(format!("app password {} {address}", user.name));
        Box::pin(std::future::ready(Ok(())))
    }

    fn factors_removed<'a>(
        &'a self,
        user: &'a store::User,
        address: &'a str,
        _: Timestamp,
    ) -> Pending<'a, Result<(), store::Fault>> {
        self.say(format!("factors {} {address}", user.name));
        Box::pin(std::future::ready(Ok(())))
    }
}

/// A page as a word.
struct Drawn;

impl SetupPages for Drawn {
    fn draw(&self, _: &http::HeaderMap, page: SetupPage<'_>) -> http::Response<Bytes> {
        let text = match page {
            SetupPage::Form { action, name, email, problems } => {
                format!("form {action} {name} {email} {problems:?}")
            }
            SetupPage::Strength(foreseen) => format!("strength {}", foreseen.score),
            SetupPage::Done => "done".to_owned(),
            SetupPage::Over => "over".to_owned(),
            SetupPage::Busy(id) => format!("busy {id}"),
        };
        http::Response::new(Bytes::from(text))
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
        key_life: Some(std::time::Duration::from_secs(90 * 86_400)),
        clients: BTreeSet::from(["written".to_owned()]),
        ended_for: std::time::Duration::from_secs(600),
        docs: "docs".to_owned(),
        lock_token: Some(Secret::new("t0ken".to_owned())),
        admin_token: Some(Secret::new("chosen".to_owned())),
        guesses: Some((
            Arc::new(Attempts::default()),
            SourceRules {
                address: Rate::new(3, std::time::Duration::from_secs(3600)),
                ..SourceRules::default()
            },
        )),
        badges: Some(Arc::new(Named)),
        postbox: Arc::new(Told::default()),
        pages: Arc::new(Drawn),
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
    let steps: [(&str, &str, &str, Value); 30] = [
        ("/openapi.json", "get", "openapi.json", Value::Null),
        ("/users", "post", "users", json!({ "name": "alice", "roles": ["reader"] })),
        ("/users", "get", "users?limit=1", Value::Null),
        ("/users/{user}", "get", "users/alice", Value::Null),
        ("/users/{user}", "patch", "users/alice", json!({ "email": "alice@example.com", "plan": "free" })),
        ("/users/{user}/sessions", "get", "users/alice/sessions", Value::Null),
        ("/users/{user}/sessions", "delete", "users/alice/sessions", Value::Null),
        ("/users/{user}/reset", "post", "users/alice/reset", json!({ "language": "de" })),
        ("/users/{user}/factors", "delete", "users/alice/factors", Value::Null),
        ("/invitations", "post", "invitations", json!({ "email": "Zoe@example.com", "roles": "reader" })),
        ("/invitations", "get", "invitations?limit=1", Value::Null),
        ("/invitations/{email}", "delete", "invitations/zoe%40example.com", Value::Null),
        ("/sessions", "get", "sessions", Value::Null),
        ("/sessions", "delete", "sessions", Value::Null),
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
        ("/outbox", "get", "outbox", Value::Null),
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

#[tokio::test]
async fn a_chosen_token_is_guessed_at_a_few_times_and_no_other_token_minds() {
    let office = office();
    let status = async |token: &str| ask(&office, token, "GET /admin/v1/users", Value::Null).await.0;
    assert_eq!(status("chosen").await, 200);
    for guess in ["a", "b", "c"] {
        assert_eq!(status(guess).await, 401);
    }
    assert_eq!(status("d").await, 429);
    assert_eq!(status("chosen").await, 429, "who guesses it at last does not hear so");
    assert_eq!((status("t0ken").await, status("o/lobby:owner").await), (200, 200));
}

#[tokio::test]
async fn no_claim_of_a_user_says_what_a_token_is_or_whose() {
    let office = office();
    let add = |claims: Value| json!({ "name": "mallory", "claims": claims });
    for reserved in ["sub", "roles", "iss", "scope"] {
        let claims = json!({ reserved: "root", "tenant": "acme" });
        let (status, answer) = ask(&office, "a/lobby:admin", "POST /admin/v1/users", add(claims)).await;
        assert_eq!(status, 400, "{answer}");
        assert!(answer.to_string().contains(reserved), "{answer}");
    }
    let user = add(json!({ "tenant": "acme" }));
    assert_eq!(ask(&office, "a/lobby:admin", "POST /admin/v1/users", user).await.0, 201);
    let change = json!({ "claims": { "sub": "root" } });
    assert_eq!(ask(&office, "a/lobby:admin", "PATCH /admin/v1/users/mallory", change).await.0, 400);
}

#[tokio::test]
async fn owners_alone_read_mails_and_the_trail_says_that_they_did() {
    let office = office();
    let mail = |to: &str| store::Mail {
        id: to.to_owned(),
        recipient: to.to_owned(),
        subject: "Hello".to_owned(),
        plain: "Choose:\nhttps://login.example/_lobby/reset?link=s3cret\n".to_owned(),
        html: "<p>Hello</p>".to_owned(),
        created_at: NOW,
    };
    for to in ["ana@example.com", "ben+x@example.com"] {
        office.store.keep_mail(&office.realm, mail(to), None).await.unwrap();
    }
    let read = async |token: &str, query: &str| {
        ask(&office, token, &format!("GET /admin/v1/outbox{query}"), Value::Null).await
    };
    for token in ["a/lobby:auditor", "a/lobby:support", "a/lobby:admin"] {
        assert_eq!(read(token, "").await.0, 403, "{token}");
    }
    let (status, answer) = read("o/lobby:owner", "?to=ben%2Bx@example.com").await;
    assert_eq!((status, &answer["mails"][0]["to"]), (200, &json!("ben+x@example.com")), "{answer}");
    assert_eq!(answer["mails"][0]["links"], json!(["https://login.example/_lobby/reset?link=s3cret"]));
    assert_eq!(answer["mails"][1], Value::Null);
    assert_eq!(read("t0ken", "").await.1["mails"].as_array().unwrap().len(), 2);
    let (_, trail) = ask(&office, "t0ken", "GET /admin/v1/audit", Value::Null).await;
    let told: Vec<_> =
        trail["entries"].as_array().unwrap().iter().map(|it| (&it["actor"], &it["target"])).collect();
    assert_eq!(told, [(&json!("token"), &json!("")), (&json!("user:o"), &json!("email:ben+x@example.com"))]);
    assert!(!trail.to_string().contains("s3cret"), "{trail}");
}

#[tokio::test]
async fn what_changed_nothing_leaves_nothing() {
    let office = office();
    let call = async |call: &str, body: Value| ask(&office, "t0ken", call, body).await;
    call("POST /admin/v1/users", json!({ "name": "ann", "plan": "free" })).await;
    for wish in [json!({}), json!({ "name": "ann" }), json!({ "plan": "free", "disabled": false })] {
        assert_eq!(call("PATCH /admin/v1/users/ann", wish).await.0, 200);
    }
    let trail = call("GET /admin/v1/audit", Value::Null).await.1;
    assert_eq!(trail["entries"].as_array().map(Vec::len), Some(1), "{trail}");
}
