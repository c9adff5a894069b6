//! What would be answered to a token: the one decision, on everything that the next request would be judged
//! by, but with nothing counted, used up or remembered to anybody's disadvantage.

use std::{fmt::Write, net::IpAddr, sync::Arc};

use contract::{Operand, Operation};
use guard::{
    Asked, Cause, Charged, Counter, Decision, Fact, Facts, Head, Issuers, Lookup, Outcome, Peer, Question,
    Step, Target, Token, Verdict, collect,
};
use http::{HeaderMap, HeaderValue, header};
use jose::{KeySet, jwt};
use mock::sandbox::Sandbox;
use model::{RequestId, SandboxName, Timestamp};

use crate::{
    gateway::Gateway,
    ledger::Ledger,
    lookups::Desk,
    neighbours::{Named, Visit},
    settings::{Api, Settings, Stage},
};

/// Whose token is looked at, and where it would be shown.
#[derive(Debug, Clone)]
pub struct Inquiry {
    /// The token, as it would stand behind `Bearer`.
    pub token: String,
    /// In which sandbox.
    pub sandbox: Arc<Sandbox>,
    /// Who we are there.
    pub issuer: Arc<str>,
    /// The real time.
    pub real: Timestamp,
    /// From where the request would come: what its address may ask is part of the verdict.
    pub peer: IpAddr,
}

/// How a token fares by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Why it does not verify for any API; of several APIs by the one where it comes furthest.
    pub failure: Option<Cause>,
    /// Whether it, its session or its family was revoked; `None` where it does not verify.
    pub revoked: Option<bool>,
}

/// What an operation would answer.
#[derive(Debug)]
pub struct Foreseen {
    /// The decision, with its steps.
    pub outcome: Outcome,
    /// What the path or the query was taken to be, where a policy compares it: name and value.
    pub assumed: Option<(String, String)>,
}

impl Gateway {
    /// Verifies a token as each API would, and asks whether it was revoked; `None` where it is no JWT, so
    /// that there is nothing to verify.
    pub async fn verify(&self, inquiry: &Inquiry) -> Option<Verification> {
        if jwt::classify(&inquiry.token) == jwt::Bearer::Opaque {
            return None;
        }
        let settings = self.settings();
        let scene = Scene::of(self, inquiry);
        let mut failure: Option<Cause> = None;
        for api in &settings.apis {
            let issuers = api.issuers(&inquiry.issuer, &scene.keys);
            match Token::verify(&inquiry.token, &issuers, scene.visit.now) {
                Ok(token) => {
                    let revoked = scene.is_revoked(self, api, &settings, &token).await;
                    return Some(Verification { failure: None, revoked: Some(revoked) });
                }
                Err(cause) => {
                    if failure.as_ref().is_none_or(|before| before.check() < cause.check()) {
                        failure = Some(cause);
                    }
                }
            }
        }
        Some(Verification { failure, revoked: None })
    }

    /// Whose tokens an API believes where the inquiry is made.
    pub fn believed(&self, api: &Api, inquiry: &Inquiry) -> Arc<Issuers> {
        api.issuers(&inquiry.issuer, &Scene::of(self, inquiry).keys)
    }

    /// Whose token it is that opens an operation of Lobby's own API now, by the real clock, whatever a mock's says.
    /// `None`: it does not.
    pub async fn bearer(&self, inquiry: &Inquiry, operation: &str) -> Option<Arc<str>> {
        let settings = self.settings();
        let api = settings.own.as_ref()?;
        let operation = api.contract.find(operation)?;
        let mut scene = Scene::of(self, inquiry);
        scene.visit.now = inquiry.real;
        let assumptions = Assumptions::of(operation, &inquiry.token);
        let outcome = scene.decide(self, api, &settings, operation, &assumptions).await;
        match outcome.verdict {
            Verdict::Allow(_) => outcome.proven.map(|principal| principal.subject.clone()),
            Verdict::Deny(_) => None,
        }
    }

    /// What an operation would answer to the token, and to nothing else, from somebody whom nobody
    /// overhears. A policy about the path or the query is judged as if these named whom the token stands for.
    pub async fn foresee(&self, inquiry: &Inquiry, api: &Api, operation: &Operation) -> Foreseen {
        let settings = self.settings();
        let scene = Scene::of(self, inquiry);
        let door = scene.at_the_door(&settings);
        let assumptions = Assumptions::of(operation, &inquiry.token);
        let mut outcome = scene.decide(self, api, &settings, operation, &assumptions).await;
        if let Some(cause) = door.cause() {
            outcome.verdict = Verdict::Deny(guard::Denial::of(cause));
        }
        if let Some((hash, token)) = outcome.fresh.take() {
            self.signatures.remember(&scene.keys, hash, token);
        }
        outcome.charged = door.and(outcome.charged);
        Foreseen { outcome, assumed: assumptions.told }
    }
}

/// Where a token would be shown.
struct Scene {
    headers: HeaderMap,
    visit: Visit,
    keys: Arc<KeySet>,
    ledger: Arc<Ledger>,
}

impl Scene {
    fn of(gateway: &Gateway, inquiry: &Inquiry) -> Self {
        let Inquiry { token, sandbox, issuer, real, peer } = inquiry;
        let realm = match gateway.settings().stage {
            Stage::Everywhere => sandbox.name().realm(),
            Stage::Apis | Stage::Nowhere => SandboxName::main().realm(),
        };
        let now = sandbox.clock().now(*real);
        let mut headers = HeaderMap::new();
        // What no field can hold nobody can send.
        if let Ok(value) = HeaderValue::try_from(format!("Bearer {token}")) {
            headers.insert(header::AUTHORIZATION, value);
        }
        let visit = Visit {
            sandbox: sandbox.clone(),
            realm: realm.clone(),
            directs: false,
            named: Named::Nowhere,
            issuer: issuer.clone(),
            real: *real,
            now,
            peer: Peer { address: *peer, private: true, secure: true },
            socket: *peer,
            secure: false,
            certificate: None,
            authority: String::new(),
            id: RequestId([0; 12]),
            called: None,
            token: None,
        };
        let keys = gateway.furnishing.neighbours.keys(&realm, now);
        Self { headers, visit, keys, ledger: gateway.ledgers.of(&realm) }
    }

    /// What the address's limit would say.
    fn at_the_door(&self, settings: &Settings) -> Charged {
        let counters = settings.per_address.as_ref();
        let counters: Vec<_> =
            counters.map(|(policy, bounds)| Counter { policy, bounds: *bounds }).into_iter().collect();
        self.ledger.foresee(None, self.visit.peer.counted(), &counters, self.visit.now)
    }

    async fn decide(
        &self,
        gateway: &Gateway,
        api: &Api,
        settings: &Settings,
        operation: &Operation,
        assumptions: &Assumptions<'_>,
    ) -> Outcome {
        let issuers = api.issuers(&self.visit.issuer, &self.keys);
        let head = Head { headers: &self.headers, query: None, certificate: None };
        let mut decision = Decision::open(Question {
            contract: &api.contract,
            operation,
            captures: &assumptions.captures,
            method: &operation.method,
            target: Target { scheme: "http", authority: "", path: "" },
            query: assumptions.query.as_deref(),
            collected: collect(&api.contract, operation, &head),
            exposed: false,
            carries_credential: false,
            issuers: &issuers,
            settings: &api.guarding,
            now: self.visit.now,
            real: self.visit.real,
            explain: true,
        });
        loop {
            let facts = match decision.step() {
                Step::Decided(outcome) => return outcome,
                Step::Needs(lookups) => {
                    // Charging stands alone in its round (`guard::Lookup::Charge`).
                    if let Some(Lookup::Charge { principal, counters }) = lookups.first() {
                        let address = self.visit.peer.counted();
                        let said = self.ledger.foresee(*principal, address, counters, self.visit.now);
                        Facts::from_iter([Fact::Charged(said)])
                    } else {
                        self.answer(gateway, api, settings, &lookups).await
                    }
                }
            };
            decision.learn(facts);
        }
    }

    async fn answer(
        &self,
        gateway: &Gateway,
        api: &Api,
        settings: &Settings,
        lookups: &guard::Lookups<'_>,
    ) -> Facts {
        let realm = self.visit.realm.clone();
        let furnishing = &gateway.furnishing;
        let memory = furnishing.store.memory(&realm);
        let desk = Desk {
            api,
            operation: "",
            settings,
            visit: &self.visit,
            realm: &realm,
            ledger: &self.ledger,
            memory: &memory,
            store: &furnishing.store,
            passwords: &furnishing.passwords,
            attempts: &furnishing.attempts,
            signatures: &gateway.signatures,
            keys: Some(&self.keys),
            neighbours: &*furnishing.neighbours,
            listener: None,
        };
        desk.answer(lookups).await
    }

    async fn is_revoked(&self, gateway: &Gateway, api: &Api, settings: &Settings, token: &Token) -> bool {
        let asked = Asked { principal: token.principal(), token: Some(token), proof: None };
        let facts = self.answer(gateway, api, settings, &[Lookup::State(asked)].into_iter().collect()).await;
        facts.iter().any(|fact| matches!(fact, Fact::State(state) if state.revoked))
    }
}

/// What the path and the query are taken to be.
struct Assumptions<'o> {
    captures: Vec<(&'o str, String)>,
    query: Option<String>,
    told: Option<(String, String)>,
}

impl<'o> Assumptions<'o> {
    fn of(operation: &'o Operation, token: &str) -> Self {
        let mut assumed = Self { captures: Vec::new(), query: None, told: None };
        let claims = jwt::peek(token).claims;
        let subject = claims.as_ref().and_then(|claims| claims.get("sub")?.as_str());
        let Some((policy, subject)) = operation.requirement.rules.policy.as_ref().zip(subject) else {
            return assumed;
        };
        for side in [&policy.left, &policy.right] {
            let name = match side {
                Operand::Path(name) => {
                    assumed.captures.push((name.as_str(), subject.to_owned()));
                    name
                }
                Operand::Query(name) => {
                    assumed.query = Some(format!("{}={}", escaped(name), escaped(subject)));
                    name
                }
                Operand::Subject | Operand::Client | Operand::Plan | Operand::Text(_) => continue,
            };
            assumed.told = Some((name.clone(), subject.to_owned()));
        }
        assumed
    }
}

/// Everything but letters and digits as `%XX`: nothing of it can mean anything in a query.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
