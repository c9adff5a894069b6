//! Signing out (OpenID Connect RP-Initiated Logout 1.0).

use std::sync::Arc;

use http::Method;

use crate::{
    answer::{Answer, see_other},
    authorize::drop_session_cookie,
    believed,
    page::{self, Opened},
    pages::{Decision, FailureKind, SignOut, SignedOut, field},
    parameters::Parameters,
    redirect::{may_sign_out_to, with_parameters},
    seal::Errand,
    server::Call,
    settings::Client,
};

/// What an app asks for, checked.
struct Asked {
    client: Option<Client>,
    /// The session that the ID token was for.
    sid: Option<Arc<str>>,
    subject: Option<Arc<str>>,
    then: Option<String>,
}

pub(crate) async fn serve(call: &Call<'_>, query: Option<&str>, body: &[u8]) -> Answer {
    let is_post = call.method == Method::POST;
    let read = if is_post { Parameters::of_body(call.headers, body) } else { Parameters::of_query(query) };
    let read = read.and_then(|parameters| parameters.once_each().map(|()| parameters));
    let parameters = match read {
        Ok(parameters) => parameters,
        Err(error) => return call.failure(FailureKind::Request { detail: &error.to_string() }),
    };
    if is_post && parameters.get(field::REQUEST).is_some() {
        return confirmed(call, &parameters).await;
    }
    let asked = match asked(call, &parameters) {
        Ok(asked) => asked,
        Err(detail) => return call.failure(FailureKind::Request { detail }),
    };
    let session = match call.session().await {
        Ok(session) => session,
        Err(fault) => return call.fault(&fault),
    };
    let Some(session) = session else {
        // Nobody is signed in in this browser; the app's own session may live elsewhere still.
        return match &asked.sid {
            Some(sid) => leave(call, sid, asked.then.as_deref(), asked.client.as_ref()).await,
            None => done(call, asked.then.as_deref(), asked.client.as_ref()),
        };
    };
    let account = call.people().of_id(&session.subject).await.ok().flatten();
    let subject = account.as_ref().map(|account| account.subject());
    let is_meant = asked.subject.as_deref().is_some_and(|meant| Some(meant) == subject);
    if is_meant {
        return leave(call, &session.sid, asked.then.as_deref(), asked.client.as_ref()).await;
    }
    let user = account.as_ref().map_or(&*session.subject, |account| &account.name);
    // Nothing proves that the person wants it, so they are asked (section 2; attacks.md, A07).
    let client = asked.client.as_ref().map(|client| client.id.clone());
    let errand = Errand::Logout { sid: session.sid.clone(), then: asked.then.clone(), client };
    let form = call.form("/_lobby/oauth/logout", errand);
    // Its answer is a redirect to the app, which browsers hold against `form-action` as well.
    let app = asked.client.as_ref().map(|client| page::app(client, asked.then.as_deref()));
    call.page(&SignOut { app, ticket: form.ticket(), user }, Some(&form), None)
}

fn asked(call: &Call<'_>, parameters: &Parameters) -> Result<Asked, &'static str> {
    let hint = match parameters.get("id_token_hint") {
        None => None,
        Some(text) => Some(believed::id_token_hint(call, text).ok_or("`id_token_hint` is none of ours")?),
    };
    let claims = hint.as_ref().map(jose::jwt::Verified::claims);
    let audience = claims.and_then(|claims| claims.aud.first().map(ToString::to_string));
    let named = parameters.owned("client_id");
    if let (Some(audience), Some(named)) = (&audience, &named)
        && audience != named
    {
        return Err("`client_id` is not the one that `id_token_hint` was for");
    }
    let client = audience.or(named).and_then(|id| call.settings.client(&id));
    let then = match (parameters.get("post_logout_redirect_uri"), &client) {
        (None, _) => None,
        (Some(redirect), Some(client)) if may_sign_out_to(&call.settings.clients, client, redirect) => {
            let state = parameters.get("state").map(|state| ("state", state));
            let state: Vec<_> = state.into_iter().collect();
            Some(with_parameters(redirect, &state, false))
        }
        (Some(_), _) => {
            return Err("`post_logout_redirect_uri` is none of the client's, or no client is named");
        }
    };
    Ok(Asked {
        client,
        sid: claims.and_then(|claims| claims.sid.clone()),
        subject: claims.and_then(|claims| claims.sub.clone()),
        then,
    })
}

/// The page was answered.
async fn confirmed(call: &Call<'_>, form: &Parameters) -> Answer {
    if !call.is_own_form(form) {
        return call.failure(FailureKind::Forged);
    }
    let (Opened::Errand(errand) | Opened::Waited(errand)) = call.opened(form) else {
        return call.failure(FailureKind::Forged);
    };
    let Errand::Logout { sid, then, client } = errand else { return call.failure(FailureKind::Forged) };
    let client = client.and_then(|id| call.settings.client(&id));
    match form.get(field::DECISION).and_then(Decision::parse) {
        Some(Decision::Allow) => leave(call, &sid, then.as_deref(), client.as_ref()).await,
        // Back to the app, or to where one sees who is signed in.
        Some(Decision::Deny | Decision::Ask | Decision::Switch) | None => {
            see_other(&then.unwrap_or_else(|| call.visit.path("/_lobby/sign-in")))
        }
    }
}

/// Ends the session: its refresh tokens and its access tokens with it.
async fn leave(call: &Call<'_>, sid: &str, then: Option<&str>, client: Option<&Client>) -> Answer {
    let (now, until) = (call.visit.now, call.revoked_until());
    if let Err(fault) = call.server.store.end_session(&call.realm, sid, now, until).await {
        return call.fault(&fault);
    }
    let mut answer = done(call, then, client);
    drop_session_cookie(call, &mut answer);
    answer
}

fn done(call: &Call<'_>, then: Option<&str>, client: Option<&Client>) -> Answer {
    match then {
        Some(then) => see_other(then),
        None => call.page(&SignedOut { app: client.map(|client| page::app(client, None)) }, None, None),
    }
}
