use std::time::Duration;

use http::StatusCode;
use minijinja::{Value, context};
use model::Timestamp;

use super::{App, Page, PasskeyAsked, Ticket, Unknown, words::Span};

/// Who may fill the name's field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who<'a> {
    /// Anybody; the field is empty.
    Anyone,
    /// Anybody; the field holds what was typed before, or the app's `login_hint`.
    Suggested(&'a str),
    /// This one alone, who is signed in and must show it again (`max_age`, step-up).
    Only(&'a str),
}

/// A persona's button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Persona<'a> {
    /// Its name.
    pub name: &'a str,
    /// What sets it apart, in a few words: roles, scopes, plan.
    pub about: Option<&'a str>,
    /// Whether signing in as it is refused (`disabled`).
    pub disabled: bool,
}

/// Why somebody is not signed in yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInProblem {
    /// A field was left empty.
    Incomplete,
    /// Name and password do not go together, whether the name is known or not.
    Wrong {
        /// Tries before the pause, told when it is at most 2.
        left: u32,
        /// How long the pause would be.
        pause: Duration,
    },
    /// Too many tries; known and unknown names alike.
    Locked {
        /// When passwords are taken again.
        until: Timestamp,
        /// Now, by the same clock.
        now: Timestamp,
    },
    /// Too many sign-ins failed from there, or many accounts are being tried; known and unknown names alike.
    Paused {
        /// When passwords are taken again.
        until: Timestamp,
        /// Now, by the same clock.
        now: Timestamp,
    },
    /// The password was right, the account is switched off.
    Disabled,
    /// The form's token did not fit: the form was sent from somewhere else, or cookies are off.
    Forged,
    /// The page was open for so long that it is not taken any more.
    Waited,
    /// So many sign-ins are being checked that this one was not.
    Busy,
    /// The passkey is registered here no more.
    PasskeyUnknown,
    /// What the passkey said does not hold.
    Passkey,
    /// The passkey did not make sure who holds it, and so is too little.
    PasskeyUnverified,
}

/// The sign-in page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignIn<'a> {
    /// Where the person comes from.
    pub app: App<'a>,
    /// What the forms carry.
    pub ticket: Ticket<'a>,
    /// What the name's field is called: the id of a text.
    pub label: &'static str,
    /// Whose name stands in the field.
    pub who: Who<'a>,
    /// The personas of a mock, in order; empty in production.
    pub personas: &'a [Persona<'a>],
    /// What went wrong in the try before.
    pub problem: Option<SignInProblem>,
    /// The question that passkeys answer; none where this address can have none.
    pub passkey: Option<PasskeyAsked<'a>>,
    /// A passkey whose authenticator is to be told that it is not registered here.
    pub unknown: Option<&'a Unknown>,
    /// Where one makes an account, if one may.
    pub sign_up: Option<&'a str>,
    /// Where one chooses another password, if that can be done by mail.
    pub reset: Option<&'a str>,
}

impl Page for SignIn<'_> {
    fn template(&self) -> &'static str {
        "sign_in.html"
    }

    fn values(&self) -> Value {
        let (name, fixed) = match self.who {
            Who::Anyone => ("", false),
            Who::Suggested(name) => (name, false),
            Who::Only(name) => (name, true),
        };
        let personas: Vec<Value> = self
            .personas
            .iter()
            .map(|persona| context! { name => persona.name, about => persona.about, disabled => persona.disabled })
            .collect();
        context! {
            app => self.app.values(),
            ticket => self.ticket.values(),
            name, fixed, personas, label => self.label,
            sign_up => self.sign_up, reset => self.reset,
            problem => self.problem.map(SignInProblem::values),
            passkey => self.passkey.map(PasskeyAsked::values),
            signal => self.unknown.map(Unknown::signal),
        }
    }

    fn has_script(&self) -> bool {
        self.passkey.is_some()
    }

    fn app(&self) -> Option<&App<'_>> {
        Some(&self.app)
    }

    /// A wrong password is 422: a 401 would owe a challenge (RFC 9110 15.5.2).
    fn status(&self) -> StatusCode {
        match self.problem {
            None => StatusCode::OK,
            Some(
                SignInProblem::Incomplete
                | SignInProblem::Wrong { .. }
                | SignInProblem::PasskeyUnknown
                | SignInProblem::Passkey
                | SignInProblem::PasskeyUnverified,
            ) => StatusCode::UNPROCESSABLE_ENTITY,
            Some(SignInProblem::Locked { .. } | SignInProblem::Paused { .. }) => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Some(SignInProblem::Disabled | SignInProblem::Forged) => StatusCode::FORBIDDEN,
            Some(SignInProblem::Waited) => StatusCode::CONFLICT,
            Some(SignInProblem::Busy) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self.problem {
            Some(SignInProblem::Locked { until, now } | SignInProblem::Paused { until, now }) => {
                Some(until.since(now))
            }
            Some(SignInProblem::Busy) => Some(Duration::ZERO),
            None
            | Some(
                SignInProblem::Incomplete
                | SignInProblem::Wrong { .. }
                | SignInProblem::Disabled
                | SignInProblem::PasskeyUnknown
                | SignInProblem::Passkey
                | SignInProblem::PasskeyUnverified
                | SignInProblem::Forged
                | SignInProblem::Waited,
            ) => None,
        }
    }
}

impl SignInProblem {
    fn values(self) -> Value {
        match self {
            Self::Incomplete => context! { kind => "incomplete" },
            Self::Wrong { left, pause } => {
                context! { kind => "wrong", left, pause => Span::of(pause).values() }
            }
            Self::Locked { until, now } => context! {
                kind => "locked",
                until => clock(until),
                left => Span::of(until.since(now)).values(),
            },
            Self::Paused { until, now } => context! {
                kind => "paused",
                until => clock(until),
                left => Span::of(until.since(now)).values(),
            },
            Self::Disabled => context! { kind => "disabled" },
            Self::Forged => context! { kind => "forged" },
            Self::Waited => context! { kind => "waited" },
            Self::Busy => context! { kind => "busy" },
            Self::PasskeyUnknown => context! { kind => "passkey_unknown" },
            Self::Passkey => context! { kind => "passkey" },
            Self::PasskeyUnverified => context! { kind => "passkey_unverified" },
        }
    }
}

/// `14:45`, in UTC: the server does not know where its reader is.
pub(super) fn clock(at: Timestamp) -> String {
    let seconds = at.as_seconds().rem_euclid(86_400);
    format!("{:02}:{:02}", seconds / 3600, seconds / 60 % 60)
}
