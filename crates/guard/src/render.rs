//! A denial → status, header fields and problem body: the challenges of RFC 6750, 7617, 9449, 9470 and 9728
//! as verdicts.md has them, and the body of RFC 9457.

mod challenge;

use std::time::Duration;

use contract::{Contract, Operation, SchemeKind};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use model::RequestId;
use serde_json::{Map, Value};

use crate::{Auth, Charged, Code, Denial};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// What a denial is rendered for.
#[derive(Debug, Clone, Copy)]
pub struct Rendering<'a> {
    /// The API's name: the realm of every challenge.
    pub api: &'a str,
    /// The API.
    pub contract: &'a Contract,
    /// The operation; `None` where none was matched: then there is no challenge.
    pub operation: Option<&'a Operation>,
    /// Where the API's metadata is (RFC 9728 5.1).
    pub resource_metadata: Option<&'a str>,
    /// Whether every token must be bound to a key: then `DPoP` is offered in place of `Bearer`.
    pub dpop_required: bool,
    /// A nonce for the client's next proof (RFC 9449 9).
    pub nonce: Option<&'a str>,
    /// Whether Basic is called `xBasic`, so that browsers open no dialogue (`challenge.basic: hidden`).
    pub hidden_basic: bool,
    /// Whether this is a mock: it tells what a developer should change, and whether a key once existed.
    pub mock: bool,
    /// How strictly credentials are judged: the hint of a 401 names what asks for less.
    pub auth: Auth,
    /// The docs page of the denials; each code is a fragment of it.
    pub docs: &'a str,
    /// The request's id.
    pub request_id: RequestId,
    /// What the counters said.
    pub charged: Option<&'a Charged>,
}

/// An answer of Lobby's own. The body is the problem, as `application/problem+json`, unless the document
/// declares another one for the status.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// The code that is told.
    pub code: Code,
    /// The status.
    pub status: StatusCode,
    /// All header fields but those of the body.
    pub headers: HeaderMap,
    /// The problem (RFC 9457).
    pub problem: Value,
}

/// An answer that is no denial: `operation.unknown`, `request.invalid`.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Its code.
    pub code: Code,
    /// Another status than the code's: 400 for `request.invalid` (control.md, default 10).
    pub status: Option<StatusCode>,
    /// What happened to this request, in a sentence; else the code's text.
    pub detail: Option<&'a str>,
    /// What to do about it, in a sentence; else the code's. Only mocks tell it.
    pub hint: Option<&'a str>,
    /// The docs page of the codes.
    pub docs: &'a str,
    /// Whether this is a mock.
    pub mock: bool,
    /// The request's id.
    pub request_id: RequestId,
}

/// Renders a denial.
pub fn render(denial: &Denial, rendering: &Rendering<'_>) -> Rendered {
    let code = denial.told(rendering.mock);
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for line in challenge::lines(denial, rendering) {
        headers.append(header::WWW_AUTHENTICATE, line);
    }
    if let Some(after) = denial.cause.retry_after() {
        headers.insert(header::RETRY_AFTER, retry_after(after));
    }
    if let Some((left, policy)) = rendering.charged.and_then(Charged::headers) {
        headers.insert(RATE_LIMIT, left);
        headers.insert(RATE_LIMIT_POLICY, policy);
    }
    if let Some(nonce) = rendering.nonce.and_then(|nonce| HeaderValue::from_str(nonce).ok()) {
        headers.insert(DPOP_NONCE, nonce);
    }
    let hidden = !rendering.mock && code == Code::KeyUnknown;
    let detail = if hidden { crate::Cause::KeyUnknown.detail() } else { denial.cause.detail() };
    let hint = rendering.mock.then(|| hint(denial, rendering));
    let status = status(code.status());
    let problem = problem(code, status, &detail, hint.as_deref(), rendering.docs, rendering.request_id);
    Rendered { code, status, headers, problem }
}

/// `Retry-After` in whole seconds, rounded up, and never "at once" (RFC 9110 10.2.3).
pub fn retry_after(after: Duration) -> HeaderValue {
    let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
    HeaderValue::from(seconds.max(1))
}

/// Renders an answer that is no denial. It has no header fields of its own, but is never stored either.
pub fn answer(answer: &Answer<'_>) -> Rendered {
    let code = answer.code;
    let status = answer.status.unwrap_or_else(|| status(code.status()));
    let hint = answer.mock.then(|| sentence(answer.hint.unwrap_or_else(|| code.hint())));
    let detail = answer.detail.unwrap_or_else(|| code.text());
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let problem = problem(code, status, detail, hint.as_deref(), answer.docs, answer.request_id);
    Rendered { code, status, headers, problem }
}

fn status(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn problem(
    code: Code,
    status: StatusCode,
    detail: &str,
    hint: Option<&str>,
    docs: &str,
    id: RequestId,
) -> Value {
    let mut members = Map::new();
    let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
    put("type", format!("{docs}#{}", code.anchor()).into());
    put("title", code.text().into());
    put("status", status.as_u16().into());
    put("detail", sentence(detail).into());
    put("code", code.as_str().into());
    put("request_id", id.to_string().into());
    if let Some(hint) = hint {
        put("hint", hint.into());
    }
    Value::Object(members)
}

/// One sentence that says what the developer should change; of a 401 also how not to be asked.
fn hint(denial: &Denial, rendering: &Rendering<'_>) -> String {
    let code = denial.code();
    let hint = if code == Code::CredentialMissing { unmeetable(rendering) } else { None };
    let hint = hint.unwrap_or_else(|| code.hint().to_owned());
    let less = match rendering.auth {
        _ if code.status() != 401 => "",
        Auth::Verify => "; --auth presence or --auth off asks for less",
        Auth::Presence => "; --auth off asks for nothing",
        Auth::Off => "",
    };
    sentence(&format!("{hint}{less}"))
}

/// Said where nothing that anybody could send would do.
fn unmeetable(rendering: &Rendering<'_>) -> Option<String> {
    let alternatives = &rendering.operation?.requirement.alternatives;
    let mut first = None;
    for alternative in alternatives {
        let hopeless = alternative.demands.iter().find_map(|demand| {
            let scheme = rendering.contract.scheme(demand.scheme)?;
            let SchemeKind::Unmeetable { what } = &scheme.kind else { return None };
            Some(format!(
                "The scheme {} ({what}) cannot be met here: declare another one in the document",
                scheme.name
            ))
        });
        first = first.or(Some(hopeless?));
    }
    first
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    first.into_iter().chain(letters).chain(stop.chars()).collect()
}
