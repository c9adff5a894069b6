//! A request to an API: operation, credentials, verdict, scenario, answer.

mod decide;
mod denied;
mod route;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use contract::Operation;
use guard::{Admission, Charged, Code, Denial, Verdict};
use hyper::body::Incoming;
use mock::{
    answer::{Ask, Forced},
    prefer::{self, Prefer},
    scenario::{self, Occasion, Step},
};

pub(crate) use self::route::is_below;
use self::route::{find, lost_course};
use crate::{
    answer::Answered,
    arrival::{self, Arrival},
    course::{Course, Log},
    gateway::Gateway,
    intake,
    ledger::Ledger,
    settings::{Api, Settings},
};

/// What a scenario made of a verdict.
type Played = scenario::Course<Admission, Denial>;

/// Where a request leads.
pub(crate) struct Matched<'a> {
    pub(crate) api: &'a Arc<Api>,
    pub(crate) base: &'a str,
    pub(crate) operation: &'a Operation,
    pub(crate) captures: Vec<(&'a str, String)>,
}

impl Gateway {
    /// Decides and answers one request to an API.
    pub(crate) async fn api(&self, arrival: &Arrival, incoming: Incoming, settings: &Settings) -> Course {
        let ledger = self.ledgers.of(&arrival.visit.realm);
        let door = at_the_door(arrival, settings, &ledger);
        match find(&arrival.path, &arrival.parts.method, settings) {
            Err(lost) => lost_course(arrival, lost, &door, incoming, settings).await,
            Ok(matched) => {
                let mut course = match door.cause().map(Denial::of) {
                    Some(denial) => self.denied(arrival, &matched, &denial, Some(&door), None),
                    None => self.decided(arrival, &matched, incoming, settings, &ledger, door).await,
                };
                course.answered.mark(Some(&matched.operation.name), arrival.visit.id);
                course
            }
        }
    }

    async fn decided(
        &self,
        arrival: &Arrival,
        matched: &Matched<'_>,
        incoming: Incoming,
        settings: &Settings,
        ledger: &Ledger,
        door: Charged,
    ) -> Course {
        let visit = &arrival.visit;
        let outcome = self.decide(arrival, matched, settings, ledger).await;
        let proven = outcome.proven.as_ref();
        let persona = proven.and_then(|principal| settings.standings.get(&principal.subject));
        let persona = persona.map(|standing| standing.name.clone());
        let occasion = Occasion::Api { api: &matched.api.name, operation: &matched.operation.name };
        let step = match arrival::step(
            settings.stage,
            &arrival.parts.headers,
            visit,
            occasion,
            persona.as_deref(),
        ) {
            Ok(step) => step,
            Err(error) => return misdirected(arrival, matched, &error),
        };
        let truth = match outcome.verdict {
            Verdict::Allow(admission) => Ok(admission),
            Verdict::Deny(denial) => Err(denial),
        };
        let directed = scenario::direct(truth, step.as_ref());
        let read = intake::collect(incoming, settings, visit.id).await;
        let body = read.as_ref().ok().cloned().unwrap_or_default();
        let mut delay = directed.delay;
        let mut charged = door.and(outcome.charged);
        let preferred = preferred(arrival, matched.operation, &directed.course);
        let mut course = match (&preferred, directed.course, read) {
            (Some((code, prefer)), _, _) => {
                delay = delay.or(prefer.delay);
                self.staged(arrival, matched, *code, prefer.example.as_deref(), &mut charged)
            }
            (None, Played::Answer { .. }, Err(refused)) => {
                Course { answered: *refused, fault: None, log: None, cors: matched.api.cors.clone() }
            }
            // A denial is the answer, however the body came.
            (None, course, Ok(_) | Err(_)) => {
                self.played(arrival, matched, course, &body, &mut charged, &mut delay)
            }
        };
        // Whether the document has the example is not known here: it is not claimed.
        let kept = preferred.map(|(_, prefer)| Prefer { example: None, ..prefer });
        if let Some(applied) = kept.and_then(|prefer| prefer.applied()) {
            course.answered.headers.insert("preference-applied", applied);
        }
        course.answered.limits(&charged);
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        course.fault = directed.fault;
        course.log = Some(log(matched, persona, step, body));
        course
    }

    /// What the play makes of the verdict.
    fn played(
        &self,
        arrival: &Arrival,
        matched: &Matched<'_>,
        course: Played,
        body: &Bytes,
        charged: &mut Charged,
        delay: &mut Option<Duration>,
    ) -> Course {
        match course {
            scenario::Course::Answer { status, example, .. } => {
                let forced = Forced {
                    status: status.map(|status| status.get().as_u16()),
                    example: example.map(|name| name.to_string()),
                };
                answered(arrival, matched, body, &forced, delay)
            }
            scenario::Course::Denied(denial) => self.denied(arrival, matched, &denial, Some(charged), None),
            scenario::Course::Staged { code, .. } => self.staged(arrival, matched, code, None, charged),
            scenario::Course::Failed { status, example, truth } => {
                let example = example.map(|name| name.to_string());
                let forced = Forced { status: Some(status.get().as_u16()), example };
                let mut course = answered(arrival, matched, body, &forced, delay);
                self.fail(arrival, matched, &truth, &mut course.answered);
                course
            }
        }
    }
}

/// The denial that `Prefer: code=` asks for, whatever the verdict was (control.md): 401, 403 and 429 come
/// with their challenge. A scenario that acts on the verdict is stronger.
fn preferred(arrival: &Arrival, operation: &Operation, course: &Played) -> Option<(Code, Prefer)> {
    let is_open = match course {
        Played::Answer { status, example, .. } => status.is_none() && example.is_none(),
        Played::Denied(_) => true,
        Played::Staged { .. } | Played::Failed { .. } => false,
    };
    let prefer = prefer::parse(&arrival.parts.headers);
    let code = prefer.code.filter(|_| is_open).and_then(|status| Code::nearest(status, operation))?;
    Some((code, Prefer { dynamic: None, ..prefer }))
}

/// The address's limit: charged for every request, matched or not, before anything is judged.
pub(crate) fn at_the_door(arrival: &Arrival, settings: &Settings, ledger: &Ledger) -> Charged {
    let mut charged = Charged::default();
    if let Some((policy, bounds)) = &settings.per_address {
        let address = arrival.visit.peer.counted();
        charged.push(policy.clone(), ledger.charge_address(address, policy, *bounds, arrival.visit.now));
    }
    charged
}

fn log(matched: &Matched<'_>, persona: Option<Arc<str>>, scenario: Option<Step>, body: Bytes) -> Log {
    Log {
        api: matched.api.name.clone(),
        operation: Some(matched.operation.name.clone()),
        persona,
        scenario,
        body,
        elsewhere: None,
    }
}

fn answered(
    arrival: &Arrival,
    matched: &Matched<'_>,
    body: &Bytes,
    forced: &Forced,
    delay: &mut Option<Duration>,
) -> Course {
    let visit = &arrival.visit;
    let request_id = visit.id.to_string();
    let answer = matched.api.answerer.answer(
        matched.operation,
        Ask {
            base: matched.base,
            path: arrival.parts.uri.path(),
            captures: &matched.captures,
            query: arrival.parts.uri.query().unwrap_or_default(),
            headers: &arrival.parts.headers,
            body,
            now: visit.now,
            request_id: &request_id,
            forced,
        },
    );
    *delay = delay.or(answer.delay);
    let verdict = answer.code.unwrap_or("allow");
    let answered = Answered { status: answer.status, headers: answer.headers, body: answer.body, verdict };
    Course { answered, fault: None, log: None, cors: matched.api.cors.clone() }
}

/// `Lobby-Scenario` asks for what is no step.
fn misdirected(arrival: &Arrival, matched: &Matched<'_>, error: &scenario::StepError) -> Course {
    let answered = Answered::misdirected(error, arrival.visit.id);
    let log = log(matched, None, None, Bytes::new());
    Course { answered, fault: None, log: Some(log), cors: matched.api.cors.clone() }
}
