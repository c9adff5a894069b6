use std::{collections::BTreeSet, sync::Arc};

use contract::SchemeId;
use jose::{digest::sha256, dpop, jwt};
use model::{Kind, Principal, ScopeSet};
use smallvec::SmallVec;

use super::Decision;
use crate::{
    Binding, Cause, Collected, Fact, Finding, Hash, Held, Password, ProofState, Standing as Holding, State,
    Token, Word,
    collect::{Authorization, Meant, Value},
};

/// One credential of the request and how it stands with it.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) source: Source,
    pub(super) standing: Standing,
}

/// Where a credential came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Token { word: Word, jwt: bool, hash: Hash },
    Basic,
    Key { scheme: SchemeId, hash: Hash },
    Certificate,
}

/// How it stands with a credential.
#[derive(Debug)]
pub(super) enum Standing {
    Presented,
    Proven(Proven),
    Failed {
        cause: Cause,
        /// Whose it is nevertheless, proven.
        known: Option<Arc<Principal>>,
    },
}

/// A credential that was verified.
#[derive(Debug)]
pub(super) struct Proven {
    pub(super) principal: Arc<Principal>,
    pub(super) token: Option<Arc<Token>>,
    /// The proof that the token's key is there, where it is bound to one; or why it is not. Kept until the
    /// revocation is known, which is named first.
    pub(super) proof: Result<Option<dpop::Proof>, Cause>,
    pub(super) plan: Option<Arc<str>>,
    pub(super) roles: Option<Arc<BTreeSet<String>>>,
}

impl Proven {
    pub(super) fn of(principal: Arc<Principal>) -> Self {
        Self { principal, token: None, proof: Ok(None), plan: None, roles: None }
    }

    pub(super) fn roles(&self) -> &BTreeSet<String> {
        const NONE: &BTreeSet<String> = &BTreeSet::new();
        let own = &self.principal.roles;
        if own.is_empty() { self.roles.as_deref().unwrap_or(NONE) } else { own }
    }

    pub(super) fn plan(&self) -> Option<&Arc<str>> {
        self.principal.plan.as_ref().or(self.plan.as_ref())
    }
}

impl Slot {
    pub(super) fn is_presented(&self) -> bool {
        matches!(self.standing, Standing::Presented)
    }

    pub(super) fn proven(&self) -> Option<&Proven> {
        match &self.standing {
            Standing::Proven(proven) => Some(proven),
            Standing::Presented | Standing::Failed { .. } => None,
        }
    }

    fn presented(source: Source) -> Self {
        Self { source, standing: Standing::Presented }
    }

    fn failed(source: Source, cause: Cause) -> Self {
        Self { source, standing: Standing::Failed { cause, known: None } }
    }
}

/// A slot for each credential; what fails by its form alone has failed.
pub(super) fn fill(collected: &Collected<'_>) -> SmallVec<[Slot; 2]> {
    let mut slots = SmallVec::new();
    match &collected.authorization {
        Authorization::None | Authorization::Twice => {}
        Authorization::Token { word, text } => {
            // control.md, default 9; its form was seen when it was collected.
            let jwt = match jwt::classify(text) {
                jwt::Bearer::Jwt => true,
                jwt::Bearer::Opaque | jwt::Bearer::Malformed => false,
            };
            slots.push(Slot::presented(Source::Token { word: *word, jwt, hash: sha256(text) }));
        }
        Authorization::Basic(_) => slots.push(Slot::presented(Source::Basic)),
        Authorization::Malformed { of, what } => {
            let source = match of {
                Meant::Token(word) => Source::Token { word: *word, jwt: false, hash: [0; 32] },
                Meant::Basic => Source::Basic,
            };
            slots.push(Slot::failed(source, Cause::CredentialMalformed(what)));
        }
    }
    for key in &collected.keys {
        let source = |hash| Source::Key { scheme: key.scheme, hash };
        slots.push(match &key.value {
            Value::One(value) => Slot::presented(source(sha256(value))),
            Value::Several(place) => Slot::failed(source([0; 32]), Cause::RequestAmbiguous(place)),
            Value::Malformed(what) => Slot::failed(source([0; 32]), Cause::CredentialMalformed(what)),
        });
    }
    if let Some(certificate) = collected.certificate {
        slots.push(if certificate.trusted {
            Slot::presented(Source::Certificate)
        } else {
            Slot::failed(Source::Certificate, Cause::CertificateUntrusted)
        });
    }
    slots
}

impl Decision<'_> {
    /// First round: is it genuine?
    pub(super) fn verify(&mut self, index: usize, fact: Fact) {
        let Some(source) = self.slots.get(index).map(|slot| slot.source) else { return };
        let verified = match (source, fact) {
            (Source::Token { jwt: true, hash, word }, Fact::Token(cached)) => {
                self.verify_token(hash, word, cached)
            }
            (Source::Token { jwt: false, word, .. }, Fact::Held(held)) => self.verify_opaque(word, held),
            (Source::Key { .. }, Fact::Held(held)) => {
                held.ok_or(Cause::KeyUnknown).and_then(|held| match held.standing {
                    Holding::Good => Ok(Proven::of(held.principal)),
                    Holding::Expired { since } => Err(Cause::KeyExpired { since }),
                    Holding::Revoked => Err(Cause::KeyRevoked),
                    Holding::Elsewhere => Err(Cause::KeyElsewhere),
                })
            }
            (Source::Basic, Fact::Password(password)) => match password {
                Password::Right(principal) => Ok(Proven::of(principal)),
                Password::Wrong => Err(Cause::PasswordWrong),
                Password::Locked { retry_after } => Err(Cause::AccountLocked { retry_after }),
                Password::Limited { retry_after } => Err(Cause::RateLimited { retry_after }),
            },
            (Source::Certificate, Fact::Held(held)) => self.verify_certificate(held),
            (_, Fact::Busy) => Err(Cause::Busy),
            (Source::Token { .. } | Source::Key { .. } | Source::Basic | Source::Certificate, _) => {
                Err(Cause::Fault)
            }
        };
        self.explain(source, &verified);
        self.put(index, verified.map_err(|cause| (cause, None)));
    }

    fn verify_token(&mut self, hash: Hash, word: Word, cached: Option<Arc<Token>>) -> Result<Proven, Cause> {
        let issuers = self.question.issuers;
        let token = if let Some(token) = cached {
            token.recheck(issuers, self.question.now)?;
            token
        } else {
            let Authorization::Token { text, .. } = self.question.collected.authorization else {
                return Err(Cause::Fault);
            };
            let token = Arc::new(Token::verify(text, issuers, self.question.now)?);
            self.fresh = Some((hash, token.clone()));
            token
        };
        let proof = self.possession(word, token.bound());
        Ok(Proven {
            principal: token.principal().clone(),
            token: Some(token),
            proof,
            plan: None,
            roles: None,
        })
    }

    fn verify_opaque(&self, word: Word, held: Option<Held>) -> Result<Proven, Cause> {
        let held = held.ok_or(Cause::TokenUnknown)?;
        match held.standing {
            Holding::Good => {
                let proof = self.possession(word, held.bound.as_ref());
                Ok(Proven { proof, ..Proven::of(held.principal) })
            }
            Holding::Expired { since } => Err(Cause::TokenExpired { since: Some(since) }),
            Holding::Revoked | Holding::Elsewhere => Err(Cause::TokenRevoked),
        }
    }

    fn verify_certificate(&self, held: Option<Held>) -> Result<Proven, Cause> {
        let certificate = self.question.collected.certificate.ok_or(Cause::Fault)?;
        let Some(held) = held else {
            return Ok(Proven::of(Arc::new(Principal {
                kind: Kind::Client,
                subject: certificate.subject.clone(),
                client: None,
                scopes: ScopeSet::new(),
                roles: BTreeSet::new(),
                plan: None,
                acr: None,
                signed_in_at: None,
            })));
        };
        match (held.standing, &held.bound) {
            (Holding::Good, None) => Ok(Proven::of(held.principal)),
            (Holding::Good, Some(Binding::Certificate(hash))) if *hash == certificate.sha256 => {
                Ok(Proven::of(held.principal))
            }
            (Holding::Good | Holding::Expired { .. } | Holding::Revoked | Holding::Elsewhere, _) => {
                Err(Cause::CertificateUntrusted)
            }
        }
    }

    /// Second round: is it good yet? In the order of verdicts.md: revocation, proof, account.
    pub(super) fn settle(&mut self, index: usize, fact: Fact) {
        let Some(slot) = self.slots.get_mut(index) else { return };
        let standing = std::mem::replace(&mut slot.standing, Standing::Presented);
        let (source, Standing::Proven(mut proven)) = (slot.source, standing) else { return };
        let state = match fact {
            Fact::State(state) => state,
            Fact::Busy => return self.put(index, Err((Cause::Busy, None))),
            Fact::Token(_) | Fact::Held(_) | Fact::Password(_) | Fact::Charged(_) | Fact::Failed => {
                return self.put(index, Err((Cause::Fault, None)));
            }
        };
        let unproven = match std::mem::replace(&mut proven.proof, Ok(None)) {
            Ok(proof) => replayed(proof.as_ref(), &state),
            Err(cause) => Some(cause),
        };
        let disabled = state.disabled.then_some(Cause::AccountDisabled);
        let settled = match gone(source, &state).or(unproven).or(disabled) {
            Some(cause) => Err((cause, Some(proven.principal))),
            None => Ok(Proven { plan: state.plan, roles: state.roles, ..proven }),
        };
        match &settled {
            Ok(proven) => {
                let subject = proven.principal.subject.clone();
                self.note("state", Finding::Good, || format!("{subject} is active, and nothing was revoked"));
            }
            Err((cause, _)) => {
                let words = self.trace.is_some().then(|| format!("{}: {}", cause.code(), cause.detail()));
                self.note("state", Finding::Bad, || words.unwrap_or_default());
            }
        }
        self.put(index, settled);
    }

    fn put(&mut self, index: usize, verified: Result<Proven, (Cause, Option<Arc<Principal>>)>) {
        if let Some(slot) = self.slots.get_mut(index) {
            slot.standing = match verified {
                Ok(proven) => Standing::Proven(proven),
                Err((cause, known)) => Standing::Failed { cause, known },
            };
        }
    }

    fn explain(&mut self, source: Source, verified: &Result<Proven, Cause>) {
        if self.trace.is_none() {
            return;
        }
        let looked_at = match source {
            Source::Token { jwt: true, .. } => "token",
            Source::Token { jwt: false, .. } => "opaque token",
            Source::Basic => "password",
            Source::Key { .. } => "key",
            Source::Certificate => "certificate",
        };
        match verified {
            Ok(proven) => {
                let words = match &proven.token {
                    Some(token) => format!("{token}"),
                    None => format!("it is {}'s", proven.principal.subject),
                };
                self.note(looked_at, Finding::Good, || words);
            }
            Err(cause) => {
                self.note(looked_at, Finding::Bad, || format!("{}: {}", cause.code(), cause.detail()));
            }
        }
    }
}

fn gone(source: Source, state: &State) -> Option<Cause> {
    state.revoked.then_some(match source {
        Source::Token { .. } => Cause::TokenRevoked,
        Source::Key { .. } => Cause::KeyRevoked,
        Source::Basic => Cause::PasswordWrong,
        Source::Certificate => Cause::CertificateUntrusted,
    })
}

fn replayed(proof: Option<&dpop::Proof>, state: &State) -> Option<Cause> {
    proof?;
    match state.proof {
        ProofState::Good => None,
        ProofState::Replayed => Some(Cause::ProofReplayed),
        ProofState::StaleNonce => Some(Cause::ProofNonce),
    }
}
