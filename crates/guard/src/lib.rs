//! Who may pass. One function of values decides, for every face of Lobby alike: requirement × credentials ×
//! limits → verdict.
//!
//! What it decides: what a request presents ([`collect`]), whether that is genuine and enough
//! ([`Decision`]), what limits and lockouts say ([`limit`], [`lockout`], [`spraying`]), and what a denial looks like
//! ([`render`]). Every code is defined once, in the table of [`Code`].
//!
//! What it refuses to do: wait, look anything up, know the time, know where an answer comes from. Whoever
//! holds the door looks up what the decision names, and tells it:
//!
//! ```
//! use guard::{Decision, Fact, Facts, Lookups, Outcome, Question, Step};
//!
//! fn decide(question: Question<'_>, look_up: impl Fn(&Lookups<'_>) -> Facts) -> Outcome {
//!     let mut decision = Decision::open(question);
//!     loop {
//!         let facts = match decision.step() {
//!             Step::Decided(outcome) => return outcome,
//!             Step::Needs(lookups) => look_up(&lookups),
//!         };
//!         decision.learn(facts);
//!     }
//! }
//! ```

mod cause;
mod collect;
mod decision;
mod denial;
mod detail;
#[doc(hidden)]
pub mod fuzz;
pub mod limit;
pub mod lockout;
mod lookup;
mod outcome;
mod peer;
mod policy;
mod question;
mod quota;
mod render;
pub mod spraying;
mod staged;
mod token;
mod trace;

pub use cause::{Bound, Cause, Denial, Forbidden, StepUp, Tried, Upstream, Word};
pub use collect::{Certificate, Collected, Head, carries_credential, collect};
pub use decision::{Decision, Foresight, Step, foresee};
pub use denial::{Challenge, Code};
pub use limit::{Bounds, Charged, Plan};
pub use lookup::{
    Asked, AskedProof, Binding, Counter, Fact, Facts, Hash, Held, Lookup, Lookups, Password, ProofState,
    Shown, Standing, State,
};
pub use outcome::{Admission, Outcome, Verdict};
pub use peer::{Peer, household, neighbourhood};
pub use question::{Auth, Dpop, Issuers, Question, Settings, Target};
pub use render::{Answer, Rendered, Rendering, answer, render, retry_after};
pub use token::Token;
pub use trace::{Finding, Note, Trace};
