//! Passwords: what one must be, how it is kept, and how it is checked without being a way to starve the house.

mod breach;
pub mod filter;
mod fold;
mod guess;
mod import;
mod memory;
mod normal;
mod phc;
mod policy;
mod pool;
mod scheme;
mod stored;
mod workers;

pub use breach::{Breaches, COMMON, Foreseen, Mapped, OnError, Policy, Ranges, is_in_range};
pub use guess::{Strength, Suggestion, Warning, strength};
pub use import::{FirebaseKey, ImportError, auth0, firebase, keycloak};
pub use phc::{Phc, PhcError};
pub use policy::{About, Accepted, Leaked, Likeness, Refusal, Refusals, Rules, judge};
pub use pool::{Busy, Checked, Cost, Load, Passwords};
pub use stored::Stored;
