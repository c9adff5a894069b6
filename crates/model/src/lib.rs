//! Words that several rooms share, and nothing else: ids, scopes, principals, secrets, time, chance,
//! events, problems. Types, no rules.
//!
//! ```
//! use model::{ScopeSet, Timestamp};
//!
//! let asked: ScopeSet = "books:read books:write".parse().unwrap();
//! assert_eq!(asked.to_string(), "books:read books:write");
//! assert_eq!(Timestamp::from_seconds(0).to_string(), "1970-01-01T00:00:00Z");
//! ```

mod clock;
mod duration;
mod entropy;
mod event;
mod name;
mod principal;
mod problem;
mod scope;
mod secret;
mod timestamp;

pub use clock::Clock;
pub use duration::{DurationError, format_duration, parse_duration};
pub use entropy::Entropy;
pub use event::{DecisionEvent, Event, RequestEvent, SignInEvent, SignInOutcome};
pub use name::{NameError, RealmId, RequestId, SandboxName, nearest};
pub use principal::{Kind, Principal};
pub use problem::{Place, Problem, Severity};
pub use scope::{Scope, ScopeError, ScopeSet};
pub use secret::Secret;
pub use timestamp::Timestamp;
