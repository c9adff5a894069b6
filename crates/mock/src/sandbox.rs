//! Sandboxes: one test's private copy of a mock's state. A sandbox is small until it is used: a clock, plays
//! and counts; what is stored of it lies in the realm of the same name.

mod clock;
mod one;
mod sandboxes;

pub use clock::{ClockError, ClockReading, SandboxClock, Turning};
pub use one::Sandbox;
pub use sandboxes::{Entered, Full, Sandboxes, Settings, Summary};
