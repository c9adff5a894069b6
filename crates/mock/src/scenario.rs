//! Scenarios: a named situation that a mock is put in, for one request (the header `Lobby-Scenario`) or by
//! a play, a list of steps that are given out one by one.

mod direct;
mod error;
mod oauth;
mod occasion;
mod parse;
mod play;
mod plays;
mod step;

pub use direct::{Course, Directed, direct};
pub use error::{PlayError, StepError};
pub use oauth::OAuthError;
pub use occasion::{Endpoint, Named, Occasion, Target};
pub use play::{LONGEST_PLAY, Play, read_steps};
pub use plays::{Listed, MOST_PLAYS, PlayId, Plays, Taken};
pub use step::{Failing, Fault, Keys, Passing, Step, Turn};
