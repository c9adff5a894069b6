use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};
use identity::password::Refusals;
use model::RequestId;
use serde_json::{Map, Value, json};
use store::Fault;

use super::Role;
use crate::refusal::{Refusal, respond};

const REQUEST_ID: header::HeaderName = header::HeaderName::from_static("lobby-request-id");

/// Why a call is not done.
#[derive(Debug)]
pub(super) enum Refused {
    /// No token, or none that opens anything.
    Token,
    /// Who calls is not enough.
    Role(Role),
    /// A page of another site calls.
    Origin,
    /// The path knows other methods.
    Method(&'static [Method]),
    /// What is asked is not understood, or cannot be.
    Wrong(String),
    /// There is no such call.
    Unknown(String),
    /// What is named is not there.
    Absent(String),
    /// Somebody else has it.
    Taken(String),
    /// Nobody would be left who may do everything.
    LastOwner,
    /// The password may not be one.
    Password(Refusals),
    /// Too many tokens from there were none; for how long.
    Limited(Duration),
    /// Too much is asked at once, or the database is away.
    Busy,
    /// As the body was read.
    Read(Refusal),
    /// Ours.
    Fault,
}

impl Refused {
    pub(super) fn wrong(detail: impl Into<String>) -> Self {
        Self::Wrong(detail.into())
    }

    pub(super) fn unknown(path: &str) -> Self {
        Self::Unknown(format!("there is no call {}", path.chars().take(100).collect::<String>()))
    }

    fn parts(&self) -> (&'static str, StatusCode, &'static str, String) {
        match self {
            Self::Token => {
                let detail = "Authorization: Bearer takes an access token of a user with one of the roles \
                              lobby:owner, lobby:admin, lobby:support, lobby:auditor, or LOBBY_ADMIN_TOKEN";
                ("admin.token", StatusCode::UNAUTHORIZED, "The admin API takes a token", detail.to_owned())
            }
            Self::Role(needed) => {
                let detail = format!("this takes the role {} at least", needed.as_str());
                ("admin.role", StatusCode::FORBIDDEN, "The role is not enough", detail)
            }
            Self::Origin => {
                let detail = "the page that calls is not ours".to_owned();
                ("admin.origin", StatusCode::FORBIDDEN, "This origin may not call", detail)
            }
            Self::Method(_) => {
                let detail = "see Allow for the methods it has".to_owned();
                ("method.unknown", StatusCode::METHOD_NOT_ALLOWED, "The call has other methods", detail)
            }
            Self::Wrong(detail) => {
                ("request.invalid", StatusCode::BAD_REQUEST, "The call cannot be done", detail.clone())
            }
            Self::Unknown(detail) => {
                ("operation.unknown", StatusCode::NOT_FOUND, "There is no such call", detail.clone())
            }
            Self::Absent(detail) => {
                ("admin.absent", StatusCode::NOT_FOUND, "What is named is not there", detail.clone())
            }
            Self::Taken(detail) => {
                ("admin.taken", StatusCode::CONFLICT, "That is somebody else's", detail.clone())
            }
            Self::LastOwner => {
                let detail =
                    "this is the last owner who can sign in: give somebody else the role lobby:owner first"
                        .to_owned();
                ("admin.last_owner", StatusCode::CONFLICT, "An owner stays", detail)
            }
            Self::Password(refusals) => {
                let reasons: Vec<String> = refusals.iter().map(ToString::to_string).collect();
                let detail = format!("the password is refused: {}", reasons.join("; "));
                ("password.refused", StatusCode::UNPROCESSABLE_ENTITY, "The password is refused", detail)
            }
            Self::Limited(wait) => {
                let wait = wait.as_secs().max(1);
                let detail = format!("too many tokens from this address opened nothing: wait {wait} s");
                ("rate.limited", StatusCode::TOO_MANY_REQUESTS, "Too many attempts", detail)
            }
            Self::Busy => {
                let detail =
                    "the database does not answer, or too much is asked at once: try again in a moment";
                ("busy", StatusCode::SERVICE_UNAVAILABLE, "It cannot be done now", detail.to_owned())
            }
            Self::Read(_) | Self::Fault => {
                let detail = "the fault is Lobby's; its log says more".to_owned();
                ("fault", StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong", detail)
            }
        }
    }

    pub(super) fn answer(&self, docs: &str, id: RequestId) -> Response<Bytes> {
        if let Self::Read(refusal) = self {
            return refusal.answer(docs, id);
        }
        let (code, status, title, detail) = self.parts();
        let mut problem = Map::new();
        let mut put = |name: &str, value: Value| problem.insert(name.to_owned(), value);
        put("type", format!("{docs}#{}", code.replace(['.', '_'], "-")).into());
        put("title", title.into());
        put("status", status.as_u16().into());
        put("detail", detail.into());
        put("code", code.into());
        put("request_id", id.to_string().into());
        if let Self::Password(refusals) = self {
            let reason = |refusal: &identity::password::Refusal| json!({ "code": refusal.code(), "text": refusal.to_string() });
            put("reasons", refusals.iter().map(reason).collect());
        }
        let mut answer = respond(status, "application/problem+json", &problem.into());
        let headers = answer.headers_mut();
        headers.insert("lobby-verdict", HeaderValue::from_static(code));
        headers.extend(HeaderValue::from_str(&id.to_string()).ok().map(|id| (REQUEST_ID, id)));
        match self {
            Self::Token => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"admin\""));
            }
            Self::Limited(wait) => {
                headers.insert(header::RETRY_AFTER, guard::retry_after(*wait));
            }
            Self::Busy => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            Self::Method(allow) => {
                let allow = allow.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
                headers.extend(HeaderValue::from_str(&allow).ok().map(|allow| (header::ALLOW, allow)));
            }
            Self::Role(_)
            | Self::Origin
            | Self::Wrong(_)
            | Self::Unknown(_)
            | Self::Absent(_)
            | Self::Taken(_)
            | Self::LastOwner
            | Self::Password(_)
            | Self::Read(_)
            | Self::Fault => {}
        }
        answer
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        if fault.is_passing() { Self::Busy } else { Self::Fault }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Wrong { detail } => Self::Wrong(detail),
            other => Self::Read(other),
        }
    }
}

impl From<identity::password::Busy> for Refused {
    fn from(_: identity::password::Busy) -> Self {
        Self::Busy
    }
}
