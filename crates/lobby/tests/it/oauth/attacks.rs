//! The rows A of attacks.md, and G01, each against the running binary: one file per endpoint.

mod authorize;
mod device;
mod pages;
mod token;
mod told;
