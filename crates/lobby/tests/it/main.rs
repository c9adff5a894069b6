//! Black-box tests: the real binary, over real HTTP.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a panic is how a test fails, and a process outside lives by the real clock"
)]

mod admin;
mod answering;
mod app;
mod attacks;
mod brand;
mod browser;
mod camara;
mod check;
mod clock;
mod crowd;
mod doors;
mod durability;
mod hostile;
mod init;
mod inspect;
mod keeping;
mod names;
mod nodes;
mod oauth;
mod pages;
mod passkeys;
mod process;
mod pwned;
mod reload;
mod remote;
mod sandboxes;
mod scenarios;
mod serve;
mod servers;
mod settings;
mod timing;
mod token;
mod verdicts;
