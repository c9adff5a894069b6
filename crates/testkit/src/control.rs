use std::future::{Future, IntoFuture};
use std::pin::Pin;

use serde_json::{Value, json};

use crate::{Answer, Client};

/// The control API of a mock, in the words of a test.
impl Client {
    /// A genuine token for a persona, once awaited.
    pub fn token(&self, persona: &str) -> TokenRequest {
        TokenRequest { client: self.clone(), sandbox: None, body: json!({ "as": persona }) }
    }

    /// Moves the main sandbox's clock on: `11m`.
    pub async fn advance(&self, span: &str) {
        self.post("/_lobby/clock").json(&json!({ "advance": span })).await.is(200);
    }

    /// Moves the clock of `sandbox` on.
    pub async fn advance_in(&self, sandbox: &str, span: &str) {
        self.post("/_lobby/clock").sandbox(sandbox).json(&json!({ "advance": span })).await.is(200);
    }

    /// Starts a play of the main sandbox for all requests; gives its id.
    pub async fn play(&self, steps: &[&str]) -> String {
        let answer = self.post("/_lobby/scenarios").json(&json!({ "play": steps })).await;
        answer.is(201);
        match &answer.json()["id"] {
            Value::String(id) => id.clone(),
            id => id.to_string(),
        }
    }

    /// The journal's entries that match `query` (`operation=listBooks&status=401`), oldest first.
    pub async fn journal(&self, query: &str) -> Vec<Value> {
        let answer = self.get(&format!("/_lobby/journal?{query}")).await;
        answer.is(200);
        answer.json()["entries"].as_array().cloned().unwrap_or_default()
    }

    /// How `persona` gets into `operation`: one set of headers, query and cookies for each alternative.
    pub async fn credentials(&self, persona: &str, operation: &str) -> Vec<Value> {
        let body = json!({ "as": persona, "operation": operation });
        let answer = self.post("/_lobby/credentials").json(&body).await;
        answer.is(200);
        answer.json()["alternatives"].as_array().cloned().unwrap_or_default()
    }

    /// Asks whether the journal holds what `question` says (`{"match": {…}, "count": 2}`).
    pub async fn verify(&self, question: &Value) -> Answer {
        self.post("/_lobby/verify").json(question).await
    }

    /// Puts the main sandbox back to its beginning.
    pub async fn reset(&self) {
        self.post("/_lobby/reset").json(&json!({})).await.is(204);
    }
}

/// A token that is being asked for; awaiting it has it issued.
#[must_use = "a token is issued by awaiting it"]
pub struct TokenRequest {
    client: Client,
    sandbox: Option<String>,
    body: Value,
}

impl TokenRequest {
    /// With these scopes, separated by spaces; without this call all that the persona has.
    pub fn scope(self, scope: &str) -> Self {
        self.with("scope", json!(scope))
    }

    /// For this audience.
    pub fn audience(self, audience: &str) -> Self {
        self.with("audience", json!(audience))
    }

    /// Issued to this client.
    pub fn client_id(self, client: &str) -> Self {
        self.with("client_id", json!(client))
    }

    /// Good for this long: `10m`.
    pub fn lifetime(self, span: &str) -> Self {
        self.with("lifetime", json!(span))
    }

    /// With these claims besides.
    pub fn claims(self, claims: Value) -> Self {
        self.with("claims", claims)
    }

    /// Wrong on purpose: `expired`, `wrong_audience`, `bad_signature`, …
    pub fn defect(self, defect: &str) -> Self {
        self.with("defect", json!(defect))
    }

    /// Issued in this sandbox.
    pub fn sandbox(mut self, name: &str) -> Self {
        self.sandbox = Some(name.to_owned());
        self
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        if let Value::Object(members) = &mut self.body {
            members.insert(name.to_owned(), value);
        }
        self
    }
}

impl IntoFuture for TokenRequest {
    type Output = Token;
    type IntoFuture = Pin<Box<dyn Future<Output = Token> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut call = self.client.post("/_lobby/token").json(&self.body);
            if let Some(sandbox) = &self.sandbox {
                call = call.sandbox(sandbox);
            }
            let answer = call.await;
            answer.is(200);
            Token(answer.string("/access_token"))
        })
    }
}

/// An access token of the server under test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token(String);

impl AsRef<str> for Token {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Token {
    /// The token's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
