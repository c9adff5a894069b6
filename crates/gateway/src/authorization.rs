//! A request to the authorization server: its sandbox by what it brings, and what a scenario wants of it.

use std::sync::Arc;

use bytes::Bytes;
use guard::{Code, Verdict};
use http::{HeaderValue, Method, Request};
use hyper::body::Incoming;
use mock::scenario::{Endpoint, Occasion, Step, StepError};

use crate::{
    answer::{Answered, HINT},
    api::{Matched, at_the_door},
    arrival::{self, Arrival},
    cors::Cors,
    course::{Course, Log, with_body},
    gateway::Gateway,
    intake,
    neighbours::{Misplaced, Named, Spoken, Visit, Window},
    settings::{Settings, Stage},
    target,
};

/// What the guard says of who asks for user info.
#[derive(Default)]
struct Judged {
    /// Who it is, whether allowed or not.
    persona: Option<Arc<str>>,
    denied: Option<Box<Course>>,
}

/// Whether a step answers in place of the endpoint, whatever the verdict.
fn is_staged(step: &Step) -> bool {
    step.oauth_error().is_some() || step.status().is_some_and(|status| status.as_u16() >= 400)
}

impl Gateway {
    pub(crate) async fn authorize(
        &self,
        arrival: &Arrival,
        path: &str,
        window: Window,
        incoming: Incoming,
        settings: &Settings,
    ) -> Course {
        let id = arrival.visit.id;
        // What a person looks at is for no script of another origin.
        let cors = if window.is_page { Cors::Off } else { settings.cors.clone() };
        let plain = |mut answered: Answered| {
            answered.mark(window.endpoint.map(Endpoint::as_str), id);
            Course { answered, fault: None, log: None, cors: cors.clone() }
        };
        if let Some(refused) = self.turned_away(arrival, window, settings) {
            return plain(refused);
        }
        let body = match intake::collect(incoming, settings, id).await {
            Ok(body) => body,
            Err(refused) => return plain(*refused),
        };
        let request = with_body(&arrival.parts, path, body.clone());
        let mut visit = match self.placed(&request, arrival, path, settings.stage).await {
            Ok(visit) => visit,
            Err(refused) => return plain(*refused),
        };
        let endpoint = window.endpoint;
        // Judged before a step is taken, as any request to an API: a play may be for one persona.
        let judged = if endpoint == Some(Endpoint::Userinfo) {
            self.identify(arrival, &mut visit, settings).await
        } else {
            Judged::default()
        };
        let taken = match self.directed(&request, &visit, window, judged.persona, settings).await {
            Ok(taken) => taken,
            Err(error) => return plain(Answered::misdirected(&error, id)),
        };
        // Where a step acts on a form, it acts on what the form answers.
        let endpoint = endpoint.or(window.form_of.filter(|_| taken.is_some()));
        if let Some(delay) = taken.as_ref().and_then(Step::delay) {
            tokio::time::sleep(delay).await;
        }
        if let Some(denied) = judged.denied
            && !taken.as_ref().is_some_and(is_staged)
        {
            let fault = taken.as_ref().and_then(Step::fault);
            let mut course = Course { fault, cors, ..*denied };
            if let Some(log) = &mut course.log {
                log.scenario = taken;
            }
            return course;
        }
        let answer = self.furnishing.neighbours.authorize(request, &visit, taken.clone()).await;
        let persona = answer.extensions().get::<Spoken>().map(|Spoken(name)| name.clone());
        let mut answered = Answered::from(answer);
        answered.mark(endpoint.map(Endpoint::as_str), id);
        if endpoint == Some(Endpoint::Discovery)
            && let Some(hint) = other_name(&visit)
        {
            answered.headers.insert(HINT, hint);
        }
        let fault = taken.as_ref().and_then(Step::fault);
        let log = Log {
            api: "oauth".into(),
            operation: endpoint.map(|endpoint| endpoint.as_str().into()),
            persona,
            scenario: taken,
            body,
            elsewhere: Some((visit.sandbox, visit.now)),
        };
        Course { answered, fault, log: Some(log), cors }
    }

    /// What is refused before anything is read: what others could read on its way, and whoever asks too often. What
    /// is published is everybody's, as often as they like.
    fn turned_away(&self, arrival: &Arrival, window: Window, settings: &Settings) -> Option<Answered> {
        if !is_confidential(&arrival.path, window.endpoint) {
            return None;
        }
        let visit = &arrival.visit;
        if !visit.peer.private && !settings.insecure {
            return Some(Answered::problem(Code::TransportInsecure, None, visit.id));
        }
        if OF_SERVERS.contains(&&*arrival.path) {
            return None;
        }
        let door = at_the_door(arrival, settings, &self.ledgers.of(&visit.realm));
        door.cause().map(|cause| Answered::spent(&cause, &door, visit.id))
    }

    /// The step that acts on a request. On a form only if it speaks for somebody of whom nothing was known before.
    async fn directed(
        &self,
        request: &Request<Bytes>,
        visit: &Visit,
        window: Window,
        persona: Option<Arc<str>>,
        settings: &Settings,
    ) -> Result<Option<Step>, StepError> {
        let occasion = match (window.endpoint, window.form_of) {
            (Some(endpoint), _) => Occasion::Endpoint(endpoint),
            (None, Some(endpoint)) => Occasion::Form(endpoint),
            (None, None) => return Ok(None),
        };
        let persona = match persona {
            None if visit.sandbox.plays().asks_who(occasion) => {
                self.furnishing.neighbours.speaker_of(request, visit).await
            }
            persona => persona,
        };
        if window.endpoint.is_none() && persona.is_none() {
            return Ok(None);
        }
        arrival::step(settings.stage, request.headers(), visit, occasion, persona.as_deref())
    }

    /// Whose user info is asked for: judged by the guard, as any request to an API.
    async fn identify(&self, arrival: &Arrival, visit: &mut Visit, settings: &Settings) -> Judged {
        if ![Method::GET, Method::HEAD, Method::POST].contains(&arrival.parts.method) {
            return Judged::default();
        }
        let api = &settings.userinfo;
        let Some(operation) = api.contract.operations().first() else { return Judged::default() };
        let matched = Matched { api, base: "", operation, captures: Vec::new() };
        let ledger = self.ledgers.of(&visit.realm);
        let outcome = self.decide(arrival, &matched, settings, &ledger).await;
        let standing = outcome.proven.and_then(|principal| settings.standings.get(&principal.subject));
        let persona = standing.map(|standing| standing.name.clone());
        match outcome.verdict {
            Verdict::Allow(admission) => {
                visit.token = admission.token().cloned();
                Judged { persona, denied: None }
            }
            Verdict::Deny(denial) => {
                let mut course = self.denied(arrival, &matched, &denial, None, None);
                course.answered.mark(Some(Endpoint::Userinfo.as_str()), visit.id);
                if let Some(log) = &mut course.log {
                    log.persona.clone_from(&persona);
                }
                Judged { persona, denied: Some(Box::new(course)) }
            }
        }
    }

    /// The visit, in the sandbox that the request names by what it brings.
    async fn placed(
        &self,
        request: &Request<Bytes>,
        arrival: &Arrival,
        path: &str,
        stage: Stage,
    ) -> Result<Visit, Box<Answered>> {
        let mut visit = arrival.visit.clone();
        if path != arrival.path || is_same_here(&visit) {
            let scheme = if visit.secure { "https" } else { "http" };
            visit.called = Some(format!("{scheme}://{}{}", visit.authority, arrival.path));
        }
        if stage != Stage::Everywhere {
            // It is real: whatever sandbox was named has no people of its own.
            visit.sandbox = self.furnishing.sandboxes.main().clone();
            visit.named = Named::Nowhere;
            return Ok(visit);
        }
        let refuse = |code, detail: &str| Box::new(Answered::problem(code, Some(detail), visit.id));
        match self.furnishing.neighbours.sandbox_of(request, &visit) {
            Ok(Some(name)) if name != *visit.sandbox.name() => {
                let entered = self.enter(&name, visit.real).await;
                let sandbox = entered.map_err(|detail| refuse(Code::SandboxFull, &detail))?;
                visit.now = sandbox.clock().now(visit.real);
                visit.sandbox = sandbox;
            }
            Ok(Some(_) | None) => {}
            Err(why @ Misplaced::Ambiguous) => return Err(refuse(Code::SandboxAmbiguous, &why.to_string())),
            Err(why @ Misplaced::Name) => {
                return Err(Box::new(Answered::misnamed(&why.to_string(), visit.id)));
            }
        }
        Ok(visit)
    }
}

/// What a server asks for all of its users from one address: each is some user's only when it is answered, and leaves
/// nothing where it is refused.
const OF_SERVERS: [&str; 4] =
    ["/_lobby/oauth/token", "/_lobby/oauth/introspect", "/_lobby/oauth/revoke", "/_lobby/oauth/userinfo"];

/// Whether credentials come here, or are asked for: all but what is published (verdicts.md, rule 5).
fn is_confidential(path: &str, endpoint: Option<Endpoint>) -> bool {
    match endpoint {
        Some(Endpoint::Discovery | Endpoint::Jwks) => false,
        Some(_) => true,
        None => !path.starts_with("/.well-known/") && !path.starts_with("/_lobby/assets/"),
    }
}

/// Whether we were called by another loopback name than the issuer's, at its port: `localhost` and `[::1]`
/// serve the same (control.md, default 3), so a proof may name them.
fn is_same_here(visit: &Visit) -> bool {
    let after = visit.issuer.split_once("://").map_or(&*visit.issuer, |(_, after)| after);
    let own = after.split('/').next().unwrap_or_default();
    let is_loopback =
        |authority: &str| ["127.0.0.1", "localhost", "[::1]"].contains(&target::host(authority));
    let port = |authority: &str| authority.rsplit_once(':').map(|(_, port)| port.to_owned());
    own != visit.authority
        && is_loopback(own)
        && is_loopback(&visit.authority)
        && port(own) == port(&visit.authority)
}

/// What a client is told that looks for us under another name than the issuer's: what it finds would not be
/// what it asked for (OpenID Connect Discovery 4.3).
fn other_name(visit: &Visit) -> Option<HeaderValue> {
    let after = visit.issuer.split_once("://").map_or(&*visit.issuer, |(_, after)| after);
    let host = after.split('/').next().unwrap_or_default();
    if host.eq_ignore_ascii_case(&visit.authority) {
        return None;
    }
    let scheme = if visit.secure { "https" } else { "http" };
    let text = format!(
        "the issuer is {}, whatever name it is asked by: use that one, or start with --issuer {scheme}://{}",
        visit.issuer, visit.authority
    );
    HeaderValue::try_from(text).ok()
}
