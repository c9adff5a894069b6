//! The machine that decides (house.md, "One request"): it says what it must be told, is told, and in at
//! most three rounds says what it has decided. It never waits, has no store in it, and asks nobody the
//! time.

mod foresight;
mod possession;
mod slot;
mod weigh;

use std::sync::Arc;

use model::Principal;
use smallvec::{SmallVec, smallvec};

pub use self::foresight::{Foresight, foresee};
use self::slot::{Proven, Slot, Source, Standing as SlotStanding};
use crate::{
    Admission, Asked, AskedProof, Auth, Cause, Charged, Counter, Denial, Fact, Facts, Finding, Hash, Lookup,
    Lookups, Outcome, Question, Shown, Token, Trace, Tried, Verdict, Word,
};

/// What a decision says next.
#[derive(Debug)]
pub enum Step<'d> {
    /// Look these up and tell [`Decision::learn`].
    Needs(Lookups<'d>),
    /// It is decided.
    Decided(Outcome),
}

/// A decision on its way.
#[derive(Debug)]
pub struct Decision<'a> {
    question: Question<'a>,
    slots: SmallVec<[Slot; 2]>,
    stage: Stage,
    fresh: Option<(Hash, Arc<Token>)>,
    trace: Option<Trace>,
}

#[derive(Debug)]
enum Stage {
    /// What was presented is looked up and verified.
    Verify,
    /// What is verified is asked for its state.
    State,
    /// It may pass, if its counters let it.
    Charge(Admission),
    /// Decided, with what the counters said.
    Decided(Verdict, Charged),
    /// Told.
    Over,
}

impl<'a> Decision<'a> {
    /// Begins. What can be decided without asking anybody is decided here.
    pub fn open(question: Question<'a>) -> Self {
        let trace = question.explain.then(Trace::default);
        let mut decision =
            Self { question, slots: SmallVec::new(), stage: Stage::Verify, fresh: None, trace };
        match decision.at_the_door() {
            Some(Verdict::Allow(admission)) => decision.admit(admission),
            Some(denied) => decision.stage = Stage::Decided(denied, Charged::default()),
            None => decision.receive(),
        }
        decision
    }

    fn receive(&mut self) {
        self.slots = slot::fill(&self.question.collected);
        let words = self.trace.is_some().then(|| self.question.collected.words());
        self.note("presented", Finding::Told, || words.unwrap_or_default());
        if self.question.settings.auth == Auth::Presence {
            self.weigh_all();
        }
    }

    /// What it needs to be told, or what it has decided. Asked again without having been told, it says the
    /// same; asked again after its decision, it denies.
    pub fn step(&mut self) -> Step<'_> {
        if matches!(self.stage, Stage::Verify) && !self.slots.iter().any(Slot::is_presented) {
            self.stage = Stage::State;
        }
        if matches!(self.stage, Stage::State) && !self.slots.iter().any(|slot| slot.proven().is_some()) {
            self.weigh_all();
        }
        if matches!(self.stage, Stage::Decided(..) | Stage::Over) {
            return Step::Decided(self.outcome());
        }
        Step::Needs(self.lookups())
    }

    /// Is told what was found: one fact for each look-up, in their order. A fact that is lacking or of
    /// another kind counts as a look-up that failed.
    pub fn learn(&mut self, facts: Facts) {
        let mut facts = facts.into_iter();
        let mut next = || facts.next().unwrap_or(Fact::Failed);
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Verify => {
                for index in 0..self.slots.len() {
                    if self.slots.get(index).is_some_and(Slot::is_presented) {
                        self.verify(index, next());
                    }
                }
                self.stage = Stage::State;
            }
            Stage::State => {
                for index in 0..self.slots.len() {
                    if self.slots.get(index).is_some_and(|slot| slot.proven().is_some()) {
                        self.settle(index, next());
                    }
                }
                self.weigh_all();
            }
            Stage::Charge(admission) => self.charge(admission, next()),
            decided @ (Stage::Decided(..) | Stage::Over) => self.stage = decided,
        }
    }

    /// Rule 5 and the rest of what needs no look-up.
    fn at_the_door(&mut self) -> Option<Verdict> {
        let question = &self.question;
        let requirement = &question.operation.requirement;
        if question.settings.auth == Auth::Off {
            self.note("auth", Finding::Told, || "off: nobody is asked for anything".to_owned());
            return Some(Verdict::Allow(Admission::anonymous()));
        }
        let demanded = !requirement.is_public() && !requirement.is_optional();
        if question.exposed && (demanded || question.carries_credential || !question.collected.is_empty()) {
            return Some(self.deny(Denial::of(Cause::TransportInsecure)));
        }
        if question.collected.has_two_authorizations() {
            let tried = self.first_token_demand();
            let cause = Cause::RequestAmbiguous("two Authorization fields");
            return Some(self.deny(Denial { cause, tried }));
        }
        if requirement.is_public() {
            self.note("requirement", Finding::Good, || "the operation is public".to_owned());
            return Some(Verdict::Allow(Admission::anonymous()));
        }
        None
    }

    fn deny(&mut self, denial: Denial) -> Verdict {
        self.note("verdict", Finding::Bad, || format!("{}: {}", denial.code(), denial.cause.detail()));
        Verdict::Deny(denial)
    }

    fn first_token_demand(&self) -> Option<Tried> {
        let alternatives = self.question.operation.requirement.alternatives.iter().enumerate();
        alternatives
            .flat_map(|(at, alternative)| alternative.demands.iter().map(move |demand| (at, demand.scheme)))
            .find(|(_, scheme)| self.takes_tokens(*scheme))
            .map(|(alternative, scheme)| Tried { scheme, alternative, word: Word::Bearer })
    }

    fn lookups(&self) -> Lookups<'_> {
        match &self.stage {
            Stage::Verify => self.slots.iter().filter_map(|slot| self.lookup(slot)).collect(),
            Stage::State => {
                self.slots.iter().filter_map(|slot| slot.proven().map(|proven| self.ask(proven))).collect()
            }
            Stage::Charge(admission) => smallvec![Lookup::Charge {
                principal: admission.principal().map(|principal| &**principal),
                counters: self.counters(admission),
            }],
            Stage::Decided(..) | Stage::Over => Lookups::new(),
        }
    }

    fn lookup(&self, slot: &Slot) -> Option<Lookup<'_>> {
        if !slot.is_presented() {
            return None;
        }
        let collected = &self.question.collected;
        Some(match slot.source {
            Source::Token { jwt: true, hash, .. } => Lookup::Token { hash },
            Source::Token { jwt: false, hash, .. } => Lookup::Opaque { hash },
            Source::Key { scheme, hash } => {
                let value = collected.key(scheme)?;
                Lookup::Key { scheme: self.question.contract.scheme(scheme)?, hash, value: Shown(value) }
            }
            Source::Basic => {
                let pair = collected.pair()?;
                Lookup::Password { user: pair.user(), password: pair.password() }
            }
            Source::Certificate => Lookup::Certificate(collected.certificate?),
        })
    }

    fn ask<'d>(&'d self, proven: &'d Proven) -> Lookup<'d> {
        let dpop = &self.question.settings.dpop;
        Lookup::State(Asked {
            principal: &proven.principal,
            token: proven.token.as_deref(),
            proof: proven.proof.as_ref().ok().and_then(Option::as_ref).map(|proof| AskedProof {
                jkt: &proof.jkt,
                jti: &proof.jti,
                keep_until: proof.issued_at.plus(dpop.window).plus(dpop.leeway),
                nonce: proof.nonce.as_deref().filter(|_| dpop.nonce),
            }),
        })
    }

    fn counters(&self, admission: &Admission) -> SmallVec<[Counter<'_>; 2]> {
        let settings = self.question.settings;
        let named = admission.plan().filter(|_| admission.principal().is_some());
        let plan =
            named.and_then(|plan| settings.plans.get_key_value(plan)).map(|(name, plan)| (name, plan.bounds));
        let operation =
            settings.operations.get(&self.question.operation.id).map(|(name, bounds)| (name, *bounds));
        let bounded = plan.into_iter().chain(operation).filter(|(_, bounds)| !bounds.is_empty());
        bounded.map(|(policy, bounds)| Counter { policy, bounds }).collect()
    }

    /// Weighs what is known, and goes on to the counters if it may pass.
    fn weigh_all(&mut self) {
        match self.weigh() {
            Ok(admission) => self.admit(admission),
            Err(denial) => self.stage = Stage::Decided(self.deny(denial), Charged::default()),
        }
    }

    fn admit(&mut self, admission: Admission) {
        self.stage = if self.counters(&admission).is_empty() {
            self.note("verdict", Finding::Good, || told(&admission));
            Stage::Decided(Verdict::Allow(admission), Charged::default())
        } else {
            Stage::Charge(admission)
        };
    }

    fn charge(&mut self, admission: Admission, fact: Fact) {
        let (cause, charged) = match fact {
            Fact::Charged(charged) => (charged.cause(), charged),
            Fact::Busy => (Some(Cause::Busy), Charged::default()),
            Fact::Token(_) | Fact::Held(_) | Fact::Password(_) | Fact::State(_) | Fact::Failed => {
                (Some(Cause::Fault), Charged::default())
            }
        };
        let found = if cause.is_some() { Finding::Bad } else { Finding::Good };
        self.note("limits", found, || charged.words());
        let verdict = if let Some(cause) = cause {
            self.deny(Denial::of(cause))
        } else {
            self.note("verdict", Finding::Good, || told(&admission));
            Verdict::Allow(admission)
        };
        self.stage = Stage::Decided(verdict, charged);
    }

    fn outcome(&mut self) -> Outcome {
        let (verdict, charged) = match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Decided(verdict, charged) => (verdict, charged),
            Stage::Verify | Stage::State | Stage::Charge(_) | Stage::Over => {
                (Verdict::Deny(Denial::of(Cause::Fault)), Charged::default())
            }
        };
        let proven = match &verdict {
            Verdict::Allow(admission) => admission.principal().cloned(),
            Verdict::Deny(_) => self.anybody(),
        };
        Outcome { verdict, proven, charged, fresh: self.fresh.take(), trace: self.trace.take() }
    }

    /// Who was proven, though it was not enough: a user rather than a client or a key.
    fn anybody(&self) -> Option<Arc<Principal>> {
        let mut known = self.slots.iter().filter_map(|slot| match &slot.standing {
            SlotStanding::Proven(proven) => Some(&proven.principal),
            SlotStanding::Failed { known, .. } => known.as_ref(),
            SlotStanding::Presented => None,
        });
        let first = known.next()?;
        let user = std::iter::once(first).chain(known).find(|principal| principal.kind == model::Kind::User);
        Some(user.unwrap_or(first).clone())
    }

    fn note(&mut self, looked_at: &'static str, found: Finding, words: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(looked_at, found, words());
        }
    }
}

fn told(admission: &Admission) -> String {
    match admission.principal() {
        Some(principal) => format!("allow {}", principal.subject),
        None => "allow, without a principal".to_owned(),
    }
}
