use model::DurationError;
use thiserror::Error;

use super::{LONGEST_PLAY, MOST_PLAYS};

/// Why a text is no step of a play.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StepError {
    /// Nothing is written, or nothing between two `+`.
    #[error("a step is empty; write `ok` for the true verdict")]
    Empty,
    /// More than a step needs.
    #[error("a step has at most 300 characters")]
    TooLong,
    /// A sequence where one step is taken.
    #[error("one step is taken here; a sequence is a play, for `POST /_lobby/scenarios`")]
    Sequence,
    /// Several header fields where one step is taken.
    #[error("it is there twice, and one step is taken; join parts by `+`")]
    Twice,
    /// A word that means nothing.
    #[error("`{word}` is no step of a play{}", meant(*nearest))]
    Unknown {
        /// As written.
        word: String,
        /// What was most likely meant.
        nearest: Option<&'static str>,
    },
    /// A part whose value means nothing.
    #[error("`{value}` is nothing that `{part}:` takes: {takes}{}", meant(*nearest))]
    Value {
        /// The word before the colon.
        part: &'static str,
        /// As written.
        value: String,
        /// What could stand there.
        takes: &'static str,
        /// What was most likely meant.
        nearest: Option<&'static str>,
    },
    /// A `delay:` that is no duration.
    #[error("`delay:` takes a duration of at most 10m")]
    Delay(#[source] DurationError),
    /// A `delay:` longer than anybody waits.
    #[error("`delay:` takes at most 10m")]
    TooSlow,
    /// Two parts that cannot both be.
    #[error("`{0}` and `{1}` cannot stand in one step")]
    Clash(String, String),
    /// A step that cannot act where it is put.
    #[error(
        "`{0}` acts on requests to an API, not on the authorization server, which takes `ok`, `oauth:`, `status:`, `delay:`, `fault:` and `keys:`"
    )]
    NotThere(String),
    /// A step of the authorization server, put on an API.
    #[error("`{0}` acts on the authorization server: name one of its operations, as `oauth.token`")]
    OnlyThere(String),
}

/// Why something is no play.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlayError {
    /// No steps.
    #[error("a play has at least one step")]
    Empty,
    /// Too many steps.
    #[error("a play has at most {LONGEST_PLAY} steps; `repeat` starts it again")]
    TooLong,
    /// Too many plays wait.
    #[error("at most {MOST_PLAYS} plays wait in a sandbox; delete some")]
    TooMany,
    /// For one persona, where nobody knows who asks.
    #[error(
        "nobody knows which persona asks at `{0}`: leave `persona` out; `oauth.authorize`, `oauth.token` and `oauth.userinfo` take one"
    )]
    Anybody(&'static str),
    /// A step that is none, or cannot act there.
    #[error("step {}: {source}", index + 1)]
    Step {
        /// Which, from 0.
        index: usize,
        /// Why.
        source: StepError,
    },
}

fn meant(nearest: Option<&'static str>) -> String {
    nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}
