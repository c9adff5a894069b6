//! What a running mock says of a token: its own decision, operation by operation.

use model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::server::{Server, ServerError};

/// What was said.
#[derive(Debug, Deserialize)]
pub(super) struct Sight {
    #[serde(skip)]
    pub(super) url: String,
    #[serde(skip)]
    pub(super) sandbox: String,
    pub(super) issuer: String,
    #[serde(deserialize_with = "instant")]
    pub(super) now: Timestamp,
    /// `None`: there is nothing to verify.
    pub(super) verifies: Option<bool>,
    pub(super) failure: Option<Failed>,
    pub(super) revoked: Option<bool>,
    pub(super) accepted: Option<Accepted>,
    pub(super) checks: Vec<Checked>,
    pub(super) operations: Vec<Answered>,
}

/// Why a token does not verify.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Failed {
    pub(super) code: String,
    pub(super) detail: String,
    pub(super) hint: Option<String>,
}

/// Whose tokens are believed, and what those of this one's issuer may name.
#[derive(Debug, Deserialize)]
pub(super) struct Accepted {
    pub(super) issuers: Vec<String>,
    pub(super) keys: Vec<String>,
    pub(super) types: Vec<String>,
    pub(super) audiences: Vec<String>,
}

/// How it went with a check: `None` where an earlier one had failed.
#[derive(Debug, Deserialize)]
pub(super) struct Checked {
    pub(super) check: String,
    pub(super) held: Option<bool>,
}

/// What one operation would answer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answered {
    pub(super) api: String,
    pub(super) operation: String,
    pub(super) method: String,
    pub(super) path: String,
    /// `allow`, or the denial's code.
    pub(super) verdict: String,
    /// Of a denial, as the next two.
    pub(super) status: Option<u16>,
    pub(super) why: Option<String>,
    pub(super) hint: Option<String>,
    /// What the path or the query was taken to be.
    pub(super) assumed: Option<String>,
    pub(super) steps: Vec<Step>,
}

/// One step of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Step {
    pub(super) looked_at: String,
    /// `ok`, `no` or `told`.
    pub(super) found: String,
    pub(super) words: String,
}

impl Sight {
    /// Asks about a token, for one operation or for all.
    pub(super) fn of(server: &Server, token: &str, operation: Option<&str>) -> Result<Self, ServerError> {
        let told = server.post("/_lobby/inspect", &json!({ "token": token, "operation": operation }))?;
        let stranger = |error: serde_json::Error| ServerError::Stranger {
            url: server.url(),
            why: format!("it tells of a token otherwise: {error}"),
        };
        let mut sight: Self = serde_json::from_value(told).map_err(stranger)?;
        sight.url = server.url();
        server.sandbox().clone_into(&mut sight.sandbox);
        for answered in &mut sight.operations {
            if answered.verdict == guard::Code::CredentialMissing.as_str() {
                answered.hint = Some(MISSING.to_owned());
            }
        }
        Ok(sight)
    }
}

/// What helps where a token is not what an operation takes.
const MISSING: &str = "lobby token --as PERSONA --for OPERATION --print curl shows what the operation takes";

fn instant<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let at = value.as_str().and_then(Timestamp::parse_rfc3339);
    at.ok_or_else(|| serde::de::Error::custom("`now` is no time"))
}
