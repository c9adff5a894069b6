//! One request's way through the building: where it leads, and what is the same of every answer.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt;
use guard::Code;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use mock::journal::Sighting;
use model::{Event, RequestEvent, RequestId};

use crate::{
    answer::Answered,
    arrival::Arrival,
    body::AnswerBody,
    connection::Peer,
    cors::{self, Cors},
    course::{Course, Log, deliver, with_body},
    gateway::{Gateway, answering},
    intake,
    serve::Abandoned,
    settings::{Settings, Stage},
};

impl Gateway {
    async fn answer(
        &self,
        request: Request<Incoming>,
        peer: &Peer,
        id: RequestId,
    ) -> Result<Response<AnswerBody>, Abandoned> {
        let settings = self.settings.load_full();
        let started = self.furnishing.clock.now();
        let (parts, incoming) = request.into_parts();
        let head_only = parts.method == Method::HEAD;
        let arrival = match self.arrive(parts, peer, &settings, started, id).await {
            Ok(arrival) => arrival,
            Err(refused) => return Ok(refused),
        };
        let mut course = self.lead(&arrival, incoming, &settings).await;
        course.cors.allow(&arrival.parts.headers, &mut course.answered.headers);
        let took = self.furnishing.clock.now().since(started);
        if let Some(log) = &course.log {
            self.record(&arrival, log, &course.answered, took);
        }
        deliver(course, peer, head_only)
    }

    /// Tells the journal, and whoever listens.
    fn record(&self, arrival: &Arrival, log: &Log, answered: &Answered, took: Duration) {
        let Arrival { parts, visit, .. } = arrival;
        let (sandbox, at) =
            log.elsewhere.as_ref().map_or((&visit.sandbox, visit.now), |(sandbox, at)| (sandbox, *at));
        sandbox.count_request();
        let scenario = log.scenario.as_ref().map(ToString::to_string);
        self.furnishing.journal.write(Sighting {
            id: visit.id,
            at,
            sandbox: sandbox.name(),
            api: &log.api,
            operation: log.operation.as_ref(),
            method: &parts.method,
            path: parts.uri.path(),
            query: parts.uri.query(),
            persona: log.persona.as_ref(),
            status: answered.status.as_u16(),
            denial: Code::parse(answered.verdict),
            scenario: scenario.as_deref(),
            request_headers: &parts.headers,
            request_body: &log.body,
            answer_headers: &answered.headers,
            // HEAD is GET without its body: what was not sent is not shown.
            answer_body: if parts.method == Method::HEAD { b"" } else { &answered.body },
            took,
        });
        if let Some(listener) = &self.furnishing.listener {
            listener(Event::Request(RequestEvent {
                id: visit.id,
                at,
                real: visit.real,
                peer: visit.peer.address,
                method: parts.method.as_str().into(),
                path: parts.uri.path().into(),
                sandbox: sandbox.name().clone(),
                api: log.api.clone(),
                operation: log.operation.clone(),
                subject: log.persona.clone(),
                verdict: answered.verdict,
                scenario: scenario.map(Into::into),
                status: answered.status.as_u16(),
                took,
            }));
        }
    }

    /// Leads a request to its room.
    async fn lead(&self, arrival: &Arrival, incoming: Incoming, settings: &Settings) -> Course {
        let Arrival { parts, path, visit } = arrival;
        let public = !path.starts_with("/_lobby/") || path.starts_with("/_lobby/openapi");
        let alias = settings.aliases.get(path).cloned();
        let neighbours = &self.furnishing.neighbours;
        let authorization = neighbours.authorization(&parts.method, alias.as_deref().unwrap_or(path));
        if cors::is_preflight(&parts.method, &parts.headers) && settings.cors != Cors::Off {
            return self.preflight(arrival, settings, public || authorization.is_some());
        }
        if let Some(desk) = authorization {
            let path = alias.unwrap_or_else(|| path.clone());
            return self.authorize(arrival, &path, desk, incoming, settings).await;
        }
        if let Some(rest) = path.strip_prefix("/_lobby/openapi") {
            let api = rest.strip_prefix('/').and_then(|rest| rest.strip_suffix(".json"));
            if rest == ".json" || api.is_some() {
                let mut answered = Answered::from(self.furnishing.neighbours.document(api, visit));
                answered.number(visit.id);
                return Course { answered, fault: None, log: None, cors: settings.cors.clone() };
            }
        }
        let is_control = path == "/_lobby" || path.starts_with("/_lobby/");
        if is_control && settings.stage != Stage::Nowhere {
            return self.control(arrival, incoming, settings).await;
        }
        if is_visit(arrival, settings) {
            let place = HeaderMap::from_iter([(header::LOCATION, HeaderValue::from_static(OWN_PAGE))]);
            let mut answered = Answered::bare(StatusCode::SEE_OTHER, place);
            answered.mark(None, visit.id);
            return Course { answered, fault: None, log: None, cors: Cors::Off };
        }
        self.api(arrival, incoming, settings).await
    }

    /// Answered on any path, and never judged; control's only for the origins that it admits.
    fn preflight(&self, arrival: &Arrival, settings: &Settings, public: bool) -> Course {
        let headers = &arrival.parts.headers;
        let admitted = || {
            headers.get(header::ORIGIN).is_some_and(|origin| self.furnishing.neighbours.admits_origin(origin))
        };
        let answer = if public {
            cors_of(arrival, settings).preflight(headers)
        } else if admitted() {
            Cors::Everyone.preflight(headers)
        } else {
            HeaderMap::new()
        };
        let mut answered = Answered::bare(StatusCode::NO_CONTENT, answer);
        answered.mark(None, arrival.visit.id);
        Course { answered, fault: None, log: None, cors: Cors::Off }
    }

    async fn control(&self, arrival: &Arrival, incoming: Incoming, settings: &Settings) -> Course {
        let origin = arrival.parts.headers.get(header::ORIGIN);
        let admitted = origin.is_some_and(|origin| self.furnishing.neighbours.admits_origin(origin));
        let cors = if admitted && settings.cors != Cors::Off { Cors::Everyone } else { Cors::Off };
        let answered = match intake::collect(incoming, settings, arrival.visit.id).await {
            Ok(body) => {
                let request = with_body(&arrival.parts, &arrival.path, body);
                let mut answered =
                    Answered::from(self.furnishing.neighbours.control(request, &arrival.visit).await);
                answered.number(arrival.visit.id);
                answered
            }
            Err(refused) => *refused,
        };
        Course { answered, fault: None, log: None, cors }
    }
}

/// Where whoever comes with a browser and no path is led: their own page, or the way in.
const OWN_PAGE: &str = "/_lobby/account/";

/// Whether a person opens the bare origin, where no API is.
fn is_visit(arrival: &Arrival, settings: &Settings) -> bool {
    let parts = &arrival.parts;
    let accepts = parts.headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    parts.uri.path() == "/"
        && [Method::GET, Method::HEAD].contains(&parts.method)
        && accepts.is_some_and(|accepts| accepts.contains("text/html"))
        && !settings.bases.iter().any(|base| crate::api::is_below("/", &base.path))
}

/// A year: what preload lists and scanners ask for.
const STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Whose CORS holds on a path: the API's below which it lies.
fn cors_of<'a>(arrival: &Arrival, settings: &'a Settings) -> &'a Cors {
    let base = settings.bases.iter().find(|base| crate::api::is_below(&arrival.path, &base.path));
    base.and_then(|base| settings.apis.get(base.api)).map_or(&settings.cors, |api| &api.cors)
}

impl Gateway {
    /// Answers one request; `Err` ends the connection without an answer.
    pub(crate) async fn handle(
        &self,
        request: Request<Incoming>,
        peer: &Peer,
    ) -> Result<Response<AnswerBody>, Abandoned> {
        let id = self.request_id();
        let head_only = request.method() == Method::HEAD;
        let answering = answering(id, self.answer(request, peer, id));
        let answer = AssertUnwindSafe(answering).catch_unwind().await;
        let mut answer = answer.unwrap_or_else(|_| {
            // The panic itself was printed by the hook; a request must not end the process.
            let mut answered = Answered::problem(Code::Fault, None, id);
            answered.mark(None, id);
            Ok(answered.into_response(head_only))
        })?;
        // Over plain HTTP nobody hears it (RFC 6797 7.2).
        if peer.secure && self.settings.load().strict_transport {
            answer.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
        }
        Ok(answer)
    }
}
