//! What a client exchanges for tokens: one file per grant, and here what they have in common.

pub(crate) mod code;
pub(crate) mod credentials;
pub(crate) mod device;
pub(crate) mod password;
pub(crate) mod refresh;

use std::sync::Arc;

use http::StatusCode;
use identity::Account;
use jose::{base64url, digest};
use model::ScopeSet;
use serde_json::{Map, Value, json};
use store::Grant;

use crate::{
    answer::{Answer, Refusal, json_answer},
    client::Proven,
    opaque::{Kind, Refresh},
    parameters::Parameters,
    scope,
    server::Call,
    settings::GrantKind,
    token::{Access, SignedIn, id_token},
};

/// What a client showed beside itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bound {
    /// The key of its DPoP proof.
    pub(crate) thumbprint: Option<String>,
    /// Its certificate.
    pub(crate) certificate: Option<String>,
}

impl Bound {
    pub(crate) fn of(call: &Call<'_>, thumbprint: Option<String>) -> Self {
        Self { thumbprint, certificate: call.visit.certificate.map(base64url::encode) }
    }
}

/// A request for tokens, by a client that has proven itself and may use the grant.
#[derive(Clone, Copy)]
pub(crate) struct Exchange<'a> {
    pub(crate) call: &'a Call<'a>,
    pub(crate) form: &'a Parameters,
    pub(crate) proven: &'a Proven,
    pub(crate) bound: &'a Bound,
}

/// An account as it is now, if it may still be given anything: personas change while tokens live.
pub(crate) async fn account(call: &Call<'_>, id: &str) -> Result<Arc<Account>, Refusal> {
    let account = call.people().of_id(id).await?;
    let account = account.ok_or_else(|| Refusal::grant("the account is gone"))?;
    call.speaks(&account.name);
    if account.disabled {
        return Err(Refusal::grant("the account is suspended"));
    }
    Ok(account)
}

/// The tokens that a grant gives.
pub(crate) struct Given<'a> {
    pub(crate) grant: &'a Grant,
    pub(crate) account: &'a Account,
    pub(crate) bound: &'a Bound,
    /// Of the access token; its first characters are the family's.
    pub(crate) jti: String,
    /// No more than the grant's.
    pub(crate) scopes: &'a ScopeSet,
    pub(crate) audience: &'a [String],
    pub(crate) refresh: Option<Refresh>,
}

/// The answer of the token endpoint (RFC 6749 5.1).
pub(crate) fn answer(call: &Call<'_>, given: Given<'_>) -> Result<Answer, Refusal> {
    let lifetime = call.settings.lifetimes.access;
    let access = Access {
        jti: given.jti,
        client: &given.grant.client,
        account: Some(given.account),
        scopes: given.scopes,
        audience: given.audience,
        lifetime,
        sign_in: Some(SignedIn::of(given.grant)),
        thumbprint: given.bound.thumbprint.as_deref(),
        certificate: given.bound.certificate.as_deref(),
    };
    let token = access.sign(call).map_err(|_| Refusal::fault())?;
    let mut body = body(&token, given.bound, lifetime, given.scopes);
    if let Some(refresh) = &given.refresh {
        let text = refresh.write(&call.visit.sandbox, &call.key("refresh token"));
        body.insert("refresh_token".to_owned(), json!(text));
    }
    if given.scopes.contains("openid") {
        let id_token =
            id_token(call, given.grant, given.account, Some(&token)).map_err(|_| Refusal::fault())?;
        body.insert("id_token".to_owned(), json!(id_token));
    }
    Ok(json_answer(StatusCode::OK, &Value::Object(body)))
}

pub(crate) fn body(
    token: &str,
    bound: &Bound,
    lifetime: std::time::Duration,
    scopes: &ScopeSet,
) -> Map<String, Value> {
    let kind = if bound.thumbprint.is_some() { "DPoP" } else { "Bearer" };
    let members = [
        ("access_token", json!(token)),
        ("token_type", json!(kind)),
        ("expires_in", json!(lifetime.as_secs())),
        ("scope", json!(scopes)),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

impl Exchange<'_> {
    /// A parameter that the grant cannot do without.
    fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.form.get(name).ok_or_else(|| Refusal::request(format!("`{name}` is missing")))
    }

    /// Why a code or refresh token is not taken. A mock's developer is told the one cause; a stranger only all
    /// that it may be.
    fn refused(&self, cause: &str, causes: &str) -> Refusal {
        Refusal::grant(if self.call.settings.personas { cause } else { causes })
    }

    /// Under which hash a code of this sandbox is kept; `None` for what is no such code.
    fn hash_of(&self, kind: Kind, text: &str) -> Option<[u8; 32]> {
        let (sandbox, _) = kind.read(text)?;
        (sandbox == self.call.visit.sandbox).then(|| digest::sha256(text))
    }

    /// For whom the tokens are to be: no more than was granted (RFC 8707 2.2).
    fn audience(&self, granted: &[String]) -> Result<Vec<String>, Refusal> {
        let resources = self.form.resources();
        if resources.is_empty() {
            return Ok(granted.to_vec());
        }
        let wanted = scope::audience(&self.call.settings, self.call.visit, &resources, None)?;
        if wanted.iter().any(|audience| !granted.contains(audience)) {
            return Err(Refusal::new("invalid_target", "the resource was not granted"));
        }
        Ok(wanted)
    }

    /// Begins a family for a fresh grant, and answers with its first tokens.
    async fn begin(&self, mut grant: Grant, family: String) -> Result<Answer, Refusal> {
        let Self { call, proven, bound, .. } = *self;
        // Refresh tokens are bound to a key only where the client is public: a confidential one proves itself
        // anyway (RFC 9449 5, RFC 8705 4).
        let is_public =
            !proven.is_confidential || proven.client.secret.is_none() && proven.client.keys.is_none();
        grant.thumbprint = bound.thumbprint.clone().filter(|_| is_public);
        grant.certificate = bound.certificate.clone().filter(|_| is_public);
        let account = account(call, &grant.account).await?;
        let jti = call.jti(&family);
        let may_refresh = call.settings.allows(&proven.client, GrantKind::RefreshToken);
        let now = call.visit.now;
        // Also without a refresh token: user info finds there what was asked for.
        let until = now.plus(call.settings.lifetimes.refresh);
        if !call.server.store.begin_family(&call.realm, &family, &grant, now, until).await? {
            return Err(Refusal::new(
                "invalid_grant",
                "the code was used before, or the sign-in behind it has ended",
            ));
        }
        let refresh = may_refresh.then_some(Refresh { family, sequence: 0 });
        let (scopes, audience) = (&grant.scopes, &*grant.audience);
        answer(call, Given { grant: &grant, account: &account, bound, jti, scopes, audience, refresh })
    }
}
