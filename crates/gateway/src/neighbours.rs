//! What the gateway needs of the rooms behind the other doors; the roof hands it in.

use std::{pin::Pin, sync::Arc};

use bytes::Bytes;
use guard::Certificate;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use jose::KeySet;
use mock::{
    sandbox::Sandbox,
    scenario::{Endpoint, Step},
};
use model::{RealmId, RequestId, SandboxName, Timestamp};

/// Everything around a request that is handed on.
#[derive(Debug, Clone)]
pub struct Visit {
    /// In which sandbox.
    pub sandbox: Arc<Sandbox>,
    /// Whose people it is judged by: the sandbox's, but main's in every sandbox where people are real.
    pub realm: RealmId,
    /// Whether it may direct what answers it: a play of its own is heard.
    pub directs: bool,
    /// How the request named it.
    pub named: Named,
    /// Who we are to this request: main's issuer, or that of a sandbox named by subdomain or path.
    pub issuer: Arc<str>,
    /// The real time.
    pub real: Timestamp,
    /// The sandbox's time.
    pub now: Timestamp,
    /// The client, through trusted proxies.
    pub peer: guard::Peer,
    /// The address at the other end of the socket, whatever a proxy says.
    pub socket: std::net::IpAddr,
    /// Whether the client speaks TLS, to us or to the outermost trusted proxy.
    pub secure: bool,
    /// The client's certificate, its key proven.
    pub certificate: Option<Arc<Certificate>>,
    /// `Host`, as the client sent it.
    pub authority: String,
    /// Names the request.
    pub id: RequestId,
    /// The URL that was called, where it was a document's own name for an endpoint: a DPoP proof may name it.
    pub called: Option<String>,
    /// The access token with which user info is asked, verified.
    pub token: Option<Arc<guard::Token>>,
}

/// How a request named its sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// Not at all: it is `main`, unless what it brings names another.
    Nowhere,
    /// By its header: the issuer stays main's.
    Header,
    /// `t-42.localhost`: its origin is its issuer.
    Subdomain,
    /// `/_lobby/in/t-42`: that is its issuer.
    Path,
}

/// Why nobody can say which sandbox a request to the authorization server is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misplaced {
    /// Two of its parts name two sandboxes.
    #[error("two parts of the request name different sandboxes")]
    Ambiguous,
    /// `lobby_sandbox` is no name.
    #[error("a sandbox is named by 1 to 63 of a-z, 0-9 and `-`")]
    Name,
}

/// What of the authorization server answers at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// What a play names it by; `None` for what takes no step.
    pub endpoint: Option<Endpoint>,
    /// To whose requests a form of it answers.
    pub form_of: Option<Endpoint>,
    /// Whether it is a page for a person: no script of another origin reads it.
    pub is_page: bool,
}

/// Whose request it was, left in the extensions of an answer of the authorization server: a persona's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken(pub Arc<str>);

/// An answer that is on its way.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Response<Bytes>> + Send + 'a>>;

/// A persona's name that is being found out.
pub type Speaking<'a> = Pin<Box<dyn Future<Output = Option<Arc<str>>> + Send + 'a>>;

/// The authorization server and the control API.
pub trait Neighbours: Send + Sync + 'static {
    /// What of the authorization server answers such a request to `path`; `None` for what is not its.
    fn authorization(&self, method: &Method, path: &str) -> Option<Window>;

    /// The sandbox that a request to the authorization server names by its query, a code, a refresh token, or
    /// the pages' cookie, where its head does not (control.md, default 3).
    fn sandbox_of(&self, request: &Request<Bytes>, visit: &Visit) -> Result<Option<SandboxName>, Misplaced>;

    /// Which persona a request to the authorization server speaks for, by the session, code, token, name or
    /// form that it brings; asked only where a play is for one. User info is the guard's to judge.
    fn speaker_of<'a>(&'a self, request: &'a Request<Bytes>, visit: &'a Visit) -> Speaking<'a>;

    /// Answers a request to the authorization server. `step`: what a scenario wants of it.
    fn authorize<'a>(
        &'a self,
        request: Request<Bytes>,
        visit: &'a Visit,
        step: Option<Step>,
    ) -> Answering<'a>;

    /// Answers a call of the control API.
    fn control<'a>(&'a self, request: Request<Bytes>, visit: &'a Visit) -> Answering<'a>;

    /// The served document (`None`: the only one there is), with its URLs pointed here.
    fn document(&self, api: Option<&str>, visit: &Visit) -> Response<Bytes>;

    /// Whether a request brings the right to direct mocks, where not everybody has it.
    fn directs<'a>(&'a self, headers: &'a HeaderMap) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>>;

    /// Whether a page of this origin may call the control API.
    fn admits_origin(&self, origin: &HeaderValue) -> bool;

    /// The keys that a realm's tokens are verified with at its time. The same value as long as they are the
    /// same.
    fn keys(&self, realm: &RealmId, now: Timestamp) -> Arc<KeySet>;

    /// A nonce for DPoP proofs.
    fn nonce(&self, realm: &RealmId, now: Timestamp) -> HeaderValue;

    /// Whether a nonce is one of ours, and fresh.
    fn is_fresh_nonce(&self, realm: &RealmId, nonce: &str, now: Timestamp) -> bool;

    /// A sandbox begins anew: what is stored of it is forgotten, but its keys.
    fn reset<'a>(&'a self, name: &'a SandboxName) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

    /// A sandbox ended: what is stored of it is forgotten.
    fn forget<'a>(&'a self, realms: &'a [SandboxName]) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
}
