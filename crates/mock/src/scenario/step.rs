use std::{fmt, sync::Arc, time::Duration};

use guard::Code;
use http::StatusCode;
use model::format_duration;

use super::OAuthError;

/// What one request is given of a scenario: `ok`, or parts joined by `+`. Parts that contradict each other
/// are refused on reading, so that a step says at most one thing of each kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Step {
    pub(super) turn: Turn,
    pub(super) delay: Option<Duration>,
    pub(super) fault: Option<Fault>,
    pub(super) keys: Option<Keys>,
}

/// What a step makes of the verdict and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Turn {
    /// `ok`: the true verdict and its own answer.
    #[default]
    Truth,
    /// A denial's code: that denial, whatever was presented.
    Deny(Code),
    /// `status:` from 400 on: that status whatever the verdict; the example only after an allow.
    Fail {
        /// Which status.
        status: Failing,
        /// Which documented example of it.
        example: Option<Arc<str>>,
    },
    /// `status:` below 400, `example:`: a documented answer, only after an allow.
    Pick {
        /// Which status.
        status: Option<Passing>,
        /// Which documented example.
        example: Option<Arc<str>>,
    },
    /// `oauth:`: an error of the authorization server.
    OAuth(OAuthError),
}

/// A status from 400 on: it acts on any verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failing(StatusCode);

/// A status from 200 to 399: it acts only after an allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passing(StatusCode);

/// How an answer breaks on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The connection is reset before anything is answered.
    Reset,
    /// The body ends early, and the connection with it.
    Truncate,
    /// The body comes in small pieces, slowly.
    Drip,
}

/// What happens to the authorization server's signing keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Keys {
    /// A new key signs from now on; the old one is still published.
    Rotate,
    /// The keys are replaced: what the old ones signed is `token.key`.
    Lose,
}

impl Step {
    /// `ok`: the true verdict, and no fault.
    pub fn ok() -> Self {
        Self::default()
    }

    /// What it makes of the verdict.
    pub fn turn(&self) -> &Turn {
        &self.turn
    }

    /// How long the answer is held back, in real time.
    pub fn delay(&self) -> Option<Duration> {
        self.delay
    }

    /// How the answer breaks.
    pub fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// What happens to the authorization server's keys.
    pub fn keys(&self) -> Option<Keys> {
        self.keys
    }

    /// The status that is forced, from 400 on or below.
    pub fn status(&self) -> Option<StatusCode> {
        match &self.turn {
            Turn::Fail { status, .. } => Some(status.get()),
            Turn::Pick { status, .. } => status.map(Passing::get),
            Turn::Truth | Turn::Deny(_) | Turn::OAuth(_) => None,
        }
    }

    /// The error that the authorization server answers.
    pub fn oauth_error(&self) -> Option<OAuthError> {
        match self.turn {
            Turn::OAuth(error) => Some(error),
            Turn::Truth | Turn::Deny(_) | Turn::Fail { .. } | Turn::Pick { .. } => None,
        }
    }
}

impl Failing {
    /// `status`, if it is from 400 to 599.
    pub fn new(status: u16) -> Option<Self> {
        let status = StatusCode::from_u16(status).ok()?;
        (status.is_client_error() || status.is_server_error()).then_some(Self(status))
    }

    /// The status.
    pub fn get(self) -> StatusCode {
        self.0
    }
}

impl Passing {
    /// `status`, if it is from 200 to 399.
    pub fn new(status: u16) -> Option<Self> {
        let status = StatusCode::from_u16(status).ok()?;
        (status.is_success() || status.is_redirection()).then_some(Self(status))
    }

    /// The status.
    pub fn get(self) -> StatusCode {
        self.0
    }
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Reset, Self::Truncate, Self::Drip];

    /// The word behind `fault:`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Truncate => "truncate",
            Self::Drip => "drip",
        }
    }
}

impl Keys {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Rotate, Self::Lose];

    /// The word behind `keys:`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rotate => "rotate",
            Self::Lose => "lose",
        }
    }
}

/// As it is written, in one order of its parts: what journal and `GET /_lobby/scenarios` show.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::with_capacity(4);
        match &self.turn {
            Turn::Truth => {}
            Turn::Deny(code) => parts.push(code.as_str().to_owned()),
            Turn::Fail { status, example } => {
                parts.push(format!("status:{}", status.get().as_str()));
                parts.extend(example.iter().map(|name| format!("example:{name}")));
            }
            Turn::Pick { status, example } => {
                parts.extend(status.iter().map(|status| format!("status:{}", status.get().as_str())));
                parts.extend(example.iter().map(|name| format!("example:{name}")));
            }
            Turn::OAuth(error) => parts.push(format!("oauth:{}", error.as_str())),
        }
        parts.extend(self.keys.map(|keys| format!("keys:{}", keys.as_str())));
        parts.extend(self.delay.map(|delay| format!("delay:{}", format_duration(delay))));
        parts.extend(self.fault.map(|fault| format!("fault:{}", fault.as_str())));
        if parts.is_empty() { f.write_str("ok") } else { f.write_str(&parts.join("+")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_status_cannot_be_a_success_nor_the_other_way_round() {
        for (status, failing, passing) in [
            (200, false, true),
            (304, false, true),
            (399, false, true),
            (400, true, false),
            (599, true, false),
            (101, false, false),
            (600, false, false),
        ] {
            assert_eq!(Failing::new(status).is_some(), failing, "{status}");
            assert_eq!(Passing::new(status).is_some(), passing, "{status}");
        }
    }
}
