use std::{pin::Pin, sync::Arc, time::Duration};

use contract::Contract;
use identity::Directory;
use jose::forge::Defect;
use model::{SandboxName, ScopeSet, Timestamp};
use serde_json::{Map, Value};

use crate::{Inspected, Visit};

/// An answer that another room is working on.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What control needs of the other rooms. The roof hands it in.
pub trait Desk: Send + Sync {
    /// Whether it is the access token of an account that may direct, now.
    fn directs<'a>(&'a self, token: &'a str) -> Pending<'a, bool>;

    /// The APIs that are served now.
    fn apis(&self) -> Vec<Api>;

    /// Counts reloads, from 1.
    fn generation(&self) -> u64;

    /// The personas there are.
    fn directory(&self) -> Arc<Directory>;

    /// The issuer of a sandbox by its path: `http://127.0.0.1:4010/_lobby/in/t-42`; of `main` the issuer.
    fn issuer(&self, sandbox: &SandboxName) -> String;

    /// Makes a token.
    fn issue<'a>(&'a self, order: Order, visit: &'a Visit) -> Pending<'a, Result<Issued, Unissued>>;

    /// Does something with a persona's authenticator; what is refused says why.
    fn authenticate<'a>(
        &'a self,
        persona: String,
        handle: Handle,
        visit: &'a Visit,
    ) -> Pending<'a, Result<Value, Unissued>>;

    /// What would be answered to a token: by these operations, of this API and of this name, or by all.
    fn inspect<'a>(
        &'a self,
        token: String,
        operations: Option<Vec<(Arc<str>, Arc<str>)>>,
        visit: &'a Visit,
    ) -> Pending<'a, Inspected>;

    /// The mails that were written in a sandbox, the newest first; to one address where one is named. `None`: they
    /// cannot be read now.
    fn outbox<'a>(&'a self, sandbox: &'a SandboxName, to: Option<String>)
    -> Pending<'a, Option<Vec<Letter>>>;

    /// Forgets everything that is stored of sandboxes that ended: data, sessions, tokens, limits, keys.
    fn forget<'a>(&'a self, sandboxes: &'a [SandboxName]) -> Pending<'a, ()>;

    /// Forgets what is stored of a sandbox that goes on: all of that but its keys.
    fn reset<'a>(&'a self, sandbox: &'a SandboxName) -> Pending<'a, ()>;
}

/// What is done with a persona's authenticator.
#[derive(Debug, Clone, PartialEq)]
pub enum Handle {
    /// The code that its app shows now.
    Code,
    /// A passkey is made, by a browser at `origin`.
    Create {
        /// What the service asks, as `WebAuthn`'s JSON.
        options: Value,
        /// Where the browser is.
        origin: String,
    },
    /// A passkey is shown.
    Get {
        /// What the service asks, as `WebAuthn`'s JSON.
        options: Value,
        /// Where the browser is.
        origin: String,
    },
}

/// A mail that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// To whom.
    pub to: String,
    /// What stands above it.
    pub subject: String,
    /// Its text; a link has a line of its own.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// When, by the sandbox's clock.
    pub at: Timestamp,
}

impl From<store::Mail> for Letter {
    fn from(mail: store::Mail) -> Self {
        let store::Mail { recipient, subject, plain, html, created_at, .. } = mail;
        Self { to: recipient, subject, text: plain, html, at: created_at }
    }
}

/// An API that is served.
#[derive(Debug, Clone)]
pub struct Api {
    /// Its name.
    pub name: Arc<str>,
    /// The paths below which it is served.
    pub bases: Vec<String>,
    /// What it promises.
    pub contract: Arc<Contract>,
}

/// A token that is wanted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Order {
    /// Whose, by the persona's name.
    pub persona: String,
    /// With these scopes; `None`: all that the persona has.
    pub scope: Option<String>,
    /// For these APIs, by audience or base URL; none: as for any token.
    pub audience: Vec<String>,
    /// For the API of this name, where `audience` names none.
    pub api: Option<Arc<str>>,
    /// For this client.
    pub client_id: Option<String>,
    /// Good for so long; `None`: as any access token.
    pub lifetime: Option<Duration>,
    /// Claims to add or to replace.
    pub claims: Map<String, Value>,
    /// What is to be wrong with it.
    pub defect: Option<Defect>,
}

/// A token that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The token.
    pub access_token: String,
    /// `Bearer` or `DPoP`.
    pub token_type: String,
    /// How long it is good, or would be.
    pub expires_in: Duration,
    /// What it may do.
    pub scope: ScopeSet,
}

/// Why no token was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unissued {
    /// What was wanted cannot be: in a sentence that says what there is.
    Wrong(String),
    /// Our own fault.
    Fault,
}
