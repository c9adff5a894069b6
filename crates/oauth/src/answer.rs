use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::parameters::ParameterError;

/// After how long somebody may try again whom the store could not serve.
const AGAIN: Duration = Duration::from_secs(1);

/// What the endpoints answer with.
pub(crate) type Answer = Response<Bytes>;

/// An error answer of an endpoint that programs call (RFC 6749 5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) error: String,
    pub(crate) description: String,
    /// A nonce to use from now on (RFC 9449 8).
    pub(crate) nonce: Option<String>,
    /// `WWW-Authenticate`.
    pub(crate) challenge: Option<String>,
    /// When to come again.
    pub(crate) retry_after: Option<Duration>,
}

impl Refusal {
    pub(crate) fn new(error: &str, description: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error: error.to_owned(),
            description: description.into(),
            nonce: None,
            challenge: None,
            retry_after: None,
        }
    }

    pub(crate) fn request(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }

    pub(crate) fn grant(description: impl Into<String>) -> Self {
        Self::new("invalid_grant", description)
    }

    /// A client that is nobody, or does not prove to be who it says (RFC 6749 5.2).
    pub(crate) fn client(description: impl Into<String>) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            challenge: Some("Basic realm=\"oauth\", charset=\"UTF-8\"".to_owned()),
            ..Self::new("invalid_client", description)
        }
    }

    pub(crate) fn fault() -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            ..Self::new("server_error", "a fault of the server's")
        }
    }

    /// More was sent than is taken.
    pub(crate) fn large(description: &str) -> Self {
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, ..Self::request(description) }
    }

    /// The store cannot answer now, and may in a moment.
    pub(crate) fn unavailable() -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            ..Self::new("temporarily_unavailable", "the server's database does not answer; try again")
        }
    }

    pub(crate) fn answer(&self) -> Answer {
        let body = json!({"error": self.error, "error_description": self.description});
        let mut answer = json_answer(self.status, &body);
        let headers = answer.headers_mut();
        if let Some(value) = self.challenge.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
            headers.insert(header::WWW_AUTHENTICATE, value);
        }
        let passing = (self.status == StatusCode::SERVICE_UNAVAILABLE).then_some(AGAIN);
        if let Some(wait) = self.retry_after.or(passing) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        if let Some(value) = self.nonce.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
            headers.insert("dpop-nonce", value);
        }
        answer
    }
}

impl From<store::Fault> for Refusal {
    fn from(fault: store::Fault) -> Self {
        if fault.is_passing() { Self::unavailable() } else { Self::fault() }
    }
}

impl From<ParameterError> for Refusal {
    fn from(error: ParameterError) -> Self {
        Self::request(error.to_string())
    }
}

/// JSON that nobody may keep (RFC 6749 5.1).
pub(crate) fn json_answer(status: StatusCode, body: &Value) -> Answer {
    let mut answer = Response::new(Bytes::from(body.to_string()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// Sends the browser on, with nothing to keep and no `Referer` (attacks.md, A15).
pub(crate) fn see_other(location: &str) -> Answer {
    let mut answer = empty(StatusCode::SEE_OTHER);
    let Ok(location) = HeaderValue::from_str(location) else {
        return empty(StatusCode::INTERNAL_SERVER_ERROR);
    };
    answer.headers_mut().insert(header::LOCATION, location);
    answer
}

pub(crate) fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    answer
}
