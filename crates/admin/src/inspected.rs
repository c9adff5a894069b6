use std::sync::Arc;

use guard::{Cause, Issuers, Note, Verdict};
use http::Method;

/// What would be answered to a token, by those who would answer.
#[derive(Debug)]
pub struct Inspected {
    /// How it fares by itself; `None` where there is nothing to verify.
    pub verification: Option<Verification>,
    /// What each operation would answer that was asked for.
    pub answers: Vec<Foreseen>,
}

/// How a token fares by itself.
#[derive(Debug)]
pub struct Verification {
    /// Why it does not verify.
    pub failure: Option<Cause>,
    /// Whether it was revoked; `None` where it does not verify.
    pub revoked: Option<bool>,
    /// Whose tokens the APIs believe.
    pub believed: Vec<Arc<Issuers>>,
}

/// What an operation would answer.
#[derive(Debug)]
pub struct Foreseen {
    /// Of which API.
    pub api: Arc<str>,
    /// Its name.
    pub operation: Arc<str>,
    /// Its method.
    pub method: Method,
    /// Its path, as it is served.
    pub path: String,
    /// What is decided.
    pub verdict: Verdict,
    /// How that came.
    pub steps: Vec<Note>,
    /// What of the path or the query was taken to be what: name and value.
    pub assumed: Option<(String, String)>,
}
