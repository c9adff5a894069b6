use std::time::Duration;

use identity::Account;
use jose::forge::{Defect, forge};
use model::ScopeSet;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::{
    answer::Refusal,
    scope,
    server::{Call, Server},
    settings::Client,
    token::{Access, SignedIn},
    visit::Visit,
};

/// What `POST /_lobby/token` asks for.
#[derive(Debug, Clone, Default)]
pub struct IssueRequest {
    /// Whose token, by name.
    pub account: String,
    /// Which scopes; none: all that the account has.
    pub scope: Option<String>,
    /// For which API, by audience or base URL; none: as control.md, default 5, says.
    pub audience: Vec<String>,
    /// To which client; none: `lobby`.
    pub client_id: Option<String>,
    /// How long; none: as any access token. More than ten years is ten years.
    pub lifetime: Option<Duration>,
    /// Claims to add or to replace.
    pub claims: Map<String, Value>,
    /// What is to be wrong with it.
    pub defect: Option<Defect>,
    /// The thumbprint of the key that it is bound to (RFC 9449 6.1).
    pub thumbprint: Option<String>,
}

/// A token that was made on demand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The token.
    pub access_token: String,
    /// `Bearer`, or `DPoP` where it is bound.
    pub token_type: &'static str,
    /// How long it lives; for one that is expired on purpose, how long it would.
    pub expires_in: Duration,
    /// Its scopes.
    pub scope: ScopeSet,
    /// What is wrong with it.
    pub defect: Option<Defect>,
}

/// Why no token was made: each tells what there is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IssueError {
    /// Nobody has that name.
    #[error("there is no persona `{name}`; there are: {}", known.join(", "))]
    UnknownAccount {
        /// What was asked for.
        name: String,
        /// Who there is.
        known: Vec<String>,
    },
    /// The account has not all of the scopes.
    #[error("`{name}` has not the scope {lacking}; it has: {has}")]
    Scope {
        /// Whose token it was to be.
        name: String,
        /// What it lacks.
        lacking: String,
        /// What it has.
        has: String,
    },
    /// A scope that no API declares, or an audience that none has.
    #[error("{0}")]
    Request(String),
    /// The library could not sign, or the store could not revoke.
    #[error("no token could be made")]
    Fault,
}

/// The longest that a token made on demand may live.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 86_400);

impl Server {
    /// Makes an access token for an account without anybody signing in: for tests and for `lobby token`. The
    /// account may be suspended, that is how `account.disabled` is seen.
    pub async fn issue(&self, request: &IssueRequest, visit: &Visit) -> Result<Issued, IssueError> {
        let headers = http::HeaderMap::new();
        let call = Call {
            server: self,
            settings: self.settings(),
            visit,
            realm: visit.realm(),
            method: http::Method::POST,
            headers: &headers,
            speaker: std::sync::OnceLock::new(),
        };
        let directory = &call.settings.directory;
        let account = directory.account(&request.account).ok_or_else(|| IssueError::UnknownAccount {
            name: request.account.clone(),
            known: directory.accounts().iter().map(|account| account.name.clone()).collect(),
        })?;
        let client = Client {
            id: request.client_id.clone().unwrap_or_else(|| "lobby".to_owned()),
            ..Client::default()
        };
        let refused = |refusal: Refusal| IssueError::Request(refusal.description);
        let asked = scope::asked(&call.settings, &client, request.scope.as_deref()).map_err(refused)?;
        let scopes = granted(&call.settings, account, &client, asked.as_ref())?;
        let audience =
            scope::audience(&call.settings, visit, &request.audience, Some(&scopes)).map_err(refused)?;
        let lifetime = request.lifetime.unwrap_or(call.settings.lifetimes.access).min(LONGEST);
        let jti = call.jti(&call.family());
        let access = Access {
            jti: jti.clone(),
            client: &client.id,
            account: Some(account),
            scopes: &scopes,
            audience: &audience,
            lifetime,
            sign_in: Some(SignedIn { auth_time: call.earlier(), at: visit.now, acr: "pwd", sid: None }),
            thumbprint: request.thumbprint.as_deref(),
            certificate: None,
        };
        let mut claims = access.claims(&call);
        claims.extend(request.claims.clone());
        let ring = self.keys.ring(&call.realm, visit.now).map_err(|_| IssueError::Fault)?;
        let token = match request.defect {
            None => jose::jwt::sign(ring.active(), "at+jwt", &claims),
            Some(defect) => forge(defect, ring.active(), "at+jwt", &claims, visit.now),
        };
        if request.defect == Some(Defect::Revoked) {
            let jti = claims.get("jti").and_then(Value::as_str).unwrap_or(&jti);
            let until = visit.now.plus(lifetime);
            let revoked = self.store.revoke_token(&call.realm, jti, until).await;
            revoked.map_err(|_| IssueError::Fault)?;
        }
        Ok(Issued {
            access_token: token.map_err(|_| IssueError::Fault)?,
            token_type: if request.thumbprint.is_some() { "DPoP" } else { "Bearer" },
            expires_in: lifetime,
            scope: scopes,
            defect: request.defect,
        })
    }
}

fn granted(
    settings: &crate::Settings,
    account: &Account,
    client: &Client,
    asked: Option<&ScopeSet>,
) -> Result<ScopeSet, IssueError> {
    let scopes = scope::of_account(settings, account, client, asked);
    let lacking = asked.map(|asked| scopes.lacking(asked)).unwrap_or_default();
    if lacking.is_empty() {
        return Ok(scopes);
    }
    let has = if account.scopes.is_empty() { "none".to_owned() } else { account.scopes.to_string() };
    Err(IssueError::Scope { name: account.name.clone(), lacking: lacking.to_string(), has })
}
