//! The mock's control API: one file for each call. It decides who may call (the peer, `Host`, `Origin`, the
//! content type), reads what is asked strictly, and answers exactly what `control.openapi.json` says. It
//! issues nothing itself: what it needs of the authorization server is a [`Desk`] that the roof hands in.
//!
//! ```
//! use admin::{Door, Knock, Turned};
//!
//! let door = Door { token: None, hosts: &[], origins: &[] };
//! let rebound = Knock { host: Some("evil.example:4010"), peer: [127, 0, 0, 1].into(), ..Knock::default() };
//! assert_eq!(door.admit(&rebound), Err(Turned::Host));
//! ```

mod administration;
mod admission;
mod bell;
mod body;
mod call;
mod catalogue;
mod control;
mod desk;
#[doc(hidden)]
pub mod fuzz;
mod inspected;
mod operators;
mod refusal;
mod route;
#[cfg(test)]
mod tests;
mod visit;

pub use administration::{
    Administration, Badges, DIRECTOR, Holder, Postbox, Role, SetupPage, SetupPages, SetupProblem,
};
pub use admission::{Door, Knock, Origin, Turned};
pub use bell::Bell;
pub use control::{Control, Rooms, Settings};
pub use desk::{Api, Desk, Handle, Issued, Letter, Order, Pending, Unissued};
pub use inspected::{Foreseen, Inspected, Verification};
pub use operators::{Caller, Office, Operators, Pulse, Readiness};
pub use visit::Visit;
