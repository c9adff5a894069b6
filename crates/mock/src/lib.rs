//! A backend without sockets: answers from what the contract says, scenarios, sandboxes with their own clocks,
//! and the journal to assert on. It knows nothing of how credentials are verified: a verdict comes in, and a
//! scenario may turn it into a denial or a fault, never the other way round.
//!
//! ```
//! use mock::scenario::{Course, Step, direct};
//!
//! let step: Step = "token.expired+delay:2s".parse().unwrap();
//! let directed = direct::<_, ()>(Ok("alice"), Some(&step));
//! assert!(matches!(directed.course, Course::Staged { .. }));
//! ```

pub mod answer;
#[doc(hidden)]
pub mod fuzz;
pub mod journal;
pub mod prefer;
pub mod sandbox;
pub mod scenario;
pub mod verify;
