//! What a mock's persona holds in its hands: an authenticator app, and an authenticator for passkeys.

use std::sync::OnceLock;

use http::{HeaderMap, Method};
use identity::totp_code;
use serde_json::Value as Json;
use thiserror::Error;

use crate::{
    factor::{Means, party, soft_authenticator, totp_seed},
    server::{Call, Server},
    visit::Visit,
};

/// What is done with a persona's authenticator.
#[derive(Debug, Clone, PartialEq)]
pub enum Handle {
    /// The code that its app shows now.
    Code,
    /// `navigator.credentials.create` in a browser at `origin`.
    Create {
        /// What the service asks, as WebAuthn's JSON.
        options: Json,
        /// Where the browser is.
        origin: String,
    },
    /// `navigator.credentials.get`.
    Get {
        /// What the service asks, as WebAuthn's JSON.
        options: Json,
        /// Where the browser is.
        origin: String,
    },
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum Unhandled {
    /// There is no such persona.
    #[error("there is no persona `{0}`")]
    Persona(String),
    /// It has no authenticator app.
    #[error("`{0}` has no authenticator app: write `totp: true` at the persona, or set one up on its page")]
    NoApp(String),
    /// The authenticator, or the browser before it, refuses.
    #[error("{0}")]
    Refused(#[from] identity::Unanswered),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] store::Fault),
}

impl Server {
    /// Does what a test wants of a persona's authenticator: `{"code","valid_seconds"}` by the real clock, or
    /// the credential as WebAuthn's JSON.
    pub async fn handle_authenticator(
        &self,
        persona: &str,
        handle: Handle,
        visit: &Visit,
    ) -> Result<Json, Unhandled> {
        let headers = HeaderMap::new();
        let call = Call {
            server: self,
            settings: self.settings(),
            visit,
            realm: visit.realm(),
            method: Method::POST,
            headers: &headers,
            speaker: OnceLock::new(),
        };
        let account = call.settings.directory.account(persona);
        let account = account.ok_or_else(|| Unhandled::Persona(persona.to_owned()))?;
        let related = &call.settings.factors.passkeys.related_origins;
        let authenticator = soft_authenticator(&call, &account.id);
        match handle {
            Handle::Code => {
                let seed = totp_seed(&call, account).await?;
                let seed = seed.ok_or_else(|| Unhandled::NoApp(persona.to_owned()))?;
                let (code, valid_seconds) = totp_code(seed.expose(), visit.real);
                Ok(serde_json::json!({"code": code, "valid_seconds": valid_seconds}))
            }
            Handle::Create { options, origin } => {
                Ok(authenticator.create(unwrapped(&options), &origin, related, self.random())?)
            }
            Handle::Get { options, origin } => {
                let held = match party(&call) {
                    Ok(_) => Means::of(&call, account).await?.passkeys,
                    Err(_) => Vec::new(),
                };
                Ok(authenticator.get(unwrapped(&options), &origin, related, &held)?)
            }
        }
    }
}

/// Options as a page has them, or as they are handed to the browser.
fn unwrapped(options: &Json) -> &Json {
    options.get("publicKey").unwrap_or(options)
}
