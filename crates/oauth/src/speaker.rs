//! Whose request it is going to be: what a mock asks before a play for one persona may act.

use std::sync::{Arc, OnceLock};

use http::Request;
use jose::digest;

use crate::{
    opaque::{Kind, Refresh},
    page::Opened,
    pages::field,
    parameters::Parameters,
    place::Endpoint,
    seal::Errand,
    server::{Call, Server},
    visit::Visit,
};

impl Server {
    /// The account that a request speaks for, by what it brings: a browser's session, a code, a refresh token, a
    /// device code that was let in, a name with a password, the form of the sign-in page. Nothing is spent, and nothing is believed: whether
    /// the request is any good is found out by [`Server::serve`]. User info is the guard's to judge.
    pub async fn speaker_of<B: AsRef<[u8]> + Sync>(
        &self,
        request: &Request<B>,
        visit: &Visit,
    ) -> Option<Arc<str>> {
        let endpoint = Endpoint::of_path(request.uri().path())?;
        let call = Call {
            server: self,
            settings: self.settings(),
            visit,
            realm: visit.realm(),
            method: request.method().clone(),
            headers: request.headers(),
            speaker: OnceLock::new(),
        };
        let name = match endpoint {
            Endpoint::Authorize => call.session().await.ok().flatten().map(|session| session.subject.clone()),
            Endpoint::Token => {
                let form = Parameters::of_body(call.headers, request.body().as_ref()).ok()?;
                brought(&call, &form).await
            }
            Endpoint::SignIn => {
                let form = Parameters::of_body(call.headers, request.body().as_ref()).ok()?;
                signing_in(&call, &form).await
            }
            Endpoint::Par
            | Endpoint::Device
            | Endpoint::Introspect
            | Endpoint::Revoke
            | Endpoint::Userinfo
            | Endpoint::Jwks
            | Endpoint::Logout
            | Endpoint::Discovery
            | Endpoint::Resource
            | Endpoint::ChangePassword
            | Endpoint::DevicePage
            | Endpoint::Passkeys
            | Endpoint::Authenticator
            | Endpoint::RecoveryCodes
            | Endpoint::RelatedOrigins
            | Endpoint::SignUp
            | Endpoint::Reset
            | Endpoint::Account
            | Endpoint::ReportLeak
            | Endpoint::Asset => None,
        };
        let known = call.people().of_id(&name?).await.ok()??;
        Some(known.name.as_str().into())
    }
}

/// The account that is picked or named for an app, unless its session told so before: then the request that led
/// to the form has spoken for it.
async fn signing_in(call: &Call<'_>, form: &Parameters) -> Option<String> {
    let Opened::Errand(Errand::Authorize { .. }) = call.opened(form) else { return None };
    if !call.is_own_form(form) || form.get(field::DECISION).is_some() {
        return None;
    }
    let name = form.get(field::PERSONA).or_else(|| form.get(field::NAME))?;
    let before = call.session().await.ok().flatten();
    let account = call.people().named(name).await.ok()??;
    before.is_none_or(|session| session.subject != account.id).then(|| account.id.clone())
}

/// The account of whatever a grant brings.
async fn brought(call: &Call<'_>, form: &Parameters) -> Option<String> {
    let store = &call.server.store;
    match form.get("grant_type")? {
        "authorization_code" => {
            let code = store.code(&call.realm, digest::sha256(form.get("code")?)).await.ok()??;
            Some(code.grant.account)
        }
        "refresh_token" => {
            let key = call.key("refresh token");
            let token = Refresh::read(form.get("refresh_token")?, &call.visit.sandbox, &key)?;
            let family = store.family(&call.realm, &token.family).await.ok()??;
            Some(family.grant.account)
        }
        "urn:ietf:params:oauth:grant-type:device_code" => {
            let text = form.get("device_code")?;
            Kind::Device.read(text)?;
            let grant = store.device_grant(&call.realm, digest::sha256(text)).await.ok()??;
            Some(grant.account)
        }
        "password" => {
            let named = call.people().named(form.get("username")?).await.ok()??;
            Some(named.id.clone())
        }
        _ => None,
    }
}
