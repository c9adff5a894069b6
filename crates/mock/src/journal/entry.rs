use std::{sync::Arc, time::Duration};

use guard::Code;
use http::{HeaderMap, Method};
use model::{RequestId, SandboxName, Timestamp};
use serde_json::{Map, Value, json};

use super::Kept;

/// A request and its answer as they went by, secrets and all. It is only borrowed.
#[derive(Debug, Clone, Copy)]
pub struct Sighting<'a> {
    /// Its id, as in the answer's `Lobby-Request-Id`.
    pub id: RequestId,
    /// When, by the sandbox's clock.
    pub at: Timestamp,
    /// Where.
    pub sandbox: &'a SandboxName,
    /// The API's name; `oauth` for the authorization server.
    pub api: &'a Arc<str>,
    /// The operation's name, or `oauth.token` and the like; `None` where none matched.
    pub operation: Option<&'a Arc<str>>,
    /// The method.
    pub method: &'a Method,
    /// The path as it was asked for.
    pub path: &'a str,
    /// The query, without its `?`.
    pub query: Option<&'a str>,
    /// Whose request it was, proven.
    pub persona: Option<&'a Arc<str>>,
    /// The status that was answered.
    pub status: u16,
    /// The code, where the verdict was no allow.
    pub denial: Option<Code>,
    /// The step of a scenario that acted.
    pub scenario: Option<&'a str>,
    /// The request's head.
    pub request_headers: &'a HeaderMap,
    /// The request's body.
    pub request_body: &'a [u8],
    /// The answer's head.
    pub answer_headers: &'a HeaderMap,
    /// The answer's body.
    pub answer_body: &'a [u8],
    /// How long it took, in real time.
    pub took: Duration,
}

/// One request of the journal, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id, as in the answer's `Lobby-Request-Id`.
    pub id: RequestId,
    /// When, by the sandbox's clock.
    pub at: Timestamp,
    /// How long it took, in microseconds of real time.
    pub micros: u64,
    /// What was asked and answered.
    pub exchange: Arc<Exchange>,
}

/// What was asked and what was answered: all of an entry that a client which asks the same again repeats, and
/// so kept once for as many entries as have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The API's name; `oauth` for the authorization server.
    pub api: Arc<str>,
    /// The operation's name; `None` where none matched.
    pub operation: Option<Arc<str>>,
    /// The method.
    pub method: Method,
    /// The path.
    pub path: Head,
    /// The query, masked.
    pub query: Head,
    /// Whose request it was, proven.
    pub persona: Option<Arc<str>>,
    /// The status that was answered.
    pub status: u16,
    /// The code, where the verdict was no allow.
    pub denial: Option<Code>,
    /// The step of a scenario that acted.
    pub scenario: Option<Head>,
    /// What was asked.
    pub request: Message,
    /// What was answered.
    pub answer: Message,
}

/// Head and body of one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// One line per field, masked: `name: value`.
    pub head: Head,
    /// The body, masked.
    pub body: Kept,
}

/// A text that entries share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head(pub(super) Arc<[u8]>);

impl Head {
    /// The text.
    pub fn as_str(&self) -> &str {
        // It was a `str` when it was kept.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Each field's name, in lower case, and value.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.as_str().lines().filter_map(|line| line.split_once(": "))
    }
}

impl Exchange {
    /// What it takes, at most: texts that it shares with others count for each.
    fn size(&self) -> usize {
        let heads = [&self.path, &self.query, &self.request.head, &self.answer.head];
        let heads: usize = heads.into_iter().chain(&self.scenario).map(|head| head.0.len()).sum();
        let bodies = [&self.request.body, &self.answer.body].into_iter().filter_map(Kept::bytes);
        size_of::<Self>() + 64 + heads + bodies.map(|bytes| bytes.len()).sum::<usize>()
    }
}

impl Entry {
    /// What it takes, at most: what it shares with others counts for each.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.exchange.size()
    }

    /// As `GET /_lobby/journal` answers it.
    pub fn to_json(&self) -> Value {
        let Exchange { api, operation, method, path, query, persona, status, denial, scenario, .. } =
            &*self.exchange;
        let Exchange { request, answer, .. } = &*self.exchange;
        let mut answer_headers = headers(&answer.head);
        // It is in every answer and different in each, so it is not kept with the others.
        answer_headers.insert("lobby-request-id".to_owned(), self.id.to_string().into());
        json!({
            "id": self.id.to_string(),
            "at": self.at.to_string(),
            "api": &**api,
            "operation": operation.as_deref(),
            "method": method.as_str(),
            "path": path.as_str(),
            "query": query.as_str(),
            "persona": persona.as_deref(),
            "status": status,
            "denial": denial.map(Code::as_str),
            "scenario": scenario.as_ref().map(Head::as_str),
            "request": { "headers": headers(&request.head), "body": request.body.to_json() },
            "answer": { "headers": answer_headers, "body": answer.body.to_json() },
            "micros": self.micros,
        })
    }
}

/// A field that is there twice is joined as RFC 9110 5.2 joins it.
fn headers(head: &Head) -> Map<String, Value> {
    let mut headers: Map<String, Value> = Map::new();
    for (name, value) in head.fields() {
        let joined = match headers.get(name).and_then(Value::as_str) {
            Some(before) => format!("{before}, {value}"),
            None => value.to_owned(),
        };
        headers.insert(name.to_owned(), joined.into());
    }
    headers
}
