use std::{net::IpAddr, sync::Arc, time::Duration};

use crate::{RequestId, SandboxName, Timestamp};

/// One thing that happened: what audit, metrics, the live view and risk read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An API request was decided and answered.
    Request(RequestEvent),
    /// How an API request was decided, step by step, where somebody wants to know.
    Decision(DecisionEvent),
    /// Somebody typed a name and a password.
    SignIn(SignInEvent),
    /// Many accounts are being tried, few times each (attacks.md, G02): strangers are slowed down for a while.
    Spraying {
        /// When, by the sandbox's clock.
        at: Timestamp,
        /// Where.
        sandbox: SandboxName,
        /// From where the last of these tries came.
        peer: IpAddr,
        /// About how many accounts failed within a few minutes.
        accounts: u64,
    },
    /// A refresh token was used again after its successor: its family is revoked (RFC 9700 4.14.2).
    FamilyBurnt {
        /// When, by the sandbox's clock.
        at: Timestamp,
        /// Where.
        sandbox: SandboxName,
        /// The client that the family belongs to.
        client: Arc<str>,
        /// The user whose session it is.
        subject: Arc<str>,
        /// The session in which it was given; `None` for a device or a password grant.
        session: Option<Arc<str>>,
        /// When the token was used before: when its successor was made (for one further back, the newest).
        first_used_at: Timestamp,
    },
}

/// What came of a name and a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInEvent {
    /// When, by the sandbox's clock.
    pub at: Timestamp,
    /// Where.
    pub sandbox: SandboxName,
    /// The client's address, after trusted proxies.
    pub peer: IpAddr,
    /// The account, where the password was its own. What was typed is nobody's to read.
    pub subject: Option<Arc<str>>,
    /// What came of it.
    pub outcome: SignInOutcome,
}

/// What came of a name and a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignInOutcome {
    /// They go together.
    Done,
    /// They do not, or nobody has that name.
    Wrong,
    /// They do not, and from now on the name is locked.
    LockedNow,
    /// The name was locked before.
    Locked,
    /// They go together, and the account is suspended.
    Disabled,
    /// There was no room to find out.
    Busy,
    /// Nobody looked: too many failures come from there, or many accounts are being tried.
    Limited,
}

impl SignInOutcome {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Done, Self::Wrong, Self::LockedNow, Self::Locked, Self::Disabled, Self::Busy, Self::Limited];

    /// As metrics and logs name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Wrong => "wrong",
            Self::LockedNow => "locked_now",
            Self::Locked => "locked",
            Self::Disabled => "disabled",
            Self::Busy => "busy",
            Self::Limited => "limited",
        }
    }
}

/// What is told of one request. No secrets: a principal is named, its credential is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestEvent {
    /// Its id, as in the answer's `Lobby-Request-Id`.
    pub id: RequestId,
    /// When, by the sandbox's clock.
    pub at: Timestamp,
    /// When, in real time.
    pub real: Timestamp,
    /// The client's address, after trusted proxies.
    pub peer: IpAddr,
    /// The method.
    pub method: Box<str>,
    /// The path as it was asked for, without the query: that may hold secrets.
    pub path: Box<str>,
    /// Where.
    pub sandbox: SandboxName,
    /// The API's name; `oauth` for the authorization server.
    pub api: Arc<str>,
    /// The operation, or `None` where none matched.
    pub operation: Option<Arc<str>>,
    /// Who it was, proven.
    pub subject: Option<Arc<str>>,
    /// `allow`, or the denial's code.
    pub verdict: &'static str,
    /// The step of a scenario that acted.
    pub scenario: Option<Box<str>>,
    /// The status that was answered.
    pub status: u16,
    /// How long it took, in real time.
    pub took: Duration,
}

/// What a decision looked at, and what came out. No secrets, as in a [`RequestEvent`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionEvent {
    /// The request's id.
    pub id: RequestId,
    /// When, in real time.
    pub real: Timestamp,
    /// The method.
    pub method: Box<str>,
    /// The path, without the query.
    pub path: Box<str>,
    /// The operation.
    pub operation: Arc<str>,
    /// The steps, a line of plain words each.
    pub steps: Vec<String>,
}
