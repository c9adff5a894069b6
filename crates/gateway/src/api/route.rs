//! The operation of a path, and the answer to what leads nowhere.

use std::sync::Arc;

use contract::{NormalPath, Routed};
use guard::{Charged, Code, Denial, Head};
use http::{HeaderValue, Method, header};
use hyper::body::Incoming;

use super::Matched;
use crate::{
    answer::Answered,
    arrival::Arrival,
    course::{Course, Log},
    intake,
    settings::{Api, Settings},
};

/// Whether `path` is `base` or lies below it.
pub(crate) fn is_below(path: &str, base: &str) -> bool {
    path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A request that leads nowhere: what is told, and whose CORS holds.
pub(super) struct Lost<'a> {
    pub(super) api: Option<&'a Arc<Api>>,
    pub(super) code: Code,
    pub(super) detail: String,
    pub(super) allow: Vec<Method>,
}

/// The operation of a path, the longest base first.
pub(super) fn find<'a>(path: &str, method: &Method, settings: &'a Settings) -> Result<Matched<'a>, Lost<'a>> {
    let lost = |api, code, detail: String| Lost { api, code, detail, allow: Vec::new() };
    let normal = match NormalPath::parse(path) {
        Ok(normal) => normal,
        Err(error) => return Err(lost(None, Code::PathInvalid, error.to_string())),
    };
    let mut nearest = lost(None, Code::OperationUnknown, format!("no operation has the path {path}"));
    for base in &settings.bases {
        let Some(api) = settings.apis.get(base.api) else { continue };
        let Some(below) = normal.strip_base(&base.path) else { continue };
        let routed = if base.whole {
            api.contract.route(method, &below)
        } else {
            api.contract.route_at(&base.path, method, &below)
        };
        match routed {
            Routed::To { operation, captures } => {
                return Ok(Matched { api, base: &base.path, operation, captures });
            }
            Routed::WrongMethod { allow } if nearest.code == Code::OperationUnknown => {
                let detail = format!("the path {path} has no {method}");
                nearest = Lost { api: Some(api), code: Code::MethodUnknown, detail, allow };
            }
            Routed::WrongMethod { allow } if nearest.code == Code::MethodUnknown => {
                // The same path below a shorter base, of another document: what that has is served too.
                for method in allow {
                    if !nearest.allow.contains(&method) {
                        nearest.allow.push(method);
                    }
                }
            }
            Routed::Invalid(error) if nearest.code == Code::OperationUnknown => {
                nearest = lost(Some(api), Code::PathInvalid, error.to_string());
            }
            Routed::Unknown if nearest.api.is_none() => nearest.api = Some(api),
            Routed::Unknown | Routed::Invalid(_) | Routed::WrongMethod { .. } => {}
        }
    }
    Err(nearest)
}

pub(super) async fn lost_course(
    arrival: &Arrival,
    lost: Lost<'_>,
    door: &Charged,
    incoming: Incoming,
    settings: &Settings,
) -> Course {
    let visit = &arrival.visit;
    let head = Head { headers: &arrival.parts.headers, query: arrival.parts.uri.query(), certificate: None };
    let contract = lost.api.map(|api| &*api.contract);
    let exposed = !visit.peer.private && !settings.insecure && guard::carries_credential(contract, &head);
    let over = door.cause();
    let (code, detail) = match &over {
        Some(cause) => (Denial::of(cause.clone()).code(), cause.detail()),
        None if exposed => (Code::TransportInsecure, guard::Cause::TransportInsecure.detail()),
        None => (lost.code, lost.detail.clone()),
    };
    let body = intake::collect(incoming, settings, visit.id).await.unwrap_or_default();
    let mut answered = Answered::problem(code, Some(&detail), visit.id);
    answered.limits(door);
    if let Some(after) = over.as_ref().and_then(guard::Cause::retry_after) {
        answered.headers.insert(header::RETRY_AFTER, guard::retry_after(after));
    }
    let allow: Vec<&str> = lost.allow.iter().map(Method::as_str).collect();
    if code == Code::MethodUnknown
        && let Ok(allow) = HeaderValue::try_from(allow.join(", "))
    {
        answered.headers.insert(header::ALLOW, allow);
    }
    answered.mark(None, visit.id);
    let api = lost.api.map_or_else(|| "".into(), |api| api.name.clone());
    let cors = lost.api.map_or(&settings.cors, |api| &api.cors).clone();
    let log = Log { api, operation: None, persona: None, scenario: None, body, elsewhere: None };
    Course { answered, fault: None, log: Some(log), cors }
}
