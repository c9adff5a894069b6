//! The decision on one request: the guard says what it must know, and is told.

use guard::{Decision, Head, Outcome, Question, Target, Verdict};
use http::header;
use model::{DecisionEvent, Event};

use super::Matched;
use crate::{arrival::Arrival, gateway::Gateway, ledger::Ledger, lookups::Desk, settings::Settings};

impl Gateway {
    pub(crate) async fn decide(
        &self,
        arrival: &Arrival,
        matched: &Matched<'_>,
        settings: &Settings,
        ledger: &Ledger,
    ) -> Outcome {
        let Arrival { parts, visit, .. } = arrival;
        let Matched { api, operation, captures, .. } = matched;
        let realm = visit.realm.clone();
        // A token comes in `Authorization` alone: who brings none does not wait for the keys to be made.
        let bears = parts.headers.contains_key(header::AUTHORIZATION);
        let keys = bears.then(|| self.furnishing.neighbours.keys(&realm, visit.now));
        let issuers = keys.as_ref().map(|keys| api.issuers(&visit.issuer, keys)).unwrap_or_default();
        let head = Head {
            headers: &parts.headers,
            query: parts.uri.query(),
            certificate: visit.certificate.as_deref(),
        };
        let exposed = !visit.peer.private && !settings.insecure;
        let question = Question {
            contract: &api.contract,
            operation,
            captures,
            method: &parts.method,
            target: Target {
                scheme: if visit.secure { "https" } else { "http" },
                authority: &visit.authority,
                path: parts.uri.path(),
            },
            query: parts.uri.query(),
            collected: guard::collect(&api.contract, operation, &head),
            exposed,
            carries_credential: exposed && guard::carries_credential(Some(&api.contract), &head),
            issuers: &issuers,
            settings: &api.guarding,
            now: visit.now,
            real: visit.real,
            explain: settings.explain,
        };
        let memory = self.furnishing.store.memory(&realm);
        let desk = Desk {
            api,
            operation: &operation.name,
            settings,
            visit,
            realm: &realm,
            ledger,
            memory: &memory,
            store: &self.furnishing.store,
            passwords: &self.furnishing.passwords,
            attempts: &self.furnishing.attempts,
            signatures: &self.signatures,
            keys: keys.as_ref(),
            neighbours: self.neighbours(),
            listener: self.furnishing.listener.as_ref(),
        };
        let mut decision = Decision::open(question);
        let mut outcome = loop {
            let facts = match decision.step() {
                guard::Step::Decided(outcome) => break outcome,
                guard::Step::Needs(lookups) => desk.answer(&lookups).await,
            };
            decision.learn(facts);
        };
        if let Some((trace, listener)) = outcome.trace.as_ref().zip(self.furnishing.listener.as_ref()) {
            listener(explained(arrival, matched, trace));
        }
        if let Verdict::Allow(admission) = &outcome.verdict
            && let Some(jti) = admission.token().and_then(|token| token.claims().jti.as_deref())
        {
            memory.note_use(jti);
        }
        if let Some(((hash, token), keys)) = outcome.fresh.take().zip(keys.as_ref()) {
            self.signatures.remember(keys, hash, token);
        }
        outcome
    }
}

/// `--explain`: each step of a decision.
fn explained(arrival: &Arrival, matched: &Matched<'_>, trace: &guard::Trace) -> Event {
    Event::Decision(DecisionEvent {
        id: arrival.visit.id,
        real: arrival.visit.real,
        method: arrival.parts.method.as_str().into(),
        path: arrival.parts.uri.path().into(),
        operation: matched.operation.name.clone(),
        steps: trace.lines().collect(),
    })
}
