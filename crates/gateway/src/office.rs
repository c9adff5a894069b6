//! Listeners beside the pipeline: small services that take a whole request and give a whole answer.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;

use crate::{
    body::AnswerBody,
    connection::Peer,
    intake::{ReadError, read},
    neighbours::Answering,
    serve::Abandoned,
    target,
};

/// What answers on a listener of its own: the admin listener, the one that leads to HTTPS.
pub trait Service: Send + Sync + 'static {
    /// Answers one request, whose body is there.
    fn answer<'a>(&'a self, request: Request<Bytes>, peer: &'a Peer) -> Answering<'a>;
}

/// A [`Service`] as what a listener drives: a request line that others may read otherwise is a 400, bodies are bounded,
/// and a panic is a 500.
pub struct Office {
    /// Bytes of a body.
    pub body_limit: usize,
    /// From the head until all of a body is there.
    pub body_patience: Duration,
    /// What answers.
    pub service: Arc<dyn Service>,
}

impl Office {
    pub(crate) async fn handle(
        &self,
        request: Request<Incoming>,
        peer: &Peer,
    ) -> Result<Response<AnswerBody>, Abandoned> {
        let head_only = request.method() == Method::HEAD;
        let (parts, incoming) = request.into_parts();
        if let Err(error) = target::check(&parts.method, &parts.uri, parts.version, &parts.headers) {
            let mut answer =
                bare(StatusCode::BAD_REQUEST).map(|_| AnswerBody::whole(error.to_string().into()));
            let close = http::HeaderValue::from_static("close");
            answer.headers_mut().insert(http::header::CONNECTION, close);
            return Ok(answer);
        }
        let answer = match read(incoming, self.body_limit, self.body_patience).await {
            Ok(body) => {
                let answering = self.service.answer(Request::from_parts(parts, body), peer);
                // The panic itself is printed by the hook; a request must not end the process.
                let answered = AssertUnwindSafe(answering).catch_unwind().await;
                answered.unwrap_or_else(|_| bare(StatusCode::INTERNAL_SERVER_ERROR))
            }
            Err(ReadError::TooLarge) => bare(StatusCode::PAYLOAD_TOO_LARGE),
            Err(ReadError::Slow) => bare(StatusCode::REQUEST_TIMEOUT),
            Err(ReadError::Broken) => return Err(Abandoned),
        };
        let (mut parts, body) = answer.into_parts();
        if head_only && !body.is_empty() {
            parts.headers.insert(http::header::CONTENT_LENGTH, body.len().into());
        }
        let body = if head_only { AnswerBody::empty() } else { AnswerBody::whole(body) };
        Ok(Response::from_parts(parts, body))
    }
}

fn bare(status: StatusCode) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = status;
    answer
}
