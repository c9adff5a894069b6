//! The one pipeline of every API request: sockets, sandbox, operation, verdict, scenario, answer.
//!
//! It decides nothing itself: `contract` says which operation is meant, `guard` who may pass, `mock` what is
//! answered. What it adds is the order, and the awaiting before and after.

// The future of a connection holds those of all that a request may wait for.
#![recursion_limit = "256"]

mod answer;
mod api;
mod arrival;
mod authorization;
mod body;
mod connection;
mod cors;
mod course;
mod gateway;
mod inspect;
mod intake;
mod ledger;
mod listen;
mod lookups;
mod neighbours;
mod office;
mod pipeline;
mod place;
mod principal;
mod redirect;
mod serve;
mod settings;
mod shares;
mod signatures;
mod target;
mod tls;

pub use answer::DOCS;
pub use body::{AnswerBody, CutShort};
pub use connection::{ClientCertificate, Peer};
pub use cors::Cors;
pub use gateway::{Furnishing, Gateway, Listener, answering, request_id};
pub use inspect::{Foreseen, Inquiry, Verification};
pub use listen::{ListenError, loopback, open};
pub use neighbours::{Answering, Misplaced, Named, Neighbours, Speaking, Spoken, Visit, Window};
pub use office::{Office, Service};
pub use principal::of_account;
pub use redirect::Redirect;
pub use serve::{Abandoned, Bounds, Handler, Phase, Serving, serve};
pub use settings::{Api, Base, Basic, Settings, Stage, Standing, Trusts};
pub use tls::{Asking, ClientTrust, VALIDATION, server_config};
