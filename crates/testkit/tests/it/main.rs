//! The client against a server that counts connections.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod client;
