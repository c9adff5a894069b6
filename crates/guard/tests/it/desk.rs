use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use contract::{Contract, Options};
use guard::{
    Certificate, Decision, Fact, Facts, Hash, Head, Held, Issuers, Lookup, Outcome, Password, ProofState,
    Question, Settings, Standing, State, Step, Target, Token, Verdict, collect, limit,
};
use http::{HeaderMap, HeaderName, Method};
use jose::{Algorithm, KeySet, SigningKey, digest::sha256, dpop, jwt};
use model::{Kind, Principal, Timestamp};
use serde_json::{Value, json};

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub(crate) const ISSUER: &str = "https://id.example";
pub(crate) const AUDIENCE: &str = "https://api.example/library";

/// What a gateway has around a decision, in maps.
pub(crate) struct Desk {
    pub(crate) contract: Contract,
    pub(crate) key: SigningKey,
    pub(crate) holder: SigningKey,
    pub(crate) issuers: Issuers,
    pub(crate) settings: Settings,
    pub(crate) held: HashMap<Hash, Held>,
    pub(crate) passwords: BTreeMap<&'static str, (&'static str, &'static str)>,
    pub(crate) locked: BTreeSet<&'static str>,
    pub(crate) disabled: BTreeSet<&'static str>,
    pub(crate) revoked: BTreeSet<&'static str>,
    pub(crate) plans: BTreeMap<&'static str, &'static str>,
    pub(crate) nonces: BTreeSet<&'static str>,
    pub(crate) proofs: HashSet<(String, String)>,
    pub(crate) cache: HashMap<Hash, Arc<Token>>,
    pub(crate) tallies: HashMap<(String, String), limit::Tally>,
    /// What every look-up comes back with.
    pub(crate) broken: Option<Fact>,
    pub(crate) now: Timestamp,
    pub(crate) rounds: usize,
}

/// A request to the desk.
#[derive(Clone, Default)]
pub(crate) struct Request {
    pub(crate) operation: &'static str,
    pub(crate) fields: Vec<(&'static str, String)>,
    pub(crate) query: Option<&'static str>,
    pub(crate) certificate: Option<Certificate>,
    pub(crate) captures: Vec<(&'static str, String)>,
    pub(crate) exposed: bool,
}

pub(crate) fn to(operation: &'static str) -> Request {
    Request { operation, ..Request::default() }
}

impl Request {
    pub(crate) fn field(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.field("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn certificate(mut self, sha256: u8, trusted: bool) -> Self {
        self.certificate = Some(Certificate { sha256: [sha256; 32], trusted, subject: "machine".into() });
        self
    }

    pub(crate) fn query(mut self, query: &'static str) -> Self {
        self.query = Some(query);
        self
    }

    pub(crate) fn capture(mut self, name: &'static str, value: &str) -> Self {
        self.captures.push((name, value.to_owned()));
        self
    }

    pub(crate) fn exposed(mut self) -> Self {
        self.exposed = true;
        self
    }
}

pub(crate) fn principal(subject: &str, roles: &[&str]) -> Arc<Principal> {
    Arc::new(Principal {
        kind: Kind::User,
        subject: subject.into(),
        client: None,
        scopes: "books:read books:write".parse().unwrap(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        plan: None,
        acr: None,
        signed_in_at: None,
    })
}

fn held(subject: &str, roles: &[&str], standing: Standing) -> Held {
    Held { principal: principal(subject, roles), standing, bound: None }
}

impl Desk {
    pub(crate) fn open() -> Self {
        let text = include_bytes!("library.openapi.yaml");
        let reading = contract::read_text("library.openapi.yaml", text, &Options::default());
        let contract = reading.contract.unwrap_or_else(|| panic!("{:?}", reading.problems));
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let keys = Arc::new(KeySet::new([key.public().clone()]));
        let expired = Standing::Expired { since: NOW.minus(Duration::from_secs(60)) };
        Self {
            contract,
            issuers: Issuers {
                trusts: vec![jwt::Trust::access_tokens(ISSUER, keys, AUDIENCE)],
                ours: 1,
                unavailable: vec!["https://away.example".to_owned()],
            },
            key,
            holder: SigningKey::generate(Algorithm::Es256).unwrap(),
            settings: Settings::default(),
            held: HashMap::from([
                (sha256("alice-key"), held("alice", &[], Standing::Good)),
                (sha256("admin-key"), held("admin", &["admin"], Standing::Good)),
                (sha256("old-key"), held("alice", &[], expired)),
                (sha256("revoked-key"), held("alice", &[], Standing::Revoked)),
                (sha256("suspended-key"), held("suspended", &[], Standing::Good)),
                (sha256("opaque-token"), held("alice", &[], Standing::Good)),
                (sha256("old-opaque-token"), held("alice", &[], expired)),
            ]),
            passwords: BTreeMap::from([("alice", ("alice-password", "alice"))]),
            locked: BTreeSet::from(["locked"]),
            disabled: BTreeSet::from(["suspended"]),
            revoked: BTreeSet::from(["revoked"]),
            plans: BTreeMap::new(),
            nonces: BTreeSet::from(["nonce-1"]),
            proofs: HashSet::new(),
            cache: HashMap::new(),
            tallies: HashMap::new(),
            broken: None,
            now: NOW,
            rounds: 0,
        }
    }

    /// A good token of alice's with `books:read`, changed by `claims`; null takes a claim away.
    pub(crate) fn token(&self, claims: &Value) -> String {
        self.token_as("at+jwt", claims)
    }

    pub(crate) fn token_as(&self, typ: &str, claims: &Value) -> String {
        let mut all = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "client_id": "app", "jti": "t1",
            "scope": "books:read", "iat": NOW.as_seconds(), "exp": NOW.as_seconds() + 600,
            "lobby_at": NOW.as_seconds(),
        });
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        let all = all.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
        jwt::sign(&self.key, typ, &all.map(|(name, value)| (name.clone(), value.clone())).collect()).unwrap()
    }

    pub(crate) fn good(&self) -> String {
        self.token(&json!({}))
    }

    /// A token that is bound to the holder's key.
    pub(crate) fn bound(&self) -> String {
        self.token(&json!({ "cnf": { "jkt": self.holder.public().thumbprint() } }))
    }

    /// A proof of the holder's for `GET https://api.example/books`.
    pub(crate) fn proof(&self, token: &str, jti: &str, nonce: Option<&str>) -> String {
        proof_by(&self.holder, token, jti, nonce)
    }

    pub(crate) fn ask(&mut self, request: &Request) -> Outcome {
        self.decide(request, false)
    }

    pub(crate) fn decide(&mut self, request: &Request, explain: bool) -> Outcome {
        let fields = request.fields.iter();
        let headers: HeaderMap =
            fields.map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
        let operation = self.contract.find(request.operation).unwrap();
        let head =
            Head { headers: &headers, query: request.query, certificate: request.certificate.as_ref() };
        let question = Question {
            contract: &self.contract,
            operation,
            captures: &request.captures,
            method: &Method::GET,
            target: Target { scheme: "https", authority: "api.example", path: "/books" },
            query: request.query,
            collected: collect(&self.contract, operation, &head),
            exposed: request.exposed,
            carries_credential: guard::carries_credential(Some(&self.contract), &head),
            issuers: &self.issuers,
            settings: &self.settings,
            now: self.now,
            real: NOW,
            explain,
        };
        let mut decision = Decision::open(question);
        let (mut proofs, mut tallies) = (self.proofs.clone(), self.tallies.clone());
        self.rounds = 0;
        let outcome = loop {
            let facts = match decision.step() {
                Step::Decided(outcome) => break outcome,
                Step::Needs(lookups) => {
                    let found = lookups.iter().map(|lookup| self.look_up(lookup, &mut proofs, &mut tallies));
                    found.collect::<Facts>()
                }
            };
            self.rounds += 1;
            decision.learn(facts);
        };
        (self.proofs, self.tallies) = (proofs, tallies);
        if let Some((hash, token)) = &outcome.fresh {
            self.cache.insert(*hash, token.clone());
        }
        outcome
    }

    fn look_up(
        &self,
        lookup: &Lookup<'_>,
        proofs: &mut HashSet<(String, String)>,
        tallies: &mut HashMap<(String, String), limit::Tally>,
    ) -> Fact {
        if let Some(fact) = &self.broken {
            return fact.clone();
        }
        match lookup {
            Lookup::Token { hash } => Fact::Token(self.cache.get(hash).cloned()),
            Lookup::Opaque { hash } | Lookup::Key { hash, .. } => Fact::Held(self.held.get(hash).cloned()),
            Lookup::Certificate(_) => Fact::Held(None),
            Lookup::Password { user, .. } if self.locked.contains(user) => {
                Fact::Password(Password::Locked { retry_after: Duration::from_secs(900) })
            }
            Lookup::Password { user, password } => Fact::Password(match self.passwords.get(user) {
                Some((right, subject)) if password.matches(right.as_bytes()) => {
                    Password::Right(principal(subject, &[]))
                }
                Some(_) | None => Password::Wrong,
            }),
            Lookup::State(asked) => {
                let jti = asked.token.and_then(|token| token.claims().jti.as_deref());
                let proof = asked.proof.map_or(ProofState::Good, |proof| {
                    if proof.nonce.is_some_and(|nonce| !self.nonces.contains(nonce)) {
                        ProofState::StaleNonce
                    } else if proofs.insert((proof.jkt.to_owned(), proof.jti.to_owned())) {
                        ProofState::Good
                    } else {
                        ProofState::Replayed
                    }
                });
                Fact::State(State {
                    revoked: jti.is_some_and(|jti| self.revoked.contains(jti)),
                    disabled: self.disabled.contains(&*asked.principal.subject),
                    proof,
                    plan: self.plans.get(&*asked.principal.subject).map(|plan| Arc::from(*plan)),
                    roles: None,
                })
            }
            Lookup::Charge { principal, counters } => {
                let who = principal.map_or("-", |principal| &principal.subject);
                let name = |counter: &guard::Counter<'_>| (who.to_owned(), counter.policy.to_string());
                let mut kept: Vec<limit::Tally> = counters
                    .iter()
                    .map(|counter| tallies.get(&name(counter)).copied().unwrap_or_default())
                    .collect();
                let asked = counters.iter().zip(&mut kept);
                let charged = limit::charge_all(
                    asked.map(|(counter, tally)| (counter.policy, counter.bounds, tally)),
                    self.now,
                );
                tallies.extend(counters.iter().map(name).zip(kept));
                Fact::Charged(charged)
            }
        }
    }

    /// `allow` or the code, and who it was.
    pub(crate) fn verdict(&mut self, request: &Request) -> &'static str {
        self.ask(request).verdict.as_str()
    }
}

pub(crate) fn subject(outcome: &Outcome) -> Option<&str> {
    match &outcome.verdict {
        Verdict::Allow(admission) => admission.principal().map(|principal| &*principal.subject),
        Verdict::Deny(_) => None,
    }
}

/// A proof of `key` for `GET https://api.example/books` with `token`.
pub(crate) fn proof_by(key: &SigningKey, token: &str, jti: &str, nonce: Option<&str>) -> String {
    let uri = "https://api.example/books";
    let request = dpop::Request { method: "GET", uri, access_token: Some(token), nonce, jti, now: NOW };
    dpop::proof(key, &request).unwrap()
}
