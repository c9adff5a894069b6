use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// A whole answer, read to its end. Its `is_…` methods are the expectations of a test: they panic with all
/// that came.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What was asked, for the message of a failed expectation: `GET /books`.
    pub(crate) asked: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The status code, 200.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// All header fields.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The first field called `name`, if it is there and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Every field called `name`, in order.
    pub fn header_lines(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect()
    }

    /// The body's bytes.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as text; panics when it is not UTF-8.
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is UTF-8")
    }

    /// The body as JSON; panics when it is none.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => self.fail(&format!("JSON ({error})")),
        }
    }

    /// The string at a JSON Pointer of the body; panics when there is none.
    #[track_caller]
    pub fn string(&self, pointer: &str) -> String {
        match self.json().pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            _ => self.fail(&format!("a string at {pointer}")),
        }
    }

    /// Expects the status.
    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        if self.status() != status {
            self.fail(&format!("status {status}"));
        }
        self
    }

    /// Expects an allowed request: `Lobby-Verdict: allow` and a status below 400.
    #[track_caller]
    pub fn is_allowed(&self) -> &Self {
        if self.header("lobby-verdict") != Some("allow") || self.status() >= 400 {
            self.fail("an allowed request");
        }
        self
    }

    /// Expects the denial `code` with `status`: by `Lobby-Verdict`, by the problem's `code` when the body is
    /// Lobby's own problem (a document may describe another body for the status), with a challenge when the status is 401 (RFC 9110 15.5.2), and never to be kept by a cache.
    #[track_caller]
    pub fn is_denied(&self, status: u16, code: &str) -> &Self {
        self.is(status);
        if self.header("lobby-verdict") != Some(code) {
            self.fail(&format!("Lobby-Verdict: {code}"));
        }
        if status == 401 && self.header("www-authenticate").is_none() {
            self.fail("a challenge, WWW-Authenticate");
        }
        if self.header("cache-control") != Some("no-store") {
            self.fail("Cache-Control: no-store");
        }
        let own = self.is_problem() && self.header("lobby-request-id") == self.json()["request_id"].as_str();
        if own && self.json()["code"] != code {
            self.fail(&format!("a problem with the code {code}"));
        }
        self
    }

    /// Expects a problem body (RFC 9457) with `status` and `code`, as the control API answers.
    #[track_caller]
    pub fn is_refused(&self, status: u16, code: &str) -> &Self {
        self.is(status);
        if !self.is_problem() || self.json()["code"] != code {
            self.fail(&format!("a problem with the code {code}"));
        }
        if self.header("lobby-verdict") != Some(code) {
            self.fail(&format!("Lobby-Verdict: {code}"));
        }
        if self.header("lobby-request-id") != self.json()["request_id"].as_str() {
            self.fail("the request's id in its header and its body");
        }
        self
    }

    /// Expects an error of the authorization server (RFC 6749 5.2): `{"error": …}`.
    #[track_caller]
    pub fn is_oauth_error(&self, status: u16, error: &str) -> &Self {
        self.is(status);
        if self.json()["error"] != error {
            self.fail(&format!("the OAuth error {error}"));
        }
        self
    }

    fn is_problem(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.starts_with("application/problem+json"))
    }

    #[track_caller]
    fn fail(&self, expected: &str) -> ! {
        let headers: String = self.headers.iter().fold(String::new(), |lines, (name, value)| {
            lines + &format!("  {name}: {}\n", String::from_utf8_lossy(value.as_bytes()))
        });
        panic!(
            "{}: expected {expected}, but got {}\n{headers}\n{}",
            self.asked,
            self.status,
            String::from_utf8_lossy(self.body.get(..4_000).unwrap_or(&self.body)),
        );
    }
}
