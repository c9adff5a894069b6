//! Black-box tests in one line: the real binary in its own process, on a free port, in a temporary folder,
//! and a client that says what it expects.
//!
//! ```no_run
//! # async fn test() {
//! let lobby = testkit::mock("bookshop.openapi.yaml").await;
//! let alice = lobby.token("alice").scope("books:read").await;
//! lobby.get("/books").bearer(&alice).await.is(200);
//! lobby.advance("11m").await;
//! lobby.get("/books").bearer(&alice).await.is_denied(401, "token.expired");
//! # }
//! ```
//!
//! - [`mock`] and [`run`] describe a start ([`Start`]: documents and `lobby.yaml` from strings, flags,
//!   variables); awaiting it gives a running [`Lobby`], which is killed when dropped.
//! - [`Client`] keeps connections alive, has a cookie jar, follows no redirect, and may connect from another
//!   loopback address or to another one than the URL names. [`Raw`] sends bytes that no HTTP client would.
//! - [`once`] runs a command to its end ([`Finished`]).
//! - [`Pebble`] is a certificate authority and [`Postgres`] a server of a test's own.
//! - [`generated`] keeps a page that is written from code fresh.
//! - [`Seeded`] chance and a [`MovableClock`] are for the rooms that take [`model::Entropy`] and
//!   [`model::Clock`]. Neither is linked into the binary.
//!
//! Everything here panics on what a test did not expect: a panic is how a test fails. Nothing sleeps; what
//! waits has a deadline.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a panic is how a test fails"
)]

mod answer;
mod binary;
mod call;
mod chance;
mod client;
mod control;
mod generated;
mod http2;
mod jar;
mod pebble;
mod place;
mod postgres;
mod process;
mod raw;
mod start;
mod trust;

pub use answer::Answer;
pub use call::Call;
pub use chance::{MovableClock, Seeded};
pub use client::Client;
pub use control::{Token, TokenRequest};
pub use generated::generated;
pub use http2::http2;
pub use pebble::{Pebble, free_port};
pub use place::{example, repository, shared};
pub use postgres::Postgres;
pub use process::Lobby;
pub use raw::Raw;
pub use start::{Finished, Start, mock, once, run, serve};
pub use trust::{certificate_der, trusting};
