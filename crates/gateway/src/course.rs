//! What happened to a request, and how its answer goes out.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, Uri, header, request::Parts};
use mock::{
    sandbox::Sandbox,
    scenario::{Fault, Step},
};
use model::Timestamp;

use crate::{answer::Answered, body::AnswerBody, connection::Peer, cors::Cors, serve::Abandoned};

/// What happened to a request, for its answer and the journal.
pub(crate) struct Course {
    pub(crate) answered: Answered,
    pub(crate) fault: Option<Fault>,
    pub(crate) log: Option<Log>,
    pub(crate) cors: Cors,
}

/// What of a request is told in the journal.
pub(crate) struct Log {
    pub(crate) api: Arc<str>,
    pub(crate) operation: Option<Arc<str>>,
    pub(crate) persona: Option<Arc<str>>,
    pub(crate) scenario: Option<Step>,
    pub(crate) body: Bytes,
    /// The sandbox and its time, where it is another than the head's: a code named it.
    pub(crate) elsewhere: Option<(Arc<Sandbox>, Timestamp)>,
}

/// The request as the other rooms see it: on the path without what chose the sandbox.
pub(crate) fn with_body(parts: &Parts, path: &str, body: Bytes) -> Request<Bytes> {
    let target = match parts.uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut request = Request::new(body);
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = target.parse::<Uri>().unwrap_or_else(|_| parts.uri.clone());
    *request.headers_mut() = parts.headers.clone();
    request
}

/// Sends the answer, or breaks it on its way as a scenario wants.
pub(crate) fn deliver(
    course: Course,
    peer: &Peer,
    head_only: bool,
) -> Result<Response<AnswerBody>, Abandoned> {
    let Course { mut answered, fault, .. } = course;
    match fault {
        None => Ok(answered.into_response(head_only)),
        Some(Fault::Reset) => {
            peer.reset();
            Err(Abandoned)
        }
        Some(Fault::Truncate) => {
            let body = std::mem::take(&mut answered.body);
            let mut response = answered.into_response(false);
            // The whole length is promised, so that the cut is seen as one; an empty body has none to cut.
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, header::HeaderValue::from(body.len().max(1)));
            *response.body_mut() = AnswerBody::truncated(&body);
            Ok(response)
        }
        Some(Fault::Drip) => {
            let body = std::mem::take(&mut answered.body);
            let mut response = answered.into_response(head_only);
            if !head_only {
                *response.body_mut() = AnswerBody::drip(body);
            }
            Ok(response)
        }
    }
}
