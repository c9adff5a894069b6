//! What is the same of every answer: `Lobby-` fields, and problem bodies.

use bytes::Bytes;
use guard::{Cause, Charged, Code, Denial, Rendered};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use mock::scenario::StepError;
use model::RequestId;

use crate::body::AnswerBody;

pub use mock::answer::DOCS;

pub(crate) const VERDICT: HeaderName = HeaderName::from_static("lobby-verdict");
pub(crate) const OPERATION: HeaderName = HeaderName::from_static("lobby-operation");
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("lobby-request-id");
pub(crate) const HINT: HeaderName = HeaderName::from_static("lobby-hint");

/// An answer before it is sent: its body is still whole.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// `allow`, or the code.
    pub(crate) verdict: &'static str,
}

impl Answered {
    /// An answer of Lobby's own, which is no denial.
    pub(crate) fn problem(code: Code, detail: Option<&str>, request_id: RequestId) -> Self {
        Self::told(code, None, detail, None, request_id)
    }

    /// Somebody asked too often.
    pub(crate) fn spent(cause: &Cause, charged: &Charged, request_id: RequestId) -> Self {
        let code = Denial::of(cause.clone()).code();
        let hint = "Wait for Retry-After.";
        let mut answered = Self::told(code, None, Some(&cause.detail()), Some(hint), request_id);
        answered.limits(charged);
        if let Some(after) = cause.retry_after() {
            answered.headers.insert(header::RETRY_AFTER, guard::retry_after(after));
        }
        answered
    }

    /// A step of a scenario, asked for by header, that is none, or cannot act where it is put: the same
    /// wherever it is said.
    pub(crate) fn misdirected(error: &StepError, request_id: RequestId) -> Self {
        let detail = format!("Lobby-Scenario: {error}");
        let hint = "Send one Lobby-Scenario with one step, as `token.expired` or `status:503+delay:2s`; \
             GET /_lobby/denials lists the codes.";
        let status = Some(StatusCode::BAD_REQUEST);
        Self::told(Code::RequestInvalid, status, Some(&detail), Some(hint), request_id)
    }

    /// A sandbox's name that is none.
    pub(crate) fn misnamed(detail: &str, request_id: RequestId) -> Self {
        let hint = "Name the sandbox by one label, as `Lobby-Sandbox: t-42`, `/_lobby/in/t-42/` or \
             `t-42.localhost`.";
        Self::told(Code::PathInvalid, None, Some(detail), Some(hint), request_id)
    }

    fn told(
        code: Code,
        status: Option<StatusCode>,
        detail: Option<&str>,
        hint: Option<&str>,
        request_id: RequestId,
    ) -> Self {
        let answer = guard::Answer { code, status, detail, hint, docs: DOCS, mock: true, request_id };
        Self::rendered(guard::answer(&answer), None)
    }

    /// What the guard rendered, with the documented body where there is one.
    pub(crate) fn rendered(rendered: Rendered, documented: Option<(HeaderValue, Bytes)>) -> Self {
        let (kind, body) = documented.unwrap_or_else(|| {
            let problem = Bytes::from(rendered.problem.to_string());
            (HeaderValue::from_static("application/problem+json"), problem)
        });
        let mut headers = rendered.headers;
        headers.insert(header::CONTENT_TYPE, kind);
        Self { status: rendered.status, headers, body, verdict: rendered.code.as_str() }
    }

    /// Nothing but a status.
    pub(crate) fn bare(status: StatusCode, headers: HeaderMap) -> Self {
        Self { status, headers, body: Bytes::new(), verdict: "allow" }
    }

    /// `RateLimit` and `RateLimit-Policy`, where anything was counted.
    pub(crate) fn limits(&mut self, charged: &Charged) {
        if let Some((left, policy)) = charged.headers() {
            self.headers.insert("ratelimit", left);
            self.headers.insert("ratelimit-policy", policy);
        }
    }

    /// `Lobby-Verdict`, `Lobby-Operation`, `Lobby-Request-Id`.
    pub(crate) fn mark(&mut self, operation: Option<&str>, id: RequestId) {
        self.headers.insert(VERDICT, HeaderValue::from_static(self.verdict));
        if let Some(operation) = operation.and_then(|name| HeaderValue::from_str(name).ok()) {
            self.headers.insert(OPERATION, operation);
        }
        if let Ok(id) = HeaderValue::from_bytes(&id.hex()) {
            self.headers.insert(REQUEST_ID, id);
        }
    }

    /// The same for an answer of another room, which has said itself why it refuses, if it does.
    pub(crate) fn number(&mut self, id: RequestId) {
        if let header::Entry::Vacant(place) = self.headers.entry(VERDICT) {
            place.insert(HeaderValue::from_static(self.verdict));
        }
        if let Ok(id) = HeaderValue::from_bytes(&id.hex()) {
            self.headers.insert(REQUEST_ID, id);
        }
    }

    /// The answer as it is sent; HEAD is GET without its body, but with its length.
    pub(crate) fn into_response(self, head_only: bool) -> Response<AnswerBody> {
        let mut response = Response::new(AnswerBody::empty());
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        if head_only {
            if !self.body.is_empty() {
                response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(self.body.len()));
            }
        } else {
            *response.body_mut() = AnswerBody::whole(self.body);
        }
        response
    }
}

impl From<Response<Bytes>> for Answered {
    fn from(response: Response<Bytes>) -> Self {
        let (parts, body) = response.into_parts();
        Self { status: parts.status, headers: parts.headers, body, verdict: "allow" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(answered: &Answered) -> serde_json::Value {
        serde_json::from_slice(&answered.body).unwrap()
    }

    #[test]
    fn a_scenario_that_cannot_be_read_has_one_status_in_head_and_body() {
        let answered = Answered::misdirected(&StepError::Sequence, RequestId([0; 12]));
        assert_eq!((answered.status.as_u16(), &body(&answered)["status"]), (400, &400.into()));
        assert!(body(&answered)["hint"].as_str().unwrap().contains("Lobby-Scenario"));
    }

    #[test]
    fn the_hint_at_a_sandbox_that_is_misnamed_speaks_of_its_name() {
        let answered = Answered::misnamed("a sandbox is named by letters", RequestId([0; 12]));
        assert!(body(&answered)["hint"].as_str().unwrap().starts_with("Name the sandbox"));
    }
}
