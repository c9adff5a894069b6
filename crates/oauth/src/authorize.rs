//! The authorization endpoint (RFC 6749 3.1, OpenID Connect Core 3.1.2): what is asked for, who must sign in,
//! what must be consented to, and the answer that goes to the app.

mod claims;
mod decide;
mod reply;
mod request;

use http::Method;
use identity::Cookie;
use jose::digest;
use store::Session;

pub(crate) use decide::known_classes;
pub(crate) use reply::Reply;
pub(crate) use request::{Requested, Unfit, check};

use crate::{
    account,
    answer::Answer,
    factor::{self, Question},
    opaque::Kind,
    page,
    pages::{Consent, FailureKind, Permission, SignIn, SignInProblem, Unknown, Who},
    parameters::{ParameterError, Parameters},
    redirect,
    seal::Errand,
    server::Call,
    sign_in,
    visit::Interference,
};
use decide::{Next, next};

/// `GET` and `POST` alike (OpenID Connect Core 3.1.2.1).
pub(crate) async fn serve(call: &Call<'_>, query: Option<&str>, body: &[u8]) -> Answer {
    let read = if call.method == Method::POST {
        Parameters::of_body(call.headers, body)
    } else {
        Parameters::of_query(query)
    };
    let parameters = match read {
        Ok(parameters) => parameters,
        Err(error) => return call.failure(FailureKind::Request { detail: &error.to_string() }),
    };
    let requested = match requested(call, &parameters).await {
        Ok(requested) => requested,
        Err(unfit) => return refuse(call, &unfit),
    };
    if let Interference::Error(error) = &call.visit.interference {
        return requested.reply.error(call, error, "a scenario wants this error");
    }
    let session = match call.session().await {
        Ok(session) => session,
        Err(fault) => return requested.reply.fault(call, &fault),
    };
    go_on(call, &requested, session.as_deref(), None, Consented::No).await
}

/// Whether the consent page was just answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consented {
    No,
    Yes,
}

/// Reads a request again from its parameters: what a form carried, or what came first.
pub(crate) async fn requested(call: &Call<'_>, parameters: &Parameters) -> Result<Requested, Unfit> {
    for name in ["client_id", "redirect_uri", "request_uri"] {
        if parameters.repeats(name) {
            // Nobody can tell where an answer would go (attacks.md, A01).
            return Err(Unfit::Request(ParameterError::Repeated(name.to_owned()).to_string()));
        }
    }
    let Some(uri) = parameters.get("request_uri") else {
        return check(&call.settings, call.visit, parameters);
    };
    let refused = |text: &str| unfit_uri(call, parameters, text);
    if Kind::Pushed.read(uri).is_none_or(|(sandbox, _)| sandbox != call.visit.sandbox) {
        // Nothing is ever fetched (attacks.md, A11).
        return Err(refused("`request_uri` is none that was pushed here"));
    }
    let hash = digest::sha256(uri);
    let pushed = call.server.store.pushed(&call.realm, hash).await.map_err(Unfit::Fault)?;
    let pushed = pushed.ok_or_else(|| refused("`request_uri` is none that was pushed here"))?;
    if Some(pushed.client.as_str()) != parameters.get("client_id") {
        return Err(refused("`request_uri` was pushed by another client"));
    }
    if pushed.spent || call.visit.now > pushed.expires_at {
        return Err(refused("`request_uri` was used before, or is too old"));
    }
    // What was pushed counts, and nothing beside it (RFC 9126 4).
    let mut requested = check(&call.settings, call.visit, &Parameters::of_pairs(pushed.parameters))?;
    requested.pushed = Some(hash);
    requested.parameters = parameters
        .pairs()
        .iter()
        .filter(|(name, _)| name == "client_id" || name == "request_uri")
        .cloned()
        .collect();
    Ok(requested)
}

/// An unusable `request_uri` is told to the app only when the request itself names a place that is its own.
fn unfit_uri(call: &Call<'_>, parameters: &Parameters, text: &str) -> Unfit {
    let client = call.settings.client(parameters.text("client_id"));
    let place = parameters.get("redirect_uri");
    match (client, place) {
        (Some(client), Some(place)) if redirect::may_redirect(&call.settings.clients, &client, place) => {
            let reply = Reply::plain(place, parameters.owned("state"));
            Unfit::Reply {
                reply: Box::new(reply),
                error: "invalid_request_uri".to_owned(),
                description: text.to_owned(),
            }
        }
        (Some(_) | None, Some(_) | None) => Unfit::Request(format!("invalid_request_uri: {text}")),
    }
}

pub(crate) fn refuse(call: &Call<'_>, unfit: &Unfit) -> Answer {
    match unfit {
        Unfit::Client(client) => call.failure(FailureKind::ClientUnknown { client }),
        Unfit::Redirect(redirect) => call.failure(FailureKind::RedirectUnregistered { redirect }),
        Unfit::Fault(fault) => call.fault(fault),
        Unfit::Request(detail) => call.failure(FailureKind::Request { detail }),
        Unfit::Reply { reply, error, description } => reply.error(call, error, description),
    }
}

/// The next page, or the answer. `signed_in` is the session that was opened for this very request.
pub(crate) async fn go_on(
    call: &Call<'_>,
    requested: &Requested,
    session: Option<&Session>,
    signed_in: Option<&str>,
    consented: Consented,
) -> Answer {
    let next = match next(call, requested, session, signed_in, consented).await {
        Ok(next) => next,
        Err(fault) => return requested.reply.fault(call, &fault),
    };
    match next {
        Next::SignIn(again) => show_sign_in(call, requested, None, again.as_deref()),
        Next::Factor(account, asked) => {
            let then = Errand::Authorize {
                parameters: requested.parameters.clone(),
                signed_in: None,
                again: Some(account.name.clone()),
            };
            factor::show(call, &then, &account, &asked).await
        }
        Next::Suspended => show_sign_in(call, requested, Some(SignInProblem::Disabled), None),
        Next::AnotherPassword(session, account) => {
            let errand = Errand::Authorize {
                parameters: requested.parameters.clone(),
                signed_in: Some(session.sid.clone()),
                again: None,
            };
            account::first(call, &errand, &account).await.unwrap_or_else(|| call.failure(FailureKind::Fault))
        }
        Next::Refuse(error, text) => requested.reply.error(call, error, text),
        Next::Consent { session, account, new, already } => {
            let texts = |name: &str| call.settings.scope_text(name);
            let permissions = |scopes: &'_ model::ScopeSet| -> Vec<(String, Option<&str>)> {
                scopes.iter().map(|scope| (scope.to_string(), texts(scope.as_str()))).collect()
            };
            let (new, already) = (permissions(&new), permissions(&already));
            let errand = Errand::Authorize {
                parameters: requested.parameters.clone(),
                signed_in: Some(session.sid.clone()),
                again: None,
            };
            let form = call.form("/_lobby/sign-in", errand);
            let page = Consent {
                app: page::app(&requested.client, Some(&requested.reply.redirect)),
                ticket: form.ticket(),
                user: &account.name,
                new: &shown(&new),
                already: &shown(&already),
            };
            call.page(&page, Some(&form), requested.locales.as_deref())
        }
        Next::Give { session, account, scopes } => {
            reply::give(call, requested, session, &account.id, scopes).await
        }
    }
}

fn shown<'a>(scopes: &'a [(String, Option<&'a str>)]) -> Vec<Permission<'a>> {
    let one = |(scope, text): &'a (String, Option<&'a str>)| Permission {
        scope,
        text: *text,
        optional: false,
        ticked: false,
    };
    scopes.iter().map(one).collect()
}

/// `again`: who must show it once more.
pub(crate) fn show_sign_in(
    call: &Call<'_>,
    requested: &Requested,
    problem: Option<SignInProblem>,
    again: Option<&str>,
) -> Answer {
    show_sign_in_with(call, requested, problem, again, None)
}

/// The same, with a passkey whose authenticator is to be told that it is not registered here.
pub(crate) fn show_sign_in_with(
    call: &Call<'_>,
    requested: &Requested,
    problem: Option<SignInProblem>,
    again: Option<&str>,
    unknown: Option<&Unknown>,
) -> Answer {
    let errand = Errand::Authorize {
        parameters: requested.parameters.clone(),
        signed_in: None,
        again: again.map(str::to_owned),
    };
    let form = call.form("/_lobby/sign-in", errand);
    let about = sign_in::personas(&call.settings);
    let who = match (again, requested.login_hint.as_deref()) {
        (Some(name), _) => Who::Only(name),
        (None, Some(name)) => Who::Suggested(name),
        (None, None) => Who::Anyone,
    };
    let question = Question::get(call, "", &[]);
    let ways = call.ways(&form);
    let page = SignIn {
        sign_up: ways.sign_up.as_deref(),
        reset: ways.reset.as_deref(),
        label: call.settings.accounts.names.label(),
        app: page::app(&requested.client, Some(&requested.reply.redirect)),
        ticket: form.ticket(),
        who,
        personas: &sign_in::buttons(&about),
        problem,
        passkey: question.as_ref().map(Question::asked),
        unknown,
    };
    call.page(&page, Some(&form), requested.locales.as_deref())
}

/// Takes the session's cookie off a browser: its session is over.
pub(crate) fn drop_session_cookie(call: &Call<'_>, answer: &mut Answer) {
    if let Some(cookie) = call.set_cookie(Cookie::Session, "", Some(0)) {
        answer.headers_mut().append(http::header::SET_COOKIE, cookie);
    }
}
