//! What a decision has to be told, and how it is told.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use contract::Scheme;
use model::{Principal, Secret, Timestamp};
use smallvec::SmallVec;

use crate::{Bounds, Certificate, Charged, Token};

/// SHA-256 of a credential: what it is looked up by, so that whoever keeps it never keeps the credential.
pub type Hash = [u8; 32];

/// The look-ups of one round, in the order in which their facts are expected.
pub type Lookups<'a> = SmallVec<[Lookup<'a>; 2]>;

/// What was found, one fact for each look-up, in their order.
pub type Facts = SmallVec<[Fact; 2]>;

/// One thing to look up.
#[derive(Debug)]
pub enum Lookup<'a> {
    /// First round: was this token verified before? → [`Fact::Token`]
    Token {
        /// SHA-256 of the token as it came.
        hash: Hash,
    },
    /// First round: whose is this opaque token? → [`Fact::Held`]
    Opaque {
        /// SHA-256 of the token as it came.
        hash: Hash,
    },
    /// First round: whose is this API key (or session cookie, where a scheme names one)? → [`Fact::Held`]
    Key {
        /// The scheme in whose place it stood.
        scheme: &'a Scheme,
        /// SHA-256 of the value.
        hash: Hash,
        /// The value, for whoever tells by its form alone that it cannot be anybody's.
        value: Shown<'a>,
    },
    /// First round: whose is this certificate? → [`Fact::Held`]; where nobody is named by it, a trusted one
    /// still stands for its subject, without roles.
    Certificate(&'a Certificate),
    /// First round: is this the password? Counts the failure where it is not. → [`Fact::Password`]
    Password {
        /// The name.
        user: &'a str,
        /// The password.
        password: &'a Secret<String>,
    },
    /// Second round: how it stands with a verified credential. → [`Fact::State`]
    State(Asked<'a>),
    /// Third round, once and only where something is to be charged: counts the request. Charge nothing if
    /// any counter is spent. → [`Fact::Charged`]
    Charge {
        /// Whose counters; `None` for an operation's limit where nobody had to say who they are: the
        /// address's.
        principal: Option<&'a Principal>,
        /// The counters.
        counters: SmallVec<[Counter<'a>; 2]>,
    },
}

/// A credential as it came. `Debug` does not tell it.
#[derive(Clone, Copy)]
pub struct Shown<'a>(pub &'a [u8]);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown(…)")
    }
}

/// What is asked about a verified credential.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Whose it is: is the account, and its client, still there and active?
    pub principal: &'a Principal,
    /// For a token: was it, its session or its family revoked?
    pub token: Option<&'a Token>,
    /// For a proof: is it the first with this `jti`? Keep it until `keep_until`.
    pub proof: Option<AskedProof<'a>>,
}

/// A DPoP proof whose form and signature hold.
#[derive(Debug, Clone, Copy)]
pub struct AskedProof<'a> {
    /// The key's thumbprint.
    pub jkt: &'a str,
    /// Its own name, unique for the key.
    pub jti: &'a str,
    /// Until when a second one counts as replayed, by the real clock.
    pub keep_until: Timestamp,
    /// Is it one of our nonces and fresh? Only asked where nonces are demanded.
    pub nonce: Option<&'a str>,
}

/// One counter to charge.
#[derive(Debug, Clone, Copy)]
pub struct Counter<'a> {
    /// The policy's name: the plan's, or the operation's.
    pub policy: &'a Arc<str>,
    /// What bounds it.
    pub bounds: Bounds,
}

/// What was found.
#[derive(Debug, Clone)]
pub enum Fact {
    /// The verified token, if this one was verified before.
    Token(Option<Arc<Token>>),
    /// Whose it is, if anybody's.
    Held(Option<Held>),
    /// What the password is.
    Password(Password),
    /// How it stands.
    State(State),
    /// What the counters said.
    Charged(Charged),
    /// The look-up cannot be made for the moment: nobody passes on it.
    Busy,
    /// The look-up failed: nobody passes on it.
    Failed,
}

/// A key, an opaque token or a certificate that somebody holds.
#[derive(Debug, Clone)]
pub struct Held {
    /// Who.
    pub principal: Arc<Principal>,
    /// Whether it is good yet.
    pub standing: Standing,
    /// What it is bound to.
    pub bound: Option<Binding>,
}

/// Whether something that somebody holds is good yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    Good,
    /// It was, until then.
    Expired {
        /// When it ended, by the sandbox's clock.
        since: Timestamp,
    },
    /// It was withdrawn.
    Revoked,
    /// It may not be used from the address that it came from.
    Elsewhere,
}

/// What a token is bound to (`cnf`, RFC 7800 3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    /// The key with this RFC 7638 thumbprint (`jkt`, RFC 9449 6.1).
    Key(Arc<str>),
    /// The certificate with this SHA-256 (`x5t#S256`, RFC 8705 3.1).
    Certificate(Hash),
    /// Something that is not known here, or that cannot be read: nothing proves it.
    Unknown,
}

/// What a password is.
#[derive(Debug, Clone)]
pub enum Password {
    /// Right, and whose.
    Right(Arc<Principal>),
    /// Wrong, or nobody has that name.
    Wrong,
    /// Not even looked at: too many failures.
    Locked {
        /// For how long from now, by the sandbox's clock.
        retry_after: Duration,
    },
    /// Not even looked at: too many failures come from there, or many accounts are being tried.
    Limited {
        /// For how long from now, by the sandbox's clock.
        retry_after: Duration,
    },
}

/// How it stands with a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProofState {
    /// The first with its `jti`, and its nonce is good where one was asked about.
    #[default]
    Good,
    /// Its `jti` was seen before.
    Replayed,
    /// Its nonce is not one of ours, or no longer.
    StaleNonce,
}

/// How it stands with a verified credential.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The token, its session or its family is revoked, or its account is gone.
    pub revoked: bool,
    /// The account or the client is suspended.
    pub disabled: bool,
    /// How it stands with the proof; not looked at where none was asked about.
    pub proof: ProofState,
    /// The account's plan, where the credential names none.
    pub plan: Option<Arc<str>>,
    /// The account's roles, where the credential names none.
    pub roles: Option<Arc<BTreeSet<String>>>,
}
