use bytes::Bytes;
use guard::Code;
use http::{HeaderValue, Method, Response, StatusCode, header};
use mock::journal::Entry;
use model::RequestId;
use serde_json::{Map, Value};

use crate::admission::Turned;

/// Why a call is not answered as asked: one problem (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The caller may not.
    Turned(Turned),
    /// Mails of people, asked for by an account.
    Letters,
    /// There is no such call.
    Unknown { detail: String },
    /// The call knows other methods.
    Method { allow: &'static [Method] },
    /// The body is no `application/json`.
    ContentType,
    /// What is asked is not understood, or cannot be.
    Wrong { detail: String },
    /// What is named is not there.
    Absent { detail: String },
    /// An assertion does not hold.
    Mismatch { count: usize, nearest: Vec<Entry>, detail: String },
    /// Ours.
    Fault,
}

impl Refusal {
    pub(crate) fn wrong(detail: impl Into<String>) -> Self {
        Self::Wrong { detail: detail.into() }
    }

    /// Code, status, title, detail.
    fn parts(&self) -> (&'static str, u16, &'static str, &str) {
        match self {
            Self::Turned(Turned::Host) => {
                let detail = "Host is no loopback name and none that is configured";
                ("control.host", 421, "This is no name of this control API", detail)
            }
            Self::Turned(Turned::Plain) => {
                let detail = "The call came over plain HTTP from another machine, where others can read it";
                ("admin.plain", 403, "Administration is over HTTPS alone", detail)
            }
            Self::Turned(Turned::Origin) => {
                let detail = "The page that calls is neither ours nor of this machine";
                ("control.origin", 403, "This origin may not call the control API", detail)
            }
            Self::Turned(Turned::Token) => {
                let detail = "The caller has not shown the control token, which only callers of a mock on the same machine may leave out";
                ("control.token", 401, "The control token is needed", detail)
            }
            Self::Letters => {
                let detail = "A director reads the mails of sandboxes, and not those of people";
                ("control.role", 403, "The role is not enough", detail)
            }
            Self::Unknown { detail } => {
                (Code::OperationUnknown.as_str(), 404, "There is no such call", detail)
            }
            Self::Method { .. } => (
                Code::MethodUnknown.as_str(),
                405,
                "The call has other methods",
                "See Allow for the methods it has",
            ),
            Self::ContentType => {
                let detail = "The body of a control call is application/json";
                (Code::BodyType.as_str(), 415, "The body's type is not taken", detail)
            }
            Self::Wrong { detail } => (Code::RequestInvalid.as_str(), 400, "The call cannot be done", detail),
            Self::Absent { detail } => {
                (Code::OperationUnknown.as_str(), 404, "What is named is not there", detail)
            }
            Self::Mismatch { detail, .. } => {
                ("verify.mismatch", 409, "The journal is not as expected", detail)
            }
            Self::Fault => {
                let detail = "The fault is Lobby's; its log says more";
                (Code::Fault.as_str(), 500, "Something went wrong", detail)
            }
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Turned(Turned::Host) => Some("Call by localhost, or add the name to control.hosts."),
            Self::Turned(Turned::Plain) => Some(
                "Serve HTTPS with listen.tls, or have the proxy in trusted_proxies say X-Forwarded-Proto.",
            ),
            Self::Turned(Turned::Origin) => {
                Some("Call from a page on localhost, or from a test without a page.")
            }
            Self::Turned(Turned::Token) => {
                Some("Send Authorization: Bearer with the token of --control-token.")
            }
            Self::Letters => Some("Name a sandbox with Lobby-Sandbox, or send the control token."),
            Self::ContentType => Some("Send Content-Type: application/json."),
            Self::Unknown { .. } | Self::Wrong { .. } => {
                Some("GET /_lobby/control.json describes every call.")
            }
            Self::Method { .. } | Self::Absent { .. } | Self::Mismatch { .. } | Self::Fault => None,
        }
    }

    /// The answer. `docs` is the page of the codes.
    pub(crate) fn answer(&self, docs: &str, id: RequestId) -> Response<Bytes> {
        let (code, status, title, detail) = self.parts();
        let anchor = code.replace(['.', '_'], "-");
        let detail = if detail.ends_with(['.', '?']) { detail.to_owned() } else { format!("{detail}.") };
        let mut problem = Map::new();
        let mut put = |name: &str, value: Value| problem.insert(name.to_owned(), value);
        put("type", format!("{docs}#{anchor}").into());
        put("title", title.into());
        put("status", status.into());
        put("detail", detail.into());
        put("code", code.into());
        put("request_id", id.to_string().into());
        if let Some(hint) = self.hint() {
            put("hint", hint.into());
        }
        if let Self::Mismatch { count, nearest, .. } = self {
            put("count", (*count).into());
            put("nearest", nearest.iter().map(Entry::to_json).collect());
        }
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = respond(status, "application/problem+json", &problem.into());
        let headers = answer.headers_mut();
        headers.insert("lobby-verdict", HeaderValue::from_static(code));
        match self {
            Self::Turned(Turned::Token) => {
                headers
                    .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"control\""));
            }
            Self::Method { allow } => {
                let allow = allow.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
                if let Ok(allow) = HeaderValue::from_str(&allow) {
                    headers.insert(header::ALLOW, allow);
                }
            }
            Self::ContentType => {
                headers.insert("accept-post", HeaderValue::from_static("application/json"));
            }
            Self::Turned(Turned::Host | Turned::Plain | Turned::Origin)
            | Self::Letters
            | Self::Unknown { .. }
            | Self::Wrong { .. }
            | Self::Absent { .. }
            | Self::Mismatch { .. }
            | Self::Fault => {}
        }
        answer
    }
}

/// A JSON answer, never stored by anybody.
pub(crate) fn respond(status: StatusCode, content_type: &'static str, body: &Value) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(body.to_string()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// 200 with JSON.
pub(crate) fn ok(body: &Value) -> Response<Bytes> {
    respond(StatusCode::OK, "application/json", body)
}

/// 204.
pub(crate) fn done() -> Response<Bytes> {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
