//! The authorization server: OAuth 2.1 and `OpenID` Connect, its endpoints, grants, keys and pages. A mock's
//! and production's are this one.
//!
//! What it decides: who gets which token. Everything it needs to know of a request is in the request and in
//! the [`Visit`]; everything it remembers is the store's; what it answers is an HTTP response:
//! [`Server::serve`] is a plain function. One file per endpoint, one per grant.
//!
//! What it refuses to do: sockets, CORS, the routing of aliases, and scenarios. A scenario reaches it as the
//! closed [`Interference`] of a visit.

mod account;
mod accounts;
mod activity;
mod answer;
mod authenticators;
mod authorize;
mod believed;
mod claims;
mod client;
mod device;
mod device_page;
mod discovery;
mod dpop;
mod entry;
mod factor;
mod grant;
mod introspect;
mod invitation;
mod issue;
mod keys;
mod known_device;
mod letter;
mod logout;
mod opaque;
mod page;
pub mod pages;
mod par;
mod parameters;
mod place;
mod postbox;
mod redirect;
mod report_leak;
mod reset;
mod resource;
mod revoke;
mod scope;
mod seal;
mod serve;
mod server;
mod settings;
mod setup_page;
mod sign_in;
mod sign_up;
mod source;
mod speaker;
mod strength;
mod token;
mod token_endpoint;
mod userinfo;
mod visit;

pub use accounts::{AccountRules, Mails, Names, SignUp};
pub use authenticators::{Handle, Unhandled};
pub use issue::{IssueError, IssueRequest, Issued};
pub use opaque::{sandbox_asked, sandbox_brought, sandbox_named};
pub use place::Endpoint;
pub use postbox::Postbox;
pub use redirect::is_redirect;
pub use server::{Listener, Parts, Server, Spoken};
pub use settings::{
    ADMINISTER, Api, AppPasswordRules, Client, Clients, ConsentRule, DIRECT, DpopRules, FactorRules,
    GrantKind, Lifetimes, OwnScopes, Pkce, RequiredFactor, Settings,
};
pub use setup_page::SetupPage;
pub use visit::{Interference, Visit};
