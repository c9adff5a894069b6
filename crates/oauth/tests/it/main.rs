//! The authorization server as a function: requests in, answers out, an in-memory store, a seeded generator
//! and clocks that are moved by hand.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect has failed"
)]

mod accounts;
mod app_passwords;
mod authorize;
mod bounds;
mod clients;
mod device;
mod discovery;
mod factors;
mod grants;
mod guessing;
mod house;
mod invitations;
mod issue;
mod keeping;
mod logout;
mod mailed;
mod names;
mod own_page;
mod pages;
mod proofs;
mod refresh;
mod sandboxes;
mod set_up;
mod sign_in;
mod speaker;
mod step_up;
mod stored_passwords;
mod strangers;
mod strength;
mod tokens;
mod unfinished;
