use jose::digest;
use model::ScopeSet;
use store::{Code, Grant, Session};

use super::Requested;
use crate::{
    answer::{Answer, Refusal, see_other},
    opaque::Kind,
    page::form_post,
    redirect::with_parameters,
    scope,
    server::Call,
    token::{Access, SignedIn, id_token},
};

/// Where an answer goes, and how. Made only for a redirect that is the client's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) redirect: String,
    pub(crate) mode: Mode,
    pub(crate) state: Option<String>,
}

/// How an answer travels (OAuth 2.0 Multiple Response Types 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Query,
    Fragment,
    FormPost,
}

impl Reply {
    pub(crate) fn plain(redirect: &str, state: Option<String>) -> Self {
        Self { redirect: redirect.to_owned(), mode: Mode::Query, state }
    }

    pub(crate) fn error(&self, call: &Call<'_>, error: &str, description: &str) -> Answer {
        self.send(call, &[("error", error), ("error_description", description)])
    }

    /// The store failed: for a moment, or for a fault of ours (RFC 6749 4.1.2.1).
    pub(crate) fn fault(&self, call: &Call<'_>, fault: &store::Fault) -> Answer {
        let refusal = if fault.is_passing() { Refusal::unavailable() } else { Refusal::fault() };
        self.error(call, &refusal.error, &refusal.description)
    }

    /// Sends the browser back, always with `iss` (RFC 9207, attacks.md A06) and the request's `state`.
    pub(crate) fn send(&self, call: &Call<'_>, parameters: &[(&str, &str)]) -> Answer {
        let mut all = parameters.to_vec();
        if let Some(state) = &self.state {
            all.push(("state", state));
        }
        all.push(("iss", &call.visit.issuer));
        match self.mode {
            Mode::Query => see_other(&with_parameters(&self.redirect, &all, false)),
            Mode::Fragment => see_other(&with_parameters(&self.redirect, &all, true)),
            Mode::FormPost => form_post(&self.redirect, &all),
        }
    }
}

/// Gives the app what it asked for.
pub(super) async fn give(
    call: &Call<'_>,
    requested: &Requested,
    session: &Session,
    account: &str,
    scopes: ScopeSet,
) -> Answer {
    let reply = &requested.reply;
    let owned = requested.scopes.as_ref().unwrap_or(&scopes);
    let audience = match scope::audience(&call.settings, call.visit, &requested.resources, Some(owned)) {
        Ok(audience) => audience,
        Err(refusal) => return reply.error(call, &refusal.error, &refusal.description),
    };
    let grant = Grant {
        client: requested.client.id.clone(),
        account: account.to_owned(),
        scopes,
        audience,
        sid: Some(session.sid.clone()),
        auth_time: session.auth_time,
        signed_in_at: session.signed_in_at,
        acr: super::decide::granted_class(call, requested, session),
        methods: session.methods.split(' ').map(str::to_owned).collect(),
        nonce: requested.nonce.clone(),
        id_token_claims: requested.id_token_claims.clone(),
        userinfo_claims: requested.userinfo_claims.clone(),
        thumbprint: requested.thumbprint.clone(),
        certificate: None,
    };
    if requested.wants.code {
        give_code(call, requested, grant).await
    } else {
        give_tokens(call, requested, &grant).await
    }
}

async fn give_code(call: &Call<'_>, requested: &Requested, grant: Grant) -> Answer {
    let reply = &requested.reply;
    let text = Kind::Code.write(&call.visit.sandbox, &call.server.random::<32>());
    let code = Code {
        family: call.family(),
        redirect: reply.redirect.clone(),
        redirect_given: requested.redirect_given,
        challenge: requested.challenge.clone(),
        grant,
        expires_at: call.visit.now.plus(call.settings.lifetimes.code),
    };
    let hash = digest::sha256(&text);
    if let Err(fault) = call.server.tidy(&call.realm, call.visit.now).await {
        return reply.fault(call, &fault);
    }
    let kept = call.server.store.keep_code(&call.realm, hash, code, requested.pushed, call.visit.now).await;
    match kept {
        Ok(true) => reply.send(call, &[("code", &text)]),
        Ok(false) => reply.error(call, "invalid_request_uri", "`request_uri` was used before"),
        Err(fault) => reply.fault(call, &fault),
    }
}

/// The implicit flow (RFC 6749 4.2.2): only where a document declares it.
async fn give_tokens(call: &Call<'_>, requested: &Requested, grant: &Grant) -> Answer {
    let reply = &requested.reply;
    let fault = || reply.error(call, "server_error", "a fault of the server's");
    let Ok(Some(account)) = call.people().of_id(&grant.account).await else { return fault() };
    let lifetime = call.settings.lifetimes.access;
    let access = Access {
        jti: call.jti(&call.family()),
        client: &grant.client,
        account: Some(&account),
        scopes: &grant.scopes,
        audience: &grant.audience,
        lifetime,
        sign_in: Some(SignedIn::of(grant)),
        thumbprint: None,
        certificate: None,
    };
    let token = if requested.wants.token {
        match access.sign(call) {
            Ok(token) => Some(token),
            Err(_) => return fault(),
        }
    } else {
        None
    };
    let identity = if requested.wants.id_token {
        match id_token(call, grant, &account, token.as_deref()) {
            Ok(token) => Some(token),
            Err(_) => return fault(),
        }
    } else {
        None
    };
    let (expires_in, scope) = (lifetime.as_secs().to_string(), grant.scopes.to_string());
    let mut parameters = Vec::new();
    if let Some(token) = &token {
        parameters.extend([
            ("access_token", token.as_str()),
            ("token_type", "Bearer"),
            ("expires_in", &expires_in),
            ("scope", &scope),
        ]);
    }
    if let Some(token) = &identity {
        parameters.push(("id_token", token));
    }
    reply.send(call, &parameters)
}
