use std::time::Duration;

use identity::Account;
use jose::{SigningError, base64url, digest, jwt};
use model::{ScopeSet, Timestamp};
use serde_json::{Map, Value, json};
use store::Grant;

use crate::{claims, server::Call};

/// What an access token says (RFC 9068 2.2), before it is signed.
#[derive(Debug, Clone)]
pub(crate) struct Access<'a> {
    pub(crate) jti: String,
    pub(crate) client: &'a str,
    pub(crate) account: Option<&'a Account>,
    pub(crate) scopes: &'a ScopeSet,
    pub(crate) audience: &'a [String],
    pub(crate) lifetime: Duration,
    /// When and how somebody signed in.
    pub(crate) sign_in: Option<SignedIn<'a>>,
    pub(crate) thumbprint: Option<&'a str>,
    pub(crate) certificate: Option<&'a str>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct SignedIn<'a> {
    pub(crate) auth_time: Timestamp,
    pub(crate) at: Timestamp,
    pub(crate) acr: &'a str,
    pub(crate) sid: Option<&'a str>,
}

impl<'a> SignedIn<'a> {
    pub(crate) fn of(grant: &'a Grant) -> Self {
        Self {
            auth_time: grant.auth_time,
            at: grant.signed_in_at,
            acr: &grant.acr,
            sid: grant.sid.as_deref(),
        }
    }
}

impl Access<'_> {
    pub(crate) fn claims(&self, call: &Call<'_>) -> Map<String, Value> {
        let mut claims = Map::new();
        if let Some(account) = self.account {
            claims.extend(claims::own(account));
        }
        let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        put("iss", json!(call.visit.issuer));
        put("sub", json!(self.account.map_or(self.client, Account::subject)));
        put("aud", one_or_all(self.audience));
        put("client_id", json!(self.client));
        put("jti", json!(self.jti));
        put("iat", json!(call.earlier().as_seconds()));
        put("exp", json!(call.visit.now.plus(self.lifetime).as_seconds()));
        put("scope", json!(self.scopes));
        if let Some(account) = self.account {
            put("roles", json!(*account.roles));
        }
        if let Some(sign_in) = &self.sign_in {
            put("auth_time", json!(sign_in.auth_time.as_seconds()));
            put("lobby_at", json!(sign_in.at.as_seconds()));
            put("acr", json!(sign_in.acr));
            if let Some(sid) = sign_in.sid {
                put("sid", json!(sid));
            }
        }
        let mut confirmation = Map::new();
        if let Some(thumbprint) = self.thumbprint {
            confirmation.insert("jkt".to_owned(), json!(thumbprint));
        }
        if let Some(certificate) = self.certificate {
            confirmation.insert("x5t#S256".to_owned(), json!(certificate));
        }
        if !confirmation.is_empty() {
            put("cnf", Value::Object(confirmation));
        }
        claims
    }

    pub(crate) fn sign(&self, call: &Call<'_>) -> Result<String, SigningError> {
        jwt::sign(call.server.keys.ring(&call.realm, call.visit.now)?.active(), "at+jwt", &self.claims(call))
    }
}

fn one_or_all(audience: &[String]) -> Value {
    match audience {
        [one] => json!(one),
        several => json!(several),
    }
}

/// The ID token (OpenID Connect Core 2) of a grant; `access` is the token that comes with it.
pub(crate) fn id_token(
    call: &Call<'_>,
    grant: &Grant,
    account: &Account,
    access: Option<&str>,
) -> Result<String, SigningError> {
    // With an access token beside it, user info tells the rest (OpenID Connect Core 5.4).
    let by_scope = if access.is_some() { ScopeSet::new() } else { grant.scopes.clone() };
    let mut claims = claims::of_account(account, &by_scope, &grant.id_token_claims);
    let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    put("iss", json!(call.visit.issuer));
    put("sub", json!(account.subject()));
    put("aud", json!(grant.client));
    put("iat", json!(call.earlier().as_seconds()));
    put("exp", json!(call.visit.now.plus(call.settings.lifetimes.id).as_seconds()));
    put("auth_time", json!(grant.auth_time.as_seconds()));
    put("acr", json!(grant.acr));
    put("amr", json!(grant.methods));
    if let Some(sid) = &grant.sid {
        put("sid", json!(sid));
    }
    if let Some(nonce) = &grant.nonce {
        put("nonce", json!(nonce));
    }
    let ring = call.server.keys.ring(&call.realm, call.visit.now)?;
    if let Some(access) = access {
        put("at_hash", json!(half_hash(ring.active().algorithm(), access)));
    }
    jwt::sign(ring.active(), "JWT", &claims)
}

/// The left half of the hash that goes with the algorithm (OpenID Connect Core 3.1.3.6).
fn half_hash(algorithm: jose::Algorithm, text: &str) -> String {
    use aws_lc_rs::digest::{SHA384, SHA512, digest as hash};
    use jose::Algorithm as A;
    let full = match algorithm {
        A::Hs256 | A::Rs256 | A::Ps256 | A::Es256 => digest::sha256(text).to_vec(),
        A::Hs384 | A::Rs384 | A::Ps384 | A::Es384 => hash(&SHA384, text.as_bytes()).as_ref().to_vec(),
        // Ed25519 signs over SHA-512, and that is what implementations agree on.
        A::Hs512 | A::Rs512 | A::Ps512 | A::Es512 | A::EdDsa => {
            hash(&SHA512, text.as_bytes()).as_ref().to_vec()
        }
    };
    base64url::encode(full.get(..full.len() / 2).unwrap_or_default())
}
