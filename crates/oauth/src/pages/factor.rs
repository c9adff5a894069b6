//! The pages for what people show beside a password, or in its place.

use std::time::Duration;

use http::StatusCode;
use minijinja::{Value, context};
use model::Timestamp;

use super::{App, Page, Ticket, sign_in::clock, words::Span};

/// A question for the browser's authenticators. The page's script asks it and sends the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasskeyAsked<'a> {
    /// The options, as WebAuthn's JSON.
    pub options: &'a str,
    /// The sealed ceremony.
    pub ceremony: &'a str,
}

impl PasskeyAsked<'_> {
    pub(super) fn values(self) -> Value {
        context! { options => self.options, ceremony => self.ceremony }
    }
}

/// A passkey that is not registered here any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The service as authenticators know it.
    pub rp_id: String,
    /// The credential's id.
    pub id: String,
}

impl Unknown {
    /// What `PublicKeyCredential.signalUnknownCredential` takes.
    pub(super) fn signal(&self) -> String {
        serde_json::json!({"rpId": self.rp_id, "credentialId": self.id}).to_string()
    }
}

/// Why the second factor does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorProblem {
    /// The code is none, was used before, or is too old.
    Wrong,
    /// What the passkey said does not hold.
    Passkey,
    /// The code is not the one that was mailed, was used before, or is too old.
    MailedWrong,
    /// So many codes were mailed that no other is for a while.
    Mails,
    /// It is good, and not enough.
    Missing,
    /// Too many tries.
    Locked {
        /// When codes are taken again.
        until: Timestamp,
        /// Now, by the same clock.
        now: Timestamp,
    },
}

/// Where a code can be mailed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mailbox<'a> {
    /// The address, as its owner knows it again.
    pub address: &'a str,
    /// Whether a code is on its way.
    pub sent: bool,
}

/// Asks for the factor that is missing, and for nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecondFactor<'a> {
    /// Where the person comes from.
    pub app: App<'a>,
    /// What the forms carry.
    pub ticket: Ticket<'a>,
    /// Who it is.
    pub user: &'a str,
    /// Whether a code of an app will do.
    pub totp: bool,
    /// Whether a recovery code will do.
    pub codes: bool,
    /// Where a code can be mailed to that will do.
    pub mailbox: Option<Mailbox<'a>>,
    /// For how long the browser can be remembered; none: not at all.
    pub remember: Option<Duration>,
    /// The question that a passkey answers.
    pub passkey: Option<PasskeyAsked<'a>>,
    /// What went wrong in the try before.
    pub problem: Option<FactorProblem>,
}

impl Page for SecondFactor<'_> {
    fn template(&self) -> &'static str {
        "second_factor.html"
    }

    fn values(&self) -> Value {
        let problem = self.problem.map(|problem| match problem {
            FactorProblem::Wrong => context! { kind => "wrong" },
            FactorProblem::Passkey => context! { kind => "passkey" },
            FactorProblem::MailedWrong => context! { kind => "mailed_wrong" },
            FactorProblem::Mails => context! { kind => "mails" },
            FactorProblem::Missing => context! { kind => "missing" },
            FactorProblem::Locked { until, now } => context! {
                kind => "locked", until => clock(until), left => Span::of(until.since(now)).values(),
            },
        });
        context! {
            app => self.app.values(), ticket => self.ticket.values(), user => self.user,
            totp => self.totp, codes => self.codes, problem,
            mailbox => self.mailbox.map(|mailbox| context! { address => mailbox.address, sent => mailbox.sent }),
            remember => self.remember.map(|span| Span::of(span).values()),
            passkey => self.passkey.map(PasskeyAsked::values),
        }
    }

    fn app(&self) -> Option<&App<'_>> {
        Some(&self.app)
    }

    fn has_script(&self) -> bool {
        self.passkey.is_some()
    }

    fn status(&self) -> StatusCode {
        match self.problem {
            None => StatusCode::OK,
            Some(
                FactorProblem::Wrong
                | FactorProblem::Passkey
                | FactorProblem::MailedWrong
                | FactorProblem::Missing,
            ) => StatusCode::UNPROCESSABLE_ENTITY,
            Some(FactorProblem::Locked { .. } | FactorProblem::Mails) => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self.problem {
            Some(FactorProblem::Locked { until, now }) => Some(until.since(now)),
            None
            | Some(
                FactorProblem::Wrong
                | FactorProblem::Passkey
                | FactorProblem::MailedWrong
                | FactorProblem::Mails
                | FactorProblem::Missing,
            ) => None,
        }
    }
}

/// A second factor is asked for, and the account has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactorNeeded<'a> {
    /// Where the person comes from.
    pub app: App<'a>,
    /// What the form carries.
    pub ticket: Ticket<'a>,
    /// Whether only a passkey will do.
    pub passkey: bool,
}

impl Page for FactorNeeded<'_> {
    fn template(&self) -> &'static str {
        "factor_needed.html"
    }

    fn values(&self) -> Value {
        context! { app => self.app.values(), ticket => self.ticket.values(), passkey => self.passkey }
    }

    fn app(&self) -> Option<&App<'_>> {
        Some(&self.app)
    }

    fn status(&self) -> StatusCode {
        StatusCode::FORBIDDEN
    }
}

/// Offers a passkey after a sign-in with a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasskeyOffer<'a> {
    /// What the forms carry.
    pub ticket: Ticket<'a>,
    /// Who it is.
    pub user: &'a str,
    /// The question that a new passkey answers.
    pub passkey: PasskeyAsked<'a>,
}

impl Page for PasskeyOffer<'_> {
    fn template(&self) -> &'static str {
        "passkey_offer.html"
    }

    fn values(&self) -> Value {
        context! { ticket => self.ticket.values(), user => self.user, passkey => self.passkey.values() }
    }

    fn app(&self) -> Option<&App<'_>> {
        None
    }

    fn has_script(&self) -> bool {
        true
    }
}

/// One passkey of somebody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasskeyLine<'a> {
    /// The credential's id.
    pub id: &'a str,
    /// What its owner calls it.
    pub name: &'a str,
    /// The day on which it was registered.
    pub since: &'a str,
    /// The day on which it was last used.
    pub used: Option<&'a str>,
    /// Whether it lives on several devices.
    pub synced: bool,
    /// Whether it is a persona's own, which stays as it is.
    pub fixed: bool,
}

/// Why a passkey was not added or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasskeysProblem {
    /// Authenticators of its make are not let in.
    Make,
    /// It did not make sure who holds it.
    Unverified,
    /// What it said does not hold.
    Refused,
    /// It is the last that is demanded.
    Last,
    /// The server would be left without an owner who can sign in.
    LastOwner,
}

/// Somebody's passkeys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passkeys<'a> {
    /// What the forms carry.
    pub ticket: Ticket<'a>,
    /// Whose.
    pub user: &'a str,
    /// All of them.
    pub passkeys: &'a [PasskeyLine<'a>],
    /// The question that a new one answers; none where this address can have none.
    pub add: Option<PasskeyAsked<'a>>,
    /// What authenticators are told of those that there are.
    pub signal: Option<&'a str>,
    /// What went wrong.
    pub problem: Option<PasskeysProblem>,
}

impl Page for Passkeys<'_> {
    fn template(&self) -> &'static str {
        "passkeys.html"
    }

    fn values(&self) -> Value {
        let line = |line: &PasskeyLine<'_>| {
            context! {
                id => line.id, name => line.name, since => line.since, used => line.used,
                synced => line.synced, fixed => line.fixed,
            }
        };
        let problem = self.problem.map(|problem| match problem {
            PasskeysProblem::Make => "make",
            PasskeysProblem::Unverified => "unverified",
            PasskeysProblem::Refused => "refused",
            PasskeysProblem::Last => "last",
            PasskeysProblem::LastOwner => "owner",
        });
        context! {
            ticket => self.ticket.values(), user => self.user, problem, signal => self.signal,
            passkeys => self.passkeys.iter().map(line).collect::<Vec<_>>(),
            passkey => self.add.map(PasskeyAsked::values),
        }
    }

    fn app(&self) -> Option<&App<'_>> {
        None
    }

    fn has_script(&self) -> bool {
        true
    }

    fn status(&self) -> StatusCode {
        self.problem.map_or(StatusCode::OK, |_| StatusCode::UNPROCESSABLE_ENTITY)
    }
}

/// What sets an authenticator app up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthenticatorSetUp<'a> {
    /// What the QR code says: for apps on this device.
    pub uri: &'a str,
    /// The QR code: its width, and the data of its path.
    pub qr: Option<(i32, &'a str)>,
    /// The seed in groups of four.
    pub fours: &'a [&'a str],
}

/// An authenticator app: set up, or to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authenticator<'a> {
    /// What the forms carry.
    pub ticket: Ticket<'a>,
    /// Whose.
    pub user: &'a str,
    /// Since which day there is one.
    pub since: Option<&'a str>,
    /// What sets one up.
    pub set_up: Option<AuthenticatorSetUp<'a>>,
    /// Whether it can be taken off.
    pub removable: bool,
    /// Whether the code that was typed is none.
    pub wrong: bool,
}

impl Page for Authenticator<'_> {
    fn template(&self) -> &'static str {
        "authenticator.html"
    }

    fn values(&self) -> Value {
        let set_up = self.set_up.map(|set_up| {
            let qr = set_up.qr.map(|(size, path)| context! { size, path });
            context! { uri => set_up.uri, qr, fours => set_up.fours.iter().map(ToString::to_string).collect::<Vec<_>>() }
        });
        context! {
            ticket => self.ticket.values(), user => self.user, since => self.since, set_up,
            removable => self.removable, wrong => self.wrong,
        }
    }

    fn app(&self) -> Option<&App<'_>> {
        None
    }

    fn status(&self) -> StatusCode {
        if self.wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
    }
}

/// Recovery codes: how many are left, or new ones, shown once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecoveryCodes<'a> {
    /// What the forms carry.
    pub ticket: Ticket<'a>,
    /// Whose.
    pub user: &'a str,
    /// How many there are.
    pub left: usize,
    /// New ones, which hold once one of them is typed back.
    pub new: &'a [String],
    /// Whether there are such codes here.
    pub offered: bool,
    /// Whether the one that was typed back is none of them.
    pub wrong: bool,
    /// Whether something waits that goes on without them.
    pub later: bool,
}

impl Page for RecoveryCodes<'_> {
    fn template(&self) -> &'static str {
        "codes.html"
    }

    fn values(&self) -> Value {
        context! {
            ticket => self.ticket.values(), user => self.user, left => self.left, new => self.new.to_vec(),
            offered => self.offered, wrong => self.wrong, later => self.later,
        }
    }

    fn app(&self) -> Option<&App<'_>> {
        None
    }

    fn has_script(&self) -> bool {
        !self.new.is_empty()
    }

    fn status(&self) -> StatusCode {
        if self.wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
    }
}
